"""Elliptic integrals and functions, by every argument; the arithmetic-geometric mean.

Derivatives of the incomplete integrals by the parameter m are integrals of the same family,
J(phi, m; n, p), of sin(t)**(2 n) (1 - m sin(t)**2)**p from 0 to phi, which are closed under
differentiation, so that nothing cancels at m = 0.

Source: DLMF 19.2, 19.4.1 to 19.4.7, 22.13.1, 22.16.1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...declare import case
from ...errors import OperandError
from ...ops.choosing import equal, less, where
from ...ops.elementwise import sin, sqrt
from ...ops.sizes import absolute
from ._declare import own, several, special
from .hypergeometric import hyp2f1

_PARAMETERS = (-0.9, 0.9)

# ------------------------------------------------------------------ complete


def _near(m):
    return less(absolute(m), 0.1)


def _apart(m):
    return where(_near(m), 0.5, m), where(_near(m), m, 0.0)


def _ellipk_slope(m):
    far, near = _apart(m)
    whole = (1 - far) * ellipk(where(equal(far, 1), 0.5, far))  # 0 at 1, where ellipk is infinite
    direct = (ellipe(far) - whole) / (2 * far * (1 - far))
    return where(_near(m), math.pi / 8 * hyp2f1(1.5, 1.5, 2.0, near), direct)


def _ellipe_slope(m):
    far, near = _apart(m)
    direct = (ellipe(far) - ellipk(far)) / (2 * far)
    return where(_near(m), -math.pi / 8 * hyp2f1(0.5, 1.5, 2.0, near), direct)


def _ellipkm1_slope(p):
    far, near = _apart(1 - p)
    q = where(_near(1 - p), 0.5, p)
    direct = (ellipe(far) - q * ellipkm1(where(equal(q, 0), 0.5, q))) / (2 * far * q)
    return -where(_near(1 - p), math.pi / 8 * hyp2f1(1.5, 1.5, 2.0, near), direct)


ellipk = special(
    "ellipk", ["m"], vjp={"m": lambda g, m: g * _ellipk_slope(m)}, singular=True, domain=_PARAMETERS,
    kinks="infinite at 1", doc="The complete elliptic integral of the first kind, of parameter m = k**2",
)  # fmt: skip
ellipkm1 = special(
    "ellipkm1", ["p"], vjp={"p": lambda g, p: g * _ellipkm1_slope(p)}, singular=True, domain=(0.1, 1.9),
    kinks="infinite at 0", doc="ellipk(1 - p), to all digits near p = 0",
)  # fmt: skip
ellipe = special(
    "ellipe", ["m"], vjp={"m": lambda g, m: g * _ellipe_slope(m)}, singular=True, domain=_PARAMETERS,
    kinks="infinite at 1", doc="The complete elliptic integral of the second kind",
)  # fmt: skip


def _agm_by(g, a, b, out):
    """The derivative by a of pi/4 (a + b) / ellipk(((a - b) / (a + b))**2)."""
    total, gap = a + b, (a - b) / (a + b)
    k = gap * gap
    return g * (out / total - out * (_ellipk_slope(k) / ellipk(k)) * (4 * gap * b / (total * total)))


agm = special(
    "agm", ["a", "b"], vjp={"a": _agm_by, "b": lambda g, a, b, out: _agm_by(g, b, a, out)}, singular=True,
    domain=(0.3, 3.0), doc="The arithmetic-geometric mean of a and b, which is symmetric",
)  # fmt: skip

# ------------------------------------------------------------------ incomplete

_U = np.arange(-3.2, 3.2001, 1 / 16)
_RISE = 0.5 * math.pi * np.sinh(_U)
_SHARE = 1 / (1 + np.exp(-2 * _RISE))  # of the way from 0 to phi, and of the way left
_LEFT = 1 / (1 + np.exp(2 * _RISE))
_TILE = 2048  # elements at a time
_STEPS = (math.pi / 16) * np.cosh(_U) * _SHARE * _LEFT


def _sine_integral(phi: Any, m: Any, n: int, p: float) -> np.ndarray:
    """J(phi, m; n, p), by whole halves of a period and the rest.

    Source: the double exponential formula of Takahasi and Mori, Publ. RIMS 9 (1974).
    """
    phi, m = np.broadcast_arrays(phi, m)
    if "c" in (phi.dtype.kind, m.dtype.kind):
        raise OperandError("sine_integral: not defined for complex numbers")
    dtype = np.result_type(phi.dtype, m.dtype, np.float32)
    if dtype.itemsize > 8:
        raise OperandError(f"sine_integral: not defined for {dtype}, as SciPy's functions are not")
    phi, m = phi.astype(np.float64), m.astype(np.float64)
    halves = np.round(phi / math.pi)
    rest = phi - halves * math.pi
    with np.errstate(all="ignore"):
        out = np.sign(rest) * _part(np.abs(rest), m, n, p)
        if np.any(halves):
            out = out + np.where(
                halves == 0, 0.0, 2 * halves * _part(np.full(m.shape, math.pi / 2), m, n, p)
            )
    return out.astype(dtype)[()]


def _part(phi: np.ndarray, m: np.ndarray, n: int, p: float) -> np.ndarray:
    out, flat, m = np.empty(phi.shape), phi.reshape(-1), m.reshape(-1)
    for i in range(0, out.size, _TILE):
        square = np.sin(np.multiply.outer(flat[i : i + _TILE], _SHARE)) ** 2
        out.reshape(-1)[i : i + _TILE] = (square**n * (1 - m[i : i + _TILE, None] * square) ** p) @ _STEPS
    return out * phi


def _by_phi(g, phi, m, n, p):
    square = sin(phi) * sin(phi)
    return g * (square**n * (1 - m * square) ** p)


def _by_m(g, phi, m, n, p):
    return g * (-p * sine_integral(phi, m, n + 1, p - 1))


sine_integral = own(
    lambda phi, m, n, p: _sine_integral(phi, m, n, p), ["phi", "m"],
    name="sine_integral", vjp={"phi": _by_phi, "m": _by_m},
    jvp={"phi": lambda t, out, phi, m, n, p: _by_phi(t, phi, m, n, p),
         "m": lambda t, out, phi, m, n, p: _by_m(t, phi, m, n, p)},
    core=(0, 0, 0), batch="gufunc", singular=True, domain={"phi": (-3.0, 3.0), "m": (-0.9, 0.7)},
    cases=[case((2, 3), (2, 3), n=1, p=-0.5), case((2,), (2,), n=1, p=-1.5)],
    reference=lambda phi, m, n, p: _by_panels(phi, m, n, p),
    doc="The integral of sin(t)**(2 n) * (1 - m sin(t)**2)**p from 0 to phi.",
)  # fmt: skip


def _by_panels(phi, m, n, p):
    """The same by Gauss and Legendre's rule, for comparison."""
    x, w = np.polynomial.legendre.leggauss(160)
    t = 0.5 * phi[..., None] * (1 + x)
    square = np.sin(t) ** 2
    return 0.5 * phi * np.sum(w * square**n * (1 - m[..., None] * square) ** p, -1)


