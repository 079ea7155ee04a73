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
