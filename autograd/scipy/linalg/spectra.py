"""Eigenvalues and singular values, also of pairs of matrices and of bands; norms.

The vectors of a value are determined up to a phase, which LAPACK chooses. Here they have the phases that
SciPy's have.
"""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentError, MatrixShapeError, NotDifferentiable
from ...ops import eigen, linear_systems, norms, singular_values
from ...ops.complex import imag, real
from ...ops.elementwise import sqrt
from ...ops.factorisations import cholesky
from ...ops.indexing import setitem
from ...ops.matrices import hermitian_from, mH, squares, value_of
from ...ops.reductions import sum
from ...ops.shapes import as_array, astype
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .banded import from_bands
from .matrices import vector

theirs = load("linalg")


# ------------------------------------------------------------------ singular values


@spelled(theirs.svd)
def svd(
    a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True, lapack_driver="gesdd"
):
    """a = u * s @ vh: u and vh unitary, s not negative and falling. See `autograd.numpy.linalg.svd`.

    Example:
        >>> svd(np.diag([1.0, 2.0]), compute_uv=False)
        array([2., 1.])
    """
    found = singular_values.svd(a, full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


@spelled(theirs.svdvals)
def svdvals(a, overwrite_a=False, check_finite=True):
    """The singular values of a, falling.

    Example:
        >>> svdvals(np.diag([1.0, 2.0]))
        array([2., 1.])
    """
    return singular_values.svdvals(a)


@spelled(theirs.norm)
def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):
    """The norm of a vector or matrix, as numpy.linalg.norm.

    Example:
        >>> float(norm(np.array([3.0, 4.0])))
        5.0
    """
    return norms.norm(a, ord, axis, keepdims)


# ------------------------------------------------------------------ Hermitian


@spelled(theirs.eigh)
def eigh(
    a,
    b=None,
    *,
    lower=True,
    eigvals_only=False,
    overwrite_a=False,
    overwrite_b=False,
    type=1,
    check_finite=True,
    subset_by_index=None,
    subset_by_value=None,
    driver=None,
):
    """The eigenvalues, rising, and eigenvectors of a Hermitian matrix, or of a pair of them.

    Args:
        a: (..., n, n), of which one triangle is read.
        b: positive definite. type 1: a @ v = b @ v * w; 2: a @ b @ v = v * w; 3: b @ a @ v = v * w.
        subset_by_index: the first and the last to give; `subset_by_value`: between which values.

    Gradient: to the triangles that are read. Defined for functions that do not change with the phases
    of the eigenvectors. See `autograd.numpy.linalg.eigh` for equal eigenvalues.

    Errors: MatrixError if b is not positive definite, or where there is no derivative.

    Example:
        >>> eigh(np.diag([3.0, 1.0]), np.diag([1.0, 2.0]), eigvals_only=True)
        array([0.5, 3. ])
    """
    plain = [None if x is None else value_of(as_array(x)) for x in (a, b)]
    a, back = _standard("eigh", a, b, lower, type)
    chosen = _chosen("eigh", a, subset_by_index, subset_by_value)
    found = eigen.eigh(a)
    values = found.eigenvalues[..., chosen]
    if eigvals_only:
        return values
    vectors = found.eigenvectors
    vectors = vectors if back is None else back(vectors)
    subset = {"subset_by_index": subset_by_index, "subset_by_value": subset_by_value, "driver": driver}
    known = as_whole(theirs.eigh, *plain, lower=lower, type=type, **subset)[1]
    return values, with_phases_of(known, vectors[..., chosen])


def _standard(name, a, b, lower, kind):
    """A Hermitian matrix with these eigenvalues, and what makes its vectors those asked for."""
    a = squares(name, a)
    if kind not in (1, 2, 3):
        raise ArgumentError(f"{name}: type must be 1, 2 or 3, got {kind!r}")
    if b is None:
        return (a if lower else mH(a)), None
    b = squares(name, b)
    if tuple(b.shape) != tuple(a.shape):
        raise MatrixShapeError(f"{name}: a {tuple(a.shape)} and b {tuple(b.shape)} must have one shape")
    half = cholesky(b if lower else mH(b))
    whole = hermitian_from(a, lower)
    if kind == 1:
        inner = linear_systems.solve(half, mH(linear_systems.solve(half, whole)))
    else:
        inner = mH(half) @ whole @ half
    if kind == 3:
        return inner, lambda v: half @ v
    return inner, lambda v: linear_systems.solve(mH(half), v)


