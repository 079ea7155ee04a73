"""Runs a call of a user-defined primitive on the tape, as a node of a primitive of its own."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence
from typing import Any

from ..codegen import FAST, next_order
from ..memory import protect
from ..primitive import Primitive, Rule
from ..pulls import Step
from ..tape import FIRST_PARENT, apply, mode, new_tensor
from ..transforms.trees import rebuild
from .calls import HOLE, Call, Stopped, Unexpected
from .rules import name_of, primitive_jvps, primitive_vjps


def run(function: Any, raw: Callable, args: tuple, kwargs: dict, prims: dict[int, Primitive]) -> Any:
    """Call a function as a primitive; at least one tensor is among the arguments."""
    call = Call(function, raw, kwargs)
    tensors = call.take(args)
    usual = FAST["Tensor"]  # of which nothing is where any thread is in an unusual mode
    by_position = not kwargs and not call.nested
    if by_position and not function.results and mode.grad and all([type(t) is usual for t in tensors]):
        return _usually(call, tensors, prims)
    if mode.interceptor is None:
        call.check(mode.grad, [i for i, t in enumerate(tensors) if mode.grad and t._node is not None])
    return _by_apply(call, tensors, prims)


def _usually(call: Call, tensors: list, prims: dict[int, Primitive]) -> Any:
    """The usual case of `_by_apply`: Tensors by position, no unusual mode, and a single array results.

    It is what `apply` does, without what such a call has no use for: half of the time of a small one.
    """
    active = tuple([i for i, t in enumerate(tensors) if t._node is not None])
    known = getattr(primitive_vjps.get(call.function), "argnums", ())
    if not all([call.places[i][0] in known for i in active]):
        call.check(True, active)
    values = [t._data for t in tensors]
    try:
        out = call.results(values, 0)
    except Unexpected:
        return _by_apply(call, tensors, prims)  # where the result is ready
    except Stopped as stopped:
        raise stopped.error  # noqa: B904 - it is the caller's own
    if not active or out.dtype.kind not in "fc":
        return new_tensor(out)
    step = (prims.get(0) or _primitive(call.function, prims, 0)).steps[active]
    node = [next_order(), step.pull, None, *[tensors[i]._node for i in active], values, out, call]
    for i, t in enumerate(tensors):
        if t._alias is not None:
            values[i] = protect(values[i], t._alias, node)
    return new_tensor(out, node)


def _by_apply(call: Call, tensors: list, prims: dict[int, Primitive]) -> Any:
    """The call by `apply`, once more if the number of its results is another than before."""
    function = call.function
    count = function.results
    while True:
        try:
            out = apply(_primitive(function, prims, count), tensors, (call,))
            break
        except Unexpected:
            assert call.ready is not None
            count = len(call.ready[1]) if call.ready[0] else 0
        except Stopped as stopped:
            raise stopped.error  # noqa: B904 - it is the caller's own
    function.results = count
    if count:
        return rebuild(call.tree, iter(out))
    if out.dtype.kind not in "fc":
        out._node = None
    return rebuild(call.tree, iter(())) if call.tree is not HOLE else out


def _primitive(function: Any, prims: dict[int, Primitive], count: int) -> Primitive:
    """The description of a function with this many results; 0: a single array."""
    prim = prims.get(count)
    if prim is None:
        results = tuple(f"result_{i}" for i in range(count))

        def kernel(values: list, call: Call) -> Any:
            return call.results(values, count)

        prim = prims[count] = Primitive(
            _identifier(name_of(function)),
            kernel,
            ["*xs"],
            statics=(("call",), {}),
            joint=Rule(Call.cotangents, "vjp", ["xs", *(results or ["out"]), "call"]),
            results=results,
            promotes=False,
        )
        prim.steps = _Steps(prim)
    # rules may be defined at any time
    prim.jvp = {"*xs": _pushed} if function in primitive_jvps else {}
    return prim


def _identifier(name: str) -> str:
    """A function's name as primitives may have it; of a lambda, `lambda_`."""
    name = re.sub(r"\W", "", name)
    return f"{name}_" if keyword.iskeyword(name) or not name.isidentifier() else name


def _pushed(tangents: Sequence, out: Any, xs: Sequence, call: Call) -> Any:
    """The tangent of the result, or of each, where the forward rule is defined."""
    chosen = [i for i, t in enumerate(tangents) if t is not None]
    values = list(out) if isinstance(out, tuple) else [out]
    found = call.tangents(chosen, [tangents[i] for i in chosen], list(xs), values)
    return tuple(found) if isinstance(out, tuple) else found[0]


class _Steps(dict):
    """The steps of a primitive, made without writing code: users may make primitives without end."""

    def __init__(self, prim: Primitive):
        self.prim = prim

    def __missing__(self, active: tuple[int, ...]) -> Step:
        results = self.prim.results
        step = self[active] = Step(self.prim, active, ("xs", *(results or ("out",)), "call"))
        step.pull = _pull_of(active, len(results))
        step.pull.step = step
        return step

    def get(self, active: Any, default: Any = None) -> Step:
        return self[active]


def _pull_of(active: tuple[int, ...], count: int) -> Callable:
    first = FIRST_PARENT + len(active)

    def pull(node: list, g: Any) -> tuple:
        xs, *values, call = node[first:]
        return call.cotangents(active, xs, values, g.spread(count) if count else (g,))

    return pull
