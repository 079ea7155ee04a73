"""Writes the Python source of each primitive's function and pulls, as `dataclasses` does.

A generic `*args` dispatcher costs several times the NumPy call that it wraps, so each
primitive gets straight-line code of its own. `print(autograd.codegen.source("multiply"))`
shows it; it is in `linecache`, so that debuggers step through it and tracebacks show it.

The generated function treats the usual case alone: every array argument is exactly a Tensor, a
Parameter, an ndarray or a Python number, and no thread is in an unusual mode. For everything
else it calls `tape.apply`, which means the same. Primitives with more than three array
arguments, or a sequence of them, have no fast path: there the kernel outweighs the call.
"""

from __future__ import annotations

import itertools
import linecache
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import diagnose
from .memory import FOREIGN_ARRAY, SMALL, attach_view, protect
from .primitive import REGISTRY, Primitive, Rule

next_order = itertools.count(0, -1).__next__


class Never:
    """The type of nothing: stands in where no argument may take the fast path."""


class Faults(threading.local):
    """Whether a sweep in this thread met an invalid operation, such as `0 * inf`."""

    invalid = False


# The globals of all generated functions. `Tensor` and `Parameter` are what the type of an
# argument is compared with on the fast path. While any thread is in an unusual mode both are
# `Never`, so that every call takes the slow path and the usual mode costs nothing to check.
FAST: dict[str, Any] = {
    "Tensor": Never,
    "Parameter": Never,
    "ndarray": np.ndarray,
    "float64": np.float64,
    "next_order": next_order,
    "protect": protect,
    "attach_view": attach_view,
    "FOREIGN": FOREIGN_ARRAY,
    "explain": diagnose.explain,
    "faults": Faults(),
}

FAST_ARGUMENTS = 3


class Step:
    """A primitive with the choice of arguments that a gradient flows to; describes a pull."""

    __slots__ = ("active", "arity", "guarded", "prim", "pull", "saves")

    def __init__(self, prim: Primitive | None, active: tuple[int, ...], saves: tuple[str, ...]):
        self.prim, self.active, self.saves = prim, active, saves
        self.arity = len(active)
        self.pull: Any = None
        self.guarded: Any = None


def step_for(prim: Primitive, active: tuple[int, ...]) -> Step:
    """The step of a primitive with these arguments active; made when first needed."""
    step = prim.steps.get(active)
    if step is None:
        rules = [prim.joint] if prim.joint else [prim.rules[prim.arrays[i]] for i in active]
        names = dict.fromkeys(n for rule in rules for n in rule.names if n != "wanted")
        step = Step(prim, active, tuple(names))
        step.pull = _compile("pull", _pull_source(prim, step, rules), _pull_names(rules), prim.name)
        step.pull.step = step
        prim.steps[active] = step
    return step


# ---------------------------------------------------------------- pulls


def _pull_source(prim: Primitive, step: Step, rules: Sequence[Rule]) -> list[str]:
    """`def pull(node, g)`: the cotangents of the active arguments, in their order."""
    slot = {name: f"node[{3 + step.arity + i}]" for i, name in enumerate(step.saves)}
    slot["wanted"] = repr(step.active)
    lines = ["def pull(node, g):"]
    if prim.joint:
        call = f"rule0({', '.join(['g', *(slot[n] for n in prim.joint.names)])})"
        lines.append(f"    all = {call}")
        parts = [f"all[{i}]" for i in step.active]
    else:
        parts = []
        for i, rule in enumerate(rules):
            part = _cotangent(i, rule, slot)
            if prim.singular and rule.form != "number":
                # a cotangent of exactly zero stays zero, also times an infinite derivative
                lines += [
                    f"    g{i} = {part}",
                    f"    if faults.invalid: g{i} = keep_zeros(g, g{i})",
                ]
                part = f"g{i}"
            parts.append(part)
    lines.append(f"    return {parts[0] if step.arity == 1 else ', '.join(parts)}")
    return lines


def _cotangent(i: int, rule: Rule, slot: dict[str, str]) -> str:
    """The expression for one argument's cotangent."""
    saved = [slot[name] for name in rule.names]
    if rule.form == "vjp":
        return f"rule{i}({', '.join(['g', *saved])})"
    if rule.form == "factor":
        return f"g * {saved[0]}" if rule.is_saved_value else f"g * rule{i}({', '.join(saved)})"
    return {1: "g", -1: "-g", 0: "zeros_like(g)"}.get(rule.fn, f"g * {rule.fn!r}")


def _pull_names(rules: Sequence[Rule]) -> dict[str, Any]:
    return {f"rule{i}": rule.fn for i, rule in enumerate(rules)}


# ---------------------------------------------------------------- functions


