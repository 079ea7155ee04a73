"""`detect_anomaly`: stops at the first NaN or infinity, and says where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from .diagnose import describe
from .errors import AnomalyError, ArgumentError, AutogradError
from .memory import bare
from .recording import Summary, note_of, record, summarise, user_line
from .tape import FIRST_PARENT, ORDER, PULL, Bundle, TensorBase, mode, new_tensor, scope_path
from .watching import Watcher, watching

_SHOWN = 8


class detect_anomaly:
    """Within, every result of an operation is checked, forward and backward.

    The first NaN or infinity raises an AnomalyError, which names the operation, its module, the
    user's line and its inputs, and holds the graph. Steps of a sweep are told by line and module
    if the operations ran within as well. A training step takes two to four times as long.

    An infinity that comes in with a constant, such as the `-inf` of an attention mask, is let
    through, and so is what passes it on; a NaN is not.

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
        self._stacks: list[ExitStack] = []

    def __enter__(self) -> None:
        stack = ExitStack()
        stack.enter_context(record())
        stack.enter_context(watching(_Checker(self._inf)))
        self._stacks.append(stack)

    def __exit__(self, *exception: Any) -> None:
        self._stacks.pop().close()


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
            self._explain_refusal(error, args)
            raise
        for one in out if isinstance(out, tuple) else (out,):
            if isinstance(one, TensorBase) and not self.quiet and self._is_bad(one._data):
                self._check_call(prim, args, one)
        return out

    def _explain_refusal(self, error: AutogradError, args: Sequence) -> None:
        """Enter line and graph in the error of a call that was refused."""
        tensors = [arg for arg in args if isinstance(arg, TensorBase)]
        if error.tape is None and tensors:
            line = user_line()
            if line is not None:
                error.add_note(f"at {line}: {line.code}")
            self._enter_graph(error, tensors)

    def _is_bad(self, data: Any) -> bool:
        if getattr(data, "dtype", None) is None or data.dtype.kind not in "fc":
            return False
        return bool(not np.isfinite(data).all() if self.inf else np.isnan(data).any())

    def _check_call(self, prim: Any, args: Sequence, out: Any) -> None:
        if not np.isnan(out._data).any() and any(_brings_infinity(arg) for arg in args):
            return
        inputs = dict(_named(prim, [getattr(arg, "_data", arg) for arg in args]))
        bad = [name for name, value in inputs.items() if value.nans or value.infinities]
        result = summarise(out._data)
        error = AnomalyError(
            _text(f"{prim.name}: gave {_count(result)}{_passed_on(bad)}", user_line(), inputs)
        )
        error.op, error.phase, error.inputs, error.result = prim.name, "forward", inputs, result
        error.module_path = scope_path()
        node = out._node
        while node is not None and node[PULL].step.prim is not prim and node[PULL].step.arity == 1:
            node = node[FIRST_PARENT]  # it picks one of several results
        self._place(error, user_line(), [out], node)
        raise error

    def begin(self, roots: list) -> None:
        self.sweeps.append((list(roots), []))

    def end(self) -> None:
        self.sweeps.pop()

    def pull(self, run: Callable, node: list, g: Any) -> Any:
        if self._is_bad(getattr(g, "_data", g)):
            self._raise_at(node, g, "what arrived at its result, summed, is", g)
        self.sweeps[-1][1].append((node, list(node)))
        before, self.quiet = self.quiet, True
        try:
            parts = run(node, g)
        finally:
            self.quiet = before
        for i, part in enumerate(parts if type(parts) is tuple else (parts,)):
            if self._is_bad(getattr(part, "_data", part)):
                name = _argument(node[PULL].step, i)
                self._raise_at(node, g, f"its derivative gave, as the cotangent of {name},", part)
        return parts

    def _raise_at(self, node: list, g: Any, what: str, bad: Any) -> None:
        step, note = node[PULL].step, note_of(node)
        op = step.prim.name if step.prim is not None else "identity" if step.arity else "leaf"
        inputs = {**_cotangents(g), **dict(_saved(node))}
        result = summarise(getattr(bad, "_data", bad))
        source = note.source if note is not None else None
        error = AnomalyError(_text(f"{op}: {what} {_count(result)}", source, inputs, note is None))
        error.op, error.phase, error.inputs, error.result = op, "backward", inputs, result
        if note is not None:
            names = [scope.name for scope in note.scopes]
            error.module_path = ".".join(names[1:] if len(names) > 1 else names)
        roots, visited = self.sweeps[-1]
        for passed, copy in visited:
            passed[:] = copy
        self._place(error, source, [_with_node(n, c) for n, c in roots], node)
        raise error

    def _place(self, error: AnomalyError, source: Any, roots: list, node: list | None) -> None:
        """Enter the line and the graph."""
        if source is not None:
            error.source, error.code = str(source), source.code
        order = None if node is None else node[ORDER]
        self._enter_graph(error, roots, order)
        if error.tape is not None:
            found = (r for r in error.tape if r.order == order and order is not None)
            error.record = next(found, error.tape[error.tape.outputs[0]])

    def _enter_graph(self, error: AutogradError, roots: list, order: int | None = None) -> None:
        from . import graph

        try:
            error.tape = graph.tape(roots, names=self.model)
        except AutogradError:  # a part was released before, and is not known any more
            return
        red = [r.id for r in error.tape if r.order == order and order is not None]
        error.draw = partial(graph.draw, roots, names=self.model, highlight=red)


