"""Matrix products as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.ops.neural import linear as kernels
from autograd.ops.shapes import as_array, reshape

from .inputs import numbers

__all__ = ["bilinear", "linear"]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias.

    Shapes: input (..., in), weight (out, in) or (in,), bias (out,) or () -> (..., out) or (...).

    Errors: ShapeError.

    Example:
        >>> linear(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]), np.array([0.5]))
        array([11.5])
    """
    if np.ndim(weight) == 1:
        out = kernels.linear(input, reshape(as_array(weight), (1, -1)))
        out = reshape(out, out.shape[:-1])
        return out if bias is None else out + bias
    return kernels.linear(input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """y[o] = sum of input1[i] * weight[o, i, j] * input2[j] over i and j, + bias[o].

    Shapes: input1 (..., in1), input2 (..., in2), weight (out, in1, in2), bias (out,) -> (..., out).

    Errors: ShapeError.

    Example:
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
