"""Differences, integrals, gradients of samples, interpolation and unwrapping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import gradients, tensor
from autograd.errors import ArgumentError, AutogradError
from tests.support import calls

X = np.array([[0.5, -1.25, 2.0, 0.8], [1.5, 0.75, -0.25, -2.1], [3.1, -0.6, 1.1, 0.1]])
T = np.array([0.1, 0.8, 1.1, 2.3])  # ascending, at uneven distances
S = np.array([0.35])
AT = np.array([[-0.4, 0.3, 0.95], [1.7, 2.9, 1.2]])
PHASES = np.array([0.3, 2.9, 5.9, 9.1, 8.2])

CALLS = calls.listed(
    {
        "diff": [
            lambda n, x: n.diff(x),
            lambda n, x: n.diff(x, 2, axis=0),
            lambda n, x: n.diff(x, n=0),
            lambda n, x: n.diff(x, prepend=0.5, append=x[:, :2]),
            lambda n, x: n.diff(x, 5),
            lambda n, x: n.diff(x, axis=0, append=x[:1]),
        ],
        "ediff1d": [
            lambda n, x: n.ediff1d(x),
            lambda n, x: n.ediff1d(x, to_end=x[:1], to_begin=[1.5, 2.5]),
        ],
        "trapezoid": [
            lambda n, x: n.trapezoid(x),
            lambda n, x: n.trapezoid(x, dx=0.3, axis=0),
            lambda n, x, t: n.trapezoid(x, t),
            lambda n, x, t: n.trapezoid(x, x * x + t, axis=1),
            lambda n, x, t, s: n.trapezoid(x, t[:3], axis=0) * s[0],
            lambda n, x, t, s: n.trapezoid(x * t, dx=s[0]),
        ],
        "gradient": [
            lambda n, x: n.gradient(x),
            lambda n, x: n.gradient(x, 0.3, axis=1),
            lambda n, x: n.gradient(x, 0.3, 0.7),
            lambda n, x: n.gradient(x, edge_order=2),
            lambda n, x, t: n.gradient(x, t, axis=1),
            lambda n, x, t: n.gradient(x, t[:3], t, edge_order=2),
            lambda n, x, t: n.gradient(x, 0.3, t),
            lambda n, x, t: n.gradient(x[:, 0] * t[0], axis=0),
            lambda n, x, t, s: n.gradient(x * t, s[0]),
            lambda n, x: n.gradient(x, axis=(1, 0)),
            lambda n, x, t: n.gradient(x * t, np.arange(3.0), axis=0),
            lambda n, x: n.gradient(x[:2], axis=0),
            lambda n, x: n.gradient(x[:2, :2]),
        ],
    },
    X,
    T,
    S,
)
CALLS += calls.listed(
    {
        "interp": [
            lambda n, x, t, f: n.interp(x, t, f),
            lambda n, x, t, f: n.interp(x, t, f, left=-1.0, right=5.0),
            lambda n, x, t, f: n.interp(x[0, 1], t, f),
            lambda n, x, t, f: n.interp(x, t, f, period=2.5),
            lambda n, x, t, f: n.interp(x, t[[2, 0, 3, 1]], f, period=2.6),
            lambda n, x, t, f: n.interp(x, t, f * (1 + 2j)),
            lambda n, x, t, f: n.interp(1.3, t, f * x[0, 1]),
            lambda n, x, t, f: n.interp(x, t[:1], f[:1]) + 0 * x * t[3] * f[3],
        ],
    },
    AT,
    T,
    X[0],
)
CALLS += calls.listed(
    {
        "unwrap": [
            lambda n, x: n.unwrap(x),
            lambda n, x: n.unwrap(x, period=4.0),
            lambda n, x: n.unwrap(x, 3.5),
            lambda n, x: n.unwrap(x[None], axis=0),
            lambda n, x: n.unwrap(x[None] * np.ones((2, 1))),
        ],
    },
    PHASES,
)
test_values, test_derivatives, test_float32 = calls.tests_of(CALLS)


NUMBERS = st.floats(-100, 100, width=32) | st.just(np.nan)
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0), elements=NUMBERS)


@given(ARRAYS, st.data())
def test_diff_as_numpy(x, data):
    axis, n = data.draw(st.integers(-x.ndim, x.ndim - 1)), data.draw(st.integers(0, 3))
    out = np.diff(tensor(x, requires_grad=True), n, axis)
    np.testing.assert_array_equal(out.detach().numpy(), np.diff(x, n, axis))


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=3), elements=NUMBERS),
    st.data(),
)
def test_gradient_as_numpy(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1) | st.none())
    order, step = data.draw(st.sampled_from([1, 2])), data.draw(st.sampled_from([1, 0.5]))
    expected = np.gradient(x, step, axis=axis, edge_order=order)
    calls.same(np.gradient(tensor(x, requires_grad=True), step, axis=axis, edge_order=order), expected)


@given(
    hnp.arrays(np.float64, 6, elements=st.floats(-3, 3)),
    hnp.arrays(
        np.float64, st.integers(1, 5), elements=st.integers(-8, 8).map(lambda i: i / 4), unique=True
    ),
    st.data(),
)
def test_interp_as_numpy(x, xp, data):
    xp = np.sort(xp)
    fp = data.draw(hnp.arrays(np.float64, xp.shape, elements=st.floats(-3, 3)))
    options = data.draw(st.sampled_from([{}, {"left": 7.0}, {"right": -7.0}, {"period": 4.5}]))
    calls.same(
        np.interp(tensor(x, requires_grad=True), xp, fp, **options), np.interp(x, xp, fp, **options), 1e-12
    )


def test_at_a_point_interp_has_the_slope_to_its_right():
    x = tensor([0.0, 1.0, 2.0, -1.0, 3.0], requires_grad=True)
    out = np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0])
    assert gradients(out.sum(), x)[0].tolist() == [1.0, 4.0, 0.0, 0.0, 0.0]


def test_what_does_not_fit_is_refused():
    x = tensor(X, requires_grad=True)
    with pytest.raises(ArgumentError, match="diff: n must not be negative"):
        np.diff(x, -1)
    with pytest.raises(ArgumentError, match="gradient: expected a spacing for each of 2 axes, got 3"):
        np.gradient(x, 1.0, 1.0, 1.0)
    with pytest.raises(AutogradError, match=r"coordinates along axis 0 must have shape \(3,\), got \(4,\)"):
        np.gradient(x, T, axis=0)
    with pytest.raises(AutogradError, match="axis 1 needs 2 samples or more, got 1"):
        np.gradient(x[:, :1])
    with pytest.raises(ArgumentError, match="edge_order must be 1 or 2"):
        np.gradient(x, edge_order=3)
    with pytest.raises(ValueError, match="same length"):
        np.interp(x, T, T[:2])
    with pytest.raises(np.exceptions.AxisError):
        np.trapezoid(x, axis=4)


@pytest.mark.parametrize(
    ("xp", "fp"),
    [
        ([0, np.inf], [1, np.inf]),
        ([0, 1], [-np.inf, np.inf]),
        ([0, 1], [np.inf, np.inf]),
        ([-np.inf, np.inf], [2, 2]),
        ([1], [5]),
    ],
)
def test_interpolation_at_infinite_points_and_of_nan(xp, fp):
    x, xp, fp = (np.array(v, float) for v in ([-1, 0, 0.5, 1, 3, np.inf, np.nan], xp, fp))
    found = np.interp(tensor(x, requires_grad=True), xp, fp)
    np.testing.assert_array_equal(found.detach().numpy(), np.interp(x, xp, fp))
