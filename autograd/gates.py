"""Gates: identities that hand the cotangents of several tensors to one function together.

Hooks on a tensor see one gradient at a time. A gate waits for all of those that its tensors
get in a sweep. With several tensors, a *join* node has their nodes as parents, and the result
of each is a *pick* of it: what arrives at the picks goes on to the join in a bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .batching import bottom, levels_of, rebatch
from .codegen import next_order
from .ops.shapes import reshape
from .primitive import Primitive
from .pulls import Step
from .several import Bundle, pick_node
from .sweeping import as_cotangent, conjugate
from .tape import TensorBase, new_tensor

# For pictures alone: of a join nothing is known but its name.
_JOIN = Primitive("join", lambda xs: xs[0], ["*xs"], statics=((), {}), promotes=False)


def gate(tensors: Sequence[Any], function: Callable) -> list:
    """The same tensors; a sweep calls `function(gradients)` on its way back through them.

    Args:
        tensors: all of them require grad.
        function: gets a list of a Tensor for each, or None where no gradient came; may give
            None, or such a list to go on with. Under vmap they are those of all examples, which lie
            along the first axis.
    """
    if not tensors:
        return []
    if any(t._level is not None for t in tensors):
        inner = gate([bottom(t) for t in tensors], function)
        return [rebatch(levels_of(t), result) for t, result in zip(tensors, inner, strict=True)]
    join = _join([t._node for t in tensors], tensors, function)
    results = [reshape(t, t._data.shape) for t in tensors]  # views: what shares memory goes on doing so
    for i, result in enumerate(results):
        result._node = pick_node(join, i) if len(tensors) > 1 else join
    return results


def is_gate(step: Step) -> bool:
    """Whether this is where a gate calls its function, or another step that is no primitive."""
    return bool(step.arity) and step.prim in (None, _JOIN)


def _join(above: list, like: Sequence[Any], function: Callable) -> list:
    like = [new_tensor(t._data) for t in like]

    def pull(node: list, g: Any) -> tuple:
        return _answer(function, list(g.spread(len(like))) if type(g) is Bundle else [g], like)

    pull.step = Step(_JOIN if len(above) > 1 else None, tuple(range(len(above))), ())  # type: ignore[attr-defined]
    return [next_order(), pull, None, *above]


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
