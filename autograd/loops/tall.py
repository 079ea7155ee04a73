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
from . import processor, running
from .epilogue import NOTHING, Epilogue
from .room import taken
from .running import KINDS
from .shapes import TILES, Tile
from .tiling import THREADS, Product, call, source, tiles
from .writing import indented

# What the table has besides: terms of a block, panels of columns, those of the wider tile, bytes of a row
# of the copy, and what goes on with the rows.
_MORE = "several", "panels", "wides", "copied", *Epilogue._fields
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


def _wides(p: Product, vector: int) -> int:
    """Panels of the wider tile; narrow ones take the rest of the columns."""
    return -(-p.columns * p.dtype.itemsize // vector) % TILES[vector][0].vectors


def _wasted(p: Product, vector: int) -> bool:
    """Whether panels would compute whole vectors in vain: two of four, of five."""
    return _wides(p, vector) * TILES[vector][1].nbytes >= p.columns * p.dtype.itemsize + vector


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
    pack, loop = _pack(p.dtype, vector), _loop(p.dtype, vector, step)
    if pack is None or loop is None:
        return None
    narrow, wide = TILES[vector]
    wides = _wides(p, vector)
    panels = wides + -(-max(0, p.columns * size - wides * wide.nbytes) // narrow.nbytes)
    copied = wides * wide.nbytes + (panels - wides) * narrow.nbytes
    blocks_of_terms = -(-p.terms // TERMS[vector])
    nbytes, more = copied * p.terms, (-(-p.terms // blocks_of_terms), panels, wides, copied, *after)
    copy = p.bound(pack, blocks_of_terms, *more, work=p.terms * p.columns)
    multiply = p.bound(loop, blocks(p.rows), *more)

    def run(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        with taken(nbytes) as room:
            copy(b, room)
            multiply(a, room, out)

    return run


def _panels(dtype: np.dtype, vector: int, body: Callable[[Tile], list[str]]) -> list[str]:
    """Statements over all panels of columns: `jj` is where one begins, `at` where it is copied to."""
    narrow, wide = TILES[vector]
    columns = wide.width(dtype)
    lines = ["for panel in range(panels):"]
    for head, tile, jj in (
        ("if panel < wides:", wide, f"panel * {columns}"),
        ("else:", narrow, f"wides * {columns} + (panel - wides) * {narrow.width(dtype)}"),
    ):
        panel = [f"jj = {jj}", *body(tile), f"at += count * {tile.nbytes}"]
        lines += indented([head, *indented(panel)])
    return lines


@functools.cache
def _pack(dtype: np.dtype, vector: int) -> Callable | None:
    """The blocks of terms from `start` to `stop` of b, each panel after panel."""
    kind = KINDS[dtype]

    def copy(tile: Tile) -> list[str]:
        columns = tile.width(dtype)
        return [
            f"j = min(jj, columns - {columns})",
            "for k in range(count):",
            f"    for c in range({columns}):",
            f"        x = load_{kind}(p0 + (first + k) * next + (j + c) * beside, 0, 0, 2)",
            f"        store_{kind}(at, k * {columns} + c, x, 1, 2)",
        ]

    lines = [
        "for block in range(start, stop):",
        "    first = block * several",
        "    count, at = min(several, terms - first), p1 + first * copied",
        *indented(_panels(dtype, vector, copy)),
    ]
    return running.loop(source(lines, 2, *_MORE), 2)


@functools.cache
def _loop(dtype: np.dtype, vector: int, step: str = "") -> Callable | None:
    """The blocks of rows from `start` to `stop`, each with what follows.

    Args:
        step: which stride of a is that of one element.
    """

    def compute(tile: Tile) -> list[str]:
        here = "p0 + first * down + k * along", "at", "p2 + first * below"
        more = "1 if k > 0 else 0"
        one = call(dtype, tile, *here, str(tile.nbytes), "height", "count", more, "ahead")
        asked = f"ahead += {tile.asked('count')}"
        return [f"for ii in range({tiles(tile, 'height')}):", *indented([*one, asked])]

    lines = [
        f"blocks = max(1, rows // {ROWS})",
        "for block in range(start, stop):",
        f"    first = block * {ROWS}",
        f"    height = {ROWS} if block < blocks - 1 else rows - first",
        "    at, ahead, k = p1, p0 + (first + height) * down, 0",
        "    while k < terms:",
        "        count = min(several, terms - k)",
        *indented(_panels(dtype, vector, compute), 2),
        "        k += count",
        "    if loop:",
        "        go_on(loop, its, first * each, (first + height) * each)",
    ]
    known = {step: dtype.itemsize} if step else {}
    return running.loop(source(lines, 3, *_MORE, **known), 3)
