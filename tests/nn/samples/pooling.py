"""Uses of pooling: over regular windows, adaptive, fractional, and undone."""

from __future__ import annotations

import itertools
import math
import zlib

import numpy as np

from tests.nn.samples import sample


def spaced(*shape: int) -> np.ndarray:
    """Distinct numbers far enough apart that no difference quotient changes their order."""
    n = math.prod(shape)
    rng = np.random.default_rng(zlib.crc32(repr(shape).encode()))
    return (0.3 * (rng.permutation(n) - n / 2) + 0.07).reshape(shape)


def positive(*shape: int) -> np.ndarray:
    """Positive numbers of moderate size."""
    rng = np.random.default_rng(zlib.crc32(repr(shape).encode()))
    return 0.5 + 1.5 * rng.random(shape)


# shapes with one, two and three axes after the channels, batched and not, odd, and empty batches
SHAPES = {
    1: [(2, 3, 8), (3, 7), (1, 1, 5), (0, 2, 6)],
    2: [(2, 2, 6, 7), (2, 5, 6), (1, 1, 5, 5), (0, 2, 5, 6)],
    3: [(1, 2, 5, 4, 6), (2, 4, 5, 5), (0, 1, 4, 4, 4)],
}
REGULAR = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 1, "stride": 2},
]
DILATED = [
    {"kernel_size": 2, "stride": 1, "dilation": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True},
]
UNEVEN = {
    1: [{"kernel_size": (4,), "stride": (3,), "padding": (2,)}],
    2: [{"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)}, {"kernel_size": (5, 1)}],
    3: [{"kernel_size": (1, 2, 3), "stride": (2, 1, 2), "padding": (0, 1, 1), "ceil_mode": True}],
}
SIZES = {
    1: [1, 2, 3, 5, 11],
    2: [1, 2, 3, (2, 3), (None, 2), (1, None), (4, 7), 9],
    3: [1, 2, (2, 3, 1), (None, 2, 4), 6],
}


def of_windows(dims: int) -> list:
    """Largest elements, means and norms, as modules and as functions."""
    found = []
    for shape, options in itertools.product(SHAPES[dims], REGULAR + UNEVEN[dims]):
        if dims == 3 and options["kernel_size"] == 3 and 4 in shape[-3:] and shape[0] == 0:
            continue  # nothing new, and PyTorch takes no window as large as the input here
        found.append(sample(f"MaxPool{dims}d", inputs=[spaced(*shape)], **options))
        found.append(sample(f"AvgPool{dims}d", inputs=[shape], **options))
        found.append(sample(f"AvgPool{dims}d", inputs=[shape], count_include_pad=False, **options))
    for options in DILATED + REGULAR[:4]:
        shape = SHAPES[dims][0]
        found.append(sample(f"MaxPool{dims}d", inputs=[spaced(*shape)], return_indices=True, **options))
        found.append(sample(f"max_pool{dims}d", inputs=[spaced(*shape)], **options))
        found.append(sample(f"max_pool{dims}d_with_indices", inputs=[spaced(*shape)], **options))
    for options in REGULAR + UNEVEN[dims]:
        shape = SHAPES[dims][1]
        found.append(sample(f"avg_pool{dims}d", inputs=[shape], **options))
        if dims > 1:
            for divisor in (1, 3, -2):
                found.append(sample(f"AvgPool{dims}d", inputs=[shape], divisor_override=divisor, **options))
    return found


def of_norms(dims: int) -> list:
    found = []
    for p, shape in itertools.product((1, 2, 3.0, 2.5), SHAPES[dims]):
        for options in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "ceil_mode": True}):
            found.append(sample(f"LPPool{dims}d", p, inputs=[positive(*shape)], **options))
    shape = SHAPES[dims][0]
    found.append(sample(f"lp_pool{dims}d", 2.0, 3, 1, inputs=[shape]))
    found.append(sample(f"LPPool{dims}d", 2, 2, inputs=[np.zeros(shape)], orders=0))
    return found


