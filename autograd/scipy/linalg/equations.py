"""Equations for matrices: Sylvester, Lyapunov, Riccati.

G below is the cotangent as PyTorch writes it, the conjugate of the sweep's.

Source: T.-C. Kao and G. Hennequin, Automatic differentiation of Sylvester, Lyapunov, and algebraic
Riccati equations, 2020.
"""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, MatrixError, MatrixShapeError, NotDifferentiable
from ...ops import linear_systems
from ...ops.kronecker import kron
from ...ops.matrices import conj, eps_of, like, mH, mT, squares, value_of
from ...ops.shapes import as_array, reshape
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .matrices import for_lapack, in_double, in_loops

theirs = load("linalg")

_A = np.array([[2.0, 0.3, -0.5], [0.4, 3.0, 0.2], [-0.5, 0.2, 1.5]])
_B = np.array([[1.0, 0.4], [-0.7, 2.0]])
_Q = np.array([[0.3, -1.0], [0.7, 0.2], [1.5, 0.4]])
_SHARED, _UNSTABLE = "a and -b share an eigenvalue", "x does not stabilise the system"

# ------------------------------------------------------------------ Sylvester


def _d_sylvester(g, a, b, out, wanted):
    to_q = sylvester_of("solve_sylvester", mT(a), mT(b), g, _SHARED)
    return [
        -(to_q @ mT(out)) if 0 in wanted else None,
        -(mT(out) @ to_q) if 1 in wanted else None,
        to_q,
    ]


def _of_one_dtype(*arrays):
    # SciPy 1.17 gives a wrong x where a is complex and b real with complex eigenvalues
    a, b, q = (x.shape[-2:] for x in arrays)
    if q != (a[0], b[0]) or a[0] != a[1] or b[0] != b[1]:
        raise MatrixShapeError(f"solve_sylvester: a {a}, b {b} and q {q} do not fit")
    dtype = np.result_type(*arrays)
    return [x.astype(dtype, copy=False) for x in arrays]


_sylvester = primitive(
    lambda a, b, q: in_loops(theirs.solve_sylvester, *_of_one_dtype(a, b, q)),
    ["a", "b", "q"],
    name="solve_sylvester",
    vjp=_d_sylvester,
    jvp={
        "a": lambda t, out, a, b, q: -sylvester_of("solve_sylvester", a, b, t @ out, _SHARED),
        "b": lambda t, out, a, b, q: -sylvester_of("solve_sylvester", a, b, out @ t, _SHARED),
        "q": lambda t, out, a, b, q: sylvester_of("solve_sylvester", a, b, t, _SHARED),
    },
    core=(2, 2, 2, 2),
    batch="gufunc",
    reference=lambda a, b, q: in_loops(theirs.solve_sylvester, a, b, q),
    cases=[case(_A, _B, _Q), case(np.stack([_A, _A.T]), _B, _Q[None])],
    doc="The x with a @ x + x @ b = q.",
)


def sylvester_of(name, a, b, q, why="the matrix is singular"):
    """solve_sylvester inside a derivative, which the error names; LAPACK moves eigenvalues that are shared."""
    try:
        x = _sylvester(a, b, q)
    except MatrixError:
        x = None
    if x is None or _is_lost(*map(value_of, (x, a, b, q))):
        raise MatrixError(f"{name}: no derivative here, {why}")
    return x


def _is_lost(x, a, b, q):
    """Whether a solution is none, or so large that nothing is left of q."""
    with np.errstate(all="ignore"):
        error = np.abs(a @ x + x @ b - q).max((-2, -1), initial=0)
        return bool(np.any(error > np.finfo(x.dtype).eps ** 0.25 * np.abs(q).max((-2, -1), initial=0)))


@spelled(theirs.solve_sylvester, calls=True)
def solve_sylvester(a, b, q):
    """The x with a @ x + x @ b = q.

    Shapes: a (..., m, m), b (..., n, n), q (..., m, n) -> (..., m, n).

    Gradient: s, with a.T @ s + s @ b.T = g, by q; -s @ x.T by a and -x.T @ s by b.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a and -b share an eigenvalue; MatrixShapeError.

    Example:
        >>> solve_sylvester(np.array([[1.0]]), np.array([[3.0]]), np.array([[8.0]]))
        array([[2.]])
    """
    a, b, q = squares("solve_sylvester", a), squares("solve_sylvester", b), as_array(q)
    if q.ndim < 2 or tuple(q.shape[-2:]) != (a.shape[-1], b.shape[-1]):
        wanted = (a.shape[-1], b.shape[-1])
        raise MatrixShapeError(
            f"solve_sylvester: q must be {wanted} for these a and b, got {tuple(q.shape)}"
        )
    return _sylvester(a, b, q)


