"""NumPy's functions that write into an array: `put`, `copyto`, `place`, ..., and ufuncs' `at`.

Each finds the index and the values that it stands for, and writes them as `tensor[index] =
values` does, so that views, casts and gradients are those of any write (see `aliasing.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import aliasing
from .diagnose import CONVERTED, named
from .errors import ArgumentError, DtypeError, IndexingError, ShapeError
from .ops.broadcasting import broadcast_to
from .ops.complex import imag, real
from .ops.complex_parts import from_parts
from .ops.indexing import clean_index, getitem
from .ops.shapes import as_array, axis_index, ravel, reshape
from .primitive import parameters
from .protocols import WRITERS, on_values
from .tape import TensorBase


def _writer(theirs: Callable) -> Callable:
    """Declare how a function of NumPy writes into a Tensor; into arrays NumPy itself does."""

    def declare(function: Callable) -> Callable:
        first = parameters(function)[0]

        @functools.wraps(function)
        def write(*args: Any, **options: Any) -> None:
            target = args[0] if args else options.get(first)
            try:
                if isinstance(target, TensorBase):
                    function(*args, **options)
                else:
                    on_values(theirs.__name__, theirs, args, options)
            except CONVERTED as error:
                if isinstance(target, np.ndarray):
                    raise
                raise named(theirs.__name__, error) from error.__cause__

        WRITERS[theirs] = write
        return write

    return declare


def _values(x: Any) -> Any:
    return getattr(x, "_data", x)


def _cycled(values: Any, positions: Any, dtype: np.dtype, name: str) -> Any:
    """Flat values, repeated from the start as often as needed, at positions."""
    values = ravel(as_array(values))
    if not np.can_cast(values.dtype, dtype, "same_kind"):
        raise DtypeError(f"{name}: values of {values.dtype} do not fit an array of {dtype}")
    return getitem(values, positions % values.shape[0])


def _write_flat(target: Any, positions: np.ndarray, values: Any) -> None:
    aliasing.write(target, tuple(np.unravel_index(positions, target.shape)), values)


@_writer(np.copyto)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """dst[where] = src[where], both broadcast to the shape of dst; `where` is a mask.

    Errors: DtypeError where the rule `casting` does not allow it.

    Example:
        >>> x = np.zeros(3)
        >>> copyto(x, [1.0, 2.0, 3.0], where=np.array([True, False, True]))
        >>> x
        array([1., 0., 3.])
    """
    src = as_array(src)
    if not np.can_cast(src.dtype, dst.dtype, casting):
        raise DtypeError(f"copyto: cannot cast {src.dtype} to {dst.dtype} by the rule {casting!r}")
    mask = _values(where)
    if mask is True:
        aliasing.write(dst, Ellipsis, src)
        return
    mask = np.broadcast_to(mask, dst.shape)
    aliasing.write(dst, mask, getitem(broadcast_to(src, dst.shape), mask))


@_writer(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """a.flat[ind] = v, with v repeated as often as needed. Of equal indices the last one stays.

    Errors: IndexingError for an index out of range, unless mode is `wrap` or `clip`.

    Example:
        >>> x = np.zeros((2, 2))
        >>> put(x, [0, 3], [1.0, 2.0])
        >>> x
        array([[1., 0.],
               [0., 2.]])
    """
    positions, n = np.ravel(_values(ind)), a.size
    if not positions.size or not np.size(_values(v)):
        return
    if positions.dtype.kind not in "iub":
        raise IndexingError(f"put: indices must be integers, got {positions.dtype}")
    if mode == "wrap":
        positions = positions % n
    elif mode == "clip":
        positions = np.clip(positions, 0, n - 1)
    elif mode != "raise":
        raise ArgumentError(f"put: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    elif positions.min() < -n or positions.max() >= n:
        raise IndexingError(f"put: indices must be in [-{n}, {n}), got {positions.tolist()}")
    _write_flat(a, positions % n, _cycled(v, np.arange(positions.size), a.dtype, "put"))


def _positions(name: str, a: Any, mask: Any) -> np.ndarray:
    mask = np.asarray(_values(mask))
    if mask.size != a.size:
        raise ShapeError(f"{name}: the mask has shape {mask.shape}, the array {a.shape}")
    return np.flatnonzero(mask)


@_writer(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """arr[mask] = the first of vals, as many as there are places, from the start again if needed.

    Example:
        >>> x = np.zeros(4)
        >>> place(x, [True, False, True, True], [1.0, 2.0])
        >>> x
        array([1., 0., 2., 1.])
    """
    positions = _positions("place", arr, mask)
    if not positions.size:
        return
    if not np.size(_values(vals)):
        raise ArgumentError("place: there are places but no values")
    _write_flat(arr, positions, _cycled(vals, np.arange(positions.size), arr.dtype, "place"))


@_writer(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """a.flat[n] = values[n] where the mask holds, with values repeated to the size of a.

    Example:
        >>> x = np.zeros(4)
        >>> putmask(x, [True, False, True, True], [1.0, 2.0])
        >>> x
        array([1., 0., 1., 2.])
    """
    positions = _positions("putmask", a, mask)
    if positions.size and np.size(_values(values)):
        _write_flat(a, positions, _cycled(values, positions, a.dtype, "putmask"))


@_writer(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """a[i, ..., i] = val, with val repeated as often as needed; `wrap` goes on in tall matrices.

    Example:
        >>> x = np.zeros((2, 2))
        >>> fill_diagonal(x, [1.0, 2.0])
        >>> x
        array([[1., 0.],
               [0., 2.]])
    """
    if a.ndim < 2 or (a.ndim > 2 and len(set(a.shape)) > 1):
        raise ShapeError(f"fill_diagonal: expected a matrix, or equal lengths of all axes, got {a.shape}")
    end = None
    if a.ndim == 2:
        step = a.shape[1] + 1
        end = None if wrap else a.shape[1] * a.shape[1]
    else:
        step = 1 + int(np.cumprod(a.shape[:-1]).sum())
    positions = np.arange(a.size)[:end:step]
    if positions.size and np.size(_values(val)):
        _write_flat(a, positions, _cycled(val, np.arange(positions.size), a.dtype, "fill_diagonal"))


def along(indices: np.ndarray, axis: int, shape: tuple) -> tuple:
    """The index of `take_along_axis`: integers along one axis, each place along the others."""
    grid = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis] = indices
    return tuple(grid)


@_writer(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """The place of each index along an axis gets its value; of equal indices the last one stays.

    Example:
        >>> x = np.zeros((2, 2))
        >>> put_along_axis(x, np.array([[1], [0]]), 3.0, axis=1)
        >>> x
        array([[0., 3.],
               [3., 0.]])
    """
    indices = np.asarray(_values(indices))
    if indices.dtype.kind not in "iu":
        raise IndexingError(f"put_along_axis: indices must be integers, got {indices.dtype}")
    if axis is None:
        positions = np.ravel(indices)
        _write_flat(arr, np.arange(arr.size)[positions], values)
        return
    if indices.ndim != arr.ndim:
        raise ShapeError(f"put_along_axis: the indices have {indices.ndim} axes, the array {arr.ndim}")
    aliasing.write(arr, along(indices, axis_index(axis, arr.ndim), arr.shape), values)


def fill(tensor: Any, value: Any) -> None:
    """Every element becomes `value`, a number or a tensor of one element."""
    value = as_array(value)
    if value.size != 1:
        raise ShapeError(f"fill: expected one value, got shape {tuple(value.shape)}")
    aliasing.write(tensor, Ellipsis, reshape(value, ()))


def set_real(tensor: Any, value: Any) -> None:
    """`tensor.real = value`: the imaginary part stays."""
    if tensor.dtype.kind == "c":
        value = from_parts(as_array(value), imag(tensor))
    aliasing.write(tensor, Ellipsis, value)


def set_imag(tensor: Any, value: Any) -> None:
    """`tensor.imag = value`: the real part stays.

    Errors: DtypeError for a tensor of real numbers.
    """
    if tensor.dtype.kind != "c":
        raise DtypeError(f"imag: a tensor of {tensor.dtype} has no imaginary part to write")
    aliasing.write(tensor, Ellipsis, from_parts(real(tensor), as_array(value)))


def reorder(tensor: Any, order: np.ndarray, axis: int) -> None:
    """In place: each place along an axis gets the element that `order` names, as in sorting."""
    aliasing.write(tensor, Ellipsis, getitem(tensor, along(order, axis % tensor.ndim, order.shape)))


def at(operation: Callable, name: str, a: Any, indices: Any, *values: Any) -> None:
    """a[indices] = operation(a[indices], values), once for each time that an index occurs.

    Example:
        >>> x = np.zeros(2)
        >>> at(np.add, "add", x, [0, 0, 1], 1.0)
        >>> x
        array([2., 1.])
    """
    index = clean_index(indices)
    try:
        positions = np.arange(a.size).reshape(a.shape)[index]
    except IndexError as error:
        raise IndexingError(f"{name}.at: {error}") from None
    values = tuple(_spread(name, v, positions.shape) for v in values)
    flat = positions.reshape(-1)
    for turn in _turns(flat):
        part = np.unravel_index(flat[turn], a.shape)
        before = getitem(a, tuple(part))
        after = operation(before, *(getitem(v, turn) for v in values))
        if not np.can_cast(after.dtype, a.dtype, "same_kind"):
            raise DtypeError(f"{name}.at: the result is {after.dtype}, the array holds {a.dtype}")
        _store(a, tuple(part), after)


def _store(a: Any, index: tuple, values: Any) -> None:
    if isinstance(a, TensorBase):
        aliasing.write(a, index, values)
    else:
        a[index] = values


def _spread(name: str, value: Any, shape: tuple) -> Any:
    value = as_array(value)
    try:
        return reshape(broadcast_to(value, shape), (-1,))
    except ValueError:
        raise ShapeError(f"{name}.at: values of {tuple(value.shape)} for indices of {shape}") from None


def _turns(flat: np.ndarray) -> list[np.ndarray]:
    """Which occurrences to treat together: the first of each index, the second of each, ..."""
    if not flat.size:
        return []
    order = np.argsort(flat, kind="stable")
    starts = np.flatnonzero(np.diff(flat[order], prepend=flat[order[0]] - 1))
    rank = np.empty(flat.size, np.intp)
    rank[order] = np.arange(flat.size) - np.repeat(starts, np.diff(starts, append=flat.size))
    return [np.flatnonzero(rank == k) for k in range(int(rank.max()) + 1)]
