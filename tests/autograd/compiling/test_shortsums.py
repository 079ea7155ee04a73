"""Products of short sums as tiles: their results, parts, and when they are taken."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn
import optim
from autograd import tensor, threads
from autograd.compiling import processor, shortsums
from autograd.loops.writing import TILE_BYTES, TILE_ROWS


@pytest.fixture(autouse=True)
def taken(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(shortsums, "blas_leaves", lambda: True)
    monkeypatch.setattr(shortsums, "has_wide_registers", lambda: True)
    monkeypatch.setattr(shortsums, "WORK", 1)


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
SIZES = [(96, 16, 96), (97, 17, 99), (200, 128, 121), (103, 64, 784)]


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


def test_what_is_beside_the_result_stays():
    """In memory that is there, whose other elements nobody writes."""

    def fn(a, b):
        out = np.zeros_like(a, shape=(110, 140))
        out[5:-5, 7:-11] = a.T @ b
        return out

    a, b = drawn(30, 100), drawn(30, 122)
    found, source = replayed(fn, a, b)
    assert "tile_f8" in source
    wanted = np.zeros((110, 140))
    wanted[5:-5, 7:-11] = a.T @ b
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(found == 0, wanted == 0)


LEFT = {
    "one thread": lambda patch: patch.setattr(threads, "count", lambda: 1),
    "BLAS stays on its cores": lambda patch: patch.setattr(shortsums, "blas_leaves", lambda: False),
    "few registers": lambda patch: patch.setattr(shortsums, "has_wide_registers", lambda: False),
    "little work": lambda patch: patch.setattr(shortsums, "WORK", 96 * 20 * 96 + 1),
    "long sums": lambda patch: patch.setattr(shortsums, "TERMS", range(2, 20)),
    "few rows": lambda patch: patch.setattr(shortsums, "LEAST", 97),
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
     (None, "1", True), (None, "2", False), ("", "16", False)],
)  # fmt: skip
def test_when_blas_leaves_its_cores(monkeypatch, wait, threads, leaves):
    for name, value in (("OPENBLAS_THREAD_TIMEOUT", wait), ("OPENBLAS_NUM_THREADS", threads)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert processor.blas_leaves() == leaves
