"""Depth, reference cycles, and what is freed when."""

from __future__ import annotations

import gc
import sys
import time
import weakref

import numpy as np
import pytest

import autograd
from autograd import tensor

DEPTH = 100_000


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _chain(x, n):
    for _ in range(n):
        x = x * 1.00001
    return x


def test_a_long_chain_at_the_default_recursion_limit():
    assert sys.getrecursionlimit() < DEPTH / 10
    x = tensor(1.0, requires_grad=True)
    start = time.process_time()
    y = _chain(x, DEPTH)
    y.backward()
    np.testing.assert_allclose(x.grad.item(), 1.00001**DEPTH, 1e-9)
    del y
    assert time.process_time() - start < 10


def test_a_long_chain_is_freed_without_a_sweep():
    y = _chain(tensor(1.0, requires_grad=True), DEPTH)
    del y


def test_a_long_chain_is_kept_and_freed_after_a_sweep():
    x = tensor(1.0, requires_grad=True)
    y = _chain(x, DEPTH // 4)
    y.backward(retain_graph=True)
    y.backward()
    del y, x


def test_a_long_chain_of_views_writes_and_branches():
    x = tensor(np.ones(2), requires_grad=True)
    y = x * 1
    for _ in range(DEPTH // 50):
        y[0] = y[1] * 0.999
        y += 1e-6
        y = y[::-1] + x * 0
    y.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_a_long_chain_differentiates_twice():
    x = tensor(1.0, requires_grad=True)
    (g,) = autograd.gradients(_chain(x, DEPTH // 20) ** 2, x, create_graph=True)
    (h,) = autograd.gradients(g, x)
    np.testing.assert_allclose(h.item(), g.item(), 1e-9)


def test_a_long_chain_inside_grad():
    assert autograd.grad(lambda x: _chain(x, DEPTH // 20))(1.0) > 1.0


# ------------------------------------------------------------------ no cycles


def _step(kind):
    """A step that leaves nothing; returns weak references to what it made."""
    x = tensor(np.arange(4.0), requires_grad=True)
    made = [x]
    y = x * x
    if kind == "writes":
        y[1:] = y[:-1] * 2
        view = y.reshape(2, 2)
        view += 1
        made.append(view)
    if kind == "hooks":
        y.register_hook(lambda g: g * 2)
        y.retain_grad()
    z = (y.sin() * x).sum()
    made += [y, z]
    if kind == "create_graph":
        z.backward(create_graph=True)
        g = x.grad
        x.grad = None
        g.sum().backward()
    elif kind == "gradients":
        made += autograd.gradients(z, [x, y], create_graph=True)
    elif kind != "no sweep":
        z.backward(retain_graph=kind == "retained")
    return [weakref.ref(t) for t in made]


KINDS = ["plain", "no sweep", "retained", "create_graph", "gradients", "writes", "hooks"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("without_collector")
def test_a_step_leaves_nothing(kind):
    _step(kind)  # writes code at first calls
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        references = _step(kind)
        assert all(r() is None for r in references)
    assert len(gc.get_objects()) < before + 50
    assert gc.collect() < 50


@pytest.mark.usefixtures("without_collector")
def test_grad_of_a_function_leaves_nothing():
    seen = []

    def f(x):
        seen.append(weakref.ref(x))
        return (x * x.sin()).sum()

    autograd.grad(lambda x: autograd.grad(f)(x).sum())(np.arange(3.0))
    assert seen
    assert all(r() is None for r in seen)


@pytest.mark.usefixtures("without_collector")
def test_a_failed_sweep_leaves_nothing():
    x = tensor(np.ones(3), requires_grad=True)
    y = x * 2

    def fail(g):
        raise ZeroDivisionError

    y.register_hook(fail)
    with pytest.raises(ZeroDivisionError):
        (y * 2).sum().backward()
    reference = weakref.ref(y)
    del y, fail
    assert reference() is None


@pytest.mark.usefixtures("without_collector")
def test_backward_releases_what_rules_saved():
    big = np.ones(100_000)
    released = weakref.ref(big)
    x = tensor(2.0, requires_grad=True)
    y = x * big
    y.sum().backward()
    del big
    assert released() is None, "y's node still holds the array it saved"
    assert y.shape == (100_000,)


@pytest.mark.usefixtures("without_collector")
def test_a_result_alone_keeps_its_graph_alive_and_no_tensor():
    x = tensor(np.ones(3), requires_grad=True)
    y = x * 2
    z = y * 3
    reference = weakref.ref(y)
    del y
    assert reference() is None
    z.sum().backward()
    assert x.grad.numpy().tolist() == [6.0] * 3


@pytest.mark.usefixtures("without_collector")
def test_dead_views_do_not_pile_up():
    x = tensor(np.ones(3), requires_grad=True) * 1
    for _ in range(500):
        x[0:2]
    assert len(x._alias.memory.members) < 50
