"""Zeros by native loops: NumPy's bits, in place and beside."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd
import nn.functional as F
from autograd import threads
from autograd.loops import masks, patience
from autograd.ops.neural import selecting

N = selecting.TILE + 1013
SPECIAL = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40]


def pairs(dtype):
    """Numbers, and values that are as large as they like, each special beside each."""
    rng = np.random.default_rng(0)
    x, values = rng.standard_normal((2, N)).astype(dtype)
    x[:64], values[:64] = np.repeat(SPECIAL, 8), np.tile(SPECIAL, 8)
    return x, values


def by_numpy(x, values):
    return selecting.zeroed(x, np.less_equal(values, 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("in_place", [False, True])
def test_the_bits_are_numpys(dtype, in_place):
    x, values = pairs(dtype)
    wanted, before = by_numpy(x, values), x.copy()
    out = x if in_place else np.full(x.shape, 7, dtype)
    assert masks.keep_above(x, values, out)
    assert out.tobytes() == wanted.tobytes()
    assert in_place or x.tobytes() == before.tobytes()


@pytest.mark.parametrize("in_place", [False, True])
def test_large_arrays_are_shared_by_threads(monkeypatch, in_place):
    x, values = pairs(np.float32)
    wanted = by_numpy(x, values)
    monkeypatch.setattr(threads, "PARALLEL", 1000)
    monkeypatch.setattr(threads, "count", lambda: 2)
    out = x if in_place else np.empty_like(x)
    assert masks.keep_above(x, values, out)
    assert out.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_other_numbers_have_no_loop(dtype):
    x, values = pairs(dtype)
    before = x.copy()
    assert not masks.keep_above(x, values, x)
    np.testing.assert_array_equal(x, before)


def test_two_dtypes_have_no_loop():
    x, values = pairs(np.float64)
    assert not masks.keep_above(x, values.astype(np.float32), x)


@pytest.mark.parametrize("turned", [False, True])
def test_cotangents_in_another_order(monkeypatch, turned):
    monkeypatch.setattr(patience, "PATIENCE", 0)
    values = pairs(np.float32)[1][: 300 * 50].reshape(300, 50)
    x = autograd.tensor(values, requires_grad=True)
    if turned:
        g = np.linspace(-1, 1, values.size, dtype=np.float32).reshape(50, 300).T
        F.relu(x).backward(g)
    else:
        g = np.ones(values.shape, np.float32)
        F.relu(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.where(values <= 0, 0, g))


@pytest.mark.parametrize("n", [selecting.BITS - 1, selecting.BITS + 1, N])
@pytest.mark.parametrize("held", [False, True])
def test_gradients_of_relu_are_the_same_with_loops(monkeypatch, n, held):
    asked = []
    real = masks.keep_above
    monkeypatch.setattr(masks, "keep_above", lambda *a: asked.append(0) or real(*a))
    found = []
    for limit in (1 << 60, 0):
        monkeypatch.setattr(patience, "PATIENCE", limit)
        x = autograd.tensor(pairs(np.float32)[1][:n], requires_grad=True)
        y = F.relu(x)
        if held:
            g = np.linspace(-1, 1, n, dtype=np.float32)
            y.backward(g)
            np.testing.assert_array_equal(g, np.linspace(-1, 1, n, dtype=np.float32))
        else:
            (y * 3.0).sum().backward()
        found.append(x.grad.numpy())
    assert found[0].tobytes() == found[1].tobytes()
    assert bool(asked) == (n >= selecting.BITS)
