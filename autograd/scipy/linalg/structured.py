"""Matrices of a structure, made of vectors: gathers, whose derivatives are sums over equal elements."""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentError, MatrixShapeError
from ...ops import linear_systems
from ...ops.complex import real
from ...ops.fft import fft, ifft
from ...ops.indexing import getitem, setitem
from ...ops.joining import concatenate
from ...ops.matrices import conj, matrices, value_of
from ...ops.shapes import as_array, moveaxis, reshape, zeros_like
from ...ops.sizes import absolute
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .matrices import in_double, vector

theirs = load("linalg")


@spelled(theirs.toeplitz)
def toeplitz(c, r=None):
    """The matrix with c as its first column and r as its first row, constant along diagonals.

    Shapes: c (m,), r (n,), whose first element is not read -> (m, n).

    Gradient: to each element the sum along its diagonal. r is conj(c) if not given.

    Example:
        >>> toeplitz(np.array([1.0, 2.0]), np.array([9.0, 3.0]))
        array([[1., 3.],
               [2., 1.]])
    """
    c = vector("toeplitz", "c", c)
    r = conj(c) if r is None else vector("toeplitz", "r", r)
    m, n = c.shape[0], r.shape[0]
    places = m - 1 - np.arange(m)[:, None] + np.arange(n)
    return getitem(concatenate([c[::-1], r[1:]]), places)


@spelled(theirs.hankel)
def hankel(c, r=None):
    """The matrix with c as its first column and r as its last row, constant along antidiagonals.

    Example:
        >>> hankel(np.array([1.0, 2.0]), np.array([9.0, 3.0]))
        array([[1., 2.],
               [2., 3.]])
    """
    c = vector("hankel", "c", c)
    r = zeros_like(c) if r is None else vector("hankel", "r", r)
    m, n = c.shape[0], r.shape[0]
    return getitem(concatenate([c, r[1:]]), np.arange(m)[:, None] + np.arange(n))


@spelled(theirs.circulant)
def circulant(c):
    """The matrix whose columns are c, turned on by one each.

    Shapes: c (..., n) -> (..., n, n).

    Example:
        >>> circulant(np.array([1.0, 2.0]))
        array([[1., 2.],
               [2., 1.]])
    """
    c = as_array(c)
    n = c.shape[-1]
    return getitem(c, (..., (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)))


