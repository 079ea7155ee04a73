"""Runs of elementwise calls and sums along rows become one loop over rows: what a row needs stays at hand.

So a normalisation, a softmax or the gradient of either is one kernel. Statements are values: each is
computed once what it is made of is there. A sum ends a pass over its row, and what is made of it
comes in the next; values that a later pass needs again are computed again if that is cheap, and else kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ir import CONSTANT, FRESH, Instruction, Operand, Recording
from .elementwise import COSTLY, Assignment, assignments
from .frames import Frame
from .sums import Reduction, outer, reduction

# How many statements are rather computed again than kept.
AGAIN = 6


@dataclass(eq=False)
class Value:
    """What one statement gives for each element, or for each row.

    Attributes:
        target: where it lies in memory, seen in the grid, if anywhere.
        inputs: values, operands in memory seen in the grid, or numbers.
        at: the pass over a row that computes it; of what rows have one of, before which pass.
        sums: how, if it is a sum over the elements of a row.
        kept: whether it goes to memory.
    """

    target: Operand
    one: Assignment | None
    inputs: tuple[Any, ...]
    mask: Any
    at: int
    of_rows: bool
    sums: Reduction | None = None
    kept: bool = False

    @property
    def given(self) -> list[Any]:
        return [x for x in (*self.inputs, self.mask) if x is not None]


class Refused(Exception):
    """Some calls cannot be one loop."""


@dataclass
class Rows:
    """A loop over the rows of a grid."""

    frame: Frame
    steps: list[Instruction]
    values: list[Value] = field(default_factory=list)
    seen: dict[int, Operand] = field(default_factory=dict)  # how a root that is written is seen
    current: dict[int, Value] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)  # roots in memory that are read as they were before
    versions: dict[int, list[Value]] = field(default_factory=dict)

    @property
    def passes(self) -> int:
        return 1 + max(v.at for v in self.values if not v.of_rows or v.sums)

    @property
    def work(self) -> int:
        """In additions, roughly."""
        costly = sum(step.fn in COSTLY for step in self.steps)
        return self.frame.size * (len(self.values) + 8 * costly)

    @property
    def pays(self) -> bool:
        """Whether it goes over its elements less often than the calls do, and over neighbours."""
        often = sum(not v.of_rows or v.sums is not None for v in self.values)
        steps = [o.strides[-1] // o.dtype.itemsize for o in self.operands]
        return often > 1 and any(v.sums for v in self.values) and all(0 <= s <= 1 for s in steps)

    @property
    def operands(self) -> list[Operand]:
        """What it reads or writes in memory."""
        found = [x for v in self.values for x in v.given if type(x) is Operand]
        found += [v.target for v in self.values if v.kept]
        return list(dict.fromkeys(found))

    @property
    def local(self) -> set[int]:
        """Roots that need no memory."""
        return set(self.current) - {o.root for o in self.operands}

    def rename(self, moved: Mapping[int, int], steps: list[Instruction]) -> Rows:
        """Have other roots in the places of some; `steps` are the calls with those."""

        def change(x: Any) -> Any:
            return x._replace(root=moved[x.root]) if type(x) is Operand and x.root in moved else x

        for value in self.values:
            value.inputs, value.mask = tuple(map(change, value.inputs)), change(value.mask)
            value.target = change(value.target)
        self.current = {moved.get(root, root): value for root, value in self.current.items()}
        self.steps = steps
        return self

    # -------------------------------------------------------------- statements

    def take(self, step: Instruction, recording: Recording) -> None:
        """Add the statements of a call."""
        found = reduction(step)
        if found is not None and found.given[0].size == self.frame.size:
            return self._sum(found, recording)
        for one in statements(step):
            self._each(one)

    def _each(self, one: Assignment) -> None:
        shape, size = one.target.shape, one.target.size
        if size not in (self.frame.size, self.frame.height) or one.expression.startswith(("sin", "cos")):
            raise Refused
        of_rows = size != self.frame.size
        inputs = tuple(self._given(x, shape, of_rows) for x in one.inputs)
        mask = None if one.mask is None else self._given(one.mask, shape, of_rows)
        if one.mask is not None:
            inputs = (*inputs, self._given(one.target, shape, of_rows))
        given = (*inputs, mask)
        at = max((_there(x) for x in given), default=0)
        self._note(Value(self._view(one.target, shape, of_rows), one, inputs, mask, at, of_rows))

    def _sum(self, found: Reduction, recording: Recording) -> None:
        shape = found.given[0].shape
        if not found.along_rows(self.frame):
            raise Refused
        inputs = tuple(self._given(x, shape, False) for x in found.given if not _is_ones(x, recording))
        if not inputs:
            raise Refused
        at = max(_there(x) for x in inputs)
        self._note(Value(self._view(found.out, found.out.shape, True), None, inputs, None, at, True, found))

    def _view(self, o: Operand, shape: tuple[int, ...], of_rows: bool) -> Operand:
        seen = self.frame.rows(o, shape) if of_rows else self.frame.whole(o, shape)
        if seen is None:
            raise Refused
        return seen

    def _given(self, x: Any, shape: tuple[int, ...], of_rows: bool) -> Any:
        """What a statement reads: the value that was computed here last, or memory."""
        if type(x) is not Operand:
            return x
        seen = self._view(x, shape, of_rows)
        if x.root not in self.current:
            self.read.add(x.root)
            return seen
        if self.seen[x.root] != seen:
            raise Refused
        return self.current[x.root]

    def _note(self, value: Value) -> None:
        target = value.target
        if target.root in self.read or self.seen.setdefault(target.root, target) != target:
            raise Refused
        self.values.append(value)
        self.current[target.root] = value
        self.versions.setdefault(target.root, []).append(value)

    # -------------------------------------------------------------- what is kept

    def settle(self, recording: Recording, is_read: Callable[[int], bool]) -> None:
        """Decide what goes to memory; `is_read`: whether a root is read after this."""
        for root, value in self.current.items():
            value.kept = is_read(root) or recording.roots[root].kind != FRESH
        self._drop_unread()
        before = -1
        while before != (before := sum(v.kept for v in self.values)):
            for value in self.values:
                if (value.kept or value.sums) and not (value.of_rows and not value.sums):
                    for x in value.given:
                        self._have(x, value.at)
        for versions in self.versions.values():
            kept = [v for v in versions if v.kept and not v.of_rows]
            if any(a.at >= b.at for a, b in itertools.pairwise(kept)):
                raise Refused

    def _have(self, x: Any, at: int, depth: int = 0) -> None:
        """Make sure that a value can be had in a pass: computed there, or from memory."""
        if type(x) is not Value or x.of_rows:
            return
        if x.at < at and not x.kept:
            x.kept = depth > AGAIN or not _is_cheap(x)
        if x.at < at and x.kept:
            versions = self.versions[x.target.root]
            if any(v.kept and v.at < at for v in versions[versions.index(x) + 1 :]):
                raise Refused  # it is overwritten before
            return
        for y in x.given:
            self._have(y, at, depth + 1)

    def _drop_unread(self) -> None:
        wanted: set[int] = set()
        for value in reversed(self.values):
            if value.kept or id(value) in wanted:
                wanted |= {id(x) for x in value.given if type(x) is Value} | {id(value)}
        self.values = [v for v in self.values if id(v) in wanted]


def statements(step: Instruction) -> list[Assignment]:
    first = outer(step)
    found = [first] if first is not None else assignments(step)
    if not found:
        raise Refused
    return found


def _there(x: Any) -> int:
    """The first pass that can read a value."""
    if type(x) is not Value:
        return 0
    return x.at + 1 if x.sums else x.at


def _is_cheap(value: Value) -> bool:
    one = value.one
    return one is not None and not any(c in one.expression for c in ("_{k}", "sqrt", "/"))


def _is_ones(x: Operand, recording: Recording) -> bool:
    """Whether it is a constant all of whose elements are 1."""
    root = recording.roots[x.root]
    return root.kind == CONSTANT and bool(np.all(root.array == 1)) and root.array.dtype == x.dtype
