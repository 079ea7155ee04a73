"""What programs hold and put back: weights that others look at, step counts, memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import optim
from autograd import compile, grad, jvp, vmap
from tests.autograd.compiling import test_training_steps as steps
from tests.support.compiling import training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def training(optimizer, compiled, calls, between=lambda i, model: None):
    """Weights and step counts after some calls."""
    nn.manual_seed(0)
    model = nn.Linear(3, 2)
    opt = optimizer(model.parameters())

    step = training_step(model, opt, lambda out: (out**2).sum())
    step = compile(step, state=(model, opt), strict=True) if compiled else step
    for i in range(calls):
        between(i, model)
        step(X * (i + 1))
    return model, opt, step


@pytest.mark.parametrize("at", range(6))
def test_a_graph_over_a_weight_keeps_its_values(at):
    """A graph made before the recorded call, or the first replay, saw the weights change."""
    found = []
    for compiled in (False, True):
        held = []
        look = lambda i, model, held=held: held.append((model.weight**3).sum()) if i == at else None
        model, _, _ = training(lambda p: optim.SGD(p, lr=0.01), compiled, 7, look)
        model.weight.grad = None
        held[0].backward()
        found.append(model.weight.grad.numpy().copy())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("optimizer", [optim.RAdam, optim.NAdam], ids=lambda o: o.__name__)
def test_a_formula_that_changes_with_the_step_count(optimizer):
    """RAdam begins to rectify at its sixth step; each call that found so counted twice."""
    (a, plain, _), (b, ours, step) = [training(optimizer, c, 14) for c in (False, True)]
    np.testing.assert_array_equal(a.weight.detach().numpy(), b.weight.detach().numpy())
    assert [s.step for s in plain._slots.values()] == [s.step for s in ours._slots.values()]
    assert step.replays >= 6


def test_values_of_the_recorded_run_are_let_go():
    slope = compile(grad(lambda x: anp.sum(anp.tanh(x) * anp.exp(-x * x))), strict=True)
    x = np.linspace(0, 1, 1 << 18)
    tracemalloc.start()
    try:
        for _ in range(5):
            slope(x)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert slope.replays > 0
    assert held < 8 * x.nbytes


VMAPPED = {
    "vmap": lambda f: vmap(f),
    "of grad": lambda f: vmap(grad(f)),
    "of jvp": lambda f: vmap(lambda x: jvp(f, (x,), (anp.ones_like(x),))[1]),
    "grad of": lambda f: grad(lambda x: vmap(f)(x).sum()),
    "nested": lambda f: vmap(vmap(lambda x: f(x.reshape(1)))),
    "out_axes": lambda f: vmap(grad(f), out_axes=1),
}


@pytest.mark.parametrize("name", VMAPPED)
def test_vmap(name):
    f = VMAPPED[name](lambda x: anp.sum(anp.sin(x) * x[::-1]) + anp.prod(x))
    compiled = compile(f, strict=True)
    for k in range(1, 6):
        np.testing.assert_array_equal(compiled(k * X), f(k * X))
    assert compiled.replays > 0


def test_functions_of_constants():
    """A composed function on arrays that nothing flows to is NumPy's own call, as in eager runs."""
    c = np.array([3.0, 1.0, 2.0])
    f = lambda x: x * anp.percentile(c, 30) + anp.linspace(0.0, 1.0, 3) + anp.average(c)
    compiled = compile(f, strict=True)
    for k in range(1, 6):
        np.testing.assert_array_equal(compiled(k * c), f(k * c))
    assert compiled.replays > 0
    assert autograd.compile(f)(c).dtype == np.float64


def test_a_program_keeps_no_array_of_its_recording():
    built, data = steps.MODELS["convolutions"]
    step, state, _, _ = steps.training(built, steps.OPTIMIZERS["Adam"])
    program = autograd.compile(step, state=state, strict=True)
    for _ in range(5):
        program(data, steps.CLASSES)
    kept = [r for r in program._programs.last.traced.recording.roots.values() if r.array is not None]
    assert {root.kind for root in kept} <= {"constant", "number"}
    # a view of nothing kept what it was a view of
    assert not [root for root in kept if not root.array.size and root.array.base is not None]
