"""Triangles of matrices, and their inverses, which the derivatives of factorisations multiply by.

NumPy has no inverse but the general one, which factorises what is a factor already. SciPy's LAPACK,
where it is installed, takes a third of the time.
"""

from __future__ import annotations

import functools

import numpy as np

from ..declare import case, primitive
from .linear_systems import inverse_of
from .matrices import in_lapack, mT, real_dtype

_LAPACK = {"f": "strtri", "d": "dtrtri", "F": "ctrtri", "D": "ztrtri"}
_FULL = np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])


def triangle(x, lower=True, k=0):
    """x with zeros above its diagonal, or below it; with k = 1 on it as well."""
    return x * _mask(*x.shape[-2:], lower, k, real_dtype(x))


@functools.lru_cache(256)
def _mask(m, n, lower, k, dtype):
    """A matrix that `triangle` multiplies by, made once: nobody writes into it."""
    made = np.tri(m, n, -k, dtype) if lower else np.tri(n, m, -k, dtype).T
    made.flags.writeable = False
    return made


def _inverse(x, lower=False):
    invert = _lapacks(x.dtype.char) if x.ndim == 2 and x.size else None
    if invert is None:  # batches, halves and long doubles
        return in_lapack(np.linalg.inv, triangle(x, lower))
    found, singular = invert(x, lower=lower)
    if singular:
        raise np.linalg.LinAlgError("singular matrix")
    return triangle(found, lower)  # beyond it are elements of x


@functools.cache
def _lapacks(kind):
    """LAPACK's inverse for matrices of a dtype; None if there is none."""
    try:
        from scipy.linalg import lapack
    except Exception:  # a broken install is as none
        return None
    return getattr(lapack, _LAPACK[kind]) if kind in _LAPACK else None


_inv_triangle = primitive(
    _inverse,
    ["x"],
    name="inv_triangle",
    vjp={"x": lambda g, out, lower: -triangle(mT(out) @ g @ mT(out), lower)},
    jvp={"x": lambda t, out, x, lower: -(out @ triangle(t, lower) @ out)},
    batch="same",
    reference=lambda x, lower=False: np.linalg.inv(np.tril(x) if lower else np.triu(x)),
    cases=[case(_FULL), case(_FULL, lower=True), case(np.stack([_FULL, _FULL @ _FULL]))],
    doc="The inverse of the upper or the lower triangle of a matrix.",
)


def inverse_of_triangle(name, x, what, lower=False):
    """The inverse of a triangle inside the derivative of another function, which the error names."""
    return inverse_of(name, x, what, lambda x: _inv_triangle(x, lower))
