"""Indexing: reading, and the functional write that in-place writes are made of.

Basic indices (integers, slices, ellipsis, newaxis) give views, integer and boolean arrays give
copies, as in NumPy. Duplicates in an integer index accumulate in the gradient of a read; of a
write the last one wins, so it alone gets the gradient.
"""

from __future__ import annotations

import itertools

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, IndexingError, OperandError
from ..memory import is_array
from ..tape import TensorBase
from . import batched_indexing
from .broadcasting import undo_broadcast
from .shapes import as_array, axis_index, moveaxis, ravel, reshape

_INDEX = np.array([0, 1, 1])


def _scatter(x, index, shape):
    out = np.zeros(shape, x.dtype, like=x if is_array(x) else None)  # a NumPy scalar cannot be `like`
    if is_basic(index):
        out[index] = x
    else:
        np.add.at(out, index, x)
    return out


def is_basic(index) -> bool:
    """Whether an index makes a view: no array, list or boolean in it."""
    parts = index if type(index) is tuple else (index,)
    return all(
        type(p) is int or type(p) is slice or p is None or p is Ellipsis or isinstance(p, np.integer)
        for p in parts
    )


scatter_add = primitive(
    _scatter,
    ["x"],
    name="scatter_add",
    vjp={"x": lambda g, index: _getitem(g, index)},
    linear=True, batch=batched_indexing.scattered,
    cases=[case((3, 4), index=_INDEX, shape=(2, 4)), case((2, 4), index=slice(1, 3), shape=(5, 4))],
    doc="Zeros of a shape, with x added at an index; duplicates accumulate.",
)  # fmt: skip

_getitem = primitive(
    lambda x, index: x[index],
    ["x"],
    name="getitem",
    vjp={"x": lambda g, index, x_shape: scatter_add(g, index, x_shape)},
    view=lambda base, new, index: setitem(base, new, index),
    linear=True,
    batch=batched_indexing.read_each,
    cases=[
        case((3, 4), index=(1, slice(None, None, -1))),
        case((3, 4), index=_INDEX),
        case((3, 4), index=(Ellipsis, None, _INDEX)),
        case((2, 3), index=np.array([[True, False, True], [False, True, True]])),
    ],
    doc="x[index]",
)


def getitem(x, index):
    """x[index]: a view for a basic index, a copy for arrays of integers or booleans."""
    if type(index) is int or type(index) is slice:
        return _getitem(x, index)
    index = clean_index(index)
    return batched_indexing.read(x, index) if batched_indexing.has_batched(index) else _getitem(x, index)


def clean_index(index):
    """An index with Tensors and lists in it made arrays of its own, safe from later writes."""
    if type(index) is tuple:
        return tuple([_clean_part(part) for part in index])
    return _clean_part(index)


def _clean_part(part):
    if type(part) is int or type(part) is slice or part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        return part
    if isinstance(part, TensorBase):
        if part._level is not None:
            return _clean_batched(part)
        part = part._data
    if isinstance(part, (list, tuple)):
        if any(getattr(p, "_level", None) is not None for p in part):
            return _clean_batched(as_array(part))
        part = np.asarray([np.asarray(getattr(p, "_data", p)) for p in part])
        if part.size == 0:
            part = part.astype(np.intp)
    if hasattr(part, "__array__") and not (is_array(part) or isinstance(part, np.generic)):
        part = np.asarray(part)  # of another library, such as a pandas Series
    if is_array(part) or isinstance(part, np.generic):
        _check_kind(part)
        return part.copy() if is_array(part) else part
    if hasattr(part, "__index__"):
        return part if isinstance(part, bool) else part.__index__()
    raise IndexingError(
        f"an index is made of integers, slices, '...', None, and integer or boolean arrays; "
        f"got {type(part).__name__} {part!r}"
    )


def _clean_batched(part):
    _check_kind(part)
    return part


def _check_kind(part):
    if part.dtype.kind not in "iub":
        raise IndexingError(f"arrays used as indices must be integer or boolean, got {part.dtype}")


def _put(x, value, index):
    out = x.copy() if is_array(x) else np.array(x)
    out[index] = value
    return out


def _unread(g, index, zero):
    """g with zeros where the write put other values."""
    return setitem(g, zero, index)


