"""Products of matrices as tiles: their results, parts, and when they are taken."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd import threads
from autograd.addresses import address_of
from autograd.loops import (
    comparing,
    diskcache,
    longsums,
    processor,
    products,
    room,
    running,
    shortsums,
    tall,
)
from autograd.loops.epilogue import Epilogue
from autograd.loops.shapes import TILES
from autograd.loops.tiling import Product
from tests.support.threads import in_threads

KINDS = {"short": shortsums, "long": longsums, "tall": tall}
LOOPS = shortsums._loop, longsums._loop, tall._loop


def forget():
    for cache in (products._kind, products._run, *LOOPS):
        cache.cache_clear()


@pytest.fixture(autouse=True, params=TILES, ids=lambda size: f"vectors of {size}")
def vector(request, monkeypatch):
    """Bytes of a vector; a processor that has no such ones computes with several."""
    monkeypatch.setattr(processor, "vector_size", lambda: request.param)
    return request.param


@pytest.fixture(autouse=True)
def afresh(monkeypatch, vector):
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(processor, "blas_leaves", lambda: True)
    monkeypatch.setattr(comparing, "are_sooner", lambda *product: True)
    monkeypatch.setattr(threads, "PARALLEL", 1)
    forget()
    yield
    forget()


@pytest.fixture(params=KINDS)
def kind(request, monkeypatch):
    only(request.param, monkeypatch)
    return request.param


def only(kind, monkeypatch):
    """Tiles of one kind, whatever the product."""
    for name, each in KINDS.items():
        monkeypatch.setattr(each, "pays", lambda p, name=name: name == kind)


def drawn(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def tiled(a, b):
    out = np.full((len(a), b.shape[1]), 7, a.dtype)
    assert products.tiles_pay(a, b)
    assert products._run(Product.of(a, b)) is not None
    products.tiled_dot(a, b, out=out)
    return out


# factors of (m, k) and (k, n), of rows or columns, and what is made of them
WAYS = {
    "as they are": (lambda a: a, lambda b: b),
    "parts of others": (
        lambda a: np.pad(a, ((2, 1), (3, 5)))[2:-1, 3:-5], lambda b: np.repeat(b, 3, 0)[1::3]
    ),
    "one row for all": (lambda a: a, lambda b: np.broadcast_to(b[0], b.shape)),
    "from the end": (lambda a: a[::-1].copy()[::-1], lambda b: b[::-1].copy()[::-1]),
}  # fmt: skip
SIZES = [
    (96, 16, 96), (97, 17, 99), (8, 1, 64), (9, 130, 65), (103, 300, 121), (145, 225, 300), (50, 801, 70)
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("several", [1, 2, 3])
def test_products_are_right(kind, way, dtype, size, several, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: several)
    m, k, n = size
    of_a, of_b = WAYS[way]
    if kind == "tall":
        factors = [(of_a(drawn(m, k, dtype=dtype)), of_b(drawn(k, n, dtype=dtype)))]
        factors.append((factors[0][0], of_a(drawn(n, k, dtype=dtype)).T))
        # columns of a that lie side by side, and neither these nor its rows
        factors.append((of_b(drawn(k, m, dtype=dtype)).T, factors[0][1]))
        factors.append((drawn(m, 2 * k, dtype=dtype)[:, ::2], factors[0][1]))
    else:
        factors = [(of_b(drawn(k, m, dtype=dtype)).T, of_b(drawn(k, n, dtype=dtype)))]
    for a, b in factors:
        most = k * np.finfo(dtype).eps * (np.abs(a).astype(np.float64) @ np.abs(b))
        assert (np.abs(tiled(a, b) - a.astype(np.float64) @ b) <= most).all()


def test_parts_of_short_sums_give_the_bits_of_the_whole(monkeypatch):
    only("short", monkeypatch)
    a, b = drawn(50, 203, dtype=np.float32).T, drawn(50, 131, dtype=np.float32)
    monkeypatch.setattr(threads, "PARALLEL", 1 << 60)
    whole = tiled(a, b)
    monkeypatch.setattr(threads, "PARALLEL", 1)
    for several in (2, 3, 7):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        np.testing.assert_array_equal(tiled(a, b), whole)


def test_threads_compute_parts_of_long_sums(monkeypatch):
    """Each some of the terms, so that nothing depends on which is first."""
    only("long", monkeypatch)
    seen = []
    spread = threads.spread
    monkeypatch.setattr(threads, "spread", lambda fn, n, *rest: seen.append(n) or spread(fn, n, *rest))
    a, b = drawn(700, 50).T, drawn(700, 60)
    for several in (2, 4):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        forget()
        first = tiled(a, b)
        for _ in range(5):
            np.testing.assert_array_equal(tiled(a, b), first)
    assert seen == [2] * 6 + [4] * 6


def test_whoever_comes_computes_what_is_left_of_a_tall_product(monkeypatch):
    """One visit of each thread; who comes late finds nothing to do."""
    only("tall", monkeypatch)
    seen = []

    def spread(fn, n, table, *arrays):
        seen.append(n)
        for visit in reversed(range(n)):
            fn(table, visit, visit + 1, *arrays)

    monkeypatch.setattr(threads, "spread", spread)
    a, b = drawn(480, 801), drawn(801, 64)
    for several in (2, 3):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        forget()
        for _ in range(2):
            np.testing.assert_allclose(tiled(a, b), a @ b, rtol=0, atol=1e-10)
    assert seen == [2, 2, 3, 3]


def test_threads_share_the_rows_of_a_tall_product(monkeypatch):
    """Each block is computed once, and its bits are those of one thread."""
    only("tall", monkeypatch)
    a, b = drawn(1009, 100, dtype=np.float32), drawn(100, 113, dtype=np.float32)
    monkeypatch.setattr(threads, "count", lambda: 1)
    alone = tiled(a, b)
    for several in (2, 4):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        forget()
        for _ in range(20):
            np.testing.assert_array_equal(tiled(a, b), alone)


def test_a_small_factor_neither_of_rows_nor_of_columns_is_left_to_blas(monkeypatch):
    only("tall", monkeypatch)
    a, b, out = drawn(100, 30), drawn(30, 140)[:, ::2], np.empty((100, 70))
    assert products._run(Product.of(a, b)) is None
    products.tiled_dot(a, b, out)
    np.testing.assert_array_equal(out, a.dot(b))


def test_every_element_is_summed_in_order(kind, monkeypatch):
    """Of terms that cancel only so: by turns a large number, its opposite, and a small one."""
    monkeypatch.setattr(threads, "count", lambda: 1)
    a = np.ones((48, 104)).T
    b = np.tile(np.array([1e30, -1e30, 1.0]), 16)[:, None] * np.ones(112)
    np.testing.assert_array_equal(tiled(a, b), np.ones((104, 112)))


def test_infinities_and_nan(kind):
    a, b = drawn(20, 100).T, drawn(20, 101)
    a[3, 4], a[50, 7], b[9, 80] = np.inf, np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        found, wanted = tiled(a, b), a @ b
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_array_equal(np.isposinf(found), np.isposinf(wanted))
    np.testing.assert_array_equal(np.isneginf(found), np.isneginf(wanted))


def test_zeros_are_positive(kind):
    """As sums that begin with 0 are."""
    assert not np.signbit(tiled(np.zeros((20, 100)).T, -np.ones((20, 100)))).any()


@pytest.mark.parametrize("kind", ["long", "tall"])
@pytest.mark.parametrize("columns", [64, 100, 113, 200])
def test_nothing_is_written_beyond_the_room(kind, columns, monkeypatch):
    only(kind, monkeypatch)
    if kind == "tall":
        monkeypatch.setattr(threads, "count", lambda: 1)  # a second finds nothing, and copies nothing
    rooms = []

    @contextlib.contextmanager
    def taken(nbytes):
        rooms.append(np.full(nbytes + 4096, 77, np.uint8))
        yield rooms[-1][:nbytes]

    monkeypatch.setattr(KINDS[kind], "taken", taken)
    a, b = drawn(130, 50), drawn(130, columns)
    found = tiled(a.T if kind == "long" else a.T.copy(), b)
    np.testing.assert_allclose(found, a.T @ b, rtol=0, atol=1e-10)
    assert len(rooms) == 1
    assert (rooms[0][-4096:] == 77).all()
    assert not (rooms[0][-4352:-4096] == 77).all()


@pytest.mark.parametrize("kind", ["long", "tall"])
def test_many_terms_are_summed_block_by_block(kind, monkeypatch):
    """One by one 60,000 equal terms in float32 would be off by 2e-4."""
    only(kind, monkeypatch)
    a, b = np.full((16, 60_000), 0.1, np.float32), np.ones((60_000, 64), np.float32)
    wanted = 60_000 * np.float64(np.float32(0.1))
    np.testing.assert_allclose(tiled(a, b), np.full((16, 64), wanted), rtol=1e-5)


def test_parts_that_overflow_say_nothing(monkeypatch):
    only("long", monkeypatch)
    a, b = np.full((8, 100), 1e25, np.float32), np.full((100, 48), 1e18, np.float32)
    b[50:] *= -1  # the sums of one thread are infinite, and of the other minus that
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(tiled(a.T.copy().T, b)).all()


@pytest.mark.parametrize("kind", ["long", "tall"])
def test_threads_of_a_program_have_rooms_of_their_own(kind, monkeypatch):
    """Products at the same time, of several sizes: nothing of one lies where another's is."""
    only(kind, monkeypatch)
    pairs = [(drawn(400, 40 + 9 * i).T, drawn(400, 60 + i)) for i in range(4)]
    wanted = [a @ b for a, b in pairs]
    wrong = []

    def work(i):
        for _ in range(40):
            found = tiled(*pairs[i])
            if not np.allclose(found, wanted[i], rtol=0, atol=1e-10):
                wrong.append(i)

    in_threads(work, range(4))
    assert not wrong
    (spare,) = room._spare
    assert address_of(spare) % room.LINE == 0


