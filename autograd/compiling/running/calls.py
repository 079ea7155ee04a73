"""The Python around a program, written for it: what a run takes along, and what a call relies on.

`body(*arrays)` runs a program on arrays that are known to fit. `call(args, options)` does so after
one expression has found that all is as it was at the call before; it gives MISS if anything is not,
and then the key of the call decides (`keys.py`). What both know is in the names of an entry:

    t s n k   a tensor of the state, its array, its node, and the references to the array
    e g d m   what a leaf keeps its gradient in, the gradient, its memory, and the references to that
    q z       the memory of a gradient that is added to, and the references if no gradient lies there
    b         an array that an optimiser keeps
    seen      the count of changes at which the state was looked at
    again     whether it is the same again, where that is another
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import numpy as np

from ... import changes
from ...codegen import FAST, Never
from ...tape import mode, new_tensor
from ..changed import Changed
from ..reading.checks import MISS, Source, Unchecked, argument, group, read
from ..reading.holding import is_owned
from ..reading.owners import GradPlace
from ..recording.numbers import Numbers
from . import returned
from .accumulated import enter, leave


def _held() -> int:
    names, leaf = {"g": new_tensor(None)}, new_tensor(None)
    leaf._data = names["g"]
    return sys.getrefcount(names["g"])


# References to a gradient that only a leaf and a program's names hold.
HELD = _held()


def body(entry: Any) -> Callable:
    """The function that runs an entry's program on arrays."""
    inputs = [f"x{i}" for i in range(len(entry.traced.recording.inputs))]
    entry.names |= _NAMES
    entry.names["backup"] = entry.guarded.backup
    lines = [f"def body({', '.join(inputs)}):", *_indented(_running(entry, inputs, []))]
    return _function(entry, "body", lines)


def call(entry: Any, args: tuple, options: dict, keys: Any) -> Callable | None:
    """The function that checks a call and runs it, written for one that was as these; None for none."""
    state, source = entry.state, Source(entry.names)
    entry.names |= {"seen": keys.seen, "again": keys.again()}
    grad = "mode.grad" if mode.grad else "not mode.grad"
    usual = "FAST['Tensor'] is not Never or " if mode.grad else ""
    source.require("(changes.count == seen or again(globals()))")
    source.require(f"({usual}(mode.interceptor is None and not mode.levels and {grad}))")
    try:
        _arguments(source, args, options, state)
    except Unchecked:
        return None
    for what in keys.captured.reads:
        read(source, what, keys.captured.own)
    steady = _optimizers(source, entry)
    entry.options = source.options
    _tensors(source, entry)
    _gradients(source, entry)
    checks = [*source.lines, f"if not ({' and '.join(source.conditions)}): return MISS"]
    checks = ["try:", *_indented(checks), "except Exception:", "    return MISS"]
    lines = [*checks, *_running(entry, source.inputs, steady)]
    return _function(entry, "call", ["def call(args, options):", *_indented(lines)])


# ---------------------------------------------------------------- what is checked


def _arguments(source: Source, args: tuple, options: dict, state: Any) -> None:
    names = [f"y{i}" for i in range(len(args))]
    if names:
        source.lines.append(f"{', '.join(names)}, = args")
    else:
        source.require("not args")
    if options:
        source.require(f"[*options] == {source.put(list(options))}")
        for i, key in enumerate(options):
            source.lines.append(f"z{i} = options[{key!r}]")
    else:
        source.require("not options")
    for x, value in zip([*names, *(f"z{i}" for i in range(len(options)))], (*args, *options.values())):
        argument(source, x, value, state)


def _optimizers(source: Source, entry: Any) -> list[Any]:
    """Require what optimisers' options decide; gives the numbers that are the same at each step."""
    steady = [n for n in entry.traced.numbers if n.renew()]
    for optimizer in entry.state.optimizers:
        own = [n for n in steady if n.optimizer is optimizer]
        groups = source.put(optimizer.param_groups)
        source.require(f"{source.put(optimizer)}.param_groups is {groups}")
        source.require(f"len({groups}) == {len(optimizer.param_groups)}")
        for i, options in enumerate(optimizer.param_groups):
            held = group(source, options, functools.partial(_renewed, own))
            source.require(f"{groups}[{i}] is {held}")
    return steady


def _renewed(numbers: list[Numbers]) -> bool:
    return all([n.renew() for n in numbers])


