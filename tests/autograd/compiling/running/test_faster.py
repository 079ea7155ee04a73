"""Which kernels a program gets: those that are found to give the same."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import autograd.numpy as anp
import nn
import optim
from autograd.compiling import plan
from autograd.compiling.plan import NUMPY
from autograd.compiling.planning import elementwise
from autograd.compiling.running import faster


@pytest.fixture(autouse=True)
def failures_are_errors(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


def trained_on(batches, use):
    """What steps give, what they leave, and the program."""
    nn.manual_seed(5)
    model = nn.Linear(3, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step(x):
        optimizer.zero_grad()
        loss = model(2 * anp.abs(x)).sum()
        loss.backward()
        optimizer.step()
        return loss

    act = autograd.compile(step, state=(model, optimizer), strict=True) if use else step
    found = [float(act(x)._data) for x in batches]
    return found, [p._data.copy() for p in model.parameters()], act


@pytest.mark.parametrize(("calls", "taken"), [(1, True), (7, True), (8, False)])
def test_loops_that_differ_in_some_calls_are_tried_again(calls, taken, monkeypatch):
    """As where rounding moves a number to the other side of a mask: in a few calls, and not in the next."""
    monkeypatch.setitem(elementwise.EXPRESSIONS, np.absolute, "{0}")
    x = np.random.default_rng(0).uniform(1, 2, (5, 3))
    batches = [x, x, *[-x] * calls, x, x]
    found, left, act = trained_on(batches, True)
    wanted, eager, _ = trained_on(batches, False)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    for a, b in zip(left, eager, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    assert act.replays >= calls
    assert any(s.kind == "native" for s in act._programs.last.plan.steps) == taken


def test_loops_that_always_differ_are_not_used(monkeypatch, caplog):
    monkeypatch.setitem(elementwise.EXPRESSIONS, np.absolute, "{0} + {one}")
    monkeypatch.setattr(faster, "ATTEMPTS", 2)
    asked, with_layouts = [], plan.with_layouts
    monkeypatch.setattr(plan, "with_layouts", lambda *given: asked.append(given) or with_layouts(*given))
    x = np.random.default_rng(0).uniform(1, 2, (5, 3))
    found, left, act = trained_on([x] * 6, True)
    wanted, eager, _ = trained_on([x] * 6, False)
    assert found == wanted
    for a, b in zip(left, eager, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any(s.kind == "native" for s in act._programs.last.plan.steps)
    assert act._programs.last._kernels == NUMPY
    assert len(asked) == 2  # loops beside BLAS's products leave those as they are
    for kernels in ("numba", "numba, beside BLAS's products"):
        assert f"a program with the kernels of {kernels} differs, and is not used" in caplog.text
