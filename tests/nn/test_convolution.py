"""Convolutions: values by hand, loops over generated arguments, refusals, special numbers."""

from __future__ import annotations

from unittest import mock

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
from autograd.ops.neural import sliding
from tests.support import convolutions as loops

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
rng = np.random.default_rng(0)
many = settings(max_examples=max(100, settings().max_examples))


def normal(*shape):
    return rng.normal(size=shape)


# ------------------------------------------------------------------ by hand


def test_the_weight_is_not_turned():
    out = F.conv1d(np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[1.0, 10.0]]]), np.array([100.0]))
    np.testing.assert_array_equal(out, [[[121, 142, 184]]])


def test_stride_padding_and_dilation():
    x, w = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), np.array([[[1.0, 10.0]]])
    np.testing.assert_array_equal(F.conv1d(x, w, stride=2), [[21, 43]])
    np.testing.assert_array_equal(F.conv1d(x, w, padding=1), [[10, 21, 32, 43, 54, 5]])
    np.testing.assert_array_equal(F.conv1d(x, w, dilation=3), [[41, 52]])
    np.testing.assert_array_equal(F.conv1d(x, w, padding="same"), [[21, 32, 43, 54, 5]])
    np.testing.assert_array_equal(F.conv1d(x, w, padding=2, stride=3, dilation=2), [[10, 42, 5]])


def test_groups_do_not_meet():
    x = np.array([[[1.0], [2.0], [3.0], [4.0]]])
    w = np.array([[[1.0], [10.0]], [[100.0], [1000.0]]])
    np.testing.assert_array_equal(F.conv1d(x, w, groups=2), [[[21], [4300]]])


def test_two_axes():
    x = np.arange(9.0).reshape(1, 3, 3)
    w = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    np.testing.assert_array_equal(F.conv2d(x, w), [[[-4, -4], [-4, -4]]])
    np.testing.assert_array_equal(F.conv2d(x, w, stride=2, padding=1), [[[0, -2], [-6, -4]]])


def test_transposed():
    x, w = np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0, 100.0]]])
    np.testing.assert_array_equal(F.conv_transpose1d(x, w), [[1, 12, 120, 200]])
    np.testing.assert_array_equal(F.conv_transpose1d(x, w, stride=3), [[1, 10, 100, 2, 20, 200]])
    np.testing.assert_array_equal(F.conv_transpose1d(x, w, padding=1), [[12, 120]])
    out = F.conv_transpose1d(x, w, np.array([0.5]), stride=2, output_padding=1)
    np.testing.assert_array_equal(out, [[1.5, 10.5, 102.5, 20.5, 200.5, 0.5]])


def test_one_tap_that_is_moved():
    x = tensor(np.array([[1.0, 2.0, 3.0]]), requires_grad=True)
    out = F.conv_transpose1d(x, np.ones((1, 1, 1)), padding=1, output_padding=2, dilation=3)
    np.testing.assert_array_equal(out.detach().numpy(), [[2, 3, 0]])
    out.backward(np.array([[1.0, 10.0, 100.0]]))
    np.testing.assert_array_equal(x.grad.numpy(), [[0, 1, 10]])


def test_gradients_by_hand():
    x = tensor(np.array([[1.0, 2.0, 3.0]]), requires_grad=True)
    w = tensor(np.array([[[4.0, 5.0]]]), requires_grad=True)
    b = tensor(np.array([6.0]), requires_grad=True)
    F.conv1d(x, w, b).backward(np.array([[1.0, 10.0]]))
    np.testing.assert_array_equal(x.grad.numpy(), [[4, 45, 50]])
    np.testing.assert_array_equal(w.grad.numpy(), [[[21, 32]]])
    np.testing.assert_array_equal(b.grad.numpy(), [11])


def test_fold_counts_how_often_unfold_meets_an_element():
    counts = F.fold(F.unfold(np.ones((1, 3, 3)), 2), 3, 2)
    np.testing.assert_array_equal(counts, [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]])


@pytest.mark.parametrize("mode", ["zeros", "circular", "reflect", "replicate"])
def test_padding_modes(mode):
    layer = nn.Conv1d(1, 1, 3, padding=1, padding_mode=mode, bias=False)
    layer.load_state_dict({"weight": np.array([[[100, 10, 1]]], np.float32)})
    first, last = {"zeros": (0, 0), "circular": (3, 1), "reflect": (2, 2), "replicate": (1, 3)}[mode]
    out = layer(np.array([[1, 2, 3]], np.float32)).detach().numpy()
    np.testing.assert_array_equal(out, [[100 * first + 12, 123, 230 + last]])


