"""Statistics with NaNs left out and with weights, covariances, histograms."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import gradients, tensor
from tests.support import calls

X = np.array([[0.5, -1.25, 2.0, 0.8], [1.5, 0.75, -0.25, -2.1], [3.1, -0.6, 1.1, 0.1]])
W = np.array([0.5, 1.2, 2.0, 0.3])
HOLES = np.array([[False, True, False, False], [True, False, False, True], [False] * 4])
MASK = np.array([[True, True, False, True], [True, True, True, False], [False, True, True, True]])


def _holed(n, x):
    return n.where(HOLES, np.nan, x)


CALLS = calls.listed(
    {
        **{
            name: [
                lambda n, x, f=name: getattr(n, f)(_holed(n, x)),
                lambda n, x, f=name: getattr(n, f)(_holed(n, x), axis=0),
                lambda n, x, f=name: getattr(n, f)(_holed(n, x), axis=(0, 1), keepdims=True),
                lambda n, x, f=name: getattr(n, f)(x, -1),
                lambda n, x, f=name: getattr(n, f)(
                    _holed(n, x),
                    1,
                    **({"initial": 0.2} if f in ("nansum", "nanprod", "nanmax", "nanmin") else {}),
                    where=MASK,
                ),
            ]
            for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin")
        },
        "nanvar of a sample": [
            lambda n, x: n.nanvar(_holed(n, x), 1, ddof=1),
            lambda n, x: n.nanstd(_holed(n, x), axis=0, correction=1),
            lambda n, x: n.nanvar(_holed(n, x)[1:], axis=1, ddof=1, keepdims=True),
            lambda n, x: n.nanvar(
                _holed(n, x), axis=1, keepdims=True, mean=n.nanmean(_holed(n, x), axis=1, keepdims=True)
            ),
        ],
        "dtype": [
            lambda n, x: n.nansum(_holed(n, x), dtype=np.float64),
            lambda n, x: n.nanmean(x, dtype=np.float64),
        ],
        "average": [
            lambda n, x: n.average(x),
            lambda n, x: n.average(x, 0),
            lambda n, x: n.average(x, (0, 1), keepdims=True),
            lambda n, x, w: n.average(x, 1, w),
            lambda n, x, w: n.average(x, weights=x * x * w),
            lambda n, x, w: n.average(x, axis=1, weights=w, returned=True),
            lambda n, x, w: n.average(x, axis=(1, 0), weights=x.T**2 + w[0]),
            lambda n, x: n.average(x, axis=1, returned=True),
        ],
        "cov": [
            lambda n, x: n.cov(x),
            lambda n, x: n.cov(x, rowvar=False),
            lambda n, x: n.cov(x[0]),
            lambda n, x: n.cov(x, bias=True),
            lambda n, x: n.cov(x, ddof=2),
            lambda n, x: n.cov(x, x[:1] * x[1:2]),
            lambda n, x, w: n.cov(x, aweights=w),
            lambda n, x, w: n.cov(x, aweights=w, bias=True),
            lambda n, x, w: n.cov(x, fweights=np.array([1, 2, 1, 3])) * w[0],
            lambda n, x, w: n.cov(x, fweights=np.array([1, 2, 1, 3]), aweights=w),
            lambda n, x: n.cov(x * (1 + 0.5j) + 1j * x**2),
            lambda n, x: n.cov(x[0], x[1], dtype=np.float64),
        ],
        "corrcoef": [
            lambda n, x: n.corrcoef(x)[0, 1:],
            lambda n, x: n.corrcoef(x, rowvar=False)[:2, 2:],
            lambda n, x: n.corrcoef(x[0], x[1])[0, 1],
        ],
        "histogram": [
            lambda n, x: n.histogram(x, 3),
            lambda n, x: n.histogram(x, 3, density=True),
            lambda n, x, w: n.histogram(x[0], 3, weights=w),
            lambda n, x, w: (*n.histogram(x[0], w[1] * np.arange(3), density=True), x),
            lambda n, x, w: n.histogram(x[0], 3, weights=w, density=True),
            lambda n, x, w: (*n.histogram(x[0], 3, (-1.0, 1.5), weights=w), x),
            lambda n, x: n.histogram(x, "sturges"),
        ],
        "histogram_bin_edges": [
            lambda n, x: n.histogram_bin_edges(x, 4),
            lambda n, x: n.histogram_bin_edges(x[:1, :1], 4),
            lambda n, x: n.histogram_bin_edges(x, "fd"),
        ],
        "histogram2d": [
            lambda n, x, w: n.histogram2d(x[0], x[1], (2, 3), weights=w),
            lambda n, x: n.histogram2d(x[0], x[1], 2, density=True),
        ],
        "histogramdd": [
            lambda n, x, w: n.histogramdd((x[0], x[1], w), bins=(2, 1, 2), density=True),
            lambda n, x, w: n.histogramdd(x.T, bins=2, weights=w),
            lambda n, x: (*n.histogramdd(x.T, bins=2, range=[(-3, 3)] * 3), x),
        ],
    },
    X,
    W,
)
test_values, test_derivatives, test_float32 = calls.tests_of(CALLS)


NUMBERS = st.sampled_from([np.nan, 0.0, 1.0, 1.0, -2.0, 0.5, 3.25])
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=NUMBERS)


@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"])
@given(ARRAYS, st.data())
def test_values_of_generated_arrays(name, x, data):
    several = st.lists(st.integers(0, x.ndim - 1), unique=True, min_size=1).map(tuple)
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1) | several)
    options = {"axis": axis, "keepdims": data.draw(st.booleans())}
    if name in ("nanvar", "nanstd"):
        options["ddof"] = data.draw(st.integers(0, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = getattr(np, name)(x, **options)
    t = tensor(x, requires_grad=True)
    out = getattr(np, name)(t, **options)
    calls.same(out, expected)
    if np.isfinite(expected).all():
        (g,) = gradients(out.sum(), t)
        assert np.isfinite(g.numpy()).all()
        assert (g.numpy()[np.isnan(x)] == 0).all()


def test_of_equal_ones_each_gets_its_share():
    x = tensor([2.0, np.nan, 2.0, 1.0], requires_grad=True)
    assert gradients(np.nanmax(x), x)[0].tolist() == [0.5, 0.0, 0.5, 0.0]
    assert gradients(np.nanmin(x), x)[0].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_equal_numbers_have_no_spread():
    x = tensor([2.0, np.nan, 2.0], requires_grad=True)
    assert gradients(np.nanstd(x), x)[0].tolist() == [0.0, 0.0, 0.0]


def test_weights_that_add_up_to_nothing_are_refused():
    x = tensor(X, requires_grad=True)
    with pytest.raises(ZeroDivisionError):
        np.average(x, axis=1, weights=np.zeros(4))
    with pytest.raises((ValueError, TypeError)):
        np.average(x, axis=0, weights=W)


def test_counts_do_not_change_with_what_is_counted():
    x = tensor(X, requires_grad=True)
    counts, _ = np.histogram(x, [-3.0, 0.0, 4.0])
    assert not getattr(counts, "requires_grad", False)
    assert np.asarray(counts).tolist() == [4, 8]
