"""Order statistics: median, quantile, percentile, and those that leave NaNs out.

Each is a straight line between two elements of the sorted array. Which two, and how far between
them, NumPy itself tells, asked for the quantile of 0, 1, 2, ... So every method is the one of NumPy, and
the gradient goes to the elements that NumPy picks.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..errors import OperandError
from ..wholes import as_whole
from .choosing import where
from .composed import composed, flows, plain
from .indexing import getitem
from .reductions import axes_of, kept, mean
from .reductions import sum as total
from .shapes import as_array, astype, axis_index, moveaxis, ravel, reshape
from .sorting import take_along

# how many places the quantile moves on as q goes from 0 to 1, less the number of elements
_STRETCH = {
    "interpolated_inverted_cdf": 0, "hazen": 0, "weibull": 1, "linear": -1,
    "median_unbiased": 1 / 3, "normal_unbiased": 1 / 4,
}  # fmt: skip
# those that give an element, not a place between two
_ELEMENTS = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")


class _Rows:
    """An array as rows to take order statistics of, and the way back to its shape."""

    def __init__(self, x, axis, keepdims, drop):
        self.shape = x.shape
        if axis is not None:
            axis = tuple(
                axis_index(a, x.ndim) for a in (axis if isinstance(axis, (list, tuple)) else [axis])
            )
        self.axes = axes_of(axis, x.ndim)
        self.keepdims = keepdims is True
        self.x = self.laid(x)
        data = np.asarray(plain(self.x))
        self.order = np.argsort(data, -1, kind="stable")
        nan = np.isnan(data) if data.dtype.kind in "fc" else np.zeros(data.shape, bool)
        numbers = data.shape[-1] - np.count_nonzero(nan, -1)
        self.counts = numbers if drop else np.full(data.shape[:-1], data.shape[-1])
        self.spoiled = numbers < (1 if drop else data.shape[-1])

    def laid(self, x):
        """The axes reduced over as one, the last."""
        axes = self.axes
        if axes == (x.ndim - 1,):
            return x
        if len(axes) > 1:
            x = moveaxis(x, axes, tuple(range(-len(axes), 0)))
            return reshape(x, (*x.shape[: x.ndim - len(axes)], int(np.prod(x.shape[x.ndim - len(axes) :]))))
        return moveaxis(x, axes[0], -1) if axes else reshape(x, (*x.shape, 1))

    def at(self, places):
        """The elements at places of the sorted rows; a NaN where a row is spoiled by one."""
        places = np.minimum(places, np.maximum(self.counts - 1, 0)[..., None])
        if self.x.ndim == 1:
            return getitem(self.x, self.order[np.full_like(places, -1) if self.spoiled else places])
        if self.spoiled.any():
            places = np.where(self.spoiled[..., None], self.order.shape[-1] - 1, places)
        return take_along(self.x, np.take_along_axis(self.order, places, -1), self.x.ndim - 1)

    def back(self, out, lead):
        """Results along the last axis, moved to the front as axes of a shape `lead`."""
        out = out if out.ndim == 1 else moveaxis(out, -1, 0)
        shape = tuple(n for i, n in enumerate(self.shape) if i not in self.axes)
        return reshape(out, (*lead, *(kept(self.shape, self.axes) if self.keepdims else shape)))


def _median_of_all(x, keepdims, drop):
    """The median of a whole array, with less ado."""
    data = plain(x).reshape(-1)
    n = data.size
    if data.dtype.kind in "fc" and np.isnan(data).any():
        order = np.argsort(data, kind="stable")
        left = n - np.count_nonzero(np.isnan(data)) if drop else 0
        order, n = (order, left) if left else (order[-1:], 1)
    else:
        order = np.argpartition(data, n // 2 if n % 2 else (n // 2 - 1, n // 2))
    out = mean(getitem(ravel(x) if x.ndim != 1 else x, order[(n - 1) // 2 : n // 2 + 1]), None)
    return reshape(out, (1,) * x.ndim) if keepdims is True else out


def _median(x, axis, keepdims, drop):
    x = as_array(x)
    if (axis is None or (x.ndim == 1 and axis in (0, -1))) and x.ndim and plain(x).size:
        return _median_of_all(x, keepdims, drop)
    rows = _Rows(x, axis, keepdims, drop)
    if not rows.order.shape[-1]:  # of nothing: NaN
        return rows.back(total(rows.x, -1, True) * np.nan, ())
    low, high = (rows.counts[..., None] - 1) // 2, rows.counts[..., None] // 2
    if (low == high).all():
        return rows.back(rows.at(low), ())
    return rows.back(mean(rows.at(np.concatenate([low, high], -1)), -1, True), ())


@composed(np.median)
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The middle element over axes, or the mean of the two in the middle.

    Gradient: to the elements in the middle, half to each of two; of a row with a NaN, to that.

    Example:
        >>> float(median(np.array([3.0, 1.0, 2.0, 5.0])))
        2.5
    """
    return _median(a, axis, keepdims, False)


@composed(np.nanmedian)
def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """As median, of the elements that are numbers.

    Example:
        >>> float(nanmedian(np.array([3.0, np.nan, 2.0])))
        2.5
    """
    return _median(a, axis, keepdims, True)


@composed(np.quantile)
def quantile(
    a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None
):
    """The number that a share q of the elements over axes lies below.

    Args:
        q: shares in [0, 1], a number or an array; its axes come first in the result.
        method: one of NumPy's; weights: with "inverted_cdf" alone.

    Gradient: to the one or two elements that NumPy picks from the sorted ones; to q, where the method
    is continuous. Zero to weights, which the result is a step function of.

    Example:
        >>> float(quantile(np.array([1.0, 2.0, 4.0]), 0.75))
        3.0
    """
    return _quantile(np.quantile, a, q, axis, method, keepdims, weights, False)


