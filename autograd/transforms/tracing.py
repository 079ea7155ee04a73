"""Calls a function on variables of its own, and sweeps back to them.

A transform gives each argument a fresh node, so that however transforms are nested none
confuses its variable with another's. The sweep is recorded only if something outside can see
what it computes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from ..batching import bottom, everywhere, is_batched, levels_of_any, lift, lower, outside, rebatch
from ..codegen import FAST
from ..diagnose import describe
from ..errors import ArgumentError, GradientError, OperandError, VmapError
from ..memory import is_array
from ..modes import enable_grad, no_grad
from ..ops.shapes import zeros_like
from ..sweeping import FIXED, as_cotangent, sweep
from ..tape import ORDER, TensorBase, mode, new_tensor
from .trees import is_container, leaves, rebuild
from .variables import as_kind, detach, detached, floating, fresh_variable, reaches_beyond

Selection = int | str | tuple[int | str, ...]
NUMERIC = "biufc"  # the kinds of dtypes of what may be a result


def selecting(transform: Callable[..., Callable]) -> Callable[..., Callable]:
    """The transform, which takes `argnums` for its `argnum` too."""

    @functools.wraps(transform)
    def spelled(*args: Any, **options: Any) -> Callable:
        if "argnums" in options:
            if "argnum" in options:
                raise ArgumentError(f"{transform.__name__}: argnums is another name of argnum; give one")
            options["argnum"] = options.pop("argnums")
        return transform(*args, **options)

    return spelled


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
        names = selection if isinstance(selection, (tuple, list)) else (selection,)
        if len(names) > 1:
            _check_distinct(caller, names, len(args))
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
            place[name] = self._opened(place[name], f"{caller}: argument {name!r}")
        before, mode.strict = mode.strict, caller
        try:
            if within is None and mode.grad:  # what the contexts below would leave as it is
                self.value = f(*args_list, **options)
            else:
                with tracing(), within(self) if within else nullcontext():
                    self.value = f(*args_list, **options)
        finally:
            mode.strict = before

    def _opened(self, given: Any, what: str) -> Any:
        """The argument with fresh tensors for its leaves."""
        inside = is_container(given)
        if not inside:  # the usual case, without looking for more
            tensor = fresh_variable(given, what, False)
            self.before.append(given)
            self.variables.append(tensor._node)
            return tensor
        fresh = []
        for path, leaf in leaves(given):
            tensor = fresh_variable(leaf, f"{what}{path}", inside)
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
        if not deep and all([g._node is None and g._level is None for _, g in roots]):
            seen = False
            if roots and targets:
                with outside(self.levels) if self.levels else nullcontext():
                    sweep([(o._node, g._data) for o, g in roots], targets, keep)
        else:
            seen = deep or any([is_traced(g) for _, g in roots])
            self._sweep_recorded(roots, targets, deep, seen)
        found = [targets[node[ORDER]] for node in self.variables]
        return [self.as_kind(g, x, seen) for g, x in zip(found, self.before)]

    def _sweep_recorded(self, roots: list, targets: dict[int, Any], deep: bool, seen: bool) -> None:
        """The sweep by rules on Tensors, since someone sees the graph (`deep`) or the cotangents."""
        if roots and targets:
            # what this trace computed is constant to those who see nothing but the cotangents
            lifted: Any = deep or (FIXED if seen else True)
            begun = [(o._node, g) for o, g in roots]
            with outside(self.levels):
                if seen:
                    sweep(begun, targets, True, lifted)
                    return
                try:
                    with no_grad(), _again_if_need_be():
                        sweep(begun, targets, True, lifted)
                except VmapError:  # a rule looks at values, or back at where they came from
                    _sweep_each(begun, targets)

    def as_kind(self, g: Any, x: Any, seen: bool) -> Any:
        """What belongs to a variable, as the kind of thing that its leaf x was."""
        if not self.levels and not is_batched(g):
            return as_kind(g, x, seen)
        if g is None:
            return zeros_like(x if isinstance(x, TensorBase) else new_tensor(floating(x)))
        if not isinstance(g, TensorBase):
            g = new_tensor(g)
        return lift(FAST["copy"](g) if seen else detach(g), self.levels)

    def seen(self, outputs: Sequence[Any]) -> bool:
        """Whether the graph of the outputs leads to something that was there before."""
        if not self.variables:
            return False
        orders = {node[ORDER] for node in self.variables}
        oldest = max(orders)
        return any([reaches_beyond(o._node, oldest, orders) for o in outputs])

    def grouped(self, found: list) -> list:
        """Values for the leaves as values for the arguments."""
        if len(self.chosen) == len(found) and not any([is_container(given) for given in self.chosen]):
            return found
        each = iter(found)
        return [rebuild(given, each) for given in self.chosen]

    def outside(self, value: Any) -> Any:
        """A result as those outside may see it: plain, unless they gave Tensors or it leads on."""
        if isinstance(value, TensorBase) and not (value._node is not None and self.seen([value])):
            return detached(value, any([isinstance(x, TensorBase) for x in self.before]))
        flat = [leaf for _, leaf in leaves(value)]
        if self.seen([o for o in flat if is_traced(o)]):
            return value
        tensors = any(isinstance(x, TensorBase) for x in self.before)
        return rebuild(value, iter([detached(leaf, tensors) for leaf in flat]))


def _sweep_each(roots: list, targets: dict[int, Any]) -> None:
    """The sweeps of cotangents that differ from example to example, one by one."""
    levels = levels_of_any(*[g for _, g in roots])
    wholes = [bottom(everywhere(g, levels))._data for _, g in roots]
    sizes = tuple([level.size for level in levels])
    found = []
    for place in np.ndindex(*sizes):
        found.append(dict.fromkeys(targets))
        sweep([(node, w[place]) for (node, _), w in zip(roots, wholes, strict=True)], found[-1], True)
    for order in targets:
        rows = [each[order] for each in found]
        like = next((row for row in rows if row is not None), None)
        targets[order] = None
        if like is not None:
            whole = np.stack([np.zeros_like(like) if row is None else row for row in rows])
            targets[order] = rebatch(levels, new_tensor(whole.reshape(*sizes, *np.shape(like))))


@contextmanager
def _again_if_need_be() -> Iterator[None]:
    """A sweep of several examples that raises VmapError where each has to be swept by itself."""
    faults = FAST["faults"]
    before, faults.again = faults.again, True
    try:
        yield
    finally:
        faults.again = before


def results_of(trace: Trace) -> list:
    """The arrays that the function gave.

    Errors: GradientError for anything else.
    """
    outs = [leaf for _, leaf in leaves(trace.value)]
    for out in outs if is_container(trace.value) else [trace.value]:
        if isinstance(out, (TensorBase, float, int, complex)):
            continue
        if not (isinstance(out, np.generic) or is_array(out)) or out.dtype.kind not in NUMERIC:
            got = describe(out)
            raise GradientError(f"{trace.caller}: the function must return an array, or several, got {got}")
    return outs


def check_function(f: Any, caller: str) -> None:
    """Refuse what cannot be called."""
    if not callable(f):
        raise OperandError(f"{caller}: expected a function, got {describe(f)}")


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
    like = like if isinstance(like, TensorBase) else new_tensor(floating(like))
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


def _check_distinct(caller: str, names: Sequence, count: int) -> None:
    """Refuse the same argument twice."""
    places = [name + count if isinstance(name, (int, np.integer)) and name < 0 else name for name in names]
    for place in places:
        if places.count(place) > 1:
            raise OperandError(f"{caller}: argnum {tuple(names)!r} has argument {place!r} twice")


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
