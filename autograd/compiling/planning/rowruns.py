"""Which calls run as loops over rows: those around a sum along rows, as many as one loop can hold."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..ir import Instruction, Operand, Recording
from .elementwise import assignments
from .frames import Frame
from .later import Later
from .rows import Refused, Rows, statements
from .sums import of_all, outer, reduction

# Elements of a grid from which a loop of its own pays, in rows of so many at least and at most.
WORTH, NARROW, WIDE = 1 << 12, 16, 1 << 13
# Elements at least and at most in a row that a sum of all is cut into.
USUAL = 64, 4096
# Calls that one loop holds.
MOST = 48


def in_rows(steps: list[Instruction], recording: Recording, ends: set[int]) -> list[Instruction | Rows]:
    """The steps, with loops over rows in the places of runs that hold a sum along rows."""
    steps, parted = _with_parts(steps, recording)
    found: list[Instruction | Rows] = []
    frames = [_frame(step) for step in steps]
    if not any(frames):
        return [*steps]  # none is parted
    later = Later(steps, ends)
    fits = [any(frames[max(i - MOST, 0) : i + MOST]) and _is_fit(s) for i, s in enumerate(steps)]
    at = stop = 0
    while at < len(steps):
        while stop <= at or (stop < len(steps) and fits[stop] and stop - at < MOST):
            stop += 1
        frame = next(filter(None, frames[at:stop]), None) if fits[at] else None
        rows = _longest(steps[at:stop], frame, recording, later, at) if frame else None
        found.append(rows or steps[at])
        at += len(rows.steps) if rows else 1
    return _joined(found, parted)


def _with_parts(
    steps: list[Instruction], recording: Recording
) -> tuple[list[Instruction], dict[int, Instruction]]:
    """The steps with sums of all as sums of rows and the sum of those; by id of the first what it was."""
    found: list[Instruction] = []
    parted: dict[int, Instruction] = {}
    for i, step in enumerate(steps):
        given = of_all(step)
        width = _width(given[0]) if given is not None and i and assignments(steps[i - 1]) else 0
        if not given or not width:
            found.append(step)
            continue
        x, fn = given[0], np.maximum.reduce if given[1] else np.add.reduce
        size = x.dtype.itemsize
        rows = x._replace(shape=(x.size // width, width), strides=(width * size, size))
        part = recording.room(rows.shape[:1], x.dtype)
        first = dataclasses.replace(step, fn=fn, args=(rows,), options={"axis": 1}, results=part)
        parted[id(first)] = step
        found += [first, dataclasses.replace(step, fn=fn, args=(part,), options={})]
    return found, parted


def _width(x: Operand) -> int:
    """Into rows of how many elements an array is cut to be summed; 0 if it is not."""
    if x.size < WORTH:
        return 0
    width = 1
    for n in reversed(x.shape):
        width *= n
        if USUAL[0] <= width <= WIDE and width < x.size:
            return width
    return next((n for n in range(USUAL[1], USUAL[0] - 1, -1) if x.size % n == 0 and n < x.size), 0)


def _joined(found: list[Instruction | Rows], parted: dict[int, Instruction]) -> list[Instruction | Rows]:
    """What was found, with sums as they were where no loop took up their first part."""
    kept: list[Instruction | Rows] = []
    items = iter(found)
    for item in items:
        if id(item) in parted:
            next(items)
        kept.append(parted.get(id(item), item))
    return kept


def _is_fit(step: Instruction) -> bool:
    """Whether a loop over rows may hold a call."""
    return reduction(step) is not None or outer(step) is not None or assignments(step) is not None


def _frame(step: Instruction) -> Frame | None:
    """The grid of a sum along rows."""
    found = reduction(step)
    if found is None:
        return None
    frame = Frame((found.out.size, found.given[0].size // max(found.out.size, 1)))
    fits = NARROW <= frame.shape[-1] <= WIDE and frame.size >= WORTH and frame.height > 1
    return frame if fits and found.along_rows(frame) else None


def _longest(
    steps: list[Instruction], frame: Frame, recording: Recording, later: Later, at: int
) -> Rows | None:
    """The loop over as many steps from the first on, which is `at` a place, as there can be in one."""
    count = 0
    for step in steps:
        finer = _cut(frame, step)
        if finer is None:
            break
        frame, count = finer, count + 1
    rows = Rows(frame, [])
    for i, step in enumerate(steps[:count]):
        try:
            rows.take(step, recording)
        except Refused:
            count = i
            break
    while count > 1:
        rows = Rows(frame, steps[:count])
        try:
            for step in rows.steps:
                rows.take(step, recording)
            rows.settle(recording, later.than(at + count - 1))
            return rows if rows.pays else None
        except Refused:
            count -= 1
    return None


def _cut(frame: Frame, step: Instruction) -> Frame | None:
    """A grid cut so fine that it has the axes of a step."""
    found = reduction(step)
    shapes = [found.given[0].shape] if found is not None else [o.target.shape for o in statements(step)]
    cut: Frame | None = frame
    for shape in shapes:
        cut = cut and cut.refined(shape)
    return cut
