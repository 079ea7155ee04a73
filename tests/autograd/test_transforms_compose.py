"""The transforms beside `grad`: by hand, against each other, nested, over containers, refusals."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import (
    Tensor,
    deriv,
    elementwise_grad,
    ggnvp,
    grad,
    grad_and_aux,
    hessian,
    holomorphic_grad,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    tensor,
    value_and_grad,
    vjp,
)  # fmt: skip
from autograd.errors import ArgumentError, DtypeError, GradientError, OperandError, ShapeError
from tests.support.numeric import along_basis

RNG = np.random.default_rng(0)
A, X, V = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=4)


def f(x):
    return anp.sin(A @ x) * x[0]


def loss(x):
    return anp.sum(f(x) ** 2) + anp.sum(x**4)


def numeric_jacobian(function, x):
    eye = np.eye(x.size).reshape(x.size, *x.shape)
    h = 1e-6
    columns = [(np.asarray(function(x + h * e)) - np.asarray(function(x - h * e))) / (2 * h) for e in eye]
    return np.stack(columns, -1)


# ------------------------------------------------------------------ each of them


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
def test_jacobian(mode):
    found = jacobian(f, mode=mode)(X)
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, numeric_jacobian(f, X), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    ("m", "n"), [((), ()), ((2,), ()), ((), (2, 3)), ((3, 2), (2, 2)), ((0,), (2,)), ((2,), (0,))]
)
def test_shapes_of_jacobians(m, n, mode):
    w = RNG.normal(size=(*m, *n))

    def linear(x):
        return anp.tensordot(w, x, len(n)) if n else w * x

    x = np.asarray(RNG.normal(size=n)) if n else 0.5
    np.testing.assert_allclose(jacobian(linear, mode=mode)(x), w, rtol=1e-12)


def test_jacobians_by_several_and_of_containers():
    def g(x, p, *, scale):
        return x * p["w"] * scale

    by_x, by_p = jacobian(g, (0, 1))(2.0, {"w": np.array([1.0, 3.0])}, scale=10.0)
    np.testing.assert_allclose(by_x, [10, 30])
    np.testing.assert_allclose(by_p["w"], 20 * np.eye(2))
    np.testing.assert_allclose(jacobian(g, "scale")(2.0, {"w": np.ones(2)}, scale=1.0), [2, 2])


def test_hessian_and_its_products():
    found = hessian(loss)(X)
    np.testing.assert_allclose(found, numeric_jacobian(grad(loss), X), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found, found.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(hvp(loss)(X, V), found @ V, rtol=1e-12)
    np.testing.assert_allclose(jvp(grad(loss), (X,), (V,))[1], found @ V, rtol=1e-12)


def test_gauss_newton_products():
    j = jacobian(f)(X)
    np.testing.assert_allclose(ggnvp(f)(X, V), j.T @ j @ V, rtol=1e-12)

    def outer(y):
        return anp.sum(y**4)

    np.testing.assert_allclose(ggnvp(f, outer)(X, V), j.T @ hessian(outer)(f(X)) @ j @ V, rtol=1e-12)


def test_vjp_and_jvp_are_adjoint():
    out, pullback = vjp(f, X)
    w = RNG.normal(size=3)
    same, tangent = jvp(f, (X,), (V,))
    np.testing.assert_array_equal(out, same)
    assert w @ tangent == pytest.approx(pullback(w)[0] @ V, rel=1e-13)
    np.testing.assert_allclose(tangent, jacobian(f)(X) @ V, rtol=1e-12)
    np.testing.assert_array_equal(pullback(w)[0], pullback(w)[0])


def test_linearize_runs_the_function_once():
    calls = []

    def counted(x):
        calls.append(1)
        return f(x)

    _, push = linearize(counted, X)
    np.testing.assert_allclose(push(V), jacobian(f)(X) @ V, rtol=1e-12)
    np.testing.assert_allclose(push(2 * V), 2 * push(V), rtol=1e-12)
    assert len(calls) == 1


def test_grad_and_aux():
    gradient, aux = grad_and_aux(lambda x: ((x**2).sum(), {"twice": 2 * x, "name": "x"}))(X)
    np.testing.assert_allclose(gradient, 2 * X)
    assert type(aux["twice"]) is np.ndarray
    assert aux["name"] == "x"


def test_elementwise_grad_and_deriv():
    np.testing.assert_allclose(elementwise_grad(anp.tanh)(X), 1 - np.tanh(X) ** 2, rtol=1e-12)
    np.testing.assert_allclose(deriv(anp.tanh)(X), 1 - np.tanh(X) ** 2, rtol=1e-12)
    np.testing.assert_allclose(deriv(lambda t: V * t**3)(2.0), 12 * V, rtol=1e-12)


def test_holomorphic_grad():
    z = 1.5 - 0.5j
    assert holomorphic_grad(np.exp)(z) == pytest.approx(np.exp(z))
    assert holomorphic_grad(holomorphic_grad(lambda z: z**3))(z) == pytest.approx(6 * z)


def test_stop_gradient():
    assert grad(lambda x: stop_gradient(x) * x)(3.0) == 3.0
    assert grad(lambda x: stop_gradient({"a": [x]})["a"][0] * x)(3.0) == 3.0
    assert type(stop_gradient(X)) is np.ndarray


# ------------------------------------------------------------------ containers and selections


class Point(NamedTuple):
    x: float
    y: float


def test_containers_come_back_as_they_were():
    params = {"w": [np.ones((2, 2)), 2.0], "p": Point(1.0, np.float32(3)), "none": None, "empty": ()}

    def g(params):
        w, b = params["w"]
        return (w**2).sum() * b + params["p"].x * params["p"].y

    value, found = value_and_grad(g)(params)
    assert value == 11.0
    np.testing.assert_array_equal(found["w"][0], 4 * np.ones((2, 2)))
    assert found["w"][1] == 4.0
    assert found["p"] == Point(3.0, 1.0)
    assert found["p"].y.dtype == np.float32
    assert (found["none"], found["empty"]) == (None, ())


def test_dicts_of_other_classes():
    from collections import OrderedDict, defaultdict

    ordered = OrderedDict(b=2.0, a=3.0)
    found = grad(lambda p: p["a"] * p["b"])(ordered)
    assert type(found) is OrderedDict
    assert list(found.items()) == [("b", 3.0), ("a", 2.0)]
    assert list(ordered.items()) == [("b", 2.0), ("a", 3.0)]
    assert grad(lambda p: p["a"] * 2 + p["other"])(defaultdict(float, a=1.0)) == {"a": 2.0}


def test_positions_and_keywords():
    def g(x, y, *, z):
        return x * y**2 * z**3

    assert grad(g, (0, 1, "z"))(2.0, 3.0, z=1.0) == (9.0, 12.0, 54.0)
    assert grad(g, "z")(2.0, 3.0, z=1.0) == 54.0
    assert grad(g, -1)(2.0, 3.0, z=1.0) == 12.0


def test_vjp_of_containers():
    out, pullback = vjp(lambda p: {"a": p[0] * p[1], "b": p[0]}, [2.0, 3.0])
    assert out == {"a": 6.0, "b": 2.0}
    assert pullback({"a": 1.0, "b": 10.0}) == ([13.0, 2.0],)


def test_jvp_of_containers():
    out, tangent = jvp(
        lambda p: (p["a"] * p["b"], p["a"]), ({"a": 2.0, "b": 3.0},), ({"a": 1.0, "b": 10.0},)
    )
    assert (out, tangent) == ((6.0, 2.0), (23.0, 1.0))


def test_results_that_do_not_depend_on_the_arguments():
    assert grad(lambda x: 3.0)(2.0) == 0.0
    assert jvp(lambda x: (x * 1.0, np.ones(2)), (2.0,), (1.0,))[1][1].tolist() == [0, 0]
    assert jacobian(lambda x: np.ones(2))(np.ones(3)).tolist() == [[0] * 3] * 2
    assert vjp(lambda x: 3.0, 1.0)[1](2.0) == (0.0,)


@pytest.mark.parametrize("shape", [(3,), (0,)])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobians_of_constants(mode, shape):
    """They were float64 arrays, whatever the argument was."""
    for f in (lambda x: np.ones(2, np.float32), lambda x: 3 * x, lambda x: x[:0]):
        x = np.ones(shape, np.float32)
        found = jacobian(jacobian(f), mode=mode)(x)
        assert (type(found), found.dtype) == (np.ndarray, np.float32)
        found = jacobian(jacobian(f), mode=mode)(tensor(x))
        assert (type(found), found.dtype) == (Tensor, np.float32)
    assert hessian(lambda x: (3 * x).sum())(np.ones(2, np.float32)).dtype == np.float32
    assert jacobian(lambda x: np.ones(2), mode=mode)(3).dtype == np.float64


# ------------------------------------------------------------------ nesting


def test_orders_up_to_six():
    g, expected = math.sin, [math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x), math.sin]
    g = anp.sin
    for order in range(6):
        g = grad(g)
        assert g(0.7) == pytest.approx(expected[order % 4](0.7), abs=1e-9)


@pytest.mark.parametrize("outer", [grad, deriv])
@pytest.mark.parametrize("middle", [grad, deriv])
@pytest.mark.parametrize("inner", [grad, deriv])
def test_modes_mixed_to_third_order(inner, middle, outer):
    third = outer(middle(inner(lambda x: anp.exp(2 * x) * x)))
    assert third(0.3) == pytest.approx(math.exp(0.6) * (8 * 0.3 + 12), rel=1e-12)


def test_variables_are_not_confused():
    inner = grad(lambda x: x * grad(lambda y: x + y)(1.0))
    assert inner(1.0) == 1.0
    assert deriv(lambda x: x * deriv(lambda y: x + y)(1.0))(1.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,))[1] == 1.0


def test_jacobian_of_a_gradient_and_gradient_of_a_jacobian():
    np.testing.assert_allclose(jacobian(grad(loss), mode="forward")(X), hessian(loss)(X), rtol=1e-12)

    def size(x):
        return anp.sum(jacobian(f)(x) ** 2)

    expected = along_basis(lambda x: float(np.sum(numeric_jacobian(f, x) ** 2)), [X], 0)
    np.testing.assert_allclose(grad(size)(X), expected.astype(float), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_transforms_inside_a_graph_that_backward_sweeps(mode):
    x = tensor(X, requires_grad=True)
    (jacobian(f, mode=mode)(x) ** 2).sum().backward()
    again = tensor(X, requires_grad=True)
    other = "reverse" if mode == "forward" else "forward"
    (jacobian(f, mode=other)(again) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), again.grad.numpy(), rtol=1e-10)


def test_what_a_function_refers_to_gets_its_gradient():
    w = tensor(3.0, requires_grad=True)
    _, pullback = vjp(lambda x: w * x**2, 2.0)
    (g,) = pullback(1.0)
    g.backward()
    assert w.grad.item() == 4.0
    w.grad = None
    jvp(lambda x: w * x**2, (2.0,), (1.0,))[1].backward()
    assert w.grad.item() == 4.0


def test_cotangents_and_tangents_that_require_grad():
    g = tensor(2.0, requires_grad=True)
    (found,) = vjp(lambda x: x**2, 3.0)[1](g)
    found.backward()
    assert g.grad.item() == 6.0
    v = tensor(2.0, requires_grad=True)
    jvp(lambda x: x**2, (3.0,), (v,))[1].backward()
    assert v.grad.item() == 6.0


def test_under_no_grad_and_with_writes():
    def written(x):
        y = x * 1.0
        y[0] = x[1] ** 2
        return y.sum()

    with autograd.no_grad():
        np.testing.assert_allclose(grad(written)(X), [0, 2 * X[1] + 1, 1, 1])
        np.testing.assert_allclose(jvp(written, (X,), (V,))[1], grad(written)(X) @ V)


# ------------------------------------------------------------------ refusals


def inner(tree):
    return tree["n"] * 1.0


REFUSALS = {
    "grad of a vector": (lambda: grad(f)(X), GradientError, "use jacobian or vjp"),
    "integers inside": (lambda: grad(inner)({"n": 3}), DtypeError, r"argument 0\['n'\].*integers"),
    "text inside": (lambda: grad(inner)(["x"]), OperandError, r"argument 0\[0\] must be an array"),
    "no such position": (lambda: grad(f, 2)(X), OperandError, "argnum 2, but the call has 1"),
    "no such keyword": (lambda: grad(f, "y")(X), OperandError, "argnum 'y', but"),
    "an odd argnum": (lambda: grad(f, 1.5)(X), OperandError, "position, a keyword or a tuple"),
    "an unknown mode": (lambda: jacobian(f, mode="back"), ArgumentError, "mode must be"),
    "a jacobian of text": (lambda: jacobian(lambda x: {"a": "x"})(X), GradientError, "several, got str"),
    "a tangent too few": (lambda: jvp(f, (X,), ()), ArgumentError, "1 arguments but 0 tangents"),
    "a tangent of another shape": (lambda: jvp(f, (X,), (A,)), ShapeError, "tangent 0 must have"),
    "a complex tangent": (lambda: jvp(f, (X,), (V * 1j,)), DtypeError, "tangent 0 must have"),
    "tangents not nested so": (lambda: jvp(inner, ({"n": X},), (X,)), ArgumentError, "must be nested"),
    "arguments in no tuple": (lambda: jvp(f, X, V), ArgumentError, "xs must be a tuple"),
    "a cotangent of another shape": (lambda: vjp(f, X)[1](A), ShapeError, "the cotangent must have"),
    "a cotangent of text": (lambda: vjp(f, X)[1]("x"), OperandError, "must be an array or a number"),
    "aux that is none": (lambda: grad_and_aux(loss)(X), GradientError, "a loss and a value"),
    "a real argument": (lambda: holomorphic_grad(np.exp)(1.0), DtypeError, "must be complex"),
    "a vector of another shape": (lambda: hvp(loss)(X, A), ShapeError, "the vector must have"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name):
    call, error, words = REFUSALS[name]
    with pytest.raises(error, match=words):
        call()
