"""The incomplete gamma and beta functions and their inverses, with derivatives by every argument.

By the shape parameters they are averages over the distribution (`_averages.py`), closed under
differentiation: so derivatives of any order are there. Shapes below 1, where the density has a pole,
are raised by 1 with the recurrences DLMF 8.8.5 and 8.17.20.
"""

from __future__ import annotations

import numpy as np

from ...declare import case
from ...ops.choosing import equal, logical_and, minimum, where
from ...ops.composed import plain
from ...ops.elementwise import exp, log, log1p
from ...ops.shapes import astype
from ...primitive import Rule
from . import _averages
from ._declare import own, special
from ._edges import both_zero, no_slope, no_slope_at_infinity
from .gamma import betaln, gammaln, polygamma, psi
from .information import xlog1py, xlogy

_NARROW = (np.float16, np.float32)


def _wide(*values):
    """In double precision, as the moments are computed: what is left of them may be small."""
    return [astype(v, np.float64) if getattr(v, "dtype", None) in _NARROW else v for v in values]


# ------------------------------------------------------------------ gamma


def gamma_density(a, x):
    """The derivative of P(a, x) by x."""
    x = minimum(x, 1e30)  # at infinity it is 0
    return exp(xlogy(a - 1, x) - x - gammaln(a)) + _pole(a, x)


def _pole(a, x):
    """0: at x = 0 the density has a pole for a < 1 and is 0 for a > 1, so none of its slopes for a = 1."""
    return no_slope(both_zero(a - 1, x), a - 1)


def _moment(a, x, n, upper):
    if n:
        return gamma_moment(a, x, n, upper)
    return gammaincc(a, x) if upper else gammainc(a, x)


def _moment_by_a(g, a, x, n, upper):
    a, x = _wide(a, x)
    return g * (_moment(a, x, n + 1, upper) - n * polygamma(1, a) * _moment(a, x, n - 1, upper))


def _moment_by_x(g, a, x, n, upper):
    here = gamma_density(a, x) * (log(x) - psi(a)) ** n
    return g * (-here if upper else here)


gamma_moment = own(
    _averages.gamma_moment, ["a", "x"],
    name="gamma_moment", vjp={"a": _moment_by_a, "x": _moment_by_x},
    jvp={"a": lambda t, out, a, x, n, upper: _moment_by_a(t, a, x, n, upper),
         "x": lambda t, out, a, x, n, upper: _moment_by_x(t, a, x, n, upper)},
    core=(0, 0, 0), batch="gufunc", domain=(1.1, 4.0), singular=True,
    cases=[case((2, 3), (2, 3), n=1, upper=False), case((2,), (2,), n=2, upper=True)],
    reference=lambda a, x, n, upper: _averages.gamma_moment_by(_averages.FINER, a, x, n, upper),
    doc="E[(log T - psi(a))**n; T < x], or of T > x, of T with the gamma distribution of shape a.",
)  # fmt: skip


def gammainc_by_a(a, x, upper=False):
    """The derivative of P(a, x) by a; `upper`: of Q(a, x)."""
    small = plain(a) < 1
    if not np.any(small):
        return gamma_moment(a, x, 1, upper)
    shape, there = where(small, a + 1, a), logical_and(small, plain(x) > 0)
    y = where(there, x, 1.0)
    raised = exp(a * log(y) - y - gammaln(a + 1)) * (log(y) - psi(a + 1))
    found = gamma_moment(shape, x, 1, upper)
    return found + where(there, -raised if upper else raised, 0.0)