@composed(np.nanquantile)
def nanquantile(
    a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None
):
    """As quantile, of the elements that are numbers.

    For shares in two axes and several axes of `a`, NumPy 2.4 exchanges axes of the result; where a gradient
    flows they are in the order that quantile has.

    Example:
        >>> float(nanquantile(np.array([1.0, 2.0, np.nan]), 0.5))
        1.5
    """
    return _quantile(np.nanquantile, a, q, axis, method, keepdims, weights, True)


@composed(np.percentile)
def percentile(
    a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None
):
    """As quantile, with q in percent.

    Example:
        >>> float(percentile(np.array([1.0, 2.0, 4.0]), 75))
        3.0
    """
    return _quantile(np.quantile, a, _hundredth(a, q), axis, method, keepdims, weights, False)


@composed(np.nanpercentile)
def nanpercentile(
    a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None
):
    """As percentile, of the elements that are numbers.

    Example:
        >>> float(nanpercentile(np.array([1.0, 2.0, np.nan]), 50))
        1.5
    """
    return _quantile(np.nanquantile, a, _hundredth(a, q), axis, method, keepdims, weights, True)


def _hundredth(a, q):
    """A percentage as a share, in the dtype that NumPy has it in."""
    return q / 100 if isinstance(q, (int, float)) else as_array(q) / 100


def _quantile(theirs, a, q, axis, method, keepdims, weights, drop):
    a, q = as_array(a), as_array(q) if isinstance(q, (list, tuple)) else q
    shares = np.asarray(plain(q))
    data, weights = plain(a), plain(weights)
    if data.dtype.kind == "c":
        raise OperandError(f"{theirs.__name__}: complex numbers have no order, got {data.dtype}")
    as_whole(_even, np.ones((), int), shares.reshape(-1), method)  # NumPy refuses what it cannot take
    if weights is not None or not data.size or shares.ndim > 2:
        theirs(data, shares, axis, method=method, weights=weights)
    rows = _Rows(a, axis, keepdims, drop)
    if not rows.order.shape[-1]:  # of nothing: NaN
        none = total(rows.x, -1, True) * np.full(shares.size, np.nan, data.dtype)
        return rows.back(none, shares.shape)
    spots = _spots(rows, shares.reshape(-1), method, weights, a)
    if weights is not None or method in _ELEMENTS:
        return rows.back(rows.at(spots.astype(np.intp)), shares.shape)
    low = np.minimum(np.floor(spots), np.maximum(rows.counts - 2, 0)[..., None])
    dtype = a.dtype if isinstance(q, (int, float)) else np.result_type(a.dtype, shares.dtype)
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    part = (spots - low).astype(dtype)
    if flows(q) and method in _STRETCH:
        part = part + _moving(rows, q, shares, spots, method)
    below, above = rows.at(low.astype(np.intp)), rows.at(low.astype(np.intp) + 1)
    gap = above - below
    late = plain(part) >= 0.5  # from the nearer end, as NumPy
    if late.all():
        out = above - gap * (1 - part)
    elif late.any():
        out = where(late, above - gap * (1 - part), below + gap * part)
    else:
        out = below + gap * part
    return rows.back(out if out.dtype == dtype else astype(out, dtype), shares.shape)


def _moving(rows, q, shares, spots, method):
    """Zero, but with the derivative of the places by q: the places move as q does, but for the ends."""
    stretch = (rows.counts + _STRETCH[method])[..., None]
    inside = True if method == "linear" else (spots > 0) & (spots < rows.counts[..., None] - 1)
    return (reshape(q, (-1,)) - shares.reshape(-1)) * (stretch * inside)


def _spots(rows, shares, method, weights, a):
    """The places of quantiles in the sorted rows, as fractional indices."""
    if weights is None:
        return as_whole(_even, rows.counts, shares, method)
    weights = np.asarray(weights)
    if weights.shape == a.shape:
        laid = plain(rows.laid(weights))
    else:
        laid = np.broadcast_to(weights.reshape(-1), rows.order.shape)
    ordered = np.take_along_axis(laid, rows.order, -1)
    return as_whole(_weighted, rows.counts, rows.spoiled, ordered, shares, method)


def _even(counts, shares, method):
    """Places in rows of so many elements."""
    counts, shares = np.asarray(counts), tuple(shares.tolist())
    spots = np.zeros((*counts.shape, len(shares)))
    for n in set(counts.reshape(-1).tolist()):
        if n:
            spots[counts == n] = _places(n, shares, method)
    return spots


def _weighted(counts, spoiled, weights, shares, method):
    """Places in rows of so many elements that have weights."""
    counts, spoiled = np.asarray(counts), np.asarray(spoiled)
    spots = np.zeros((*counts.shape, shares.size))
    for i in np.ndindex(*counts.shape):
        n = counts[i]
        if n and not spoiled[i]:
            spots[i] = np.quantile(np.arange(n), shares, axis=0, weights=weights[i][:n], method=method)
    return spots


@lru_cache(maxsize=256)
def _places(n, shares, method):
    """The places of quantiles among n sorted elements: NumPy's quantiles of 0, 1, 2, ..."""
    found = np.quantile(np.arange(float(n)), np.array(shares), method=method)
    found.flags.writeable = False
    return found