def _brings_infinity(arg: Any) -> bool:
    """Whether an argument holds infinities that were let through: constants, and what has them."""
    if isinstance(arg, TensorBase) and arg._node is not None and note_of(arg._node) is None:
        return False  # a parameter, or from outside
    data = np.asarray(getattr(arg, "_data", arg))
    return data.dtype.kind in "fc" and bool(np.isinf(data).any())


def _named(prim: Any, values: Sequence) -> Iterator[tuple[str, Summary]]:
    """The arrays among the arguments of a call."""
    for i, value in enumerate(values):
        if value is not None:
            name = f"{prim.arrays[0][1:]}[{i}]" if prim.variadic else prim.arrays[i]
            yield name, summarise(value)


def _saved(node: list) -> Iterator[tuple[str, Summary]]:
    """The arrays that a node saved."""
    step = node[PULL].step
    for name, value in zip(step.saves, bare(node)[FIRST_PARENT + step.arity :], strict=False):
        if isinstance(value, (np.ndarray, np.generic)):
            yield name, summarise(value)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, (np.ndarray, np.generic)):
                    yield f"{name}[{i}]", summarise(item)


def _cotangents(g: Any) -> dict[str, Summary]:
    """What arrived: of one result, or of several."""
    parts = {f"g[{i}]": part for i, part in g.parts.items()} if type(g) is Bundle else {"g": g}
    return {name: summarise(getattr(part, "_data", part)) for name, part in parts.items()}


def _argument(step: Any, i: int) -> str:
    if step.prim is None:
        return "x"
    position = step.active[i]
    return f"{step.prim.arrays[0][1:]}[{position}]" if step.prim.variadic else step.prim.arrays[position]


def _with_node(node: list, cotangent: Any) -> Any:
    """A tensor that stands for the one a sweep began at; its value is that of the note, if known."""
    note = note_of(node)
    known = note.value.few if note is not None and note.value is not None else None
    return new_tensor(getattr(cotangent, "_data", cotangent) if known is None else known, node)


# ---------------------------------------------------------------- text


def _text(what: str, source: Any, inputs: dict[str, Summary], unknown: bool = False) -> str:
    lines = [what]
    if source is not None:
        lines.append(f"  at {source}: {source.code}" if source.code else f"  at {source}")
    elif unknown:
        lines.append("  it was computed outside of detect_anomaly(): its line and module are not known")
    lines += [f"  {name}: {_statistics(value)}" for name, value in list(inputs.items())[:_SHOWN]]
    if len(inputs) > _SHOWN:
        lines.append(f"  ... and {len(inputs) - _SHOWN} more")
    return "\n".join(lines)


def _count(value: Summary) -> str:
    parts = [f"{value.nans:,} NaN"] if value.nans else []
    if value.infinities:
        parts.append(f"{value.infinities:,} {'infinity' if value.infinities == 1 else 'infinities'}")
    size = int(np.prod(value.shape))
    return " and ".join(parts) + (f" among {size:,} elements" if size > 1 else "")


def _passed_on(bad: list[str]) -> str:
    return f"; {', '.join(bad)} had such before" if bad else ""


def _statistics(value: Summary) -> str:
    """One line on an array.

    Example:
        >>> _statistics(summarise(np.array([1.0, 3.0, np.nan])))
        'float64(3,), 1 NaN among 3 elements; the rest from 1 to 3, mean 2, std 1'
    """
    head = f"{value.dtype}{value.shape}"
    if value.low is None:
        return head if not (value.nans or value.infinities) else f"{head}, {_count(value)}"
    facts = f"from {value.low:.4g} to {value.high:.4g}, mean {value.mean:.4g}, std {value.std:.4g}"
    if value.nans or value.infinities:
        return f"{head}, {_count(value)}; the rest {facts}"
    return f"{head}, {facts}"
