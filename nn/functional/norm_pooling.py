"""Pooling by p-norms, as functions."""

from __future__ import annotations

import math
from typing import Any

from autograd.errors import ArgumentError
from autograd.ops.choosing import equal, where
from autograd.ops.neural import pooling

from .arguments import number
from .pooling import divisor_of
from .pooling_windows import planes_of, regular_windows
from .sizes import integers

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]


def check_norm_type(norm_type: Any, caller: str) -> float:
    """The exponent of a norm, if it is a number other than zero."""
    p = number(norm_type, f"{caller}: norm_type")
    if not p:
        raise ArgumentError(f"{caller}: norm_type must not be zero")
    return p


def _lp_pool(dims: int, caller: str, input: Any, arguments: tuple) -> Any:
    norm_type, kernel_size, stride, ceil_mode = arguments
    p = check_norm_type(norm_type, caller)
    input = planes_of(input, dims, caller)
    windows = regular_windows(input.shape[-dims:], kernel_size, stride, 0, ceil_mode, caller)
    size = math.prod(integers(kernel_size, dims, f"{caller}: kernel_size", 1))
    total = pooling.avg_pool(input**p, windows, divisor_of(windows, True)) * size
    empty = equal(total, 0)  # the root has no derivative there: 0 by convention
    return where(empty, 0, where(empty, 1, total) ** (1 / p))


def lp_pool1d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """out = (sum over the window of input**p)**(1 / p), p the norm type; as `lp_pool2d`.

    Example:
        >>> import numpy as np
        >>> lp_pool1d(np.array([[3.0, 4.0, 0.0, 1.0]]), 2, 2)
        array([[5., 1.]])
    """
    return _lp_pool(1, "lp_pool1d", input, (norm_type, kernel_size, stride, ceil_mode))


def lp_pool2d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """out = (sum over the window of input**p)**(1 / p), p the norm type.

    A window that ends beyond the input, with `ceil_mode`, counts for its whole size: its sum is
    the mean of what it has times the size of the kernel.

    Shapes: (N, C, H, W) or (C, H, W) -> as `avg_pool2d` without padding.

    Gradient: zero where the sum is zero.

    Errors: ArgumentError for a norm type of zero and for sizes out of range; ShapeError where
    the input has other axes or no room for a window; DtypeError.

    Example:
        >>> import numpy as np
        >>> lp_pool2d(np.array([[[3.0, 0.0], [0.0, 4.0]]]), 2, 2)
        array([[[5.]]])
    """
    return _lp_pool(2, "lp_pool2d", input, (norm_type, kernel_size, stride, ceil_mode))


def lp_pool3d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """out = (sum over the window of input**p)**(1 / p), over three axes; as `lp_pool2d`.

    Example:
        >>> import numpy as np
        >>> lp_pool3d(np.full((1, 2, 2, 2), 2.0), 3, 2)
        array([[[[4.]]]])
    """
    return _lp_pool(3, "lp_pool3d", input, (norm_type, kernel_size, stride, ceil_mode))
