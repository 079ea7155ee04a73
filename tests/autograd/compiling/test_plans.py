"""Plans of programs: what a step allocates, and what is shown of them."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import graph
from autograd.compiling import plan
from autograd.compiling.kernels.chains import Chain
from autograd.compiling.kernels.kernel import Kernel
from autograd.compiling.planning.lowering import gives_new_array
from autograd.errors import ArgumentError, CompileError
from tests.autograd.compiling import test_training_steps as steps
from tests.support.compiling import peak

# ---------------------------------------------------------------- what a step allocates

# NumPy's iterator has buffers of its own for some operands: three of 4 KB at most.
BUFFERS = 3 * 512 * 8


@pytest.mark.parametrize("name", steps.MODELS)
def test_a_steady_step_allocates_nothing(name, numpy_alone):
    built, data = steps.MODELS[name]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["Adam"])
    program = autograd.compile(step, state=state, strict=True)
    for _ in range(8):
        program(data, steps.CLASSES)
    most, kept = peak(program, (data, steps.CLASSES))
    assert kept < 1024
    assert most < 4096 + BUFFERS
    made = [s for s in program.plan.steps if s.results is not None and gives_new_array(s)]
    assert all(o.nbytes <= 4096 for s in made for o in s.made())
    assert not [s.label for s in program.plan.steps if s.kind == "opaque"]


@pytest.mark.parametrize("name", steps.MODELS)
def test_a_large_step_allocates_no_array(name, kernels):
    built, data = steps.MODELS[name]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["SGD"])
    program = autograd.compile(step, state=state, strict=True)
    x, y = np.concatenate([data] * 150), np.concatenate([steps.CLASSES] * 150)
    for _ in range(6):
        program(x, y)
    most, _ = peak(program, (x, y))
    assert (kernels == "numba") == any(type(s.extra) in (Kernel, Chain) for s in program.plan.steps)
    made = [s for s in program.plan.steps if s.results is not None and gives_new_array(s)]
    assert not [s.fn for s in made for o in s.made() if o.nbytes > 4096]
    assert most < 4096 + BUFFERS


def test_sums_do_not_see_that_buffers_are_small(numpy_alone):
    """Of arrays with gaps NumPy adds buffer by buffer; so the last bits depend on their length."""
    x, y = np.random.default_rng(0).normal(size=(2, 64, 512)).astype(np.float32)
    fn = autograd.compile(lambda x, y: ((x + y[0])[::2].sum(), (x.T + y[:, 0])[:, ::2].sum()), strict=True)
    for _ in range(4):
        found = fn(x, y)
    assert "setbufsize" in fn.source
    assert np.getbufsize() == 8192
    assert found == ((x + y[0])[::2].sum(), (x.T + y[:, 0])[:, ::2].sum())
    with pytest.raises(ValueError, match="shape"):
        fn(x, y[:, :5])
    assert np.getbufsize() == 8192


# ---------------------------------------------------------------- inspection


def test_the_page_of_the_documentation():
    page = Path(__file__).resolve().parents[3] / "docs" / "compile.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 15
    assert not found.failed


def test_the_plan_is_readable(numpy_alone):
    program = autograd.compile(lambda x: np.tanh(x * 2).sum() + x.mean(), strict=True)
    with pytest.raises(CompileError, match="no program yet: call it first"):
        program.plan  # noqa: B018 - what raises
    for _ in range(4):
        program(np.ones((5, 3)))
    text = str(program.plan)
    assert "bytes" in text.splitlines()[0]
    assert "tanh" in text
    assert "test_plans.py:" in text
    assert "tanh(" in program.source


def test_gradients_side_by_side_are_drawn_with_what_they_come_from(numpy_alone):
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @autograd.compile(state=(model, optimizer), strict=True)
    def step(x):
        optimizer.zero_grad()
        (model(x) ** 2).sum().backward()
        optimizer.step()

    for _ in range(4):
        step(np.ones((8, 4), np.float32))
    tape = graph.draw(step).tape
    [scaled] = [
        r for r in tape if any(tape[i].name.startswith("number") for i, _ in r.inputs)
    ]  # by the rate
    read = [tape[i] for i, _ in scaled.inputs if tape[i].kind == "operation"]
    assert sum(np.prod(r.shape) for r in read) == np.prod(scaled.shape) == 23
    assert not any(str(r.dtype).startswith(("|V", "void")) for r in tape)
    [update] = [r for r in tape if any(tape[i] is scaled for i, _ in r.inputs)]
    names = {tape[i].name for i, _ in update.inputs if tape[i] is not scaled}
    assert names == {name for name, _ in model.named_parameters()}


def test_the_plan_is_drawn(kernels):
    built, data = steps.MODELS["mlp"]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["SGD"])
    program = autograd.compile(step, state=state, strict=True)
    with pytest.raises(CompileError, match="no program yet"):
        graph.draw(program)
    for _ in range(5):
        program(data, steps.CLASSES)
    drawn = graph.draw(program)
    assert drawn.source == graph.draw(program.plan).source
    tape = drawn.tape
    assert sum(record.kind == "operation" for record in tape) == len(program.plan.steps)
    assert {"input", "leaf"} <= {record.kind for record in tape}
    assert all(source < record.id for record in tape for source, _ in record.inputs)
    names = {record.op for record in tape}
    assert ("dot" in names) if kernels == "numpy" else any(" more" in name for name in names)
    assert {"x", "y"} <= {record.name for record in tape if record.kind == "input"}
    with pytest.raises(ArgumentError, match="plan"):
        graph.draw(program, level="teach")


def test_what_lies_side_by_side_is_drawn_in_its_order(monkeypatch):
    seen = []
    monkeypatch.setattr(plan, "tape_of", lambda *given: seen.append(given[-1]))
    lasting = dict.fromkeys((3, 5, 9))
    hosts = {5: (9, 0), 3: (9, 24), 7: (3, 0)}  # the last is a temporary array in a gradient
    plan.Plan([], lasting, set(), hosts=hosts, blocks={1: [4, 2]}).__tape__()
    assert seen == [{1: [4, 2], 9: [5, 3]}]
