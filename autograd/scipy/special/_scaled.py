"""Derivatives of exp(x**2) erfc(x), of Dawson's integral and of Faddeeva's function.

All solve f' = 2 s z f + c with s = 1 or -1, so each derivative is the recurrence
f[n+1] = 2 s (z f[n] + n f[n-1]). Far out, where that is a difference of what is nearly equal, they are
those of the asymptotic series f = -c / (2 s z) * sum((-s)**k (2k-1)!! / (2 z**2)**k).

Source: DLMF 7.10.2 to 7.10.4 and 7.12.1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import OperandError
from .. import load

sc = load("special")

_ROOT = 1 / math.sqrt(math.pi)
# of each: s, c, and where the asymptotic series holds to all digits
_FAMILIES: dict[str, tuple] = {
    "erfcx": (1, -2 * _ROOT, lambda z: (np.real(z) >= 0) & (np.abs(z) > 6.5)),
    "dawsn": (-1, 1.0, lambda z: np.real(z * z) > 42),
    "wofz": (-1, 2j * _ROOT, lambda z: (np.imag(z) >= 0) & (np.abs(z) > 6.5)),
}
_TERMS = 26


def derivative(x: Any, n: int, family: str) -> Any:
    """The n-th derivative, n >= 1, of erfcx, dawsn or wofz."""
    x = np.asarray(x)
    if x.dtype.char in "gG":
        raise OperandError(f"scaled_derivative: not defined for {x.dtype}, as SciPy's functions are not")
    s, c, far = _FAMILIES[family]
    wide = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    with np.errstate(all="ignore"):
        there = far(wide)
        near = _recurrence(np.where(there, 1.0, wide), n, s, c, getattr(sc, family))
        out = np.where(there, _series(np.where(there, wide, 9.0), n, s, c), near)
    kept = np.result_type(x.dtype, np.float32)
    return out.astype(np.result_type(kept, np.complex64) if out.dtype.kind == "c" else kept)[()]


def _recurrence(z: np.ndarray, n: int, s: int, c: complex, function: Any) -> np.ndarray:
    before = function(z)
    here = 2 * s * z * before + c
    for k in range(1, n):
        before, here = here, 2 * s * (z * here + k * before)
    return here


def _series(z: np.ndarray, n: int, s: int, c: complex) -> np.ndarray:
    """Each power z**-(2k+1) differentiated n times; terms are left out from where they would grow."""
    inverse = 1 / (z * z)
    term = -c / (2 * s) * (-1) ** n * math.factorial(n) * z ** -(n + 1.0)
    total, growing = term, np.zeros(z.shape, bool)
    for k in range(1, _TERMS):
        following = (
            term * inverse * (-s * (2 * k - 1) / 2 * (2 * k + n) * (2 * k + n - 1) / (2 * k * (2 * k - 1)))
        )
        growing |= ~(np.abs(following) < np.abs(term))
        term = np.where(growing, 0.0, following)
        total = total + term
    return total
