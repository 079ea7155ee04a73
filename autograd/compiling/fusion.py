"""Runs of elementwise calls of one shape become one loop, whose temporaries never reach memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .elementwise import COSTLY, Assignment, assignments
from .ir import FRESH, Instruction, Operand, Recording

# A loop of its own pays from so many element operations on; below, NumPy's calls are as fast.
WORTH = 4096
# What a transcendental function costs, in additions.
COST = 8


@dataclass(slots=True)
class Group:
    """Consecutive elementwise calls over one shape.

    Attributes:
        steps: the calls; `body` their scalar statements in order.
        seen: root -> the operands by which it is read or written here.
        local: roots whose values nothing outside the loop reads.
    """

    shape: tuple[int, ...]
    steps: list[Instruction] = field(default_factory=list)
    body: list[Assignment] = field(default_factory=list)
    seen: dict[int, set[Operand]] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    local: set[int] = field(default_factory=set)

    def takes(self, found: list[Assignment]) -> bool:
        """Whether these statements may join: no element that is written is seen from another place."""
        for one in found:
            if one.target.shape != self.shape:
                return False
            for o in one.operands():
                if o.root in self.written and self.seen[o.root] != {o}:
                    return False
        return self.alone(found) and all(
            self.seen.get(one.target.root, {one.target}) == {one.target} for one in found
        )

    @staticmethod
    def alone(found: list[Assignment]) -> bool:
        """Whether each sees what it writes from one place only."""
        return len(found) == 1 and all(
            o == found[0].target for o in found[0].operands() if o.root == found[0].target.root
        )

    def add(self, step: Instruction, found: list[Assignment]) -> None:
        self.steps.append(step)
        for one in found:
            self.body.append(one)
            for o in one.operands():
                self.seen.setdefault(o.root, set()).add(o)
            self.written.add(one.target.root)

    @property
    def work(self) -> int:
        """In additions, roughly."""
        costly = sum(COST for step in self.steps if step.fn in COSTLY)
        return self.body[0].target.size * (len(self.body) + costly)

    @property
    def moves(self) -> bool:
        """Whether it does nothing but copy and fill."""
        return all(one.expression == "{0}" for one in self.body)

    @property
    def pays(self) -> bool:
        costly = any(step.fn in COSTLY for step in self.steps)
        size = self.body[0].target.size
        return size * (len(self.body) - 1 + COST * costly) >= WORTH

    def forget(self, recording: Recording, later: set[int]) -> None:
        """Note which roots need no memory: written here first, whole, and read nowhere else."""
        first: dict[int, bool] = {}
        for one in self.body:
            for x in (*one.inputs, one.mask):
                if type(x) is Operand:
                    first.setdefault(x.root, False)
            first.setdefault(one.target.root, one.mask is None)
        fresh = {r for r, written in first.items() if written and recording.roots[r].kind == FRESH}
        self.local = fresh - later


def grouped(steps: list[Instruction]) -> list[Instruction | Group]:
    """The steps with groups in the places of runs of elementwise calls."""
    found: list[Instruction | Group] = []
    group: Group | None = None
    for step in steps:
        statements = [squeezed(one) for one in assignments(step) or ()]
        if not Group.alone(statements):
            group = None
            found.append(step)
            continue
        if group is None or not group.takes(statements):
            group = Group(statements[0].target.shape)
            found.append(group)
        group.add(step, statements)
    return found


def squeezed(one: Assignment) -> Assignment:
    """The same statement without axes of length 1, so that calls meet that differ in those only."""
    shape = one.target.shape
    if 1 not in shape:
        return one

    def change(x: Any) -> Any:
        if type(x) is not Operand:
            return x
        axes = [a for a in range(-len(x.shape), 0) if shape[a] != 1]
        return x._replace(shape=tuple(x.shape[a] for a in axes), strides=tuple(x.strides[a] for a in axes))

    inputs = tuple(map(change, one.inputs))
    return one._replace(target=change(one.target), inputs=inputs, mask=change(one.mask))


def read_later(items: list, ends: set[int]) -> list[set[int]]:
    """For each item the roots that something after it reads, or writes in part."""
    later, alive = [], set(ends)
    for item in reversed(items):
        later.append(set(alive))
        for step in [item] if isinstance(item, Instruction) else item.steps:
            alive |= {o.root for o in (*step.reads(), *step.writes)}
    return later[::-1]
