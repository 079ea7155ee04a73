"""The shapes of tiles of products, which tile.py computes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Tile(NamedTuple):
    """A shape.

    Attributes:
        rows, vectors: how many, and how many in each row.
        size: bytes of a vector.
        terms: for so many it asks for as much memory.
    """

    rows: int
    vectors: int
    size: int
    terms: int

    @property
    def name(self) -> str:
        """What sources call it, but for the dtype."""
        return f"tile_{self.rows}x{self.vectors}x{self.size}"

    @property
    def nbytes(self) -> int:
        """Bytes of a row."""
        return self.vectors * self.size

    def width(self, dtype: np.dtype) -> int:
        """Columns."""
        return self.nbytes // dtype.itemsize

    def asked(self, count: str) -> str:
        """Bytes that are asked for in so many terms, as source."""
        return f"{count} // {self.terms} * {self.size}"


# Those for vectors of so many bytes: one that has more rows, and one that has a vector more in each.
TILES = {64: (Tile(8, 3, 64, 4), Tile(6, 4, 64, 4)), 32: (Tile(6, 2, 32, 8), Tile(4, 3, 32, 8))}