def _chosen(name, a, by_index, by_value):
    if by_index is not None and by_value is not None:
        raise ArgumentError(f"{name}: give one of subset_by_index and subset_by_value")
    if by_index is not None:
        low, high = by_index
        if not 0 <= low <= high < a.shape[-1]:
            raise ArgumentError(
                f"{name}: subset_by_index {by_index!r} is not inside [0, {a.shape[-1] - 1}]"
            )
        return slice(low, high + 1)
    if by_value is None:
        return slice(None)
    low, high = by_value
    values = np.linalg.eigvalsh(value_of(a))
    if values.ndim > 1:
        raise ArgumentError(f"{name}: subset_by_value takes one matrix at a time, got {tuple(a.shape)}")
    return np.flatnonzero((values > low) & (values <= high))


def with_phases_of(wanted, vectors):
    """The vectors, each turned so that its phase is that of the wanted one."""
    along = np.sum(np.conj(value_of(vectors)) * wanted, -2, keepdims=True)
    size = np.abs(along)
    return vectors * np.where(size > 0, along / np.where(size > 0, size, 1), 1).astype(vectors.dtype)


@spelled(theirs.eigvalsh)
def eigvalsh(
    a, b=None, *, lower=True, overwrite_a=False, overwrite_b=False, type=1, check_finite=True,
    subset_by_index=None, subset_by_value=None, driver=None,
):  # fmt: skip
    """The eigenvalues of a Hermitian matrix, or of a pair of them; as eigh.

    Example:
        >>> eigvalsh(np.diag([3.0, 1.0]))
        array([1., 3.])
    """
    subset = {"subset_by_index": subset_by_index, "subset_by_value": subset_by_value}
    return eigh.__wrapped__(a, b, lower=lower, eigvals_only=True, type=type, **subset)


def _selected(name, select, given):
    """SciPy's older way to say a subset, in the newer one."""
    if select in ("a", "all", 0):
        return {}
    if select in ("i", "index", 2):
        return {"subset_by_index": given}
    if select in ("v", "value", 1):
        return {"subset_by_value": given}
    raise ArgumentError(f"{name}: select must be 'a', 'i' or 'v', got {select!r}")


@spelled(theirs.eigh_tridiagonal)
def eigh_tridiagonal(
    d,
    e,
    eigvals_only=False,
    select="a",
    select_range=None,
    check_finite=True,
    tol=0.0,
    lapack_driver="auto",
):
    """The eigenvalues and eigenvectors of the symmetric matrix with d on its diagonal and e beside it.

    Gradient: by way of the dense matrix, in n**3 operations.

    Example:
        >>> eigh_tridiagonal(np.array([3.0, 1.0]), np.array([0.0]), eigvals_only=True)
        array([1., 3.])
    """
    d, e = vector("eigh_tridiagonal", "d", d, 1), vector("eigh_tridiagonal", "e", e)
    n = d.shape[0]
    if e.shape[0] != n - 1:
        raise MatrixShapeError(f"eigh_tridiagonal: e must have {n - 1} elements, got {e.shape[0]}")
    places = np.arange(n)
    dense = setitem(np.zeros((n, n), np.result_type(d.dtype, e.dtype)), d, (places, places))
    dense = setitem(dense, e, (places[1:], places[:-1]))
    subset = _selected("eigh_tridiagonal", select, select_range)
    found = eigh.__wrapped__(dense, eigvals_only=eigvals_only, **subset)
    if eigvals_only:
        return found
    plain = as_whole(theirs.eigh_tridiagonal, value_of(d), value_of(e), False, select, select_range)[1]
    return found[0], with_phases_of(plain, found[1])


@spelled(theirs.eigvalsh_tridiagonal)
def eigvalsh_tridiagonal(
    d, e, select="a", select_range=None, check_finite=True, tol=0.0, lapack_driver="auto"
):
    """The eigenvalues of a symmetric tridiagonal matrix; as eigh_tridiagonal.

    Example:
        >>> eigvalsh_tridiagonal(np.array([3.0, 1.0]), np.array([0.0]))
        array([1., 3.])
    """
    return eigh_tridiagonal.__wrapped__(d, e, True, select, select_range)


