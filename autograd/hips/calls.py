"""A call of a user-defined primitive, as one node of the tape.

What a primitive takes and gives may be containers, of which the tape knows nothing: the node's
arguments and results are the arrays in them, and the call puts them back in their places before a
rule sees them.
"""

from __future__ import annotations

import keyword
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import ArgumentError, GradientError, MissingRule, OperandError, ShapeError
from ..memory import SMALL
from ..primitive import Primitive, Rule
from ..pulls import Step
from ..tape import FIRST_PARENT, TensorBase, apply, mode
from ..transforms.reverse import vjp
from ..transforms.trees import is_container, leaves, rebuild
from .boxes import holds_tensor, isbox
from .rules import name_of, primitive_jvps, primitive_vjps
from .vspaces import dense

HOLE: Any = object()  # where a tensor was


class Stopped(BaseException):
    """Carries what a function raised past the engine, which would take it for a kernel's error."""

    def __init__(self, error: Exception):
        self.error = error


class Unexpected(BaseException):
    """A function gave another number of results than it was declared with."""


class Asking:
    """A block in which primitives called with the very values of a call are asked once.

    Rules of special functions call them again, or what they are made of, with the same arguments.
    Primitives are functions: the same values give the same result. The tape keeps the values as they
    were, so identity tells. Results above SMALL bytes are not kept.
    """

    __slots__ = ("_before", "_call", "_keeps", "_places")

    def __init__(self, call: Call, values: Sequence, keeps: bool):
        self._call, self._keeps = call, keeps
        self._places = {id(value): i for i, value in enumerate(values)}

    def __enter__(self) -> None:
        self._before, _asked.block = _asked.block, self

    def __exit__(self, *exception: Any) -> None:
        _asked.block = self._before

    def answer(self, f_raw: Callable, args: tuple) -> Any:
        """f_raw(*args)."""
        at = self._places
        for arg in args:
            if id(arg) not in at:
                return f_raw(*args)
        places = tuple([at[id(arg)] for arg in args])
        known = self._call.known
        result = known.get((f_raw, places))
        if result is None:
            result = f_raw(*args)
            if self._keeps and isinstance(result, (np.ndarray, np.generic)) and result.nbytes <= SMALL:
                known[f_raw, places] = result.copy()
            return result
        return result.copy()


class _Asked(threading.local):
    block: Any = None
    transposing: tuple = ()  # functions whose forward rules are being transposed


_asked = _Asked()


def plainly(f_raw: Callable, args: tuple, kwargs: dict) -> Any:
    """The call of a primitive without tensors."""
    block = _asked.block
    return f_raw(*args, **kwargs) if block is None or kwargs else block.answer(f_raw, args)


