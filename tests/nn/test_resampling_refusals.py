"""Interpolation and grids refuse bad input at the wrong call, and says what was expected."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd.errors import ArgumentError, DtypeError, ShapeError

NAN = math.nan
X = np.zeros((1, 2, 4, 5))
G = np.zeros((1, 3, 3, 2))
REFUSED = [
    (
        ArgumentError,
        "interpolate: either size or scale_factor must be given, and not both",
        lambda: F.interpolate(X),
    ),
    (ArgumentError, "either size or scale_factor", lambda: F.interpolate(X, 3, 2)),
    (
        ArgumentError,
        "mode must be one of .*'nearest-exact'.*, got 'best'",
        lambda: F.interpolate(X, 3, mode="best"),
    ),
    (ArgumentError, r"Upsample: mode must be one of .*, got \['a'\]", lambda: nn.Upsample(2, mode=["a"])),
    (
        ArgumentError,
        "align_corners must be None for mode 'nearest'",
        lambda: F.interpolate(X, 3, align_corners=False),
    ),
    (
        ShapeError,
        r"mode 'linear' takes input of 3 axes .*got input\(1, 2, 4, 5\)",
        lambda: F.interpolate(X, 3, mode="linear"),
    ),
    (ShapeError, "takes input of 3 or 4 or 5 axes", lambda: F.interpolate(X[0, 0], 3)),
    (ShapeError, "none but N empty", lambda: F.interpolate(X[:, :0], 3)),
    (ArgumentError, "size must be one number or 2, one per axis", lambda: F.interpolate(X, (3, 3, 3))),
    (ArgumentError, "size must be positive integers, got 0", lambda: F.interpolate(X, 0)),
    (ArgumentError, r"size must be positive integers, got \(2.5, 2\)", lambda: F.interpolate(X, (2.5, 2))),
    (ArgumentError, "scale_factor must be positive and finite", lambda: F.interpolate(X, None, -1.0)),
    (ArgumentError, "scale_factor must be a number", lambda: F.interpolate(X, None, NAN)),
    (ArgumentError, "scale_factor 0.1 leaves nothing", lambda: F.interpolate(X, None, 0.1)),
    (
        ArgumentError,
        "recompute_scale_factor needs a scale_factor",
        lambda: F.interpolate(X, 3, recompute_scale_factor=True),
    ),
    (
        ArgumentError,
        "antialias is for bilinear, bicubic and lanczos",
        lambda: F.interpolate(X, 3, antialias=True),
    ),
    (ArgumentError, "'lanczos' needs antialias=True", lambda: F.interpolate(X, 3, mode="lanczos")),
    (
        DtypeError,
        "mode 'bilinear' takes floating input, got int64",
        lambda: F.interpolate(X.astype(int), 3, mode="bilinear"),
    ),
    (ArgumentError, "Upsample: either size or scale_factor", lambda: nn.Upsample()),
    (ArgumentError, "Upsample: mode must be one of", lambda: nn.Upsample(2, mode="x")),
    (ArgumentError, "UpsamplingNearest2d: either size", lambda: nn.UpsamplingNearest2d(2, 2)),
    (ArgumentError, "UpsamplingBilinear2d: size must be", lambda: nn.UpsamplingBilinear2d(-1)),
    (
        ShapeError,
        r"grid_sample: input\(1, 2, 4, 5\) .* and grid\(1, 3, 3, 3\)",
        lambda: F.grid_sample(X, np.zeros((1, 3, 3, 3))),
    ),
    (ShapeError, "must have one batch size", lambda: F.grid_sample(X, np.zeros((2, 3, 3, 2)))),
    (ShapeError, "nothing but N or C empty", lambda: F.grid_sample(X[:, :, :0], G)),
    (DtypeError, "of one dtype, got float64 and float32", lambda: F.grid_sample(X, G.astype(np.float32))),
    (DtypeError, "must be floating", lambda: F.grid_sample(X.astype(int), G.astype(int))),
    (ArgumentError, "mode must be one of .*'bicubic'", lambda: F.grid_sample(X, G, "linear")),
    (ArgumentError, "padding_mode one of", lambda: F.grid_sample(X, G, "nearest", "wrap")),
    (
        ArgumentError,
        "'bicubic' takes input of 4 axes",
        lambda: F.grid_sample(np.zeros((1, 1, 2, 2, 2)), np.zeros((1, 1, 1, 1, 3)), "bicubic"),
    ),
    (
        ShapeError,
        r"affine_grid: theta\(2, 3, 4\) must be \(2, 2, 3\)",
        lambda: F.affine_grid(np.zeros((2, 3, 4)), (2, 1, 3, 3)),
    ),
    (
        ArgumentError,
        "size must be 4 or 5 positive integers",
        lambda: F.affine_grid(np.zeros((2, 2, 3)), (2, 3, 3)),
    ),
    (DtypeError, "theta must be floating", lambda: F.affine_grid(np.zeros((2, 2, 3), int), (2, 1, 3, 3))),
]


@pytest.mark.parametrize(("error", "message", "call"), REFUSED, ids=[m for _, m, _ in REFUSED])
def test_bad_input_is_refused(error, message, call):
    with pytest.raises(error, match=message):
        call()
