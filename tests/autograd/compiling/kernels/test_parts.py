"""Runs of small calls in parts: what comes again and again is a function of its own, and made once."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
import nn
import optim
from autograd.compiling.kernels import native, parts

LONG = "\n" * parts.SAVED


def item(name, lines=LONG, calls=1):
    """Something that comes under a name in sources of so many lines."""
    return SimpleNamespace(name=name, lines=lines, steps=[None] * calls)


def function(items, *apart):
    """Stands for a kernel; pairs that are `apart` have another source each time they come."""
    pairs = {(a.name, b.name) for a, b in itertools.pairwise(items)}
    extra = str(id(items)) if pairs & set(apart) else ""
    source = "".join(f"{one.name}{one.lines}" for one in items) + extra
    return SimpleNamespace(items=items, source=lambda places: source)


def cut(*runs, apart=(), **options):
    """The names of the items of each part."""
    given = [[item(name, **options) for name in run] for run in runs]
    kept = []  # so that no two are of one id

    def make(i, items):
        kept.append(items)
        assert all(any(x is y for y in given[i]) for x in items)
        return function(items, *apart)

    return [["".join(one.name for one in part.items) for part in run] for run in parts.cut(given, make)]


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        (["abc"], [["abc"]]),
        (["xabcabcabcy"], [["x", "abc", "abc", "abc", "y"]]),
        (["aaa"], [["a", "a", "a"]]),
        (["xab", "yab"], [["x", "ab"], ["y", "ab"]]),
        (["abab", "b"], [["a", "b", "a", "b"], ["b"]]),
        (["xyaza"], [["xy", "a", "z", "a"]]),
        ([], []),
    ],
)
def test_what_comes_again_is_apart(runs, wanted):
    assert cut(*runs) == wanted


def test_what_saves_little_is_not_apart():
    assert cut("xabyabz", lines="\n") == [["xabyabz"]]
    assert cut("xaya" + "za" * parts.SAVED, lines="\n")[0][:3] == ["x", "a", "y"]


def test_one_function_holds_so_many_calls():
    calls = parts.CALLS // 2
    assert cut("abcdefgh", calls=calls) == [["ab", "cd", "ef", "gh"]]
    assert cut("abcdeabcde", calls=calls) == [["ab", "cd", "e", "ab", "cd", "e"]]
    assert cut("abc", calls=parts.CALLS * 2) == [["a", "b", "c"]]


def test_neighbours_that_lie_otherwise_each_time_are_apart():
    """Each by itself is the same, but not how the memory of one lies to that of the other."""
    assert cut("abcabc", apart=[("a", "b")]) == [["a", "b", "c", "a", "b", "c"]]
    assert cut("xyabab", apart=[("x", "y")])[0] == ["xy", "ab", "ab"]


@given(st.lists(st.text("abcd", min_size=1, max_size=12), max_size=4), st.sampled_from(["\n", LONG]))
def test_nothing_is_lost(runs, lines):
    assert ["".join(run) for run in cut(*runs, lines=lines)] == runs


class Turns(nn.Module):
    """A recurrent network, written out."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.Linear(9, 6), nn.Linear(6, 2)

    def forward(self, x):
        h, found = autograd.tensor(np.zeros((x.shape[0], 6), np.float32)), []
        for t in range(x.shape[1]):
            h = anp.tanh(self.cell(anp.concatenate([x[:, t], h], axis=1)))
            found.append(self.head(h))
        return anp.stack(found, axis=1)


def trained(turns, compiling):
    """The losses of a few steps, the parameters after them, and the program."""
    nn.manual_seed(0)
    model = Turns()
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = autograd.compile(step, state=(model, optimizer), strict=True) if compiling else step
    rng = np.random.default_rng(1)
    shapes = (4, turns, 3), (4, turns, 2)
    losses = [run(*(rng.standard_normal(s).astype(np.float32) for s in shapes)).item() for _ in range(8)]
    return losses, [p.detach() for p in model.parameters()], run


@pytest.mark.parametrize("turns", [4, 15])
def test_turns_give_what_eager_ones_give(turns, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    found, parameters, run = trained(turns, True)
    wanted, others, _ = trained(turns, False)
    np.testing.assert_allclose(found, wanted, 1e-5)
    for ours, theirs in zip(parameters, others, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-4, 1e-6)
    assert run.replays >= 4


def test_turns_that_are_alike_are_made_once(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    made = {turns: trained(turns, True)[2].source.count("def part_") for turns in (6, 30)}
    assert made[6] == made[30] > 2


def test_turns_that_read_other_arguments_are_made_once(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("WENGERT_NATIVE", "strict")

    def total(w, *given):
        h = given[0] * 0
        for x in given:
            h = anp.tanh(x @ w + h)
        return (h * h).sum()

    made = set()
    for turns in (6, 15):
        program = autograd.compile(autograd.value_and_grad(total), strict=True)
        rng = np.random.default_rng(0)
        for _ in range(5):
            w, *given = rng.standard_normal((turns + 1, 4, 4))
            wanted = autograd.value_and_grad(total)(w, *given)
            for ours, theirs in zip(program(w, *given), wanted, strict=True):
                np.testing.assert_allclose(ours, theirs, 1e-10)
        assert program.replays
        made.add(program.source.count("def part_"))
    assert len(made) == 1


@pytest.mark.parametrize("budget", [0, 1, 12, 40])
def test_what_would_take_numba_too_long_numpy_computes(budget, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("WENGERT_NATIVE", "strict")
    monkeypatch.setattr(native, "BUDGET", budget)
    found, parameters, run = trained(5, True)
    wanted, others, _ = trained(5, False)
    np.testing.assert_allclose(found, wanted, 1e-5)
    for ours, theirs in zip(parameters, others, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-4, 1e-6)
    kinds = [step.kind for step in run._programs.last.plan.steps]
    assert ("native" in kinds) == (budget > 0)  # else NumPy's program has replaced one that was wrong
    assert "call" in kinds
