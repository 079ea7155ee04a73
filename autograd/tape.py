"""The tape: bare tensors, nodes, and what is recorded when a primitive is called.

A node is a plain list, because a list display is the cheapest record CPython can make:

    [order, pull, extra, *parents, *saved]

- `order` counts down with every node made, so that a heap of nodes pops the youngest first,
  and any order is a topological one: parents are older than children;
- `pull` is a generated function `pull(node, g)` from the cotangent of the result to those of
  the parents: one cotangent if there is one parent, else a tuple. `pull.step` describes it;
- `extra` is None, or what few nodes need: see `Extra`;
- `parents` are the nodes of the arguments that a gradient flows to;
- `saved` is what the rules of those arguments name, in the order of `pull.step.saves`.

No node refers to a tensor; a tensor refers to its node. So there are no cycles, and reference
counting frees everything.

Calls come in through the functions that `wrappers.py` generates. They handle the usual case
themselves and hand everything else to `apply` below, which is the same thing in plain Python:
read `apply` to know what a call does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import diagnose, spreading
from .codegen import FAST, Never, next_order
from .errors import OperandError
from .memory import FOREIGN_ARRAY, attach_view, is_array, protect
from .primitive import REGISTRY, Primitive
from .pulls import Step, step_for

ORDER, PULL, EXTRA, FIRST_PARENT = 0, 1, 2, 3


class TensorBase:
    """The slots of a tensor; `tensor.py` gives them their surface.

    Attributes:
        _data: ndarray or NumPy scalar. Immutable to the tape; see `aliasing.py` for writes.
        _node: node, or None for a constant.
        _alias: None, or how its memory is shared; see `aliasing.py`.
        _level: the `vmap` that it is one example of; see `batching.py`.
    """

    __slots__ = ("__weakref__", "_alias", "_data", "_dormant", "_node")

    _level: Any = None

    _data: Any
    _dormant: list  # the node of a leaf that was told not to require grad; else not set
    _node: list | None
    _alias: Any


class Extra:
    """What a node carries beside the sweep: gradients to keep and hooks to call.

    `leaf` marks the nodes of leaves, whose gradient is always kept. `grad` is a Tensor.
    """

    __slots__ = ("grad", "hooks", "keep", "leaf")

    def __init__(self, leaf: bool):
        self.leaf = self.keep = leaf
        self.grad: Any = None
        self.hooks: dict[int, Any] = {}


def in_order_of(g: Any, dtype: np.dtype) -> Any:
    """A gradient with its bytes in the order of a dtype; NumPy computes in the machine's own."""
    if dtype.isnative or dtype.kind not in "fc":
        return g
    wanted = g.dtype.newbyteorder(dtype.byteorder)
    return g if g.dtype == wanted else FAST["astype"](g, wanted)


class ExtraInOrder(Extra):
    """That of a leaf whose bytes are in another order than the machine's: its gradient gets the leaf's."""

    __slots__ = ("_grad", "dtype")

    def __init__(self, dtype: np.dtype):
        self.dtype = dtype
        super().__init__(leaf=True)

    @property
    def grad(self) -> Any:
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        self._grad = value if value is None else in_order_of(value, self.dtype)


_fast_types: dict[str, type] = {"Tensor": Never, "Parameter": Never}
_unusual_threads = 0
_lock = threading.Lock()


def admit(slot: str, cls: type) -> None:
    """Let instances of exactly this class take the fast path, in the slot of that name."""
    _fast_types[slot] = cls
    if not _unusual_threads:
        FAST[slot] = cls
    if slot == "Tensor":
        global _made
        FAST["Made"] = _made = cls


class _Mode(threading.local):
    """What is in force in this thread."""

    grad = True
    interceptor: Any = None
    generators: Any = None  # what stands in for random generators, while a function is recorded
    whole: Any = None  # what notes calls that look at values, while a function is recorded
    levels: tuple = ()  # the `vmap`s that run, outermost first
    keepers: tuple = ()  # who is told of draws and of unrecorded writes; see `effects.py`
    strict = ""  # the transform that refuses float(x) of what requires grad while a function runs in it
    settings: tuple = ()  # what makes again the contexts that functions run in

    def __init__(self) -> None:
        self.scopes: list[Any] = []  # the modules whose forward is running, outermost first


mode = _Mode()


