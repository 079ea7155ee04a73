"""Polynomials that fit points best."""

from __future__ import annotations

import numpy as np

from .composed import composed, plain
from .contractions import matmul
from .elementwise import sqrt
from .linear_systems import inv
from .matrices import conj
from .ranges import vander
from .reductions import sum as total
from .shapes import as_array, astype, reshape, transpose
from .singular_values import svdvals
from .sizes import absolute


@composed(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The polynomial of a degree that fits points best, in the sense of least squares.

    Args:
        x: (n,); y: (n,) or (n, k); w: (n,), weights of the residuals; cov: whether to give the
            covariance of the coefficients too, "unscaled" if weights are reciprocal deviations.

    Gradient: to x, y and w, also of the residuals and singular values of `full=True`; the points must
    determine the polynomial.

    Example:
        >>> polyfit(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]), 1).round(12) + 0.0
        array([2., 1.])
    """
    x, y = _wide(x), _wide(y)
    first = np.polyfit(plain(x), plain(y), deg, rcond, full, plain(w))
    first, *about = first if full else (first,)
    matrix, right = vander(x, int(deg) + 1), y
    if w is not None:
        w = _wide(w)
        matrix = matrix * reshape(w, (-1, 1))
        right = right * reshape(w, (-1,) + (1,) * (y.ndim - 1))
    scale = sqrt(total(matrix * matrix, 0))
    matrix = matrix / scale
    known = (first.T * plain(scale)).T
    adjoint = transpose(conj(matrix))
    inverse = inv(matmul(adjoint, matrix))
    # for any constant the same; for this one also to the last digits
    fitted = matmul(inverse, matmul(adjoint, right - matmul(matrix, known))) + known
    found = transpose(transpose(fitted) / scale)
    if not (cov or full):
        return found
    rest = total(absolute(right - matmul(matrix, fitted)) ** 2, 0)
    if full:
        residuals, rank, _, cut = about
        return found, reshape(rest, (-1,)) if residuals.size else residuals, rank, svdvals(matrix), cut
    if matrix.dtype.kind == "c":  # NumPy's covariance does not conjugate
        inverse = inv(matmul(transpose(matrix), matrix))
    spread = inverse / (reshape(scale, (-1, 1)) * scale)
    factor = 1.0 if cov == "unscaled" else rest / (x.shape[0] - spread.shape[0])
    if y.ndim > 1:
        spread = reshape(spread, (*spread.shape, 1))
    return found, spread * factor


def _wide(x):
    """x as numpy.vander has it: no narrower than an integer needs."""
    x = as_array(x)
    dtype = np.promote_types(x.dtype, np.float64 if x.dtype.kind in "iub" else int)
    return x if x.dtype == dtype else astype(x, dtype)
