"""Unique elements and set operations: the elements chosen pass their cotangents back.

Of equal elements the first one is the one chosen, and gets the whole cotangent.
"""

from __future__ import annotations

import numpy as np

from .composed import composed, plain, wrapped
from .indexing import getitem, scatter_add, take
from .joining import concatenate
from .shapes import as_array, astype, ravel


def _read(x, values):
    """The first elements of a vector that are equal to the values, which occur in it."""
    source = plain(x)
    order = np.argsort(source, kind="stable")
    found = getitem(x, order[np.searchsorted(source[order], values)])
    return found if found.dtype == values.dtype else astype(found, values.dtype)


@composed(np.unique)
def unique(
    ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True,
    sorted=True,
):  # fmt: skip
    """The different elements (or layers along an axis), sorted; where they are and how many.

    Example:
        >>> unique(np.array([2.0, 1.0, 2.0]))
        array([1., 2.])
    """
    ar = as_array(ar)
    _, index, *rest = np.unique(plain(ar), True, return_inverse, return_counts, axis, equal_nan=equal_nan)
    found = take(ar, index, axis)
    rest = [*([index] if return_index else []), *rest]
    return (found, *wrapped(rest)) if rest else found


def _parts_of(name):
    theirs = getattr(np, name)

    def function(x):
        x = as_array(x)
        result = theirs(plain(x))
        values = _read(ravel(x), result.values)
        return type(result)(values, *wrapped(list(result)[1:]))

    function.__name__, function.__doc__ = name, f"As numpy.{name}."
    return composed(theirs)(function)


unique_all, unique_counts, unique_inverse = map(
    _parts_of, ("unique_all", "unique_counts", "unique_inverse")
)


@composed(np.unique_values)
def unique_values(x):
    """The different elements, as NumPy orders them.

    Example:
        >>> unique_values(np.array([1.0, 1.0]))
        array([1.])
    """
    x = as_array(x)
    return _read(ravel(x), np.unique_values(plain(x)))


@composed(np.union1d)
def union1d(ar1, ar2):
    """The elements of either, unique and sorted.

    Example:
        >>> union1d(np.array([1.0]), np.array([2.0, 1.0]))
        array([1., 2.])
    """
    return unique(concatenate([as_array(ar1), as_array(ar2)], None))


@composed(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    """The elements of both, unique and sorted. Gradient: to the first array.

    Example:
        >>> intersect1d(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
        array([2.])
    """
    values, *indices = np.intersect1d(plain(ar1), plain(ar2), assume_unique, True)
    found = _read(ravel(as_array(ar1)), values)
    return (found, *wrapped(indices)) if return_indices else found


@composed(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    """The elements of the first that are not in the second, unique and sorted.

    Example:
        >>> setdiff1d(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
        array([1.])
    """
    return _read(ravel(as_array(ar1)), np.setdiff1d(plain(ar1), plain(ar2), assume_unique))


@composed(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    """The elements of just one of both, unique and sorted.

    Example:
        >>> setxor1d(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
        array([1., 3.])
    """
    values = np.setxor1d(plain(ar1), plain(ar2), assume_unique)
    return _read(concatenate([as_array(ar1), as_array(ar2)], None), values)


@composed(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    """The sum of the weights of each non-negative integer. Gradient: to the weights.

    Example:
        >>> bincount(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]))
        array([1., 0., 5.])
    """
    x = np.array(plain(x))
    length = len(np.bincount(x, minlength=minlength))
    weights = as_array(weights)
    weights = weights if weights.dtype == np.float64 else astype(weights, np.float64)
    return scatter_add(weights, (x,), (length,))