def adaptive(dims: int) -> list:
    found = []
    for shape, size in itertools.product(SHAPES[dims], SIZES[dims]):
        found.append(sample(f"AdaptiveAvgPool{dims}d", size, inputs=[shape]))
        found.append(sample(f"AdaptiveMaxPool{dims}d", size, inputs=[spaced(*shape)]))
    shape, size = SHAPES[dims][0], SIZES[dims][2]
    found.append(sample(f"AdaptiveMaxPool{dims}d", size, inputs=[spaced(*shape)], return_indices=True))
    found.append(sample(f"adaptive_avg_pool{dims}d", size, inputs=[shape]))
    found.append(sample(f"adaptive_max_pool{dims}d", size, inputs=[spaced(*shape)]))
    found.append(sample(f"adaptive_max_pool{dims}d_with_indices", size, inputs=[spaced(*shape)]))
    return found


def places(shape: tuple[int, ...], dims: int, size: int) -> np.ndarray:
    """Distinct indices into planes of a size."""
    rng = np.random.default_rng(len(shape))
    rows = [rng.permutation(size)[: math.prod(shape[-dims:])] for _ in np.ndindex(*shape[:-dims])]
    return np.array(rows).reshape(shape)


def unpooled(dims: int) -> list:
    shape = (2, 2) + (3,) * dims
    found = []
    for options, n in (
        ({"kernel_size": 2}, 6),
        ({"kernel_size": 3, "stride": 2}, 7),
        ({"kernel_size": 3, "stride": 2, "padding": 1}, 5),
    ):
        for s in (shape, shape[1:]):
            inputs = [s, places(s, dims, n**dims)]
            found.append(sample(f"MaxUnpool{dims}d", inputs=inputs, **options))
            found.append(sample(f"max_unpool{dims}d", inputs=inputs, **options))
    inputs = [shape, places(shape, dims, 7**dims)]
    sized = {"output_size": (7,) * dims}
    found.append(sample(f"MaxUnpool{dims}d", 2, inputs=inputs, call=sized))
    found.append(
        sample(f"MaxUnpool{dims}d", 2, inputs=inputs, call={"output_size": (2, 2, *sized["output_size"])})
    )
    found.append(sample(f"max_unpool{dims}d", 2, inputs=inputs, **sized))
    return found


def fractional(dims: int) -> list:
    found = []
    for shape in ((2, 2, 7, 8, 9)[: dims + 2], (3, 8, 7, 9)[: dims + 1]):
        lead = shape[:2] if len(shape) == dims + 2 else (1, shape[0])
        u = np.random.default_rng(dims).random((*lead, dims))
        for options in (
            {"output_size": 3},
            {"output_size": tuple(range(1, dims + 1))},
            {"output_ratio": 0.5},
            {"output_ratio": (0.7, 0.4, 0.6)[:dims]},
        ):
            words = {**options, "_random_samples": u}
            found.append(sample(f"FractionalMaxPool{dims}d", 2, inputs=[spaced(*shape)], **words))
            # PyTorch's function takes one ratio for all axes as a module alone does
            both = not isinstance(options.get("output_ratio"), float)
            found.append(
                sample(f"fractional_max_pool{dims}d", 3, inputs=[spaced(*shape)], peer=both, **words)
            )
        words = {"kernel_size": (2, 3, 1)[:dims], "output_size": 4, "_random_samples": u}
        found.append(
            sample(f"FractionalMaxPool{dims}d", inputs=[spaced(*shape)], return_indices=True, **words)
        )
        found.append(sample(f"fractional_max_pool{dims}d_with_indices", inputs=[spaced(*shape)], **words))
        found.append(sample(f"FractionalMaxPool{dims}d", 2, 3, inputs=[spaced(*shape)], peer=False))
    return found


SAMPLES = [s for d in (1, 2, 3) for s in (*of_windows(d), *of_norms(d), *adaptive(d), *unpooled(d))]
SAMPLES += [*fractional(2), *fractional(3)]
