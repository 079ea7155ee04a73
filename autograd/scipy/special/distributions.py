"""Distribution functions, and the functions that solve them for one of their arguments.

Most are incomplete gamma and beta functions of other arguments. A *law* is the partial derivatives of
a distribution function F by each argument, and F itself as "share"; F, its complement and every inverse
have their rules from it: where F(..., s) = p is solved for s, ds/dp = 1 / F_s and ds/dx = -F_x / F_s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...ops.choosing import equal, less, minimum, where
from ...ops.composed import plain
from ...ops.elementwise import exp, floor, log, sqrt
from ...ops.limits import undefined
from ...ops.shapes import zeros_like
from ...primitive import Rule
from ._declare import sc, special
from ._edges import no_slope, no_slope_at_infinity
from .bessel import ive
from .error import ndtri
from .gamma import gammaln, psi
from .incomplete import beta_density, betainc_by, gamma_density, gammainc_by_a

Law = dict[str, Callable]
_RANGES = {
    "v": (1.1, 4.0), "x": (0.3, 4.0), "p": (0.25, 0.75), "a": (0.3, 3.0), "b": (0.3, 3.0), "dfn": (1.1, 4.0),
    "dfd": (1.1, 4.0), "f": (0.3, 3.0), "df": (1.1, 4.0), "t": (-3.0, 3.0), "k": (1.1, 1.9), "m": (0.6, 3.0),
    "y": (0.25, 0.75), "nc": (0.3, 2.0),
}  # fmt: skip
_COUNT, _TRIALS = np.tile([1, 2, 1], (2, 1)), {"n": np.full((2, 3), 5)}


def _slope(law: Law, order: Sequence[str], by: str, values: Sequence, sign: float) -> Any:
    """The partial derivative by one argument, given those in `order`."""
    return sign * law[by](**dict(zip(order, values, strict=True)))


def distribution(name: str, law: Law, order: str, *, sign: float = 1.0, doc: str, **facts: Any) -> Any:
    """F of the arguments in `order`, or with sign=-1 its complement."""
    arrays = order.split()
    rules = {
        a: Rule(lambda g, *v, by=a: g * _slope(law, arrays, by, v, sign), "vjp", tuple(arrays))
        for a in arrays if a in law
    }  # fmt: skip
    refused = [a for a in arrays if a not in law]
    return special(name, arrays, rules=rules, refused=refused, singular=True,
                   domain={**_RANGES, **facts.pop("domain", {})}, doc=doc, **facts)  # fmt: skip


def inverse(
    name: str, law: Law, order: str, solved: str, p: str = "p", *, sign: float = 1.0,
    searched: bool = False, doc: str, **facts: Any,
) -> Any:  # fmt: skip
    """The argument `solved` of F, or of its complement, for the value named by `p` in `order`.

    Args:
        searched: whether SciPy searches for it within bounds, where it may not be.
    """
    arrays = order.split()
    others = [a for a in arrays if a != p]
    names = (*others, p, "out") if searched else (*others, "out")

    def slope(by: str, values: Sequence) -> Any:
        return _slope(law, [*others, solved], by, values, sign)

    def rule(g: Any, slope_of: Callable, values: tuple) -> Any:
        if not searched:
            return slope_of(g, values)
        *given, wanted, out = values
        share = law["share"](**dict(zip([*others, solved], plain([*given, out]), strict=True)))
        return _where_found(g, share - plain(wanted), out, slope_of(g, (*given, out)))

    def by_the_share(g: Any, v: Sequence) -> Any:
        density = slope(solved, v)
        return g * (1 / density + no_slope(equal(density, 0), density) + no_slope_at_infinity(v[-1]))

    def by_another(a: str) -> Callable:
        return lambda g, *v: rule(g, lambda g, v: -g * (slope(a, v) / slope(solved, v)), v)

    rules = {a: Rule(by_another(a), "vjp", names) for a in others if a in law}
    rules[p] = Rule(lambda g, *v: rule(g, by_the_share, v), "vjp", names)
    refused = [a for a in others if a not in law]
    return special(name, arrays, rules=rules, refused=refused, singular=True,
                   domain={**_RANGES, **facts.pop("domain", {})}, doc=doc, **facts)  # fmt: skip


def _where_found(g: Any, error: Any, out: Any, result: Any) -> Any:
    """`result`, and NaN where a search ended at its bounds, such as 1e-100; at the bound 0 it has no slope."""
    size = np.abs(plain(out))
    missed = ~(np.abs(error) < (1e-6 if error.dtype.itemsize >= 8 else 1e-2))
    missed = missed | (size > 1e50) | ((size > 0) & (size < 1e-50))
    result = result + g * no_slope(equal(out, 0), out)
    return where(missed, undefined(g, missed), result) if np.any(missed) else result


# ------------------------------------------------------------------ gamma and chi-squared

_CHI: Law = {
    "share": lambda v, x: sc.chdtr(v, x),
    "v": lambda v, x: 0.5 * gammainc_by_a(0.5 * v, 0.5 * x),
    "x": lambda v, x: 0.5 * gamma_density(0.5 * v, 0.5 * x),
}
chdtr = distribution(
    "chdtr", _CHI, "v x", doc="The chi-squared distribution function, v degrees of freedom"
)
chdtrc = distribution("chdtrc", _CHI, "v x", sign=-1.0, doc="1 - chdtr(v, x)")
chdtri = inverse("chdtri", _CHI, "v p", "x", sign=-1.0, doc="The x where chdtrc(v, x) = p")
chdtriv = inverse("chdtriv", _CHI, "p x", "v", searched=True, doc="The v where chdtr(v, x) = p")

_GAMMA: Law = {  # of rate a and shape b
    "share": lambda a, b, x: sc.gdtr(a, b, x),
    "a": lambda a, b, x: x * gamma_density(b, a * x),
    "b": lambda a, b, x: gammainc_by_a(b, a * x),
    "x": lambda a, b, x: a * gamma_density(b, a * x),
}
gdtr = distribution("gdtr", _GAMMA, "a b x", doc="The gamma distribution function, of rate a and shape b")
gdtrc = distribution("gdtrc", _GAMMA, "a b x", sign=-1.0, doc="1 - gdtr(a, b, x)")
gdtria = inverse("gdtria", _GAMMA, "p b x", "a", doc="The a where gdtr(a, b, x) = p")
gdtrib = inverse("gdtrib", _GAMMA, "a p x", "b", searched=True, doc="The b where gdtr(a, b, x) = p")
gdtrix = inverse("gdtrix", _GAMMA, "a b p", "x", doc="The x where gdtr(a, b, x) = p")


def _nothing(k: Any, like: Any) -> Any:
    """Zero: a count that is rounded down changes nothing where it does not jump."""
    return zeros_like(k + 0.0 * like)


_POISSON: Law = {
    "k": lambda k, m: _nothing(k, m),
    "m": lambda k, m: -gamma_density(floor(k) + 1, m),
}
_SMOOTH_POISSON: Law = {
    "share": lambda k, m: sc.gammaincc(k + 1, m),
    "k": lambda k, m: gammainc_by_a(k + 1, m, True),
    "m": lambda k, m: -gamma_density(k + 1, m),
}
_ROUNDED = "0 by k, which is rounded down"
pdtr = distribution(
    "pdtr", _POISSON, "k m", kinks=_ROUNDED, doc="Poisson's distribution function of mean m"
)
pdtrc = distribution("pdtrc", _POISSON, "k m", sign=-1.0, kinks=_ROUNDED, doc="1 - pdtr(k, m)")
pdtri = inverse(
    "pdtri", {"m": _POISSON["m"]}, "k y", "m", "y", given={"k": _COUNT}, doc="The m where pdtr(k, m) = y"
)
pdtrik = inverse("pdtrik", _SMOOTH_POISSON, "p m", "k", searched=True,
                 doc="The real k where pdtr, made continuous, is p",
                 domain={"m": (3.0, 5.0), "p": (0.3, 0.9)})  # fmt: skip

# ------------------------------------------------------------------ beta, F, t and counts

_BETA: Law = {
    "share": lambda a, b, x: sc.betainc(a, b, x),
    "a": lambda a, b, x: betainc_by("a", a, b, x),
    "b": lambda a, b, x: betainc_by("b", a, b, x),
    "x": lambda a, b, x: beta_density(a, b, x),
}
_INSIDE = {"x": (0.25, 0.75), "a": (1.1, 3.0), "b": (1.1, 3.0)}
btdtria = inverse(
    "btdtria", _BETA, "p b x", "a", domain=_INSIDE, searched=True, doc="The a where betainc(a, b, x) = p"
)
btdtrib = inverse(
    "btdtrib", _BETA, "a p x", "b", domain=_INSIDE, searched=True, doc="The b where betainc(a, b, x) = p"
)


def _f_share(dfn: Any, dfd: Any, x: Any) -> tuple:
    """The two shapes, where in 0..1, and the derivative of the share by x dfn."""
    whole = dfd + dfn * x
    share = dfn * x / whole
    return 0.5 * dfn, 0.5 * dfd, share, beta_density(0.5 * dfn, 0.5 * dfd, share) / (whole * whole)


def _f_by_dfn(dfn: Any, dfd: Any, x: Any) -> Any:
    a, b, share, density = _f_share(dfn, dfd, x)
    return 0.5 * betainc_by("a", a, b, share) + density * dfd * x


def _f_by_dfd(dfn: Any, dfd: Any, x: Any) -> Any:
    a, b, share, density = _f_share(dfn, dfd, x)
    return 0.5 * betainc_by("b", a, b, share) - density * dfn * x


_F: Law = {
    "share": lambda dfn, dfd, x: sc.fdtr(dfn, dfd, x),
    "dfn": _f_by_dfn,
    "dfd": _f_by_dfd,
    "x": lambda dfn, dfd, x: _f_share(dfn, dfd, x)[3] * dfn * dfd,
}
fdtr = distribution("fdtr", _F, "dfn dfd x", doc="The F distribution function")
fdtrc = distribution("fdtrc", _F, "dfn dfd x", sign=-1.0, doc="1 - fdtr(dfn, dfd, x)")
fdtri = inverse("fdtri", _F, "dfn dfd p", "x", doc="The x where fdtr(dfn, dfd, x) = p")
fdtridfd = inverse("fdtridfd", _F, "dfn p x", "dfd", searched=True,
                   doc="The dfd where fdtr(dfn, dfd, x) = p",
                   domain={"p": (0.4, 0.6), "x": (8.0, 12.0), "dfn": (2.0, 3.0)})  # fmt: skip


def _t_by_t(df: Any, t: Any) -> Any:
    constant = gammaln(0.5 * (df + 1)) - gammaln(0.5 * df) - 0.5 * log(df * math.pi)
    return exp(constant - 0.5 * (df + 1) * log(1 + t * t / df))


def _t_by_df(df: Any, t: Any) -> Any:
    """Of I_x(df / 2, 1 / 2) / 2 with x = df / (df + t**2), below 0; above with the sign turned."""
    near = less(t * t, 4e-4 * minimum(df, 1.0))
    far = where(near, 1.0, t)
    whole = df + far * far
    share = df / whole
    inner = 0.25 * betainc_by("a", 0.5 * df, 0.5 + 0.0 * df, share)
    moved = inner + 0.5 * beta_density(0.5 * df, 0.5, share) * (far * far / (whole * whole))
    return where(near, _t_by_df_near_0(df, where(near, t, 0.0)), where(less(t, 0), moved, -moved))


def _t_by_df_near_0(df: Any, t: Any) -> Any:
    """Of the integral from 0 to t of the density's power series, term by term."""
    square, r = t * t, 1 / df
    series = 1 - square * ((1 + r) / 6 - square * ((1 + r) * (1 + 3 * r) / 40
             - square * ((1 + r) * (1 + 3 * r) * (1 + 5 * r) / 336)))  # fmt: skip
    slope = (
        square * r * r * (1 / 6 - square * ((4 + 6 * r) / 40 - square * ((9 + 46 * r + 45 * r * r) / 336)))
    )
    largest = 0.5 * (psi(0.5 * (df + 1)) - psi(0.5 * df) - r)  # of the logarithm of the density at 0
    return _t_by_t(df, 0.0 * t) * t * (largest * series + slope)


