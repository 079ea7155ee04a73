"""Attributes and buffers that a run binds to new tensors: programs are given them, and give them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import no_grad, tensor
from autograd.compiling.reading.keys import Keys
from autograd.errors import CompileError, GraphFreedError
from tests.support.compiling import plain, quietly, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
CALLS = 9


def rows(i):
    return tensor(np.random.default_rng(i).normal(size=(4, 3)).astype(np.float32))


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)


class Weights(Base):
    """Keeps what it computed, for whoever wants to see it."""

    def __init__(self):
        super().__init__()
        self.seen = None

    def forward(self, x):
        self.seen = F.softmax(self.linear(x), dim=-1)
        return self.seen * x


class Average(Base):
    """Has a moving average in an attribute."""

    def __init__(self):
        super().__init__()
        self.seen = tensor(np.zeros(3, np.float32))

    def forward(self, x):
        y = self.linear(x)
        self.seen = 0.9 * self.seen + 0.1 * y.detach().mean(0)
        return y - self.seen


class Buffered(Average):
    """... in a buffer."""

    def __init__(self):
        super().__init__()
        del self.seen
        self.register_buffer("seen", tensor(np.zeros(3, np.float32)))


class Recurrent(nn.Module):
    """Goes on where it was, without the history: that of the run before was released."""

    def __init__(self):
        super().__init__()
        self.cell, self.seen = nn.LSTMCell(3, 3), None

    def forward(self, x):
        if self.seen is not None:
            self.seen = tuple(v.detach() for v in self.seen)
        self.seen = self.cell(x, self.seen)
        return self.seen[0]


class Table(Base):
    """Keeps several, by name."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def forward(self, x):
        y = self.linear(x)
        self.seen = {"mean": y.mean(), "largest": y.max(0), "number": 3}
        return y


class Inner(nn.Module):
    """Has others that do so."""

    def __init__(self):
        super().__init__()
        self.first, self.second = Weights(), Buffered()

    @property
    def seen(self):
        return self.first.seen, self.second.seen

    def forward(self, x):
        return self.second(self.first(x))


MODELS = [Weights, Average, Buffered, Recurrent, Table, Inner]


def trained(cls, compile_it, between=lambda i, model: None):
    """Losses, attributes after each call and parameters; the step."""
    nn.manual_seed(0)
    model = cls()
    optimizer = optim.Adam(model.parameters(), lr=0.05)

    step = training_step(model, optimizer, lambda y: (y**2).sum())
    step = autograd.compile(step, state=(model, optimizer), strict=True) if compile_it else step
    found = []
    for i in range(CALLS):
        between(i, model)
        found.append([plain(step(rows(i))), copy.deepcopy(plain(model.seen))])
    return [*found, *map(plain, model.state_dict().values())], step


@pytest.mark.parametrize("cls", MODELS)
def test_they_are_as_in_eager_runs(cls):
    wanted, _ = trained(cls, False)
    found, step = trained(cls, True)
    assert same(wanted, found)
    assert step.replays >= CALLS - 5


@pytest.mark.parametrize("cls", [Average, Buffered, Recurrent])
def test_they_may_be_set_between_calls(cls):
    def between(i, model):
        if i in (5, 7) and cls is Recurrent:
            model.seen = None
        elif i in (5, 7):
            model.seen = tensor(np.full(3, i, np.float32))

    wanted, _ = trained(cls, False, between)
    found, step = trained(cls, True, between)
    assert same(wanted, found)
    assert step.replays


def test_they_are_the_callers_own():
    _, step = trained(Weights, True)
    model = step._state.modules()[0]
    kept = model.seen
    before = plain(kept)
    step(rows(3))
    assert model.seen is not kept
    assert same(before, plain(kept))
    assert model.seen.requires_grad  # as after a sweep


@pytest.mark.parametrize("cls", [Average, Buffered])
def test_other_programs_see_them(cls):
    """One that only reads what another binds: after each call it must find the new one."""
    nn.manual_seed(0)
    model = cls()

    @autograd.compile(state=model, strict=True)
    def train(x):
        with no_grad():
            return model(x)

    @autograd.compile(state=model, strict=True)
    def look(x):
        return x * model.seen

    ones = tensor(np.ones((4, 3), np.float32))
    for i in range(12):
        train(rows(i))
        assert same(plain(look(ones)), plain(ones * model.seen))
    assert train.replays >= 7


