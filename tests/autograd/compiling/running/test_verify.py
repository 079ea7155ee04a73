"""When a program counts as doing what the function does."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import spreading, threads
from autograd.compiling.running.verify import KERNELS, LAYOUTS, agree
from autograd.ops.neural import sliding


def test_what_counts_as_rounding():
    large, small = np.ones(3), np.full(3, 1e-9)
    assert agree([large, small], [large * (1 + 1e-15), small], LAYOUTS)
    assert not agree([large], [large * (1 + 1e-13)], LAYOUTS)
    assert not agree([large, small], [large, small * (1 + 1e-7)], LAYOUTS)  # whatever stands beside it
    assert agree([large, small], [large, small * (1 + 1e-4)], KERNELS)
    assert not agree([large], [large * (1 + 1e-15)])


@pytest.mark.usefixtures("numpy_alone")
def test_convolutions_that_threads_share_are_compared_as_one(monkeypatch):
    """Of a part of the samples BLAS may add up otherwise, and Adam makes steps of what rounding leaves.

    The gradient of a bias before a normalisation is nothing else.
    """
    monkeypatch.setattr(threads, "count", lambda: 3)
    monkeypatch.setattr(sliding, "WORK", 1)
    parts = []
    spread = spreading._spread
    monkeypatch.setattr(spreading, "_spread", lambda *args: (parts.append(args), spread(*args)))
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16, 3, 17, 17)).astype(np.float32), rng.integers(0, 5, 16)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 17 * 17, 5),
    )
    opt = optim.Adam(model.parameters())

    @autograd.compile(state=(model, opt), strict=True)
    def step():
        opt.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss

    step()
    assert parts  # as without a program
    for _ in range(4):
        step()
    assert step.replays
