"""The forward derivative of a primitive by way of two reverse ones.

The cotangents of the arguments are linear in that of the result. Recorded, that linear map is
itself swept backwards, and so transposed a second time: it takes tangents of the arguments to the
tangent of the result. This works for every primitive with a rule, and costs two sweeps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import views
from .modes import enable_grad
from .primitive import Primitive
from .sweeping import sweep
from .tape import ORDER, TensorBase, apply, identity_node, mode, new_tensor


def transposed_twice(
    prim: Primitive, args: Sequence, tangents: Sequence, moved: list[int], statics: tuple
) -> Any:
    """The tangent of the result, where the arguments `moved` have one; see `forward.jvp_of`."""
    tensors = any(isinstance(v, TensorBase) for v in (*args, *tangents))
    with contextlib.nullcontext() if mode.grad else enable_grad():
        variables = {i: variable(args[i]) for i in moved}
        out = apply(prim, [variables.get(i, a) for i, a in enumerate(args)], statics)
        outs = out if prim.results else (out,)
        seeds = [variable(np.ones_like(o._data)) for o in outs]
        targets: dict[int, Any] = {v._node[ORDER]: None for v in variables.values()}
        begun = [(o._node, seed) for o, seed in zip(outs, seeds, strict=True) if o._node is not None]
        sweep(begun, targets, keep=True, lifted=True)
        roots, oldest = [], seeds[0]._node[ORDER]
        for i, each in variables.items():
            pulled = targets[each._node[ORDER]]
            # nodes are numbered downwards: an older one cannot have come from a seed
            if pulled is not None and pulled._node is not None and pulled._node[ORDER] <= oldest:
                roots.append((pulled._node, _as_root(tangents[i], tensors)))
        found: dict[int, Any] = {seed._node[ORDER]: None for seed in seeds}
        if roots:
            sweep(roots, found, keep=True, lifted=tensors)
    results = [or_zeros(found[s._node[ORDER]], o, tensors) for s, o in zip(seeds, outs, strict=True)]
    return tuple(results) if prim.results else results[0]


def or_zeros(found: Any, out: Any, tensors: bool) -> Any:
    """A tangent, or zeros for a result that nothing moves."""
    if found is not None:
        return found
    zeros = np.zeros_like(out._data if isinstance(out, TensorBase) else out)
    return new_tensor(zeros) if tensors else zeros


def variable(arg: Any) -> Any:
    """A fresh tensor of the same value, that leads on to the node of the argument."""
    data, node = (arg._data, arg._node) if isinstance(arg, TensorBase) else (arg, None)
    fresh = new_tensor(data if hasattr(data, "dtype") else np.asarray(data)[()], identity_node(node))
    if isinstance(data, np.ndarray):
        views.borrow(fresh)
    return fresh


def _as_root(tangent: Any, tensors: bool) -> Any:
    if isinstance(tangent, TensorBase):
        return tangent
    tangent = tangent if hasattr(tangent, "dtype") else np.asarray(tangent)[()]
    return new_tensor(tangent) if tensors else tangent
