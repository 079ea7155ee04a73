"""Products of short sums as tiles: their results, parts, and when they are taken."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn
import optim
from autograd import tensor, threads
from autograd.compiling import layouts, processor, shortsums
from autograd.compiling.ir import Instruction, Operand
from autograd.loops import machine, running
from autograd.loops.writing import TILE_BYTES, TILE_ROWS, exact, word


@pytest.fixture(autouse=True)
def taken(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(shortsums, "blas_leaves", lambda: True)
    monkeypatch.setattr(shortsums, "has_wide_registers", lambda: True)
    monkeypatch.setattr(shortsums, "WORK", 1)
    # no layout is faster than another: what lies in columns has no tiles
    monkeypatch.setattr(layouts, "measured", lambda shapes: 1.0)


def drawn(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def replayed(fn, *args):
    """What a program of it gives, and its source."""
    compiled = autograd.compile(fn, strict=True)
    for _ in range(4):
        found = compiled(*args)
    return found, compiled.source


# factors of (k, m) and (k, n), and what is made of them
WAYS = {
    "as they are": lambda m, k, n: (lambda a, b: a.T @ b, drawn(k, m), drawn(k, n)),
    "turned": lambda m, k, n: (lambda a, b: (b.T @ a).T, drawn(k, m), drawn(k, n)),
    "parts of others": lambda m, k, n: (
        lambda a, b: a[1::3, 2:-1].T @ b[1:, 2:-3], drawn(3 * k, m + 3), drawn(k + 1, n + 5)
    ),
    "one row for all": lambda m, k, n: (
        lambda a, b: a.T @ np.broadcast_to(b, (k, n)), drawn(k, m), drawn(n)
    ),
    "from the end": lambda m, k, n: (lambda a, b: a[::-1].T @ b[::-1], drawn(k, m), drawn(k, n)),
    "of one array": lambda m, k, n: (lambda a, b: a.T @ a, drawn(k, n), drawn(1)),
}  # fmt: skip
SIZES = [(96, 16, 96), (97, 17, 99), (200, 61, 121), (103, 64, 784)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
def test_products_are_right(way, dtype, size):
    fn, *args = WAYS[way](*size)
    args = [x.astype(dtype) for x in args]
    found, source = replayed(lambda a, b: fn(a, b) + 0.5, *args)
    wanted = fn(*(x.astype(np.float64) for x in args)) + 0.5
    assert "tile_f" in source
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=0, atol=40 * np.finfo(dtype).eps * size[1])


def test_parts_give_the_bits_of_the_whole(monkeypatch):
    args = drawn(50, 203, dtype=np.float32), drawn(50, 131, dtype=np.float32)
    monkeypatch.setattr(threads, "PARALLEL", 1 << 60)
    whole, source = replayed(lambda a, b: a.T @ b, *args)
    assert "spread(" not in source
    assert "tile_f4" in source
    monkeypatch.setattr(threads, "PARALLEL", 1)
    for several in (2, 3, 7):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        found, source = replayed(lambda a, b: a.T @ b, *args)
        assert "spread(" in source
        np.testing.assert_array_equal(found, whole)


def test_every_element_is_summed_in_order():
    """Of terms that cancel only so: by turns a large number, its opposite, and a small one."""
    k, m, n = 48, 104, 112
    a = np.ones((k, m))
    b = np.tile(np.array([1e30, -1e30, 1.0]), k // 3)[:, None] * np.ones(n)
    found, source = replayed(lambda a, b: a.T @ b, a, b)
    assert "tile_f8" in source
    np.testing.assert_array_equal(found, np.full((m, n), 1.0))


def test_rows_side_by_side_are_blass():
    """As in the products of a forward pass, for which BLAS is as fast."""
    a, b = drawn(500, 64), drawn(64, 128)
    found, source = replayed(lambda a, b: a @ b, a, b)
    assert "tile_" not in source
    np.testing.assert_array_equal(found, a @ b)


def test_infinities_and_nan():
    a, b = drawn(20, 100), drawn(20, 101)
    a[4, 3], a[7, 50], b[9, 80] = np.inf, np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        found, source = replayed(lambda a, b: a.T @ b, a, b)
        wanted = a.T @ b
    assert "tile_f8" in source
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_array_equal(np.isposinf(found), np.isposinf(wanted))
    np.testing.assert_array_equal(np.isneginf(found), np.isneginf(wanted))


class Places:
    """Stands in for a scribe: arrays are arguments of a loop, and lengths are written out."""

    def __init__(self, *operands):
        self.operands = operands

    def address(self, o):
        return f"p{self.operands.index(o)}"

    def size(self, n):
        return str(n)


def operand(root, x, offset=0):
    return Operand(root, offset, x.shape, x.strides, x.dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("part", [(0, 13), (0, 1), (3, 7), (12, 13)], ids=str)
def test_a_part_writes_its_rows_alone(dtype, part):
    """Into memory whose other elements nobody writes: the last tile has the rows before the end."""
    a, b = drawn(24, 101, dtype=dtype), drawn(24, 121, dtype=dtype)
    whole = np.full((110, 140), 7, dtype)
    out = whole[5:106, 8:129]
    operands = [operand(0, a.T), operand(1, b), operand(2, out)]
    head = [f"p{i} = {word(f'x{i}', machine.DATA)}" for i in range(3)]
    body = [*head, *shortsums._lines(Places(*operands), *operands), "return 0"]
    loop = running.loop(exact(["t", "start", "stop", "x0", "x1", "x2"], body), 3)
    loop(0, *part, id(a), id(b), id(out))
    rows = slice(min(part[0] * TILE_ROWS, 101 - TILE_ROWS), min(part[1] * TILE_ROWS, 101))
    wanted = np.full((110, 140), 7, dtype)
    wanted[5:106, 8:129][rows] = (a.T.astype(np.float64) @ b)[rows]
    np.testing.assert_allclose(whole, wanted, rtol=0, atol=1e3 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(whole == 7, wanted == 7)


def test_zeros_are_positive():
    """As sums that begin with 0 are."""
    found, source = replayed(lambda a, b: a.T @ b, np.zeros((20, 100)), -np.ones((20, 100)))
    assert "tile_f8" in source
    assert not np.signbit(found).any()


def fitting(m=512, k=64, n=784, dtype=np.float32):
    """Operands of a product, of which BLAS's part is none."""
    a, b, out = np.empty((k, m), dtype).T, np.empty((k, n), dtype), np.empty((m, n), dtype)
    return operand(0, a), operand(1, b), operand(2, out)