class Call:
    """One call: the function, and its arguments with holes for tensors.

    Attributes:
        function: what `primitive` gave; `raw`, the function itself.
        args: the positional arguments; `kwargs`, the others.
        places: for each tensor the argument, and the path in it ("" for the argument itself).
        tree: the container of the results; HOLE for a single array.
    """

    __slots__ = ("args", "function", "known", "kwargs", "places", "raw", "ready", "tree")

    def __init__(self, function: Callable, raw: Callable, kwargs: dict):
        self.function, self.raw, self.kwargs = function, raw, kwargs
        self.args: list[Any] = []
        self.places: list[tuple[int, str]] = []
        self.tree: Any = None
        self.ready: Any = None
        self.known: dict[tuple, Any] = {}  # what primitives gave for the values of this call

    def take(self, args: Sequence[Any]) -> list:
        """Keep the arguments without the tensors, which are returned."""
        tensors = []
        for i, arg in enumerate(args):
            if isinstance(arg, TensorBase):
                tensors.append(arg)
                self.places.append((i, ""))
                arg = HOLE
            elif holds_tensor(arg):
                inside = list(leaves(arg))
                found = [(path, leaf) for path, leaf in inside if isinstance(leaf, TensorBase)]
                tensors += [leaf for _, leaf in found]
                self.places += [(i, path) for path, _ in found]
                arg = rebuild(arg, iter([HOLE if isinstance(x, TensorBase) else x for _, x in inside]))
            self.args.append(arg)
        return tensors

    def filled(self, values: Sequence[Any]) -> list:
        """The arguments, with values in the holes."""
        each, args = iter(values), list(self.args)
        for i in dict.fromkeys(i for i, _ in self.places):
            args[i] = next(each) if args[i] is HOLE else _filled(args[i], each)
        return args

    def whole(self, values: Sequence[Any]) -> Any:
        """The results in their container."""
        return values[0] if self.tree is HOLE else rebuild(self.tree, iter(values))

    def results(self, values: Sequence[Any], expected: int) -> Any:
        """Run the function; an array, or a tuple of them if `expected` is not 0.

        Errors: Stopped with what it raised; Unexpected, and the result is `ready`, if there are
        not as many.
        """
        if self.ready is None:
            try:
                with Asking(self, values, True):
                    result = self.raw(*self.filled(values), **self.kwargs)
                several = is_container(result)
                found = [leaf for _, leaf in leaves(result)] if several else [result]
                self.ready = several, [_result(self, leaf) for leaf in found]
            except Exception as error:
                raise Stopped(error) from None
            self.tree = rebuild(result, iter([HOLE] * len(found))) if several else HOLE
            if not several:
                self._note(self.ready[1][0])
        several, found = self.ready
        if (len(found) if several else 0) != expected:
            raise Unexpected
        self.ready = None
        return tuple(found) if several else found[0]

    def _note(self, result: Any) -> None:
        """Know what the function itself gave, if tensors are all that it was called with."""
        alone = self.places == [(i, "") for i in range(len(self.args))] and not self.kwargs
        if alone and result.nbytes <= SMALL:
            self.known[self.raw, tuple(range(len(self.args)))] = result

    # ------------------------------------------------------------------ rules

    def cotangents(self, active: tuple[int, ...], xs: list, values: list, gs: Sequence) -> tuple:
        """Those of the active tensors, from those of the results."""
        gs = [np.zeros_like(_plain(v)) if g is None else g for g, v in zip(gs, values, strict=True)]
        if self.function not in primitive_vjps:
            return self._transposed(active, xs, values, gs)
        argnums = tuple(dict.fromkeys(self.places[i][0] for i in active))
        recorded = any(isinstance(g, TensorBase) for g in gs)
        maker = primitive_vjps[self.function]
        with nullcontext() if recorded else Asking(self, xs, False):
            pull = maker(argnums, self.whole(values), tuple(self.filled(xs)), self.kwargs)
            given = dict(zip(argnums, pull(self.whole(gs))))
        found = []
        for i in active:
            argnum, path = self.places[i]
            part = dense(given.get(argnum), recorded)
            part = dict(leaves(part)).get(path) if path else part
            what = f"{name_of(self.function)}: the vjp of argument {argnum}{path}"
            found.append(None if part is None else fitted(part, xs[i], what))
        return tuple(found)

    def _transposed(self, active: tuple[int, ...], xs: list, values: list, gs: list) -> tuple:
        """The cotangents by the transpose of the forward rule, where there is no other."""

        def forward(*ts: Any) -> tuple:
            return tuple(self.tangents(active, ts, xs, values))

        if self.function in _asked.transposing:  # the forward rule is the function itself
            raise MissingRule(
                f"{name_of(self.function)} is linear in itself; define its cotangent by defvjp"
            )
        _asked.transposing = (*_asked.transposing, self.function)
        try:
            # ones, since rules keep what is zero zero
            _, pullback = vjp(forward, *[np.ones_like(_plain(xs[i])) for i in active])
            return pullback(tuple(gs))
        finally:
            _asked.transposing = _asked.transposing[:-1]

    def tangents(self, chosen: Sequence[int], ts: Sequence, xs: list, values: list) -> list:
        """Those of the results, from those of the chosen tensors."""
        args = tuple(self.filled(xs))
        rest = {i: np.zeros_like(_plain(x)) for i, x in enumerate(xs)}
        moved = self.filled([dict(zip(chosen, ts)).get(i, rest[i]) for i in range(len(xs))])
        argnums = tuple(dict.fromkeys(self.places[i][0] for i in chosen))
        rule = primitive_jvps.get(self.function)
        if rule is None:
            raise MissingRule(
                f"{name_of(self.function)} has no derivative: define it with defvjp or defjvp"
            )
        out = rule(argnums, [moved[i] for i in argnums], self.whole(values), args, self.kwargs)
        out = dense(out, any(isinstance(v, TensorBase) for v in (*xs, *ts)))
        parts = [out] if self.tree is HOLE else [leaf for _, leaf in leaves(out)]
        what = f"{name_of(self.function)}: the jvp"
        return [fitted(p, v, what) for p, v in zip(parts, values, strict=True)]


