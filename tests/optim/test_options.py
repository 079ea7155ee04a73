"""Groups and options: any combination follows the formulas, changes take effect, nonsense is refused."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError, OperandError


def sgd_run(p, grads, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """PyTorch's documented loop, in plain float64."""
    b = None
    for g in grads:
        g = (-g if maximize else g) + weight_decay * p
        if momentum:
            b = g if b is None else momentum * b + (1 - dampening) * g
            g = g + momentum * b if nesterov else b
        p = p - lr * g
    return p


def adam_run(p, grads, lr, betas, eps, weight_decay, amsgrad, maximize):
    m = v = top = np.zeros_like(p)
    for t, g in enumerate(grads, 1):
        g = (-g if maximize else g) + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        top = np.maximum(top, v)
        second = (top if amsgrad else v) / (1 - betas[1] ** t)
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(second) + eps)
    return p


def ours(kind, p, grads, **options):
    x = tensor(p, requires_grad=True)
    optimizer = kind([x], **options)
    for g in grads:
        x.grad = g
        optimizer.step()
    return x.detach().numpy()


rates = st.sampled_from([0.0, 1e-3, 0.1, 1.0])
parts = st.sampled_from([0.0, 0.3, 0.9])
flags = st.booleans()
shapes = st.sampled_from([(), (1,), (3,), (2, 3), (0,)])


@given(shapes, rates, parts, parts, parts, flags, flags, st.integers(0, 99))
def test_sgd_with_any_options(shape, lr, momentum, dampening, weight_decay, nesterov, maximize, seed):
    assume(not nesterov or (momentum and not dampening))
    rng = np.random.default_rng(seed)
    p, grads = np.asarray(rng.normal(size=shape)), [np.asarray(rng.normal(size=shape)) for _ in range(100)]
    options = {
        "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
        "nesterov": nesterov, "maximize": maximize,
    }  # fmt: skip
    expected = sgd_run(p, grads, **options)
    np.testing.assert_allclose(ours(optim.SGD, p, grads, **options), expected, rtol=1e-9, atol=1e-11)


@given(shapes, rates, st.tuples(parts, parts), st.sampled_from([1e-8, 1e-2]), parts, flags, flags,
       st.integers(0, 99))  # fmt: skip
def test_adam_with_any_options(shape, lr, betas, eps, weight_decay, amsgrad, maximize, seed):
    # a short memory divides a gradient near zero by itself; fed back by the decay, rounding grows
    assume(betas[1] == 0.9 or not weight_decay)
    rng = np.random.default_rng(seed)
    p, grads = np.asarray(rng.normal(size=shape)), [np.asarray(rng.normal(size=shape)) for _ in range(100)]
    options = {
        "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
        "maximize": maximize,
    }  # fmt: skip
    expected = adam_run(p, grads, **options)
    np.testing.assert_allclose(ours(optim.Adam, p, grads, **options), expected, rtol=1e-9, atol=1e-11)


# ------------------------------------------------------------------ options that change


def after(kind, options, changes, gradients):
    """The values after each step; before step i the group's options become changes[i]."""
    x = tensor([1.0, -2.0], requires_grad=True)
    optimizer, values = kind([x], **options), []
    for i, g in enumerate(gradients):
        optimizer.param_groups[0].update(changes.get(i, {}))
        x.grad = np.full(2, g)
        optimizer.step()
        values.append(x.tolist())
    optimizer.load_state_dict(optimizer.state_dict())  # what it saves, it can load
    return np.array(values)


G = [1.0, 2.0, -1.0, 0.5, 3.0]


def test_a_new_rate_takes_effect_at_the_next_step():
    values = after(optim.SGD, {"lr": 0.1}, {2: {"lr": 1.0}, 3: {"lr": 0}}, G)
    np.testing.assert_allclose(np.diff(values[:, 0]), [-0.2, 1.0, 0, 0], atol=1e-15)