def build(prim: Primitive) -> Callable:
    """The function that users call: `name(*arrays, *statics)`, arrays and statics by name."""
    if prim.variadic or len(prim.arrays) > FAST_ARGUMENTS:
        lines, names = _plain_source(prim), dict[str, Any]()
    else:
        lines, names = _fast_source(prim)
    names |= {f"default_{n}": d for n, d in prim.defaults.items()}
    names |= {"prim": prim, "kernel": prim.kernel}
    function = _compile(prim.name, lines, names, prim.name)
    function.__doc__ = prim.doc
    function.primitive = prim  # type: ignore[attr-defined]
    return function


def _signature(prim: Primitive) -> str:
    plain = [a.lstrip("*") for a in prim.arrays]
    return ", ".join(f"{n}=default_{n}" if n in prim.defaults else n for n in [*plain, *prim.statics])


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _plain_source(prim: Primitive) -> list[str]:
    arrays = f"tuple({prim.arrays[0][1:]})" if prim.variadic else _tuple(prim.arrays)
    return [
        f"def {prim.name}({_signature(prim)}):",
        f"    return slow(prim, {arrays}, {_tuple(prim.statics)})",
    ]


def _fast_source(prim: Primitive) -> tuple[list[str], dict[str, Any]]:
    """The fast path. For `x`: `x_type`, `x_data`, `x_node`, `x_alias` (None: safe to save)."""
    names: dict[str, Any] = {}
    slow = f"slow(prim, {_tuple(prim.arrays)}, {_tuple(prim.statics)})"
    statics = list(prim.statics)
    lines = [f"def {prim.name}({_signature(prim)}):"]
    if prim.is_elementwise and len(prim.arrays) == 2 and prim.differentiable_in(0):
        lines += _with_number(prim, names)
    for x in prim.arrays:
        lines += _unpack(prim, x, slow, statics)
    datas = [f"{x}_data" for x in prim.arrays]
    call = f"kernel({', '.join(datas + statics)})"
    if prim.kernel_source:
        call = prim.kernel_source.format(**dict(zip(prim.arrays, datas, strict=True)))
    lines += [
        "    try:",
        f"        {'out, aux' if prim.aux else 'out'} = {call}",
        "    except Exception as error:",
        f"        raise explain(prim, {_tuple(datas)}, {_tuple(statics)}, error, path()) from None",
    ]
    lines += _record(prim, list(range(len(prim.arrays))), (), "    ", names)
    lines += [
        "    tensor = new(Made)",
        "    tensor._data = out",
        "    tensor._node = node",
        "    tensor._alias = None",
    ]
    if prim.view is not None:
        lines.append(f"    attach_view(tensor, {prim.arrays[0]}, prim, {_tuple(statics)})")
    lines.append("    return tensor")
    return lines, names


def _with_number(prim: Primitive, names: dict[str, Any]) -> list[str]:
    """The case of a Tensor and a Python float: nothing to broadcast, cast or protect.

    NumPy scalars take a tenth of the time with an operator, arrays less with the ufunc.
    """
    x, y = prim.arrays
    step = step_for(prim, (0,))
    names["pull_number"] = step.pull
    slots = [y if name == y else _saved(prim, name) for name in step.saves]
    node = f"[next_order(), {', '.join(['pull_number', 'None', f'{x}_node', *slots])}]"
    call = f"kernel({x}_data, {y})"
    if prim.kernel_source:
        inline = prim.kernel_source.format(**{x: f"{x}_data", y: y})
        call = f"{call} if type({x}_data) is ndarray else {inline}"
    alias = f" and {x}._alias is None" if x in step.saves else ""
    return [
        f"    if type({y}) is float and type({x}) is Tensor{alias}:",
        f"        {x}_data = {x}._data",
        f"        {x}_node = {x}._node",
        f"        out = {call}",
        "        tensor = new(Made)",
        "        tensor._data = out",
        f"        tensor._node = None if {x}_node is None else {node}",
        "        tensor._alias = None",
        "        return tensor",
    ]


def _unpack(prim: Primitive, x: str, slow: str, statics: list[str]) -> list[str]:
    """Take one argument apart by its type."""
    lines = [
        f"    {x}_type = type({x})",
        f"    if {x}_type is Tensor or {x}_type is Parameter:",
        f"        {x}_data = {x}._data; {x}_node = {x}._node; {x}_alias = {x}._alias",
    ]
    if len(prim.arrays) == 1:
        lines += [
            f"    elif {x}_type is ndarray or {x}_type is float64:",
            f"        return kernel({', '.join([x, *statics])}){'[0]' if prim.aux else ''}",
        ]
    else:
        lines += [
            f"    elif {x}_type is float or {x}_type is int or {x}_type is float64"
            + (f" or {x} is None:" if x in prim.defaults else ":"),
            f"        {x}_data = {x}; {x}_node = {x}_alias = None",
            f"    elif {x}_type is ndarray:",
            f"        {x}_data = {x}; {x}_node = None; {x}_alias = FOREIGN",
        ]
    return [*lines, "    else:", f"        return {slow}"]


