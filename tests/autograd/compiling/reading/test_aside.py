"""A run that finds in its midst that it cannot go on: all that it has changed is put back first."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.compiling.kernels import native
from autograd.compiling.reading.aside import attributes, options, steps_of
from autograd.compiling.reading.state import State
from autograd.errors import CompileError
from optim import lr_scheduler
from tests.support.compiling import plain, same

# Optimisers whose formula takes numbers of other kinds from some step on: their programs are made anew.
SWITCHING = {
    "RAdam": lambda p: optim.RAdam(p, lr=0.1),
    "ASGD": lambda p: optim.ASGD(p, lr=0.1, t0=3),
    "dampened": lambda p: optim.SGD(p, lr=0.1, momentum=0.5, dampening=0.25),
}
SCHEDULERS = {
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "of milestones": lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 7], 0.5),
    "chained": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.LinearLR(o, 0.3, total_iters=4), lr_scheduler.ExponentialLR(o, 0.8)]
    ),
    "one after another": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.StepLR(o, 2, 0.7)], milestones=[3]
    ),
}


def two_optimizers(make, schedule):
    """A step of one optimiser, of its scheduler, and of another, which may find that it is switched."""
    first, second = (autograd.tensor(np.array(v), requires_grad=True) for v in ([1.0, -2.0], [0.5, 3.0]))
    norm = nn.BatchNorm1d(2, affine=False)
    of_first, of_second = optim.Adam([first], lr=0.05), make([second])
    scheduler = schedule(of_first)

    def step(x):
        of_first.zero_grad()
        of_second.zero_grad()
        loss = ((norm(x) * first - second) ** 2).sum()
        loss.backward()
        of_first.step()
        scheduler.step()
        of_second.step()
        return loss

    return step, [first, second, norm, of_first, of_second, scheduler]


def scheduled_first(make, schedule):
    """The scheduler's step comes before the optimiser's."""
    w = autograd.tensor(np.array([1.0, -2.0]), requires_grad=True)
    opt = make([w])
    scheduler = schedule(opt)
    opt.stepped = True  # or the scheduler would warn

    def step(x):
        opt.zero_grad()
        loss = ((x * w) ** 2).sum()
        loss.backward()
        scheduler.step()
        opt.step()
        return loss

    return step, [w, opt, scheduler]


def lived(made, compiled):
    step, state = made
    run = autograd.compile(step, state=state) if compiled else step
    schedulers = [s for s in state if isinstance(s, lr_scheduler.LRScheduler)]
    found = []
    for i in range(12):
        x = np.array([[0.3, 0.7], [-0.2, 0.1 * i]])
        loss = plain(run(x))
        rates = [s.get_last_lr() for s in schedulers] + [s.last_epoch for s in schedulers]
        found.append([loss, rates, *(np.array(v) for v in State(state).values() if v is not None)])
    return found, run


def close(a, b):
    """Equal but for the order in which loops add up."""
    return isinstance(a, np.ndarray) and a.dtype.kind == "f" and np.allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("numba", [False, True])
@pytest.mark.parametrize("schedule", SCHEDULERS.values(), ids=SCHEDULERS)
@pytest.mark.parametrize("make", SWITCHING.values(), ids=SWITCHING)
@pytest.mark.parametrize("program", [two_optimizers, scheduled_first], ids=lambda p: p.__name__)
def test_what_has_run_does_not_run_twice(program, make, schedule, numba, monkeypatch):
    if not numba:
        monkeypatch.setattr(native, "available", lambda: False)
    wanted, _ = lived(program(make, schedule), False)
    found, run = lived(program(make, schedule), True)
    assert run.replays
    assert not run.fallback
    for a, b in zip(wanted, found, strict=True):
        for x, y in zip(a, b, strict=True):
            assert same(x, y) or (numba and close(x, y))


class Keeper:
    def __init__(self):
        self.number, self.held, self.other = 1, [1, 2], object()


def test_plain_attributes_are_put_back():
    keeper = Keeper()
    held = keeper.held
    put_back = attributes([keeper])
    keeper.number, keeper.other = 5, None
    keeper.held.append(3)
    put_back()
    assert keeper.number == 1
    assert keeper.held is held == [1, 2]
    assert keeper.other is None


def test_options_are_put_back():
    opt = optim.SGD([autograd.tensor([1.0], requires_grad=True)], lr=0.5)
    group, put_back = opt.param_groups[0], options([opt])
    group["lr"], group["new"] = 0.1, 1
    put_back()
    assert opt.param_groups[0] is group
    assert group["lr"] == 0.5
    assert "new" not in group


@pytest.mark.parametrize("schedule", SCHEDULERS.values(), ids=SCHEDULERS)
def test_schedulers_are_taken_back(schedule):
    opt = optim.SGD([autograd.tensor([1.0], requires_grad=True)], lr=0.5)
    scheduler = schedule(opt)
    opt.stepped = True

    def rates():
        found = []
        for _ in range(6):
            scheduler.step()
            found.append((scheduler.last_epoch, opt.param_groups[0]["lr"], *scheduler.get_last_lr()))
        return found

    put_back = steps_of([scheduler])
    first = rates()
    put_back()
    assert rates() == first


class Unmethodical:
    """A scheduler of one's own, whose step belongs to nothing."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.step = lambda: None

    def get_last_lr(self):
        return [group["lr"] for group in self.optimizer.param_groups]


def test_a_step_that_cannot_be_taken_back_is_refused():
    step, state = scheduled_first(SWITCHING["RAdam"], Unmethodical)
    compiled = autograd.compile(step, state=state, strict=True)
    compiled(np.ones((2, 2)))
    with pytest.raises(CompileError, match="no method"):
        compiled(np.ones((2, 2)))
