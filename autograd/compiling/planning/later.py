"""What is read after a place among steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..ir import steps_of


class Later:
    """The roots that items read, or write in part, by where they do so last.

    Args:
        items: steps, or what runs several.
        ends: roots that are read after the last of them.
    """

    def __init__(self, items: Iterable, ends: Iterable[int]):
        self._last: dict[int, float] = {}
        for i, item in enumerate(items):
            for step in steps_of(item):
                self._last.update((o.root, i) for o in (*step.reads(), *step.writes))
        self._last |= dict.fromkeys(ends, float("inf"))

    def than(self, at: int) -> Callable[[int], bool]:
        """Whether a root is read later than by the item at a place."""
        last = self._last
        return lambda root: last.get(root, -1) > at
