"""Norms of gradients, and clipping."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nn
from autograd import tensor
from autograd.errors import ArgumentError, OperandError
from nn.utils import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm


def with_grads(*grads):
    found = []
    for g in grads:
        g = None if g is None else np.asarray(g)
        p = nn.Parameter(np.zeros(() if g is None else g.shape, np.float64 if g is None else g.dtype))
        p.grad = g
        found.append(p)
    return found


def norm_by_hand(values, p):
    flat = np.abs(np.concatenate([np.ravel(v) for v in values]))
    return flat.max() if p == math.inf else (flat**p).sum() ** (1 / p)


# ------------------------------------------------------------------ norms


# powers of smaller ones would vanish in what is worked out by hand
numbers = st.floats(-1e3, 1e3).map(lambda v: v if abs(v) > 1e-30 else 0.0)
several = st.lists(arrays(np.float64, st.integers(1, 5), elements=numbers), min_size=1, max_size=4)


@given(several, st.sampled_from([0.5, 1, 1.5, 2, 2.0, 3, math.inf]))
def test_the_norm_of_all_elements(values, p):
    got = get_total_norm([tensor(v) for v in values], p).item()
    assert got == pytest.approx(norm_by_hand(values, p), rel=1e-9)


def test_special_orders():
    tensors = [tensor([3.0, -4.0]), tensor([[1.0, 0.5]]), tensor(0.0)]
    assert get_total_norm(tensors, 0).item() == 2
    assert get_total_norm(tensors, math.inf).item() == 4
    assert get_total_norm(tensors, "inf").item() == 4
    assert get_total_norm(tensors[:2], -math.inf).item() == 0.5
    assert get_total_norm(tensors, -1).item() == 0
    assert get_total_norm(tensors[0]).item() == 5
    assert get_total_norm([]).item() == 0
    assert get_total_norm([tensor(np.zeros(0)), tensor([2.0])], math.inf).item() == 2
    assert get_total_norm([tensor(np.array([3 + 4j]))]).item() == 5


def test_dtypes_of_norms():
    a, b = np.ones(2, np.float16), np.ones(2, np.float32)
    assert get_total_norm([tensor(a)]).dtype == np.float16
    assert get_total_norm([tensor(a), tensor(b)]).dtype == np.float32
    assert get_total_norm([tensor(np.ones(2, np.complex64))]).dtype == np.float32
    assert get_total_norm([]).dtype == np.float32


@pytest.mark.parametrize("scale", [1e-38, 1e-30, 1e-20, 1.0, 1e20, 1e30, 3e37])
def test_squares_need_not_fit(scale):
    x = np.array([3.0, 4.0], np.float32) * np.float32(scale)
    assert get_total_norm([tensor(x)]).item() == pytest.approx(5 * scale, rel=1e-5)
    assert get_total_norm([tensor(x), tensor(x)], 3).item() == pytest.approx(
        (2 * (27 + 64)) ** (1 / 3) * scale, rel=1e-5
    )


def test_halves_do_not_overflow_on_the_way():
    x = np.full(100, 1000, np.float16)
    assert get_total_norm([tensor(x)]).item() == pytest.approx(1e4, rel=1e-3)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_nonfinite_norms(bad):
    tensors = [tensor([1.0, bad]), tensor([2.0])]
    expected = get_total_norm(tensors).item()
    assert math.isnan(expected) if math.isnan(bad) else expected == math.inf
    for call in (
        lambda: get_total_norm(tensors, error_if_nonfinite=True),
        lambda: clip_grad_norm_(with_grads([1.0, bad], [2.0]), 1.0, error_if_nonfinite=True),
    ):
        with pytest.raises(RuntimeError, match=r"the norm of order 2.0 is (inf|nan)"):
            call()


# ------------------------------------------------------------------ clipping by norm


def test_clipping_scales_all_together():
    params = with_grads([3.0], None, [[0.0, 4.0]])
    before = clip_grad_norm_(params, 1.0)
    assert before.item() == 5
    factor = 1 / (5 + 1e-6)
    assert params[0].grad.tolist() == [3 * factor]
    assert params[1].grad is None
    assert params[2].grad.tolist() == [[0, 4 * factor]]


def test_small_gradients_stay_bit_for_bit():
    params = with_grads([0.3], [0.4])
    grads = [p.grad for p in params]
    assert clip_grad_norm_(iter(params), 1.0).item() == pytest.approx(0.5)
    assert [p.grad for p in params] == grads
    assert [g.tolist() for g in grads] == [[0.3], [0.4]]


@given(several, st.sampled_from([1, 2, math.inf]), st.floats(0.01, 100))
def test_after_clipping_the_norm_is_at_most_the_bound(values, p, bound):
    params = with_grads(*values)
    before = clip_grad_norm_(params, bound, p).item()
    after = get_total_norm([q.grad for q in params], p).item()
    assert after <= bound * (1 + 1e-9) or after <= before * (1 + 1e-12) <= bound
    if before > 0:
        for q, v in zip(params, values, strict=True):
            np.testing.assert_allclose(q.grad.numpy(), v * min(1, bound / (before + 1e-6)), rtol=1e-9)


def test_gradients_stay_the_objects_that_they_are():
    (p,) = with_grads([30.0, 40.0])
    grad = p.grad
    clip_grad_norm_(p, 1.0)
    assert p.grad is grad
    assert grad.tolist() != [30, 40]


def test_parameters_that_share_a_gradient_are_scaled_once_each():
    a, b = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))
    ((a + b) * np.array([3.0, 4.0])).sum().backward()
    clip_grad_norm_([a, b], 1.0)
    factor = 1 / (math.sqrt(50) + 1e-6)
    np.testing.assert_allclose(a.grad.numpy(), [3 * factor, 4 * factor], rtol=1e-12)
    np.testing.assert_allclose(b.grad.numpy(), [3 * factor, 4 * factor], rtol=1e-12)


def test_dtypes_stay():
    for dtype in (np.float16, np.float32, np.float64):
        (p,) = with_grads(np.array([30.0, 40.0], dtype))
        assert clip_grad_norm_(p, 1.0).dtype == dtype
        assert p.grad.dtype == dtype
        np.testing.assert_allclose(p.grad.numpy().astype(float), [0.6, 0.8], rtol=2e-3)


def test_infinite_gradients_as_in_pytorch():
    (p,) = with_grads([1.0, math.inf])
    assert clip_grad_norm_(p, 1.0).item() == math.inf
    np.testing.assert_array_equal(p.grad.numpy(), [0, math.nan])


def test_with_a_norm_that_is_known():
    params = with_grads([30.0], [40.0])
    assert clip_grads_with_norm_(params, 1.0, get_total_norm([p.grad for p in params])) is None
    assert params[0].grad.item() == pytest.approx(0.6)
    clip_grads_with_norm_(params, 1.0, 10.0)
    assert params[0].grad.item() == pytest.approx(0.06)


# ------------------------------------------------------------------ clipping by value


def test_clipping_by_value():
    params = with_grads([3.0, -3.0, 0.5], None, np.array([[np.inf, np.nan]], np.float32))
    assert clip_grad_value_(params, 1.0) is None
    assert params[0].grad.tolist() == [1, -1, 0.5]
    np.testing.assert_array_equal(params[2].grad.numpy(), np.array([[1, np.nan]], np.float32))
    assert params[2].grad.dtype == np.float32
    clip_grad_value_(params[0], 0)
    assert params[0].grad.tolist() == [0, 0, 0]


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("bad", [-1, math.nan, "a", None, np.ones(2)])
def test_bounds_are_numbers_not_below_0(bad):
    params = with_grads([1.0])
    with pytest.raises(ArgumentError, match="clip_grad_norm_: max_norm must be a number not below 0"):
        clip_grad_norm_(params, bad)
    with pytest.raises(ArgumentError, match="clip_grads_with_norm_: max_norm must be a number not below 0"):
        clip_grads_with_norm_(params, bad, 1.0)
    with pytest.raises(ArgumentError, match="clip_grad_value_: clip_value must be a number not below 0"):
        clip_grad_value_(params, bad)
    assert params[0].grad.tolist() == [1]


@pytest.mark.parametrize("bad", ["a", None, np.ones(2)])
def test_norms_and_their_orders_are_numbers(bad):
    params = with_grads([1.0])
    with pytest.raises(ArgumentError, match="clip_grad_norm_: norm_type must be a number"):
        clip_grad_norm_(params, 1.0, bad)
    with pytest.raises(ArgumentError, match="get_total_norm: norm_type must be a number"):
        get_total_norm(params, bad)
    with pytest.raises(ArgumentError, match="clip_grads_with_norm_: total_norm must be a number"):
        clip_grads_with_norm_(params, 0.5, bad)
    assert params[0].grad.tolist() == [1]


@pytest.mark.parametrize(
    "call",
    [lambda p: clip_grad_norm_(p, 1.0), lambda p: clip_grad_value_(p, 1.0), get_total_norm],
)
def test_only_tensors(call):
    with pytest.raises(OperandError, match="expected Tensors, got int 3"):
        call(3)
    with pytest.raises(OperandError, match=r"element 1 must be a Tensor, got float64\(2,\)"):
        call([tensor([1.0]), np.ones(2)])
    with pytest.raises(ArgumentError, match="norm_type must be a number"):
        get_total_norm([tensor([1.0])], math.nan)
