"""Pooling to a given size, as functions."""

from __future__ import annotations

import math
from typing import Any

from autograd.ops.neural import pooling
from autograd.ops.neural.axis_maps import mean_map
from autograd.ops.neural.resampling import resample

from .pooling import picked
from .pooling_windows import adaptive_windows, planes_of

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
]


def window_means(input: Any, windows: tuple) -> Any:
    """The means of windows without padding; of regular ones by slices, of others by weights."""
    if all(w.sizes is None for w in windows):
        return pooling.avg_pool(input, windows, math.prod(w.size for w in windows))
    return resample(input, tuple(mean_map(w) for w in windows))


def _adaptive_avg_pool(dims: int, caller: str, input: Any, output_size: Any) -> Any:
    input = planes_of(input, dims, caller, channels=True)
    return window_means(input, adaptive_windows(input.shape[-dims:], output_size, caller))


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """out[..., i] = mean of input[..., floor(i * L / out) : ceil((i + 1) * L / out)].

    As `adaptive_avg_pool2d`, along one axis.

    Example:
        >>> import numpy as np
        >>> adaptive_avg_pool1d(np.array([[1.0, 2.0, 3.0]]), 2)
        array([[1.5, 2.5]])
    """
    return _adaptive_avg_pool(1, "adaptive_avg_pool1d", input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """The means of as many windows over the last two axes as asked for.

    Window i of an axis of length n goes from floor(i * n / out) to ceil((i + 1) * n / out).

    Args:
        input: floating.
        output_size: one number, or one per axis; None keeps an axis as it is.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with output_size.

    Errors: ArgumentError for sizes that are no integers >= 0; ShapeError; DtypeError.

    Example:
        >>> import numpy as np
        >>> adaptive_avg_pool2d(np.arange(6.0).reshape(1, 2, 3), (1, 2))
        array([[[2., 3.]]])
    """
    return _adaptive_avg_pool(2, "adaptive_avg_pool2d", input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """The means of windows over the last three axes; as `adaptive_avg_pool2d`.

    Example:
        >>> import numpy as np
        >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
        array([[[[3.5]]]])
    """
    return _adaptive_avg_pool(3, "adaptive_avg_pool3d", input, output_size)


def _adaptive_max_pool(dims: int, caller: str, input: Any, output_size: Any, return_indices: bool) -> Any:
    input = planes_of(input, dims, caller, "fiu")
    windows = adaptive_windows(input.shape[-dims:], output_size, caller)
    return picked(input, windows, return_indices)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """out[..., i] = max of input[..., floor(i * L / out) : ceil((i + 1) * L / out)].

    As `adaptive_max_pool2d`, along one axis.

    Example:
        >>> import numpy as np
        >>> adaptive_max_pool1d(np.array([[1.0, 3.0, 2.0]]), 2)
        array([[3., 3.]])
    """
    return _adaptive_max_pool(1, "adaptive_max_pool1d", input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many windows over the last two axes as asked for.

    Window i of an axis of length n goes from floor(i * n / out) to ceil((i + 1) * n / out).

    Args:
        input: floating or integer.
        output_size: one number, or one per axis; None keeps an axis as it is.
        return_indices: also return where the largest elements are, as int64 indices into H * W.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with output_size.

    Gradient: goes to the largest element: among equals to the first, in row-major order.

    Errors: ArgumentError for sizes that are no integers >= 0; ShapeError; DtypeError.

    Example:
        >>> import numpy as np
        >>> adaptive_max_pool2d(np.arange(6.0).reshape(1, 2, 3), (None, 2))
        array([[[1., 2.],
                [4., 5.]]])
    """
    return _adaptive_max_pool(2, "adaptive_max_pool2d", input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of windows over the last three axes; as `adaptive_max_pool2d`.

    Example:
        >>> import numpy as np
        >>> adaptive_max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
        array([[[[7.]]]])
    """
    return _adaptive_max_pool(3, "adaptive_max_pool3d", input, output_size, return_indices)


def _with_indices(pool: Any) -> Any:
    """The function that also returns the indices."""

    def function(input: Any, output_size: Any, return_indices: bool = False) -> Any:
        return pool(input, output_size, True)

    function.__name__ = function.__qualname__ = f"{pool.__name__}_with_indices"
    function.__doc__ = f"`{pool.__name__}` together with the indices of what it took."
    return function


adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d)