@spelled(theirs.convolution_matrix)
def convolution_matrix(a, n, mode="full"):
    """The matrix m with m @ v = convolve(a, v, mode) for vectors v of n elements.

    Example:
        >>> convolution_matrix(np.array([1.0, 2.0]), 2)
        array([[1., 0.],
               [2., 1.],
               [0., 2.]])
    """
    a = vector("convolution_matrix", "a", a, 1)
    if mode not in ("full", "valid", "same"):
        raise ArgumentError(f"convolution_matrix: mode must be 'full', 'valid' or 'same', got {mode!r}")
    size = a.shape[0]
    empty = np.zeros(max(n - 1, 0), a.dtype)
    rows = np.arange(size + n - 1)[:, None] - np.arange(n) + (n - 1)
    whole = getitem(concatenate([empty, a, empty]), rows)
    if mode == "full":
        return whole
    short, long = sorted((size, n))
    start, count = (short - 1, long - short + 1) if mode == "valid" else ((short - 1) // 2, long)
    return whole[start : start + count]


@spelled(theirs.companion)
def companion(a):
    """The companion matrix of a polynomial, from its coefficients, the highest first.

    Shapes: a (..., n + 1) -> (..., n, n).

    Example:
        >>> companion(np.array([1.0, -3.0, 2.0]))
        array([[ 3., -2.],
               [ 1.,  0.]])
    """
    a = as_array(a)
    if a.shape[-1] < 2:
        raise MatrixShapeError(f"companion: a must have 2 coefficients or more, got {tuple(a.shape)}")
    if np.any(value_of(a)[..., 0] == 0):
        raise ArgumentError("companion: the first coefficient must not be 0")
    first = -a[..., 1:] / a[..., :1]
    n = first.shape[-1]
    below = np.broadcast_to(np.eye(n - 1, n, dtype=first.dtype), (*first.shape[:-1], n - 1, n))
    return concatenate([first[..., None, :], below], -2)


@spelled(theirs.leslie)
def leslie(f, s):
    """The Leslie matrix of the rates of birth f, its first row, and of survival s, below the diagonal.

    Example:
        >>> leslie(np.array([0.0, 2.0]), np.array([0.5]))
        array([[0. , 2. ],
               [0.5, 0. ]])
    """
    f, s = vector("leslie", "f", f, 2), vector("leslie", "s", s)
    n = f.shape[0]
    if s.shape[0] != n - 1:
        raise MatrixShapeError(
            f"leslie: s must have one element less than f {tuple(f.shape)}, got {tuple(s.shape)}"
        )
    empty = np.zeros((n, n), np.result_type(f.dtype, s.dtype))
    out = setitem(empty, f, (0, slice(None)))
    return setitem(out, s, (np.arange(1, n), np.arange(n - 1)))


@spelled(theirs.fiedler)
def fiedler(a):
    """The matrix of the distances |a[i] - a[j]|.

    Example:
        >>> fiedler(np.array([1.0, 4.0]))
        array([[0., 3.],
               [3., 0.]])
    """
    a = as_array(a)
    return absolute(a[..., :, None] - a[..., None, :])


@spelled(theirs.block_diag)
def block_diag(*arrs):
    """The matrix with these matrices along its diagonal, and zeros elsewhere; vectors are rows.

    Example:
        >>> block_diag(np.eye(1), np.array([[2.0, 3.0]]))
        array([[1., 0., 0.],
               [0., 2., 3.]])
    """
    blocks = [as_array(a) for a in arrs]
    blocks = [reshape(a, (1, -1)) if a.ndim < 2 else a for a in blocks]
    lead = np.broadcast_shapes(*[tuple(a.shape[:-2]) for a in blocks])
    dtype = np.result_type(*[a.dtype for a in blocks])
    rows = np.cumsum([0, *[a.shape[-2] for a in blocks]])
    columns = np.cumsum([0, *[a.shape[-1] for a in blocks]])
    out = np.zeros((*lead, rows[-1], columns[-1]), dtype)
    for i, block in enumerate(blocks):
        place = (..., slice(rows[i], rows[i + 1]), slice(columns[i], columns[i + 1]))
        out = setitem(out, block, place)
    return out


@spelled(theirs.khatri_rao)
def khatri_rao(a, b):
    """The Kronecker products of the columns of a and of b, column by column.

    Example:
        >>> khatri_rao(np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])).ravel()
        array([3., 4., 6., 8.])
    """
    a, b = matrices("khatri_rao", a), matrices("khatri_rao", b)
    if a.shape[-1] != b.shape[-1]:
        raise MatrixShapeError(
            f"khatri_rao: a {tuple(a.shape)} and b {tuple(b.shape)} must have as many columns"
        )
    products = a[..., :, None, :] * b[..., None, :, :]
    return reshape(products, (*products.shape[:-3], -1, products.shape[-1]))


@spelled(theirs.diagsvd)
def diagsvd(s, M, N):
    """The (M, N) matrix with the singular values s on its diagonal.

    Example:
        >>> diagsvd(np.array([1.0, 2.0]), 2, 3)
        array([[1., 0., 0.],
               [0., 2., 0.]])
    """
    s = vector("diagsvd", "s", s)
    if s.shape[0] != min(M, N):
        raise MatrixShapeError(f"diagsvd: s must have min(M, N) = {min(M, N)} elements, got {s.shape[0]}")
    places = np.arange(s.shape[0])
    return setitem(np.zeros((M, N), s.dtype), s, (places, places))


# ------------------------------------------------------------------ systems of them


def _column_and_row(name, c_or_cr):
    if isinstance(c_or_cr, tuple):
        c, r = (vector(name, which, x) for which, x in zip("cr", c_or_cr, strict=True))
        return c, r
    c = vector(name, "c", c_or_cr)
    return c, conj(c)


@spelled(theirs.solve_toeplitz)
def solve_toeplitz(c_or_cr, b, check_finite=True):
    """The x with toeplitz(c, r) @ x = b.

    Gradient: by way of the dense matrix, in n**3 operations.

    Example:
        >>> solve_toeplitz(np.array([2.0, 0.0]), np.array([2.0, 4.0]))
        array([1., 2.])
    """
    c, r = _column_and_row("solve_toeplitz", c_or_cr)
    return linear_systems.solve(toeplitz.__wrapped__(c, r), b)


@spelled(theirs.matmul_toeplitz)
def matmul_toeplitz(c_or_cr, x, check_finite=False, workers=None):
    """toeplitz(c, r) @ x.

    Example:
        >>> matmul_toeplitz(np.array([2.0, 0.0]), np.array([2.0, 4.0])).round(12)
        array([4., 8.])
    """
    c, r = (in_double(x) for x in _column_and_row("matmul_toeplitz", c_or_cr))
    x = in_double(as_array(x))
    if not x.ndim or x.shape[0] != r.shape[0]:
        raise MatrixShapeError(f"matmul_toeplitz: x must have {r.shape[0]} rows, got {tuple(x.shape)}")
    flat = reshape(x, (x.shape[0], -1))
    return reshape(toeplitz.__wrapped__(c, r) @ flat, (c.shape[0], *x.shape[1:]))


@spelled(theirs.solve_circulant)
def solve_circulant(c, b, singular="raise", tol=None, caxis=-1, baxis=0, outaxis=0):
    """The x with circulant(c) @ x = b, by Fourier transforms: x = ifft(fft(b) / fft(c)).

    Errors: ArgumentError for `singular='lstsq'`, which has no derivative; MatrixError from SciPy.

    Example:
        >>> solve_circulant(np.array([2.0, 0.0]), np.array([2.0, 4.0]))
        array([1., 2.])
    """
    c, b = as_array(c), as_array(b)
    as_whole(theirs.solve_circulant, value_of(c), value_of(b), "raise", tol, caxis, baxis, outaxis)
    c, b = moveaxis(c, caxis, -1), moveaxis(b, baxis, -1)
    x = ifft(fft(b) / fft(c))
    if c.dtype.kind != "c" and b.dtype.kind != "c":
        x = real(x)
    return moveaxis(x, -1, outaxis)
