"""vmap: its face, how it nests in the other transforms, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import (
    Tensor,
    deriv,
    elementwise_grad,
    errors,
    ggnvp,
    grad,
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
from autograd.errors import VmapError

RNG = np.random.default_rng(7)
X = RNG.normal(size=(4, 3))
Y = RNG.normal(size=(5, 3))
W = RNG.normal(size=(3, 2))


def loop(f, *arrays):
    return np.stack([np.asarray(f(*row)) for row in zip(*arrays, strict=True)])


def close(found, expected):
    found, expected = np.asarray(getattr(found, "_data", found)), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, 1e-11, 1e-12)


def layer(x):
    return anp.tanh(x @ W)


def loss(w, x):
    return (anp.tanh(x @ w) ** 2).sum()


def kernel(x, y):
    return anp.exp(-((x - y) ** 2).sum())


# ------------------------------------------------------------------ arguments and results


def test_arguments_and_results_are_mapped_along_any_axis():
    f = vmap(lambda x, y: x * y, in_axes=(1, -1), out_axes=-1)
    close(f(X.T, X.T * 2), 2 * X.T**2)
    close(vmap(lambda x, y: x + y, (0, None))(X, Y[0]), X + Y[0])
    close(vmap(lambda x: x[None], out_axes=1)(X), X[None])


def test_containers_of_arguments_and_of_axes():
    def f(p, pair):
        return {"sum": p["a"] + p["b"], "parts": [pair[0] * 2, pair[1]], "none": None}

    p, pair = {"a": X, "b": X.T}, (X, Y[0])
    axes = ({"a": 0, "b": 1}, (0, None))
    found = vmap(f, axes, {"sum": 1, "parts": [0, None], "none": None})(p, pair)
    close(found["sum"], 2 * X.T)
    close(found["parts"][0], 2 * X)
    close(found["parts"][1], Y[0])
    assert found["none"] is None
    close(vmap(lambda p: p["a"] @ p["b"])({"a": X, "b": X}), (X * X).sum(1))


def test_keywords_are_mapped_where_they_are_arrays():
    f = vmap(lambda x, y, scale, name: x * y * scale + len(name))
    close(f(X, y=X, scale=2.0, name="abc"), 2 * X * X + 3)


def test_the_kind_of_results():
    assert type(vmap(layer)(X)) is np.ndarray
    assert type(vmap(layer)(Tensor(X))) is Tensor
    assert type(vmap(lambda x: x * tensor(2.0, requires_grad=True))(X)) is Tensor
    close(vmap(lambda x: 1.0)(X), np.ones(4))
    assert vmap(lambda x: x.astype(np.float32))(X).dtype == np.float32


def test_no_argument_is_mapped():
    close(vmap(lambda x: x + 1, None, axis_size=2)(Y[0]), np.stack([Y[0] + 1] * 2))


def test_no_examples():
    none = np.zeros((0, 3))
    close(vmap(layer)(none), np.zeros((0, 2)))
    close(vmap(grad(loss), (None, 0))(W, none), np.zeros((0, 3, 2)))
    close(vmap(lambda x: anp.convolve(x, x))(none), np.zeros((0, 5)))
    close(vmap(lambda x: x.reshape(-1, 1))(none), np.zeros((0, 3, 1)))


def test_the_function_sees_one_example():
    seen = []

    def f(x):
        seen.append((x.shape, x.ndim, int(x.size), len(x), x.dtype, repr(x)))
        return x.sum()

    vmap(f)(X)
    assert seen == [((3,), 1, 3, 3, X.dtype, "batched(float64(3,), one of 4 examples)")]


# ------------------------------------------------------------------ with the other transforms

TRANSFORMED = {
    "grad": lambda x: grad(lambda v: layer(v).sum())(x),
    "grad of grad": lambda x: grad(lambda v: grad(lambda u: (layer(u) ** 3).sum())(v) @ v)(x),
    "value_and_grad": lambda x: value_and_grad(lambda v: layer(v).sum())(x)[0],
    "jacobian": lambda x: jacobian(layer)(x),
    "jacobian, reverse": lambda x: jacobian(layer, mode="reverse")(x),
    "jacobian, forward": lambda x: jacobian(layer, mode="forward")(x),
    "hessian": lambda x: hessian(lambda v: layer(v).sum())(x),
    "vjp": lambda x: vjp(layer, x)[1](layer(x))[0],
    "jvp": lambda x: jvp(layer, (x,), (x * 2,))[1],
    "linearize": lambda x: linearize(layer, x)[1](x + 1),
    "deriv": lambda x: deriv(lambda t: t * x)(2.0),
    "grad by what is the same for all": lambda x: grad(lambda w: (anp.tanh(x @ w)).sum())(W),
    "sum over examples inside": lambda x: grad(lambda v: vmap(lambda y: kernel(v, y))(Y).sum())(x),
    "jacobian of vmap": lambda x: jacobian(lambda v: vmap(lambda y: kernel(v, y))(Y))(x),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms_inside(name):
    f = TRANSFORMED[name]
    close(vmap(f)(X), loop(f, X))


@pytest.mark.parametrize("name", TRANSFORMED)
def test_gradients_through_transforms_inside(name):
    f = TRANSFORMED[name]
    close(grad(lambda xs: (vmap(f)(xs) ** 2).sum())(X), loop(grad(lambda x: (f(x) ** 2).sum()), X))


@pytest.mark.parametrize("name", ["grad", "jacobian", "jvp", "vjp", "hessian"])
def test_forward_derivatives_through_transforms_inside(name):
    f = TRANSFORMED[name]
    found = jvp(vmap(f), (X,), (X**2,))[1]
    close(found, np.stack([jvp(f, (x,), (x**2,))[1] for x in X]))


def test_nested():
    close(vmap(lambda x: vmap(lambda y: kernel(x, y))(Y))(X), [[kernel(x, y) for y in Y] for x in X])
    inner = vmap(vmap(lambda x, y: grad(kernel)(x, y), (None, 0)), (0, None))
    close(inner(X, Y), [[grad(kernel)(x, y) for y in Y] for x in X])
    cube = RNG.normal(size=(2, 3, 4, 2))
    close(vmap(vmap(vmap(lambda x: x.max())), in_axes=1, out_axes=1)(cube), cube.max(-1))


def test_levels_do_not_mix():
    # the inner function sees a value of the outer example beside its own
    def outer(x):
        doubled = vmap(lambda y: (x * y).sum() + vmap(lambda z: z * y[0])(x).sum())(Y)
        return doubled * x.sum()

    expected = [[((x * y).sum() + (x * y[0]).sum()) * x.sum() for y in Y] for x in X]
    close(vmap(outer)(X), expected)


def test_a_pullback_over_many_cotangents():
    out, pullback = vjp(layer, X[0])
    close(vmap(lambda g: pullback(g)[0])(np.eye(2)), jacobian(layer)(X[0]))
    _, push = linearize(layer, X[0])
    close(vmap(push, out_axes=1)(np.eye(3)), jacobian(layer)(X[0]))
    assert out.shape == (2,)


def test_backward_outside():
    x = tensor(X, requires_grad=True)
    vmap(lambda v: (v**3).sum())(x).sum().backward()
    close(x.grad, 3 * X**2)
    w = tensor(W, requires_grad=True)
    (vmap(grad(loss), (None, 0))(w, X) ** 2).sum().backward()
    close(w.grad, grad(lambda w: sum((grad(loss)(w, x) ** 2).sum() for x in X))(W))


def test_a_gradient_by_something_outside_is_summed_over_the_examples():
    w = tensor(W, requires_grad=True)
    vmap(lambda x: (x @ w).sum())(X).sum().backward()
    close(w.grad, np.repeat(X.sum(0)[:, None], 2, 1))


def test_a_function_that_does_not_depend_on_the_variable():
    close(vmap(grad(lambda x: anp.sin(2.0) * 1.0 + 0 * x.sum()))(X), np.zeros((4, 3)))
    close(vmap(lambda x: grad(lambda v: (x * x).sum())(1.0))(X), np.zeros(4))


def test_order_six():
    f = lambda x: anp.sin(2 * x) * anp.exp(x)
    nested = f
    for _ in range(6):
        nested = grad(nested)
    xs = np.linspace(-1, 1, 5)
    # the sixth derivative of Im exp((1 + 2i) x)
    expected = np.imag((1 + 2j) ** 6 * np.exp((1 + 2j) * xs))
    np.testing.assert_allclose(vmap(nested)(xs), expected, 1e-9)
    np.testing.assert_allclose([nested(x) for x in xs], expected, 1e-9)


def test_integers_are_differentiated_as_floats():
    close(vmap(grad(lambda x: x**2))(np.arange(4)), 2.0 * np.arange(4))


# ------------------------------------------------------------------ programs


def written(x):
    y = x * 2
    y[0] = x[1] * 5
    y[1:] += x[0]
    part = y[::2]
    part *= 3
    y[-1] -= part.sum()
    return y


def sorted_in_place(x):
    y = x * 1
    y.sort()
    return y * x


def filled(x):
    y = anp.zeros_like(x)
    y[[0, 2]] = x[:2] ** 2
    np.add.at(y, np.array([1, 1]), x[:2])
    y[y > 0] = 1.5
    return y


def scanned(x):
    state, out = x[0] * 0, []
    for v in x:
        state = anp.tanh(state + v)
        out.append(state)
    return anp.stack(out)


@pytest.mark.parametrize("program", [written, sorted_in_place, filled, scanned])
def test_programs(program):
    close(vmap(program)(X), loop(lambda x: program(tensor(x)), X))
    f = lambda x: (program(x) ** 2).sum()
    close(vmap(grad(f))(X), loop(lambda x: grad(f)(x), X))


def test_the_callers_arrays_are_never_written():
    def f(x):
        x += 1
        x[0] = 7
        return x

    before = X.copy()
    close(vmap(f)(X)[:, 0], np.full(4, 7.0))
    held = tensor(X)
    vmap(f)(held)
    close(X, before)
    close(held, before)


INDICES = {
    "an integer": lambda i: i[0],
    "an array": lambda i: i,
    "with a slice": lambda i: (slice(None, None, 2), i),
    "with a slice after": lambda i: (i[0], slice(1, None)),
    "with an ellipsis": lambda i: (Ellipsis, i),
    "with a new axis": lambda i: (i, None, 1),
    "two": lambda i: (i, i[::-1]),
    "apart": lambda i: (i, slice(None), i),
    "an integer apart": lambda i: (0, slice(None), i),
    "broadcast": lambda i: (i[:, None], i),
    "a constant array too": lambda i: (np.array([1, 0]), i),
    "a constant array alone": lambda i: (slice(None), np.array([2, 0])),
    "a constant mask": lambda i: np.array([True, False, True]),
    "constant arrays apart": lambda i: (np.array([0, 1]), slice(None), np.array([1, 2])),
}
BLOCK = RNG.normal(size=(4, 3, 3, 3))
PLACES = np.array([[0, 2], [1, 1], [2, 0], [2, 2]])


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0)], ids=["both", "array", "index"])
def test_indices(name, axes):
    index = INDICES[name]
    args = [a if axis == 0 else a[1] for a, axis in zip((BLOCK, PLACES), axes, strict=True)]

    def read(x, i):
        return x[index(i)]

    def put(x, i):
        y = x * 1
        y[index(i)] = anp.cos(x[index(i)]) * 3
        return y

    for f in (read, put):
        rows = [[a[n] if axis == 0 else a for a, axis in zip(args, axes, strict=True)] for n in range(4)]

        def of_tensor(x, i, f=f):
            return f(Tensor(x) if isinstance(x, np.ndarray) else x, i)

        def size(x, i, of_tensor=of_tensor):
            return (of_tensor(x, i) ** 2).sum()

        if f is read or axes != (None, 0):  # else a write into what is the same: see test_refusals
            close(vmap(of_tensor, axes)(*args), np.stack([of_tensor(*row)._data for row in rows]))
        close(vmap(grad(size), axes)(*args), np.stack([grad(size)(*row) for row in rows]))


# ------------------------------------------------------------------ refusals


def _leak():
    kept = []
    vmap(lambda x: kept.append(x) or x)(X)
    return kept[0]


REFUSED = {
    "float": (lambda: vmap(lambda x: x * float(x[0]))(X), VmapError, "float()"),
    "int": (lambda: vmap(lambda x: x * int(x[0]))(X), VmapError, "int()"),
    "bool": (lambda: vmap(lambda x: x if x.sum() > 0 else -x)(X), VmapError, "numpy.where"),
    "item": (lambda: vmap(lambda x: x.sum().item())(X), VmapError, "item()"),
    "tolist": (lambda: vmap(lambda x: x.tolist())(X), VmapError, "tolist()"),
    "asarray": (lambda: vmap(lambda x: np.asarray(x))(X), VmapError, "numpy.asarray"),
    "data": (lambda: vmap(lambda x: x.data)(X), VmapError, ".data"),
    "numpy()": (lambda: vmap(lambda x: x.numpy())(X), VmapError, "numpy()"),
    "grad": (lambda: vmap(lambda x: x.grad)(X), VmapError, ".grad"),
    "backward": (lambda: vmap(lambda x: x.sum().backward())(X), VmapError, "backward"),
    "requires_grad_": (lambda: vmap(lambda x: x.requires_grad_())(X), VmapError, "requires_grad_"),
    "in": (lambda: vmap(lambda x: 1.0 in x)(X), VmapError, "in"),
    "range": (lambda: vmap(lambda n: list(range(n)))(np.arange(3)), VmapError, "length"),
    "index of an ndarray": (lambda: vmap(lambda i: W[i])(np.arange(3)), VmapError, "autograd.numpy.take"),
    "used after its end": (lambda: _leak() + 1, VmapError, "has ended"),
    "looked at after its end": (lambda: float(_leak()[0]), VmapError, "has ended"),
    "returned by another": (lambda: _returned(_leak()), VmapError, "has ended"),
    "a write into what is the same": (lambda: _write(), VmapError, "the same for all"),
    "+= on what is the same": (lambda: _augment(), VmapError, "the same for all"),
    "out= that is the same": (
        lambda: vmap(lambda x: np.exp(x, out=Tensor(np.zeros(3))))(X),
        VmapError,
        "same",
    ),
    "a mask": (lambda: vmap(lambda x: x[x > 0])(X), VmapError, "numpy.where"),
    "results of different shapes": (
        lambda: vmap(lambda x: anp.unique(anp.round(x)))(X),
        VmapError,
        "same shape",
    ),
    "out_axes None": (lambda: vmap(lambda x: x, out_axes=None)(X), VmapError, "out_axes"),
    "in_axes out of range": (lambda: vmap(layer, 2)(X), errors.AxisError, "in_axes 2"),
    "out_axes out of range": (lambda: vmap(layer, 0, 3)(X), errors.AxisError, "out_axes 3"),
    "too few in_axes": (lambda: vmap(kernel, (0,))(X, X), errors.ArgumentError, "1 entries"),
    "in_axes nested otherwise": (lambda: vmap(layer, ([0, 0],))(X), errors.ArgumentError, "nested"),
    "in_axes no integer": (lambda: vmap(layer, "0")(X), errors.ArgumentError, "in_axes"),
    "out_axes nested otherwise": (lambda: vmap(layer, 0, (0, 0))(X), errors.ArgumentError, "out_axes"),
    "sizes differ": (lambda: vmap(kernel)(X, Y), errors.ShapeError, "argument 0: 4, argument 1: 5"),
    "axis_size differs": (lambda: vmap(layer, axis_size=3)(X), errors.ShapeError, "axis_size: 3"),
    "nothing to map": (lambda: vmap(layer, None)(X), errors.ArgumentError, "axis_size"),
    "a number": (lambda: vmap(lambda x: x)(2.0), errors.OperandError, "in_axes=None"),
    "a result that is no array": (lambda: vmap(lambda x: "text")(X), errors.OperandError, "result"),
    "no function": (lambda: vmap(3), errors.ArgumentError, "function"),
    "randomness": (lambda: vmap(layer, randomness="both"), errors.ArgumentError, "randomness"),
    "axis_size no number": (lambda: vmap(layer, axis_size="4"), errors.ArgumentError, "axis_size"),
    "the wrong shape inside": (lambda: vmap(lambda x: x @ np.ones((2, 2)))(X), errors.ShapeError, "(1, 3)"),
    "the wrong axis inside": (
        lambda: vmap(lambda x: x.sum(1))(X),
        errors.AxisError,
        "axis 1 is out of bounds",
    ),
    "grad of no scalar inside": (lambda: vmap(grad(layer))(X), errors.GradientError, "scalar"),
}


def _returned(y):
    return vmap(lambda x: y)(X)


def _write():
    out = Tensor(np.zeros(3))

    def f(x):
        out[0] = x[0]
        return out

    return vmap(f)(X)


def _augment():
    total = Tensor(np.zeros(3))

    def f(x):
        nonlocal total
        total += x
        return total

    return vmap(f)(X)


def _write_ndarray():
    out = np.zeros(3)

    def f(x):
        out[0] = x[0]
        return out

    return vmap(f)(X)


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    call, kind, text = REFUSED[name]
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)
    assert autograd.tape.mode.levels == ()


def test_a_write_into_an_ndarray_is_refused():
    with pytest.raises(ValueError, match="array element") as caught:  # NumPy's, from ours
        _write_ndarray()
    assert isinstance(caught.value.__cause__, VmapError)


def test_an_error_leaves_nothing_running():
    with pytest.raises(ZeroDivisionError):
        vmap(lambda x: 1 / 0)(X)
    close(vmap(layer)(X), layer(X))
    assert type(tensor(X) * 2) is Tensor


def test_threads_have_levels_of_their_own():
    import threading

    found = []
    vmap(lambda x: _join(threading.Thread(target=lambda: found.append(autograd.tape.mode.levels))) or x)(X)
    assert found == [()]


def _join(thread):
    thread.start()
    thread.join()


# ------------------------------------------------------------------ beside everything else

BESIDE = {
    "complex": (lambda z: anp.abs(z * z).sum(), X + 1j * X[::-1]),
    "a holomorphic derivative": (holomorphic_grad(lambda z: (z**3).sum()), X + 1j * X[::-1]),
    "float16": (lambda x: x.mean() * 2.0, X.astype(np.float16)),
    "float32": (grad(lambda x: (x**2).sum()), X.astype(np.float32)),
    "longdouble": (grad(lambda x: (x**2).sum()), X.astype(np.longdouble)),
    "iteration": (lambda x: sum(v * v for v in x), X),
    "unpacking": (lambda x: (lambda a, b, c: a * b + c)(*x), X),
    "a list of numbers": (lambda x: anp.array([x[0], 2.0, x[1]]), X),
    "stop_gradient": (grad(lambda x: (x * stop_gradient(x)).sum()), X),
    "hvp": (lambda x: hvp(lambda v: (v**3).sum())(x, x), X),
    "ggnvp": (lambda x: ggnvp(lambda v: v**2)(x, x), X),
    "elementwise_grad": (elementwise_grad(np.sin), X),
    "nothing recorded": (grad(lambda x: (x * _unrecorded(x)).sum()), X),
    "checkpoint": (grad(autograd.checkpoint(lambda x: (anp.tanh(x) * x).sum())), X),
    "fori": (lambda x: scanned(x)[-1], X),
}


def _unrecorded(x):
    with autograd.no_grad():
        return x.sum()


@pytest.mark.parametrize("name", BESIDE)
def test_beside_everything_else(name):
    f, arrays = BESIDE[name]
    rtol = 1e-3 if arrays.dtype == np.float16 else 1e-6
    found, expected = vmap(f)(arrays), loop(f, arrays)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol)


def test_under_no_grad_nothing_requires_grad():
    with autograd.no_grad():
        assert not vmap(lambda x: x * 2)(tensor(X, requires_grad=True)).requires_grad


def test_recordings_profiles_and_anomalies():
    x = tensor(X, requires_grad=True)
    with autograd.record():
        out = vmap(lambda v: anp.tanh(v).sum())(x).sum()
    out.backward()
    assert "tanh" in {r.op for r in autograd.graph.tape(out)}
    with autograd.profile(), autograd.detect_anomaly():
        close(vmap(grad(lambda v: anp.tanh(v).sum()))(X), 1 - np.tanh(X) ** 2)


def test_hooks_of_modules():
    layer, seen = nn.Linear(3, 2), []
    layer.register_forward_hook(lambda module, given, out: seen.append(tuple(out.shape)))
    layer.register_full_backward_hook(lambda module, to, of: seen.append(tuple(of[0].shape)))
    parameters = {n: p.detach().numpy() for n, p in layer.named_parameters()}
    vmap(grad(lambda p, x: nn.functional_call(layer, p, x).sum()), (None, 0))(parameters, np.float32(X))
    assert seen == [(2,), (4, 2)]  # of one example; the gradients of all


def test_an_ensemble():
    layers = [nn.Linear(3, 2) for _ in range(5)]
    each = {
        n: np.stack([dict(m.named_parameters())[n].detach().numpy() for m in layers])
        for n in ("weight", "bias")
    }
    found = vmap(lambda p: nn.functional_call(layers[0], p, np.float32(X)))(each)
    for out, layer in zip(found, layers, strict=True):
        np.testing.assert_allclose(out, layer(np.float32(X)).detach().numpy(), 1e-5)


# ------------------------------------------------------------------ custom rules


def test_an_operation_of_the_users_runs_for_each_example():
    from autograd.declare import primitive
    from autograd.primitive import REGISTRY

    squared = primitive(
        lambda x: np.asarray(x) ** 2 if np.ndim(x) == 1 else 1 / 0,  # it knows vectors alone
        ["x"], name="squared_for_vmap", vjp={"x": lambda g, x: 2 * g * x},
    )  # fmt: skip
    try:
        close(vmap(squared)(X), X**2)
        close(vmap(grad(lambda x: squared(x).sum()))(X), 2 * X)
        close(grad(lambda xs: vmap(squared)(xs).sum())(X), 2 * X)
    finally:
        del REGISTRY["squared_for_vmap"]
