"""Uses of convolutions, transposed ones, and windows as columns."""

from __future__ import annotations

import itertools

from tests.nn.samples import sample

SAMPLES = []

# -- functions: input, weight, with bias or without; every option alone, then together

ONE = {
    (2, 3, 7): [
        ((4, 3, 3), {}),
        ((4, 3, 1), {"padding": 1}),
        ((4, 3, 2), {"stride": 2}),
        ((4, 3, 3), {"stride": (3,), "padding": (2,)}),
        ((4, 3, 2), {"dilation": 3}),
        ((2, 3, 3), {"padding": "same"}),
        ((2, 3, 4), {"padding": "same", "dilation": 3}),
        ((2, 3, 3), {"padding": "valid", "stride": 2}),
        ((3, 1, 3), {"groups": 3, "padding": 1}),
        ((6, 1, 2), {"groups": 3, "stride": 2}),
        ((1, 3, 7), {}),
    ],
    (4, 5): [((6, 2, 3), {"groups": 2}), ((1, 4, 5), {}), ((2, 4, 2), {"padding": "same"})],
    (1, 1, 1): [((1, 1, 1), {}), ((2, 1, 3), {"padding": 3, "stride": 2, "dilation": 2})],
    (0, 2, 4): [((3, 2, 2), {"padding": 1})],
}
TWO = {
    (2, 2, 5, 4): [
        ((3, 2, 3, 2), {}),
        ((3, 2, 3, 3), {"padding": 1}),
        ((3, 2, 3, 1), {"stride": (2, 1), "padding": (1, 0)}),
        ((3, 2, 2, 3), {"stride": 3, "padding": (2, 3)}),
        ((3, 2, 1, 1), {}),
        ((3, 2, 1, 1), {"stride": 2}),
        ((3, 2, 2, 2), {"dilation": (2, 1)}),
        ((3, 2, 2, 2), {"dilation": (1, 3), "stride": 2}),
        ((3, 2, 2, 3), {"padding": "same", "dilation": (3, 2)}),
        ((4, 1, 3, 3), {"padding": "same", "groups": 2}),
        ((2, 1, 2, 4), {"padding": "valid", "groups": 2}),
        ((3, 2, 5, 4), {}),
        ((3, 2, 2, 1), {"stride": (5, 4)}),
    ],
    (3, 4, 4): [((3, 1, 3, 3), {"groups": 3, "padding": 1}), ((2, 3, 4, 1), {"padding": (4, 0)})],
    (1, 1, 1, 6): [((2, 1, 1, 3), {"stride": 2})],
    (0, 1, 3, 3): [((2, 1, 2, 2), {})],
}
THREE = {
    (2, 2, 3, 4, 3): [
        ((2, 2, 2, 2, 2), {}),
        ((2, 2, 3, 2, 1), {"stride": (1, 2, 2), "padding": (1, 0, 1)}),
        ((2, 1, 2, 3, 2), {"groups": 2, "padding": "same"}),
        ((2, 2, 2, 2, 2), {"dilation": (2, 1, 2)}),
        ((1, 2, 1, 1, 1), {}),
    ],
    (1, 3, 2, 2): [((2, 1, 2, 1, 2), {"stride": 2, "padding": 1})],
}
for name, table in (("conv1d", ONE), ("conv2d", TWO), ("conv3d", THREE)):
    for shape, uses in table.items():
        for number, (weight, options) in enumerate(uses):
            bias = [weight[:1]] if number % 2 else [None]
            SAMPLES.append(sample(name, inputs=[shape, weight, *bias], **options))

