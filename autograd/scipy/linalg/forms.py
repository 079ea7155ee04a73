"""Forms of one matrix: Hessenberg's, and l d l' with pivots; functions of a matrix by its eigenvalues.

All are spelled with other operations, on the pivots that SciPy chose, so derivatives of any order are theirs.
"""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentError
from ...ops.arranging import flip
from ...ops.complex import conjugate, real
from ...ops.eigen import eig
from ...ops.elementwise import sqrt
from ...ops.joining import concatenate, stack
from ...ops.linear_systems import inv
from ...ops.matrices import hermitian_from, mH, mT, squares, value_of
from ...ops.reductions import sum
from ...ops.shapes import as_array
from ...ops.sizes import absolute
from ...ops.triangles import triangle
from ...tape import TensorBase
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .matrices import symmetric_from

theirs = load("linalg")


def _each(name, a, function):
    """A function of one matrix for each of a batch; its results stacked."""
    a = squares(name, a)
    if a.ndim == 2:
        return function(a)
    found = [_each(name, part, function) for part in a]
    if not found:
        raise ArgumentError(f"{name}: expected at least one matrix, got shape {tuple(a.shape)}")
    return tuple(stack(parts) for parts in zip(*found, strict=True))


# ------------------------------------------------------------------ Hessenberg


def _reflection(column):
    """(v, t) such that (1 - t v v') turns a vector into a multiple of the first unit vector, as LAPACK has it."""
    first, values = column[0], value_of(column)
    if not np.any(values[1:]) and not np.imag(values[0]):
        return column, 0.0
    length = sqrt(sum(absolute(column) ** 2))
    beta = length if np.real(values[0]) < 0 else -length
    v = concatenate([0 * column[:1] + 1, column[1:] / (first - beta)])
    return v, (beta - first) / beta


def _hessenberg(a):
    n = a.shape[-1]
    q = np.eye(n, dtype=a.dtype)
    for k in range(n - (1 if a.dtype.kind == "c" and n > 2 else 2)):  # the last makes an element real
        v, t = _reflection(a[k + 1 :, k])
        v = concatenate([np.zeros(k + 1, a.dtype), v])
        row = conjugate(v)
        a = a - (conjugate(t) * v)[:, None] * (row @ a)
        a = a - (a @ v)[:, None] * (t * row)
        q = q - (q @ v)[:, None] * (t * row)
    return triangle(a, False, -1), q


@spelled(theirs.hessenberg)
def hessenberg(a, calc_q=False, overwrite_a=False, check_finite=True):
    """The h with a = q @ h @ q.conj().T, q unitary, and zeros below the first subdiagonal; with `calc_q` also q.

    Shapes: a (..., n, n) -> h and q (..., n, n).

    Gradient: not where a column that is to be eliminated is zero but for its first element.

    Example:
        >>> hessenberg(np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0], [4.0, 1.0, 1.0]]))[1:, 0]
        array([-5.,  0.])
    """
    h, q = _each("hessenberg", a, _hessenberg)
    return (h, q) if calc_q else h


# ------------------------------------------------------------------ l d l'


def _blocks(d):
    """Where the blocks of one or two rows of a block diagonal matrix begin, and end."""
    starts, i, n = [], 0, d.shape[0]
    while i < n:
        size = 2 if i + 1 < n and (d[i + 1, i] or d[i, i + 1]) else 1
        starts.append((i, i + size))
        i += size
    return starts


def _eliminated(a, blocks, hermitian):
    """l and d with l @ d @ l' = a, l of ones on its diagonal and zeros above it, by blocks of d."""
    turned = mH if hermitian else mT
    n, rest, columns, diagonal = a.shape[0], a, [], []
    for start, end in blocks:
        size = end - start
        block = rest[:size, :size]
        below = rest[size:, :size] @ inv(block)
        rest = rest[size:, size:] - below @ block @ turned(below)
        above = np.zeros((start, size), a.dtype)
        columns.append(concatenate([above, np.eye(size, dtype=a.dtype), below], 0))
        diagonal.append(concatenate([above, block, np.zeros((n - end, size), a.dtype)], 0))
    return concatenate(columns, 1), concatenate(diagonal, 1)


@spelled(theirs.ldl)
def ldl(A, lower=True, hermitian=True, overwrite_a=False, check_finite=True):
    """lu, d and an order with lu @ d @ lu' = A, where lu[order] is a triangle and d has blocks of one or two rows.

    Shapes: A (..., n, n) -> lu and d (..., n, n), order (..., n). ' is .conj().T, or .T without `hermitian`.

    Gradient: with the order as it is; only one triangle of A is read, so only it gets one.

    Errors: MatrixError where a block of d is singular.

    Example:
        >>> ldl(np.array([[4.0, 2.0], [2.0, 3.0]]))[1].diagonal()
        array([4., 2.])
    """
    return _each("ldl", A, lambda a: _ldl(a, lower, hermitian))


def _ldl(a, lower, hermitian):
    _, d, order = as_whole(theirs.ldl, value_of(a), lower, hermitian)
    a = hermitian_from(a, lower) if hermitian else symmetric_from(a, lower)
    back = np.argsort(order)
    a = a[order][:, order]
    if lower:
        low, found = _eliminated(a, _blocks(d), hermitian)
    else:  # from the last block to the first
        low, found = _eliminated(flip(a), _blocks(d[::-1, ::-1]), hermitian)
        low, found = flip(low), flip(found)
    return low[back], found, order


# ------------------------------------------------------------------ functions


@spelled(theirs.funm, calls=True)
def funm(A, func, disp=True):
    """func of a matrix: v @ diag(func(w)) @ inv(v) for its eigenvalues w and eigenvectors v.

    Args:
        A: (n, n), which has n different eigenvalues where a gradient flows.
        func: of a vector of complex numbers, by operations that have derivatives.
        disp: whether to print a warning of an inexact result; otherwise SciPy's estimate of its error is given too.

    Gradient: by A, and by tensors that func uses.

    Errors: MatrixError for equal eigenvalues; ArgumentError for a stack of matrices.

    Example:
        >>> funm(np.array([[2.0, 1.0], [0.0, 3.0]]), lambda w: w * w).round(9)
        array([[4., 5.],
               [0., 9.]])
    """
    a = squares("funm", A)
    if a.ndim != 2:
        raise ArgumentError(f"funm: expected one matrix, got shape {tuple(a.shape)}")
    if not callable(func):
        raise ArgumentError(f"funm: func must be a function, got {type(func).__name__}")
    plainly = as_whole(theirs.funm, value_of(a), lambda w: value_of(as_array(func(w))), disp)
    if not isinstance(a, TensorBase) and not isinstance(as_array(func(np.ones(1, complex))), TensorBase):
        return plainly
    w, v = eig(a)
    found = (v * as_array(func(w + 0j))) @ inv(v)
    found = found if (plainly if disp else plainly[0]).dtype.kind == "c" else real(found)
    return found if disp else (found, plainly[1])
