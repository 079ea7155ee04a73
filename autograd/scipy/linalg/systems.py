"""Systems of linear equations, by the structure of their matrix."""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, MatrixShapeError
from ...ops import determinants, least_squares, linear_systems
from ...ops.matrices import hermitian_from, matrices, mH, mT, squares, value_of
from ...ops.shapes import as_array, astype
from ...ops.triangles import triangle
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .matrices import in_double, in_loops, read_as, right_side

theirs = load("linalg")

_LOWER = np.array([[2.0, 5.0, 7.0], [-1.0, 3.0, 4.0], [0.1, -0.4, 1.5]])

# ------------------------------------------------------------------ general


@spelled(theirs.solve)
def solve(
    a,
    b,
    lower=False,
    overwrite_a=False,
    overwrite_b=False,
    check_finite=True,
    assume_a=None,
    transposed=False,
):
    """The x with a @ x = b, where `assume_a` says what a is, and so what of it is read.

    Shapes: a (..., n, n); b (n,), or (..., n, k) -> that of b.

    Gradient: to the part of a that is read: for 'sym', 'her' and 'pos' one triangle.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is singular; MatrixShapeError; ArgumentError.

    Example:
        >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
        array([1. , 0.5])
    """
    a = read_as("solve", a, assume_a, lower)
    return linear_systems.solve(mT(a) if transposed else a, b)


@spelled(theirs.inv)
def inv(a, overwrite_a=False, check_finite=True, *, assume_a=None, lower=False):
    """The inverse of a matrix.

    Example:
        >>> inv(np.diag([2.0, 4.0]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """
    return linear_systems.inv(read_as("inv", a, assume_a, lower))


@spelled(theirs.det)
def det(a, overwrite_a=False, check_finite=True):
    """The determinant of a square matrix.

    Example:
        >>> float(det(np.diag([2.0, 4.0])))
        8.0
    """
    return determinants.det(in_double(squares("det", a)))


# ------------------------------------------------------------------ triangular


def _d_triangular(g, a, out, lower, unit, wanted):
    to_b = _triangular(mT(a), g, not lower, unit)
    return [-triangle(to_b @ mT(out), lower, int(unit)) if 0 in wanted else None, to_b]


_triangular = primitive(
    lambda a, b, lower=False, unit=False: in_loops(
        lambda m, r: theirs.solve_triangular(m, r, lower=lower, unit_diagonal=unit, check_finite=False),
        a,
        b,
    ),
    ["a", "b"],
    name="solve_triangular",
    analytic=True,
    vjp=_d_triangular,
    jvp={
        "a": lambda t, out, a, b, lower, unit: (
            -_triangular(a, triangle(t, lower, int(unit)) @ out, lower, unit)
        ),
        "b": lambda t, out, a, b, lower, unit: _triangular(a, t, lower, unit),
    },
    core=(2, 2, 2),
    batch="gufunc",
    reference=lambda a, b, lower, unit: np.linalg.solve(_read(a, lower, unit), b),
    cases=[
        case(_LOWER, (3, 2), lower=True),
        case(_LOWER, (3, 2)),
        case(_LOWER, (2, 3, 1), lower=True, unit=True),
        case(np.stack([_LOWER, 1 - _LOWER]), (1, 3, 2), unit=True),
    ],
    doc="The x with a @ x = b, where one triangle of a is read.",
)


def _read(a, lower, unit):
    a = np.tril(a) if lower else np.triu(a)
    n = a.shape[-1]
    return np.where(np.eye(n, dtype=bool), 1, a) if unit else a


_TRANSPOSES = {0: "N", 1: "T", 2: "C"}


@spelled(theirs.solve_triangular)
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
    """The x with a @ x = b, where a is triangular; of its transpose for `trans`.

    Shapes: a (..., n, n); b (n,), or (..., n, k) -> that of b.

    Gradient: to the triangle of a that is read, without its diagonal if that counts as ones.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if the diagonal has a 0; MatrixShapeError.

    Example:
        >>> solve_triangular(np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([1.0, 5.0]), lower=True)
        array([1., 2.])
    """
    a = squares("solve_triangular", a)
    b, was_vector = right_side("solve_triangular", a, b)
    turned = _transposed("solve_triangular", trans)
    if turned != "N":
        a, lower = mH(a) if turned == "C" else mT(a), not lower
    x = _triangular(a, b, bool(lower), bool(unit_diagonal))
    return x[..., 0] if was_vector else x


def _transposed(name, trans):
    kind = _TRANSPOSES.get(trans, trans)
    if kind not in ("N", "T", "C"):
        raise ArgumentError(f"{name}: trans must be 0, 1, 2, 'N', 'T' or 'C', got {trans!r}")
    return kind