def _written(g, index, x_shape):
    """The cotangent of what was written: of duplicates the last one stays, so it gets all."""
    part = _getitem(g, index)
    if is_basic(index) or np.size(part) <= 1:
        return part
    turn = np.arange(np.size(part)).reshape(part.shape)
    last = np.empty(x_shape, np.intp)
    last[index] = turn
    lost = last[index] != turn
    return part * ~lost if lost.any() else part


def _value_cotangent(g, index, x_shape, value_shape, value_dtype):
    part = _written(g, index, x_shape)
    if len(value_shape) > len(part.shape):  # NumPy lets a value have more axes of length one
        value, value_shape = value_shape, value_shape[len(value_shape) - len(part.shape) :]
        return reshape(undo_broadcast(part, value_shape, value_dtype), value)
    return undo_broadcast(part, value_shape, value_dtype)


setitem = primitive(
    _put,
    ["x", "value"],
    name="setitem",
    vjp={
        "x": lambda g, index: _unread(g, index, g.dtype.type(0)),
        "value": _value_cotangent,
    },
    linear=True,
    promotes=False,
    batch=batched_indexing.written,
    cases=[
        case((3, 4), (4,), index=1),
        case((3, 4), (3, 4), index=_INDEX),
        case((3, 4), (3, 2), index=(slice(None), slice(0, 4, 2))),
    ],
    doc="A copy of x with x[index] = value.",
)


def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonal along two axes, as the last axis.

    Example:
        >>> diagonal(np.arange(4.0).reshape(2, 2))
        array([0., 3.])
    """
    x = as_array(x)
    rows, columns = x.shape[axis1], x.shape[axis2]
    start_row, start_column = max(-offset, 0), max(offset, 0)
    n = max(0, min(rows - start_row, columns - start_column))
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    along = np.arange(n)
    return getitem(x, (Ellipsis, along + start_row, along + start_column))


def take(x, indices, axis=None):
    """The elements of x at integer indices along an axis; flattened first for None.

    Example:
        >>> take(np.array([1.0, 2.0, 3.0]), [2, 0])
        array([3., 1.])
    """
    x = as_array(x)
    if axis is None:
        return getitem(ravel(x), as_array(indices))
    axis = axis_index(axis, x.ndim)
    indices = as_array(indices)
    return getitem(x, (slice(None),) * axis + (indices,))


def split(x, indices_or_sections, axis=0):
    """x cut along an axis, at indices or into equal sections; views.

    Example:
        >>> [p.shape for p in split(np.zeros(6), 3)]
        [(2,), (2,), (2,)]
    """
    x = as_array(x)
    axis = axis_index(axis, x.ndim)
    n = x.shape[axis]
    if np.ndim(getattr(indices_or_sections, "_data", indices_or_sections)) == 0:
        sections = _sections("split", indices_or_sections)
        if n % sections:
            raise ArgumentError(f"split: {n} does not divide into {sections} equal sections")
        return array_split(x, sections, axis)
    edges = [0, *indices_or_sections, n]
    before = (slice(None),) * axis
    return [getitem(x, (*before, slice(a, b))) for a, b in itertools.pairwise(edges)]


def array_split(x, indices_or_sections, axis=0):
    """As split, but sections may differ by one in length.

    Example:
        >>> [p.shape for p in array_split(np.zeros(5), 3)]
        [(2,), (2,), (1,)]
    """
    x = as_array(x)
    if np.ndim(getattr(indices_or_sections, "_data", indices_or_sections)):
        return split(x, indices_or_sections, axis)
    n, sections = x.shape[axis_index(axis, x.ndim)], _sections("array_split", indices_or_sections)
    sizes = [n // sections + (i < n % sections) for i in range(sections)]
    return split(x, [int(e) for e in np.cumsum(sizes)[:-1]], axis)


def _sections(name, count):
    """How many sections are asked for; of a fraction the whole part, as NumPy has it.

    Errors: OperandError for what is no number, ArgumentError for one below 1.
    """
    try:
        sections = int(getattr(count, "_data", count))
    except (TypeError, ValueError):
        raise OperandError(f"{name}: expected a number of sections or indices, got {count!r}") from None
    if sections < 1:
        raise ArgumentError(f"{name}: the number of sections must be above 0, got {sections}")
    return sections
