"""Every primitive to every order, in both modes: reverse and forward over each other."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

import autograd
import autograd.numpy as anp
from autograd.primitive import REGISTRY, slow_defaults
from tests.support import checks
from tests.support.numeric import directional
from tests.support.samples import DIFFERENTIABLE, Sample, differentiable, each

# one sample of each primitive, the first, stands for it where more would take long
FIRST = [s for s in DIFFERENTIABLE if s.number == 0]


def test_no_forward_derivative_is_slow():
    """A rule for the forward derivative follows from something in every declaration."""
    assert not slow_defaults()["jvp"]


def test_one_sample_stands_for_each_primitive():
    assert {s.prim.name for s in FIRST} == {p.name for p in REGISTRY.values() if p.is_differentiable}


def _loss(sample: Sample) -> Callable:
    """The function from the list of active arguments to Re(sum(v * result))."""
    v = checks.cotangent(sample)

    def loss(values: list) -> object:
        args = list(sample.args)
        for i, value in zip(sample.active, values, strict=True):
            args[i] = value
        terms = v * sample.call(*args)
        return anp.sum(anp.real(terms) if terms.dtype.kind == "c" else terms)

    return loss


def _along(f: Callable, t: list) -> Callable:
    """x -> the derivative of f in the direction t."""
    return lambda x: autograd.jvp(f, (x,), (t,))[1]


def _dot(x: list, t: list) -> object:
    return functools.reduce(anp.add, [anp.sum(a * b) for a, b in zip(x, t, strict=True)])


def _point(sample: Sample) -> tuple[list, list]:
    """The active arguments, and a direction."""
    x = [sample.args[i] for i in sample.active]
    return x, [np.cos(1 + i + np.arange(a.size)).reshape(a.shape) for i, a in enumerate(x)]


def _narrow(sample: Sample, tolerance: float) -> float:
    """The tolerance, or what a kernel that computes in single precision leaves of it."""
    return tolerance if np.asarray(sample.kernel()).dtype.itemsize >= 8 else 1e-5


@differentiable
def test_second_order_in_all_mixtures(sample: Sample):
    """Reverse over reverse, which differences check elsewhere, is what the other three are."""
    loss, (x, t) = _loss(sample), _point(sample)
    gradient = autograd.grad(loss)
    reverse = autograd.grad(lambda x: _dot(gradient(x), t))(x)
    forward_over_reverse = autograd.jvp(gradient, (x,), (t,))[1]
    reverse_over_forward = autograd.grad(_along(loss, t))(x)
    twice_forward = _along(_along(loss, t), t)(x)
    tolerance = _narrow(sample, 1e-10)
    for found, what in ((forward_over_reverse, "jvp of vjp"), (reverse_over_forward, "vjp of jvp")):
        for a, b in zip(found, reverse, strict=True):
            checks.close(a, b, tolerance, f"{sample}: {what}")
    checks.close(twice_forward, _dot(reverse, t), tolerance, f"{sample}: jvp of jvp")


@differentiable
def test_pushed_with_the_calls_is_pulled_twice(sample: Sample):
    """jvp of a function of the primitive against the transpose of its recorded vjp."""
    loss, (x, t) = _loss(sample), _point(sample)
    value, moved = autograd.jvp(loss, (x,), (t,))
    found, push = autograd.linearize(loss, x)
    assert value == found
    checks.close(moved, push(t), _narrow(sample, 1e-12), f"{sample}: jvp")


@each(FIRST)
def test_third_order(sample: Sample):
    loss, (x, t) = _loss(sample), _point(sample)
    second = _along(_along(loss, t), t)
    forward = _along(second, t)(x)
    gradient = autograd.grad(second)(x)
    mixed = _along(lambda x: _dot(autograd.grad(_along(loss, t))(x), t), t)(x)

    def on_the_line(s: np.ndarray) -> object:
        return second([a + float(s) * b for a, b in zip(x, t, strict=True)])

    expected = directional(on_the_line, [np.zeros(())], 0, np.ones(()))
    tolerance = _narrow(sample, 1e-7)
    checks.close(forward, expected, max(tolerance, 1e-7), f"{sample}: three times forward")
    checks.close(_dot(gradient, t), forward, tolerance, f"{sample}: reverse over twice forward")
    checks.close(mixed, forward, tolerance, f"{sample}: forward over reverse over forward")