_T: Law = {"share": lambda df, t: sc.stdtr(df, t), "df": _t_by_df, "t": _t_by_t}
stdtr = distribution("stdtr", _T, "df t", doc="Student's distribution function, df degrees of freedom")
stdtrit = inverse("stdtrit", _T, "df p", "t", doc="The t where stdtr(df, t) = p")
stdtridf = inverse("stdtridf", _T, "p t", "df", searched=True,
                   doc="The df where stdtr(df, t) = p",
                   domain={"p": (0.7, 0.8), "t": (8.0, 12.0)})  # fmt: skip

_BINOMIAL: Law = {
    "k": lambda k, n, p: _nothing(k, p),
    "p": lambda k, n, p: -beta_density(floor(k) + 1, n - 1.0 * floor(k), p),
}
_SMOOTH_BINOMIAL: Law = {
    "share": lambda k, n, p: sc.betainc(n - k, k + 1, 1 - p),
    "k": lambda k, n, p: betainc_by("b", n - k, k + 1, 1 - p) - betainc_by("a", n - k, k + 1, 1 - p),
    "n": lambda k, n, p: betainc_by("a", n - k, k + 1, 1 - p),
    "p": lambda k, n, p: -beta_density(k + 1, n - k, p),
}
bdtr = distribution(
    "bdtr", _BINOMIAL, "k n p", given=_TRIALS, kinks=_ROUNDED, doc="The binomial distribution function"
)
bdtrc = distribution(
    "bdtrc", _BINOMIAL, "k n p", sign=-1.0, given=_TRIALS, kinks=_ROUNDED, doc="1 - bdtr(k, n, p)"
)
bdtri = inverse(
    "bdtri",
    {"p": _BINOMIAL["p"]},
    "k n y",
    "p",
    "y",
    given={"k": _COUNT, **_TRIALS},
    doc="The p where bdtr(k, n, p) = y",
)
bdtrik = inverse("bdtrik", _SMOOTH_BINOMIAL, "y n p", "k", "y", searched=True,
                 doc="The real k where bdtr, made continuous, is y",
                 domain={"n": (8.0, 9.0), "p": (0.4, 0.6), "y": (0.3, 0.7)})  # fmt: skip
