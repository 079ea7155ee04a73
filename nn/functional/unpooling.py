"""Max pooling undone, as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.neural import pooling

from .arguments import looping, plain
from .inputs import as_array
from .pooling_windows import check_padding, planes_of
from .sizes import integers

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]


@looping
def _max_unpool(dims: int, caller: str, input: Any, indices: Any, arguments: tuple) -> Any:
    kernel_size, stride, padding, output_size = arguments
    input, indices = planes_of(input, dims, caller), np.asarray(plain(as_array(indices)))
    if indices.shape != input.shape:
        raise ShapeError(f"{caller}: indices{indices.shape} must have the shape of input{input.shape}")
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{caller}: indices must be integers, got {indices.dtype}")
    sizes = integers(kernel_size, dims, f"{caller}: kernel_size", 1)
    strides = sizes if stride is None else integers(stride, dims, f"{caller}: stride", 1)
    paddings = integers(padding, dims, f"{caller}: padding", 0)
    check_padding(sizes, paddings, caller)
    shape = input.shape[-dims:]
    usual = tuple((n - 1) * s + k - 2 * p for n, s, k, p in zip(shape, strides, sizes, paddings))
    return pooling.max_unpool(input, indices, _output_size(output_size, usual, strides, caller))


def _output_size(wanted: Any, usual: tuple, strides: tuple, caller: str) -> tuple[int, ...]:
    """The size asked for, if pooling could have led from there to the input."""
    if wanted is None:
        if min(usual) < 1:
            raise ShapeError(f"{caller}: the output would have size {usual}")
        return usual
    dims = len(usual)
    try:
        whole = tuple(wanted)
    except TypeError:
        raise ArgumentError(f"{caller}: output_size must be a tuple of integers, got {wanted!r}") from None
    sizes = whole[-dims:] if len(whole) == dims + 2 else whole
    if len(sizes) != dims:
        raise ArgumentError(
            f"{caller}: output_size must have {dims} or {dims + 2} elements, got {wanted!r}"
        )
    sizes = integers(sizes, dims, f"{caller}: output_size", 1)
    if any(abs(n - m) >= s for n, m, s in zip(sizes, usual, strides)):
        raise ArgumentError(
            f"{caller}: output_size {sizes} must differ by less than stride {strides} from {usual}"
        )
    return sizes


def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """out[..., indices[..., i]] = input[..., i], else 0; as `max_unpool2d`.

    Example:
        >>> import numpy as np
        >>> max_unpool1d(np.array([[3.0, 2.0]]), np.array([[1, 2]]), 2)
        array([[0., 3., 2., 0.]])
    """
    arguments = (kernel_size, stride, padding, output_size)
    return _max_unpool(1, "max_unpool1d", input, indices, arguments)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Zeros, with the elements of the input put back where max pooling took them from.

    Args:
        input: floating.
        indices: integers into H * W of the output, as max pooling returns them.
        kernel_size: of the pooling, one number or one per axis; so are the next two.
        stride: of the pooling; `kernel_size` if None.
        padding: of the pooling.
        output_size: (H, W), or a whole shape, where several sizes lead to the same pooled one.

    Shapes: (N, C, h, w) or (C, h, w), indices of the same shape -> the same with output_size, or
    (h - 1) * stride - 2 * padding + kernel_size.

    Gradient: that of each index; where indices repeat, the last element stays in the output, and
    each gets the gradient of the place.

    Errors: IndexingError for indices beyond the output; ShapeError, DtypeError, ArgumentError.

    Example:
        >>> import numpy as np
        >>> max_unpool2d(np.array([[[7.0]]]), np.array([[[2]]]), 2)
        array([[[0., 0.],
                [7., 0.]]])
    """
    arguments = (kernel_size, stride, padding, output_size)
    return _max_unpool(2, "max_unpool2d", input, indices, arguments)


def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Max pooling over three axes undone; as `max_unpool2d`.

    Example:
        >>> import numpy as np
        >>> max_unpool3d(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int), 2).shape
        (1, 2, 2, 2)
    """
    arguments = (kernel_size, stride, padding, output_size)
    return _max_unpool(3, "max_unpool3d", input, indices, arguments)
