"""What the functions of this package share: loops over batches, and the ways to read a matrix."""

from __future__ import annotations

import functools

import numpy as np

from ...errors import ArgumentError, MatrixError, MatrixShapeError
from ...ops.indexing import diagonal
from ...ops.matrices import hermitian_from, in_lapack, mT, on_diagonal, squares, value_of
from ...ops.shapes import as_array, astype
from ...ops.triangles import triangle


def over_batch(function, *arrays):
    """A function of single matrices, of each one of stacks of them; it may give a tuple."""
    lead = np.broadcast_shapes(*[a.shape[:-2] for a in arrays])
    if not lead:
        return function(*arrays)
    spread = [np.broadcast_to(a, lead + a.shape[-2:]).reshape(-1, *a.shape[-2:]) for a in arrays]
    if not len(spread[0]):  # what it gives of the identity tells shapes and dtypes
        found = [function(*[np.eye(*a.shape[-2:], dtype=a.dtype) for a in arrays])]
    else:
        found = [function(*each) for each in zip(*spread, strict=True)]
    count = len(spread[0])
    if isinstance(found[0], tuple):
        return tuple(_stacked(parts, lead, count) for parts in zip(*found, strict=True))
    return _stacked(found, lead, count)


def _stacked(parts, lead, count):
    whole = np.stack(parts)[:count]
    return whole.reshape(lead + whole.shape[1:])


def in_loops(function, *arrays):
    """The same, for dtypes that LAPACK has not too."""
    return in_lapack(functools.partial(over_batch, function), *arrays)


def symmetric_from(x, lower=True):
    """The symmetric matrix that one triangle of x stands for."""
    return triangle(x, lower) + mT(triangle(x, lower, 1))


_READINGS = {
    "her": hermitian_from,
    "hermitian": hermitian_from,
    "sym": symmetric_from,
    "symmetric": symmetric_from,
    "lower triangular": lambda a, lower: triangle(a),
    "upper triangular": lambda a, lower: triangle(a, False),
    "diagonal": lambda a, lower: on_diagonal(diagonal(a, 0, -2, -1)),
    "tridiagonal": lambda a, lower: triangle(triangle(a, True, -1), False, -1),
}
_READINGS |= {"pos": hermitian_from, "positive definite": hermitian_from}
_GENERAL = (None, "gen", "general", "banded")


def read_as(name, a, kind, lower):
    """The square matrix that the parts of `a` which are read stand for.

    Errors: ArgumentError if `kind` is no structure; MatrixShapeError.
    """
    a = squares(name, a)
    if kind in _GENERAL:
        return a
    if kind not in _READINGS:
        known = ", ".join(repr(k) for k in [*_GENERAL[1:], *_READINGS])
        raise ArgumentError(f"{name}: assume_a must be one of {known}, got {kind!r}")
    return _READINGS[kind](a, lower)


def right_side(name, a, b):
    """b as a matrix of columns that fits the square matrices a, and whether it was a vector.

    Errors: MatrixShapeError if it does not fit.
    """
    b = as_array(b)
    vector = b.ndim == 1
    if not b.ndim or b.shape[0 if vector else -2] != a.shape[-1]:
        raise MatrixShapeError(f"{name}: a is {tuple(a.shape)}, so b {tuple(b.shape)} does not fit")
    return (b[:, None] if vector else b), vector


def in_double(x):
    """x in double precision, which SciPy computes some functions in."""
    dtype = np.result_type(x.dtype, np.float64)
    return x if x.dtype == dtype else astype(x, dtype)


def vector(name, which, x, least=0):
    """x as a vector.

    Errors: MatrixShapeError if it is none.
    """
    x = as_array(x)
    if x.ndim != 1 or x.shape[0] < least:
        some = f" of {least} elements or more" if least else ""
        raise MatrixShapeError(f"{name}: {which} must be a vector{some}, got shape {tuple(x.shape)}")
    return x


def for_lapack(a):
    """An array in a precision that LAPACK has: single for half, double for more."""
    if a.dtype.char in "gG":
        return a.astype(a.dtype.char.replace("g", "d").replace("G", "D"))
    return a.astype(np.float32) if a.dtype == np.float16 else a


def refuse_singular(name, a, why="the matrix is singular", share=None):
    """Raise in a derivative where a singular value of `a` is 0 but for rounding, or that share of the largest."""
    values = np.linalg.svd(for_lapack(value_of(a)), compute_uv=False)
    share = 4 * values.shape[-1] * np.finfo(values.dtype).eps if share is None else share
    if np.any(values.min(-1, initial=np.inf) <= share * values.max(-1, initial=0)):
        raise MatrixError(f"{name}: no derivative here, {why}")
