"""`checkpoint`: as if it were not there, in values, gradients, draws and buffers; but in memory."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import checkpoint, grad, hessian, jacobian, jvp, linearize, tensor, value_and_grad, vjp, vmap
from autograd.errors import ArgumentError, GradientError
from nn.utils.checkpoint import checkpoint as run_checkpoint
from nn.utils.checkpoint import checkpoint_sequential

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=4), RNG.normal(size=4)
INPUT = RNG.normal(size=(10, 8))


def plain(f):
    return f


def f(x, y):
    return anp.sum(anp.exp(anp.sin(x) * y) * x)


def nested(x, y):
    return checkpoint(lambda a: checkpoint(anp.sin)(a) * y)(x) @ checkpoint(anp.exp)(y)


def in_containers(x, y, wrap=plain):
    def inner(p, *, k):
        return {"a": [p["x"] * k, None], "b": (3, anp.exp(p["x"]))}

    out = wrap(inner)({"x": x, "n": 7}, k=y)
    assert out["a"][1] is None
    assert out["b"][0] == 3
    return anp.sum(out["a"][0] * out["b"][1])


FUNCTIONS = {
    "a function": (f, checkpoint(f)),
    "nested": (lambda x, y: (anp.sin(x) * y) @ anp.exp(y), nested),
    "containers": (in_containers, lambda x, y: in_containers(x, y, checkpoint)),
    "a closure over a variable": (f, lambda x, y: checkpoint(lambda a: f(a, y))(x)),
    "a closure alone": (f, lambda x, y: checkpoint(lambda: f(x, y))()),
    "the same twice": (f, lambda x, y: f(checkpoint(lambda a: 0.5 * a + 0.5 * x)(x), y)),
    "an intermediate, captured with its source": (
        lambda x, y: f(anp.sin(x) + x, y),
        lambda x, y: (lambda h: checkpoint(lambda: f(h + x, y))())(anp.sin(x)),
    ),
    "results that are arguments": (
        lambda x, y: anp.sum(x * y * x[::2].sum()),
        lambda x, y: (lambda a, b, c: anp.sum(a * b * c.sum()))(*checkpoint(lambda x: (x, y, x[::2]))(x)),
    ),
    "a transform inside": (
        lambda x, y: anp.sum(grad(f)(x, y) ** 2),
        lambda x, y: checkpoint(lambda x, y: anp.sum(grad(f)(x, y) ** 2))(x, y),
    ),
}
USES = {
    "value": lambda g: g(X, Y),
    "grad": lambda g: grad(g, (0, 1))(X, Y),
    "value_and_grad": lambda g: value_and_grad(g, 1)(X, Y),
    "hessian": lambda g: hessian(g)(X, Y),
    "third order": lambda g: grad(lambda x: anp.sum(grad(lambda x: anp.sum(grad(g)(x, Y) ** 2))(x)))(X),
    "jvp": lambda g: jvp(g, (X, Y), (Y, X)),
    "jvp of grad": lambda g: jvp(grad(g), (X, Y), (Y, X)),
    "vjp": lambda g: vjp(g, X, Y)[1](2.0),
    "linearize": lambda g: linearize(g, X, Y)[1](Y, X),
    "jacobian": lambda g: jacobian(lambda x: anp.stack([g(x, Y), g(Y, x)]))(X),
    "forward jacobian": lambda g: jacobian(lambda x: anp.stack([g(x, Y), g(Y, x)]), mode="forward")(X),
    "vmap": lambda g: vmap(g)(np.stack([X, Y]), np.stack([Y, X])),
    "vmap of grad": lambda g: vmap(grad(g, 1))(np.stack([X, Y]), np.stack([Y, X])),
    "grad of vmap": lambda g: grad(lambda x: anp.sum(vmap(lambda y: g(x, y))(np.stack([X, Y]))))(X),
    "vmapped pullback": lambda g: vmap(vjp(lambda x: g(x, Y) * x, X)[1])(np.eye(4)),
    "checkpoint": lambda g: grad(checkpoint(g), (0, 1))(X, Y),
    "backward": lambda g: backward(g),
}


def backward(g):
    x, y = tensor(X, requires_grad=True), tensor(Y, requires_grad=True)
    g(x, y).backward(create_graph=True)
    first = x.grad, y.grad
    x.grad = y.grad = None
    (first[0] * first[1]).sum().backward()
    return [first[0].detach().numpy(), x.grad.numpy(), y.grad.numpy()]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("use", USES)
def test_as_without(use, function):
    without, within = FUNCTIONS[function]
    gc.collect()
    for a, b in zip(_flat(USES[use](within)), _flat(USES[use](without)), strict=True):
        assert type(a) is type(b)
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def _flat(tree):
    return [x for part in tree for x in _flat(part)] if isinstance(tree, (tuple, list)) else [tree]


def test_as_without_gradients():
    calls = []

    def noted(x):
        calls.append(1)
        return x * 2

    with autograd.no_grad():
        assert not checkpoint(noted)(tensor(X, requires_grad=True)).requires_grad
    assert type(checkpoint(noted)(X)) is np.ndarray
    out = checkpoint(noted)(tensor(X))
    assert isinstance(out, autograd.Tensor)
    assert not out.requires_grad
    assert len(calls) == 3


def test_the_function_runs_twice_and_its_arguments_are_kept():
    """The caller may write its arrays in between; small ones are copied, large ones guarded."""
    for size in (4, 100_000):
        x, w = np.ones(size), tensor(np.full(size, 2.0), requires_grad=True)
        c = tensor(np.full(size, 3.0))
        out = checkpoint(lambda x, c, w=w: (x * w * c * w).sum())(x, c)
        c *= 5
        if x.flags.writeable:
            x *= 7
        out.backward()
        np.testing.assert_array_equal(w.grad.numpy(), np.full(size, 12.0))


# ------------------------------------------------------------------ models


class Directly(nn.Module):
    """Draws from a generator of its own, which nothing of nn knows."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Identity()
        self.inner.rng = np.random.default_rng(7)

    def forward(self, x):
        return x * self.inner.rng.normal(size=x.shape).astype(x.dtype)


