"""The tiles of a group, run one after the other, or on several threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import threads
from ...addresses import address_of
from ..ir import Operand


class Run:
    """The tiles of a group in memory that is there.

    `body` takes the views of a tile: of static arrays, which are made once, of a worker's buffers, and
    of arrays that come with each run.
    """

    def __init__(
        self, tiles: Any, body: Callable, arrays: list, local: list[Operand], cut: int, memory: np.ndarray
    ):
        self.body, self.cut = body, cut
        self.whole: Callable = body  # with what NumPy's reports change
        self.arrays, self.local, self.shape = arrays, local, tiles.shape
        starts = range(0, tiles.shape[0], tiles.rows)
        self.parts = [slice(s, min(s + tiles.rows, tiles.shape[0])) for s in starts]
        self.static = [tuple(a[part] for a in arrays) for part in self.parts]
        self.workers = min(tiles.workers, len(self.parts))
        parts = memory.reshape(tiles.workers, -1)
        self.buffers = [_buffers(tiles, local, parts[i]) for i in range(self.workers)]

    def __call__(self, *arrays: Any) -> None:
        tiles = iter(range(len(self.parts)))
        if self.workers == 1:
            self._take(tiles, 0, arrays)
            return
        threads.spread(self._start, self.workers, tiles, arrays)

    def watched(self, faults: Any, *arrays: Any) -> None:
        """The tiles, if NumPy reports nothing on the way; else all whole, as reports are about all."""
        if not faults.invalid:
            self(*arrays)
            if not faults.invalid:
                return
            faults.invalid = False
        memory: dict[int, np.ndarray] = {}
        local = []
        for o in self.local:
            if o.root not in memory:
                memory[o.root] = np.empty(self.shape, o.dtype)
            local.append(memory[o.root].view(o.dtype))
        self.whole(*self.arrays, *local, *arrays)

    def _start(self, tiles: Any, worker: int, stop: int, arrays: tuple) -> None:
        self._take(tiles, worker, arrays)

    def _take(self, tiles: Any, worker: int, arrays: tuple) -> None:
        """Run tiles until there are none."""
        body, cut, (whole, rest) = self.body, self.cut, self.buffers[worker]
        last = len(self.parts) - 1
        for i in tiles:
            part = self.parts[i]
            mine = rest if i == last else whole
            if arrays:
                body(*self.static[i], *mine, *(a[part] for a in arrays[:cut]), *arrays[cut:])
            else:
                body(*self.static[i], *mine)


def _buffers(tiles: Any, local: list[Operand], memory: np.ndarray) -> tuple[list, list]:
    """The views of a worker's buffers, for a whole tile and for the last."""
    row, starts = tiles.shape[1:], tiles.starts()
    first = -address_of(memory) % 64
    last = tiles.shape[0] - (tiles.count - 1) * tiles.rows
    found: tuple[list, list] = ([], [])
    for views, rows in zip(found, (tiles.rows, last), strict=True):
        for o in local:
            at = first + starts[tiles.slots[o.root]] // 64 * 64
            views.append(np.ndarray((rows, *row), o.dtype, memory, at))
    return found
