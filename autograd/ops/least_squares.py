"""Pseudo-inverses and least squares.

Source: G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses and nonlinear least
squares problems whose variables separate, 1973.
"""

from __future__ import annotations

import functools
import operator

import numpy as np

from ..batched_calls import CLASSES
from ..declare import case, primitive
from ..errors import ArgumentError, MatrixShapeError
from .broadcasting import broadcast_to
from .choosing import equal, where
from .complex import real
from .factorisations import qr
from .matrices import (
    conj,
    eps_of,
    hermitian_from,
    in_lapack,
    like,
    matrices,
    mH,
    mT,
    squares,
    times,
    to_triangle,
    value_of,
)
from .products import product
from .reductions import sum
from .shapes import as_array, moveaxis, reshape, zeros_like
from .singular_values import svd
from .triangles import inverse_of_triangle

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


# ------------------------------------------------------------------ least squares


def _rank(a, s, rcond):
    """How many singular values LAPACK does not count as 0, where rcond < 0 stands for the precision."""
    s = value_of(s)
    cutoff = eps_of(s.dtype) * (max(a.shape) if rcond is None else 1)
    cutoff = cutoff if rcond is None or rcond < 0 else rcond
    return np.add.reduce(s > cutoff * s[:1], dtype=np.int32)  # the largest comes first


def _solved(a, b, rcond=None):
    x, left, _, s = in_lapack(np.linalg.lstsq, a, b, rcond=rcond)
    return x, left, s


def _d_lstsq(g, a, b, x, left, s, rcond, wanted):
    to_x, to_left, to_s = g
    to_a, to_b = [], []
    rest = b - a @ x if to_left is not None or 0 in wanted else None
    if to_left is not None and left.size:
        pull = 2 * conj(rest) * to_left
        to_a += [-(pull @ mT(x))] if 0 in wanted else []
        to_b.append(pull)
    if to_x is not None:
        by_a, by_b = _pull_solution(to_x, a, b, x, rest, _rank(a, s, rcond), rcond)
        to_a += [by_a()] if 0 in wanted else []
        to_b.append(by_b)
    if to_s is not None and 0 in wanted:
        u, _, vh = svd(a, full_matrices=False)
        to_a.append(conj((u * where(equal(s, 0), 0, to_s)) @ vh))
    return [
        like(functools.reduce(operator.add, parts), v.dtype) if parts else zeros_like(v)
        for parts, v in ((to_a, a), (to_b, b))
    ]


def _pull_solution(g, a, b, x, rest, rank, rcond):
    """The cotangent of a, when called, and that of b; by a QR factorisation if a is tall and of full rank."""
    if a.shape[0] >= a.shape[1] == rank:
        q, r = qr(a)
        inverse = inverse_of_triangle("lstsq", r, "the columns of a are dependent")
        inner = times(mT(inverse), g)
        to_b = times(conj(q), inner)
        return lambda: conj(times(rest, mT(times(conj(inverse), inner)))) - times(to_b, mT(x)), to_b
    p = _pinv(a, _cutoff(a, rcond))
    return lambda: _d_pinv(g @ mT(b), a, p), mT(p) @ g


def _cutoff(a, rcond):
    return np.array(np.finfo(a.dtype).eps * max(a.shape) if rcond is None else rcond)


def _push_a(t, out, a, b, rcond):
    x, left, s = out
    u, _, vh = svd(a, full_matrices=False)
    to_s = where(equal(s, 0), 0, real(sum(conj(u) * (t @ mH(vh)), 0)))
    moved = _moved_pinv(t, a, _pinv(a, _cutoff(a, rcond))) @ b
    return moved, _moved_left(left, b - a @ x, -(t @ x)), to_s


def _push_b(t, out, a, b, rcond):
    x, left, s = out
    return _pinv(a, _cutoff(a, rcond)) @ t, _moved_left(left, b - a @ x, t), zeros_like(s)


def _moved_left(left, rest, t):
    """Of the squares that are left, where t is the tangent of what is left for the same x."""
    return 2 * sum(real(conj(rest) * t), 0) if left.size else zeros_like(left)


def _of_examples(call):
    """Right sides of one matrix are its columns; matrices that differ are taken one after the other."""
    if call.batched[0]:
        return CLASSES["loop"](call)
    b = moveaxis(call.args[1], 0, 1)
    x, left, s = call.run([call.args[0], reshape(b, (b.shape[0], -1))])
    x = moveaxis(reshape(x, (x.shape[0], *b.shape[1:])), 1, 0)
    left = reshape(left, b.shape[1:] if left.shape[0] else (call.size, 0))
    return x, left, broadcast_to(s, (call.size, *s.shape))


_lstsq = primitive(
    _solved,
    ["a", "b"],
    name="lstsq",
    results=("x", "left", "s"),
    vjp=_d_lstsq,
    jvp={"a": _push_a, "b": _push_b},
    batch=_of_examples,
    reference=_solved,
    cases=[case((4, 2), (4, 3)), case((2, 3), (2, 1)), case(_SQUARE, (3, 2))],
    kinks="as if the rank stayed",
    doc="The smallest x that minimises |a @ x - b|, the squares that are left, and singular values.",
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
    x, left, values = _lstsq(a, b[:, None] if b.ndim == 1 else b, rcond)
    return x[:, 0] if b.ndim == 1 else x, left, _rank(a, values, rcond), values
