"""Systems of banded matrices, kept as their diagonals: ab[u + i - j, j] = a[i, j]."""

from __future__ import annotations

import numpy as np

from ...batched_calls import CLASSES
from ...declare import case, primitive
from ...errors import ArgumentError, MatrixShapeError
from ...ops import factorisations
from ...ops.indexing import getitem, setitem
from ...ops.joining import concatenate, stack
from ...ops.matrices import conj, in_lapack, value_of
from ...ops.reductions import sum
from ...ops.shapes import as_array, moveaxis, reshape, zeros_like
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .matrices import right_side

theirs = load("linalg")

_BANDS = np.array(
    [[9.0, 0.5, -1.0, 0.4], [3.0, 4.0, -3.5, 5.0], [1.0, 0.3, 0.7, 9.0], [0.2, -0.1, 9.0, 9.0]]
)


def shifted(x, places):
    """x moved along its first axis, with zeros for what comes in."""
    n = x.shape[0]
    k = min(abs(places), n)
    if not k:
        return x
    empty = zeros_like(value_of(x[:k]))
    return concatenate([empty, x[: n - k]] if places > 0 else [x[k:], empty])


def transposed(ab, low, up):
    """The diagonals of the transpose, which has `up` below and `low` above."""
    return stack([shifted(ab[up + d], d) for d in range(low, -up - 1, -1)])


def _d_banded(g, ab, out, low, up, wanted):
    to_b = _banded(transposed(ab, low, up), g, up, low)
    to_ab = None
    if 0 in wanted:
        to_ab = -stack([sum(shifted(to_b, d) * out, -1) for d in range(up, -low - 1, -1)])
    return [to_ab, to_b]


def _moved_by_bands(t, out, ab, b, low, up):
    moved = sum(stack([shifted(t[up - d][:, None] * out, -d) for d in range(up, -low - 1, -1)]), 0)
    return -_banded(ab, moved, low, up)


def _of_examples(call):
    """Right sides of one matrix are its columns; matrices that differ are taken one after the other."""
    if call.batched[0]:
        return CLASSES["loop"](call)
    b = moveaxis(call.args[1], 0, 1)
    return moveaxis(reshape(call.run([call.args[0], reshape(b, (b.shape[0], -1))]), b.shape), 1, 0)


_banded = primitive(
    lambda ab, b, low, up: in_lapack(
        lambda m, r: theirs.solve_banded((low, up), m, r, check_finite=False), ab, b
    ),
    ["ab", "b"],
    name="solve_banded",
    vjp=_d_banded,
    batch=_of_examples,
    analytic=True,
    jvp={"ab": _moved_by_bands, "b": lambda t, out, ab, b, low, up: _banded(ab, t, low, up)},
    reference=lambda ab, b, low, up: np.linalg.solve(_dense(ab, low, up), b),
    cases=[case(_BANDS, (4, 2), low=2, up=1), case(_BANDS[:2], (4, 1), low=0, up=1)],
    doc="The x with a @ x = b, where a has `low` diagonals below the main one and `up` above it.",
)


def _dense(ab, low, up):
    n = ab.shape[1]
    a = np.zeros((n, n), ab.dtype)
    for d in range(-low, up + 1):
        for j in range(max(0, d), min(n, n + d)):
            a[j - d, j] = ab[up - d, j]
    return a


def _bands(name, ab, rows=None):
    ab = as_array(ab)
    if ab.ndim != 2 or (rows is not None and ab.shape[0] != rows):
        wanted = "diagonals as the rows of a matrix" if rows is None else f"{rows} diagonals as rows"
        raise MatrixShapeError(f"{name}: expected {wanted}, got ab {tuple(ab.shape)}")
    return ab


@spelled(theirs.solve_banded)
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """The x with a @ x = b, for a matrix a given by its diagonals.

    Args:
        l_and_u: how many diagonals there are below and above the main one.
        ab: (l + u + 1, n) with ab[u + i - j, j] = a[i, j].
        b: (n,) or (n, k).

    Gradient: to the elements of ab that stand for elements of a; the others get zero.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is singular; MatrixShapeError.

    Example:
        >>> solve_banded((0, 1), np.array([[0.0, 1.0], [2.0, 2.0]]), np.array([4.0, 2.0]))
        array([1.5, 1. ])
    """
    low, up = l_and_u
    ab = _bands("solve_banded", ab, low + up + 1)
    b, was_vector = _columns("solve_banded", ab, b)
    x = _banded(ab, b, int(low), int(up))
    return x[:, 0] if was_vector else x


