"""Activations that are no rows of the table: softmax and its kin, GLU, PReLU, RReLU."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nn
import nn.functional as F
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, AxisError, DtypeError, OperandError, ShapeError
from tests.nn.derivatives import check_derivatives

X = np.array([[-1.2, 0.4, 0.9], [2.0, -0.3, -2.1]])
SOFT = {"softmax": F.softmax, "log_softmax": F.log_softmax, "softmin": F.softmin}
every = pytest.mark.parametrize("name", SOFT)

# ------------------------------------------------------------------ softmax


def test_softmax_by_hand():
    x = np.log([[1.0, 3.0], [2.0, 2.0]])
    np.testing.assert_allclose(F.softmax(x, dim=1), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-14)
    np.testing.assert_allclose(F.softmax(x, dim=0), [[1 / 3, 0.6], [2 / 3, 0.4]], rtol=1e-14)
    np.testing.assert_allclose(F.softmin(x, dim=1), [[0.75, 0.25], [0.5, 0.5]], rtol=1e-14)
    np.testing.assert_allclose(F.log_softmax(x, dim=1), np.log([[0.25, 0.75], [0.5, 0.5]]), rtol=1e-14)


@every
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_derivatives(name, dim):
    check_derivatives(lambda x: SOFT[name](x, dim), X)


@every
@given(shape=array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4), data=st.data())
def test_shapes(name, shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x = tensor(np.ones(shape, dtype), requires_grad=True)
    out = SOFT[name](x, dim)
    out.sum().backward()
    assert out.shape == x.grad.shape == shape
    assert out.dtype == x.grad.dtype == dtype


def test_softmax_does_not_overflow():
    for dtype in (np.float32, np.float64):
        x = tensor(np.array([1e4, 0.0, -1e4], dtype), requires_grad=True)
        with np.errstate(all="raise", under="ignore"):
            assert F.softmax(x, 0).tolist() == [1, 0, 0]
            assert F.softmin(x, 0).tolist() == [0, 0, 1]
            out = F.log_softmax(x, 0)
            assert out.tolist() == [0, -1e4, -2e4]
            out.sum().backward()
        assert x.grad.tolist() == [-2, 1, 1]


def test_softmax_of_infinities():
    """-inf takes no part, as masks in attention have it."""
    with np.errstate(all="raise"):
        assert F.softmax(np.array([-np.inf, 0.0, 0.0]), 0).tolist() == [0, 0.5, 0.5]
        assert F.log_softmax(np.array([-np.inf, 0.0]), 0).tolist() == [-np.inf, 0]


def test_softmax_without_an_axis_is_as_in_pytorch():
    for shape, dim in (((3,), 0), ((2, 3), 1), ((2, 3, 2), 0), ((2, 3, 2, 2), 1)):
        x = np.random.default_rng(0).normal(size=shape)
        for name, function in SOFT.items():
            with pytest.warns(UserWarning, match=f"{name}: give dim=; without it, {dim} is taken"):
                np.testing.assert_array_equal(function(x), function(x, dim))
    with pytest.warns(UserWarning, match="softmax"):
        nn.Softmax()(X)


def test_softmax_in_another_dtype():
    out = F.softmax(X.astype(np.float32), 1, dtype=np.float64)
    assert out.dtype == np.float64
    x = tensor(X.astype(np.float32), requires_grad=True)
    F.log_softmax(x, 1, dtype=np.float64).sum().backward()
    assert x.grad.dtype == np.float32
    assert F.softmax([1, 2], 0).dtype == np.float64


@every
@pytest.mark.parametrize("what", ["text", None, object()], ids=["text", "None", "object"])
def test_what_is_refused(name, what):
    with pytest.raises(OperandError, match=name):
        SOFT[name](what, 0)


def test_bad_axes():
    with pytest.raises(AxisError):
        F.softmax(X, 2)
    with pytest.raises(AxisError):
        nn.GLU(5)(X)
    with pytest.raises(OperandError, match=r"Softmax: dim must be an integer or None, got 1\.5"):
        nn.Softmax(1.5)
    with pytest.raises(DtypeError):
        F.softmax(np.array(["x"]), 0)


def test_softmax2d():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    np.testing.assert_array_equal(nn.Softmax2d()(x), F.softmax(x, 1))
    np.testing.assert_array_equal(nn.Softmax2d()(x[0]), F.softmax(x[0], 0))
    with pytest.raises(ShapeError, match=r"Softmax2d: expected .*got \(2, 3\)"):
        nn.Softmax2d()(x[0, 0, :2, :3])


# ------------------------------------------------------------------ gumbel_softmax


def test_gumbel_softmax_follows_the_generator():
    draws = [F.gumbel_softmax(X, generator=np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    noise = np.random.default_rng(3).gumbel(size=X.shape)
    np.testing.assert_allclose(draws[0], F.softmax(X + noise, -1), rtol=1e-14)
    nn.manual_seed(4)
    one = F.gumbel_softmax(X)
    nn.manual_seed(4)
    np.testing.assert_array_equal(one, F.gumbel_softmax(X))


def test_hard_gumbel_softmax():
    x = tensor(X.astype(np.float32), requires_grad=True)
    out = F.gumbel_softmax(x, 0.7, hard=True, dim=0, generator=1)
    assert sorted(np.unique(out.detach().numpy().round(6))) == [0, 1]
    np.testing.assert_allclose(out.sum(0).detach().numpy(), 1, rtol=1e-6)
    (out * out.detach()).sum().backward()
    y = tensor(X.astype(np.float32), requires_grad=True)
    (F.gumbel_softmax(y, 0.7, dim=0, generator=1) * out.detach()).sum().backward()
    assert out.dtype == np.float32
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-5)


def test_gumbel_softmax_draws_categories_by_their_probabilities():
    logits = np.log(np.tile([0.2, 0.5, 0.3], (20000, 1)))
    picked = F.gumbel_softmax(logits, hard=True, generator=0).mean(0)
    np.testing.assert_allclose(picked, [0.2, 0.5, 0.3], atol=0.012)


def test_gumbel_softmax_refuses():
    for tau in (0, -1.0, math.nan):
        with pytest.raises(ArgumentError, match="gumbel_softmax: tau"):
            F.gumbel_softmax(X, tau)


# ------------------------------------------------------------------ GLU


def test_glu_by_hand():
    half = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(F.glu(np.array([[3.0, 1.0, 0.0, 2.0]])), [[1.5, half]], rtol=1e-15)
    np.testing.assert_allclose(F.glu(np.array([[3.0], [0.0]]), 0), [[1.5]])


def test_glu_refuses_odd_lengths():
    with pytest.raises(ShapeError, match=r"glu: x\(2, 3\) must have an axis -1 of even length"):
        F.glu(X)
    with pytest.raises(ShapeError):
        F.glu(1.0)


# ------------------------------------------------------------------ PReLU


def test_prelu_by_hand():
    x = tensor(np.array([[-2.0, -2.0, 1.0], [-1.0, 0.0, -3.0]]), requires_grad=True)
    w = tensor(np.array([0.5, 0.25, 2.0]), requires_grad=True)
    out = F.prelu(x, w)
    out.sum().backward()
    assert out.tolist() == [[-1, -0.5, 1], [-0.5, 0, -6]]
    assert x.grad.tolist() == [[0.5, 0.25, 1], [0.5, 0.25, 2]]
    assert w.grad.tolist() == [-3, -2, -3]


def test_prelu_refuses():
    with pytest.raises(ShapeError, match=r"prelu: weight\(2,\) .*each of the 3 channels of input\(2, 3\)"):
        nn.PReLU(2)(X)
    with pytest.raises(ShapeError):
        F.prelu(X, np.ones((3, 1)))
    with pytest.raises(ArgumentError, match="PReLU: num_parameters must be a positive integer, got 0"):
        nn.PReLU(0)
    with pytest.raises(ArgumentError, match="PReLU: init must be a number"):
        nn.PReLU(init=math.nan)


def test_prelu_large_is_as_small():
    x = np.random.default_rng(0).normal(size=(60, 3, 50))
    w = np.array([0.1, -0.5, 2.0])
    np.testing.assert_array_equal(F.prelu(x, w), np.where(x > 0, x, w[:, None] * x))
    np.testing.assert_array_equal(F.prelu(x, np.array([0.3])), np.where(x > 0, x, 0.3 * x))


def test_prelu_module():
    layer = nn.PReLU(3, 0.1, dtype=np.float64)
    assert layer.weight.tolist() == [0.1] * 3
    assert list(layer.state_dict()) == ["weight"]
    assert nn.PReLU().weight.dtype == np.float32


# ------------------------------------------------------------------ RReLU


def test_rrelu_draws_slopes_within_bounds():
    x = -np.ones((100, 50), np.float32)
    layer = nn.RReLU(0.2, 0.6, generator=0)
    slopes = -layer(x)
    assert slopes.dtype == np.float32
    assert 0.2 <= slopes.min() < 0.21
    assert 0.59 < slopes.max() <= 0.6
    assert abs(slopes.mean() - 0.4) < 0.01
    assert not np.array_equal(layer(x), layer(x))
    np.testing.assert_allclose(layer.eval()(x), -0.4, rtol=1e-6)


def test_rrelu_gradient_is_the_slope_drawn():
    x = tensor(X, requires_grad=True)
    out = nn.RReLU(generator=5)(x)
    out.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), out.detach().numpy() / X, rtol=1e-15)
    assert (x.grad.numpy()[X > 0] == 1).all()


def test_rrelu_is_seeded_and_saved():
    generator = np.random.default_rng(1)
    layer = nn.RReLU(generator=generator)
    saved = generator.bit_generator.state
    first = layer(X)
    generator.bit_generator.state = saved
    np.testing.assert_array_equal(layer(X), first)
    np.testing.assert_array_equal(nn.RReLU(generator=1)(X), first)


def test_rrelu_refuses():
    with pytest.raises(ArgumentError, match=r"RReLU: lower must not be above upper, got 0\.5 and 0\.2"):
        nn.RReLU(0.5, 0.2)
    with pytest.raises(DtypeError, match="rrelu: input must be floating"):
        F.rrelu(np.array([1]), training=True)
    x = Tensor(X.copy())
    assert F.rrelu(x, training=True, inplace=True, generator=0) is x


@pytest.mark.parametrize("shift", [0.0, 50.0, 59.9, 60.1, -59.9, 200.0, -500.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dim", [0, 1])
def test_softmax_of_shifted_numbers(shift, dtype, dim):
    """Small numbers take another way than large ones; the result is the same to the last digits."""
    x = np.random.default_rng(0).normal(size=(40, 30)).astype(dtype) + dtype(shift)
    wide = x.astype(np.longdouble)
    expected = np.exp(wide - wide.max(dim, keepdims=True))
    expected /= expected.sum(dim, keepdims=True)
    with np.errstate(all="raise"):
        found = F.softmax(x, dim)
        logs = F.log_softmax(x, dim)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, expected.astype(float), rtol=20 * eps)
    np.testing.assert_allclose(logs, np.log(expected).astype(float), rtol=20 * eps, atol=4 * eps)
