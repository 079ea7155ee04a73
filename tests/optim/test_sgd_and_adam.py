"""SGD and Adam against their formulas written out, and the discipline of the base."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError, OperandError
from optim.optimizer import TILE, OptimizerStateError


def sgd(p, g, s, t, lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, sign=1):
    g = sign * g + weight_decay * p
    if momentum:
        s["b"] = g if t == 1 else momentum * s["b"] + (1 - dampening) * g
        g = g + momentum * s["b"] if nesterov else s["b"]
    return p - lr * g


def adam(p, g, s, t, lr=0.1, b1=0.9, b2=0.999, eps=1e-8, weight_decay=0.0, amsgrad=False, sign=1):
    g = sign * g + weight_decay * p
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    s["top"] = np.maximum(s.get("top", 0), s["v"])
    v = s["top"] if amsgrad else s["v"]
    return p - lr * (s["m"] / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)


CASES = [
    (optim.SGD, {}, sgd, {}),
    (optim.SGD, {"momentum": 0.9}, sgd, {"momentum": 0.9}),
    (optim.SGD, {"momentum": 0.9, "dampening": 0.3}, sgd, {"momentum": 0.9, "dampening": 0.3}),
    (optim.SGD, {"momentum": 0.9, "nesterov": True}, sgd, {"momentum": 0.9, "nesterov": True}),
    (optim.SGD, {"weight_decay": 0.1}, sgd, {"weight_decay": 0.1}),
    (optim.SGD, {"maximize": True, "weight_decay": 0.1}, sgd, {"sign": -1, "weight_decay": 0.1}),
    (optim.Adam, {}, adam, {}),
    (optim.Adam, {"betas": (0.8, 0.9), "eps": 1e-3}, adam, {"b1": 0.8, "b2": 0.9, "eps": 1e-3}),
    (optim.Adam, {"amsgrad": True, "betas": (0.9, 0.5)}, adam, {"amsgrad": True, "b2": 0.5}),
    (optim.Adam, {"weight_decay": 0.1, "maximize": True}, adam, {"weight_decay": 0.1, "sign": -1}),
]


def gradient_at(p, t):
    """Some gradient that depends on the place and on the step."""
    return np.sin(3 * p + t) + 0.1 * p


@pytest.mark.parametrize(("kind", "options", "formula", "spelled"), CASES)
@pytest.mark.parametrize("shape", [(3, 2), (2 * TILE + 7,)], ids=["small", "tiled"])
def test_a_hundred_steps_follow_the_formula(kind, options, formula, spelled, shape):
    start = np.cos(np.arange(math.prod(shape), dtype=float)).reshape(shape)
    x, expected, state = tensor(start, requires_grad=True), start, {}
    optimizer = kind([x], lr=0.1, **options)
    for t in range(1, 101 if len(shape) > 1 else 4):
        x.grad = gradient_at(expected, t)
        optimizer.step()
        expected = formula(expected, gradient_at(expected, t), state, t, **spelled)
        np.testing.assert_allclose(x.detach().copy().numpy(), expected, rtol=1e-11, atol=1e-12)


def stepped(optimizer, x, t):
    x.grad = gradient_at(x.detach().copy().numpy(), t)
    optimizer.step()


@pytest.mark.parametrize(("kind", "options"), [(c[0], c[1]) for c in CASES])
def test_resuming_is_as_never_having_stopped(kind, options):
    x, y = (tensor([1.0, -2.0], requires_grad=True) for _ in range(2))
    whole, first = kind([x], lr=0.1, **options), kind([y], lr=0.1, **options)
    for t in range(10):
        stepped(whole, x, t)
        if t < 5:
            stepped(first, y, t)
    second = kind([y], lr=0.7, **options)
    second.load_state_dict(first.state_dict())
    for t in range(5, 10):
        stepped(second, y, t)
    np.testing.assert_array_equal(x.detach().numpy(), y.detach().numpy())


def test_a_state_that_does_not_fit_changes_nothing():
    x = tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Adam([x])
    stepped(optimizer, x, 0)
    state = optimizer.state_dict()
    state["param_groups"][0]["lr"] = 5.0
    state["state"][0]["exp_avg"] = np.zeros(3)
    with pytest.raises(OptimizerStateError, match="parameter 0: exp_avg"):
        optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 1e-3
    two = optim.Adam([x, tensor([1.0], requires_grad=True)])
    with pytest.raises(OptimizerStateError, match="groups of"):
        two.load_state_dict(optimizer.state_dict())


def test_groups_have_their_own_options_and_rates_can_change():
    x, y, z = (tensor([1.0], requires_grad=True) for _ in range(3))
    optimizer = optim.SGD([{"params": [x]}, {"params": [y], "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": z, "lr": 0.25})
    for p in (x, y, z):
        p.grad = np.ones(1)
    optimizer.step()
    assert [p.item() for p in (x, y, z)] == [0.9, 0.5, 0.75]
    for group in optimizer.param_groups:
        group["lr"] = 0.0625
    optimizer.step()
    assert y.item() == 0.4375


def test_parameters_without_gradient_stay_and_gradients_are_left_alone():
    x, frozen = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([x, frozen], weight_decay=0.1)
    x.grad = np.array([2.0])
    optimizer.step()
    assert frozen.item() == 1.0
    assert x.grad.item() == 2.0
    optimizer.zero_grad()
    assert x.grad is None
    x.requires_grad_(False)
    optimizer.step()


def test_a_step_leaves_a_living_graph_its_values():
    w = tensor([3.0], requires_grad=True)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    optim.SGD([w], lr=0.5).step()
    assert w.item() == 0.0
    w.grad = None
    loss.backward()
    assert w.grad.item() == 6.0  # of the graph as it was computed, at 3


def test_what_a_state_dict_shares_is_updated():
    model = nn.Linear(200, 100)  # large enough to be guarded rather than copied
    weight = model.state_dict()["weight"]
    before = weight.copy()
    loss = model(np.ones((1, 200), np.float32)).sum()
    loss.backward(retain_graph=True)
    optim.SGD(model.parameters(), lr=1.0).step()
    np.testing.assert_array_equal(weight, model.weight.detach().numpy())
    np.testing.assert_allclose(weight, before - 1, atol=1e-6)


def test_parameters_in_any_memory_order():
    for order in ("C", "F"):
        start = np.asarray(np.arange(2.0 * TILE).reshape(2, TILE), order=order)
        x = tensor(start, requires_grad=True)
        x.grad = np.ones((2, TILE))
        optim.SGD([x], lr=1.0).step()
        np.testing.assert_array_equal(x.detach().numpy(), start - 1)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_nothing_is_allocated_once_warm(kind):
    x = tensor(np.ones(4 * TILE), requires_grad=True)
    x.grad = np.ones(4 * TILE)
    optimizer = kind([x], lr=0.1)
    optimizer.step()
    tracemalloc.start()
    optimizer.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < TILE  # bytes: an eighth of one tile


X = tensor([1.0], requires_grad=True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optim.SGD([X], lr=math.nan), ArgumentError, "SGD: lr must be a number"),
        (lambda: optim.SGD([X], lr=-1), ArgumentError, "got -1"),
        (lambda: optim.SGD([X], momentum="x"), ArgumentError, "momentum"),
        (lambda: optim.SGD([X], nesterov=True), ArgumentError, "nesterov needs momentum"),
        (lambda: optim.Adam([X], betas=(-0.1, 0.9)), ArgumentError, r"betas\[0\]"),
        (lambda: optim.Adam([X], betas=(0.9, 1.0)), ArgumentError, r"betas\[1\].*below 1"),
        (lambda: optim.Adam([X], eps=math.nan), ArgumentError, "eps"),
        (lambda: optim.SGD([]), ArgumentError, "no parameters"),
        (lambda: optim.SGD(X), OperandError, "sequence of tensors"),
        (lambda: optim.SGD([1.0]), OperandError, "parameter 0 must be a Tensor, got float"),
        (lambda: optim.SGD([X * 2]), OperandError, "not a leaf"),
        (lambda: optim.SGD([X, X]), ArgumentError, "in a group already"),
        (lambda: optim.SGD([{"params": [X], "beta": 1}]), ArgumentError, "unknown option 'beta'"),
    ],
)
def test_bad_options_are_refused_at_construction(call, error, message):
    with pytest.raises(error, match=message):
        call()
