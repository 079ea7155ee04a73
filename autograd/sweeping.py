"""The sweep: from the cotangent of an output back to the leaves.

One loop serves `backward()`, `gradients()` and every transform. It keeps a heap of the nodes
that have a cotangent and have not been visited. Nodes compare by their order, youngest first,
so a node is popped only after all its children have contributed. On a plain chain the heap
stays empty. Nothing recurses, so depth is limited by memory alone.

Cotangents are raw arrays, at NumPy speed. With `create_graph` the same pulls run on Tensors:
`lift` puts Tensors where a node saved arrays, and what the rules compute is recorded.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from . import spreading
from .codegen import FAST, Faults
from .errors import DtypeError, GradientError, GraphFreedError, ShapeError
from .handing import hands_over
from .memory import as_array, bare, is_array
from .pulls import Step
from .several import Bundle, pick_node
from .tape import (
    EXTRA,
    FIRST_PARENT,
    ORDER,
    PULL,
    TensorBase,
    identity_node,
    leaf_pull,
    mode,
    new_tensor,
    parents,
)

_faults = FAST["faults"]

FIXED = "fixed"


def sweep(
    roots: list[tuple[list, Any]],
    targets: dict[int, Any] | None = None,
    keep: bool = False,
    lifted: Any = False,
) -> list[list]:
    """Pull cotangents from the roots to where gradients are kept.

    Args:
        roots: pairs of a node and its cotangent, an array, or a Tensor if `lifted`.
        targets: orders of nodes whose cotangents are wanted; they are put in here as values,
            and nodes older than all of them are left alone.
        keep: leave what the nodes saved in place, for another sweep.
        lifted: run the rules on Tensors, so that the sweep itself is recorded; FIXED to record what
            becomes of the cotangents alone, since what the nodes saved is constant to everyone.

    Returns: `[node, cotangent]` of every node on the way that keeps gradients.

    Errors: GraphFreedError if a node on the way was released by an earlier sweep.
    """
    outer, roots_outside = _faults.state, None
    _faults.state = unwatched = Faults.UNWATCHED
    if Faults.possible:
        seen = lifted or mode.whole is not None  # recorded programs do not look back
        roots_outside, _faults.roots = _faults.roots, None if seen else roots
    try:
        return _loop(roots, targets, keep, lifted)
    finally:
        if _faults.state is not unwatched:
            _faults.unwatch()
        _faults.state = outer
        if Faults.possible:
            _faults.roots = roots_outside


@hands_over
def _sweep(roots: list, targets: dict | None, keep: bool, lifted: Any) -> list[list]:
    heap: list[list] = []
    leaves: list[list] = []  # they lead nowhere, so they need not wait their turn in the heap
    pending: dict[int, Any] = {}  # order -> the sum of the cotangents that came so far
    mine: set[int] = set()  # orders whose sum is an array that this sweep made
    arrived: list[list] = []
    strays = False
    oldest = max(targets) if targets else 1  # orders count down: a larger one is older
    # rules of infinite derivatives look back at where a cotangent of 0 came from: nodes are released after
    held: list | None = [] if Faults.possible and not (keep or lifted) else None
    last = _NEVER
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
            g = node[1](lift(node, lifted) if lifted else node, g)
            if type(g) is tuple:
                parts: Any = zip(node[3:], g)  # saved values follow the parents
            else:
                parent = node[3]
                if (
                    parent[1] is not leaf_pull
                    and parent[0] <= oldest
                    and (not heap or parent[0] < heap[0][0])
                ):  # the youngest of all that wait: it need not go through the heap
                    if held is not None:
                        held.append(node)
                        if g.nbytes > _LARGE and parent[0] > last:
                            last = last_to_look_back([parent, *heap])
                            if last == _NEVER:
                                free(held)
                                held = None
                    elif not keep:
                        node[1] = freed_pull
                        del node[3:]
                    node = parent
                    continue
                parts = ((parent, g),)
            for parent, part in parts:
                if part is None:
                    continue
                order = parent[0]
                if order in pending:
                    if order in mine and part.nbytes <= spreading.LARGE:
                        pending[order] += part  # this is what `add_cotangent` does, without a call
                    else:
                        add_cotangent(parent, part, heap, leaves, pending, mine)
                elif order <= oldest:
                    pending[order] = part
                    if parent[1] is leaf_pull:
                        leaves.append(parent)
                    else:
                        heappush(heap, parent)
            if held is not None:
                held.append(node)
            elif not keep:
                node[1] = freed_pull
                del node[3:]
            break
    if held:
        free(held)
    for node in leaves:
        extra = node[2]
        # popped, since who finds an array held by nobody else need not copy it
        g = pending.pop(node[0])
        if extra is None:
            strays = targets is None
        elif extra.hooks:
            g = arrive(node, g, arrived, lifted)
        else:
            arrived.append([node, g])
        if targets is not None and node[0] in targets:
            targets[node[0]] = g
    if strays and not arrived:
        refuse_stray()
    return arrived


_NEVER = -float("inf")
_LARGE = 1 << 16  # bytes of a cotangent, from which on it is worth finding out what needs to be held


def last_to_look_back(waiting: list) -> float:
    """The order of the oldest node beneath those that wait whose rule may look back; -inf: none."""
    left, seen, last = list(waiting), set(), _NEVER
    while left:
        node = left.pop()
        step = node[PULL].step
        if step.prim is not None and (step.prim.singular or step.prim.looks_back):
            last = max(last, node[ORDER])
        for parent in parents(node):
            if parent[ORDER] not in seen:
                seen.add(parent[ORDER])
                left.append(parent)
    return last


def free(nodes: list) -> None:
    """Release what nodes saved."""
    for node in nodes:
        node[1] = freed_pull
        del node[3:]


def refuse_stray() -> None:
    """Refuse a sweep for gradients that came to variables of transforms, and to nothing that keeps one."""
    raise GradientError(
        "backward(): no tensor that keeps a gradient was reached: this one was computed inside a "
        "transform (grad, vjp, jvp, ...) from its variables, which end with it; return it as a result "
        "instead, as by grad_and_aux, or use the transform's own derivative"
    )


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
        pending[order] = spreading.add(pending[order], g, into=True)
    else:
        total = pending[order] = spreading.add(pending[order], g)
        if type(total) is np.ndarray or is_array(total):
            mine.add(order)


def freed_pull(node: list, g: Any) -> Any:
    raise GraphFreedError(
        "backward needs a part of the graph that was released when backward last ran through "
        "it; pass retain_graph=True to every backward but the last. (If the value leaked out of a function "
        "under grad, hvp or another transform, that has released it: give it as a result)"
    )


freed_pull.step = Step(None, (), ())  # type: ignore[attr-defined]


def is_freed(node: list) -> bool:
    """Whether an earlier sweep released what this node saved."""
    return node[PULL] is freed_pull


def arrive(node: list, g: Any, arrived: list[list], lifted: Any) -> Any:
    """Call the hooks of a node and keep its gradient, if it keeps gradients."""
    extra = node[EXTRA]
    if type(g) is Bundle:
        return g  # of several results: who watches one has a hook where it is picked
    for hook in list(extra.hooks.values()):
        given = conjugate(g if lifted else new_tensor(g))
        changed = hook(given)
        if changed is not None:
            changed = conjugate(as_cotangent(changed, given, "a hook's result"))
            g = changed if lifted else changed._data
    if extra.keep:
        arrived.append([node, g])
    return g


def lift(node: list, how: Any = True) -> list:
    """A copy of a node with Tensors where it saved the values of active arguments.

    They get the nodes of those arguments, so that what a rule computes from them is recorded; nodes
    that lead nowhere if `how` is FIXED.
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
                lifted[i][position] = new_tensor(lifted[i][position], before_link(parent))
        elif name in step.prim.arrays and step.prim.arrays.index(name) in step.active:
            parent = above[step.active.index(step.prim.arrays.index(name))]
            lifted[i] = new_tensor(lifted[i], before_link(parent))
    return _cut_off(lifted, first) if how is FIXED else lifted


def _cut_off(lifted: list, first: int) -> list:
    """Take the Tensors that a lifted node saved out of their graph, as if they were variables."""
    for saved in lifted[first:]:
        for value in saved if type(saved) is list else [saved]:
            if isinstance(value, TensorBase) and value._node is not None:
                value._node = identity_node(None)
    return lifted


def before_link(node: list) -> list:
    """The node of a value as it was before an implicit broadcast or cast."""
    prim = node[PULL].step.prim
    return node[FIRST_PARENT] if prim is not None and prim.name == "broadcast_cast" else node


def as_cotangent(value: Any, like: Any, what: str) -> Any:
    """A Tensor of the shape and dtype of `like`, or an error."""
    if not isinstance(value, TensorBase):
        value = new_tensor(as_array(value))
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
