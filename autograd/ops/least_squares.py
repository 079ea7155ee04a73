"""Pseudo-inverses and least squares.

Source: G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses and nonlinear least
squares problems whose variables separate, 1973.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, MatrixShapeError
from .complex import imag, real
from .elementwise import square
from .matrices import (
    conj,
    hermitian_from,
    in_lapack,
    like,
    matrices,
    mH,
    mT,
    squares,
    to_triangle,
    value_of,
)
from .products import product
from .reductions import sum
from .shapes import as_array
from .singular_values import svdvals

_SQUARE = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])


def _d_pinv(w, a, p):
    """The cotangent of a, where w is that of its pseudo-inverse p; the rank stays."""
    x = product([mT(w), p, mH(p)])
    y = product([mH(p), p, mT(w)])
    falls = product([mT(p), w, mT(p)])
    return conj(x - product([a, p, x]) + y - product([y, p, a])) - falls


def _moved_pinv(t, a, p):
    """The tangent of the pseudo-inverse p, where t is that of a; the rank stays."""
    x = product([p, mH(p), mH(t)])
    y = product([mH(t), mH(p), p])
    return x - product([x, a, p]) + y - product([p, a, y]) - product([p, t, p])


def _push_pinv(t, out, a, rcond, hermitian):
    if not hermitian:
        return _moved_pinv(t, a, out)
    return _moved_pinv(hermitian_from(t), hermitian_from(a), out)


def _pull_pinv(g, a, out, hermitian):
    if not hermitian:
        return _d_pinv(g, a, out)
    return to_triangle(_d_pinv(g, hermitian_from(a), out))


def _pseudo_inverse(a, rcond, hermitian=False):
    if hermitian:
        squares("pinv", a)
    return in_lapack(np.linalg.pinv, a, rcond=rcond, hermitian=hermitian)


_pinv = primitive(
    _pseudo_inverse,
    ["a"],
    name="pinv",
    vjp={"a": _pull_pinv},
    jvp={"a": _push_pinv},
    batch="gufunc",
    reference=lambda a, rcond, hermitian: np.linalg.pinv(a, rcond, hermitian),
    cases=[
        case((3, 2), rcond=1e-15),
        case((2, 2, 4), rcond=1e-15),
        case(_SQUARE, rcond=1e-15, hermitian=True),
    ],
    kinks="as if the rank stayed",
    doc="The Moore-Penrose inverse of a.",
)


def pinv(a, rcond=None, hermitian=False, *, rtol=np._NoValue):
    """The Moore-Penrose inverse of a: singular values up to rcond times the largest count as 0.

    Shapes: a (..., m, n) -> (..., n, m).

    Gradient: as if the rank stayed, which is the derivative wherever there is one. With
    `hermitian` only the lower triangle is read, so only it gets a gradient.

    Example:
        >>> pinv(np.array([[2.0], [0.0]]))
        array([[0.5, 0. ]])
    """
    a = matrices("pinv", a)
    if rcond is not None and rtol is not np._NoValue:
        raise ArgumentError("pinv: give one of rtol and rcond, they are the same")
    if rcond is None:
        rcond = 1e-15 if rtol is np._NoValue else rtol
    if rcond is None:
        rcond = max(a.shape[-2:]) * np.finfo(value_of(a).dtype).eps
    return _pinv(a, np.array(value_of(rcond)), bool(hermitian))


def _d_lstsq(g, a, b, out, rcond, wanted):
    p = _pinv(a, _cutoff(a, rcond))
    to_a = None
    if 0 in wanted:
        to_a = like(_d_pinv(g @ mT(b), a, p), a.dtype)
    return [to_a, mT(p) @ g]


def _cutoff(a, rcond):
    return np.array(np.finfo(a.dtype).eps * max(a.shape) if rcond is None else rcond)


_lstsq = primitive(
    lambda a, b, rcond=None: in_lapack(np.linalg.lstsq, a, b, rcond=rcond)[0],
    ["a", "b"],
    name="lstsq",
    vjp=_d_lstsq,
    jvp={
        "a": lambda t, out, a, b, rcond: _moved_pinv(t, a, _pinv(a, _cutoff(a, rcond))) @ b,
        "b": lambda t, out, a, b, rcond: _pinv(a, _cutoff(a, rcond)) @ t,
    },
    reference=lambda a, b, rcond: np.linalg.lstsq(a, b, rcond)[0],
    cases=[case((4, 2), (4, 3)), case((2, 3), (2, 1)), case(_SQUARE, (3, 2))],
    kinks="as if the rank stayed",
    doc="The smallest x that minimises |a @ x - b|.",
)


def lstsq(a, b, rcond=None):
    """The smallest x that minimises |a @ x - b|; the squares that are left, the rank, singular values.

    Shapes: a (m, n); b (m,) or (m, k) -> x (n,) or (n, k); residuals (k,), empty unless the
    rank is n < m; rank, an integer; (min(m, n),).

    Gradient: as if the rank stayed.

    Example:
        >>> lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))[0]
        array([2.])
    """
    a, b = as_array(a), as_array(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise MatrixShapeError(f"lstsq: a {tuple(a.shape)} and b {tuple(b.shape)} do not fit")
    _, left, rank, _ = in_lapack(np.linalg.lstsq, value_of(a), value_of(b), rcond=rcond)
    columns = b[:, None] if b.ndim == 1 else b
    x = _lstsq(a, columns, rcond)
    if left.size:
        rest = columns - a @ x
        left = sum(square(real(rest)) + square(imag(rest)) if rest.dtype.kind == "c" else square(rest), 0)
    return x[:, 0] if b.ndim == 1 else x, left, rank, svdvals(a)
