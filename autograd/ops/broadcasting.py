"""Broadcasting, and the sums that undo it: what the engine puts in, and what is asked for."""

from __future__ import annotations

import functools

import numpy as np

from ..declare import case, primitive
from .shapes import astype, reshape

# ------------------------------------------------------------------ what the engine puts in


def undo_broadcast(g, shape, dtype):
    """Sum a cotangent over the axes that broadcasting added or stretched, and cast it back."""
    if g.ndim == len(shape) + 1 and g.shape[1:] == shape:  # the usual case, a bias
        g = reduce_sum(g, (0,))
    elif g.shape != shape:
        added = g.ndim - len(shape)
        stretched = [i + added for i, n in enumerate(shape) if n == 1 and g.shape[i + added] != 1]
        g = reduce_sum(g, (*range(added), *stretched))
        if g.shape != shape:
            g = reshape(g, shape)
    return g if g.dtype == dtype else astype(g, dtype)


def _undo(g, x_shape, x_dtype, shape, dtype):
    if type(g) is np.ndarray and dtype is x_dtype:
        if not x_shape:
            return np.add.reduce(g, None)  # a number
        if shape[1:] == x_shape and len(shape) == 2:
            return sum_of_rows(g) if g.dtype.char in "fd" else np.add.reduce(g)  # a bias
    return undo_broadcast(g, x_shape, x_dtype)


broadcast_cast = primitive(
    lambda x, shape, dtype: np.broadcast_to(x, shape).astype(dtype),
    ["x"],
    name="broadcast_cast",
    vjp={"x": _undo},
    linear=True, batch="shape",
    cases=[case((3, 1), shape=(2, 3, 4), dtype=np.dtype(np.float64))],
    doc="The implicit broadcast and cast of an argument; the engine alone calls it.",
)  # fmt: skip


def _reduce_sum(x, axis):
    if axis == (0,) and x.ndim == 2 and x.dtype.char in "fd":
        return sum_of_rows(x)
    return np.add.reduce(x, axis)


def sum_of_rows(x):
    """The sum of the rows of a real matrix: as a BLAS product it takes a fifth of the time."""
    n = len(x)
    return x[0].copy() if n == 1 else np.dot(row_of_ones(n, x.dtype), x)


def row_of_ones(n, dtype):
    """n ones, to be read only."""
    if n <= _FEW:
        return _few_ones(n, dtype)
    made = _MANY.get(dtype)
    if made is None or len(made) < n:
        made = _MANY[dtype] = np.ones(2 * n, dtype)
    return made[:n]


_FEW = 4096
_few_ones = functools.lru_cache(maxsize=256)(np.ones)  # to find them takes half as long as to slice more
_MANY: dict[np.dtype, np.ndarray] = {}


reduce_sum = primitive(
    _reduce_sum,
    ["x"],
    name="reduce_sum",
    vjp={"x": lambda g, x_shape, axis: _spread(g, x_shape, axis)},
    linear=True, batch="axis", cases=[case((2, 3, 4), axis=(0, 2))],
    doc="Sum over a tuple of axes.",
)  # fmt: skip


def _spread(g, shape, axis):
    """The inverse of a sum: g repeated along the axes that were summed over."""
    kept = list(shape)
    for i in axis:
        kept[i] = 1
    return stretched(reshape(g, tuple(kept)), shape)


# ------------------------------------------------------------------ asked for

broadcast_to = primitive(
    lambda x, shape: np.broadcast_to(x, shape),
    ["x"],
    name="broadcast_to",
    vjp={"x": lambda g, x_shape, x_dtype: undo_broadcast(g, x_shape, x_dtype)},
    linear=True, batch="shape", cases=[case((3, 1), shape=(2, 3, 4)), case((), shape=(2,))],
    numpy=[np.broadcast_to], doc="x repeated along new or stretched axes.",
)  # fmt: skip


def stretched(x, shape):
    """x broadcast to a shape that it fits, for rules: np.broadcast_to takes several times as long."""
    if isinstance(x, np.generic):  # the cotangent of a sum of all
        return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))  # read-only, as x is
    if type(x) is np.ndarray and x.ndim == len(shape) and x.flags.c_contiguous:
        steps = [0 if n == 1 else step for n, step in zip(x.shape, x.strides)]
        found = np.ndarray(shape, x.dtype, x, 0, steps)
        found.setflags(False)
        return found
    return broadcast_to(x, shape)
