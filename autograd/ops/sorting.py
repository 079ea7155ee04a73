"""Sorting along an axis, and reading along one by an array of indices.

A sorted array is the array read in another order, so its gradient goes back by that order: among
equal elements each gets the cotangent of the place that it was sorted to.
"""

from __future__ import annotations

import math

import numpy as np

from ..batching import is_batched, meet
from ..declare import case, primitive
from ..errors import ArgumentError, IndexingError
from ..memory import is_array
from .choosing import clip
from .composed import composed, plain
from .indexing import getitem
from .reductions import argsort
from .shapes import as_array, astype, axis_index, ravel

_ROWS, _TWICE = np.array([[1, 0], [1, 2]]), np.array([[2, 2, 0, 1], [0, 0, 0, 2]])


def _add_along(x, indices, axis, length):
    """Zeros of some length along an axis, with x added where the indices say."""
    if x.ndim == 1 and indices.shape == x.shape:
        out = np.zeros(length, x.dtype)
        np.add.at(out, indices, x)
        return out
    if axis != x.ndim - 1:
        out = _add_along(x.swapaxes(axis, -1), indices.swapaxes(axis, -1), x.ndim - 1, length)
        return np.ascontiguousarray(out.swapaxes(axis, -1))
    shape = indices.shape
    if x.shape != shape:
        shape = (*np.broadcast_shapes(shape[:-1], x.shape[:-1]), shape[-1])
        indices, x = np.broadcast_to(indices, shape), np.broadcast_to(x, shape)
    size = math.prod(shape[:-1]) * length
    starts = np.arange(0, size, length).reshape(*shape[:-1], 1) if length else 0
    places = np.where(indices < 0, indices + length, indices) + starts
    out = np.zeros(size, x.dtype)
    np.add.at(out, places.reshape(-1), x.reshape(-1))
    return out.reshape(*shape[:-1], length)


def _take_along(x, indices, axis):
    """take_along_axis of indices that have as many axes as x, and its lengths but for that axis."""
    if x.ndim == 2 and indices.shape[1 - axis] == x.shape[1 - axis]:
        others = np.arange(x.shape[1 - axis])
        return x[others[:, None], indices] if axis else x[indices, others]
    return np.take_along_axis(x, indices, axis)


def _each_along(call):
    """Under vmap: the indices may be those of each example too."""
    x, indices, axis = call.args[0], call.statics["indices"], call.statics["axis"] + 1
    if not is_batched(indices):
        return call.run(indices=indices[None], axis=axis)
    x, indices = meet(x, indices._inner), indices._inner
    return call.run([x], indices=indices if is_batched(indices) else indices._data, axis=axis)


add_along_axis = primitive(
    _add_along,
    ["x"],
    name="add_along_axis",
    vjp={"x": lambda g, indices, axis: take_along(g, indices, axis)},
    linear=True, batch=_each_along,
    cases=[case((2, 4), indices=_TWICE, axis=1, length=3), case((2, 2), indices=_ROWS, axis=0, length=4)],
    doc="Zeros of a length along an axis, with x added at indices along it; duplicates accumulate.",
)  # fmt: skip

take_along = primitive(
    _take_along,
    ["x"],
    name="take_along_axis",
    vjp={"x": lambda g, indices, axis, x_shape: add_along_axis(g, indices, axis, x_shape[axis])},
    linear=True, batch=_each_along,
    cases=[case((2, 3), indices=_TWICE, axis=1), case((3, 2), indices=_ROWS, axis=0)],
    doc="The elements of x at indices along an axis; x and the indices agree on the other axes.",
)  # fmt: skip


@composed(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    """The elements of x at indices along an axis, which match x on the other axes.

    Gradient: to the elements that were read; duplicates accumulate.

    Example:
        >>> take_along_axis(np.array([[3.0, 1.0]]), np.array([[1, 0]]), axis=1)
        array([[1., 3.]])
    """
    arr, indices = as_array(arr), as_array(indices)
    if is_batched(indices):
        arr = meet(arr, indices)
    else:
        indices = np.array(plain(indices))
    if indices.dtype.kind not in "iu":
        raise IndexingError(f"take_along_axis: indices must be integers, got {indices.dtype}")
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = axis_index(axis, arr.ndim)
    if indices.ndim != arr.ndim:
        raise ArgumentError(
            f"take_along_axis: indices must have the {arr.ndim} axes of the array, got {indices.ndim}"
        )
    lengths, others = _without(arr.shape, axis), _without(indices.shape, axis)
    if lengths != others:
        wide = list(np.broadcast_shapes(lengths, others))
        if tuple(wide) != lengths:  # the indices repeat the array
            wide.insert(axis, arr.shape[axis])
            arr = arr + np.zeros(wide, arr.dtype)
    return take_along(arr, indices, axis)


@composed(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    """The elements of x at integer indices along an axis; flattened first for None.

    Args:
        mode: of indices out of range: "raise", "wrap" around, or "clip" to the ends.

    Gradient: to the elements that were read; duplicates accumulate.

    Example:
        >>> take(np.array([1.0, 2.0, 3.0]), [2, 4], mode="wrap")
        array([3., 2.])
    """
    a, indices = as_array(a), as_array(indices)
    if not is_batched(indices):
        indices = plain(indices)
        indices = indices if is_array(indices) else np.asarray(indices)
    if indices.dtype.kind not in "iub" and indices.size:
        raise IndexingError(f"take: indices must be integers, got {indices.dtype}")
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"take: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    a, axis = (ravel(a), 0) if axis is None else (a, axis_index(axis, a.ndim))
    indices, n = indices.astype(np.intp), a.shape[axis]
    if mode != "raise" and n:
        indices = indices % n if mode == "wrap" else clip(indices, 0, n - 1)
    return getitem(a, (slice(None),) * axis + (indices,))


def _without(shape, axis):
    return shape[:axis] + shape[axis + 1 :]


@composed(np.sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """x in ascending order along an axis, NaNs last; flattened first for None.

    Gradient: each element gets the cotangent of the place that it was sorted to; equal elements are
    sorted stably.

    Example:
        >>> sort(np.array([3.0, 1.0, 2.0]))
        array([1., 2., 3.])
    """
    _no_fields("sort", order)
    a, axis = _along(a, axis)
    order = argsort(a, axis) if is_batched(a) else np.argsort(plain(a), axis, kind="stable")
    return take_along(a, order, axis)


@composed(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """x reordered along an axis so that its k-th smallest elements are in their sorted places.

    Gradient: each element gets the cotangent of the place that it was moved to.

    Example:
        >>> float(partition(np.array([3.0, 1.0, 2.0]), 1)[1])
        2.0
    """
    _no_fields("partition", order)
    a, axis = _along(a, axis)
    return take_along(a, np.argpartition(plain(a), plain(kth), axis, kind), axis)


@composed(np.sort_complex)
def sort_complex(a):
    """x as complex numbers, sorted by real, then imaginary part along the last axis.

    Example:
        >>> sort_complex(np.array([2.0, 1.0]))
        array([1.+0.j, 2.+0.j])
    """
    a = as_array(a)
    return astype(sort(a), np.sort_complex(plain(a)[..., :1]).dtype)


def _along(a, axis):
    """An array and a non-negative axis of it: flattened for None."""
    a = as_array(a)
    return (ravel(a), 0) if axis is None else (a, axis_index(axis, a.ndim))


def _no_fields(name, order):
    if order is not None:
        raise ArgumentError(f"{name}: order= names fields, which tensors do not have; got {order!r}")