def without(i, **change):
    operands = list(fitting())
    operands[i] = operands[i]._replace(**change)
    return operands


FITTING = {
    "a batch of 64": (fitting(), True),
    "of 16": (fitting(k=16), True),
    "of 15": (fitting(k=15), False),
    "of 96": (fitting(k=96), True),
    "of 97": (fitting(k=97), False),
    "of 64 doubles": (fitting(k=64, dtype=np.float64), True),
    "of 65 doubles": (fitting(k=65, dtype=np.float64), False),
    "a few outputs": (fitting(m=96), True),
    "fewer": (fitting(m=95), False),
    "a few inputs": (fitting(n=96, m=1024), True),
    "fewer inputs": (fitting(n=95, m=1024), False),
    "what one thread does as soon": (fitting(m=255, n=256), False),
    "just enough": (fitting(m=256, n=256), True),
    "as much as a cache holds": (fitting(m=2048, n=2048), True),
    "more": (fitting(m=2048, n=2049), False),
    "half precision": (fitting(dtype=np.float16), False),
    "other bytes": (fitting(dtype=np.dtype(np.float32).newbyteorder()), False),
    "rows of the first": (without(0, strides=(256, 4)), False),
    "columns of the second": (without(1, strides=(4, 256)), False),
    "columns of the result": (without(2, strides=(4, 2048)), False),
}


