"""Values that leak out of a function: refused at the line that computes them, and real."""

from __future__ import annotations

import queue
import sys
import types

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import CompileError
from tests.support.compiling import plain, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
ROWS = (np.arange(12.0).reshape(3, 4) / 7).astype(np.float32)
ONES = np.ones(3)
KEEPER = types.ModuleType("numpy.keeper")  # no name leads to what it keeps


def leaking(z):
    sys.modules["numpy.keeper"].leaked = (np.tanh(z) ** 2).sum()
    return (z**3).sum()


LEAKING = {
    "plain": leaking,
    "hvp": lambda x: autograd.hvp(leaking)(x, x),
    "hessian": lambda x: autograd.hessian(leaking)(x),
    "jvp": lambda x: autograd.jvp(leaking, (x,), (x,)),
    "vmap": lambda x: autograd.vmap(leaking)(x[None]),
}


@pytest.mark.parametrize("name", LEAKING)
def test_values_that_leak_are_refused_at_the_line_that_computes_them(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "numpy.keeper", KEEPER)
    program = autograd.compile(LEAKING[name], strict=True)
    program(ONES)
    with pytest.raises(CompileError, match="still held outside") as caught:
        program(ONES)
    line = leaking.__code__.co_firstlineno + 1
    assert f"test_leaks.py:{line}: " in str(caught.value)


def test_what_leaked_is_as_in_an_eager_run(monkeypatch):
    """Its values are real, and so is what its graph has saved."""
    monkeypatch.setitem(sys.modules, "numpy.keeper", KEEPER)
    layer = nn.Linear(4, 3)
    program = autograd.compile(lambda x: leaking(layer(x)).detach(), state=layer)
    for _ in range(3):
        layer.zero_grad()
        quietly(program, ROWS)
        KEEPER.leaked.backward()
        found = plain(layer.weight.grad)
        layer.zero_grad()
        (np.tanh(layer(ROWS)) ** 2).sum().backward()
        assert same(found, plain(layer.weight.grad))


def test_what_is_released_says_that_it_may_have_leaked(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy.keeper", KEEPER)
    autograd.hvp(leaking)(ONES, ONES)
    with pytest.raises(autograd.errors.GraphFreedError, match="leaked out of a function under"):
        KEEPER.leaked.backward()


def test_a_value_that_leaks_is_refused_and_made_real():
    kept = queue.LifoQueue()
    keep = kept.put  # a name that tells nothing of what was kept

    def body(x):
        keep(x * 2)
        return x + 1

    program, x = autograd.compile(body, strict=True), autograd.tensor([1.0, 2.0])
    program(x)
    with pytest.raises(CompileError, match="held outside"):
        program(x)
    np.testing.assert_array_equal(kept.get().numpy(), [2.0, 4.0])


dead = None


def test_a_name_of_an_example_whose_vmap_has_ended(monkeypatch):
    def keep(x):
        monkeypatch.setitem(globals(), "dead", x * 2)
        return x * 3

    autograd.vmap(keep)(np.ones((2, 3)))
    program = autograd.compile(lambda x: x * 2 if dead is not None else x, strict=True)
    for _ in range(5):
        assert same(plain(program(ONES)), ONES * 2)
    assert program.replays
