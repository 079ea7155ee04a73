"""The continuous distributions: a table of formulas in standard form.

Read each entry as formulas of z (or of the probability q) and the shapes. What is not given follows:
pdf from logpdf, each tail from the other or from its logarithm.

Source: N. L. Johnson, S. Kotz and N. Balakrishnan, Continuous univariate distributions, 1994 and 1995.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ops.choosing import greater, where
from ...ops.elementwise import arctan2, cos, exp, expm1, log, log1p, logaddexp, sin, sqrt
from ...ops.matrices import value_of
from ...ops.sizes import absolute
from ..special import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    cosm1,
    erf,
    expit,
    fdtr,
    fdtrc,
    fdtri,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    i0e,
    i1e,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    ndtri_exp,
    psi,
    stdtr,
    stdtrit,
    xlog1py,
    xlogy,
)
from .machinery import Law

EULER = 0.57721566490153286061
LOG2, LOGPI, LOG2PI = math.log(2), math.log(math.pi), math.log(2 * math.pi)
POSITIVE: dict[str, Any] = {"low": 0.0, "inside": 1.0}
UNIT: dict[str, Any] = {"low": 0.0, "high": 1.0, "inside": 0.5}

# ------------------------------------------------------------------ without shapes

NORM = Law(
    "norm",
    logpdf=lambda z: -z * z / 2 - LOG2PI / 2,
    cdf=ndtr, sf=lambda z: ndtr(-z), logcdf=log_ndtr, logsf=lambda z: log_ndtr(-z),
    ppf=ndtri, isf=lambda q: -ndtri(q), entropy=lambda: (LOG2PI + 1) / 2,
)  # fmt: skip
UNIFORM = Law(
    "uniform", **UNIT,
    logpdf=lambda z: 0 * z, cdf=lambda z: z, ppf=lambda q: q, entropy=lambda: 0.0,
)  # fmt: skip
EXPON = Law(
    "expon", **POSITIVE,
    logpdf=lambda z: -z, logsf=lambda z: -z, ppf=lambda q: -log1p(-q), isf=lambda q: -log(q), entropy=lambda: 1.0,
)  # fmt: skip
CAUCHY = Law(
    "cauchy",
    logpdf=lambda z: -LOGPI - log1p(z * z),
    cdf=lambda z: arctan2(np.ones(()), -z) / math.pi, sf=lambda z: arctan2(np.ones(()), z) / math.pi,
    ppf=lambda q: -_cot(q), isf=lambda q: _cot(q), entropy=lambda: math.log(4 * math.pi),
)  # fmt: skip


def _cot(q):
    return cos(math.pi * q) / sin(math.pi * q)


def _laplace_below(z):
    """The logarithm of the lower tail."""
    above = greater(z, 0)
    return where(above, log1p(-exp(-where(above, z, 0)) / 2), where(above, 0, z) - LOG2)


LAPLACE = Law(
    "laplace",
    logpdf=lambda z: -absolute(z) - LOG2,
    logcdf=_laplace_below, logsf=lambda z: _laplace_below(-z),
    cdf=lambda z: exp(_laplace_below(z)), sf=lambda z: exp(_laplace_below(-z)),
    ppf=lambda q: where(greater(q, 0.5), -log(2 * where(greater(q, 0.5), 1 - q, 0.5)), log(2 * q)),
    entropy=lambda: LOG2 + 1,
)  # fmt: skip
LOGISTIC = Law(
    "logistic",
    logpdf=lambda z: log_expit(z) + log_expit(-z),
    cdf=expit, sf=lambda z: expit(-z), logcdf=log_expit, logsf=lambda z: log_expit(-z),
    ppf=logit, isf=lambda q: -logit(q), entropy=lambda: 2.0,
)  # fmt: skip
GUMBEL_R = Law(
    "gumbel_r",
    logpdf=lambda z: -z - exp(-z),
    logcdf=lambda z: -exp(-z), cdf=lambda z: exp(-exp(-z)), sf=lambda z: -expm1(-exp(-z)),
    ppf=lambda q: -log(-log(q)), isf=lambda q: -log(-log1p(-q)), entropy=lambda: EULER + 1,
)  # fmt: skip
GUMBEL_L = Law(
    "gumbel_l",
    logpdf=lambda z: z - exp(z),
    logsf=lambda z: -exp(z), sf=lambda z: exp(-exp(z)), cdf=lambda z: -expm1(-exp(z)),
    ppf=lambda q: log(-log1p(-q)), isf=lambda q: log(-log(q)), entropy=lambda: EULER + 1,
)  # fmt: skip
HALFNORM = Law(
    "halfnorm", **POSITIVE,
    logpdf=lambda z: (LOG2 - LOGPI) / 2 - z * z / 2,
    cdf=lambda z: erf(z * math.sqrt(0.5)), sf=lambda z: 2 * ndtr(-z), logsf=lambda z: LOG2 + log_ndtr(-z),
    ppf=lambda q: ndtri((1 + q) / 2), isf=lambda q: -ndtri(q / 2), entropy=lambda: (LOGPI - LOG2 + 1) / 2,
)  # fmt: skip
HALFCAUCHY = Law(
    "halfcauchy", **POSITIVE,
    logpdf=lambda z: LOG2 - LOGPI - log1p(z * z),
    cdf=lambda z: 2 / math.pi * arctan2(z, np.ones(())), sf=lambda z: 2 / math.pi * arctan2(np.ones(()), z),
    ppf=lambda q: _cot((1 - q) / 2), isf=lambda q: _cot(q / 2), entropy=lambda: math.log(2 * math.pi),
)  # fmt: skip
RAYLEIGH = Law(
    "rayleigh", **POSITIVE,
    logpdf=lambda z: log(z) - z * z / 2, logsf=lambda z: -z * z / 2,
    ppf=lambda q: sqrt(-2 * log1p(-q)), isf=lambda q: sqrt(-2 * log(q)),
    entropy=lambda: EULER / 2 + 1 - LOG2 / 2,
)  # fmt: skip

# ------------------------------------------------------------------ gamma and beta

GAMMA = Law(
    "gamma", "a", **POSITIVE,
    logpdf=lambda z, a: xlogy(a - 1, z) - z - gammaln(a),
    cdf=lambda z, a: gammainc(a, z), sf=lambda z, a: gammaincc(a, z),
    ppf=lambda q, a: gammaincinv(a, q), isf=lambda q, a: gammainccinv(a, q),
    entropy=lambda a: a + gammaln(a) + (1 - a) * psi(a),
)  # fmt: skip
CHI2 = Law(
    "chi2", "df", **POSITIVE,
    logpdf=lambda z, df: xlogy(df / 2 - 1, z) - z / 2 - gammaln(df / 2) - df / 2 * LOG2,
    cdf=lambda z, df: gammainc(df / 2, z / 2), sf=lambda z, df: gammaincc(df / 2, z / 2),
    ppf=lambda q, df: 2 * gammaincinv(df / 2, q), isf=lambda q, df: 2 * gammainccinv(df / 2, q),
    entropy=lambda df: df / 2 + LOG2 + gammaln(df / 2) + (1 - df / 2) * psi(df / 2),
)  # fmt: skip
INVGAMMA = Law(
    "invgamma", "a", **POSITIVE,
    logpdf=lambda z, a: -(a + 1) * log(z) - gammaln(a) - 1 / z,
    cdf=lambda z, a: gammaincc(a, 1 / z), sf=lambda z, a: gammainc(a, 1 / z),
    ppf=lambda q, a: 1 / gammainccinv(a, q), isf=lambda q, a: 1 / gammaincinv(a, q),
    entropy=lambda a: a + gammaln(a) - (a + 1) * psi(a),
)  # fmt: skip
BETA = Law(
    "beta", "a b", **UNIT,
    logpdf=lambda z, a, b: xlogy(a - 1, z) + xlog1py(b - 1, -z) - betaln(a, b),
    cdf=lambda z, a, b: betainc(a, b, z), sf=lambda z, a, b: betaincc(a, b, z),
    ppf=lambda q, a, b: betaincinv(a, b, q), isf=lambda q, a, b: betainccinv(a, b, q),
    entropy=lambda a, b: betaln(a, b) - (a - 1) * psi(a) - (b - 1) * psi(b) + (a + b - 2) * psi(a + b),
)  # fmt: skip
T = Law(
    "t", "df",
    logpdf=lambda z, df: -betaln(df / 2, 0.5 + 0 * df) - log(df) / 2 - (df + 1) / 2 * log1p(z * z / df),
    cdf=lambda z, df: stdtr(df, z), sf=lambda z, df: stdtr(df, -z),
    ppf=lambda q, df: stdtrit(df, q), isf=lambda q, df: -stdtrit(df, q),
    entropy=lambda df: (df + 1) / 2 * (psi((df + 1) / 2) - psi(df / 2)) + log(df) / 2 + betaln(df / 2, 0.5 + 0 * df),
)  # fmt: skip
F = Law(
    "f", "dfn dfd", **POSITIVE,
    logpdf=lambda z, n, m: (
        xlogy(n / 2, n) + xlogy(m / 2, m) + xlogy(n / 2 - 1, z) - (n + m) / 2 * log(m + n * z)
        - betaln(n / 2, m / 2)
    ),
    cdf=lambda z, n, m: fdtr(n, m, z), sf=lambda z, n, m: fdtrc(n, m, z), ppf=lambda q, n, m: fdtri(n, m, q),
)  # fmt: skip

# ------------------------------------------------------------------ powers and exponentials

LOGNORM = Law(
    "lognorm", "s", **POSITIVE,
    logpdf=lambda z, s: -((log(z) / s) ** 2) / 2 - log(s * z) - LOG2PI / 2,
    cdf=lambda z, s: ndtr(log(z) / s), sf=lambda z, s: ndtr(-log(z) / s),
    logcdf=lambda z, s: log_ndtr(log(z) / s), logsf=lambda z, s: log_ndtr(-log(z) / s),
    ppf=lambda q, s: exp(s * ndtri(q)), isf=lambda q, s: exp(-s * ndtri(q)),
    entropy=lambda s: (LOG2PI + 1) / 2 + log(s),
)  # fmt: skip
WEIBULL_MIN = Law(
    "weibull_min", "c", **POSITIVE,
    logpdf=lambda z, c: log(c) + xlogy(c - 1, z) - z**c,
    logsf=lambda z, c: -(z**c), ppf=lambda q, c: (-log1p(-q)) ** (1 / c), isf=lambda q, c: (-log(q)) ** (1 / c),
    entropy=lambda c: EULER + 1 - EULER / c - log(c),
)  # fmt: skip
PARETO = Law(
    "pareto", "b", low=1.0, inside=2.0,
    logpdf=lambda z, b: log(b) - (b + 1) * log(z),
    logsf=lambda z, b: -b * log(z), ppf=lambda q, b: exp(-log1p(-q) / b), isf=lambda q, b: exp(-log(q) / b),
    entropy=lambda b: 1 + 1 / b - log(b),
)  # fmt: skip
LOMAX = Law(
    "lomax", "c", **POSITIVE,
    logpdf=lambda z, c: log(c) - (c + 1) * log1p(z),
    logsf=lambda z, c: -c * log1p(z), ppf=lambda q, c: expm1(-log1p(-q) / c), isf=lambda q, c: expm1(-log(q) / c),
    entropy=lambda c: 1 + 1 / c - log(c),
)  # fmt: skip
FISK = Law(
    "fisk", "c", **POSITIVE,
    logpdf=lambda z, c: log(c) - log(z) + log_expit(c * log(z)) + log_expit(-c * log(z)),
    cdf=lambda z, c: expit(c * log(z)), sf=lambda z, c: expit(-c * log(z)),
    logcdf=lambda z, c: log_expit(c * log(z)), logsf=lambda z, c: log_expit(-c * log(z)),
    ppf=lambda q, c: exp(logit(q) / c), isf=lambda q, c: exp(-logit(q) / c), entropy=lambda c: 2 - log(c),
)  # fmt: skip

# ------------------------------------------------------------------ angles, and what is cut off

VONMISES = Law(
    "vonmises", "kappa", valid=lambda kappa: kappa >= 0,
    logpdf=lambda z, kappa: kappa * cosm1(z) - LOG2PI - log(i0e(kappa)),
    entropy=lambda kappa: LOG2PI + log(i0e(kappa)) + kappa * (1 - i1e(kappa) / i0e(kappa)),
)  # fmt: skip


def _log_difference(p, q):
    """log(exp(p) - exp(q)) for p > q."""
    return p + log(-expm1(q - p))


def _log_mass(a, b):
    """The logarithm of the mass of the normal distribution between a and b, on the side where it is small."""
    right = value_of(a) > 0
    left = ~right & (value_of(b) <= 0)
    around = ~(right | left)
    low, high = where(right, -b, a), where(right, -a, b)  # mirrored to the left
    low_, high_ = where(around, -2.0, low), where(around, -1.0, high)
    beside = _log_difference(log_ndtr(high_), log_ndtr(low_))
    within = log1p(-ndtr(where(around, a, -1.0)) - ndtr(where(around, -b, -1.0)))
    return where(around, within, beside)


def _truncated_point(q, a, b):
    low = value_of(a) < 0
    mass = _log_mass(a, b)
    from_below = ndtri_exp(logaddexp(log_ndtr(a), log(q) + mass))
    from_above = -ndtri_exp(logaddexp(log_ndtr(-b), log1p(-q) + mass))
    return where(low, from_below, from_above)


TRUNCNORM = Law(
    "truncnorm", "a b", low=lambda a, b: a, high=lambda a, b: b, valid=lambda a, b: a < b, usual=(-1.0, 1.0),
    inside=lambda a, b: np.clip(0.0, np.where(np.isinf(value_of(a)), value_of(b) - 1, value_of(a)),
                                np.where(np.isinf(value_of(b)), value_of(a) + 1, value_of(b))),
    logpdf=lambda z, a, b: -z * z / 2 - LOG2PI / 2 - _log_mass(a, b),
    logcdf=lambda z, a, b: _log_mass(a, z) - _log_mass(a, b),
    cdf=lambda z, a, b: exp(_log_mass(a, z) - _log_mass(a, b)),
    logsf=lambda z, a, b: _log_mass(z, b) - _log_mass(a, b),
    sf=lambda z, a, b: exp(_log_mass(z, b) - _log_mass(a, b)),
    ppf=_truncated_point,
)  # fmt: skip

LAWS = [law for law in list(vars().values()) if isinstance(law, Law)]
