"""How the columns of a small factor are parted among tiles."""

from __future__ import annotations

import numpy as np
import pytest

from autograd.loops import panels
from autograd.loops.shapes import TILES
from autograd.loops.tiling import Product


def product(columns, code="f4"):
    found = Product.of(np.empty((5000, 100), code), np.empty((100, columns), code))
    assert found is not None
    return found


# columns of float32: panels, those of the wider tile, and vectors of all
AVX2 = {16: (1, 0, 2), 24: (1, 1, 3), 32: (2, 0, 4), 40: (2, 1, 5), 48: (2, 2, 6), 96: (4, 4, 12),
        100: (5, 3, 13), 104: (5, 3, 13), 200: (9, 7, 25)}  # fmt: skip
AVX512 = {64: (1, 1, 4), 81: (2, 0, 6), 96: (2, 0, 6), 100: (2, 1, 7), 200: (4, 1, 13), 300: (6, 1, 19)}


@pytest.mark.parametrize(("columns", "wanted"), AVX2.items())
def test_as_many_wider_panels_as_can_be(columns, wanted):
    count, wides, vectors = wanted
    assert panels.measures(product(columns), 32) == (count, wides, 32 * vectors)


@pytest.mark.parametrize(("columns", "wanted"), AVX512.items())
def test_as_few_wider_panels_as_can_be(columns, wanted):
    count, wides, vectors = wanted
    assert panels.measures(product(columns), 64) == (count, wides, 64 * vectors)


@pytest.mark.parametrize("vector", TILES)
@pytest.mark.parametrize("code", ["f4", "f8"])
def test_panels_have_all_columns_and_less_than_a_tile_more(vector, code):
    narrow, wide = TILES[vector]
    for columns in range(wide.width(np.dtype(code)), 400):
        p = product(columns, code)
        count, wides, row = panels.measures(p, vector)
        assert 0 <= wides <= count
        assert row == wides * wide.nbytes + (count - wides) * narrow.nbytes
        assert columns * p.dtype.itemsize <= row < columns * p.dtype.itemsize + narrow.nbytes + vector