def enter_unusual() -> None:
    """From now on calls of every thread take the slow path, where `mode` is looked at."""
    global _unusual_threads
    with _lock:
        _unusual_threads += 1
        FAST["Tensor"] = FAST["Parameter"] = Never


def leave_unusual() -> None:
    """Undo one `enter_unusual`."""
    global _unusual_threads
    with _lock:
        _unusual_threads -= 1
        if not _unusual_threads:
            FAST.update(_fast_types)


def new_tensor(data: Any, node: list | None = None) -> Any:
    """A Tensor over this very value."""
    tensor: Any = _new(_made)
    tensor._data, tensor._node, tensor._alias = data, node, None
    return tensor


_new = TensorBase.__new__
_made: type = TensorBase


def leaf_node(dtype: np.dtype) -> list:
    """The node of a leaf of this dtype: no parents; its gradient is kept."""
    return [next_order(), leaf_pull, Extra(leaf=True) if dtype.isnative else ExtraInOrder(dtype)]


def leaf_pull(node: list, g: Any) -> tuple:
    """The pull of a node without parents; the sweep knows it and does not call it."""
    return ()


def identity_node(parent: list | None) -> list:
    """A fresh node of the same value, for transforms to differentiate with respect to."""
    if parent is None:
        return [next_order(), leaf_pull, None]
    return [next_order(), _identity_pull, None, parent]


def _identity_pull(node: list, g: Any) -> Any:
    return g


leaf_pull.step = Step(None, (), ())  # type: ignore[attr-defined]
_identity_pull.step = Step(None, (0,), ())  # type: ignore[attr-defined]


def parents(node: list) -> list:
    """The nodes of the arguments that a gradient flows to."""
    return node[FIRST_PARENT : FIRST_PARENT + node[PULL].step.arity]


def apply(prim: Primitive, args: Sequence[Any], statics: tuple = ()) -> Any:
    """Call a primitive: run its kernel and record a node if a gradient can flow.

    Tensors in, Tensor out; arrays and scalars in, array or scalar out.
    """
    if mode.levels:
        found = FAST["batched_call"](prim, args, statics)
        if found is not None:
            return found
    if mode.interceptor is not None:
        return mode.interceptor(prim, args, statics)
    values, nodes, aliases = [], [], []
    tensors = False
    for position, arg in enumerate(args):
        if not isinstance(arg, TensorBase):
            arg = as_operand(prim, position, arg)
            if arg is NotImplemented:
                return _reflected(prim, args)
        if not position:
            base = arg
        if isinstance(arg, TensorBase):
            tensors = True
            values.append(arg._data)
            nodes.append(arg._node)
            aliases.append(arg._alias)
        else:
            values.append(arg)
            nodes.append(None)
            aliases.append(FOREIGN_ARRAY if isinstance(arg, np.ndarray) else None)
    if not tensors and type(prim.kernel) is np.ufunc and any([_has_own_ufuncs(a) for a in args]):
        return prim.kernel(*args, *statics)
    try:
        if spreading.is_large(values) and spreading.is_divisible(prim):
            out = spreading.call(prim, *values)
        else:
            out = prim.kernel(values, *statics) if prim.variadic else prim.kernel(*values, *statics)
    except Exception as error:
        raise diagnose.explain(prim, values, statics, error) from None
    out, aux = out if prim.aux else (out, None)
    if not tensors:
        return out
    node = record(prim, nodes, values, aliases, out, aux, statics) if mode.grad else None
    if prim.results:
        return FAST["several"](out, node)
    result = new_tensor(out, node)
    if prim.view is not None:
        attach_view(result, base, prim, statics)
    return result


def _has_own_ufuncs(x: Any) -> bool:
    """Whether NumPy leaves ufuncs of it to its class, such as a masked array's or a table's column's."""
    return type(x) is not np.ndarray and hasattr(x, "__array_ufunc__") and not isinstance(x, np.generic)


def record(
    prim: Primitive, nodes: list, values: list, aliases: list, out: Any, aux: Any, statics: tuple
) -> list | None:
    """The node of a call, or None if no gradient can flow through it."""
    active = tuple(i for i, n in enumerate(nodes) if n is not None and prim.differentiable_in(i))
    if not active:
        return None
    step = step_for(prim, active)
    linked = [link(prim, i, nodes[i], values, out) for i in active]
    known = _named_values(prim, values, out, statics)
    known["aux"] = aux
    node = [next_order(), step.pull, None, *linked]
    for name in step.saves:
        kept = known[name]
        if prim.variadic and kept is values:
            kept = [protect(v, a, node) for v, a in zip(values, aliases, strict=True)]
        elif name in prim.arrays:
            kept = protect(kept, aliases[prim.arrays.index(name)], node)
        node.append(kept)
    return node


