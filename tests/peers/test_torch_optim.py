"""Optimisers and schedulers against PyTorch's, at float64."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import optim
from autograd import tensor
from optim import lr_scheduler, swa_utils

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

TOLERANCE = 1e-9


@pytest.fixture(autouse=True)
def _float64():
    """PyTorch keeps counters of NAdam and ASGD in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def error(ours, theirs):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return np.max(np.abs(ours - theirs)) / max(np.max(np.abs(theirs)), 1e-300)


VARIANTS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "maximize": True}),
    ("Adam", {"lr": 0.02}),
    ("Adam", {"lr": 0.02, "amsgrad": True, "weight_decay": 0.1, "betas": (0.8, 0.95)}),
    ("Adam", {"lr": 0.02, "maximize": True, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.02}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.2, "amsgrad": True, "maximize": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.3}),
    ("Adagrad", {"lr": 0.1, "eps": 1e-3, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "weight_decay": 0.1}),
    ("RMSprop", {"momentum": 0.8, "alpha": 0.9}),
    ("RMSprop", {"centered": True, "momentum": 0.8, "eps": 1e-4, "maximize": True}),
    ("Adamax", {"lr": 0.02}),
    ("Adamax", {"lr": 0.02, "betas": (0.8, 0.9), "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {"lr": 0.02}),
    ("NAdam", {"lr": 0.02, "weight_decay": 0.1, "momentum_decay": 0.1, "maximize": True}),
    ("NAdam", {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.02}),
    ("RAdam", {"lr": 0.02, "weight_decay": 0.1, "betas": (0.8, 0.9), "maximize": True}),
    ("RAdam", {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.05, "lambd": 0.01, "alpha": 0.6, "t0": 20, "weight_decay": 0.1, "maximize": True}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.4, 1.3), "step_sizes": (1e-3, 0.5), "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.1, "beta2_decay": -0.5, "eps": (1e-4, 1e-2), "d": 1.5, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.1, "maximize": True}),
]
STATES = ("ax", "square_avg", "sum", "exp_avg", "exp_avg_sq", "step_size", "row_var", "momentum_buffer")


def gradients(values, t):
    """Of changing size and sign, and not from a loss: errors do not heal."""
    rng = np.random.default_rng(t)
    return [np.sin(3 * v) + rng.normal(size=v.shape) for v in values]


def starts():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((), (5,), (3, 4), (2, 3, 4), (130, 129))]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_a_hundred_steps(name, options):
    ours = [tensor(v.copy(), requires_grad=True) for v in starts()]
    theirs = [torch.tensor(v, requires_grad=True) for v in starts()]
    mine, other = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for t in range(100):
        grads = gradients([p.detach().numpy() for p in theirs], t)
        for p, q, g in zip(ours, theirs, grads, strict=True):
            p.grad, q.grad = tensor(g), torch.tensor(g)
        mine.step()
        other.step()
    assert max(error(p.detach().numpy(), q.detach()) for p, q in zip(ours, theirs, strict=True)) < TOLERANCE
    for i, q in enumerate(theirs):
        saved = mine.state_dict()["state"][i]
        for key in set(STATES) & set(other.state[q]):
            if name == "SGD" and options.get("maximize"):
                continue  # our buffer has the other sign: it is of g, and the step is turned
            assert error(saved[key], other.state[q][key]) < TOLERANCE


@pytest.mark.parametrize(("name", "options"), [v for v in VARIANTS if v[0] not in ("Adafactor", "Rprop")])
def test_complex_parameters(name, options):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
    p, q = tensor(start.copy(), requires_grad=True), torch.tensor(start, requires_grad=True)
    mine, other = getattr(optim, name)([p], **options), getattr(torch.optim, name)([q], **options)
    for t in range(20):
        rng = np.random.default_rng(t)
        g = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
        p.grad, q.grad = tensor(g), torch.tensor(g)
        mine.step()
        other.step()
    assert error(p.detach().numpy(), q.detach()) < TOLERANCE


def rosenbrock(x, y):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() + (y * y * y * y).sum()


def bowl(x, y):
    return (x**4).sum() + ((x[1:] - 2 * x[:-1] - 1) ** 2).sum() + ((y - 1) ** 2).sum()


def closure_of(optimizer, loss_of, values):
    def closure():
        optimizer.zero_grad()
        loss = loss_of(*values)
        loss.backward()
        return loss

    return closure


