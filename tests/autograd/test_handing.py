"""Rules that write over the cotangent that they were given do so only where nobody else holds it."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd.handing import is_handed_over
from autograd.loops import patience
from autograd.ops.neural.selecting import TILE

N = 2 * TILE + 3


def values():
    return np.random.default_rng(0).standard_normal(N).astype(np.float32)


def given():
    """Ways to hold what a cotangent of y is, as (loss of y, what is to stay as it is)."""
    seed = np.abs(values()) + 5
    yield "an argument of backward", lambda y: y.backward(seed), lambda: seed
    kept: list = []

    def hooked(y):
        y.register_hook(lambda g: kept.append(g) or None)
        (y * 3).sum().backward()

    yield "a hook", hooked, lambda: kept[-1].numpy()
    held: list = []

    def retained(y):
        y.retain_grad()
        held.append(y)
        (y * 3).sum().backward()

    yield "a gradient that is kept", retained, lambda: held[-1].grad.numpy()

    def twice(y):
        z = y + held_leaf
        (z * 3).sum().backward()

    held_leaf = autograd.tensor(values(), requires_grad=True)
    yield "the gradient of another", twice, lambda: held_leaf.grad.numpy()


@pytest.mark.parametrize(("sweep", "held"), [(s, h) for _, s, h in given()], ids=[n for n, *_ in given()])
def test_a_cotangent_that_somebody_holds_stays_as_it_is(sweep, held):
    x = autograd.tensor(values(), requires_grad=True)
    sweep(F.relu(x))
    assert (held() > 2).all()
    np.testing.assert_array_equal(x.grad.numpy() == 0, values() <= 0)


def test_what_nobody_holds_is_written_over(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 1 << 60)  # NumPy's way, however much went before
    asked = []
    monkeypatch.setattr(
        "autograd.ops.neural.selecting._zero_below",
        lambda g, out: asked.append(np.multiply(g, out > 0, g)),
    )
    x = autograd.tensor(values(), requires_grad=True)
    (F.relu(x) * 3.0).sum().backward()
    (F.relu(x).reshape(1, -1) * 3.0).sum().backward()  # a view of what nobody holds
    assert len(asked) == 2
    np.testing.assert_array_equal(x.grad.numpy(), 6.0 * (values() > 0))


def test_who_is_no_rule_is_told_nothing():
    assert not is_handed_over(values())
