"""Weight and spectral normalisation as hooks."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

import nn
from autograd import no_grad
from autograd.errors import ArgumentError
from nn.utils import remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm


def layer():
    return nn.Linear(3, 2, dtype=np.float64, generator=0)


X = np.random.default_rng(0).normal(size=(4, 3))


def test_weight_norm_keeps_the_weight():
    plain, normed = layer(), weight_norm(layer())
    np.testing.assert_allclose(normed(X).detach(), plain(X).detach(), rtol=1e-13)
    np.testing.assert_allclose(normed.weight.detach(), plain.weight.detach(), rtol=1e-13)
    assert [n for n, _ in normed.named_parameters()] == ["bias", "weight_g", "weight_v"]
    normed(X).sum().backward()
    assert all(p.grad is not None for p in normed.parameters())


@pytest.mark.parametrize("dim", [0, 1, None, -1])
def test_weight_norm_follows_its_parameters(dim):
    m = weight_norm(layer(), dim=dim)
    with no_grad():
        m.weight_g[...] = 2.0
        m.weight_v[...] = 7.0
    m(X)
    count = {0: 3, 1: 2}.get(dim, 6)
    np.testing.assert_allclose(m.weight.detach(), 2 / math.sqrt(count), rtol=1e-13)


def test_spectral_norm_comes_to_one():
    m = spectral_norm(layer(), n_power_iterations=3, generator=1)
    for _ in range(100):
        m(X)
    assert np.linalg.norm(m.weight.detach().numpy(), 2) == pytest.approx(1, rel=1e-9)
    before = m.weight_u.numpy().copy()
    with no_grad():
        m.weight_orig[...] = np.eye(2, 3)
    m.eval()(X)
    np.testing.assert_array_equal(m.weight_u.numpy(), before)
    m(X).sum().backward()
    assert m.weight_orig.grad is not None


@pytest.mark.parametrize(
    ("normalise", "remove"), [(weight_norm, remove_weight_norm), (spectral_norm, remove_spectral_norm)]
)
def test_states_and_removal(normalise, remove):
    one, two = normalise(layer()), normalise(nn.Linear(3, 2, dtype=np.float64))
    two.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(one.eval()(X).detach(), two.eval()(X).detach())
    value = one.weight.detach().numpy().copy()
    assert remove(one) is one
    assert list(one.state_dict()) == ["bias", "weight"]
    np.testing.assert_array_equal(one.weight.detach(), value)
    assert type(one.weight) is nn.Parameter
    assert one.weight.requires_grad
    one(X)
    with pytest.raises(ArgumentError, match="Linear has no such normalisation of 'weight'"):
        remove(one)
    with pytest.raises(ArgumentError, match="Linear has no parameter 'scale'"):
        normalise(one, "scale")


def test_copies_normalise_themselves():
    one = weight_norm(layer())
    two = copy.deepcopy(one)
    with no_grad():
        two.weight_g *= 2
    two(X)
    np.testing.assert_allclose(two.weight.detach(), 2 * one.weight.detach().numpy(), rtol=1e-13)


def test_iterations_are_counted_from_one():
    with pytest.raises(ArgumentError, match="n_power_iterations must be a positive integer, got 0"):
        spectral_norm(layer(), n_power_iterations=0)
