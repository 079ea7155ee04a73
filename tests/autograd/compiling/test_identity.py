"""What takes the place of another, perhaps at its address: as an argument, by name, in a module."""

import functools
import gc
import operator
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd
import nn

X = np.arange(1.0, 7.0).reshape(2, 3)
LATE, CALLS = 8, 12  # from which call on it is another


class Factor:
    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return x * self.k


def scaling(k):
    return lambda x: x * k


def with_attribute(k):
    def f(x):
        return x * f.k

    f.k = k
    return f


ARGUMENTS = {
    "slice": (lambda x, s: x[:, s], lambda k: slice(0, k)),
    "fraction": (lambda x, s: x * float(s), lambda k: Fraction(k, 7)),
    "decimal": (lambda x, s: x * float(s), lambda k: Decimal(k) / 7),
    "polynomial": (lambda x, s: s(x), lambda k: np.poly1d([1.0, k])),
    "itemgetter": (lambda x, s: s(x), lambda k: operator.itemgetter(k - 1)),
    "view": (lambda x, s: x * sum(s), lambda k: {"a": k}.values()),
    "function": (lambda x, s: s(x), scaling),
    "written": (lambda x, s: s(x), lambda k: eval(f"lambda x: x * {k}")),
    "attribute": (lambda x, s: s(x), with_attribute),
    "attribute-array": (lambda x, s: s(x), lambda k: with_attribute(np.full(3, float(k)))),
    "partial": (lambda x, s: s(x), lambda k: functools.partial(operator.mul, float(k))),
    "partial-array": (lambda x, s: s(x), lambda k: functools.partial(operator.mul, np.full(3, float(k)))),
    "object": (lambda x, s: s(x), Factor),
    "complex": (lambda x, s: x + np.sqrt(s), lambda k: complex(-1.0, -0.0 if k == 2 else 0.0)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name):
    f, make = ARGUMENTS[name]
    program = autograd.compile(f)
    for i in range(CALLS):
        k = 1 if i < LATE else 2
        np.testing.assert_array_equal(program(X, make(k)), f(X, make(k)), err_msg=f"call {i}")
    assert not program.fallback


@pytest.mark.parametrize("name", ["slice", "fraction", "function", "partial"])
def test_equal_arguments_made_for_each_call_have_one_program(name):
    f, make = ARGUMENTS[name]
    program = autograd.compile(f)
    for _ in range(6):
        program(X, make(2))
    assert program.replays == 3


@pytest.mark.parametrize("make", [lambda k: Fraction(k, 3), lambda k: np.poly1d([float(k)])])
def test_attributes_of_what_is_read_by_name(make):
    holder = Factor(make(1))

    def f(x):
        return x * float(getattr(holder.k, "c", [holder.k])[0])

    program = autograd.compile(f)
    for i in range(CALLS):
        if i >= LATE:
            holder.k = None
            holder.k = make(i)
        np.testing.assert_array_equal(program(X), f(X), err_msg=f"call {i}")
    assert program.replays


def test_methods_of_classes_that_are_replaced():
    class Meta(type):
        by_class = 1.0

    class Held(metaclass=Meta):
        static = staticmethod(lambda x: x * 1)
        of_class = classmethod(lambda cls, x: x * 1)
        told = property(lambda self: 1.0)

    held = Held()

    def f(x):
        return Held.static(x) * held.told + held.of_class(x) * Held.by_class

    program = autograd.compile(f)
    changes = {
        6: lambda: setattr(Held, "static", staticmethod(lambda x: x * 7)),
        12: lambda: setattr(Held, "told", property(lambda self: 5.0)),
        18: lambda: setattr(Held, "of_class", classmethod(lambda cls, x: x * 9)),
        24: lambda: setattr(Meta, "by_class", 3.0),
    }
    for i in range(28):
        changes.get(i, lambda: None)()
        np.testing.assert_array_equal(program(X), f(X), err_msg=f"call {i}")
    assert program.replays


def test_layers_that_are_replaced():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())

    def f(x):
        with autograd.no_grad():
            return model(x)

    program, x = autograd.compile(f, state=model), X.astype(np.float32)
    for i in range(CALLS):
        if i == LATE:
            model[1] = nn.Identity()
            gc.collect()
            model[1] = nn.Tanh()
        np.testing.assert_allclose(program(x).numpy(), f(x).numpy(), 1e-6, err_msg=f"call {i}")
    assert program.replays


@pytest.mark.parametrize("made", [np.random.default_rng, random.Random])
def test_a_method_of_a_generator_is_refused_before_it_draws(made):
    draw, again = made(0).random, made(0).random
    program = autograd.compile(lambda x: x * draw())
    program(X)
    with pytest.warns(RuntimeWarning, match="numbers are drawn directly from a generator"):
        program(X)
    again(), again()
    np.testing.assert_array_equal(program(X), X * again())
