"""`detect_anomaly`: what users enter, and what looks at every result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import AnomalyError, ArgumentError, AutogradError
from ..gates import is_gate
from ..recording import Note, note_of, record, summarise, user_line
from ..tape import EXTRA, FIRST_PARENT, PULL, TensorBase, mode, parents, scope_path
from ..watching import Watcher, watching
from . import text
from .placing import place, stand_in
from .refused import explain_raised, explain_refusal


class detect_anomaly:
    """Within, every result of an operation is checked, forward and backward.

    The first NaN or infinity raises an AnomalyError, which names the operation, its module, the
    user's line and its inputs, and holds the graph. Steps of a sweep are told by line and module
    if the operations ran within as well. A training step takes two to four times as long.

    An infinity that comes in with a constant, such as the `-inf` of an attention mask, is let
    through, and so is what passes it on; a NaN is not. What is computed and not chosen afterwards
    is looked at like the rest: for log(0) under where(), give log what is safe, or `inf=False`.
    Not looked at are arrays outside of Tensors, what is assigned to constants, and the tangents of
    `jvp`.

    Any other error of this library that leaves the block, such as a ShapeError, gets the user's line
    and the graph too; what the refused call was given is drawn red.

    Args:
        inf: whether to look for infinities as well as for NaN.

    Errors: AnomalyError; after one in a sweep no `.grad` has changed, and the graph is whole.

    Example:
        >>> import autograd
        >>> x = autograd.tensor([0.0, 1.0], requires_grad=True)
        >>> with autograd.detect_anomaly():
        ...     autograd.numpy.sqrt(x).sum().backward()
        Traceback (most recent call last):
            ...
        autograd.errors.AnomalyError: sqrt: its derivative gave, as the cotangent of x, 1 infinity ...
          at ...
          g: float64(2,), from 1 to 1, mean 1, std 0
          x: float64(2,), from 0 to 1, mean 0.5, std 0.5
    """

    def __init__(self, *, inf: bool = True):
        if not isinstance(inf, bool):
            raise ArgumentError(f"detect_anomaly: inf must be True or False, got {describe(inf)}")
        self._inf = inf
        self._stacks: list[tuple[ExitStack, _Checker]] = []

    def __enter__(self) -> None:
        stack, checker = ExitStack(), _Checker(self._inf)
        stack.enter_context(record())
        stack.enter_context(watching(checker))
        self._stacks.append((stack, checker))

    def __exit__(self, _: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        stack, checker = self._stacks.pop()
        stack.close()
        if isinstance(error, AutogradError):
            explain_raised(error, trace, checker.model)


class _Checker(Watcher):
    """Looks at every result."""

    def __init__(self, inf: bool):
        self.inf = inf
        self.quiet = False  # within a rule: its parts may be what the sweep puts right
        self.model: Any = None  # the last that ran: it knows what parameters are called
        # for each sweep that runs: its roots; its nodes, with copies made before their release
        self.sweeps: list[tuple[list, list[tuple[list, list]]]] = []

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        if mode.scopes:
            self.model = mode.scopes[0]
        try:
            out = run(prim, args, statics)
        except AutogradError as error:
            explain_refusal(error, [a for a in args if isinstance(a, TensorBase)], user_line(), self.model)
            raise
        for one in out if isinstance(out, tuple) else (out,):
            if isinstance(one, TensorBase) and not self.quiet and self._is_bad(one._data):
                self._check_call(prim, args, one)
        return out

    def _is_bad(self, data: Any) -> bool:
        if getattr(data, "dtype", None) is None or data.dtype.kind not in "fc":
            return False
        return bool(not np.isfinite(data).all() if self.inf else np.isnan(data).any())

    def _check_call(self, prim: Any, args: Sequence, out: Any) -> None:
        if not np.isnan(out._data).any() and any(_brings_infinity(arg) for arg in args):
            return
        inputs = dict(text.named(prim, [getattr(arg, "_data", arg) for arg in args]))
        bad = [name for name, value in inputs.items() if value.nans or value.infinities]
        result, line = summarise(out._data), user_line()
        what = f"{prim.name}: gave {text.count(result)}{text.passed_on(bad)}"
        error = AnomalyError(text.message(what, line, inputs))
        error.op, error.phase, error.inputs, error.result = prim.name, "forward", inputs, result
        error.module_path = scope_path()
        node = out._node
        while node is not None and node[PULL].step.prim is not prim and node[PULL].step.arity == 1:
            node = node[FIRST_PARENT]  # it picks one of several results
        place(error, line, [out], node, self.model)
        raise error

    def begin(self, roots: list) -> None:
        self.sweeps.append((list(roots), []))

    def end(self) -> None:
        self.sweeps.pop()

    def pull(self, run: Callable, node: list, g: Any) -> Any:
        if self._is_bad(getattr(g, "_data", g)):
            hooked = ", and after its hooks," if _is_hooked(node) else ","
            self._raise_at(node, g, f"what arrived at its result, summed{hooked} is", g)
        self.sweeps[-1][1].append((node, list(node)))
        before, self.quiet = self.quiet, True
        try:
            parts = run(node, g)
        finally:
            self.quiet = before
        for i, part in enumerate(parts if type(parts) is tuple else (parts,)):
            if self._is_bad(getattr(part, "_data", part)):
                name, step = text.argument(node[PULL].step, i), node[PULL].step
                who = "a hook of a module" if is_gate(step) else "its derivative"
                self._raise_at(node, g, f"{who} gave, as the cotangent of {name},", part)
        return parts

    def _raise_at(self, node: list, g: Any, what: str, bad: Any) -> None:
        roots, visited = self.sweeps[-1]
        step, note = node[PULL].step, note_of(node)
        op = step.prim.name if step.prim is not None else "identity" if step.arity else "leaf"
        if note is None and is_gate(step):  # of the hooks alone nothing is known
            note = _note_after(node, visited)
        inputs = {**text.cotangents(g), **dict(text.saved(node))}
        result = summarise(getattr(bad, "_data", bad))
        source = note.source if note is not None else None
        what = f"{op}: {what} {text.count(result)}"
        error = AnomalyError(text.message(what, source, inputs, note is None))
        error.op, error.phase, error.inputs, error.result = op, "backward", inputs, result
        if note is not None:
            names = [scope.name for scope in note.scopes]
            error.module_path = ".".join(names[1:] if len(names) > 1 else names)
        for passed, copy in visited:
            passed[:] = copy
        place(error, source, [stand_in(n, c) for n, c in roots], node, self.model)
        raise error


def _brings_infinity(arg: Any) -> bool:
    """Whether an argument holds infinities that were let through: constants, and what has them."""
    if isinstance(arg, TensorBase) and arg._node is not None and note_of(arg._node) is None:
        return False  # a parameter, or from outside
    data = np.asarray(getattr(arg, "_data", arg))
    return data.dtype.kind in "fc" and bool(np.isinf(data).any())


def _is_hooked(node: list) -> bool:
    """Whether hooks of the user's see what arrives."""
    extra = node[EXTRA]
    return extra is not None and any(type(hook) is not Note for hook in extra.hooks.values())


def _note_after(node: list, visited: list[tuple[list, list]]) -> Note | None:
    """The note of the last step of a sweep that led to a node."""
    for _, copy in reversed(visited):
        if any(parent is node for parent in parents(copy)):
            return note_of(copy)
    return None
