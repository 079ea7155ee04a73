"""Running sums and products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd
from autograd import gradients, tensor
from autograd.errors import ArgumentError
from tests.support import calls

X = np.array([[0.5, -1.25, 2.0, 0.8], [1.5, 0.75, -0.25, -2.1], [3.1, -0.6, 1.1, 0.1]])
HOLES = np.array([[False, True, False, False], [True, False, False, True], [False] * 4])

CALLS = calls.listed(
    {
        "cumsum": [
            lambda n, x: n.cumsum(x),
            lambda n, x: n.cumsum(x, -1) ** 2,
            lambda n, x: n.cumsum(x, axis=0, dtype=np.float64),
        ],
        "cumprod": [
            lambda n, x: n.cumprod(x),
            lambda n, x: n.cumprod(x, 0),
            lambda n, x: n.cumprod(x, axis=1),
            lambda n, x: n.cumprod(x * HOLES, 1),
        ],
        "cumulative_sum": [
            lambda n, x: n.cumulative_sum(x, axis=1),
            lambda n, x: n.cumulative_sum(x, axis=0, include_initial=True),
            lambda n, x: n.cumulative_sum(x[0], include_initial=True),
        ],
        "cumulative_prod": [
            lambda n, x: n.cumulative_prod(x, axis=0),
            lambda n, x: n.cumulative_prod(x, axis=-1, include_initial=True),
        ],
        "nancumsum": [
            lambda n, x: n.nancumsum(n.where(HOLES, np.nan, x), axis=1),
            lambda n, x: n.nancumsum(n.where(HOLES, np.nan, x)),
        ],
        "nancumprod": [
            lambda n, x: n.nancumprod(n.where(HOLES, np.nan, x), axis=0),
            lambda n, x: n.nancumprod(x),
        ],
    },
    X,
)
test_values, test_derivatives, test_float32 = calls.tests_of(CALLS)


ROWS = hnp.arrays(
    np.float64, st.integers(0, 9), elements=st.sampled_from([0.0, 0.0, 1.0, -1.0, 2.0, 0.5, 3.0])
)


def _slowly(x, v):
    """The gradient of sum(v * cumprod(x)), one product at a time."""
    found = np.zeros(x.shape)
    for j in range(x.size):
        for i in range(j, x.size):
            found[j] += v[i] * np.prod(np.delete(x[: i + 1], j))
    return found


@given(ROWS)
def test_cumprod_of_zeros_is_exact(x):
    v = np.cos(np.arange(x.size))
    t = tensor(x, requires_grad=True)
    (g,) = gradients(np.cumprod(t), t, v)
    np.testing.assert_allclose(g.numpy(), _slowly(x, v), 1e-13, 1e-13)


@given(ROWS)
def test_second_derivatives_of_cumprod_of_zeros(x):
    t = tensor(x, requires_grad=True)
    if not x.size:
        return
    (g,) = gradients(np.cumprod(t), t, np.ones(x.size), create_graph=True)
    found = gradients(g.sum(), t, allow_unused=True)[0] if g.requires_grad else None
    expected = np.zeros(x.size)
    for i in range(x.size):
        for j in range(i + 1):
            for k in range(i + 1):
                if j != k:
                    expected[k] += np.prod(np.delete(x[: i + 1], [j, k]))
    np.testing.assert_allclose(np.zeros(x.size) if found is None else found.numpy(), expected, 1e-12, 1e-12)


def test_cumprod_that_overflows_in_the_middle():
    x = tensor([1e200, 1e200, 0.0, 2.0], requires_grad=True)
    with np.errstate(over="ignore"):
        (g,) = gradients(np.cumprod(x)[0], x)
    assert g.tolist()[0] == 1.0


def test_forward_derivative_of_cumprod():
    x, t = np.array([2.0, 0.0, 3.0, 0.0]), np.array([1.0, -1.0, 0.5, 2.0])
    found = autograd.forward.jvp_of(autograd.primitive.REGISTRY["cumprod"], [x], [t], (0,))
    np.testing.assert_allclose(found, [1.0, -2.0, -6.0, 0.0])


def test_an_axis_is_needed():
    with pytest.raises(ArgumentError, match="cumulative_sum: axis= is needed"):
        np.cumulative_sum(tensor(X, requires_grad=True))


def test_integers_accumulate_as_numpy():
    x = tensor(np.array([1, 2, 3]))
    assert np.cumprod(x).tolist() == [1, 2, 6]
    assert np.cumprod(x).dtype == np.cumprod(np.array([1, 2, 3])).dtype
