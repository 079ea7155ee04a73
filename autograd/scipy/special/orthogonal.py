"""Orthogonal polynomials and Legendre functions. Gradient: by the argument, not by degrees or parameters.

Each derivative is a polynomial of the next parameter, regular everywhere.

Source: DLMF 18.9.15 to 18.9.27; 14.10.4 and 14.30.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import NotDifferentiable
from ...ops.choosing import equal, less, where
from ...ops.complex import real
from ...ops.composed import plain
from ...ops.elementwise import exp, sin
from ...ops.joining import stack
from ...primitive import Rule
from ._declare import own_elementwise, refuse, sc, special, spelled

_UNIT = (-0.9, 0.9)
_RANGES = {"x": _UNIT, "alpha": (0.3, 2.0), "beta": (0.3, 2.0), "p": (2.3, 4.0), "q": (0.3, 1.2)}


def _polynomial(name: str, arrays: Sequence[str], slope: Callable, doc: str, domain: Any = _UNIT) -> Any:
    """`slope` is the derivative by x for degree n > 0, of n - 1 instead of n where it names a polynomial."""
    names = ", ".join(arrays)

    def rule(g: Any, *given: Any) -> Any:
        n, *rest = given
        lowest = equal(n, 0)
        return g * where(lowest, 0.0, slope(where(lowest, 1, n), *rest))

    return special(name, arrays, rules={"x": Rule(rule, "vjp", tuple(arrays))}, refused=arrays[:-1],
                   domain={**_RANGES, "x": domain}, analytic=not name.startswith("eval_hermite"), doc=f"{doc}, as a function of {names}. Gradient: by x.")  # fmt: skip


def _jacobi(n, alpha, beta, x):
    return 0.5 * (n + alpha + beta + 1) * eval_jacobi(n - 1, alpha + 1, beta + 1, x)


eval_jacobi = _polynomial("eval_jacobi", ["n", "alpha", "beta", "x"], _jacobi, "Jacobi's polynomial")
eval_legendre = _polynomial(
    "eval_legendre", ["n", "x"], lambda n, x: _jacobi(n, 0.0, 0.0, x), "Legendre's polynomial"
)
eval_gegenbauer = _polynomial(
    "eval_gegenbauer", ["n", "alpha", "x"],
    lambda n, alpha, x: 2 * alpha * eval_gegenbauer(n - 1, alpha + 1, x), "Gegenbauer's polynomial",
)  # fmt: skip
eval_chebyt = _polynomial(
    "eval_chebyt", ["n", "x"], lambda n, x: n * eval_chebyu(n - 1, x), "Chebyshev's polynomial T"
)
eval_chebyu = _polynomial(
    "eval_chebyu", ["n", "x"], lambda n, x: 2 * eval_gegenbauer(n - 1, 2.0, x), "Chebyshev's polynomial U"
)
eval_chebyc = _polynomial(
    "eval_chebyc",
    ["n", "x"],
    lambda n, x: n * eval_chebys(n - 1, x),
    "Chebyshev's polynomial C = 2 T(x / 2)",
)
eval_chebys = _polynomial(
    "eval_chebys", ["n", "x"], lambda n, x: eval_gegenbauer(n - 1, 2.0, 0.5 * x),
    "Chebyshev's polynomial S = U(x / 2)",
)  # fmt: skip
eval_genlaguerre = _polynomial(
    "eval_genlaguerre", ["n", "alpha", "x"], lambda n, alpha, x: -eval_genlaguerre(n - 1, alpha + 1, x),
    "Laguerre's generalised polynomial", (0.1, 3.0),
)  # fmt: skip
eval_laguerre = _polynomial(
    "eval_laguerre", ["n", "x"], lambda n, x: -eval_genlaguerre(n - 1, 1.0, x), "Laguerre's polynomial",
    (0.1, 3.0),
)  # fmt: skip
eval_hermite = _polynomial(
    "eval_hermite", ["n", "x"], lambda n, x: 2 * n * eval_hermite(n - 1, x), "Hermite's polynomial H"
)
eval_hermitenorm = _polynomial(
    "eval_hermitenorm", ["n", "x"], lambda n, x: n * eval_hermitenorm(n - 1, x), "Hermite's polynomial He"
)
eval_sh_legendre = _polynomial(
    "eval_sh_legendre", ["n", "x"], lambda n, x: 2 * _jacobi(n, 0.0, 0.0, 2 * x - 1),
    "Legendre's polynomial of 2 x - 1", (0.1, 0.9),
)  # fmt: skip
eval_sh_chebyt = _polynomial(
    "eval_sh_chebyt", ["n", "x"], lambda n, x: 2 * n * eval_chebyu(n - 1, 2 * x - 1),
    "Chebyshev's T of 2 x - 1", (0.1, 0.9),
)  # fmt: skip
eval_sh_chebyu = _polynomial(
    "eval_sh_chebyu", ["n", "x"], lambda n, x: 4 * eval_gegenbauer(n - 1, 2.0, 2 * x - 1),
    "Chebyshev's U of 2 x - 1", (0.1, 0.9),
)  # fmt: skip
eval_sh_jacobi = _polynomial(
    "eval_sh_jacobi", ["n", "p", "q", "x"],
    lambda n, p, q, x: (n + p) * eval_jacobi(n - 1, p + (1.0 - q), q, 2 * x - 1) / sc.binom(2 * n + p - 1, n),
    "Jacobi's shifted polynomial", (0.1, 0.9),
)  # fmt: skip

# ------------------------------------------------------------------ Legendre functions

lpmv = special(
    "lpmv", ["m", "v", "x"],
    vjp={"x": lambda g, m, v, x, out: g * ((v * x * out - (v + m) * lpmv(m, v - 1, x)) / (x * x - 1))},
    refused=["m", "v"], domain={"v": (1.3, 3.0), "x": (-0.7, 0.7)}, singular=True, kinks="NaN at -1 and 1",
    doc="Legendre's associated function of whole order m and real degree v. Gradient: by x.",
)  # fmt: skip


@spelled("legendre_p")
def legendre_p(n, z, *, diff_n=0):
    """Legendre's polynomial, or a tuple of it and its derivatives. Gradient: by z."""
    refuse("legendre_p", n=n)
    n = np.asarray(plain(n))
    found, order, scale = [eval_legendre(n, z)], 0, 1.0
    for order in range(1, diff_n + 1):
        scale = scale * 0.5 * (n + order)
        # below degree 0 there is nothing; the polynomial of degree n - order
        degree = np.maximum(n - order, 0)
        value = eval_jacobi(degree, float(order), float(order), z)
        found.append(where(n < order, 0.0, scale * value))
    return found[0] if diff_n == 0 else stack(found)


