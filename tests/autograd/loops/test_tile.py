"""One tile of a product: what it computes, and what it leaves."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd.loops import running, tiling
from autograd.loops.tiling import Product
from autograd.loops.writing import TILE_BYTES, TILE_ROWS, TILE_TERMS


def drawn(*shape, dtype):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def computed(a, b, out, ii=0, jj=0, **how):
    """What is in `out` after the tile `ii` of the columns from `jj` on."""
    lines = [f"ii, jj = {ii}, {jj}", *tiling.call(out.dtype, "p2", **how)]
    loop = running.loop(tiling.source(lines, 3), 3)
    table = Product.of(a, b).table()
    loop(table.ctypes.data, 0, 1, id(a), id(b), id(out))
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("terms", [1, TILE_TERMS, TILE_TERMS + 1, 64, 65])
@pytest.mark.parametrize("more", [0, 1])
def test_a_tile(dtype, terms, more):
    width = TILE_BYTES // np.dtype(dtype).itemsize
    a, b = drawn(terms, TILE_ROWS + 3, dtype=dtype).T, drawn(terms, width + 5, dtype=dtype)
    before = drawn(TILE_ROWS + 3, width + 5, dtype=dtype)
    wanted = before.copy()
    product = (a.astype(np.float64) @ b)[:TILE_ROWS, :width]
    wanted[:TILE_ROWS, :width] = product + more * before[:TILE_ROWS, :width]
    found = computed(a, b, before.copy(), more=str(more))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=100 * np.finfo(dtype).eps)
    outside = np.ones(found.shape, bool)
    outside[:TILE_ROWS, :width] = False
    np.testing.assert_array_equal(found[outside], before[outside])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 3, TILE_ROWS])
@pytest.mark.parametrize("columns", [1, 11, 16, 17])
def test_the_last_tile_leaves_what_others_store(dtype, rows, columns):
    """It is whole, and stores so many rows and columns."""
    width = TILE_BYTES // np.dtype(dtype).itemsize
    a, b = drawn(9, TILE_ROWS + rows, dtype=dtype).T, drawn(9, width + columns, dtype=dtype)
    out = np.full((TILE_ROWS + rows, width + columns), 7, dtype)
    found = computed(a, b, out, ii=1, jj=width)
    product = a.astype(np.float64) @ b
    np.testing.assert_allclose(found[TILE_ROWS:, width:], product[TILE_ROWS:, width:], rtol=0, atol=1e-5)
    found[TILE_ROWS:, width:] = 7
    np.testing.assert_array_equal(found, np.full_like(found, 7))


def test_only_some_terms():
    a, b = drawn(40, TILE_ROWS, dtype=np.float32).T, drawn(40, 48, dtype=np.float32)
    found = computed(a, b, np.zeros((TILE_ROWS, 48), np.float32), k="7", count="20")
    np.testing.assert_allclose(found, a[:, 7:27] @ b[7:27], rtol=0, atol=1e-5)


@pytest.mark.parametrize("ahead", ["0", "-64", "p1 + 4096 * 4096", "1 << 62"])
def test_memory_that_is_not_there_may_be_asked_for(ahead):
    a, b = drawn(64, TILE_ROWS, dtype=np.float32).T, drawn(64, 48, dtype=np.float32)
    found = computed(a, b, np.zeros((TILE_ROWS, 48), np.float32), ahead=ahead)
    np.testing.assert_allclose(found, a @ b, rtol=0, atol=1e-4)


PRODUCTS = {
    "columns by rows": (np.ones((5, 9), "f").T, np.ones((5, 7), "f"), (9, 5, 7, 36, 28)),
    "of larger arrays": (np.ones((5, 19), "f")[:, 2:11].T, np.ones((5, 8), "f")[:, 1:], (9, 5, 7, 76, 32)),
    "from the end": (np.ones((5, 9))[::-1].T, np.ones((5, 7))[::-1], (9, 5, 7, -72, -56)),
    "rows by rows": (np.ones((9, 5), "f"), np.ones((5, 7), "f"), None),
    "columns by columns": (np.ones((5, 9), "f").T, np.ones((7, 5), "f").T, None),
    "two dtypes": (np.ones((5, 9), "f").T, np.ones((5, 7)), None),
    "halves": (np.ones((5, 9), "e").T, np.ones((5, 7), "e"), None),
    "other bytes": (np.ones((5, 9), ">f8").T, np.ones((5, 7), ">f8"), None),
    "integers": (np.ones((5, 9), "i4").T, np.ones((5, 7), "i4"), None),
    "complex numbers": (np.ones((5, 9), "D").T, np.ones((5, 7), "D"), None),
    "lengths that differ": (np.ones((5, 9), "f").T, np.ones((6, 7), "f"), None),
}


@pytest.mark.parametrize(("a", "b", "wanted"), PRODUCTS.values(), ids=PRODUCTS)
def test_which_products_tiles_can_compute(a, b, wanted):
    found = Product.of(a, b)
    assert (None if found is None else found[1:]) == wanted
