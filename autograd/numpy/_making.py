"""What makes arrays of something: NumPy's functions that it does not let others override."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..keywords import has_tensor
from ..ops import joining, shapes
from ..ops.ordering import arranged, checked
from ..tape import TensorBase


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Any = "K",
    ndmin: int = 0,
    **rest: Any,
) -> Any:
    """An ndarray of something; a Tensor if there is a tensor in it: a copy, or stacked from its parts.

    Args:
        copy: None for a copy only where one is needed; False for an error where one is.
        rest: NumPy's further arguments.

    Errors: ArgumentError where `copy=False` cannot be had.

    Example:
        >>> array([1.0, 2.0])
        array([1., 2.])
    """
    checked("array", order or "K")
    if not has_tensor([object]):
        return np.array(object, dtype, copy=copy, order=order, ndmin=ndmin, **rest)
    if isinstance(object, TensorBase):
        found = _converted(object, dtype, copy, order or "K")
    elif copy is False:
        raise ArgumentError("array: tensors in a list are stacked, which copies; copy=False cannot be had")
    else:
        parts = joining.stack([array(part) for part in object])
        found = _converted(parts, dtype, None, order or "K")
    missing = ndmin - found.ndim
    return shapes.reshape(found, (1,) * missing + tuple(found.shape)) if missing > 0 else found


def _converted(x: Any, dtype: Any, copy: bool | None, order: str) -> Any:
    """A tensor in a dtype and an order of memory; itself if it is so already and need not be copied."""
    dtype = x.dtype if dtype is None else np.dtype(dtype)
    found = x if x.dtype == dtype else shapes.astype(x, dtype)
    found = arranged(found, order, (x,))
    if copy is False and found is not x:
        raise ArgumentError(f"array: {x.dtype} to {dtype} in order {order!r} needs a copy; copy=False")
    return shapes.copy(x) if copy and found is x else found


def asarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    **rest: Any,
) -> Any:
    """As `array`, without a copy where none is needed.

    Example:
        >>> asarray([1.0, 2.0])
        array([1., 2.])
    """
    if not has_tensor([a]):
        return np.asarray(a, dtype, order, device=device, copy=copy, **rest)
    if device not in (None, "cpu"):
        raise ArgumentError(f"asarray: expected the device 'cpu', got {device!r}")
    return array(a, dtype, copy=copy, order=order)


asanyarray = asarray


def ascontiguousarray(a: Any, dtype: Any = None, **rest: Any) -> Any:
    """As `asarray`, in C order and with one axis at least.

    Example:
        >>> ascontiguousarray(np.ones((2, 3)).T).flags.c_contiguous
        True
    """
    if not has_tensor([a]):
        return np.ascontiguousarray(a, dtype, **rest)
    return array(a, dtype, copy=None, order="C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None, **rest: Any) -> Any:
    """As `asarray`, in Fortran's order and with one axis at least.

    Example:
        >>> asfortranarray(np.ones((2, 3))).flags.f_contiguous
        True
    """
    if not has_tensor([a]):
        return np.asfortranarray(a, dtype, **rest)
    return array(a, dtype, copy=None, order="F", ndmin=1)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """As `asarray`.

    Errors: ArgumentError for a tensor with infinities or NaNs, ValueError for an array.

    Example:
        >>> asarray_chkfinite([1.0, 2.0])
        array([1., 2.])
    """
    if not has_tensor([a]):
        return np.asarray_chkfinite(a, dtype, order)
    found = asarray(a, dtype, order)
    if not np.isfinite(found._data).all():
        raise ArgumentError("asarray_chkfinite: the tensor has infinities or NaNs")
    return found


def require(a: Any, dtype: Any = None, requirements: Any = None, **rest: Any) -> Any:
    """As `asarray`, with what `requirements` asks of the memory: of a tensor, its order.

    Example:
        >>> require(np.ones((2, 3)), requirements="F").flags.f_contiguous
        True
    """
    if not has_tensor([a]):
        return np.require(a, dtype, requirements, **rest)
    wanted = {str(r).upper()[:1] for r in requirements or ()}
    if {"C", "F"} <= wanted:
        raise ArgumentError("require: memory is in C order or in Fortran's, not in both")
    return asarray(a, dtype, "C" if "C" in wanted else "F" if "F" in wanted else None)


def _looks(theirs: Callable) -> Callable:
    """What NumPy looks at of an array, also of one that is a list of tensors yet."""

    @functools.wraps(theirs)
    def look(a: Any, *args: Any, **options: Any) -> Any:
        return theirs(shapes.as_array(a) if isinstance(a, (list, tuple)) else a, *args, **options)

    return look


iscomplexobj, isrealobj = _looks(np.iscomplexobj), _looks(np.isrealobj)
ndim, shape, size = _looks(np.ndim), _looks(np.shape), _looks(np.size)


__all__ = [
    "array", "asanyarray", "asarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray",
    "iscomplexobj", "isrealobj", "ndim", "require", "shape", "size",
]  # fmt: skip
