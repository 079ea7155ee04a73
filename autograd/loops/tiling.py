"""What loops over tiles of a product have in common: what they know of it, and the call of a tile."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import machine
from .running import KINDS
from .writing import TILE_BYTES, TILE_ROWS, exact, word


class Product(NamedTuple):
    """A product a @ b of matrices; elements of a column of a, and of a row of b, lie side by side.

    Attributes:
        along: bytes from a column of a to the next.
        next: bytes from a row of b to the next.
    """

    dtype: np.dtype
    rows: int
    terms: int
    columns: int
    along: int
    next: int

    @classmethod
    def of(cls, a: Any, b: Any) -> Product | None:
        """That of two arrays; None where tiles cannot compute it."""
        dtype = a.dtype
        if dtype != b.dtype or dtype not in KINDS or a.shape[1] != b.shape[0]:
            return None
        (below, along), (next, beside) = a.strides, b.strides
        if not below == beside == dtype.itemsize:
            return None
        rows, terms = a.shape
        return cls(dtype, rows, terms, b.shape[1], along, next)

    @property
    def work(self) -> int:
        """Multiplications."""
        return self.rows * self.terms * self.columns

    @property
    def tiles(self) -> int:
        """How many tiles there are below each other."""
        return -(-self.rows // TILE_ROWS)

    def table(self, *more: int) -> np.ndarray:
        """What a loop reads; the result is in C order."""
        return np.array([*self[1:], self.tiles, self.columns * self.dtype.itemsize, *more], np.int64)


def source(lines: list[str], arrays: int, *more: str) -> str:
    """A loop that knows what is in a product's table, by these names; its arrays' data are p0, p1..."""
    names = [*Product._fields[1:], "tiles", "below", *more]
    head = [f"{name} = {word('t', i)}" for i, name in enumerate(names)]
    head += [f"p{i} = {word(f'x{i}', machine.DATA)}" for i in range(arrays)]
    given = ["t", "start", "stop", *(f"x{i}" for i in range(arrays))]
    return exact(given, [*head, *lines, "return 0"])


def call(
    dtype: np.dtype, out: str, k: str = "0", count: str = "terms", more: str = "0", ahead: str = "b"
) -> list[str]:
    """Statements that compute the tile `ii` of the columns from `jj` on, of so many terms from k on.

    The last tiles begin so far before the end that they are whole, and leave out what others store.
    """
    size, columns = dtype.itemsize, TILE_BYTES // dtype.itemsize
    return [
        f"i, j = min(ii * {TILE_ROWS}, rows - {TILE_ROWS}), min(jj, columns - {columns})",
        f"row, column = ii * {TILE_ROWS} - i, jj - j",
        f"a, b = p0 + i * {size} + {k} * along, p1 + j * {size} + {k} * next",
        f"to = {out} + i * below + j * {size}",
        f"tile_{KINDS[dtype]}(a, along, b, next, {count}, to, below, {more}, row, column, {ahead})",
    ]
