"""Determinants and their logarithms.

Source: M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, 2008, section 2. The derivative of det is the matrix of cofactors, which
exists for singular matrices too: there it is found by singular values, and where it is itself to
be differentiated from the determinants of the minors, which are polynomials.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import MatrixError
from ..tape import TensorBase
from .choosing import where
from .complex import imag, real
from .indexing import getitem, setitem
from .linear_systems import inv, inverse_of
from .matrices import eps_of, eye, in_lapack, mT, squares, value_of
from .shapes import zeros_like

_SQUARE = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])
_SQUARES = np.array([[[2.0, 1.0], [0.5, -3.0]], [[1.5, 0.3], [0.2, 0.8]]])


def cofactors(x, det):
    """The cofactor of each element of x: the derivative of det."""
    plain, inverse, singular = _near_singular(value_of(x), value_of(det))
    if not isinstance(x, TensorBase):
        out = np.asarray(det)[..., None, None] * inverse.swapaxes(-1, -2)
        if singular.any():
            out[singular] = _by_singular_values(plain[singular])
        return out.astype(x.dtype, copy=False)
    if not singular.any():
        return det[..., None, None] * mT(inv(x))
    if x.ndim == 2:
        return _by_minors(x)
    regular = where(singular[..., None, None], eye(plain), x)
    rest = where(singular, 0, det)[..., None, None] * mT(inv(regular))
    return setitem(rest, _by_minors(getitem(x, singular)), singular)


def _near_singular(x, det):
    """x as LAPACK takes it, its inverse where it has one, and where that would be too rough."""
    plain = x.astype({"e": np.float32, "g": np.float64, "G": np.complex128}.get(x.dtype.char, x.dtype))
    singular = np.asarray(det == 0)
    inverse = np.linalg.inv(np.where(singular[..., None, None], np.eye(x.shape[-1]), plain))
    inverse = inverse.astype(plain.dtype, copy=False)
    if not x.size:
        return plain, inverse, singular & False
    size = [np.abs(m).sum(-2).max(-1, initial=0) for m in (plain, inverse)]
    with np.errstate(over="ignore", invalid="ignore"):
        return plain, inverse, singular | (size[0] * size[1] > eps_of(plain.dtype) ** -0.5)


def _by_singular_values(x):
    """det(u) det(vh) conj(u) @ diag(products of the other singular values) @ vh.conj()."""
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(-1)
    turned = np.linalg.det(u) * np.linalg.det(vh)
    return turned[..., None, None] * ((u.conj() * others[..., None, :]) @ vh.conj())


def _by_minors(x):
    """By the determinant of what is left without the row and the column of each element."""
    n = x.shape[-1]
    rest = np.array([[j for j in range(n) if j != i] for i in range(n)], np.intp).reshape(n, n - 1)
    minors = getitem(x, (Ellipsis, rest[:, None, :, None], rest[None, :, None, :]))
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return _det(minors) * signs.astype(np.finfo(x.dtype).dtype)


_det = primitive(
    lambda a: in_lapack(np.linalg.det, a),
    ["a"],
    name="det",
    vjp={"a": lambda g, a, out: g[..., None, None] * cofactors(a, out)},
    jvp={"a": lambda t, out, a: (t * cofactors(a, out)).sum((-2, -1))},
    core=(2, 0),
    analytic=True,
    batch="gufunc",
    reference=np.linalg.det,
    cases=[case(_SQUARE), case(_SQUARES), case(np.array([[2.5]]))],
    doc="The determinant of a.",
)


def det(a):
    """The determinant of a.

    Shapes: a (..., n, n) -> (...).

    Gradient: the cofactors; exact to every order also where a is singular.

    Example:
        >>> float(det(np.diag([2.0, 3.0])))
        6.0
    """
    return _det(squares("det", a))


def _d_slogdet(g, a, sign, logabsdet):
    by_sign, by_log = g
    weight = 0 if by_log is None else by_log
    if by_sign is not None and sign.dtype.kind == "c":
        weight = weight + real(by_sign * sign * 1j) * -1j
    if isinstance(weight, int):  # the sign of a real determinant
        return zeros_like(a)
    singular = np.isneginf(value_of(logabsdet))
    if singular.any():
        turning = None if by_sign is None or sign.dtype.kind != "c" else by_sign
        if any(np.any(value_of(part)[singular]) for part in (weight, turning) if part is not None):
            raise MatrixError("slogdet: no derivative at a singular matrix, whose logarithm is -inf")
        a = where(singular[..., None, None], eye(a), a)
    out = weight[..., None, None] * mT(inverse_of("slogdet", a, "the matrix is singular"))
    return out


_Slogdet = type(np.linalg.slogdet(np.eye(1)))


def _forward_slogdet(t, out, a):
    inner = (mT(inv(a)) * t).sum((-2, -1))
    if a.dtype.kind != "c":
        return _Slogdet(zeros_like(inner), inner)
    return _Slogdet(out[0] * (imag(inner) * 1j), real(inner))


_slogdet = primitive(
    lambda a: in_lapack(np.linalg.slogdet, a),
    ["a"],
    results=("sign", "logabsdet"),
    name="slogdet",
    vjp={"a": _d_slogdet},
    jvp={"a": _forward_slogdet},
    batch="gufunc",
    reference=np.linalg.slogdet,
    cases=[case(_SQUARE), case(_SQUARES)],
    doc="The sign of the determinant of a, and the logarithm of its absolute value.",
)


def slogdet(a):
    """The sign of the determinant of a (of absolute value 1, or 0), and log(abs(det(a))).

    Shapes: a (..., n, n) -> (...), (...).

    Gradient: inv(a).T by the logarithm; that of the sign is 0 for a real matrix.

    Errors: MatrixError where a gradient flows to a singular matrix; one of 0 does not.

    Example:
        >>> float(slogdet(np.diag([-2.0, 3.0])).sign)
        -1.0
    """
    return _slogdet(squares("slogdet", a))
