"""Normalising layers and functions."""

from __future__ import annotations

import numpy as np

from . import fixed, sample

MEAN, VAR = fixed([0.5, -1.0, 0.25]), fixed([1.5, 0.25, 2.0])
W3, B3 = np.array([0.5, -1.5, 2.0]), np.array([0.25, 0.5, -1.0])

# Two values that are normalised together have hardly a gradient, unless eps is large: they come
# out as 1 and -1, whatever they are. One value has none at all, which PyTorch gives as rounding.
_BATCH_SHAPES = {
    "BatchNorm1d": [(4, 3), (2, 3, 5), (1, 3, 4), (5, 3, 1), (0, 3), (2, 3, 0)],
    "BatchNorm2d": [(2, 3, 2, 3), (1, 3, 3, 1), (3, 3, 1, 1)],
    "BatchNorm3d": [(2, 3, 2, 1, 3), (1, 3, 1, 3, 1)],
}
_FULLY = [(4, 3), (2, 3, 5), (2, 3, 2, 3), (2, 3, 2, 1, 3)]
_BATCH_OPTIONS = [
    {},
    {"eps": 0.1},
    {"momentum": 0.3},
    {"momentum": None},
    {"momentum": 0.0},
    {"momentum": 1},
    {"affine": False},
    {"bias": False},
    {"track_running_stats": False},
    {"affine": False, "track_running_stats": False},
]
_INSTANCE_SHAPES = {
    "InstanceNorm1d": [(2, 3, 4), (3, 6), (1, 3, 5)],
    "InstanceNorm2d": [(2, 3, 2, 3), (3, 4, 1)],
    "InstanceNorm3d": [(2, 3, 1, 2, 3), (3, 2, 2, 1)],
}
_INSTANCE_OPTIONS = [
    {},
    {"eps": 0.1},
    {"affine": True},
    {"affine": True, "bias": False},
    {"track_running_stats": True},
    {"track_running_stats": True, "momentum": 0.4, "affine": True},
]
_LAYER = [
    ((3,), (4, 3), {}),
    (3, (4, 3), {"eps": 0.1}),
    (3, (3,), {}),
    ([2, 3], (4, 2, 3), {}),
    ((2, 3), (2, 3), {"bias": False}),
    (3, (2, 1, 3), {"elementwise_affine": False}),
    ((1, 3), (2, 2, 1, 3), {"elementwise_affine": False, "bias": False}),
    (3, (0, 3), {}),
    (7, (1, 7), {}),
]

