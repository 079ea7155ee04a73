"""Forward-mode derivatives of functions.

`jvp` and `deriv` push tangents along with the calls of the function (`Pushing`). `linearize` is for
many directions: the cotangents of the arguments are linear in those of the results; recorded once,
that linear map is swept backwards, and so transposed a second time, from tangents of the arguments to
tangents of the results. Each further direction costs one sweep.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..batching import is_batched, lower, outside
from ..errors import ArgumentError
from ..forward import Pushing
from ..modes import no_grad
from ..ops.matrices import Untold
from ..sweeping import sweep
from ..tape import ORDER, TensorBase, identity_node, new_tensor
from .tracing import (
    Selection,
    Trace,
    check_function,
    is_traced,
    matching,
    results_of,
    same_leaves,
    selecting,
    tracing,
)
from .trees import leaves, rebuild
from .variables import as_kind


class Linearized:
    """The recorded linear map from tangents of the variables to tangents of the results."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.outs = results_of(trace)
        live = [lower(o, trace.levels) for o in self.outs if is_traced(o)]
        self.seen = trace.seen(live)
        # ones, since rules keep a cotangent of zero zero
        self.seeds = [new_tensor(np.ones_like(o._data), identity_node(None)) for o in live]
        targets: dict[int, Any] = {node[ORDER]: None for node in trace.variables}
        if live and targets:
            begun = [(o._node, s) for o, s in zip(live, self.seeds, strict=True)]
            with tracing(), outside(trace.levels):
                sweep(begun, targets, keep=True, lifted=True)
        self.pulled = [targets[node[ORDER]] for node in trace.variables]

    def push(self, tangents: Sequence[Any]) -> Any:
        """The tangents of the results, nested as they are; those of the variables are Tensors."""
        tangents = [lower(t, self.trace.levels) for t in tangents]
        seen = self.seen or any(is_traced(t) for t in tangents)
        lifted = seen or any(is_batched(t) for t in tangents)
        orders: dict[int, Any] = {s._node[ORDER]: None for s in self.seeds}
        first = max(orders, default=0)
        roots = [
            (p._node, t if lifted else t._data)
            for p, t in zip(self.pulled, tangents, strict=True)
            # nodes are numbered downwards: an older one cannot have come from a seed
            if p is not None and is_traced(p) and p._node[ORDER] <= first
        ]
        if roots and orders:
            with nullcontext() if seen or not lifted else no_grad(), outside(self.trace.levels):
                sweep(roots, orders, keep=True, lifted=lifted)
        seeds = iter(self.seeds)
        found = [orders[next(seeds)._node[ORDER]] if is_traced(out) else None for out in self.outs]
        return _tangents_like(self.trace, found, seen)


def _tangents_like(trace: Trace, found: Sequence[Any], lifted: bool) -> Any:
    """Tangents of the leaves of a result, nested as it is; Tensors if someone can see them."""
    plain = not lifted and not any(isinstance(x, TensorBase) for x in trace.before)
    each = []
    for tangent, (_, out) in zip(found, leaves(trace.value), strict=True):
        if trace.levels or is_batched(tangent):
            each.append(trace.as_kind(tangent, out, lifted))
            continue
        like = out if isinstance(out, TensorBase) else np.asarray(out)
        like = like._data if plain and isinstance(like, TensorBase) else like
        each.append(as_kind(tangent, like, lifted))
    return rebuild(trace.value, iter(each))


def _pushed(
    caller: str, f: Callable, args: tuple, options: dict, chosen: Selection, tangents: Callable
) -> tuple[Trace, Any]:
    """f's trace, and the tangents of its result; `tangents(trace)` are those of the variables.

    Where there are none on the way, as of the vectors of equal eigenvalues, they are found from two sweeps.
    """
    try:
        return _pushed_along(caller, f, args, options, chosen, tangents)
    except Untold:
        trace = Trace(caller, f, args, options, chosen)
        return trace, Linearized(trace).push(tangents(trace))


def _pushed_along(
    caller: str, f: Callable, args: tuple, options: dict, chosen: Selection, tangents: Callable
) -> tuple[Trace, Any]:
    pushing = Pushing()

    def within(trace: Trace) -> Pushing:
        for node, tangent in zip(trace.variables, tangents(trace), strict=True):
            pushing.begin(node, lower(tangent, trace.levels))
        return pushing

    trace = Trace(caller, f, args, options, chosen, within)
    outs = results_of(trace)
    found = [pushing.tangent_of(out) for out in outs]
    lifted = any(isinstance(t, TensorBase) for t in found) or trace.seen([o for o in outs if is_traced(o)])
    return trace, _tangents_like(trace, found, lifted)


def linearize(f: Callable, *xs: Any) -> tuple[Any, Callable]:
    """f(*xs), and the function that pushes tangents of the arguments on to one of the result.

    Example:
        >>> out, push = linearize(np.sin, 0.0)
        >>> out, push(2.0)
        (np.float64(0.0), np.float64(2.0))
    """
    trace = Trace("linearize", f, xs, {}, tuple(range(len(xs))))
    linear = Linearized(trace)

    def push(*vs: Any) -> Any:
        return linear.push(_tangents("linearize", trace, vs))

    return trace.outside(trace.value), push


def jvp(f: Callable, xs: Sequence[Any], vs: Sequence[Any]) -> tuple[Any, Any]:
    """f(*xs), and its derivative in the direction of the tangents vs.

    Args:
        f: takes and returns arrays, or nested tuples, lists and dicts of them.
        xs: the arguments, a tuple or list.
        vs: a tangent for each, nested as they are.

    Errors: ArgumentError, ShapeError or DtypeError for tangents that do not fit. What f raises where a
    derivative does not exist.

    Example:
        >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
        (np.float64(6.0), np.float64(23.0))
    """
    for name, value in (("xs", xs), ("vs", vs)):
        if not isinstance(value, (tuple, list)):
            raise ArgumentError(f"jvp: {name} must be a tuple or list, one for each argument")
    every = tuple(range(len(xs)))
    trace, moved = _pushed("jvp", f, tuple(xs), {}, every, lambda trace: _tangents("jvp", trace, tuple(vs)))
    return trace.outside(trace.value), moved


@selecting
def deriv(f: Callable, argnum: int = 0) -> Callable:
    """The function x -> the derivative of f in the direction of ones: f'(x) for a number x.

    Unlike `grad`, the result of f may have any shape.

    Example:
        >>> deriv(lambda x: np.array([1.0, 2.0]) * x**2)(3.0)
        array([ 6., 12.])
    """

    check_function(f, "deriv")

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        return _pushed("deriv", f, args, options, argnum, _ones)[1]

    return derivative


def _ones(trace: Trace) -> list:
    return [matching(np.ones(np.shape(_data(x)), _dtype(x)), x, "deriv") for x in trace.before]


def _tangents(caller: str, trace: Trace, vs: tuple) -> list:
    if len(vs) != len(trace.chosen):
        raise ArgumentError(f"{caller}: {len(trace.chosen)} arguments but {len(vs)} tangents")
    found = []
    for i, (v, x) in enumerate(zip(vs, trace.chosen, strict=True)):
        what = f"{caller}: tangent {i}"
        given = same_leaves(v, x, what)
        found += [matching(a, b, what) for a, b in zip(given, (leaf for _, leaf in leaves(x)), strict=True)]
    return found


def _data(x: Any) -> Any:
    return x._data if isinstance(x, TensorBase) else x


def _dtype(x: Any) -> Any:
    dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    return np.float64 if dtype.kind in "iu" else dtype


__all__ = ["Linearized", "Selection", "deriv", "jvp", "linearize"]