def test_new_betas_and_decay_take_effect():
    fixed = after(optim.Adam, {"lr": 0.1}, {}, G)
    for change in ({"betas": (0.5, 0.9)}, {"eps": 1.0}, {"weight_decay": 0.5}, {"maximize": True}):
        changed = after(optim.Adam, {"lr": 0.1}, {3: change}, G)
        np.testing.assert_array_equal(changed[:3], fixed[:3])
        assert not np.allclose(changed[3], fixed[3], atol=1e-6)


@pytest.mark.parametrize("dampening", [0.0, 0.5])
def test_momentum_that_is_switched_on_begins_there(dampening):
    options = {"lr": 0.1, "dampening": dampening}
    values = after(optim.SGD, options, {2: {"momentum": 0.9}}, G)
    begun = after(optim.SGD, options | {"momentum": 0.9}, {}, G[2:])
    np.testing.assert_allclose(np.diff(values[1:], axis=0), np.diff(begun, axis=0, prepend=[[1.0, -2.0]]),
                               rtol=1e-12)  # fmt: skip


def test_momentum_that_is_switched_off_ends_there():
    values = after(optim.SGD, {"lr": 0.1, "momentum": 0.9}, {2: {"momentum": 0.0}}, G)
    np.testing.assert_allclose(np.diff(values[1:, 0]), [0.1, -0.05, -0.3], rtol=1e-12)


def test_amsgrad_that_is_switched_on_or_off():
    plain = after(optim.Adam, {"lr": 0.1}, {}, G)
    on = after(optim.Adam, {"lr": 0.1}, {2: {"amsgrad": True}}, G)
    np.testing.assert_array_equal(on[:2], plain[:2])
    assert np.isfinite(on).all()
    off = after(optim.Adam, {"lr": 0.1, "amsgrad": True}, {2: {"amsgrad": False}}, G)
    np.testing.assert_allclose(off[2:] - off[1], plain[2:] - plain[1], rtol=1e-12)


# ------------------------------------------------------------------ groups


def test_groups_each_with_their_own_options():
    """Of one dtype and age, so that nothing of one group may stand for the other's."""
    x, y, z = (tensor([1.0, 2.0], requires_grad=True) for _ in range(3))
    optimizer = optim.Adam(
        [{"params": [x], "lr": 0.5}, {"params": y, "betas": (0.5, 0.5)}, {"params": [z], "amsgrad": True}],
        lr=0.1,
    )
    grads = [np.array([g, -2 * g]) for g in G]
    for g in grads:
        for p in (x, y, z):
            p.grad = g
        optimizer.step()
    usual = {
        "lr": 0.1,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0,
        "amsgrad": False,
        "maximize": False,
    }
    start = np.array([1.0, 2.0])
    for p, own in ((x, {"lr": 0.5}), (y, {"betas": (0.5, 0.5)}), (z, {"amsgrad": True})):
        np.testing.assert_allclose(p.detach(), adam_run(start, grads, **{**usual, **own}), rtol=1e-12)


def test_groups_can_be_added_later():
    x, y = (tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([x], lr=0.1)
    given_group = {"params": y, "lr": 0.5}
    optimizer.add_param_group(param_group=given_group)
    assert given_group == {"params": y, "lr": 0.5}  # the caller's dict is left as it is
    for p in (x, y):
        p.grad = np.ones(1)
    optimizer.step()
    assert (x.item(), y.item()) == (0.9, 0.5)


def test_parameters_of_different_dtypes_and_ages():
    a, b = tensor(np.ones(2, np.float32), requires_grad=True), tensor(np.ones(2), requires_grad=True)
    optimizer = optim.Adam([a, b], lr=0.1)
    for g in (1.0, -2.0):
        a.grad = np.full(2, g, np.float32)
        optimizer.step()
    for g in (1.0, -2.0):
        a.grad, b.grad = None, np.full(2, g)
        optimizer.step()
    assert a.dtype == np.float32
    assert b.dtype == np.float64
    np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-6)  # each counts its own steps


def test_named_parameters_and_generators():
    model = nn.Linear(2, 1)
    for params in (model.parameters(), model.named_parameters(), [*model.parameters()]):
        optimizer = optim.SGD(params, lr=1.0)
        assert [*map(id, optimizer.param_groups[0]["params"])] == [*map(id, model.parameters())]