bdtrin = inverse("bdtrin", _SMOOTH_BINOMIAL, "k y p", "n", "y", searched=True,
                 doc="The real n where bdtr, made continuous, is y",
                 domain={"p": (0.3, 0.6), "y": (0.3, 0.7)})  # fmt: skip

_NEGATIVE: Law = {"p": lambda k, n, p: beta_density(n, k + 1, p)}
_SMOOTH_NEGATIVE: Law = {
    "share": lambda k, n, p: sc.betainc(n, k + 1, p),
    "k": lambda k, n, p: betainc_by("b", n, k + 1, p),
    "n": lambda k, n, p: betainc_by("a", n, k + 1, p),
    "p": lambda k, n, p: beta_density(n, k + 1, p),
}
nbdtr = distribution("nbdtr", _NEGATIVE, "k n p", given={"k": _COUNT, **_TRIALS},
                     doc="The negative binomial distribution function")  # fmt: skip
nbdtrc = distribution("nbdtrc", _NEGATIVE, "k n p", sign=-1.0, given={"k": _COUNT, **_TRIALS},
                      doc="1 - nbdtr(k, n, p)")  # fmt: skip
nbdtri = inverse(
    "nbdtri",
    _NEGATIVE,
    "k n y",
    "p",
    "y",
    given={"k": _COUNT, **_TRIALS},
    doc="The p where nbdtr(k, n, p) = y",
)
nbdtrik = inverse("nbdtrik", _SMOOTH_NEGATIVE, "y n p", "k", "y",
                  searched=True,
                  doc="The real k where nbdtr, made continuous, is y",
                  domain={"n": (3.0, 4.0), "p": (0.35, 0.45), "y": (0.4, 0.6)})  # fmt: skip
