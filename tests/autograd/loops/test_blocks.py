"""Blocks of products of matrices: so many rows and columns, wherever the elements lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from autograd.loops import machine, running
from autograd.loops.writing import exact, word


def laid(array, order, gap):
    """The elements in C or Fortran order with gaps, and the strides in elements."""
    rows, columns = array.shape
    shape = (rows, columns * gap) if order == "C" else (rows * gap, columns)
    room = np.full(shape, np.nan, array.dtype, order)
    seen = room[:, ::gap] if order == "C" else room[::gap]
    seen[...] = array
    return room, seen, [s // array.itemsize for s in seen.strides]


@settings(max_examples=12)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([1, 2, 7, 8, 40]),
    st.lists(st.tuples(st.sampled_from("CF"), st.sampled_from([1, 3])), min_size=3, max_size=3),
    st.sampled_from(["f4", "f8"]),
)
def test_a_block_is_the_product(down, across, count, layouts, kind):
    rng = np.random.default_rng(count)
    a, b = (rng.standard_normal(shape).astype(kind) for shape in ((down, count), (count, across)))
    arrays = a, b, np.zeros((down, across), kind)
    rooms, seen, strides = zip(*map(laid, arrays, *zip(*layouts, strict=True)), strict=True)
    (row_a, step_a), (step_b, column_b), (row, column) = strides
    places = [(row_a, step_a, 1), (column_b, step_b, 2), (row, column, 3)]
    given = ", ".join(f"p{i}, 0, {', '.join(map(str, where))}" for i, where in enumerate(places))
    head = [f"p{i} = {word(f'a{i}', machine.DATA)}" for i in range(3)]
    body = [*head, f"block_{kind}({down}, {across}, {count}, {given}, 3)", "return 0"]
    loop = running.loop(exact(["t", "start", "stop", "a0", "a1", "a2"], body), 3)
    loop(0, 0, 1, *map(id, rooms))
    np.testing.assert_allclose(seen[2], a @ b, *((1e-5, 1e-5) if kind == "f4" else (1e-12, 1e-12)))
    assert np.isnan(rooms[2]).sum() == rooms[2].size - down * across
