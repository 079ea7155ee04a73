"""One tile of a product: what it computes, and what it leaves."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd.loops import running, tiling
from autograd.loops.shapes import TILES
from autograd.loops.tiling import Product


def drawn(*shape, dtype):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


@pytest.fixture(params=[tile for pair in TILES.values() for tile in pair], ids=lambda tile: tile.name)
def tile(request):
    return request.param


@pytest.fixture(params=["f4", "f8"])
def dtype(request):
    return np.dtype(request.param)


@pytest.fixture
def size(tile, dtype):
    """Rows and columns of the tile."""
    return tile.rows, tile.width(dtype)


def computed(tile, a, b, out, ii=0, jj=0, k=0, **how):
    """What is in `out` after the tile `ii` of the columns from `jj` on."""
    at = f"p0 + {k} * along", f"p1 + {k} * next + j * beside", "p2"
    lines = [f"ii, jj = {ii}, {jj}", *tiling.call(out.dtype, tile, *at, **how)]
    loop = running.loop(tiling.source(lines, 3), 3)
    Product.of(a, b).bound(loop, 1)(a, b, out)
    return out


@pytest.mark.parametrize("terms", [1, 3, 4, 5, 7, 8, 9, 64, 67])
@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_a_tile(tile, dtype, size, terms, more, turned):
    rows, width = size
    a, b = drawn(rows + 3, terms, dtype=dtype), drawn(terms, width + 5, dtype=dtype)
    a = a.T.copy().T if turned else a
    before = drawn(rows + 3, width + 5, dtype=dtype)
    wanted = before.copy()
    product = (a.astype(np.float64) @ b)[:rows, :width]
    wanted[:rows, :width] = product + more * before[:rows, :width]
    found = computed(tile, a, b, before.copy(), more=str(more))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=100 * np.finfo(dtype).eps)
    outside = np.ones(found.shape, bool)
    outside[:rows, :width] = False
    np.testing.assert_array_equal(found[outside], before[outside])


@pytest.mark.parametrize("rows", [1, 3, 6])
@pytest.mark.parametrize("columns", [1, 11, 16, 17])
def test_the_last_tile_leaves_what_others_store(tile, dtype, size, rows, columns):
    """It is whole, and stores so many rows and columns."""
    height, width = size
    rows, columns = min(rows, height), min(columns, width)
    a, b = drawn(height + rows, 9, dtype=dtype), drawn(9, width + columns, dtype=dtype)
    out = np.full((height + rows, width + columns), 7, dtype)
    found = computed(tile, a, b, out, ii=1, jj=width)
    product = a.astype(np.float64) @ b
    np.testing.assert_allclose(found[height:, width:], product[height:, width:], rtol=0, atol=1e-5)
    found[height:, width:] = 7
    np.testing.assert_array_equal(found, np.full_like(found, 7))


def test_only_some_terms(tile, dtype, size):
    rows, width = size
    a, b = drawn(rows, 40, dtype=dtype), drawn(40, width, dtype=dtype)
    found = computed(tile, a, b, np.zeros((rows, width), dtype), k=7, count="20")
    np.testing.assert_allclose(found, a[:, 7:27] @ b[7:27], rtol=0, atol=1e-5)


@pytest.mark.parametrize("ahead", ["0", "-64", "p1 + 4096 * 4096", "1 << 62"])
def test_memory_that_is_not_there_may_be_asked_for(tile, dtype, size, ahead):
    rows, width = size
    a, b = drawn(rows, 64, dtype=dtype), drawn(64, width, dtype=dtype)
    found = computed(tile, a, b, np.zeros((rows, width), dtype), ahead=ahead)
    np.testing.assert_allclose(found, a @ b, rtol=0, atol=1e-4)


PRODUCTS = {
    "columns by rows": (np.ones((5, 9), "f").T, np.ones((5, 7), "f"), (9, 5, 7, 4, 36, 28, 4)),
    "of larger arrays": (
        np.ones((5, 19), "f")[:, 2:11].T, np.ones((5, 8), "f")[:, 1:], (9, 5, 7, 4, 76, 32, 4)
    ),
    "from the end": (np.ones((5, 9))[::-1].T, np.ones((5, 7))[::-1], (9, 5, 7, 8, -72, -56, 8)),
    "rows by columns": (np.ones((9, 5), "f"), np.ones((7, 5), "f").T, (9, 5, 7, 20, 4, 4, 20)),
    "two dtypes": (np.ones((5, 9), "f").T, np.ones((5, 7)), None),
    "halves": (np.ones((5, 9), "e").T, np.ones((5, 7), "e"), None),
    "other bytes": (np.ones((5, 9), ">f8").T, np.ones((5, 7), ">f8"), None),
    "integers": (np.ones((5, 9), "i4").T, np.ones((5, 7), "i4"), None),
    "complex numbers": (np.ones((5, 9), "D").T, np.ones((5, 7), "D"), None),
    "lengths that differ": (np.ones((5, 9), "f").T, np.ones((6, 7), "f"), None),
}  # fmt: skip


@pytest.mark.parametrize(("a", "b", "wanted"), PRODUCTS.values(), ids=PRODUCTS)
def test_which_products_tiles_can_compute(a, b, wanted):
    found = Product.of(a, b)
    assert (None if found is None else found[1:]) == wanted
