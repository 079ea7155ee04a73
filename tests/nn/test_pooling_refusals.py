"""Pooling refuses bad input at the wrong call, and says what was expected."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd.errors import ArgumentError, DtypeError, IndexingError, ShapeError

NAN = math.nan
X = np.zeros((1, 2, 5, 5))
REFUSED = [
    (
        ShapeError,
        r"max_pool2d: input\(5, 5\) must be \(N, C, H, W\) or \(C, H, W\)",
        lambda: F.max_pool2d(X[0, 0], 2),
    ),
    (ShapeError, r"avg_pool1d: input\(1, 2, 5, 5\) must be", lambda: F.avg_pool1d(X, 2)),
    (ShapeError, r"max_pool2d: .*an axis of 5, padded by 0, .*a window of 6", lambda: F.max_pool2d(X, 6)),
    (ShapeError, r"may be empty along its batch axis alone", lambda: F.max_pool2d(X[:, :0], 2)),
    (ShapeError, r"no element in an axis of 1", lambda: F.max_pool1d([[1.0]], 2, 1, 1, 2)),
    (
        ArgumentError,
        r"avg_pool2d: padding must be at most half of kernel_size \(3, 3\)",
        lambda: F.avg_pool2d(X, 3, 1, 2),
    ),
    (ArgumentError, r"max_pool2d: stride must be at least 1, got 0", lambda: F.max_pool2d(X, 2, 0)),
    (
        ArgumentError,
        r"max_pool2d: kernel_size must be an integer or 2 of them, got 2.5",
        lambda: F.max_pool2d(X, 2.5),
    ),
    (ArgumentError, r"kernel_size must be an integer or 2 of them", lambda: F.max_pool2d(X, (2, 2, 2))),
    (ArgumentError, r"kernel_size must be an integer", lambda: F.max_pool2d(X, True)),
    (
        ArgumentError,
        r"divisor_override must be a non-zero integer",
        lambda: F.avg_pool2d(X, 2, divisor_override=0),
    ),
    (
        DtypeError,
        r"avg_pool2d: input must be of a floating dtype, got int64",
        lambda: F.avg_pool2d(X.astype(int), 2),
    ),
    (
        DtypeError,
        r"max_pool2d: .*floating or integer dtype, got complex128",
        lambda: F.max_pool2d(X + 0j, 2),
    ),
    (ArgumentError, r"lp_pool2d: norm_type must not be zero", lambda: F.lp_pool2d(X, 0, 2)),
    (
        ArgumentError,
        r"adaptive_avg_pool2d: output_size must be at least 0",
        lambda: F.adaptive_avg_pool2d(X, -1),
    ),
    (ArgumentError, r"output_size must be an integer or 2", lambda: F.adaptive_max_pool2d(X, (1, 2, 3))),
    (
        ShapeError,
        r"indices\(1, 2, 5\) must have the shape",
        lambda: F.max_unpool2d(X, np.zeros((1, 2, 5), int), 2),
    ),
    (DtypeError, r"indices must be integers, got float64", lambda: F.max_unpool2d(X, X, 2)),
    (
        IndexingError,
        r"indices must be in 0..99 .*, got 100..100",
        lambda: F.max_unpool2d(X, np.full(X.shape, 100), 2),
    ),
    (IndexingError, r"got -1..-1", lambda: F.max_unpool2d(X, np.full(X.shape, -1), 2)),
    (
        ArgumentError,
        r"output_size \(12, 10\) must differ by less than stride \(2, 2\) from \(10, 10\)",
        lambda: F.max_unpool2d(X, np.zeros(X.shape, int), 2, output_size=(12, 10)),
    ),
    (ArgumentError, r"either output_size or output_ratio", lambda: F.fractional_max_pool2d(X, 2)),
    (
        ArgumentError,
        r"output_ratio must be a number between 0 and 1",
        lambda: F.fractional_max_pool2d(X, 2, None, 1.5),
    ),
    (
        ShapeError,
        r"\(5, 5\) different windows of \(2, 2\) do not fit",
        lambda: F.fractional_max_pool2d(X, 2, 5),
    ),
    (
        ShapeError,
        r"_random_samples must be floating and \(1, 2, 2\), got \(2, 2\)",
        lambda: F.fractional_max_pool2d(X, 2, 2, _random_samples=np.zeros((2, 2))),
    ),
    (ArgumentError, r"MaxPool2d: kernel_size must be at least 1", lambda: nn.MaxPool2d(0)),
    (ArgumentError, r"MaxPool1d: padding must be at most half", lambda: nn.MaxPool1d(2, padding=2)),
    (ArgumentError, r"MaxPool3d: dilation must be at least 1", lambda: nn.MaxPool3d(2, dilation=0)),
    (ArgumentError, r"AvgPool1d: stride must be an integer or 1", lambda: nn.AvgPool1d(2, 1.5)),
    (ArgumentError, r"AvgPool2d: divisor_override", lambda: nn.AvgPool2d(2, divisor_override=1.5)),
    (ArgumentError, r"LPPool1d: norm_type must be a number", lambda: nn.LPPool1d(NAN, 2)),
    (ArgumentError, r"AdaptiveAvgPool2d: output_size", lambda: nn.AdaptiveAvgPool2d("5")),
    (ArgumentError, r"MaxUnpool2d: padding must be at least 0", lambda: nn.MaxUnpool2d(2, padding=-1)),
    (
        ArgumentError,
        r"FractionalMaxPool2d: either output_size or output_ratio .* not both",
        lambda: nn.FractionalMaxPool2d(2),
    ),
    (ArgumentError, r"FractionalMaxPool2d: either", lambda: nn.FractionalMaxPool2d(2, 2, 0.5)),
    (
        ArgumentError,
        r"FractionalMaxPool3d: output_ratio",
        lambda: nn.FractionalMaxPool3d(2, output_ratio=0),
    ),
]


@pytest.mark.parametrize(("error", "message", "call"), REFUSED, ids=[m for _, m, _ in REFUSED])
def test_bad_input_is_refused(error, message, call):
    with pytest.raises(error, match=message):
        call()
