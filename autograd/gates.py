"""Gates: identities that hand the cotangents of several tensors to one function together.

Hooks on a tensor see one gradient at a time. A gate waits for all of those that its tensors
get in a sweep. With several tensors, a *join* node has their nodes as parents, and the result
of each is a *pick* of it: what arrives at the picks goes on to the join in a bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .backward import as_cotangent, conjugate
from .codegen import next_order
from .ops.shapes import reshape
from .primitive import Primitive
from .pulls import Step
from .tape import TensorBase, new_tensor

# For pictures alone: of a join and of a pick, nothing is known but their names.
_JOIN = Primitive("join", lambda xs: xs[0], ["*xs"], statics=((), {}), promotes=False)
_PICK = Primitive("pick", lambda x: x, ["x"], statics=((), {}), promotes=False)


def gate(tensors: Sequence[Any], function: Callable) -> list:
    """The same tensors; a sweep calls `function(gradients)` on its way back through them.

    Args:
        tensors: all of them require grad.
        function: gets a list of a Tensor for each, or None where no gradient came; may give
            None, or such a list to go on with.
    """
    if not tensors:
        return []
    join = _join([t._node for t in tensors], tensors, function)
    results = [reshape(t, t._data.shape) for t in tensors]  # views: what shares memory goes on doing so
    for i, result in enumerate(results):
        result._node = _pick(join, i) if len(tensors) > 1 else join
    return results


def _join(above: list, like: Sequence[Any], function: Callable) -> list:
    like = [new_tensor(t._data) for t in like]

    def pull(node: list, g: Any) -> tuple:
        parts = g.parts if type(g) is _Bundle else {0: g}
        return _answer(function, [parts.get(i) for i in range(len(like))], like)

    pull.step = Step(_JOIN if len(above) > 1 else None, tuple(range(len(above))), ())  # type: ignore[attr-defined]
    return [next_order(), pull, None, *above]


def _pick(join: list, i: int) -> list:
    def pull(node: list, g: Any) -> _Bundle:
        return _Bundle({i: g})

    pull.step = Step(_PICK, (0,), ())  # type: ignore[attr-defined]
    return [next_order(), pull, None, join]


def _answer(function: Callable, cotangents: list, like: Sequence[Any]) -> tuple:
    """The cotangents to go on with, arrays or, in a recorded sweep, Tensors as they came."""
    lifted = any(isinstance(c, TensorBase) for c in cotangents)
    given = [None if c is None else conjugate(c if lifted else new_tensor(c)) for c in cotangents]
    changed = function(given)
    if changed is None:
        return tuple(cotangents)
    left = []
    for new, old, cotangent, tensor in zip(changed, given, cotangents, like, strict=True):
        if new is None or new is old:
            left.append(None if new is None else cotangent)
            continue
        new = conjugate(as_cotangent(new, tensor, "a hook's result"))
        left.append(new if lifted else new._data)
    return tuple(left)


class _Bundle:
    """The cotangents of several tensors on their way to a join; the sweep adds them up."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[int, Any]):
        self.parts = parts

    def __add__(self, other: _Bundle) -> _Bundle:
        return _Bundle(self.parts | other.parts)