def _named_values(prim: Primitive, values: list, out: Any, statics: tuple) -> dict[str, Any]:
    """Everything that a rule of this primitive may name."""
    known = {"out": out, **dict(zip(prim.statics, statics, strict=True))}
    if prim.results:
        known |= dict(zip(prim.results, out, strict=True))
    if prim.variadic:
        name = prim.arrays[0][1:]
        known[name] = values
        known[f"{name}_shape"] = [np.shape(v) for v in values]
        known[f"{name}_dtype"] = [getattr(v, "dtype", None) for v in values]
        return known
    for name, value in zip(prim.arrays, values, strict=True):
        known[name] = value
        known[f"{name}_shape"] = getattr(value, "shape", ())
        known[f"{name}_dtype"] = getattr(value, "dtype", None)
    return known


def link(prim: Primitive, i: int, parent: list, values: Sequence, out: Any) -> list:
    """The node of argument `i` as the primitive takes it: broadcast and cast where need be.

    An implicit node is put in only where shapes or dtypes differ, and its rule is the one
    place where broadcasting and promotion are undone: rules of primitives know of neither.
    """
    if len(values) == 1:
        return parent
    value = values[i]
    shape, dtype = value.shape, value.dtype
    if prim.is_elementwise:  # the usual case, such as a bias, without looking at all arguments
        shape = out.shape
        if prim.promotes and (prim.joint or len(prim.rules) > 1):
            dtype = out.dtype
    elif prim.promotes:
        together = [v for j, v in enumerate(values) if v is not None and prim.differentiable_in(j)]
        if len(together) > 1:
            dtype = np.result_type(*together)
    if prim.core is not None and not prim.is_elementwise:
        core = prim.core[i]
        shape = out.shape[: out.ndim - prim.core_out] + shape[len(shape) - core :]
    if shape == value.shape and dtype == value.dtype:
        return parent
    pull = step_for(REGISTRY["broadcast_cast"], (0,)).pull
    return [next_order(), pull, None, parent, value.shape, value.dtype, shape, dtype]


_PYTHON_NUMBERS = (float, int, complex, bool)


def as_operand(prim: Primitive, position: int, arg: Any) -> Any:
    """An argument that is no tensor, as something that the kernel takes."""
    kind = type(arg)
    if kind in _PYTHON_NUMBERS:
        # alone, it is what NumPy makes of it; beside arrays it takes their dtype
        return np.asarray(arg)[()] if len(prim.arrays) == 1 and not prim.variadic else arg
    if arg is None or kind is np.ndarray or isinstance(arg, np.generic):
        return arg
    if isinstance(arg, np.ndarray):  # of a subclass, such as a memory map
        return np.asarray(arg)
    if isinstance(arg, TensorBase) or is_array(arg):
        return arg
    if isinstance(arg, (list, tuple)):
        if any(isinstance(a, (TensorBase, list, tuple)) for a in arg):
            return apply(REGISTRY["stack"], arg, (0,))
        return np.asarray(arg)
    for number in (int, float, complex):
        if isinstance(arg, number):  # of a subclass, which NumPy would take for an int64 array
            return number(arg)  # type: ignore[arg-type]
    # text has __rmul__, which would take the tensor for a count
    if prim.reflected and position == 1 and hasattr(kind, prim.reflected) and kind not in (str, bytes):
        return NotImplemented
    if hasattr(arg, "__array__") and not isinstance(arg, type):
        return np.asarray(arg)
    raise OperandError(diagnose.bad_operand(prim, position, arg))


def _reflected(prim: Primitive, args: Sequence[Any]) -> Any:
    """Leave `tensor * other` to `other`, as Python does, if its type can do it."""
    result = getattr(args[1], prim.reflected)(args[0])
    if result is NotImplemented:
        raise OperandError(diagnose.bad_operand(prim, 1, args[1]))
    return result


def scope_path() -> str:
    """The path of the module whose forward is running, such as `encoder.0.linear`."""
    scopes = mode.scopes
    return scopes[0].path_to(scopes[1:]) if scopes else ""


FAST.update(slow=apply, link=link, new=TensorBase.__new__)
