"""What sources of loops are written with: numbers, words of tables, statements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .machine import COUNTED

# The first line of a source none of whose products and sums may be contracted.
EXACT = "# exact"
NAMES = {
    "f4": "float32", "f8": "float64", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u4": "uint32", "u8": "uint64", "b1": "boolean",
}  # fmt: skip


def exact(arguments: Sequence[str], body: list[str]) -> str:
    """The source of a function that rounds each result as NumPy does."""
    return "\n".join([EXACT, f"def loop({', '.join(arguments)}):", *indented(body)]) + "\n"


def word(address: str, index: int | str) -> str:
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
