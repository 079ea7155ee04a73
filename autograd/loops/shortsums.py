"""Products of matrices whose sums are short, as tiles on threads: gradients of weights over a small batch.

Some processors' BLAS computes them at little more than half the rate of long sums. Tiles take a sixth less
of the time there, but only where they find a core, as BLAS's own threads stay on theirs for as long as they
are told to, and only with the registers of AVX-512. On others BLAS is sooner: it is measured. Sums are
rounded after each term, in their order, as BLAS's own of so few terms are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .. import threads
from . import comparing, processor, running
from .shapes import TILES
from .tiling import Product, call, source

TILE, _ = TILES[64]
# Terms of a sum: the fewest, and the most, of which BLAS computes more as fast.
FEWEST, MOST = 16, {np.dtype(np.float32): 96, np.dtype(np.float64): 64}
# Rows and columns from which on it is little that the last tiles compute again.
LEAST = 96
# Multiplications from which on threads come in time; bytes of factors that stay in the second-level cache.
WORK, BYTES = 1 << 22, 1 << 20


def pays(p: Product) -> bool:
    """Whether tiles compute a product sooner than BLAS does."""
    if processor.vector_size() != TILE.size or threads.count() == 1:
        return False
    if not (p.is_of_rows and FEWEST <= p.terms <= MOST[p.dtype]):
        return False
    if min(p.rows, p.columns) < LEAST or p.work < WORK:
        return False
    near = (p.rows + p.columns) * p.terms * p.dtype.itemsize <= BYTES
    return near and comparing.are_sooner(made, p.dtype, p.rows, p.terms, p.columns)


def made(p: Product) -> Callable | None:
    """`run(a, b, out)`, for out in C order; None where there is no loop for it."""
    loop = _loop(p.dtype)
    return None if loop is None else p.bound(loop, -(-p.rows // TILE.rows))


@functools.cache
def _loop(dtype: np.dtype) -> Callable | None:
    """Tiles from `start` to `stop`, of one tile's columns after the other: b stays in the cache."""
    tile = call(dtype, TILE, "p0", f"p1 + j * {dtype.itemsize}", "p2")
    lines = [
        f"for jj in range(0, columns, {TILE.width(dtype)}):",
        "    for ii in range(start, stop):",
        *(f"        {line}" for line in tile),
    ]
    return running.loop(source(lines, 3), 3)