# ------------------------------------------------------------------ loops over generated arguments


@st.composite
def uses(draw, dims=(1, 2, 3)):
    """Shapes and options of a convolution that has an output."""
    dims = draw(st.sampled_from(dims))

    def several(low, high):
        return tuple(draw(st.lists(st.integers(low, high), min_size=dims, max_size=dims)))

    groups = draw(st.sampled_from([1, 1, 2, 3]))
    n, inputs, outputs = draw(st.integers(0, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    window, stride, padding = several(1, 3), several(1, 3), several(0, 2)
    dilation = draw(st.sampled_from([(1,) * dims, several(1, 2)]))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(window, padding, dilation)]
    sizes = tuple(a + b for a, b in zip(least, several(0, 3 if dims < 3 else 1)))
    x, w = (n, groups * inputs, *sizes), (groups * outputs, inputs, *window)
    kernel = {"WIDTH": draw(st.sampled_from([1, 64])), "BLOCK": draw(st.sampled_from([1, 100, 1 << 21]))}
    return x, w, draw(st.booleans()), (stride, padding, dilation, groups), kernel


@many
@given(uses())
def test_values_and_gradients_are_those_of_loops(use):
    x_shape, w_shape, biased, (stride, padding, dilation, groups), kernel = use
    x, w = normal(*x_shape), normal(*w_shape)
    b = normal(w_shape[0]) if biased else None
    slide = (stride, tuple((p, p) for p in padding), dilation, groups)
    leaves = [tensor(a, requires_grad=True) for a in (x, w, b) if a is not None]
    with mock.patch.multiple(sliding, **kernel):
        out = CONV[len(stride)](*leaves, stride=stride, padding=padding, dilation=dilation, groups=groups)
        v = normal(*out.shape)
        grads = autograd.gradients(out, leaves, v)
    np.testing.assert_allclose(out.detach().numpy(), loops.convolution(x, w, b, *slide), 1e-11, 1e-11)
    dx, dw = loops.transposed(v, w, None, x.shape[2:], *slide), loops.weight(x, v, w.shape[2:], *slide)
    np.testing.assert_allclose(grads[0].numpy(), dx, 1e-11, 1e-11)
    np.testing.assert_allclose(grads[1].numpy(), dw, 1e-11, 1e-11)
    if biased:
        np.testing.assert_allclose(grads[2].numpy(), v.sum((0, *range(2, v.ndim))), 1e-11, 1e-11)


@many
@given(uses(), st.data())
def test_transposed_values_and_gradients_are_those_of_loops(use, data):
    x_shape, w_shape, biased, (stride, padding, dilation, groups), kernel = use
    places = loops.lengths(x_shape[2:], w_shape[2:], stride, [(p, p) for p in padding], dilation)
    y, w = normal(x_shape[0], w_shape[0], *places), normal(*w_shape)
    extra = tuple(data.draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation))
    b = normal(x_shape[1]) if biased else None
    sizes = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(places, stride, padding, dilation, w_shape[2:], extra)
    )
    call = TRANSPOSED[len(stride)]
    options = dict(stride=stride, padding=padding, output_padding=extra, groups=groups, dilation=dilation)
    if min(sizes) < 1:
        with pytest.raises(ShapeError, match="must be positive"):
            call(y, w, b, **options)
        return
    slide = (stride, tuple((p, p - e) for p, e in zip(padding, extra)), dilation, groups)
    leaves = [tensor(a, requires_grad=True) for a in (y, w, b) if a is not None]
    with mock.patch.multiple(sliding, **kernel):
        out = call(*leaves, **options)
        v = normal(*out.shape)
        grads = autograd.gradients(out, leaves, v)
    np.testing.assert_allclose(out.detach().numpy(), loops.transposed(y, w, b, sizes, *slide), 1e-11, 1e-11)
    np.testing.assert_allclose(grads[0].numpy(), loops.convolution(v, w, None, *slide), 1e-11, 1e-11)
    np.testing.assert_allclose(grads[1].numpy(), loops.weight(v, y, w.shape[2:], *slide), 1e-11, 1e-11)


@many
@given(uses())
def test_layouts_of_memory_do_not_matter(use):
    x_shape, w_shape, _, (stride, padding, dilation, groups), kernel = use
    x, w = normal(*x_shape[::-1]).T, normal(*w_shape[::-1]).T[..., ::-1]
    options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    with mock.patch.multiple(sliding, **kernel):
        found = CONV[len(stride)](x, w, **options)
    expected = CONV[len(stride)](np.array(x, order="C"), np.array(w, order="C"), **options)
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, expected, 1e-12, 1e-12)


