"""Which calls run as loops over rows: those around a sum along rows, as many as one loop can hold."""

from __future__ import annotations

from .elementwise import assignments
from .frames import Frame
from .ir import Instruction, Recording
from .rows import Refused, Rows, statements
from .sums import outer, reduction

# Elements of a grid from which a loop of its own pays, in rows of so many at least and at most.
WORTH, NARROW, WIDE = 1 << 12, 16, 1 << 13
# Calls that one loop holds.
MOST = 48


def in_rows(steps: list[Instruction], recording: Recording, ends: set[int]) -> list[Instruction | Rows]:
    """The steps, with loops over rows in the places of runs that hold a sum along rows."""
    found: list[Instruction | Rows] = []
    frames = [_frame(step) for step in steps]
    if not any(frames):
        return [*steps]
    alive = _read_after(steps, ends)
    fits = [reduction(s) is not None or outer(s) is not None or assignments(s) is not None for s in steps]
    at = stop = 0
    while at < len(steps):
        while stop <= at or (stop < len(steps) and fits[stop] and stop - at < MOST):
            stop += 1
        frame = next(filter(None, frames[at:stop]), None) if fits[at] else None
        rows = _longest(steps[at:stop], frame, recording, alive[at:stop]) if frame else None
        found.append(rows or steps[at])
        at += len(rows.steps) if rows else 1
    return found


def _read_after(steps: list[Instruction], ends: set[int]) -> list[set[int]]:
    """For each step the roots that later ones read, or write in part."""
    found, alive = [], set(ends)
    for step in reversed(steps):
        found.append(set(alive))
        alive |= {o.root for o in (*step.reads(), *step.writes)}
    return found[::-1]


def _frame(step: Instruction) -> Frame | None:
    """The grid of a sum along rows."""
    found = reduction(step)
    if found is None:
        return None
    frame = Frame((found.out.size, found.given[0].size // max(found.out.size, 1)))
    fits = NARROW <= frame.shape[-1] <= WIDE and frame.size >= WORTH and frame.height > 1
    return frame if fits and found.along_rows(frame) else None


def _longest(
    steps: list[Instruction], frame: Frame, recording: Recording, alive: list[set[int]]
) -> Rows | None:
    """The loop over as many steps from the first on as there can be in one."""
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
            rows.settle(recording, alive[count - 1])
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
