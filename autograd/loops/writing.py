"""What sources of loops are written with: numbers, words of tables, statements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .machine import COUNTED

# The first line of a source none of whose products and sums may be contracted.
EXACT = "# exact"
NAMES = {
    "f4": "float32", "f8": "float64", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u4": "uint32", "u8": "uint64", "b1": "boolean",
}  # fmt: skip


class Tile(NamedTuple):
    """The shape of a tile of a product; see tile.py.

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


def exact(arguments: Sequence[str], body: list[str]) -> str:
    """The source of a function that rounds each result as NumPy does."""
    return "\n".join([EXACT, f"def loop({', '.join(arguments)}):", *indented(body)]) + "\n"


def word(address: str, index: int) -> str:
    """The integer in a place of a table."""
    return f"load_i8({address}, {index}, 0, 1)"


def given(answer: str) -> list[str]:
    """Statements that return an object of Python's."""
    count = [f"store_i8({answer}, 0, {word(answer, 0)} + 1, 0, 1)"] if COUNTED else []
    return [*count, f"return {answer}"]


def indented(lines: list[str], by: int = 1) -> list[str]:
    return ["    " * by + line for line in lines]


def literal(x: Any, kind: np.dtype) -> str:
    """A number in a loop, in the dtype of the statement, so that nothing widens."""
    if kind.kind == "b":
        return str(bool(x))
    name = NAMES[kind.str[1:]]
    if kind.kind != "f":
        return f"{name}({int(x)})"
    x = float(x)
    if math.isnan(x) or math.isinf(x):
        return f"{name}({'nan' if math.isnan(x) else '-inf' if x < 0 else 'inf'})"
    return f"{name}({x!r})"