def test_without_loops_products_are_blass(kind, monkeypatch):
    monkeypatch.setattr(running, "loop", lambda source, arrays: None)
    a, b, out = drawn(20, 100).T, drawn(20, 101), np.empty((100, 101))
    assert products.tiles_pay(a, b)
    assert products._run(Product.of(a, b)) is None
    products.tiled_dot(a, b, out)
    np.testing.assert_array_equal(out, a.dot(b))


FOLLOWS = """# exact
def loop(t, start, stop):
    x, y, seen = load_i8(t, 0, 0, 1), load_i8(t, 1, 0, 1), load_i8(t, 2, 0, 1)
    for i in range(start, stop):
        store_f8(y, i, 2.0 * load_f8(x, i, 1, 3), 2, 3)
        store_i8(seen, i, load_i8(seen, i, 3, 3) + 1, 3, 3)
    return 0
"""


@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("rows", [8, 47, 48, 95, 96, 97, 300])
@pytest.mark.parametrize("several", [1, 2])
def test_each_row_is_gone_on_with_once_it_is_there(several, rows, made, monkeypatch):
    """By tiles, or by BLAS where those cannot be had."""
    monkeypatch.setattr(threads, "count", lambda: several)
    if not made:
        monkeypatch.setattr(running, "loop", lambda source, arrays: None)
    a, b = drawn(rows, 30), drawn(30, 70)
    out, twice, seen = np.empty((rows, 70)), np.empty((rows, 70)), np.zeros((rows, 70), np.int64)
    table = np.array([address_of(x) for x in (out, twice, seen)])
    after = Epilogue(diskcache.load(FOLLOWS), address_of(table), 70)
    products.tiled_dot(a, b, out, after)
    assert (products._run(Product.of(a, b), after) is not None) == made
    np.testing.assert_allclose(out, a @ b, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(twice, 2 * out)
    assert (seen == 1).all()


def test_what_no_tile_computes_is_blass():
    a, b = drawn(20, 100), drawn(100, 30)
    out = np.empty((20, 30))
    assert not products.tiles_pay(a, b)
    products.tiled_dot(a, b, out)
    np.testing.assert_array_equal(out, a.dot(b))


# ------------------------------------------------------------------ which pay


def product(code, rows, terms, columns, of_rows=True):
    """One whose factors are both in rows, the first turned, or not."""
    dtype = np.dtype(code)
    a, b = np.empty((terms, rows), dtype).T, np.empty((terms, columns), dtype)
    found = Product.of(a if of_rows else np.empty((rows, terms), dtype), b)
    assert found is not None
    return found


SHORT = {
    "a batch of 64": (("f4", 512, 64, 784), True),
    "of 16": (("f4", 512, 16, 784), True),
    "of 15": (("f4", 512, 15, 784), False),
    "of 96": (("f4", 512, 96, 784), True),
    "of 97": (("f4", 512, 97, 784), False),
    "of 64 doubles": (("f8", 512, 64, 784), True),
    "of 65 doubles": (("f8", 512, 65, 784), False),
    "a few outputs": (("f4", 96, 64, 784), True),
    "fewer": (("f4", 95, 64, 784), False),
    "a few inputs": (("f4", 1024, 64, 96), True),
    "fewer inputs": (("f4", 1024, 64, 95), False),
    "what one thread does as soon": (("f4", 255, 64, 256), False),
    "just enough": (("f4", 256, 64, 256), True),
    "as much as a cache holds": (("f4", 2048, 64, 2048), True),
    "more": (("f4", 2048, 64, 2049), False),
    "of a forward pass": (("f4", 512, 64, 784, False), False),
}
LONG = {
    "a batch of 5,000": (("f4", 100, 5000, 784), True),
    "as many doubles": (("f8", 64, 5000, 784), True),
    "few rows": (("f4", 8, 5000, 784), True),
    "fewer": (("f4", 7, 5000, 784), False),
    "few rows of doubles": (("f8", 24, 5000, 784), True),
    "fewer of doubles": (("f8", 23, 5000, 784), False),
    "2,000 terms": (("f4", 100, 2000, 784), True),
    "fewer terms": (("f4", 100, 1999, 784), False),
    "rows that a cache holds": (("f4", 128, 5000, 784), True),
    "more": (("f4", 129, 5000, 784), False),
    "more of doubles": (("f8", 65, 5000, 784), False),
    "few columns": (("f4", 100, 5000, 192), True),
    "fewer columns": (("f4", 100, 5000, 191), False),
    "many columns": (("f4", 128, 4000, 1000), True),
    "more columns": (("f4", 128, 4000, 1001), False),
    "from memory": (("f4", 64, 4096, 192), True),
    "from a cache": (("f4", 64, 4095, 192), False),
    "of a forward pass": (("f4", 100, 5000, 784, False), False),
}
TALL = {
    "a batch of 5,000": (("f4", 5000, 784, 100, False), True),
    "as many doubles": (("f8", 5000, 784, 100, False), True),
    "of 2,000": (("f4", 2000, 784, 100, False), True),
    "fewer": (("f4", 1999, 784, 100, False), False),
    "a narrow layer": (("f4", 5000, 784, 64, False), True),
    "a narrower one": (("f4", 5000, 784, 63, False), False),
    "one of five vectors": (("f4", 5000, 784, 65, False), False),
    "of five whole ones": (("f4", 5000, 784, 80, False), False),
    "of six": (("f4", 5000, 784, 81, False), True),
    "a narrow layer of doubles": (("f8", 5000, 784, 32, False), True),
    "a narrower one of doubles": (("f8", 5000, 784, 31, False), False),
    "a wide layer": (("f4", 5000, 784, 320, False), True),
    "a wider one": (("f4", 5000, 784, 321, False), False),
    "a weight that a cache holds": (("f4", 5000, 2048, 256, False), True),
    "a larger one": (("f4", 5000, 2049, 256, False), False),
    "enough work": (("f4", 2048, 32, 256, False), True),
    "less": (("f4", 2047, 32, 256, False), False),
    "columns": (("f4", 5000, 784, 100), False),
}
# with vectors of 32 bytes
NARROW_SHORT = {"a batch of 64": (("f4", 512, 64, 784), False)}
NARROW_LONG = {"a batch of 5,000": (("f4", 100, 5000, 784), False)}
NARROW_TALL = {
    "a batch of 5,000": (("f4", 5000, 784, 100, False), True),
    "as many doubles": (("f8", 5000, 784, 100, False), True),
    "fewer": (("f4", 1999, 784, 100, False), False),
    "a narrow layer": (("f4", 5000, 784, 24, False), True),
    "a narrower one": (("f4", 5000, 784, 23, False), False),
    "a narrow layer of doubles": (("f8", 7000, 784, 13, False), True),
    "a narrower one of doubles": (("f8", 9000, 784, 11, False), False),
    "one of five vectors": (("f4", 5000, 784, 40, False), True),
    "a wide layer": (("f4", 5000, 784, 256, False), True),
    "a wider one": (("f4", 5000, 784, 257, False), False),
    "enough work": (("f4", 4096, 128, 128, False), True),
    "less": (("f4", 4095, 128, 128, False), False),
    "columns": (("f4", 5000, 784, 100), False),
}


FOLLOWED = {
    "a batch of 5,000": (("f4", 5000, 784, 100, False), True),
    "few terms": (("f4", 5000, 10, 200, False), True),
    "in columns": (("f4", 5000, 10, 200), True),
    "fewer": (("f4", 5000, 7, 200, False), False),
    "as many as are thin": (("f4", 5000, 32, 96, False), True),
    "of five vectors": (("f4", 5000, 32, 80, False), False),
    "more": (("f4", 5000, 33, 96, False), False),
    "more, and more rows": (("f4", 6000, 33, 96, False), True),
    "fewer rows": (("f4", 1999, 10, 200, False), False),
    "fewer columns": (("f4", 5000, 10, 63, False), False),
}


NARROW_FOLLOWED = {
    "a batch of 5,000": (("f4", 5000, 784, 100, False), True),
    "few terms": (("f4", 5000, 10, 200, False), True),
    "in columns": (("f4", 5000, 10, 200), True),
    "of five vectors": (("f4", 5000, 32, 40, False), True),
    "more": (("f4", 5000, 33, 200, False), False),
    "fewer columns": (("f4", 5000, 10, 23, False), False),
}


PAYS_FOLLOWED = {
    f"vectors of {size}: {name}": (size, *case)
    for size, cases in ((64, FOLLOWED), (32, NARROW_FOLLOWED))
    for name, case in cases.items()
}


@pytest.mark.parametrize(
    ("vector", "given", "pays"), PAYS_FOLLOWED.values(), ids=PAYS_FOLLOWED, indirect=["vector"]
)
def test_which_products_pay_with_what_follows(vector, given, pays):
    assert tall.pays(product(*given), followed=True) == pays
    a = np.empty((given[1], given[2]), given[0])
    b = np.empty((given[2], given[3]), given[0])
    if len(given) > 4:
        assert products.rows_pay(a, b) == pays


PAYS = {
    f"{kind}, vectors of {size}: {name}": (size, KINDS[kind], *case)
    for kind, size, cases in (
        ("short", 64, SHORT), ("long", 64, LONG), ("tall", 64, TALL),
        ("short", 32, NARROW_SHORT), ("long", 32, NARROW_LONG), ("tall", 32, NARROW_TALL),
    )
    for name, case in cases.items()
}  # fmt: skip


@pytest.mark.parametrize(("vector", "kind", "given", "pays"), PAYS.values(), ids=PAYS, indirect=["vector"])
def test_which_products_pay(vector, kind, given, pays):
    assert kind.pays(product(*given)) == pays


@pytest.mark.parametrize(
    ("vector", "several", "short", "long", "tall_ones"),
    [(64, 1, False, True, True), (64, 2, True, True, True), (64, 5, True, False, False),
     (32, 1, False, False, True), (32, 2, False, False, True), (32, 5, False, False, False)],
    indirect=["vector"],
)  # fmt: skip
def test_how_many_threads_they_pay_on(vector, several, short, long, tall_ones, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: several)
    assert shortsums.pays(product(*SHORT["a batch of 64"][0])) == short
    assert longsums.pays(product(*LONG["a batch of 5,000"][0])) == long
    assert tall.pays(product(*TALL["a batch of 5,000"][0])) == tall_ones


@pytest.mark.parametrize("vector", [64], indirect=True)
@pytest.mark.parametrize("sooner", [True, False])
def test_short_sums_are_tiles_where_these_are_sooner_here(vector, sooner, monkeypatch):
    asked = []
    monkeypatch.setattr(comparing, "are_sooner", lambda *product: asked.append(product) or sooner)
    few, whole = product(*SHORT["of 15"][0]), product(*SHORT["a batch of 64"][0])
    assert not shortsums.pays(few)
    assert asked == []
    assert shortsums.pays(whole) == sooner
    assert asked == [(shortsums.made, np.dtype(np.float32), 512, 64, 784)]


@pytest.mark.parametrize("several", [1, 2])
def test_narrow_vectors_alone_take_less_work(several, vector, monkeypatch):
    """Of 2^24 multiplications: no threads have to come in time."""
    monkeypatch.setattr(threads, "count", lambda: several)
    assert tall.pays(product("f4", 4096, 32, 128, False)) == (several == 1 or vector == 64)
    assert not tall.pays(product("f4", 4095, 32, 128, False))


@pytest.mark.parametrize(("why", "is_so"), [("blas_leaves", False), ("vector_size", 0)])
def test_what_is_left_to_blas(why, is_so, monkeypatch):
    a, b = np.empty((5000, 784), np.float32), np.empty((784, 100), np.float32)
    assert products.tiles_pay(a, b)
    forget()
    monkeypatch.setattr(processor, why, lambda: is_so)
    assert not products.tiles_pay(a, b)
    assert not products.rows_pay(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("tile", [tile for pair in TILES.values() for tile in pair], ids=lambda t: t.name)
def test_tiles_are_whole_within_the_least(tile, dtype):
    dtype = np.dtype(dtype)
    assert tile.rows <= tall.ROWS
    if tile in (shortsums.TILE, longsums.TILE):
        assert max(tile.rows, tile.width(dtype)) <= shortsums.LEAST
        assert tile.rows <= longsums.ROWS[dtype]
        assert tile.width(dtype) <= longsums.COLUMNS.start
