"""The sweep: from the cotangent of an output back to the leaves.

One loop serves `backward()`, `gradients()` and every transform. It keeps a heap of the nodes
that have a cotangent and have not been visited. Nodes compare by their order, youngest first,
so a node is popped only after all its children have contributed. On a plain chain the heap
stays empty. Nothing recurses, so depth is limited by memory alone.

Cotangents are raw arrays, at NumPy speed. With `create_graph` the same pulls run on Tensors:
`lift` puts Tensors where a node saved arrays, and what the rules compute is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from .codegen import FAST, Faults, next_order
from .diagnose import describe
from .errors import DtypeError, GradientError, GraphFreedError, ShapeError
from .memory import SHARED, bare, is_exclusive, is_sole
from .pulls import Step
from .tape import EXTRA, FIRST_PARENT, ORDER, PULL, TensorBase, leaf_pull, new_tensor, parents, pick_node

_faults = FAST["faults"]


def sweep(
    roots: list[tuple[list, Any]],
    targets: dict[int, Any] | None = None,
    keep: bool = False,
    lifted: bool = False,
) -> list[list]:
    """Pull cotangents from the roots to where gradients are kept.

    Args:
        roots: pairs of a node and its cotangent, an array, or a Tensor if `lifted`.
        targets: orders of nodes whose cotangents are wanted; they are put in here as values,
            and nodes older than all of them are left alone.
        keep: leave what the nodes saved in place, for another sweep.
        lifted: run the rules on Tensors, so that the sweep itself is recorded.

    Returns: `[node, cotangent]` of every node on the way that keeps gradients.

    Errors: GraphFreedError if a node on the way was released by an earlier sweep.
    """
    outer = _faults.state, _faults.invalid
    _faults.state, _faults.invalid = Faults.UNWATCHED, False
    try:
        return _loop(roots, targets, keep, lifted)
    finally:
        if _faults.state is not Faults.UNWATCHED:
            _faults.state.__exit__(None, None, None)
        _faults.state, _faults.invalid = outer


def _sweep(roots: list, targets: dict | None, keep: bool, lifted: bool) -> list[list]:
    heap: list[list] = []
    leaves: list[list] = []  # they lead nowhere, so they need not wait their turn in the heap
    pending: dict[int, Any] = {}  # order -> the sum of the cotangents that came so far
    mine: set[int] = set()  # orders whose sum is an array that this sweep made
    arrived: list[list] = []
    oldest = max(targets) if targets else 1  # orders count down: a larger one is older
    for node, g in roots:
        add_cotangent(node, g, heap, leaves, pending, mine)
    # The layout of a node is spelled out here: [order, pull, extra, *parents, *saved]. Names
    # for 0 to 3 would cost a twentieth of the time of a chain of small operations.
    while heap:
        node = heappop(heap)
        g = pending.pop(node[0])
        while True:
            if node[2] is not None:
                g = arrive(node, g, arrived, lifted)
            if targets is not None and node[0] in targets:
                targets[node[0]] = g
                if node[0] == oldest:
                    break  # nothing beneath it is wanted
            g = node[1](lift(node) if lifted else node, g)
            if type(g) is tuple:
                for parent, part in zip(node[3:], g):  # saved values follow the parents
                    if part is None or parent[0] > oldest:
                        continue
                    if parent[0] in pending or parent[1] is not leaf_pull:
                        add_cotangent(parent, part, heap, leaves, pending, mine)
                    else:  # most often a parameter; a call saved
                        pending[parent[0]] = part
                        leaves.append(parent)
                parent = None
            else:
                parent = node[3]
                if heap or parent[1] is leaf_pull or parent[0] > oldest:
                    if parent[0] <= oldest:
                        add_cotangent(parent, g, heap, leaves, pending, mine)
                    parent = None
            if not keep:
                node[1] = freed_pull
                del node[3:]
            if parent is None:
                break
            node = parent  # a plain chain: straight on
    for node in leaves:
        g = pending.pop(node[0])
        if node[2] is not None:
            if node[2].hooks:
                g = arrive(node, g, arrived, lifted)
            else:
                arrived.append([node, g])
        if targets is not None and node[0] in targets:
            targets[node[0]] = g
    return arrived


_loop = _sweep


def sweep_by(loop: Any = None) -> None:
    """Have sweeps run another loop of the same meaning; None: the one above. See `watching.py`."""
    global _loop
    _loop = loop or _sweep


def add_cotangent(node: list, g: Any, heap: list, leaves: list, pending: dict, mine: set) -> None:
    """Add to the cotangent of a node, in place where the sum is the sweep's own array."""
    order = node[0]
    if order not in pending:
        pending[order] = g
        if node[1] is leaf_pull:
            leaves.append(node)
        else:
            heappush(heap, node)
    elif order in mine:
        np.add(pending[order], g, out=pending[order])
    else:
        total = pending[order] = pending[order] + g
        if type(total) is np.ndarray:
            mine.add(order)