@pytest.mark.parametrize(("loss_of", "steps"), [(rosenbrock, 2), (bowl, 100)])
@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.1},
        {"lr": 0.1, "max_iter": 7, "history_size": 3},
        {"line_search_fn": "strong_wolfe", "max_iter": 10},
        {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 3, "lr": 0.7},
        {"line_search_fn": "strong_wolfe", "max_iter": 6, "max_eval": 5},
    ],
)
def test_lbfgs(options, loss_of, steps):
    """Few steps in Rosenbrock's valley, which multiplies rounding tenfold every few evaluations."""
    start, second = np.linspace(-1.2, 1.3, 6), np.ones((2, 2))
    ours = [tensor(v.copy(), requires_grad=True) for v in (start, second)]
    theirs = [torch.tensor(v, requires_grad=True) for v in (start, second)]
    mine, other = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    for _ in range(steps):
        a = mine.step(closure_of(mine, loss_of, ours))
        b = other.step(closure_of(other, loss_of, theirs))
        assert error(float(a), float(b.detach())) < TOLERANCE
        assert (
            max(error(p.detach().numpy(), q.detach()) for p, q in zip(ours, theirs, strict=True))
            < TOLERANCE
        )
        counts, state = mine.state_dict()["state"][0], other.state[theirs[0]]
        if np.max(np.abs(ours[0].grad.numpy())) > 1e-6:  # near the end rounding decides when to stop
            assert (counts["n_iter"], counts["func_evals"]) == (state["n_iter"], state["func_evals"])


SCHEDULES = [
    ("StepLR", {"step_size": 7, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [3, 20, 20, 50], "gamma": 0.3}),
    ("ConstantLR", {"factor": 0.3, "total_iters": 9}),
    ("LinearLR", {"start_factor": 0.2, "end_factor": 0.9, "total_iters": 30}),
    ("ExponentialLR", {"gamma": 0.97}),
    ("PolynomialLR", {"total_iters": 60, "power": 1.7}),
    ("CosineAnnealingLR", {"T_max": 23, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 100}),
    ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 11}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 8}),
    (
        "CyclicLR",
        {
            "base_lr": [0.01, 0.1],
            "max_lr": 0.3,
            "step_size_up": 8,
            "step_size_down": 5,
            "mode": "triangular2",
        },
    ),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 6, "mode": "exp_range", "gamma": 0.98}),
    (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.3,
            "step_size_up": 6,
            "scale_fn": lambda x: 1 / (1 + x),
            "scale_mode": "iterations",
            "cycle_momentum": False,
        },
    ),
    ("OneCycleLR", {"max_lr": [0.3, 0.5], "total_steps": 101}),
    ("OneCycleLR", {"max_lr": 0.3, "epochs": 11, "steps_per_epoch": 10, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 120, "three_phase": True, "pct_start": 0.4}),
    ("LambdaLR", {"lr_lambda": lambda t: 0.9 ** (t // 3)}),
    ("LambdaLR", {"lr_lambda": [lambda t: 1 / (t + 1), lambda t: 0.5**t]}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 1 - 1 / (t + 3)}),
]


def both(kind="SGD"):
    """An optimiser of ours and PyTorch's, each with two groups."""
    made = []
    for library, parameter in ((optim, tensor), (torch.optim, torch.tensor)):
        groups = [
            {"params": [parameter([1.0], requires_grad=True)], "lr": 0.2},
            {"params": [parameter([1.0], requires_grad=True)]},
        ]
        options = {"lr": 0.1, "momentum": 0.5} if kind == "SGD" else {"lr": 0.1}
        made.append(getattr(library, kind)(groups, **options))
    return made


def modules():
    return (lr_scheduler, torch.optim.lr_scheduler)


def follow(optimizers, schedulers, steps=100, metrics=None, rounding=0.0):
    """Step both and compare rates and momenta."""
    for t in range(steps):
        (mine, ours), (other, theirs) = zip(optimizers, schedulers, strict=True)
        assert error(ours.get_last_lr(), theirs.get_last_lr()) < TOLERANCE, t
        for a, b in zip(mine.param_groups, other.param_groups, strict=True):
            assert abs(a["lr"] - b["lr"]) <= TOLERANCE * b["lr"] + rounding, t
            for key in ("momentum", "betas"):
                assert np.allclose(a.get(key, 0), b.get(key, 0), rtol=TOLERANCE, atol=0)
        for optimizer, scheduler in zip(optimizers, schedulers, strict=True):
            optimizer.step()
            scheduler.step(*([] if metrics is None else [metrics[t]]))


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_schedulers(name, options, kind):
    optimizers = both(kind)
    schedulers = [getattr(m, name)(o, **options) for m, o in zip(modules(), optimizers, strict=True)]
    # at the foot of a cosine PyTorch divides by what rounding left of the rate
    follow(optimizers, schedulers, rounding=1e-12 if name == "CosineAnnealingLR" else 0.0)


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2, "factor": 0.5},
        {"mode": "max", "patience": 0, "cooldown": 3, "min_lr": [0.01, 0.05]},
        {"threshold_mode": "abs", "threshold": 0.5, "patience": 1},
        {"mode": "max", "threshold_mode": "abs", "threshold": 0.2, "patience": 3, "eps": 0.001},
    ],
)
def test_reduce_on_plateau(options):
    optimizers = both()
    schedulers = [m.ReduceLROnPlateau(o, **options) for m, o in zip(modules(), optimizers, strict=True)]
    metrics = np.random.default_rng(1).normal(size=100) + np.linspace(3, 1, 100)
    follow(optimizers, schedulers, metrics=[float(m) for m in metrics])


