"""Single elements that a program keeps in variables rather than in memory: that takes half as long."""

from __future__ import annotations

from ..ir import FRESH, Instruction, Operand, Scalar
from ..plan import Plan
from ..planning.arena import read_at_end
from ..planning.lowering import OPERATORS, gives_element, set_element


def variables(plan: Plan) -> set[int]:
    """The roots of a plan that are only written as numbers, and only read as such."""
    found: set[int] = set()
    others = read_at_end(plan.recording) | plan.lasting.keys() | plan.bound | plan.hosts.keys()
    others |= {host for host, _ in plan.hosts.values()} | {o.root for o in plan.given}
    for step in plan.steps:
        numbers = _as_numbers(step)
        found |= {o.root for o in numbers}
        others |= {o.root for o in step.touched() if o not in numbers}
    return {root for root in found - others if plan.recording.roots[root].kind == FRESH}


def _as_numbers(step: Instruction) -> list[Operand]:
    """What a step writes as a number, and what it reads so."""
    if step.kind != "call" or not (gives_element(step) or step.fn is set_element):
        return []
    read = [x.operand for x in step.args if type(x) is Scalar]
    if not gives_element(step):
        return read
    alike = step.fn not in OPERATORS or all(x.dtype == step.out.dtype for x in read)
    return [*read, step.out] if not step.out.shape and alike else read
