"""numpy.i0, and the modified Bessel functions that its derivatives are made of."""

from __future__ import annotations

import math

import numpy as np

from ..declare import case, primitive
from ..errors import OperandError
from .composed import composed
from .shapes import as_array


def _series(x, n):
    """I_n by its power series, all of whose terms have one sign (DLMF 10.25.2)."""
    half = x / 2
    term = half**n / math.factorial(n)
    total, square = term.copy(), half * half
    for k in range(1, 120):
        term = term * square / (k * (k + n))
        total += term
    return total


def _tail(x, n):
    """I_n of large numbers, by its asymptotic expansion (DLMF 10.40.1)."""
    term = total = np.ones_like(x)
    for k in range(1, 24):
        term = -term * (4 * n * n - (2 * k - 1) ** 2) / (8 * k * x)
        total = total + term
    return total * np.exp(x) / np.sqrt(2 * np.pi * x)


def _by_integral(x, n):
    """I_n by Bessel's integral (DLMF 10.32.3), whose integrand is periodic, so that few points do."""
    angles = np.arange(200) * (np.pi / 100)
    return np.mean(np.exp(np.multiply.outer(x, np.cos(angles))) * np.cos(n * angles), axis=-1)


def _bessel(x, n):
    if x.dtype.kind == "c":
        raise OperandError("i0: not defined for complex numbers, as in NumPy")
    size = np.abs(x.astype(np.promote_types(x.dtype, np.float64)))
    large = size > 40 + n * n
    out = np.where(large, _tail(np.where(large, size, 50.0), n), _series(np.where(large, 0.0, size), n))
    return np.where((x < 0) & (n % 2 == 1), -out, out).astype(x.dtype)


def _d_bessel(g, x, n):
    # I_n' = (I_(n-1) + I_(n+1)) / 2, and I_(-1) = I_1
    return g * bessel_i(x, 1) if n == 0 else g * (0.5 * (bessel_i(x, n - 1) + bessel_i(x, n + 1)))


bessel_i = primitive(
    _bessel,
    ["x"],
    name="bessel_i",
    vjp={"x": _d_bessel},
    jvp={"x": lambda t, out, x, n: _d_bessel(t, x, n)},
    batch="same", cases=[case((2, 3), n=0), case((2, 3), n=1), case((2,), n=3)],
    reference=_by_integral,
    doc="The modified Bessel function of the first kind, of a whole order n >= 0.",
)  # fmt: skip


@composed(np.i0)
def i0(x):
    """The modified Bessel function of the first kind, of order 0. Gradient: that of order 1.

    Example:
        >>> float(i0(np.array(0.0)))
        1.0
    """
    return bessel_i(as_array(x), 0)
