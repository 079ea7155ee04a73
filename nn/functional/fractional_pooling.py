"""Max pooling over windows at random places, as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, ShapeError
from autograd.ops.neural import pooling

from ..random import as_generator
from .arguments import number, plain
from .inputs import as_array
from .pooling_windows import planes_of
from .sizes import integers

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]


def ratios(output_ratio: Any, dims: int, caller: str) -> tuple[float, ...]:
    """One share of the input's size per axis, each within 0..1 and neither."""
    given = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
    found = tuple(number(r, f"{caller}: output_ratio") for r in given)
    if len(found) != dims or not all(0 < r < 1 for r in found):
        raise ArgumentError(
            f"{caller}: output_ratio must be a number between 0 and 1, or {dims} of them, "
            f"got {output_ratio!r}"
        )
    return found


def _fractional_max_pool(dims: int, caller: str, input: Any, arguments: tuple) -> Any:
    kernel_size, output_size, output_ratio, return_indices, samples, generator = arguments
    input = planes_of(input, dims, caller)
    shape = input.shape[-dims:]
    sizes = integers(kernel_size, dims, f"{caller}: kernel_size", 1)
    if output_size is not None:
        wanted = integers(output_size, dims, f"{caller}: output_size", 1)
    elif output_ratio is not None:
        wanted = tuple(int(n * r) for n, r in zip(shape, ratios(output_ratio, dims, caller)))
    else:
        raise ArgumentError(f"{caller}: either output_size or output_ratio must be given")
    if any(m < 1 or m + k - 1 > n for n, m, k in zip(shape, wanted, sizes)):
        raise ShapeError(
            f"{caller}: {wanted} different windows of {sizes} do not fit in input{input.shape}"
        )
    origins = _origins(input, wanted, sizes, _samples(input, dims, samples, generator, caller))
    strides = [math.prod(shape[i + 1 :]) for i in range(dims)]
    offsets = tuple(sum(t * s for t, s in zip(tap, strides)) for tap in np.ndindex(*sizes))
    indices = pooling.strongest_at(input, origins, offsets, dims)
    out = pooling.pick(input, indices, dims)
    return (out, indices) if return_indices else out


def _samples(input: Any, dims: int, samples: Any, generator: Any, caller: str) -> np.ndarray:
    """Numbers in [0, 1), (planes..., dims): those given, or drawn."""
    planes = input.shape[:-dims]
    shape = ((1, *planes) if len(planes) == 1 else planes) + (dims,)
    if samples is None:
        samples = as_generator(generator, caller).random(shape)
    samples = np.asarray(plain(as_array(samples)))
    if samples.shape != shape or samples.dtype.kind != "f":
        raise ShapeError(f"{caller}: _random_samples must be floating and {shape}, got {samples.shape}")
    return samples.reshape(*planes, dims).astype(input.dtype, copy=False)


def _origins(input: Any, wanted: tuple, sizes: tuple, samples: np.ndarray) -> np.ndarray:
    """Where each window of each plane starts, as an index into the last axes, flattened."""
    dims, total = len(wanted), 0
    # one sample per axis; of two axes the first sample is for the last one
    order = (1, 0) if dims == 2 else range(dims)
    for axis, which in enumerate(order):
        n, out, size = input.shape[axis - dims], wanted[axis], sizes[axis]
        starts = _starts(n, out, size, samples[..., which]) * math.prod(
            input.shape[input.ndim - dims + axis + 1 :]
        )
        total = total + starts.reshape(starts.shape[:-1] + (1,) * axis + (out,) + (1,) * (dims - axis - 1))
    return np.asarray(total)


def _starts(n: int, out: int, size: int, u: np.ndarray) -> np.ndarray:
    """(..., out): the pseudorandom starts of windows along one axis of each plane."""
    last = np.full((*u.shape, 1), n - size, np.int64)
    if out == 1:
        return last
    u, alpha = u[..., None], u.dtype.type(n - size) / u.dtype.type(out - 1)
    steps = np.arange(out - 1).astype(u.dtype)
    return np.concatenate([((steps + u) * alpha).astype(np.int64) - (u * alpha).astype(np.int64), last], -1)


def fractional_max_pool2d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    *,
    generator: Any = None,
) -> Any:
    """The largest elements of windows that begin at pseudorandom places of the last two axes.

    Along an axis of length n, window i starts at floor(a (i + u)) - floor(a u), where a =
    (n - kernel_size) / (out - 1) and u is drawn from [0, 1); the last one ends the axis.

    Args:
        input: floating.
        kernel_size: of the windows, one number or one per axis.
        output_size: how many windows, one number or one per axis.
        output_ratio: the same as a share of the input's size, if `output_size` is None.
        return_indices: also return where the largest elements are, as int64 indices into H * W.
        _random_samples: u, for each plane and axis, (N, C, 2); the first for the last axis.
        generator: what u is drawn from otherwise; a seed, or None for the default one.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with output_size.

    Errors: ArgumentError for sizes out of range; ShapeError where the windows do not fit.

    Source: Graham, Fractional Max-Pooling, 2014, section 2 (overlapping, pseudorandom).

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4)
        >>> fractional_max_pool2d(x, 2, 2, _random_samples=np.zeros((1, 1, 2)))
        array([[[ 5.,  7.],
                [13., 15.]]])
    """
    arguments = (kernel_size, output_size, output_ratio, return_indices, _random_samples, generator)
    return _fractional_max_pool(2, "fractional_max_pool2d", input, arguments)


def fractional_max_pool3d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    *,
    generator: Any = None,
) -> Any:
    """The largest elements of windows at pseudorandom places of the last three axes.

    As `fractional_max_pool2d`, but `_random_samples` (N, C, 3) has the axes in their order.

    Example:
        >>> import numpy as np
        >>> fractional_max_pool3d(np.zeros((1, 4, 5, 6)), 2, (2, 3, 4), generator=0).shape
        (1, 2, 3, 4)
    """
    arguments = (kernel_size, output_size, output_ratio, return_indices, _random_samples, generator)
    return _fractional_max_pool(3, "fractional_max_pool3d", input, arguments)


def _with_indices(pool: Any) -> Any:
    """The function that also returns the indices."""

    def function(
        input: Any,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
        *,
        generator: Any = None,
    ) -> Any:
        arguments = (input, kernel_size, output_size, output_ratio, True, _random_samples)
        return pool(*arguments, generator=generator)

    function.__name__ = function.__qualname__ = f"{pool.__name__}_with_indices"
    function.__doc__ = f"`{pool.__name__}` together with the indices of what it took."
    return function


fractional_max_pool2d_with_indices = _with_indices(fractional_max_pool2d)
fractional_max_pool3d_with_indices = _with_indices(fractional_max_pool3d)
