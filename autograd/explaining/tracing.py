"""Follows values, rather than gradients: what depends on a parameter, and where its history ends.

The tape knows only what has a gradient. So the program is run once more, and each operation is
asked whether it took something that depends on the parameter, and whether its result still has
the parameter in its graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..codegen import next_order
from ..recording import record, user_line
from ..tape import ORDER, TensorBase, mode, parents, scope_path
from ..watching import Watcher, watching
from .cuts import DETACHED, INTEGER, NO_DERIVATIVE, NO_GRAD, UNUSED, Cut


class _Value(NamedTuple):
    """A value that depends on the parameter.

    Attributes:
        data: itself; as long as it is held, its id is its own.
        tensor: that it belongs to, if any: handing out `.data` may give that a copy of it.
        cuts: where the history of its parts ended; empty if it is whole.
        unused: what to say if nothing takes it; None for the parameter itself.
    """

    data: Any
    tensor: Any
    cuts: frozenset[Cut]
    unused: Cut | None


class Traced(NamedTuple):
    """What was found about a function.

    Attributes:
        loss: its result.
        cuts: where the history of what reaches the result ended; if nothing reaches it by any
            operation, that of other values that no operation took, or else what gave those.
        reached: whether the result depends on the parameter by operations.
    """

    loss: Any
    cuts: list[Cut]
    reached: bool


class Tracer(Watcher):
    """Follows what depends on a parameter."""

    def __init__(self, parameter: Any):
        self.values: dict[int, _Value] = {}
        self.ends: dict[int, _Value] = {}  # those that no operation took
        self.taken: dict[Cut, int] = {}  # the first node that a value without history led to
        self.joined: set[int] = set()  # orders of nodes that have the parameter in their graph
        if parameter._node is not None:
            self.joined.add(parameter._node[ORDER])
        self._enter(parameter, frozenset(), None)

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        from_ = [(i, arg, value) for i, arg in _flat(args) if (value := self.find(arg)) is not None]
        began = next_order()
        out = run(prim, args, statics)
        if from_:
            for _, _, value in from_:
                self.ends.pop(id(value.data), None)
            cuts: frozenset[Cut] = frozenset().union(*(value.cuts for _, _, value in from_))
            fresh = [(i, arg) for i, arg, value in from_ if not value.cuts]
            for one in out if isinstance(out, tuple) else (out,):
                self._follow(prim, one, cuts, fresh, began)
        return out

    def _follow(self, prim: Any, out: Any, cuts: frozenset[Cut], fresh: list, began: int) -> None:
        """Enter a result of values with these cuts, and of some that had none."""
        node = getattr(out, "_node", None)
        if node is not None:
            for cut in cuts:
                self.taken.setdefault(cut, node[ORDER])
        if fresh and (node is None or not self._join(node, began)):
            position, arg = fresh[0]
            cuts |= {self._cut(prim, position, arg, out)}
        elif prim.name == "astype" and _dtype_kind(out) not in "fc":
            # to cast to integers, it is detached first
            detached, here = _here(DETACHED, prim)._replace(op="detach"), _here(INTEGER, prim)
            cuts = frozenset(here if cut == detached else cut for cut in cuts)
        self._enter(out, cuts, _here(UNUSED, prim))

    def find(self, arg: Any) -> _Value | None:
        """What is known of an argument, if it depends on the parameter."""
        data = getattr(arg, "_data", arg)
        found = self.values.get(id(data))
        if found is None and isinstance(data, np.ndarray):
            found = self.values.get(id(data.base))
            if found is None and getattr(arg, "_node", None) is None:
                owners = (v for v in self.values.values() if getattr(v.tensor, "_data", None) is data)
                found = next(owners, None)
        return found

    def _enter(self, value: Any, cuts: frozenset[Cut], unused: Cut | None) -> None:
        data = getattr(value, "_data", value)
        self.values[id(data)] = self.ends[id(data)] = _Value(data, value, cuts, unused)

    def _join(self, node: list, began: int) -> bool:
        """Whether a node has the parameter in its graph; it, and others, were made by the last call."""
        left = [node]
        while left:
            seen = left.pop()
            if seen[ORDER] in self.joined:
                self.joined.add(node[ORDER])
                return True
            if seen[ORDER] < began:  # orders count down
                left += parents(seen)
        return False

    def _cut(self, prim: Any, position: int, arg: Any, out: Any) -> Cut:
        if prim.name == "detach":
            cause = DETACHED
        elif _dtype_kind(out) not in "fc":
            cause = INTEGER
        elif not isinstance(arg, TensorBase) or arg._node is None:
            cause = DETACHED  # its memory came back as another tensor or array
        elif not mode.grad:
            cause = NO_GRAD
        elif not prim.differentiable_in(position):
            cause = NO_DERIVATIVE
        else:
            cause = DETACHED
        return _here(cause, prim)


def _here(cause: str, prim: Any) -> Cut:
    """A cut by a call that is running."""
    return Cut(cause, prim.name, scope_path(), str(user_line() or ""))


def _flat(args: Sequence) -> Iterator[tuple[int, Any]]:
    """The arguments with their positions; those in lists too."""
    for i, arg in enumerate(args):
        if isinstance(arg, (list, tuple)):
            yield from ((i, inner) for _, inner in _flat(arg))
        else:
            yield i, arg


def _dtype_kind(value: Any) -> str:
    return getattr(getattr(getattr(value, "_data", value), "dtype", None), "kind", "f")


def trace(function: Callable[[], Any], parameter: Any) -> Traced:
    """Run a function, and find out where the history of what depends on the parameter was cut."""
    tracer = Tracer(parameter)
    with record(), watching(tracer):
        loss = function()
    found = tracer.find(loss)
    if found is not None:
        cuts = set(found.cuts)
    else:
        ends = tracer.ends.values()
        cuts = {cut for value in ends for cut in value.cuts}
        cuts = cuts or {value.unused for value in ends if value.unused is not None}
    placed = [cut._replace(order=tracer.taken.get(cut)) for cut in sorted(cuts, key=str)]
    return Traced(loss, placed, found is not None)
