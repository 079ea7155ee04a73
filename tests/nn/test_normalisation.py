"""Normalising layers: values worked by hand, statistics, shapes and dtypes, training."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import nn.functional as F
import optim
from autograd import tensor
from autograd.errors import ShapeError

rng = np.random.default_rng(0)
H = math.sqrt(1 / 2)


def exact(x, axes, eps=1e-5):
    """What normalisation over these axes gives, in double precision."""
    x = np.asarray(x, float)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


# ------------------------------------------------------------------ worked by hand


def test_batch_norm_by_hand():
    layer = nn.BatchNorm1d(2, eps=0.0, dtype=np.float64)
    with autograd.no_grad():
        layer.weight[...], layer.bias[...] = [2.0, 1.0], [0.0, 5.0]
    out = layer(np.array([[1.0, 0.0], [3.0, 8.0]]))
    np.testing.assert_allclose(out.detach().numpy(), [[-2.0, 4.0], [2.0, 6.0]])
    # means 2 and 4; unbiased variances 2 and 32
    np.testing.assert_allclose(layer.running_mean.numpy(), [0.2, 0.4])
    np.testing.assert_allclose(layer.running_var.numpy(), [0.9 + 0.2, 0.9 + 3.2])
    assert layer.num_batches_tracked.item() == 1


def test_batch_norm_in_evaluation_by_hand():
    layer = nn.BatchNorm1d(1, eps=1.0, dtype=np.float64).eval()
    with autograd.no_grad():
        layer.running_mean[...], layer.running_var[...] = 2.0, 3.0
    out = layer(np.array([[4.0], [2.0]]))
    np.testing.assert_allclose(out.detach().numpy(), [[1.0], [0.0]])
    assert layer.num_batches_tracked.item() == 0
    np.testing.assert_array_equal(layer.running_mean.numpy(), [2.0])


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (nn.LayerNorm(2, eps=0.0), [[1.0, 3.0], [8.0, 4.0]], [[-1, 1], [1, -1]]),
        (nn.LayerNorm((2, 2), eps=1.0), [[0.0, 2.0], [2.0, 0.0]], [[-H, H], [H, -H]]),
        (nn.GroupNorm(2, 4, eps=0.0), [[1.0, 3.0, 8.0, 4.0]], [[-1, 1, 1, -1]]),
        (nn.InstanceNorm1d(2, eps=0.0), [[1.0, 3.0], [8.0, 4.0]], [[-1, 1], [1, -1]]),
        (nn.RMSNorm(2, eps=0.0), [3.0, -3.0], [1, -1]),
        (nn.RMSNorm(2, eps=0.5), [0.0, 1.0], [0, 1]),
        (nn.LocalResponseNorm(3, alpha=3.0, beta=1.0, k=1.0), [[[1.0], [2.0]]], [[[1 / 6], [2 / 6]]]),
        (nn.LocalResponseNorm(2, alpha=2.0, beta=1.0, k=0.0), [[[1.0], [2.0]]], [[[1.0], [2 / 5]]]),
    ],
    ids=lambda v: type(v).__name__,
)
def test_by_hand(layer, x, expected):
    out = layer.to(np.float64)(np.array(x))
    out = out.detach().numpy() if isinstance(out, autograd.Tensor) else out
    np.testing.assert_allclose(out, expected, 1e-12)


# ------------------------------------------------------------------ running statistics


def test_without_momentum_statistics_are_averages():
    layer = nn.BatchNorm2d(3, momentum=None, dtype=np.float64)
    batches = rng.normal(size=(4, 2, 3, 2, 2))
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean.numpy(), batches.mean((1, 3, 4)).mean(0))
    np.testing.assert_allclose(layer.running_var.numpy(), batches.var((1, 3, 4), ddof=1).mean(0))
    assert layer.num_batches_tracked.dtype == np.int64
    layer.reset_running_stats()
    assert layer.num_batches_tracked.item() == 0
    np.testing.assert_array_equal(layer.running_var.numpy(), np.ones(3))


def test_instance_statistics_are_averaged_over_samples():
    layer = nn.InstanceNorm1d(2, track_running_stats=True, momentum=0.5, dtype=np.float64)
    x = rng.normal(size=(3, 2, 5))
    layer(x)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.5 * x.mean(2).mean(0))
    np.testing.assert_allclose(layer.running_var.numpy(), 0.5 + 0.5 * x.var(2, ddof=1).mean(0))


def test_statistics_are_written_in_place_and_unrecorded():
    layer = nn.BatchNorm1d(3)
    state = layer.state_dict()
    x = tensor(rng.normal(size=(4, 3)).astype(np.float32), requires_grad=True)
    layer(x)
    assert not layer.running_mean.requires_grad
    assert np.all(state["running_mean"] != 0)
    assert state["num_batches_tracked"] == 1
    assert layer.running_mean.dtype == np.float32


def test_the_function_moves_ndarrays():
    mean, var = np.zeros(2), np.ones(2)
    F.batch_norm(np.array([[1.0, 0.0], [3.0, 8.0]]), mean, var, training=True, momentum=1.0)
    np.testing.assert_allclose(mean, [2.0, 4.0])
    np.testing.assert_allclose(var, [2.0, 32.0])


def test_an_empty_batch_moves_no_statistics():
    layer = nn.BatchNorm1d(2)
    assert layer(np.zeros((0, 2), np.float32)).shape == (0, 2)
    np.testing.assert_array_equal(layer.running_mean.numpy(), [0, 0])
    np.testing.assert_array_equal(layer.running_var.numpy(), [1, 1])


def test_gradients_do_not_see_later_statistics():
    layer = nn.BatchNorm1d(2, dtype=np.float64).eval()
    x = tensor(rng.normal(size=(3, 2)), requires_grad=True)
    for create_graph in (False, True):
        layer.reset_running_stats()
        out = layer.eval()(x)
        layer.train()(100 * rng.normal(size=(5, 2)))
        (g,) = autograd.gradients(out, [x], np.ones((3, 2)), create_graph=create_graph)
        np.testing.assert_allclose(g.detach().numpy(), np.full((3, 2), 1 / math.sqrt(1 + 1e-5)))


def test_a_failed_call_changes_nothing():
    layer = nn.BatchNorm1d(3)
    before = {k: v.copy() for k, v in layer.state_dict().items()}
    with pytest.raises(ShapeError):
        layer(np.zeros((1, 3), np.float32))
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


# ------------------------------------------------------------------ shapes and dtypes

small = st.integers(1, 4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3), small, st.lists(small, max_size=3), st.sampled_from([np.float32, np.float64]))
def test_every_norm_keeps_the_shape(n, c, places, dtype):
    x = rng.normal(size=(n, c, *places)).astype(dtype)
    layers = [nn.LayerNorm(x.shape[-1]), nn.RMSNorm(x.shape[1:])]
    layers += [
        nn.GroupNorm(g, c) for g in range(1, c + 1) if c % g == 0 and n * c // g * math.prod(places) != 1
    ]
    if n * math.prod(places) != 1:
        batch = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
        layers.append(batch[len(places)](c))
    if math.prod(places) > 1:
        instance = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
        layers.append(instance[len(places)](c, affine=True))
    if places:
        layers.append(nn.LocalResponseNorm(3))
    for layer in layers:
        given = tensor(x, requires_grad=True)
        out = layer.to(dtype)(given)
        assert (out.shape, out.dtype) == (x.shape, dtype)
        out.backward(np.ones(x.shape, dtype))
        assert (given.grad.shape, given.grad.dtype) == (x.shape, dtype)
        assert np.all(np.isfinite(given.grad.numpy()))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(1, 3), st.integers(2, 6))
def test_normalised_values_have_no_mean_and_variance_one(n, c, length):
    x = rng.normal(3, 2, size=(n, c, length))
    for out, axes in [
        (F.batch_norm(x, None, None, training=True, eps=0.0), (0, 2)),
        (F.instance_norm(x, eps=0.0), (2,)),
        (F.layer_norm(x, (c, length), eps=0.0), (1, 2)),
        (F.group_norm(x, 1, eps=0.0), (1, 2)),
    ]:
        np.testing.assert_allclose(out.mean(axes), 0, atol=1e-12)
        np.testing.assert_allclose(out.var(axes), 1, rtol=1e-10)


def test_mixed_dtypes_are_promoted_and_gradients_keep_their_own():
    layer = nn.LayerNorm(3)
    x = tensor(rng.normal(size=(4, 3)), requires_grad=True)
    out = layer(x)
    assert out.dtype == np.float64
    out.sum().backward()
    assert x.grad.dtype == np.float64
    assert layer.weight.grad.dtype == layer.bias.grad.dtype == np.float32


@pytest.mark.parametrize("shape", [(10000, 3), (3000, 2, 2), (1, 2, 9000), (2500, 40), (2, 9000)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 3e-6)])
def test_long_sums_are_exact(shape, dtype, tolerance):
    """More numbers than are summed in one go."""
    x, v = rng.normal(5, 1, size=shape).astype(dtype), rng.normal(size=shape).astype(dtype)
    axes = (0, *range(2, len(shape)))
    weight = tensor(np.ones(shape[1], dtype), requires_grad=True)
    bias = tensor(np.zeros(shape[1], dtype), requires_grad=True)
    uses = []
    if shape[0] != 2:  # the normalised values of few numbers are sensitive to the rounding of the mean
        uses.append((F.batch_norm(x, None, None, weight, bias, True), exact(x, axes)))
    if shape[1] > 3:
        uses.append((F.layer_norm(x, shape[1:], weight, bias), exact(x, (1,))))
    for out, normal in uses:
        weight.grad = bias.grad = None
        np.testing.assert_allclose(out.detach().numpy(), normal, atol=4 * tolerance)
        out.backward(v)
        scale = np.abs(v * normal).sum(axes)
        assert np.all(np.abs(weight.grad.numpy() - (v * normal).sum(axes)) <= tolerance * (scale + 1))
        total = v.sum(axes, dtype=float)
        assert np.all(np.abs(bias.grad.numpy() - total) <= tolerance * (np.abs(v).sum(axes) + 1))


# ------------------------------------------------------------------ training


@pytest.mark.parametrize(
    "norm",
    [
        lambda: nn.BatchNorm1d(16),
        lambda: nn.LayerNorm(16),
        lambda: nn.RMSNorm(16),
        lambda: nn.GroupNorm(4, 16),
    ],
    ids=["batch", "layer", "rms", "group"],
)
def test_trains(norm):
    nn.manual_seed(0)
    draw = np.random.default_rng(5)
    x = draw.normal(3, 5, size=(64, 4)).astype(np.float32)
    y = np.sin(x.sum(1, keepdims=True) / 4).astype(np.float32)
    model = nn.Sequential(nn.Linear(4, 16), norm(), nn.Tanh(), nn.Linear(16, 1))
    optimiser = optim.Adam(model.parameters(), lr=0.03)
    for _ in range(150):
        optimiser.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05
    model.eval()
    assert F.mse_loss(model(x), y).item() < 0.15
