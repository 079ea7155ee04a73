"""Writes and views: what NumPy does to the values, and what follows for the gradients.

The values of a scenario must be those of NumPy's own run; its gradients those of that run by
complex step, which knows nothing of tapes.
"""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from tests.support.numeric import complex_step
from tests.support.scenarios import SCENARIOS

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])
Y = np.array([0.3, -0.7, 1.1])

# ------------------------------------------------------------------ the comparison


def _on_numpy(function, x, y):
    return function(x.copy(), y.copy())


def _weights(arrays):
    return [np.cos(k + np.arange(a.size)).reshape(a.shape) for k, a in enumerate(arrays)]


def _loss(function, x, y):
    arrays = function(x.astype(complex), y.astype(complex))  # copies, into which any may be written
    return sum(np.sum(w * a) for w, a in zip(_weights(arrays), arrays, strict=True))


def _recorded(function):
    leaves = [tensor(v, requires_grad=True) for v in (X, Y)]
    results = function(*(leaf * 1.0 for leaf in leaves))
    return leaves, results


@pytest.mark.parametrize("name", SCENARIOS)
def test_values_are_numpys(name):
    _, results = _recorded(SCENARIOS[name])
    for ours, theirs in zip(results, _on_numpy(SCENARIOS[name], X, Y), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs, 1e-15, 1e-15)


@pytest.mark.parametrize("name", SCENARIOS)
def test_gradients_are_right(name):
    leaves, results = _recorded(SCENARIOS[name])
    weights = _weights(results)
    sum(((r * w).sum() for r, w in zip(results, weights, strict=True)), start=0.0).backward()
    for i, leaf in enumerate(leaves):
        found = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        expected = complex_step(lambda *v: _loss(SCENARIOS[name], *v), [X, Y], i)
        np.testing.assert_allclose(found, expected, 1e-12, 1e-13)


@pytest.mark.parametrize("name", SCENARIOS)
def test_second_derivatives_are_right(name):
    def gradient(x, y):
        leaves = [tensor(v, requires_grad=True) for v in (x, y)]
        results = SCENARIOS[name](*(leaf * 1.0 for leaf in leaves))
        total = sum(((r * r * w).sum() for r, w in zip(results, _weights(results), strict=True)), 0.0)
        found = autograd.gradients(total, leaves, create_graph=True, allow_unused=True)
        return leaves, [g for g in found if g is not None]

    leaves, grads = gradient(X, Y)
    total = sum((g.sum() for g in grads), start=0.0)
    second = autograd.gradients(total, leaves, allow_unused=True)
    h = 1e-5
    for i, g in enumerate(second):
        for index in np.ndindex((X, Y)[i].shape):
            moved = []
            for sign in (1, -1):
                values = [X.copy(), Y.copy()]
                values[i][index] += sign * h
                moved.append(sum(g.detach().numpy().sum() for g in gradient(*values)[1]))
            slope = (moved[0] - moved[1]) / (2 * h)
            found = 0.0 if g is None else g.numpy()[index]
            np.testing.assert_allclose(found, slope, 1e-5, 1e-5)


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_recording_too(name):
    with autograd.no_grad():
        leaves = [tensor(v, requires_grad=True) for v in (X, Y)]
        results = SCENARIOS[name](*(leaf * 1.0 for leaf in leaves))
    constants = SCENARIOS[name](tensor(X), tensor(Y))
    for ours, others, theirs in zip(results, constants, _on_numpy(SCENARIOS[name], X, Y), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, 1e-15, 1e-15)
        np.testing.assert_allclose(others.numpy(), theirs, 1e-15, 1e-15)
        assert not ours.requires_grad


@pytest.mark.parametrize("name", SCENARIOS)
def test_through_shared_memory_as_through_numpys(name):
    x, y, z = X.copy(), Y.copy(), X.copy()
    ours = SCENARIOS[name](autograd.Tensor(x), autograd.Tensor(y))
    SCENARIOS[name](z, Y.copy())
    np.testing.assert_allclose(x, z, 1e-15, 1e-15, err_msg="the caller's array that was shared")
    assert len(ours) > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_into_a_constant_that_was_saved(name):
    """A constant becomes recorded by what is written to it; what was saved of it stays."""
    leaf = tensor(Y, requires_grad=True)
    constant = tensor(X)
    before = (constant * leaf).sum()
    SCENARIOS[name](constant, leaf * 1.0)
    before.backward()
    np.testing.assert_allclose(leaf.grad.numpy(), X.sum(0), 1e-15)


def test_a_number_can_be_viewed():
    """NumPy's results of no axes are scalars; ours are tensors, with views as arrays have them."""
    x = tensor([1.0, 2.0], requires_grad=True)
    total = x.sum()
    for make in (lambda t: t[None], lambda t: t.reshape(1, 1), lambda t: t[...]):
        view = make(total)
        view *= 2.0
        assert view.item() == total.item()
    assert total.item() == 24.0
    total.backward()
    assert x.grad.tolist() == [8.0, 8.0]


def test_views_of_a_number_stay_together_over_writes():
    z = tensor(2.0, requires_grad=True) * 1.0
    first = z[None]
    z += 0.5
    second = z[None]
    with autograd.no_grad():
        second[0] = 7.0
    assert (z.item(), first.item(), second.item()) == (7.0, 7.0, 7.0)
    first *= 2.0
    assert (z.item(), first.item(), second.item()) == (14.0, 14.0, 14.0)
