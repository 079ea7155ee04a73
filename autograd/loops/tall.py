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
from . import running
from .epilogue import NOTHING, Epilogue
from .room import taken
from .running import KINDS
from .tiling import THREADS, Product, call, source, tiles, width
from .writing import LINE, LINE_TERMS, TILES, indented

# What the table has besides: panels of columns, those of the wider tile, bytes of a row of the copy, and
# what goes on with the rows.
_MORE = "panels", "wides", "copied", *Epilogue._fields
# Terms of a block, and rows that are computed before the next ones are needed.
TERMS, ROWS = 112, 48
# Multiplications from which on threads come in time.
WORK = 1 << 24
# Rows, at least, for which the small factor is copied, and threads are woken.
TALL = 2000
# Columns at most; vectors of them, at least, which are those of the wider tile, and of which two such would
# compute three in vain.
COLUMNS, LEAST, WASTED = 320, TILES["wide_tile"][1], 5
# Terms of products that take no longer than to go over the rows again, of which tiles save that.
THIN = range(8, 33)
# Bytes of the small factor, which stays in the second-level cache.
BYTES = 1 << 21


def pays(p: Product, followed: bool = False) -> bool:
    """Whether tiles compute a product sooner than BLAS does; `followed`: and what goes on with its rows."""
    size = p.dtype.itemsize
    few = followed and p.terms in THIN
    if p.rows < TALL or p.terms * p.columns * size > BYTES:
        return False
    if not few and (p.along != size or p.work < WORK):
        return False
    if p.columns > COLUMNS or p.columns * size < LEAST * LINE or _vectors(p) == WASTED:
        return False
    return threads.count() <= THREADS


def _vectors(p: Product) -> int:
    """Those that a row of the result takes."""
    return -(-p.columns * p.dtype.itemsize // LINE)


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
    pack, loop = _pack(p.dtype), _loop(p.dtype)
    if pack is None or loop is None:
        return None
    wide, narrow = _widths(p.dtype)
    wides = _vectors(p) % 3  # and the rest in threes
    panels = wides + -(-max(0, p.columns - wides * wide) // narrow)
    copied = wides * wide + (panels - wides) * narrow
    nbytes, more = copied * p.terms * p.dtype.itemsize, (panels, wides, copied * p.dtype.itemsize, *after)
    copy = p.bound(pack, -(-p.terms // TERMS), *more)
    multiply = p.bound(loop, blocks(p.rows), *more)

    def run(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        with taken(nbytes) as room:
            copy(b, room)
            multiply(a, room, out)

    return run


def _widths(dtype: np.dtype) -> tuple[int, int]:
    return width("wide_tile", dtype), width("tile", dtype)


def _panels(dtype: np.dtype, body: Callable[[str], list[str]]) -> list[str]:
    """Statements over all panels of columns: `jj` is where one begins, `at` where it is copied to."""
    wide, narrow = _widths(dtype)
    lines = ["for panel in range(panels):"]
    for head, name, jj in (
        ("if panel < wides:", "wide_tile", f"panel * {wide}"),
        ("else:", "tile", f"wides * {wide} + (panel - wides) * {narrow}"),
    ):
        panel = [f"jj = {jj}", *body(name), f"at += count * {TILES[name][1] * LINE}"]
        lines += indented([head, *indented(panel)])
    return lines


@functools.cache
def _pack(dtype: np.dtype) -> Callable | None:
    """The blocks of terms from `start` to `stop` of b, each panel after panel."""
    kind = KINDS[dtype]

    def copy(name: str) -> list[str]:
        columns = width(name, dtype)
        return [
            f"j = min(jj, columns - {columns})",
            "for k in range(count):",
            f"    for c in range({columns}):",
            f"        x = load_{kind}(p0 + (first + k) * next + (j + c) * beside, 0, 0, 2)",
            f"        store_{kind}(at, k * {columns} + c, x, 1, 2)",
        ]

    lines = [
        "for block in range(start, stop):",
        f"    first = block * {TERMS}",
        f"    count, at = min({TERMS}, terms - first), p1 + first * copied",
        *indented(_panels(dtype, copy)),
    ]
    return running.loop(source(lines, 2, *_MORE), 2)


@functools.cache
def _loop(dtype: np.dtype) -> Callable | None:
    """The blocks of rows from `start` to `stop`, each with what follows."""

    def compute(name: str) -> list[str]:
        here = "p0 + first * down + k * along", "at", "p2 + first * below"
        next, more = str(TILES[name][1] * LINE), "1 if k > 0 else 0"
        tile = call(dtype, name, *here, next, "height", "count", more, "ahead")
        step = f"ahead += count // {LINE_TERMS} * {LINE}"
        return [f"for ii in range({tiles(name, 'height')}):", *indented([*tile, step])]

    lines = [
        f"blocks = max(1, rows // {ROWS})",
        "for block in range(start, stop):",
        f"    first = block * {ROWS}",
        f"    height = {ROWS} if block < blocks - 1 else rows - first",
        "    at, ahead = p1, p0 + (first + height) * down",
        f"    for k in range(0, terms, {TERMS}):",
        f"        count = min({TERMS}, terms - k)",
        *indented(_panels(dtype, compute), 2),
        "    if loop:",
        "        go_on(loop, its, first * each, (first + height) * each)",
    ]
    return running.loop(source(lines, 3, *_MORE), 3)
