"""Factorisations of matrices: Cholesky and QR.

G below is the cotangent as PyTorch writes it, the conjugate of the sweep's; `to_triangle` and
`hermitian_from` are explained in `matrices.py`.

Sources: M. Seeger et al., Auto-Differentiating Linear Algebra, 2017; S. F. Walter and L. Lehmann,
Algorithmic differentiation of linear algebra functions with application in optimum experimental
design, 2010, for QR.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, MatrixError, NotDifferentiable
from ..tape import TensorBase
from .joining import concatenate
from .matrices import (
    columns,
    conj,
    eps_of,
    half_triangle,
    hermitian_from,
    in_lapack,
    matrices,
    mH,
    squares,
    times,
    to_triangle,
    value_of,
)
from .shapes import zeros_like
from .triangles import inverse_of_triangle

_POSITIVE = np.array([[2.0, 0.3, -0.5], [0.3, 3.0, 0.2], [-0.5, 0.2, 1.5]])
_TALL = np.array([[1.0, 0.4], [-0.7, 2.0], [0.3, 0.9]])


# ------------------------------------------------------------------ Cholesky


def _d_cholesky(g, out):
    inverse = inverse_of_triangle("cholesky", out, "the matrix is singular", lower=True)
    inner = times(mH(out), conj(g)) * half_triangle(out)
    return to_triangle(conj(times(times(mH(inverse), inner), inverse)))


def _forward_cholesky(t, out, a):
    inverse = inverse_of_triangle("cholesky", out, "the matrix is singular", lower=True)
    return out @ (inverse @ hermitian_from(t) @ mH(inverse) * half_triangle(out))


_cholesky = primitive(
    lambda a: in_lapack(np.linalg.cholesky, a),
    ["a"],
    name="cholesky",
    vjp={"a": _d_cholesky},
    jvp={"a": _forward_cholesky},
    batch="same",
    reference=np.linalg.cholesky,
    cases=[case(_POSITIVE), case(np.stack([_POSITIVE[:2, :2], _POSITIVE[1:, 1:]]))],
    doc="The lower triangle l with l @ l.conj().T = a.",
)


def cholesky(a, *, upper=False):
    """The lower triangle l with l @ l.conj().T = a; the upper one, its adjoint, for `upper`.

    Shapes: a (..., n, n) -> (..., n, n).

    Gradient: only that triangle of a is read, so only it gets one (as differences have it).

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is not positive definite.

    Example:
        >>> cholesky(np.array([[4.0]]))
        array([[2.]])
    """
    a = squares("cholesky", a)
    return mH(_cholesky(mH(a))) if upper else _cholesky(a)


# ------------------------------------------------------------------ QR


def _square(x, k):
    """The first k rows and columns of x."""
    return x if x.shape[-2:] == (k, k) else x[..., :k, :k]


_DEPENDENT = "the leading columns of the matrix are dependent"


def _refuse_dependent(top):
    """Raise where the square of r is singular, which rounding may keep it from or not."""
    on = value_of(top).diagonal(0, -2, -1)
    rounded = 4 * on.shape[-1] * eps_of(on.dtype)
    if on.ndim == 1 and on.size:  # as a list, which takes a third of the time
        values = [*map(abs, on.tolist())]
        lost = min(values) <= rounded * max(values)
    else:
        on = abs(on)
        lost = np.any(on <= rounded * on.max(-1, keepdims=True, initial=0))
    if lost:
        raise MatrixError(f"qr: no derivative here, {_DEPENDENT}")


def _inverse_of_top(top):
    _refuse_dependent(top)
    return inverse_of_triangle("qr", top, _DEPENDENT)


def _d_qr(g, a_shape, q, r):
    to_q, to_r = (None if part is None else conj(part) for part in g)
    k = min(a_shape[-2:])
    left, top = columns(q, k), _square(r, k)
    to_left = zeros_like(left) if to_q is None else columns(to_q, k)
    inner, beside = None, None
    if to_r is not None:
        inner = times(_square(to_r, k), mH(top))
        if a_shape[-1] > k:  # the columns of a wide matrix beyond the square are q times those of r
            rest = to_r[..., :k, k:]
            to_left = to_left + left @ r[..., :k, k:] @ mH(rest)
            beside = left @ rest
    pull = times(mH(left), to_left)
    pull = -pull if inner is None else inner - pull
    whole = to_left + times(left, hermitian_from(pull, lower=False))
    if to_q is not None and q.shape[-1] > k:  # how the complement turns with the columns
        more = q[..., k:]
        whole = whole - more @ (mH(to_q[..., k:]) @ left)
    whole = times(whole, mH(_inverse_of_top(top)))
    if a_shape[-1] > k:
        if beside is None:
            beside = np.zeros((*a_shape[:-1], a_shape[-1] - k), q.dtype)
        whole = concatenate([whole, beside], -1)
    return conj(whole)


def _moved_qr(t, out, a, mode):
    q, r = out
    k = min(a.shape[-2:])
    left, top = columns(q, k), _square(r, k)
    first = columns(t, k) @ _inverse_of_top(top)
    inner = mH(left) @ first
    upper = (inner + mH(inner)) * half_triangle(inner, lower=False)
    to_q, to_r = first - left @ upper, upper @ top
    if a.shape[-1] > k:
        rest = mH(left) @ t[..., k:] - (inner - upper) @ r[..., :k, k:]
        to_r = concatenate([to_r, rest], -1)
    if q.shape[-1] > k:  # the complement turns with the columns; below the square r stays 0
        more = q[..., k:]
        to_q = concatenate([to_q, -left @ (mH(to_q) @ more)], -1)
        to_r = concatenate([to_r, zeros_like(r[..., k:, :])], -2)
    return to_q, to_r


_qr = primitive(
    lambda a, mode="reduced": in_lapack(np.linalg.qr, a, mode=mode),
    ["a"],
    results=("q", "r"),
    name="qr",
    vjp={"a": _d_qr},
    jvp={"a": _moved_qr},
    batch="gufunc",
    reference=np.linalg.qr,
    cases=[
        case(_TALL),
        case(_TALL.T),
        case(np.stack([_POSITIVE, _POSITIVE.T - 1])),
        case(_TALL.T, mode="complete"),
    ],
    doc="a = q @ r, q with orthonormal columns, r upper triangular.",
)


def qr(a, mode="reduced"):
    """a = q @ r: q with orthonormal columns, r upper triangular.

    Args:
        a: (..., m, n); k = min(m, n).
        mode: "reduced" for q (..., m, k) and r (..., k, n); "complete" for (..., m, m) and
            (..., m, n); "r" for the reduced r alone; "raw", without a derivative.

    Gradient: of the columns that "complete" adds only functions of the space that they span have
    one.

    Errors: MatrixError in the backward pass where the first k columns of a are dependent.

    Example:
        >>> qr(np.eye(2)).R.shape
        (2, 2)
    """
    a = matrices("qr", a)
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ArgumentError(f"qr: mode must be 'reduced', 'complete', 'r' or 'raw', got {mode!r}")
    if mode == "raw":
        if isinstance(a, TensorBase) and a._node is not None:
            raise NotDifferentiable("qr: mode='raw' has no derivative; use .detach() if none is wanted")
        return np.linalg.qr(value_of(a), mode)
    return _qr(a, "reduced").R if mode == "r" else _qr(a, mode)
