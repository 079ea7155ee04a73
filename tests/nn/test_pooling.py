"""Pooling: values by hand and by loops, ties and special values, indices, randomness, bad input."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd.tape import FIRST_PARENT

INF, NAN = math.inf, math.nan


def pooled(name, dims, *args, **options):
    return getattr(F, f"{name}{dims}d")(*args, **options)


# ------------------------------------------------------------------ by hand

SQUARE = np.array([[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 7.0], [-1.0, -2.0, 6.0, 9.0]]])


def test_values_by_hand():
    np.testing.assert_array_equal(F.max_pool2d(SQUARE, 2), [[[5, 8]]])
    np.testing.assert_array_equal(F.max_pool2d(SQUARE, 2, ceil_mode=True), [[[5, 8], [-1, 9]]])
    np.testing.assert_array_equal(F.max_pool2d(SQUARE, (3, 1)), [[[3, 5, 8, 9]]])
    np.testing.assert_array_equal(F.max_pool2d(SQUARE, 2, 1, dilation=2), [[[6, 9]]])
    np.testing.assert_array_equal(F.avg_pool2d(SQUARE, 2), [[[3.25, 4.25]]])
    np.testing.assert_array_equal(F.avg_pool2d(SQUARE, (1, 4)), [[[2], [5.5], [3]]])
    np.testing.assert_array_equal(F.adaptive_avg_pool2d(SQUARE, 1), [[[3.5]]])
    np.testing.assert_array_equal(F.adaptive_avg_pool2d(SQUARE, (2, 1)), [[[3.75], [4.25]]])
    np.testing.assert_array_equal(F.adaptive_max_pool2d(SQUARE, (2, 1)), [[[8], [9]]])
    np.testing.assert_array_equal(F.lp_pool1d([[3.0, 4.0, 6.0, 8.0]], 2, 2), [[5, 10]])


def test_what_counts_as_an_element_of_a_mean():
    x = np.array([[4.0, 2.0, 6.0]])
    np.testing.assert_array_equal(F.avg_pool1d(x, 2, 2, 1), [[2, 4]])
    np.testing.assert_array_equal(F.avg_pool1d(x, 2, 2, 1, count_include_pad=False), [[4, 4]])
    # a window that ends beyond the padding loses what is there, but keeps the padding
    np.testing.assert_array_equal(F.avg_pool1d(x, 3, 3, 1, True), [[2, 3]])
    np.testing.assert_array_equal(F.avg_pool1d(x, 3, 3, 1, True, False), [[3, 6]])
    np.testing.assert_array_equal(F.avg_pool2d(x[None], (1, 3), divisor_override=2), [[[6]]])


def test_a_p_norm_counts_a_short_window_for_a_whole_one():
    np.testing.assert_allclose(F.lp_pool1d([[3.0, 4.0, 2.0]], 2, 2, ceil_mode=True), [[5, math.sqrt(8)]])


def test_largest_elements_go_back_where_they_were():
    x = np.array([[1.0, 7.0, 3.0, 2.0, 5.0]])
    out, indices = F.max_pool1d(x, 2, return_indices=True)
    np.testing.assert_array_equal(out, [[7, 3]])
    np.testing.assert_array_equal(indices, [[1, 2]])
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(F.max_unpool1d(out, indices, 2), [[0, 7, 3, 0]])
    np.testing.assert_array_equal(nn.MaxUnpool1d(2)(out, indices, (5,)), [[0, 7, 3, 0, 0]])
    np.testing.assert_array_equal(
        nn.MaxUnpool1d(2)(out[None], indices[None], (1, 1, 5)), [[[0, 7, 3, 0, 0]]]
    )
    # of equal indices the last one stays
    np.testing.assert_array_equal(F.max_unpool1d(out, np.array([[3, 3]]), 2), [[0, 0, 0, 3]])


def test_a_gradient_by_hand():
    x = autograd.tensor(SQUARE, requires_grad=True)
    F.max_pool2d(x, 2, 1).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[[0, 1, 0, 0], [0, 1, 3, 0], [0, 0, 0, 1]]])
    x.grad = None
    F.avg_pool2d(x, 2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[[0.25] * 4, [0.25] * 4, [0] * 4]])


def test_a_byte_is_saved_for_each_window():
    x = autograd.tensor(np.ones((2, 3, 8, 8), np.float32), requires_grad=True)
    y = F.max_pool2d(x, 2)
    saved = [v for v in y._node[FIRST_PARENT] if isinstance(v, np.ndarray)]
    assert [(v.shape, v.dtype) for v in saved] == [((2, 3, 4, 4), np.uint8)]


# ------------------------------------------------------------------ ties and special values


def test_the_first_of_equals_wins():
    x = autograd.tensor(np.ones((1, 4, 4)), requires_grad=True)
    for pool in (lambda x: F.max_pool2d(x, 2), lambda x: F.adaptive_max_pool2d(x, 2)):
        x.grad = None
        pool(x).sum().backward()
        expected = np.zeros((1, 4, 4))
        expected[:, ::2, ::2] = 1
        np.testing.assert_array_equal(x.grad.numpy(), expected)
    across = np.array([[[0.0, 1.0], [1.0, 0.0]]])  # row-major: the one in the first row
    assert F.max_pool2d(across, 2, return_indices=True)[1].item() == 1


@pytest.mark.parametrize("pool", [F.max_pool2d, F.adaptive_max_pool2d])
def test_the_last_nan_wins(pool):
    x = np.array([[[NAN, 2.0, 1.0], [NAN, 0.0, 3.0], [4.0, 5.0, INF]]])
    out, indices = pool(x, 2, **({"stride": 1} if pool is F.max_pool2d else {}), return_indices=True)
    np.testing.assert_array_equal(out, [[[NAN, 3], [NAN, INF]]])
    np.testing.assert_array_equal(indices, [[[3, 5], [3, 8]]])


def test_one_whole_window_with_a_nan():
    x = np.array([[[1.0, NAN], [NAN, 9.0]]])
    out, indices = F.adaptive_max_pool2d(x, 1, True)
    assert np.isnan(out).all()
    assert indices.item() == 2


def test_windows_of_minus_infinity_name_an_element_of_their_own():
    x = np.full((1, 3, 3), -INF)
    out, indices = F.max_pool2d(x, 3, 1, 1, return_indices=True)
    assert (out == -INF).all()
    np.testing.assert_array_equal(indices, [[[0, 0, 1], [0, 0, 1], [3, 3, 4]]])


def test_integers_can_be_the_largest():
    x = np.arange(-8, 8).reshape(1, 4, 4)
    np.testing.assert_array_equal(F.max_pool2d(x, 3, 2, 1), [[[-3, -1], [5, 7]]])
    least = np.full((1, 4), np.iinfo(np.int8).min, np.int8)
    np.testing.assert_array_equal(F.max_pool1d(least, 2), least[:, :2])


def test_extreme_numbers_give_no_warning():
    x = np.array([[1e308, -1e308, 1e-308, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(F.avg_pool1d(x, 2), [[0, 5e-309]])
        np.testing.assert_array_equal(F.max_pool1d(x, 2), [[1e308, 1e-308]])
    assert F.avg_pool1d(np.array([[INF, 1.0, 2.0]]), 2, 1).tolist() == [[INF, 1.5]]
    assert F.adaptive_avg_pool1d(np.array([[INF, 1.0, 2.0]]), 2).tolist() == [[INF, 1.5]]


def test_the_root_of_zero_has_gradient_zero():
    x = autograd.tensor(np.zeros((1, 4)), requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert (x.grad.numpy() == 0).all()


def test_nothing_pooled():
    for name in ("max_pool", "avg_pool"):
        assert pooled(name, 2, np.zeros((0, 3, 4, 4), np.float32), 2).shape == (0, 3, 2, 2)
    for name in ("adaptive_avg_pool", "adaptive_max_pool"):
        assert pooled(name, 2, np.zeros((2, 3, 4, 5)), (0, 2)).shape == (2, 3, 0, 2)
    assert F.adaptive_avg_pool2d(np.zeros((2, 0, 4, 5)), 3).shape == (2, 0, 3, 3)


# ------------------------------------------------------------------ fractional


def test_fractional_windows_by_hand():
    x = np.arange(10.0).reshape(1, 1, 10)  # a = (10 - 2) / 3; starts 0, int(2.93..) - 0, ..., and 8
    out, indices = F.fractional_max_pool2d(
        np.broadcast_to(x, (1, 10, 10)), 2, 4, None, True, np.array([[[0.1, 0.5]]])
    )
    steps = [int((i + 0.1) * 8 / 3) - int(0.1 * 8 / 3) for i in range(3)] + [8]
    rows = [int((i + 0.5) * 8 / 3) - int(0.5 * 8 / 3) for i in range(3)] + [8]
    np.testing.assert_array_equal(out, np.broadcast_to([s + 1 for s in steps], (1, 4, 4)))
    np.testing.assert_array_equal(indices[0], [[10 * r + s + 1 for s in steps] for r in rows])


@pytest.mark.parametrize("dims", [2, 3])
def test_fractional_windows_are_drawn_from_the_generator(dims):
    x = np.random.default_rng(0).random((2, 3, *(20,) * dims))
    pool = getattr(F, f"fractional_max_pool{dims}d")
    nn.manual_seed(5)
    first, second = pool(x, 2, output_ratio=0.7), pool(x, 2, output_ratio=0.7)
    assert first.shape == (2, 3, *(14,) * dims)
    assert not np.array_equal(first, second)
    nn.manual_seed(5)
    np.testing.assert_array_equal(pool(x, 2, output_ratio=0.7), first)
    generator = np.random.default_rng(7)
    saved = generator.bit_generator.state
    layer = getattr(nn, f"FractionalMaxPool{dims}d")(2, output_ratio=0.7, generator=generator)
    one, other = layer(x), layer(x)
    assert not np.array_equal(one, other)
    generator.bit_generator.state = saved
    np.testing.assert_array_equal(layer(x), one)
    seeded = getattr(nn, f"FractionalMaxPool{dims}d")(2, output_ratio=0.7, generator=3)
    assert not np.array_equal(seeded(x), seeded(x))  # one generator, not one seed at each call


# ------------------------------------------------------------------ float32 and memory


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_dtypes_stay(dtype):
    x = autograd.tensor(np.random.default_rng(0).random((1, 2, 7, 7)).astype(dtype), requires_grad=True)
    for out in (
        F.max_pool2d(x, 3, 2, 1),
        F.avg_pool2d(x, 3, 2, 1, True, False),
        F.lp_pool2d(x, 3, 2),
        F.adaptive_avg_pool2d(x, 3),
        F.adaptive_max_pool2d(x, 3),
        F.fractional_max_pool2d(x, 2, 3),
    ):
        assert out.dtype == dtype
        (g,) = autograd.gradients(out.sum(), x)
        assert g.dtype == dtype


@pytest.mark.parametrize("kernel", [1, 2])
def test_no_result_is_a_view_of_the_input(kernel):
    x = np.random.default_rng(0).random((1, 1, 6, 6))
    before = x.copy()
    for out in (
        F.avg_pool2d(x, kernel, 2),
        F.max_pool2d(x, kernel, 2),
        F.adaptive_avg_pool2d(x, None),
        F.adaptive_max_pool2d(x, 6),
        F.avg_pool2d(x, kernel, 2, divisor_override=3),
    ):
        assert not np.may_share_memory(out, x)
        np.testing.assert_array_equal(x, before)


# ------------------------------------------------------------------ training


def test_a_tiny_model_learns_where_the_largest_element_is():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 1, 8)).astype(np.float32)
    target = x[:, :, :4].max((1, 2)) > x[:, :, 4:].max((1, 2))
    model = nn.Sequential(nn.MaxPool1d(4), nn.Linear(2, 2, generator=0))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        out = model(x)
        loss = F.cross_entropy(out.reshape((64, 2)), target.astype(int))
        loss.backward()
        optimizer.step()
    assert float(loss.detach().numpy()) < 0.1
