"""Descriptions of samples, of scipy.stats: values are SciPy's, derivatives those of differences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

import autograd.scipy.stats as ours
from autograd import tensor
from autograd.errors import ArgumentError
from tests.support import scipy_calls

ARRAYS = {
    "x": np.array([[0.7, 1.9, 0.4, 2.2, 1.3], [1.6, 0.9, 2.7, 0.3, 1.1], [2.4, 0.6, 1.2, 1.8, 0.5]]),
    "y": np.array([[1.1, 0.4, 1.7, 0.8, 2.1], [0.5, 1.4, 0.9, 2.3, 1.2], [1.9, 0.7, 0.3, 1.5, 1.0]]),
}
TABLE = {
    "gmean": [
        lambda m, x: m.gmean(x),
        lambda m, x: m.gmean(x, axis=None),
        lambda m, x, y: m.gmean(x, axis=1, weights=y, keepdims=True),
    ],
    "hmean": [lambda m, x: m.hmean(x), lambda m, x, y: m.hmean(x, axis=1, weights=y)],
    "pmean": [lambda m, x: m.pmean(x, 2.5, axis=-1), lambda m, x, y: m.pmean(x, 0, weights=y)],
    "zscore": [lambda m, x: m.zscore(x), lambda m, x: m.zscore(x, None, 1)],
    "zmap": [lambda m, x, y: m.zmap(x, y, axis=1, ddof=1)],
    "gzscore": [lambda m, x: m.gzscore(x, axis=1)],
    "gstd": [lambda m, x: m.gstd(x), lambda m, x: m.gstd(x, axis=1, ddof=0, keepdims=True)],
    "sem": [lambda m, x: m.sem(x), lambda m, x: m.sem(x, axis=None, ddof=0)],
    "variation": [lambda m, x: m.variation(x, axis=1), lambda m, x: m.variation(x, ddof=1, keepdims=True)],
    "moment": [
        lambda m, x: m.moment(x, 3, axis=1),
        lambda m, x: m.moment(x, [2, 4], axis=None),
        lambda m, x: m.moment(x, 2, center=0.4, keepdims=True),
    ],
    "skew": [lambda m, x: m.skew(x, axis=1), lambda m, x: m.skew(x, None, bias=False, keepdims=True)],
    "kurtosis": [
        lambda m, x: m.kurtosis(x, axis=1),
        lambda m, x: m.kurtosis(x, axis=1, fisher=False, bias=False),
    ],
    "entropy": [
        lambda m, x: m.entropy(x),
        lambda m, x, y: m.entropy(x, y, base=2, axis=1, keepdims=True),
    ],
}
CALLS = scipy_calls.listed(TABLE, ARRAYS, ours, scipy.stats)
test_values, test_derivatives, test_narrow_dtypes = scipy_calls.tests_of(CALLS, 1e-11)


def test_what_is_refused():
    x = tensor(ARRAYS["x"], requires_grad=True)
    with pytest.raises(ArgumentError, match=r"skew: .* must be 'propagate', got 'omit'"):
        ours.skew(x, nan_policy="omit")
    with pytest.raises(ArgumentError, match="entropy: base must be a positive number"):
        ours.entropy(x, base=-1.0)
    with pytest.raises(ArgumentError, match="moment: order must be whole"):
        ours.moment(x, 1.5)


EQUAL = np.full((2, 5), -0.087)


@pytest.mark.filterwarnings("ignore:Precision loss")
@pytest.mark.parametrize("name", ["skew", "kurtosis", "zscore"])
def test_of_equal_numbers_there_is_none(name):
    x = tensor(EQUAL, requires_grad=True)
    for axis in (1, None):
        expected = getattr(scipy.stats, name)(EQUAL, axis=axis)
        found = getattr(ours, name)(x, axis=axis)
        np.testing.assert_array_equal(found.detach(), expected)
        assert np.isnan(expected).all()


def test_no_harmonic_mean_of_negative_numbers():
    x = np.array([[1.0, -2.0], [1.0, 3.0]])
    with pytest.warns(RuntimeWarning):
        expected = scipy.stats.hmean(x, axis=1)
    np.testing.assert_allclose(ours.hmean(tensor(x, requires_grad=True), axis=1).detach(), expected)


@pytest.mark.parametrize("name", ["ttest_rel", "pearsonr", "linregress", "spearmanr"])
def test_results_of_classes_of_scipys_keep_their_names(name):
    x, y = ARRAYS["x"][0], ARRAYS["y"][0]
    expected = getattr(scipy.stats, name)(x, y)
    found = getattr(ours, name)(tensor(x), tensor(y))
    assert type(found).__name__ == type(expected).__name__
    assert found.pvalue == expected.pvalue