@spelled(theirs.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a, q):
    """The x with a @ x + x @ a.conj().T = q.

    Example:
        >>> solve_continuous_lyapunov(np.array([[1.0]]), np.array([[8.0]]))
        array([[4.]])
    """
    a, q = _pair("solve_continuous_lyapunov", a, q)
    return _sylvester(a, mH(a), q)


@spelled(theirs.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a, q, method=None):
    """The x with x = a @ x @ a.conj().T + q.

    Gradient: by way of a system of n**2 equations up to n = 9 or with method "direct", else ("bilinear")
    of a Lyapunov equation in continuous time, which needs that -1 is no eigenvalue of a.

    Example:
        >>> solve_discrete_lyapunov(np.array([[0.5]]), np.array([[3.0]])).round(12)
        array([[4.]])
    """
    a, q = _pair("solve_discrete_lyapunov", in_double(as_array(a)), in_double(as_array(q)))
    n = a.shape[-1]
    if method not in (None, "direct", "bilinear"):
        raise ArgumentError(
            f"solve_discrete_lyapunov: method must be 'direct' or 'bilinear', got {method!r}"
        )
    one = np.eye(n, dtype=np.result_type(a.dtype, q.dtype))
    if a.ndim == 2 and q.ndim == 2 and (method == "direct" or (method is None and n < 10)):
        system = np.eye(n * n, dtype=one.dtype) - kron(a, conj(a))
        return reshape(linear_systems.solve(system, reshape(q, (-1,))), (n, n))
    over = linear_systems.inv(mH(a) + one)
    b = (mH(a) - one) @ over
    c = 2 * linear_systems.inv(a + one) @ q @ over
    return _sylvester(mH(b), b, -c)


def _pair(name, a, q):
    a, q = squares(name, a), squares(name, q)
    if a.shape[-1] != q.shape[-1]:
        raise MatrixShapeError(f"{name}: a {tuple(a.shape)} and q {tuple(q.shape)} do not fit")
    return a, q


# ------------------------------------------------------------------ Riccati


def _hermitian(x):
    return (x + mH(x)) / 2


def _stabilising(function, a, b, q, r):
    out = in_loops(function, a, b, _hermitian(q), _hermitian(r))
    return out.astype(np.result_type(a, b, q, r), copy=False)  # SciPy computes in double precision


# Of the largest eigenvalue: SciPy takes each with its mirror image, and rounding moves two that meet on the limit
# apart by the root of the precision.
_MEETING = 10 * eps_of(np.dtype(np.float64)) ** 0.5


def _stable(name, closed, size=np.real, limit=0):
    """The matrix of the system with its feedback, where that is stable: else x is none, though SciPy gives it."""
    values = np.linalg.eigvals(for_lapack(value_of(closed)))
    if not np.all(size(values) < limit - _MEETING * abs(values).max(-1, keepdims=True, initial=0)):
        raise MatrixError(f"{name}: no derivative here, {_UNSTABLE}")
    return closed


def _d_care(g, a, b, q, r, out):
    g, x = conj(g), out
    gain = linear_systems.solve(_hermitian(r), mH(b) @ x)
    closed = _stable("solve_continuous_are", a - b @ gain)
    s = -sylvester_of("solve_continuous_are", closed, mH(closed), _hermitian(g), _UNSTABLE)
    return _cotangents(a, b, q, r, 2 * (x @ s), -2 * (x @ s @ mH(gain)), s, gain)


def _cotangents(a, b, q, r, to_a, to_b, s, gain):
    to_r = gain @ s @ mH(gain)
    return [like(conj(w), x.dtype) for w, x in zip((to_a, to_b, s, to_r), (a, b, q, r), strict=True)]


def _care_along(moved):
    """The tangent of x, by what a tangent of one argument adds to the equation of its derivative."""

    def push(t, out, a, b, q, r):
        gain = linear_systems.solve(_hermitian(r), mH(b) @ out)
        closed = _stable("solve_continuous_are", a - b @ gain)
        change = moved(t, out, gain, out)
        return -sylvester_of("solve_continuous_are", mH(closed), closed, change, _UNSTABLE)

    return push


def _dare_along(moved):
    """The same of the discrete equation."""

    def push(t, out, a, b, q, r):
        gain = linear_systems.solve(_hermitian(r) + mH(b) @ out @ b, mH(b) @ out @ a)
        closed = _stable("solve_discrete_are", a - b @ gain, np.abs, 1)
        change = moved(t, out, gain, mH(closed) @ out)
        return solve_discrete_lyapunov.__wrapped__(mH(closed), change)

    return push