@many
@given(uses(dims=(2,)))
def test_unfold_and_fold_are_transposes(use):
    x_shape, w_shape, _, (stride, padding, dilation, _), _ = use
    options = dict(kernel_size=w_shape[2:], stride=stride, padding=padding, dilation=dilation)
    x = normal(*x_shape)
    columns = F.unfold(x, **options)
    slide = (stride, tuple((p, p) for p in padding), dilation)
    np.testing.assert_array_equal(columns, loops.unfold(x, w_shape[2:], *slide))
    y = normal(*columns.shape)
    back = F.fold(y, x_shape[2:], **options)
    np.testing.assert_allclose((columns * y).sum(), (x * back).sum(), 1e-11, 1e-11)


def test_columns_of_many_samples_are_not_all_made_at_once():
    x, w = normal(7, 3, 6, 6), normal(2, 3, 3, 3)
    made = []

    def empty(shape, dtype, like=None):
        made.append(np.prod(shape))
        return np.zeros(shape, dtype)

    with mock.patch.object(sliding, "BLOCK", 1), mock.patch.object(sliding.np, "empty", empty):
        out = F.conv2d(x, w, dilation=2)
    np.testing.assert_allclose(out, F.conv2d(x, w, dilation=2), 1e-12, 1e-12)
    assert max(made) < 3 * 9 * 4 + 1
    assert len(made) == 8


# ------------------------------------------------------------------ parameters and numbers


def test_parameters_are_drawn_within_their_bound():
    for layer, fan in (
        (nn.Conv2d(8, 60, (3, 5), groups=2), 60),
        (nn.ConvTranspose1d(60, 8, 5, groups=2), 20),
    ):
        for p in (layer.weight, layer.bias):
            most = np.abs(p.detach().numpy()).max()
            assert 0.5 / fan**0.5 < most <= 1 / fan**0.5
        assert layer.weight.dtype == np.float32
    assert nn.Conv1d(1, 1, 1, dtype=np.float64).bias.dtype == np.float64


def test_a_seed_draws_the_same_again():
    first, second, third = (nn.Conv2d(2, 3, 2, generator=seed).state_dict() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["weight"], second["weight"])
    assert not np.array_equal(first["weight"], third["weight"])
    generator = np.random.default_rng(5)
    nn.Conv1d(1, 1, 2, generator=generator)
    saved = generator.bit_generator.state
    a = nn.Conv1d(1, 1, 2, generator=generator).weight.detach().numpy()
    generator.bit_generator.state = saved
    np.testing.assert_array_equal(nn.Conv1d(1, 1, 2, generator=generator).weight.detach().numpy(), a)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_reaches_its_windows_alone(value):
    x = np.ones((2, 1, 20, 20), np.float32)
    x[1, 0, 4, 7] = value
    out = F.conv2d(x, np.ones((1, 1, 3, 3), np.float32), padding=1)
    reached = np.zeros(out.shape, bool)
    reached[1, 0, 3:6, 6:9] = True
    np.testing.assert_array_equal(~np.isfinite(out), reached)


def test_extreme_magnitudes():
    x, w = np.full((1, 1, 4), 1e30, np.float32), np.full((1, 1, 2), 1e-30, np.float32)
    np.testing.assert_allclose(F.conv1d(x, w), np.full((1, 1, 3), 2.0), 1e-6)


def test_dtypes_promote_as_numpy_does():
    x, w = normal(1, 1, 4).astype(np.float32), normal(1, 1, 2)
    assert F.conv1d(x, w).dtype == np.float64
    assert F.conv1d(x, w.astype(np.float32), np.zeros(1)).dtype == np.float64
    assert F.conv1d(np.arange(4).reshape(1, 1, 4), np.ones((1, 1, 2), int)).tolist() == [[[1, 3, 5]]]
    leaf = tensor(x, requires_grad=True)
    F.conv1d(leaf, w).backward(np.ones((1, 1, 3)))
    assert leaf.grad.dtype == np.float32


def test_training_finds_the_filter():
    nn.manual_seed(0)
    x = np.random.default_rng(1).normal(size=(8, 1, 8, 8)).astype(np.float32)
    edges = np.array([[[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]], np.float32)
    target = F.conv2d(x, edges, padding=1)
    layer = nn.Conv2d(1, 1, 3, padding="same")
    optimizer = optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        loss = F.mse_loss(layer(x), target)
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4
    np.testing.assert_allclose(layer.weight.detach().numpy(), edges, atol=0.02)