@spelled(theirs.eig_banded)
def eig_banded(
    a_band, lower=False, eigvals_only=False, overwrite_a_band=False, select="a", select_range=None, max_ev=0,
    check_finite=True,
):  # fmt: skip
    """The eigenvalues and eigenvectors of a Hermitian matrix given by the diagonals of one triangle.

    Gradient: by way of the dense matrix, in n**3 operations.

    Example:
        >>> eig_banded(np.array([[3.0, 1.0]]), eigvals_only=True)
        array([1., 3.])
    """
    dense = from_bands("eig_banded", a_band, lower)
    subset = _selected("eig_banded", select, select_range)
    found = eigh.__wrapped__(dense, lower=bool(lower), eigvals_only=eigvals_only, **subset)
    if eigvals_only:
        return found
    plain = as_whole(
        theirs.eig_banded, value_of(as_array(a_band)), lower, False, False, select, select_range
    )[1]
    return found[0], with_phases_of(plain, found[1])


@spelled(theirs.eigvals_banded)
def eigvals_banded(
    a_band, lower=False, overwrite_a_band=False, select="a", select_range=None, check_finite=True
):
    """The eigenvalues of a Hermitian matrix given by the diagonals of one triangle; as eig_banded.

    Example:
        >>> eigvals_banded(np.array([[3.0, 1.0]]))
        array([1., 3.])
    """
    return eig_banded.__wrapped__(a_band, lower, True, False, select, select_range)


# ------------------------------------------------------------------ general


@spelled(theirs.eig)
def eig(
    a, b=None, left=False, right=True, overwrite_a=False, overwrite_b=False, check_finite=True,
    homogeneous_eigvals=False,
):  # fmt: skip
    """The eigenvalues of a, or of the pair a, b: a @ v = b @ v * w; with right and left eigenvectors.

    Shapes: a, b (n, n) -> w (n,), complex; vl if `left`, vr if `right` (n, n), columns of length one.

    Gradient: defined for functions that do not change with the phases of the eigenvectors.

    Errors: NotDifferentiable for homogeneous eigenvalues; MatrixError if b is singular, or in the
    backward pass where a is defective, or for vectors of equal eigenvalues.

    Example:
        >>> eig(np.diag([3.0, 1.0]))[0]
        array([3.+0.j, 1.+0.j])
    """
    if homogeneous_eigvals:
        raise NotDifferentiable("eig: homogeneous eigenvalues have no derivative here")
    a = squares("eig", a)
    if a.ndim != 2:
        raise MatrixShapeError(f"eig: one matrix at a time has a derivative, got a {tuple(a.shape)}")
    b = None if b is None else squares("eig", b)
    plain = as_whole(theirs.eig, value_of(a), None if b is None else value_of(b), left=True)
    values, vectors = eigen.eig(a if b is None else linear_systems.solve(b, a))
    order = _order_of(plain[0], value_of(values))
    values, vectors = values[order], vectors[:, order]
    found = [
        values if values.dtype.kind == "c" else astype(values, np.result_type(values.dtype, np.complex64))
    ]
    if left:
        lefts = mH(linear_systems.inv(vectors))
        lefts = lefts if b is None else linear_systems.solve(mH(b), lefts)
        found.append(with_phases_of(plain[1], lefts / _lengths(lefts)))
    if right:
        found.append(with_phases_of(plain[2], vectors))
    return tuple(found) if len(found) > 1 else found[0]


def _order_of(wanted, values):
    """The order in which values are the wanted ones."""
    left, order = list(range(len(values))), []
    for w in wanted:
        order.append(min(left, key=lambda i, w=w: abs(values[i] - w)))
        left.remove(order[-1])
    return np.array(order, int)


def _lengths(x):
    squares_ = real(x) * real(x) + imag(x) * imag(x) if x.dtype.kind == "c" else x * x
    return sqrt(sum(squares_, -2, True))


@spelled(theirs.eigvals)
def eigvals(a, b=None, overwrite_a=False, check_finite=True, homogeneous_eigvals=False):
    """The eigenvalues of a, or of the pair a, b; as eig.

    Example:
        >>> eigvals(np.diag([3.0, 1.0]))
        array([3.+0.j, 1.+0.j])
    """
    return eig.__wrapped__(a, b, right=False, homogeneous_eigvals=homogeneous_eigvals)
