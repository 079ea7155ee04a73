"""Calls that one loop may hold, side by side: what only stands between them goes before or after them."""

from __future__ import annotations

import dataclasses
import itertools

from ..ir import FRESH, INPUT, Instruction, Recording
from ..planning.elementwise import assignments
from ..planning.lowering import gives_new_array
from ..planning.sums import of_all, outer, reduction
from .columns import total

# Elements of calls that are worth it, and of those that go out of the way at most.
LARGE, CHEAP = 1 << 12, 1 << 12
# So many calls may stand between two.
BETWEEN = 12


def side_by_side(steps: list[Instruction], recording: Recording) -> list[Instruction]:
    """The steps, with large ones next to those that they may share a loop with."""
    found = _Order(recording)
    for size, run in itertools.groupby(steps, lambda step: _elements(step, recording)):
        found.take(list(run), size)
    return found.steps


class _Order:
    """Takes runs of steps in order; `steps` are those so far, `sizes` the elements of large ones or 0."""

    def __init__(self, recording: Recording):
        self.recording = recording
        self.steps: list[Instruction] = []
        self.sizes: list[int] = []

    def take(self, run: list[Instruction], size: int) -> None:
        end = len(self.steps)
        at = self._neighbour(run, size) if size and all(map(self._may_move, run)) else end
        start, between = at, self.steps[at:]
        while start and at < end and self.sizes[start - 1] == size:
            start -= 1
        first = self._needed(run, between) if between else []
        if at == end or not self._may_precede([between[i] for i in first], self.steps[start:at]):
            self.steps += run
            self.sizes += [size] * len(run)
            return
        # from which step on memory is free is told by its number: these stay in order
        number = self.steps[at - 1].number
        before = [dataclasses.replace(self.steps[at + i], number=self.steps[start].number) for i in first]
        rest = [i for i in range(len(between)) if i not in first]
        sizes = [self.sizes[at + i] for i in first], [self.sizes[at + i] for i in rest]
        run = [*self.steps[start:at], *(dataclasses.replace(step, number=number) for step in run)]
        self.steps[start:] = [*before, *run, *(between[i] for i in rest)]
        self.sizes[start:] = [*sizes[0], *(size for _ in run), *sizes[1]]

    def _neighbour(self, run: list[Instruction], size: int) -> int:
        """Where a run would follow one of as many elements; the end if there is none near."""
        end = len(self.steps)
        sums = all(o.size < size for step in run for o in step.made())  # small results lie nowhere for long
        for at in range(end, max(end - BETWEEN, 0), -1):
            last = self.steps[at - 1]
            if self.sizes[at - 1] == size:
                return at
            if last.kind == "effect" or not (sums or _is_cheap(last)):
                break
        return end

    def _may_move(self, step: Instruction) -> bool:
        """Whether it only writes temporary memory, and where it is told to."""
        written = [*step.made(), *step.writes]
        own = all(self.recording.roots[o.root].kind == FRESH for o in written)
        return step.kind == "call" and own and not gives_new_array(step)

    def _needed(self, run: list[Instruction], between: list[Instruction]) -> list[int]:
        """Which steps must go before a run."""
        needed, places = list(run), []
        for i in reversed(range(len(between))):
            if any(meet(between[i], later, self.recording) for later in needed):
                needed.append(between[i])
                places.append(i)
        return places[::-1]

    def _may_precede(self, before: list[Instruction], run: list[Instruction]) -> bool:
        movable = all(_is_cheap(step) and self._may_move(step) for step in before)
        return movable and not any(meet(a, b, self.recording) for a in run for b in before)


def meet(one: Instruction, other: Instruction, recording: Recording) -> bool:
    """Whether one of two writes what the other reads or writes."""
    return _touches(one, other, recording) or _touches(other, one, recording)


def _touches(one: Instruction, other: Instruction, recording: Recording) -> bool:
    roots = recording.roots
    written = {o.root for o in (*one.made(), *one.writes)}
    touched = {o.root for o in other.touched()}
    # an argument may be a view of what lasts
    lasts = any(roots[r].kind != FRESH for r in written)
    return bool(written & touched) or (lasts and any(roots[r].kind == INPUT for r in touched))


def _elements(step: Instruction, recording: Recording) -> int:
    """How many elements a call that a large loop may hold goes over; 0 for others."""
    if step.kind != "call" or all(o.size < LARGE for o in step.touched()):
        return 0
    found = reduction(step)
    if found is not None:
        return found.given[0].size
    whole = of_all(step)
    if whole is not None:
        return whole[0].size
    grown = total(step, recording)
    if grown is not None:
        return grown.target.size
    one = outer(step)
    found_here = [one] if one is not None else assignments(step) or ()
    # what only copies seldom shares a loop: it changes the layout
    return max((one.target.size for one in found_here if one.expression != "{0}"), default=0)


def _is_cheap(step: Instruction) -> bool:
    return all(o.size <= CHEAP for o in step.touched())
