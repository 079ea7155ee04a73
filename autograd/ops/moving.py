"""Functions of NumPy that move elements about: insert, delete, block, diag, choose, select, ...

What goes where is NumPy's own affair: its function runs on the numbers of the elements, and the
elements are then read in that order. So every option means what it means there.
"""

from __future__ import annotations

import numpy as np

from .composed import composed, plain
from .indexing import getitem
from .joining import concatenate
from .shapes import as_array, astype, ravel


def moved(function, *arrays):
    """`function(*arrays)`, which moves elements, or leaves zeros, but computes nothing."""
    # NumPy knows what becomes of Python numbers beside arrays
    dtype = function(*[plain(x) for x in arrays]).dtype if len(arrays) > 1 else as_array(arrays[0]).dtype
    arrays = [as_array(x) for x in arrays]
    arrays = [x if x.dtype == dtype else astype(x, dtype) for x in arrays]
    numbers, start = [], 1
    for x in arrays:
        numbers.append(np.arange(start, start + int(x.size)).reshape(x.shape))
        start += int(x.size)
    everything = concatenate([np.zeros(1, dtype), *[ravel(x) for x in arrays]])
    return getitem(everything, np.array(function(*numbers)))


@composed(np.insert)
def insert(arr, obj, values, axis=None):
    """arr with values put in before the places `obj` along an axis; flattened for None.

    Example:
        >>> insert(np.array([1.0, 2.0]), 1, 5.0)
        array([1., 5., 2.])
    """
    return moved(lambda x, y: np.insert(x, plain(obj), y, axis), arr, values)


@composed(np.delete)
def delete(arr, obj, axis=None):
    """arr without the places `obj` along an axis; flattened for None.

    Example:
        >>> delete(np.array([1.0, 2.0, 3.0]), 1)
        array([1., 3.])
    """
    return moved(lambda x: np.delete(x, plain(obj), axis), arr)


@composed(np.resize)
def resize(a, new_shape):
    """Another shape, filled with the elements of a, repeated as often as needed.

    Example:
        >>> resize(np.array([1.0, 2.0]), (3,))
        array([1., 2., 1.])
    """
    return moved(lambda x: np.resize(x, new_shape), a)


def _leaves(nested):
    return [x for part in nested for x in _leaves(part)] if isinstance(nested, list) else [nested]


def _nested_as(nested, parts):
    return [_nested_as(part, parts) for part in nested] if isinstance(nested, list) else next(parts)


@composed(np.block)
def block(arrays):
    """Arrays put together from nested lists of blocks, innermost along the last axis.

    Example:
        >>> block([[np.eye(1), np.zeros((1, 1))]])
        array([[1., 0.]])
    """
    return moved(lambda *parts: np.block(_nested_as(arrays, iter(parts))), *_leaves(arrays))


@composed(np.diag)
def diag(v, k=0):
    """The k-th diagonal of a matrix; or the matrix that has a vector there.

    Example:
        >>> diag(np.array([1.0, 2.0]))
        array([[1., 0.],
               [0., 2.]])
    """
    return moved(lambda x: np.diag(x, k), v)


@composed(np.diagflat)
def diagflat(v, k=0):
    """The matrix with the flattened v on its k-th diagonal.

    Example:
        >>> diagflat(np.array([[1.0], [2.0]]))
        array([[1., 0.],
               [0., 2.]])
    """
    return moved(lambda x: np.diagflat(x, k), v)


@composed(np.choose)
def choose(a, choices, out=None, mode="raise"):
    """The element of choices[a[i]] at each place i, all broadcast.

    Example:
        >>> choose(np.array([1, 0]), [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
        array([3., 2.])
    """
    return moved(lambda *parts: np.choose(plain(a), parts, mode=mode), *choices)


@composed(np.compress)
def compress(condition, a, axis=None, out=None):
    """The elements of a along an axis where the condition holds; flattened for None.

    Example:
        >>> compress([True, False, True], np.array([1.0, 2.0, 3.0]))
        array([1., 3.])
    """
    return moved(lambda x: np.compress(plain(condition), x, axis), a)


@composed(np.extract)
def extract(condition, arr):
    """The elements of arr where the condition holds, as one axis.

    Example:
        >>> extract([True, False, True], np.array([1.0, 2.0, 3.0]))
        array([1., 3.])
    """
    return moved(lambda x: np.extract(plain(condition), x), arr)


@composed(np.select)
def select(condlist, choicelist, default=0):
    """The element of the first choice whose condition holds; `default` where none does.

    Example:
        >>> select([np.array([True, False])], [np.array([1.0, 2.0])], 9.0)
        array([1., 9.])
    """
    return moved(
        lambda *parts: np.select(plain(condlist), list(parts[:-1]), parts[-1]), *choicelist, default
    )


@composed(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """All windows of a shape, as further axes; a copy where a gradient flows.

    Example:
        >>> sliding_window_view(np.array([1.0, 2.0, 3.0]), 2)
        array([[1., 2.],
               [2., 3.]])
    """
    return moved(lambda n: np.lib.stride_tricks.sliding_window_view(n, window_shape, axis), x)


@composed(np.trim_zeros)
def trim_zeros(filt, trim="fb", axis=None):
    """filt without zeros at its front (`f`), its back (`b`), or both.

    Example:
        >>> trim_zeros(np.array([0.0, 1.0, 0.0]))
        array([1.])
    """
    filt = as_array(filt)
    values = plain(filt)
    trimmed = np.trim_zeros(values, trim, axis)
    first = np.zeros(values.ndim, int)
    if "f" in trim.lower() and trimmed.size:
        first = np.argwhere(values).min(0)
        if axis is not None:
            axes = np.atleast_1d(axis) % values.ndim
            first = np.where(np.isin(np.arange(values.ndim), axes), first, 0)
    return getitem(
        filt, tuple(slice(int(a), int(a) + n) for a, n in zip(first, trimmed.shape, strict=True))
    )
