"""The error function, its kin and the normal distribution."""

from __future__ import annotations

import cmath
import math

from ...declare import case
from ...ops.complex import imag, real
from ...ops.elementwise import cos, exp, sin
from . import _scaled
from ._declare import in_the_dtype_of, own, sc, several, special

_RATE = 2 / math.sqrt(math.pi)  # of erf at 0
_DENSITY = 1 / math.sqrt(2 * math.pi)


def _by_order(g, x, n, family):
    return in_the_dtype_of(x, g * scaled_derivative(x, n + 1, family))


scaled_derivative = own(
    _scaled.derivative, ["x"],
    name="scaled_derivative", vjp={"x": _by_order},
    jvp={"x": lambda t, out, x, n, family: t * scaled_derivative(x, n + 1, family)}, batch="same", singular=True,
    domain=(-1.9, 3.0), analytic=True,
    cases=[case((2, 3), n=1, family="erfcx"), case((2, 3), n=2, family="dawsn")],
    reference=lambda x, n, family: _scaled._recurrence(
        x, n, _scaled._FAMILIES[family][0], _scaled._FAMILIES[family][1], getattr(sc, family)
    ),
    doc="The n-th derivative of erfcx, dawsn or wofz.",
)  # fmt: skip

erf = special("erf", d=lambda x: _RATE * exp(-x * x), analytic=True, doc="The error function")
erfc = special("erfc", d=lambda x: -_RATE * exp(-x * x), analytic=True, doc="1 - erf(x)")
erfi = special("erfi", d=lambda x: _RATE * exp(x * x), analytic=True, singular=True, doc="-i erf(i x)")
erfcx = special(
    "erfcx", d=lambda x: scaled_derivative(x, 1, "erfcx"), analytic=True, singular=True,
    doc="exp(x**2) erfc(x). Gradient: 2 x erfcx(x) - 2 / sqrt(pi), to all digits.",
)  # fmt: skip
dawsn = special(
    "dawsn", d=lambda x: scaled_derivative(x, 1, "dawsn"), analytic=True,
    doc="Dawson's integral. Gradient: 1 - 2 x dawsn(x), to all digits.",
)  # fmt: skip
wofz = special(
    "wofz", ["z"], vjp={"z": lambda g, z: in_the_dtype_of(z, g * scaled_derivative(z, 1, "wofz"))},
    jvp={"z": lambda t, out, z: t * scaled_derivative(z, 1, "wofz")}, kernel=lambda z: sc.wofz(z),
    doc="Faddeeva's function exp(-z**2) erfc(-i z). Gradient: 2 i / sqrt(pi) - 2 z wofz(z).",
)  # fmt: skip
erfinv = special(
    "erfinv", d=lambda out: exp(out * out) / _RATE, singular=True, domain=(-0.9, 0.9),
    kinks="infinite at -1 and 1", doc="The inverse of erf",
)  # fmt: skip
erfcinv = special(
    "erfcinv", d=lambda out: -exp(out * out) / _RATE, singular=True, domain=(0.1, 1.9),
    kinks="infinite at 0 and 2", doc="The inverse of erfc",
)  # fmt: skip

# ------------------------------------------------------------------ the normal distribution

ndtr = special(
    "ndtr", d=lambda x: _DENSITY * exp(-0.5 * (x * x)), analytic=True,
    doc="The share of the standard normal distribution below x",
)  # fmt: skip
log_ndtr = special(
    "log_ndtr", vjp={"x": lambda g, x: g * (2 * _DENSITY / erfcx(x * -math.sqrt(0.5)))}, analytic=True,
    singular=True, doc="log(ndtr(x))",
)  # fmt: skip
ndtri = special(
    "ndtri", d=lambda out: exp(0.5 * (out * out)) / _DENSITY, singular=True, domain=(0.25, 0.75),
    kinks="infinite at 0 and 1", doc="The inverse of ndtr",
)  # fmt: skip
ndtri_exp = special(
    "ndtri_exp", d=lambda out: erfcx(out * -math.sqrt(0.5)) / (2 * _DENSITY), singular=True,
    domain=(-3.0, -0.1), kinks="infinite at 0", doc="ndtri(exp(x))",
)  # fmt: skip
owens_t = special(
    "owens_t", ["h", "a"],
    vjp={"h": lambda g, h, a: g * (-0.5 * _DENSITY * exp(-0.5 * (h * h)) * erf(a * h * math.sqrt(0.5))),
         "a": lambda g, h, a: g * (exp(-0.5 * (h * h) * (1 + a * a)) / ((2 * math.pi) * (1 + a * a)))},
    doc="Owen's T: the share of the plane where x > h and 0 < y < a x",
)  # fmt: skip

# ------------------------------------------------------------------ Fresnel and Voigt


def _fresnel(z, s, c):
    angle = z * z * (0.5 * math.pi)
    return sin(angle), cos(angle)


fresnel = several(
    "fresnel", ["z"], ["s", "c"], {"z": _fresnel}, analytic=True,
    doc="Fresnel's integrals S and C: of sin(pi t**2 / 2) and cos(pi t**2 / 2) from 0 to z",
)  # fmt: skip


def _modfresnel(name, turn):
    def slope(x, f, k):
        rate = cmath.exp(-turn * math.pi / 4) / math.sqrt(math.pi)
        return -exp(turn * (x * x)), -2 * turn * x * k - rate

    return several(
        name, ["x"], ["f", "k"], {"x": slope}, domain=(0.1, 3.0), in_doubles=True,
        doc=f"The integral of exp({turn.imag:+.0f}i t**2) from x on, and exp({-turn.imag:+.0f}i (x**2 + pi/4)) / sqrt(pi) of it",
    )  # fmt: skip


modfresnelp = _modfresnel("modfresnelp", 1j)
modfresnelm = _modfresnel("modfresnelm", -1j)


def _at(x, sigma, gamma):
    """The argument of Faddeeva's function, and its derivative there."""
    z = (x + 1j * gamma) / (sigma * math.sqrt(2))
    return z, scaled_derivative(z, 1, "wofz")


def _voigt_by_sigma(g, x, sigma, gamma, out):
    z, slope = _at(x, sigma, gamma)
    return -g * ((out + real(z * slope) / (sigma * math.sqrt(2 * math.pi))) / sigma)


voigt_profile = special(
    "voigt_profile", ["x", "sigma", "gamma"],
    vjp={"x": lambda g, x, sigma, gamma: g * (real(_at(x, sigma, gamma)[1]) * (0.25 * _RATE) / (sigma * sigma)),
         "gamma": lambda g, x, sigma, gamma: -g * (
             imag(_at(x, sigma, gamma)[1]) * (0.25 * _RATE) / (sigma * sigma)),
         "sigma": _voigt_by_sigma},
    singular=True, domain={"x": (-3.0, 3.0), "sigma": (0.3, 2.0), "gamma": (0.3, 2.0)},
    kinks="NaN at sigma = 0", doc="The convolution of a normal and a Cauchy density, real(wofz) in essence",
)  # fmt: skip
