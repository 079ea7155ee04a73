"""Each optimiser against its formula as printed, in plain float64 NumPy."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

import autograd
import optim
from autograd import tensor
from autograd.errors import ArgumentError, OperandError
from optim.optimizer import TILE
from optim.state import OptimizerStateError

# ---------------------------------------------------------------- the formulas, written anew


def zeros(s, p, *names):
    return [s.setdefault(n, np.zeros_like(p)) for n in names]


def adamw(p, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, amsgrad=False):
    m, v, largest = zeros(s, p, "m", "v", "largest")
    s["m"], s["v"] = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    s["largest"] = np.maximum(largest, s["v"])
    v = (s["largest"] if amsgrad else s["v"]) / (1 - betas[1] ** t)
    return p * (1 - lr * weight_decay) - lr * s["m"] / (1 - betas[0] ** t) / (np.sqrt(v) + eps)


def adagrad(p, g, s, t, lr=0.01, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    g = g + weight_decay * p
    s["sum"] = s.get("sum", initial_accumulator_value) + g * g
    return p - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s["sum"]) + eps)


def adadelta(p, g, s, t, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
    g = g + weight_decay * p
    v, u = zeros(s, p, "v", "u")
    s["v"] = rho * v + (1 - rho) * g * g
    step = np.sqrt(u + eps) / np.sqrt(s["v"] + eps) * g
    s["u"] = rho * u + (1 - rho) * step**2
    return p - lr * step


def rmsprop(p, g, s, t, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    g = g + weight_decay * p
    v, a, b = zeros(s, p, "v", "a", "b")
    s["v"], s["a"] = alpha * v + (1 - alpha) * g * g, alpha * a + (1 - alpha) * g
    size = np.sqrt(np.maximum(s["v"] - (s["a"] ** 2 if centered else 0), 0)) + eps
    s["b"] = momentum * b + g / size
    return p - lr * s["b"]


def adamax(p, g, s, t, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    g = g + weight_decay * p
    m, u = zeros(s, p, "m", "u")
    s["m"], s["u"] = betas[0] * m + (1 - betas[0]) * g, np.maximum(betas[1] * u, np.abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * s["m"] / s["u"]


def nadam(p, g, s, t, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3):
    g = g + weight_decay * p
    m, v = zeros(s, p, "m", "v")
    s["m"], s["v"] = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    mus = [betas[0] * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in range(1, t + 2)]
    now, ahead = math.prod(mus[:-1]), math.prod(mus)
    mean = mus[-1] * s["m"] / (1 - ahead) + (1 - mus[-2]) * g / (1 - now)
    return p - lr * mean / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps)


def radam(p, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    g = g + weight_decay * p
    m, v = zeros(s, p, "m", "v")
    s["m"], s["v"] = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    mean, limit = s["m"] / (1 - betas[0] ** t), 2 / (1 - betas[1]) - 1
    rho = limit - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if rho <= 5:
        return p - lr * mean
    r = np.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
    return p - lr * mean * r * np.sqrt(1 - betas[1] ** t) / (np.sqrt(s["v"]) + eps)


def asgd(p, g, s, t, lr=0.01, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
    g = g + weight_decay * p
    eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
    p = p * (1 - lambd * eta) - eta * g
    s["ax"] = s.get("ax", p) + (p - s.get("ax", p)) / max(1, t - 1 - t0)
    return p


def rprop(p, g, s, t, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
    before, step = s.get("g", np.zeros_like(p)), s.get("step", np.full_like(p, lr))
    factor = np.where(g * before > 0, etas[1], np.where(g * before < 0, etas[0], 1.0))
    s["step"] = np.clip(step * factor, *step_sizes)
    s["g"] = np.where(g * before < 0, 0.0, g)
    return p - np.sign(s["g"]) * s["step"]


def lion(p, g, s, t, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    (m,) = zeros(s, p, "m")
    s["m"] = betas[1] * m + (1 - betas[1]) * g
    return p - lr * (np.sign(betas[0] * m + (1 - betas[0]) * g) + weight_decay * p)


def adafactor(p, g, s, t, lr=0.01, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0):
    eps1 = np.finfo(p.dtype).eps if eps[0] is None else eps[0]
    keep, rms = 1 - t**beta2_decay, lambda x: np.sqrt(np.mean(x**2))
    if p.ndim < 2:
        v = s["v"] = keep * s.get("v", 0) + (1 - keep) * g**2
    else:
        s["r"] = keep * s.get("r", 0) + (1 - keep) * np.mean(g**2, -1)
        s["c"] = keep * s.get("c", 0) + (1 - keep) * np.mean(g**2, -2)
        v = np.einsum("...i,...j->...ij", s["r"], s["c"])
        v = v / np.maximum(np.mean(s["r"], -1), eps1)[..., None, None]
    u = g / np.sqrt(np.maximum(v, eps1**2))
    size = max(eps[1], rms(p)) * min(lr, t**-0.5)
    return p * (1 - lr * weight_decay) - size * u / max(1.0, rms(u) / d)


def muon(p, g, s, t, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True, ns_steps=5, match=False):
    (b,) = zeros(s, p, "b")
    b = s["b"] = momentum * b + (1 - momentum) * g
    x = momentum * b + (1 - momentum) * g if nesterov else b
    left, sizes, right = np.linalg.svd(x, full_matrices=False)  # the iteration acts on these alone
    sizes = sizes / np.sqrt(np.sum(sizes**2))
    for _ in range(ns_steps):
        sizes = 3.4445 * sizes - 4.7750 * sizes**3 + 2.0315 * sizes**5
    scale = 0.2 * np.sqrt(max(p.shape)) if match else np.sqrt(max(1, p.shape[0] / p.shape[1]))
    return p * (1 - lr * weight_decay) - lr * scale * (left * sizes) @ right


CASES = [
    (optim.AdamW, adamw, {}),
    (optim.AdamW, adamw, {"weight_decay": 0.3, "lr": 0.02, "betas": (0.8, 0.5), "amsgrad": True}),
    (optim.Adagrad, adagrad, {}),
    (optim.Adagrad, adagrad, {"lr_decay": 0.1, "weight_decay": 0.2, "initial_accumulator_value": 0.5}),
    (optim.Adadelta, adadelta, {}),
    (optim.Adadelta, adadelta, {"lr": 0.5, "rho": 0.7, "eps": 1e-2, "weight_decay": 0.2}),
    (optim.RMSprop, rmsprop, {}),
    (optim.RMSprop, rmsprop, {"alpha": 0.8, "eps": 1e-3, "weight_decay": 0.2, "momentum": 0.7}),
    (optim.RMSprop, rmsprop, {"alpha": 0.8, "eps": 1e-2, "centered": True}),
    (optim.RMSprop, rmsprop, {"alpha": 0.8, "eps": 1e-2, "centered": True, "momentum": 0.7}),
    (optim.Adamax, adamax, {}),
    (optim.Adamax, adamax, {"betas": (0.8, 0.6), "weight_decay": 0.2}),
    (optim.NAdam, nadam, {}),
    (optim.NAdam, nadam, {"betas": (0.8, 0.6), "weight_decay": 0.2, "momentum_decay": 0.1}),
    (optim.RAdam, radam, {}),
    (optim.RAdam, radam, {"betas": (0.8, 0.9), "weight_decay": 0.2}),
    (optim.ASGD, asgd, {}),
    (optim.ASGD, asgd, {"lambd": 0.1, "alpha": 0.5, "t0": 10, "weight_decay": 0.2}),
    (optim.Rprop, rprop, {}),
    (optim.Rprop, rprop, {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (0.01, 0.2)}),
    (optim.Lion, lion, {}),
    (optim.Lion, lion, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.2}),
    (optim.Adafactor, adafactor, {}),
    (optim.Adafactor, adafactor, {"lr": 0.2, "eps": (1e-3, 0.1), "d": 1.5, "weight_decay": 0.1}),
    (optim.Muon, muon, {}),
    (optim.Muon, muon, {"lr": 0.1, "nesterov": False, "momentum": 0.8, "ns_steps": 3, "weight_decay": 0.0}),
]
FAMILIES = {kind: options for kind, _, options in CASES}
TILED = [kind for kind in FAMILIES if kind.tiled]


def array(x):
    return x.detach().copy().numpy()


def gradient_at(p, t):
    """Some gradient that depends on the place and on the step, of changing sign."""
    return np.sin(3 * p + t) + 0.1 * p


def shapes_for(kind):
    matrices = [(3, 4), (5, 2), (4, 4)]
    return matrices if kind is optim.Muon else [*matrices, (), (7,), (2, 3, 4), (2, TILE + 3)]


@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
def test_steps_follow_the_formula(kind, formula, options):
    for shape in shapes_for(kind):
        expected, s = np.cos(np.arange(math.prod(shape), dtype=float)).reshape(shape), {}
        x = tensor(expected.copy(), requires_grad=True)
        optimizer = kind([x], **options)
        for t in range(1, 101 if x.size < TILE else 7):
            g = gradient_at(expected, t)
            x.grad, before = g, g.copy()
            optimizer.step()
            np.testing.assert_array_equal(g, before)
            expected = formula(expected, g, s, t, **options)
            np.testing.assert_allclose(array(x), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", [k for k in FAMILIES if k is not optim.Muon])
def test_maximizing_is_minimizing_the_negative(kind):
    xs = [tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True) for _ in range(2)]
    optimizers = [kind([x], maximize=up, **FAMILIES[kind]) for x, up in zip(xs, (False, True), strict=True)]
    for t in range(8):
        g = gradient_at(array(xs[0]), t)
        for x, optimizer, sign in zip(xs, optimizers, (1, -1), strict=True):
            x.grad = sign * g
            optimizer.step()
    np.testing.assert_array_equal(array(xs[0]), array(xs[1]))


def test_decoupled_decay_shrinks_before_the_step():
    for kind in (optim.Adam, optim.NAdam, optim.RAdam):
        xs = [tensor([2.0, -1.0], requires_grad=True) for _ in range(2)]
        with_decay = kind([xs[0]], lr=0.1, weight_decay=0.5, decoupled_weight_decay=True)
        without = kind([xs[1]], lr=0.1)
        for t in range(5):
            xs[0].grad, xs[1].grad = np.array([1.0, t]), np.array([1.0, t])
            before = [array(x) for x in xs]
            with_decay.step()
            without.step()
            step = array(xs[1]) - before[1]
            np.testing.assert_allclose(array(xs[0]), before[0] * 0.95 + step, rtol=1e-12)


# ---------------------------------------------------------------- the base


@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
def test_resuming_is_as_never_having_stopped(kind, formula, options):
    x, y = (tensor([[1.0, -2.0], [0.3, 4.0]], requires_grad=True) for _ in range(2))
    whole, first = kind([x], **options), kind([y], **options)

    def step(optimizer, value, t):
        value.grad = gradient_at(array(value), t)
        optimizer.step()

    for t in range(12):
        step(whole, x, t)
        if t == 7:
            later = kind([y])
            later.load_state_dict(first.state_dict())
            assert later.param_groups[0]["lr"] == first.param_groups[0]["lr"]
            first = later
        step(first, y, t)
    np.testing.assert_array_equal(array(x), array(y))


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_groups_step_by_their_own_rates(kind):
    start = [[1.0, -2.0], [0.3, 4.0]]
    x, y, alone = (tensor(start, requires_grad=True) for _ in range(3))
    grouped = kind([{"params": [x], "lr": 0.03}, {"params": [y]}], lr=0.01)
    single = kind([alone], lr=0.03)
    for t in range(4):
        g = np.cos(t + np.arange(4.0)).reshape(2, 2)
        x.grad, y.grad, alone.grad = g, g.copy(), g.copy()
        grouped.step()
        single.step()
    np.testing.assert_array_equal(array(x), array(alone))
    assert not np.array_equal(array(x), array(y))


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_the_parameters_dtype_is_kept(kind):
    x = tensor(np.ones((2, 2), np.float32), requires_grad=True)
    optimizer = kind([x], **FAMILIES[kind])
    for _ in range(3):
        x.grad = np.array([[1, -2], [3, 4]], np.float32)
        optimizer.step()
    assert array(x).dtype == np.float32
    state = optimizer.state_dict()["state"][0]
    assert {a.dtype for a in state.values() if isinstance(a, np.ndarray)} <= {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", TILED)
def test_complex_parameters_are_pairs_of_real_ones(kind):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))
    x = tensor(z.T.copy().T, requires_grad=True)  # in another order than its state
    y = tensor(np.stack([z.real, z.imag], -1), requires_grad=True)
    a, b = kind([x], **FAMILIES[kind]), kind([y], **FAMILIES[kind])
    for t in range(5):
        g = gradient_at(array(y), t)
        x.grad, y.grad = g[..., 0] + 1j * g[..., 1], g
        a.step()
        b.step()
    np.testing.assert_array_equal(array(x), array(y)[..., 0] + 1j * array(y)[..., 1])


@pytest.mark.parametrize("kind", list(FAMILIES))
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}])
def test_nothing_is_allocated_once_warm(kind, options):
    if kind is optim.Rprop:
        options = {}
    x = tensor(np.ones((256, 256)), requires_grad=True)
    x.grad = np.random.default_rng(0).normal(size=(256, 256))
    optimizer = kind([x], **{**FAMILIES[kind], **options})
    for _ in range(8):  # RAdam's formula changes at step 6
        optimizer.step()
    tracemalloc.start()
    optimizer.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16384  # bytes; the parameter has half a million


@pytest.mark.parametrize("kind", [k for k in FAMILIES if k is not optim.Muon])
def test_empty_parameters_are_no_trouble(kind):
    x = tensor(np.ones((0, 3)), requires_grad=True)
    x.grad = np.ones((0, 3))
    kind([x]).step()
    assert x.shape == (0, 3)


def test_states_that_do_not_fit_change_nothing():
    x = tensor([[1.0, 2.0]], requires_grad=True)
    optimizer = optim.ASGD([x])
    x.grad = np.ones((1, 2))
    optimizer.step()
    good = optimizer.state_dict()
    for bad in (
        {},
        {"state": {}, "param_groups": []},
        {**good, "state": {0: {"step": 1, "ax": np.ones((1, 2))}}},
        {**good, "state": {0: {**good["state"][0], "ax": np.ones(3)}}},
    ):
        with pytest.raises(OptimizerStateError):
            optimizer.load_state_dict(bad)
    with pytest.raises(ArgumentError, match="lr"):
        optimizer.load_state_dict({**good, "param_groups": [{**good["param_groups"][0], "lr": -1.0}]})
    np.testing.assert_array_equal(optimizer.state_dict()["state"][0]["ax"], good["state"][0]["ax"])


# ---------------------------------------------------------------- training


RATES = {
    optim.AdamW: {"lr": 0.1},
    optim.Adagrad: {"lr": 1.0},
    optim.Adadelta: {"eps": 1e-3},
    optim.RMSprop: {"lr": 0.003},
    optim.Adamax: {"lr": 0.1},
    optim.NAdam: {"lr": 0.05},
    optim.RAdam: {"lr": 0.1},
    optim.ASGD: {"lr": 0.08},
    optim.Rprop: {},
    optim.Lion: {"lr": 0.003},
    optim.Adafactor: {"lr": 0.02},
    optim.Muon: {"lr": 0.003, "weight_decay": 0.0},
}


@pytest.mark.parametrize("kind", list(RATES))
def test_a_quadratic_is_brought_to_its_least_value(kind):
    rng = np.random.default_rng(0)
    a, goal = np.diag([1.0, 2.0, 5.0]), rng.normal(size=(3, 2))
    x = tensor(np.zeros((3, 2)), requires_grad=True)
    optimizer = kind([x], **RATES[kind])

    def loss():
        return 0.5 * ((x - goal) * (a @ (x - goal))).sum()

    first = float(loss())
    for _ in range(1000):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert float(loss()) < 1e-3 * first


# ---------------------------------------------------------------- bad options

X = [tensor([[1.0]], requires_grad=True)]
Z = [tensor([[1.0j]], requires_grad=True)]
BAD = [
    (
        lambda: optim.Adagrad(X, lr_decay=-1),
        ArgumentError,
        "Adagrad: lr_decay must be a number of at least 0.0",
    ),
    (lambda: optim.Adagrad(X, initial_accumulator_value=-1), ArgumentError, "got -1"),
    (lambda: optim.Adadelta(X, rho=1.5), ArgumentError, "rho .* at most 1.0, got 1.5"),
    (lambda: optim.RMSprop(X, momentum=-0.1), ArgumentError, "momentum"),
    (lambda: optim.Adamax(X, betas=(0.9, 1.0)), ArgumentError, r"Adamax: betas\[1\] .* below 1.0, got 1.0"),
    (lambda: optim.Adamax(X, betas=0.9), ArgumentError, "betas must be a pair"),
    (lambda: optim.NAdam(X, momentum_decay=-1), ArgumentError, "momentum_decay"),
    (lambda: optim.RAdam(X, eps=-1), ArgumentError, "eps"),
    (lambda: optim.AdamW(X, weight_decay=-1), ArgumentError, "AdamW: weight_decay"),
    (lambda: optim.ASGD(X, t0=math.nan), ArgumentError, "t0 must be a finite number"),
    (lambda: optim.Rprop(X, etas=(1.5, 1.2)), ArgumentError, "etas"),
    (lambda: optim.Rprop(X, step_sizes=(2, 1)), ArgumentError, "step_sizes"),
    (lambda: optim.Lion(X, betas=(-0.1, 0.9)), ArgumentError, r"betas\[0\]"),
    (lambda: optim.Adafactor(X, beta2_decay=0.1), ArgumentError, "beta2_decay must be at most 0"),
    (lambda: optim.Adafactor(X, eps=(-1, 1)), ArgumentError, r"eps\[0\]"),
    (lambda: optim.Adafactor(X, d=0.5), ArgumentError, "d must be a number of at least 1.0"),
    (lambda: optim.Adafactor(Z), OperandError, "must be real, got"),
    (lambda: optim.Muon([tensor([1.0], requires_grad=True)]), OperandError, "must be a matrix"),
    (lambda: optim.Muon(Z), OperandError, "must be real"),
    (lambda: optim.Muon(X, ns_coefficients=(1, 2)), ArgumentError, "three numbers"),
    (lambda: optim.Muon(X, ns_steps=100), ArgumentError, "below 100"),
    (lambda: optim.Muon(X, adjust_lr_fn="x"), ArgumentError, "'match_rms_adamw', got 'x'"),
    (lambda: optim.LBFGS(X, line_search_fn="wolfe"), ArgumentError, "'strong_wolfe', got 'wolfe'"),
    (lambda: optim.LBFGS(X, max_iter=0), ArgumentError, "max_iter must be an integer"),
    (lambda: optim.LBFGS(Z), OperandError, "must be real"),
    (lambda: optim.LBFGS([{"params": X}, {"params": Z}]), ArgumentError, "one group"),
    (lambda: optim.LBFGS(X).step(), ArgumentError, "closure"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_bad_options_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("kind", [*FAMILIES, optim.LBFGS])
@pytest.mark.parametrize("lr", [math.nan, -0.1, math.inf, "0.1", True])
def test_a_rate_that_is_none_is_refused_at_construction(kind, lr):
    with pytest.raises(ArgumentError, match=f"{kind.__name__}: lr must be a number of at least 0.0, got"):
        kind(X, lr=lr)


def test_muon_orthogonalises():
    matrix = np.random.default_rng(0).normal(size=(4, 7))
    x = optim.muon.newton_schulz(matrix, (1.5, -0.5, 0.0), 60, 1e-7)
    np.testing.assert_allclose(x @ x.T, np.eye(4), atol=1e-12)


def test_a_muon_step_for_adamw_rates():
    x = tensor(np.ones((2, 3)), requires_grad=True)
    g = np.random.default_rng(0).normal(size=(2, 3))
    x.grad = g
    optim.Muon([x], adjust_lr_fn="match_rms_adamw").step()
    np.testing.assert_allclose(array(x), muon(np.ones((2, 3)), g, {}, 1, match=True), rtol=1e-12)


def test_steps_leave_a_living_graph_its_values():
    x = tensor([[2.0, 1.0]], requires_grad=True)
    for kind in FAMILIES:
        y = (x * x).sum()
        x.grad = np.ones((1, 2))
        before = array(x)
        kind([x]).step()
        x.grad = None
        y.backward()
        np.testing.assert_array_equal(x.grad.numpy(), 2 * before)
        with autograd.no_grad():
            x[...] = [[2.0, 1.0]]
