"""Sums over the first axes within loops: eager's results, the same on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from autograd import threads

RNG = np.random.default_rng(0)
T = RNG.standard_normal((500, 130))
WIDE = RNG.standard_normal((100, 600))


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


def moments(x):
    y = x + x[0]
    return y * 2, y.sum(0), (y * y).sum(0)


def read_at_once(x):
    y = np.exp(x)
    return y / y.sum(0)


def of_one_memory(x):
    total = np.zeros_like(x[0])
    np.add.reduce(x * 2, 0, None, total)
    return total + 1


# a function of a matrix of 500 rows of 130, and the kinds of its steps
CASES = {
    "moments": (moments, ["native"]),
    "a sum that is read next": (read_at_once, ["native", "call"]),
    "ones times a matrix": (lambda x: np.dot(np.ones(500, x.dtype), np.tanh(x)), ["native"]),
    "a matrix times ones": (lambda x: np.tanh(x).T @ np.ones(500, x.dtype), ["native"]),
    "axes kept": (lambda x: np.tanh(x).sum(0, keepdims=True), ["native"]),
    "two axes": (lambda x: np.tanh(x.reshape(20, 25, 130)).sum((0, 1)), ["native"]),
    "an odd number of rows": (lambda x: (x[1:] * 2).sum(0), ["native"]),
    "every second row": (lambda x: (x[::2] * x[1::2]).sum(0), ["native"]),
    "rows of two axes": (lambda x: (x * 2).reshape(500, 10, 13).sum(0), ["native"]),
    "a choice": (lambda x: np.where(x > 0, x, 0).sum(0), ["native"]),
    "with one for each row": (lambda x: (x * x[:, :1]).sum(0), ["native"]),
    "columns far apart": (lambda x: (x[:, ::2] * 2).sum(0), None),
    "turned": (lambda x: (x.T * 2).sum(0), None),
    "into memory that is there": (of_one_memory, None),
    "a sum alone": (lambda x: x.sum(0), ["call"]),
    "softmax over the first axis": (lambda x: F.softmax(x, 0) * 2, None),
}  # fmt: skip


def near(found, wanted, tolerance):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    assert np.abs(found - wanted).max() <= tolerance * np.abs(wanted).max()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_columns_give_what_calls_give(name, dtype):
    fn, kinds = CASES[name]
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        x = RNG.standard_normal((500, 130)).astype(dtype)
        wanted, found = fn(x), program(x)
        pairs = zip(found, wanted, strict=True) if type(wanted) is tuple else [(found, wanted)]
        for a, b in pairs:
            near(a, b, 3e-6 if dtype == np.float32 else 1e-14)
    if kinds is not None:
        assert [step.kind for step in program.plan.steps] == kinds


@pytest.mark.parametrize("columns", [127, 128, 129])
def test_the_smallest_sums_are_loops_of_their_own(columns):
    """Two statements over 2**15 elements come to 2**16, up to which other groups share a function."""
    x = RNG.standard_normal((256, columns))
    program = autograd.compile(lambda x: (x * 2).sum(0) + 1, strict=True)
    for _ in range(4):
        near(program(x), (x * 2).sum(0) + 1, 1e-12)
    assert "loop_" in program.source


def test_threads_take_columns(monkeypatch):
    monkeypatch.setattr(threads, "PARALLEL", 0)
    results = []
    for count in (1, 2, 3):
        monkeypatch.setattr(threads, "count", lambda count=count: count)
        program = autograd.compile(moments, strict=True)
        results.append([program(WIDE) for _ in range(4)][-1])
        assert ("spread(" in program.source) == (count > 1)
    for result in results[1:]:
        for a, b in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_threads_share_no_lines_of_the_cache(monkeypatch):
    """Few columns are summed by one thread."""
    monkeypatch.setattr(threads, "PARALLEL", 0)
    monkeypatch.setattr(threads, "count", lambda: 2)
    program = autograd.compile(moments, strict=True)
    for _ in range(4):
        program(T)
    assert "loop_" in program.source
    assert "spread(" not in program.source


def test_many_rows_of_one_sign_are_summed_as_well_as_numpy_does():
    x = (1 + RNG.random((16000, 16))).astype(np.float32)
    program = autograd.compile(lambda x: (x * 3).sum(0), strict=True)
    found = [program(x) for _ in range(4)][-1]
    assert [step.kind for step in program.plan.steps] == ["native"]
    exact = (x.astype(float) * 3).sum(0)
    assert np.abs(found / exact - 1).max() < 1e-5


@pytest.mark.parametrize("case", ["mlp", "images"])
def test_normalised_batches_train_as_eagerly(case):
    def made():
        nn.manual_seed(0)
        if case == "mlp":
            model = nn.Sequential(nn.Linear(40, 80), nn.BatchNorm1d(80), nn.ReLU(), nn.Linear(80, 3))
        else:
            model = nn.Sequential(
                nn.Conv2d(2, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 3)
            )
        return model, optim.SGD(model.parameters(), lr=0.01)

    shape = (500, 40) if case == "mlp" else (128, 2, 8, 8)
    data = [(RNG.standard_normal(shape).astype(np.float32), RNG.integers(0, 3, shape[0])) for _ in range(4)]
    kept = []
    for compiled in (False, True):
        model, optimizer = made()

        def step(x, y, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        run = autograd.compile(step, state=(model, optimizer), strict=True) if compiled else step
        losses = [run(x, y) for x, y in data]
        kept.append((losses, dict(model.state_dict())))
    for a, b in zip(kept[1][0], kept[0][0], strict=True):
        near(a, b, 1e-5)
    for name, value in kept[1][1].items():
        near(value, kept[0][1][name], 1e-5)
    if case == "mlp":  # sums, what follows from them, and what that scales: of each direction one of each
        sums = [s for s in run.plan.steps if s.kind == "native" and "normalise" in s.label]
        large = [s for s in sums if max(o.size for o in s.touched()) >= 500 * 80]
        assert len(large) == 4
        called = [s.called for s in run.plan.steps if s.kind == "call" and "cross_entropy" not in s.label]
        assert not {"add", "multiply", "subtract", "clip"} & set(called)


def test_gradients_of_biases_come_with_what_they_sum():
    def loss(w, b, x):
        return (anp.tanh(x @ w + b) ** 2).sum()

    slope = autograd.grad(loss, argnum=(0, 1))
    program = autograd.compile(slope, strict=True)
    w, b = RNG.standard_normal((60, 80)), RNG.standard_normal(80)
    for _ in range(4):
        x = RNG.standard_normal((500, 60))
        for a, c in zip(program(w, b, x), slope(w, b, x), strict=True):
            near(a, c, 1e-12)
    assert [step.kind for step in program.plan.steps].count("native") <= 2