# ------------------------------------------------------------------ spherical harmonics


def _harmonic(n, m, theta, phi):
    there = np.abs(m) <= n
    return where(there, _sph_harm(n, np.where(there, m, 0), theta, phi), 0.0)


def _by_theta(n, m, theta, phi):
    """(sqrt((n-m)(n+m+1)) exp(-i phi) Y(m+1) - sqrt((n+m)(n-m+1)) exp(i phi) Y(m-1)) / 2, regular at 0."""
    n, m = np.asarray(n, float), np.asarray(m, float)
    up, down = (np.sqrt(np.maximum((n - s * m) * (n + s * m + 1), 0)) for s in (1, -1))
    n, m = n.astype(int), m.astype(int)
    turn = exp(1j * phi)
    side = where(less(sin(theta), 0), -0.5, 0.5)  # SciPy's functions are even in theta
    return side * (
        up * _harmonic(n, m + 1, theta, phi) / turn - down * turn * _harmonic(n, m - 1, theta, phi)
    )


_sph_harm = own_elementwise(
    lambda n, m, theta, phi: sc.sph_harm_y(n, m, theta, phi), ["n", "m", "theta", "phi"],
    name="sph_harm_y", constants=["n", "m"],
    vjp={"theta": lambda g, n, m, theta, phi: real(g * _by_theta(n, m, theta, phi)),
         "phi": lambda g, m, out: real(g * (1j * m * out))},
    jvp={"theta": lambda t, out, n, m, theta, phi: t * _by_theta(n, m, theta, phi),
         "phi": lambda t, out, n, m, theta, phi: t * (1j * m * out)},
    reference=lambda n, m, theta, phi: sc.sph_harm_y(n, m, theta, phi),
    domain={"theta": (0.3, 2.8), "phi": (-3.0, 3.0)},
    doc="The spherical harmonic of degree n and order m",
) if hasattr(sc, "sph_harm_y") else None  # fmt: skip


@spelled("sph_harm_y")
def sph_harm_y(n, m, theta, phi, *, diff_n=0):
    """The spherical harmonic of degree n and order m at theta, phi. Gradient: by theta and phi."""
    refuse("sph_harm_y", n=n, m=m)
    if diff_n:
        raise NotDifferentiable("scipy.special.sph_harm_y has no derivative here with diff_n; use jacobian")
    return _sph_harm(plain(n), plain(m), theta, phi)
