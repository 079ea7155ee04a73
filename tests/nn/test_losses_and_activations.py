"""Activations and losses: values by hand, gradients to second order, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import grad, tensor
from autograd.errors import ArgumentError, DtypeError, IndexingError, ShapeError

X = np.array([[-2.0, -0.5, 0.25], [0.75, 1.5, 3.0]])
ACTIVATIONS = {
    "ReLU": (nn.ReLU(), lambda x: max(x, 0.0)),
    "Sigmoid": (nn.Sigmoid(), lambda x: 1 / (1 + math.exp(-x))),
    "Tanh": (nn.Tanh(), math.tanh),
    "LeakyReLU": (nn.LeakyReLU(0.1), lambda x: x if x > 0 else 0.1 * x),
    "ELU": (nn.ELU(0.5), lambda x: x if x > 0 else 0.5 * (math.exp(x) - 1)),
}
Y = np.array([2, 0])
P = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])


def difference(f, x, h=1e-5):
    """The gradient of a scalar function by central differences of fourth order."""
    result = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        near, far = f(x + step) - f(x - step), f(x + 2 * step) - f(x - 2 * step)
        result[i] = (8 * near - far) / (12 * h)
    return result


def value(f):
    return lambda x: float(f(tensor(x)))


def check_to_second_order(f, x):
    """f: from a tensor to a scalar tensor."""
    first = grad(f)(x)
    np.testing.assert_allclose(first, difference(value(f), x), rtol=1e-8, atol=1e-9)
    weights = np.cos(np.arange(x.size)).reshape(x.shape)
    second = grad(lambda t: (grad(f)(t) * weights).sum())(x)
    by_hand = difference(lambda v: float((grad(f)(v) * weights).sum()), x)
    np.testing.assert_allclose(second, by_hand, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_by_hand(name):
    module, formula = ACTIVATIONS[name]
    expected = np.vectorize(formula)(X)
    np.testing.assert_allclose(module(X), expected, rtol=1e-15)
    assert type(module(X)) is np.ndarray
    out = module(tensor(X.astype(np.float32), requires_grad=True))
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-6)
    assert module(tensor(np.zeros((0, 3)))).shape == (0, 3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activations_derivatives(name):
    module, _ = ACTIVATIONS[name]
    check_to_second_order(lambda x: (module(x) * np.arange(1.0, 7.0).reshape(2, 3)).sum(), X)


def test_sigmoid_is_exact_and_silent_far_out():
    far = np.array([-1000.0, -40.0, 40.0, 1000.0])
    np.testing.assert_allclose(F.sigmoid(far), [0, math.exp(-40), 1, 1], rtol=1e-12, atol=1e-300)
    with np.errstate(all="raise", under="ignore"):
        F.sigmoid(far.astype(np.float32))


LOSSES = {
    "mse mean": (lambda x: F.mse_loss(x, P), ((X - P) ** 2).mean()),
    "mse sum": (lambda x: F.mse_loss(x, P, reduction="sum"), ((X - P) ** 2).sum()),
}
LOG_SHARE = X - np.log(np.exp(X).sum(1, keepdims=True))
CROSS = {
    "classes": (Y, -LOG_SHARE[[0, 1], Y]),
    "probabilities": (P, -(P * LOG_SHARE).sum(1)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_mse(name):
    loss, expected = LOSSES[name]
    assert float(loss(tensor(X))) == pytest.approx(expected, rel=1e-14)
    check_to_second_order(loss, X)


@pytest.mark.parametrize("kind", CROSS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy(kind, reduction):
    target, each = CROSS[kind]
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    out = nn.CrossEntropyLoss(reduction)(tensor(X), target)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-14)
    weights = 1.0 if reduction != "none" else np.array([1.0, -2.0])
    check_to_second_order(lambda x: (F.cross_entropy(x, target, reduction) * weights).sum(), X)


def test_one_row_is_as_any_row():
    """A batch of one has a formula of its own."""
    for row in range(2):
        for reduction in ("mean", "sum", "none"):
            one = tensor(X[row : row + 1], requires_grad=True)
            loss = F.cross_entropy(one, Y[row : row + 1], reduction)
            loss.sum().backward()
            two = tensor(np.repeat(X[row : row + 1], 2, 0), requires_grad=True)
            both = F.cross_entropy(two, np.repeat(Y[row : row + 1], 2), "none")
            both[0].backward()
            np.testing.assert_allclose(loss.detach().numpy().ravel(), both.detach().numpy()[:1], rtol=1e-15)
            np.testing.assert_allclose(one.grad.numpy(), two.grad.numpy()[:1], rtol=1e-14)
            assert loss.shape == (() if reduction != "none" else (1,))


def test_cross_entropy_of_other_shapes():
    unbatched = F.cross_entropy(tensor(X[0]), np.array(2))
    assert unbatched.shape == ()
    assert float(unbatched) == pytest.approx(-LOG_SHARE[0, 2], rel=1e-14)
    image = np.moveaxis(np.stack([X, 2 * X]), -1, 1)  # (2, 3 classes, 2 positions)
    target = np.array([[2, 0], [1, 1]])
    out = F.cross_entropy(tensor(image), target, "none")
    twice = 2 * X - np.log(np.exp(2 * X).sum(1, keepdims=True))
    expected = [-LOG_SHARE[[0, 1], [2, 0]], -twice[[0, 1], [1, 1]]]
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-14)
    check_to_second_order(lambda x: F.cross_entropy(x, target), image)


def test_cross_entropy_is_stable():
    x = tensor(np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 1e30]]), requires_grad=True)
    loss = F.cross_entropy(x, np.array([0, 2]))
    loss.backward()
    assert float(loss) == 0
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.mse_loss(X, X[0]), ShapeError, r"input\(2, 3\) and target\(3,\)"),
        (lambda: F.mse_loss(X, X, "total"), ArgumentError, "reduction must be one of"),
        (lambda: nn.MSELoss("total"), ArgumentError, "MSELoss: reduction"),
        (lambda: F.cross_entropy(X, np.array([0, 3])), IndexingError, r"in 0\.\.2, got 0\.\.3"),
        (lambda: F.cross_entropy(X, np.array([-1, 0])), IndexingError, r"got -1\.\.0"),
        (lambda: F.cross_entropy(np.tile(X, (20, 1)), np.full(40, 3)), IndexingError, r"in 0\.\.2"),
        (lambda: F.cross_entropy(X, np.array([0.0, 1.0])), DtypeError, "must be integers, got float64"),
        (lambda: F.cross_entropy(X, np.array([0, 1, 2])), ShapeError, r"target\(3,\)"),
        (lambda: F.cross_entropy(X[None], np.zeros((1, 2), int)), ShapeError, "do not fit"),
        (lambda: F.cross_entropy(X[0, 0], np.array(0)), ShapeError, "axis of classes"),
    ],
)
def test_losses_refuse_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_softmax_functions():
    np.testing.assert_allclose(F.softmax(X).sum(-1), 1, rtol=1e-15)
    np.testing.assert_allclose(F.log_softmax(X, dim=1), LOG_SHARE, rtol=1e-13)
    np.testing.assert_allclose(np.exp(F.log_softmax(X, dim=0)), F.softmax(X, dim=0), rtol=1e-14)
