"""Norms and distances: by hand, at the origin, with every power, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import nn
import nn.functional as F
import optim
from autograd import tensor
from autograd.errors import ArgumentError, AxisError, OperandError, ShapeError
from tests.nn.derivatives import check_derivatives

X = np.array([[3.0, 0.0, 4.0], [1.0, -2.0, 2.0]])
Y = np.array([[0.0, 0.0, 2.0], [2.0, 2.0, -1.0]])
POWERS = [1.0, 1.5, 2.0, 3.0, math.inf]


def test_by_hand():
    np.testing.assert_allclose(F.cosine_similarity(X, Y), [0.8, -4 / 9], rtol=1e-15)
    np.testing.assert_allclose(F.pairwise_distance(X, Y, eps=0), np.sqrt([13, 26]), rtol=1e-15)
    np.testing.assert_allclose(F.normalize(X), X / [[5], [3]], rtol=1e-15)
    np.testing.assert_allclose(F.normalize(X, 1.0), X / [[7], [5]], rtol=1e-15)
    assert F.pdist(np.vstack([X, np.zeros(3)])).tolist() == pytest.approx([math.sqrt(12), 5, 3])
    assert F.pairwise_distance(X, Y, 0.0, 0).tolist() == [2, 3]
    assert F.pairwise_distance(X, Y, -math.inf, 0).tolist() == [0, 1]


@pytest.mark.parametrize("p", POWERS)
def test_distances_of_every_power(p):
    expected = np.linalg.norm(X - Y + 1e-6, p, 1)
    np.testing.assert_allclose(F.pairwise_distance(X, Y, p), expected, rtol=1e-14)
    np.testing.assert_allclose(nn.PairwiseDistance(p, keepdim=True)(X, Y), expected[:, None], rtol=1e-14)
    np.testing.assert_allclose(F.pdist(np.vstack([X, Y[:1]]), p)[1], np.linalg.norm(X[0] - Y[0], p))


@pytest.mark.parametrize("p", POWERS)
def test_derivatives(p):
    x, y = X + np.array([[0.1, 0.3, -0.2], [0.4, 0.2, 0.7]]), Y - 0.23  # no two differences alike
    check_derivatives(lambda a, b: F.pairwise_distance(a, b, p), x, y)
    check_derivatives(lambda a: F.normalize(a, p), x)
    check_derivatives(lambda a: F.pdist(a, p), np.vstack([x, y[:1]]))
    check_derivatives(lambda a, b: F.cosine_similarity(a, b), x, y)


@pytest.mark.parametrize("p", POWERS)
def test_the_origin_has_gradient_zero(p):
    for f in (
        lambda a: F.pdist(a * np.array([[0.0], [0.0]]), p),
        lambda a: F.normalize(a * 0, p),
        lambda a: F.cosine_similarity(a * 0, a * 0),
        lambda a: F.pairwise_distance(a, a * 1.0, p, 0),
    ):
        x = tensor(X, requires_grad=True)
        with np.errstate(all="raise"):
            out = f(x)
            out.sum().backward()
        assert not np.any(out.detach().numpy())
        assert not np.any(x.grad.numpy())


def test_short_vectors_are_divided_by_eps():
    x, y = np.array([[3e-3, 4e-3]]), np.array([[1.0, 0.0]])
    assert F.cosine_similarity(x, y, eps=0.1)[0] == pytest.approx(0.03)
    np.testing.assert_allclose(F.normalize(x, eps=0.1), x * 10)


@given(
    shapes=mutually_broadcastable_shapes(num_shapes=2, min_dims=1, max_dims=4, max_side=3), data=st.data()
)
def test_shapes(shapes, data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x, y = (tensor(np.full(s, 0.5, dtype), requires_grad=True) for s in shapes.input_shapes)
    full = shapes.result_shape
    out = F.pairwise_distance(x, y)
    out.sum().backward()
    assert out.shape == full[:-1]
    assert out.dtype == x.grad.dtype == dtype
    dim = data.draw(st.integers(-min(x.ndim, y.ndim), -1))
    cosines = F.cosine_similarity(x, y, dim)
    assert cosines.dtype == dtype
    assert F.normalize(x, dim=dim).shape == x.shape


def test_out_is_written():
    out = np.empty((2, 3))
    assert F.normalize(X, out=out) is out
    np.testing.assert_array_equal(out, F.normalize(X))


def test_what_is_refused():
    for f in (F.cosine_similarity, F.pairwise_distance, nn.CosineSimilarity(), nn.PairwiseDistance()):
        with pytest.raises(ShapeError, match=r"x1\(2, 3\) and x2\(2, 2\) must broadcast"):
            f(X, X[:, :2])
        with pytest.raises(OperandError):
            f("text", X)
    with pytest.raises(AxisError):
        F.cosine_similarity(X, X, 2)
    with pytest.raises(AxisError):
        F.normalize(X[0])
    with pytest.raises(ShapeError, match=r"pdist: input\(3,\) must be a matrix"):
        F.pdist(X[0])
    with pytest.raises(ArgumentError, match="pdist: p must not be negative"):
        F.pdist(X, -1.0)
    for make in (lambda: nn.CosineSimilarity(eps=math.nan), lambda: nn.PairwiseDistance(eps=math.nan)):
        with pytest.raises(ArgumentError, match="eps must be a number"):
            make()
    with pytest.raises(ArgumentError, match="PairwiseDistance: p must be a number"):
        nn.PairwiseDistance("x")


def test_training():
    """Points are moved until all pairs are as far apart as was asked for."""
    points = nn.Parameter(np.random.default_rng(0).normal(size=(3, 2)))
    optimiser = optim.Adam([points], lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        loss = F.mse_loss(F.pdist(points), np.array([3.0, 4.0, 5.0]))
        loss.backward()
        optimiser.step()
    assert loss.item() < 1e-9
