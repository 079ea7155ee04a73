"""What training loops are made of, compiled: as eager to the last bit, or refused with a reason."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pytest
from numpy import ones

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from autograd import no_grad
from autograd.compiling.reading.state import State
from autograd.errors import CompileError
from nn import utils
from nn.utils import parametrizations
from optim import lr_scheduler, swa_utils
from tests.support.compiling import plain, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
CALLS = 10


def data(i):
    rng = np.random.default_rng(i)
    return rng.normal(size=(8, 4)).astype(np.float32), rng.integers(0, 3, 8)


def tokens(i):
    rng = np.random.default_rng(i)
    return rng.integers(0, 6, (8, 3)), rng.integers(0, 3, 8)


def mlp(*more):
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), *more, nn.Linear(6, 3))


def sgd(parameters):
    return optim.SGD(parameters, lr=0.1, momentum=0.9)


def both(make, inputs=data, replays=3):
    """Results and final state of a step, eager and compiled; `make()` gives the step and its state."""
    found = []
    for compiled in (False, True):
        nn.manual_seed(3)
        step, state = make()
        run = autograd.compile(step, state=state, strict=True) if compiled else step
        results = [plain(run(*inputs(i))) for i in range(CALLS)]
        found.append([results, *map(_value, _kept(state)), *(repr(s.state_dict()) for s in _saved(state))])
    assert run.replays >= replays
    assert same(*found)


def _kept(state):
    """The arrays of the state, gradients included; positions of generators."""
    seen = State(state)
    arrays = [a for t in seen.tensors() for a in (t._data, getattr(t.grad, "_data", None))]
    arrays += [a for o in seen.optimizers for slot in o._slots.values() if slot.step for a in slot.state]
    return [*arrays, *(str(g.bit_generator.state) for g in seen.all_generators())]


def _saved(state):
    return [s for s in state if isinstance(s, (lr_scheduler.LRScheduler, lr_scheduler.ChainedScheduler))]


def _value(x):
    return np.array(x) if isinstance(x, (np.ndarray, np.generic)) else x


# ---------------------------------------------------------------- between backward and step


def simple(change=lambda m: None, build=mlp, optimizer=sgd, loss=F.cross_entropy):
    def make():
        model = build()
        opt = optimizer(model.parameters())

        def step(x, y):
            opt.zero_grad()
            value = loss(model(x), y)
            value.backward()
            extra = change(model)
            opt.step()
            return value.detach(), extra

        return step, (model, opt)

    return make


def _twice(model):
    norm = utils.get_total_norm([p.grad for p in model.parameters()])
    utils.clip_grads_with_norm_(model.parameters(), 0.05, norm)


def _scaled(model):
    for p in model.parameters():
        p.grad /= 128


CHANGES = {
    "clip_grad_norm_": lambda m: utils.clip_grad_norm_(m.parameters(), 0.1),
    "clip_grad_norm_, never": lambda m: utils.clip_grad_norm_(m.parameters(), 100.0),
    "clip_grad_norm_, now and then": lambda m: utils.clip_grad_norm_(m.parameters(), 0.9),
    "clip_grad_norm_, largest": lambda m: utils.clip_grad_norm_(m.parameters(), 0.01, float("inf")),
    "clip_grad_norm_, sum": lambda m: utils.clip_grad_norm_(m.parameters(), 0.01, 1),
    "clip_grad_norm_, finite": lambda m: utils.clip_grad_norm_(m.parameters(), 0.01, 2.0, True),
    "clip_grad_value_": lambda m: utils.clip_grad_value_(m.parameters(), 0.01),
    "clip_grads_with_norm_": _twice,
    "unscaled": _scaled,
}


@pytest.mark.parametrize("name", CHANGES)
def test_gradients_are_changed(name):
    both(simple(CHANGES[name]))


class Table(nn.Module):
    def __init__(self, table):
        super().__init__()
        self.table, self.head = table, nn.Linear(4, 3)

    def forward(self, x):
        found = self.table(x)
        return self.head(found.mean(1) if found.ndim == 3 else found)


MODELS = {
    "batch norm, momentum=None": lambda: mlp(nn.BatchNorm1d(6, momentum=None)),
    "spectral norm": lambda: mlp(parametrizations.spectral_norm(nn.Linear(6, 6))),
    "weight norm": lambda: mlp(parametrizations.weight_norm(nn.Linear(6, 6))),
} | {
    f"orthogonal, {how}": lambda how=how: mlp(parametrizations.orthogonal(nn.Linear(6, 6), "weight", how))
    for how in ("matrix_exp", "cayley", "householder")
}  # fmt: skip
TABLES = {
    "embedding, max_norm": lambda: Table(nn.Embedding(6, 4, max_norm=1.0)),
    "bag, max": lambda: Table(nn.EmbeddingBag(6, 4, mode="max")),
    "bag, max_norm": lambda: Table(nn.EmbeddingBag(6, 4, mode="sum", max_norm=0.7)),
}


@pytest.mark.parametrize("name", [*MODELS, *TABLES])
def test_models(name):
    both(simple(build=(MODELS | TABLES)[name]), tokens if name in TABLES else data)


def test_float16_models():
    both(simple(build=lambda: mlp().half(), loss=lambda x, y: F.cross_entropy(x.astype(np.float32), y)))


# ---------------------------------------------------------------- optimisers and schedulers

OPTIONS = {"SGD": {"lr": 0.1}, "Muon": {"lr": 0.01}}
REFUSED_OPTIMIZERS = {"LBFGS": "looks at values"}
OPTIMIZERS = sorted(
    name for name, cls in vars(optim).items()
    if isinstance(cls, type) and issubclass(cls, optim.Optimizer) and cls is not optim.Optimizer
)  # fmt: skip


def _matrices():
    return nn.Sequential(nn.Linear(4, 6, bias=False), nn.Tanh(), nn.Linear(6, 3, bias=False))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    make = simple(
        build=_matrices if name == "Muon" else mlp,
        optimizer=lambda p: getattr(optim, name)(p, **OPTIONS.get(name, {})),
    )
    if name in REFUSED_OPTIMIZERS:
        with pytest.raises(CompileError, match=r"test_features.py:\d+.*" + REFUSED_OPTIMIZERS[name]):
            both(_with_closure(lambda p: getattr(optim, name)(p)))
    else:
        both(make)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_complex_parameters(name):
    def make():
        w = autograd.tensor(np.full((4, 3), 1 + 0.5j, np.complex64), requires_grad=True)
        opt = getattr(optim, name)([w], lr=0.05)

        def step(x, y):
            opt.zero_grad()
            loss = F.cross_entropy(abs(x @ w), y)
            loss.backward()
            opt.step()
            return loss.detach()

        return step, (w, opt)

    both(make)


@pytest.mark.parametrize("where", ["first", "last", "both"])
def test_gradients_set_to_zero(where):
    def make():
        model = mlp()
        opt = optim.Adam(model.parameters(), lr=0.01)

        def step(x, y):
            if where != "last":
                opt.zero_grad(set_to_none=False)
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            if where != "first":
                model.zero_grad(set_to_none=False)
            return loss.detach()

        return step, (model, opt)

    both(make)


def _with_closure(optimizer):
    def make():
        model = mlp()
        opt = optimizer(model.parameters())

        def step(x, y):
            def closure():
                opt.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                return loss

            return opt.step(closure).detach()

        return step, (model, opt)

    return make


def test_a_closure():
    both(_with_closure(sgd))


SCHEDULERS = {
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.StepLR(o, 2), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, total_iters=3),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 5),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, 2, cycle_momentum=True),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "InverseTimeLR": lambda o: lr_scheduler.InverseTimeLR(o, 0.5),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)),
    "LinearLR": lr_scheduler.LinearLR,
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 4]),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 0.9),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=20),
    "PolynomialLR": lr_scheduler.PolynomialLR,
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o), lr_scheduler.ExponentialLR(o, 0.9)], [3]
    ),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
}
REFUSED_SCHEDULERS = {"ReduceLROnPlateau": "gets a value that is computed anew"}


def test_every_scheduler_is_in_the_table():
    assert set(SCHEDULERS) == set(lr_scheduler.__all__) - {"LRScheduler"}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers(name):
    def make():
        model = mlp()
        opt = sgd(model.parameters())
        scheduler = SCHEDULERS[name](opt)

        def step(x, y):
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            if name == "ReduceLROnPlateau":
                scheduler.step(loss.detach())
            else:
                scheduler.step()
            return loss.detach()

        return step, (model, opt, scheduler)

    if name in REFUSED_SCHEDULERS:
        with pytest.raises(CompileError, match=r"test_features.py:\d+.*" + REFUSED_SCHEDULERS[name]):
            both(make)
    else:
        both(make)


# ---------------------------------------------------------------- other ways to train


def test_padding_masks_of_transformers():
    def make():
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        model = nn.Sequential(nn.Linear(1, 8), nn.TransformerEncoder(layer, 1), nn.Linear(8, 3))
        mask = nn.Transformer.generate_square_subsequent_mask(4)
        opt = optim.AdamW(model.parameters())

        def step(x, y):
            opt.zero_grad()
            hidden = model[1](model[0](x[:, :, None]), mask=mask, src_key_padding_mask=x > 1)
            loss = F.cross_entropy(model[2](hidden[:, 0]), y)
            loss.backward()
            opt.step()
            return loss.detach()

        return step, (model, opt)

    both(
        make,
        lambda i: (np.clip(data(i)[0], -2, 0.9) * (np.arange(4) < 3) + 2 * (np.arange(4) > 2), data(i)[1]),
    )


def test_a_gradient_penalty():
    def make():
        model = mlp()
        opt = optim.Adam(model.parameters(), lr=0.01)

        def step(x, y):
            opt.zero_grad()
            x = autograd.tensor(x).requires_grad_(True)
            loss = F.cross_entropy(model(x), y)
            (g,) = autograd.gradients(loss, [x], create_graph=True)
            loss = loss + 0.1 * (g**2).sum()
            loss.backward()
            opt.step()
            return loss.detach()

        return step, (model, opt)

    both(make)


def test_parameters_from_a_vector():
    def make():
        model = mlp()

        def step(x, y):
            with no_grad():
                vector = utils.parameters_to_vector(model.parameters())
                utils.vector_to_parameters(vector * 0.9, model.parameters())
                return model(x)

        return step, (model,)

    both(make)


def test_a_formula_that_changes_with_the_step_count_leaves_buffers_and_draws_as_eager():
    """RAdam has another formula from its sixth step on: a program that finds so must have done nothing."""
    build, loss = lambda: mlp(nn.BatchNorm1d(6), nn.Dropout(0.3)), lambda out, y: (out * out).mean()
    both(simple(build=build, loss=loss, optimizer=lambda p: optim.RAdam(p)), replays=2)


# ---------------------------------------------------------------- arrays that meet recorded values

TABLE = np.arange(10.0)


def filled(x):
    out = np.zeros(3)
    out[0] = x.sum()
    out[1:] = x[:2]
    return out


def counted(x):
    mask = np.zeros(3, bool)
    mask[1] = True
    return x * 2 if mask.any() else x


def scattered(x):
    out = np.zeros(2)
    np.add.at(out, np.array([0, 1, 0]), x)
    return out


def copied(x):
    out = np.empty(3)
    np.copyto(out, x)
    return out * 2


def one_hot(x):
    out = anp.zeros((3, 3))
    out[anp.arange(3), anp.argsort(x)] = x
    return out


def chosen(x):
    keep = ones(3)
    keep[np.argmax(x)] = 0
    return keep * x


MET = {
    "a write into zeros": filled,
    "a write into zeros of the namespace": one_hot,
    "a write where values say into ones by name": chosen,
    "zeros that are read": counted,
    "ufunc.at": scattered,
    "copyto": copied,
    "an index into a table": lambda x: TABLE[np.argmax(x)],
    "a selection from a table": lambda x: TABLE[np.argsort(x)] * x,
    "piecewise": lambda x: anp.piecewise(x, [x < 0, x >= 0], [lambda z: -z, lambda z: z * 2]),
}


@pytest.mark.parametrize("name", MET)
def test_arrays_that_meet_recorded_values(name):
    program = autograd.compile(MET[name], strict=True)
    for i in range(6):
        x = np.random.default_rng(i).normal(size=3)
        assert same(plain(program(x)), plain(MET[name](x)))
    assert program.replays


def test_the_values_of_such_arrays_cannot_be_read_as_well():
    def both(x):
        out = np.zeros(3)
        out[0] = x.sum()
        return out * 2 if out[1] > 0 else out

    program = autograd.compile(both)
    for i in range(4):
        assert same(plain(quietly(program, np.ones(3) * i)), plain(both(np.ones(3) * i)))
    assert re.search(r"test_features\.py:\d+: out\[0\] = x\.sum\(\)", program.fallback)


# ---------------------------------------------------------------- averages of models


def warmed(average, value, n):
    return average + (value - average) / (n + 1)


def tuned(averages, values, n):
    decay = min(0.9, (1 + n) / (10 + n))
    for average, value in zip(averages, values, strict=True):
        average *= decay
        average += (1 - decay) * value


AVERAGES = {
    "mean": {},
    "exponential": {"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.9)},
    "mean of one": {"avg_fn": swa_utils.get_swa_avg_fn()},
    "exponential of one": {"avg_fn": swa_utils.get_ema_avg_fn(0.9)},
    "own": {"avg_fn": warmed},
    "with buffers": {"use_buffers": True},
}


def averaged(compile_it, options, look=None):
    """States of an average after each step, some of which take it twice; it begins anew near the end."""
    nn.manual_seed(0)
    model = mlp(nn.BatchNorm1d(6))
    opt, average = sgd(model.parameters()), swa_utils.AveragedModel(model, **options)

    def step(x, y, twice):
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
        average.update_parameters(model)
        if twice:
            average.update_parameters(model)
        if look is not None:
            look(average)

    act = autograd.compile(step, state=(model, opt, average)) if compile_it else step
    states = []
    for i in range(14):
        if i == 11:
            average.n_averaged = 0
        quietly(act, *data(i), i % 4 == 3)
        states.append([plain(v) for v in average.state_dict().values()])
    return states, act


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_of_a_model(name):
    (wanted, _), (found, act) = averaged(False, AVERAGES[name]), averaged(True, AVERAGES[name])
    assert same(wanted, found)
    assert act.replays >= 4
    assert not act.fallback


@pytest.mark.parametrize(
    ("options", "look", "reason"),
    [
        ({"multi_avg_fn": tuned}, None, r"test_features\.py:\d+: decay = .* reads a value"),
        ({}, lambda average: average.n_averaged > 3, r"test_features\.py:\d+: .*n_averaged is read"),
    ],
    ids=["decided", "read"],
)
def test_what_depends_on_how_many_averages_were_taken(options, look, reason):
    (wanted, _), (found, act) = averaged(False, options, look), averaged(True, options, look)
    assert same(wanted, found)
    assert re.search(reason, act.fallback)


# ---------------------------------------------------------------- einsum and interp with their options

MATRICES = [np.random.default_rng(0).normal(size=s).astype(np.float32) for s in ((3, 4), (4, 5), (5, 2))]
POINTS = [np.linspace(-2, 2, 7), np.linspace(-1, 1, 5), np.sin(np.arange(5.0))]
CHAIN = "ij,jk,kl->il"
EINSUMS = {
    "numpy": lambda o: lambda a, b, c: np.einsum(CHAIN, np.tanh(a), b, c, **o),
    "autograd": lambda o: lambda a, b, c: anp.einsum(CHAIN, a, b, c, **o),
    "gradient": lambda o: autograd.grad(
        lambda a, b, c: (anp.einsum(CHAIN, a, b, c, **o) ** 2).sum(), (0, 1, 2)
    ),
    "lonely labels": lambda o: lambda a, b, c: np.einsum("ij,jk,kl->l", a, b, c, **o),
}
ORDERS = [{}] + [
    {"optimize": o} for o in (True, False, "greedy", "optimal", ["einsum_path", (0, 1), (0, 1)])
]
INTERPS = {
    "numpy": lambda x, xp, fp: np.interp(x * 2, xp, fp),
    "gradient": autograd.grad(lambda *a: (anp.interp(*a) ** 2).sum(), (0, 1, 2)),
    "of points": autograd.grad(lambda fp, xp, x: anp.interp(np.tanh(x[:5]), xp, fp).sum()),
    "left and right": autograd.grad(
        lambda x, xp, fp: (anp.interp(x, xp, fp, left=-1.0, right=fp[0]) ** 2).sum(), (0, 1, 2)
    ),
    "period": autograd.grad(lambda *a: (anp.interp(*a, period=3.0) ** 2).sum(), (0, 1, 2)),
    "complex": autograd.grad(lambda x, xp, fp: abs(anp.interp(x, xp, fp * 1j)).sum(), (0, 1, 2)),
}
OPTIONED = [(EINSUMS[name](o), MATRICES, f"einsum {name} {o}") for name in EINSUMS for o in ORDERS]
OPTIONED += [
    (f, POINTS if name != "of points" else [POINTS[2], POINTS[1], POINTS[0]], f"interp {name}")
    for name, f in INTERPS.items()
]


@pytest.mark.parametrize(("fn", "args"), [c[:2] for c in OPTIONED], ids=[c[2] for c in OPTIONED])
def test_einsum_and_interp(fn, args):
    program = autograd.compile(fn, strict=True)
    for i in range(5):
        given = [a * np.asarray(1 + 0.01 * i, a.dtype) for a in args]
        assert same(plain(program(*given)), plain(fn(*given)))
    assert program.replays >= 2


# ---------------------------------------------------------------- results


class Pair(NamedTuple):
    first: object
    second: object


RESULTS = {
    "named": lambda x: Pair(x * 2, [x + 1, 3]),
    "named in a dict": lambda x: {"k": [Pair(x * 2, (x, "text"))]},
    "svd": np.linalg.svd,
    "eig, whose parts have gaps": lambda x: anp.linalg.eig(x),
    "gradient of eig": autograd.grad(lambda x: abs(anp.linalg.eig(x)[1] ** 2 * x).sum()),
    "slogdet": lambda x: anp.linalg.slogdet(x),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_of_several_parts(name):
    program = autograd.compile(RESULTS[name], strict=True)
    matrix = np.array([[2.0, 1.0, 0.5], [0.4, 5.0, 0.2], [0.1, -0.4, -1.5]])
    for i in range(6):
        found, wanted = program(matrix + 0.01 * i), RESULTS[name](matrix + 0.01 * i)
        assert type(found) is type(wanted)
        assert same(plain(found), plain(wanted))
    assert program.replays >= 2


def test_a_constant_with_a_graph_is_let_go():
    """What has no recorded value but was computed from some."""
    slopes = autograd.compile(
        autograd.hessian(lambda x: (anp.power(anp.abs(x * 2) + 0.1, 1.5) ** 2).sum()), strict=True
    )
    for i in range(5):
        x = np.ones((2, 2), np.float32) * i
        x[0] = 0
        slopes(x)
    assert slopes.replays
