"""Uses of interpolation and of grids."""

from __future__ import annotations

import itertools
import zlib

import numpy as np

from tests.nn.samples import sample

SHAPES = {1: (2, 2, 7), 2: (2, 2, 5, 6), 3: (1, 2, 3, 4, 3)}
MODES = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}
SIZES = {1: [1, 3, 7, 14, 17], 2: [1, (3, 8), (5, 2), (10, 12), (13, 7)], 3: [1, (3, 5, 2), (7, 4, 6)]}
FACTORS = {1: [2, 0.6, 1.7], 2: [2, (0.5, 3.0), (1.7, 0.7)], 3: [2.0, (1.5, 0.6, 2.4)]}


def cornerless(dims: int) -> list:
    """The modes without corners to align."""
    found, inputs = [], [SHAPES[dims]]
    for mode, size in itertools.product(("nearest", "nearest-exact", "area"), SIZES[dims]):
        found.append(sample("Upsample", size, mode=mode, inputs=inputs))
        found.append(sample("interpolate", size, mode=mode, inputs=inputs))
    for mode, factor in itertools.product(("nearest", "nearest-exact", "area"), FACTORS[dims]):
        found.append(sample("Upsample", scale_factor=factor, mode=mode, inputs=inputs))
        words = {"scale_factor": factor, "mode": mode, "recompute_scale_factor": True}
        found.append(sample("interpolate", inputs=inputs, **words))
    return found


def cornered(dims: int) -> list:
    """Linear and cubic modes."""
    found, inputs = [], [SHAPES[dims]]
    for mode, corners in itertools.product(MODES[dims], (None, False, True)):
        for size in SIZES[dims]:
            words = {"mode": mode, "align_corners": corners}
            found.append(sample("Upsample", size, inputs=inputs, **words))
        for factor, again in itertools.product(FACTORS[dims], (None, False, True)):
            words = {"mode": mode, "align_corners": corners, "recompute_scale_factor": again}
            found.append(sample("interpolate", None, factor, inputs=inputs, **words))
    return found


def smooth() -> list:
    """With antialias, growing and shrinking; PyTorch's results for one column alone are wrong."""
    found = []
    for mode, corners in itertools.product(("bilinear", "bicubic"), (None, True)):
        for size in ((2, 3), (1, 2), (9, 11), (5, 6), (3, 13)):
            words = {"mode": mode, "align_corners": corners, "antialias": True}
            found.append(sample("interpolate", size, inputs=[(2, 2, 5, 6)], **words))
    for size in ((2, 3), (9, 11), (7, 3)):
        found.append(sample("interpolate", size, inputs=[(1, 2, 8, 7)], mode="lanczos", antialias=True))
    for factor in (0.4, (1.6, 0.5)):
        words = {"scale_factor": factor, "mode": "bilinear", "antialias": True}
        found.append(sample("interpolate", inputs=[(1, 1, 9, 8)], **words))
    found.append(
        sample("interpolate", (3, 1), inputs=[(1, 1, 4, 5)], mode="bicubic", antialias=True, peer=False)
    )
    return found


def between(shape: tuple, sizes: tuple, aligned: bool, reach: int) -> np.ndarray:
    """A grid whose places stay clear of elements and of borders, up to `reach` elements outside."""
    rng = np.random.default_rng(zlib.crc32(repr((shape, sizes)).encode()))
    axes = []
    for n in sizes[::-1]:
        # a third of an element from the next element, and from the edge between two
        u = rng.integers(-reach, n - 1 + reach, shape) + rng.choice([0.3, 0.7], shape)
        axes.append(u / (n - 1) * 2 - 1 if aligned else (2 * u + 1) / n - 1)
    return np.stack(axes, -1)


def grids() -> list:
    found = []
    for dims, sizes in ((2, (4, 3)), (2, (5, 6)), (3, (3, 2, 4))):
        modes = ("bilinear", "nearest", "bicubic")[: 5 - dims]
        paddings = ("zeros", "border", "reflection")
        for mode, padding, corners in itertools.product(modes, paddings, (None, False, True)):
            for reach in (0, 3):
                grid = between((2, *(2, 3, 1)[:dims]), sizes, bool(corners), reach)
                words = {"mode": mode, "padding_mode": padding, "align_corners": corners}
                peer = corners is not None  # PyTorch warns of its default: see test_torch_resampling.py
                found.append(sample("grid_sample", inputs=[(2, 2, *sizes), grid], peer=peer, **words))
    found.append(sample("grid_sample", inputs=[(0, 2, 3, 3), (0, 2, 2, 2)], align_corners=False))
    for corners in (None, False, True):
        for size in ((2, 1, 3, 4), (1, 2, 1, 5), (2, 3, 2, 3, 4)):
            peer = corners is False or (corners is True and 1 not in size[2:])
            inputs = [(size[0], len(size) - 2, len(size) - 1)]
            found.append(sample("affine_grid", size, corners, inputs=inputs, peer=peer))
    return found


SAMPLES = [s for d in (1, 2, 3) for s in (*cornerless(d), *cornered(d))] + smooth() + grids()
SAMPLES += [
    sample("Upsample", inputs=[(0, 2, 4)], scale_factor=2),
    sample("Upsample", inputs=[(1, 1, 1)], size=3, mode="linear"),
    sample("Upsample", inputs=[(1, 1, 1, 1)], size=3, mode="bicubic"),
    sample("UpsamplingNearest2d", inputs=[(2, 1, 3, 4)], scale_factor=2),
    sample("UpsamplingNearest2d", inputs=[(2, 1, 3, 4)], size=(5, 3)),
    sample("UpsamplingNearest2d", inputs=[(2, 1, 3, 4)], scale_factor=(1.3, 2.4)),
    sample("UpsamplingBilinear2d", inputs=[(2, 1, 3, 4)], scale_factor=(2, 3)),
    sample("UpsamplingBilinear2d", inputs=[(2, 1, 3, 4)], size=5),
    sample(
        "upsample", inputs=[(2, 1, 3, 4)], scale_factor=2, mode="bilinear", align_corners=True, peer=False
    ),
    sample("upsample", inputs=[(2, 1, 3)], size=5, peer=False),
    sample("upsample_nearest", inputs=[(2, 1, 3, 4)], scale_factor=2, peer=False),
    sample("upsample_bilinear", inputs=[(2, 1, 3, 4)], size=(5, 2), peer=False),
]
