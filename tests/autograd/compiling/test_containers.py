"""Containers among arguments and results: taken apart, made again, told apart, and never written unseen."""

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import tensor
from autograd.compiling import CompileWarning
from autograd.compiling.containers import held_by, leaves, mapped, outline, unwritten
from tests.support.compiling import quietly

X = np.arange(6.0).reshape(2, 3)


class Items(dict):
    """A dict whose items are its attributes, too."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


class Own(dict):
    def __init__(self, **items):
        super().__init__(items)
        self.__dict__ = self


class Shouting(dict):
    def __getitem__(self, key):
        return super().__getitem__(key.upper())


class Told(dict):
    def __init__(self, items, name):
        super().__init__(items)
        self.name = name


@dataclass
class Batch:
    x: Any
    y: Any = None
    rest: list = field(default_factory=list)
    scale = 2.0

    def weighted(self):
        return self.x * self.scale


@dataclass(frozen=True, slots=True)
class Frozen:
    x: Any
    name: str = "n"


@dataclass(eq=False)
class ByIdentity:
    x: Any


@dataclass
class Counted:
    x: Any

    def __post_init__(self):
        self.count = 1


@dataclass
class Late:
    x: Any
    later: Any = field(init=False)


class Kind(enum.Enum):
    ONE = 1


TAKEN = [
    OrderedDict(x=X, k=1), defaultdict(list, x=X), Items(x=X), Own(x=X), Batch(X, {"y": X}), Frozen(X),
    {"x": Batch(X, rest=[OrderedDict(y=X)])}, [Frozen((X, None))], {},
]  # fmt: skip
LEFT = [Counter("aab"), Shouting(X=X), Told({"x": X}, "n"), ByIdentity(X), Counted(X), Late(X), Kind.ONE,
        Batch, Frozen, "text", None, X]  # fmt: skip


@pytest.mark.parametrize("value", TAKEN, ids=lambda v: type(v).__name__)
def test_what_is_taken_apart_is_made_again(value):
    made = mapped(value, lambda leaf: leaf)
    assert type(made) is type(value)
    assert made is not value
    assert unwritten(outline(value), outline(made))
    assert all(leaf is not value for leaf in leaves(value))
    other = mapped(value, lambda leaf: None if leaf is X else leaf)
    assert [leaf is None for leaf in leaves(other)] == [leaf is None or leaf is X for leaf in leaves(value)]


@pytest.mark.parametrize("value", LEFT, ids=lambda v: getattr(v, "__name__", type(v).__name__))
def test_what_is_more_than_its_items_is_a_leaf(value):
    assert held_by(value) is None
    assert leaves(value)[0] is value
    assert mapped(value, lambda leaf: leaf) is value


def test_items_that_are_attributes_stay_both():
    other = mapped(Own(x=X), lambda leaf: leaf * 2)
    assert other.x is other["x"]
    assert (other.x == X * 2).all()
    grads = autograd.grad(lambda p: (p.x**2).sum())(Own(x=X))
    assert (grads.x == 2 * X).all()


ARGUMENTS = [
    (lambda p: p["x"] * 2, lambda a: OrderedDict(x=a, k=1)),
    (lambda p: p["x"] * 2, lambda a: defaultdict(list, x=a)),
    (lambda p: p["x"] * 2, lambda a: defaultdict(lambda: 3, x=a)),
    (lambda p: p.x * p["x"], lambda a: Items(x=a)),
    (lambda p: p.x * p["x"], lambda a: Own(x=a)),
    (lambda p: p.weighted() + p.y["z"], lambda a: Batch(a, {"z": a})),
    (lambda p: p.x * len(p.name), lambda a: Frozen(a)),
    (lambda p: p[0].x + p[1], lambda a: (Frozen(tensor(a)), a)),
    (lambda p: OrderedDict(b=p * 2, a=[p]), lambda a: a),
    (lambda p: Batch(p * 2, rest=[p + 1, 3]), lambda a: a),
    (lambda p: Frozen(p.x * 2, p.name), lambda a: Frozen(a, "m")),
    (lambda p: Own(x=p * 2), lambda a: a),
]


@pytest.mark.parametrize(("fn", "given"), ARGUMENTS)
def test_arrays_in_them_are_inputs_and_results(fn, given):
    program = autograd.compile(fn, strict=True)
    found, wanted = [], []
    for i in range(8):
        found.append(program(given(X * i)))
        wanted.append(fn(given(X * i)))
    assert program.replays >= 5
    for a, b in zip(found, wanted, strict=True):
        assert type(a) is type(b)
        for one, other in zip(leaves(a), leaves(b), strict=True):
            assert np.array_equal(getattr(one, "_data", one), getattr(other, "_data", other))


@pytest.mark.parametrize(
    "make",
    [lambda a: OrderedDict(x=a), lambda a: Items(x=a), lambda a: Own(x=a), lambda a: {"x": Batch(a)}],
)
def test_calls_with_them_are_checked_rather_than_told_by_keys(make):
    program = autograd.compile(lambda p: leaves(p)[0] * 2, strict=True)
    for i in range(4):
        program(make(X * i))
    assert program._first is not None


def test_what_is_no_array_in_them_tells_programs_apart():
    def fn(p, q):
        return p.x * (p.y or 1) * Batch.scale * p.scale * len(q) + (next(iter(q)) == "b")

    program = autograd.compile(fn, strict=True)
    given = [
        (Batch(X, 2), {"a": 1}), (Batch(X, 3), {"a": 1}), (Batch(X, 2), OrderedDict(b=1, a=1)),
        (Batch(X, 2), OrderedDict(a=1, b=1)), (Batch(X, 2), {"a": 1, "b": 1}),
    ]  # fmt: skip
    for _ in range(4):
        for p, q in given:
            assert (program(p, q) == fn(p, q)).all()
    try:
        Batch.scale = 5.0
        for _ in range(4):
            for p, q in given:
                assert (program(p, q) == fn(p, q)).all()
    finally:
        Batch.scale = 2.0
    assert (program(*given[0]) == fn(*given[0])).all()
    assert program.replays > 10


def test_one_with_further_attributes_is_another():
    def fn(p):
        return p["x"] * getattr(p, "factor", 1) if isinstance(p, dict) else p.x * getattr(p, "factor", 1)

    class Plain(dict):
        pass

    for make in (lambda: Plain(x=X), lambda: Batch(X)):
        program = autograd.compile(fn)
        for _ in range(4):
            assert (program(make()) == X).all()
        assert program.replays >= 1
        value = make()
        value.factor = 3
        assert (quietly(program, value) == 3 * X).all()
        assert (quietly(program, make()) == X).all()


def test_one_that_holds_itself_runs_as_any_other():
    node, table, row = Batch(X), {"x": X}, [X]
    node.y, table["y"] = node, table
    row.append(row)
    for fn, value in [(lambda p: p.x * 2, node), (lambda p: p["x"] * 2, table), (lambda p: p[0] * 2, row)]:
        program = autograd.compile(fn, strict=True)
        for _ in range(4):
            assert (program(value) == 2 * X).all()
        assert program.replays == 0


def rename(b):
    b["y"] = b.pop("x")
    return b["y"] * 2


def attach(b):
    b.y = b.x * 2
    return b.y


def reverse(b):
    b.reverse()
    return b[0] + 1


def grow(b):
    b.append(b[0] * 2)
    return b[0] + 1


def bind(b):
    b[0] = b[0] * 2
    return b[0] + 1


def drop(b):
    del b["y"]
    return b["x"] * 2


def default(b):
    return b["x"] * (1 + len(b["new"]))


def nest(b):
    b["x"][0]["n"] = []
    return b["x"][0]["a"] * 2


@pytest.mark.parametrize(
    ("fn", "given"),
    [
        (rename, lambda a: {"x": a}),
        (rename, lambda a: OrderedDict(x=a)),
        (rename, lambda a: Items(x=a)),
        (attach, lambda a: Batch(a)),
        (attach, lambda a: Own(x=a)),
        (reverse, lambda a: [a, a + 1]),
        (grow, lambda a: [a]),
        (bind, lambda a: [a]),
        (drop, lambda a: {"x": a, "y": a}),
        (default, lambda a: defaultdict(list, x=a)),
        (nest, lambda a: {"x": [{"a": a}]}),
    ],
)
def test_a_function_that_writes_to_them_runs_eagerly(fn, given):
    program = autograd.compile(fn)

    def run():
        for i in range(5):
            mine, its = given(X * i), given(X * i)
            assert (program(its) == fn(mine)).all()
            assert str(its) == str(mine)

    with pytest.warns(CompileWarning, match="argument 'b' is written in place"):
        run()
    assert program.replays == 0
    refused = autograd.compile(fn, strict=True)
    refused(given(X))
    with pytest.raises(autograd.errors.CompileError, match="argument 'b' is written in place"):
        refused(given(X))


def test_an_attribute_that_is_one_goes_along():
    class Memory(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Linear(3, 3)
            self.kept = Batch(np.zeros((2, 3), np.float32), rest=[1])

        def forward(self, x):
            out = self.cell(x + self.kept.x).tanh()
            self.kept = Batch(out.detach(), rest=[1])
            return out

    results = []
    for compiled in (True, False):
        nn.manual_seed(3)
        model = Memory()
        optimizer = optim.SGD(model.parameters(), lr=0.1)

        def step(x, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (model(x) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        run = autograd.compile(step, state=(model, optimizer), strict=True) if compiled else step
        results.append([float(run(X.astype(np.float32)).item()) for _ in range(8)])
        if compiled:
            assert run.replays >= 4
    assert np.allclose(*results, rtol=1e-5)
