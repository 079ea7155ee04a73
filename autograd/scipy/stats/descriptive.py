"""What describes a sample: means of several kinds, moments and what is made of them, scores, entropy.

With a gradient, NaNs are taken as they are (`nan_policy="propagate"`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...ops.choosing import where
from ...ops.composed import plain
from ...ops.elementwise import exp, log, sqrt
from ...ops.joining import stack
from ...ops.reductions import mean, std
from ...ops.reductions import sum as total
from ...ops.shapes import as_array, astype, squeeze
from ...ops.statistics import average
from .. import load
from .._faces import spelled
from ..special import entr, rel_entr

theirs: Any = load("stats")


def _sample(name, a, nan_policy, dtype=None):
    """An array of floating numbers.

    Errors: ArgumentError for another treatment of NaNs.
    """
    if nan_policy != "propagate":
        raise ArgumentError(f"{name}: with a gradient nan_policy must be 'propagate', got {nan_policy!r}")
    a = as_array(a)
    dtype = np.dtype(dtype) if dtype is not None else a.dtype if a.dtype.kind in "fc" else np.dtype(float)
    return a if a.dtype == dtype else astype(a, dtype)


@spelled(theirs.gmean)
def gmean(a, axis=0, dtype=None, weights=None, *, nan_policy="propagate", keepdims=False):
    """The geometric mean: exp of the mean of log a.

    Example:
        >>> float(gmean(np.array([1.0, 4.0])))
        2.0
    """
    a = _sample("gmean", a, nan_policy, dtype)
    return exp(average(log(a), axis, weights, keepdims=keepdims))


@spelled(theirs.hmean)
def hmean(a, axis=0, dtype=None, *, weights=None, nan_policy="propagate", keepdims=False):
    """The harmonic mean: 1 over the mean of 1 / a; NaN with a negative number.

    Example:
        >>> float(hmean(np.array([1.0, 3.0])))
        1.5
    """
    a = _sample("hmean", a, nan_policy, dtype)
    a = where(plain(a) < 0, np.nan, a) if np.any(plain(a) < 0) else a
    return 1 / average(1 / a, axis, weights, keepdims=keepdims)


@spelled(theirs.pmean)
def pmean(a, p, *, axis=0, dtype=None, weights=None, nan_policy="propagate", keepdims=False):
    """The power mean: the mean of a**p, to the power of 1 / p; the geometric mean for p = 0.

    Example:
        >>> float(pmean(np.array([1.0, 7.0]), 2))
        5.0
    """
    if p == 0:
        return gmean(a, axis, dtype, weights, nan_policy=nan_policy, keepdims=keepdims)
    a = _sample("pmean", a, nan_policy, dtype)
    return average(a**p, axis, weights, keepdims=keepdims) ** (1 / p)


# ------------------------------------------------------------------ scores


@spelled(theirs.zmap)
def zmap(scores, compare, axis=0, ddof=0, nan_policy="propagate"):
    """(scores - mean(compare)) / std(compare) along an axis.

    Example:
        >>> zmap(np.array([1.0, 5.0]), np.array([1.0, 3.0]))
        array([-1.,  3.])
    """
    compare = _sample("zmap", compare, nan_policy)
    middle, deviation = mean(compare, axis, True), std(compare, axis, ddof, True)
    out = (as_array(scores) - middle) / deviation
    return _unless_equal(out, deviation, middle) if scores is compare else out


@spelled(theirs.zscore)
def zscore(a, axis=0, ddof=0, nan_policy="propagate"):
    """(a - mean(a)) / std(a) along an axis.

    Example:
        >>> zscore(np.array([1.0, 3.0]))
        array([-1.,  1.])
    """
    a = _sample("zscore", a, nan_policy)
    return zmap(a, a, axis, ddof)


@spelled(theirs.gzscore)
def gzscore(a, *, axis=0, ddof=0, nan_policy="propagate"):
    """The scores of log a.

    Example:
        >>> gzscore(np.array([1.0, 4.0])).round(9)
        array([-1.,  1.])
    """
    return zscore(log(_sample("gzscore", a, nan_policy)), axis, ddof)


# ------------------------------------------------------------------ spread and moments


def _count(a, out):
    """How many elements of a each result is made of."""
    return a.size // max(out.size, 1)


@spelled(theirs.gstd)
def gstd(a, axis=0, ddof=1, *, keepdims=False, nan_policy="propagate"):
    """exp of the standard deviation of log a.

    Example:
        >>> float(gstd(np.array([1.0, np.exp(2.0)]), ddof=0).round(9)) == round(float(np.e), 9)
        True
    """
    return exp(std(log(_sample("gstd", a, nan_policy)), axis, ddof, keepdims))


@spelled(theirs.sem)
def sem(a, axis=0, ddof=1, nan_policy="propagate", *, keepdims=False):
    """The standard error of the mean: std(a) / sqrt(n).

    Example:
        >>> float(sem(np.array([1.0, 3.0])))
        1.0
    """
    a = _sample("sem", a, nan_policy)
    out = std(a, axis, ddof, keepdims)
    return out / math.sqrt(_count(a, out))


@spelled(theirs.variation)
def variation(a, axis=0, nan_policy="propagate", ddof=0, *, keepdims=False):
    """std(a) / mean(a).

    Example:
        >>> float(variation(np.array([1.0, 3.0])))
        0.5
    """
    a = _sample("variation", a, nan_policy)
    return std(a, axis, ddof, keepdims) / mean(a, axis, keepdims)


@spelled(theirs.moment)
def moment(a, order=1, axis=0, nan_policy="propagate", *, center=None, keepdims=False):
    """The mean of (a - center)**order; about the mean by default.

    Args:
        order: a number, or a vector of them, which is the first axis of the result then.

    Example:
        >>> float(moment(np.array([1.0, 3.0]), 2))
        1.0
    """
    a, orders = _sample("moment", a, nan_policy), np.asarray(order)
    if np.any(orders != np.round(orders)):
        raise ArgumentError(f"moment: order must be whole, got {order!r}")
    middle = mean(a, axis, True) if center is None else center
    found = [mean((a - middle) ** int(k), axis, keepdims) for k in orders.reshape(-1)]
    return stack(found) if orders.ndim else found[0]


def _central(a, axis, keepdims, order):
    """The central moment of an order, over the power of the variance that makes it a pure number; and n."""
    middle = mean(a, axis, True)
    moved = a - middle
    square = mean(moved * moved, axis, True)
    out = mean(moved**order, axis, True) / (sqrt(square) ** 3 if order == 3 else square * square)
    out = _unless_equal(out, sqrt(plain(square)), middle)
    out = out if keepdims else squeeze(out, axis)
    return out, _count(a, out)


def _unless_equal(out, deviation, middle):
    """NaN, as SciPy's, where all elements are equal but for rounding."""
    equal = plain(deviation) <= np.finfo(out.dtype).eps * np.abs(plain(middle))
    return where(equal, np.nan, out) if np.any(equal) else out


