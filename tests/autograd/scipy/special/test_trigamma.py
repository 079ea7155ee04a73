"""The trigamma function by array operations, against its series in long double."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy.special")

import scipy.special as sc

from autograd.scipy.special._trigamma import _FEW, _TILE, trigamma_of


def _series(x: np.ndarray) -> np.ndarray:
    """40 terms, and what is left by the formula of Euler and Maclaurin."""
    x = x.astype(np.longdouble)
    y = x + 40
    rest = sum(b * y ** -(2 * k + 1) for k, b in enumerate(sc.bernoulli(16)[2::2], 1))
    return sum((x + k) ** -2 for k in range(40)) + 1 / y + 1 / (2 * y * y) + rest


@pytest.mark.parametrize("shape", [(_FEW + 1,), (30, 40), (_TILE + 1,)])
def test_all_digits_at_every_scale(shape):
    x = np.random.default_rng(0).permutation(np.geomspace(1e-20, 1e20, int(np.prod(shape)))).reshape(shape)
    found = trigamma_of(x)
    assert found.shape == shape
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, _series(x).astype(float), 2e-15)


def test_single_precision_stays():
    x = np.linspace(0.1, 20.0, 500, dtype=np.float32)
    found = trigamma_of(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _series(x).astype(np.float32), 2e-7)


@pytest.mark.parametrize("there", [0.0, -1.0, -0.5, np.nan, np.inf, 1e60])
def test_other_numbers_are_as_scipys(there):
    x = np.linspace(0.5, 3.0, 2 * _FEW)
    x[5] = there
    np.testing.assert_allclose(trigamma_of(x), sc.zeta(2.0, x), 1e-14)


def test_empty():
    assert trigamma_of(np.zeros((0, 3))).shape == (0, 3)
