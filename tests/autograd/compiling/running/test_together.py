"""Parameters that lie side by side in a program's memory: nobody sees it by them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.addresses import Allotted
from autograd.compiling import compiled
from autograd.compiling.kernels import native
from autograd.compiling.plan import NUMBA, NUMPY, PLAIN
from autograd.compiling.running import faster
from autograd.compiling.running.entry import Entry
from tests.support.compiling import plain, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def square(out):
    return (out**2).sum()


def training(optimizer=optim.Adam):
    """A model, its optimiser, and a compiled step that has run."""
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    opt = optimizer(model.parameters(), lr=0.01)
    act = autograd.compile(training_step(model, opt, square), state=(model, opt), strict=True)
    return model, opt, act


def are_together(model):
    return all(type(p._data.base) is Allotted for p in model.parameters())


def run(compile_it, calls, between=lambda i, model, opt: None):
    """The weights after some calls, compiled or eager; the model, its optimiser and the compiled step."""
    model, opt, act = training()
    step = act if compile_it else act.__wrapped__
    for i in range(calls):
        between(i, model, opt)
        step(X * (i + 1))
    return [plain(p) for p in model.parameters()], model, opt, act


def test_they_are_brought_together():
    found, model, opt, act = run(True, 8)
    assert are_together(model)
    assert act.replays >= 5
    assert same(found, run(False, 8)[0])
    parts = [p._data for p in model.parameters()] + [a for s in opt._slots.values() for a in s.state]
    for i, a in enumerate(parts):
        assert not any(np.shares_memory(a, b) for b in parts[:i])


@pytest.mark.parametrize("at", range(8))
def test_a_graph_keeps_the_values_that_it_saw(at):
    """Of a view, too: it refers to the parameter, not to the block."""
    found = []
    for compile_it in (True, False):
        held = []

        def look(i, model, opt, held=held):
            if i == at:
                held.append((model[0].weight.T[1:] ** 3).sum())
                held.append(model[2].weight[0])

        weights, *_ = run(compile_it, 8, look)
        weight = held[1]._alias.root
        weight.grad = None
        (held[0] + (held[1] ** 2).sum()).backward()
        found.append([plain(weight.grad), plain(held[1]), weights])
    assert same(*found)


@pytest.mark.parametrize("at", range(8))
def test_an_array_that_was_handed_out_is_written_through(at):
    found = []
    for compile_it in (True, False):
        held = []
        look = lambda i, model, opt, held=held: held.append(model[0].bias.data) if i == at else None
        weights, *_ = run(compile_it, 8, look)
        found.append([held[0].copy(), weights])
    assert same(*found)
    assert same(found[0][0], found[0][1][1])


@pytest.mark.parametrize("at", range(8))
def test_state_that_others_hold_is_written_through(at):
    found = []
    for compile_it in (True, False):
        held = []

        def look(i, model, opt, held=held):
            if i == at and i:
                held.extend(next(iter(opt.state.values()))[n] for n in ("exp_avg", "exp_avg_sq"))

        weights, *_ = run(compile_it, 8, look)
        found.append([[a.copy() for a in held], weights])
    assert same(*found)


def test_programs_with_other_parameters_do_not_take_them_from_each_other():
    """One trains all, one trains some, by turns: each is bound a few times, not at each call."""
    model, _, act = training(optim.SGD)
    part = optim.SGD([model[0].weight, model[2].weight], lr=0.01)
    other = autograd.compile(training_step(model, part, square), state=(model, part), strict=True)
    twin, twins, _ = training(optim.SGD)
    parts = optim.SGD([twin[0].weight, twin[2].weight], lr=0.01)
    for _ in range(12):
        act(X), other(X)
        training_step(twin, twins, square)(X), training_step(twin, parts, square)(X)
    assert same([plain(p) for p in model.parameters()], [plain(p) for p in twin.parameters()])
    assert act._program().rebindings + other._program().rebindings < 8
    assert act.replays > 6 < other.replays


def test_an_evaluation_sees_the_weights_of_the_training():
    model, _, act = training()
    look = autograd.compile(lambda x: model(x).detach(), state=model, strict=True)
    for _ in range(9):
        assert same(plain(look(X)), plain(model(X)))
        act(X)
    assert look.replays > 4
    assert look._program().rebindings < 4


def test_the_model_outlives_the_program():
    _, model, opt, act = run(True, 6)
    twin, twins, _ = training()
    twin.load_state_dict(model.state_dict())
    twins.load_state_dict(opt.state_dict())
    del act
    before = [p._data for p in model.parameters()]
    where = [a.__array_interface__["data"][0] for a in before]
    del before
    for _ in range(3):
        training_step(model, opt, square)(X), training_step(twin, twins, square)(X)
    assert same([plain(p) for p in model.parameters()], [plain(p) for p in twin.parameters()])
    # eager steps write what nobody else holds where it is
    assert where == [p._data.__array_interface__["data"][0] for p in model.parameters()]


def test_copies_have_memory_of_their_own():
    _, model, _, act = run(True, 6)
    twin = copy.deepcopy(model)
    again = pickle.loads(pickle.dumps(model.state_dict()))
    values = [plain(p) for p in model.parameters()]
    act(X)
    assert same([plain(p) for p in twin.parameters()], values)
    assert same([plain(v) for v in again.values()], values)
    assert not are_together(twin)


def test_state_is_loaded_in_place():
    def load(i, model, opt):
        if i == 6:
            model.load_state_dict({k: v * 0.5 for k, v in model.state_dict().items()})
            opt.load_state_dict(opt.state_dict())

    found, model, _, act = run(True, 12, load)
    assert same(found, run(False, 12, load)[0])
    assert are_together(model)
    assert act.replays > 6


def test_weights_that_graphs_have_held_are_brought_together_again():
    """While a graph is there that saved one, it has memory of its own; whenever that was so."""
    found = []
    for compile_it in (True, False):
        held = []

        def look(i, model, opt, held=held):
            held[:] = [(model[0].weight ** 2).sum()] if i % 3 == 2 else []

        found.append(run(compile_it, 31, look))
    (weights, model, _, act), (wanted, *_) = found
    assert same(weights, wanted)
    assert are_together(model)
    assert sum(s.fn is np.sqrt for s in act.plan.steps) == 1


def test_what_somebody_holds_stays_where_it_is_and_the_rest_is_brought_together():
    model, _, act = training()
    held = model[0].bias.data
    for i in range(8):
        act(X * (i + 1))
    assert model[0].bias.data is held
    assert same([plain(p) for p in model.parameters()], run(False, 8)[0])
    parts = [model[0].weight, model[2].weight, model[2].bias]
    assert all(type(p._data.base) is Allotted for p in parts)
    sizes = sorted(
        s.made()[0].size if s.made() else s.writes[0].size for s in act.plan.steps if s.fn is np.sqrt
    )
    assert sizes == [4, 12 + 8 + 2]


def test_they_are_brought_together_where_numba_fails(monkeypatch):
    """The program without kernels, which ran until then, still holds what the optimiser keeps."""
    monkeypatch.delenv("WENGERT_NATIVE", raising=False)  # "strict" raises what fails
    monkeypatch.setattr(native, "available", lambda: True)
    made = []

    def entry(traced, state, kernels):
        made.append(kernels)
        if kernels == NUMBA:
            raise OSError("libllvm is gone")
        return Entry(traced, state, kernels)

    for module in (compiled, faster):
        monkeypatch.setattr(module, "Entry", entry)
    found, model, _, act = run(True, 8)
    assert made == [PLAIN, NUMBA, NUMPY]
    assert are_together(model)
    assert act.source.count("sqrt(") == 1
    assert same(found, run(False, 8)[0])
