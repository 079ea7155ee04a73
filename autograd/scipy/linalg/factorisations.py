"""Factorisations: Cholesky, LU, QR, RQ.

G below is the cotangent as PyTorch writes it, the conjugate of the sweep's.

Source: F. de Hoog, R. Anderssen and M. Lukas, Differentiation of matrix functionals using triangular
factorization, 2011, for LU.
"""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, NotDifferentiable
from ...ops import factorisations
from ...ops.choosing import where
from ...ops.indexing import getitem
from ...ops.joining import concatenate
from ...ops.matrices import columns, conj, matrices, mH, mT, squares, value_of
from ...ops.triangles import inverse_of_triangle, triangle
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .matrices import in_loops

theirs = load("linalg")

_SQUARE = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])
_TALL = np.array([[1.0, 0.4], [-0.7, 2.0], [0.3, 0.9]])

# ------------------------------------------------------------------ Cholesky


@spelled(theirs.cholesky)
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    """The triangle r with r.conj().T @ r = a; with `lower` the l with l @ l.conj().T = a.

    Shapes: a (..., n, n) -> (..., n, n).

    Gradient: only that triangle of a is read, so only it gets one.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is not positive definite.

    Example:
        >>> cholesky(np.array([[4.0]]))
        array([[2.]])
    """
    return factorisations.cholesky(a, upper=not lower)


@spelled(theirs.cho_factor)
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """What `cho_solve` takes: the factor of `cholesky`, beside values of a that are not read; and `lower`.

    Example:
        >>> cho_factor(np.array([[4.0]]))
        (array([[2.]]), False)
    """
    a = squares("cho_factor", a)
    n = a.shape[-1]
    read = np.tri(n, dtype=bool)
    return where(read if lower else read.T, cholesky.__wrapped__(a, lower), value_of(a)), lower


# ------------------------------------------------------------------ LU


def _plu(a):
    """The order of rows, l and u of one matrix or of a stack of them."""
    if not a.size:
        k = min(a.shape[-2:])
        lead = a.shape[:-2]
        order = np.broadcast_to(np.arange(a.shape[-2]), a.shape[:-1])
        low = np.broadcast_to(np.eye(a.shape[-2], k, dtype=a.dtype), (*lead, a.shape[-2], k))
        return order, low, np.zeros((*lead, k, a.shape[-1]), a.dtype)
    order, low, up = theirs.lu(a, p_indices=True, check_finite=False)
    return np.argsort(order, -1), low, up


def _d_lu(g, a_shape, order, low, up):
    to_low, to_up = (None if part is None else conj(part) for part in g[1:])
    k = min(a_shape[-2:])
    l1, u1 = low[..., :k, :], columns(up, k)
    inverse_l = mH(inverse_of_triangle("lu", l1, "the matrix is singular", lower=True))
    inverse_u = mH(inverse_of_triangle("lu", u1, "the matrix is singular"))
    inner, rest_below, rest_beside = 0, None, None
    if a_shape[-2] > k:  # l2 = a2 @ inv(u)
        rest_below = zeros_below(a_shape, k, low) if to_low is None else to_low[..., k:, :] @ inverse_u
        inner = -triangle(mH(low[..., k:, :]) @ rest_below @ mH(u1), False) if to_low is not None else 0
    if a_shape[-1] > k:  # u2 = inv(l) @ a2
        rest_beside = zeros_beside(a_shape, k, up) if to_up is None else inverse_l @ to_up[..., k:]
        if to_up is not None:
            inner = -triangle(mH(l1) @ rest_beside @ mH(up[..., k:]), True, 1)
    if to_low is not None:
        inner = inner + triangle(mH(l1) @ to_low[..., :k, :], True, 1)
    if to_up is not None:
        inner = inner + triangle(columns(to_up, k) @ mH(u1), False)
    whole = inverse_l @ inner @ inverse_u
    if rest_below is not None:
        whole = concatenate([whole, rest_below], -2)
    if rest_beside is not None:
        whole = concatenate([whole, rest_beside], -1)
    return rows_in_order(conj(whole), np.argsort(value_of(order), -1))


def _moved_lu(t, out, a):
    order, low, up = out
    k = min(a.shape[-2:])
    t = rows_in_order(t, value_of(order))
    l1, u1 = low[..., :k, :], columns(up, k)
    inverse_l = inverse_of_triangle("lu", l1, "the matrix is singular", lower=True)
    inverse_u = inverse_of_triangle("lu", u1, "the matrix is singular")
    inner = inverse_l @ t[..., :k, :k] @ inverse_u
    moved_low, moved_up = l1 @ triangle(inner, True, 1), triangle(inner, False) @ u1
    if a.shape[-2] > k:
        below = (t[..., k:, :k] - low[..., k:, :] @ moved_up) @ inverse_u
        return None, concatenate([moved_low, below], -2), moved_up
    if a.shape[-1] > k:
        beside = inverse_l @ (t[..., k:] - moved_low @ up[..., k:])
        return None, moved_low, concatenate([moved_up, beside], -1)
    return None, moved_low, moved_up


def zeros_below(shape, k, like):
    """What the rows below the square get where nothing comes in."""
    return np.zeros((*shape[:-2], shape[-2] - k, shape[-1]), like.dtype)


def zeros_beside(shape, k, like):
    """What the columns beside the square get where nothing comes in."""
    return np.zeros((*shape[:-1], shape[-1] - k), like.dtype)


def rows_in_order(x, order):
    """The rows of x in another order, for each matrix its own."""
    lead = np.ix_(*(np.arange(n) for n in order.shape[:-1]))
    return getitem(x, (*(i[..., None] for i in lead), order))


