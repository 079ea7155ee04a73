"""Counting what falls into bins.

Into which bin a number falls does not change with it, so counts are constants. Weights are summed, and
pass their gradient; edges that NumPy lays between the extremes move with those.
"""

from __future__ import annotations

import numpy as np

from .choosing import where
from .composed import composed, plain
from .differences import diff
from .indexing import scatter_add
from .reductions import max as largest
from .reductions import min as smallest
from .reductions import sum as total
from .shapes import as_array, astype, ravel, reshape


@composed(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """The edges of bins that cover an array: given ones, or evenly between its extremes.

    Gradient: of edges between the extremes, to those.

    Example:
        >>> histogram_bin_edges(np.array([0.0, 4.0]), 2)
        array([0., 2., 4.])
    """
    a = as_array(a)
    found = np.histogram_bin_edges(plain(a), plain(bins), plain(range), plain(weights))
    if np.ndim(plain(bins)):
        return as_array(bins)
    if range is None:
        if not plain(a).size or plain(a).min() == plain(a).max():  # half a unit either way
            return found + (smallest(a) - plain(a).min() if plain(a).size else 0.0)
        ends = smallest(a), largest(a)
    else:
        ends = tuple(range)
        if plain(ends[0]) == plain(ends[1]):
            return found + (ends[0] - plain(ends[0]))
    part = np.linspace(0.0, 1.0, len(found))
    edges = ends[0] * (1.0 - part) + ends[1] * part
    return edges if edges.dtype == found.dtype else astype(edges, found.dtype)


def _widths(edges):
    """The widths of bins, in double precision as NumPy has them."""
    widths = diff(edges)
    return widths if widths.dtype == np.float64 else astype(widths, np.float64)


@composed(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """How many elements fall into each bin, or the sum of their weights; and the edges of the bins.

    Gradient: zero to where elements are; to the weights; to what the edges are made of, also by the
    width of bins, which a density is divided by.

    Example:
        >>> histogram(np.array([0.0, 1.0, 4.0]), 2)
        (array([2, 1]), array([0., 2., 4.]))
    """
    counts, edges = np.histogram(plain(a), plain(bins), plain(range), None, plain(weights))
    if weights is not None:
        x = np.ravel(plain(a))
        inside = (x >= edges[0]) & (x <= edges[-1])
        places = np.minimum(np.searchsorted(edges, x, "right") - 1, len(counts) - 1)
        counts = _summed(ravel(as_array(weights)), (places,), inside, counts)
    moved = histogram_bin_edges(a, bins, range, weights)
    return (counts / _widths(moved) / total(counts) if density else counts), moved


def _summed(weights, places, inside, counts):
    """The sums of weights by place, an index along each axis of the counts."""
    weights = weights if weights.dtype == counts.dtype else astype(weights, counts.dtype)
    # what is outside adds 0 somewhere: how much there is of it, no shape depends on
    places = tuple([np.where(inside, along, 0) for along in places])
    return scatter_add(where(inside, weights, 0), places, counts.shape)


@composed(np.histogramdd)
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    """As histogram, of points: an (n, d) array, or a sequence of d coordinates.

    Example:
        >>> histogramdd((np.array([0.0, 1.0]), np.array([0.0, 1.0])), 2)[0]
        array([[1., 0.],
               [0., 1.]])
    """
    if hasattr(sample, "ndim"):
        sample = as_array(sample)
        columns = [sample[:, i] for i in np.arange(sample.shape[1])] if sample.ndim > 1 else [sample]
    else:
        columns = [as_array(c) for c in sample]
    data = np.stack([np.asarray(plain(c)) for c in columns], 1)
    counts, edges = np.histogramdd(data, plain(bins), plain(range), None, plain(weights))
    if weights is not None:
        rows = [np.searchsorted(e, x, "right") - 1 for e, x in zip(edges, data.T, strict=True)]
        rows = [np.where(x == e[-1], len(e) - 2, r) for r, e, x in zip(rows, edges, data.T, strict=True)]
        inside = np.all([(r >= 0) & (r < n) for r, n in zip(rows, counts.shape, strict=True)], 0)
        counts = _summed(as_array(weights), rows, inside, counts)
    moved = tuple(
        _edges(i, c, bins, range, e.dtype) for i, (c, e) in enumerate(zip(columns, edges, strict=True))
    )
    if density:
        counts = counts / total(counts)
        for i, e in enumerate(moved):
            counts = counts / reshape(diff(e), (-1,) + (1,) * (len(moved) - i - 1))
    return counts, moved


def _edges(i, column, bins, range, dtype):
    own = bins[i] if isinstance(bins, (list, tuple)) or np.ndim(plain(bins)) else bins
    edges = histogram_bin_edges(column, own, None if range is None else range[i])
    return edges if edges.dtype == dtype else astype(edges, dtype)


@composed(np.histogram2d)
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    """As histogram, of points in a plane.

    Example:
        >>> histogram2d(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 2)[0]
        array([[1., 0.],
               [0., 1.]])
    """
    if hasattr(bins, "ndim") and bins.ndim == 1 and len(bins) != 2:
        bins = [bins, bins]
    elif isinstance(bins, (list, tuple)) and len(bins) not in (1, 2):
        bins = [np.asarray(plain(bins))] * 2
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]