SAMPLES = [
    *(
        sample(name, 3, inputs=[shape], training=training, **options)
        for name, shapes in _BATCH_SHAPES.items()
        for shape in shapes
        for options in (_BATCH_OPTIONS if shape in _FULLY else _BATCH_OPTIONS[:1])
        for training in (True, False)
    ),
    sample("BatchNorm1d", 3, inputs=[(2, 3)], eps=0.5),
    sample("BatchNorm3d", 3, inputs=[(1, 3, 1, 2, 1)], eps=0.5),
    sample("BatchNorm1d", 1, inputs=[(4, 1)]),
    sample("BatchNorm1d", 1, inputs=[(4, 1, 3)]),
    sample("BatchNorm1d", 3, 1e-3, 0.2, True, True, inputs=[(4, 3)]),
    *(
        sample(name, 3, inputs=[shape], training=training, **options)
        for name, shapes in _INSTANCE_SHAPES.items()
        for shape in shapes
        for options in (_INSTANCE_OPTIONS if shape in shapes[:2] else _INSTANCE_OPTIONS[:3])
        for training in (True, False)
    ),
    sample("InstanceNorm1d", 1, inputs=[(2, 1, 4)], affine=True),
    sample("InstanceNorm1d", 3, inputs=[(2, 3, 2)], eps=0.5),
    sample("InstanceNorm1d", 3, inputs=[(0, 3, 4)]),
    sample("InstanceNorm1d", 3, inputs=[(0, 3, 4)], affine=True, peer=False),  # PyTorch's backward fails
    sample("InstanceNorm1d", 3, inputs=[(2, 3, 1)], track_running_stats=True, training=False),
    sample("LayerNorm", 1, inputs=[(3, 1)], peer=False),
    sample("RMSNorm", 1, inputs=[(3, 1)], eps=0.5),
    *(sample("LayerNorm", size, inputs=[shape], **options) for size, shape, options in _LAYER),
    *(
        sample("RMSNorm", size, inputs=[shape], **{k: v for k, v in options.items() if k != "bias"})
        for size, shape, options in _LAYER
    ),
    sample("RMSNorm", 3, inputs=[(2, 3)], eps=0.0),
    *(
        sample("GroupNorm", groups, channels, inputs=[shape], **options)
        for groups, channels, shape in [
            (2, 4, (3, 4, 2)),
            (1, 4, (2, 4, 3)),
            (4, 4, (2, 4, 3)),
            (2, 6, (2, 6)),
            (3, 6, (1, 6, 1, 2, 2)),
            (1, 3, (2, 3)),
            (1, 1, (2, 1, 3)),
            (2, 4, (0, 4, 3)),
        ]
        for options in [{"eps": 0.3}, {"affine": False, "eps": 0.1}, {"bias": False, "eps": 0.1}]
    ),
    sample("GroupNorm", 2, 4, inputs=[(2, 4, 5)]),
    sample("GroupNorm", 4, 4, inputs=[(2, 4)], peer=False),
    *(
        sample("LocalResponseNorm", size, inputs=[shape], **options)
        for size in (1, 2, 3, 5, 9)
        for shape in [(2, 4, 3), (1, 1, 2, 2), (2, 5, 1, 1, 2)]
        for options in [{}, {"alpha": 0.5, "beta": 0.6, "k": 2.0}]
    ),
    # functions
    sample("batch_norm", inputs=[(4, 3), None, None, None, None, True]),
    sample("batch_norm", MEAN, VAR, inputs=[(1, 3)]),
    sample("batch_norm", MEAN, VAR, W3, B3, inputs=[(2, 3, 4)], eps=0.1),
    sample("batch_norm", inputs=[(4, 3), MEAN, VAR, W3, B3, True], momentum=0.2),
    sample("batch_norm", inputs=[(2, 3, 2, 2), MEAN, VAR, W3, B3, True], eps=1e-3),
    sample("batch_norm", inputs=[(2, 3, 2, 2), MEAN, VAR, W3, B3]),
    sample("batch_norm", inputs=[(2, 3, 2, 2, 1, 2), MEAN, VAR, None, B3]),
    sample("batch_norm", inputs=[(3, 3), MEAN, VAR, W3]),
    sample("batch_norm", inputs=[(3, 3), MEAN, VAR, W3, None, True]),
    sample("batch_norm", inputs=[(2, 3, 2), None, None, None, B3, True]),
    sample("instance_norm", inputs=[(2, 3, 4)]),
    sample("instance_norm", inputs=[(2, 3, 4), MEAN, VAR, W3, B3]),
    sample("instance_norm", inputs=[(2, 3, 4), MEAN, VAR, W3, B3, False]),
    sample("instance_norm", inputs=[(2, 3, 2, 2), MEAN, VAR], use_input_stats=False, eps=0.1),
    sample("instance_norm", inputs=[(2, 3, 2, 2)], eps=0.1),
    sample("layer_norm", (3,), inputs=[(4, 3)]),
    sample("layer_norm", inputs=[(4, 3), [3], W3, B3], eps=0.1),
    sample("layer_norm", (3,), W3, B3, inputs=[(2, 2, 3)]),
    sample("layer_norm", inputs=[(2, 1, 3), [1, 3], W3[None], None]),
    sample("rms_norm", (3,), inputs=[(4, 3)]),
    sample("rms_norm", [2, 3], inputs=[(4, 2, 3)], eps=0.1),
    sample("rms_norm", inputs=[(4, 3), [3], W3]),
    sample("group_norm", 3, inputs=[(2, 6, 2)]),
    sample("group_norm", 2, inputs=[(2, 4, 2)], weight=np.array([1.0, 2.0, -0.5, 0.0]), eps=0.1),
    sample("local_response_norm", 3, inputs=[(2, 4, 3)]),
    sample("local_response_norm", 2, 0.5, 0.6, 2.0, inputs=[(2, 4, 3)]),
]
