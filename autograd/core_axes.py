"""`axes=`, `axis=` and `keepdims=` of generalised ufuncs: which axes hold the matrices and vectors.

The functions of `ops/` take them as the last axes; here they are moved there, and the axes of the
result to where they should be.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import ArgumentError
from .ops.shapes import as_array, expand_dims, moveaxis

# The keywords that a call takes from here.
KEYWORDS = ("axes", "axis", "keepdims")


def on_axes(name: str, function: Callable, theirs: np.ufunc, options: dict, *args: Any) -> Any:
    """`function(*args)` with the axes of its vectors and matrices named as in NumPy.

    Errors: ArgumentError for axes that do not fit the signature of the ufunc.
    """
    arrays = [as_array(a) for a in args]
    inputs, output = _core(name, theirs, arrays)
    axes, axis, keepdims = (options.get(key) for key in KEYWORDS)
    if axes is not None and axis is not None:
        raise ArgumentError(f"{name}: give axes= or axis=, not both")
    if keepdims and (output or len({len(labels) for labels in inputs}) > 1):
        raise ArgumentError(f"{name}: keepdims= needs a result that lost the same axes of each argument")
    if axis is not None:
        if output or any(len(labels) != 1 for labels in inputs):
            raise ArgumentError(f"{name}: axis= names the one axis that all vectors share; use axes=")
        axes = [(axis,)] * (len(inputs) + bool(keepdims))
    lengths = [len(labels) for labels in (*inputs, output)]
    places = _entries(name, axes, lengths, bool(keepdims))
    moved = [moveaxis(x, at, _last(at)) for x, at in zip(arrays, places, strict=False)]
    result = function(*moved)
    if keepdims:
        return expand_dims(result, places[-1])
    return moveaxis(result, _last(places[-1]), places[-1]) if places[-1] else result


def _last(axes: Sequence) -> tuple:
    return tuple(range(-len(axes), 0))


def _core(name: str, theirs: np.ufunc, arrays: Sequence) -> tuple[list[list[str]], list[str]]:
    """The labels of the core axes of each argument and of the result, as they are in this call."""
    left, _, right = str(theirs.signature).partition("->")
    terms = [[c for c in t.split(",") if c] for t in left.strip("()").split("),(")]
    output = [c for c in right.strip("()").split(",") if c]
    gone: set[str] = set()
    for x, labels in zip(arrays, terms, strict=True):
        if x.ndim < len(labels):
            gone |= {c for c in labels if c.endswith("?")}
        if x.ndim < len([c for c in labels if c not in gone]):
            raise ArgumentError(f"{name}: expected {len(labels)} axes or more, got shape {tuple(x.shape)}")
    kept = [[c for c in labels if c not in gone] for labels in terms]
    return kept, [c for c in output if c not in gone]


def _entries(name: str, axes: Any, lengths: list[int], keepdims: bool) -> list[tuple]:
    """The axes of each argument and of the result; by default the last ones."""
    count = len(lengths) - 1
    if axes is None:
        axes = [_last(range(n)) for n in lengths]
    axes = [tuple(a) if isinstance(a, (tuple, list)) else (operator.index(a),) for a in axes]
    if len(axes) == count and (keepdims or not lengths[-1]):
        axes.append(())
    if len(axes) != count + 1:
        raise ArgumentError(f"{name}: axes= needs {count + 1} entries, got {len(axes)}")
    if keepdims and not axes[-1]:
        axes[-1] = _last(axes[0])
    wanted = [*lengths[:-1], len(axes[0]) if keepdims else lengths[-1]]
    for entry, n in zip(axes, wanted, strict=True):
        if len(entry) != n:
            raise ArgumentError(f"{name}: axes= has {entry} where {n} axes are needed")
    return axes
