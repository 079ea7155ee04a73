"""Objects of the user's: what of them tells programs apart is what is read of them."""

from __future__ import annotations

import builtins
import dataclasses
import gc
import operator
import types

import numpy as np
import pytest

import autograd
from tests.support.compiling import plain, same

pytestmark = pytest.mark.usefixtures("numpy_alone")

ONES = np.ones(3)
factor = 1.0


class Trainer:
    """Keeps books beside what its step reads."""

    def __init__(self):
        self.scale, self.steps, self.last, self.log = 2.0, 0, None, []

    def step(self, x):
        return x * self.scale

    def run(self, x):
        self.steps += 1
        self.last = self.compiled(x)
        self.log.append(self.last)
        return self.last


def test_books_that_an_object_keeps_are_no_reason_for_another_program():
    trainer = Trainer()
    trainer.compiled = autograd.compile(trainer.step, strict=True)
    for _ in range(8):
        assert plain(trainer.run(ONES)).tolist() == [2, 2, 2]
    assert trainer.compiled.replays == 5
    trainer.scale = 3.0
    for _ in range(8):
        assert plain(trainer.run(ONES)).tolist() == [3, 3, 3]
    assert trainer.compiled.replays == 10


@dataclasses.dataclass
class Options:
    """Attributes that are read without their names standing in the code."""

    first: float = 1.0
    second: float = 1.0

    def __getitem__(self, number):
        return (self.first, self.second)[number]


options = Options()
CASE = """
def matched(x):
    match options:
        case Options(first=1.0):
            return x
    return x * options.first
"""
exec(CASE)


class Named:
    """Has a property that is read in C."""

    first = property(operator.attrgetter("_first"))
    _first = 1.0


named, space = Named(), types.SimpleNamespace(first=1.0)
look, ask = operator.attrgetter("first"), getattr

UNSPELLED = {
    "an attrgetter made elsewhere": lambda x: x * look(options),
    "getattr by another name": lambda x: x * ask(options, "fir" + "st"),
    "builtins": lambda x: x * builtins.getattr(options, "fir" + "st"),
    "order": lambda x: x * (1.0 if repr(options) == "Options(first=1.0, second=1.0)" else 2.0),
    "a format": lambda x: x * float("{.first}".format(options)),  # noqa: UP032
    "a namespace": lambda x: x * (1.0 if space == types.SimpleNamespace(first=1.0) else 3.0),
    "a property": lambda x: x * named.first,
    "a computed name": lambda x: x * getattr(options, "fir" + "st"),
    "a name that is a string": lambda x: x * getattr(options, "first", 1.0),
    "vars": lambda x: x * vars(options)["fir" + "st"],
    "__dict__": lambda x: x * next(iter(options.__dict__.values())),
    "a method that is an operator": lambda x: x * options[0],
    "equality": lambda x: x * (1.0 if options == Options() else options.first),
    "a copy": lambda x: x * sum(dataclasses.astuple(options)),
    "a pattern": lambda x: matched(x),  # noqa: F821 - made by exec
    "attrgetter": lambda x: x * operator.attrgetter("first")(options),
}


class Operator:
    """Has an operator that reads a variable of this module."""

    def __matmul__(self, x):
        return x * factor


scaled = Operator()


def test_variables_that_operators_read(monkeypatch):
    """Also where the collector, asked for the operator's function, does not look at it."""
    program = autograd.compile(lambda x: scaled @ x)
    for value in (1.0, 2.0, 3.0):
        monkeypatch.setitem(globals(), "factor", value)
        gc.freeze()
        for _ in range(4):
            assert plain(program(ONES)).tolist() == [value] * 3
    assert program.replays == 3


@pytest.mark.parametrize("name", UNSPELLED)
def test_attributes_that_are_found_in_other_ways(name, monkeypatch):
    fn = UNSPELLED[name]
    program = autograd.compile(fn)
    for value in (1.0, 2.0, 1.0, 3.0):
        monkeypatch.setattr(options, "first", value)
        monkeypatch.setattr(space, "first", value)
        monkeypatch.setattr(named, "_first", value)
        for _ in range(4):
            assert same(plain(program(ONES)), plain(fn(ONES)))
    assert program.replays, program.fallback
