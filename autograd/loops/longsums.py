"""Products of matrices of long sums and small results, as tiles: gradients of weights over a large batch.

Both factors are read once, from memory, which is asked for them in time; BLAS copies them in between. Each
thread has sums of its own over some of the terms, which are added up in the end.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .. import threads
from ..addresses import address_of
from . import running
from .tiling import Product, call, source
from .writing import TILE_BYTES, TILE_TERMS

# Terms that are summed before the next ones are needed.
BLOCK = 64
# Rows of the result, at least, and bytes of them: a block of their factor stays in the first-level cache.
ROWS, ROW_BYTES = 48, 512
# Columns, at least, and bytes of all sums, which stay in the second-level cache.
COLUMNS, BYTES = 256, 1 << 19
# Bytes of the second factor from which on it comes from memory; threads for which this was measured.
FAR, THREADS = 1 << 22, 4
# Where sums of other threads go: kept, since memory that is new takes longer.
_spare: list[np.ndarray] = []


def pays(p: Product) -> bool:
    """Whether tiles compute a product sooner than BLAS does."""
    size = p.dtype.itemsize
    if p.rows < ROWS or p.rows * size > ROW_BYTES or p.columns < COLUMNS or threads.count() > THREADS:
        return False
    return p.rows * p.columns * size <= BYTES and p.terms * p.columns * size >= FAR


def made(p: Product) -> Callable | None:
    """`run(a, b, out)`, for out in C order; None where there is no loop for it."""
    loop = _loop(p.dtype)
    if loop is None:
        return None
    parts = min(threads.count(), p.terms)
    table = p.table(parts)
    shape, at, work = (parts - 1, p.rows, p.columns), address_of(table), p.work

    def run(a: np.ndarray, b: np.ndarray, out: np.ndarray, _table: np.ndarray = table) -> None:
        room = _room((parts - 1) * out.nbytes)
        others = np.ndarray(shape, p.dtype, room)
        running.run(loop, parts, work, at, id(a), id(b), id(out), id(others))
        for other in others:
            np.add(out, other, out)
        _spare[:] = [room]

    return run


def _room(nbytes: int) -> np.ndarray:
    """Memory that no other thread has."""
    try:
        room = _spare.pop()
    except IndexError:
        return np.empty(nbytes, np.uint8)
    return room if room.nbytes >= nbytes else np.empty(nbytes, np.uint8)


@functools.cache
def _loop(dtype: np.dtype) -> Callable | None:
    """The parts from `start` to `stop`: each sums up some terms, the first in the result itself.

    While one block of terms is computed, the next rows of b, then those of a, are brought nearer.
    """
    tile = call(dtype, "sums", k="k", count="count", more="more", ahead="ahead")
    lines = [
        "for part in range(start, stop):",
        "    first, last = part * terms // parts, (part + 1) * terms // parts",
        "    sums = p2 if part == 0 else p3 + (part - 1) * rows * below",
        f"    for k in range(first, last, {BLOCK}):",
        f"        count, more, asked = min({BLOCK}, last - k), 1 if k > first else 0, 0",
        "        b_ahead, a_ahead = p1 + (k + count) * next, p0 + (k + count) * along - count * next",
        f"        for jj in range(0, columns, {TILE_BYTES // dtype.itemsize}):",
        "            for ii in range(tiles):",
        "                ahead = asked + (b_ahead if asked < count * next else a_ahead)",
        *(f"                {line}" for line in tile),
        f"                asked += count // {TILE_TERMS} * 64",
    ]
    return running.loop(source(lines, 4, "parts"), 4)
