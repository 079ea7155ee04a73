"""Dropout: what is dropped, how often, how the rest is scaled; generators; bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nn
import nn.functional as F
import optim
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, DtypeError, LeafWriteError, OperandError, ShapeError

# module, function, a shape it takes, and how many axes at the front have a choice each
KINDS = {
    "Dropout": (nn.Dropout, F.dropout, (40, 50), 2),
    "Dropout1d": (nn.Dropout1d, F.dropout1d, (40, 50, 3), 2),
    "Dropout1d alone": (nn.Dropout1d, F.dropout1d, (1000, 3), 1),
    "Dropout2d": (nn.Dropout2d, F.dropout2d, (40, 50, 2, 3), 2),
    "Dropout2d of three": (nn.Dropout2d, F.dropout2d, (40, 50, 3), 2),
    "Dropout3d": (nn.Dropout3d, F.dropout3d, (40, 50, 2, 1, 3), 2),
    "Dropout3d alone": (nn.Dropout3d, F.dropout3d, (1000, 2, 1, 3), 1),
    "AlphaDropout": (nn.AlphaDropout, F.alpha_dropout, (40, 50), 2),
    "FeatureAlphaDropout": (nn.FeatureAlphaDropout, F.feature_alpha_dropout, (40, 50, 4), 2),
}
LIMIT = -1.7580993408473766
every = pytest.mark.parametrize("kind", KINDS)


def is_alpha(kind):
    return "Alpha" in kind


@every
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_what_is_dropped(kind, p):
    module, function, shape, own = KINDS[kind]
    x = np.random.default_rng(0).normal(size=shape) + 3
    for out in (module(p, generator=7)(x), function(x, p, True, generator=7)):
        if is_alpha(kind):
            a = 1 / math.sqrt((1 - p) * (1 + p * LIMIT**2))
            b = -a * p * LIMIT
            dropped, kept = np.full(shape, a * LIMIT + b), a * x + b
        else:
            dropped, kept = np.zeros(shape), x / (1 - p)
        is_dropped = np.isclose(out, dropped, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(out[~is_dropped], kept[~is_dropped], rtol=1e-13)
        assert abs(is_dropped.mean() - p) < 0.06
        # elements of a channel share their fate
        flat = is_dropped.reshape(*shape[:own], -1)
        assert (flat == flat[..., :1]).all()


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(1000, 1000))
    out = nn.AlphaDropout(0.3, generator=0)(x)
    assert abs(out.mean()) < 0.01
    assert abs(out.var() - 1) < 0.01


def test_the_mask_by_hand():
    x = np.arange(1.0, 9.0)
    draws = np.random.default_rng(5).random(8, np.float32)
    np.testing.assert_array_equal(F.dropout(x, 0.75, generator=5), x * 4 * (draws >= 0.75))


@every
def test_evaluation_is_the_identity(kind):
    module, function, shape, _ = KINDS[kind]
    x = np.ones(shape)
    assert module(0.9).eval()(x) is x
    assert function(x, 0.9, False) is x
    t = tensor(x, requires_grad=True)
    assert module(0.9).eval()(t) is t


@every
def test_nothing_and_everything(kind):
    module, function, shape, _ = KINDS[kind]
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(module(0)(x), x)
    for p in (1, 1.0):
        t = tensor(x, requires_grad=True)
        with np.errstate(all="raise"):
            out = module(p)(t)
            out.sum().backward()
        assert not np.any(out.detach().numpy())
        assert not np.any(t.grad.numpy())
        assert not np.any(function(x, p, True))


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_gradient_goes_through_the_mask(kind, dtype):
    module, _, shape, _ = KINDS[kind]
    x = tensor(np.ones(shape, dtype), requires_grad=True)
    out = module(0.4, generator=3)(x)
    g = np.random.default_rng(1).normal(size=shape).astype(dtype)
    out.backward(g)
    assert out.dtype == x.grad.dtype == dtype
    p = 0.4
    scale = 1 / math.sqrt((1 - p) * (1 + p * LIMIT**2)) if is_alpha(kind) else 1 / (1 - p)
    kept = out.detach().numpy() > (0.9 if is_alpha(kind) else 0)
    np.testing.assert_allclose(x.grad.numpy(), g * kept * scale, rtol=4 * np.finfo(dtype).eps)


@every
def test_a_seed_drops_the_same_of_every_dtype(kind):
    _, function, shape, _ = KINDS[kind]
    single, double = (function(np.ones(shape, t), 0.3, True, generator=2) for t in (np.float32, np.float64))
    np.testing.assert_allclose(single, double, rtol=1e-6)


@every
def test_generators(kind):
    module, function, shape, _ = KINDS[kind]
    x = np.ones(shape)
    layer = module(generator=1)
    first, second = layer(x), layer(x)
    assert not np.array_equal(first, second)
    again = module(generator=1)
    np.testing.assert_array_equal(again(x), first)
    np.testing.assert_array_equal(again(x), second)
    generator = np.random.default_rng(9)
    saved = generator.bit_generator.state
    one = function(x, 0.5, True, generator=generator)
    generator.bit_generator.state = saved
    np.testing.assert_array_equal(function(x, 0.5, True, generator=generator), one)
    nn.manual_seed(3)
    one = module()(x)
    nn.manual_seed(3)
    np.testing.assert_array_equal(module()(x), one)
    state = nn.default_generator().bit_generator.state
    one = module()(x)
    nn.default_generator().bit_generator.state = state
    np.testing.assert_array_equal(module()(x), one)


@every
def test_inplace(kind):
    module, function, shape, _ = KINDS[kind]
    x = np.ones(shape)
    expected = function(x, 0.5, True, generator=4)
    for y in (x.copy(), Tensor(x.copy())):
        assert module(0.5, True, generator=4)(y) is y
        np.testing.assert_array_equal(np.asarray(y), expected)
    leaf = tensor(x, requires_grad=True)
    z = leaf * 1.0
    function(z, 0.5, True, True, generator=4).sum().backward()
    other = tensor(x, requires_grad=True)
    function(other, 0.5, True, generator=4).sum().backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), other.grad.numpy())
    with pytest.raises(LeafWriteError):
        module(0.5, inplace=True)(tensor(x, requires_grad=True))


@given(shape=array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4), data=st.data())
def test_shapes(shape, data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x = np.ones(shape, dtype)
    names = ["dropout", "alpha_dropout"] + ["feature_alpha_dropout"] * (len(shape) > 1)
    names += {2: ["dropout1d"], 3: ["dropout1d", "dropout2d"], 4: ["dropout2d", "dropout3d"]}.get(
        len(shape), []
    )
    for name in names:
        out = getattr(F, name)(x, 0.5, True)
        assert out.shape == shape
        assert out.dtype == dtype


@every
@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan, "x", None])
def test_bad_probabilities(kind, p):
    module, function, shape, _ = KINDS[kind]
    with pytest.raises(ArgumentError, match=f"{module.__name__}: p must be"):
        module(p)
    with pytest.raises(ArgumentError, match=f"{function.__name__}: p must be"):
        function(np.ones(shape), p)


def test_bad_inputs():
    with pytest.raises(DtypeError, match="dropout: input must be floating numbers, got int64"):
        nn.Dropout()(np.array([1]))
    with pytest.raises(OperandError, match="dropout: input must be a Tensor or an array"):
        F.dropout("text")
    for name, shape, expected in (
        ("Dropout1d", (3,), r"\(N, C, L\) or \(C, L\)"),
        ("Dropout1d", (3, 1, 1, 1), r"\(N, C, L\)"),
        ("Dropout2d", (3, 2), r"\(N, C, H, W\)"),
        ("Dropout3d", (3, 2, 2), r"\(N, C, D, H, W\)"),
        ("FeatureAlphaDropout", (3,), r"\(N, C, \.\.\.\)"),
    ):
        for layer in (getattr(nn, name)(), getattr(nn, name)().eval()):
            with pytest.raises(ShapeError, match=f"{expected}.*got"):
                layer(np.ones(shape))
    with pytest.raises(OperandError, match="Dropout: generator"):
        nn.Dropout(generator="x")


def test_repr():
    assert repr(nn.Dropout(np.float64(0.25))) == "Dropout(p=0.25, inplace=False)"


def test_training_with_dropout():
    """A noisy model still learns; without noise it then predicts."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2))
    y = np.sign(x[:, :1] + x[:, 1:])
    model = nn.Sequential(
        nn.Linear(2, 32, dtype=np.float64, generator=0),
        nn.SELU(),
        nn.AlphaDropout(0.1, generator=1),
        nn.Linear(32, 32, dtype=np.float64, generator=2),
        nn.ReLU(),
        nn.Dropout(0.2, generator=3),
        nn.Linear(32, 1, dtype=np.float64, generator=4),
    )
    optimiser = optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        optimiser.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimiser.step()
    model.eval()
    assert F.mse_loss(model(x), y).item() < 0.12  # it began at 1.1
