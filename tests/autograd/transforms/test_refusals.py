"""What each transform refuses, and how it says so; and what it takes: selections and containers."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
import nn
from autograd import (
    checkpoint,
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
    vmap,
)
from autograd.errors import (
    ArgumentError,
    AxisError,
    DtypeError,
    GradientError,
    OperandError,
    RequiresGradError,
    ShapeError,
    VmapError,
)
from nn import functional_call

X = np.array([1.0, -2.0, 0.5])
# name -> the transform as a function of f, of the arguments alone
OF_ARGUMENTS = {
    "grad": grad,
    "value_and_grad": value_and_grad,
    "grad_and_aux": lambda f, argnum=0: grad_and_aux(lambda *a, **o: (f(*a, **o), None), argnum),
    "elementwise_grad": elementwise_grad,
    "jacobian": jacobian,
    "hessian": hessian,
    "deriv": deriv,
    "vjp": lambda f: lambda *xs: vjp(f, *xs),
    "jvp": lambda f: lambda *xs: jvp(f, xs, xs),
    "linearize": lambda f: lambda *xs: linearize(f, *xs),
    "hvp": lambda f, argnum=0: lambda *xs, **o: hvp(f, argnum)(*xs, *xs[:1], **o),
    "ggnvp": lambda f, argnum=0: lambda *xs, **o: ggnvp(f, argnum=argnum)(*xs, *xs[:1], **o),
}
SELECTING = sorted(set(OF_ARGUMENTS) - {"vjp", "jvp", "linearize"})
SCALAR = ["grad", "value_and_grad", "hessian", "hvp"]


def f(x):
    return anp.sum(x**3)


def of_dict(p):
    return anp.sum(p["w"][0] * 1.0)


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("name", SCALAR)
def test_a_result_that_is_no_scalar(name):
    with pytest.raises(GradientError, match=rf"^{name}: .*scalar.*float64\(3,\).* use jacobian or vjp"):
        OF_ARGUMENTS[name](lambda x: x * 2)(X)


@pytest.mark.parametrize("name", OF_ARGUMENTS)
@pytest.mark.parametrize(
    ("leaf", "error", "words"),
    [
        (3, DtypeError, r"argument 0\['w'\]\[0\] must be real or complex, got int 3"),
        (np.arange(3), DtypeError, r"argument 0\['w'\]\[0\] must be real or complex, got int64\(3,\)"),
        (True, OperandError, r"argument 0\['w'\]\[0\] must be an array or a number, got bool"),
        ("x", OperandError, r"argument 0\['w'\]\[0\] must be an array or a number, got str 'x'"),
    ],
    ids=["int", "ints", "bool", "text"],
)
def test_leaves_without_a_gradient(name, leaf, error, words):
    with pytest.raises(error, match=f"^{name}: {words}"):
        OF_ARGUMENTS[name](of_dict)({"w": (leaf,)})


@pytest.mark.parametrize("name", OF_ARGUMENTS)
def test_what_is_no_function(name):
    made = {"grad_and_aux": grad_and_aux, "hvp": hvp, "ggnvp": ggnvp}.get(name, OF_ARGUMENTS[name])
    with pytest.raises(OperandError, match=f"^{name}: expected a function, got int 3"):
        made(3)(X)


@pytest.mark.parametrize("name", SELECTING)
@pytest.mark.parametrize(
    ("argnum", "words"),
    [
        (2, "argnum 2, but the call has 1"),
        ("y", "argnum 'y', but the call has keywords"),
        (1.5, "must be a position"),
        ((0, -1), r"argnum \(0, -1\) has argument 0 twice"),
    ],
)
def test_selections_that_are_not_there(name, argnum, words):
    with pytest.raises(OperandError, match=f"^{name}: .*{words}"):
        OF_ARGUMENTS[name](f, argnum)(X)


@pytest.mark.parametrize("name", SELECTING)
def test_argnum_by_its_other_name(name):
    made = {"grad_and_aux": lambda f, **o: grad_and_aux(lambda x: (f(x), None), **o)}
    made |= {"hvp": lambda f, **o: lambda x: hvp(f, **o)(x, x)}
    made |= {"ggnvp": lambda f, **o: lambda x: ggnvp(f, **o)(x, x)}
    found = made.get(name, OF_ARGUMENTS[name])(f, argnums=0)(X)
    np.testing.assert_equal(found, OF_ARGUMENTS[name](f, 0)(X))


@pytest.mark.parametrize("name", sorted(set(OF_ARGUMENTS) - set(SCALAR) - {"grad_and_aux"}))
@pytest.mark.parametrize("leaf", ["x", np.array(["x"]), print], ids=["text", "texts", "function"])
def test_a_result_that_is_no_array(name, leaf):
    for value in (leaf, {"a": [leaf]}):
        with pytest.raises(GradientError, match=f"^{name}: the function must return an array, or several"):
            OF_ARGUMENTS[name](lambda x, value=value: value)(X)


REFUSED = {
    "jvp: tangent's shape": (
        lambda: jvp(f, (X,), (X[:2],)),
        ShapeError,
        r"tangent 0 must have .*\(3,\), got \(2,\)",
    ),
    "jvp: tangent's dtype": (lambda: jvp(f, (X,), (X * 1j,)), DtypeError, "tangent 0 must have .* float64"),
    "jvp: tangents": (lambda: jvp(f, (X,), ()), ArgumentError, "1 arguments but 0 tangents"),
    "jvp: nesting": (
        lambda: jvp(of_dict, ({"w": [X]},), ({"v": [X]},)),
        ArgumentError,
        r"nested as \['w'\]\[0\]",
    ),
    "jvp: text": (lambda: jvp(f, (X,), ("x",)), OperandError, "tangent 0 must be an array or a number"),
    "jvp: arguments": (lambda: jvp(f, X, X), ArgumentError, "xs must be a tuple or list"),
    "linearize: tangent's shape": (lambda: linearize(f, X)[1](X[:2]), ShapeError, "tangent 0 must have"),
    "linearize: tangents": (lambda: linearize(f, X)[1](), ArgumentError, "1 arguments but 0 tangents"),
    "vjp: cotangent's shape": (lambda: vjp(anp.sin, X)[1](X[:2]), ShapeError, "the cotangent must have"),
    "vjp: cotangent's dtype": (lambda: vjp(anp.sin, X)[1](X * 1j), DtypeError, "the cotangent must have"),
    "vjp: nesting": (
        lambda: vjp(lambda x: (x, x), X)[1](X),
        ArgumentError,
        r"nested as \[0\], \[1\], got an array",
    ),
    "hvp: vector's shape": (lambda: hvp(f)(X, X[:2]), ShapeError, "the vector must have"),
    "hvp: nesting": (
        lambda: hvp(lambda p: f(p["a"]))({"a": X}, X),
        ArgumentError,
        r"the vector must be nested as \['a'\]",
    ),
    "hvp: no vector": (lambda: hvp(f)(), ArgumentError, "the arguments, then the vector"),
    "ggnvp: vector's shape": (lambda: ggnvp(f)(X, X[:2]), ShapeError, "the vector must have"),
    "ggnvp: result": (
        lambda: ggnvp(lambda x: "x")(X, X),
        GradientError,
        "must return an array, or several, got str",
    ),
    "ggnvp: no function": (lambda: ggnvp(f, 3), OperandError, "g: expected a function, got int 3"),
    "ggnvp: a vector of g": (
        lambda: ggnvp(anp.sin, anp.sin)(X, X),
        GradientError,
        "g: the function must return a scalar",
    ),
    "grad: both names": (
        lambda: grad(f, argnum=0, argnums=0),
        ArgumentError,
        "argnums is another name of argnum",
    ),
    "functional_call: module": (
        lambda: functional_call(f, {}, X),
        OperandError,
        "expected a module, got function",
    ),
    "functional_call: parameters": (
        lambda: functional_call(nn.Linear(1, 1), [X], X),
        OperandError,
        "parameters must be a dict of path -> array, got list",
    ),
    "jacobian: result": (
        lambda: jacobian(lambda x: "x")(X),
        GradientError,
        "must return an array, or several, got str",
    ),
    "jacobian: mode": (lambda: jacobian(f, mode="x"), ArgumentError, "mode must be"),
    "grad: container": (
        lambda: grad(lambda x: (f(x), 1))(X),
        GradientError,
        "must return a scalar, got tuple",
    ),
    "grad: integers": (lambda: grad(lambda x: 1)(X), DtypeError, "a real or complex scalar, got int64"),
    "grad: None": (
        lambda: grad(f)(None),
        OperandError,
        "argument 0 must be an array or a number, got None",
    ),
    "grad_and_aux: result": (lambda: grad_and_aux(f)(X), GradientError, "must return a loss and a value"),
    "holomorphic_grad: real": (
        lambda: holomorphic_grad(f)(X),
        DtypeError,
        r"argument 0 must be complex, got float64\(3,\)",
    ),
    "holomorphic_grad: keyword": (
        lambda: holomorphic_grad(f, "x")(x=X),
        DtypeError,
        "argument 'x' must be complex",
    ),
    "vmap: axis": (
        lambda: vmap(f, in_axes=1)(X),
        AxisError,
        r"in_axes 1 is out of range for argument 0 of shape \(3,\)",
    ),
    "vmap: axis of a result": (
        lambda: vmap(anp.sin, out_axes=2)(X),
        AxisError,
        "out_axes 2 is out of range for result",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    call, error, words = REFUSED[name]
    with pytest.raises(error, match=f"^{name.split(':')[0]}: .*{words}"):
        call()


# ------------------------------------------------------------------ side effects


def leaked(transform, *args):
    values = []
    transform(lambda x: values.append(anp.sum(x * 2)) or anp.sum(x))(*args)
    return values[0]


@pytest.mark.parametrize(
    "name", ["grad", "value_and_grad", "elementwise_grad", "deriv", "jvp", "vjp", "linearize"]
)
def test_a_traced_value_that_leaks(name):
    with pytest.raises(GradientError, match="computed inside a transform"):
        leaked(OF_ARGUMENTS[name], X).backward()
    with pytest.raises(RequiresGradError, match=r"use .detach\(\) first"):
        leaked(OF_ARGUMENTS[name], X).numpy()


@pytest.mark.parametrize("name", ["grad", "jvp", "jacobian", "hvp"])
def test_a_number_made_of_a_traced_value(name):
    """Its gradient would be lost; it was, silently."""
    with pytest.raises(RequiresGradError, match=rf"^{name}: float\(\) of a tensor that requires grad"):
        OF_ARGUMENTS[name](lambda x: float(x) * x)(2.0)
    with pytest.raises(RequiresGradError, match=rf"^{name}: complex\(\)"):
        OF_ARGUMENTS[name](lambda x: complex(x).real * x)(2.0)
    assert float(tensor(2.0, requires_grad=True)) == 2.0


def test_traced_and_batched_values_written_into_arrays():
    buffer = np.zeros(3)

    def writes(x):
        buffer[:] = x
        return anp.sum(x)

    with pytest.raises(RequiresGradError, match=r"requires grad would lose its gradient"):
        grad(writes)(X)
    with pytest.raises(VmapError, match=r"vmap: its value .* differs from example to example"):
        vmap(writes)(np.ones((2, 3)))
    with pytest.raises(VmapError, match="a vmap that has ended"):
        leaked(vmap, np.ones((2, 3))) + 1
    with pytest.raises(ValueError, match="setting an array element"):  # NumPy's own
        grad(lambda x: buffer.__setitem__(0, x) or x)(2.0)
    np.testing.assert_array_equal(buffer, 0)


# ------------------------------------------------------------------ what is taken


def g(x, p, *, scale):
    return scale * anp.sum(p["w"][0] * x**2) + anp.sum(p["w"][1] * x)


P = {"w": [np.array([2.0, 3.0, 4.0]), 0.5]}


def test_curvature_of_several_arguments_and_containers():
    by = (0, "scale")
    h = hessian(g, by)(X, P, scale=2.0)
    np.testing.assert_allclose(h[0][0], np.diag(4 * P["w"][0]))
    np.testing.assert_allclose(h[0][1], 2 * P["w"][0] * X)
    np.testing.assert_allclose(h[1][0], 2 * P["w"][0] * X)
    assert h[1][1] == 0
    v = (np.array([1.0, 0.0, 2.0]), 0.5)
    found = hvp(g, by)(X, P, v, scale=2.0)
    np.testing.assert_allclose(found[0], h[0][0] @ v[0] + h[0][1] * v[1])
    np.testing.assert_allclose(found[1], h[1][0] @ v[0])

    def whole(q):
        return g(q["x"], q["p"], scale=2.0)

    q = {"x": X, "p": P}
    h = hessian(whole)(q)
    np.testing.assert_allclose(h["x"]["p"]["w"][0], np.diag(4 * X))
    np.testing.assert_allclose(h["p"]["w"][1]["x"], np.ones(3))
    found = hvp(whole)(q, q)
    np.testing.assert_allclose(found["p"]["w"][0], 4 * X * X)
    assert found["p"]["w"][1] == pytest.approx(X.sum())
    product = ggnvp(lambda q: {"r": q["x"] * q["p"]["w"][0]})(q, q)
    np.testing.assert_allclose(product["x"], 2 * P["w"][0] ** 2 * X)
    assert product["p"]["w"][1] == 0
    np.testing.assert_allclose(ggnvp(lambda *, x: x**2, argnum="x")(X, x=X), 4 * X**3)


@pytest.mark.parametrize("mode", ["forward", "reverse", None])
def test_jacobians_of_containers(mode):
    found = jacobian(lambda x, y: {"a": x * y, "b": (anp.sum(x), 3.0)}, (0, 1), mode)(X, 2.0)
    np.testing.assert_allclose(found["a"][0], 2 * np.eye(3))
    np.testing.assert_allclose(found["a"][1], X)
    np.testing.assert_allclose(found["b"][0][0], np.ones(3))
    assert found["b"][0][1] == 0
    np.testing.assert_array_equal(found["b"][1][0], np.zeros(3))


def test_holomorphic_selections():
    z = X + 1j
    by_both = holomorphic_grad(lambda x, *, y: anp.sum(x * y**2), (0, "y"))(z, y=z)
    np.testing.assert_allclose(by_both[0], z**2)
    np.testing.assert_allclose(by_both[1], 2 * z**2)
    np.testing.assert_allclose(holomorphic_grad(lambda p: anp.sum(p["z"] ** 3))({"z": z})["z"], 3 * z**2)
    np.testing.assert_allclose(holomorphic_grad(lambda x, y: anp.sum(x * y), -1)(z, z), z)


@pytest.mark.parametrize("name", sorted(set(SELECTING) - {"hvp", "ggnvp", "hessian"}))
def test_each_selection(name):
    """By position, from the end, by keyword, by several; the same derivative each time."""
    transform = OF_ARGUMENTS[name]
    last = lambda found: (
        found[1] if name == "value_and_grad" else found[0] if name == "grad_and_aux" else found
    )
    function = lambda a, b: anp.sum(a * b**2)
    expected = np.asarray(last(transform(function, 1)(X, X)))
    np.testing.assert_allclose(np.asarray(last(transform(function, -1)(X, X))), expected)
    np.testing.assert_allclose(np.asarray(last(transform(function, "b")(X, b=X))), expected)
    if name != "deriv":  # which sums over what is chosen
        np.testing.assert_allclose(np.asarray(last(transform(function, (0, 1))(X, X))[1]), expected)
        nested = transform(lambda p: function(*p["ab"]))({"ab": (X, X), "none": None})
        np.testing.assert_allclose(np.asarray(last(nested)["ab"][1]), expected)
    np.testing.assert_allclose(np.asarray(last(transform(checkpoint(function), 1)(X, X))), expected)


def test_stop_gradient_of_containers():
    x = tensor(X, requires_grad=True)
    found = stop_gradient({"x": x, "rest": ("text", None, 3)})
    assert not found["x"].requires_grad
    assert found["rest"] == ("text", None, 3)
    np.testing.assert_allclose(vmap(grad(lambda x: x * stop_gradient({"x": x})["x"]))(X), X)
