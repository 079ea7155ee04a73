"""`grad` and `value_and_grad`: kinds, nesting, and that the caller's arrays are never written."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import grad, tensor, value_and_grad
from autograd.errors import DtypeError, GradientError, OperandError


def cube(x):
    return (x**3).sum() if getattr(x, "ndim", 0) else x**3


# ------------------------------------------------------------------ kinds


@pytest.mark.parametrize(
    ("x", "kind", "dtype"),
    [
        (2.0, np.floating, np.float64),
        (2, np.floating, np.float64),
        (np.float32(2), np.floating, np.float32),
        (np.float64(2), np.floating, np.float64),
        (np.longdouble(2), np.floating, np.longdouble),
        (np.int8(2), np.floating, np.float64),
        (2 + 0j, np.complexfloating, np.complex128),
        (np.array(2.0), np.ndarray, np.float64),
        (np.array([2.0, 3.0]), np.ndarray, np.float64),
        (np.array([2.0, 3.0], np.float32), np.ndarray, np.float32),
        (np.array([2, 3]), np.ndarray, np.float64),
        (np.array([2, 3], np.uint8), np.ndarray, np.float64),
        (np.zeros((0, 2)), np.ndarray, np.float64),
    ],
    ids=repr,
)
def test_kind_and_dtype(x, kind, dtype):
    g = grad(cube)(x)
    assert isinstance(g, kind)
    assert g.dtype == dtype
    assert np.shape(g) == np.shape(x)
    np.testing.assert_allclose(g, 3 * np.asarray(x, dtype) ** 2)


def test_a_tensor_for_a_tensor():
    for x in (tensor([2.0, 3.0]), tensor([2.0, 3.0], dtype=np.float32)):
        g = grad(cube)(x)
        assert isinstance(g, autograd.Tensor)
        assert g.dtype == x.dtype
        assert not g.requires_grad
        assert x.grad is None
        np.testing.assert_allclose(g.numpy(), [12.0, 27.0])


@pytest.mark.parametrize("x", [3.0, np.array(3.0), np.array([3.0]), tensor(3.0)], ids=repr)
def test_a_gradient_that_is_zero_has_the_same_kind(x):
    expected = type(grad(lambda x: (x * x).sum())(x))
    for f in (lambda x: 1.0, lambda x: tensor(1.0, requires_grad=True) * 2, lambda x: x.sum().detach()):
        g = grad(f)(x)
        assert type(g) is expected
        assert np.all(np.asarray(g) == 0)


def test_value_and_grad():
    value, g = value_and_grad(cube)(2.0)
    assert (value, g) == (8.0, 12.0)
    assert not isinstance(value, autograd.Tensor)
    value, g = value_and_grad(cube)(tensor(2.0))
    assert isinstance(value, autograd.Tensor)
    assert not value.requires_grad


def test_argnum():
    def f(x, y, scale=1.0):
        return x * y**2 * scale

    assert grad(f, 1)(3.0, 2.0) == 12.0
    assert grad(f, -1)(3.0, 2.0) == 12.0
    assert grad(f, (0, 1))(3.0, 2.0, scale=2.0) == (8.0, 24.0)
    assert value_and_grad(f, (1,))(3.0, 2.0) == (12.0, (12.0,))
    with pytest.raises(OperandError, match="argnum 2, but the call has 2 arguments"):
        grad(f, 2)(3.0, 2.0)


def test_other_arguments_pass_through_untouched():
    seen = []

    def f(x, mode, *rest, flag):
        seen.append((mode, rest, flag))
        return x * 2

    grad(f)(1.0, "text", None, [1, 2], flag={"a": 1})
    assert seen == [("text", (None, [1, 2]), {"a": 1})]


def test_name_and_docstring():
    assert grad(cube).__name__ == "cube"


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("f", "x", "error", "words"),
    [
        (lambda x: x * 2, np.ones(2), GradientError, r"scalar, got Tensor float64\(2,\)"),
        (lambda x: np.ones(2), 1.0, GradientError, "scalar"),
        (lambda x: x > 0, 1.0, DtypeError, "real or complex scalar, got bool"),
        (lambda x: 3, 1.0, DtypeError, "got int64"),
        (cube, "text", OperandError, r"argument 0 must be an array or a number, got str"),
        (cube, {1.0, 2.0}, OperandError, "got set"),
        (cube, None, OperandError, "got None"),
        (cube, True, OperandError, "bool"),
        (cube, np.array([True]), DtypeError, "bool"),
        (cube, np.array(["a"]), DtypeError, "<U1"),
    ],
)
def test_refusals(f, x, error, words):
    with pytest.raises(error, match=words):
        grad(f)(x)
    assert autograd.is_grad_enabled()


def test_an_exception_in_the_function_passes_through():
    def fail(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        grad(fail)(1.0)
    assert autograd.is_grad_enabled()


# ------------------------------------------------------------------ nesting


def test_orders_of_derivative():
    f, expected = (lambda x: x**6), [6, 30, 120, 360, 720, 720]
    for e in expected:
        f = grad(f)
        assert f(1.0) == e


def test_higher_orders_of_a_transcendental_function():
    f = grad(grad(grad(anp.tanh)))
    t = np.tanh(0.4)
    np.testing.assert_allclose(f(0.4), -2 * (1 - t**2) * (1 - 3 * t**2), 1e-14)


def test_elementwise_derivatives_of_a_vector_function():
    x = np.array([0.1, 0.7])
    second = grad(lambda x: grad(lambda x: anp.sin(x).sum())(x).sum())(x)
    np.testing.assert_allclose(second, -np.sin(x), 1e-15)


@pytest.mark.parametrize("x", [1.0, np.array(1.0), tensor(1.0)], ids=repr)
def test_perturbations_are_not_confused(x):
    # d/dx (x * d/dy (x + y)) = 1, where an engine that mixes x and y up says 2
    assert float(grad(lambda x: x * grad(lambda y: x + y)(1.0))(x)) == 1.0
    assert float(grad(lambda x: x * grad(lambda y: x * y)(x))(x)) == 2.0
    assert float(grad(lambda x: grad(lambda y: x * y * y)(x) * x)(x)) == 6.0


def test_inner_derivative_by_the_outer_variable_itself():
    # y is x: d/dx [d/dy (y**3) at y = x] = 6 x
    assert grad(lambda x: grad(lambda y: y**3)(x))(2.0) == 12.0
    # and the outer x still counts as a constant inside
    assert grad(lambda x: grad(lambda y: y**3 * x)(x))(2.0) == 3 * 4.0 + 2.0 * 12.0


def test_three_levels():
    def f(x):
        return grad(lambda y: grad(lambda z: x * y * z * z)(y) * y)(x)  # 6 x y**2... at y = x

    np.testing.assert_allclose(f(2.0), 3 * 2 * 2.0 * 2.0**2)
    np.testing.assert_allclose(grad(f)(2.0), 18 * 2.0**2)


def test_a_closure_over_a_leaf():
    w = tensor(3.0, requires_grad=True)
    g = grad(lambda x: w * x * x)(2.0)
    assert isinstance(g, autograd.Tensor), "it depends on w, so it is differentiable"
    g.backward()
    assert w.grad.item() == 4.0


def test_a_closure_leaves_the_leafs_grad_alone():
    w = tensor(3.0, requires_grad=True)
    grad(lambda x: w * x * x)(2.0)
    assert w.grad is None


def test_of_a_tensor_that_requires_grad():
    x = tensor(2.0, requires_grad=True)
    g = grad(cube)(x)
    assert g.requires_grad
    g.backward()
    assert x.grad.item() == 12.0


def test_backward_inside_a_function():
    def f(x):
        y = tensor(3.0, requires_grad=True)
        (y * y).backward()
        return x * y.grad

    assert grad(f)(2.0) == 6.0


def test_under_no_grad():
    with autograd.no_grad():
        assert grad(cube)(2.0) == 12.0
        assert grad(grad(cube))(2.0) == 12.0
        assert not autograd.is_grad_enabled()


def test_no_grad_inside():
    def f(x):
        with autograd.no_grad():
            scale = x * 10
        return x * scale

    assert grad(f)(2.0) == 20.0


def test_results_of_functions_may_be_their_argument():
    assert grad(lambda x: x)(5.0) == 1.0
    assert value_and_grad(lambda x: x)(np.array(5.0)) == (5.0, 1.0)


# ------------------------------------------------------------------ what is the caller's


def _writes(x):
    x[0] = x[1] * 2
    x += 1
    x[::2] *= x[1]
    return (x * x).sum()


def test_the_callers_array_is_never_written():
    x = np.array([1.0, 2.0, 3.0])
    before = x.copy()
    view = x[:]
    g = grad(_writes)(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(view, before)
    assert x.flags.writeable
    # x0 = (2 b + 1) s, x1 = s = b + 1, x2 = (c + 1) s
    s, b, c = 3.0, 2.0, 3.0
    x0, x2 = (2 * b + 1) * s, (c + 1) * s
    slope_b = 2 * x0 * (2 * s + 2 * b + 1) + 2 * s + 2 * x2 * (c + 1)
    np.testing.assert_allclose(g, [0.0, slope_b, 2 * x2 * s])


@pytest.mark.parametrize("requires_grad", [False, True])
def test_the_callers_tensor_is_never_written(requires_grad):
    x = tensor([1.0, 2.0, 3.0], requires_grad=requires_grad)
    expected = grad(_writes)(np.array([1.0, 2.0, 3.0]))
    g = grad(_writes)(x)
    assert x.tolist() == [1.0, 2.0, 3.0]
    np.testing.assert_allclose(g.detach().numpy(), expected)


def test_large_arrays_are_given_back_writable():
    x = np.ones(100_000)
    g = grad(lambda x: (x * x).sum())(x)
    assert x.flags.writeable
    assert g.flags.writeable
    g[...] = 7
    assert (x == 1).all()


def test_read_only_arrays_are_taken():
    x = np.broadcast_to(np.float64(2.0), (3,))
    assert grad(cube)(x).tolist() == [12.0] * 3


def test_a_gradient_is_an_array_of_its_own():
    x, c = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    g = grad(lambda x: (x * c).sum())(x)
    assert not np.shares_memory(g, c)
    g[...] = 0
    assert c.tolist() == [3.0, 4.0]
