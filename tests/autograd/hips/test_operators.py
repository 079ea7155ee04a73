"""HIPS autograd's operators, containers, optimisers and graphs of one's own."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import (
    checkpoint,
    grad,
    grad_named,
    hessian,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    multigrad_dict,
    tensor,
    tensor_jacobian_product,
    vjp,
)
from autograd.builtins import DictBox, SequenceBox
from autograd.differential_operators import make_jvp_reversemode
from autograd.errors import ArgumentError, DeclarationError, OperandError, ShapeError
from autograd.extend import vspace
from autograd.misc import const_graph, flatten
from autograd.misc.fixed_points import fixed_point
from autograd.misc.flatten import flatten_func
from autograd.misc.optimizers import adam, rmsprop, sgd
from autograd.misc.tracers import full_graph
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.numpy.numpy_vjps import unbroadcast_f
from autograd.numpy.numpy_wrapper import make_diagonal
from autograd.test_util import check_grads, combo_check
from autograd.tracer import getval, isbox

X, V = np.array([1.0, 2.0]), np.array([3.0, -1.0])


def f(x):
    return anp.array([x[0] ** 2 * x[1], anp.sin(x[1])])


def h(x):
    return anp.sum(f(x) ** 2)


def test_products_with_jacobians_and_hessians():
    jac, hess = jacobian(f)(X), hessian(h)(X)
    pull, out = make_vjp(f)(X)
    np.testing.assert_allclose(pull(V), V @ jac)
    np.testing.assert_allclose(out, f(X))
    np.testing.assert_allclose(make_jvp(f)(X)(V)[1], jac @ V)
    np.testing.assert_allclose(make_jvp_reversemode(f)(X)(V), jac @ V)
    np.testing.assert_allclose(tensor_jacobian_product(f)(X, V), V @ jac)
    np.testing.assert_allclose(make_hvp(h)(X)[0](V), hess @ V)
    np.testing.assert_allclose(autograd.hessian_vector_product(h)(X, V), hess @ V)
    np.testing.assert_allclose(make_ggnvp(f)(X)(V), jac.T @ (jac @ V))


def test_argnums():
    pull, _ = make_vjp(lambda a, b, c: a * b * c, (0, 2))(2.0, 3.0, 5.0)
    assert pull(1.0) == (15.0, 6.0)
    assert grad_named(lambda a, b: a * b, "b")(2.0, 3.0) == 2.0
    with pytest.raises(ArgumentError, match="has no argument 'c'"):
        grad_named(lambda a, b: a, "c")
    with pytest.raises(ArgumentError, match="argnum"):
        make_vjp(f, "x")(X)


def test_multigrad_dict():
    found = multigrad_dict(lambda a, b=3.0, *c, **k: a * b + c[0] * k["z"])(2.0, 1.0, 5.0, z=7.0)
    assert found == {"a": 1.0, "b": 2.0, "c": (7.0,), "k": {"z": 5.0}}


def test_checkpoint_computes_again():
    calls = []

    def noted(x, y):
        calls.append(1)
        return anp.sum(anp.sin(x) * y)

    check_grads(checkpoint(noted), (0, 1))(X, V)
    calls.clear()
    grad(checkpoint(noted))(X, V)
    assert len(calls) == 2


def test_results_of_a_vjp_do_not_show_its_own_variables():
    """Within another transform the values of a closed vjp are constants; it gave Tensors."""
    _, pull = vjp(lambda x: anp.sin(x) * x, 2.0)
    found = grad(lambda t: pull(t)[0] ** 2)(1.0)
    assert type(found) is np.float64
    assert found == pytest.approx(2 * (np.sin(2.0) + 2 * np.cos(2.0)) ** 2)


def test_an_independent_result_has_a_zero_derivative():
    pull, out = make_vjp(lambda x: x > 0)(X)
    assert pull(1.0).tolist() == [0.0, 0.0]
    assert out.tolist() == [True, True]


# ------------------------------------------------------------------ boxes


def test_boxes_answer_isinstance():
    seen = []

    def look(x, d, xs):
        seen.extend(
            [isinstance(x, ArrayBox), isbox(x), isinstance(d, DictBox), isinstance(xs, SequenceBox)]
        )
        seen.extend([type(getval(x)), type(x._value), autograd.isinstance(x, np.ndarray), autograd.type(d)])
        return anp.sum(x) + d["a"] + xs[0]

    grad(look, (0, 1, 2))(X, {"a": 1.0}, [1.0])
    assert seen == [True] * 4 + [np.ndarray, np.ndarray, True, dict]
    assert not isinstance(X, ArrayBox)
    assert not isbox(tensor(1.0))
    assert not isinstance({"a": 1}, DictBox)


def test_the_value_of_a_box_cannot_be_written():
    def write(x):
        getval(x * 2)[0] = 5.0
        return anp.sum(x)

    with pytest.raises(ValueError, match="read-only"):
        grad(write)(X)


def test_boxes_of_other_types_are_refused():
    with pytest.raises(DeclarationError, match="take them apart"):
        ArrayBox.register(str)
    with pytest.raises(DeclarationError, match="not made by hand"):
        ArrayBox(1.0, 0, None)


def test_rounding_a_traced_array_to_integers():
    """An index from values: np.int64(x) raised."""
    assert grad(lambda x: x[np.int64(x)[0]] * 3)(X).tolist() == [0.0, 3.0]


# ------------------------------------------------------------------ containers and vectors

TREE = {"b": [1.0, np.ones((2, 2))], "a": (np.arange(3.0), None)}


def test_flatten_there_and_back():
    vector, unflatten = flatten(TREE)
    assert vector.tolist() == [0, 1, 2, 1, 1, 1, 1, 1]
    back = unflatten(vector)
    assert list(back) == ["a", "b"]
    assert back["b"][1].shape == (2, 2)
    assert type(back["a"]) is tuple
    check_grads(lambda t: flatten(t)[0])({"a": X, "b": (2.0,)})
    check_grads(lambda v: unflatten(v)["b"][1])(vector)
    with pytest.raises(ShapeError, match="vector of 8"):
        unflatten(np.zeros(7))
    of_vector, _, start = flatten_func(lambda t: {"a": 2 * t["a"]}, {"a": X})
    assert of_vector(start).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("optimiser", [sgd, rmsprop, adam])
def test_optimisers_on_containers(optimiser):
    seen = []
    slope = grad(lambda p, i: anp.sum((p["w"] - 3.0) ** 2) + p["b"] ** 2)
    start = {"w": np.zeros(2), "b": 1.0}
    found = optimiser(slope, start, callback=lambda x, i, g: seen.append((i, g["b"])), num_iters=400,
                      step_size=0.05)  # fmt: skip
    np.testing.assert_allclose(found["w"], 3.0, atol=0.05)
    assert [i for i, _ in seen] == list(range(400))
    assert seen[0][1] == 2.0


def test_fixed_points_are_differentiated_implicitly():
    newton = lambda a: lambda x: 0.5 * (x + a / x)
    root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
    assert grad(root)(4.0) == pytest.approx(0.25, abs=1e-10)
    assert grad(grad(root))(4.0) == pytest.approx(-1 / 32, abs=1e-9)


def test_vector_spaces():
    space = vspace(TREE["b"])
    assert space.size == 5
    assert len(list(space.standard_basis())) == 5
    assert vspace(1 + 2j).size == 2
    assert vspace(1 + 2j).ones() == 1 + 1j
    assert vspace(X) == vspace(V) != vspace(1.0)
    with pytest.raises(OperandError, match="vspace"):
        vspace("text")


def test_tools_of_rules():
    pull = unbroadcast_f(X, lambda g: g * np.ones((3, 2)))
    assert pull(2.0).tolist() == [6.0, 6.0]
    for offset in (-2, 0, 1):
        found = make_diagonal(X, offset=offset)
        np.testing.assert_array_equal(found, np.diag(X, offset))


# ------------------------------------------------------------------ checks and graphs


def test_check_grads_finds_wrong_rules():
    from autograd.extend import defjvp, defvjp, primitive

    wrong = primitive(lambda x: x**2)
    defvjp(wrong, lambda ans, x: lambda g: g * 2.1 * x)
    defjvp(wrong, lambda g, ans, x: g * 2 * x)
    check_grads(wrong, modes=["fwd"], order=1)(3.0)
    with pytest.raises(AssertionError, match=r"\(VJP\) check of .* failed"):
        check_grads(wrong, modes=["rev"], order=1)(3.0)
    defjvp(wrong, lambda g, ans, x: g * 2.1 * x)
    with pytest.raises(AssertionError, match=r"\(JVP\) check of .* failed"):
        check_grads(wrong, modes=["fwd"], order=1)(3.0)
    with pytest.raises(ArgumentError, match="modes"):
        check_grads(wrong, modes=["sideways"])
    combo_check(anp.sum, order=1)([np.ones((2, 3))], axis=[None, 0, 1], keepdims=[True, False])


def test_graphs_of_ones_own():
    calls = []

    def traced(x, y):
        calls.append(1)
        return grad(lambda z: anp.sin(z) + 2 * z)(x * y)

    replay = const_graph(traced)
    for x in (0.5, 1.5):
        assert replay(x, 2.0) == pytest.approx(np.cos(2 * x) + 2)
    assert len(calls) == 1
    node = full_graph(lambda x: anp.sin(x) * 2, 1.0)
    assert node.value == pytest.approx(2 * np.sin(1.0))
    assert node.recipe[0].__name__ == "multiply"