nbdtrin = inverse("nbdtrin", _SMOOTH_NEGATIVE, "k y p", "n", "y",
                  searched=True,
                  doc="The real n where nbdtr, made continuous, is y",
                  domain={"p": (0.35, 0.45), "y": (0.4, 0.6)})  # fmt: skip

# ------------------------------------------------------------------ normal and noncentral

nrdtrimn = special(
    "nrdtrimn", ["p", "std", "x"],
    vjp={"p": lambda g, p, std: -g * (std / _normal(p)), "std": lambda g, p: -g * ndtri(p), "x": lambda g: g},
    singular=True, domain={"p": (0.25, 0.75), "std": (0.3, 3.0), "x": (-3.0, 3.0)},
    doc="The mean of the normal distribution that has the share p below x",
)  # fmt: skip
nrdtrisd = special(
    "nrdtrisd", ["mn", "p", "x"],
    vjp={"mn": lambda g, p: -g / ndtri(p), "x": lambda g, p: g / ndtri(p),
         "p": lambda g, mn, p, x: -g * ((x - mn) / (ndtri(p) ** 2 * _normal(p)))},
    singular=True, domain={"p": (0.72, 0.82), "mn": (-3.0, 0.0), "x": (0.3, 3.0)},
    doc="The standard deviation of the normal distribution that has the share p below x",
)  # fmt: skip