_lu = primitive(
    lambda a: in_loops(_plu, a),
    ["a"],
    results=("order", "low", "up"),
    name="lu",
    analytic=True,
    vjp={"a": _d_lu},
    jvp={"a": _moved_lu},
    batch="gufunc",
    reference=_plu,
    cases=[case(_SQUARE), case(_TALL), case(_TALL.T), case(np.stack([_SQUARE, 1 - _SQUARE]))],
    doc="a[order] = low @ up, low with ones on its diagonal.",
)


@spelled(theirs.lu)
def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    """a = p @ l @ u: p a permutation, l with ones on its diagonal, u upper triangular.

    Shapes: a (..., m, n), k = min(m, n) -> p (..., m, m), or its indices (..., m) with `p_indices`;
    l (..., m, k), or p @ l and no p with `permute_l`; u (..., k, n).

    Gradient: as if the order of the rows stayed, which is the derivative wherever there is one.

    Errors: MatrixError in the backward pass where the leading columns of a are dependent.

    Example:
        >>> lu(np.array([[2.0, 0.0], [1.0, 1.0]]))[1]
        array([[1. , 0. ],
               [0.5, 1. ]])
    """
    order, low, up = _lu(matrices("lu", a))
    order = np.argsort(value_of(order), -1).astype(np.int32)
    if permute_l:
        return rows_in_order(low, order), up
    return (order if p_indices else np.eye(a.shape[-2], dtype=up.dtype)[order]), low, up


@spelled(theirs.lu_factor)
def lu_factor(a, overwrite_a=False, check_finite=True):
    """What `lu_solve` takes: u, with l below it, and which rows were exchanged.

    Example:
        >>> lu_factor(np.array([[4.0]]))
        (array([[4.]]), array([0], dtype=int32))
    """
    a = matrices("lu_factor", a)
    _, low, up = _lu(a)
    pivots = as_whole(theirs.lu_factor, value_of(a))[1]
    m, n = a.shape[-2:]
    if m > n:
        below = triangle(low, True, 1)
        return concatenate([up + below[..., :n, :], below[..., n:, :]], -2), pivots
    packed = triangle(low, True, 1)
    if n > m:
        packed = concatenate([packed, zeros_beside(a.shape, m, packed)], -1)
    return up + packed, pivots


# ------------------------------------------------------------------ QR


@spelled(theirs.qr)
def qr(a, overwrite_a=False, lwork=None, mode="full", pivoting=False, check_finite=True):
    """a = q @ r, or a[:, p] = q @ r with `pivoting`: q with orthonormal columns, r upper triangular.

    Args:
        a: (..., m, n), k = min(m, n).
        mode: "full" for q (..., m, m) and r (..., m, n); "economic" for (..., m, k) and (..., k, n);
            "r" for the full r alone.

    Gradient: of the columns that "full" adds only functions of the space that they span have one.

    Errors: NotDifferentiable for mode "raw"; MatrixError in the backward pass where the first k
    columns of a are dependent.

    Example:
        >>> qr(np.eye(2), mode="economic")[1].shape
        (2, 2)
    """
    a = matrices("qr", a)
    if mode == "raw":
        raise NotDifferentiable("qr: mode='raw' has no derivative; use .detach() if none is wanted")
    if mode not in ("full", "r", "economic"):
        raise ArgumentError(f"qr: mode must be 'full', 'r', 'economic' or 'raw', got {mode!r}")
    order = []
    if pivoting:
        order = [as_whole(theirs.qr, value_of(a), mode="r", pivoting=True)[-1]]
        a = mT(rows_in_order(mT(a), order[0]))
    if mode == "r":
        up = factorisations.qr(a, "reduced").R
        if a.shape[-2] > a.shape[-1]:
            empty = np.zeros((*a.shape[:-2], a.shape[-2] - a.shape[-1], a.shape[-1]), up.dtype)
            up = concatenate([up, empty], -2)
        return (up, *order)
    q, up = factorisations.qr(a, "complete" if mode == "full" else "reduced")
    return (q, up, *order)


@spelled(theirs.rq)
def rq(a, overwrite_a=False, lwork=None, mode="full", check_finite=True):
    """a = r @ q: r upper triangular, q with orthonormal rows; the QR factorisation of a.H turned about.

    Args:
        a: (..., m, n), k = min(m, n).
        mode: "economic" for r (..., m, k) and q (..., k, n); "full", which is the same for m >= n and has
            no derivative for m < n; "r" for the full r (..., m, n) alone.

    Errors: NotDifferentiable; MatrixError in the backward pass where the last k rows of a are dependent.

    Example:
        >>> rq(np.array([[3.0, 0.0], [4.0, 0.0]]))[0].round(12) + 0.0
        array([[ 0., -3.],
               [ 0., -4.]])
    """
    a = matrices("rq", a)
    m, n = a.shape[-2:]
    if mode not in ("full", "r", "economic"):
        raise ArgumentError(f"rq: mode must be 'full', 'r' or 'economic', got {mode!r}")
    if mode == "full" and m < n:
        raise NotDifferentiable(
            "rq: no derivative of mode='full' with fewer rows than columns; use 'economic'"
        )
    q, up = factorisations.qr(mH(a)[..., ::-1], "reduced")
    up, q = mH(up)[..., ::-1, ::-1], mH(q)[..., ::-1, :]
    given = as_whole(theirs.rq, value_of(a), mode="r")[..., n - min(m, n) :]
    same = np.einsum("...ii->...i", (np.conj(given) * value_of(up))[..., m - min(m, n) :, :]).real >= 0
    signs = np.where(same, 1, -1).astype(up.dtype)  # LAPACK has another convention there
    up = up * signs[..., None, :]
    if mode == "r":
        return up if m >= n else concatenate([np.zeros((*up.shape[:-1], n - m), up.dtype), up], -1)
    return up, q * signs[..., None]
