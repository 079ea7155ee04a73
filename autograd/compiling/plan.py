"""What a recording needs: no call whose result nobody reads, and one arena for all that is temporary."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..graph.records import Tape
from ..tables import align
from .ir import FRESH, Fixed, Held, Instruction, Operand, Recording, Scalar, leaves, mapped, operands
from .layouts import with_layouts
from .lowering import gives_new_array
from .patterns import rewritten, with_indices
from .picture import tape_of
from .recorder import cleared, zeroed
from .simplify import COPIES, simplified
from .small import hastened
from .tiles import with_tiles

ALIGNMENT = 64


@dataclass(slots=True)
class Plan:
    """The steps that run, and where temporary roots lie.

    Attributes:
        steps: those that are needed, in order.
        lasting: roots of the program's own that keep their memory between runs.
        bound: roots whose array is made in each run, by the call that gives it.
        offsets: where the other fresh roots lie in the arena.
        arena: its bytes; `unshared` what all of them would take side by side.
    """

    steps: list[Instruction]
    lasting: set[int]
    bound: set[int]
    offsets: dict[int, int] = field(default_factory=dict)
    arena: int = 0
    unshared: int = 0
    recording: Recording = field(default_factory=Recording, repr=False)

    def __tape__(self) -> Tape:
        """The records that `autograd.graph.draw` makes a picture of."""
        ends = list(operands((self.recording.outputs, [pair[1] for pair in self.recording.finals])))
        return tape_of(self.steps, self.recording, ends, self.offsets)

    def __str__(self) -> str:
        lasting = f"{len(self.lasting)} kept between runs, " if self.lasting else ""
        head = (
            f"{len(self.steps)} steps; {len(self.offsets)} buffers in an arena of {self.arena:,} bytes "
            f"({self.unshared:,} without reuse), {lasting}{len(self.bound)} made in each run"
        )
        rows = [("step", "of", "call", "results", "line"), *(_row(self, step) for step in self.steps)]
        return "\n".join([head, *align(rows, left=range(1, 5))])


def _row(plan: Plan, step: Instruction) -> tuple[str, ...]:
    """One step of the table: number, what it belongs to, call, results and their place, the user's line."""
    made = [_place_of(plan, o) for o in step.made()] or [_place_of(plan, o) for o in step.writes]
    name = getattr(step.fn, "__name__", type(step.fn).__name__)
    owner = getattr(step.fn, "__self__", None)
    name = f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else name
    kind = "" if step.kind == "call" else f" ({step.kind})"
    return str(step.number), step.label, name + kind, ", ".join(made), step.line


def _place_of(plan: Plan, o: Operand) -> str:
    where = f"@{plan.offsets[o.root] + o.offset}" if o.root in plan.offsets else f"%{o.root}"
    return f"{where} {o.dtype}{list(o.shape)}"


def planned(recording: Recording, lasting: set[int], loops: bool = False) -> Plan:
    """The plan of a recording.

    Args:
        lasting: roots that outlive a run.
        loops: whether elementwise calls are compiled into loops.
    """
    steps = _needed(recording.steps, recording, lasting)
    ends = _ends(recording) | lasting
    steps = _asked(_needed(simplified(steps, recording, ends), recording, lasting))
    steps = with_indices(_made_in_place(steps, ends), recording)
    if loops:
        from .native import with_loops

        steps = with_loops(with_layouts(steps, recording, ends), recording, ends)
    else:
        steps = hastened(with_tiles(rewritten(steps, recording), recording, ends), recording)
    bound = {
        o.root for step in steps if gives_new_array(step) for o in step.made() if o.root not in lasting
    }
    plan = Plan(steps, lasting, bound, recording=recording)
    _place(plan, recording)
    return plan


def _ends(recording: Recording) -> set[int]:
    """Roots that are read after the last step."""
    return {o.root for o in operands((recording.outputs, [pair[1] for pair in recording.finals]))}


def _needed(steps: list[Instruction], recording: Recording, lasting: set[int]) -> list[Instruction]:
    """The steps without those that only make what nobody reads."""
    alive = _ends(recording) | lasting
    held: set[int] = set()
    holding = any(step.kind == "opaque" for step in steps)
    kept = []
    for step in reversed(steps):
        targets = {o.root for o in (*step.made(), *step.writes)}
        outside = any(recording.roots[r].kind != FRESH for r in targets)
        tells = step.kind == "opaque" and (step.results is None or _tells(step.results))
        is_check = step.checks or step.kind in ("guard", "effect") or tells
        if is_check or outside or targets & alive or step.number in held:
            kept.append(step)
            alive |= {o.root for o in (*step.reads(), *step.writes)}
            if holding:
                held |= set(_held_numbers(step))
    return kept[::-1]


def _tells(results: object) -> bool:
    """Whether an opaque call is there to see whether it gives the same plain values again, or to raise."""
    if isinstance(results, tuple) and type(results) not in (Fixed, Held, Operand):
        return any(part is not None and _tells(part) for part in results)
    return results is None or type(results) is Fixed


def _held_numbers(step: Instruction) -> list[int]:
    return [x.number for x in leaves(step.args) if type(x) is Held]