def test_sequential_schedulers():
    optimizers, schedulers = both(), []
    for m, o in zip(modules(), optimizers, strict=True):
        parts = [
            m.LinearLR(o, start_factor=0.1, total_iters=10),
            m.CosineAnnealingLR(o, T_max=20),
            m.CosineAnnealingWarmRestarts(o, T_0=5),
            m.ExponentialLR(o, gamma=0.9),
            m.LambdaLR(o, lambda t: 1 / (1 + t)),
        ]
        schedulers.append(m.SequentialLR(o, parts, milestones=[10, 25, 40, 60]))
    follow(optimizers, schedulers)


def test_chained_schedulers():
    optimizers, schedulers = both(), []
    for m, o in zip(modules(), optimizers, strict=True):
        parts = [
            m.ConstantLR(o, factor=0.1, total_iters=20),
            m.ExponentialLR(o, gamma=0.95),
            m.StepLR(o, step_size=30, gamma=0.5),
            m.LinearLR(o, total_iters=12),
            m.MultiplicativeLR(o, lambda t: 0.99),
        ]
        schedulers.append(m.ChainedScheduler(parts))
    follow(optimizers, schedulers)


RESUMED = [
    (n, o) for n, o in SCHEDULES if n not in ("CyclicLR", "OneCycleLR", "CosineAnnealingWarmRestarts")
]


@pytest.mark.parametrize(("name", "options"), RESUMED)
@pytest.mark.parametrize("last_epoch", [0, 6, 8, 19])
def test_starting_later(name, options, last_epoch):
    optimizers = both()
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.3
    schedulers = [
        getattr(m, name)(o, last_epoch=last_epoch, **options)
        for m, o in zip(modules(), optimizers, strict=True)
    ]
    follow(optimizers, schedulers, steps=20, rounding=1e-12)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 8])
def test_swalr(strategy, epochs):
    optimizers, schedulers, swa = both(), [], []
    swa_modules = (swa_utils, torch.optim.swa_utils)
    for m, s, o in zip(modules(), swa_modules, optimizers, strict=True):
        schedulers.append(m.ExponentialLR(o, gamma=0.9))
        swa.append(s.SWALR(o, swa_lr=0.05, anneal_epochs=epochs, anneal_strategy=strategy))
    follow(optimizers, schedulers, steps=5)
    for optimizer, scheduler in zip(optimizers, swa, strict=True):
        optimizer.step()
        scheduler.step()
    follow(optimizers, swa, steps=20)


def test_averages():
    model = torch.nn.Linear(3, 2)
    ours = [tensor(p.detach().numpy().copy(), requires_grad=True) for p in model.parameters()]
    pairs = [
        (swa_utils.AveragedParameters(ours), torch.optim.swa_utils.AveragedModel(model)),
        (
            swa_utils.AveragedParameters(ours, swa_utils.get_ema_multi_avg_fn(0.9)),
            torch.optim.swa_utils.AveragedModel(
                model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
            ),
        ),
    ]
    for t in range(50):
        for p, q in zip(ours, model.parameters(), strict=True):
            change = np.random.default_rng(t).normal(size=p.shape)
            with autograd.no_grad(), torch.no_grad():
                p += change
                q += torch.tensor(change)
        for mine, other in pairs:
            mine.update()
            other.update_parameters(model)
    for mine, other in pairs:
        for a, q in zip(mine.averages, other.module.parameters(), strict=True):
            assert error(a, q.detach()) < TOLERANCE
