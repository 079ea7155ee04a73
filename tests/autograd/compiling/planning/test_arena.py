"""Where temporaries lie: never two at once in one place, in gradients only while those are of no use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import optim
from autograd.compiling.ir import Instruction, Recording
from autograd.compiling.plan import Plan
from autograd.compiling.planning import arena

SIZES = st.sampled_from([0, 1, 4, 24, 40, 600, 1024, 4096, 4100])


@given(st.lists(st.tuples(SIZES, st.integers(0, 9), st.integers(0, 9)), max_size=24), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_no_two_arrays_share_memory_at_a_time(arrays, written):
    """The first array is a gradient, dead from the third step on."""
    recording = Recording()
    operands = [recording.room((size,), np.dtype(np.uint8)) for size, *_ in arrays]
    spans = {o.root: (min(a, b), max(a, b)) for o, (_, a, b) in zip(operands, arrays, strict=True)}
    lasting = {}
    if operands:
        lasting = {operands[0].root: 3}
        spans[operands[0].root] = written, 9
    steps = []
    for i in range(10):
        touched = tuple(o for o in operands if i in spans[o.root])
        steps.append(Instruction(np.add, touched, {}, number=i))
    plan = Plan(steps, lasting, set(), recording=recording)
    arena.place(plan)
    places = [("arena", offset, root) for root, offset in plan.offsets.items()] + [
        (host, offset, root) for root, (host, offset) in plan.hosts.items()
    ]
    assert {root for *_, root in places} == {o.root for o in operands} - lasting.keys()
    for i, (memory, low, root) in enumerate(places):
        size = recording.roots[root].nbytes
        room = plan.arena if memory == "arena" else recording.roots[memory].nbytes
        assert low % arena.unit(size) == 0
        assert low + size <= room
        assert memory == "arena" or 3 <= spans[root][0] <= spans[root][1] < written
        for other, start, second in places[:i]:
            together = spans[root][0] <= spans[second][1] and spans[second][0] <= spans[root][1]
            apart = low + size <= start or start + recording.roots[second].nbytes <= low
            assert memory != other or not together or apart


# ---------------------------------------------------------------- gradients

X = np.random.default_rng(0).standard_normal((4, 40)).astype(np.float32)


class Net:
    """A training step, compiled and not; `when` it resets the gradients: first, later, or never."""

    def __init__(self, when, compiled):
        self.model = nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 5))
        start = np.random.default_rng(1)
        for p in self.model.parameters():
            p.data = start.standard_normal(p.shape).astype(np.float32)
        self.opt = optim.SGD(self.model.parameters(), lr=0.01)

        def step(x, y):
            if when == "first":
                self.opt.zero_grad()
            loss = nn.functional.cross_entropy(self.model(x), y)
            if when == "later":
                self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            return loss

        self.step = step
        if compiled:
            self.step = autograd.compile(step, state=(self.model, self.opt), strict=True)

    def grads(self):
        return [p.grad.numpy().copy() for p in self.model.parameters()]


@pytest.fixture(params=["numba", "NumPy"])
def kernels(request):
    if request.param == "NumPy":
        request.getfixturevalue("numpy_alone")
    return request.param


@pytest.mark.parametrize("when", ["first", "later", "never"])
def test_gradients_that_a_caller_keeps_stay_as_they_are(when, kernels):
    eager, ours = Net(when, False), Net(when, True)
    y = np.array([0, 1, 2, 3])
    kept = None
    for i in range(7):
        eager.step(X + i, y)
        ours.step(X + i, y)
        for a, b in zip(eager.grads(), ours.grads(), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5 * np.abs(a).max())
        if kept is not None:
            for g, values in zip(*kept, strict=True):
                if when != "never":
                    np.testing.assert_array_equal(g.numpy(), values)
        if i % 2:
            kept = [p.grad for p in ours.model.parameters()], ours.grads()
    assert ours.step.replays >= 4
    plan = ours.step.plan
    if when == "never":
        assert not plan.hosts
    if when == "first":
        assert plan.hosts
        assert plan.arena < (1 << 11 if kernels == "numba" else 1 << 13)


@pytest.mark.parametrize("when", ["first", "later"])
def test_a_run_that_fails_leaves_gradients_as_the_function_does(when, kernels):
    eager, ours = Net(when, False), Net(when, True)
    y = np.array([0, 1, 2, 3])
    for net in (eager, ours):
        for _ in range(5):
            net.step(X, y)
        with pytest.raises(IndexError):
            net.step(X, np.array([0, 1, 2, 7]))
    for a, b in zip(eager.model.parameters(), ours.model.parameters(), strict=True):
        assert (a.grad is None) is (b.grad is None)
        if a.grad is not None:
            np.testing.assert_allclose(b.grad.numpy(), a.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_results_take_the_place_of_arguments_that_end(numpy_alone):
    """A product and its argument are there at a time, and nothing else."""

    def chain(x, y):
        for _ in range(4):
            x = np.tanh(x @ y) * 2 + 1
        return x.sum()

    x = np.eye(64)
    program = autograd.compile(chain, strict=True)
    for _ in range(4):
        found = program(x, x)
    assert found == chain(x, x)
    assert program.plan.arena <= 2 * x.nbytes + 64


@pytest.mark.parametrize("choose", [
    lambda m, x: np.where(m > 0, x, 0),
    lambda m, x: np.where(m > 0, 0, x),
    lambda m, x: np.where(m > 0, m, x),
    lambda m, x: np.where(m > 0, x, m),
    lambda m, x: np.clip(x, -1, 1),
    lambda m, x: x / m,
])  # fmt: skip
@pytest.mark.parametrize("size", [8, 64, 512])
def test_choices_in_place(choose, size, kernels):
    def fn(x):
        m = x @ x.T
        return choose(m, x @ m) @ x

    program = autograd.compile(fn, strict=True)
    x = np.random.default_rng(size).standard_normal((size, size))
    for _ in range(4):
        np.testing.assert_allclose(program(x), fn(x), rtol=1e-9, atol=1e-9 * np.abs(fn(x)).max())
