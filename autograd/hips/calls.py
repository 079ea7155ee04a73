"""A call of a user-defined primitive, as one node of the tape.

What a primitive takes and gives may be containers, of which the tape knows nothing: the node's
arguments and results are the arrays in them, and the call puts them back in their places before a
rule sees them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import ArgumentError, MissingRule
from ..memory import SMALL
from ..tape import TensorBase
from ..transforms.reverse import vjp
from ..transforms.trees import is_container, leaves, rebuild
from .asking import Asking
from .boxes import holds_tensor, isbox
from .fitting import fitted, plain, result_of
from .rules import name_of, primitive_jvps, primitive_vjps
from .vspaces import dense

HOLE: Any = object()  # where a tensor was


class Stopped(BaseException):
    """Carries what a function raised past the engine, which would take it for a kernel's error."""

    def __init__(self, error: Exception):
        self.error = error


class Unexpected(BaseException):
    """A function gave another number of results than it was declared with."""


class _Busy(threading.local):
    transposing: tuple = ()  # functions whose forward rules are being transposed


_busy = _Busy()


class Call:
    """One call: the function, and its arguments with holes for tensors.

    Attributes:
        function: what `primitive` gave; `raw`, the function itself.
        args: the positional arguments; `kwargs`, the others.
        places: for each tensor the argument, and the path in it ("" for the argument itself).
        nested: whether a tensor is in a container.
        tree: the container of the results; HOLE for a single array.
        known: what primitives gave for the values of this call; see `asking.py`.
    """

    __slots__ = ("args", "function", "known", "kwargs", "nested", "places", "raw", "ready", "tree")

    def __init__(self, function: Any, raw: Callable, kwargs: dict):
        self.function, self.raw, self.kwargs = function, raw, kwargs
        self.args: list[Any] = []
        self.places: list[tuple[int, str]] = []
        self.nested = False
        self.tree: Any = HOLE
        self.ready: Any = None
        self.known: dict[tuple, Any] = {}

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
                self.nested = True
            self.args.append(arg)
        return tensors

    def filled(self, values: Sequence[Any]) -> list:
        """The arguments, with values in the holes."""
        each = iter(values)
        if not self.nested:
            return [next(each) if arg is HOLE else arg for arg in self.args]
        args = list(self.args)
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
                with Asking(self.known, values, True):
                    result = self.raw(*self.filled(values), **self.kwargs)
                if not is_container(result):
                    result = result_of(self.function, result)
                    self._note(result)
                    if not expected:
                        return result
                    self.ready = False, [result]
                else:
                    found = [leaf for _, leaf in leaves(result)]
                    self.ready = True, [result_of(self.function, leaf) for leaf in found]
                    self.tree = rebuild(result, iter([HOLE] * len(found)))
            except Exception as error:
                raise Stopped(error) from None
        several, found = self.ready
        if (len(found) if several else 0) != expected:
            raise Unexpected
        self.ready = None
        return tuple(found) if several else found[0]

    def _note(self, result: Any) -> None:
        """Know what the function itself gave, if tensors are all that it was called with."""
        alone = len(self.places) == len(self.args) and not self.nested and not self.kwargs
        if alone and result.nbytes <= SMALL:
            self.known[self.raw, tuple(range(len(self.args)))] = result

    # ------------------------------------------------------------------ rules

    def cotangents(self, active: tuple[int, ...], xs: list, values: list, gs: Sequence) -> tuple:
        """Those of the active tensors, from those of the results."""
        if any([g is None for g in gs]):
            gs = [np.zeros_like(plain(v)) if g is None else g for g, v in zip(gs, values, strict=True)]
        maker = primitive_vjps.get(self.function)
        if maker is None:
            return self._transposed(active, xs, values, gs)
        places = [self.places[i] for i in active]
        argnums = tuple(dict.fromkeys([argnum for argnum, _ in places]))
        recorded = any([isinstance(g, TensorBase) for g in gs])
        with nullcontext() if recorded else Asking(self.known, xs, False):
            pull = maker(argnums, self.whole(values), tuple(self.filled(xs)), self.kwargs)
            given = dict(zip(argnums, pull(self.whole(gs))))
        found = []
        for i, (argnum, path) in zip(active, places):
            part, what = dense(given.get(argnum), recorded), f"the vjp of argument {argnum}"
            if path:
                like = self.args[argnum]
                part = _by_path(part, like, f"{name_of(self.function)}: {what}").get(path)
            if part is not None:
                part = fitted(part, xs[i], self.function, what + path)
            found.append(part)
        return tuple(found)

    def _transposed(self, active: tuple[int, ...], xs: list, values: list, gs: Sequence) -> tuple:
        """The cotangents by the transpose of the forward rule, where there is no other."""

        def forward(*ts: Any) -> tuple:
            return tuple(self.tangents(active, ts, xs, values))

        if self.function in _busy.transposing:  # the forward rule is the function itself
            raise MissingRule(
                f"{name_of(self.function)} is linear in itself; define its cotangent by defvjp"
            )
        _busy.transposing = (*_busy.transposing, self.function)
        try:
            # ones, since rules keep what is zero zero
            _, pullback = vjp(forward, *[np.ones_like(plain(xs[i])) for i in active])
            return pullback(tuple(gs))
        finally:
            _busy.transposing = _busy.transposing[:-1]

    def tangents(self, chosen: Sequence[int], ts: Sequence, xs: list, values: list) -> list:
        """Those of the results, from those of the chosen tensors."""
        args = tuple(self.filled(xs))
        rest = {i: np.zeros_like(plain(x)) for i, x in enumerate(xs)}
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
        return [fitted(p, v, self.function, "the jvp") for p, v in zip(parts, values, strict=True)]

    def check(self, grad: bool, active: Sequence[int]) -> None:
        """Refuse what no rule can differentiate.

        Args:
            grad: whether gradients are recorded.
            active: the positions of tensors that a gradient flows to.
        """
        name = name_of(self.function)
        for key, value in self.kwargs.items():
            if grad and any(isbox(leaf) for _, leaf in leaves(value)):
                raise ArgumentError(
                    f"{name}: keyword argument {key!r} requires grad, but the rules of a primitive are "
                    "for positional arguments"
                )
        argnums = {self.places[i][0] for i in active}
        tables = primitive_vjps, primitive_jvps
        rules = [rule for rule in (table.get(self.function) for table in tables) if rule is not None]
        if argnums and not rules:
            raise MissingRule(f"{name} has no derivative: define it with defvjp or defjvp")
        missing = [argnums - getattr(rule, "argnums", argnums) for rule in rules]
        if argnums and all(missing):
            raise MissingRule(
                f"{name} has no derivative for argument {min(missing[0])}: give defvjp a rule, "
                "or None where it is zero"
            )


def _by_path(part: Any, like: Any, what: str, path: str = "") -> dict[str, Any]:
    """What belongs to each leaf of a container; an array may stand for a list of numbers."""
    if part is None or not is_container(like):
        return {path: part}
    keys = like if isinstance(like, dict) else range(len(like))
    try:
        if not isinstance(like, dict) and len(part) != len(like):
            raise IndexError
        each = [(key, part[key]) for key in keys]
    except (IndexError, KeyError, TypeError):
        raise ArgumentError(f"{what}{path} must be nested as the argument, got {describe(part)}") from None
    return {
        p: v for key, own in each for p, v in _by_path(own, like[key], what, f"{path}[{key!r}]").items()
    }


def _filled(tree: Any, values: Any) -> Any:
    return rebuild(tree, iter([next(values) if leaf is HOLE else leaf for _, leaf in leaves(tree)]))
