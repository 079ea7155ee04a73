"""`backward()`: what it refuses, and that an exception leaves every `.grad` as it was."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.declare import elementwise
from autograd.errors import DtypeError, GradientError, ShapeError
from autograd.primitive import REGISTRY


def leaf(*values, dtype=None):
    return tensor(np.array(values[0] if len(values) == 1 else values, dtype or float), requires_grad=True)


def values(t):
    return t.detach().numpy().tolist()


# ------------------------------------------------------------------ what it refuses


def test_non_scalar_needs_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(GradientError, match=r"shape \(2,\).*gradient="):
        (x * 2).backward()
    (x * 2).backward(np.array([1.0, 10.0]))
    assert values(x.grad) == [2.0, 20.0]


def test_one_element_of_any_shape_needs_none():
    x = leaf([[3.0]])
    (x * x).backward()
    assert values(x.grad) == [[6.0]]


@pytest.mark.parametrize(
    ("gradient", "error", "words"),
    [
        (np.ones(3), ShapeError, r"\(2,\), got \(3,\)"),
        (np.ones((1, 2)), ShapeError, r"\(2,\), got \(1, 2\)"),
        (2.0, ShapeError, r"got \(\)"),
        (np.ones(2, complex), DtypeError, "float64, got complex128"),
    ],
    ids=["longer", "broadcastable", "scalar", "complex"],
)
def test_gradient_must_fit(gradient, error, words):
    x = leaf(1.0, 2.0)
    with pytest.raises(error, match=words):
        (x * 2).backward(gradient)
    assert x.grad is None


def test_gradient_of_another_precision_is_cast():
    x = leaf(1.0, 2.0, dtype=np.float32)
    (x * 2).backward(np.array([1.0, 2.0]))
    assert x.grad.dtype == np.float32
    assert values(x.grad) == [2.0, 4.0]


@pytest.mark.parametrize("make", [lambda: tensor(1.0), lambda: tensor(1.0) * 2], ids=["leaf", "result"])
def test_backward_of_what_needs_none(make):
    with pytest.raises(GradientError, match="does not require grad"):
        make().backward()


def test_backward_of_a_detached_or_unrecorded_result():
    x = leaf(1.0)
    with autograd.no_grad():
        y = x * 2
    for t in (y, (x * 2).detach()):
        with pytest.raises(GradientError, match=r"no_grad\(\) or detached"):
            t.backward()


def test_backward_of_a_leaf_is_the_gradient_itself():
    x = leaf(3.0)
    x.backward()
    x.backward(np.array(2.0))
    assert values(x.grad) == 3.0


def test_constants_and_integers_get_no_gradient():
    x, k = leaf(1.0, 2.0), tensor([3, 4])
    (x * k).sum().backward()
    assert values(x.grad) == [3.0, 4.0]
    assert k.grad is None
    assert not k.requires_grad


@pytest.mark.parametrize("data", [1, True, np.array([1, 2]), np.array([True])], ids=str)
def test_integers_cannot_require_grad(data):
    with pytest.raises(DtypeError, match="floating and complex"):
        tensor(data, requires_grad=True)
    with pytest.raises(DtypeError, match="floating and complex"):
        tensor(data).requires_grad_()


def test_gradient_stops_where_the_result_is_an_integer():
    x = leaf(1.5, 2.5)
    for y in (x.long(), x.astype(np.uint8), x.bool(), x > 2):
        assert y.dtype.kind in "iub"
        assert not y.requires_grad
    assert autograd.grad(lambda x: x.astype(int) * x)(2.5) == 2.0


# ------------------------------------------------------------------ exceptions


def _raises_in_the_middle(x):
    """A result whose sweep reaches `x` by one way and raises on the other."""
    safe, doomed = x * 2, x * 3

    def refuse(g):
        raise ZeroDivisionError("from a hook")

    doomed.register_hook(refuse)
    return safe + doomed


def test_an_exception_leaves_grad_as_it_was():
    x, y = leaf(1.0), leaf(5.0)
    x.sum().backward()
    with pytest.raises(ZeroDivisionError):
        (_raises_in_the_middle(x) + y).backward()
    assert values(x.grad) == 1.0
    assert y.grad is None
    (x * y).backward()
    assert (values(x.grad), values(y.grad)) == (6.0, 1.0)


def test_an_exception_in_a_rule_leaves_grad_as_it_was():
    def broken(out):
        raise ZeroDivisionError("from a rule")

    function = elementwise(np.exp, d=broken, name="exp_with_a_broken_rule")
    REGISTRY.pop("exp_with_a_broken_rule")
    x = leaf(1.0)
    x.backward()
    with pytest.raises(ZeroDivisionError):
        (function(x) + x * 2).backward()
    assert values(x.grad) == 1.0
    assert autograd.is_grad_enabled()
