"""Carlson's symmetric elliptic integrals, by every argument.

All are multiples of L(x, y, z, w; i, j, k, l), the integral of (t+x)**-i (t+y)**-j (t+z)**-k (t+w)**-l
from 0 to infinity, and so are their derivatives of every order. They are infinite where arguments of 0
have powers of 1 or more together, and NaN where the real part of an argument is negative, as in Cauchy's
principal values.

Source: DLMF 19.16.1 to 19.16.6, 19.23.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...declare import case
from ...primitive import Rule
from ._declare import own, sc, special

_DOMAIN = (0.3, 3.0)
_TILE = 1024  # elements at a time
_DIGITS = 38.0  # exp(-38) is below rounding


def _kernel(x: Any, y: Any, z: Any, w: Any, powers: tuple) -> np.ndarray:
    """By the trapezoidal rule in log t, after taking the size of the arguments out."""
    values = np.broadcast_arrays(x, y, z, w)
    dtype = np.result_type(*[v.dtype for v in values], np.float32)
    wide = [np.ravel(v).astype(np.result_type(dtype, np.float64)) for v in values]
    out = np.empty(wide[0].shape, wide[0].dtype)
    with np.errstate(all="ignore"):
        for i in range(0, out.size, _TILE):
            out[i : i + _TILE] = _part([v[i : i + _TILE] for v in wide], powers)
    return out.reshape(values[0].shape).astype(dtype)[()]


def _part(wide: list, powers: tuple) -> np.ndarray:
    size = np.maximum.reduce([np.abs(v) for v in wide])
    step, t = _steps(wide, size, powers)
    term: Any = t
    for v, power in zip(wide, powers, strict=True):
        if power:
            term = term * (t + (v / size)[:, None]) ** -power
    out = step * np.sum(term, axis=-1) * size ** (1.0 - math.fsum(powers))
    at_zero = sum(np.where(v == 0, power, 0.0) for v, power in zip(wide, powers, strict=True))
    out = np.where(at_zero >= 1, np.inf, out)
    return np.where(np.any([v.real < 0 for v in wide], axis=0), np.nan, out)


def _steps(wide: list, size: np.ndarray, powers: tuple) -> tuple[float, np.ndarray]:
    """The step in log t, half as wide for complex numbers, and the points t where there is something."""
    used = [np.abs(v) / size for v, power in zip(wide, powers, strict=True) if power]
    smallest = min((float(np.min(v[v > 0], initial=1.0)) for v in used), default=1.0)
    low = math.log(max(smallest, 1e-290)) - _DIGITS * (2 if any(np.any(v == 0) for v in used) else 1)
    high = _DIGITS / (math.fsum(powers) - 1)
    step = 0.25 if wide[0].dtype.kind == "c" else 0.5
    return step, np.exp(np.arange(max(low, -700.0), high, step))


def _by(place: int) -> Any:
    def slope(g: Any, x: Any, y: Any, z: Any, w: Any, powers: tuple) -> Any:
        raised = tuple(p + 1 if i == place else p for i, p in enumerate(powers))
        return g * (-powers[place] * symmetric_integral(x, y, z, w, raised))

    return slope


_SLOPES = dict(zip("xyzw", map(_by, range(4))))


def _pushed(slope: Any) -> Any:
    return lambda t, out, x, y, z, w, powers: slope(t, x, y, z, w, powers)


def _by_carlson(x: Any, y: Any, z: Any, w: Any, powers: tuple) -> Any:
    """SciPy's, for the first derivative of R_F by y."""
    return sc.elliprd(x, z, y) * (2 / 3)


symmetric_integral = own(
    lambda x, y, z, w, powers: _kernel(x, y, z, w, powers), list("xyzw"),
    name="symmetric_integral", vjp=_SLOPES, jvp={a: _pushed(s) for a, s in _SLOPES.items()},
    core=(0, 0, 0, 0, 0), batch="gufunc", domain=_DOMAIN, analytic=True,
    cases=[case((2,), (2,), (2,), (2,), powers=(0.5, 1.5, 0.5, 0.0))], reference=_by_carlson,
    doc="The integral of (t+x)**-i (t+y)**-j (t+z)**-k (t+w)**-l from 0 to infinity.",
)  # fmt: skip


def _carlson(name: str, arrays: str, powers: tuple, factor: float, doc: str) -> Any:
    """factor * L with these powers of x, y, z and w; what is not among the arguments is 0 or 1."""
    places = ["xyzw".index("w" if a == "p" else a) for a in arrays]

    def rule(place: int) -> Rule:
        raised = tuple(p + 1 if i == place else p for i, p in enumerate(powers))

        def slope(g: Any, *given: Any) -> Any:
            whole: list[Any] = [0.0 if p == -1 else 1.0 for p in powers]
            for i, value in zip(places, given):
                whole[i] = value
            return g * (-factor * powers[place] * symmetric_integral(*whole, raised))

        return Rule(slope, "vjp", tuple(arrays))

    return special(name, list(arrays), rules={a: rule(i) for a, i in zip(arrays, places)}, domain=_DOMAIN,
                   analytic=True, cases=[case(*[(3,)] * len(arrays))], doc=doc)  # fmt: skip


def _elliprg_by(place: int) -> Rule:
    powers = (*(1.5 if i == place else 0.5 for i in range(3)), -1.0)
    return Rule(
        lambda g, x, y, z: g * (0.125 * symmetric_integral(x, y, z, 0.0, powers)), "vjp", tuple("xyz")
    )


elliprc = _carlson("elliprc", "xy", (0.5, 1.0, 0.0, 0.0), 0.5, "Carlson's R_C(x, y), which is R_F(x, y, y)")
elliprf = _carlson("elliprf", "xyz", (0.5, 0.5, 0.5, 0.0), 0.5, "Carlson's integral R_F of the first kind")
elliprd = _carlson(
    "elliprd", "xyz", (0.5, 0.5, 1.5, 0.0), 1.5, "Carlson's integral R_D, which is R_J(x, y, z, z)"
)
elliprj = _carlson("elliprj", "xyzp", (0.5, 0.5, 0.5, 1.0), 1.5, "Carlson's integral R_J of the third kind")
elliprg = special(
    "elliprg", list("xyz"), rules={a: _elliprg_by(i) for i, a in enumerate("xyz")}, domain=_DOMAIN,
    analytic=True, cases=[case((3,), (3,), (3,))], doc="Carlson's integral R_G of the second kind",
)  # fmt: skip
