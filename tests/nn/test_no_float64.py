"""No float64 array arises in a float32 training step: not forward, not backward, not in updates."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import numpy as np
import pytest

import nn
import optim
from autograd import backward as backward_module
from autograd.primitive import REGISTRY
from autograd.tape import enter_unusual, leave_unusual

ACTIVATIONS = [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.LeakyReLU, nn.ELU]
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "SGD, all options": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
    "Adam": lambda p: optim.Adam(p, lr=0.1),
    "Adam, all options": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1, amsgrad=True),
}
X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
TARGETS = {
    "CrossEntropyLoss": np.array([0, 1, 1, 0]),
    "MSELoss": np.full((4, 2), 0.5, np.float32),
}


def too_wide(value) -> bool:
    return getattr(value, "dtype", None) in (np.float64, np.complex128)


@contextmanager
def every_value(monkeypatch):
    """The name and dtype of every result of a kernel, and every cotangent, that is float64."""
    found: list[str] = []

    def watched(prim):
        kernel = prim.kernel

        def run(*args):
            out = kernel(*args)
            parts = out if prim.aux else (out,)
            found.extend(f"{prim.name} forward" for part in parts if too_wide(part))
            return out

        return run

    def pulls(sweep):
        def run(roots, *args, **options):
            for _, g in roots:
                if too_wide(g):
                    found.append("the first cotangent")
            arrived = sweep(roots, *args, **options)
            found.extend("a gradient" for _, g in arrived if too_wide(g))
            return arrived

        return run

    for prim in REGISTRY.values():  # the slow path calls `prim.kernel`, where it can be watched
        monkeypatch.setattr(prim, "kernel", watched(prim))
        for step in prim.steps.values():
            monkeypatch.setattr(step, "pull", watched_pull(prim.name, step.pull, found))
    monkeypatch.setattr(backward_module, "sweep", pulls(backward_module.sweep))
    enter_unusual()
    try:
        yield found
    finally:
        leave_unusual()


def watched_pull(name, pull, found):
    def run(node, g):
        cotangents = pull(node, g)
        parts = cotangents if type(cotangents) is tuple else (cotangents,)
        found.extend(f"{name} backward" for part in parts if too_wide(part))
        return cotangents

    run.step = pull.step
    return run


def train(activation, loss, make_optimizer, steps=2):
    """A few steps; returns the model and its optimiser."""
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), activation(), nn.Linear(4, 2))
    optimizer = make_optimizer(list(model.parameters()))
    loss_of = getattr(nn, loss)()
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(model(X), TARGETS[loss]).backward()
        optimizer.step()
    return model, optimizer


@pytest.mark.parametrize(
    ("activation", "loss", "optimizer"), list(itertools.product(ACTIVATIONS, TARGETS, OPTIMIZERS))
)
def test_a_step_stays_in_float32(activation, loss, optimizer, monkeypatch):
    train(activation, loss, OPTIMIZERS[optimizer])  # so that the steps exist that are watched
    with every_value(monkeypatch) as found:
        model, state = train(activation, loss, OPTIMIZERS[optimizer])
    assert found == []
    for parameter in model.parameters():
        assert parameter.dtype == parameter.grad.dtype == np.float32
    for slot in state._slots.values():
        assert all(a.dtype == np.float32 for a in (*slot.state, *slot.scratch))
    for _, arrays in state._arrays.values():
        assert not any(too_wide(a) for a in arrays)


def test_the_watch_sees_float64_forward_and_backward(monkeypatch):
    relu = REGISTRY["relu"]
    train(nn.ReLU, "MSELoss", OPTIMIZERS["SGD"])
    monkeypatch.setattr(relu, "kernel", lambda x: np.maximum(x, 0) * np.float64(2))
    with every_value(monkeypatch) as found:
        train(nn.ReLU, "MSELoss", OPTIMIZERS["SGD"], steps=1)
    assert "relu forward" in found
    assert any("backward" in f for f in found)


def test_the_watch_sees_float64_in_a_rule(monkeypatch):
    step = REGISTRY["sigmoid"].steps
    train(nn.Sigmoid, "MSELoss", OPTIMIZERS["SGD"])
    pull = step[(0,)].pull

    def wide(node, g):
        return pull(node, g) * np.float64(2)

    wide.step = pull.step
    monkeypatch.setattr(step[(0,)], "pull", wide)
    with every_value(monkeypatch) as found:
        train(nn.Sigmoid, "MSELoss", OPTIMIZERS["SGD"], steps=1)
    assert "sigmoid backward" in found
