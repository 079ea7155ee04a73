"""Large calls go side by side, past what stands between them, and nothing runs before what it needs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn
import optim
from autograd.compiling.kernels import native, order

RNG = np.random.default_rng(0)
SMALL = RNG.standard_normal(80)


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


@pytest.fixture
def orders(monkeypatch):
    """Pairs of steps as they were and as they are then."""
    found = []

    def noted(steps, recording):
        after = order.side_by_side(steps, recording)
        found.append((steps, after, recording))
        return after

    monkeypatch.setattr(native, "side_by_side", noted)
    return found


def past_a_small_call(x):
    y = x * 2
    scale = np.exp(x[0])
    return y * scale


def past_what_reads_it(x):
    y = np.exp(x)
    first = np.tanh(y[:2])
    return y * 3, first


def past_what_must_follow(x):
    y = x * 2
    scale = y[0] + SMALL
    return y * scale


def sums_past_a_product(x):
    y = x * 2
    z = y @ x.T
    return z, y.sum(1)


def past_what_writes(x):
    y = x * 2
    y[:2] = SMALL
    return y * 3


# a function of 96 rows of 80, and the kinds of its steps if they are what they should be
CASES = {
    "past a small call": (past_a_small_call, 1),
    "past what reads it": (past_what_reads_it, 1),
    "past what must follow": (past_what_must_follow, 2),
    "sums past a product": (sums_past_a_product, 1),
    "past what writes": (past_what_writes, 2),
}


def key(step):
    return id(step.args), step.results, step.writes


def roots(operands):
    return {o.root for o in operands}


def check(orders):
    """What touches the same memory, one of both to write it, stays in order; numbers do, too."""
    for before, after, _ in orders:
        place = {key(step): i for i, step in enumerate(after)}
        assert sorted(map(hash, map(key, before))) == sorted(map(hash, map(key, after)))
        for one, other in itertools.combinations(before, 2):
            written = [roots((*s.made(), *s.writes)) for s in (one, other)]
            touched = [roots(s.touched()) for s in (one, other)]
            if written[0] & touched[1] or written[1] & touched[0]:
                assert place[key(one)] < place[key(other)]
        numbers = [step.number for step in after]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("name", CASES)
def test_calls_go_past_others(name, orders):
    fn, loops = CASES[name]
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        x = RNG.standard_normal((96, 80))
        found, wanted = program(x), fn(x)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
    check(orders)
    steps = orders[-1][1]
    sizes = [order._elements(step, orders[-1][2]) for step in steps]
    assert sum(bool(n) for n, _ in itertools.groupby(sizes)) == loops


def test_a_networks_steps_keep_their_order(orders):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * 64, 64), nn.BatchNorm1d(64), nn.Tanh(),
        nn.LayerNorm(64), nn.Linear(64, 5),
    )  # fmt: skip
    optimizer, loss = optim.AdamW(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return value

    program = autograd.compile(step, state=(model, optimizer), strict=True)
    for _ in range(4):
        program(RNG.standard_normal((64, 3, 16, 16)).astype(np.float32), RNG.integers(0, 5, 64))
    assert any([key(s) for s in a] != [key(s) for s in b] for a, b, _ in orders)
    check(orders)