@spelled(theirs.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """The x with a @ x = b, by the Cholesky factorisation of a that `cho_factor` gives.

    Example:
        >>> cho_solve((np.array([[2.0]]), True), np.array([8.0]))
        array([2.])
    """
    c, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    x = solve_triangular.__wrapped__(c, b, first, lower)
    return solve_triangular.__wrapped__(c, x, second, lower)


@spelled(theirs.lu_solve)
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """The x with a @ x = b, by the LU factorisation of a that `lu_factor` gives.

    Example:
        >>> lu_solve((np.array([[4.0]]), np.array([0])), np.array([8.0]))
        array([2.])
    """
    lu, pivots = squares("lu_solve", lu_and_piv[0]), value_of(lu_and_piv[1])
    if lu.ndim != 2:
        raise MatrixShapeError(f"lu_solve: lu must be one square matrix, got shape {tuple(lu.shape)}")
    b, was_vector = right_side("lu_solve", lu, b)
    order = as_whole(permutation_of, pivots)
    kind = _transposed("lu_solve", trans)
    if kind == "N":
        x = _triangular(lu, _triangular(lu, b[..., order, :], True, True), False, False)
    else:
        turned = mT(lu) if kind == "T" else mH(lu)
        x = _triangular(turned, _triangular(turned, b, True, False), False, True)[..., np.argsort(order), :]
    return x[..., 0] if was_vector else x


def permutation_of(pivots):
    """Which row ends up where after the exchanges of an LU factorisation."""
    order = np.arange(len(pivots))
    for i, j in enumerate(pivots):
        order[[i, j]] = order[[j, i]]
    return order


# ------------------------------------------------------------------ least squares


@spelled(theirs.lstsq)
def lstsq(a, b, cond=None, overwrite_a=False, overwrite_b=False, check_finite=True, lapack_driver=None):
    """The smallest x that minimises |a @ x - b|; the squares that are left, the rank, singular values.

    Shapes: a (m, n); b (m,) or (m, k) -> x (n,) or (n, k); residuals () or (k,), empty unless the
    rank is n < m; rank, an integer; (min(m, n),).

    Gradient: as if the rank stayed.

    Example:
        >>> lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))[0]
        array([2.])
    """
    a, b = matrices("lstsq", a), as_array(b)
    dtype = np.result_type(a.dtype, b.dtype)
    a, b = (x if x.dtype == dtype else astype(x, dtype) for x in (a, b))
    cond = np.finfo(a.dtype).eps if cond is None else cond
    x, left, rank, values = least_squares.lstsq(a, b, cond)
    if x.ndim == 1 and tuple(left.shape) == (1,):
        left = left[0]
    return x, left, as_whole(int, rank), values


@spelled(theirs.pinv)
def pinv(a, *, atol=None, rtol=None, return_rank=False, check_finite=True):
    """The Moore-Penrose inverse: singular values up to atol + rtol * the largest count as 0.

    Shapes: a (..., m, n) -> (..., n, m); with `return_rank` also the rank.

    Gradient: as if the rank stayed.

    Example:
        >>> pinv(np.array([[2.0], [0.0]]))
        array([[0.5, 0. ]])
    """
    return _pinv("pinv", matrices("pinv", a), atol, rtol, return_rank, False)


@spelled(theirs.pinvh)
def pinvh(a, atol=None, rtol=None, lower=True, return_rank=False, check_finite=True):
    """The pseudo-inverse of a Hermitian matrix, of which one triangle is read; as pinv.

    Example:
        >>> pinvh(np.diag([2.0, 0.0]))
        array([[0.5, 0. ],
               [0. , 0. ]])
    """
    a = squares("pinvh", a)
    return _pinv("pinvh", a if lower else mH(a), atol, rtol, return_rank, True)


def _pinv(name, a, atol, rtol, return_rank, hermitian):
    plain = hermitian_from(value_of(a)) if hermitian else value_of(a)
    sizes = np.linalg.svd(plain, compute_uv=False)
    largest = sizes.max(-1, initial=0)
    for what, tolerance in (("atol", atol), ("rtol", rtol)):
        if tolerance is not None and not tolerance >= 0:
            raise ArgumentError(f"{name}: {what} must be 0 or more, got {tolerance!r}")
    usual = 0.0 if atol else max(a.shape[-2:]) * np.finfo(a.dtype).eps
    smallest = (atol or 0.0) + largest * (usual if rtol is None else rtol)
    found = least_squares.pinv(a, smallest / np.where(largest == 0, 1, largest), hermitian)
    return (found, np.sum(sizes > smallest[..., None], -1)) if return_rank else found
