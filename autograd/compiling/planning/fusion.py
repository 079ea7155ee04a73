"""Runs of elementwise calls of one shape become one loop, whose temporaries never reach memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..ir import FRESH, Instruction, Operand, Recording
from .axes import common_axes
from .elementwise import COSTLY, Assignment, assignments

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
        spent: roots that were read as they had been before, and whose new values nothing outside reads.
        sums: roots of totals over the first axes, which nothing else in the loop touches.
    """

    shape: tuple[int, ...]
    steps: list[Instruction] = field(default_factory=list)
    body: list[Assignment] = field(default_factory=list)
    seen: dict[int, set[Operand]] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    local: set[int] = field(default_factory=set)
    spent: set[int] = field(default_factory=set)
    sums: set[int] = field(default_factory=set)

    def takes(self, found: list[Assignment]) -> bool:
        """Whether these statements may join: no element that is written is seen from another place."""
        for one in found:
            if one.target.shape != self.shape:
                return False
            for o in one.operands():
                if o.root in self.sums or (o.root in self.written and self.seen[o.root] != {o}):
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

    def cut(self, shape: tuple[int, ...]) -> Group:
        """The same over a shape into whose axes its own are cut."""
        if shape == self.shape:
            return self
        found = Group(shape)
        for step, one in zip(self.steps, self.body, strict=True):
            found.add(step, [cut(one, shape)])
        found.sums = self.sums
        return found

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

    def forget(self, recording: Recording, is_read: Callable[[int], bool]) -> None:
        """Note which roots need no memory: written here first, whole, and read nowhere else.

        And which are written, but read nowhere else: their new values need none.

        Args:
            is_read: whether a root is read later.
        """
        first: dict[int, bool] = {}
        for one in self.body:
            for x in (*one.inputs, one.mask):
                if type(x) is Operand:
                    first.setdefault(x.root, False)
            first.setdefault(one.target.root, one.mask is None)
        dying = {r for r in self.written if recording.roots[r].kind == FRESH and not is_read(r)}
        self.local = {r for r in dying if first[r]}
        self.spent = dying - self.local


def grouped(
    steps: list[Instruction], total: Callable[[Instruction], Assignment | None] | None = None
) -> list[Instruction | Group]:
    """The steps with groups in the places of runs of elementwise calls.

    Args:
        total: gives a sum over the first axes as a statement, if they may be part of a group.
    """
    found: list[Instruction | Group] = []
    group: Group | None = None
    for step in steps:
        statements = assignments(step)
        grown = total(step) if statements is None and total is not None else None
        statements = [grown] if grown is not None else statements
        if statements is None or not Group.alone(statements):
            group = None
            found.append(step)
            continue
        shape = statements[0].target.shape
        common = None if group is None else common_axes(group.shape, shape)
        if group is not None and common is not None:
            finer = group.cut(common)
            fine = [cut(statements[0], common)]
            if finer.takes(fine) and not (grown is not None and grown.target.root in finer.seen):
                if finer is not group:
                    found[-1] = group = finer
                group.add(step, fine)
                group.sums |= {grown.target.root} if grown is not None else set()
                continue
        shape = tuple(n for n in shape if n > 1)
        group = Group(shape)
        found.append(group)
        group.add(step, [cut(statements[0], shape)])
        group.sums |= {grown.target.root} if grown is not None else set()
    return found


def cut(one: Assignment, shape: tuple[int, ...]) -> Assignment:
    """The same statement over a shape without axes of length 1 into whose axes its own are cut."""
    if one.target.shape == shape and all(o.shape == shape for o in one.operands()):
        return one
    pieces: list[list[int]] = []  # the axes in the place of each
    rest = list(shape[::-1])
    for n in reversed(one.target.shape):
        pieces.append([])
        while n > 1:
            pieces[-1].append(rest.pop(0))
            n //= pieces[-1][-1]

    def change(o: Any) -> Any:
        if type(o) is not Operand:
            return o
        strides: list[int] = []
        for i, lengths in enumerate(pieces):
            stride = 0 if i >= len(o.shape) or o.shape[-1 - i] == 1 else o.strides[-1 - i]
            for n in lengths:
                strides.append(stride)
                stride *= n
        return o._replace(shape=shape, strides=tuple(strides[::-1]))

    inputs = tuple(map(change, one.inputs))
    return one._replace(target=change(one.target), inputs=inputs, mask=change(one.mask))