def _record(
    prim: Primitive, left: list[int], active: tuple[int, ...], indent: str, names: dict
) -> list[str]:
    """Nested tests of which arguments have a node, down to one list display for each case."""
    if not left:
        return [indent + line for line in _node(prim, active, names)]
    i, rest = left[0], left[1:]
    if not prim.differentiable_in(i):
        return _record(prim, rest, active, indent, names)
    return [
        f"{indent}if {prim.arrays[i]}_node is None:",
        *_record(prim, rest, active, indent + "    ", names),
        f"{indent}else:",
        *_record(prim, rest, (*active, i), indent + "    ", names),
    ]


def _node(prim: Primitive, active: tuple[int, ...], names: dict[str, Any]) -> list[str]:
    """The statements that make the node when exactly these arguments are active."""
    if not active:
        if len(prim.arrays) == 1:
            return ["node = None"]
        kinds = [f"{x}_type is {t}" for x in prim.arrays for t in ("Tensor", "Parameter")]
        return [f"if not ({' or '.join(kinds)}): return out", "node = None"]
    step = step_for(prim, active)
    pull = f"pull_{''.join(map(str, active))}"
    names[pull] = step.pull
    lines = []
    for i in active:
        lines += _link(prim, i)
    slots = [_saved(prim, name) for name in step.saves]
    parents = [f"{prim.arrays[i]}_node" for i in active]
    lines.append(f"node = [next_order(), {', '.join([pull, 'None', *parents, *slots])}]")
    for slot, name in enumerate(step.saves, 3 + step.arity):
        if name in prim.arrays:
            # the copy is what `protect` does with a small array, without calls
            lines += [
                f"if {name}_alias is not None: node[{slot}] = {name}_data.copy() "
                f"if {name}_alias is FOREIGN and {name}_data.nbytes <= {SMALL} "
                f"else protect({name}_data, {name}_alias, node)",
            ]
    return lines


def _link(prim: Primitive, i: int) -> list[str]:
    """Broadcast and cast one argument, where its shape or dtype is not what the call needs."""
    if len(prim.arrays) == 1:
        return []
    x, others = prim.arrays[i], [y for j, y in enumerate(prim.arrays) if j != i]
    others = [y for y in others if prim.differentiable_in(prim.arrays.index(y))]
    if not others:
        return []
    if prim.is_elementwise:
        test = f"{x}_data.shape != out.shape or {x}_data.dtype is not out.dtype"
        if len(prim.arrays) == 2 and "ff->f" in getattr(prim.kernel, "types", ()):
            # a Python number changes neither shape nor dtype, unless the kernel itself widens;
            # skipping the test for it is worth a tenth of a small operation
            test = f"{others[0]}_type is not float and ({test})"
    elif not prim.promotes:
        return []
    elif prim.core is None:
        test = f"{x}_data.dtype is not out.dtype"
    else:
        core, out_core = prim.core[i], prim.core_out
        test = (
            f"{x}_data.dtype is not out.dtype or "
            f"{x}_data.shape[:{x}_data.ndim - {core}] != out.shape[:out.ndim - {out_core}]"
        )
    values = _tuple([f"{y}_data" for y in prim.arrays])
    return [f"if {test}: {x}_node = link(prim, {i}, {x}_node, {values}, out)"]


def _saved(prim: Primitive, name: str) -> str:
    """The expression for one saved value."""
    if name in ("out", "aux"):
        return name
    for x in prim.arrays:
        if name in (f"{x}_shape", f"{x}_dtype"):
            return f"{x}_data.{name[len(x) + 1 :]}"
    return f"{name}_data" if name in prim.arrays else name


# ---------------------------------------------------------------- compiling

_factories: dict[str, Callable] = {}
_sources: dict[str, list[str]] = {}


def _compile(name: str, lines: list[str], names: dict[str, Any], owner: str) -> Callable:
    """The function that the source defines, with `names` as its closure.

    Primitives of one form share one compiled factory (their sources differ in the function's
    name alone), which keeps importing fast.
    """
    signature = ", ".join(names)
    body = [line.replace(f"def {name}(", "def generated(", 1) for line in lines]
    text = "\n".join([f"def factory({signature}):", *(f"    {b}" for b in body), "    return generated"])
    _sources.setdefault(owner, []).append("\n".join(lines))
    if text not in _factories:
        filename = f"<autograd generated {len(_factories)}: like {owner}>"
        scope: dict[str, Any] = {}
        exec(compile(text, filename, "exec"), FAST, scope)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        _factories[text] = scope["factory"]
    function = _factories[text](**names)
    function.__name__ = function.__qualname__ = name
    function.__module__ = "autograd"
    return function


def source(name: str) -> str:
    """The generated source of a primitive: its function, then its pulls as far as made.

    Example:
        >>> print(source("negative").splitlines()[0])
        def pull(node, g):
    """
    if name not in REGISTRY:
        raise KeyError(f"no primitive named {name!r}; autograd.primitive.REGISTRY lists them")
    return "\n\n".join(_sources[name])
