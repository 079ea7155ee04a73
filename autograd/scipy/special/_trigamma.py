"""The trigamma function, the derivative of digamma, by array operations.

For x > 0: four terms of the sum of 1 / (x + k)**2, two by two as functions of w = x (x + 3), so that nothing
cancels; and what is left from y = x + 4 on, which is odd in 1 / v for v = y - 1/2 but for terms beyond all
orders (DLMF 5.11.8 with h = 1/2, differentiated): (1 + u c(u)) / v with u = 1 / v**2.

SciPy sums the series of Hurwitz' zeta function instead, which is faster for a few numbers alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import load

sc = load("special")

_FEW, _TILE = 80, 8192  # up to here SciPy's zeta is faster; elements at a time
# c, interpolated at the Chebyshev nodes of 0 < u < 1 / 3.5**2; relative error of trigamma below 3e-16
_C = (
    -5.443462239395234, 3.0205418824729, -0.9205821491982146, 0.24303620078413452, -0.07535583805271273,
    0.033069135982886494, -0.023065447257255577, 0.02916666657983722, -0.08333333333328978, 1.0,
)  # fmt: skip


def trigamma_of(x: Any) -> Any:
    """trigamma(x) of real x, in single or double precision."""
    if x.size <= _FEW or not (np.minimum.reduce(x, None) > 0 and np.maximum.reduce(x, None) < 1e50):
        return sc.zeta(x.dtype.type(2), x)
    flat = np.ravel(x).astype(np.float64, copy=False)
    if flat.size <= _TILE:
        out = _by_series(flat)
    else:
        out = np.concatenate([_by_series(flat[i : i + _TILE]) for i in range(0, flat.size, _TILE)])
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _by_series(x: np.ndarray) -> np.ndarray:
    v = x + 3.5
    inverse = np.reciprocal(v)
    u = np.multiply(inverse, inverse, v)
    out = u * _C[0]
    for c in _C[1:-1]:
        out += c
        out *= u
    out += _C[-1]
    out *= inverse
    return np.add(out, _four_terms(x, inverse, u), out)


def _four_terms(x: np.ndarray, w: np.ndarray, top: np.ndarray) -> np.ndarray:
    """((2w + 9) (w + 2)**2 + (2w + 5) w**2) / (w (w + 2))**2, in memory that is given."""
    np.add(x, 3.0, w)
    w *= x
    np.multiply(w, 4.0, top)
    for c in (22.0, 44.0):
        top += c
        top *= w
    top += 36.0
    other = w + 2.0
    w *= other
    top /= w
    top /= w
    return top
