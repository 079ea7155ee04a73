"""Writes the function of a primitive that users call.

It treats the usual case alone: every array argument is exactly a Tensor, a Parameter, an
ndarray or a Python number, and no thread is in an unusual mode. For everything else it calls
`tape.apply`, which means the same. Primitives with more than three array arguments, a sequence of
them, or several of both arguments and results have no fast path: there the kernel outweighs the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .codegen import FAST, compile_function
from .memory import SMALL
from .primitive import REGISTRY, Primitive
from .pulls import step_for
from .spreading import is_divisible, keeps_dtype

FAST_ARGUMENTS = 3


def finish(prim: Primitive) -> None:
    """Give the function of a primitive its code: `name(*arrays, *statics)`."""
    function = prim.function
    if function.__code__.co_name != "_first_call":
        return
    count = len(prim.arrays)
    if prim.variadic or count > FAST_ARGUMENTS or (prim.results and count > 1):
        lines, names = _plain_source(prim), dict[str, Any]()
    else:
        lines, names = _fast_source(prim)
    names |= {f"default_{n}": d for n, d in prim.defaults.items()}
    names |= {"prim": prim, "kernel": prim.kernel}
    written = compile_function(prim.owner, lines, names)
    function.__defaults__, function.__kwdefaults__ = written.__defaults__, None
    function.__code__ = written.__code__


FAST["finish"] = finish


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
    two = prim.is_elementwise and len(prim.arrays) == 2
    if two and prim.differentiable_in(0) and keeps_dtype(prim.kernel):
        lines += _with_number(prim, names)
    for x in prim.arrays:
        lines += _unpack(prim, x, slow, statics)
    datas = [f"{x}_data" for x in prim.arrays]
    call = f"kernel({', '.join(datas + statics)})"
    if prim.kernel_source:
        call = prim.kernel_source.format(**dict(zip(prim.arrays, datas, strict=True)))
    call = _by_size(prim, call, datas, [f"{x}_type" for x in prim.arrays])
    lines += [
        "    try:",
        f"        {'out, aux' if prim.aux else 'out'} = {call}",
        "    except Exception as error:",
        f"        raise explain(prim, {_tuple(datas)}, {_tuple(statics)}, error) from None",
    ]
    lines += _record(prim, list(range(len(prim.arrays))), (), "    ", names)
    if prim.results:
        return [*lines, "    return several(out, node)"], names
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


def _by_size(prim: Primitive, call: str, values: Sequence[str], types: Sequence[str] = ()) -> str:
    """The expression of a call that is spread over threads where its first array is large.

    The first value is an array or a NumPy scalar; where two may also be numbers, `types` are their types.
    """
    if not is_divisible(prim):
        return call
    small = f"{values[0]}.nbytes <= LARGE"
    if len(types) == 2:
        other = f"{types[1]} in NUMBERS or {values[1]}.nbytes <= LARGE"
        small = f"({other} if {types[0]} in NUMBERS else {small})"
    return f"{call} if {small} else spread_call(prim, {', '.join(values)})"


def _with_number(prim: Primitive, names: dict[str, Any]) -> list[str]:
    """The case of a Tensor and a Python float: nothing to broadcast, cast or protect.

    NumPy scalars take a tenth of the time with an operator, arrays less with the ufunc.
    """
    x, y = prim.arrays
    step = step_for(prim, (0,))
    names["pull_number"] = step.pull
    slots = [y if name == y else _saved(prim, name) for name in step.saves]
    node = f"[next_order(), {', '.join(['pull_number', 'None', f'{x}_node', *slots])}]"
    call = _by_size(prim, f"kernel({x}_data, {y})", [f"{x}_data", y])
    if prim.kernel_source:
        inline = prim.kernel_source.format(**{x: f"{x}_data", y: y})
        call = f"({call}) if type({x}_data) is ndarray else {inline}"
    alias = f" and {x}._alias is None" if x in step.saves else ""
    return [
        f"    if type({y}) is float and type({x}) is Tensor{alias}:",
        f"        {x}_data = {x}._data",
        f"        {x}_node = {x}._node",
        "        try:",
        f"            out = {call}",
        "        except Exception as error:",
        f"            raise explain(prim, ({x}_data, {y}), (), error) from None",
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
        call = f"kernel({', '.join([x, *statics])}){'[0]' if prim.aux else ''}"
        call = _by_size(prim, call, [x])
        lines += [
            f"    elif {x}_type is ndarray or {x}_type is float64:",
            "        try:",
            f"            return {call}",
            "        except Exception as error:",
            f"            raise explain(prim, ({x},), {_tuple(statics)}, error) from None",
        ]
    else:
        lines += [
            f"    elif {x}_type is ndarray:",
            f"        {x}_data = {x}; {x}_node = None; {x}_alias = FOREIGN",
            f"    elif {x}_type is float or {x}_type is int or {x}_type is float64"
            + (f" or {x} is None:" if x in prim.defaults else ":"),
            f"        {x}_data = {x}; {x}_node = {x}_alias = None",
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
    lines = [line for i in active for line in _link(prim, i, names)]
    if len(lines) > 1:  # asking an array costs as much as a test
        asked = [fact for fact in ("shape", "dtype") if any(f"out.{fact}" in line for line in lines)]
        lines = [line.replace("out.shape", "out_shape").replace("out.dtype", "out_dtype") for line in lines]
        lines.insert(0, "; ".join(f"out_{fact} = out.{fact}" for fact in asked))
    parents = [f"{prim.arrays[i]}_node" for i in active]
    slots = [_saved(prim, name) for name in step.saves]
    for i, name in enumerate(step.saves):
        if name in prim.arrays:
            # the copy is what `protect` does with a small array, without calls
            slots[i] = (
                f"{name}_data if {name}_alias is None else {name}_data.copy('K') "
                f"if {name}_alias is FOREIGN and {name}_data.nbytes <= {SMALL} else {name}_data"
            )
    lines.append(f"node = [next_order(), {', '.join([pull, 'None', *parents, *slots])}]")
    for slot, name in enumerate(step.saves, 3 + step.arity):
        if name in prim.arrays:
            lines += [
                f"if {name}_alias is not None and node[{slot}] is {name}_data: "
                f"node[{slot}] = protect({name}_data, {name}_alias, node)",
            ]
    return lines


def _link(prim: Primitive, i: int, names: dict[str, Any]) -> list[str]:
    """Broadcast and cast one argument, where its shape or dtype is not what the call needs."""
    if len(prim.arrays) == 1:
        return []
    x, others = prim.arrays[i], [y for j, y in enumerate(prim.arrays) if j != i]
    others = [y for y in others if prim.differentiable_in(prim.arrays.index(y))]
    if not others and not prim.is_elementwise:
        return []
    if not others:
        test = f"{x}_data.shape != out.shape"  # a constant argument broadcasts too, but casts nothing
    elif prim.is_elementwise:
        test = f"{x}_data.shape != out.shape or {x}_data.dtype is not out.dtype"
        if len(prim.arrays) == 2 and keeps_dtype(prim.kernel):
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
            f"{x}_data.dtype is not out.dtype or out.ndim > {out_core} and "
            f"{x}_data.shape[:{x}_data.ndim - {core}] != out.shape[:out.ndim - {out_core}]"
        )
    if prim.is_elementwise and others and prim.promotes:  # what `link` does there, without a call
        facts = f"{x}_data.shape, {x}_data.dtype, out.shape, out.dtype"
        names["pull_link"] = step_for(REGISTRY["broadcast_cast"], (0,)).pull
        return [f"if {test}: {x}_node = [next_order(), pull_link, None, {x}_node, {facts}]"]
    values = _tuple([f"{y}_data" for y in prim.arrays])
    return [f"if {test}: {x}_node = link(prim, {i}, {x}_node, {values}, out)"]


def _saved(prim: Primitive, name: str) -> str:
    """The expression for one saved value."""
    if name in ("out", "aux"):
        return name
    if name in prim.results:
        return f"out[{prim.results.index(name)}]"
    for x in prim.arrays:
        if name == f"{x}_dtype" and len(prim.arrays) > 1:
            return f"getattr({x}_data, 'dtype', None)"  # beside arrays it may be a Python number
        if name in (f"{x}_shape", f"{x}_dtype"):
            return f"{x}_data.{name[len(x) + 1 :]}"
    return f"{name}_data" if name in prim.arrays else name
