"""Memory within a run of small calls: temporaries that never live together share it.

What shares memory gets one name: the compiler of a function is told that what has two names lies apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ir import FRESH, Instruction, Recording, steps_of
from .arena import unit
from .fusion import Group
from .inplace import renamed, renamed_group


@dataclass(slots=True)
class _Slot:
    """Memory of a root, which others take over; before `stop`, if it is a gradient's."""

    root: int
    size: int
    stop: int
    spans: list[tuple[int, int]] = field(default_factory=list)

    def takes(self, size: int, span: tuple[int, int]) -> bool:
        apart = all(span[1] < first or last < span[0] for first, last in self.spans)
        return apart and size <= self.size and span[1] < self.stop


class Sharing:
    """Gives the temporaries of runs of items their memory.

    Args:
        ends: roots that are read after the last item.
        lasting: as of a plan.
        again: makes of a renamed step what an item is that is neither a step nor a group.
    """

    def __init__(
        self, items: list, recording: Recording, ends: set[int], lasting: Mapping[int, int | None],
        again: Callable[[Instruction], Any],
    ):  # fmt: skip
        self.recording, self.ends, self.lasting, self.again = recording, ends, lasting, again
        self.touches: dict[int, tuple[int, int]] = {}
        for i, item in enumerate(items):
            for root in _roots(item):
                self.touches[root] = self.touches.get(root, (i, i))[0], i

    def shared(self, run: list, start: int) -> tuple[list, dict[int, tuple[int, int]]]:
        """A run of items that begins with one of these, and which roots lie in gradients: where there."""
        roots, stop = self.recording.roots, start + len(run)
        local = {root for item in run if isinstance(item, Group) for root in item.local}
        inside = {
            root: span
            for root, span in self.touches.items()
            if start <= span[0] and span[1] < stop and root not in local | self.ends
            and roots[root].kind == FRESH and roots[root].nbytes
        }  # fmt: skip
        free = self._gradients(run, start, stop)
        slots: list[_Slot] = []
        hosts: dict[int, tuple[int, int]] = {}
        moved: dict[int, int] = {}
        for root in sorted(inside, key=lambda r: (-roots[r].nbytes, inside[r])):
            size, span = roots[root].nbytes, inside[root]
            fitting = [slot for slot in slots if slot.takes(size, span)]
            slot = min(fitting, key=lambda s: (s.stop, s.size), default=None)
            if slot is not None:
                moved[root] = slot.root
            else:
                slot = _Slot(root, size, 1 << 60)
                found = _hosted(size, span, free, roots)
                if found is not None:
                    hosts[root], slot.stop = found
                slots.append(slot)
            slot.spans.append(span)
        return [self._renamed(item, moved) for item in run], hosts

    def _gradients(self, run: list, start: int, stop: int) -> dict[int, list[int]]:
        """Gradients that are dead until this run writes them: what is taken of each, and until when."""
        number = steps_of(run[0])[0].number
        return {
            root: [0, self.touches[root][0]]
            for root, dead in self.lasting.items()
            if dead is not None and dead <= number and start <= self.touches.get(root, (-1,))[0] < stop
        }

    def _renamed(self, item: Any, moved: Mapping[int, int]) -> Any:
        if not any(root in moved for root in _roots(item)):
            return item
        return (
            renamed_group(item, moved) if isinstance(item, Group) else self.again(renamed(item.step, moved))
        )


def _hosted(size: int, span: tuple[int, int], free: dict[int, list[int]], roots: Mapping) -> Any:
    """Room in a gradient and until when; None for none."""
    for root in sorted(free, key=lambda r: roots[r].nbytes):
        taken, stop = free[root]
        offset = -(-taken // unit(size)) * unit(size)
        if span[1] < stop and offset + size <= roots[root].nbytes:
            free[root][0] = offset + size
            return (root, offset), stop
    return None


def _roots(item: Any) -> set[int]:
    return {o.root for step in steps_of(item) for o in step.touched()}
