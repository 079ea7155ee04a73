"""Exponential, sine and cosine integrals, the dilogarithm and Lambert's function.

Source: DLMF 6.2, 8.19.13, 25.12.2, 4.13.4.
"""

from __future__ import annotations

import math

import numpy as np

from ...ops.choosing import equal, less, where
from ...ops.composed import plain
from ...ops.elementwise import cos, cosh, exp, sin, sinc, sinh
from ...ops.sizes import absolute
from ._declare import in_the_dtype_of, own_elementwise, refuse, sc, several, special, spelled
from .information import log1p_ratio

_POSITIVE = (0.2, 3.0)

exp1 = special(
    "exp1", vjp={"x": lambda g, x: -g * (exp(-x) / x)}, singular=True, analytic=True, domain=_POSITIVE,
    kinks="infinite at 0", doc="The exponential integral of exp(-t) / t from x on. Gradient: -exp(-x) / x.",
)  # fmt: skip
expi = special(
    "expi", vjp={"x": lambda g, x: g * (exp(x) / x)}, singular=True, domain=_POSITIVE,
    kinks="infinite at 0", doc="The exponential integral of exp(t) / t up to x. Gradient: exp(x) / x.",
)  # fmt: skip


def _d_expn(g, n, x, out):
    # of order 0 it is exp(-x) / x, with no order below
    last = equal(n, 0)
    return -g * where(last, out * (1 + 1 / where(last, x, 1.0)), expn(where(last, 1, n - 1), x))


expn = special(
    "expn", ["n", "x"], vjp={"x": _d_expn}, refused=["n"], singular=True, domain={"x": _POSITIVE},
    kinks="infinite at 0 for n <= 1", doc="The integral of exp(-x t) / t**n from 1 on. Gradient: -expn(n - 1, x).",
)  # fmt: skip


def _sin_over(z):
    return sinc(z / math.pi) if not np.iscomplexobj(plain(z)) else _quotient(sin, z, -1)


def _sinh_over(z):
    return _quotient(sinh, z, 1)


def _quotient(function, z, sign):
    """sin z / z or sinh z / z: near 0 the series in s = sign z**2, where second derivatives cancel."""
    near = less(absolute(z), 0.5)
    y, s = where(near, 1.0, z), sign * where(near, z * z, 0.0)
    series = 1.0
    for k in range(8, 0, -1):
        series = 1 + s * series / ((2 * k) * (2 * k + 1))
    return where(near, series, function(y) / y)


sici = several(
    "sici", ["x"], ["si", "ci"], {"x": lambda x, si, ci: (_sin_over(x), cos(x) / x)}, singular=True,
    domain=_POSITIVE, kinks="of ci infinite at 0", doc="The sine and the cosine integral",
)  # fmt: skip
shichi = several(
    "shichi", ["x"], ["shi", "chi"], {"x": lambda x, shi, chi: (_sinh_over(x), cosh(x) / x)}, singular=True,
    domain=_POSITIVE, kinks="of chi infinite at 0",
    doc="The hyperbolic sine and cosine integrals",
)  # fmt: skip
spence = special(
    "spence", vjp={"x": lambda g, x: -g * log1p_ratio(x - 1)}, singular=True, analytic=True, domain=_POSITIVE,
    kinks="infinite at 0", doc="The dilogarithm, of log t / (1 - t) from 1 to x. Gradient: log x / (1 - x).",
)  # fmt: skip


def _d_lambertw(out):
    return 1 / (exp(out) * (1 + out))


_lambertw = own_elementwise(
    lambda z, k: sc.lambertw(z, k).astype("D" if getattr(z, "dtype", "d") in ("d", "D") else "F"), ["z", "k"],
    name="lambertw", vjp={"z": lambda g, z, out: in_the_dtype_of(z, g * _d_lambertw(out))},
    jvp={"z": lambda t, out, z, k: t * _d_lambertw(out)}, constants=["k"], reference=lambda z, k: sc.lambertw(z, k),
    singular=True, domain={"z": _POSITIVE}, doc="W of branch k, where W exp(W) = z",
)  # fmt: skip


@spelled("lambertw")
def lambertw(z, k=0, tol=1e-8):
    """W of branch k, where W exp(W) = z. Gradient: 1 / (exp(W) (1 + W)); infinite at -1/e."""
    refuse("lambertw", k=k, tol=tol)
    return _lambertw(z, plain(k))


wrightomega = special(
    "wrightomega", ["z"], vjp={"z": lambda g, out: g * (out / (1 + out))}, singular=True,
    analytic=True, doc="The solution w of w + log w = z. Gradient: w / (1 + w).",
)  # fmt: skip
