"""Truncated moments of log-gamma and log-beta variables: what derivatives by shape parameters are.

Of T with the gamma distribution of shape a, P(a, x) is the share below x, and (with psi the digamma
function) E[(log T - psi(a))**n; T < x] its kin, which are closed under differentiation. They are
computed as that share, which SciPy gives to all digits, times the average of the power over it: a
quotient of two integrals, in which all factors that could overflow cancel. Both are taken on the
side of the mean where x lies, in s = |log(t / x)|, where the density falls from its largest value;
the other side is what is left of the complete moment.

Source: H. Takahasi and M. Mori, Double exponential formulas for numerical integration, Publ. RIMS 9
(1974): the trapezoidal rule in u for s = exp(u - exp(-u)). Moments from cumulants: P. J. Smith, A
recursive formulation of the old problem of obtaining moments from cumulants, Am. Stat. 49 (1995).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import OperandError
from .. import load

sc = load("special")

_TILE = 2048  # elements at a time


def _nodes(step: float) -> tuple[np.ndarray, np.ndarray]:
    u = np.arange(-3.4, 4.0, step)
    s = np.exp(u - np.exp(-u))
    return s, s * (1 + np.exp(-u))


_NODES = _nodes(1 / 16)
FINER = _nodes(1 / 28)


def _average(scale: np.ndarray, weight: Callable, power: Callable, nodes: tuple) -> np.ndarray:
    """The average of power(s) with the weight exp(-weight(s)), s from 0 on."""
    s = scale[:, None] * nodes[0]
    w = np.exp(-weight(s)) * nodes[1]
    return np.sum(power(s) * w, axis=-1) / np.sum(w, axis=-1)


def _tiled(function: Callable, *arrays: Any) -> np.ndarray:
    """function of the arrays, broadcast and flat in double precision, part by part."""
    whole = np.broadcast_arrays(*arrays)
    if any(a.dtype.kind == "c" for a in whole):
        raise OperandError("not defined for complex numbers")
    dtype = np.result_type(*[a.dtype if a.dtype.kind == "f" else np.float64 for a in whole], np.float32)
    if dtype.itemsize > 8:
        raise TypeError(f"not defined for {dtype}, as SciPy's functions are not")  # named by the call
    flat = [np.ravel(a).astype(np.float64) for a in whole]
    out = np.empty(flat[0].size)
    with np.errstate(all="ignore"):
        for i in range(0, out.size, _TILE):
            out[i : i + _TILE] = function(*[a[i : i + _TILE] for a in flat])
    return out.reshape(whole[0].shape).astype(dtype)[()]


def _by_side(lower: np.ndarray, upper: bool, share: Any, average: Any, total: Any) -> np.ndarray:
    part = np.where(share == 0, 0.0, share * average)
    return np.where(lower == (not upper), part, total - part)


# ------------------------------------------------------------------ gamma


def gamma_moment(a: Any, x: Any, n: int, upper: bool) -> np.ndarray:
    """E[(log T - psi(a))**n; T < x], or of T > x, of T with the gamma distribution of shape a."""
    return gamma_moment_by(_NODES, a, x, n, upper)


def gamma_moment_by(nodes: tuple, a: Any, x: Any, n: int, upper: bool) -> np.ndarray:
    """`gamma_moment` with these nodes."""

    def part(a: np.ndarray, x: np.ndarray) -> np.ndarray:
        lower = x <= a
        share = np.where(lower, sc.gammainc(a, x), sc.gammaincc(a, x))
        side = np.where(lower, -1.0, 1.0)[:, None]
        steep, offset = np.abs(a - x), (np.log(x) - sc.psi(a))[:, None]
        average = _average(
            1 / (steep + np.sqrt(x) + 1e-300),
            lambda s: x[:, None] * np.expm1(side * s) - side * a[:, None] * s,
            lambda s: (offset + side * s) ** n,
            nodes,
        )
        found = _by_side(lower, upper, share, average, _gamma_total(a, n))
        return np.where((a > 0) & (x >= 0), found, np.nan)

    return _tiled(part, a, x)


def _gamma_total(a: np.ndarray, n: int) -> Any:
    """The central moment of log T, from its cumulants polygamma(k - 1, a)."""
    moments: list[Any] = [1.0, 0.0]
    for k in range(2, n + 1):
        moments.append(
            sum(math.comb(k - 1, j - 1) * sc.polygamma(j - 1, a) * moments[k - j] for j in range(2, k + 1))
        )
    return moments[n]


# ------------------------------------------------------------------ beta


def beta_moment(a: Any, b: Any, x: Any, m: int, n: int, upper: bool) -> np.ndarray:
    """E[(log T - E log T)**m * (log(1-T) - E log(1-T))**n; T < x] of T with the beta distribution."""
    return beta_moment_by(_NODES, a, b, x, m, n, upper)


def beta_moment_by(nodes: tuple, a: Any, b: Any, x: Any, m: int, n: int, upper: bool) -> np.ndarray:
    """`beta_moment` with these nodes."""

    def part(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
        lower = x <= a / (a + b)
        share = np.where(lower, sc.betainc(a, b, x), sc.betaincc(a, b, x))
        y = np.where(lower, x, 1 - x)[:, None]  # the rest is one side: T < y, of swapped parameters
        c, d = np.where(lower, a, b)[:, None], np.where(lower, b, a)[:, None]
        near, far = sc.psi(c) - sc.psi(c + d), sc.psi(d) - sc.psi(c + d)
        rest = np.log1p(-y)
        one, two = (np.where(lower, p, q)[:, None] for p, q in ((m, n), (n, m)))
        curve = (d - 1) * y / (1 - y)
        scale = 1 / (np.abs(c - curve) + np.sqrt(np.abs(curve) / (1 - y)) + 1e-300)

        def beyond(s: np.ndarray) -> np.ndarray:
            return np.log1p(-y * np.exp(-s))

        average = _average(
            scale[:, 0],
            lambda s: c * s - (d - 1) * (beyond(s) - rest),
            lambda s: (np.log(y) - s - near) ** one * (beyond(s) - far) ** two,
            nodes,
        )
        found = _by_side(lower, upper, share, average, _beta_total(a, b, m, n))
        return np.where((a > 0) & (b > 0) & (x >= 0) & (x <= 1), found, np.nan)

    return _tiled(part, a, b, x)


def _beta_total(a: np.ndarray, b: np.ndarray, m: int, n: int) -> Any:
    """The joint central moment of log T and log(1 - T), from their cumulants."""
    if (m, n) == (0, 0):
        return 1.0
    if not m:
        return _beta_total(b, a, n, m)
    total: Any = 0.0
    for i in range(m):
        for j in range(n + 1):
            if i + j:  # the first cumulants are zero: the moments are central
                cumulant = (sc.polygamma(i, a) if not j else 0.0) - sc.polygamma(i + j, a + b)
                lower = _beta_total(a, b, m - 1 - i, n - j)
                total = total + math.comb(m - 1, i) * math.comb(n, j) * cumulant * lower
    return total
