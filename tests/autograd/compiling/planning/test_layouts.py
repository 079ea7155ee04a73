"""Products whose results lie in columns: the same values, whatever reads them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn
import optim
from autograd.compiling.planning import layouts
from tests.support.compiling import training_step

RNG = np.random.default_rng(0)
A, B, C, D = (RNG.standard_normal((128, 128)).astype(np.float32) / 11 for _ in range(4))
ROW = RNG.standard_normal(128).astype(np.float32)
MASK = RNG.random((128, 128)) > 0.5

# a function of a matrix, and how many of its large products make their results in columns
CASES = {
    "two layers": (lambda x: np.maximum(np.maximum(x @ A.T + ROW, 0) @ B.T, 0) @ C, 2),
    "a result of its own": (lambda x: x @ A.T, 0),
    "a result of its own behind": (lambda x: (x @ A.T + ROW) @ B.T, 1),
    "both meet": (lambda x: (x @ A.T + x @ B.T) @ C, 2),
    "one meets an argument": (lambda x: (x @ A.T * x) @ C, 0),
    "transposed views": (lambda x: (np.tanh(x @ A.T).T @ x) * 2, 1),
    "a sum over rows": (lambda x: (np.tanh(x @ A.T) @ C).sum(0), 2),
    "a sum over columns": (lambda x: np.exp(x @ A.T).sum(1), 1),
    "more axes": (lambda x: np.sin((x @ A.T).reshape(2, 64, 128) + 1).reshape(128, 128) @ C, 1),
    "axes that a row is cut into": (lambda x: ((x @ A.T).reshape(128, 8, 16) * ROW[:16]).sum(2), 1),
    "a flat view": (lambda x: (x @ A.T).reshape(-1)[5:200] * 2, 0),
    "rows taken": (lambda x: (x @ A.T)[np.arange(5)] @ C, 0),
    "a part of rows": (lambda x: np.cos(x @ A.T)[3:67] @ C, 1),
    "joined": (lambda x: np.concatenate([x @ A.T, x @ B.T]) @ C, 0),
    "a choice": (lambda x: np.where(MASK, x @ A.T, 0) @ C, 0),
    "a choice by itself": (lambda x: np.where(x @ A.T > 0, x @ B.T, 0) @ C, 2),
}


def columns_cost(shapes):
    """Results in columns cost half."""
    return 1.0 if shapes.columns[2] else 2.0


def made_in_columns(program):
    return sum(
        step.fn is np.dot and step.results.shape != (128,) for step in program._programs.last.plan.steps
    )


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    monkeypatch.setattr(layouts, "measured", columns_cost)


@pytest.mark.parametrize("name", CASES)
def test_values_are_the_same(name):
    fn, turned = CASES[name]
    program = autograd.compile(fn, strict=True)
    for _ in range(5):
        x = RNG.standard_normal((128, 128)).astype(np.float32)
        wanted, found = fn(x), program(x)
        assert found.strides == wanted.strides
        scale = np.abs(wanted).max()
        assert np.abs(found - wanted).max() <= 1e-5 * scale
    assert made_in_columns(program) == turned


def test_what_is_no_faster_stays(monkeypatch):
    monkeypatch.setattr(layouts, "measured", lambda shapes: 1.0)
    program = autograd.compile(CASES["two layers"][0], strict=True)
    for _ in range(4):
        program(RNG.standard_normal((128, 128)).astype(np.float32))
    assert not made_in_columns(program)


def test_training_takes_the_same_steps():
    x, y = RNG.standard_normal((64, 128)).astype(np.float32), RNG.integers(0, 10, 64)

    def trained(compiling):
        nn.manual_seed(3)
        model = nn.Sequential(
            nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 128), nn.Tanh(), nn.Linear(128, 10)
        )
        opt = optim.SGD(model.parameters(), lr=0.1)

        step = training_step(model, opt)
        act = autograd.compile(step, state=(model, opt), strict=True) if compiling else step
        losses = [act(x, y).item() for _ in range(8)]
        return losses, [np.array(p.data) for p in model.parameters()], act

    (losses, weights, _), (found, ours, program) = trained(False), trained(True)
    assert made_in_columns(program) >= 2
    np.testing.assert_allclose(found, losses, rtol=1e-5)
    for a, b in zip(ours, weights, strict=True):
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()


def test_a_product_is_measured_once(monkeypatch):
    monkeypatch.undo()
    shapes = layouts.Shapes(64, 32, 16, np.dtype(np.float32), (False, True, True))
    layouts.measured.cache_clear()
    assert 0 < layouts.measured(shapes) == layouts.measured(shapes)
    assert layouts.measured.cache_info().misses == 1
