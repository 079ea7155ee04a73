"""Activations whose slope or gate is another array."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, ShapeError
from autograd.ops.neural import activations as kernels
from autograd.ops.shapes import reshape
from nn.random import as_generator

from .arguments import number
from .inputs import numbers
from .table import written


def glu(input: Any, dim: int = -1) -> Any:
    """a * sigmoid(b), where a and b are the halves of the input along `dim`.

    Errors: ShapeError for an odd length; AxisError for an axis that is not there.

    Source: Dauphin et al., Language modeling with gated convolutional networks, 2017, eq. 1.

    Example:
        >>> glu(np.array([3.0, 0.0]))
        array([1.5])
    """
    return kernels.glu(input, dim)


def prelu(input: Any, weight: Any) -> Any:
    """x where x > 0, else weight * x.

    Args:
        input: numbers of shape (N, C, ...) or, with a single weight, any shape.
        weight: one number, or one for each of the C channels.

    Errors: ShapeError for a weight of another shape.

    Source: He et al., Delving deep into rectifiers, 2015, eq. 1.

    Example:
        >>> prelu(np.array([[-2.0, -2.0, 1.0]]), np.array([0.5, 0.25, 0.0]))
        array([[-1. , -0.5,  1. ]])
    """
    input, weight = numbers(input, "prelu"), numbers(weight, "prelu")
    size = weight.shape[0] if weight.ndim else 1
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or size not in (1, channels):
        raise ShapeError(
            f"prelu: weight{weight.shape} must have one element, or one for each of the {channels} "
            f"channels of input{input.shape}"
        )
    if size > 1:
        weight = reshape(weight, (size,) + (1,) * (input.ndim - 2))
    elif weight.ndim > input.ndim:
        weight = reshape(weight, ())
    return kernels.prelu(input, weight)


def rrelu(
    input: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Any = None,
) -> Any:
    """x where x > 0, else slope * x, each slope drawn from lower..upper.

    Args:
        input: numbers of any shape.
        lower, upper: bounds of the slopes.
        training: whether to draw; else every slope is the middle of the bounds.
        inplace: write the result over the input.
        generator: where slopes are drawn from.

    Errors: ArgumentError for bounds in the wrong order.

    Source: Xu et al., Empirical evaluation of rectified activations, 2015, section 2.4.

    Example:
        >>> rrelu(np.array([-1.0, 2.0]), 0.25, 0.75)
        array([-0.5,  2. ])
    """
    lower, upper = slope_bounds(lower, upper, "rrelu")
    if not training:
        out = kernels.leaky_relu(input, (lower + upper) / 2)
    else:
        input = numbers(input, "rrelu", "fc")
        out = kernels.prelu(input, _slopes(input, lower, upper, as_generator(generator, "rrelu")))
    return written("rrelu", input, out) if inplace else out


def rrelu_(
    input: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    *,
    generator: Any = None,
) -> Any:
    """`rrelu`, written over its input, which it gives back."""
    return rrelu(input, lower, upper, training, True, generator=generator)


def slope_bounds(lower: Any, upper: Any, caller: str) -> tuple[float, float]:
    """Both bounds as numbers, in order."""
    lower, upper = number(lower, f"{caller}: lower"), number(upper, f"{caller}: upper")
    if lower > upper:
        raise ArgumentError(f"{caller}: lower must not be above upper, got {lower} and {upper}")
    return lower, upper


def _slopes(input: Any, lower: float, upper: float, generator: Any) -> Any:
    drawn = np.float64 if input.dtype == np.float64 else np.float32
    slopes = generator.random(input.shape, drawn)
    slopes *= upper - lower
    slopes += lower
    return slopes.astype(input.dtype, copy=False)
