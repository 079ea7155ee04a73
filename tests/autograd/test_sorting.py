"""Sorting, reading along an axis, and order statistics."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd.numpy as anp
from autograd import gradients, tensor
from autograd.errors import ArgumentError, IndexingError, NotDifferentiable, OperandError
from tests.support import calls
from tests.support.keyword_calls.quantiles import METHODS

X = np.array([[0.5, -1.25, 2.0, 0.8], [1.5, 0.75, -0.25, -2.1], [3.1, -0.6, 1.1, 0.1]])
Q = np.array([0.13, 0.57, 0.84])
W = np.array([[0.5, 1.0, 2.0, 0.2], [1.0, 0.3, 0.7, 0.4], [0.1, 0.9, 1.3, 2.0]])
HOLES = X.copy()
HOLES[0, 1] = HOLES[2, 3] = np.nan
CONTINUOUS = [m for m in METHODS if m in ("hazen", "weibull", "linear") or m.endswith("unbiased")]

SMOOTH = {
    "sort": [
        lambda n, x: n.sort(x),
        lambda n, x: n.sort(x, axis=0) * x,
        lambda n, x: n.sort(x, axis=None),
        lambda n, x: n.sort(x, 1, stable=True),
    ],
    "partition": [
        lambda n, x: n.sort(n.partition(x, 2)[:, :2]),
        lambda n, x: n.partition(x, (0, 1, 2), axis=0),
        lambda n, x: n.partition(x, 5, axis=None)[5],
    ],
    "sort_complex": [lambda n, x: n.sort_complex(x)],
    "take_along_axis": [
        lambda n, x: n.take_along_axis(x, np.array([[0, -1], [1, 1], [2, 3]]), 1),
        lambda n, x: n.take_along_axis(x, np.array([[2, 0, 1, 1]]), axis=0),
        lambda n, x: n.take_along_axis(x, np.array([11, 0, 0]), None),
        lambda n, x: n.take_along_axis(x[:1], np.array([[0, 3], [1, 1]])),
    ],
    "take": [
        lambda n, x: n.take(x, [0, 13, -1], mode="wrap"),
        lambda n, x: n.take(x, [[0, 9], [-3, 1]], axis=1, mode="clip"),
        lambda n, x: n.take(x, 2, 0),
        lambda n, x: n.take(x, np.zeros((0, 2), int), 0),
    ],
    "median": [
        lambda n, x: n.median(x),
        lambda n, x: n.median(x, axis=0) ** 2,
        lambda n, x: n.median(x, (0, 1), keepdims=True),
        lambda n, x: n.median(x, -1) * x[:, 0],
        lambda n, x: n.median(x[0, 0]),
        lambda n, x: n.median(x, axis=[0]),
    ],
    "nanmedian": [lambda n, x: n.nanmedian(n.where(np.isnan(HOLES), np.nan, x), 0)],
    "quantile": [
        *(lambda n, x, m=m: n.quantile(x, 0.4, 1, method=m) for m in METHODS),
        lambda n, x: n.quantile(x, 0.0),
        lambda n, x: n.quantile(x, [0.0, 0.25, 1.0], axis=(0, 1), keepdims=True),
        lambda n, x: n.quantile(x, 0.3, axis=0, weights=W, method="inverted_cdf"),
        lambda n, x: n.quantile(x, [0.3, 0.9], axis=1, weights=W[0], method="inverted_cdf"),
    ],
    "nanquantile": [
        *(
            lambda n, x, m=m: n.nanquantile(n.where(np.isnan(HOLES), np.nan, x), 0.4, 1, method=m)
            for m in METHODS
        ),
        lambda n, x: n.nanquantile(
            n.where(np.isnan(HOLES), np.nan, x), 0.3, 1, weights=W, method="inverted_cdf"
        ),
    ],
    "percentile": [lambda n, x: n.percentile(x, 30), lambda n, x: n.percentile(x, [10, 50.5], axis=0)],
    "nanpercentile": [lambda n, x: n.nanpercentile(n.where(np.isnan(HOLES), np.nan, x), [25, 60], 0)],
}
OF_Q = {
    "quantile": [*(lambda n, x, q, m=m: n.quantile(x, q, axis=1, method=m) for m in CONTINUOUS)],
    "percentile": [lambda n, x, q: n.percentile(x, 100 * q)],
}
CALLS = calls.listed(SMOOTH, X) + calls.listed({f"{name} of q": fs for name, fs in OF_Q.items()}, X, Q)
test_values, test_derivatives, test_float32 = calls.tests_of(CALLS)


# ------------------------------------------------------------------ values of generated arguments

NUMBERS = st.floats(-100, 100, width=32) | st.sampled_from([np.nan, 0.0, -0.0, 1.0, 1.0])
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), elements=NUMBERS)


def _quietly(f, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return f(*args, **options)


def _axes(data, x):
    single = st.integers(-x.ndim, x.ndim - 1)
    several = st.lists(st.integers(0, x.ndim - 1), unique=True, min_size=1).map(tuple)
    return data.draw(single | several | st.none())


@given(ARRAYS, st.data())
def test_sort_as_numpy(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1) | st.none())
    t = tensor(x, requires_grad=True)
    out = np.sort(t, axis=axis)
    np.testing.assert_array_equal(out.detach().numpy(), np.sort(x, axis=axis))
    (g,) = gradients(out, t, np.arange(1.0, x.size + 1).reshape(out.shape))
    assert sorted(g.numpy().reshape(-1)) == list(range(1, x.size + 1))
    again = np.take_along_axis(g.numpy(), np.argsort(x, axis, kind="stable"), axis)
    np.testing.assert_array_equal(again, np.arange(1.0, x.size + 1).reshape(out.shape))


@given(ARRAYS, st.data())
def test_partition_as_numpy(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    kth = data.draw(st.integers(0, x.shape[axis] - 1))
    out = np.partition(tensor(x, requires_grad=True), kth, axis).detach().numpy()
    np.testing.assert_array_equal(np.sort(out, axis), np.sort(x, axis))
    np.testing.assert_array_equal(np.take(out, kth, axis), np.take(np.sort(x, axis), kth, axis))


@pytest.mark.parametrize("name", ["median", "nanmedian"])
@given(ARRAYS, st.data())
def test_medians_as_numpy(name, x, data):
    axis, keepdims = _axes(data, x), data.draw(st.booleans())
    expected = _quietly(getattr(np, name), x, axis=axis, keepdims=keepdims)
    out = getattr(np, name)(tensor(x, requires_grad=True), axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(out.detach().numpy(), expected, 1e-14)


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@given(ARRAYS, st.sampled_from(METHODS), st.data())
def test_quantiles_as_numpy(name, x, method, data):
    axis, keepdims = _axes(data, x), data.draw(st.booleans())
    q = data.draw(st.floats(0, 1) | st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=3))
    options = {"axis": axis, "keepdims": keepdims, "method": method}
    expected = _quietly(getattr(np, name), x, q, **options)
    t = tensor(x, requires_grad=True)
    out = getattr(np, name)(t, q, **options)
    np.testing.assert_allclose(out.detach().numpy(), expected, 1e-12, 1e-12)
    (g,) = gradients(out.sum(), t)  # shares of elements, of each quantile one in all
    np.testing.assert_allclose(g.numpy().sum(), out.size, 1e-12)


# ------------------------------------------------------------------ ties, NaNs, nothing, errors


def test_a_nan_takes_the_gradient_of_its_row():
    x = tensor([[1.0, np.nan, 2.0], [3.0, 1.0, 2.0]], requires_grad=True)
    for out in (np.median(x, 1), np.quantile(x, 0.5, 1)):
        assert gradients(out.sum(), x)[0].tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    (g,) = gradients(np.nanmedian(x, 1).sum(), x)
    assert g.tolist() == [[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]]


def test_the_median_of_nothing_is_nan():
    x = tensor(np.zeros((2, 0)), requires_grad=True)
    assert np.isnan(np.median(x, 1).detach().numpy()).all()
    with pytest.raises((ValueError, IndexError)):
        np.quantile(x, 0.5, axis=1)


def test_out_takes_the_median_and_its_gradient():
    x, out = tensor(X, requires_grad=True), tensor(np.zeros(4))
    assert np.median(x, axis=0, out=out) is out
    np.testing.assert_array_equal(gradients(out.sum(), x)[0].numpy(), np.median(X, 0) == X)
    with pytest.raises(NotDifferentiable, match="median: out= must be a Tensor"):
        np.median(x, axis=0, out=np.zeros(4))
    with pytest.raises(ValueError, match=r"median: the result has shape \(4,\), out= has \(3,\)"):
        np.median(x, axis=0, out=tensor(np.zeros(3)))


def test_a_list_of_tensors_stands_for_their_stack():
    x = tensor([3.0, 1.0, 2.0], requires_grad=True)
    assert gradients(anp.median([x[0], x[1], x[2]]), x)[0].tolist() == [0.0, 0.0, 1.0]
    assert anp.sort([x, [5.0, 4.0, 6.0]], axis=0).tolist() == [[3.0, 1.0, 2.0], [5.0, 4.0, 6.0]]


def test_complex_numbers_sort_but_have_no_quantile():
    x = tensor(np.array([2 + 1j, 1 - 1j, 1 - 2j]), requires_grad=True)
    assert np.sort(x).tolist() == [1 - 2j, 1 - 1j, 2 + 1j]
    with pytest.raises(OperandError, match="complex numbers have no order"):
        np.quantile(x, 0.5)


def test_what_does_not_fit_is_refused():
    x = tensor(X, requires_grad=True)
    with pytest.raises(ValueError, match="not a valid method"):
        np.quantile(x, 0.5, method="nonsense")
    with pytest.raises(ValueError, match="range"):
        np.quantile(x, 1.5)
    with pytest.raises(IndexingError, match="take_along_axis: indices must be integers"):
        np.take_along_axis(x, np.zeros((3, 4)), 1)
    with pytest.raises(ArgumentError, match="take: mode must be"):
        np.take(x, [0], mode="nonsense")
    with pytest.raises(ArgumentError, match="sort: order= names fields"):
        np.sort(x, order="a")
    with pytest.raises(np.exceptions.AxisError):
        np.median(x, axis=5)
