"""Convolutions and polynomials."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import gradients, tensor
from autograd.errors import ArgumentError, ShapeError
from tests.support import calls

P = np.array([1.0, -0.45, -2.26, 0.672])
Q = np.array([0.7, -1.3])
X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.3]])
T, Y = np.array([0.1, 0.8, 1.1, 2.3, 3.0]), np.array([0.4, -0.3, 1.2, 0.9, 2.2])
MODES = ("full", "same", "valid")

CALLS = calls.listed(
    {
        "convolve": [
            *(lambda n, p, q, m=m: n.convolve(p, q, m) for m in MODES),
            *(lambda n, p, q, m=m: n.convolve(q, p, mode=m) for m in MODES),
            lambda n, p, q: n.convolve(p * (1 + 2j), q * q),
            lambda n, p: n.convolve(p, p[0]),
        ],
        "correlate": [
            *(lambda n, p, q, m=m: n.correlate(p, q, m) for m in MODES),
            *(lambda n, p, q, m=m: n.correlate(q, p, mode=m) for m in MODES),
            lambda n, p, q: n.correlate(p * (1 + 2j), q * (2 - 1j), "full"),
            lambda n, p, q: n.correlate(q * (1 + 2j), p * (2 - 1j), "same"),
        ],
        "polyval": [lambda n, p, q, x: n.polyval(p, x) * q[0], lambda n, p, q: n.polyval(p, q[0])],
        "polyadd": [lambda n, p, q: n.polyadd(p, q), lambda n, p, q: n.polyadd(q[0], p)],
        "polysub": [lambda n, p, q: n.polysub(p, q), lambda n, p, q: n.polysub(q, p)],
        "polymul": [lambda n, p, q: n.polymul(p, q), lambda n, p: n.polymul(p, p)],
        "polydiv": [
            lambda n, p, q: n.polydiv(p, q),
            lambda n, p, q: n.polydiv(q, p)[1] * p[0],
            lambda n, p, q: n.polydiv(p, q[:1]),
        ],
        "polyder": [
            lambda n, p: n.polyder(p),
            lambda n, p: n.polyder(p, 2),
            lambda n, p: n.polyder(p, 0) * 2,
        ],
        "polyint": [
            lambda n, p: n.polyint(p),
            lambda n, p, q: n.polyint(p, 2, q),
            lambda n, p, q: n.polyint(p, 2, q[0]),
        ],
        "poly": [
            lambda n, p: n.poly(p),
            lambda n, p, q, x: n.poly(x[:, :2]) * q[0] * p[0],
            lambda n, p: n.poly(n.roots(p)),
        ],
        "roots": [lambda n, p: n.roots(p), lambda n, p, q, x: n.roots(p[[0, 1, 3]] * x[0, 0] * q[0])],
    },
    P,
    Q,
    X,
)
CALLS += calls.listed(
    {
        "polyfit": [
            lambda n, t, y: n.polyfit(t, y, 1),
            lambda n, t, y: n.polyfit(t, y, 2),
            lambda n, t, y, w: n.polyfit(t, y, 2, w=w),
            lambda n, t, y: n.polyfit(t, n.stack([y, y * t], 1), 1),
            lambda n, t, y: n.polyfit(t, y, 1, cov=True),
            lambda n, t, y, w: n.polyfit(t, y, 1, w=w, cov="unscaled"),
            lambda n, t, y, w: n.polyfit(t, n.stack([y, y * t], 1), 1, 1e-9, True, w)[::3],
        ],
    },
    T,
    Y,
    0.5 + T**2,
)
every = calls.each(CALLS)


@every
def test_values(call):
    if call.name == "poly-2":
        calls.same(
            call.f(np, tensor(P, requires_grad=True)), P, 1e-12
        )  # rounding may leave NumPy's complex
    else:
        calls.check_values(call)


@every
def test_derivatives(call):
    calls.check_slopes(call)


@every
def test_float32(call):
    if "unscaled" not in call.name and call.name != "polyfit-4":
        calls.check_narrow(call)


VECTORS = hnp.arrays(np.float64, st.integers(1, 7), elements=st.floats(-4, 4).map(lambda v: round(v, 2)))


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@given(VECTORS, VECTORS, st.sampled_from(MODES))
def test_convolution_as_numpy(name, x, y, mode):
    out = getattr(np, name)(tensor(x, requires_grad=True), tensor(y, requires_grad=True), mode)
    calls.same(out, getattr(np, name)(x, y, mode))


@given(VECTORS, VECTORS)
def test_quotient_and_remainder_multiply_back(u, v):
    if abs(v[0]) < 0.5:
        return
    q, r = np.polydiv(tensor(u, requires_grad=True), v)
    calls.same((q, r), np.polydiv(u, v), 1e-11)


def test_zeros_of_a_product_move_one_by_one():
    p = tensor(np.poly([1.0, 2.0, 4.0]), requires_grad=True)
    for zero, at in zip(np.roots(p), (4.0, 2.0, 1.0), strict=True):
        slope = np.polyval(np.polyder(np.poly([1.0, 2.0, 4.0])), at)
        found = gradients(zero, p, retain_graph=True)[0].numpy()
        np.testing.assert_allclose(found, -(at ** np.arange(3, -1, -1)) / slope, 1e-11)


def test_what_does_not_fit_is_refused():
    p = tensor(P, requires_grad=True)
    with pytest.raises(ArgumentError, match="convolve: mode must be"):
        np.convolve(p, Q, "nonsense")
    with pytest.raises(ShapeError, match=r"convolve: v must be a vector .* \(2, 3\)"):
        np.convolve(p, X)
    with pytest.raises(ArgumentError, match="polyder: m must be"):
        np.polyder(p, -1)
    with pytest.raises(ArgumentError, match="polyint: k needs 3 constants, got 2"):
        np.polyint(p, 3, Q)
