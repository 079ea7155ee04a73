"""Singular values and vectors.

G below is the cotangent as PyTorch writes it, the conjugate of the sweep's; `Gaps` is
explained in `matrices.py`.

Sources: J. Townsend, Differentiating the Singular Value Decomposition, 2016; Z.-Q. Wan and S.-X.
Zhang, Automatic Differentiation for Complex Valued SVD, 2019.
"""

from __future__ import annotations

import functools

import numpy as np

from ..declare import case, primitive
from ..errors import MatrixError
from ..primitive import NoTangent
from ..tape import TensorBase
from . import vanishing
from .choosing import equal, where
from .clusters import limits, made
from .complex import imag, real_part
from .eigen import eigh, eigvalsh
from .indexing import diagonal, getitem
from .joining import concatenate
from .matrices import (
    Gaps,
    Untold,
    columns,
    conj,
    eps_of,
    in_lapack,
    matrices,
    mH,
    mT,
    on_diagonal,
    squares,
    times,
    untold,
    value_of,
)
from .sizes import absolute, sign

_GENERAL = np.array([[1.0, 0.4, -0.3], [-0.7, 2.0, 0.5], [0.3, 0.9, -3.2]])
_TALL = np.array([[1.0, 0.4], [-0.7, 2.0], [0.3, 0.9]])


def _d_svd(g, u, s, vh):
    to_u, to_s, to_vh = g
    k = s.shape[-1]
    left, v = columns(u, k), mH(vh)
    right = vh if vh.shape[-2] == k else vh[..., :k, :]
    if to_u is None and to_vh is None:
        rest = None
        if not np.all(value_of(s)):
            rest = vanishing.beside(to_s, u, s, vh)
            to_s = where(equal(s, 0), 0, to_s)  # as abs at 0
        whole = times(left * to_s[..., None, :], right)
        return conj(whole if rest is None else whole + rest)
    to_u = None if to_u is None else conj(to_u)
    to_v = None if to_vh is None else mT(to_vh)
    inner = _inside(s, left, columns(v, k), to_u, to_s, to_v)
    whole = times(times(left, inner), right)
    if to_u is not None and u.shape[-2] > k:
        whole = whole + _outside(s, u, to_u) @ right
    if to_v is not None and v.shape[-2] > k:
        whole = whole + left @ mH(_outside(s, v, to_v))
    return conj(whole)


def _inside(s, u, v, to_u, to_s, to_v):
    """What the values, and the turning of the vectors among themselves, have to say, as u.H @ G @ v."""
    n, gaps = s.shape[-1], Gaps("svd", u, s)
    look = gaps.some and made(s)
    if not look:
        gaps.look_back()
        gaps.refuse_mixed(to_s)
    row, column = s[..., None, :], s[..., :, None]
    total, turns, phases = 0, [], 0
    for g, vectors, size, sign_ in ((to_u, u, row, 1), (to_v, v, column, -1)):
        if g is None:
            continue
        turn = times(mH(vectors), columns(g, n))
        turns.append(turn)
        total = (turn - mH(turn)) * size + total
        if turn.dtype.kind == "c":
            phases = sign_ * imag(diagonal(turn, 0, -2, -1)) + phases
    sums = row + column
    total = total / (sums + (value_of(sums) == 0))
    if look and isinstance(total, TensorBase):
        size = functools.reduce(
            np.maximum, [np.abs(value_of(t)).max((-2, -1), keepdims=True, initial=0) for t in turns]
        )
        if to_s is not None and np.any(_several_zeros(s) & (value_of(to_s) != 0)):
            raise gaps.untold()  # their vectors turn on both sides, each by itself
        total = limits(gaps, total, size, s, u, mH(v))
    else:
        total = gaps.under(total, turns)
    if not isinstance(phases, int):
        total = total + on_diagonal(0.5j * phases * _over(s))
    return total if to_s is None else total + on_diagonal(to_s)


def _several_zeros(s):
    """Which values are 0 but for rounding, where that are more than one."""
    s = value_of(s)
    zero = s <= 4 * s.shape[-1] * eps_of(s.dtype) * s.max(-1, keepdims=True, initial=0)
    return zero & (np.count_nonzero(zero, -1, keepdims=True) > 1)


def _outside(s, u, g):
    """What the turning out of the space of the vectors has to say."""
    n = s.shape[-1]
    inside, first = columns(u, n), columns(g, n)
    out = first - inside @ (mH(inside) @ first)
    if u.shape[-1] > n:
        out = out - u[..., n:] @ (mH(g[..., n:]) @ inside)
    if not np.all(value_of(s)) and np.any(value_of(out)):
        raise MatrixError("svd: no derivative of the vectors of a singular value of 0")
    return out * _over(s)[..., None, :]