ellipkinc = special(
    "ellipkinc", ["phi", "m"],
    vjp={"phi": lambda g, phi, m: g / sqrt(1 - m * sin(phi) ** 2),
         "m": lambda g, phi, m: g * (0.5 * sine_integral(phi, m, 1, -1.5))},
    singular=True, domain={"phi": (-3.0, 3.0), "m": (-0.9, 0.7)}, doc="The elliptic integral of the first kind",
)  # fmt: skip
ellipeinc = special(
    "ellipeinc", ["phi", "m"],
    vjp={"phi": lambda g, phi, m: g * sqrt(1 - m * sin(phi) ** 2),
         "m": lambda g, phi, m: g * (-0.5 * sine_integral(phi, m, 1, -0.5))},
    singular=True, domain={"phi": (-3.0, 3.0), "m": (-0.9, 0.7)}, doc="The elliptic integral of the second kind",
)  # fmt: skip

# ------------------------------------------------------------------ Jacobi


def _ellipj_by_u(u, m, sn, cn, dn, ph):
    return cn * dn, -sn * dn, -m * sn * cn, dn


def _ellipj_by_m(u, m, sn, cn, dn, ph):
    # ph solves u = ellipkinc(ph, m); the others are its sine, cosine and delta amplitude
    turn = -dn * (0.5 * sine_integral(ph, m, 1, -1.5))
    return cn * turn, -sn * turn, -(0.5 * sn * sn + m * sn * cn * turn) / dn, turn


ellipj = several(
    "ellipj", ["u", "m"], ["sn", "cn", "dn", "ph"], {"u": _ellipj_by_u, "m": _ellipj_by_m}, singular=True,
    domain={"u": (-1.4, 1.4), "m": (0.1, 0.9)}, doc="Jacobi's elliptic functions sn, cn and dn, and the amplitude",
)  # fmt: skip
