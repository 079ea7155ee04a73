"""`fused`: a kernel for the first order, a formula for those above, and never one for the other."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import tensor
from autograd.declare import fused
from autograd.primitive import REGISTRY
from tests.nn.derivatives import check_derivatives

CALLS: list[str] = []


@pytest.fixture(scope="module")
def product():
    """x * y * scale, with notes of what was called."""

    def kernel(x, y, scale=1.0):
        CALLS.append("kernel")
        return x * y * scale, (x,)

    def backward(g, y, aux, scale, wanted):
        CALLS.append(f"backward{wanted}")
        return (g * y * scale if 0 in wanted else None), (g * aux[0] * scale if 1 in wanted else None)

    def formula(x, y, scale):
        CALLS.append("formula")
        return x * y * scale

    yield fused(kernel, ["x", "y"], backward=backward, formula=formula, name="test_product")
    del REGISTRY["test_product"]


@pytest.fixture(autouse=True)
def fresh():
    CALLS.clear()


def leaf(value):
    return tensor(np.asarray(value, float), requires_grad=True)


def test_the_first_order_is_the_kernels(product):
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    product(x, y, 2.0).sum().backward()
    assert CALLS == ["kernel", "backward(0, 1)"]
    assert (x.grad.tolist(), y.grad.tolist()) == ([6, 8], [2, 4])


def test_only_what_is_wanted_is_computed(product):
    x = leaf([1.0, 2.0])
    product(x, np.array([3.0, 4.0])).sum().backward()
    assert CALLS == ["kernel", "backward(0,)"]


def test_a_recorded_sweep_takes_the_formula(product):
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    gx, gy = autograd.gradients(product(x, y, 2.0).sum(), [x, y], create_graph=True)
    assert CALLS == ["kernel", "formula"]
    assert (gx.tolist(), gy.tolist()) == ([6, 8], [2, 4])
    (second,) = autograd.gradients(gx.sum(), y)
    assert second.tolist() == [2, 2]


def test_every_order(product):
    def f(x):
        return anp.sum(product(x, product(x, x)))  # x**3

    for order, expected in enumerate((12.0, 12.0, 6.0, 0.0)):
        g = f
        for _ in range(order + 1):
            g = autograd.grad(g)
        assert g(2.0) == pytest.approx(expected)


def test_arguments_that_come_from_one_another(product):
    a = np.random.default_rng(0).normal(size=3)
    check_derivatives(lambda x: product(x, x), a)
    check_derivatives(lambda x: product(x, x * x), a)
    check_derivatives(lambda x, y: product(x * y, product(y, x)), a, a + 1)


def test_arguments_the_formula_does_not_use():
    def kernel(x, y):
        return x * 1.0, ()

    def backward(g, y, wanted):
        return g, np.zeros_like(y)

    ignore = fused(kernel, ["x", "y"], backward=backward, formula=lambda x, y: x * 1.0, name="test_ignore")
    try:
        x, y = leaf([1.0]), leaf([2.0])
        gx, gy = autograd.gradients(ignore(x, y) * x, [x, y], create_graph=True)
        assert (gx.tolist(), gy.tolist()) == ([2], [0])
    finally:
        del REGISTRY["test_ignore"]
