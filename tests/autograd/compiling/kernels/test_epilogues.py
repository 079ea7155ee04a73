"""Products of tiles with what goes on with their rows: which are joined, and what they give."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn
from autograd import threads
from autograd.compiling.kernels import epilogues
from autograd.compiling.planning import layouts
from autograd.compiling.running import faster
from autograd.loops import processor, products, running, tall
from autograd.loops.shapes import TILES
from tests.autograd.compiling import test_training_steps as steps
from tests.support.compiling import peak, replayed


def forget():
    for cache in (products._kind, products._run, tall._loop):
        cache.cache_clear()


@pytest.fixture(autouse=True, params=TILES, ids=lambda size: f"vectors of {size}")
def afresh(request, monkeypatch):
    """Tall products are those of a hundred rows and more, and all are spread over threads."""
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    monkeypatch.setattr(threads, "count", lambda: 2)
    monkeypatch.setattr(threads, "PARALLEL", 1)
    monkeypatch.setattr(processor, "blas_leaves", lambda: True)
    monkeypatch.setattr(processor, "vector_size", lambda: request.param)
    for kind in (products.shortsums, products.longsums):
        monkeypatch.setattr(kind, "pays", lambda p: False)
    wide = TILES[request.param][1].nbytes
    fits = lambda p, followed=False: p.rows >= 100 and p.columns * p.dtype.itemsize >= wide
    monkeypatch.setattr(tall, "pays", fits)
    monkeypatch.setattr(layouts, "measured", lambda shapes: 1.0)
    forget()
    yield
    forget()


def drawn(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape)


ROWS, TERMS, COLUMNS = 1019, 37, 70
X, W, U, V = drawn(ROWS, TERMS), drawn(TERMS, COLUMNS), drawn(TERMS, COLUMNS + 1), drawn(COLUMNS, 3)
B, C, M = drawn(COLUMNS), drawn(ROWS, COLUMNS), drawn(COLUMNS, COLUMNS)


def read_before(x):
    y = x @ W
    squares = y.T @ y
    return np.maximum(y + B, 0) @ V, squares


def read_after(x):
    y = x @ W
    return np.maximum(y + B, 0) @ V, (x @ U).T @ y


def after_another(x):
    y = x @ W
    other = x @ U
    z = np.maximum(y + B, 0)
    return z @ V, other


def with_sums(x):
    z = (x @ W) * C
    return z @ V, z.sum(0), (z * z).sum(0)


def a_residual(x):
    h = np.tanh(x @ W * 0.1)
    y = h[::-1] @ M
    return (np.tanh(h) * B + y) @ V


def factors_that_live_on(x):
    h = np.tanh(x @ W * 0.1)
    y = h @ M
    return (np.tanh(y) + 1) @ V, y @ V


def beside_a_sorted_column(x):
    column = np.sort(x, 0)[:, :1]
    return np.maximum(x @ W + column, 0) @ V


def rows_cut_in_two(x):
    z = ((x @ W) * C).reshape(2 * ROWS, COLUMNS // 2)
    return z.sum(0), z @ V[: COLUMNS // 2]


# a function of X, and with how many products what follows is joined
CASES = {
    "a bias and an activation": (lambda x: np.maximum(x @ W + B, 0) @ V, 1),
    "all elements alike": (lambda x: np.maximum(x @ W, 0) @ V, 1),
    "a number for each row": (lambda x: ((x @ W) * C[:, :1]) @ V, 1),
    "a factor of that shape": (lambda x: ((x @ W) * C) @ V, 1),
    "sums": (lambda x: ((x @ W) * C).sum(0), 1),
    "sums and values": (with_sums, 1),
    "sums of rows of two axes": (lambda x: ((x @ W) * C).reshape(ROWS, 10, 7).sum(0), 1),
    "sums of waves": (lambda x: (np.sin(x @ W) * C).sum(0), 1),
    "waves": (lambda x: (np.sin(x @ W) * C) @ V, 1),
    "with another product, of the same rows": (lambda x: ((x @ W) * (x @ M[:TERMS]) + B) @ V, 1),
    "what the product reads in turned order": (a_residual, 1),
    "factors that live on": (factors_that_live_on, 2),
    "with what a call makes anew": (beside_a_sorted_column, 0),
    "sums of rows cut in two": (rows_cut_in_two, 0),
    "rows of other lengths": (
        lambda x: ((x[1:-1] @ W).reshape(-1, 42) * B[:42]) @ V[:42], 0
    ),
    "rows of some elements": (
        lambda x: (np.maximum((x @ W).reshape(-1)[: ROWS * 64], 0).reshape(ROWS, 64) * B[:64]) @ V[:64], 0
    ),
    "two layers": (lambda x: np.tanh(np.maximum(x @ W + B, 0) @ W.T @ W) @ V, 2),
    "another product between": (after_another, 1),
    "something reads the product before": (read_before, 0),
    "and after": (read_after, 1),
    "a result": (lambda x: np.maximum(x @ W + B, 0), 0),
    "the product as a result": (lambda x: (y := x @ W, np.maximum(y, 0) @ V), 0),
    "every second row": (lambda x: np.maximum((x @ W)[::2], 0) @ V, 0),
    "rows in turned order": (lambda x: np.maximum((x @ W)[::-1], 0) @ V, 0),
    "with the rows before": (lambda x: ((y := x @ W)[1:] * y[:-1]) @ V, 0),
    "sums of all": (lambda x: ((x @ W) * C).sum(), 0),
    "sums along rows": (lambda x: ((x @ W) * C).sum(1), 0),
    "a product of few rows": (lambda x: np.maximum(x[:99] @ W + B, 0) @ V, 0),
}  # fmt: skip


def flat(found):
    return found if isinstance(found, tuple) else (found,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("fn", "joined"), CASES.values(), ids=CASES)
def test_what_follows_is_right(fn, joined, dtype, monkeypatch):
    for name in "WUVBCM":
        monkeypatch.setitem(globals(), name, globals()[name].astype(dtype))
    x = X.astype(dtype)
    found, source = replayed(fn, x)
    assert source.count(", after_") == joined
    assert "tiled_dot(" in source or "loop_" in source  # else NumPy replaces what is wrong
    for a, b in zip(flat(found), flat(fn(x)), strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=1e3 * np.finfo(dtype).eps * np.abs(b).max())


@pytest.mark.parametrize("rows", [960, 961, 963, 1006, 1007, 1008, 1009])
def test_the_last_rows_are_too(rows):
    """Whose block has more rows than the others, and is no multiple of those that are summed at a time."""
    c = C[:rows]
    fn = lambda x: (z := np.maximum(x @ W + B, 0) * c) @ V + z.sum(0) @ V
    found, source = replayed(fn, X[:rows].copy())
    assert source.count(", after_") == 1
    np.testing.assert_allclose(found, fn(X[:rows]), rtol=0, atol=1e-10)


def test_sums_do_not_depend_on_threads(monkeypatch):
    found = []
    for several in (1, 2, 3):
        monkeypatch.setattr(threads, "count", lambda several=several: several)
        forget()
        found.append(replayed(with_sums, X)[0])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_bias_among_the_arguments_is_added_apart():
    """Where it lies is known only when the program runs."""
    fn = lambda x, b: np.maximum(x @ W + b, 0) @ V
    found, source = replayed(fn, X, B)
    assert ", after_" not in source
    np.testing.assert_allclose(found, fn(X, B), rtol=0, atol=1e-10)


def test_infinities_and_nan_go_through():
    x = X.copy()
    x[3, 4], x[200, 7], x[-1, 0] = np.inf, np.nan, -np.inf
    fn = lambda x: (z := np.maximum(x @ W + B, 0)) @ V + z.sum(0) @ V
    with np.errstate(invalid="ignore"):
        found, source = replayed(fn, x)
        wanted = fn(x)
    assert ", after_" in source
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(wanted))


def test_without_tiles_blas_is_followed(monkeypatch):
    """A loop of a product that does not compile, where that of what follows does."""
    made = []
    monkeypatch.setattr(running, "loop", lambda source, arrays: made.append(source))
    found, source = replayed(with_sums, X)
    assert ", after_" in source
    assert made
    for a, b in zip(found, with_sums(X), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


BUILT = steps.chain((nn.Linear, 40, 70), (nn.ReLU,), (nn.Linear, 70, 66), (nn.ReLU,), (nn.Linear, 66, 3))
BATCH = drawn(1003, 40).astype(np.float32), np.arange(1003) % 3


def test_a_training_step():
    compiled = steps.trained_alike(BUILT, BATCH)
    assert compiled.source.count(", after_") == 4  # both layers, forward and backward
    assert compiled.source.count("add_up(") == 2
    assert "tiled_dot+" in str(compiled.plan)


def test_where_tiles_differ_loops_remain(monkeypatch):
    def differing(p, after):
        return lambda a, b, out: np.add(a @ b, 1, out=out)

    monkeypatch.setattr(tall, "made", differing)
    monkeypatch.setattr(faster, "ATTEMPTS", 2)
    compiled = steps.trained_alike(BUILT, BATCH)
    assert "tiled_dot(" not in compiled.source
    assert "loop_" in compiled.source


def test_updates_are_not_joined():
    """A factor that comes as an argument may be a view of the parameter."""
    step, state, *_ = steps.training(steps.chain((nn.Linear, 70, 1100)), steps.OPTIMIZERS["SGD"])
    optimizer = state[1]

    def forgetting(x, y):
        loss = step(x, y)
        optimizer.zero_grad()
        return loss

    compiled = autograd.compile(forgetting, state=state, strict=True)
    for _ in range(4):
        compiled(drawn(50, 70).astype(np.float32), np.arange(50))
    assert "tiled_dot(" in compiled.source
    assert ", after_" not in compiled.source


def test_a_step_that_is_refused_changes_nothing():
    step, state, *_ = steps.training(BUILT, steps.OPTIMIZERS["Adam"])
    compiled = autograd.compile(step, state=state)
    for _ in range(4):
        compiled(*BATCH)
    assert ", after_" in compiled.source
    model = state[0]
    before = [p.detach().numpy().copy() for p in model.parameters()]
    labels = BATCH[1].copy()
    labels[100] = 3
    with pytest.raises(IndexError):
        compiled(BATCH[0], labels)
    for p, q in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q)


def test_a_step_takes_no_memory(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 1)  # another one that comes late has work to forget
    forget()
    compiled = steps.trained_alike(BUILT, BATCH)
    assert ", after_" in compiled.source
    assert peak(compiled, BATCH)[0] < 4096


def test_what_may_doubt_is_not_joined(monkeypatch):
    """A loop that may have to say that the program does not hold."""
    seen = []
    kernel = epilogues.Kernel

    def checking(*args, **options):
        seen.append(kernel(*args, **options))
        seen[-1].checks = True
        return seen[-1]

    monkeypatch.setattr(epilogues, "Kernel", checking)
    found, source = replayed(with_sums, X)
    assert seen
    assert ", after_" not in source
    np.testing.assert_allclose(found[1], with_sums(X)[1], rtol=0, atol=1e-10)
