"""Faster forms of calls on small arrays: taken where they are the same, and nowhere else."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from tests.support.compiling import plain, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
RNG = np.random.default_rng(0)
SHAPES = [
    ((4, 5), (5,)), ((4, 5), (4, 1)), ((5,), (4, 5)), ((1, 5), (4, 5)), ((2, 1, 5), (2, 3, 5)),
    ((4, 1), (1, 5)), ((3,), (3,)), ((4, 5), ()), ((70, 70), (70,)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("dtypes", [("f4", "f4"), ("f4", "f8"), ("f8", "f4"), ("i8", "f4"), ("c8", "f4")])
def test_operands_that_are_broadcast(a, b, dtypes):
    def fn(x, y):
        x, y = anp.abs(x * 2) if x.dtype.kind != "c" else x * 2, y * 3
        return x + y, x - y, y / (x + 1), x == y, anp.where(x == y, x, y)

    act = autograd.compile(fn, strict=True)
    for k in range(1, 6):
        x, y = (np.asarray(RNG.standard_normal(s) * 4 * k).astype(d) for s, d in zip((a, b), dtypes))
        assert same(plain(act(x, y)), plain(fn(x, y)))
    assert act.replays > 0


def test_a_bias_is_laid_out_before_it_is_added():
    act = autograd.compile(lambda x, b: (x * 2 + b * 2) * 2, strict=True)
    for _ in range(4):
        act(np.ones((4, 5)), np.ones(5))
    assert [s.fn.__name__ for s in act.plan.steps].count("copy") == 1
    for _ in range(4):
        act(np.ones((400, 50)), np.ones(50))  # there broadcasting costs less
    assert "copy" not in [s.fn.__name__ for s in act.plan.steps]


@pytest.mark.parametrize("n", [1, 8, 100])
def test_classes_are_looked_at_before_anything_is_done(n):
    model = nn.Linear(4, 3)
    act = autograd.compile(lambda x, y: F.cross_entropy(model(x), y).detach(), state=model, strict=True)
    x, y = RNG.standard_normal((n, 4)).astype(np.float32), RNG.integers(0, 3, n)
    for _ in range(5):
        assert same(plain(act(x, y)), plain(F.cross_entropy(model(x), y)))
    assert ("tolist" in act.source) is (1 < n <= 32)
    assert ("not -1 < i0 < 3" in act.source) is (n == 1)
    before = act.replays
    for wrong in (3, -1, 1 << 40):
        bad = y.copy()
        bad[-1] = wrong
        with pytest.raises(Exception, match=r"class|target|index|bounds"):
            act(x, bad)
    act(x, y)
    assert act.replays == before + 1


def replayed(fn, *arrays):
    """The source of the compiled function, which gives what it gives."""
    act = autograd.compile(fn, strict=True)
    for _ in range(5):
        assert same(plain(act(*arrays)), plain(fn(*arrays)))
    assert act.replays > 0
    return act.source


def largest(x, **options):
    return np.maximum.reduce(x * 2, -1, **options) + 1


@pytest.mark.parametrize("row", [[3.0, -1.0, 2.0], [np.nan, 1.0, np.nan], [-np.inf, -np.inf], [7]])
def test_the_largest_of_a_row_is_found_by_its_place(row):
    row = np.array([row]) * 1
    assert ".argmax()" in replayed(lambda x: np.maximum.reduce(x * 2, 1) + 1, row)
    assert ".argmax()" in replayed(lambda x: np.maximum.reduce(x * 2, 0) + 1, row.T.copy())
    if row.size > 1:
        assert "argmax" not in replayed(lambda x: np.maximum.reduce(x * 2, 0) + 1, row)
    several = np.concatenate([row, row[:, ::-1], row * 0 + 2])
    for options in ({}, {"keepdims": True}):
        found = replayed(functools.partial(largest, **options), several)
        assert found.count("argmax") == 1


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_that_is_written_in_place(shape):
    eager, compiled = (autograd.tensor(np.full(shape, 2.0), requires_grad=True) for _ in range(2))

    def stepping(weight):
        optimizer = optim.SGD([weight], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            ((weight * x) ** 2).sum().backward()
            optimizer.step()

        return step, optimizer

    step, optimizer = stepping(compiled)
    act, plainly = autograd.compile(step, state=[compiled, optimizer], strict=True), stepping(eager)[0]
    for k in range(1, 6):
        x = np.full((3, 1), k / 8)
        act(x)
        plainly(x)
        assert same(plain(compiled), plain(eager))
    assert act.replays > 0


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i8", "c8"])
def test_single_elements_are_computed_as_numbers(dtype):
    def fn(x, y):
        total, other = x.sum(0), (y * 3)[:1]
        last = (total * other - other) / (total + 2)
        last += total
        return last, last - last, y + last

    x, y = (np.asarray(RNG.standard_normal((n, 1)) * 9 + 4).astype(dtype) for n in (5, 3))
    source = replayed(fn, x, y)
    assert bool(re.search(r" = n\d+ / n\d+", source)) is (dtype in ("f4", "f8"))
    with np.errstate(all="ignore"):
        for bad in (np.inf, np.nan, -2.0):
            if dtype != "i8":
                replayed(fn, x * 0 + np.array(bad / 5, dtype), y)


def test_what_numbers_report_is_reported():
    act = autograd.compile(lambda x: x.sum(0) / (x * 2)[:1, 0], strict=True)
    for k in (1.0, 2.0, 3.0, 4.0):
        act(np.full((3, 1), k))
    assert "[()] / " in act.source
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        act(np.array([[0.0], [1.0], [1.0]]))


@pytest.mark.parametrize("columns", [2, 3, 40])
def test_a_row_is_copied_whole(columns):
    def fn(x, b):
        return x * 2 + b[::-1] * 1, (x * 3 + (b * 2)[None]) * 2, x * 2 - np.add.reduce(x)[:1]

    replayed(fn, RNG.standard_normal((7, columns)), RNG.standard_normal(columns))
    source = replayed(lambda x, b: (x * 2 + b * 2) * 2, np.ones((7, columns)), np.ones(columns))
    assert source.count("[...] = ") == 1


def test_elements_that_are_seen_in_two_ways_do_not_move():
    def fn(x, places):
        found = (x * 2)[places]
        return found[:, None] * np.ones((3, 2)) + 1, found + 1

    x, places = RNG.standard_normal(9), np.array([4, 0, 8])
    assert "[...] = " in replayed(fn, x, places)
    act = autograd.compile(fn, strict=True)
    for _ in range(5):
        act(x, places)
    with pytest.raises(IndexError):
        act(x, np.array([4, 0, 9]))


def test_neutral_integers_are_left_out():
    source = replayed(
        lambda x, i: x[(i * 1 + 0) * np.ones(1, int)] * 2, RNG.standard_normal(5), np.array([3, 1])
    )
    assert source.count("multiply") + source.count("add") == 1
    # -0.0 + 0 is 0.0
    assert "add" in replayed(lambda x: x * 2 + 0.0, np.array([-0.0, 1.0]))
    # what the numbers make wider stays
    assert "multiply" in replayed(lambda i: np.multiply(i, np.int64(1)), np.array([1, 2], np.int32))


def test_zeros_are_put_where_a_mask_says():
    x = np.array([[1.0, -2.0, np.nan], [np.inf, -0.0, 3.0]])
    assert "putmask" in replayed(lambda x: anp.where(x * 2 <= 1, 0, x * 3), x)
    kept = lambda x: (y := x * 3, anp.where(x * 2 <= 1, 0, y))
    assert "putmask" in replayed(kept, x)
    large = RNG.standard_normal((40, 40))
    assert "putmask" not in replayed(lambda x: anp.where(x * 2 <= 1, 0, x * 3), large)


def test_inputs_that_are_seen_as_they_are_are_not_copied():
    model = nn.Linear(4, 3)
    opt = optim.SGD(model.parameters(), lr=0.1)

    step = training_step(model, opt, F.mse_loss)
    act = autograd.compile(step, state=(model, opt), strict=True)
    x, y = RNG.standard_normal((5, 4)).astype(np.float32), RNG.standard_normal((5, 3)).astype(np.float32)
    for _ in range(4):
        act(x, y)
    assert "] = x0" not in act.source
    assert "x0.dot(" in act.source


def test_an_input_may_be_what_the_program_writes():
    model, other = nn.Linear(3, 3), nn.Linear(3, 3)
    other.load_state_dict(model.state_dict())

    def step(net, opt):
        def fn(x):
            opt.zero_grad()
            loss = (net(x) ** 2).sum()
            loss.backward()
            opt.step()
            return loss.detach()

        return fn

    optimizers = [optim.SGD(m.parameters(), lr=0.1) for m in (model, other)]
    act = autograd.compile(step(model, optimizers[0]), state=(model, optimizers[0]), strict=True)
    plainly = step(other, optimizers[1])
    x = RNG.standard_normal((3, 3)).astype(np.float32)
    for k in range(8):
        given = [x if k < 3 else (m.weight.data if k % 2 else m.weight.grad) for m in (model, other)]
        assert same(plain(act(given[0])), plain(plainly(given[1])))
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert same(a.data, b.data)


def test_the_gradient_of_a_single_row_is_made_where_it_stays():
    model = nn.Linear(4, 3)
    opt = optim.SGD(model.parameters(), lr=0.1)

    step = training_step(model, opt)
    act = autograd.compile(step, state=(model, opt), strict=True)
    for _ in range(4):
        act(RNG.standard_normal((1, 4)).astype(np.float32), np.array([1]))
    names = [s.fn.__name__ for s in act.plan.steps]
    assert not {"copy", "copyto"} & set(names)


def test_single_elements_are_variables():
    """What is picked from one row of a cross-entropy goes to no memory, and an index is read once."""
    model = nn.Linear(4, 3)
    opt = optim.SGD(model.parameters(), lr=0.1)
    step = training_step(model, opt)
    act = autograd.compile(step, state=(model, opt), strict=True)
    twin = nn.Linear(4, 3)
    twin.load_state_dict(model.state_dict())
    eager = training_step(twin, optim.SGD(twin.parameters(), lr=0.1))
    for k in range(7):
        x, y = RNG.standard_normal((1, 4)).astype(np.float32), np.array([k % 3])
        assert same(plain(act(x, y)), plain(eager(x, y)))
    assert same(plain(model.weight), plain(twin.weight))
    assert act.source.count(".item()") == 1
    picked = [line.split(" = ") for line in act.source.splitlines() if "[i0]" in line]
    assert [left.strip()[0] for left, _ in picked] == ["n", "n", "a"]


def test_an_element_that_is_written_between_is_read_again():
    def fn(x, i):
        y, places = x * 2, i + 0
        first = y[places].sum()
        places = anp.where(places > 0, places - 1, places)
        y[places] = first * 3
        return y, y[i] - first, first * first

    act = autograd.compile(fn, strict=True)
    for k in range(7):
        x, i = RNG.standard_normal(5), np.array([k % 5])
        assert same(plain(act(x, i)), plain(fn(x, i)))


def test_an_index_that_the_program_computes_is_read_where_it_is():
    def fn(x, i):
        y = x * 2
        places = (i + 1) % 5
        first = y[places] * 3
        places[...] = (places + 2) % 5  # the same memory
        return first, y[places] * 3

    act = autograd.compile(fn, strict=True)
    for k in range(7):
        x, i = RNG.standard_normal(5), np.array([k % 5])
        assert same(plain(act(x, i)), plain(fn(x, i)))
    assert act.source.count(".item()]") == 2