@spelled(theirs.skew)
def skew(a, axis=0, bias=True, nan_policy="propagate", *, keepdims=False):
    """The third central moment over the third power of the standard deviation.

    Example:
        >>> float(skew(np.array([1.0, 1.0, 4.0])).round(6))
        0.707107
    """
    out, n = _central(_sample("skew", a, nan_policy), axis, keepdims, 3)
    return out if bias or n < 3 else out * (math.sqrt(n * (n - 1)) / (n - 2))


@spelled(theirs.kurtosis)
def kurtosis(a, axis=0, fisher=True, bias=True, nan_policy="propagate", *, keepdims=False):
    """The fourth central moment over the square of the variance; less 3 with `fisher`.

    Example:
        >>> float(kurtosis(np.array([1.0, 3.0])))
        -2.0
    """
    out, n = _central(_sample("kurtosis", a, nan_policy), axis, keepdims, 4)
    if not bias and n > 3:
        out = (out * (n * n - 1) - 3 * (n - 1) ** 2) / ((n - 2) * (n - 3)) + 3
    return out - 3 if fisher else out


@spelled(theirs.entropy)
def entropy(pk, qk=None, base=None, axis=0, *, nan_policy="propagate", keepdims=False):
    """The sum of -p log p, or of p log(p / q); p and q are pk and qk over their sums.

    Example:
        >>> float(entropy(np.array([1.0, 1.0]), base=2))
        1.0
    """
    if base is not None and base <= 0:
        raise ArgumentError(f"entropy: base must be a positive number or None, got {base!r}")
    p = _sample("entropy", pk, nan_policy)
    p = p / total(p, axis, True)
    if qk is None:
        out = total(entr(p), axis, keepdims)
    else:
        q = _sample("entropy", qk, nan_policy)
        out = total(rel_entr(p, q / total(q, axis, True)), axis, keepdims)
    return out if base is None else out / math.log(base)
