"""Where temporary arrays lie: one arena, in which those that never live together share memory.

A gradient's memory serves too, from where its old values are of no use until it is written.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...addresses import address_of, aligned
from ..ir import FRESH, Instruction, operands

# Arrays of so many bytes begin at a multiple of the second number, smaller ones where their elements may.
LARGE, LINE = 4096, 64
# What every allocator keeps to.
USUAL = 16


def unit(nbytes: int) -> int:
    """What the address of an array is a multiple of."""
    return LINE if nbytes >= LARGE else min(nbytes & -nbytes, USUAL) or 1


def memory(nbytes: int) -> tuple[np.ndarray, int]:
    """Memory that is zero, and the address in it from which on there are so many aligned bytes."""
    found = aligned(nbytes, LINE) if nbytes >= LARGE else np.zeros(nbytes, np.uint8)
    return found, address_of(found)


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
    elsewhere = plan.lasting.keys() | plan.bound | plan.hosts.keys() | {o.root for o in plan.given}
    sizes = {r: n for r, n in sizes.items() if r not in elsewhere}
    plan.unshared = sum(sizes.values())
    spans = {root: lives[root] for root in sizes}
    least = _most_at_once(sizes, spans)
    best: tuple[int, dict, dict] | None = None
    for order in _ORDERS if len(sizes) <= FEW else _ORDERS[:1]:
        found = _packed(
            sorted(sizes, key=lambda r: order(sizes[r], *spans[r])), sizes, spans, _gradients(plan, lives)
        )
        if best is None or found[0] < best[0]:
            best = found
        if best[0] <= least:
            break
    assert best is not None
    plan.arena, plan.offsets = best[:2]
    plan.hosts |= best[2]


# What goes first: what is large, and of that what lives long; what lives long; what takes much of both.
_ORDERS: list[Callable[[int, int, int], tuple]] = [
    lambda size, first, last: (-size, first - last, first),
    lambda size, first, last: (-size, first, -last),
    lambda size, first, last: (-size, -last, first),
    lambda size, first, last: (-size, -first, last),
    lambda size, first, last: (-size, last, first),
    lambda size, first, last: (first - last, -size, first),
    lambda size, first, last: (size * (first - last - 1), first),
    lambda size, first, last: (first, -size, -last),
    lambda size, first, last: (-last, -size, first),
]
# Up to so many arrays all orders are tried.
FEW = 1000


def _most_at_once(sizes: dict[int, int], spans: dict[int, tuple[int, int]]) -> int:
    """How many bytes live at a time at most."""
    change: dict[int, int] = {}
    for root, (first, last) in spans.items():
        change[first] = change.get(first, 0) + sizes[root]
        change[last + 1] = change.get(last + 1, 0) - sizes[root]
    return max(itertools.accumulate((change[i] for i in sorted(change)), initial=0))


def _gradients(plan: Any, lives: dict[int, tuple[int, int]]) -> list[tuple[int, _Room]]:
    """The memory of gradients while it is of no use, the smallest first."""
    found = []
    for root, number in plan.lasting.items():
        if number is not None and root in lives:
            start = max((i + 1 for i, s in enumerate(plan.steps) if s.number < number), default=0)
            found.append((root, _Room(plan.recording.roots[root].nbytes, start, lives[root][0])))
    return sorted(found, key=lambda pair: pair[1].size or 0)


def _packed(
    order: list[int], sizes: dict[int, int], spans: dict[int, tuple[int, int]], gradients: list
) -> tuple[int, dict[int, int], dict[int, tuple[int, int]]]:
    """The bytes that an arena needs, the roots' offsets there, and those that lie in gradients."""
    arena = _Room(None)
    offsets: dict[int, int] = {}
    hosts: dict[int, tuple[int, int]] = {}
    for root in order:
        for host, room in gradients:
            offset = room.place(sizes[root], *spans[root])
            if offset is not None:
                hosts[root] = host, offset
                break
        else:
            offset = arena.place(sizes[root], *spans[root])
            assert offset is not None
            offsets[root] = offset
    return arena.top, offsets, hosts


def read_at_end(recording: Any) -> set[int]:
    """Roots that are read after the last step."""
    return {o.root for o in operands((recording.outputs, [pair[1] for pair in recording.finals]))}


__all__ = ["lifetimes", "memory", "place", "read_at_end"]
