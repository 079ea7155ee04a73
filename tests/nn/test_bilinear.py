"""Bilinear, linear with a vector, Identity, Flatten and Unflatten."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nn
import nn.functional as F
import optim
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, AxisError, OperandError, ShapeError

# ------------------------------------------------------------------ products


def test_bilinear_by_hand():
    w = np.arange(12.0).reshape(2, 2, 3)
    x1, x2 = np.array([[1.0, 2.0]]), np.array([[3.0, 0.0, -1.0]])
    expected = [[x1[0] @ w[o] @ x2[0] + b for o, b in ((0, 0.5), (1, -0.5))]]
    assert F.bilinear(x1, x2, w, np.array([0.5, -0.5])).tolist() == expected == [[6.5, 41.5]]


@given(
    lead=array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    sizes=st.tuples(*[st.integers(1, 4)] * 3),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_shapes_of_bilinear(lead, sizes, dtype):
    in1, in2, out = sizes
    layer = nn.Bilinear(in1, in2, out, dtype=dtype)
    x1, x2 = (tensor(np.ones((*lead, n), dtype), requires_grad=True) for n in (in1, in2))
    y = layer(x1, x2)
    y.sum().backward()
    assert y.shape == (*lead, out)
    assert y.dtype == x1.grad.dtype == layer.weight.grad.dtype == dtype
    assert (x1.grad.shape, x2.grad.shape) == (x1.shape, x2.shape)


def test_bilinear_draws_within_its_bound():
    layer = nn.Bilinear(16, 5, 40, generator=0)
    for p in layer.parameters():
        assert 0.22 < np.abs(p.data).max() <= 0.25
    assert list(nn.Bilinear(2, 2, 2, bias=False).state_dict()) == ["weight"]
    same = nn.Bilinear(16, 5, 40, generator=0)
    np.testing.assert_array_equal(layer.weight.data, same.weight.data)


def test_what_bilinear_refuses():
    layer = nn.Bilinear(3, 4, 2)
    for shapes in (((5, 4), (5, 4)), ((5, 3), (4, 4)), ((5, 3), (4,)), ((), (4,))):
        with pytest.raises(ShapeError, match="bilinear: expected input1"):
            layer(*[np.ones(s, np.float32) for s in shapes])
    for sizes in ((0, 1, 1), (1, -1, 1), (1, 1, 1.5)):
        with pytest.raises(ArgumentError, match=r"Bilinear: .* must be a positive integer"):
            nn.Bilinear(*sizes)
    with pytest.raises(OperandError, match="bilinear"):
        layer("text", np.ones(4))


def test_linear_with_a_vector_for_a_weight():
    x, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0])
    assert F.linear(x, w).tolist() == [12, 34]
    assert F.linear(x[0], w).tolist() == 12
    assert F.linear(input=x, weight=w[None], bias=np.array([0.5])).tolist() == [[12.5], [34.5]]


def test_training_bilinear():
    """A product of two numbers is learned to the last digits."""
    rng = np.random.default_rng(0)
    x1, x2 = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    y = (3 * x1[:, :1] * x2[:, 1:] - 1) / 2
    layer = nn.Bilinear(2, 2, 1, dtype=np.float64, generator=0)
    optimiser = optim.LBFGS(layer.parameters(), line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = F.mse_loss(layer(x1, x2), y)
        loss.backward()
        return loss

    for _ in range(5):
        optimiser.step(closure)
    assert closure().item() < 1e-9
    np.testing.assert_allclose(layer.weight.data, [[[0, 1.5], [0, 0]]], atol=1e-4)


# ------------------------------------------------------------------ shapes


def test_identity_gives_what_it_gets():
    for x in (np.ones(2), Tensor(np.ones(2)), "anything", None):
        assert nn.Identity(1, two=2)(x) is x


@given(shape=array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4), data=st.data())
def test_flatten(shape, data):
    n = len(shape)
    start = data.draw(st.integers(0, n - 1))
    end = data.draw(st.integers(start, n - 1))
    x = np.arange(float(np.prod(shape))).reshape(shape)
    expected = x.reshape(*shape[:start], int(np.prod(shape[start : end + 1])), *shape[end + 1 :])
    for a in (start, start - n):
        for b in (end, end - n):
            np.testing.assert_array_equal(nn.Flatten(a, b)(x), expected)
    if x.size:
        back = nn.Unflatten(start, shape[start : end + 1])(expected)
        np.testing.assert_array_equal(back, x)


def test_flatten_keeps_gradients_and_kinds():
    x = tensor(np.ones((2, 3, 2), np.float32), requires_grad=True)
    y = nn.Unflatten(1, (-1, 2))(nn.Flatten()(x))
    (y * y).sum().backward()
    assert y.shape == (2, 3, 2)
    assert y.dtype == np.float32
    assert (x.grad.numpy() == 2).all()
    assert type(nn.Flatten()(np.ones((2, 3)))) is np.ndarray
    assert nn.Flatten(0)(3.0).shape == (1,)


def test_what_shapes_refuse():
    x = np.ones((2, 6))
    with pytest.raises(AxisError):
        nn.Flatten(2)(x)
    with pytest.raises(AxisError):
        nn.Unflatten(-3, (1, 2))(x)
    with pytest.raises(ShapeError, match="Flatten: axis 1 comes after 0"):
        nn.Flatten(1, 0)(x)
    for sizes in ((4, 2), (4, -1), (0, -1), (6, 0)):
        with pytest.raises(ShapeError, match=r"Unflatten: axis 1 of \(2, 6\) does not divide"):
            nn.Unflatten(1, sizes)(x)
    for sizes in (6, (), (2.0, 3), "ab", (True, 6)):
        with pytest.raises(OperandError, match="Unflatten: unflattened_size"):
            nn.Unflatten(1, sizes)
    for sizes in ((-1, -1), (-2, 3)):
        with pytest.raises(ArgumentError, match="Unflatten: unflattened_size"):
            nn.Unflatten(1, sizes)
    with pytest.raises(OperandError, match="Flatten: start_dim must be an integer"):
        nn.Flatten("1")
    with pytest.raises(OperandError, match="Flatten: input must be"):
        nn.Flatten()("text")