BACK_ONE = {
    (2, 4, 4): [
        ((4, 3, 3), {}),
        ((4, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((4, 3, 2), {"stride": 4, "output_padding": 3}),
        ((4, 1, 3), {"groups": 4, "padding": 2}),
        ((4, 2, 3), {"groups": 2, "dilation": 2, "stride": 3}),
        ((4, 1, 2), {"dilation": 3, "output_padding": 2}),
        ((4, 3, 1), {"stride": 3}),
    ],
    (3, 3): [((3, 2, 2), {"stride": 2}), ((3, 2, 5), {"padding": 3})],
    (0, 2, 3): [((2, 1, 2), {})],
}
BACK_TWO = {
    (2, 2, 3, 3): [
        ((2, 3, 3, 2), {}),
        ((2, 3, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((2, 3, 4, 4), {"stride": 2, "padding": 1}),
        ((2, 3, 2, 3), {"stride": (3, 1), "padding": (0, 2)}),
        ((2, 3, 1, 1), {"stride": (1, 2)}),
        ((2, 1, 3, 3), {"groups": 2, "stride": (1, 3), "output_padding": (0, 2)}),
        ((2, 2, 2, 2), {"dilation": (2, 3), "output_padding": (1, 2), "padding": 1}),
        ((2, 2, 5, 2), {"stride": (2, 1)}),
    ],
    (2, 2, 4): [((2, 2, 3, 3), {"padding": 1}), ((2, 1, 2, 2), {"groups": 2, "stride": 2})],
    (1, 1, 1, 1): [((1, 2, 3, 3), {"padding": 1})],
}
BACK_THREE = {
    (1, 2, 2, 3, 2): [
        ((2, 2, 2, 2, 2), {}),
        ((2, 1, 3, 2, 2), {"stride": (2, 1, 2), "padding": (1, 0, 0), "output_padding": (1, 0, 1)}),
        ((2, 1, 2, 2, 2), {"groups": 2, "dilation": (1, 2, 1)}),
    ],
    (1, 2, 2, 2): [((1, 2, 2, 2, 1), {"stride": 2})],
}
TRANSPOSED = (
    ("conv_transpose1d", BACK_ONE),
    ("conv_transpose2d", BACK_TWO),
    ("conv_transpose3d", BACK_THREE),
)
for name, table in TRANSPOSED:
    for shape, uses in table.items():
        for number, (weight, options) in enumerate(uses):
            bias = [(weight[1] * options.get("groups", 1),)] if number % 2 else [None]
            SAMPLES.append(sample(name, inputs=[shape, weight, *bias], **options))

# -- modules

SAMPLES += [
    sample("Conv1d", 2, 3, 3, inputs=[(2, 2, 6)]),
    sample("Conv1d", 2, 4, 3, 2, 1, 2, 2, False, inputs=[(2, 7)]),
    sample("Conv1d", 2, 4, (4,), padding="same", inputs=[(2, 2, 5)]),
    sample("Conv1d", 2, 2, 2, padding="valid", groups=2, inputs=[(0, 2, 5)]),
    sample("Conv2d", 2, 3, 3, inputs=[(2, 2, 5, 5)]),
    sample("Conv2d", 2, 4, (3, 2), (2, 1), (1, 0), 1, 2, inputs=[(2, 5, 4)]),
    sample("Conv2d", 1, 2, 3, bias=False, padding="same", inputs=[(1, 1, 4, 5)]),
    sample("Conv2d", 1, 2, 1, stride=2, inputs=[(1, 1, 4, 5)]),
    sample("Conv3d", 1, 2, 2, inputs=[(2, 1, 3, 3, 3)]),
    sample(
        "Conv3d", 2, 2, (1, 2, 3), padding=(0, 1, 1), dilation=(1, 2, 1), groups=2, inputs=[(2, 2, 3, 4)]
    ),
    sample("ConvTranspose1d", 3, 2, 3, inputs=[(2, 3, 4)]),
    sample("ConvTranspose1d", 2, 4, 3, 2, 1, 1, 2, False, 2, inputs=[(2, 4)]),
    sample("ConvTranspose1d", 2, 1, 2, stride=3, inputs=[(1, 2, 3)], call={"output_size": [10]}),
    sample("ConvTranspose2d", 2, 3, 2, inputs=[(2, 2, 3, 2)]),
    sample("ConvTranspose2d", 2, 2, (3, 4), 2, 1, groups=2, inputs=[(2, 2, 3)]),
    sample("ConvTranspose2d", 1, 2, 3, stride=2, inputs=[(1, 1, 2, 2)], call={"output_size": (6, 5)}),
    sample("ConvTranspose2d", 1, 2, 3, stride=2, inputs=[(1, 2, 2)], call={"output_size": (2, 5, 6)}),
    sample("ConvTranspose3d", 1, 2, 2, inputs=[(1, 1, 2, 2, 2)]),
    sample(
        "ConvTranspose3d", 2, 2, 2, (2, 1, 1), output_padding=(1, 0, 0), bias=False, inputs=[(2, 2, 2, 2)]
    ),
    sample("Unfold", 2, inputs=[(2, 2, 3, 4)]),
    sample("Unfold", (3, 2), 2, (2, 0), (1, 2), inputs=[(2, 4, 5)]),
    sample("Fold", 4, 2, stride=2, inputs=[(2, 8, 4)]),
    sample("Fold", (3, 4), (2, 3), 1, (0, 1), inputs=[(6, 8)]),
]
for mode, padding in itertools.product(("reflect", "replicate", "circular"), (1, (2, 0), "same", "valid")):
    options = {"padding": padding, "padding_mode": mode}
    SAMPLES.append(sample("Conv2d", 2, 2, (2, 3), inputs=[(2, 4, 4)], **options))
SAMPLES += [
    sample("Conv1d", 2, 2, 3, 2, 2, padding_mode="circular", inputs=[(2, 2, 4)]),
    sample("Conv1d", 1, 2, 4, padding="same", padding_mode="reflect", inputs=[(1, 5)]),
    sample("Conv3d", 1, 2, 2, padding=1, padding_mode="replicate", inputs=[(1, 1, 2, 3, 2)]),
    sample("Conv3d", 1, 1, (1, 2, 3), padding="same", padding_mode="circular", inputs=[(1, 2, 2, 3)]),
]

# -- windows as columns

for options in (
    {"kernel_size": 2},
    {"kernel_size": (2, 3), "padding": (0, 1)},
    {"kernel_size": 2, "stride": 2, "padding": 1},
    {"kernel_size": (2, 1), "dilation": (3, 2), "stride": (1, 3)},
):
    SAMPLES += [
        sample("unfold", inputs=[shape], **options) for shape in ((2, 2, 4, 5), (1, 4, 5), (0, 1, 4, 5))
    ]
SAMPLES += [
    sample("fold", (4, 5), 2, inputs=[(2, 4, 12)]),
    sample("fold", (4, 5), (2, 3), padding=(0, 1), inputs=[(12, 15)]),
    sample("fold", (4, 5), 2, stride=2, padding=1, inputs=[(1, 4, 9)]),
    sample("fold", (4, 5), (2, 1), (3, 2), 0, (1, 3), inputs=[(2, 2, 2)]),
    sample("fold", 3, 3, inputs=[(0, 18, 1)]),
]
