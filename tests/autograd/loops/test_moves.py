"""Numbers that are moved by whole vectors: each gets where it belongs, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd.loops import machine, running
from autograd.loops.shapes import TILES
from autograd.loops.writing import exact, word


def ran(line, *arrays):
    """Run a statement over arrays, whose data are p0, p1..."""
    given = [f"x{i}" for i in range(len(arrays))]
    head = [f"p{i} = {word(x, machine.DATA)}" for i, x in enumerate(given)]
    loop = running.loop(exact(["t", "start", "stop", *given], [*head, line, "return 0"]), len(arrays))
    loop(0, 0, 1, *map(id, arrays))


@pytest.mark.parametrize("nbytes", [1, 16, 24, 64, 96, 192, 256])
@pytest.mark.parametrize("far", [0, 1, 8])
def test_bytes_are_moved(nbytes, far):
    given, room = np.arange(300).astype(np.uint8), np.full(300, 77, np.uint8)
    ran(f"move(p1 + {far}, p0 + 3, {nbytes})", given, room)
    wanted = np.full(300, 77, np.uint8)
    wanted[far : far + nbytes] = given[3 : 3 + nbytes]
    np.testing.assert_array_equal(room, wanted)


@pytest.mark.parametrize("size", TILES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("beside", "below"), [(0, 0), (3, 0), (0, 5), (2, 9)])
def test_squares_are_turned(size, dtype, beside, below):
    """From rows so many numbers longer than the square, to such rows."""
    dtype = np.dtype(dtype)
    count = size // dtype.itemsize
    given = np.arange(count * (count + beside), dtype=dtype).reshape(count, -1)
    found = np.full((count, count + below), -1, dtype)
    steps = found.strides[0], given.strides[0]
    ran(f"turn_{size}_{dtype.str[1:]}(p1, {steps[0]}, p0, {steps[1]})", given, found)
    np.testing.assert_array_equal(found[:, :count], given[:, :count].T)
    assert (found[:, count:] == -1).all()


def test_each_number_is_claimed_once():
    counter, got = np.zeros(1, np.int64), np.zeros(3, np.int64)
    for i in range(3):
        ran(f"store_i8(p1, {i}, claim(p0), 0, 1)", counter, got)
    np.testing.assert_array_equal(got, [0, 1, 2])
    assert counter[0] == 3
