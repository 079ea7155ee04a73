"""What loops over tiles of a product have in common: what they know of it, and the call of a tile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from . import machine, running
from .running import KINDS
from .shapes import Tile
from .writing import exact, word

# More threads than these are left to BLAS by what was measured on one and two.
THREADS = 4


class Product(NamedTuple):
    """A product a @ b of matrices.

    Attributes:
        down, along: bytes from a row of a to the next, and from a column.
        next, beside: the same of b.
    """

    dtype: np.dtype
    rows: int
    terms: int
    columns: int
    down: int
    along: int
    next: int
    beside: int

    @classmethod
    def of(cls, a: Any, b: Any) -> Product | None:
        """That of two arrays; None where tiles cannot compute it."""
        dtype, (rows, terms) = a.dtype, a.shape
        if dtype != b.dtype or dtype not in KINDS or terms != b.shape[0]:
            return None
        return cls(dtype, rows, terms, b.shape[1], *a.strides, *b.strides)

    @property
    def work(self) -> int:
        """Multiplications."""
        return self.rows * self.terms * self.columns

    @property
    def is_of_rows(self) -> bool:
        """Whether columns of a, and rows of b, lie side by side: as in gradients of weights."""
        return self.down == self.beside == self.dtype.itemsize

    def bound(self, loop: Callable, length: int, *more: int) -> Callable:
        """`run(*arrays)` of a loop over range(length), whose table has `more`; results are in C order."""
        table = np.array([*self[1:], self.columns * self.dtype.itemsize, *more], np.int64)
        work = self.work

        def run(*arrays: np.ndarray) -> None:
            running.run(loop, length, work, address_of(table), *map(id, arrays))

        return run


def add_up(parts: np.ndarray, out: np.ndarray) -> None:
    """out = the sum of parts of it, as loops report it: without a word."""
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.reduce(parts, 0, out=out)


def source(lines: list[str], arrays: int, *more: str, **known: int) -> str:
    """A loop that knows what is in a product's table, by these names; its arrays' data are p0, p1...

    What is `known` is a number in it, of which LLVM makes shorter instructions.
    """
    names = [*Product._fields[1:], "below", *more]
    head = [f"{name} = {known.get(name, word('t', i))}" for i, name in enumerate(names)]
    head += [f"p{i} = {word(f'x{i}', machine.DATA)}" for i in range(arrays)]
    given = ["t", "start", "stop", *(f"x{i}" for i in range(arrays))]
    return exact(given, [*head, *lines, "return 0"])


def tiles(tile: Tile, rows: str) -> str:
    """How many tiles there are below each other, as source."""
    return f"({rows} + {tile.rows - 1}) // {tile.rows}"


def call(
    dtype: np.dtype, tile: Tile, a: str, b: str, out: str, next: str = "next", rows: str = "rows",
    count: str = "terms", more: str = "0", ahead: str = "b",
) -> list[str]:  # fmt: skip
    """Statements that compute the tile `ii` of so many rows, of the columns from `jj` on.

    `a` and `out` are where the rows begin; `b`, which may name j, is where the tile's columns do. The last
    tiles begin so far before the end that they are whole, and leave out what others store.
    """
    size, height = dtype.itemsize, tile.rows
    return [
        f"i, j = min(ii * {height}, {rows} - {height}), min(jj, columns - {tile.width(dtype)})",
        f"row, column = ii * {height} - i, jj - j",
        f"a, b, to = {a} + i * down, {b}, {out} + i * below + j * {size}",
        f"{tile.name}_{KINDS[dtype]}"
        f"(a, down, along, b, {next}, {count}, to, below, {more}, row, column, {ahead})",
    ]
