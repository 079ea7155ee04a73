"""Native functions one after another as one built-in of Python's.

The functions, and their tables, are listed in a table: however many there are, the source is the same.
"""

from __future__ import annotations

import struct

import numpy as np

from ..addresses import address_of
from . import machine
from .writing import given, indented, word

# What a function gives: to go on, that the program does not hold, that it cannot tell whether it does.
HOLDS, REFUSED, DOUBTED = range(3)

_DONE, _REFUSED, _ANSWER, _COUNT, _FIRST = range(5)

SOURCE = "\n".join(
    [
        "def loop(table, args, count):",
        *indented(
            [
                f"t = {word('table', machine.DATA)}",
                f"done = {word('t', _DONE)}",
                f"refused = {word('t', _REFUSED)}",
                f"for i in range({word('t', _COUNT)}):",
                f"    at = {word('t', f'{_FIRST} + 2 * i')}",
                f"    answer = go_on(at, {word('t', f'{_FIRST + 1} + 2 * i')}, args, count)",
                f"    if answer != {HOLDS}:",
                f"        store_i8(t, {_ANSWER}, answer, 0, 1)",
                *indented(given("refused"), 2),
                *given("done"),
            ]
        ),
        "",
    ]
)


def table(functions: tuple[int, ...], tables: list[list[int]]) -> np.ndarray:
    """What the built-in reads: what it returns; the addresses of functions and of their tables; these."""
    first = _FIRST + 2 * len(functions)
    words = [id(None), id(True), HOLDS, len(functions), *[0] * 2 * len(functions)]
    starts = []
    for one in tables:
        starts.append(len(words))
        words += one
    made = np.frombuffer(bytearray(struct.pack(f"{len(words)}q", *words)), np.int64)
    made[_FIRST:first:2] = functions
    made[_FIRST + 1 : first : 2] = address_of(made) + 8 * np.array(starts, np.int64)
    return made


def answer(entries: np.ndarray) -> int:
    """What the last function gave that did not have the others go on."""
    return int(entries[_ANSWER])
