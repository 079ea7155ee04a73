"""Matrix products as functions."""

from __future__ import annotations

from typing import Any

from autograd.errors import ShapeError
from autograd.ops.neural import linear as kernels
from autograd.ops.shapes import reshape

from .inputs import as_array, numbers

__all__ = ["bilinear", "linear"]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias.

    Shapes: input (..., in), weight (out, in) or (in,), bias (out,) or () -> (..., out) or (...).

    Errors: ShapeError; DtypeError and OperandError for what is no array of numbers.

    Example:
        >>> import numpy as np
        >>> linear(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]), np.array([0.5]))
        array([11.5])
    """
    try:
        axes = weight.ndim
    except AttributeError:
        weight = as_array(weight)
        axes = weight.ndim
    if axes == 2:
        return kernels.linear(input, weight, bias)
    return _by_vector(input, as_array(weight), bias)


def _by_vector(input: Any, weight: Any, bias: Any) -> Any:
    """`linear` with a single output, which has no axis of its own."""
    if weight.ndim != 1:
        raise ShapeError(f"linear: weight{weight.shape} must be (out, in) or (in,)")
    out = kernels.linear(input, reshape(weight, (1, -1)))
    out = reshape(out, out.shape[:-1])
    if bias is None:
        return out
    bias = as_array(bias)
    if bias.ndim:
        raise ShapeError(f"linear: a weight{weight.shape} goes with a bias(), got bias{bias.shape}")
    return out + bias


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """y[o] = sum of input1[i] * weight[o, i, j] * input2[j] over i and j, + bias[o].

    Shapes: input1 (..., in1), input2 (..., in2), weight (out, in1, in2), bias (out,) -> (..., out).

    Errors: ShapeError.

    Example:
        >>> import numpy as np
        >>> bilinear(np.array([1.0, 2.0]), np.array([3.0]), np.array([[[4.0], [5.0]]]))
        array([42.])
    """
    input1, input2, weight = (numbers(a, "bilinear") for a in (input1, input2, weight))
    if (
        weight.ndim != 3
        or not input1.ndim
        or input1.shape[:-1] != input2.shape[:-1]
        or (*input1.shape[-1:], *input2.shape[-1:]) != weight.shape[1:]
    ):
        raise ShapeError(
            f"bilinear: expected input1(..., in1), input2(..., in2), weight(out, in1, in2), "
            f"got {input1.shape}, {input2.shape}, {weight.shape}"
        )
    rows, columns = (*input1.shape, 1), (*input2.shape[:-1], 1, input2.shape[-1])
    pairs = reshape(input1, rows) * reshape(input2, columns)
    flat = weight.shape[1] * weight.shape[2]
    return kernels.linear(
        reshape(pairs, (*input1.shape[:-1], flat)), reshape(weight, (weight.shape[0], flat)), bias
    )
