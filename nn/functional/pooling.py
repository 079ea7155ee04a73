"""Pooling over regular windows, as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.ops.neural import pooling

from .pooling_windows import counts, planes_of, regular_windows

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]


# ------------------------------------------------------------------ largest elements


def picked(input: Any, windows: tuple, return_indices: bool) -> Any:
    """The largest element of each window over the last axes; with its index, if asked for."""
    out, taps = pooling.max_pool(input, windows)
    return (out, pooling.indices_of(taps, windows)) if return_indices else out


def _max_pool(dims: int, caller: str, input: Any, arguments: tuple) -> Any:
    kernel_size, stride, padding, dilation, ceil_mode, return_indices = arguments
    input = planes_of(input, dims, caller, "fiu")
    windows = regular_windows(
        input.shape[-dims:], kernel_size, stride, padding, ceil_mode, caller, dilation
    )
    return picked(input, windows, return_indices)


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """out[..., i] = max over t of input[..., i * stride - padding + t * dilation].

    As `max_pool2d`, along one axis.

    Example:
        >>> import numpy as np
        >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[3., 2.]])
    """
    arguments = (kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return _max_pool(1, "max_pool1d", input, arguments)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over the last two axes.

    Args:
        input: floating or integer.
        kernel_size: of the windows, one number or one per axis; so are the next three.
        stride: from window to window; `kernel_size` if None.
        padding: how far windows may begin before the input; padding is never chosen.
        dilation: from element to element of a window.
        ceil_mode: whether a window that begins inside may end beyond the padding.
        return_indices: also return where the largest elements are.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with out = floor((H + 2 * padding -
    dilation * (kernel_size - 1) - 1) / stride) + 1, or ceil instead of floor. Indices are
    int64, of the same shape, into H * W.

    Gradient: goes to the largest element: among equals to the first, in row-major order; a
    NaN counts as the largest.

    Errors: ArgumentError for sizes out of range, padding of more than half the kernel
    included; ShapeError where the input has other axes or no room for a window; DtypeError.

    Example:
        >>> import numpy as np
        >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
        array([[[ 5.,  7.],
                [13., 15.]]])
    """
    arguments = (kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return _max_pool(2, "max_pool2d", input, arguments)


def max_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over the last three axes; as `max_pool2d`.

    Example:
        >>> import numpy as np
        >>> max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
        array([[[[7.]]]])
    """
    arguments = (kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return _max_pool(3, "max_pool3d", input, arguments)


def _with_indices(pool: Any) -> Any:
    """The function that also returns the indices by default."""

    def function(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    function.__name__ = function.__qualname__ = f"{pool.__name__}_with_indices"
    function.__doc__ = f"`{pool.__name__}` together with the indices of what it took."
    return function


max_pool1d_with_indices = _with_indices(max_pool1d)
max_pool2d_with_indices = _with_indices(max_pool2d)
max_pool3d_with_indices = _with_indices(max_pool3d)


# ------------------------------------------------------------------ means


def _avg_pool(dims: int, caller: str, input: Any, arguments: tuple) -> Any:
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor = arguments
    input = planes_of(input, dims, caller)
    check_divisor(divisor, caller)
    windows = regular_windows(input.shape[-dims:], kernel_size, stride, padding, ceil_mode, caller)
    return pooling.avg_pool(input, windows, int(divisor or 0) or divisor_of(windows, count_include_pad))


def check_divisor(divisor: Any, caller: str) -> None:
    """Refuse a `divisor_override` that is neither None nor an integer other than zero."""
    if divisor is not None and (not isinstance(divisor, (int, np.integer)) or not divisor):
        raise ArgumentError(f"{caller}: divisor_override must be a non-zero integer, got {divisor!r}")


def divisor_of(windows: tuple, padding: bool) -> Any:
    """How many elements each window has: one number if they are alike."""
    found = tuple(counts(w, padding) for w in windows)
    return math.prod(c[0] for c in found) if all(len(set(c)) == 1 for c in found) else found


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """out[..., i] = mean over t of input[..., i * stride - padding + t]; as `avg_pool2d`.

    Example:
        >>> import numpy as np
        >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[2., 1.]])
    """
    arguments = (kernel_size, stride, padding, ceil_mode, count_include_pad, None)
    return _avg_pool(1, "avg_pool1d", input, arguments)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window over the last two axes.

    Args:
        input: floating.
        kernel_size: of the windows, one number or one per axis; so are the next two.
        stride: from window to window; `kernel_size` if None.
        padding: zeros put around the input.
        ceil_mode: whether a window that begins inside may end beyond the padding.
        count_include_pad: whether zeros of the padding count in the mean.
        divisor_override: divides the sums, instead of the number of elements.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with out = floor((H + 2 * padding -
    kernel_size) / stride) + 1, or ceil instead of floor.

    Errors: ArgumentError for sizes out of range, padding of more than half the kernel
    included; ShapeError where the input has other axes or no room for a window; DtypeError.

    Example:
        >>> import numpy as np
        >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
        array([[[ 2.5,  4.5],
                [10.5, 12.5]]])
    """
    arguments = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _avg_pool(2, "avg_pool2d", input, arguments)


def avg_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window over the last three axes; as `avg_pool2d`.

    Example:
        >>> import numpy as np
        >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
        array([[[[3.5]]]])
    """
    arguments = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _avg_pool(3, "avg_pool3d", input, arguments)
