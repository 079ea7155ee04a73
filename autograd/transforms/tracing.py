"""Calls a function on variables of its own, and sweeps back to them.

A transform gives each argument a fresh node, so that however transforms are nested none
confuses its variable with another's. The sweep is recorded only if something outside can see
what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from .. import views
from ..batching import bottom, everywhere, is_batched, levels_of, lift, lower, outside, rebatch
from ..codegen import FAST
from ..diagnose import describe
from ..errors import ArgumentError, DtypeError, OperandError
from ..memory import is_array
from ..modes import enable_grad, no_grad
from ..ops.shapes import zeros_like
from ..sweeping import FIXED, as_cotangent, sweep
from ..tape import ORDER, TensorBase, identity_node, mode, new_tensor
from .trees import is_container, leaves, rebuild

Selection = int | str | tuple[int | str, ...]


class Trace:
    """One run of a function on variables.

    Attributes:
        value: what it returned.
        chosen: the arguments that became variables, as they were given.
        before: their leaves; `variables` are the nodes of the tensors in their places.
        levels: the runs of `vmap` around it. Each example has a variable of its own: variables hold
            those of all examples, and so do the cotangents and tangents that belong to them.
    `within(trace)` is a context that f runs in, if given.
    """

    def __init__(
        self,
        caller: str,
        f: Callable,
        args: tuple,
        options: dict,
        selection: Selection,
        within: Callable | None = None,
    ):
        check_function(f, caller)
        self.caller, self.levels = caller, mode.levels
        names = list(selection) if isinstance(selection, (tuple, list)) else [selection]
        args_list, options = list(args), dict(options)
        self.chosen: list[Any] = []
        self.before: list[Any] = []
        self.variables: list[list] = []
        for name in names:
            place: Any = options if isinstance(name, str) else args_list
            _check_place(caller, name, args_list, options)
            if place[name] is None:
                raise OperandError(f"{caller}: argument {name!r} must be an array or a number, got None")
            self.chosen.append(place[name])
            place[name] = self._opened(place[name], f"argument {name!r}")
        before, mode.strict = mode.strict, caller
        try:
            with tracing(), within(self) if within else nullcontext():
                self.value = f(*args_list, **options)
        finally:
            mode.strict = before

    def _opened(self, given: Any, what: str) -> Any:
        """The argument with fresh tensors for its leaves."""
        inside = is_container(given)
        fresh = []
        for path, leaf in leaves(given):
            tensor = _fresh(leaf, f"{self.caller}: {what}{path}", inside)
            self.before.append(leaf)
            self.variables.append(tensor._node)  # a write in f gives a tensor another
            fresh.append(tensor)
        return rebuild(given, iter(fresh))

    def pull(self, outputs: Sequence[Any], cotangents: Sequence[Any], keep: bool = False) -> list:
        """The cotangents of the variables, as their arguments are; Tensors if someone can see them."""
        roots = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if is_traced(o)]
        if mode.levels:
            roots = [(lower(o, self.levels), lower(g, self.levels)) for o, g in roots]
        targets: dict[int, Any] = {node[ORDER]: None for node in self.variables}
        deep = self.seen([o for o, _ in roots])
        seen = deep or any(is_traced(g) for _, g in roots)
        # what this trace computed is constant to those who see nothing but the cotangents
        lifted: Any = deep or (FIXED if seen else any(is_batched(g) for _, g in roots))
        if roots and targets:
            begun = [(o._node, g if lifted else g._data) for o, g in roots]
            with nullcontext() if seen or not lifted else no_grad(), outside(self.levels):
                sweep(begun, targets, keep=keep or lifted, lifted=lifted)
        found = [targets[node[ORDER]] for node in self.variables]
        return [self.as_kind(g, x, seen) for g, x in zip(found, self.before, strict=True)]

    def as_kind(self, g: Any, x: Any, seen: bool) -> Any:
        """What belongs to a variable, as the kind of thing that its leaf x was."""
        if not self.levels and not is_batched(g):
            return as_kind(g, x, seen)
        if g is None:
            return zeros_like(x if isinstance(x, TensorBase) else new_tensor(_floating(x)))
        if not isinstance(g, TensorBase):
            g = new_tensor(g)
        return lift(FAST["copy"](g) if seen else detach(g), self.levels)

    def seen(self, outputs: Sequence[Any]) -> bool:
        """Whether the graph of the outputs leads to something that was there before."""
        if not self.variables:
            return False
        orders = {node[ORDER] for node in self.variables}
        return any(_reaches_beyond(o._node, max(orders), orders) for o in outputs)

    def grouped(self, found: list) -> list:
        """Values for the leaves as values for the arguments."""
        each = iter(found)
        return [rebuild(given, each) for given in self.chosen]

    def outside(self, value: Any) -> Any:
        """A result as those outside may see it: plain, unless they gave Tensors or it leads on."""
        flat = [leaf for _, leaf in leaves(value)]
        if self.seen([o for o in flat if is_traced(o)]):
            return value
        tensors = any(isinstance(x, TensorBase) for x in self.before)
        return rebuild(value, iter([_detached(leaf, tensors) for leaf in flat]))


def check_function(f: Any, caller: str) -> None:
    """Refuse what cannot be called."""
    if not callable(f):
        raise OperandError(f"{caller}: expected a function, got {describe(f)}")


def detach(value: Any) -> Any:
    """The same values without history."""
    return rebatch(levels_of(value), new_tensor(bottom(value)._data))


def is_traced(value: Any) -> bool:
    """Whether a gradient can flow through it."""
    return isinstance(value, TensorBase) and value._node is not None


def ones_like(output: Any) -> Any:
    """A cotangent of one for each element."""
    data = output._data
    return new_tensor(np.ones(data.shape, data.dtype) if data.shape else data.dtype.type(1))


def matching(value: Any, like: Any, what: str) -> Any:
    """A tangent or cotangent for a leaf: a Tensor of its shape and dtype.

    Errors: OperandError for what is no array, ShapeError, DtypeError.
    """
    if not isinstance(value, (TensorBase, np.generic, float, int, complex)) and not is_array(value):
        raise OperandError(f"{what} must be an array or a number, got {describe(value)}")
    like = like if isinstance(like, TensorBase) else new_tensor(_floating(like))
    return as_cotangent(value, like, what)


def same_leaves(tree: Any, like: Any, what: str) -> list:
    """The leaves of a tree that must have the containers of another.

    Errors: ArgumentError if they differ.
    """
    found, wanted = [p for p, _ in leaves(tree)], [p for p, _ in leaves(like)]
    if found != wanted:
        raise ArgumentError(f"{what} must be nested as {_paths(wanted)}, got {_paths(found)}")
    return [leaf for _, leaf in leaves(tree)]


def _paths(paths: list[str]) -> str:
    return ", ".join(p or "an array" for p in paths) or "nothing"


def _check_place(caller: str, name: Any, args: list, options: dict) -> None:
    if isinstance(name, str):
        if name not in options:
            raise OperandError(f"{caller}: argnum {name!r}, but the call has keywords {sorted(options)}")
    elif not isinstance(name, (int, np.integer)) or isinstance(name, bool):
        raise OperandError(
            f"{caller}: argnum must be a position, a keyword or a tuple of them, got {name!r}"
        )
    elif not -len(args) <= name < len(args):
        raise OperandError(f"{caller}: argnum {name}, but the call has {len(args)} arguments")


class tracing(enable_grad):
    """Records, also under no_grad(), without slowing calls down where recording is on anyway."""

    def __enter__(self) -> None:
        self._switched = not mode.grad
        if self._switched:
            super().__enter__()

    def __exit__(self, *exception: Any) -> None:
        if self._switched:
            super().__exit__(*exception)


def _floating(x: Any) -> Any:
    data = np.asarray(x) if isinstance(x, np.ndarray) else np.asarray(x)[()]
    return data.astype(np.float64) if data.dtype.kind in "iu" else data


def _fresh(x: Any, what: str, inside: bool) -> Any:
    """A tensor of the same value with a node of its own."""
    if is_batched(x):
        return _fresh_of_batched(x, what, inside)
    if isinstance(x, TensorBase):
        data, parent = x._data, x._node
    elif isinstance(x, (float, int, complex, np.generic, np.ndarray)) and not isinstance(x, bool):
        data, parent = np.asarray(x) if isinstance(x, np.ndarray) else np.asarray(x)[()] + 0.0, None
        inside = inside and np.asarray(x).dtype.kind in "iu"
    else:
        raise OperandError(f"{what} must be an array or a number, got {describe(x)}")
    if data.dtype.kind in "iu" or (inside and not isinstance(x, TensorBase)):
        if inside:
            raise DtypeError(
                f"{what} must be real or complex, got {describe(x)}: integers have no gradient"
            )
        data = data.astype(np.float64)
    if data.dtype.kind not in "fc":
        raise DtypeError(f"{what} must be real or complex, got {data.dtype}")
    if mode.levels:
        return _fresh_everywhere(new_tensor(data.copy(), parent))
    fresh = new_tensor(data, identity_node(parent))
    if isinstance(data, np.ndarray):
        views.borrow(fresh)  # the caller's memory: protected when saved, never written
    return fresh


def _fresh_of_batched(x: Any, what: str, inside: bool) -> Any:
    """The same for one example of several."""
    if x.dtype.kind in "iu" and not inside:
        x = FAST["astype"](x, np.dtype(np.float64))
    if x.dtype.kind not in "fc":
        raise DtypeError(f"{what} must be real or complex, got {x.dtype}")
    return _fresh_everywhere(x)


def _fresh_everywhere(x: Any) -> Any:
    """A variable for each example of all that `vmap` runs over, of the values of x."""
    whole = bottom(everywhere(x, mode.levels))
    fresh = new_tensor(whole._data, identity_node(whole._node))
    if whole._alias is not None:
        views.borrow(fresh)
    return rebatch(mode.levels, fresh)


def _reaches_beyond(node: list, oldest: int, orders: set[int]) -> bool:
    """Whether the graph leads to a node that was there before the variables were."""
    seen: set[int] = set()
    left = [node]
    newest = min(orders)  # spares looking at most nodes closer: the variables are the oldest of all
    while left:
        node = left.pop()
        while node[0] not in seen:  # straight on along a chain; 0, 1 and 3 as the sweep has them
            if node[0] > oldest:
                return True
            seen.add(node[0])
            arity = node[1].step.arity
            if not arity:
                break
            if node[0] >= newest and node[0] in orders:
                return True
            if arity > 1:
                left.extend(node[4 : 3 + arity])
            node = node[3]
    return False


def as_kind(g: Any, x: Any, seen: bool) -> Any:
    """A gradient as the kind of thing that the argument was."""
    if g is None:
        data = x._data if isinstance(x, TensorBase) else np.asarray(x)
        g = np.zeros(data.shape, np.float64 if data.dtype.kind in "iub" else data.dtype)
    if seen:
        return FAST["copy"](g) if isinstance(g, TensorBase) else new_tensor(g)
    if isinstance(x, TensorBase):
        return new_tensor(g.copy())
    if isinstance(x, np.ndarray):
        return g.copy() if isinstance(g, np.ndarray) else np.asarray(g)
    return g[()]


def _detached(value: Any, tensors: bool) -> Any:
    if not isinstance(value, TensorBase):
        return value
    if value._level is not None:
        return detach(value)
    return new_tensor(value._data) if tensors else value._data