def _asked(steps: list[Instruction]) -> list[Instruction]:
    """The steps without those that forget what NumPy reported, where nobody asks later."""
    kept, asked = [], False
    for step in reversed(steps):
        if step.fn is not cleared or asked:
            kept.append(step)
        asked = step.fn is zeroed or (asked and step.fn is not cleared)
    return kept[::-1]


def _made_in_place(steps: list[Instruction], ends: set[int]) -> list[Instruction]:
    """The steps, where what is only copied to a result is made there."""
    fixed = {o.root for step in steps for o in step.writes}
    makers = {o.root: o for step in steps for o in step.made()}
    moved: dict[int, int] = {}
    kept = []
    for step in steps:
        x, result = step.args[0] if step.args else None, step.results
        if step.kind == "call" and step.fn in COPIES and type(x) is Operand and type(result) is Operand:
            alike = makers.get(x.root) == x == result._replace(root=x.root)
            if alike and result.root in ends - fixed and x.root not in fixed | ends | moved.keys():
                moved[x.root] = result.root
                continue
        kept.append(step)

    def change(x: Any) -> Any:
        if type(x) is slice:
            return slice(change(x.start), change(x.stop), change(x.step))
        if type(x) is Scalar:
            return Scalar(change(x.operand))
        return x._replace(root=moved[x.root]) if type(x) is Operand and x.root in moved else x

    def renamed(step: Instruction) -> Instruction:
        if not any(o.root in moved for o in (*step.reads(), *step.made())):
            return step
        parts = (mapped(tree, change) for tree in (step.args, step.options, step.results))
        return dataclasses.replace(step, **dict(zip(("args", "options", "results"), parts, strict=True)))

    return [renamed(step) for step in kept]


# ---------------------------------------------------------------- memory


def _place(plan: Plan, recording: Recording) -> None:
    """Give each temporary root a place in the arena, the same to those that never live together."""
    first, last = _lifetimes(plan, recording)
    ends_at: dict[int, list[int]] = {}
    for root, at in last.items():
        ends_at.setdefault(at, []).append(root)
    free: list[tuple[int, int]] = []  # (offset, size), sorted
    sizes: dict[int, int] = {}
    starts: dict[int, list[int]] = {}
    for root, at in first.items():
        starts.setdefault(at, []).append(root)
    taken_over: set[int] = set()
    for i in range(len(plan.steps) + 1):
        step = plan.steps[i] if i < len(plan.steps) else None
        for root in starts.get(i, []):
            size = -(-max(recording.roots[root].nbytes, 1) // ALIGNMENT) * ALIGNMENT
            plan.unshared += size
            heir = _dying_twin(step, root, ends_at.get(i, []), plan, recording, taken_over)
            if heir is not None:
                plan.offsets[root], sizes[root] = plan.offsets[heir], sizes[heir]
                taken_over.add(heir)
            else:
                plan.offsets[root], sizes[root] = _allocate(free, size, plan), size
        for root in ends_at.get(i, []):
            if root in plan.offsets and root not in taken_over:
                _release(free, plan.offsets[root], sizes[root])


def _lifetimes(plan: Plan, recording: Recording) -> tuple[dict[int, int], dict[int, int]]:
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    managed = {n for n, root in recording.roots.items() if root.kind == FRESH}
    managed -= plan.lasting | plan.bound
    for i, step in enumerate(plan.steps):
        for o in (*step.made(), *step.writes, *step.reads()):
            if o.root in managed:
                first.setdefault(o.root, i)
                last[o.root] = i
    for root in _ends(recording) & managed:
        first.setdefault(root, len(plan.steps))
        last[root] = len(plan.steps)
    return first, last


def _dying_twin(
    step: Instruction | None, root: int, dying: list[int], plan: Plan, recording: Recording, taken: set[int]
) -> int | None:
    """An input of an elementwise call that ends with it and lies as its result does.

    The result can have its place.
    """
    if step is None or not isinstance(step.fn, np.ufunc) or step.fn.signature is not None:
        return None
    made = step.made()
    if len(made) != 1 or made[0].root != root or made[0].size == 1:  # NumPy takes long to see that it may
        return None
    for o in step.reads():
        same = o == made[0]._replace(root=o.root)
        ends = o.root in dying and o.root in plan.offsets and o.root not in taken
        if same and ends and recording.roots[o.root].nbytes == recording.roots[root].nbytes:
            return o.root
    return None


def _allocate(free: list[tuple[int, int]], size: int, plan: Plan) -> int:
    fitting = [(s, o) for o, s in free if s >= size]
    if not fitting:
        if free and free[-1][0] + free[-1][1] == plan.arena:  # the end grows
            offset, have = free.pop()
            plan.arena += size - have
            return offset
        plan.arena += size
        return plan.arena - size
    have, offset = min(fitting)
    free.remove((offset, have))
    if have > size:
        free.append((offset + size, have - size))
        free.sort()
    return offset


def _release(free: list[tuple[int, int]], offset: int, size: int) -> None:
    free.append((offset, size))
    free.sort()
    merged: list[tuple[int, int]] = []
    for at, length in free:
        if merged and merged[-1][0] + merged[-1][1] == at:
            merged[-1] = (merged[-1][0], merged[-1][1] + length)
        else:
            merged.append((at, length))
    free[:] = merged
