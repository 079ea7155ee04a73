"""Modules as functions of their parameters: values, gradients, buffers, sharing, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd.errors import OperandError, ShapeError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3))


def mlp():
    nn.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()


def arrays(model):
    return {name: p.detach().numpy().copy() for name, p in model.named_parameters()}


def test_other_parameters_for_one_call():
    model, other = mlp(), mlp()
    for p in other.parameters():
        p.data = p.detach().numpy() * 2
    before = arrays(model)
    found = nn.functional_call(model, arrays(other), X)
    np.testing.assert_array_equal(found.numpy(), other(X).detach().numpy())
    for name, value in arrays(model).items():
        np.testing.assert_array_equal(value, before[name])
    assert all(isinstance(p, nn.Parameter) for p in model.parameters())
    assert model[0].weight is dict(model.named_parameters())["0.weight"]


def test_gradients_are_those_of_backward():
    model = mlp()
    y = RNG.integers(0, 2, 5)
    found = autograd.grad(lambda p: F.cross_entropy(nn.functional_call(model, p, X), y))(arrays(model))
    F.cross_entropy(model(X), y).backward()
    for name, p in model.named_parameters():
        np.testing.assert_allclose(found[name], p.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_hessian_of_a_model():
    model = nn.Linear(3, 1, bias=False).double()

    def loss(w):
        return (nn.functional_call(model, {"weight": w}, X) ** 2).sum()

    found = autograd.hessian(loss)(model.weight.detach().numpy().copy())
    np.testing.assert_allclose(found.reshape(3, 3), 2 * X.T @ X, rtol=1e-12)


def test_some_parameters_only():
    model = mlp()
    zero = nn.functional_call(model, {"2.weight": np.zeros((2, 4)), "2.bias": np.zeros(2)}, X)
    assert not zero.detach().numpy().any()


def test_buffers_that_are_given_are_written_into():
    norm = nn.BatchNorm1d(3).double()
    mean = autograd.tensor(np.zeros(3))
    nn.functional_call(norm, {"running_mean": mean}, X)
    np.testing.assert_allclose(mean.numpy(), 0.1 * X.mean(0))
    assert not norm.running_mean.numpy().any()


def test_tied_parameters_stay_tied():
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)).double()
    model[1].weight = model[0].weight
    w = RNG.normal(size=(3, 3))
    found = nn.functional_call(model, {"0.weight": w}, X)
    np.testing.assert_allclose(found.numpy(), X @ w.T @ w.T, rtol=1e-12)


def test_an_error_leaves_the_module_as_it_was():
    model = mlp()
    weight = model[0].weight
    with pytest.raises(ShapeError):
        nn.functional_call(model, {"0.weight": np.ones((4, 3))}, X[:, :2])
    assert model[0].weight is weight


class Sloped(nn.Module):
    """x plus the slope of a checkpointed function of the weight, swept in the call."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.zeros(3))
        self.register_buffer("calls", autograd.tensor(0.0))

    def forward(self, x):
        self.calls = self.calls + 1
        return x + autograd.grad(autograd.checkpoint(lambda w: (w**3 * self.weight).sum()))(self.weight)


def test_a_sweep_of_a_checkpoint_inside_of_the_call():
    """The parameters that are put in its place again were not found: they were there already."""
    w = np.array([1.0, 2.0, 3.0])
    model = Sloped()
    np.testing.assert_allclose(nn.functional_call(model, {"weight": w}, 1.0).detach().numpy(), 1 + 3 * w**3)
    assert not model.weight.detach().numpy().any()


def test_a_call_inside_of_a_call():
    model = nn.Linear(1, 1, bias=False).double()
    one, two = (lambda p: nn.functional_call(model, {"weight": p}, np.ones((1, 1)))), np.array([[2.0]])
    model.register_forward_hook(lambda m, args, out: out * 1.0 if m.weight is two else None)
    inner = lambda p: nn.functional_call(model, {"weight": 10 * p}, one(p))
    outer = nn.functional_call(model, {"weight": two}, inner(two))
    assert outer.item() == 80.0


def test_what_is_assigned_to_a_buffer_that_is_given_ends_with_the_call():
    model = Sloped()
    nn.functional_call(model, {"calls": autograd.tensor(5.0)}, np.ones(3))
    assert (model.calls.item(), model.state_dict()["calls"].item()) == (0.0, 0.0)
    model(np.ones(3))
    assert (model.calls.item(), model.state_dict()["calls"].item()) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"3.weight": X}, OperandError, "no parameter or buffer '3.weight'"),
        ({"0": X}, OperandError, "no parameter or buffer '0'"),
        ({"0.in_features": X}, OperandError, "no parameter or buffer"),
        ({"0.weight": np.ones(3)}, ShapeError, r"0.weight must have shape \(4, 3\), got \(3,\)"),
        ({"0.weight": "x"}, OperandError, "must be an array or a Tensor, got str"),
    ],
)
def test_refusals(values, error, words):
    with pytest.raises(error, match=words):
        nn.functional_call(mlp(), values, X)
