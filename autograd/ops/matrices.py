"""What the functions of matrices share: adjoints, triangles, LAPACK's dtypes, equal values."""

from __future__ import annotations

import functools

import numpy as np

from ..codegen import FAST
from ..errors import MatrixError, MatrixShapeError
from ..memory import ARRAYS
from ..tape import TensorBase
from .complex import conjugate, real
from .shapes import as_array, astype

# LAPACK has neither halves nor long doubles: they are computed in these, and cast back.
_NEAREST = {"e": np.float32, "g": np.float64, "G": np.complex128}


def in_lapack(function, *arrays, **options):
    """The result of a function of `numpy.linalg`, also for dtypes that LAPACK has not."""
    if _NEAREST.keys().isdisjoint([a.dtype.char for a in arrays]):
        return function(*arrays, **options)
    dtype = np.result_type(*arrays)
    nearest = _NEAREST.get(dtype.char, dtype)
    out = function(*(a.astype(nearest) for a in arrays), **options)
    if isinstance(out, tuple):
        parts = [_cast_back(part, dtype) for part in out]
        return out._make(parts) if hasattr(out, "_make") else tuple(parts)
    return _cast_back(out, dtype)


def _cast_back(out, dtype):
    if out.dtype.kind == "f":
        return out.astype(np.finfo(dtype).dtype)
    return out.astype(np.clongdouble) if out.dtype.kind == "c" and dtype.char in "gG" else out


def matrices(name, x):
    """x as an array of matrices.

    Errors: MatrixShapeError if it is none.
    """
    x = as_array(x)
    if x.ndim < 2:
        raise MatrixShapeError(f"{name}: expected matrices, got shape {tuple(x.shape)}")
    return x


def squares(name, x):
    """x as an array of square matrices.

    Errors: MatrixShapeError if it is none.
    """
    x = as_array(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise MatrixShapeError(f"{name}: expected square matrices, got shape {tuple(x.shape)}")
    return x


def value_of(x):
    """The plain array or number in x."""
    return x._data if isinstance(x, TensorBase) else x


def conj(x):
    """The complex conjugate; x itself if it is real."""
    return conjugate(x) if x.dtype.kind == "c" else x


def mT(x):
    """x with its last two axes exchanged; rules call it on arrays, whose own method is the fastest."""
    return x.swapaxes(-1, -2)


def times(x, y):
    """x @ y; of two plain matrices by `dot`, which takes a third of the time."""
    return x.dot(y) if type(x) in ARRAYS and type(y) in ARRAYS and x.ndim == y.ndim == 2 else x @ y


def columns(x, k):
    """The first k columns of x."""
    return x if x.shape[-1] == k else x[..., :k]


def mH(x):
    """x with its last two axes exchanged, conjugated."""
    return conj(mT(x))


def like(g, dtype):
    """A cotangent as one of an argument of this dtype: its real part if that is real."""
    g = real(g) if g.dtype.kind == "c" and dtype.kind != "c" else g
    return g if g.dtype == dtype else astype(g, dtype)


@functools.lru_cache(256)
def _constant(n, dtype, kind):
    """A matrix that rules multiply by, made once: nobody writes into it."""
    made = np.eye(n, dtype=dtype)
    if kind != "eye":
        made = np.tri(n, dtype=dtype) - made / 2
        made = made if kind == "lower" else made.T
    made.flags.writeable = False
    return made


def eye(x):
    """The identity, of the real dtype of x."""
    return _constant(x.shape[-1], real_dtype(x), "eye")


@functools.cache
def _real_dtype(dtype):
    return np.finfo(dtype).dtype


def real_dtype(x):
    """The dtype of the real part of x."""
    return _real_dtype(x.dtype)


def on_diagonal(values):
    """Matrices with the last axis of `values` on their diagonal."""
    return values[..., None, :] * eye(values)


def half_triangle(x, lower=True):
    """Ones below the diagonal, halves on it, zeros above; for `lower=False` transposed."""
    return _constant(x.shape[-1], real_dtype(x), "lower" if lower else "upper")


def hermitian_from(x, lower=True):
    """The Hermitian matrix that one triangle of x stands for; its diagonal is taken as real."""
    half = x * half_triangle(x, lower)
    return half + mH(half)


def to_triangle(w, lower=True):
    """What becomes of a cotangent where `hermitian_from` made the matrix: its adjoint."""
    return (w + mH(w)) * half_triangle(w, lower)


@functools.cache
def eps_of(dtype):
    """The distance from 1 to the next number, as a number of Python's."""
    return float(np.finfo(dtype).eps)


class Gaps:
    """The differences of the values of a matrix, and which of them are between equal ones, but for rounding.

    `gaps[i, j]` is `values[j] - values[i]`; `x` has the vectors.
    """

    __slots__ = ("equal", "gaps", "name", "some")

    def __init__(self, name, x, values):
        self.name, self.gaps = name, values[..., None, :] - values[..., :, None]
        most, n = np.abs(value_of(values)), values.shape[-1]
        if n:
            most = np.maximum.reduce(most, -1, None, None, True)
        rounding = 4 * max(x.shape[-2:]) * eps_of(most.dtype) * most[..., None]
        self.equal = np.abs(value_of(self.gaps)) <= rounding
        self.some = n > 0 and np.count_nonzero(self.equal) > self.equal.size // n  # more than the diagonals

    def under(self, turned, told=()):
        """turned / gaps, element by element, and 0 where the gap is one of equal values.

        The vectors of equal values may turn among themselves. A cotangent that tells them apart, in
        the vectors' own basis (`told`, one or two matrices), belongs to a function that has no
        derivative there, or whose derivative cannot be had from this cotangent.

        Errors: MatrixError for such a cotangent.
        """
        if self.some:
            among = self.equal & ~np.eye(self.equal.shape[-1], dtype=bool)
            for matrix in told:
                size = np.abs(value_of(matrix))
                most = size.max((-2, -1), keepdims=True, initial=0)
                if np.any(among & (size > 1e3 * eps_of(size.dtype) * most)):
                    raise untold(self.name)
        return turned * (~self.equal / (self.gaps + self.equal))

    def look_back(self):
        """Have the sweep that runs look back, if it can, at where a cotangent came from."""
        if self.some and FAST["faults"].roots is not None:
            raise untold(self.name)

    def untold(self):
        """The error of a function that tells the vectors of equal values apart."""
        return untold(self.name)

    def refuse_mixed(self, to_values):
        """Refuse a cotangent of equal values that comes together with one of the vectors.

        Of a function of both, such as v * w @ v.T, it says nothing on how the vectors turn; that of the
        vectors would say it only where they are not equal.
        """
        if self.some and to_values is not None:
            among = self.equal.sum(-1) > 1
            if np.any(among & (value_of(to_values) != 0)):
                raise untold(self.name)


class Untold(MatrixError):
    """What the vectors of equal values would have to say, a cotangent of arrays does not say.

    A sweep that meets it looks back at where the cotangent came from; see `clusters.py`.
    """


def untold(name):
    """The error of asking for the derivative of vectors of equal values."""
    return Untold(
        f"{name}: no derivative where values are equal, of a function that tells their vectors apart"
    )
