"""Several results of one call: one node makes them all, and each is picked from it.

The cotangents of the results meet in a `Bundle` on the way to the node, so that its rule runs once.
"""

from __future__ import annotations

from typing import Any

from .codegen import FAST, next_order
from .primitive import Primitive
from .pulls import Step
from .tape import FIRST_PARENT, new_tensor


class Bundle:
    """The cotangents of several results on their way to the node that made them all."""

    __slots__ = ("parts",)
    nbytes = 0  # of none that it makes

    def __init__(self, parts: dict[int, Any]):
        self.parts = parts

    def __add__(self, other: Bundle) -> Bundle:
        total = dict(self.parts)
        for i, part in other.parts.items():
            total[i] = total[i] + part if i in total else part
        return Bundle(total)

    def spread(self, count: int) -> tuple:
        """One for each result, None where there is none."""
        return tuple(self.parts.get(i) for i in range(count))


def pick_node(parent: list, i: int) -> list:
    """The node of result `i` of a node with several."""
    return [next_order(), _pick, None, parent, i]


def _pick(node: list, g: Any) -> Bundle:
    return Bundle({node[FIRST_PARENT + 1]: g})


# For pictures alone: of a pick nothing is known but its name and which result it is.
PICK = Primitive("pick", lambda x: x, ["x"], statics=(("result",), {}), promotes=False)
_pick.step = Step(PICK, (0,), ("result",))  # type: ignore[attr-defined]


def several(values: Any, node: list | None) -> Any:
    """Tensors of several results, in a tuple of the type that the kernel gave."""
    tensors = [
        new_tensor(v, None if node is None or v.dtype.kind not in "fc" else pick_node(node, i))
        for i, v in enumerate(values)
    ]
    return values._make(tensors) if hasattr(values, "_make") else tuple(tensors)


FAST["several"] = several
