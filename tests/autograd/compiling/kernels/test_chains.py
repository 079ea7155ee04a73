"""Runs of small calls as one built-in: what one of their functions says, wherever it comes."""

from __future__ import annotations

import gc

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import autograd.numpy as anp
import nn
import optim
from autograd import grad
from autograd.compiling.kernels.chains import Chain

TURNS = 12


@pytest.fixture(autouse=True)
def failures_are_errors(monkeypatch):
    monkeypatch.setenv("WENGERT_NATIVE", "strict")


def chains(program):
    return [s.extra for s in program._programs.last.plan.steps if isinstance(s.extra, Chain)]


def ran(fn, *args):
    """The function, after it has been compiled for these arguments, in more than one part."""
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        program(*args)
    assert program.replays
    assert max(len(chain.parts) for chain in chains(program)) > 1
    return program


def taken(x, indices):
    """A number for rows that are taken turn by turn."""
    h = x[indices[0]]
    for t in range(1, TURNS):
        h = anp.tanh(h * x[indices[t]] + x.sum(0))
    return (h * h).sum()


@pytest.mark.parametrize("turn", [1, TURNS // 2, TURNS - 1])
def test_an_index_out_of_range_in_any_turn(turn):
    rng = np.random.default_rng(0)
    x, indices = rng.standard_normal((5, 4)), rng.integers(0, 5, (TURNS, 3))
    program = ran(taken, x, indices)
    before = program.replays
    wrong = indices.copy()
    wrong[turn, 1] = 7
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        program(x, wrong)
    np.testing.assert_allclose(program(x, indices), taken(x, indices), 1e-12)
    assert program.replays == before + 1


@pytest.mark.parametrize("turn", [0, TURNS // 2, TURNS - 1])
def test_a_doubt_in_any_turn(turn):
    def total(x):
        return sum((anp.cbrt(x[t]) ** 3 * (1 + x[t - 1])).sum() for t in range(TURNS))

    x = np.random.default_rng(0).uniform(1, 2, (TURNS, 4))
    program = ran(grad(total), x)
    before = program.replays
    x[turn, 2] = 0
    with np.errstate(all="ignore"):
        found = program(x)
        np.testing.assert_allclose(found, grad(total)(x), 1e-12)
    assert np.isfinite(found).all()
    assert program.replays == before
    x[turn, 2] = 1
    np.testing.assert_allclose(program(x), grad(total)(x), 1e-12)
    assert program.replays == before + 1


def rows_and_more(first):
    """Rows by their indices, turn by turn, and a loop over a large array before or after them."""

    def fn(x, indices, large):
        def loops():
            return anp.cbrt(large * 0.5) * 2 + large

        found = loops() if first else None
        total = taken(x, indices)
        return total, loops() if found is None else found

    return fn


@pytest.mark.parametrize("first", [True, False])
def test_a_run_that_ends_beside_a_large_loop(first):
    fn = rows_and_more(first)
    rng = np.random.default_rng(0)
    given = rng.standard_normal((5, 4)), rng.integers(0, 5, (TURNS, 3)), rng.standard_normal((400, 400))
    program = ran(fn, *given)
    steps = [s for s in program._programs.last.plan.steps if s.kind == "native"]
    assert len(steps) > len(chains(program))
    for turn in (2, TURNS - 1):
        wrong = given[1].copy()
        wrong[turn] = -8
        with pytest.raises(IndexError, match="index -8 is out of bounds"):
            program(given[0], wrong, given[2])
        before = program.replays
        for _ in range(3):
            other = given[0], given[1][::-1].copy(), rng.standard_normal((400, 400))
            for ours, theirs in zip(program(*other), fn(*other), strict=True):
                np.testing.assert_allclose(ours, theirs, 1e-12)
        assert program.replays == before + 3


@pytest.mark.parametrize("first", [True, False])
def test_a_doubt_of_a_large_loop_beside_a_run(first):
    """The one says that it cannot tell, the other may say that an index is out of range."""

    def fn(x, indices, large):
        slopes = grad(lambda z: (anp.cbrt(z) ** 3 * 2).sum())
        found = slopes(large) if first else None
        total = taken(x, indices)
        return total, slopes(large) if found is None else found

    rng = np.random.default_rng(0)
    given = rng.standard_normal((5, 4)), rng.integers(0, 5, (TURNS, 3)), rng.uniform(1, 2, (400, 400))
    program = ran(fn, *given)
    zero = given[2].copy()
    zero[3, 3] = 0
    with np.errstate(all="ignore"):
        for large in (given[2], zero, given[2], given[2]):
            for ours, theirs in zip(program(*given[:2], large), fn(*given[:2], large), strict=True):
                np.testing.assert_allclose(ours, theirs, 1e-12)
    before = program.replays
    program(*given)
    assert program.replays == before + 1


def test_the_source_shows_each_function_once():
    x = np.random.default_rng(0).standard_normal((TURNS, 4))
    program = ran(lambda x: sum(anp.tanh(x[t] * 2 + x[t - 1]).sum() for t in range(TURNS)), x)
    bodies = [part.split(":", 1)[1] for part in program.source.split("def part_")[1:]]
    assert len(set(bodies)) == len(bodies)
    assert "def loop_" in program.source


def test_nothing_but_the_program_holds_its_arrays():
    """What makes its functions would hold them until it is collected, and another program move its own."""
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))
    optimizer = optim.Adam(model.parameters())

    def step(x, power):
        optimizer.zero_grad()
        loss = (model(x) ** power).sum()
        loss.backward()
        optimizer.step()
        return loss

    one, other = (autograd.compile(step, state=(model, optimizer), strict=True) for _ in range(2))
    x = np.ones((3, 4), np.float32)
    gc.disable()
    try:
        for _ in range(12):
            one(x, 2)
            other(x, 4)
        before = [program._programs.last.rebindings for program in (one, other)]
        for _ in range(4):
            one(x, 2)
            other(x, 4)
    finally:
        gc.enable()
    assert chains(one)
    assert [program._programs.last.rebindings for program in (one, other)] == before
