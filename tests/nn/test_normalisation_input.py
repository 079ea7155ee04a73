"""Normalising layers: special values, extreme magnitudes, bad input."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError
from tests.nn.test_normalisation import exact

rng = np.random.default_rng(0)


# ------------------------------------------------------------------ special values


@pytest.mark.parametrize("axes", [(0, 2), (1, 2), (2,)])
def test_a_large_mean_does_not_swamp_the_variance(axes):
    x = rng.normal(1000, 1, size=(4, 3, 50)).astype(np.float32)
    out = {
        (0, 2): lambda: F.batch_norm(x, None, None, training=True),
        (1, 2): lambda: F.layer_norm(x, (3, 50)),
        (2,): lambda: F.instance_norm(x),
    }[axes]()
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, exact(x, axes), atol=3e-4)  # by E[x**2] - E[x]**2: several tenths


def test_half_precision_does_not_overflow():
    x = rng.normal(0, 300, size=(2, 3, 500)).astype(np.float16)
    for out, axes in [
        (F.layer_norm(x, (3, 500)), (1, 2)),
        (F.batch_norm(x, None, None, training=True), (0, 2)),
    ]:
        assert out.dtype == np.float16
        np.testing.assert_allclose(out, exact(x, axes), atol=4e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-10, 1.0, 1e10, 1e18])
def test_magnitudes(scale):
    x = tensor((scale * rng.normal(size=(4, 6, 3))).astype(np.float32), requires_grad=True)
    for f in [
        lambda x: F.layer_norm(x, (3,)),
        lambda x: F.rms_norm(x, (6, 3)),
        lambda x: F.group_norm(x, 2),
        lambda x: F.batch_norm(x, None, None, training=True),
    ]:
        x.grad = None
        out = f(x)
        out.backward(np.ones(out.shape, np.float32))
        assert np.all(np.isfinite(out.detach().numpy()))
        assert np.all(np.isfinite(x.grad.numpy()))


def test_constant_input_becomes_the_bias():
    layer = nn.LayerNorm(4)
    with autograd.no_grad():
        layer.bias[...] = [1.0, 2.0, 3.0, 4.0]
    out = layer(np.full((2, 4), 7.0, np.float32))
    np.testing.assert_array_equal(out.detach().numpy(), [[1, 2, 3, 4]] * 2)


def test_one_value_is_nothing_but_its_bias():
    out = nn.LayerNorm(1)(np.array([[5.0], [-3.0]], np.float32))
    np.testing.assert_array_equal(out.detach().numpy(), [[0], [0]])
    out = nn.GroupNorm(4, 4)(rng.normal(size=(2, 4)).astype(np.float32))
    np.testing.assert_array_equal(out.detach().numpy(), np.zeros((2, 4)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_sample(bad):
    x = rng.normal(size=(3, 4, 5))
    x[1, 2, 3] = bad
    with np.errstate(invalid="ignore"):
        outs = [
            F.layer_norm(x, (4, 5)),
            F.group_norm(x, 2),
            F.instance_norm(x),
            F.local_response_norm(x, 3),
        ]
    for out in outs:
        assert np.all(np.isfinite(out[[0, 2]]))
    assert np.all(np.isfinite(outs[1][1, :2]))
    assert not np.any(np.isfinite(outs[1][1, 2:]))
    assert np.all(np.isfinite(outs[2][1, [0, 1, 3]]))
    assert not np.any(np.isfinite(outs[2][1, 2]))
    assert np.all(np.isfinite(outs[3][1, 0]))
    assert np.isnan(outs[3][1, 2, 3])


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.BatchNorm1d(0), "BatchNorm1d: num_features must be a positive integer, got 0"),
        (lambda: nn.BatchNorm2d(2.0), "positive integer, got 2.0"),
        (lambda: nn.BatchNorm2d(True), "positive integer, got True"),
        (lambda: nn.BatchNorm1d(2, eps=float("nan")), "BatchNorm1d: eps .* got nan"),
        (lambda: nn.BatchNorm1d(2, eps=-1e-5), "BatchNorm1d: eps"),
        (lambda: nn.BatchNorm1d(2, momentum=float("nan")), "BatchNorm1d: momentum"),
        (lambda: nn.InstanceNorm3d(2, momentum="x"), "InstanceNorm3d: momentum"),
        (lambda: nn.LayerNorm(()), "LayerNorm: normalized_shape"),
        (lambda: nn.LayerNorm((2, 0)), "LayerNorm: normalized_shape.*got 0"),
        (lambda: nn.LayerNorm("ab"), "LayerNorm: normalized_shape"),
        (lambda: nn.LayerNorm(3, eps="x"), "LayerNorm: eps"),
        (lambda: nn.RMSNorm(3, eps=float("nan")), "RMSNorm: eps"),
        (lambda: nn.GroupNorm(3, 4), "num_channels must be a multiple of num_groups, got 4 and 3"),
        (lambda: nn.GroupNorm(0, 4), "GroupNorm: num_groups"),
        (lambda: nn.LocalResponseNorm(0), "LocalResponseNorm: size"),
        (lambda: nn.LocalResponseNorm(2, beta=float("nan")), "LocalResponseNorm: beta"),
    ],
)
def test_constructors_refuse(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


X = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.BatchNorm1d(3)(np.zeros(3)), ShapeError, r"input\(3,\) must have 2 or 3 axes"),
        (lambda: nn.BatchNorm2d(3)(X), ShapeError, r"BatchNorm2d: input\(2, 3\) must have 4 axes"),
        (lambda: nn.BatchNorm1d(4)(X), ShapeError, r"BatchNorm1d: input\(2, 3\) must have 4 channels"),
        (lambda: nn.BatchNorm1d(3)(X[:1]), ShapeError, "more than one value per channel"),
        (
            lambda: nn.BatchNorm1d(3)(X.astype(int)),
            DtypeError,
            "batch_norm: input must be floating, got int",
        ),
        (lambda: nn.InstanceNorm1d(3)(np.zeros(3)), ShapeError, "must have 2 or 3 axes"),
        (lambda: nn.InstanceNorm1d(3, affine=True)(np.zeros((2, 4, 5))), ShapeError, "3 channels, got 4"),
        (lambda: nn.InstanceNorm1d(3)(np.zeros((2, 3, 1))), ShapeError, "more than one place per channel"),
        (lambda: nn.LayerNorm(4)(X), ShapeError, r"input\(2, 3\) must end in normalized_shape \(4,\)"),
        (lambda: nn.LayerNorm((2, 3, 1))(X), ShapeError, "layer_norm: input"),
        (lambda: nn.RMSNorm(4)(X), ShapeError, "rms_norm: input"),
        (lambda: nn.GroupNorm(2, 4)(X), ShapeError, "group_norm: .*cannot be cut into 2 groups"),
        (lambda: nn.GroupNorm(1, 6)(X), ShapeError, r"group_norm: weight\(6,\)"),
        (lambda: nn.GroupNorm(3, 3)(X[:1]), ShapeError, "more than one value per group"),
        (lambda: nn.LocalResponseNorm(2)(X), ShapeError, "at least 3 axes"),
        (lambda: F.batch_norm(X, None, None), ArgumentError, "needs running_mean"),
        (lambda: F.batch_norm(X, np.zeros(3), None, training=True), ArgumentError, "both or neither"),
        (lambda: F.batch_norm(X, np.zeros(2), np.ones(2)), ShapeError, r"running_mean\(2,\)"),
        (lambda: F.batch_norm(X, [0.0] * 3, [1.0] * 3), DtypeError, "running_mean must be"),
        (lambda: F.batch_norm(X, None, None, np.ones(2), training=True), ShapeError, r"weight\(2,\)"),
        (lambda: F.instance_norm(X, use_input_stats=False), ArgumentError, "needs running_mean"),
        (lambda: F.layer_norm(X, (3,), np.ones(2)), ShapeError, r"weight\(2,\)"),
        (lambda: F.layer_norm(X, (3,), None, np.ones((1, 3))), ShapeError, r"bias\(1, 3\)"),
        (lambda: F.group_norm(X, 1, None, np.ones(2)), ShapeError, r"bias\(2,\)"),
        (lambda: F.local_response_norm(np.zeros((1, 2, 3)), 1.5), ArgumentError, "size"),
    ],
)
def test_calls_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_errors_name_the_module():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(5))
    with pytest.raises(ShapeError, match=r"1.*BatchNorm1d: input\(2, 4\) must have 5 channels"):
        model(X)


def test_instance_norm_warns_where_channels_do_not_matter():
    with pytest.warns(UserWarning, match="must have 3 channels, got 4"):
        nn.InstanceNorm1d(3)(np.zeros((2, 4, 5)))


@pytest.mark.parametrize("training", [True, False])
def test_no_channels_at_all(training):
    for x in (np.ones((2, 0), np.float32), np.ones((0, 0, 0), np.float32)):
        stats = (None, None) if training else (np.ones(0, np.float32), np.ones(0, np.float32))
        for out in (
            F.batch_norm(x, *stats, training=training),
            F.instance_norm(x[..., None], *stats)[..., 0],
        ):
            assert out.shape == x.shape
            assert out.dtype == np.float32


@pytest.mark.parametrize("value", ["x", float("nan"), [1], object()])
def test_numbers_of_functions_are_numbers(value):
    x = np.ones((2, 4, 3))
    stats = np.zeros(4), np.ones(4)
    for call, what in (
        (lambda: F.batch_norm(x, *stats, eps=value), "batch_norm: eps"),
        (lambda: F.batch_norm(x, *stats, training=True, momentum=value), "batch_norm: momentum"),
        (lambda: F.instance_norm(x, *stats, momentum=value), "instance_norm: momentum"),
        (lambda: F.instance_norm(x, eps=value), "instance_norm: eps"),
        (lambda: F.layer_norm(x, (3,), eps=value), "layer_norm: eps"),
        (lambda: F.rms_norm(x, (3,), eps=value), "rms_norm: eps"),
        (lambda: F.group_norm(x, 2, eps=value), "group_norm: eps"),
    ):
        with pytest.raises(ArgumentError, match=f"{what} must be a number"):
            call()
