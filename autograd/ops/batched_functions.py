"""NumPy's composed functions under `vmap`: their spelling, or else one example after the other.

What a function spells with primitives works on batched tensors by itself. Where it looks at values,
as to find an order, there are none to look at: then it is run for each example, and the results are
stacked.
"""

from __future__ import annotations

import numpy as np

from ..batching import batch, is_batched, on_all
from ..errors import ShapeError, VmapError
from ..memory import is_array
from ..primitive import REGISTRY
from ..tape import TensorBase, apply, new_tensor

# Those of the locally constant functions that treat each element alone, with one argument.
_OF_EACH = {
    np.iscomplex, np.isneginf, np.isposinf, np.isreal, np.ones_like, np.zeros_like, np.empty_like,
    np._core.umath._ones_like,  # type: ignore[attr-defined]
}  # fmt: skip


def deepest(tree):
    """The innermost level that something in tuples, lists and dicts is batched by, or None."""
    if isinstance(tree, TensorBase):
        return tree._level
    parts = tree.values() if type(tree) is dict else tree if isinstance(tree, (tuple, list)) else ()
    found = [level for part in parts if (level := deepest(part)) is not None]
    return max(found, key=lambda level: level.depth, default=None)


def run(spelled, function, args, options):
    """What a spelling gives, or the function for each example if it needs values."""
    level = deepest((args, options))
    if level is None:
        return spelled(*args, **options)
    try:
        return spelled(*args, **options)
    except VmapError:
        return _each(function, level, args, options)


def constant(theirs, of_one, args, options):
    """What a locally constant function gives; `of_one(theirs, args, options)` does for one example."""
    if theirs in _OF_EACH and len(args) == 1 and options.get("shape") is None:
        return on_all(lambda values: theirs(values, **options), args[0])

    def function(*args, **options):
        return of_one(theirs, args, options)

    function.__name__ = getattr(theirs, "__name__", "function")
    return _each(function, deepest((args, options)), args, options)


def _each(function, level, args, options):
    if not level.size:
        raise VmapError(f"{_name(function)}: under vmap over no examples it has no values to look at")
    found = []
    for i in range(level.size):
        # a function of the user's may have brought what is batched itself
        found.append(_of(level, function(*_of(level, args, i), **_of(level, options, i)), i))
    return _stacked(_name(function), level, found)


def _name(function):
    return getattr(function, "__name__", type(function).__name__)


def _of(level, tree, i):
    """The same containers with one example in the places of all."""
    if is_batched(tree):
        return apply(REGISTRY["getitem"], (tree._inner,), (i,)) if tree._level is level else tree
    if type(tree) is dict:
        return {key: _of(level, part, i) for key, part in tree.items()}
    if type(tree) in (tuple, list):
        return type(tree)([_of(level, part, i) for part in tree])
    if isinstance(tree, tuple) and hasattr(tree, "_make"):
        return tree._make([_of(level, part, i) for part in tree])
    return tree


def _stacked(name, level, found):
    """Results of all examples as one batched result, in the containers that each is in."""
    first = found[0]
    if isinstance(first, (tuple, list)):
        if any(len(each) != len(first) for each in found):
            raise VmapError(f"{name}: under vmap every example must give as many results as the others")
        parts = [_stacked(name, level, list(part)) for part in zip(*found, strict=True)]
        return first._make(parts) if hasattr(first, "_make") else type(first)(parts)
    if not isinstance(first, (TensorBase, np.generic, bool, int, float)) and not is_array(first):
        return first
    try:
        stacked = apply(REGISTRY["stack"], found, (0,))
    except (ShapeError, ValueError):
        shapes = sorted({str(np.shape(each)) for each in found})
        raise VmapError(
            f"{name}: under vmap every example must give a result of the same shape, got {', '.join(shapes)}"
        ) from None
    return batch(level, stacked if isinstance(stacked, TensorBase) else new_tensor(stacked))
