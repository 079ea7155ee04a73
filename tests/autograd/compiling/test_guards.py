"""Guards that come out otherwise than when a program was recorded: one program for each outcome."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd.compiling import compiled
from autograd.ops.neural.erf import erf
from tests.support.compiling import plain, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")


def test_guards_may_come_out_otherwise_each_time():
    """Variances vanish now and then: a program for each outcome, and none is replaced."""
    found = []
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((5, 3)).astype(np.float32) for _ in range(60)]
    for i, batch in enumerate(batches):
        if i % 3:
            batch[:, i % 2] = 1.0
    for use in (False, True):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.BatchNorm1d(4))
        norm = nn.BatchNorm1d(3)
        opt = optim.SGD([*model.parameters(), *norm.parameters()], lr=0.01)

        def step(x, model=model, opt=opt, norm=norm):
            opt.zero_grad()
            loss = (model(norm(x)) ** 2).mean()
            loss.backward()
            opt.step()
            return loss

        step = autograd.compile(step, state=(model, norm, opt), strict=True) if use else step
        found.append(plain([step(x) for x in batches] + [p.detach() for p in model.parameters()]))
    assert same(*found)
    assert step.replays > 40


def test_more_outcomes_than_programs(monkeypatch):
    """Then the function itself runs, and after some such calls it alone."""
    monkeypatch.setattr(compiled, "VARIANTS", 2)
    monkeypatch.setattr(compiled, "PATIENCE", 4)
    norms = [nn.BatchNorm1d(2) for _ in range(5)]

    def fn(xs):
        return sum(norm(x).detach().sum() for norm, x in zip(norms, xs, strict=True))

    act = autograd.compile(fn, state=norms)
    rng = np.random.default_rng(0)
    for i in range(60):
        xs = [rng.standard_normal((4, 2)) for _ in norms]
        for at, x in enumerate(xs):
            x[:, 0] = x[:, 0] * 0 if i >> at & 1 else x[:, 0]
        before = copy.deepcopy([n.state_dict() for n in norms])
        found = quietly(act, xs)
        for norm, state in zip(norms, before, strict=True):
            norm.load_state_dict(state)
        assert same(plain(found), plain(fn(xs)))
    assert act.replays > 0
    assert "test_guards" in act.fallback


@pytest.mark.parametrize("fn", [F.gelu, erf])
def test_error_functions_have_one_program_for_all_numbers(fn):
    """Eagerly they look piece by piece whether numbers are too large to be squared."""
    slope = autograd.compile(autograd.grad(lambda x: (fn(x) ** 2).sum()), strict=True)
    rng = np.random.default_rng(0)
    for i in range(12):
        x = rng.standard_normal(3 * 32768 + 5)
        x[rng.integers(0, len(x), i % 4)] = [100.0, np.inf, -np.inf][: i % 4]
        with np.errstate(invalid="ignore"):
            assert same(slope(x), autograd.grad(lambda x: (fn(x) ** 2).sum())(x))
    assert slope.replays >= 8
