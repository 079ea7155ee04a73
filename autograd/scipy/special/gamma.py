"""The gamma function and its kin: logarithms, polygamma, beta, binomial coefficients."""

from __future__ import annotations

import functools
import math

import numpy as np

from ...errors import NotDifferentiable
from ...ops.choosing import less, where
from ...ops.complex import real
from ...ops.composed import plain
from ...ops.elementwise import add, cos, sin
from ...ops.shapes import as_array
from ...protocols import IMPLEMENTATIONS
from ...wholes import as_whole
from ._declare import FUNCTIONS, own_elementwise, sc, special, spelled
from ._trigamma import trigamma_of

# away from the poles at 0, -1, ... SciPy and these rules agree everywhere
_POSITIVE = (0.3, 4.0)
_AT_POLES = "NaN or infinite at the poles, the whole numbers from 0 down"

# ------------------------------------------------------------------ polygamma


def _polygamma(n, x):
    """SciPy's polygamma of real x, in the dtype of x; of complex x our own."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return _complex_polygamma(np.asarray(n), x)
    kept = x.dtype if x.dtype in (np.float32, np.float64) else np.result_type(x.dtype, np.float32)
    if kept not in (np.float32, np.float64):
        raise TypeError(f"polygamma: not defined for {x.dtype}")
    return sc.polygamma(n, x).astype(kept)[()]


def _complex_polygamma(n, x):
    """By reflection, recurrence and the asymptotic expansion (DLMF 5.15.5 to 5.15.8)."""
    n, x = np.broadcast_arrays(n, x)
    out = np.empty(x.shape, x.dtype)
    for order in np.unique(n):
        here = n == order
        with np.errstate(all="ignore"):
            out[here] = _of_order(int(order), x[here].astype(np.complex128))
    return out[()]


def _of_order(n, z):
    if n == 0:
        return sc.psi(z)
    left = z.real < 0.5
    y = np.where(left, 1 - z, z)
    total = np.zeros_like(y)
    for _ in range(20):  # to where the expansion has all digits
        total += y ** -(n + 1.0)
        y = y + 1
    total *= math.factorial(n)
    total += math.factorial(n - 1) * y**-n + math.factorial(n) / 2 * y ** -(n + 1)
    bernoulli = sc.bernoulli(28)
    for k in range(1, 15):
        rising = math.factorial(2 * k + n - 1) / math.factorial(2 * k)
        total += bernoulli[2 * k] * rising * y ** -(2 * k + n)
    total *= (-1) ** (n + 1)
    return np.where(left, (-1) ** n * (total + _cot_derivative(n, z)), total)


def _cot_derivative(n, z):
    """(-1)**(n+1) psi_n(z) is psi_n(1-z) less this: pi d^n/dz^n cot(pi z), with its sign."""
    poly = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(n):
        poly = -math.pi * np.polynomial.Polynomial([1.0, 0.0, 1.0]) * poly.deriv()
    return -((-1) ** n) * math.pi * poly(1 / np.tan(math.pi * (z - np.round(z.real))))  # infinite at poles


polygamma = special(
    "polygamma", ["n", "x"], vjp={"x": lambda g, n, x: g * polygamma(n + 1, x)}, refused=["n"],
    kernel=_polygamma, analytic=True, reference=lambda n, x: sc.polygamma(n, x) if np.isrealobj(x) else _polygamma(n, x),
    singular=True, domain={"x": _POSITIVE}, kinks=_AT_POLES,
    doc="The n-th derivative of the digamma function. Gradient: polygamma(n + 1, x).",
)  # fmt: skip


def _trigamma(x):
    """trigamma_of, in the dtypes that `psi` has; of complex x by the expansion above."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return _complex_polygamma(1, x)
    if x.dtype == np.float16:
        x = x.astype(np.float32)
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"trigamma: not defined for {x.dtype}")
    return trigamma_of(x)[()]


trigamma = own_elementwise(
    _trigamma, ["x"], d=lambda x: polygamma(2, x), name="trigamma", singular=True, analytic=True,
    domain=_POSITIVE, kinks=_AT_POLES, reference=lambda x: _polygamma(1, x),
    doc="The derivative of the digamma function. Gradient: polygamma(2, x).",
)  # fmt: skip
psi = special(
    "psi", d=lambda x: trigamma(x), singular=True, analytic=True, domain=_POSITIVE, kinks=_AT_POLES,
    doc="The digamma function, gamma'(x) / gamma(x). Gradient: trigamma(x), polygamma(1, x).",
)  # fmt: skip
FUNCTIONS["digamma"] = IMPLEMENTATIONS[sc.digamma] = digamma = psi

# ------------------------------------------------------------------ gamma

