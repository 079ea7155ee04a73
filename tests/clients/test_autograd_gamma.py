"""autograd-gamma: its special functions, made by `primitive` and `defvjp`, against differences."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import grad, hessian, jacobian
from autograd.test_util import check_grads

gamma = pytest.importorskip("autograd_gamma")

A, B, X, P = 2.3, 1.7, np.array([0.4, 1.1, 3.0]), np.array([0.2, 0.5, 0.8])
CALLS = {
    "gammainc": (A, X),
    "gammaincc": (A, X),
    "gammaincln": (A, X),
    "gammainccln": (A, X),
    "gammaincinv": (A, P),
    "gammainccinv": (A, P),
    "betainc": (A, B, P),
    "betaincln": (A, B, P),
}


@pytest.mark.parametrize("name", CALLS)
def test_first_derivatives_by_every_argument(name):
    args = CALLS[name]
    check_grads(getattr(gamma, name), tuple(range(len(args))), order=1)(*args)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "gammainccln", "betainc"])
def test_second_derivatives_by_the_last_argument(name):
    *rest, x = CALLS[name]
    f = getattr(gamma, name)
    check_grads(lambda x: f(*rest, x), order=2, modes=["rev"])(x)


def test_a_likelihood_has_a_hessian():
    def loss(p):
        return -np.sum(1.0) * gamma.gammainccln(p[0], p[1] * X).sum()

    point, step = np.array([1.5, 0.7]), 1e-4
    rows = [(grad(loss)(point + e) - grad(loss)(point - e)) / (2 * step) for e in np.eye(2) * step]
    np.testing.assert_allclose(hessian(loss)(point), rows, rtol=1e-3, atol=1e-4)
    assert jacobian(lambda p: gamma.gammainc(p[0], p[1] * X))(point).shape == (3, 2)
