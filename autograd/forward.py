"""Forward derivatives: how the result of a primitive changes when its arguments do.

A primitive rarely declares this; it follows from what it does declare. In this order:

1. `jvp`, where a primitive has one for the argument;
2. linear functions apply themselves to the tangents: to all at once (`linear=True`) or to one
   in the place of its argument at a time (`linear="each"`);
3. elementwise functions multiply the tangent by the factor that they multiply a cotangent by:
   the Jacobian is diagonal, hence its own transpose;
4. the rest is transposed twice: the cotangent of an argument is linear in that of the result,
   so the derivative of the first by the second, applied to a tangent, is the forward
   derivative. This costs two sweeps; `primitive.slow_defaults()` lists who pays.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import views
from .codegen import FAST
from .modes import enable_grad
from .primitive import REGISTRY, Primitive
from .sweeping import sweep
from .tape import ORDER, TensorBase, apply, identity_node, mode, new_tensor


def jvp_of(
    prim: Primitive,
    args: Sequence[Any],
    tangents: Sequence[Any],
    statics: tuple = (),
    out: Any = None,
) -> Any:
    """The derivative of `prim(*args, *statics)` in the direction of the tangents.

    Args:
        prim: the primitive.
        args: one value per array argument (each element, if the primitive takes a sequence).
        tangents: for each argument a value of its shape and dtype, or None for one that stays.
        statics: every other parameter, in order.
        out: the result of the primitive on these arguments, where the caller has it already.

    Returns: an array for arrays; a Tensor, differentiable again, if what it is computed from
    includes one. None if no argument with a derivative has a tangent.

    Example:
        >>> jvp_of(REGISTRY["sin"], [0.0], [2.0])
        np.float64(2.0)
    """
    moved = [i for i, t in enumerate(tangents) if t is not None and prim.differentiable_in(i)]
    if not moved:
        return None
    if prim.linear is True and not prim.jvp:
        held = [_still(prim, i, a) if i not in moved else tangents[i] for i, a in enumerate(args)]
        return apply(prim, held, statics)
    if prim.linear == "each":
        return _total([apply(prim, _replaced(args, i, tangents[i]), statics) for i in moved])
    if out is None:
        out = apply(prim, args, statics)
    part = _part_of(prim)
    if part is None:
        return _transposed_twice(prim, args, tangents, moved, statics)
    with np.errstate(all="ignore"):
        return _total([part(prim, i, args, tangents[i], statics, out) for i in moved])


def _part_of(prim: Primitive) -> Callable | None:
    """How one argument's share is found, if it can be found alone."""
    if prim.jvp and set(prim.jvp) >= set(prim.rules or prim.arrays):
        return _declared
    return _diagonal if prim.is_elementwise else None


def _total(parts: list) -> Any:
    return functools.reduce(_add, parts)


def _add(x: Any, y: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_add, x, y))
    return apply(REGISTRY["add"], (x, y))


def _replaced(args: Sequence, i: int, value: Any) -> list:
    return [value if j == i else a for j, a in enumerate(args)]


def _still(prim: Primitive, i: int, arg: Any) -> Any:
    """What a linear function takes for an argument that stays: zero, or itself if constant."""
    if arg is None or not prim.differentiable_in(i):
        return arg
    if type(arg) in (float, int, complex, bool):
        return 0  # a Python number must stay one: it does not promote
    return np.zeros_like(arg._data if isinstance(arg, TensorBase) else arg)


def _declared(prim: Primitive, i: int, args: Sequence, tangent: Any, statics: tuple, out: Any) -> Any:
    return prim.jvp[prim.arrays[i]](tangent, out, *args, *statics)


def _diagonal(prim: Primitive, i: int, args: Sequence, tangent: Any, statics: tuple, out: Any) -> Any:
    """The tangent times the factor of an elementwise function."""
    rule = prim.rules[prim.arrays[i]]
    if len(prim.rules) > 1 or len(args) > 1:
        tangent = _linked(tangent, out)
    if rule.form == "number":
        return tangent * rule.fn if rule.fn else FAST["zeros_like"](tangent)
    saved = [_named(prim, name, args, out) for name in rule.names]
    part = rule.fn(tangent, *saved) if rule.form == "vjp" else tangent * rule.fn(*saved)
    # a tangent of exactly zero stays zero, also times an infinite derivative
    return FAST["keep_zeros"](tangent, part) if prim.singular else part


def _linked(tangent: Any, out: Any) -> Any:
    """A tangent broadcast and cast as the argument was."""
    data, like = (v._data if isinstance(v, TensorBase) else v for v in (tangent, out))
    if np.shape(data) == np.shape(like) and getattr(data, "dtype", None) == like.dtype:
        return tangent
    tangent = tangent if hasattr(tangent, "dtype") else np.asarray(tangent)
    return apply(REGISTRY["broadcast_cast"], (tangent,), (np.shape(like), like.dtype))


def _named(prim: Primitive, name: str, args: Sequence, out: Any) -> Any:
    """A value that a rule of an elementwise function names."""
    if name == "out":
        return out
    if name in prim.arrays:
        return args[prim.arrays.index(name)]
    argument, fact = name.rsplit("_", 1)
    value = args[prim.arrays.index(argument)]
    return np.shape(value) if fact == "shape" else getattr(value, "dtype", None)


def _transposed_twice(
    prim: Primitive, args: Sequence, tangents: Sequence, moved: list[int], statics: tuple
) -> Any:
    """The forward derivative by way of two reverse ones."""
    tensors = any(isinstance(v, TensorBase) for v in (*args, *tangents))
    with contextlib.nullcontext() if mode.grad else enable_grad():
        variables = {i: _variable(args[i]) for i in moved}
        out = apply(prim, [variables.get(i, a) for i, a in enumerate(args)], statics)
        outs = out if prim.results else (out,)
        seeds = [_variable(np.ones_like(o._data)) for o in outs]
        targets: dict[int, Any] = {v._node[ORDER]: None for v in variables.values()}
        begun = [(o._node, seed) for o, seed in zip(outs, seeds, strict=True) if o._node is not None]
        sweep(begun, targets, keep=True, lifted=True)
        roots, oldest = [], seeds[0]._node[ORDER]
        for i, variable in variables.items():
            pulled = targets[variable._node[ORDER]]
            # nodes are numbered downwards: an older one cannot have come from a seed
            if pulled is not None and pulled._node is not None and pulled._node[ORDER] <= oldest:
                roots.append((pulled._node, _as_root(tangents[i], tensors)))
        found: dict[int, Any] = {seed._node[ORDER]: None for seed in seeds}
        if roots:
            sweep(roots, found, keep=True, lifted=tensors)
    results = [_or_zeros(found[s._node[ORDER]], o, tensors) for s, o in zip(seeds, outs, strict=True)]
    return tuple(results) if prim.results else results[0]


def _or_zeros(found: Any, out: Any, tensors: bool) -> Any:
    if found is not None:
        return found
    zeros = np.zeros_like(out._data)
    return new_tensor(zeros) if tensors else zeros


def _variable(arg: Any) -> Any:
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