def _tangents(along):
    """The rules by argument: closed.H @ dx @ ... + these = 0."""
    return {
        "a": along(lambda t, x, gain, left: 2 * _hermitian(left @ t)),
        "b": along(lambda t, x, gain, left: -2 * _hermitian(left @ t @ gain)),
        "q": along(lambda t, x, gain, left: _hermitian(t)),
        "r": along(lambda t, x, gain, left: mH(gain) @ _hermitian(t) @ gain),
    }


_care = primitive(
    lambda a, b, q, r: _stabilising(theirs.solve_continuous_are, a, b, q, r),
    ["a", "b", "q", "r"],
    name="solve_continuous_are",
    reference=theirs.solve_continuous_are,
    vjp=_d_care,
    jvp=_tangents(_care_along),
    batch="gufunc",
    doc="The x with a.H @ x + x @ a - x @ b @ inv(r) @ b.H @ x + q = 0.",
    cases=[case(_A, _Q, _A @ _A.T, _B @ _B.T)],
)


def _d_dare(g, a, b, q, r, out):
    g, x = conj(g), out
    weight = _hermitian(r) + mH(b) @ x @ b
    gain = linear_systems.solve(weight, mH(b) @ x @ a)
    closed = _stable("solve_discrete_are", a - b @ gain, np.abs, 1)
    # dx = closed.H @ dx @ closed + ..., so its adjoint is s = closed @ s @ closed.H + g
    s = solve_discrete_lyapunov.__wrapped__(closed, _hermitian(g))
    through = x @ closed @ s
    return _cotangents(a, b, q, r, 2 * through, -2 * through @ mH(gain), s, gain)


_dare = primitive(
    lambda a, b, q, r: _stabilising(theirs.solve_discrete_are, a, b, q, r),
    ["a", "b", "q", "r"],
    name="solve_discrete_are",
    reference=theirs.solve_discrete_are,
    vjp=_d_dare,
    jvp=_tangents(_dare_along),
    batch="gufunc",
    doc="The x with a.H @ x @ a - x - a.H @ x @ b @ inv(r + b.H @ x @ b) @ b.H @ x @ a + q = 0.",
    cases=[case(_A, _Q, _A @ _A.T, _B @ _B.T)],
)


def _riccati(name, prim, a, b, q, r, e, s):
    if e is not None or s is not None:
        raise NotDifferentiable(f"{name}: no derivative with e or s; use .detach() if none is wanted")
    a, b, q, r = (in_double(as_array(x)) for x in (a, b, q, r))
    a, q = _pair(name, a, q)
    r = squares(name, r)
    if b.ndim != 2 or tuple(b.shape) != (a.shape[-1], r.shape[-1]):
        raise MatrixShapeError(
            f"{name}: b must be {(a.shape[-1], r.shape[-1])} for these a and r, got {tuple(b.shape)}"
        )
    for which, x in (("q", value_of(q)), ("r", value_of(r))):
        if not as_whole(theirs.ishermitian, x, rtol=1e-10):
            raise ArgumentError(f"{name}: {which} must be Hermitian")
    return prim(a, b, q, r)


@spelled(theirs.solve_continuous_are)
def solve_continuous_are(a, b, q, r, e=None, s=None, balanced=True):
    """The x with a.H @ x + x @ a - x @ b @ inv(r) @ b.H @ x + q = 0, which stabilises a - b @ inv(r) @ b.H @ x.

    Gradient: q and r are taken as Hermitian, and so are their gradients.

    Errors: NotDifferentiable with e or s; MatrixError, MatrixShapeError.

    Example:
        >>> one = np.array([[1.0]])
        >>> solve_continuous_are(0 * one, one, one, one).round(12)
        array([[1.]])
    """
    return _riccati("solve_continuous_are", _care, a, b, q, r, e, s)


@spelled(theirs.solve_discrete_are)
def solve_discrete_are(a, b, q, r, e=None, s=None, balanced=True):
    """The x with x = a.H @ x @ a - a.H @ x @ b @ inv(r + b.H @ x @ b) @ b.H @ x @ a + q, which stabilises.

    Gradient: q and r are taken as Hermitian, and so are their gradients.

    Errors: NotDifferentiable with e or s; MatrixError, MatrixShapeError.

    Example:
        >>> one = np.array([[1.0]])
        >>> solve_discrete_are(0 * one, one, one, one).round(12)
        array([[1.]])
    """
    return _riccati("solve_discrete_are", _dare, a, b, q, r, e, s)