def test_arrays_are_taken_along_too():
    class Summed(nn.Module):
        total = 0.0

        def forward(self, x):
            self.total = self.total + x.sum(0)
            return x - self.total

    def run(compile_it):
        model = Summed()
        fn = autograd.compile(model, state=model, strict=True) if compile_it else model
        found = [[plain(fn(np.full((2, 3), i, np.float32))), plain(model.total)] for i in range(CALLS)]
        return found, fn, type(model.total)

    wanted, _, kind = run(False)
    found, program, same_kind = run(True)
    assert same(wanted, found)
    assert kind is same_kind is np.ndarray
    assert program.replays >= CALLS - 5


def test_one_that_is_found_only_later():
    """Bound under a condition that comes true after programs are there."""

    class Late(Base):
        def __init__(self):
            super().__init__()
            self.seen, self.keeps = None, False

        def forward(self, x):
            y = self.linear(x)
            if self.keeps:
                self.seen = y * 2
            return y

    def between(i, model):
        if i == 4:
            model.keeps = True

    wanted, _ = trained(Late, False, between)
    found, step = trained(Late, True, between)
    assert same(wanted, found)
    assert step.replays >= 2


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_another_one_that_is_found_beside_the_first(calls):
    class Later(Weights):
        also = None

        def forward(self, x):
            y = super().forward(x)
            if self.keeps:
                self.also = y
            return y

    def between(i, model):
        model.keeps = i >= calls

    wanted, _ = trained(Later, False, between)
    found, step = trained(Later, True, between)
    assert same(wanted, found)
    assert step.replays >= 1
    assert step._state.modules()[0].also is not None


class Alias(Base):
    """Binds a tensor of the state, or leaves what is there."""

    def __init__(self):
        super().__init__()
        self.register_buffer("table", tensor(np.ones(3, np.float32)))
        self.seen = None

    def forward(self, x):
        if self.training:
            self.seen = self.table
            self.kept = x * 2
        return x * self.seen


def test_what_stays_is_the_object_that_it_is():
    model = Alias()
    program = autograd.compile(model, state=model, strict=True)
    for i in range(8):
        program(rows(i))
        assert model.seen is model.table
    model.load_state_dict({**model.state_dict(), "table": np.full(3, 5, np.float32)})
    assert same(plain(program(rows(9))), plain(rows(9)) * 5)
    model.eval()
    for i in range(6):
        kept = model.kept
        program(rows(i))
        assert model.kept is kept
    assert program.replays >= 8


class Lazy(nn.Module):
    """Makes its attribute where there is none."""

    def forward(self, x):
        if not hasattr(self, "seen"):
            self.seen = x.sum(0) * 0
        self.seen = self.seen + x.sum(0)
        return x - self.seen


def test_one_that_is_deleted_is_not_there():
    def run(compile_it):
        model, found = Lazy(), []
        fn = autograd.compile(model, state=model, strict=True) if compile_it else model
        for i in range(12):
            if i % 6 == 5:
                del model.seen
            found.append(plain(fn(rows(i))))
        return found, fn

    wanted, _ = run(False)
    found, program = run(True)
    assert same(wanted, found)
    assert program.replays


class Filling(nn.Module):
    """Fills a dict that it has."""

    def __init__(self):
        super().__init__()
        self.seen = None

    def forward(self, x):
        self.seen = {} if self.seen is None else self.seen
        self.seen["last"] = x * 2
        return x


class Viewing(Base):
    """Keeps a view of a parameter."""

    def forward(self, x):
        self.seen = self.linear.weight.detach()
        return x @ self.seen.T


@pytest.mark.parametrize(
    ("cls", "reason"), [(Filling, "Filling.seen is changed in place"), (Viewing, "Viewing.seen has memory")]
)
def test_what_cannot_be_taken_along_is_named(cls, reason):
    model = cls()
    program = autograd.compile(model, state=model)
    quietly(program, rows(0))
    held = model.seen
    for i in range(1, 6):
        assert same(plain(quietly(program, rows(i))), plain(model(rows(i))))
        assert (model.seen is held) == (cls is Filling)
    assert reason in program.fallback


def test_who_only_reads_has_them_too():
    """Two functions over one model, as training and evaluation are."""
    nn.manual_seed(0)
    model = Buffered()
    train = autograd.compile(lambda x: model(x).detach(), state=model, strict=True)
    look = autograd.compile(lambda x: (x * model.seen).sum(), state=model, strict=True)
    for i in range(80):
        train(rows(i))
        assert same(plain(look(rows(i))), plain((rows(i) * model.seen).sum()))
    assert train.replays > 70
    assert look.replays > 70