def _tensors(source: Source, entry: Any) -> None:
    for i, (tensor, root) in enumerate(entry.tensors):
        source.require(f"t{i}._data is s{i}", f"t{i}._node is n{i}")
        if root in entry.written:
            source.require(f"getrefcount(s{i}) == k{i}")
            if not is_owned(tensor):  # it may be guarded for a graph
                source.require(f"s{i}.flags.writeable")
    # what others may hold without its being told by references must not be an argument
    held = [id(entry.names[f"s{i}"]) for i, (t, _) in enumerate(entry.tensors) if not is_owned(t)]
    held += [id(entry.names[f"s{i}"]) for i, (_, r) in enumerate(entry.tensors) if r not in entry.written]
    held += [id(entry.names[f"b{i}"]) for i in range(len(entry.slots))]
    if held and source.inputs:
        ids = source.put(frozenset(held))
        source.conditions += [f"id({x}) not in {ids}" for x in source.inputs]


def _gradients(source: Source, entry: Any) -> None:
    # those that there were before the run, which may have made others since
    had = {id(place.owner) for place, _ in entry.traced.places if isinstance(place, GradPlace)}
    for i, (tensor, _) in enumerate(entry.traced.grads):
        if entry.names[f"e{i}"] is not None and not entry.traced.resets:
            source.require(f"e{i}.grad is {'not ' if id(tensor) in had else ''}None")
        if f"d{i}" in entry.names:
            # one that the leaf does not keep has a reference less
            source.require(f"getrefcount(g{i}) <= HELD", f"(e{i}.grad is g{i} or getrefcount(g{i}) < HELD)")
            source.require(f"g{i}._alias is None", f"g{i}._data is d{i}", f"getrefcount(d{i}) == m{i}")
    for i, one in enumerate(entry.names["kept"]):
        grad = f"e{one.number}.grad"
        source.require(f"{grad}._alias is None", f"getrefcount(q{i}) == z{i} + ({grad}._data is q{i})")


# ---------------------------------------------------------------- what is run


def _running(entry: Any, inputs: list[str], steady: list[Numbers]) -> list[str]:
    """The statements that run a program: what goes before, the program, what it leaves, its result."""
    names = entry.names
    others = [n for n in entry.traced.numbers if n not in steady]
    slots = [slot for n in steady for slot in n.slots]
    undone = [*others, *entry.inner]
    suffix = "_steady" if steady else ""
    names |= {f"u{i}{suffix}": n for i, n in enumerate(undone)}
    names |= {f"slot{i}": slot for i, slot in enumerate(slots)}
    names |= {f"undone{suffix}": undone, "slots": slots}
    lines = [f"u{i}{suffix}.ran = False" for i in range(len(undone))]
    lines += ["enter(kept)"] if names["kept"] else []
    guarded = bool(names["backups"] or entry.guarded.generators or entry.guarded.schedulers)
    lines += ["undo = backup(backups)"] if guarded else []
    for n in steady:
        n.optimizer.stepped = True
    lines += [f"slot{i}.step += 1" for i in range(len(slots))]
    program = [f"found = run({', '.join(inputs)})"]
    if entry.wrapped:
        state = 'errstate(all="ignore", invalid="call", call=faults.note)'
        program = ["faults.invalid = False", f"with {state}:", *_indented(program)]
    failed = f"failed(error, {'undo' if guarded else 'None'}, undone{suffix}, {'slots' if slots else '()'})"
    lines += ["try:", *_indented([*(f"u{i}{suffix}()" for i in range(len(others))), *program])]
    lines += ["except Exception as error:", f"    {failed}"]
    lines += ["leave(kept, globals())"] if any(one.written for one in names["kept"]) else []
    for i, (_, final) in enumerate(entry.traced.grads):
        if names[f"e{i}"] is not None and (final is None or f"d{i}" in names):
            lines.append(f"e{i}.grad = {'None' if final is None else f'g{i}'}")
    return lines + returned.source(entry)


def _failed(error: Exception, undo: Callable[[], None] | None, numbers: list, slots: Any) -> None:
    """Leave the state as it was before a run that did not end."""
    if undo is not None:
        undo()
    for one in numbers:
        one.undo()
    for slot in slots:
        slot.step -= 1
    if isinstance(error, Changed):
        raise error
    raise Changed(f"{type(error).__name__}: {error}") from error


_NAMES = {
    "MISS": MISS, "HELD": HELD, "changes": changes, "mode": mode, "FAST": FAST, "Never": Never,
    "ndarray": np.ndarray, "errstate": np.errstate, "getrefcount": sys.getrefcount,
    "failed": _failed, "enter": enter, "leave": leave,
}  # fmt: skip


def _function(entry: Any, name: str, lines: list[str]) -> Callable:
    scope: dict[str, Any] = {}
    exec(_code("\n".join(lines)), entry.names, scope)
    return scope[name]


@functools.lru_cache(maxsize=256)
def _code(text: str) -> CodeType:
    return compile(text, "<autograd call>", "exec")


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