def run(function: Any, raw: Callable, args: tuple, kwargs: dict, prims: dict[int, Primitive]) -> Any:
    """Call a function as a primitive; at least one tensor is among the arguments."""
    for name, value in kwargs.items():
        if mode.grad and any(isbox(leaf) for _, leaf in leaves(value)):
            raise ArgumentError(
                f"{name_of(function)}: keyword argument {name!r} requires grad, but the rules of a "
                "primitive are for positional arguments"
            )
    call = Call(function, raw, kwargs)
    tensors = call.take(args)
    if mode.grad and mode.interceptor is None:
        _check_rules(function, {i for (i, _), t in zip(call.places, tensors) if t._node is not None})
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


def _check_rules(function: Any, argnums: set[int]) -> None:
    """Refuse a call whose derivative nothing defines."""
    rules = [r for r in (primitive_vjps.get(function), primitive_jvps.get(function)) if r is not None]
    if argnums and not rules:
        raise MissingRule(f"{name_of(function)} has no derivative: define it with defvjp or defjvp")
    missing = [argnums - getattr(rule, "argnums", argnums) for rule in rules]
    if argnums and all(missing):
        raise MissingRule(
            f"{name_of(function)} has no derivative for argument {min(missing[0])}: give defvjp a rule, "
            "or None where it is zero"
        )


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

    def get(self, active: Any, default: Any = None) -> Step:
        step = super().get(active)
        if step is None:
            results = self.prim.results
            step = self[active] = Step(self.prim, active, ("xs", *(results or ("out",)), "call"))
            step.pull = _pull_of(active, len(results))
            step.pull.step = step
        return step


def _pull_of(active: tuple[int, ...], count: int) -> Callable:
    first = FIRST_PARENT + len(active)

    def pull(node: list, g: Any) -> tuple:
        xs, *values, call = node[first:]
        return call.cotangents(active, xs, values, g.spread(count) if count else (g,))

    return pull


def _filled(tree: Any, values: Any) -> Any:
    return rebuild(tree, iter([next(values) if leaf is HOLE else leaf for _, leaf in leaves(tree)]))


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, TensorBase) else x


def _result(call: Call, value: Any) -> Any:
    """One result as the tape takes it."""
    if isbox(value):
        raise GradientError(
            f"{name_of(call.function)}: a primitive must compute with its arguments alone, but its "
            f"result comes from a tensor that requires grad ({describe(value)}), which it refers to"
        )
    value = _plain(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value
    if isinstance(value, (bool, int, float, complex)):
        return np.asarray(value)[()]
    raise OperandError(
        f"{name_of(call.function)}: a primitive must return arrays, numbers or containers of them, got "
        f"{describe(value)}"
    )


def fitted(part: Any, like: Any, what: str) -> Any:
    """A cotangent or tangent of the shape and dtype of a value.

    Errors: ShapeError if it cannot be had without summing; OperandError for no array.
    """
    if not isinstance(part, (TensorBase, np.ndarray, np.generic)):
        if not isinstance(part, (int, float, complex)):
            raise OperandError(f"{what} must be an array, got {describe(part)}")
        part = np.asarray(part)[()]
    shape, dtype = np.shape(_plain(like)), _plain(like).dtype
    if tuple(part.shape) != shape:
        if part.size == 1 or part.size == np.size(_plain(like)):
            part = _into_shape(part, shape)
        else:
            raise ShapeError(
                f"{what} has shape {tuple(part.shape)}, but the value has {shape}; "
                "unbroadcast_f sums over what was broadcast"
            )
    if part.dtype == dtype:
        return part
    part = part.real if part.dtype.kind == "c" and dtype.kind != "c" else part
    return part.astype(dtype)


def _into_shape(part: Any, shape: tuple) -> Any:
    same = part.size == int(np.prod(shape))
    return part.reshape(shape) if same else part.reshape(()) + np.zeros(shape, part.dtype)
