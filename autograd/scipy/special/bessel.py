"""Bessel functions. Gradient: by the argument; by the order none is known in closed form.

Source: DLMF 10.6.1 and 10.29.1 (recurrences), 10.51.2, 11.4.25 to 11.4.32 (Struve).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...ops.elementwise import exp
from ...protocols import IMPLEMENTATIONS
from ._declare import FUNCTIONS, in_the_dtype_of, of_reals, own_elementwise, refuse, sc, special, spelled
from .gamma import rgamma

_ORDERS, _POSITIVE = {"v": (0.3, 2.3), "z": (0.3, 4.0)}, (0.3, 4.0)


def _family(name: str, slope: Callable, doc: str, **facts: Any) -> Any:
    """f(v, z), from its derivative by z as a function of v, z and f."""
    facts = {"domain": _ORDERS, "singular": True, **facts}
    return special(name, ["v", "z"], vjp={"z": lambda g, v, z, out: g * slope(v, z, out)}, refused=["v"],
                   doc=doc + ". Gradient: by z.", **facts)  # fmt: skip


def _whole(name: str, slope: Callable, doc: str) -> Any:
    """f(n, x) of whole orders n."""
    return special(name, ["n", "x"], vjp={"x": lambda g, n, x: g * slope(n, x)}, refused=["n"],
                   domain={"x": _POSITIVE}, singular=True, doc=doc + ". Gradient: by x.")  # fmt: skip


# ------------------------------------------------------------------ of the first and second kind


def _jv_slope(v, z, out):
    return 0.5 * (jv(v - 1, z) - jv(v + 1, z))


jv = _family("jv", _jv_slope, "The Bessel function of the first kind and real order v")
FUNCTIONS["jn"] = IMPLEMENTATIONS[sc.jn] = jn = jv
jve = _family("jve", lambda v, z, out: 0.5 * (jve(v - 1, z) - jve(v + 1, z)),
              "jv scaled by exp(-|imag z|)", real_only=True)  # fmt: skip
yv = _family("yv", lambda v, z, out: 0.5 * (yv(v - 1, z) - yv(v + 1, z)),
             "The Bessel function of the second kind and real order v")  # fmt: skip
yve = _family("yve", lambda v, z, out: 0.5 * (yve(v - 1, z) - yve(v + 1, z)),
              "yv scaled by exp(-|imag z|)", real_only=True)  # fmt: skip
yn = _whole("yn", lambda n, x: 0.5 * (yv(n - 1, x) - yv(n + 1, x)), "yv of a whole order")
j0 = special("j0", d=lambda x: -j1(x), doc="jv of order 0. Gradient: -j1(x).")
j1 = special("j1", d=lambda x: 0.5 * (j0(x) - jv(2, x)), doc="jv of order 1")
y0 = special(
    "y0", d=lambda x: -y1(x), domain=_POSITIVE, singular=True, doc="yv of order 0. Gradient: -y1(x)."
)
y1 = special(
    "y1", d=lambda x: 0.5 * (y0(x) - yv(2, x)), domain=_POSITIVE, singular=True, doc="yv of order 1"
)


def _hankel(name: str, slope: Callable, doc: str) -> Any:
    theirs = getattr(sc, name)
    return special(
        name, ["v", "z"], vjp={"z": lambda g, v, z, out: in_the_dtype_of(z, g * slope(v, z, out))},
        jvp={"z": lambda t, out, v, z: t * slope(v, z, out)}, refused=["v"], domain=_ORDERS, singular=True,
        doc=f"{doc}. Gradient: by z.", reference=theirs,
    )  # fmt: skip


hankel1 = _hankel("hankel1", lambda v, z, out: 0.5 * (hankel1(v - 1, z) - hankel1(v + 1, z)), "jv + i yv")
hankel2 = _hankel("hankel2", lambda v, z, out: 0.5 * (hankel2(v - 1, z) - hankel2(v + 1, z)), "jv - i yv")
hankel1e = _hankel("hankel1e", lambda v, z, out: 0.5 * (hankel1e(v - 1, z) - hankel1e(v + 1, z)) - 1j * out,
                   "hankel1 scaled by exp(-i z)")  # fmt: skip
hankel2e = _hankel("hankel2e", lambda v, z, out: 0.5 * (hankel2e(v - 1, z) - hankel2e(v + 1, z)) + 1j * out,
                   "hankel2 scaled by exp(i z)")  # fmt: skip

# ------------------------------------------------------------------ modified

iv = _family("iv", lambda v, z, out: 0.5 * (iv(v - 1, z) + iv(v + 1, z)),
             "The modified Bessel function of the first kind", analytic=True)  # fmt: skip
ive = _family("ive", lambda v, z, out: 0.5 * (ive(v - 1, z) + ive(v + 1, z)) - _signed_ive(v, z),
              "iv scaled by exp(-|real z|)", real_only=True, kinks="at 0 that of iv")  # fmt: skip
kv = _family("kv", lambda v, z, out: -0.5 * (kv(v - 1, z) + kv(v + 1, z)),
             "The modified Bessel function of the second kind; infinite at 0", analytic=True)  # fmt: skip
kve = _family("kve", lambda v, z, out: out - 0.5 * (kve(v - 1, z) + kve(v + 1, z)),
              "kv scaled by exp(z)", analytic=True)  # fmt: skip
kn = _whole("kn", lambda n, x: -0.5 * (kv(n - 1, x) + kv(n + 1, x)), "kv of a whole order")
i0 = special("i0", d=lambda x: i1(x), singular=True, doc="iv of order 0. Gradient: i1(x).")
i1 = special("i1", d=lambda x: 0.5 * (i0(x) + iv(2, x)), singular=True, doc="iv of order 1")
i0e = special("i0e", d=lambda x: i1e(x) - _signed_i0e(x), kinks="0 at 0", doc="i0 scaled by exp(-|x|)")
i1e = special(
    "i1e", d=lambda x: 0.5 * (i0e(x) + ive(2, x)) - _signed_i1e(x), kinks="1/2 at 0",
    doc="i1 scaled by exp(-|x|)",
)  # fmt: skip


def _signed(name: str, arrays: list[str], slope: Callable) -> Any:
    """A scaled function times the sign of its last argument: sign(x)**2 is 1 on both sides of 0, so at 0 too."""
    theirs = of_reals(name, getattr(sc, name))

    def kernel(*values: Any) -> Any:
        return np.sign(values[-1]) * theirs(*values)

    return own_elementwise(
        kernel, arrays, vjp={arrays[-1]: slope}, name=f"signed_{name}", constants=tuple(arrays[:-1]),
        reference=kernel, domain={"v": (0.3, 2.3), "z": (0.3, 4.0), "x": (0.3, 4.0)}, kinks="of both sides at 0",
        doc=f"{name} times the sign of its argument",
    )  # fmt: skip


_signed_i0e = _signed("i0e", ["x"], lambda g, x: g * (_signed_i1e(x) - i0e(x)))
_signed_i1e = _signed(
    "i1e", ["x"], lambda g, x: g * (0.5 * (_signed_i0e(x) + _signed_ive(2.0, x)) - i1e(x))
)
_signed_ive = _signed(
    "ive",
    ["v", "z"],
    lambda g, v, z: g * (0.5 * (_signed_ive(v - 1, z) + _signed_ive(v + 1, z)) - ive(v, z)),
)
k0 = special(
    "k0", d=lambda x: -k1(x), domain=_POSITIVE, singular=True, doc="kv of order 0. Gradient: -k1(x)."
)
k1 = special(
    "k1", d=lambda x: -0.5 * (k0(x) + kv(2, x)), domain=_POSITIVE, singular=True, doc="kv of order 1"
)
k0e = special(
    "k0e", d=lambda x, out: out - k1e(x), domain=_POSITIVE, singular=True, doc="k0 scaled by exp(x)"
)
k1e = special(
    "k1e", d=lambda x, out: out - 0.5 * (k0e(x) + kve(2, x)), domain=_POSITIVE, singular=True,
    doc="k1 scaled by exp(x)",
)  # fmt: skip

# ------------------------------------------------------------------ derivatives of them


def _derivatives(name: str, function: Callable, sign_: int) -> Any:
    """The n-th derivative by z, from the function of neighbouring orders (DLMF 10.6.7, 10.29.5)."""

    @spelled(name)
    def derivative(v, z, n=1):
        refuse(name, v=v)
        n = int(n)
        if n < 0:
            raise ArgumentError(f"{name}: n must not be negative, got {n}")
        total = 0.0
        for k in range(n + 1):
            total = total + sign_**k * math.comb(n, k) * function(v - n + 2 * k, z)
        return total * 0.5**n * ((-1) ** n if name == "kvp" else 1)

    derivative.__doc__ = f"The n-th derivative of {name.removesuffix('p')} by z. Gradient: by z."
    return derivative


jvp = _derivatives("jvp", jv, -1)
yvp = _derivatives("yvp", yv, -1)
h1vp = _derivatives("h1vp", hankel1, -1)
h2vp = _derivatives("h2vp", hankel2, -1)
ivp = _derivatives("ivp", iv, 1)
kvp = _derivatives("kvp", kv, 1)

# ------------------------------------------------------------------ Struve


def _half_power(v, x):
    """(x / 2)**v / (sqrt(pi) gamma(v + 3/2))."""
    return (0.5 * x) ** v * (rgamma(v + 1.5) / math.sqrt(math.pi))


def _struve(name: str, sign_: int, doc: str) -> Any:
    def slope(g, v, x):
        function = struve if sign_ < 0 else modstruve
        return g * (0.5 * (function(v - 1, x) + sign_ * function(v + 1, x) + _half_power(v, x)))

    return special(name, ["v", "x"], vjp={"x": slope}, refused=["v"], singular=True,
                   domain={"v": (0.3, 2.3), "x": _POSITIVE}, doc=doc)  # fmt: skip


struve = _struve("struve", -1, "Struve's function of order v. Gradient: by x.")
modstruve = _struve("modstruve", 1, "Struve's modified function of order v. Gradient: by x.")

besselpoly = special(
    "besselpoly", ["a", "lmb", "nu"],
    vjp={"a": lambda g, a, lmb, nu, out: g * ((jv(nu, 2 * a) - (lmb + 1) * out) / a)}, refused=["lmb", "nu"],
    domain={"a": _POSITIVE, "lmb": (0.3, 2.3), "nu": (0.3, 2.3)}, singular=True, kinks="NaN at 0",
    doc="The integral of x**lmb jv(nu, 2 a x) from 0 to 1. Gradient: by a.",
)  # fmt: skip

# ------------------------------------------------------------------ Wright's generalisation

wright_bessel = special(
    "wright_bessel", ["a", "b", "x"], vjp={"x": lambda g, a, b, x: g * wright_bessel(a, a + b, x)},
    refused=["a", "b"], domain={"a": (0.3, 2.3), "b": (0.3, 2.3), "x": (0.1, 3.0)},
    doc="Wright's generalised Bessel function. Gradient: by x, wright_bessel(a, a + b, x).",
)  # fmt: skip
log_wright_bessel = special(
    "log_wright_bessel", ["a", "b", "x"],
    vjp={"x": lambda g, a, b, x, out: g * exp(log_wright_bessel(a, a + b, x) - out)}, refused=["a", "b"],
    domain={"a": (0.3, 2.3), "b": (0.3, 2.3), "x": (0.1, 3.0)}, doc="log(wright_bessel(a, b, x))",
)  # fmt: skip
