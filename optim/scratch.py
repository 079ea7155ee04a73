"""Arrays that update formulas may overwrite: one memory for all parameters, as updates take turns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .slot import Slot


class Scratch:
    """Memory that is lent to slots, and grows with what is asked for."""

    def __init__(self) -> None:
        self._pools: dict[tuple[int, np.dtype], np.ndarray] = {}

    def __deepcopy__(self, memo: dict) -> Scratch:
        return Scratch()

    def lend(self, slot: Slot, slots: Iterable[Slot], wanted: tuple[np.ndarray, ...]) -> None:
        """Give a slot arrays like those wanted; where memory had to grow, other slots ask anew."""
        found = []
        for i, array in enumerate(wanted):
            key = i, array.dtype
            pool = self._pools.get(key)
            if pool is None or pool.size < array.size:
                pool = self._pools[key] = np.empty(array.size, array.dtype)
                for other in slots:
                    other.ready = None
            found.append(pool[: array.size].reshape(array.shape))
        slot.scratch, slot.ready = tuple(found), slot.buffers

    def take_back(self, slots: Iterable[Slot]) -> None:
        """Free the memory until the next update."""
        self._pools.clear()
        for slot in slots:
            slot.scratch, slot.ready = (), None