def model():
    nn.manual_seed(3)
    np.random.seed(5)
    spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(16, 16), generator=1)
    return nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16, momentum=None), nn.ReLU(), nn.Dropout(0.5, generator=5),
        spectral, nn.Dropout(0.3), nn.BatchNorm1d(16), Directly(), nn.Linear(16, 2),
    ).double()  # fmt: skip


def legacy(m):
    """A function that draws from NumPy's global generator."""
    return lambda x: m(x) * np.random.normal(size=(len(x), 1))


WAYS = {
    "autograd.checkpoint": lambda m, x: checkpoint(m)(x),
    "of a closure": lambda m, x: checkpoint(lambda x: m(x))(x),
    "nested": lambda m, x: checkpoint(lambda x: m[4:](checkpoint(m[:4])(x)))(x),
    "nn.utils": lambda m, x: run_checkpoint(m, x, use_reentrant=False),
    "sequential, 2": lambda m, x: checkpoint_sequential(m, 2, x, use_reentrant=False),
    "sequential, 9": lambda m, x: checkpoint_sequential(m, 9, x),
}


@pytest.mark.parametrize("way", WAYS)
def test_models_train_alike(way):
    """Masks, running statistics, power iterations and gradients are those of a model without it."""
    states = []
    for run in (WAYS[way], lambda m, x: m(x)):
        m = model()
        losses = []
        for _ in range(3):
            loss = (run(m, INPUT) ** 2).sum()
            loss.backward()
            losses.append(loss.item())
        states.append((losses, {k: p.grad.numpy() for k, p in m.named_parameters()}, m.state_dict()))
    (losses, grads, state), (others, other_grads, other_state) = states
    assert losses == others
    for name, g in other_grads.items():
        np.testing.assert_array_equal(grads[name], g)
    for name, values in other_state.items():
        np.testing.assert_array_equal(np.asarray(state[name]), np.asarray(values), name)


def test_numpys_global_generator():
    grads = []
    for wrap in (plain, checkpoint):
        m = model()
        (wrap(legacy(m))(INPUT) ** 2).sum().backward()
        grads.append(m[0].weight.grad.numpy())
        after = np.random.normal()
        grads.append(after)
    np.testing.assert_array_equal(grads[0], grads[2])
    assert grads[1] == grads[3]


def test_functional_call_and_vmap_over_models():
    class Outer(nn.Module):
        def __init__(self, wrap):
            super().__init__()
            self.inner, self.wrap = model(), wrap

        def forward(self, x):
            return self.wrap(self.inner)(x)

    found = []
    for wrap in (plain, checkpoint):
        m = Outer(wrap)
        params = {k: 2 * p.detach().numpy() for k, p in m.named_parameters()}
        found.append(grad(lambda p, m=m: (nn.functional_call(m, p, INPUT) ** 2).sum())(params))
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name])
        assert found[0][name].any()


