"""Averages of parameters."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

import optim
from autograd import no_grad, tensor
from autograd.errors import ArgumentError, OperandError
from optim.optimizer import TILE
from optim.state import OptimizerStateError
from optim.swa_utils import (
    SWALR,
    AveragedParameters,
    get_ema_multi_avg_fn,
    get_swa_multi_avg_fn,
)


def walk(averaged, x, steps=10):
    """Change a parameter step by step; the values that it had."""
    seen = []
    for t in range(steps):
        with no_grad():
            x += np.cos(t + np.arange(x.size, dtype=float)).reshape(x.shape)
        seen.append(x.detach().copy().numpy())
        averaged.update()
    return seen


@pytest.mark.parametrize("shape", [(), (3, 2), (2 * TILE + 3,)])
def test_the_mean(shape):
    x = tensor(np.ones(shape), requires_grad=True)
    mean = AveragedParameters([x])
    seen = walk(mean, x)
    np.testing.assert_allclose(mean.averages[0], np.mean(seen, axis=0), rtol=1e-12, atol=1e-14)
    assert mean.n_averaged == 10


@pytest.mark.parametrize("decay", [0.0, 0.9, 1.0])
def test_the_exponential_average(decay):
    x = tensor(np.ones((3, 2)).T, requires_grad=True)
    average = AveragedParameters([("x", x)], get_ema_multi_avg_fn(decay))
    seen = walk(average, x)
    expected = seen[0]
    for value in seen[1:]:
        expected = decay * expected + (1 - decay) * value
    np.testing.assert_allclose(average.averages[0], expected, rtol=1e-12)


def test_averages_are_lent_and_given_back():
    x = tensor([1.0, 2.0], requires_grad=True)
    mean = AveragedParameters([x])
    seen = walk(mean, x, 3)
    with mean.applied():
        np.testing.assert_allclose(x.detach().numpy(), np.mean(seen, axis=0))
    np.testing.assert_array_equal(x.detach().numpy(), seen[-1])
    with pytest.raises(ZeroDivisionError), mean.applied():
        1 / 0  # noqa: B018
    np.testing.assert_array_equal(x.detach().numpy(), seen[-1])
    mean.copy_to()
    np.testing.assert_array_equal(x.detach().numpy(), mean.averages[0])
    with no_grad():
        x += 1.0
    assert not np.array_equal(x.detach().numpy(), mean.averages[0])


def test_a_living_graph_keeps_its_values():
    x = tensor([1.0, 2.0], requires_grad=True)
    mean = AveragedParameters([x])
    walk(mean, x, 2)
    before = x.detach().copy().numpy()
    y = (x * x).sum()
    mean.copy_to()
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * before)


def test_states():
    x, y = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    whole, first = AveragedParameters([x]), AveragedParameters([y])
    walk(whole, x)
    walk(first, y)
    later = AveragedParameters([y])
    later.load_state_dict(first.state_dict())
    walk(whole, x)
    walk(later, y)
    np.testing.assert_array_equal(whole.averages[0], later.averages[0])
    for bad in ({}, {"n_averaged": 1, "averages": [np.ones(3)]}):
        with pytest.raises(OptimizerStateError):
            later.load_state_dict(bad)


def test_bad_arguments_are_refused():
    x = tensor([1.0], requires_grad=True)
    with pytest.raises(ArgumentError, match="no parameters"):
        AveragedParameters([])
    with pytest.raises(OperandError, match="parameter 1 must be a Tensor, got"):
        AveragedParameters([x, 1.0])
    with pytest.raises(OperandError, match="callable"):
        AveragedParameters([x], 0.9)
    with pytest.raises(ArgumentError, match=r"decay .* at most 1.0, got 1.5"):
        get_ema_multi_avg_fn(1.5)
    with pytest.raises(ArgumentError, match=r"call update\(\) first"):
        AveragedParameters([x]).copy_to()


def test_an_update_needs_a_tile_at_most():
    x = tensor(np.ones(16 * TILE), requires_grad=True)
    mean = AveragedParameters([x], get_swa_multi_avg_fn())
    mean.update()
    tracemalloc.start()
    mean.update()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 9 * TILE


@pytest.mark.parametrize("strategy", ["linear", "cos"])
def test_the_rate_goes_to_that_of_averaging(strategy):
    optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=0.5)
    scheduler = SWALR(optimizer, swa_lr=0.1, anneal_epochs=4, anneal_strategy=strategy)
    for t in range(8):
        part = min(t / 4, 1.0)
        part = part if strategy == "linear" else (1 - math.cos(math.pi * part)) / 2
        assert scheduler.get_last_lr() == [pytest.approx(0.5 + (0.1 - 0.5) * part, rel=1e-12)]
        optimizer.step()
        scheduler.step()


def test_averages_of_noisy_steps_are_better_than_the_last_step():
    rng = np.random.default_rng(0)
    x = tensor(np.full(20, 3.0), requires_grad=True)
    optimizer, mean = optim.SGD([x], lr=0.2), AveragedParameters([x])
    for t in range(600):
        optimizer.zero_grad()
        (0.5 * ((x + rng.normal(size=20)) ** 2).sum()).backward()
        optimizer.step()
        if t >= 100:
            mean.update()
    last = float((x * x).sum())
    with mean.applied():
        assert float((x * x).sum()) < 0.1 * last
