"""The small factor of a tall product, copied as tiles read it: panel after panel of its columns.

Its terms are copied block by block. A panel has the columns of one tile, a row of it for each term.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .running import KINDS
from .shapes import TILES, Tile
from .tiling import Product
from .writing import indented


def _wides(p: Product, vector: int) -> int:
    """Panels of the wider tile; narrow ones take the rest of the columns.

    With AVX2 they are as many as can be, since fewer rows take fewer registers for addresses; with AVX-512
    as few.
    """
    narrow, wide = TILES[vector]
    vectors = -(-p.columns * p.dtype.itemsize // vector)
    fewest = vectors % narrow.vectors
    if vector > 32:
        return fewest
    return fewest + max(0, vectors // wide.vectors - fewest) // narrow.vectors * narrow.vectors


def measures(p: Product, vector: int) -> tuple[int, int, int]:
    """Panels, those of the wider tile among them, and the bytes of a copied row of all."""
    narrow, wide = TILES[vector]
    first = _wides(p, vector)
    others = -(-max(0, p.columns * p.dtype.itemsize - first * wide.nbytes) // narrow.nbytes)
    return first + others, first, first * wide.nbytes + others * narrow.nbytes


def over(dtype: np.dtype, vector: int, body: Callable[[Tile], list[str]]) -> list[str]:
    """Statements for all panels: `jj` is the first column of one, and `at` where its copy begins."""
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


def copied(dtype: np.dtype, vector: int, in_rows: bool) -> list[str]:
    """Statements that copy all blocks of terms of p1 to `room`.

    Args:
        in_rows: whether its rows lie in one piece, rather than its columns.
    """

    def panel(tile: Tile) -> list[str]:
        copy = _rows(tile) if in_rows else _columns(tile, dtype, vector)
        return [f"b = p1 + k * next + min(jj, columns - {tile.width(dtype)}) * beside", *copy]

    return [
        "k, at = 0, room",
        "while k < terms:",
        "    count = min(several, terms - k)",
        *indented(over(dtype, vector, panel)),
        "    k += count",
    ]


def _rows(tile: Tile) -> list[str]:
    return ["for i in range(count):", f"    move(at + i * {tile.nbytes}, b + i * next, {tile.nbytes})"]


def _columns(tile: Tile, dtype: np.dtype, vector: int) -> list[str]:
    """Squares of so many columns and terms as a vector has, then the terms that are left."""
    kind, size, columns = KINDS[dtype], dtype.itemsize, tile.width(dtype)
    lanes = vector // size
    return [
        f"whole = count // {lanes}",
        "for i in range(whole):",
        f"    for c in range(0, {columns}, {lanes}):",
        f"        to, here = at + i * {lanes * tile.nbytes} + c * {size}, b + i * {vector} + c * beside",
        f"        turn_{vector}_{kind}(to, {tile.nbytes}, here, beside)",
        f"for i in range(whole * {lanes}, count):",
        f"    for c in range({columns}):",
        f"        x = load_{kind}(b + i * next + c * beside, 0, 1, 2)",
        f"        store_{kind}(at, i * {columns} + c, x, 2, 2)",
    ]
