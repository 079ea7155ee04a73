"""`r_`, `c_` and `vectorize` of the namespace."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import tensor
from autograd.errors import ArgumentError
from tests.support import calls

X, Y = np.array([[0.5, -1.25], [2.0, 0.8]]), np.array([0.3, -0.6])

CALLS = calls.listed(
    {
        "r_": [
            lambda n, x, y: n.r_[y, 1, 2.5, y * x[0]],
            lambda n, x, y: n.r_[0:3, y * x[1], 1:2:3j],
            lambda n, x: n.r_["1", x, x * x],
            lambda n, x, y: n.r_["0,2", y, x],
            lambda n, x, y: n.r_["1,2,0", y, x],
            lambda n, x, y: n.r_["0,3,1", y, x[0]],
        ],
        "c_": [
            lambda n, x, y: n.c_[y, x],
            lambda n, x, y: n.c_[0:2, y, y**2 * x[0]],
            lambda n, x: n.c_[x, x * x],
        ],
    },
    X,
    Y,
)
VECTORIZED = calls.listed(
    {
        "vectorize": [
            lambda n, x, y: n.vectorize(lambda a, b: a * b if a > b else a + b * b)(x, y),
            lambda n, x: n.vectorize(lambda a: (a * a, 1.0 / a))(x),
            lambda n, x, y: n.vectorize(lambda a, b: a * b[0], excluded=[1])(x, y),
            lambda n, x, y: n.vectorize(lambda a, k: a * k)(x[:, 0], k=y),
            lambda n, x: n.vectorize(lambda a: a + 1, otypes=[np.float64])(x),
        ]
    },
    X,
    Y,
)
every = calls.each(CALLS + VECTORIZED)


@every
def test_values(call):
    expected = call.expected()
    calls.same(call.f(anp, *calls.leaves(call.arrays)), expected)
    calls.same(call.f(anp, *[tensor(a) for a in call.arrays]), expected)
    plain = call.f(anp, *call.arrays)
    assert not any(hasattr(p, "_data") for p in calls.parts(plain))
    calls.same(plain, expected)


@every
def test_derivatives(call):
    calls.check_slopes(call)


def test_what_is_not_supported_is_said():
    x = tensor(X, requires_grad=True)
    with pytest.raises(ArgumentError, match="r_: 'r' is not supported"):
        anp.r_["r", x]
    with pytest.raises(ArgumentError, match=r"argument 1 of shape .* does not fit the signature"):
        anp.vectorize(anp.dot, signature="(n),(n)->()")(x, x[..., :1])
    with pytest.raises(ArgumentError, match=r"result 0 of shape .* does not fit the signature"):
        anp.vectorize(anp.sin, signature="(n)->()")(x)
    with pytest.raises(ArgumentError, match=r"expected 2 arguments for '\(n\),\(n\)->\(\)', got 1"):
        anp.vectorize(anp.dot, signature="(n),(n)->()")(x)
    with pytest.raises(ArgumentError, match="vectorize: there is no element"):
        anp.vectorize(np.sin)(tensor(np.zeros(0), requires_grad=True))
