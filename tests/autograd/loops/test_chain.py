"""Functions in turn as one built-in: in their order, each with its table, until one has the others end."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd.loops import chain, diskcache, machine
from autograd.loops.writing import exact, word

ARGUMENTS = ["t", "args", "count"]
# a number to the end of a log, the first of which is how many there are
NOTES = exact(
    ARGUMENTS,
    [
        f"log = {word('t', 0)}",
        f"n = {word('log', 0)} + 1",
        "store_i8(log, 0, n, 0, 1)",
        f"store_i8(log, n, {word('t', 1)}, 0, 1)",
        "return 0",
    ],
)
ENDS = exact(ARGUMENTS, [f"return {word('t', 0)}"])
COUNTS = exact(
    ARGUMENTS,
    [
        f"store_i8({word('t', 0)}, 0, count, 0, 1)",
        f"if count > {word('t', 1)}:",
        "    return 1",
        "return 0",
    ],
)


def made(*parts):
    """The built-in of sources and their tables, and its own table."""
    sources, tables = [p[0] for p in parts], [list(p[1:]) for p in parts]
    table = chain.table(tuple(map(diskcache.load, sources)), tables)
    return machine.builtin(diskcache.load(chain.SOURCE), table), table


def test_all_run_in_their_order():
    log = np.zeros(9, np.int64)
    run, _ = made(*[(NOTES, log.ctypes.data, k) for k in (5, 3, 8)])
    assert run() is None
    assert log[:4].tolist() == [3, 5, 3, 8]
    run()
    assert log[:7].tolist() == [6, 5, 3, 8, 5, 3, 8]


@pytest.mark.parametrize("answer", [chain.REFUSED, chain.DOUBTED])
def test_one_has_the_others_end(answer):
    log = np.zeros(9, np.int64)
    run, table = made((NOTES, log.ctypes.data, 5), (ENDS, answer), (NOTES, log.ctypes.data, 7))
    assert run() is True
    assert chain.answer(table) == answer
    assert log[:2].tolist() == [1, 5]


def test_none_is_a_run_too():
    run, _ = made()
    assert run() is None


def test_arguments_are_passed_on():
    seen = np.zeros(1, np.int64)
    run, _ = made((COUNTS, seen.ctypes.data, 2))
    assert run(1, 2) is None
    assert seen[0] == 2
    assert run(1, 2, 3) is True


def test_what_it_returns_is_counted():
    log = np.zeros(20_000, np.int64)
    run, _ = made((NOTES, log.ctypes.data, 5))
    refused, _ = made((ENDS, chain.REFUSED))
    gc.collect()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(5000):
        run()
        refused()
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert max(abs(a - b) for a, b in zip(after, before, strict=True)) < 1000
