"""Systems of linear equations: solve, inverses, powers, tensors as matrices.

Source: M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, 2008, section 2.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, MatrixError, MatrixShapeError
from .choosing import where
from .matrices import in_lapack, mT, squares
from .shapes import as_array, reshape, transpose

_SQUARE = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])
_SQUARES = np.array([[[2.0, 1.0], [0.5, -3.0]], [[1.5, 0.3], [0.2, 0.8]]])


# ------------------------------------------------------------------ solve, inv


def _d_solve(g, a, out, wanted):
    to_b = _solve(mT(a), g)
    return [-(to_b @ mT(out)) if 0 in wanted else None, to_b]


_solve = primitive(
    lambda a, b: in_lapack(np.linalg.solve, a, b),
    ["a", "b"],
    name="solve",
    vjp=_d_solve,
    jvp={"a": lambda t, out, a, b: -_solve(a, t @ out), "b": lambda t, out, a, b: _solve(a, t)},
    core=(2, 2, 2),
    analytic=True,
    batch="gufunc",
    reference=np.linalg.solve,
    cases=[
        case(_SQUARE, (3, 2)),
        case(_SQUARES, (2, 3)),
        case(_SQUARE, (2, 3, 1)),
        case(_SQUARES, (1, 2, 2)),
    ],
    doc="The x with a @ x = b.",
)


def solve(a, b):
    """The x with a @ x = b.

    Shapes: a (..., n, n); b (n,), or (..., n, k) -> that of b, broadcast over the leading axes.

    Gradient: inv(a).T @ g by b, minus that @ x.T by a.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is singular; MatrixShapeError.

    Example:
        >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
        array([1. , 0.5])
    """
    a, b = squares("solve", a), as_array(b)
    if not b.ndim or b.shape[0 if b.ndim == 1 else -2] != a.shape[-1]:
        raise MatrixShapeError(f"solve: a is {tuple(a.shape)}, so b {tuple(b.shape)} does not fit")
    return _solve(a, b[:, None])[..., 0] if b.ndim == 1 else _solve(a, b)


inv = primitive(
    lambda a: in_lapack(np.linalg.inv, a),
    ["a"],
    name="inv",
    vjp={"a": lambda g, out: -(mT(out) @ g @ mT(out))},
    jvp={"a": lambda t, out, a: -(out @ t @ out)},
    analytic=True,
    batch="same",
    reference=np.linalg.inv,
    cases=[case(_SQUARE), case(_SQUARES)],
    doc="""The matrix inverse of a.

    Shapes: a (..., n, n) -> (..., n, n).

    Gradient: -inv(a).T @ g @ inv(a).T

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is singular; MatrixShapeError.""",
)


def inverse_of(name, x, what, invert=inv):
    """invert(x) inside the derivative of another function, which the error names."""
    try:
        return invert(x)
    except MatrixError:
        raise MatrixError(f"{name}: no derivative here, {what}") from None


def matrix_power(a, n):
    """a @ a @ ... n times; of the inverse if n is negative, the identity for 0.

    Example:
        >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
        array([[1., 5.],
               [0., 1.]])
    """
    a = squares("matrix_power", a)
    try:
        n = operator.index(n)
    except TypeError:
        raise ArgumentError(f"matrix_power: the exponent must be an integer, got {n!r}") from None
    if n == 0:  # the identity, with derivatives of exactly 0
        return where(np.ones(a.shape[-2:], bool), np.eye(a.shape[-1], dtype=a.dtype), a)
    if n < 0:
        a, n = inv(a), -n
    out = None
    while n:
        if n % 2:
            out = a if out is None else out @ a
        n //= 2
        a = a @ a if n else a
    return out


# ------------------------------------------------------------------ tensors as matrices


def tensorsolve(a, b, axes=None):
    """The x with tensordot(a, x, x.ndim) = b.

    Shapes: a has the axes of b, then those of x, as many elements in both; `axes` of it are
    moved to the end before.

    Example:
        >>> tensorsolve(np.eye(4).reshape(2, 2, 4), np.ones((2, 2))).shape
        (4,)
    """
    a, b = as_array(a), as_array(b)
    if axes is not None:
        moved = [operator.index(k) % a.ndim for k in axes]
        a = transpose(a, [k for k in range(a.ndim) if k not in moved] + moved)
    shape = tuple(a.shape[b.ndim :])
    n = math.prod(b.shape)
    if math.prod(shape) != n or math.prod(a.shape[: b.ndim]) != n:
        raise MatrixShapeError(
            f"tensorsolve: a {tuple(a.shape)} must have as many elements in its first {b.ndim} axes, "
            f"and in the others, as b {tuple(b.shape)}"
        )
    return reshape(solve(reshape(a, (n, n)), reshape(b, (n,))), shape)


def tensorinv(a, ind=2):
    """The inverse of a as a map from its last axes to the first `ind` of them.

    Example:
        >>> tensorinv(np.eye(6).reshape(2, 3, 6)).shape
        (6, 2, 3)
    """
    a = as_array(a)
    if ind <= 0:
        raise ArgumentError(f"tensorinv: ind must be positive, got {ind}")
    first, last = tuple(a.shape[:ind]), tuple(a.shape[ind:])
    if math.prod(first) != math.prod(last):
        raise MatrixShapeError(f"tensorinv: {first} and {last} differ in their number of elements")
    return reshape(inv(reshape(a, (math.prod(first), -1))), last + first)
