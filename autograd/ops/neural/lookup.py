"""Rows of a matrix by their number, and sums of rows back into one."""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from ...errors import DtypeError, IndexingError, ShapeError
from ..indexing import getitem
from . import batching

_SOME = np.array([[0, 2, 2], [1, 2, 0]])


def check_indices(indices, rows, caller, there="the weight has {} rows"):
    """Refuse what are no row numbers of a matrix."""
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{caller}: indices must be integers, got {indices.dtype}")
    if indices.size and (np.minimum.reduce(indices, None) < 0 or np.maximum.reduce(indices, None) >= rows):
        wrong = indices[(indices < 0) | (indices >= rows)].reshape(-1)[0]
        raise IndexingError(f"{caller}: index {wrong} is out of range: {there.format(rows)}")


def _embedding(weight, indices, padding_idx=None, by_frequency=False):
    if weight.ndim != 2:
        raise ShapeError(f"embedding: weight{weight.shape} must be a matrix")
    check_indices(indices, len(weight), "embedding")
    return weight.take(indices, 0)


def _d_embedding(g, indices, weight_shape, padding_idx, by_frequency):
    if by_frequency:
        g = g * _shares(indices, weight_shape[0], g.dtype)
    return sum_rows(g, indices, weight_shape[0], padding_idx)


def _shares(indices, rows, dtype):
    """One over how often each index is there."""
    counts = np.bincount(indices.reshape(-1), minlength=rows)
    return (1 / counts[indices]).astype(dtype)[..., None]


def _moved(t, out, weight, indices, padding_idx, by_frequency):
    moved = _d_sum_rows(t, indices, padding_idx)
    return moved * _shares(indices, len(weight), moved.dtype) if by_frequency else moved


embedding = primitive(
    _embedding,
    ["weight", "indices"],
    name="embedding",
    constants=["indices"],
    vjp={"weight": _d_embedding},
    jvp={"weight": _moved},
    promotes=False,
    batch=lambda call: batching.rows_of(call, check_indices),
    cases=[
        case((4, 3), np.array([3, 0, 3])),
        case((3, 2), _SOME),
        case((3, 2), np.array(1)),
    ],
    doc="""weight[indices], without gradient for the row padding_idx

    Shapes: weight (n, d), indices any shape of integers -> (*indices, d).

    Gradient: each row's is the sum of those of its places; their mean if by_frequency.

    Errors: IndexingError for a number that no row has; DtypeError; ShapeError.""",
)


def _sum_rows(x, indices, rows, padding_idx=None):
    width = x.shape[-1]
    out = np.zeros((rows, width), x.dtype, like=x)
    # `add.at` goes through one axis ten times as fast as through two
    places = (indices.reshape(-1, 1) * width + np.arange(width)).reshape(-1)
    np.add.at(out.reshape(-1), places, x.reshape(-1))
    if padding_idx is not None:
        out[padding_idx] = 0
    return out


def _d_sum_rows(g, indices, padding_idx):
    g = getitem(g, indices)
    return g if padding_idx is None else g * (indices != padding_idx).astype(g.dtype)[..., None]


sum_rows = primitive(
    _sum_rows,
    ["x", "indices"],
    name="sum_rows",
    constants=["indices"],
    vjp={"x": _d_sum_rows},
    jvp={"x": lambda t, out, x, indices, rows, padding_idx: sum_rows(t, indices, rows, padding_idx)},
    promotes=False,
    batch=batching.sums_of_rows,
    cases=[
        case((2, 3, 2), _SOME, rows=4),
        case((2, 3, 2), _SOME, rows=3, padding_idx=2),
        case((2,), np.array(1), rows=3),
    ],
    doc="""A matrix whose row i is the sum of x over the places where indices is i; 0 for padding_idx

    Shapes: x (*indices, d), indices any shape of integers -> (rows, d).""",
)