def test_a_refusal_after_a_run_is_raised_by_the_next_call():
    model, log = Base(), []
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x):
        log.append(len(log))
        (model.linear(x) ** 2).sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    program = autograd.compile(step, state=(model, optimizer), strict=True)
    with pytest.raises(CompileError, match="changes log itself"):
        called(program)
    before = plain(model.linear.weight)
    for _ in range(2):
        with pytest.raises(CompileError, match="changes log itself"):
            program(rows(0))
    assert same(before, plain(model.linear.weight))
    assert len(log) == 3
    with pytest.raises(CompileError, match=r"has no program yet: .*changes log itself"):
        _ = program.source


def test_a_function_that_calls_itself():
    model = Weights()

    def twice(x, again=True):
        if again:
            program(x, again=False)
        return model(x).detach()

    program = autograd.compile(twice, state=model)
    for i in range(5):
        assert same(plain(quietly(program, rows(i))), plain(model(rows(i))))


def test_switches_of_modes_beside_a_buffer_that_is_bound(monkeypatch):
    model = Buffered()
    program = autograd.compile(lambda x: model(x).detach(), state=model, strict=True)
    looks, real = [], Keys._structure
    monkeypatch.setattr(Keys, "_structure", lambda self: (looks.append(1), real(self))[1])
    for i in range(20):
        if i == 12:
            looks.clear()
        model.train(i % 2 == 0)
        program(rows(i))
    assert not looks
    assert program.replays > 10


def test_an_exception_leaves_them_as_the_function_does():
    class Strict(Average):
        def forward(self, x):
            y = super().forward(x)
            if y.shape[0] != 4:
                raise ValueError("four rows")
            return y

    _, step = trained(Strict, True)
    model = step._state.modules()[0]
    with pytest.raises(ValueError, match="four rows"):
        step(tensor(np.ones((2, 3), np.float32)))
    assert type(model.seen._data) is np.ndarray
    step(rows(0))
    assert step.replays >= CALLS - 4


class Refused(Weights):
    """Reads a value in the run that is recorded."""

    def forward(self, x):
        y = super().forward(x)
        return y * float(y.sum())


def test_a_function_that_is_refused_leaves_real_values():
    with pytest.raises(CompileError, match="reads a value"):
        trained(Refused, True)
    model = Refused()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    step = autograd.compile(lambda x: model(x).detach(), state=(model, optimizer))
    for i in range(5):
        quietly(step, rows(i))
        assert type(model.seen._data) is np.ndarray
    assert step.fallback


def test_a_history_that_stays_is_refused_by_name():
    model = Weights()
    step = autograd.compile(lambda x: model(x).detach(), state=model, strict=True)
    with pytest.raises(CompileError, match=r"test_carried\.py:\d+: .*Weights\.seen keeps a history"):
        called(step)


class Counting(Base):
    """Counts in an attribute."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def forward(self, x):
        self.count += 1
        return self.linear(x)


history: list = []


def test_what_is_no_tensor_is_said_to_change():
    model, counting, noted = Base(), Counting(), {}

    def remembered(x):
        history.append(1)
        return x * 2

    def mapped(x):
        noted[len(noted)] = 1
        return x * 2

    cases = {
        "Counting.count": (lambda x: counting(x).detach(), (model, counting)),
        "history": (remembered, ()),
        "noted": (mapped, ()),
    }
    for name, (fn, state) in cases.items():
        program = autograd.compile(fn, state=state)
        for i in range(4):
            assert same(plain(quietly(program, rows(i))), plain(fn(rows(i))))
        assert f"it changes {name} itself" in program.fallback
        with pytest.raises(CompileError, match=rf"test_carried\.py:\d+.*changes {name}"):
            called(autograd.compile(fn, state=state, strict=True))


tables: dict = {}
level = 0


def test_what_is_changed_now_and_then_is_no_reason(monkeypatch):
    """A table that is filled once for each level."""

    def looked_up(x):
        if level not in tables:
            tables[level] = np.full(3, level, np.float32)
        return x * tables[level]

    program = autograd.compile(looked_up, strict=True)
    for i in range(8):
        monkeypatch.setitem(globals(), "level", i)
        for _ in range(5):
            assert same(plain(program(rows(i))), plain(rows(i)) * np.float32(i))
    assert program.replays >= 8


def called(program):
    for i in range(4):
        program(rows(i))


def test_what_is_computed_from_released_values_may_be_returned():
    """A sweep through it would meet what the loss's has released."""
    model = Base()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        y = model.linear(x)
        loss = (y**2).sum()
        loss.backward()
        optimizer.step()
        return loss, F.softmax(y, dim=-1).max()

    program = autograd.compile(step, state=(model, optimizer), strict=True)
    called(program)
    assert program.replays == 1
    loss, largest = program(rows(0))
    assert largest.requires_grad
    for found in (loss, largest):
        with pytest.raises(GraphFreedError):
            found.backward()