def test_a_closure_is_called_and_its_result_returned():
    x = tensor([1.0], requires_grad=True)

    def closure():
        x.grad = np.ones(1)
        return "loss"

    assert optim.SGD([x], lr=0.5).step(closure) == "loss"
    assert x.item() == 0.5


def test_deep_copies_go_on_as_the_original_would():
    model = nn.Linear(2, 1, generator=0)
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    def step(model, optimizer, g):
        for p in model.parameters():
            p.grad = np.full(p.shape, g, np.float32)
        optimizer.step()

    step(model, optimizer, 1.0)
    twin, twins_optimizer = copy.deepcopy((model, optimizer))
    before = [p.tolist() for p in model.parameters()]
    step(twin, twins_optimizer, -3.0)
    assert [p.tolist() for p in model.parameters()] == before
    step(model, optimizer, -3.0)
    assert [p.tolist() for p in twin.parameters()] == [p.tolist() for p in model.parameters()]


# ------------------------------------------------------------------ refusals

X = tensor([1.0], requires_grad=True)


@pytest.mark.parametrize(
    ("call", "error", "why"),
    [
        (lambda: optim.SGD([X], lr=math.inf), ArgumentError, "lr"),
        (lambda: optim.SGD([X], lr=True), ArgumentError, "lr"),
        (lambda: optim.SGD([X], weight_decay=-0.1), ArgumentError, "weight_decay"),
        (lambda: optim.SGD([X], momentum=math.nan), ArgumentError, "momentum"),
        (lambda: optim.SGD([X], momentum=0.9, dampening=math.nan), ArgumentError, "dampening"),
        (lambda: optim.SGD([X], momentum=0.9, dampening="x"), ArgumentError, "dampening"),
        (lambda: optim.SGD([X], momentum=0.9, dampening=0.1, nesterov=True), ArgumentError, "nesterov"),
        (lambda: optim.Adam([X], betas=0.9), ArgumentError, "betas"),
        (lambda: optim.Adam([X], betas=(0.9,)), ArgumentError, "betas"),
        (lambda: optim.Adam([X], betas=(0.9, 0.9, 0.9)), ArgumentError, "betas"),
        (lambda: optim.Adam([X], betas=(0.9, math.nan)), ArgumentError, r"betas\[1\]"),
        (lambda: optim.Adam([{"params": [X], "lr": -1}]), ArgumentError, "lr"),
        (lambda: optim.SGD([{"lr": 1.0}]), ArgumentError, "params"),
        (lambda: optim.SGD([{"params": [X]}, {"params": [X]}]), ArgumentError, "in a group already"),
        (lambda: optim.SGD(nn.Linear(1, 1)), OperandError, r"parameters\(\)"),
        (lambda: optim.SGD(None), OperandError, "params"),
        (lambda: optim.SGD([{"params": 3}]), OperandError, "params"),
        (lambda: optim.SGD([np.ones(2)]), OperandError, r"parameter 0 must be a Tensor, got float64\(2,\)"),
        (lambda: optim.SGD([X, {"params": [X]}]), OperandError, "parameter 1 must be a Tensor"),
        (
            lambda: optim.SGD([X]).add_param_group([X]),
            OperandError,
            "a group must be a dict, got list",
        ),
        (
            lambda: optim.SGD([X]).step(3),
            OperandError,
            "closure must be a function or None, got int 3",
        ),
        (lambda: optim.SGD([X]).load_state_dict(3), OperandError, "SGD: expected a state dict, got int 3"),
        (lambda: optim.LBFGS([X]).step(3), OperandError, "LBFGS: closure must be a function, got int 3"),
    ],
)
def test_what_is_refused(call, error, why):
    with pytest.raises(error, match=why):
        call()


def test_a_refused_group_is_not_added():
    optimizer = optim.SGD([X], lr=0.1)
    for group in ({"params": [tensor(1.0)], "lr": -1}, {"params": [X]}, {"params": [tensor(1.0)], "x": 1}):
        with pytest.raises(ArgumentError):
            optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1