_GAMMA_DOMAIN = {"a": (0.3, 4.0), "x": (0.3, 4.0), "y": (0.1, 0.9)}
_SOURCE = "\n\n    Source: see `autograd/scipy/special/_averages.py`."
gammainc = special(
    "gammainc", ["a", "x"],
    vjp={"a": lambda g, a, x: g * gammainc_by_a(a, x), "x": lambda g, a, x: g * gamma_density(a, x)},
    singular=True, domain=_GAMMA_DOMAIN, doc="The lower incomplete gamma function P(a, x), regularised" + _SOURCE,
)  # fmt: skip
gammaincc = special(
    "gammaincc", ["a", "x"],
    vjp={"a": lambda g, a, x: g * gammainc_by_a(a, x, True), "x": lambda g, a, x: -g * gamma_density(a, x)},
    singular=True, domain=_GAMMA_DOMAIN, doc="The upper incomplete gamma function Q(a, x), regularised" + _SOURCE,
)  # fmt: skip
gammaincinv = special(
    "gammaincinv", ["a", "y"],
    vjp={"a": lambda g, a, out: -g * (gammainc_by_a(a, out) / gamma_density(a, out)),
         "y": lambda g, a, out: g * (1 / gamma_density(a, out) + no_slope_at_infinity(out))},
    singular=True, domain=_GAMMA_DOMAIN, doc="The x where P(a, x) = y" + _SOURCE,
)  # fmt: skip
gammainccinv = special(
    "gammainccinv", ["a", "y"],
    vjp={"a": lambda g, a, out: g * (gammainc_by_a(a, out, True) / gamma_density(a, out)),
         "y": lambda g, a, out: -g * (1 / gamma_density(a, out) + no_slope_at_infinity(out))},
    singular=True, domain=_GAMMA_DOMAIN, doc="The x where Q(a, x) = y" + _SOURCE,
)  # fmt: skip

# ------------------------------------------------------------------ beta


def beta_density(a, b, x):
    """The derivative of I_x(a, b) by x."""
    return exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)) + _pole(a, x) + _pole(b, 1 - x)


def _joint(a, b, x, m, n, upper):
    if m or n:
        return beta_moment(a, b, x, m, n, upper)
    return betaincc(a, b, x) if upper else betainc(a, b, x)


def _joint_by_a(g, a, b, x, m, n, upper):
    a, b, x = _wide(a, b, x)
    found = _joint(a, b, x, m + 1, n, upper)
    if m:
        found = found - m * (polygamma(1, a) - polygamma(1, a + b)) * _joint(a, b, x, m - 1, n, upper)
    if n:
        found = found + n * polygamma(1, a + b) * _joint(a, b, x, m, n - 1, upper)
    return g * found


def _joint_by_b(g, a, b, x, m, n, upper):
    a, b, x = _wide(a, b, x)
    found = _joint(a, b, x, m, n + 1, upper)
    if n:
        found = found - n * (polygamma(1, b) - polygamma(1, a + b)) * _joint(a, b, x, m, n - 1, upper)
    if m:
        found = found + m * polygamma(1, a + b) * _joint(a, b, x, m - 1, n, upper)
    return g * found


def _joint_by_x(g, a, b, x, m, n, upper):
    whole = psi(a + b)
    here = (log(x) - psi(a) + whole) ** m * (log1p(-x) - psi(b) + whole) ** n * beta_density(a, b, x)
    return g * (-here if upper else here)


beta_moment = own(
    _averages.beta_moment, ["a", "b", "x"],
    name="beta_moment", vjp={"a": _joint_by_a, "b": _joint_by_b, "x": _joint_by_x},
    jvp={"a": lambda t, out, a, b, x, m, n, upper: _joint_by_a(t, a, b, x, m, n, upper),
         "b": lambda t, out, a, b, x, m, n, upper: _joint_by_b(t, a, b, x, m, n, upper),
         "x": lambda t, out, a, b, x, m, n, upper: _joint_by_x(t, a, b, x, m, n, upper)},
    core=(0, 0, 0, 0), batch="gufunc", domain={"a": (1.1, 4.0), "b": (1.1, 4.0), "x": (0.1, 0.9)},
    singular=True,
    cases=[case((2, 3), (2, 3), (2, 3), m=1, n=0, upper=False), case((2,), (2,), (2,), m=1, n=1, upper=True)],
    reference=lambda *values, **statics: _averages.beta_moment_by(_averages.FINER, *values, **statics),
    doc="E[(log T - E log T)**m (log(1-T) - E log(1-T))**n; T < x] of T with the beta distribution.",
)  # fmt: skip


