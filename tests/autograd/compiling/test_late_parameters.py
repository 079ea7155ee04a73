"""Parameters whose first gradient comes late: what optimisers keep for them begins only then."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.compiling.kernels import native
from autograd.compiling.reading.state import State
from tests.support.compiling import plain, same

# Optimisers whose state begins with options, and some of which it does not.
OPTIMIZERS = {
    "ASGD": lambda p: optim.ASGD(p, lr=0.1, t0=2),
    "Rprop": lambda p: optim.Rprop(p, lr=0.1),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.5),
    "NAdam": lambda p: optim.NAdam(p, lr=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.5, dampening=0.25),
}


@pytest.fixture(autouse=True)
def numpy_alone(monkeypatch):
    monkeypatch.setattr(native, "available", lambda: False)


class Life:
    """Two parameters, one of which the loss reads only now and then."""

    def __init__(self, make, wrap):
        self.early, self.late = (
            autograd.tensor(np.array(v), requires_grad=True) for v in ([1.0, -2.0], [0.5, 3.0])
        )
        self.opt = make([self.early, self.late])
        scheduler = optim.lr_scheduler.ExponentialLR(self.opt, 0.5)
        self.opt.stepped = True  # the scheduler may come first
        self.state = [self.early, self.late, self.opt, scheduler]
        early, late, opt = self.early, self.late, self.opt

        def step(x, both, scheduled):
            if scheduled:
                scheduler.step()
            opt.zero_grad()
            loss = ((early * x) ** 2).sum()
            if both:
                loss = loss + ((late - x) ** 2).sum()
            loss.backward()
            opt.step()
            return loss

        self.step = wrap(step, self.state)
        self.found = []

    def call(self, both=False, scheduled=False):
        x = np.array([0.3, 0.7]) + 0.1 * len(self.found)
        loss = self.step(x, both, scheduled)
        self.found.append(
            [plain(loss), *(np.array(v) for v in State(self.state).values() if v is not None)]
        )

    def option(self, name, value):
        for group in self.opt.param_groups:
            group[name] = value


def lived(make, live):
    """What is seen of a life as it is, and of one whose step is compiled; the latter's step."""
    found = []
    for wrap in (lambda fn, state: fn, lambda fn, state: autograd.compile(fn, state=state)):
        life = Life(make, wrap)
        live(life)
        found.append(life)
    return found[0].found, found[1].found, found[1].step


def other_rate(life):
    for _ in range(4):
        life.call()
    life.option("lr", 0.02)
    for _ in range(4):
        life.call(both=True)


def other_rates_by_turns(life):
    for i in range(12):
        life.option("lr", 0.1 / (i + 1))
        life.call(both=i > 5 and i % 2 == 0)


def rates_set_inside(life):
    for i in range(10):
        life.call(both=i > 3, scheduled=True)


def another_beginning(life):
    for i in range(8):
        if i == 4:
            life.option("initial_accumulator_value", 2.0)
        life.call(both=i > 4)


def state_taken_over(life):
    """That of a new optimiser, without a step: all begins anew, and once more later."""
    fresh = {**life.opt.state_dict(), "state": {}}
    for i in range(12):
        if i in (4, 8):
            life.opt.load_state_dict(fresh)
            life.option("lr", 0.3 / i)
        life.call(both=i not in (4, 5, 8))


LIVES = [other_rate, other_rates_by_turns, rates_set_inside, another_beginning, state_taken_over]


@pytest.mark.parametrize("live", LIVES, ids=lambda live: live.__name__)
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_late_parameter_begins_as_in_an_eager_step(make, live):
    wanted, found, step = lived(make, live)
    assert not step.fallback
    assert step.replays
    for a, b in zip(wanted, found, strict=True):
        assert same(a, b)


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_eager_steps_beside_a_program_begin_as_without_it(make):
    """The program has made what the optimiser keeps; then another function steps, with other options."""
    wanted, found, _ = lived(make, _with_eager_steps)
    for a, b in zip(wanted, found, strict=True):
        assert same(a, b)


def _with_eager_steps(life):
    for _ in range(4):
        life.call()
    life.option("lr", 0.02)
    for _ in range(3):
        life.opt.zero_grad()
        ((life.late - 1.0) ** 2).sum().backward()
        life.opt.step()
        life.found.append([np.array(v) for v in State(life.state).values() if v is not None])


def test_what_was_loaded_without_a_step_stays():
    """As a state of PyTorch's may be: kept, and not begun anew."""
    early, late = (autograd.tensor([1.0], requires_grad=True) for _ in range(2))
    opt = OPTIMIZERS["Rprop"]([early, late])
    (early + late).sum().backward()
    opt.step()
    saved = opt.state_dict()
    saved["state"][1] |= {"step": 0, "step_size": np.array([7.0])}
    opt.load_state_dict(saved)
    State([opt]).prepare()
    assert opt._slots[late].state[1] == 7.0


def test_a_model_may_be_cast_before_the_first_gradient():
    model = nn.Linear(2, 1)
    opt = OPTIMIZERS["Rprop"](model.parameters())
    State([model, opt]).prepare()
    model.to(np.dtype(np.float64))
    model(np.ones((1, 2))).sum().backward()
    opt.step()
    assert {a.dtype for slot in opt._slots.values() for a in slot.state} == {np.dtype(np.float64)}
