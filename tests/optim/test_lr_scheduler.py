"""Schedulers against their closed forms."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import optim
from autograd import tensor
from autograd.errors import ArgumentError, OperandError
from optim import lr_scheduler as L
from optim import swa_utils
from optim.state import OptimizerStateError


def optimizer_of(lr=0.2, kind=optim.SGD, **options):
    groups = [{"params": [tensor([1.0], requires_grad=True)]} for _ in range(2)]
    groups[1]["lr"] = 3 * lr
    return kind(groups, lr=lr, **options)


def rates(optimizer, scheduler, steps, *metrics):
    """The first group's rate at each step; the second's is three times that."""
    seen = []
    for t in range(steps):
        first, second = (group["lr"] for group in optimizer.param_groups)
        assert scheduler.get_last_lr() == [first, second]
        seen.append((first, second))
        optimizer.step()
        scheduler.step(*(m[t] for m in metrics))
    return np.array(seen)


def up_and_down(t, up, down):
    t = t % (up + down)
    return t / up if t <= up else (up + down - t) / down


CLOSED = [
    (L.StepLR, {"step_size": 4, "gamma": 0.5}, lambda t: 0.5 ** (t // 4)),
    (L.MultiStepLR, {"milestones": [9, 3, 3], "gamma": 0.5}, lambda t: 0.5 ** (2 * (t >= 3) + (t >= 9))),
    (L.ConstantLR, {"factor": 0.25, "total_iters": 6}, lambda t: 0.25 if t < 6 else 1.0),
    (L.ConstantLR, {"factor": 0.0, "total_iters": 6}, lambda t: 0.0 if t < 6 else 1.0),
    (L.LinearLR, {"start_factor": 0.5, "total_iters": 8}, lambda t: 0.5 + 0.5 * min(t, 8) / 8),
    (L.LinearLR, {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 8}, lambda t: 1 - min(t, 8) / 8),
    (L.ExponentialLR, {"gamma": 0.9}, lambda t: 0.9**t),
    (L.InverseTimeLR, {"gamma": 0.5}, lambda t: 1 / (1 + 0.5 * t)),
    (L.PolynomialLR, {"total_iters": 10, "power": 2.0}, lambda t: (1 - min(t, 10) / 10) ** 2),
    (L.CosineAnnealingLR, {"T_max": 7}, lambda t: (1 + math.cos(math.pi * t / 7)) / 2),
    (L.CosineAnnealingWarmRestarts, {"T_0": 5}, lambda t: (1 + math.cos(math.pi * (t % 5) / 5)) / 2),
    (L.LambdaLR, {"lr_lambda": lambda t: 1 / (1 + t) ** 2}, lambda t: 1 / (1 + t) ** 2),
    (L.MultiplicativeLR, {"lr_lambda": lambda t: 0.5 + t / 100}, None),
]


@pytest.mark.parametrize(("kind", "options", "factor"), CLOSED)
def test_rates_are_those_of_the_closed_form(kind, options, factor):
    if factor is None:
        factor = lambda t: math.prod(0.5 + k / 100 for k in range(1, t + 1))
    optimizer = optimizer_of()
    seen = rates(optimizer, kind(optimizer, **options), 40)
    expected = np.array([[0.2, 0.6]]) * np.array([[factor(t)] for t in range(40)])
    np.testing.assert_allclose(seen, expected, rtol=1e-11, atol=1e-15)


def test_cosines_with_a_lowest_rate():
    expected = [
        0.05 + (lr - 0.05) * (1 + math.cos(math.pi * t / 7)) / 2 for t in range(30) for lr in (0.2, 0.6)
    ]
    optimizer = optimizer_of()
    seen = rates(optimizer, L.CosineAnnealingLR(optimizer, 7, eta_min=0.05), 30)
    np.testing.assert_allclose(seen.ravel(), expected, rtol=1e-12)


def test_warm_restarts_of_growing_length():
    optimizer = optimizer_of()
    seen = rates(optimizer, L.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=2), 21)
    places = [(t, 3) for t in range(3)] + [(t, 6) for t in range(6)] + [(t, 12) for t in range(12)]
    expected = [0.1 * (1 + math.cos(math.pi * t / n)) for t, n in places]
    np.testing.assert_allclose(seen[:, 0], expected, rtol=1e-12)
    scheduler = L.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=2)
    for epoch, (t, n) in ((0.5, (0.5, 3)), (4, (1, 6)), (9.25, (0.25, 12)), (2, (2, 3))):
        scheduler.step(epoch)
        assert scheduler.get_last_lr()[0] == pytest.approx(0.1 * (1 + math.cos(math.pi * t / n)))


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({}, lambda t: 1.0),
        ({"mode": "triangular2"}, lambda t: 0.5 ** (t // 10)),
        ({"mode": "exp_range", "gamma": 0.9}, lambda t: 0.9**t),
        ({"scale_fn": lambda c: 1 / c}, lambda t: 1 / (1 + t // 10)),
    ],
)
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_cycles_move_rate_and_momentum(kind, options, scale):
    optimizer = optimizer_of(kind=kind)
    scheduler = L.CyclicLR(optimizer, [0.1, 0.2], 0.5, step_size_up=4, step_size_down=6, **options)
    for t in range(45):
        height = up_and_down(t, 4, 6) * scale(t)
        expected = [0.1 + 0.4 * height, 0.2 + 0.3 * height]
        np.testing.assert_allclose(scheduler.get_last_lr(), expected, rtol=1e-12)
        for group in optimizer.param_groups:
            momentum = group["betas"][0] if kind is optim.Adam else group["momentum"]
            assert momentum == pytest.approx(0.9 - 0.1 * height)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize(
    ("strategy", "way"), [("linear", lambda x: x), ("cos", lambda x: (1 - math.cos(math.pi * x)) / 2)]
)
def test_one_cycle(strategy, way):
    optimizer = optimizer_of()
    scheduler = L.OneCycleLR(optimizer, 0.5, total_steps=21, pct_start=1 / 3, anneal_strategy=strategy)
    low, high, least = 0.02, 0.5, 0.02 / 1e4
    for t in range(21):
        up = t / 6 if t <= 6 else None
        lr = low + (high - low) * way(up) if up is not None else high + (least - high) * way((t - 6) / 14)
        momentum = 0.95 - 0.1 * way(up) if up is not None else 0.85 + 0.1 * way((t - 6) / 14)
        assert scheduler.get_last_lr()[1] == pytest.approx(lr, rel=1e-11)
        assert optimizer.param_groups[1]["momentum"] == pytest.approx(momentum)
        optimizer.step()
        scheduler.step()
    with pytest.raises(ArgumentError, match="step 22 of a schedule of 21 steps"):
        scheduler.step()


def test_one_cycle_in_three_phases():
    optimizer = optimizer_of(kind=optim.Adam)
    scheduler = L.OneCycleLR(optimizer, 0.5, epochs=5, steps_per_epoch=4, pct_start=0.25, three_phase=True)
    marks = {0: 0.02, 4: 0.5, 8: 0.02, 19: 0.02 / 1e4}
    for t in range(20):
        if t in marks:
            assert scheduler.get_last_lr()[0] == pytest.approx(marks[t])
            assert optimizer.param_groups[0]["betas"][0] == pytest.approx(0.85 if t == 4 else 0.95)
        optimizer.step()
        scheduler.step()


def test_a_plateau_lowers_the_rate():
    optimizer = optimizer_of()
    scheduler = L.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=2, min_lr=[0.06, 0.0])
    losses = [5, 4, 4, 4, 4, 4, 4, 4, 4, 4, math.nan, 3.9, 3.9, 3.9]
    seen = rates(optimizer, scheduler, len(losses), losses)
    assert seen[:, 0].tolist() == [0.2] * 4 + [0.1] * 4 + [0.06] * 6
    assert seen[-1, 1] == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("mode", "threshold_mode", "metric", "better"),
    [
        ("min", "rel", 8.9, True),
        ("min", "rel", 9.1, False),
        ("max", "rel", 11.1, True),
        ("max", "rel", 10.9, False),
        ("min", "abs", 9.8, True),
        ("min", "abs", 9.95, False),
        ("max", "abs", 10.2, True),
        ("max", "abs", 10.05, False),
    ],
)
def test_what_counts_as_better(mode, threshold_mode, metric, better):
    scheduler = L.ReduceLROnPlateau(optimizer_of(), mode, threshold=0.1, threshold_mode=threshold_mode)
    assert scheduler.is_better(metric, 10.0) is better
    assert scheduler.is_better(metric, scheduler.best)


def test_sequences_take_turns():
    optimizer = optimizer_of()
    parts = [
        L.LinearLR(optimizer, 0.5, total_iters=4),
        L.ExponentialLR(optimizer, 0.5),
        L.ConstantLR(optimizer, 0.1, 2),
    ]
    seen = rates(optimizer, L.SequentialLR(optimizer, parts, milestones=[4, 7]), 11)
    factors = [0.5, 0.625, 0.75, 0.875, 1, 0.5, 0.25, 0.1, 0.1, 1, 1]
    np.testing.assert_allclose(seen[:, 1], 0.6 * np.array(factors), rtol=1e-12)


def test_chains_multiply():
    optimizer = optimizer_of()
    parts = [L.ConstantLR(optimizer, 0.1, 3), L.ExponentialLR(optimizer, 0.9), L.StepLR(optimizer, 2, 0.5)]
    seen = rates(optimizer, L.ChainedScheduler(parts), 8)
    expected = [0.2 * (0.1 if t < 3 else 1) * 0.9**t * 0.5 ** (t // 2) for t in range(8)]
    np.testing.assert_allclose(seen[:, 0], expected, rtol=1e-12)


def test_compositions_nest():
    optimizer = optimizer_of()
    chain = L.ChainedScheduler([L.ConstantLR(optimizer, 0.5, 2), L.ExponentialLR(optimizer, 0.9)])
    inner = L.SequentialLR(
        optimizer, [L.ExponentialLR(optimizer, 0.5), L.ConstantLR(optimizer, 0.1, 9)], [2]
    )
    last = L.ChainedScheduler([L.ConstantLR(optimizer, 0.5, 2), L.ExponentialLR(optimizer, 0.9)])
    seen = rates(optimizer, L.SequentialLR(optimizer, [chain, inner, last], [3, 7]), 10)
    factors = [0.5, 0.45, 0.81, 1, 0.5, 0.1, 0.1, 0.5, 0.45, 0.81]
    np.testing.assert_allclose(seen[:, 0], 0.2 * np.array(factors), rtol=1e-12)


# ---------------------------------------------------------------- state


def chained(optimizer):
    return L.ChainedScheduler([L.ConstantLR(optimizer, 0.1, 3), L.ExponentialLR(optimizer, 0.9)])


def sequential(optimizer):
    return L.SequentialLR(optimizer, [L.ConstantLR(optimizer, 0.1, 9), chained(optimizer)], [4])


MAKERS = [
    *(lambda o, k=kind, a=options: k(o, **a) for kind, options, _ in CLOSED),
    lambda o: L.CyclicLR(o, 0.1, 0.5, step_size_up=4, mode="triangular2"),
    lambda o: L.OneCycleLR(o, 0.5, total_steps=30),
    lambda o: L.CosineAnnealingWarmRestarts(o, 3, 2),
    lambda o: swa_utils.SWALR(o, 0.01, anneal_epochs=9),
    chained,
    sequential,
]


@pytest.mark.parametrize("make", MAKERS)
def test_resuming_is_as_never_having_stopped(make):
    whole, first = optimizer_of(), optimizer_of()
    expected = rates(whole, make(whole), 15)
    scheduler = make(first)
    before = rates(first, scheduler, 6)
    saved = json.loads(json.dumps([scheduler.state_dict(), first.state_dict()]))
    later = optimizer_of()
    resumed = make(later)
    later.load_state_dict(saved[1])
    resumed.load_state_dict(saved[0])
    np.testing.assert_array_equal(np.concatenate([before, rates(later, resumed, 9)]), expected)


def test_resuming_on_a_plateau():
    losses = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    seen = []
    for stop in (False, True):
        optimizer = optimizer_of()
        scheduler = L.ReduceLROnPlateau(optimizer, patience=2)
        for t, loss in enumerate(losses):
            if stop and t == 3:
                saved = scheduler.state_dict()
                scheduler = L.ReduceLROnPlateau(optimizer, patience=2)
                scheduler.load_state_dict(saved)
            scheduler.step(loss)
        seen.append(scheduler.get_last_lr())
    assert seen[0] == seen[1] != [0.2, 0.6]


class Falling:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, t):
        return self.rate**t


def test_callable_objects_are_saved_with_their_attributes():
    one, other = optimizer_of(), optimizer_of()
    saved = L.LambdaLR(one, [Falling(0.5), lambda t: 1.0]).state_dict()
    scheduler = L.LambdaLR(other, [Falling(0.9), lambda t: 1.0])
    scheduler.load_state_dict(saved)
    assert scheduler.lr_lambdas[0].rate == 0.5
    cyclic = L.CyclicLR(one, 0.1, 0.5, scale_fn=Falling(0.5))
    second = L.CyclicLR(other, 0.1, 0.5, scale_fn=Falling(0.9))
    second.load_state_dict(cyclic.state_dict())
    assert second.scale_fn.rate == 0.5


def test_states_of_another_kind_are_refused():
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 3)
    with pytest.raises(OptimizerStateError, match=r"lacks \['step_size'\]"):
        scheduler.load_state_dict(L.ExponentialLR(optimizer, 0.5).state_dict())
    with pytest.raises(OptimizerStateError, match="expected 2 schedulers, got 1"):
        chained(optimizer).load_state_dict(L.ChainedScheduler([scheduler]).state_dict())


def test_a_state_dict_is_a_copy():
    scheduler = L.StepLR(optimizer_of(), 3)
    scheduler.state_dict()["base_lrs"][0] = 7.0
    scheduler.get_last_lr()[0] = 7.0
    assert scheduler.base_lrs == scheduler.get_last_lr() == [0.2, pytest.approx(0.6)]


def test_starting_in_the_middle():
    optimizer = optimizer_of()
    with pytest.raises(ArgumentError, match="last_epoch is 4, but group 0 has no initial_lr"):
        L.ExponentialLR(optimizer, 0.5, last_epoch=4)
    for group in optimizer.param_groups:
        group["initial_lr"] = 0.8
    scheduler = L.ExponentialLR(optimizer, 0.5, last_epoch=4)
    assert scheduler.last_epoch == 5
    assert optimizer.param_groups[0]["lr"] == 0.2
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.1
    group = {"params": [tensor([1.0], requires_grad=True)], "lr": 0.1, "initial_lr": 0.8}
    assert L.LambdaLR(optim.SGD([group]), lambda t: 0.5**t, last_epoch=1).get_last_lr() == [0.2]


# ---------------------------------------------------------------- order and bad options


def test_stepping_before_the_optimizer_warns_once():
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match=r"StepLR.step\(\) before optimizer.step\(\)"):
        scheduler.step()
    scheduler.step()


SGD, ADAGRAD = optimizer_of(), optimizer_of(kind=optim.Adagrad)
SGD.step()
BAD = [
    (lambda: L.StepLR("x", 3), OperandError, "StepLR: optimizer must be an Optimizer, got str"),
    (lambda: L.StepLR(SGD, 0), ArgumentError, "step_size must be an integer of at least 1, got 0"),
    (lambda: L.StepLR(SGD, 3, gamma=math.nan), ArgumentError, "gamma"),
    (lambda: L.StepLR(SGD, 3, last_epoch=-2), ArgumentError, "last_epoch"),
    (lambda: L.MultiStepLR(SGD, [1.5]), ArgumentError, r"milestones\[0\]"),
    (lambda: L.ConstantLR(SGD, 1.5), ArgumentError, "factor .* at most 1.0, got 1.5"),
    (lambda: L.LinearLR(SGD, 0), ArgumentError, "start_factor must be above 0"),
    (lambda: L.LinearLR(SGD, total_iters=0), ArgumentError, "total_iters"),
    (lambda: L.ExponentialLR(SGD, -1), ArgumentError, "gamma"),
    (lambda: L.InverseTimeLR(SGD, -1), ArgumentError, "InverseTimeLR: gamma"),
    (lambda: L.PolynomialLR(SGD, power=-1), ArgumentError, "power"),
    (lambda: L.CosineAnnealingLR(SGD, 0), ArgumentError, "T_max"),
    (lambda: L.CosineAnnealingWarmRestarts(SGD, 0), ArgumentError, "T_0"),
    (lambda: L.CosineAnnealingWarmRestarts(SGD, 3).step(-1), ArgumentError, "epoch"),
    (
        lambda: L.LambdaLR(SGD, [lambda t: t]),
        ArgumentError,
        "expected 2 lr_lambdas, one for each group, got 1",
    ),
    (lambda: L.LambdaLR(SGD, 0.5), OperandError, "callable, got float"),
    (
        lambda: L.CyclicLR(SGD, [0.1], 0.5),
        ArgumentError,
        "base_lr must have a value for each of 2 groups, got 1",
    ),
    (lambda: L.CyclicLR(SGD, 0.1, 0.5, mode="x"), ArgumentError, "mode must be one of 'triangular'"),
    (lambda: L.CyclicLR(ADAGRAD, 0.1, 0.5), ArgumentError, "cycle_momentum needs .* got Adagrad"),
    (lambda: L.OneCycleLR(ADAGRAD, 0.1, 5), ArgumentError, "cycle_momentum=False"),
    (lambda: L.OneCycleLR(SGD, 0.1), ArgumentError, "total_steps, or epochs and steps_per_epoch"),
    (lambda: L.OneCycleLR(SGD, 0.1, 5, pct_start=2), ArgumentError, "pct_start"),
    (lambda: L.OneCycleLR(SGD, 0.1, 5, div_factor=0), ArgumentError, "div_factor must be above 0"),
    (
        lambda: L.ReduceLROnPlateau(SGD, "best"),
        ArgumentError,
        "mode must be one of 'min', 'max', got 'best'",
    ),
    (lambda: L.ReduceLROnPlateau(SGD, factor=1.0), ArgumentError, "factor .* below 1.0"),
    (lambda: L.SequentialLR(SGD, [], []), ArgumentError, "at least one scheduler"),
    (lambda: L.SequentialLR(SGD, [L.StepLR(SGD, 3)], [1]), ArgumentError, "milestones must be 0"),
    (lambda: L.SequentialLR(SGD, [L.StepLR(ADAGRAD, 3)], []), ArgumentError, "another optimizer"),
    (lambda: L.ChainedScheduler([L.ReduceLROnPlateau(SGD)]), OperandError, "got ReduceLROnPlateau"),
    (lambda: swa_utils.SWALR(SGD, 0.1, anneal_strategy="x"), ArgumentError, "anneal_strategy"),
    (lambda: swa_utils.SWALR(SGD, -0.1), ArgumentError, "swa_lr"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_bad_options_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