def betainc_by(which, a, b, x, upper=False):
    """The derivative of I_x(a, b) by one of "a" and "b"; `upper`: of 1 - I_x(a, b)."""
    m, n = (1, 0) if which == "a" else (0, 1)
    total, sign = 0.0, -1.0 if upper else 1.0
    for name in ("a", "b"):
        here = a if name == "a" else b
        small = plain(here) < 1
        if not np.any(small):
            continue
        term = sign * _raised(name, which, a, b, x, small)
        total = total + (term if name == "a" else -term)
        raised = where(small, here + 1, here)
        a, b = (raised, b) if name == "a" else (a, raised)
    return beta_moment(a, b, x, m, n, upper) + total


def _raised(name, which, a, b, x, small):
    """The derivative of x**a (1-x)**b / (a or b) / beta(a, b), which raising a or b by 1 takes off."""
    inside = logical_and(small, logical_and(plain(x) > 0, plain(x) < 1))
    y = where(inside, x, 0.5)
    # log(s) + betaln(s, t) = log(s + t) + betaln(s + 1, t), and so its slopes: of the sums nothing is left for small s
    s, t = (a + 1, b) if name == "a" else (a, b + 1)
    value = exp(a * log(y) + b * log1p(-y) - betaln(s, t) - log(a + b))
    slope = (log(y) - psi(s) if which == "a" else log1p(-y) - psi(t)) + psi(a + b)
    ends = no_slope(equal(x, 0), x) + no_slope(equal(x, 1), 1 - x)
    return where(inside, value * slope, ends)


_BETA_DOMAIN = {"a": (0.3, 4.0), "b": (0.3, 4.0), "x": (0.25, 0.75), "y": (0.25, 0.75)}


def _rules(upper):
    """Of I_x(a, b), or of what it lacks to 1."""
    names = ("a", "b", "x")
    return {
        "a": Rule(lambda g, a, b, x: g * betainc_by("a", a, b, x, upper), "vjp", names),
        "b": Rule(lambda g, a, b, x: g * betainc_by("b", a, b, x, upper), "vjp", names),
        "x": Rule(lambda g, a, b, x: (-g if upper else g) * beta_density(a, b, x), "vjp", names),
    }


def _inverse_rules(upper):
    """Of the x where one of these is y: by the implicit function theorem."""
    names = ("a", "b", "out")
    sign = -1.0 if upper else 1.0

    def by(which):
        return lambda g, a, b, x: g * (-sign * betainc_by(which, a, b, x, upper) / beta_density(a, b, x))

    return {
        "a": Rule(by("a"), "vjp", names),
        "b": Rule(by("b"), "vjp", names),
        "y": Rule(lambda g, a, b, x: sign * g / beta_density(a, b, x), "vjp", names),
    }


betainc = special(
    "betainc", ["a", "b", "x"], rules=_rules(False), singular=True, domain=_BETA_DOMAIN,
    doc="The incomplete beta function I_x(a, b), regularised" + _SOURCE,
)  # fmt: skip
betaincc = special(
    "betaincc", ["a", "b", "x"], rules=_rules(True), singular=True, domain=_BETA_DOMAIN,
    doc="1 - I_x(a, b), to all digits" + _SOURCE,
)  # fmt: skip
betaincinv = special(
    "betaincinv", ["a", "b", "y"], rules=_inverse_rules(False), singular=True, domain=_BETA_DOMAIN,
    doc="The x where I_x(a, b) = y" + _SOURCE,
)  # fmt: skip
betainccinv = special(
    "betainccinv", ["a", "b", "y"], rules=_inverse_rules(True), singular=True, domain=_BETA_DOMAIN,
    doc="The x where 1 - I_x(a, b) = y" + _SOURCE,
)  # fmt: skip
