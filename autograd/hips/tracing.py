"""Variables and sweeps by hand, which some packages make with inner functions of HIPS autograd.

with trace_stack.new_trace() as trace:
    x = new_box(value, trace, VJPNode.new_root())
    out = f(x)
gradient = backward_pass(1.0, out._node)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import GradientError
from ..sweeping import sweep
from ..tape import EXTRA, ORDER, PULL, leaf_pull, parents
from ..transforms.trees import leaves, rebuild
from ..transforms.variables import fresh_variable
from .boxes import getval, isbox


class Boxes(tuple):
    """A tuple of variables."""

    _trace = 0  # as a tensor's: there are no levels here


class TraceStack:
    """What HIPS autograd numbers its traces by; here variables need no numbers."""

    @contextmanager
    def new_trace(self) -> Iterator[int]:
        """A block whose variables `new_box` makes."""
        yield 0


trace_stack = TraceStack()


def new_box(value: Any, trace: int, node: Any) -> Any:
    """A variable of a value, or a container of variables.

    Example:
        >>> x = new_box(3.0, 0, None)
        >>> float(backward_pass(1.0, (x * x)._node))
        6.0
    """
    fresh = [fresh_variable(leaf, f"new_box: value{path}", False) for path, leaf in leaves(value)]
    made = rebuild(value, iter(fresh))
    return Boxes(made) if type(value) is tuple else made


def backward_pass(g: Any, end_node: Any) -> Any:
    """The cotangent of the variable that a node of the tape was computed from, by g, that of the node.

    An array; a Tensor if g is one that a gradient flows to. The graph stays, for another pass.

    Errors: GradientError if it was computed from several variables, or from none.
    """
    targets: dict[int, Any] = dict.fromkeys(_variables(end_node))
    if len(targets) != 1:
        raise GradientError(f"backward_pass: expected a node of one variable, got one of {len(targets)}")
    recorded = isbox(g)
    sweep([(end_node, g if recorded else np.asarray(getval(g)))], targets, True, recorded)
    (found,) = targets.values()
    return found


def _variables(end_node: Any) -> list[int]:
    """The orders of the nodes without parents that a node leads to, but for leaves, which `.grad` is of."""
    seen, left, found = set(), [end_node], []
    while left:
        node = left.pop()
        if node[ORDER] not in seen:
            seen.add(node[ORDER])
            above = parents(node)
            left.extend(above)
            if node[PULL] is leaf_pull and node[EXTRA] is None:
                found.append(node[ORDER])
    return found
