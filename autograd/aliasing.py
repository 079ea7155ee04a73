"""In-place writes, with NumPy's aliasing and right gradients.

Values are immutable to the tape, so a recorded write makes a new value: `t[i] = v` becomes
`setitem(t, v, i)`, and the tensor goes on as that. If `t` is a view, the change is put back
into the tensor that holds the buffer, by the put-back of each view on the way, and every
other live view is made anew from it. A write that is not recorded goes to memory, after the
buffer was copied if the tape may still need it (copy on write).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import diagnose
from .errors import DtypeError, GradientError, LeafWriteError, ShapeError
from .memory import FOREIGN_ARRAY, OWNED, SHARED, Alias, Memory, is_exclusive, unguard
from .ops.indexing import clean_index, setitem
from .ops.shapes import astype, detach
from .tape import EXTRA, Extra, TensorBase, apply, mode, new_tensor, scope_path

_DETACH, _SETITEM = detach.primitive, setitem.primitive


def root_of(tensor: Any) -> Any:
    """The tensor that holds the buffer."""
    alias = tensor._alias
    return tensor if alias is None or alias.root is None else alias.root


def memory_of(tensor: Any) -> Memory:
    """The memory of a tensor, with an alias made for it if it has none."""
    if tensor._alias is None:
        tensor._alias = Alias(Memory(OWNED))
    return tensor._alias.memory


# ---------------------------------------------------------------- writes


def write(tensor: Any, index: Any, value: Any) -> None:
    """`tensor[index] = value`.

    Errors: LeafWriteError for a leaf that requires grad while gradients are recorded;
    DtypeError for a value whose gradient or imaginary part would be lost; nothing is written
    if it raises.
    """
    index = clean_index(index)
    if _is_same_memory(tensor, index, value):
        return  # the second half of `t[index] += v`: the view that was written is t[index]
    data = value._data if isinstance(value, TensorBase) else np.asarray(value)
    if not _is_recorded(tensor, value):
        _check_write(tensor, data, False)
        _write_memory(tensor, index, data)
        return
    _refuse_leaf(tensor)
    _trace_to_root(tensor)
    _check_write(tensor, data, getattr(value, "_node", None) is not None)
    _assign(tensor, setitem(tensor, value if isinstance(value, TensorBase) else data, index))


def augment(tensor: Any, operation: Callable, other: Any) -> Any:
    """`tensor += other` and its kin: the result of the operation takes the tensor's place.

    Errors: as `write`; ShapeError if the result does not have the tensor's shape.
    """
    recorded = _is_recorded(tensor, other)
    if recorded:
        _refuse_leaf(tensor)
        _trace_to_root(tensor)
        result = operation(tensor, other)
    else:
        plain = other._data if isinstance(other, TensorBase) else other
        result = operation(new_tensor(tensor._data), plain)
    name = operation.__name__
    if result.shape != tensor.shape:
        raise ShapeError(
            f"{diagnose.where(scope_path())}in-place {name}: the result has shape "
            f"{result.shape}, the tensor {tensor.shape}"
        )
    if result.dtype != tensor.dtype:
        if not np.can_cast(result.dtype, tensor.dtype, "same_kind"):
            raise DtypeError(
                f"{diagnose.where(scope_path())}in-place {name}: the result is {result.dtype}, "
                f"which a tensor of {tensor.dtype} cannot hold"
            )
        result = astype(result, tensor.dtype)
    if recorded:
        _assign(tensor, result)
    elif tensor._alias is None:
        tensor._data = result._data
    else:
        _write_memory(tensor, Ellipsis, result._data)
    return tensor


def _is_recorded(tensor: Any, value: Any) -> bool:
    if not mode.grad or _is_detached(tensor):
        return False
    flows = tensor._node is not None or root_of(tensor)._node is not None
    return flows or getattr(value, "_node", None) is not None


def _is_detached(tensor: Any) -> bool:
    alias = tensor._alias
    return alias is not None and any(prim is _DETACH for prim, _ in alias.path)


def _refuse_leaf(tensor: Any) -> None:
    root = root_of(tensor)
    extra = root._node[EXTRA] if root._node is not None else None
    if extra is not None and extra.leaf:
        what = "a leaf" if root is tensor else "a view of a leaf"
        raise LeafWriteError(
            f"{diagnose.where(scope_path())}{what} that requires grad cannot be written in place "
            "while gradients are recorded; write under autograd.no_grad(), or to a copy"
        )


def _trace_to_root(tensor: Any) -> None:
    """Give a view its place in the graph, if it was made where nothing was recorded.

    Else what it shows of the root would count as a constant once it is put back.
    """
    root = root_of(tensor)
    if tensor._node is None and root._node is not None:
        tensor._node = _viewed(root, tensor._alias.path)._node


def _viewed(root: Any, path: tuple) -> Any:
    """The present value of a root, seen through a path of views."""
    fresh = new_tensor(root._data, root._node)
    for prim, statics in path:
        fresh = apply(prim, (fresh,), statics)
    return fresh


def _check_write(tensor: Any, data: np.ndarray, differentiable: bool) -> None:
    if data.dtype.kind == "c" and tensor.dtype.kind != "c":
        raise DtypeError(f"cannot write {data.dtype} values into a tensor of {tensor.dtype}")
    if data.dtype.kind not in "fciub":
        raise DtypeError(f"cannot write values of dtype {data.dtype} into a tensor")
    if differentiable and tensor.dtype.kind not in "fc":
        raise DtypeError(
            f"cannot write a tensor that requires grad into one of {tensor.dtype}: "
            "its gradient would be lost"
        )


def _is_same_memory(tensor: Any, index: Any, value: Any) -> bool:
    """Whether the value already is the very part of the tensor that it is written to."""
    if not isinstance(value, TensorBase) or value._alias is None or tensor._alias is None:
        return False
    if value._alias.memory is not tensor._alias.memory or not isinstance(tensor._data, np.ndarray):
        return False
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
    alias = tensor._alias
    if alias is None:
        tensor._data, tensor._node = new._data, new._node
        return
    root = root_of(tensor)
    bases = [new_tensor(root._data, root._node)]
    for prim, statics in alias.path[:-1]:
        bases.append(apply(prim, (bases[-1],), statics))
    for base, (prim, statics) in zip(reversed(bases), reversed(alias.path), strict=False):
        new = prim.view(base, new, *statics)
    if alias.memory.exposure is SHARED:
        unguard(root._data)
        np.copyto(root._data, new._data)
    else:
        root._data = new._data
        alias.memory.exposure = OWNED
    root._node = new._node
    _replay(root, nodes=True)


def _replay(root: Any, nodes: bool) -> None:
    """Make the live views of a root anew from its present value."""
    for view in root._alias.memory.live():
        fresh = _viewed(root, view._alias.path)
        view._data = fresh._data
        if nodes:
            view._node = fresh._node


def _write_memory(tensor: Any, index: Any, data: Any) -> None:
    """Write values where nothing is recorded; nodes stay as they are."""
    root = root_of(tensor)
    _own(root)
    if not isinstance(tensor._data, np.ndarray):  # a NumPy scalar
        tensor._data = np.array(tensor._data)
    try:
        tensor._data[index] = data
    except Exception as error:
        values = (tensor._data, data)
        raise diagnose.explain(_SETITEM, values, (index,), error, scope_path()) from None


def _own(root: Any) -> None:
    """Make a buffer writable without anything on the tape seeing the write."""
    data, alias = root._data, root._alias
    if alias is not None and alias.memory.exposure is SHARED:
        unguard(data)
        return
    del data
    if is_exclusive(root) and (alias is None or alias.memory.exposure is OWNED):
        return
    root._data = np.array(root._data)  # also of a NumPy scalar, which cannot be written
    if alias is not None:
        alias.memory.exposure = OWNED
        _replay(root, nodes=False)


def writable(tensor: Any) -> np.ndarray:
    """The buffer of a tensor for a caller that writes all of it now, such as an optimiser.

    As a write that is not recorded: what the tape saved is copied away first. The memory does
    not count as shared, so the array must not be kept.
    """
    alias = tensor._alias
    owned = alias is not None and alias.root is None and alias.memory.exposure is OWNED
    if owned and not alias.memory.live():
        alias = tensor._alias = None  # its views are gone: it shares with nobody
    if alias is not None or not is_exclusive(tensor):
        _own(root_of(tensor))
    return tensor._data


# ---------------------------------------------------------------- what shares the memory


def expose(tensor: Any) -> np.ndarray:
    """The ndarray of a tensor, to hand out: from now on its memory counts as shared."""
    root = root_of(tensor)
    memory = memory_of(root)
    if memory.exposure is not SHARED:
        _own(root)  # what the tape saved must not change with what the caller writes
        memory.exposure = SHARED
    if not isinstance(tensor._data, np.ndarray):
        tensor._data = np.array(tensor._data)
    return tensor._data


def replace_data(tensor: Any, value: Any) -> None:
    """`tensor.data = value`: other memory, the same place in the graph.

    Errors: DtypeError or ShapeError if a gradient that is kept would no longer fit.
    """
    data = expose(value) if isinstance(value, TensorBase) else np.asarray(value)
    if tensor._node is not None:
        if data.dtype.kind not in "fc":
            raise DtypeError(f"data: a tensor that requires grad cannot hold {data.dtype}")
        extra = tensor._node[EXTRA]
        fixed = extra is None or not extra.leaf or extra.grad is not None
        if fixed and data.shape != tensor.shape:
            raise ShapeError(f"data: expected shape {tensor.shape}, got {data.shape}")
    leave_family(tensor)
    tensor._data, tensor._alias = data, Alias(Memory(SHARED))


def leave_family(tensor: Any) -> None:
    """Take a tensor out of the memory it shares; its views stay together without it."""
    alias = tensor._alias
    if alias is None:
        return
    memory = alias.memory
    memory.members = [m for m in memory.members if m() is not tensor]
    if alias.root is None and memory.live():
        stand_in = new_tensor(tensor._data, tensor._node)
        stand_in._alias = alias
        for view in memory.live():
            view._alias.root = stand_in
    tensor._alias = None


def share(tensor: Any) -> None:
    """Count the memory of a new tensor as the caller's too."""
    tensor._alias = Alias(Memory(SHARED))


def borrow(tensor: Any) -> None:
    """Count the memory of a new tensor as the caller's alone: it is never written."""
    tensor._alias = Alias(Memory(FOREIGN_ARRAY.memory.exposure))


def extra(tensor: Any, caller: str) -> Extra:
    """What a tensor's node carries beside the sweep; made if it carries nothing yet."""
    if tensor._node is None:
        raise GradientError(f"{caller}: the tensor does not require grad")
    if tensor._node[EXTRA] is None:
        tensor._node[EXTRA] = Extra(leaf=False)
    return tensor._node[EXTRA]