def _moved_svd(t, out, a, full_matrices):
    u, s, vh = out
    k = s.shape[-1]
    left, v = columns(u, k), mH(vh)
    right = columns(v, k)
    inner = mH(left) @ t @ right
    turned = diagonal(inner, 0, -2, -1)
    along = real_part(turned)
    if not np.all(value_of(s)):
        flat = where(equal(s, 0), 0, along)  # as abs at 0
        waiting = vanishing.along(turned, t, u, s, vh)
        along = flat if waiting is None else waiting
    gaps = Gaps("svd", u, s)
    refused = _refused(s, gaps)
    if refused is not None:
        return refused, along, refused
    to_u, to_v = _turned_inside(s, gaps, left, right, inner)
    if u.shape[-2] > k:
        to_u = _turned_outside(u, to_u, t @ right * _over(s)[..., None, :])
    if v.shape[-2] > k:
        to_v = _turned_outside(v, to_v, mH(t) @ left * _over(s)[..., None, :])
    return to_u, along, mH(to_v)


def _refused(s, gaps):
    """What says that the vectors have no tangent; None if they have."""
    if gaps.some:
        return NoTangent(untold("svd"))
    # the values have the kink of abs there, which in a function of both the vectors' signs undo
    if not np.all(value_of(s)):
        return NoTangent(Untold("svd: no forward derivative of the vectors at a singular value of 0"))
    return None


def _turned_inside(s, gaps, u, v, inner):
    """How the singular vectors turn among themselves."""
    row, column = s[..., None, :], s[..., :, None]
    sums = row + column
    sums = sums + (value_of(sums) == 0)
    turns = [gaps.under((x * row + column * mH(x)) / sums) for x in (inner, mH(inner))]
    if inner.dtype.kind == "c":  # what the phases leave open goes half to each
        phases = on_diagonal(0.5j * imag(diagonal(inner, 0, -2, -1)) * _over(s))
        turns = [turns[0] + phases, turns[1] - phases]
    return u @ turns[0], v @ turns[1]


def _turned_outside(vectors, inside, moved):
    """With how they turn out of their space; those that complete the space turn against it."""
    k = inside.shape[-1]
    first = columns(vectors, k)
    whole = inside + moved - first @ (mH(first) @ moved)
    if vectors.shape[-1] == k:
        return whole
    return concatenate([whole, -first @ (mH(whole) @ vectors[..., k:])], -1)


def _over(s):
    return 1 / (s + (value_of(s) == 0))


_svd = primitive(
    lambda a, full_matrices=True: in_lapack(np.linalg.svd, a, full_matrices=full_matrices),
    ["a"],
    results=("u", "s", "vh"),
    name="svd",
    vjp={"a": _d_svd},
    looks_back=True,
    jvp={"a": _moved_svd},
    batch="gufunc",
    reference=np.linalg.svd,
    cases=[
        case(_TALL, full_matrices=False),
        case(_TALL.T, full_matrices=False),
        case(np.stack([_GENERAL, _GENERAL[::-1] * 0.7])),
    ],
    kinks="a singular value of 0 gets no gradient",
    doc="a = u * s @ vh, u and vh unitary, s not negative and falling.",
)

_SVDResult = type(np.linalg.svd(np.eye(1)))


def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """a = u * s @ vh: u and vh unitary, s not negative and falling.

    Shapes: a (..., m, n), k = min(m, n) -> u (..., m, m), s (..., k), vh (..., n, n); u (..., m, k)
    and vh (..., k, n) unless `full_matrices`; s alone unless `compute_uv`.

    Gradient: defined for functions that do not change with the phases of the vectors. Where
    singular values are equal, those of functions that do not tell their vectors apart, such as u @ vh or
    u * f(s) @ vh: right to second order in both modes, of third order NaN; others are refused, as are
    functions of the vectors of a singular value of 0.

    Errors: MatrixError where a derivative is asked for and there is none, see above.

    Example:
        >>> svd(np.diag([1.0, 2.0]), compute_uv=False)
        array([2., 1.])
    """
    a = matrices("svd", a)
    if hermitian:
        return _hermitian_svd(squares("svd", a), compute_uv)
    if compute_uv:
        return _svd(a, bool(full_matrices))
    if not isinstance(a, TensorBase):
        return in_lapack(np.linalg.svd, a, compute_uv=False)
    return _svd(a, False).S


def _hermitian_svd(a, compute_uv):
    if not compute_uv:
        values = absolute(eigvalsh(a))
        return _along(values, np.argsort(value_of(values), -1)[..., ::-1])
    values, vectors = eigh(a)
    order = np.argsort(np.abs(value_of(values)), -1)[..., ::-1]
    values = _along(values, order)
    u = mT(_along(mT(vectors), order))
    return _SVDResult(u, absolute(values), mH(u * sign(values)[..., None, :]))


def _along(x, order):
    """The elements (or rows) of x in another order, for each matrix its own."""
    lead = np.ix_(*(np.arange(n) for n in order.shape[:-1]))
    return getitem(x, (*(i[..., None] for i in lead), order))


def svdvals(x):
    """The singular values of x, falling.

    Example:
        >>> svdvals(np.diag([1.0, 2.0]))
        array([2., 1.])
    """
    return svd(x, compute_uv=False)
