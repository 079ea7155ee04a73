"""Exponentials, roots, and angles in degrees."""

from __future__ import annotations

import math

import numpy as np

from ...errors import ArgumentError
from ...ops.composed import plain
from ...ops.elementwise import cos, multiply, sin
from ...ops.elementwise import sinc as _sinc
from ...ops.reductions import sum as total
from ...ops.shapes import as_array, expand_dims
from ._declare import refuse, sc, special, spelled

_DEGREE = math.pi / 180
_POSITIVE = (0.1, 3.0)

cbrt = special(
    "cbrt", vjp={"x": lambda g, out: g / (3 * (out * out))}, singular=True, domain=_POSITIVE,
    kinks="infinite at 0", doc="The real cube root of x",
)  # fmt: skip
exp2 = special("exp2", d=lambda out: math.log(2) * out, singular=True, doc="2**x")
exp10 = special("exp10", d=lambda out: math.log(10) * out, singular=True, doc="10**x")
expm1 = special("expm1", d=lambda out: out + 1, singular=True, analytic=True, doc="e**x - 1")
log1p = special(
    "log1p", vjp={"x": lambda g, x: g / (1 + x)}, singular=True, analytic=True, domain=_POSITIVE,
    kinks="infinite at -1", doc="log(1 + x)",
)  # fmt: skip
cosm1 = special("cosm1", d=lambda x: -sin(x), doc="cos x - 1. Gradient: -sin x.")
sindg = special("sindg", d=lambda x: _DEGREE * cosdg(x), doc="The sine of x degrees")
cosdg = special("cosdg", d=lambda x: -_DEGREE * sindg(x), doc="The cosine of x degrees")
tandg = special(
    "tandg", d=lambda out: _DEGREE * (1 + out * out), singular=True, doc="The tangent of x degrees"
)
cotdg = special(
    "cotdg", d=lambda out: -_DEGREE * (1 + out * out), singular=True, domain=(20.0, 80.0),
    doc="The cotangent of x degrees",
)  # fmt: skip
radian = special(
    "radian", ["d", "m", "s"],
    vjp={"d": lambda g: g * _DEGREE, "m": lambda g: g * (_DEGREE / 60), "s": lambda g: g * (_DEGREE / 3600)},
    linear=True, doc="The radians of d degrees, m minutes and s seconds",
)  # fmt: skip


@spelled("sinc")
def sinc(x):
    """sin(pi x) / (pi x), and 1 at 0, as `numpy.sinc`. Gradient: (cos(pi x) - sinc(x)) / x, and 0 at 0."""
    return _sinc(x)


@spelled("diric")
def diric(x, n):
    """sin(n x / 2) / (n sin(x / 2)) for a whole n. Gradient: of the mean of n cosines that it is."""
    refuse("diric", n=n)
    n = np.asarray(plain(n))
    if n.ndim or n != np.floor(n):
        raise ArgumentError(f"diric: n must be one whole number where a gradient flows, got {n}")
    if n <= 0:
        return sc.diric(plain(x), n)
    steps = np.arange(int(n)) - (int(n) - 1) / 2
    return total(cos(multiply(expand_dims(as_array(x), -1), steps)), -1) * (1 / int(n))
