"""Comparisons, and choosing between values: where, maximum, clip.

Ties share the cotangent so that the parts sum to one: maximum(x, x) has derivative 1. The
branch that `where` does not take gets exactly zero.
"""

from __future__ import annotations

import math

import numpy as np

from ..batching import on_all
from ..declare import elementwise
from ..errors import ArgumentError, OperandError
from ..tape import TensorBase
from .shapes import as_array

_REFLECTED = {
    np.less: "__gt__",
    np.less_equal: "__ge__",
    np.greater: "__lt__",
    np.greater_equal: "__le__",
    np.bitwise_and: "__rand__",
    np.bitwise_or: "__ror__",
    np.bitwise_xor: "__rxor__",
}


def _comparison(ufunc, doc):
    return elementwise(ufunc, arrays=["x", "y"], reflected=_REFLECTED.get(ufunc, ""), doc=doc)


equal = _comparison(np.equal, "x == y, without gradient")
not_equal = _comparison(np.not_equal, "x != y, without gradient")
less = _comparison(np.less, "x < y, without gradient")
less_equal = _comparison(np.less_equal, "x <= y, without gradient")
greater = _comparison(np.greater, "x > y, without gradient")
greater_equal = _comparison(np.greater_equal, "x >= y, without gradient")
logical_and = _comparison(np.logical_and, "Both are true")
logical_or = _comparison(np.logical_or, "Either is true")
logical_xor = _comparison(np.logical_xor, "Exactly one is true")
bitwise_and = _comparison(np.bitwise_and, "x & y, of integers or booleans")
bitwise_or = _comparison(np.bitwise_or, "x | y, of integers or booleans")
bitwise_xor = _comparison(np.bitwise_xor, "x ^ y, of integers or booleans")
invert = elementwise(np.invert, numpy=[np.bitwise_not], doc="~x, of integers or booleans")
logical_not = elementwise(np.logical_not, doc="x is false")
isnan = elementwise(np.isnan, doc="x is not a number")
isinf = elementwise(np.isinf, doc="x is infinite")
isfinite = elementwise(np.isfinite, doc="x is neither infinite nor NaN")
signbit = elementwise(np.signbit, doc="x has its sign bit set")

_where = elementwise(
    np.where,
    arrays=["condition", "x", "y"],
    constants=["condition"],
    vjp={
        "x": lambda g, condition: _where(condition, g, 0),
        "y": lambda g, condition: _where(condition, 0, g),
    },
    linear=True, kinks="exactly 0 to the branch not taken", doc="x where condition, else y",
)  # fmt: skip


def where(condition, x=None, y=None):
    """x where condition holds, else y.

    Gradient: goes to the branch taken; the other gets exactly zero, never NaN.
    With the condition alone: the indices where it holds, as `numpy.nonzero`.

    Example:
        >>> where(np.array([True, False]), 1.0, 2.0)
        array([1., 2.])
    """
    if x is None and y is None:
        condition = as_array(condition)
        return np.nonzero(getattr(condition, "_data", condition))
    return _where(condition, x, y)


def _bigger(g, x, y):
    return _where(greater(x, y), g, _where(equal(x, y), 0.5 * g, 0))


def _extremum(ufunc, wins, doc):
    return elementwise(
        ufunc,
        vjp={"x": lambda g, x, y: wins(g, x, y), "y": lambda g, x, y: wins(g, y, x)},
        kinks="ties share: half each",
        doc=doc,
    )


maximum = _extremum(np.maximum, _bigger, "The larger of x and y; NaN if either is")
minimum = _extremum(np.minimum, lambda g, x, y: _bigger(g, -x, -y), "The smaller; NaN if either is")


def _among_numbers(wins):
    """As maximum and minimum, but a NaN loses against a number."""

    def pick(g, x, y):
        return _where(isnan(y), _where(isnan(x), 0.5 * g, g), _where(isnan(x), 0, wins(g, x, y)))

    return pick


fmax = _extremum(np.fmax, _among_numbers(_bigger), "The larger of x and y, NaNs ignored")
fmin = _extremum(np.fmin, _among_numbers(lambda g, x, y: _bigger(g, -x, -y)), "The smaller, NaNs ignored")

_clip_ufunc = np._core.umath.clip  # type: ignore[attr-defined]


def _clipped(x, low, high):
    """np.clip, which takes four calls to come to its ufunc; integers need what these do."""
    if (type(x) is np.ndarray and x.dtype.kind == "f") or type(x) is np.float64:
        return _clip_ufunc(x, low, high)
    return np.clip(x, low, high)


_clip = elementwise(
    _clipped,
    name="clip",
    arrays=["x", "low", "high"],
    vjp={
        "x": lambda g, x, low, high: _where(
            logical_and(less_equal(low, x), less_equal(x, high)), g, 0
        ),
        "low": lambda g, x, low, high: _where(logical_and(less(x, low), less_equal(low, high)), g, 0),
        "high": lambda g, x, low, high: _where(greater(maximum(x, low), high), g, 0),
    },
    domain={"x": (-3.0, 3.0), "low": (-2.0, -1.0), "high": (1.0, 2.0)},
    kinks="1 on the closed interval", doc="min(max(x, low), high)",
)  # fmt: skip


def clamp(x, min=None, max=None):
    """min(max(x, min), max), as arrays' method `clip` and PyTorch's `clamp` have it; None is no bound.

    Example:
        >>> clamp(np.array([-2.0, 0.5, 2.0]), max=1.0)
        array([-2. ,  0.5,  1. ])
    """
    if getattr(getattr(x, "dtype", None), "kind", "f") not in "fc":
        return _clip(x, min, max)
    return _clip(x, -math.inf if min is None else min, math.inf if max is None else max)


def clip(x, a_min=np._NoValue, a_max=np._NoValue, *, min=np._NoValue, max=np._NoValue):
    """min(max(x, a_min), a_max); None is no bound.

    Gradient: passes on the closed interval [a_min, a_max], else it goes to the bound.

    Errors: OperandError for one of a_min and a_max without the other; ArgumentError for `min` or `max`
    beside them.

    Example:
        >>> clip(np.array([-2.0, 0.5, 2.0]), -1.0, 1.0)
        array([-1. ,  0.5,  1. ])
    """
    if (a_min is np._NoValue) != (a_max is np._NoValue):
        raise OperandError(
            "clip: give a_min and a_max, None for no bound; or one by its name, min= or max="
        )
    if a_min is np._NoValue:
        return clamp(x, None if min is np._NoValue else min, None if max is np._NoValue else max)
    if min is not np._NoValue or max is not np._NoValue:
        raise ArgumentError("clip: give min= and max=, or a_min and a_max, not both")
    return clamp(x, a_min, a_max)


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """x with NaN and infinities replaced by numbers, which get no gradient.

    Example:
        >>> nan_to_num(np.array([1.0, np.nan]))
        array([1., 0.])
    """

    x = as_array(x)

    def replaced(values):
        return np.nan_to_num(values, nan=nan, posinf=posinf, neginf=neginf)

    out = _where(isfinite(x), x, on_all(replaced, x) if isinstance(x, TensorBase) else replaced(x))
    if not copy and hasattr(x, "ndim"):
        x[...] = out
        return x
    return out