def test_buffers_and_statistics_given_as_arrays():
    mean, var = np.zeros(8), np.ones(8)
    x = tensor(INPUT, requires_grad=True)
    checkpoint(lambda x: nn.functional.batch_norm(x, mean, var, training=True))(x).sum().backward()
    expected = np.zeros(8), np.ones(8)
    nn.functional.batch_norm(INPUT, *expected, training=True)
    np.testing.assert_array_equal(mean, expected[0])
    np.testing.assert_array_equal(var, expected[1])


def test_context_fn():
    entered = []

    class Noted:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            entered.append(self.name)

        def __exit__(self, *exception):
            pass

    x = tensor(X, requires_grad=True)
    out = run_checkpoint(anp.sin, x, context_fn=lambda: (Noted("first"), Noted("again")))
    assert entered == ["first"]
    out.sum().backward()
    assert entered == ["first", "again"]


# ------------------------------------------------------------------ memory


def deep(x):
    for _ in range(20):
        x = anp.tanh(x * 1.1)
    return x


def peak(wrap):
    x = tensor(np.ones(50_000), requires_grad=True)
    tracemalloc.start()
    y = x
    for _ in range(10):
        y = wrap(deep)(y)
    y.sum().backward()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_peak_memory():
    assert peak(checkpoint) < 0.2 * peak(plain)


def test_peak_memory_of_a_model():
    def peak_of(run):
        m = nn.Sequential(*[nn.Sequential(*[nn.Linear(64, 64), nn.Tanh()] * 4)] * 8)
        x = np.ones((500, 64), np.float32)
        tracemalloc.start()
        run(m, x).sum().backward()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak_of(lambda m, x: checkpoint_sequential(m, 8, x)) < 0.5 * peak_of(lambda m, x: m(x))


def test_nothing_is_left_behind():
    gc.collect()
    gc.disable()
    try:
        x = tensor(X, requires_grad=True)
        before = len(gc.get_objects())
        for _ in range(5):
            checkpoint(f)(x, Y).backward()
        x.grad = None
        assert len(gc.get_objects()) - before < 50
        assert gc.collect() < 5
    finally:
        gc.enable()


# ------------------------------------------------------------------ refusals


def test_a_function_that_is_another_the_second_time():
    x = tensor(X, requires_grad=True)
    w = tensor(Y, requires_grad=True)
    state = [1.0]

    def varying(x):
        return x * state[0]

    out = checkpoint(varying)(x)
    state[0] = 2.0
    with pytest.raises(GradientError, match="result 0 of varying was another when it ran again"):
        out.sum().backward()
    out = checkpoint(varying, determinism_check=False)(x)
    state[0] = 3.0
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(4, 3.0))

    out = checkpoint(lambda x: anp.concatenate([x] * int(state[0])))(x)
    state[0] = 2.0
    with pytest.raises(GradientError, match=r"was float64\(12,\), and float64\(8,\)"):
        out.sum().backward()

    out = checkpoint(lambda x: (x * 2, x * 3)[: int(state[0])])(x)
    state[0] = 1.0
    with pytest.raises(GradientError, match="gave 2 results with a gradient, and 1 when"):
        (out[0] + out[1]).sum().backward()

    out = checkpoint(lambda x: x * (w if state[0] == 2 else Y))(x)
    state[0] = 2.0
    with pytest.raises(GradientError, match="used a tensor that requires grad which it had not"):
        out.sum().backward()


def test_a_model_that_trains_in_between():
    """Its parameters were written; PyTorch gives the gradient of another function then."""
    layer = nn.Linear(4, 4)
    out = checkpoint(layer)(np.ones((2, 4), np.float32))
    with autograd.no_grad():
        layer.weight += 0.5
    with pytest.raises(GradientError, match="result 0 of Linear was another"):
        out.sum().backward()


def test_errors_leave_things_as_they_were():
    rng = np.random.default_rng(0)
    x = tensor(X, requires_grad=True)
    fail = []

    def failing(x):
        if fail:
            raise KeyError("mine")
        return x * rng.normal(size=4)

    out = checkpoint(failing)(x)
    fail.append(1)
    position = rng.bit_generator.state
    with pytest.raises(KeyError, match="mine"):
        out.sum().backward()
    assert rng.bit_generator.state == position
    assert x.grad is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: checkpoint(3), "checkpoint: expected a function"),
        (lambda: run_checkpoint(f, X, Y, determinism_check="some"), "determinism_check must be one of"),
        (lambda: checkpoint_sequential([f], 2, X), "segments must be from 1 to 1, got 2"),
        (lambda: checkpoint_sequential([f], True, X), "segments must be from 1 to 1, got True"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()
