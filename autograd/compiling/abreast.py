"""Calls of one kind on several gradients as one call on memory in which these lie side by side.

Such are an optimiser's products of each gradient and the rate: each element is what it was, and fewer calls
begin. What is temporary is not laid out so: it would have to live as long as what it lies beside.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .ir import FRESH, Instruction, Operand, Recording
from .lowering import gives_new_array
from .small import elementwise

# Elements that lie side by side at most: what is large takes long whoever begins it, and takes room.
MOST = 1 << 12


@dataclass(slots=True)
class _Row:
    """Calls that run as one, where the first of them was.

    Attributes:
        roots: of each call, those of its arrays and that of its result.
        size: elements of all results.
    """

    at: int
    steps: list[Instruction] = field(default_factory=list)
    roots: list[tuple[int, ...]] = field(default_factory=list)
    size: int = 0


def abreast(
    steps: list[Instruction], recording: Recording, lasting: Mapping[int, Any], ends: set[int]
) -> tuple[list[Instruction], dict[int, tuple[int, int]]]:
    """The steps with such calls as one, and where in a common root what is lasting lies.

    Args:
        lasting: roots that outlive a run.
        ends: roots that are read after the last step.
    """
    rows = _Rows(steps, recording, lasting, ends)
    for i, step in enumerate(steps):
        rows.take(i, step)
    places = rows.places()
    moved = {root: place for root, place in places.items() if root not in lasting}
    found = []
    for i, step in enumerate(steps):
        if i in rows.first:
            found.append(rows.joined(rows.first[i], places))
        elif i not in rows.gone:
            found.append(_moved(step, moved))
    return found, {root: place for root, place in places.items() if root in lasting}


class _Rows:
    """Finds the calls, in order.

    Attributes:
        first: by the place of the first call, rows of several.
        gone: the places of the others.
    """

    def __init__(self, steps: list[Instruction], recording: Recording, lasting: Any, ends: set[int]):
        self.recording, self.lasting, self.ends = recording, lasting, ends
        self.first: dict[int, _Row] = {}
        self.gone: set[int] = set()
        self._open: dict[Any, _Row] = {}
        self._next: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._moving = {o.root for step in steps if gives_new_array(step) for o in step.made()}
        self._writes: dict[int, list[int]] = {}  # by root, where it is written
        self._read: dict[int, int] = {}  # and where it is read first
        for i, step in enumerate(steps):
            for o in (*step.made(), *step.writes):
                self._writes.setdefault(o.root, []).append(i)
            for o in step.reads():
                if o not in step.writes:
                    self._read.setdefault(o.root, i)

    def take(self, i: int, step: Instruction) -> None:
        """Let a call join those like it, if what it reads is there where the first of them is."""
        if step.kind not in ("call", "guard"):  # whatever it does comes before what follows
            self._open.clear()
        step = self._with_result(i, step)
        key, roots = self._kind(step)
        if key is None:
            return
        row = self._open.get(key)
        if row is not None and self._joins(row, i, step, roots):
            for a, b in zip(row.roots[-1], roots, strict=True):
                self._next[a], self._before[b] = b, a
            self.first[row.at] = row
            self.gone.add(i)
            self._writes[roots[-1]] = [row.at]
        else:
            row = self._open[key] = _Row(i)
        row.steps.append(step)
        row.roots.append(roots)
        row.size += step.results.size

    def _with_result(self, i: int, step: Instruction) -> Instruction:
        """A call that fills memory with its first values, as one that makes them."""
        out = step.options.get("out")
        if type(out) is not Operand or set(step.options) != {"out"} or self._writes.get(out.root) != [i]:
            return step
        if not self._is_whole(out) or out.root in self.lasting or self._read.get(out.root, i) < i:
            return step
        return step if out in step.args else dataclasses.replace(step, options={}, results=out, writes=())

    def _kind(self, step: Instruction) -> tuple[Any, tuple[int, ...]]:
        """What calls that go together have in common, and the roots of their arrays."""
        out = elementwise(step)
        if out is None or step.results is None or step.options or out.root in self.ends:
            return None, ()
        if not self._is_whole(out) or out.root in self.lasting or not 1 <= out.size <= MOST:
            return None, ()
        if len(self._writes[out.root]) != 1:
            return None, ()
        key: list[Any] = [step.fn, out.dtype]
        roots = []
        for x in step.args:
            if type(x) is not Operand:
                return None, ()
            if not x.shape and out.shape:
                key.append(x)
            elif x.shape == out.shape and x.root in self.lasting and self._is_whole(x):
                key.append(x.dtype)
                roots.append(x.root)
            else:
                return None, ()
        return (*key, *map(roots.index, roots)), (*roots, out.root)

    def _is_whole(self, o: Operand) -> bool:
        """Whether it is all of a root of the program's own."""
        root = self.recording.roots[o.root]
        whole = o.offset == 0 and o.contiguous and o.nbytes == root.nbytes
        return whole and root.kind == FRESH and o.root not in self._moving and o.root in self._writes

    def _joins(self, row: _Row, i: int, step: Instruction, roots: tuple[int, ...]) -> bool:
        if row.size + step.results.size > MOST:
            return False
        pairs = set(zip(row.roots[-1], roots, strict=True))
        if len({a for a, _ in pairs}) != len(pairs) or len({b for _, b in pairs}) != len(pairs):
            return False
        if any(row.at <= at <= i for o in step.reads() for at in self._writes.get(o.root, ())):
            return False  # not there yet where the first call is
        return all(self._may_follow(a, b) for a, b in pairs)

    def _may_follow(self, a: int, b: int) -> bool:
        """Whether the second can lie behind the first."""
        if self._next.get(a) == b:
            return True
        if a == b or a in self._next or b in self._before:
            return False
        while a in self._before:
            a = self._before[a]
        return a != b

    def places(self) -> dict[int, tuple[int, int]]:
        """The common root of each root that lies beside others, and where there it is."""
        found: dict[int, tuple[int, int]] = {}
        for head in [a for a in self._next if a not in self._before]:
            together, at = self.recording.room((0,), np.dtype(np.uint8)).root, 0
            root: int | None = head
            while root is not None:
                found[root] = together, at
                at += self.recording.roots[root].nbytes
                root = self._next.get(root)
            self.recording.roots[together].nbytes = at
        return found

    def joined(self, row: _Row, places: Mapping[int, tuple[int, int]]) -> Instruction:
        """The one call."""
        step, size = row.steps[0], row.size

        def whole(o: Operand) -> Operand:
            root, offset = places[o.root]
            return Operand(root, offset, (size,), (o.dtype.itemsize,), o.dtype)

        args = tuple([whole(x) if x.shape == step.results.shape else x for x in step.args])
        return dataclasses.replace(step, args=args, results=whole(step.results))


def _moved(step: Instruction, places: Mapping[int, tuple[int, int]]) -> Instruction:
    """A step whose operands are where they now lie."""

    def change(o: Operand) -> Operand:
        if o.root not in places:
            return o
        root, offset = places[o.root]
        return o._replace(root=root, offset=o.offset + offset)

    return step.readdressed(change)
