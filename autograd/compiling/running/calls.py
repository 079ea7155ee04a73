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
import itertools
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import numpy as np

from ... import changes, tape
from ...codegen import FAST, Never
from ...sweeping import freed_pull
from ...tape import TensorBase, mode, new_tensor
from ..changed import Changed
from ..containers import held_by, mapped
from ..reading.checks import MISS, Source, Unchecked, argument, group, read
from ..reading.holding import is_owned
from ..reading.owners import GradPlace
from ..recording.numbers import Numbers
from ..recording.results import ARRAY, HOLE, SCALAR, SWEPT
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
    return lines + _result(entry)


def _result(entry: Any) -> list[str]:
    tree, kinds = entry.traced.tree, entry.traced.kinds
    if tree is not HOLE:
        entry.names |= {"tree": tree, "kinds": kinds}
        return [f"return {_containers(entry) or 'result(tree, kinds, found)'}"]
    if kinds[0] == SCALAR:
        return ["return found[0]"]
    if kinds[0] == ARRAY:
        return ["return asarray(found[0])"]
    node = "[1, freed_pull, None]" if kinds[0] == SWEPT else "None"
    return [
        "made = new(Made)", "made._data = found[0]", "made._alias = None", f"made._node = {node}",
        "return made",
    ]  # fmt: skip


# What becomes of an array, and how much is in containers, at most, that are written out.
_KINDS = {SCALAR: "found[{}]", ARRAY: "asarray(found[{}])", SWEPT: "swept(found[{}])"}
_MOST = 64


def _containers(entry: Any) -> str | None:
    """The expression for a result of few tuples, lists and dicts; None for one of others."""
    kinds, names = entry.traced.kinds, entry.names
    numbers, parts = itertools.count(), itertools.count(1)
    fixed: list[Any] = []  # what is the same in each result: keys, and what is no array

    def put(value: Any) -> str:
        fixed.append(value)
        return f"fixed{len(fixed) - 1}"

    def source(tree: Any) -> str:
        if next(parts) > _MOST:
            raise Unchecked
        if tree is HOLE:
            i = next(numbers)
            return _KINDS.get(kinds[i], "tensor(found[{}])").format(i)
        kind = type(tree)
        if kind not in (tuple, list, dict):
            if isinstance(tree, tuple) or held_by(tree) is not None:
                raise Unchecked
            return put(tree)
        if kind is dict:
            return f"{{{', '.join(f'{put(k)}: {source(v)}' for k, v in tree.items())}}}"
        items = "".join(f"{source(item)}, " for item in tree)
        return f"({items})" if kind is tuple else f"[{items}]"

    try:
        text = source(entry.traced.tree)
    except Unchecked:
        return None
    names |= {f"fixed{i}": value for i, value in enumerate(fixed)}
    return text


def result_of(tree: Any, kinds: list[str], arrays: Any) -> Any:
    """The result of a function, of these arrays."""
    values = zip(arrays, kinds, strict=True)
    return mapped(tree, lambda v: _wrapped(*next(values)) if v is HOLE else v)


def _wrapped(array: Any, kind: str) -> Any:
    """An array as the kind of thing that the function gives."""
    if kind == SCALAR:
        return array
    if kind == ARRAY:
        return array if type(array) is np.ndarray else np.asarray(array)
    return _swept(array) if kind == SWEPT else new_tensor(array)


def _swept(array: Any) -> Any:
    """A tensor as after backward(): it requires grad, and its graph is gone."""
    tensor = new_tensor(array)
    tensor._node = [1, freed_pull, None]
    return tensor


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
    "ndarray": np.ndarray, "asarray": np.asarray, "errstate": np.errstate, "getrefcount": sys.getrefcount,
    "new": TensorBase.__new__, "freed_pull": freed_pull, "result": result_of, "failed": _failed,
    "tensor": new_tensor, "swept": _swept,
    "enter": enter, "leave": leave,
}  # fmt: skip


def _function(entry: Any, name: str, lines: list[str]) -> Callable:
    entry.names["Made"] = tape._made
    scope: dict[str, Any] = {}
    exec(_code("\n".join(lines)), entry.names, scope)
    return scope[name]


@functools.lru_cache(maxsize=256)
def _code(text: str) -> CodeType:
    return compile(text, "<autograd call>", "exec")


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
