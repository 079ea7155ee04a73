"""Containers of arrays as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..ops.joining import concatenate
from ..ops.shapes import reshape
from ..tape import TensorBase


def flatten(value: Any) -> tuple[Any, Callable]:
    """All numbers in nested tuples, lists and dicts as one vector, and the function that undoes it.

    Dicts are taken in the order of their sorted keys. Both directions are differentiable.

    Shapes: leaves of n1, n2, ... elements -> (n1 + n2 + ...,).

    Errors: of the function, ShapeError for a vector of another length.

    Example:
        >>> vector, unflatten = flatten({"b": 3.0, "a": np.array([1.0, 2.0])})
        >>> vector, unflatten(2 * vector)
        (array([1., 2., 3.]), {'a': array([2., 4.]), 'b': np.float64(6.0)})
    """
    parts: list[Any] = [
        p if isinstance(p, (TensorBase, np.ndarray)) else np.asarray(p) for p in _parts(value)
    ]
    shapes = [tuple(p.shape) for p in parts]
    ends = np.cumsum([0, *(math.prod(s) for s in shapes)]).tolist()
    places = list(zip(ends[:-1], ends[1:], shapes))

    def unflatten(vector: Any) -> Any:
        if np.shape(vector) != (ends[-1],):
            raise ShapeError(f"unflatten: expected a vector of {ends[-1]} numbers, got {np.shape(vector)}")
        pieces = (_piece(vector, first, end, shape) for first, end, shape in places)
        return _refilled(value, pieces)

    if len(parts) == 1:
        return reshape(parts[0], (-1,)), unflatten
    rows = [p if p.ndim == 1 else reshape(p, (-1,)) for p in parts]
    return (concatenate(rows) if rows else np.zeros(0)), unflatten


def _piece(vector: Any, first: int, end: int, shape: tuple) -> Any:
    if not shape:
        return vector[first]
    piece = vector[first:end]
    return piece if len(shape) == 1 else reshape(piece, shape)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _parts(value[key])
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _parts(part)
    elif value is not None:
        yield value


def _refilled(value: Any, pieces: Iterator[Any]) -> Any:
    if isinstance(value, dict):
        return {key: _refilled(value[key], pieces) for key in sorted(value)}
    if isinstance(value, (tuple, list)):
        made = [_refilled(part, pieces) for part in value]
        return value._make(made) if hasattr(value, "_make") else type(value)(made)
    return None if value is None else next(pieces)


def flatten_func(func: Callable, example: Any) -> tuple[Callable, Callable, Any]:
    """A function of containers as one of vectors; unflatten, and the example as a vector."""
    vector, unflatten = flatten(example)
    return (lambda x, *args: flatten(func(unflatten(x), *args))[0]), unflatten, vector
