"""The variables that transforms put in the places of arguments, and values as those outside see them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import views
from ..batching import bottom, everywhere, is_batched, levels_of, rebatch, repeated
from ..codegen import FAST
from ..diagnose import describe
from ..errors import DtypeError, OperandError
from ..memory import SMALL
from ..tape import TensorBase, identity_node, in_order_of, mode, new_tensor


def floating(x: Any) -> Any:
    data = np.asarray(x) if isinstance(x, np.ndarray) else np.asarray(x)[()]
    return data.astype(np.float64) if data.dtype.kind in "iu" else data


def fresh_variable(x: Any, what: str, inside: bool) -> Any:
    """A tensor of the same value with a node of its own."""
    if is_batched(x):
        return _of_batched(x, what, inside)
    if isinstance(x, TensorBase):
        data, parent = x._data, x._node
    elif type(x) is float or type(x) is np.float64:
        data, parent, inside = np.float64(x), None, False
    elif isinstance(x, (float, int, complex, np.generic, np.ndarray)) and not isinstance(x, bool):
        data, parent = np.asarray(x) if isinstance(x, np.ndarray) else np.asarray(x)[()] + 0.0, None
        inside = inside and np.asarray(x).dtype.kind in "iu"
    else:
        raise OperandError(f"{what} must be an array or a number, got {describe(x)}")
    if data.dtype.kind in "iu" or (inside and not isinstance(x, TensorBase)):
        if inside:
            raise DtypeError(
                f"{what} must be real or complex, got {describe(x)}: integers have no gradient"
            )
        data = data.astype(np.float64)
    if data.dtype.kind not in "fc":
        raise DtypeError(f"{what} must be real or complex, got {data.dtype}")
    if mode.levels:
        if parent is None:  # what `_everywhere` comes to, in fewer calls
            whole = repeated(data.copy(), tuple([level.size for level in mode.levels]))
            return rebatch(mode.levels, new_tensor(whole, identity_node(None)))
        return _everywhere(new_tensor(data.copy(), parent))
    if type(data) is np.ndarray and data.nbytes <= SMALL:  # rather than at each call that saves it
        return new_tensor(data.copy("K"), identity_node(parent))
    fresh = new_tensor(data, identity_node(parent))
    if isinstance(data, np.ndarray):
        views.borrow(fresh)  # the caller's memory: protected when saved, never written
    return fresh


def _of_batched(x: Any, what: str, inside: bool) -> Any:
    """The same for one example of several."""
    if x.dtype.kind in "iu" and not inside:
        x = FAST["astype"](x, np.dtype(np.float64))
    if x.dtype.kind not in "fc":
        raise DtypeError(f"{what} must be real or complex, got {x.dtype}")
    return _everywhere(x)


def _everywhere(x: Any) -> Any:
    """A variable for each example of all that `vmap` runs over, of the values of x."""
    whole = bottom(everywhere(x, mode.levels))
    fresh = new_tensor(whole._data, identity_node(whole._node))
    if whole._alias is not None:
        views.borrow(fresh)
    return rebatch(mode.levels, fresh)


def reaches_beyond(node: list, oldest: int, orders: set[int]) -> bool:
    """Whether the graph leads to a node that was there before the variables were."""
    seen: set[int] = set()
    left = [node]
    newest = min(orders)  # spares looking at most nodes closer: the variables are the oldest of all
    while left:
        node = left.pop()
        while True:  # straight on along a chain; 0, 1 and 3 as the sweep has them
            order = node[0]
            if order > oldest:
                return True
            arity = node[1].step.arity
            if not arity:
                break
            if order >= newest and order in orders:
                return True
            if arity > 1 or not order & 7:  # of a chain to remember each eighth node is enough
                if order in seen:
                    break
                seen.add(order)
                if arity > 1:
                    left.extend(node[4 : 3 + arity])
            node = node[3]
    return False


def as_kind(g: Any, x: Any, seen: bool) -> Any:
    """A gradient as the kind of thing that the argument was."""
    if g is None:
        data = x._data if isinstance(x, TensorBase) else np.asarray(x)
        g = np.zeros(data.shape, np.float64 if data.dtype.kind in "iub" else data.dtype)
    if hasattr(x, "dtype"):
        g = in_order_of(g, x.dtype)
    if seen:
        return FAST["copy"](g) if isinstance(g, TensorBase) else new_tensor(g)
    if isinstance(x, TensorBase):
        return new_tensor(g.copy())
    if isinstance(x, np.ndarray):
        return g.copy() if isinstance(g, np.ndarray) else np.asarray(g)
    return g[()]


def detached(value: Any, tensors: bool) -> Any:
    """A result without history: a Tensor if the caller gave some, or the array."""
    if not isinstance(value, TensorBase):
        return value
    if value._level is not None:
        return detach(value)
    return new_tensor(value._data) if tensors else value._data


def detach(value: Any) -> Any:
    """The same values without history."""
    return rebatch(levels_of(value), new_tensor(bottom(value)._data))