gamma = special(
    "gamma", d=lambda x, out: out * psi(x), singular=True, analytic=True, domain=_POSITIVE, kinks=_AT_POLES,
    doc="The gamma function. Gradient: gamma(x) * psi(x).",
)  # fmt: skip
gammaln = special(
    "gammaln", d=lambda x: psi(x), singular=True, domain=_POSITIVE, kinks=_AT_POLES,
    doc="log |gamma(x)|. Gradient: psi(x).",
)  # fmt: skip
loggamma = special(
    "loggamma", d=lambda x: psi(x), singular=True, analytic=True, domain=_POSITIVE, kinks=_AT_POLES,
    doc="The principal branch of log gamma(x); NaN for real x < 0, which complex x are not. Gradient: psi(x).",
)  # fmt: skip


def _d_rgamma(x, out):
    # by reflection left of 1/2, where psi has poles and 1/gamma has none (DLMF 5.5.3)
    left = less(real(x), 0.5)
    y = where(left, x, 0.0)
    angle = math.pi * y
    mirrored = gamma(1 - y) * (cos(angle) - sin(angle) * psi(1 - y) / math.pi)
    return where(left, mirrored, -out * psi(where(left, 1.0, x)))


rgamma = special(
    "rgamma", d=_d_rgamma, analytic=True, domain=_POSITIVE,
    doc="1 / gamma(x). Gradient: -psi(x) / gamma(x), and its limit at 0, -1, ...",
)  # fmt: skip


@spelled("multigammaln")
def multigammaln(a, d):
    """The logarithm of the multivariate gamma function of dimension d. Gradient: by a."""
    if not np.isscalar(d) or np.floor(d) != d:
        return sc.multigammaln(plain(a), d)  # which says what is wrong
    as_whole(sc.multigammaln, plain(a), d)
    a = as_array(a)
    terms = [gammaln(a - 0.5 * j) for j in range(int(d))]
    return functools.reduce(add, terms) + d * (d - 1) * 0.25 * math.log(math.pi)


# ------------------------------------------------------------------ beta and binomials

beta = special(
    "beta", ["a", "b"],
    vjp={"a": lambda g, a, b, out: g * (out * (psi(a) - psi(a + b))),
         "b": lambda g, a, b, out: g * (out * (psi(b) - psi(a + b)))},
    singular=True, domain=_POSITIVE, kinks=_AT_POLES, doc="gamma(a) gamma(b) / gamma(a + b)",
)  # fmt: skip
betaln = special(
    "betaln", ["a", "b"],
    vjp={"a": lambda g, a, b: g * (psi(a) - psi(a + b)), "b": lambda g, a, b: g * (psi(b) - psi(a + b))},
    singular=True, domain=_POSITIVE, kinks=_AT_POLES, doc="log |beta(a, b)|. Gradient: psi(a) - psi(a + b).",
)  # fmt: skip
poch = special(
    "poch", ["z", "m"],
    vjp={"z": lambda g, z, m, out: g * (out * (psi(z + m) - psi(z))),
         "m": lambda g, z, m, out: g * (out * psi(z + m))},
    singular=True, domain=_POSITIVE, kinks=_AT_POLES, doc="gamma(z + m) / gamma(z)",
)  # fmt: skip
binom = special(
    "binom", ["n", "k"],
    vjp={"n": lambda g, n, k, out: g * (out * (psi(n + 1) - psi(n - k + 1))),
         "k": lambda g, n, k, out: g * (out * (psi(n - k + 1) - psi(k + 1)))},
    singular=True, domain={"n": (4.3, 6.0), "k": (0.3, 4.0)}, kinks=_AT_POLES,
    doc="Binomial coefficient of real n and k",
)  # fmt: skip


def _inexact(name, exact):
    if exact:
        raise NotDifferentiable(f"scipy.special.{name}(exact=True) counts in integers: no derivative")


@spelled("comb")
def comb(N, k, *, exact=False, repetition=False):
    """Combinations of N things, k at a time, as real numbers. Gradient: as binom; 0 where it is none."""
    _inexact("comb", exact)
    N, k = as_array(N), as_array(k)
    return comb(N + k - 1, k) if repetition else _counted(N, k, binom)


@spelled("perm")
def perm(N, k, exact=False):
    """Permutations of N things, k at a time, as real numbers. Gradient: as poch."""
    _inexact("perm", exact)
    return _counted(as_array(N), as_array(k), lambda n, m: poch(n - m + 1, m))


def _counted(n, k, function):
    """function where 0 <= k <= n, else 0."""
    possible = (plain(k) <= plain(n)) & (plain(n) >= 0) & (plain(k) >= 0)
    return where(possible, function(where(possible, n, 1.0), where(possible, k, 1.0)), 0.0)


@spelled("factorial")
def factorial(n, exact=False, extend="zero"):
    """gamma(n + 1), and 0 for n < 0 unless extended. Gradient: gamma(n + 1) psi(n + 1)."""
    _inexact("factorial", exact)
    n = as_array(n)
    if extend != "zero":
        return gamma(n + 1)
    there = ~(plain(n) < 0)
    return where(there, gamma(where(there, n, 1.0) + 1), 0.0)