def _normal(p: Any) -> Any:
    """The normal density where the share p is below."""
    return exp(-0.5 * ndtri(p) ** 2) / math.sqrt(2 * math.pi)


def _noncentral_density(x: Any, df: Any, nc: Any) -> Any:
    """exp(-(x+nc)/2) (x/nc)**(df/4 - 1/2) I_(df/2-1)(sqrt(nc x)) / 2, with I scaled."""
    root = sqrt(nc * x)
    scaled = exp(-0.5 * (sqrt(x) - sqrt(nc)) ** 2) * (x / nc) ** (0.25 * df - 0.5)
    return 0.5 * scaled * ive(0.5 * df - 1, root)


_NONCENTRAL: Law = {  # that by nc is half the difference of F of df + 2 and of df
    "share": lambda x, df, nc: sc.chndtr(x, df, nc),
    "x": _noncentral_density,
    "nc": lambda x, df, nc: -_noncentral_density(x, df + 2, nc),
}
chndtr = distribution(
    "chndtr", _NONCENTRAL, "x df nc", doc="The noncentral chi-squared distribution function"
)
chndtrix = inverse("chndtrix", _NONCENTRAL, "p df nc", "x", searched=True,
                   doc="The x where chndtr(x, df, nc) = p",
                   domain={"df": (2.0, 4.0)})  # fmt: skip
chndtrinc = inverse("chndtrinc", _NONCENTRAL, "x df p", "nc", searched=True,
                    doc="The nc where chndtr(x, df, nc) = p",
                    domain={"df": (2.0, 3.0), "x": (4.0, 5.0), "p": (0.4, 0.6)})  # fmt: skip
