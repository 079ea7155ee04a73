"""Where temporary arrays lie: one arena, in which those that never live together share memory.

A gradient's memory serves too, from where its old values are of no use until it is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .ir import FRESH, Instruction, operands

# Arrays of so many bytes begin at a multiple of the second number, smaller ones where their elements may.
LARGE, LINE = 1024, 64
# What every allocator keeps to.
USUAL = 16


def unit(nbytes: int) -> int:
    """What the address of an array is a multiple of."""
    return LINE if nbytes >= LARGE else min(nbytes & -nbytes, USUAL) or 1


def memory(nbytes: int) -> tuple[np.ndarray, int]:
    """Memory that is zero, and the address in it from which on there are so many aligned bytes."""
    large = nbytes >= LARGE
    found = np.zeros(nbytes + (LINE - USUAL if large else 0), np.uint8)
    at = found.__array_interface__["data"][0]
    return found, at + (-at % LINE if large else 0)


@dataclass(slots=True)
class _Room:
    """Memory that arrays share: what lies in it, and when.

    Attributes:
        size: its bytes; None for as many as are needed.
        start, stop: the steps between which it can be used.
    """

    size: int | None
    start: int = -1
    stop: int = 1 << 60
    top: int = 0
    count: int = 0
    taken: np.ndarray = field(default_factory=lambda: np.empty((16, 4), np.int64))

    def place(self, size: int, first: int, last: int) -> int | None:
        """The lowest offset at which nothing else lies from the first to the last step; None for none."""
        if first < self.start or last >= self.stop or (self.size is not None and size > self.size):
            return None
        step = unit(size)
        taken = self.taken[: self.count]
        there = taken[(taken[:, 2] <= last) & (taken[:, 3] >= first)]
        offset = 0
        for low, high in sorted(map(tuple, there[:, :2].tolist())):
            if low - offset >= size:
                break
            offset = max(offset, -(-high // step) * step)
        if self.size is not None and offset + size > self.size:
            return None
        if self.count == len(self.taken):
            self.taken = np.concatenate([self.taken, np.empty_like(self.taken)])
        self.taken[self.count] = offset, offset + size, first, last
        self.count += 1
        self.top = max(self.top, offset + size)
        return offset


def lifetimes(steps: list[Instruction], ends: set[int]) -> dict[int, tuple[int, int]]:
    """The first and the last step that touch each root; what is read at the end lives until then."""
    found: dict[int, tuple[int, int]] = {}
    for i, step in enumerate(steps):
        for o in (*step.made(), *step.writes, *step.reads()):
            found[o.root] = (found.get(o.root, (i,))[0], i)
    for root in ends:
        found[root] = (found.get(root, (len(steps),))[0], len(steps))
    return found


def place(plan: Any) -> None:
    """Give each temporary root of a plan a place: in the arena, or in the memory of a gradient."""
    recording, lives = plan.recording, lifetimes(plan.steps, read_at_end(plan.recording))
    for root, (host, _) in plan.hosts.items():  # these lie side by side
        both = lives[root], lives[host]
        lives[host] = min(both)[0], max(last for _, last in both)
    sizes = {r: max(recording.roots[r].nbytes, 1) for r in lives if recording.roots[r].kind == FRESH}
    for step in plan.steps:
        plan.hosts |= getattr(step.extra, "hosts", {})
    elsewhere = plan.lasting.keys() | plan.bound | plan.hosts.keys()
    sizes = {r: n for r, n in sizes.items() if r not in elsewhere}
    plan.unshared = sum(sizes.values())
    rooms: dict[int, _Room] = {}
    for root, number in plan.lasting.items():
        if number is not None and root in lives:
            start = max((i + 1 for i, s in enumerate(plan.steps) if s.number < number), default=0)
            rooms[root] = _Room(recording.roots[root].nbytes, start, lives[root][0])
    small_first = sorted(rooms.items(), key=lambda pair: pair[1].size or 0)
    arena = _Room(None)
    # what is large, or lives long, goes first: the rest fits between
    for root in sorted(sizes, key=lambda r: (-sizes[r], lives[r][0] - lives[r][1], lives[r])):
        for host, room in small_first:
            offset = room.place(sizes[root], *lives[root])
            if offset is not None:
                plan.hosts[root] = host, offset
                break
        else:
            offset = arena.place(sizes[root], *lives[root])
            assert offset is not None
            plan.offsets[root] = offset
    plan.arena = arena.top


def read_at_end(recording: Any) -> set[int]:
    """Roots that are read after the last step."""
    return {o.root for o in operands((recording.outputs, [pair[1] for pair in recording.finals]))}


__all__ = ["lifetimes", "memory", "place", "read_at_end"]
