"""In-place writes, with NumPy's aliasing and right gradients.

Values are immutable to the tape, so a recorded write makes a new value: `t[i] = v` becomes
`setitem(t, v, i)`, and the tensor goes on as that. If `t` is a view, the change is put back
into its origin, by the put-back of each view on the way, and every other live view is made
anew from there. A write that is not recorded goes to memory, after the buffer was copied if
the tape may still need it (copy on write). `views.py` knows who shares what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import diagnose
from .batching import batch, bottom, check_running, is_batched
from .effects import before_write
from .errors import DtypeError, LeafWriteError, ShapeError, VmapError
from .memory import OWNED, SHARED, is_array
from .ops.batched_indexing import has_batched, put
from .ops.indexing import clean_index, setitem
from .ops.shapes import astype
from .tape import EXTRA, Extra, TensorBase, as_operand, mode, new_tensor
from .views import history, is_leaf, own, refresh_data, refresh_history, root_of, viewed

_SETITEM = setitem.primitive


def write(tensor: Any, index: Any, value: Any) -> None:
    """`tensor[index] = value`.

    Errors: LeafWriteError for a leaf that requires grad while gradients are recorded;
    DtypeError for a value whose gradient or imaginary part would be lost; nothing is written
    if it raises.
    """
    index = clean_index(index)
    value = as_operand(_SETITEM, 1, value)
    if mode.levels and (tensor._level is not None or is_batched(value) or has_batched(index)):
        _write_batched(tensor, index, value)
        return
    if _is_same_part(tensor, index, value):
        return  # the second half of `t[index] += v`: the view that was written is t[index]
    data = value._data if isinstance(value, TensorBase) else np.asarray(value)
    recorded = _is_recorded(tensor, value)
    _check_kind(tensor, data.dtype, recorded and getattr(value, "_node", None) is not None)
    if not recorded:
        _write_memory(tensor, index, data)
        return
    _prepare(tensor)
    _assign(tensor, setitem(tensor, value if isinstance(value, TensorBase) else data, index))


def augment(tensor: Any, operation: Callable, other: Any) -> Any:
    """`tensor += other` and its kin: the result of the operation takes the tensor's place.

    Errors: as `write`; ShapeError if the result does not have the tensor's shape.
    """
    if isinstance(other, (list, tuple)):
        other = as_operand(_SETITEM, 1, other)
    if mode.levels and (tensor._level is not None or is_batched(other)):
        return _augment_batched(tensor, operation, other)
    recorded = _is_recorded(tensor, other)
    if recorded:
        _prepare(tensor)
        result = operation(tensor, other)
    else:
        plain = other._data if isinstance(other, TensorBase) else other
        result = operation(new_tensor(tensor._data), plain)
    result = _fitted(tensor, result, operation.__name__)
    if recorded:
        _assign(tensor, result)
    elif tensor._alias is None:
        if mode.keepers:
            before_write(tensor)
        tensor._data = result._data
    else:
        _write_memory(tensor, Ellipsis, result._data)
    return tensor


def _write_batched(tensor: Any, index: Any, value: Any) -> None:
    """The same where the tensor is batched: all examples at once, in the tensor that holds them."""
    _check_level("writing into it", tensor, value, *(index if type(index) is tuple else (index,)))
    dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
    _check_kind(tensor, dtype, mode.grad and getattr(value, "_node", None) is not None)
    new = put(tensor, value, index) if has_batched(index) else setitem(tensor, value, index)
    write(tensor._inner, Ellipsis, new._inner)


def _augment_batched(tensor: Any, operation: Callable, other: Any) -> Any:
    _check_level(f"in-place {operation.__name__}", tensor, other)
    level = tensor._level

    def on_all(inner: Any, _: Any) -> Any:
        one = batch(level, inner)
        return _fitted(one, operation(one, other), operation.__name__)._inner

    on_all.__name__ = operation.__name__
    augment(tensor._inner, on_all, bottom(other) if is_batched(other) else other)
    return tensor


def _check_level(what: str, tensor: Any, *others: Any) -> None:
    """Refuse to put what differs from example to example into what is the same for all."""
    for other in others:
        if is_batched(other):
            check_running(other._level, what)
            if tensor._level is None or other._level.depth > tensor._level.depth:
                raise VmapError(
                    f"vmap: {what}: the tensor {tensor.dtype}{tensor.shape} is the same for all "
                    f"{other._level.size} examples, and what is put into it differs; begin with "
                    "numpy.zeros_like of a batched value, or make a new array with numpy.where or stack"
                )


def _fitted(tensor: Any, result: Any, name: str) -> Any:
    """A result as something that the tensor can hold."""
    if result.shape != tensor.shape:
        raise ShapeError(f"in-place {name}: the result has shape {result.shape}, the tensor {tensor.shape}")
    if result.dtype == tensor.dtype:
        return result
    if not np.can_cast(result.dtype, tensor.dtype, "same_kind"):
        raise DtypeError(
            f"in-place {name}: the result is {result.dtype}, which a tensor of {tensor.dtype} cannot hold"
        )
    return astype(result, tensor.dtype)


def _is_recorded(tensor: Any, value: Any) -> bool:
    """Whether a write changes what gradients flow through, and they are recorded."""
    if not mode.grad:
        return False
    flows = tensor._node is not None or getattr(value, "_node", None) is not None
    return flows or history(tensor)[0]._node is not None


def _prepare(tensor: Any) -> None:
    """Before a recorded write: refuse leaves, and see that the tensor knows its history."""
    origin, path = history(tensor)
    above = [m for m in tensor._alias.memory.live() if m._alias in path] if path else []
    for part in (tensor, origin, *above):
        if is_leaf(part):
            what = "a leaf" if part is tensor else "a view of a leaf"
            raise LeafWriteError(
                f"{what} that requires grad cannot be written in "
                "place while gradients are recorded; write under autograd.no_grad(), or to a copy"
            )
    if tensor._node is None and origin._node is not None:
        # made where nothing was recorded: what it shows of its origin is no constant
        tensor._node = viewed(origin, path)._node


def _check_kind(tensor: Any, dtype: np.dtype, differentiable: bool) -> None:
    if dtype.kind == "c" and tensor.dtype.kind != "c":
        raise DtypeError(f"cannot write {dtype} values into a tensor of {tensor.dtype}")
    if dtype.kind not in "fciub":
        raise DtypeError(f"cannot write values of dtype {dtype} into a tensor")
    if differentiable and tensor.dtype.kind not in "fc":
        raise DtypeError(
            f"cannot write a tensor that requires grad into one of {tensor.dtype}: "
            "its gradient would be lost"
        )


def _is_same_part(tensor: Any, index: Any, value: Any) -> bool:
    """Whether the value already is the very part of the tensor that it is written to."""
    if not isinstance(value, TensorBase) or value._alias is None or tensor._alias is None:
        return False
    if value._alias.memory is not tensor._alias.memory or not isinstance(tensor._data, np.ndarray):
        return False
    if history(value)[0] is not history(tensor)[0]:
        return False  # the same memory, but another history: a detached part cuts gradients
    try:
        part = tensor._data[index]
    except (IndexError, ValueError):
        return False
    return isinstance(part, np.ndarray) and part.size > 0 and _layout(part) == _layout(value._data)


def _layout(array: Any) -> tuple:
    interface = array.__array_interface__
    return interface["data"][0], array.shape, array.strides, array.dtype


def _assign(tensor: Any, new: Any) -> None:
    """Make a tensor go on as `new`, which has its shape and dtype, and its views with it."""
    kept = tensor._node[EXTRA] if tensor._node is not None else None
    if tensor._alias is None:
        tensor._data, tensor._node = new._data, new._node
    else:
        origin, path = history(tensor)
        bases = [viewed(origin, path[:i]) for i in range(len(path))]
        for base, alias in zip(reversed(bases), reversed(path), strict=True):
            prim, statics = alias.step
            new = prim.view(base, new, *statics)
        _take_values(origin, new._data)
        origin._node = new._node
        refresh_history(origin)
    if kept is not None and kept.keep and tensor._node is not None:
        kept.keep = False  # retain_grad() means the tensor as it is now
        tensor._node[EXTRA] = moved = Extra(leaf=False)
        moved.keep, moved.grad = True, kept.grad


def _take_values(origin: Any, values: Any) -> None:
    """Give the memory of an origin other values, seen by all that share it."""
    root = root_of(origin)
    if root is origin and root._alias.memory.exposure is not SHARED:
        if not is_array(values):
            values = np.asarray(values)  # NumPy's scalars cannot be viewed
        # another buffer costs nothing; of the same layout, so that what can be a view stays so
        if values.strides != getattr(root._data, "strides", ()):
            values, fresh = np.empty_like(root._data), values
            values[...] = fresh
        root._data, root._alias.memory.exposure = values, OWNED
        refresh_data(root)
    else:
        own(root)
        np.copyto(origin._data, values)


def _write_memory(tensor: Any, index: Any, data: Any) -> None:
    """Write values where nothing is recorded; nodes stay as they are."""
    if mode.keepers:
        before_write(root_of(tensor))
    own(root_of(tensor))
    if not is_array(tensor._data):  # a NumPy scalar
        tensor._data = np.array(tensor._data)
    try:
        tensor._data[index] = data
    except Exception as error:
        values = (tensor._data, data)
        raise diagnose.explain(_SETITEM, values, (index,), error) from None