def freed_pull(node: list, g: Any) -> Any:
    raise GraphFreedError(
        "backward needs a part of the graph that was released when backward last ran through "
        "it; pass retain_graph=True to every backward but the last"
    )


freed_pull.step = Step(None, (), ())  # type: ignore[attr-defined]


def is_freed(node: list) -> bool:
    """Whether an earlier sweep released what this node saved."""
    return node[PULL] is freed_pull


def arrive(node: list, g: Any, arrived: list[list], lifted: bool) -> Any:
    """Call the hooks of a node and keep its gradient, if it keeps gradients."""
    extra = node[EXTRA]
    for hook in list(extra.hooks.values()):
        given = conjugate(g if lifted else new_tensor(g))
        changed = hook(given)
        if changed is not None:
            changed = conjugate(as_cotangent(changed, given, "a hook's result"))
            g = changed if lifted else changed._data
    if extra.keep:
        arrived.append([node, g])
    return g


class HookHandle:
    """Takes a hook off again: by `remove()`, by calling it, or at the end of a `with`."""

    def __init__(self, hooks: dict[int, Any], hook: Any, prepend: bool = False):
        self._hooks, self._key = hooks, next_order()
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self._key] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Do not call the hook any more."""
        self._hooks.pop(self._key, None)

    __call__ = remove

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def lift(node: list) -> list:
    """A copy of a node with Tensors where it saved the values of active arguments.

    They get the nodes of those arguments, so that what a rule computes from them is recorded.
    """
    step, above = node[PULL].step, parents(node)
    lifted = bare(node)
    first = FIRST_PARENT + step.arity
    for i, name in enumerate(step.saves, first):
        if name in step.prim.results:
            lifted[i] = new_tensor(lifted[i], pick_node(node, step.prim.results.index(name)))
        elif name == "out":
            lifted[i] = new_tensor(lifted[i], node)
        elif name == "aux":
            lifted[i] = None
        elif step.prim.variadic and name == step.prim.arrays[0][1:]:
            lifted[i] = list(lifted[i])
            for position, parent in zip(step.active, above, strict=True):
                lifted[i][position] = new_tensor(lifted[i][position], _before_link(parent))
        elif name in step.prim.arrays and step.prim.arrays.index(name) in step.active:
            parent = above[step.active.index(step.prim.arrays.index(name))]
            lifted[i] = new_tensor(lifted[i], _before_link(parent))
    return lifted


def _before_link(node: list) -> list:
    """The node of a value as it was before an implicit broadcast or cast."""
    prim = node[PULL].step.prim
    return node[FIRST_PARENT] if prim is not None and prim.name == "broadcast_cast" else node


# ---------------------------------------------------------------- the objects' face


def backward(
    tensor: Any, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """Add d tensor / d leaf to the `.grad` of every leaf that the tensor came from.

    See `Tensor.backward`. Nothing is added anywhere if a rule or a hook raises.
    """
    g = first_cotangent(tensor, gradient, "backward()")
    keep = create_graph if retain_graph is None else retain_graph
    roots = [(tensor._node, g if create_graph else g._data)]
    del g
    arrived = sweep(roots, keep=keep, lifted=create_graph)
    del roots
    while arrived:
        arrival = arrived.pop()
        extra = arrival[0][EXTRA]
        if create_graph:
            g = conjugate(arrival[1])
            extra.grad = FAST["copy"](g) if extra.grad is None else extra.grad + g
            continue
        if arrival[1].dtype.kind == "c":
            arrival[1] = np.conjugate(arrival[1])
        if extra.grad is not None:
            _accumulate(extra, arrival[1])
        else:  # `.grad` never shares memory with another array
            extra.grad = new_tensor(arrival[1] if is_sole(arrival, 1) else arrival[1].copy())


def _accumulate(extra: Any, g: Any) -> None:
    """Add an array to the gradient that a node keeps, in place where only the caller sees it."""
    total = extra.grad
    shared = total._alias is not None and total._alias.memory.exposure is SHARED
    if total._node is None and (shared or is_exclusive(total)):
        np.add(total._data, g, out=total._data)
    else:
        extra.grad = new_tensor(total._data + g)


def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple:
    """d sum(outputs * grad_outputs) / d input, for each input; no `.grad` is touched.

    Args:
        outputs: a Tensor or a sequence of them.
        inputs: a Tensor or a sequence of them, leaves or not, that require grad.
        grad_outputs: a cotangent for each output; may be None for scalars.
        create_graph: record the sweep, so that the results can be differentiated.
        retain_graph: keep what the graph saved; by default, if `create_graph`.
        allow_unused: give None for an input that the outputs do not depend on.

    Errors: GradientError for such an input otherwise, for an output or input that does not
    require grad, and for a non-scalar output without a cotangent.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> gradients((x**3).sum(), x)[0].numpy()
        array([ 3., 12.])
    """
    outs, ins = _sequence(outputs), _sequence(inputs)
    given = [None] * len(outs) if grad_outputs is None else _sequence(grad_outputs)
    if len(given) != len(outs):
        raise GradientError(f"gradients: {len(outs)} outputs but {len(given)} grad_outputs")
    roots = []
    for i, (out, g) in enumerate(zip(outs, given, strict=True)):
        g = first_cotangent(out, g, f"gradients: output {i}")
        roots.append((out._node, g if create_graph else g._data))
    for i, x in enumerate(ins):
        if not isinstance(x, TensorBase) or x._node is None:
            raise GradientError(f"gradients: input {i} ({describe(x)}) does not require grad")
    targets = dict.fromkeys(x._node[ORDER] for x in ins)
    keep = create_graph if retain_graph is None else retain_graph
    sweep(roots, targets, keep=keep, lifted=create_graph)
    found = [targets[x._node[ORDER]] for x in ins]
    if not allow_unused and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise GradientError(
            f"gradients: the outputs do not depend on input {i}; allow_unused=True gives None"
        )
    copied = FAST["copy"] if create_graph else lambda g: new_tensor(g.copy())
    found = [None if g is None else copied(g) for g in found]
    return tuple(None if g is None else conjugate(g) for g in found)


def _sequence(value: Any) -> Sequence:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def first_cotangent(tensor: Any, gradient: Any, caller: str) -> Any:
    """The cotangent that a sweep starts with, as a Tensor."""
    if not isinstance(tensor, TensorBase) or tensor._node is None:
        raise GradientError(
            f"{caller}: {describe(tensor)} does not require grad: nothing it was computed from "
            "has requires_grad=True, or it was computed under no_grad() or detached"
        )
    if gradient is not None:
        return conjugate(as_cotangent(gradient, tensor, f"{caller}: gradient"))
    data = tensor._data
    if data.size != 1:
        raise GradientError(
            f"{caller}: a tensor of shape {data.shape} has no single gradient; reduce it to a "
            f"scalar, e.g. with .sum(), or pass gradient= of the same shape"
        )
    return new_tensor(np.ones(data.shape, data.dtype) if data.shape else data.dtype.type(1))


def as_cotangent(value: Any, like: Any, what: str) -> Any:
    """A Tensor of the shape and dtype of `like`, or an error."""
    if not isinstance(value, TensorBase):
        value = new_tensor(np.asarray(value))
    if value._data.shape != like._data.shape:
        raise ShapeError(f"{what} must have the tensor's shape {like._data.shape}, got {value._data.shape}")
    if value._data.dtype != like._data.dtype:
        if not np.can_cast(value._data.dtype, like._data.dtype, "same_kind"):
            raise DtypeError(
                f"{what} must have the tensor's dtype {like._data.dtype}, got {value._data.dtype}"
            )
        value = FAST["astype"](value, like._data.dtype)
    return value


def conjugate(tensor: Any) -> Any:
    """The complex conjugate: the sweep multiplies without, users see it with (PyTorch's way)."""
    return FAST["conjugate"](tensor) if tensor._data.dtype.kind == "c" else tensor