@pytest.mark.parametrize(("operands", "fit"), FITTING.values(), ids=FITTING)
def test_which_products_have_tiles(operands, fit, monkeypatch):
    monkeypatch.undo()
    assert shortsums._fit(*operands) == fit


def call(fn=np.dot, a=0, b=1, out=2, dtypes=(np.float32,) * 3, options=None):
    """A product that tiles would compute, but for what is given."""
    operands = [o._replace(dtype=np.dtype(d)) for o, d in zip(fitting(), dtypes, strict=True)]
    x, y, made = (o._replace(root=root) for o, root in zip(operands, (a, b, out), strict=True))
    return Instruction(fn, (x, y), options or {}, made, (), kind="call")


CALLS = {
    "dot": (call(), True),
    "matmul": (call(np.matmul), True),
    "of one array": (call(b=0), True),
    "another function": (call(np.kron), False),
    "a result of another dtype": (call(dtypes=("f4", "f4", "f8")), False),
    "factors of two": (call(dtypes=("f4", "f8", "f4")), False),
    "the result in the place of the first": (call(out=0), False),
    "in that of the second": (call(out=1), False),
    "options": (call(options={"dtype": np.float32}), False),
}


@pytest.mark.parametrize(("step", "tiles"), CALLS.values(), ids=CALLS)
def test_which_calls_are_such_products(step, tiles):
    assert (shortsums.short_sums(step) is not None) == tiles


LEFT = {
    "one thread": lambda patch: patch.setattr(threads, "count", lambda: 1),
    "BLAS stays on its cores": lambda patch: patch.setattr(shortsums, "blas_leaves", lambda: False),
    "few registers": lambda patch: patch.setattr(shortsums, "has_wide_registers", lambda: False),
    "too small": lambda patch: patch.setattr(shortsums, "WORK", 96 * 20 * 96 + 1),
}


@pytest.mark.parametrize("why", LEFT)
def test_what_is_left_to_blas(why, monkeypatch):
    LEFT[why](monkeypatch)
    a, b = drawn(20, 96), drawn(20, 96)
    found, source = replayed(lambda a, b: a.T @ b, a, b)
    assert "tile_" not in source
    np.testing.assert_array_equal(found, a.T @ b)


@pytest.mark.parametrize("dtype", [np.complex64, np.int64])
def test_other_numbers_are_blass(dtype):
    a, b = (10 * drawn(100, 100)).astype(dtype), (10 * drawn(100, 120)).astype(dtype)
    found, source = replayed(lambda a, b: a.T @ b, a, b)
    assert "tile_" not in source
    np.testing.assert_array_equal(found, a.T @ b)


def test_a_training_step_with_tiles_for_gradients():
    def trained(prepare):
        rng = np.random.default_rng(0)
        model = nn.Sequential(
            nn.Linear(120, 130), nn.Tanh(), nn.Linear(130, 110), nn.Tanh(), nn.Linear(110, 3)
        )
        for p in model.parameters():
            p._data[...] = rng.uniform(-0.2, 0.2, p.shape)
        optimizer = optim.Adam(model.parameters(), lr=1e-3)

        def step(x):
            optimizer.zero_grad()
            loss = (model(x) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        step, x = prepare(step, model, optimizer), tensor(rng.standard_normal((32, 120)).astype(np.float32))
        losses = [step(x).item() for _ in range(6)]
        return step, losses, [p.detach().numpy() for p in model.parameters()]

    compiled, losses, found = trained(lambda step, *state: autograd.compile(step, state=state, strict=True))
    assert compiled.source.count("tile_f4(") >= 1
    _, wanted_losses, wanted = trained(lambda step, *state: step)
    np.testing.assert_allclose(losses, wanted_losses, rtol=1e-5)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max())


def test_tiles_are_whole_within_the_least():
    assert shortsums.LEAST >= TILE_ROWS
    assert shortsums.LEAST * 4 >= TILE_BYTES


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
