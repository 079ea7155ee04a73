"""Products of matrices whose sums are short, as tiles on threads: gradients of weights over a small batch.

BLAS computes them at little more than half the rate of long sums. Tiles take a sixth less of the time, but
only where they find a core: BLAS's own threads stay on theirs for as long as they are told to.
"""

from __future__ import annotations

import numpy as np

from .. import threads
from ..loops.writing import TILE_BYTES, TILE_ROWS
from .ir import Instruction, Operand
from .matrixloops import factors
from .pieces import Piece
from .processor import blas_leaves, has_wide_registers
from .scribe import Scribe

# Terms of a sum: the fewest, and the most, of which BLAS computes more as fast.
FEWEST, MOST = 16, {np.dtype(np.float32): 96, np.dtype(np.float64): 64}
# Rows and columns from which on it is little that the last tiles compute again.
LEAST = 96
# Multiplications from which on threads come in time; bytes of factors that stay in the second-level cache.
WORK, BYTES = 1 << 22, 1 << 20


def short_sums(step: Instruction) -> Piece | None:
    """A large product of matrices as tiles of the result."""
    found = factors(step)
    if found is None or len(found[2].shape) != 2:
        return None
    a, b, out = found
    if not (_fit(a, b, out) and threads.count() > 1 and blas_leaves() and has_wide_registers()):
        return None
    work, tiles = out.size * a.shape[1], -(-out.shape[0] // TILE_ROWS)
    return Piece(step, [a, b, out], work, lambda scribe: _lines(scribe, a, b, out), length=tiles)


def _fit(a: Operand, b: Operand, out: Operand) -> bool:
    """Whether tiles can compute a product, and pay."""
    if not FEWEST <= a.shape[1] <= MOST.get(out.dtype, 0):
        return False
    side_by_side = a.strides[0] == b.strides[1] == out.strides[1] == out.dtype.itemsize
    large = min(out.shape) >= LEAST and out.size * a.shape[1] >= WORK and a.nbytes + b.nbytes <= BYTES
    return side_by_side and large


def _lines(scribe: Scribe, a: Operand, b: Operand, out: Operand) -> list[str]:
    """All tiles from `start` to `stop`, for one tile's columns after the other: b stays in the cache.

    The last ones begin so far before the end that they are whole.
    """
    (height, width), size = out.shape, out.dtype.itemsize
    columns = TILE_BYTES // size
    along, next, below = (scribe.size(s) for s in (a.strides[1], b.strides[0], out.strides[0]))
    last = scribe.size(height - TILE_ROWS), scribe.size(width - columns)
    terms = scribe.size(a.shape[1])
    pa, pb, po = (scribe.address(o) for o in (a, b, out))
    tile = f"tile_{out.dtype.str[1:]}"
    return [
        f"for jj in range(0, {scribe.size(width)}, {columns}):",
        f"    j = min(jj, {last[1]})",
        "    for ii in range(start, stop):",
        f"        i = min(ii * {TILE_ROWS}, {last[0]})",
        f"        a, b, out = {pa} + i * {size}, {pb} + j * {size}, {po} + i * {below} + j * {size}",
        f"        {tile}(a, {along}, b, {next}, {terms}, out, {below})",
    ]
