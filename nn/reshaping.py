"""Layers that change shapes alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError, ShapeError
from autograd.ops.shapes import axis_index, reshape

from .functional.inputs import numbers
from .module import Module

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Axes start_dim..end_dim become one.

    Args:
        start_dim, end_dim: the first and the last of them.

    Shapes: by default (N, ...) -> (N, product of the rest).

    Errors: AxisError for an axis that is not there; ShapeError where the last comes before the first.

    Example:
        >>> Flatten()(np.zeros((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = (
            _axis(start_dim, "Flatten: start_dim"),
            _axis(end_dim, "Flatten: end_dim"),
        )

    def forward(self, input: Any) -> Any:
        input = numbers(input, "Flatten")
        shape = input.shape or (1,)  # a number has one axis to speak of
        start, end = axis_index(self.start_dim, len(shape)), axis_index(self.end_dim, len(shape))
        if start > end:
            raise ShapeError(f"Flatten: axis {self.start_dim} comes after {self.end_dim} in {shape}")
        return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Axis `dim` becomes several.

    Args:
        dim: the axis.
        unflattened_size: their lengths; one of them may be -1, for what is left.

    Shapes: (..., product, ...) -> (..., *unflattened_size, ...).

    Errors: AxisError for an axis that is not there; ShapeError for lengths that do not fit;
    OperandError for what are no lengths.

    Example:
        >>> Unflatten(1, (3, -1))(np.zeros((2, 12))).shape
        (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Any):
        super().__init__()
        self.dim = _axis(dim, "Unflatten: dim")
        if not isinstance(unflattened_size, (tuple, list)) or not unflattened_size:
            raise OperandError(f"Unflatten: unflattened_size must be a tuple, got {unflattened_size!r}")
        sizes = [_axis(n, "Unflatten: unflattened_size") for n in unflattened_size]
        if min(sizes) < -1 or sizes.count(-1) > 1:
            raise ArgumentError(
                f"Unflatten: unflattened_size has lengths, and -1 at most once, got {unflattened_size!r}"
            )
        self.unflattened_size = tuple(sizes)

    def forward(self, input: Any) -> Any:
        input = numbers(input, "Unflatten")
        axis = axis_index(self.dim, input.ndim)
        length, sizes = input.shape[axis], list(self.unflattened_size)
        known = math.prod(n for n in sizes if n != -1)
        if -1 in sizes and known and length % known == 0:
            sizes[sizes.index(-1)] = length // known
        if math.prod(sizes) != length or min(sizes) < 0:
            raise ShapeError(
                f"Unflatten: axis {self.dim} of {input.shape} does not divide into {self.unflattened_size}"
            )
        return reshape(input, (*input.shape[:axis], *sizes, *input.shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def _axis(value: Any, what: str) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise OperandError(f"{what} must be an integer, got {value!r}")
    return int(value)
