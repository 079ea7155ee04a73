"""Products of matrices of long sums and small results, as tiles: gradients of weights over a large batch.

Both factors are read once, from memory, which is asked for them in time; BLAS copies them in between. Each
thread has sums of its own over some of the terms, which are added up in the end. With the registers of AVX2
BLAS is as fast.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .. import threads
from . import processor, running
from .room import taken
from .shapes import TILES
from .tiling import THREADS, Product, add_up, call, source, tiles

TILE, _ = TILES[64]
# Terms that are summed before the next ones are needed; each block's sums are then added to the others'.
BLOCK = 80
# Rows of the result, at least: BLAS computes fewer as fast. Bytes of as many elements, at most: a block of
# their factor stays in the first-level cache.
ROWS, ROW_BYTES = {np.dtype(np.float32): 8, np.dtype(np.float64): 24}, 512
# Columns: of fewer the last tiles compute much again, of more a block leaves the second-level cache.
COLUMNS = range(192, 1001)
# Terms of a sum, at least; bytes of both factors from which on they come from memory.
TERMS, FAR = 2000, 1 << 22


def pays(p: Product) -> bool:
    """Whether tiles compute a product sooner than BLAS does."""
    size = p.dtype.itemsize
    if processor.vector_size() != TILE.size:
        return False
    if not p.is_of_rows or p.terms < TERMS or p.columns not in COLUMNS or threads.count() > THREADS:
        return False
    return ROWS[p.dtype] <= p.rows <= ROW_BYTES // size and (p.rows + p.columns) * p.terms * size >= FAR


def made(p: Product) -> Callable | None:
    """`run(a, b, out)`, for out in C order; None where there is no loop for it."""
    loop = _loop(p.dtype)
    if loop is None:
        return None
    parts = min(threads.count(), p.terms)
    shape, sum_up = (parts, p.rows, p.columns), p.bound(loop, parts, parts)

    def run(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        with taken(parts * out.nbytes) as room:
            sums = np.ndarray(shape, p.dtype, room)
            sum_up(a, b, sums)
            add_up(sums, out)

    return run


@functools.cache
def _loop(dtype: np.dtype) -> Callable | None:
    """The parts from `start` to `stop`: each has sums of its own, of some terms.

    While one block of terms is computed, the next rows of b, then those of a, are brought nearer.
    """
    size = dtype.itemsize
    b = f"p1 + k * next + j * {size}"
    tile = call(dtype, TILE, "p0 + k * along", b, "sums", count="count", more="more", ahead="ahead")
    lines = [
        "for part in range(start, stop):",
        "    first, last = part * terms // parts, (part + 1) * terms // parts",
        "    sums = p2 + part * rows * below",
        f"    for k in range(first, last, {BLOCK}):",
        f"        count, more, asked = min({BLOCK}, last - k), 1 if k > first else 0, 0",
        "        b_ahead, a_ahead = p1 + (k + count) * next, p0 + (k + count) * along - count * next",
        f"        for jj in range(0, columns, {TILE.width(dtype)}):",
        f"            for ii in range({tiles(TILE, 'rows')}):",
        "                ahead = asked + (b_ahead if asked < count * next else a_ahead)",
        *(f"                {line}" for line in tile),
        f"                asked += {TILE.asked('count')}",
    ]
    return running.loop(source(lines, 3, "parts"), 3)
