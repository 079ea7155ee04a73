"""Products of a tall matrix and a small one, as tiles: a layer's outputs for a large batch.

The small one is copied, block by block as the tiles read it. The tall one is read as it lies, and memory is
asked for it in time; BLAS copies that too.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import numpy as np

from .. import threads
from . import panels, processor, running
from .epilogue import NOTHING, Epilogue
from .room import LINE, taken
from .shapes import TILES, Tile
from .tiling import THREADS, Product, call, source, tiles
from .writing import indented

# What the table has besides: terms of a block, panels of columns, those of the wider tile, bytes of a copy,
# and what goes on with the rows.
_MORE = "several", "panels", "wides", "copy", *Epilogue._fields
# Terms of a block, at most, by bytes of a vector; rows that are computed before the next ones are needed.
TERMS, ROWS = {64: 112, 32: 400}, 48
# Multiplications from which on it is worth while, and from which on threads come in time.
WORK, SPREAD = 1 << 24, {64: 1 << 24, 32: 1 << 26}
# Rows, at least, for which the small factor is copied, and threads are woken.
TALL = 2000
# Columns at most: BLAS computes more as fast.
COLUMNS = {64: 320, 32: 256}
# Terms of products that take no longer than to go over the rows again, of which tiles save that.
THIN = range(8, 33)
# Bytes of the small factor, which stays in the second-level cache.
BYTES = 1 << 21


def pays(p: Product, followed: bool = False) -> bool:
    """Whether tiles compute a product sooner than BLAS does; `followed`: and what goes on with its rows."""
    vector, size = processor.vector_size(), p.dtype.itemsize
    few = followed and p.terms in THIN
    if p.rows < TALL or p.terms * p.columns * size > BYTES:
        return False
    if not few and (p.along != size or p.work < (SPREAD[vector] if threads.count() > 1 else WORK)):
        return False
    if not TILES[vector][1].width(p.dtype) <= p.columns <= COLUMNS[vector] or _wasted(p, vector):
        return False
    return threads.count() <= THREADS


def _wasted(p: Product, vector: int) -> bool:
    """Whether panels would compute whole vectors in vain: two of four, of five."""
    return panels.measures(p, vector)[2] >= p.columns * p.dtype.itemsize + vector


def blocks(rows: int) -> int:
    """In how many blocks rows are computed; the last has what is left over too."""
    return max(1, rows // ROWS)


def follow(rows: int, after: Epilogue) -> None:
    """Go on with all rows of a product that BLAS has computed, in the blocks of tiles."""
    starts = [*range(0, blocks(rows) * ROWS, ROWS), rows]
    for first, last in itertools.pairwise(starts):
        after.run(first, last)


def made(p: Product, after: Epilogue = NOTHING) -> Callable | None:
    """`run(a, b, out)`, for out in C order; None where there is no loop for it."""
    vector, size = processor.vector_size(), p.dtype.itemsize
    # addresses that differ by a number, rather than by a stride, are parts of instructions
    step = "along" if p.along == size else "down" if p.down == size else ""
    if size not in (p.beside, p.next):  # neither rows nor columns of b are copied by vectors
        return None
    loop = _loop(p.dtype, vector, step, p.beside == size)
    if loop is None:
        return None
    count, wides, row = panels.measures(p, vector)
    several = -(-p.terms // -(-p.terms // TERMS[vector]))
    copy = row * p.terms + -row * p.terms % LINE
    visits = threads.count()
    multiply = p.bound(loop, visits, several, count, wides, copy, *after)

    def run(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        with taken(LINE + visits * copy) as room:
            room[:LINE] = 0  # no block of rows is claimed yet
            multiply(a, b, out, room)

    return run


@functools.cache
def _loop(dtype: np.dtype, vector: int, step: str, in_rows: bool) -> Callable | None:
    """Visits from `start` to `stop`, each of which computes blocks of rows for as long as some are left.

    A thread that comes to visit copies the small factor for itself, and knows which block it will compute
    after each, so that it can ask for that one's memory.

    Args:
        step: which stride of a is that of one element.
        in_rows: whether that of b is the one from a column to the next, rather than from a row.
    """

    def compute(tile: Tile) -> list[str]:
        here = "p0 + first * down + k * along", "at", "p2 + first * below"
        more = "1 if k > 0 else 0"
        one = call(dtype, tile, *here, str(tile.nbytes), "height", "count", more, "ahead")
        asked = f"ahead += {tile.asked('count')}"
        return [f"for ii in range({tiles(tile, 'height')}):", *indented([*one, asked])]

    lines = [
        f"blocks = max(1, rows // {ROWS})",
        "for visit in range(start, stop):",
        f"    block, room = claim(p3), p3 + {LINE} + visit * copy",
        "    if block < blocks:",
        *indented(panels.copied(dtype, vector, in_rows), 2),
        "    while block < blocks:",
        f"        first, following = block * {ROWS}, claim(p3)",
        f"        height = {ROWS} if block < blocks - 1 else rows - first",
        f"        k, at, ahead = 0, room, p0 + following * {ROWS} * down",
        "        while k < terms:",
        "            count = min(several, terms - k)",
        *indented(panels.over(dtype, vector, compute), 3),
        "            k += count",
        "        if loop:",
        "            go_on(loop, its, first * each, (first + height) * each)",
        "        block = following",
    ]
    known = {"beside" if in_rows else "next": dtype.itemsize} | ({step: dtype.itemsize} if step else {})
    return running.loop(source(lines, 4, *_MORE, **known), 4)
