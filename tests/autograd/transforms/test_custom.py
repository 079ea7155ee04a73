"""`custom_vjp` and `custom_jvp`: every transform uses their rules, and refuses what does not fit."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    elementwise_grad,
    ggnvp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    tensor,
    value_and_grad,
    vjp,
    vmap,
)
from autograd.errors import (
    ArgumentError,
    DeclarationError,
    DtypeError,
    GradientError,
    MissingRule,
    NotDifferentiable,
    OperandError,
    ShapeError,
)

RNG = np.random.default_rng(0)
X, P = RNG.normal(size=3), {"a": 1.7, "n": None}
MANY = RNG.normal(size=(4, 3))


def plain(x, p):
    return anp.sin(x) * p["a"], {"twice": (x * 2,)}


@custom_vjp
def by_vjp(x, p):
    return plain(x, p)


def fwd(x, p):
    out = by_vjp(x, p)
    return out, (x, p, out[0], "anything")


def bwd(res, g):
    x, p, out, _ = res
    g0, g1 = g[0], g[1]["twice"][0]
    assert out.shape == x.shape
    return g0 * anp.cos(x) * p["a"] + 2 * g1, {"a": anp.sum(g0 * anp.sin(x)), "n": None}


by_vjp.defvjp(fwd, bwd)


@custom_jvp
def by_jvp(x, p):
    return plain(x, p)


@by_jvp.defjvp
def rule(primals, tangents):
    x, p = primals
    tx, tp = tangents
    return by_jvp(x, p), (tx * anp.cos(x) * p["a"] + anp.sin(x) * tp["a"], {"twice": (2 * tx,)})


def loss(f):
    def of(x, p):
        out, more = f(x, p)
        return anp.sum(out**2) + anp.sum(more["twice"][0] ** 3)

    return of


USES = {
    "value": lambda f: f(X, P),
    "grad": lambda f: grad(loss(f), (0, 1))(X, P),
    "value_and_grad": lambda f: value_and_grad(loss(f))(X, P),
    "elementwise_grad": lambda f: elementwise_grad(lambda x: f(x, P)[0])(X),
    "hessian": lambda f: hessian(loss(f))(X, P),
    "hvp": lambda f: hvp(loss(f))(X, P, X),
    "third order": lambda f: grad(lambda x: anp.sum(hvp(loss(f))(x, P, X)))(X),
    "jvp": lambda f: jvp(f, (X, P), (X, P)),
    "jvp of grad": lambda f: jvp(grad(loss(f)), (X, P), (X, P)),
    "grad of jvp": lambda f: grad(lambda x: anp.sum(jvp(f, (x, P), (X, P))[1][0] ** 2))(X),
    "vjp": lambda f: vjp(f, X, P)[1]((X, {"twice": (X,)})),
    "linearize": lambda f: linearize(f, X, P)[1](X, P),
    "jacobian": lambda f: jacobian(lambda x: f(x, P)[0])(X),
    "forward jacobian": lambda f: jacobian(lambda x: f(x, P)[0], mode="forward")(X),
    "ggnvp": lambda f: ggnvp(lambda x: f(x, P)[0])(X, X),
    "vmap": lambda f: vmap(lambda x: f(x, P))(MANY),
    "vmap of grad": lambda f: vmap(grad(loss(f), (0, 1)), in_axes=(0, None))(MANY, P),
    "grad of vmap": lambda f: grad(lambda p: anp.sum(vmap(lambda x: loss(f)(x, p))(MANY)))(P),
    "vmap of hessian": lambda f: vmap(hessian(loss(f)), in_axes=(0, None))(MANY, P),
    "vmap of jvp": lambda f: vmap(lambda x: jvp(f, (x, P), (x, P))[1])(MANY),
    "jvp of vmap": lambda f: jvp(lambda x: vmap(lambda y: loss(f)(y, P))(x), (MANY,), (MANY,)),
    "nested vmap": lambda f: vmap(vmap(grad(lambda x: loss(f)(x, P))))(MANY.reshape(2, 2, 3)),
    "vmapped pullback": lambda f: vmap(vjp(lambda x: f(x, P)[0], X)[1])(np.eye(3)),
    "checkpoint": lambda f: hessian(checkpoint(loss(f)))(X, P),
    "backward": lambda f: backward(f),
}


def backward(f):
    x, a = tensor(X, requires_grad=True), tensor(1.7, requires_grad=True)
    loss(f)(x, {"a": a, "n": None}).backward()
    return x.grad.numpy(), a.grad.numpy()


def flat(tree):
    if isinstance(tree, dict):
        return flat(list(tree.values()))
    return [x for part in tree for x in flat(part)] if isinstance(tree, (tuple, list)) else [tree]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("f", [by_vjp, by_jvp], ids=["custom_vjp", "custom_jvp"])
def test_as_without(f, use):
    for a, b in zip(flat(USES[use](f)), flat(USES[use](plain)), strict=True):
        assert type(a) is type(b)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


# ------------------------------------------------------------------ whose rule it is


def test_the_rule_is_used():
    @custom_vjp
    def wrong(x):
        return x**2

    wrong.defvjp(lambda x: (wrong(x), None), lambda res, g: (7 * g,))
    assert grad(wrong)(3.0) == 7
    assert wrong(3.0) == 9
    np.testing.assert_array_equal(vmap(grad(wrong))(np.ones(2)), [7, 7])
    assert jvp(wrong, (3.0,), (2.0,)) == (9, 14)

    @custom_jvp
    def wrong_too(x):
        return x**2

    wrong_too.defjvps(lambda t, out, x: 5 * t)
    assert grad(wrong_too)(3.0) == 5
    assert jvp(wrong_too, (3.0,), (2.0,)) == (9, 10)


def test_the_function_sees_arrays_and_may_be_anything():
    seen = []

    @custom_vjp
    def by_math(x):
        seen.append(type(x))
        return math.sin(x)

    by_math.defvjp(lambda x: (by_math(x), x), lambda x, g: (g * math.cos(x),))
    assert grad(by_math)(0.5) == pytest.approx(math.cos(0.5))
    x = tensor(0.5, requires_grad=True)
    by_math(x).backward()
    assert x.grad.item() == pytest.approx(math.cos(0.5))
    assert autograd.Tensor not in seen
    with pytest.raises(NotDifferentiable, match="by_math: a derivative of its derivative was asked for"):
        grad(grad(by_math))(0.5)


def test_a_rule_that_loses_the_cotangent():
    @custom_vjp
    def f(x):
        return x * 1

    f.defvjp(lambda x: (x * 1, None), lambda _, g: (np.ones(()),))
    with pytest.raises(NotDifferentiable, match="does not come from the cotangent"):
        grad(lambda x: vjp(f, 2.0)[1](x)[0])(1.0)


def test_nondiff_argnums_and_keywords():
    @functools.partial(custom_vjp, nondiff_argnums=(0, 2))
    def apply(function, x, n=2):
        return function(x) ** n

    apply.defvjp(
        lambda function, x, n: (function(x) ** n, x),
        lambda function, n, x, g: (g * n * function(x) ** (n - 1) * grad(function)(x),),
    )
    assert grad(lambda x: apply(anp.sin, x, 3))(0.5) == pytest.approx(3 * np.sin(0.5) ** 2 * np.cos(0.5))
    assert grad(lambda x: apply(function=anp.sin, x=x))(0.5) == pytest.approx(np.sin(1.0))
    with pytest.raises(ArgumentError, match="argument 2 is in nondiff_argnums, but requires grad"):
        grad(lambda n: apply(anp.sin, 1.0, n))(2.0)
    with pytest.raises(OperandError, match=r"apply: .*missing"):
        apply(anp.sin)

    @functools.partial(custom_jvp, nondiff_argnums=1)
    def power(x, n):
        return x**n

    power.defjvp(lambda n, primals, tangents: (primals[0] ** n, tangents[0] * n * primals[0] ** (n - 1)))
    assert grad(power)(3.0, 2) == 6
    assert hessian(power)(3.0, 3) == 18


def test_compiled():
    """Recorded cotangents were taken for zero."""
    from autograd import compile

    for f in (by_vjp, by_jvp):
        step = compile(grad(lambda x, f=f: loss(f)(x, P)))
        for k in (1.0, 2.0, 3.0, 4.0):
            np.testing.assert_allclose(step(k * X), grad(lambda x: loss(plain)(x, P))(k * X), rtol=1e-12)
        assert step.fallback == ""


def test_a_cotangent_of_none_and_backward():
    @custom_vjp
    def f(x):
        return x * 2

    f.defvjp(lambda x: (f(x), None), lambda res, g: (None,))
    x = tensor(X, requires_grad=True)
    f(x).sum().backward()
    assert x.grad is None


def test_methods_and_modules():
    class Clipped(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 3)

        @functools.partial(custom_vjp, nondiff_argnums=(0,))
        def clip(self, x):
            return x

        def clip_forward(self, x):
            return x, None

        def clip_backward(self, residuals, g):
            return (np.clip(g, -0.1, 0.1),)

        clip.defvjp(clip_forward, clip_backward)

        def forward(self, x):
            return self.clip(self.layer(x))

    model = Clipped()
    (100 * model(np.ones((2, 3), np.float32))).sum().backward()
    np.testing.assert_allclose(model.layer.bias.grad.numpy(), [0.2, 0.2, 0.2], rtol=1e-6)
    assert model.layer.bias.grad.dtype == np.float32


def test_what_the_caller_writes_afterwards():
    @custom_vjp
    def f(x):
        return x * x, x

    f.defvjp(
        lambda x: (f(x), (x, x[::-1], x.reshape(-1, 1))), lambda r, g: (g[0] * (r[0] + r[1][::-1]) + g[1],)
    )
    x = tensor(np.arange(4.0), requires_grad=True)
    array = x.data
    square, same = f(x)
    array[:] = 9.0
    with autograd.no_grad():
        same += 1
    (square.sum() + same.sum()).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 3, 5, 7])


def test_integers_constants_and_missing_cotangents():
    @custom_vjp
    def f(x, i, y, c):
        return x[i] * y * c, i

    f.defvjp(lambda *a: (f(*a), a), lambda a, g: (None, "ignored", g[0] * a[0][a[1]] * a[3], None))
    found = grad(lambda x, y: f(x, np.array([0, 2]), y, 2.0)[0].sum(), (0, 1))(X, np.ones(2))
    np.testing.assert_array_equal(found[0], np.zeros(3))
    np.testing.assert_array_equal(found[1], 2 * X[[0, 2]])
    out = f(tensor(X, requires_grad=True), np.array([0]), 1.0, 2.0)
    assert not getattr(out[1], "requires_grad", False)


def test_complex_and_single():
    @custom_vjp
    def square(x):
        return x * x

    square.defvjp(lambda x: (square(x), x), lambda x, g: (2 * x * g,))
    assert autograd.holomorphic_grad(square)(1 + 2j) == 2 + 4j
    assert grad(lambda x: square(x).sum())(np.ones(2, np.float32)).dtype == np.float32
    assert grad(lambda x: square(x).sum())(np.ones((0, 2))).shape == (0, 2)


# ------------------------------------------------------------------ refusals


def wrong_bwd(give, x=X, function=lambda x, p: x * 2):
    def bad(x, p):
        return function(x, p)

    made = custom_vjp(bad)
    made.defvjp(lambda x, p: (function(x, p), None), lambda res, g: give(g))
    return lambda: grad(lambda x, p: anp.sum(made(x, p)), (0, 1))(x, {"a": np.ones(2), "b": 1.0})


def wrong_rule(give):
    def bad(x):
        return x * 2, x.sum()

    made = custom_jvp(bad)
    made.defjvp(lambda xs, ts: give(xs, ts))
    return lambda: jvp(made, (X,), (X,))


ONES = {"a": np.ones(2), "b": 1.0}
COTANGENT = "bad: the cotangent that its bwd returns for argument "
REFUSED = {
    "no tuple": (wrong_bwd(lambda g: g), ArgumentError, "bad: its bwd must return a tuple of 2 cotangents"),
    "too few": (wrong_bwd(lambda g: (g,)), ArgumentError, "a tuple of 2 cotangents.*, got 1"),
    "shape": (
        wrong_bwd(lambda g: (np.ones(2), ONES)), ShapeError,
        COTANGENT + r"0 must have shape \(3,\), got \(2,\)",
    ),
    "dtype": (
        wrong_bwd(lambda g: (g * 1j, ONES)), DtypeError,
        COTANGENT + "0 must have dtype float64, got complex128",
    ),
    "text": (wrong_bwd(lambda g: ("g", ONES)), OperandError, COTANGENT + "0 must be an array"),
    "keys": (
        wrong_bwd(lambda g: (g, {"a": np.ones(2)})), ArgumentError,
        COTANGENT + "1 must be a dict of 'a', 'b', got a dict of 'a'",
    ),
    "container": (wrong_bwd(lambda g: (g, [1.0])), ArgumentError, COTANGENT + "1 must be a dict of"),
    "in a container": (
        wrong_bwd(lambda g: (g, {"a": np.ones(3), "b": None})), ShapeError,
        COTANGENT + r"1\['a'\] must have shape \(2,\)",
    ),
    "a tangent alone": (wrong_rule(lambda xs, ts: xs[0]), ArgumentError, "bad: its rule must return"),
    "a tangent's shape": (
        wrong_rule(lambda xs, ts: (None, (ts[0], ts[0]))), ShapeError,
        r"bad: the tangent that its rule returns\[1\] must have shape \(\), got \(3,\)",
    ),
    "a tangent's nesting": (
        wrong_rule(lambda xs, ts: (None, ts[0])), ArgumentError,
        "bad: the tangent that its rule returns must be a tuple of 2",
    ),
    "text as a result": (
        wrong_bwd(lambda g: (g, None), function=lambda x, p: "text"), OperandError,
        "bad: must return arrays, numbers, or containers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_rules_return(name):
    call, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        call()


def test_under_vmap_cotangents_are_refused_too():
    @custom_vjp
    def bad(x):
        return x * 2

    bad.defvjp(lambda x: (x * 2, None), lambda res, g: (anp.stack([g, g]),))
    with pytest.raises(ShapeError, match=r"bad: the cotangent .* argument 0 must have shape \(3,\)"):
        vmap(grad(lambda x: bad(x).sum()))(MANY)


def test_declarations():
    def f(x):
        return x

    with pytest.raises(MissingRule, match=r"f is a custom_vjp without a derivative: call defvjp"):
        custom_vjp(f)(1.0)
    with pytest.raises(MissingRule, match=r"f is a custom_jvp without a derivative: call defjvp"):
        custom_jvp(f)(1.0)
    for kind in (custom_vjp, custom_jvp):
        with pytest.raises(DeclarationError, match="expected a function"):
            kind(3)
        with pytest.raises(DeclarationError, match="nondiff_argnums must be positions"):
            kind(f, nondiff_argnums=(-1,))
    with pytest.raises(DeclarationError, match="f: bwd must be a function"):
        custom_vjp(f).defvjp(f, None)
    with pytest.raises(DeclarationError, match="f: its rule must be a function"):
        custom_jvp(f).defjvp(None)
    with pytest.raises(DeclarationError, match="f: rule 0 must be a function or None"):
        custom_jvp(f).defjvps(3)
    made = custom_vjp(f)
    made.defvjp(lambda x: x, lambda r, g: (g,))
    with pytest.raises(ArgumentError, match="f: its fwd must return a pair"):
        grad(made)(1.0)


def test_tensors_that_the_function_refers_to():
    w = tensor(2.0, requires_grad=True)

    def f(x):
        return x * w

    made = custom_vjp(f)
    made.defvjp(lambda x: (f(x), None), lambda r, g: (g,))
    for call in (lambda: grad(made)(1.0), lambda: made(1.0)):
        with pytest.raises(GradientError, match="f: its result comes from a tensor that requires grad"):
            call()

    def by_keyword(x, *, scale=1.0):
        return x

    made = custom_vjp(by_keyword)
    made.defvjp(lambda x: (x, None), lambda r, g: (g,))
    with pytest.raises(ArgumentError, match=r"by_keyword: arguments by keyword alone, \['scale'\]"):
        made(1.0, scale=2.0)
