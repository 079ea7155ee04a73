"""Tensors that share a buffer: who views whom, and what is handed out.

The *root* holds the buffer; each view knows the views that lead to it from there. The *origin*
of a tensor is where its place in the graph starts: the root, or a tensor that was detached on
the way, whose memory is the root's but whose history is its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .effects import before_write
from .errors import DtypeError, GradientError, ShapeError
from .memory import FOREIGN, OWNED, SHARED, Alias, Memory, is_array, is_exclusive, unguard
from .ops.shapes import detach
from .tape import EXTRA, Extra, TensorBase, apply, leaf_node, mode, new_tensor

_DETACH = detach.primitive


def root_of(tensor: Any) -> Any:
    """The tensor that holds the buffer."""
    alias = tensor._alias
    return tensor if alias is None or alias.root is None else alias.root


def history(tensor: Any) -> tuple[Any, list[Alias]]:
    """The origin of a tensor, and the path of views from there to it.

    If a detached tensor no longer exists, the tensor that views it is an origin itself.
    """
    if tensor._alias is None:
        return tensor, []
    path = tensor._alias.path
    cuts = [i for i, alias in enumerate(path) if alias.step[0] is _DETACH]
    if not cuts:
        return root_of(tensor), path
    detached = path[cuts[-1]]
    for member in detached.memory.live():
        if member._alias is detached:
            return member, path[cuts[-1] + 1 :]
    return tensor, []


def viewed(origin: Any, path: list[Alias]) -> Any:
    """The present value of a tensor, seen through a path of views, with its history."""
    value = new_tensor(origin._data, origin._node)
    for alias in path:
        prim, statics = alias.step
        value = apply(prim, (value,), statics)
    return value


def is_leaf(tensor: Any) -> bool:
    """Whether the user made this tensor to require grad."""
    extra = tensor._node[EXTRA] if tensor._node is not None else None
    return extra is not None and extra.leaf


def refresh_data(root: Any) -> None:
    """Have all live views of a root show its present buffer."""
    for view in root._alias.memory.live():
        view._data = viewed(new_tensor(root._data), view._alias.path)._data


def refresh_history(origin: Any) -> None:
    """Have all live views of an origin come from its present node; leaves stay leaves."""
    if origin._alias is None:
        return
    for view in origin._alias.memory.live():
        start, path = history(view)
        if start is origin and view is not origin and not is_leaf(view):
            view._node = viewed(origin, path)._node


# ---------------------------------------------------------------- memory


def memory_of(tensor: Any) -> Memory:
    """The memory of a tensor, with an alias made for it if it has none."""
    if tensor._alias is None:
        tensor._alias = Alias(Memory(OWNED))
    return tensor._alias.memory


def own(root: Any) -> None:
    """Make a buffer writable without anything on the tape seeing the write."""
    data, alias = root._data, root._alias
    if alias is not None and alias.memory.exposure is SHARED:
        unguard(data)
        return
    del data
    if is_exclusive(root) and (alias is None or alias.memory.exposure is OWNED):
        return
    # also of a NumPy scalar, which cannot be written
    root._data = root._data.copy("K") if is_array(root._data) else np.array(root._data)
    if alias is not None:
        alias.memory.exposure = OWNED
        refresh_data(root)


def writable(tensor: Any) -> np.ndarray:
    """The buffer of a tensor for a caller that writes it now, such as an optimiser.

    As a write that is not recorded: what the tape saved is copied away first. The memory does
    not count as shared, so the array must not be kept.
    """
    if mode.keepers:
        before_write(tensor)
    alias = tensor._alias
    owned = alias is not None and alias.root is None and alias.memory.exposure is OWNED
    if owned and not alias.memory.live():
        alias = tensor._alias = None  # its views are gone: it shares with nobody
    if alias is None and is_exclusive(tensor):
        return tensor._data
    own(root_of(tensor))
    if not is_array(tensor._data):
        tensor._data = np.array(tensor._data)
    return tensor._data


def expose(tensor: Any) -> np.ndarray:
    """The ndarray of a tensor, to hand out: from now on its memory counts as shared."""
    root = root_of(tensor)
    memory = memory_of(root)
    if memory.exposure is not SHARED:
        own(root)  # what the tape saved must not change with what the caller writes
        memory.exposure = SHARED
    if not is_array(tensor._data):
        tensor._data = np.array(tensor._data)
    memory.handed_out = memory.handed_out or tensor is not root
    return tensor._data


def share(tensor: Any) -> None:
    """Count the memory of a new tensor as the caller's too."""
    tensor._alias = Alias(Memory(SHARED))


def borrow(tensor: Any) -> None:
    """Count the memory of a new tensor as the caller's alone: it is never written."""
    tensor._alias = Alias(Memory(FOREIGN))


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


def replace_data(tensor: Any, value: Any) -> None:
    """`tensor.data = value`: other memory, the same place in the graph.

    A leaf may take another shape or dtype as long as it keeps no gradient; graphs that it is in
    then no longer reach it.

    Errors: DtypeError or ShapeError for what does not fit.
    """
    data = expose(value) if isinstance(value, TensorBase) else np.asarray(value)
    kinds = "fciub" if tensor._node is None else "fc"
    if data.dtype.kind not in kinds:
        what = "a tensor" if tensor._node is None else "a tensor that requires grad"
        raise DtypeError(f"data: {what} cannot hold {data.dtype}")
    old = tensor._data
    if tensor._node is not None and (data.shape, data.dtype) != (old.shape, old.dtype):
        if not is_leaf(tensor) or tensor._node[EXTRA].grad is not None:
            raise ShapeError(
                f"data: expected {old.dtype}{old.shape}, which the graph or .grad rely on, "
                f"got {data.dtype}{data.shape}"
            )
        tensor._node = leaf_node(data.dtype)  # graphs of the old shape must not deliver to the new
    leave_family(tensor)
    tensor._data, tensor._alias = data, Alias(Memory(SHARED))


def extra(tensor: Any, caller: str) -> Extra:
    """What a tensor's node carries beside the sweep; made if it carries nothing yet."""
    if tensor._node is None:
        raise GradientError(f"{caller}: the tensor does not require grad")
    if tensor._node[EXTRA] is None:
        tensor._node[EXTRA] = Extra(leaf=False)
    return tensor._node[EXTRA]
