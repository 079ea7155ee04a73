"""The discrete distributions: a table of formulas. Counts are constants; parameters have derivatives.

Source: N. L. Johnson, A. W. Kemp and S. Kotz, Univariate discrete distributions, 2005.
"""

from __future__ import annotations

import numpy as np

from ...ops.choosing import where
from ...ops.elementwise import exp, expm1, log, log1p
from ...ops.matrices import value_of
from ..special import bdtr, bdtrc, betainc, betaincc, entr, gammaln, pdtr, pdtrc, xlog1py, xlogy
from .machinery import Law


def _binomial(k, n, p):
    n = value_of(n)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return ways + xlogy(k, p) + xlog1py(n - k, -p)


def _whole(n):
    """A count as an integer, which SciPy wants it to be."""
    return np.asarray(value_of(n)).astype(np.int64)


def _is_share(p):
    return (p >= 0) & (p <= 1)


POISSON = Law(
    "poisson", "mu", low=0.0, inside=1.0, steps=True, valid=lambda mu: mu >= 0,
    logpmf=lambda k, mu: xlogy(k, mu) - gammaln(k + 1) - mu,
    cdf=lambda k, mu: pdtr(k, mu), sf=lambda k, mu: pdtrc(k, mu),
)  # fmt: skip
BINOM = Law(
    "binom", "n p", low=0.0, high=lambda n, p: n, inside=0.0, steps=True, usual=(1.0, 0.5),
    valid=lambda n, p: (n >= 0) & (n == np.floor(n)) & _is_share(p),
    logpmf=_binomial,
    cdf=lambda k, n, p: bdtr(k, _whole(n), p), sf=lambda k, n, p: bdtrc(k, _whole(n), p),
)  # fmt: skip
BERNOULLI = Law(
    "bernoulli", "p", low=0.0, high=1.0, inside=0.0, steps=True, usual=(0.5,), valid=_is_share,
    logpmf=lambda k, p: xlogy(k, p) + xlog1py(1 - k, -p),
    cdf=lambda k, p: where(k < 1, 1 - p, 1), sf=lambda k, p: where(k < 1, p, 0),
    entropy=lambda p: entr(p) + entr(1 - p),
)  # fmt: skip
NBINOM = Law(
    "nbinom", "n p", low=0.0, inside=1.0, steps=True, usual=(1.0, 0.5),
    valid=lambda n, p: (n > 0) & (p > 0) & (p <= 1),
    logpmf=lambda k, n, p: gammaln(n + k) - gammaln(k + 1) - gammaln(n) + xlogy(n, p) + xlog1py(k, -p),
    cdf=lambda k, n, p: betainc(n, k + 1, p), sf=lambda k, n, p: betaincc(n, k + 1, p),
)  # fmt: skip
GEOM = Law(
    "geom", "p", low=1.0, inside=1.0, steps=True, usual=(0.5,), valid=lambda p: (p > 0) & (p <= 1),
    logpmf=lambda k, p: xlog1py(k - 1, -p) + log(p),
    cdf=lambda k, p: -expm1(log1p(-p) * k), sf=lambda k, p: exp(log1p(-p) * k), logsf=lambda k, p: log1p(-p) * k,
)  # fmt: skip

LAWS = [law for law in list(vars().values()) if isinstance(law, Law)]
