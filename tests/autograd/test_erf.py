"""erf and what is made of it, to the last digits; selection by bits."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd
from autograd.ops.neural.erf import erf, gelu
from autograd.ops.neural.selecting import select, zeroed

GRID = np.concatenate(
    [np.linspace(-7, 7, 4001), np.geomspace(1e-300, 1, 301), -np.geomspace(1e-30, 0.6, 301)]
)


@pytest.mark.parametrize(("dtype", "most"), [(np.float64, 2.5), (np.float32, 3.0)])
def test_erf_to_the_last_digits(dtype, most):
    x = GRID.astype(dtype)
    x = x[np.abs(x) >= 1e-30]
    expected = np.array([math.erf(float(v)) for v in x])
    last_digit = np.spacing(np.abs(expected).astype(dtype)).astype(float)
    assert np.max(np.abs(erf(x).astype(float) - expected) / last_digit) < most


def test_erf_of_what_is_special():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, -1e300])
    with np.errstate(all="raise", under="ignore"):
        found = erf(x)
    np.testing.assert_array_equal(found, [0, 0, 1, -1, np.nan, 1, -1])
    assert np.signbit(found[1])
    assert erf(0.5) == pytest.approx(math.erf(0.5), rel=1e-15)
    assert erf(np.array([1], np.int64)).dtype == np.float64
    assert erf(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert erf(np.float16([0.5])).dtype == np.float16


def test_erf_is_odd_and_rises():
    x = np.linspace(-6, 6, 200001)
    np.testing.assert_array_equal(erf(x), -erf(-x))
    assert (np.diff(erf(x)) >= -2.3e-16).all()


def test_erf_of_complex_numbers_is_refused():
    with pytest.raises(autograd.errors.DtypeError, match="expected real numbers, got complex128"):
        erf(np.array([1j]))


@pytest.mark.parametrize(("dtype", "most"), [(np.float64, 1e-15), (np.float32, 2e-7)])
def test_gelu_and_its_slope(dtype, most):
    x = np.linspace(-9, 9, 40001).astype(dtype)
    t = autograd.tensor(x, requires_grad=True)
    out = gelu(t)
    out.sum().backward()
    wide = x.astype(float)
    cdf = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in wide])
    density = np.exp(-wide * wide / 2) / math.sqrt(2 * math.pi)
    scale = np.maximum(1, np.abs(wide))
    assert np.max(np.abs(out.detach().numpy() - wide * cdf) / scale) < most
    assert np.max(np.abs(t.grad.numpy() - (cdf + wide * density))) < 2 * most


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [10, 5000])
def test_selection_is_exact(dtype, size):
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=size).astype(dtype) for _ in range(2))
    x[:4], y[2:6] = [np.inf, -np.inf, np.nan, -0.0], [np.nan, np.inf, -np.inf, 0.0]
    for mask in (rng.random(size) < 0.5, np.zeros(size, bool), np.ones(size, bool)):
        np.testing.assert_array_equal(select(mask, x, y), np.where(mask, x, y))
        np.testing.assert_array_equal(select(mask, 1.5, y), np.where(mask, dtype(1.5), y))
        np.testing.assert_array_equal(zeroed(x, mask), np.where(mask, dtype(0), x))
        assert select(mask, x, y).dtype == zeroed(x, mask).dtype == dtype
    backwards = x[::-1]
    np.testing.assert_array_equal(zeroed(backwards, mask), np.where(mask, dtype(0), backwards))


def test_selection_of_tensors_is_differentiable():
    x = autograd.tensor(np.arange(5000.0), requires_grad=True)
    mask = np.arange(5000) % 2 == 0
    (zeroed(x, mask) + 2 * select(mask, x, x * 3)).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.where(mask, 2, 7))


def test_one_array_of_what_is_no_number_is_a_typed_error():
    """The quick way of functions of one array explains what went wrong, too."""
    from autograd.ops.elementwise import tanh

    tanh(1.0)
    with pytest.raises(autograd.errors.DtypeError, match="expected numbers, got <U1"):
        tanh(np.array(["x"]))
