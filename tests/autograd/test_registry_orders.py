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
INTEGRATED = {"ode_solution", "integral"}  # whose third derivatives take seconds: two mixtures of modes


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


def _nonlinear(sample: Sample) -> Callable:
    """As `_loss`, of the result and its square, whose cotangents change with the arguments."""
    v, scale = checks.cotangent(sample), max(1.0, float(np.max(np.abs(sample.kernel()), initial=0)))

    def loss(values: list) -> object:
        args = list(sample.args)
        for i, value in zip(sample.active, values, strict=True):
            args[i] = value
        out = sample.call(*args) / scale
        terms = v * (out + out * out / 2)
        return anp.sum(anp.real(terms) if terms.dtype.kind == "c" else terms)

    return loss


def _pulled_along(f: Callable, t: list) -> Callable:
    """As `_along`, by a sweep."""
    return lambda x: _dot(autograd.grad(f)(x), t)


@each(FIRST)
def test_third_order(sample: Sample):
    """In mixtures of the modes, against differences of the second derivative."""
    loss, (x, t) = _nonlinear(sample), _point(sample)
    u = [np.sin(2 + i + np.arange(a.size)).reshape(a.shape) for i, a in enumerate(x)]
    forward, reverse = _along, _pulled_along
    second = forward(forward(loss, t), t)

    def on_the_line(s: np.ndarray) -> object:
        return second([a + float(s) * b for a, b in zip(x, u, strict=True)])

    expected = directional(on_the_line, [np.zeros(())], 0, np.ones(()))
    mixtures = [
        (forward, forward, forward), (forward, forward, reverse), (forward, reverse, forward),
        (reverse, reverse, reverse), (reverse, reverse, forward),
    ]  # fmt: skip
    found = [
        functools.reduce(lambda f, mode: mode[0](f, mode[1]), zip(modes, (t, t, u), strict=True), loss)(x)
        for modes in (mixtures[::3] if sample.prim.name in INTEGRATED else mixtures)
    ]
    few = checks.FEW_DIGITS.get(sample.prim.name, 0.0)
    checks.close(found[0], expected, max(_narrow(sample, 1e-7), few), f"{sample}: three times forward")
    for other in found[1:]:
        checks.close(other, found[0], _narrow(sample, 1e-8), f"{sample}: of {found}")
