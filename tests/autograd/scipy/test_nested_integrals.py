"""Integrals over two and three variables: values are SciPy's, derivatives those of differences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate

import autograd
import autograd.numpy as anp
import autograd.scipy.integrate as ours
from autograd import grad
from autograd.errors import ArgumentError, NotDifferentiable, ShapeError
from tests.support.numeric import along_basis

K, END, TOP = np.array([0.7, 0.3]), 1.2, 1.5


def _over_two(m, k, end, top):
    return m.dblquad(
        lambda y, x, k: anp.sin(k[0] * x * y) + k[1] ** 2 * y, 0.1, end, lambda x: x * x, top, (k,)
    )


def test_over_two():
    theirs = _over_two(scipy.integrate, K, END, TOP)
    assert _over_two(ours, K, END, TOP) == theirs
    args = [K, np.array(END), np.array(TOP)]
    found = _over_two(ours, *[autograd.tensor(a, requires_grad=True) for a in args])
    np.testing.assert_allclose(found[0].item(), theirs[0], 1e-13)
    assert found[1] == theirs[1]
    slopes = grad(lambda *v: _over_two(ours, *v)[0], (0, 1, 2))(*args)
    for i, slope in enumerate(slopes):
        expected = along_basis(lambda *v: _over_two(scipy.integrate, *v)[0], args, i)
        np.testing.assert_allclose(slope, expected.astype(float), 1e-9)


def test_over_three():
    def call(m, k, top):
        return m.tplquad(
            lambda z, y, x, k: k * x * y * z, 0.0, 1.0, 0.0, lambda x: x + 1, lambda x, y: x - y, top, (k,)
        )

    assert call(ours, 0.7, TOP) == call(scipy.integrate, 0.7, TOP)
    found = grad(lambda k: call(ours, k, TOP)[0])(0.7)
    np.testing.assert_allclose(found, call(scipy.integrate, 1.0, TOP)[0], 1e-12)


def _over_many(m, k, end):
    return m.nquad(
        lambda x, y, k: anp.sin(k * x * y),
        [lambda y, k: (0.0, y + k), (0.1, end)],
        (k,),
        opts=[lambda y, k: {"epsabs": 1e-9}, {"epsabs": 1e-10}],
    )


def test_over_many():
    theirs = _over_many(scipy.integrate, 0.7, END)
    assert _over_many(ours, 0.7, END) == theirs
    k, end = (autograd.tensor(v, requires_grad=True) for v in (0.7, END))
    assert _over_many(ours, k.detach(), END) == theirs
    found = _over_many(ours, k, end)
    np.testing.assert_allclose((found[0].item(), found[1]), theirs, 1e-13)
    args = [np.array(0.7), np.array(END)]
    for i, slope in enumerate(grad(lambda *v: _over_many(ours, *v)[0], (0, 1))(*args)):
        expected = along_basis(lambda *v: _over_many(scipy.integrate, *map(float, v))[0], args, i)
        np.testing.assert_allclose(slope, expected.astype(float), 1e-8)


def test_second_order():
    def value(top):
        return ours.dblquad(lambda y, x: x * y, 0.0, 1.0, lambda x: x, top)[0]

    np.testing.assert_allclose(grad(grad(value))(TOP), 0.5, 1e-12)


def test_what_is_refused():
    k = autograd.tensor(2.0, requires_grad=True)
    with pytest.raises(NotDifferentiable, match=r"dblquad: .* pass it by args"):
        ours.dblquad(lambda y, x: k * x, 0.0, 1.0, 0.0, 1.0)
    with pytest.raises(NotDifferentiable, match=r"dblquad: .* pass it by args"):
        ours.dblquad(lambda y, x: x, 0.0, 1.0, 0.0, lambda x: k * x)
    with pytest.raises(NotDifferentiable, match=r"nquad: .* pass it by args"):
        ours.nquad(lambda y, x: k * x, [(0.0, 1.0), (0.0, 1.0)])
    with pytest.raises(ArgumentError, match="nquad: expected options for 2 variables, got 1"):
        ours.nquad(lambda y, x: x, [(0.0, k), (0.0, 1.0)], opts=[{}])
    with pytest.raises(ShapeError, match="dblquad: a limit must"):
        ours.dblquad(lambda y, x: x, 0.0, k * np.ones(2), 0.0, 1.0)
