"""Products of matrices as tiles: their results, parts, and when they are taken."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd import threads
from autograd.loops import longsums, processor, products, running, shortsums
from autograd.loops.tiling import Product
from autograd.loops.writing import TILE_BYTES, TILE_ROWS

KINDS = {"short": shortsums, "long": longsums}


def forget():
    for cache in (products._kind, products._run, shortsums._loop, longsums._loop):
        cache.cache_clear()


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(products, "blas_leaves", lambda: True)
    monkeypatch.setattr(products, "has_wide_registers", lambda: True)
    monkeypatch.setattr(threads, "PARALLEL", 1)
    forget()
    yield
    forget()


@pytest.fixture(params=KINDS)
def kind(request, monkeypatch):
    """The only kind of tiles, whatever the product."""
    for each in KINDS.values():
        monkeypatch.setattr(each, "pays", lambda p, each=each: each is KINDS[request.param])
    return request.param


def drawn(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def tiled(a, b):
    out = np.full((len(a), b.shape[1]), 7, a.dtype)
    assert products.tiles_pay(a, b)
    products.tiled_dot(a, b, out=out)
    return out


# factors of (k, m) and (k, n)
WAYS = {
    "as they are": lambda m, k, n: (drawn(k, m).T, drawn(k, n)),
    "parts of others": lambda m, k, n: (drawn(3 * k, m + 3)[1::3, 2:-1].T, drawn(k + 1, n + 5)[1:, 2:-3]),
    "one row for all": lambda m, k, n: (drawn(k, m).T, np.broadcast_to(drawn(n), (k, n))),
    "from the end": lambda m, k, n: (drawn(k, m)[::-1].T, drawn(k, n)[::-1]),
}
SIZES = [(96, 16, 96), (97, 17, 99), (8, 1, 48), (9, 130, 49), (103, 300, 121), (48, 129, 300)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("several", [1, 2, 3])
def test_products_are_right(kind, way, dtype, size, several, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: several)
    a, b = WAYS[way](*size)
    if way == "as they are":
        a, b = a.T.astype(dtype).T, b.astype(dtype)
    else:  # their layouts matter
        a, b = (x if dtype == np.float64 else _single(x) for x in (a, b))
    np.testing.assert_allclose(
        tiled(a, b), a.astype(np.float64) @ b, rtol=0, atol=40 * np.finfo(dtype).eps * size[1] ** 0.5
    )


def _single(x):
    """x in single precision, in a layout of the same kind."""
    if 0 in x.strides:
        return np.broadcast_to(x[0].astype(np.float32), x.shape)
    base = x.base
    while base.base is not None:
        base = base.base
    start = x.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    strides = tuple(s // 2 for s in x.strides)
    return np.ndarray(x.shape, np.float32, base.astype(np.float32), start // 2, strides)


def test_parts_of_short_sums_give_the_bits_of_the_whole(monkeypatch):
    monkeypatch.setattr(longsums, "pays", lambda p: False)
    monkeypatch.setattr(shortsums, "pays", lambda p: True)
    a, b = drawn(50, 203, dtype=np.float32).T, drawn(50, 131, dtype=np.float32)
    monkeypatch.setattr(threads, "PARALLEL", 1 << 60)
    whole = tiled(a, b)
    monkeypatch.setattr(threads, "PARALLEL", 1)
    for several in (2, 3, 7):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        np.testing.assert_array_equal(tiled(a, b), whole)


def test_threads_compute_parts_of_long_sums(monkeypatch):
    """Each some of the terms, so that nothing depends on which is first."""
    monkeypatch.setattr(longsums, "pays", lambda p: True)
    monkeypatch.setattr(shortsums, "pays", lambda p: False)
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


def test_threads_of_a_program_have_rooms_of_their_own(monkeypatch):
    """Products at the same time, of several sizes: no sums of one lie where another's are."""
    monkeypatch.setattr(longsums, "pays", lambda p: True)
    monkeypatch.setattr(shortsums, "pays", lambda p: False)
    pairs = [(drawn(400, 40 + 9 * i).T, drawn(400, 60 + i)) for i in range(4)]
    wanted = [a @ b for a, b in pairs]
    wrong = []

    def work(i):
        for _ in range(40):
            found = tiled(*pairs[i])
            if not np.allclose(found, wanted[i], rtol=0, atol=1e-10):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
    assert len(longsums._spare) == 1


def test_without_loops_products_are_blass(kind, monkeypatch):
    monkeypatch.setattr(running, "loop", lambda source, arrays: None)
    a, b = drawn(20, 100).T, drawn(20, 101)
    np.testing.assert_array_equal(tiled(a, b), a.dot(b))


def test_what_no_tile_computes_is_blass():
    a, b = drawn(20, 100), drawn(100, 30)
    out = np.empty((20, 30))
    assert not products.tiles_pay(a, b)
    products.tiled_dot(a, b, out)
    np.testing.assert_array_equal(out, a.dot(b))


# ------------------------------------------------------------------ which pay

