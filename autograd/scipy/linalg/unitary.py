"""The polar factorisation, a = u @ p, and the nearest orthogonal matrix.

G below is the cotangent as PyTorch writes it, the conjugate of the sweep's. The rule follows from
U.H @ dU = W, with W P + P W = U.H dA - dA.H U.
"""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, MatrixShapeError
from ...ops import singular_values
from ...ops.linear_systems import inverse_of
from ...ops.matrices import conj, matrices, mH
from ...ops.reductions import sum
from .. import load
from .._faces import spelled
from .equations import sylvester_of
from .matrices import in_loops, refuse_singular

theirs = load("linalg")

_SQUARE = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])
_TALL = np.array([[1.0, 0.4], [-0.7, 2.0], [0.3, 0.9]])
_DEPENDENT = "the columns of the matrix are dependent"


def _d_polar(g, u, p):
    to_u, to_p = (None if part is None else conj(part) for part in g)
    if u.size:
        refuse_singular("polar", p, _DEPENDENT)
    turn, out = 0, 0
    if to_u is not None:
        turn = mH(u) @ to_u
        if u.shape[-2] > u.shape[-1]:
            beyond = to_u - u @ turn
            out = beyond @ inverse_of("polar", p, _DEPENDENT)
    if to_p is not None:
        turn = turn - to_p @ p
        out = out + u @ to_p
    return conj(out + u @ sylvester_of("polar", p, p, turn - mH(turn)))


def _moved_polar(t, out, a):
    u, p = out
    if u.size:
        refuse_singular("polar", p, _DEPENDENT)
    inner = mH(u) @ t
    turn = sylvester_of("polar", p, p, inner - mH(inner))
    moved = u @ turn
    if u.shape[-2] > u.shape[-1]:
        beyond = t - u @ inner
        moved = moved + beyond @ inverse_of("polar", p, _DEPENDENT)
    return moved, inner - turn @ p


_polar = primitive(
    lambda a: in_loops(theirs.polar, a),
    ["a"],
    results=("u", "p"),
    name="polar",
    vjp={"a": _d_polar},
    jvp={"a": _moved_polar},
    batch="gufunc",
    reference=lambda a: in_loops(theirs.polar, a),
    cases=[case(_SQUARE), case(_TALL), case(np.stack([_SQUARE, 1 - _SQUARE]))],
    doc="a = u @ p: u with orthonormal columns, p Hermitian and not negative.",
)


@spelled(theirs.polar)
def polar(a, side="right"):
    """a = u @ p, or p @ u for the left side: u unitary, p Hermitian and not negative.

    Shapes: a (..., m, n) -> u (..., m, n); p (..., n, n), or (..., m, m) for the left side.

    Gradient: also where singular values of a are equal.

    Errors: MatrixError in the backward pass where the columns of a, or its rows for the left side,
    are dependent; MatrixShapeError where they must be, in a matrix with fewer rows, or columns.

    Example:
        >>> polar(np.diag([2.0, -3.0]))[1]
        array([[2., 0.],
               [0., 3.]])
    """
    a = matrices("polar", a)
    if side not in ("left", "right"):
        raise ArgumentError(f"polar: side must be 'left' or 'right', got {side!r}")
    m, n = a.shape[-2:]
    if (m < n) if side == "right" else (m > n):
        raise MatrixShapeError(
            f"polar: no derivative for side={side!r} of a {tuple(a.shape)}: p is singular; take the other side"
        )
    if side == "right":
        return tuple(_polar(a))
    u, p = _polar(mH(a))
    return mH(u), p


@spelled(theirs.orthogonal_procrustes)
def orthogonal_procrustes(A, B, check_finite=True):
    """The orthogonal r for which |A @ r - B| is least, and the sum of the singular values of A.T @ B.

    Gradient: see `polar`.

    Example:
        >>> orthogonal_procrustes(np.eye(2), 2 * np.eye(2))[0].round(12) + 0.0
        array([[1., 0.],
               [0., 1.]])
    """
    A, B = matrices("orthogonal_procrustes", A), matrices("orthogonal_procrustes", B)
    if tuple(A.shape) != tuple(B.shape):
        raise MatrixShapeError(
            f"orthogonal_procrustes: A {tuple(A.shape)} and B {tuple(B.shape)} must have one shape"
        )
    product = mH(A) @ B
    return _polar(product)[0], sum(singular_values.svdvals(product), -1)
