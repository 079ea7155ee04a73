"""User-defined primitives: rules in both modes, of every order, on arrays and containers."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import grad, jacobian, jvp, tensor, vjp
from autograd.errors import (
    ArgumentError,
    DeclarationError,
    GradientError,
    MissingRule,
    OperandError,
    ShapeError,
)
from autograd.extend import (
    JVPNode,
    SparseObject,
    VJPNode,
    def_linear,
    defjvp,
    defjvp_argnum,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    notrace_primitive,
    primitive,
    register_notrace,
    vspace,
)
from autograd.test_util import check_grads

X, Y = np.array([0.5, 1.5]), np.array([2.0, -1.0])


def product(rules: bool = True):
    @primitive
    def times(x, y, power=2):
        return x * y**power

    if rules:
        defvjp(
            times,
            lambda ans, x, y, power=2: lambda g: g * y**power,
            lambda ans, x, y, power=2: lambda g: g * power * x * y ** (power - 1),
        )
    return times


def test_reverse_to_every_order_and_forward_by_transposition():
    check_grads(product(), (0, 1), order=3)(X, Y)
    assert grad(grad(grad(product(), 1), 1), 0)(3.0, 2.0) == 2.0


def test_statics_and_keywords_reach_the_rules():
    check_grads(lambda y: product()(X, y, power=3))(Y)
    assert grad(lambda y: product()(2.0, y, 3))(2.0) == 24.0


def test_a_forward_rule_is_what_forward_mode_uses():
    times = product()
    defjvp(times, lambda g, ans, x, y: 100.0 * g, lambda g, ans, x, y: 1000.0 * g)
    assert jvp(times, (1.0, 1.0), (1.0, 0.0))[1] == 100.0
    assert jvp(times, (1.0, 1.0), (1.0, 1.0))[1] == 1100.0
    assert grad(times)(1.0, 1.0) == 1.0


def test_a_forward_rule_alone_gives_both_modes():
    @primitive
    def sine(x):
        return np.sin(x)

    defjvp(sine, lambda g, ans, x: g * anp.cos(x))
    check_grads(sine, order=3)(X)


def test_linear_functions():
    @primitive
    def dot(x, y):
        return np.dot(x, y)

    def_linear(dot)
    check_grads(dot, (0, 1), modes=["fwd"])(X, Y)
    with pytest.raises(MissingRule, match="linear in itself"):
        grad(dot)(X, Y)

    @primitive
    def double(x):
        return 2 * x

    defjvp(double, "same")
    defvjp(double, lambda ans, x: lambda g: 2 * g)
    check_grads(double)(X)


def test_none_stands_for_a_zero_derivative():
    @primitive
    def first(x, y):
        return x + 0 * y

    defvjp(first, lambda ans, x, y: lambda g: g, None)
    assert grad(lambda x, y: first(x, y) + y, 1)(1.0, 2.0) == 1.0


@pytest.mark.parametrize("define", ["argnum", "argnums"])
def test_rules_for_any_number_of_arguments(define):
    @primitive
    def total(*xs):
        return sum(xs)

    if define == "argnum":
        defvjp_argnum(total, lambda i, ans, args, kwargs: lambda g: g * (i + 1))
        defjvp_argnum(total, lambda i, g, ans, args, kwargs: g * (i + 1))
    else:
        defvjp_argnums(total, lambda which, ans, args, kwargs: lambda g: [g * (i + 1) for i in which])
    assert grad(lambda x, y: total(x, 5.0, y), (0, 1))(1.0, 2.0) == (1.0, 3.0)
    assert jvp(total, (1.0, 1.0), (1.0, 1.0))[1] == 3.0


def test_containers_in_and_out():
    @primitive
    def split(d, xs):
        return {"sum": d["a"] + xs[0], "pair": (d["b"] * xs[1], 7.0)}

    defvjp(
        split,
        lambda ans, d, xs: lambda g: {"a": g["sum"], "b": anp.sum(g["pair"][0] * xs[1])},
        lambda ans, d, xs: lambda g: [g["sum"], g["pair"][0] * d["b"]],
    )

    def f(d, xs):
        out = split(d, xs)
        return anp.sum(out["sum"] ** 2 * out["pair"][0])

    check_grads(f, (0, 1))({"a": X, "b": 2.0}, [Y, Y])
    assert type(split({"a": X, "b": 2.0}, [Y, Y])["sum"]) is np.ndarray


def test_sparse_cotangents():
    @primitive
    def second(x):
        return x[1]

    def rule(ans, x):
        def mut_add(total, g):
            total[1] += g
            return total

        return lambda g: SparseObject(vspace(x), lambda total: mut_add(total, g))

    defvjp(second, rule)
    assert grad(lambda x: second(x) ** 2)(np.array([1.0, 3.0])).tolist() == [0.0, 6.0]
    assert jacobian(grad(lambda x: second(x) ** 2))(np.array([1.0, 3.0])).tolist() == [[0, 0], [0, 2]]


def test_closures_and_tensors_that_require_grad():
    w = tensor(Y, requires_grad=True)
    times = product()
    anp.sum(times(w, X)).backward()
    np.testing.assert_allclose(w.grad.numpy(), X**2)
    _out, pull = vjp(lambda x: times(x, w), X)
    np.testing.assert_allclose(pull(np.ones(2))[0].data, Y**2)
    constant = times(tensor(X), Y)
    assert not constant.requires_grad


def test_functions_of_zero_derivative():
    count = notrace_primitive(lambda x: int(np.size(x)))
    assert grad(lambda x: anp.sum(x) * count(x))(X).tolist() == [2.0, 2.0]

    @primitive
    def rounded(x):
        return np.round(x)

    register_notrace(VJPNode, rounded)
    register_notrace(JVPNode, rounded)
    assert grad(lambda x: anp.sum(x * rounded(x)))(X).tolist() == [0.0, 2.0]


def test_the_ways_of_before_defvjp():
    @autograd.primitive
    def square(x, y):
        return x**2 + y

    square.defgrad(lambda ans, x, y: lambda g: 2 * g * x)
    square.defvjp_is_zero([1])
    assert grad(square, (0, 1))(3.0, 1.0) == (6.0, 0.0)
    square.defvjp(lambda g, ans, vs, gvs, x, y: g, argnum=1)
    assert grad(square, 1)(3.0, 1.0) == 1.0


def test_a_ufunc_and_an_object_that_is_called():
    sine = primitive(np.sin)
    defvjp(sine, lambda ans, x: lambda g: g * anp.cos(x))
    check_grads(sine)(X)

    class Cube:
        def __call__(self, x):
            return x**3

    cube = primitive(Cube())
    defvjp(cube, lambda ans, x: lambda g: 3 * g * x**2)
    check_grads(cube)(X)


def test_what_a_rule_asks_again_is_not_computed_again():
    calls = []

    @primitive
    def slow(x):
        calls.append(1)
        return np.exp(x)

    defvjp(slow, lambda ans, x: lambda g: g * slow(x))
    assert grad(slow)(0.0) == 1.0
    assert len(calls) == 1
    assert grad(grad(slow))(0.0) == 1.0

    @primitive
    def scaled(x):
        found = slow(x)
        found *= 2  # what the rule gets must be what slow gave
        return found

    defvjp(scaled, lambda ans, x: lambda g: 2 * g * slow(x))
    calls.clear()
    np.testing.assert_allclose(grad(lambda x: anp.sum(scaled(x)))(X), 2 * np.exp(X))
    assert len(calls) == 1


def test_special_functions_of_repeated_values_are_asked_once_for_each():
    seen = []

    def counted(a, x):
        seen.append(x)
        return np.exp(a * x)

    special = primitive(np.frompyfunc(counted, 2, 1))

    @primitive
    def power(a, x):
        return np.log(special(a, x).astype(float))

    def by_differences(ans, a, x):
        rise = (special(a + 1e-6, x) - special(a - 1e-6, x)).astype(float) / 2e-6
        return lambda g: anp.sum(g * rise / special(a, x).astype(float))

    defvjp(power, by_differences, lambda ans, a, x: lambda g: g * a)
    for times, distinct in [
        (np.tile([1.0, 0.5, -0.0, 0.0], 10), 4),  # zeros of two signs are two values
        (np.linspace(0, 1, 40), 40),
        (np.tile([1.0, 0.5], 8), 16),  # too few to be worth a look
    ]:
        seen.clear()
        slopes = grad(lambda a, x: anp.sum(power(a, x)), (0, 1))(2.0, times)
        np.testing.assert_allclose(slopes[0], times.sum(), rtol=1e-6)
        np.testing.assert_array_equal(slopes[1], np.full(len(times), 2.0))
        assert len(seen) == 3 * distinct, "forward and twice in the rule, which asks a third time"
        expected = [power(2.0, t) for t in times]
        np.testing.assert_array_equal(power(tensor(2.0), times), expected)


def test_a_function_may_give_one_result_and_then_several():
    calls = []

    @primitive
    def parts(x, count):
        calls.append(count)
        return tuple(x * (i + 1) for i in range(count)) if count else x * 3

    def pull(ans, x, count):
        return lambda g: sum((i + 1) * part for i, part in enumerate(g)) if count else 3 * g

    defvjp(parts, pull, None)
    for count in (0, 2, 0, 3):
        both = grad(lambda x, n=count: sum(parts(x, n)) if n else parts(x, n))
        assert both(1.0) == {0: 3, 2: 3, 3: 6}[count]
    assert calls == [0, 2, 0, 3]


# ------------------------------------------------------------------ refusals


def test_no_rule_is_refused_at_the_call():
    with pytest.raises(MissingRule, match="times has no derivative"):
        grad(product(rules=False))(1.0, 2.0)
    times = product(rules=False)
    defvjp(times, lambda ans, x, y: lambda g: g * y)
    with pytest.raises(NotImplementedError, match="argument 1"):
        grad(times, 1)(1.0, 2.0)
    with pytest.raises(MissingRule):
        jvp(product(rules=False), (1.0, 2.0), (1.0, 0.0))


def test_a_result_from_elsewhere_is_refused():
    w = tensor(2.0, requires_grad=True)
    leaking = primitive(lambda x: x * w)
    defvjp(leaking, lambda ans, x: lambda g: g)
    with pytest.raises(GradientError, match="it refers to"):
        grad(leaking)(1.0)


def test_other_wrong_uses():
    times = product()
    with pytest.raises(ArgumentError, match="'power' requires grad"):
        grad(lambda p: times(1.0, 2.0 + 0 * p, power=p))(2.0)
    with pytest.raises(DeclarationError, match="print is not made by"):
        defvjp(print, lambda ans, x: lambda g: g)
    with pytest.raises(DeclarationError, match="must be callable"):
        defvjp(times, "same")
    text = primitive(lambda x: "text")
    defvjp(text, None)
    with pytest.raises(OperandError, match="must return arrays"):
        grad(text)(1.0)
    wrong = primitive(lambda x: x)
    defvjp(wrong, lambda ans, x: lambda g: np.ones((2, 3)))
    with pytest.raises(ShapeError, match="unbroadcast_f"):
        grad(lambda x: anp.sum(wrong(x)))(X)


def test_what_the_function_raises_is_its_own():
    def fails(x):
        raise ValueError("mine")

    broken = primitive(fails)
    defvjp(broken, None)
    with pytest.raises(ValueError, match=r"^mine$"):
        grad(broken)(1.0)
    assert grad(product())(1.0, 2.0) == 4.0