FLOAT, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
SHORT = {
    "a batch of 64": ((FLOAT, 512, 64, 784), True),
    "of 16": ((FLOAT, 512, 16, 784), True),
    "of 15": ((FLOAT, 512, 15, 784), False),
    "of 96": ((FLOAT, 512, 96, 784), True),
    "of 97": ((FLOAT, 512, 97, 784), False),
    "of 64 doubles": ((DOUBLE, 512, 64, 784), True),
    "of 65 doubles": ((DOUBLE, 512, 65, 784), False),
    "a few outputs": ((FLOAT, 96, 64, 784), True),
    "fewer": ((FLOAT, 95, 64, 784), False),
    "a few inputs": ((FLOAT, 1024, 64, 96), True),
    "fewer inputs": ((FLOAT, 1024, 64, 95), False),
    "what one thread does as soon": ((FLOAT, 255, 64, 256), False),
    "just enough": ((FLOAT, 256, 64, 256), True),
    "as much as a cache holds": ((FLOAT, 2048, 64, 2048), True),
    "more": ((FLOAT, 2048, 64, 2049), False),
}
LONG = {
    "a batch of 5,000": ((FLOAT, 100, 5000, 784), True),
    "as many doubles": ((DOUBLE, 64, 5000, 784), True),
    "few rows": ((FLOAT, 48, 5000, 784), True),
    "fewer": ((FLOAT, 47, 5000, 784), False),
    "rows that a cache holds": ((FLOAT, 128, 5000, 784), True),
    "more": ((FLOAT, 129, 5000, 784), False),
    "more of doubles": ((DOUBLE, 65, 5000, 784), False),
    "few columns": ((FLOAT, 100, 5000, 256), True),
    "fewer columns": ((FLOAT, 100, 5000, 255), False),
    "sums that a cache holds": ((FLOAT, 128, 2000, 1024), True),
    "more sums": ((FLOAT, 128, 2000, 1025), False),
    "from memory": ((FLOAT, 100, 4096, 256), True),
    "from a cache": ((FLOAT, 100, 4095, 256), False),
}


@pytest.mark.parametrize(("product", "pays"), SHORT.values(), ids=SHORT)
def test_which_short_sums_pay(product, pays):
    assert shortsums.pays(Product(*product, 0, 0)) == pays


@pytest.mark.parametrize(("product", "pays"), LONG.values(), ids=LONG)
def test_which_long_sums_pay(product, pays):
    assert longsums.pays(Product(*product, 0, 0)) == pays


@pytest.mark.parametrize(
    ("several", "short", "long"), [(1, False, True), (2, True, True), (5, True, False)]
)
def test_how_many_threads_they_pay_on(several, short, long, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: several)
    assert shortsums.pays(Product(FLOAT, 512, 64, 784, 0, 0)) == short
    assert longsums.pays(Product(FLOAT, 100, 5000, 784, 0, 0)) == long


@pytest.mark.parametrize("why", ["blas_leaves", "has_wide_registers"])
def test_what_is_left_to_blas(why, monkeypatch):
    a, b = np.empty((64, 512), np.float32).T, np.empty((64, 784), np.float32)
    assert products.tiles_pay(a, b)
    forget()
    monkeypatch.setattr(products, why, lambda: False)
    assert not products.tiles_pay(a, b)


def test_tiles_are_whole_within_the_least():
    assert min(shortsums.LEAST, longsums.ROWS) >= TILE_ROWS
    assert min(shortsums.LEAST, longsums.COLUMNS) * 4 >= TILE_BYTES


@pytest.mark.parametrize(
    ("wait", "threads", "leaves"),
    [(None, None, False), ("20", None, True), ("22", "8", True), ("26", None, False), ("x", None, False),
     (None, "1", True), (None, "2", False), ("", "16", False), ("0", None, False), ("1", None, True),
     ("23", None, False), ("\u00b2", None, False), ("-1", None, False)],
)  # fmt: skip
def test_when_blas_leaves_its_cores(monkeypatch, wait, threads, leaves):
    for name, value in (("OPENBLAS_THREAD_TIMEOUT", wait), ("OPENBLAS_NUM_THREADS", threads)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert processor.blas_leaves() == leaves


@pytest.fixture
def unknown():
    processor.has_wide_registers.cache_clear()
    yield
    processor.has_wide_registers.cache_clear()


@pytest.mark.parametrize(
    ("features", "wide"), [({"avx512f": True}, True), ({"avx512f": False}, False), ({}, False)]
)
def test_which_processors_have_wide_registers(features, wide, unknown, monkeypatch):
    import llvmlite.binding

    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_features", lambda: features)
    assert processor.has_wide_registers() == wide


@pytest.mark.parametrize("name", ["NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"])
def test_loops_for_another_processor_have_no_wide_registers(name, unknown, monkeypatch):
    monkeypatch.setenv(name, "generic")
    assert not processor.has_wide_registers()


def test_a_broken_llvmlite_knows_of_none(unknown, monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    assert not processor.has_wide_registers()
