"""Means and variances of the distributions, in standard form: location 0 and scale 1.

Where a moment is infinite, or there is none, it is as SciPy has it, and a constant.

Source: as of `continuous.py` and `discrete.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...ops.choosing import where
from ...ops.elementwise import exp, expm1, sin, sqrt
from ...ops.matrices import value_of
from ..special import gammaln
from .continuous import EULER, LOG2PI, _log_mass
from .machinery import Law


def _from(least: float, otherwise: float, formula: Callable) -> Callable:
    """A formula of the last shape, where that is more than `least`."""

    def found(*shapes: Any) -> Any:
        *others, last = shapes
        there = value_of(last) > least
        return where(there, formula(*others, where(there, last, least + 1.0)), otherwise)

    return found


def _fixed(mean: float, var: float) -> tuple[Callable, Callable]:
    return lambda: np.float64(mean), lambda: np.float64(var)


def _truncated(a: Any, b: Any) -> tuple[Any, Any]:
    """The mean, and the second moment less 1."""
    mass = _log_mass(a, b)
    parts = []
    for end in (a, b):
        there = np.isfinite(value_of(end))
        inside = where(there, end, 0.0)
        density = where(there, exp(-inside * inside / 2 - LOG2PI / 2 - mass), 0.0)
        parts.append((density, inside * density))
    (low, low_), (high, high_) = parts
    return low - high, low_ - high_


def _truncated_var(a: Any, b: Any) -> Any:
    mean, more = _truncated(a, b)
    return 1 + more - mean * mean


def _fisk(n: int) -> Callable:
    """The n-th moment."""
    return lambda c: n * math.pi / c / sin(n * math.pi / c)


def _weibull_var(c: Any) -> Any:
    mean = exp(gammaln(1 + 1 / c))
    return exp(gammaln(1 + 2 / c)) - mean * mean


def _f_var(n: Any, m: Any) -> Any:
    return 2 * m * m * (n + m - 2) / (n * (m - 2) ** 2 * (m - 4))


_MOMENTS: dict[str, tuple[Callable, Callable]] = {
    "norm": _fixed(0.0, 1.0),
    "uniform": _fixed(0.5, 1 / 12),
    "expon": _fixed(1.0, 1.0),
    "laplace": _fixed(0.0, 2.0),
    "logistic": _fixed(0.0, math.pi**2 / 3),
    "gumbel_r": _fixed(EULER, math.pi**2 / 6),
    "gumbel_l": _fixed(-EULER, math.pi**2 / 6),
    "halfnorm": _fixed(math.sqrt(2 / math.pi), 1 - 2 / math.pi),
    "rayleigh": _fixed(math.sqrt(math.pi / 2), 2 - math.pi / 2),
    "gamma": (lambda a: 1 * a, lambda a: 1 * a),
    "chi2": (lambda df: 1 * df, lambda df: 2 * df),
    "invgamma": (
        _from(1, np.inf, lambda a: 1 / (a - 1)),
        _from(2, np.inf, lambda a: 1 / ((a - 1) ** 2 * (a - 2))),
    ),
    "beta": (lambda a, b: a / (a + b), lambda a, b: a * b / ((a + b) ** 2 * (a + b + 1))),
    "t": (_from(1, np.inf, lambda df: 0 * df), lambda df: where(
        value_of(df) > 1, _from(2, np.inf, lambda df: df / (df - 2))(df), np.nan)),
    "f": (_from(2, np.inf, lambda n, m: m / (m - 2) + 0 * n), _from(4, np.inf, _f_var)),
    "lognorm": (lambda s: exp(s * s / 2), lambda s: expm1(s * s) * exp(s * s)),
    "weibull_min": (lambda c: exp(gammaln(1 + 1 / c)), _weibull_var),
    "pareto": (
        _from(1, np.inf, lambda b: b / (b - 1)),
        _from(2, np.inf, lambda b: b / ((b - 1) ** 2 * (b - 2))),
    ),
    "lomax": (
        _from(1, np.inf, lambda c: 1 / (c - 1)),
        _from(2, np.inf, lambda c: c / ((c - 1) ** 2 * (c - 2))),
    ),
    "fisk": (_from(1, np.nan, _fisk(1)), _from(2, np.nan, lambda c: _fisk(2)(c) - _fisk(1)(c) ** 2)),
    "truncnorm": (lambda a, b: _truncated(a, b)[0], _truncated_var),
    "poisson": (lambda mu: 1 * mu, lambda mu: 1 * mu),
    "binom": (lambda n, p: value_of(n) * p, lambda n, p: value_of(n) * p * (1 - p)),
    "bernoulli": (lambda p: 1 * p, lambda p: p * (1 - p)),
    "nbinom": (lambda n, p: n * (1 - p) / p, lambda n, p: n * (1 - p) / (p * p)),
    "geom": (lambda p: 1 / p, lambda p: (1 - p) / (p * p)),
}  # fmt: skip


def enter(law: Law) -> None:
    """Put the moments of a law, and the median where its inverse is known, among its formulas."""
    if law.name in _MOMENTS:
        mean, var = _MOMENTS[law.name]
        law.formulas |= {"mean": mean, "var": var, "std": lambda *shapes: sqrt(var(*shapes))}
    if "ppf" in law.formulas:
        law.formulas["median"] = lambda *shapes: law.formulas["ppf"](np.float64(0.5), *shapes)
