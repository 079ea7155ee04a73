"""Runs of elementwise calls over large arrays, tile by tile, the tiles on several threads.

What one tile needs stays in the processor's cache from the first call to the last, and what only the
run itself reads never reaches memory. The calls are NumPy's own, so each element is what it was.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ... import threads
from ...loops.processor import second_level
from ..faults import FAULTS, cleared, zeroed
from ..ir import Instruction, Operand, Recording
from . import lowering
from .axes import merged_axes
from .elementwise import COSTLY, Assignment
from .fusion import Group
from .inplace import in_place
from .later import Later
from .tileruns import Run

# Bytes that a tile's arrays may take together, and the elements it has at least and at most.
CACHE, LEAST, MOST = 1 << 19, 1 << 14, 1 << 16
# The elements of a tile on several threads. A call holds the interpreter's lock for half a microsecond, and
# a thread that finds it taken sleeps for ten or more: few calls that take long are better than many, unless
# what they go over stays in a core's cache.
SHARED = 1 << (16 if second_level() >= 1 << 21 else 17)
# Elements that a cache's line divides: no two tiles write to one.
LINE = 64
# Nanoseconds for an element of a call in cache, and what a transcendental function takes of them.
EACH, COSTLY_EACH = 0.07, 0.4
# From so many nanoseconds on, tiles are spread over threads; below the second, none are cut.
SPREAD, WORTH = 120_000, 30_000

_SLOWER = {np.divide, np.sqrt, np.true_divide}
_COPIES = {np.ndarray.copy, np.ndarray.astype, np.copy, np.ascontiguousarray}


def with_tiles(steps: list[Instruction], recording: Recording, ends: set[int]) -> list[Instruction]:
    """The steps, with runs of elementwise calls over large arrays as one step each."""
    items: list[Instruction | Group] = []
    for item in _grouped(steps, watched=True):
        again = isinstance(item, Instruction) or not _watches(item) or _may_run_twice(item)
        items += [item] if again else _grouped(item.steps, watched=False)  # type: ignore[union-attr]
    cut: list[Instruction | Group] = []
    later = Later(items, ends)
    for i, item in enumerate(items):
        if isinstance(item, Group):
            item.forget(recording, later.than(i))
            cut += [item] if Tiles(item).pays else item.steps
        else:
            cut.append(item)
    placed = in_place(cut, recording, ends)
    return [Tiles(item).instruction(recording) if isinstance(item, Group) else item for item in placed]


def _watches(group: Group) -> bool:
    """Whether what NumPy reports may change its results."""
    return any(step.fn in (zeroed, cleared) for step in group.steps)


def _may_run_twice(group: Group) -> bool:
    """Whether it leaves as it is whatever it reads from outside."""
    first: dict[int, bool] = {}
    for one in group.body:
        for o in one.inputs:
            first.setdefault(o.root, False)
        first.setdefault(one.target.root, True)
    return all(first[root] for root in group.written)


def _grouped(steps: list[Instruction], watched: bool) -> list[Instruction | Group]:
    found: list[Instruction | Group] = []
    group: Group | None = None
    for step in steps:
        if watched and group is not None and step.fn is cleared:
            group.steps.append(step)
            continue
        one = _elementwise(step) if watched or step.fn is not zeroed else None
        if one is None or not Group.alone([one]):
            group = None
            found.append(step)
            continue
        if group is None or not group.takes([one]):
            group = Group(one.target.shape)
            found.append(group)
        group.add(step, [one])
    return found


def _elementwise(step: Instruction) -> Assignment | None:
    """What a call reads and writes, if it works element by element on arrays of one shape."""
    if step.kind != "call" or set(step.options) - {"out", "order"}:
        return None
    fn, inputs = step.fn, step.args
    target = step.out
    if fn is zeroed:
        target, inputs = step.args[2], step.args[1:]
    elif fn is np.copyto:
        if len(step.args) not in (2, 4):
            return None
        target, inputs = step.args[0], (step.args[1], *step.args[3:])
    elif fn in _COPIES:
        inputs = step.args[:1]
    elif not (isinstance(fn, np.ufunc) and fn.nout == 1 and fn.signature is None) and fn is not np.clip:
        return None
    if type(target) is not Operand or not target.size or 0 in target.strides:
        return None
    given = [x for x in inputs if type(x) is Operand]
    if any(isinstance(x, (tuple, list, dict)) and type(x) is not Operand for x in inputs):
        return None
    if np.broadcast_shapes(target.shape, *(o.shape for o in given)) != target.shape:
        return None
    if any(s % o.dtype.itemsize for o in (target, *given) for s in o.strides):
        return None
    return Assignment(_bytes(target), "", tuple(_bytes(o) for o in given), target.dtype)


def _bytes(o: Operand) -> Operand:
    """The same memory, whatever the dtype it is seen as."""
    return o._replace(dtype=np.dtype(f"V{o.dtype.itemsize}"))


class Tiles:
    """A group, cut along its outermost axis.

    Attributes:
        shape: of all, in as few axes as there can be.
        rows: of the outermost, in one tile.
        outside: what is in memory, seen in that shape; the first is None where it is the same in all tiles.
    """

    def __init__(self, group: Group):
        self.group = group
        self.operands = list(dict.fromkeys(o for s in group.steps for o in (*s.reads(), *_targets(s))))
        self.shape, strides = merged_axes(group.shape, self.operands)
        self.strides = {o: tuple(n * o.dtype.itemsize for n in strides[o]) for o in self.operands}
        self.slots, self.slot_bytes = self._slots()
        row = int(np.prod(self.shape[1:]))
        size = int(np.prod(self.shape))
        self.nanoseconds = size * sum(map(_cost, group.steps))
        self.workers = threads.count() if self.nanoseconds > SPREAD else 1
        self.rows = self._rows(size, max(row, 1))
        self.count = -(-self.shape[0] // self.rows) if self.shape else 1

    def _rows(self, size: int, row: int) -> int:
        """Of a tile: on several threads all get as many, and as much."""
        if self.workers > 1:
            parts = self.workers * max(1, round(size / SHARED / self.workers))
            rows = -(-size // row // parts)
            whole = LINE // math.gcd(LINE, row)
            return -(-rows // whole) * whole
        outside = sum(
            o.dtype.itemsize for o in self.operands if o.root not in self.group.local and o.size > row
        )
        elements = min(max(CACHE // max(outside + sum(self.slot_bytes), 1), LEAST), MOST)
        return max(1, elements // row)

    @property
    def pays(self) -> bool:
        """Whether it is faster than the calls one by one."""
        several = len(self.group.steps) > 1 or self.nanoseconds > SPREAD
        return self.count > 1 and several and self.nanoseconds > WORTH

    def _slots(self) -> tuple[dict[int, int], list[int]]:
        """A buffer for each local root, shared by those that never live together; bytes per element."""
        last: dict[int, int] = {}
        sizes: dict[int, int] = {}
        for i, step in enumerate(self.group.steps):
            for o in (*step.reads(), *_targets(step)):
                if o.root in self.group.local:
                    last[o.root], sizes[o.root] = i, o.dtype.itemsize
        slots: dict[int, int] = {}
        made: list[int] = []
        free: list[int] = []
        for i, step in enumerate(self.group.steps):
            roots = {o.root for o in (*step.reads(), *_targets(step)) if o.root in self.group.local}
            # an elementwise call may write where it reads
            dying = {r for r in roots if last[r] == i and r in slots}
            same = _has_one_size(step)
            if same:
                free += [slots[r] for r in dying]
            for root in roots - set(slots):
                fitting = [s for s in free if made[s] == sizes[root]]
                if fitting:
                    slots[root] = fitting[-1]
                    free.remove(fitting[-1])
                else:
                    slots[root] = len(made)
                    made.append(sizes[root])
                if last[root] == i:
                    free.append(slots[root])
            if not same:
                free += [slots[r] for r in dying]
        return slots, made

    def starts(self) -> list[int]:
        """Where a worker's buffers begin, and end; no two at the same place of a page."""
        elements = self.rows * int(np.prod(self.shape[1:]))
        return list(itertools.accumulate([n * elements + 320 for n in self.slot_bytes], initial=64))

    def _scratch_bytes(self) -> int:
        return self.starts()[-1] + 64 if self.slot_bytes else 0

    def instruction(self, recording: Recording) -> Instruction:
        """The step that runs it; it writes what tiles need besides."""
        steps, local = self.group.steps, self.group.local
        made = tuple(o for s in steps for o in s.made() if o.root not in local)
        writes = tuple(o for s in steps for o in s.writes if o.root not in local)
        self.scratch = recording.room((self.workers * self._scratch_bytes(),), np.dtype(np.uint8))
        args = tuple(o for o in self.operands if o.root not in local)
        call = Instruction(
            tiled, args, {}, made or None, (*writes, self.scratch), kind="native", extra=self
        )
        return call.stand_for(steps)

    @property
    def checks(self) -> bool:
        """Whether it may find that the program does not hold."""
        return _watches(self.group)

    doubts = checks

    # -------------------------------------------------------------- the function

    def seen(self, o: Operand) -> Operand:
        """An operand in the shape that all have; of length 1 where it broadcasts."""
        shape = tuple(n if s else 1 for n, s in zip(self.shape, self.strides[o], strict=True))
        return o._replace(shape=shape, strides=self.strides[o])

    def written(self, step: Instruction, writer: Any) -> str:
        """The statement that runs it in a program; the function goes to the program's names."""
        scope: dict[str, Any] = {"faults": writer.faults}
        key = f"tiles_{len(writer.names)}"
        names: dict[Operand, str] = {}
        cut: list[Operand] = []  # what differs from tile to tile
        local: list[Operand] = []
        bound: list[Operand] = []  # those of `cut` and of the fixed ones that are there only when it runs
        fixed_bound: list[Operand] = []

        def name(value: Any) -> str:
            if type(value) is not Operand:
                made = writer.name(value)
                scope.update({made: writer.names[made]} if made in writer.names else {})
                return made
            if value in names:
                return names[value]
            made = names[value] = f"v{len(names)}"
            if value.root in self.group.local:
                local.append(value)
            elif not any(self.strides[value]):
                if value.root in writer.bound:
                    fixed_bound.append(value)
                else:
                    scope[made] = writer.array(value._replace(shape=(), strides=()))
            elif not self.strides[value][0]:
                if value.root in writer.bound:
                    fixed_bound.append(value)
                else:
                    scope[made] = writer.array(self.seen(value))
            elif value.root in writer.bound:
                bound.append(value)
            else:
                cut.append(value)
            return made

        lines = [(one.fn, line) for one in self.group.steps for line in lowering.source(one, name)]
        plain = [line for fn, line in lines if fn not in (zeroed, cleared)]
        parameters = ", ".join(names[o] for o in (*cut, *local, *bound, *fixed_bound))
        for title, body in (("whole", [line for _, line in lines]), (key, plain)):
            text = "\n".join([f"def {title}({parameters}):", *(f"    {line}" for line in body)])
            exec(compile(text, "<tile>", "exec"), scope)
        writer.functions.append(text + "\n")
        arrays = [writer.array(self.seen(o)) for o in cut]
        run = Run(self, scope[key], arrays, local, len(bound), writer.array(self.scratch))
        writer.names[key], rest = run, []
        if _watches(self.group):
            run.whole = scope["whole"]
            writer.names[key] = run.watched
            rest = [writer.name(FAULTS)]
        rest += [writer.name(self.seen(o)) for o in bound]
        rest += [
            writer.name(o._replace(shape=(), strides=()) if not any(self.strides[o]) else self.seen(o))
            for o in fixed_bound
        ]
        return f"{key}({', '.join(rest)})"


def tiled() -> None:
    """Stands in a step for the calls that it runs tile by tile."""


def _targets(step: Instruction) -> tuple[Operand, ...]:
    return (*step.made(), *step.writes)


def _cost(step: Instruction) -> float:
    """Nanoseconds for an element."""
    wide = max((o.dtype.itemsize for o in (*step.reads(), *_targets(step))), default=4) / 4
    return wide * (COSTLY_EACH if step.fn in COSTLY else 2 * EACH if step.fn in _SLOWER else EACH)


def _has_one_size(step: Instruction) -> bool:
    """Whether the result may lie where an argument does: all elements are of one size."""
    return len({o.dtype.itemsize for o in (*step.reads(), *_targets(step)) if o.size > 1}) == 1


__all__ = ["Tiles", "tiled", "with_tiles"]
