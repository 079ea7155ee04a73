"""Primitives with several results: each differentiable alone, together, and to every order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import tensor
from autograd.declare import primitive
from autograd.errors import DeclarationError
from autograd.forward import jvp_of
from autograd.primitive import REGISTRY
from tests.nn.derivatives import check_derivatives


class Pair(NamedTuple):
    product: np.ndarray
    quotient: np.ndarray
    whole: np.ndarray


def kernel(x, y, scale=1.0):
    return Pair(scale * x * y, x / y, np.floor(x).astype(int))


def rule(g, x, y, quotient, scale):
    of_product, of_quotient, of_whole = g
    assert of_whole is None
    found = [0 * x, 0 * y]
    if of_product is not None:
        found = [of_product * y * scale, of_product * x * scale]
    if of_quotient is not None:
        found = [found[0] + of_quotient / y, found[1] - of_quotient * quotient / y]
    return found


@pytest.fixture(scope="module")
def both():
    names = ("product", "quotient", "whole")
    yield primitive(kernel, ["x", "y"], results=names, vjp=rule, name="test_both")
    del REGISTRY["test_both"]


X, Y = np.array([1.5, 2.5, -0.5]), np.array([2.0, 3.0, 4.0])


def test_arrays_give_what_the_kernel_gives(both):
    found = both(X, Y)
    assert type(found) is Pair
    np.testing.assert_array_equal(found.quotient, X / Y)


def test_tensors_give_the_same_type_of_tensors(both):
    found = both(tensor(X, requires_grad=True), Y, 2.0)
    assert type(found) is Pair
    assert (found.product.requires_grad, found.whole.requires_grad) == (True, False)
    np.testing.assert_array_equal(found.product.detach().numpy(), 2 * X * Y)
    assert not both(tensor(X), Y).product.requires_grad


@pytest.mark.parametrize("used", [(0,), (1,), (0, 1), (1, 0), (0, 0, 1)])
def test_derivatives_of_some_and_all(both, used):
    def f(x, y):
        parts = both(x, y, 1.5)
        return sum((anp.sin(parts[i]) * (k + 1) for k, i in enumerate(used)), start=0.0)

    check_derivatives(f, X, Y)
    check_derivatives(lambda x: f(x, x + 5), X)


def test_third_order(both):
    def f(x):
        product, quotient, _ = both(x, x * x)
        return product + quotient  # x**3 + 1/x

    third = autograd.grad(autograd.grad(autograd.grad(f)))
    assert third(2.0) == pytest.approx(6 - 6 / 2.0**4)


def test_one_sweep_reaches_the_rule_once(both):
    calls = []
    handle = tensor(X, requires_grad=True)
    product, quotient, _ = both(handle, Y)
    handle.register_hook(lambda g: calls.append(1))
    (product.sum() + quotient.sum()).backward()
    assert calls == [1]
    np.testing.assert_allclose(handle.grad.numpy(), Y + 1 / Y)


def test_gradients_of_a_result(both):
    x = tensor(X, requires_grad=True)
    product, quotient, _ = both(x, Y)
    out = (product * quotient).sum()
    gp, gx = autograd.gradients(out, [product, x])
    np.testing.assert_allclose(gp.numpy(), X / Y)
    np.testing.assert_allclose(gx.numpy(), 2 * X)


def test_the_graph_is_freed(both):
    product, quotient, _ = both(tensor(X, requires_grad=True), Y)
    product.sum().backward()
    with pytest.raises(autograd.errors.GraphFreedError):
        quotient.sum().backward()


def test_forward_derivatives(both):
    t = np.array([1.0, -1.0, 2.0])
    product, quotient, whole = jvp_of(REGISTRY["test_both"], (X, Y), (t, None), (2.0,))
    np.testing.assert_allclose(product, 2 * t * Y)
    np.testing.assert_allclose(quotient, t / Y)
    assert not whole.any()


def test_rules_name_results_that_exist():
    with pytest.raises(DeclarationError, match="'other'"):
        primitive(
            lambda x: (x, x), ["x"], results=("a", "b"), vjp={"x": lambda g, other: g[0]}, name="test_wrong"
        )
