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
from .cuts import DETACHED, INTEGER, NO_DERIVATIVE, NO_GRAD, Cut


class _Value(NamedTuple):
    """A value that depends on the parameter.

    Attributes:
        data: itself; as long as it is held, its id is its own.
        tensor: that it belongs to, if any: handing out `.data` may give that a copy of it.
        cuts: where the history of its parts ended; empty if it is whole.
    """

    data: Any
    tensor: Any
    cuts: frozenset[Cut]


class Tracer(Watcher):
    """Follows what depends on a parameter."""

    def __init__(self, parameter: Any):
        self.values: dict[int, _Value] = {}
        self.joined: set[int] = set()  # orders of nodes that have the parameter in their graph
        if parameter._node is not None:
            self.joined.add(parameter._node[ORDER])
        self._enter(parameter, frozenset())

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        from_ = [(i, arg, value) for i, arg in _flat(args) if (value := self.find(arg)) is not None]
        began = next_order()
        out = run(prim, args, statics)
        if from_:
            cuts: frozenset[Cut] = frozenset().union(*(value.cuts for _, _, value in from_))
            fresh = [(i, arg) for i, arg, value in from_ if not value.cuts]
            for one in out if isinstance(out, tuple) else (out,):
                node = getattr(one, "_node", None)
                if fresh and (node is None or not self._join(node, began)):
                    cuts |= {self._cut(prim, *fresh[0], one)}
                self._enter(one, cuts)
        return out

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

    def _enter(self, value: Any, cuts: frozenset[Cut]) -> None:
        data = getattr(value, "_data", value)
        self.values[id(data)] = _Value(data, value, cuts)

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
        data = getattr(out, "_data", out)
        if prim.name == "detach":
            cause = DETACHED
        elif getattr(data, "dtype", None) is not None and data.dtype.kind not in "fc":
            cause = INTEGER
        elif not isinstance(arg, TensorBase) or arg._node is None:
            cause = DETACHED  # its memory came back as another tensor or array
        elif not mode.grad:
            cause = NO_GRAD
        elif not prim.differentiable_in(position):
            cause = NO_DERIVATIVE
        else:
            cause = DETACHED
        source = user_line()
        return Cut(cause, prim.name, scope_path(), "" if source is None else str(source))


def _flat(args: Sequence) -> Iterator[tuple[int, Any]]:
    """The arguments with their positions; those in lists too."""
    for i, arg in enumerate(args):
        if isinstance(arg, (list, tuple)):
            yield from ((i, inner) for _, inner in _flat(arg))
        else:
            yield i, arg


def trace(function: Callable[[], Any], parameter: Any) -> tuple[Any, list[Cut] | None]:
    """Run a function; gives its result and where the history of what reaches the result was cut.

    The list is empty if all of it is whole, and None if the result does not depend on the
    parameter by any operation.
    """
    tracer = Tracer(parameter)
    with record(), watching(tracer):
        loss = function()
    found = tracer.find(loss)
    if found is None:
        return loss, None
    return loss, sorted(found.cuts, key=str)
