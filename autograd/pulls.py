"""Writes the pulls of a primitive: functions from the cotangent of a result to those of arguments.

There is one for each choice of arguments that a gradient flows to, made when first needed,
so that it computes and saves nothing for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .codegen import Faults, compile_function
from .primitive import Primitive, Rule
from .spreading import has_divisible_rules


class Step:
    """A primitive with the choice of arguments that a gradient flows to; describes a pull.

    `rules` are those of the active arguments. `guarded` is the pull for nodes that have guards among what
    they saved, made when first needed, by `behind` where the pull is generated.
    """

    __slots__ = ("active", "arity", "behind", "guarded", "prim", "pull", "rules", "saves")

    def __init__(
        self,
        prim: Primitive | None,
        active: tuple[int, ...],
        saves: tuple[str, ...],
        rules: Sequence[Rule] = (),
    ):
        self.prim, self.active, self.saves, self.rules = prim, active, saves, rules
        self.arity = len(active)
        self.pull: Any = None
        self.guarded: Any = None
        self.behind: Callable | None = None


def step_for(prim: Primitive, active: tuple[int, ...]) -> Step:
    """The step of a primitive with these arguments active; made when first needed."""
    step = prim.steps.get(active)
    if step is None:
        rules = [prim.joint] if prim.joint else [prim.rules[prim.arrays[i]] for i in active]
        saves = dict.fromkeys(n for rule in rules for n in rule.names if n != "wanted")
        step = Step(prim, active, tuple(saves), rules)
        owner = f"{prim.owner}__{'_'.join(map(str, active))}"
        names = {f"rule{i}": rule.fn for i, rule in enumerate(rules)} | {"step": step}
        step.pull = compile_function(owner, _source(prim, step), names)
        step.pull.step = step
        if not prim.variadic:
            step.behind = lambda: compile_function(owner, _source(prim, step, guards=True), names)
        prim.steps[active] = step
        Faults.possible |= prim.singular or prim.looks_back
    return step


def _source(prim: Primitive, step: Step, guards: bool = False) -> list[str]:
    """`def pull(node, g)`: the cotangents of the active arguments, in their order."""
    slot = {name: f"node[{3 + step.arity + i}]" for i, name in enumerate(step.saves)}
    if guards:
        behind = "({0}.array if type({0}) is Guard else {0})"
        slot |= {name: behind.format(place) for name, place in slot.items() if name in prim.arrays}
    kept = ", ".join(["g", *slot.values()])
    slot["wanted"] = repr(step.active)
    lines = ["def pull(node, g):"]
    if prim.results:
        lines.append(f"    g = g.spread({len(prim.results)})")
    if prim.singular:
        lines.append("    if faults.state is faults.UNWATCHED: faults.watch()")
    divisible = has_divisible_rules(prim, step.rules)
    if divisible and not prim.singular:
        large = f"(large := spread_pull(step, {kept}))"
        lines.append(f"    if g.nbytes > LARGE and {large} is not None: return large")
    if prim.joint:
        call = f"rule0({', '.join(['g', *(slot[n] for n in prim.joint.names)])})"
        lines.append(f"    all = {call}")
        parts = [f"all[{i}]" for i in step.active]
    else:
        parts = []
        for i, rule in enumerate(step.rules):
            part = _cotangent(i, rule, slot)
            if divisible and prim.singular:  # one by one, as each tells of its own invalid operations
                large = f"(large := spread_one(step, {i}, {kept}))"
                part += f" if g.nbytes <= LARGE or {large} is None else large"
            if prim.singular and rule.form != "number":
                # a cotangent of exactly zero stays zero, also times an infinite derivative
                lines += [
                    f"    g{i} = {part}",
                    f"    if faults.invalid: g{i} = keep_zeros(g, g{i}, node, {i})",
                ]
                part = f"g{i}"
            if prim.looks_back:
                refused = f"        g{i} = look_back(node, g, {i}, refused)"
                lines += ["    try:", f"        g{i} = {part}", "    except Untold as refused:", refused]
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