def _columns(name, ab, b):
    b, was_vector = right_side(name, ab, b)
    if b.ndim != 2:
        raise MatrixShapeError(f"{name}: b must have one or two axes, got {tuple(b.shape)}")
    return b, was_vector


@spelled(theirs.solveh_banded)
def solveh_banded(ab, b, overwrite_ab=False, overwrite_b=False, lower=False, check_finite=True):
    """The x with a @ x = b, for a Hermitian positive definite a given by its diagonals of one triangle.

    Shapes: ab (u + 1, n); b (n,) or (n, k) -> that of b.

    Gradient: to the elements of ab that stand for elements of a.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is not positive definite; MatrixShapeError.

    Example:
        >>> solveh_banded(np.array([[2.0, 4.0]]), np.array([2.0, 2.0]))
        array([1. , 0.5])
    """
    ab = _bands("solveh_banded", ab)
    as_whole(theirs.solveh_banded, value_of(ab), value_of(as_array(b)), lower=lower)  # refuses what it must
    u = ab.shape[0] - 1
    upper = ab if not lower else stack([shifted(conj(ab[d]), d) for d in range(u, -1, -1)])
    below = [shifted(conj(upper[u - d]), -d) for d in range(1, u + 1)]
    whole = concatenate([upper, stack(below)]) if below else upper
    return solve_banded.__wrapped__((u, u), whole, b)


@spelled(theirs.cholesky_banded)
def cholesky_banded(ab, overwrite_ab=False, lower=False, check_finite=True):
    """The Cholesky factor of a Hermitian positive definite matrix; both given by diagonals.

    Gradient: by way of the dense matrix, in n**3 operations.

    Errors: MatrixError (a numpy.linalg.LinAlgError) if a is not positive definite; MatrixShapeError.

    Example:
        >>> cholesky_banded(np.array([[4.0, 9.0]]))
        array([[2., 3.]])
    """
    ab = _bands("cholesky_banded", ab)
    rows, columns, place = _places(ab, lower)
    n = ab.shape[1]
    dense = setitem(np.zeros((n, n), ab.dtype), ab[place], (rows, columns))
    factor = factorisations.cholesky(dense, upper=not lower)
    return setitem(np.zeros(ab.shape, ab.dtype), getitem(factor, (rows, columns)), place)


def _places(ab, lower):
    """Rows and columns of the elements that the diagonals of one triangle hold, and where they are."""
    u, n = ab.shape[0] - 1, ab.shape[1]
    k, j = np.indices((u + 1, n)).reshape(2, -1)
    i = j + k if lower else j - (u - k)
    there = (i >= 0) & (i < n)
    return i[there], j[there], (k[there], j[there])


@spelled(theirs.cho_solve_banded)
def cho_solve_banded(cb_and_lower, b, overwrite_b=False, check_finite=True):
    """The x with a @ x = b, by the factor of a that `cholesky_banded` gives.

    Example:
        >>> cho_solve_banded((np.array([[2.0, 3.0]]), False), np.array([4.0, 9.0]))
        array([1., 1.])
    """
    cb, lower = cb_and_lower
    cb = _bands("cho_solve_banded", cb)
    u = cb.shape[0] - 1
    below, above = (u, 0) if lower else (0, u)
    turned = conj(transposed(cb, below, above))
    factors = [(below, above, cb), (above, below, turned)]
    for low, up, each in factors if lower else factors[::-1]:
        b = solve_banded.__wrapped__((low, up), each, b)
    return b


def from_bands(name, ab, lower):
    """The triangle of the dense matrix whose diagonals these are."""
    ab = _bands(name, ab)
    rows, columns, place = _places(ab, lower)
    if not ab.shape[0]:
        raise ArgumentError(f"{name}: there is no diagonal in ab {tuple(ab.shape)}")
    return setitem(np.zeros((ab.shape[1],) * 2, ab.dtype), ab[place], (rows, columns))
