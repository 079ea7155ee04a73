"""What a program cannot repeat is refused, with its line and the reason."""

from __future__ import annotations

import functools
import itertools
import os
import random
import time

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd.compiling import CompileWarning
from autograd.errors import CompileError
from tests.support.compiling import plain, quietly, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
ROWS = (np.arange(12.0).reshape(3, 4) / 7).astype(np.float32)
CLASSES = np.array([0, 1, 2])
ONES = np.ones(3)

# Each case gives a function.


def drawn_by_numpy():
    return lambda x: x + np.random.rand(3)


def drawn_by_python():
    return lambda x: x + random.random()


def drawn_by_an_instance():
    source = random.Random(0)
    return lambda x: x + source.random()


def drawn_by_a_generator_in_a_list():
    source = [np.random.default_rng(0)]
    return lambda x: x + source[0].integers(0, 2)


def clock():
    return lambda x: x + time.time() * 0


def environment():
    return lambda x: x * len(os.environ["PATH"])


def file(path=__file__):
    def fn(x):
        with open(path) as f:
            return x * len(f.read())

    return fn


def printed():
    def fn(x):
        print("seen")
        return x * 2

    return fn


def printed_by_a_ufunc_of_python():
    tell = np.frompyfunc(lambda value: print("seen") or value, 1, 1)
    return lambda x: x * tell(x).astype(np.float32)


def printed_along_an_axis():
    return lambda x: x * np.apply_along_axis(lambda row: print("seen") or row, 0, x)


def iterator():
    numbers = itertools.cycle([1, 1, 1, 2])
    return lambda x: x * next(numbers)


def argument_written():
    def fn(x):
        x += 1
        return x * 2

    return fn


def live_result():
    layer = nn.Linear(3, 2)
    return lambda x: layer(x)


def swept_parameter():
    layer = nn.Linear(3, 2)
    return lambda x: layer(x).sum().backward()


# By a table, as messages quote the line: it may not hold the reason.
DRAWN = ": numbers are drawn directly from a generator"
OUTSIDE = "() does or asks something outside the program"
REFUSED = {
    drawn_by_numpy: DRAWN, drawn_by_python: DRAWN, drawn_by_an_instance: DRAWN,
    drawn_by_a_generator_in_a_list: DRAWN, clock: f": time{OUTSIDE}",
    environment: f": __getitem__{OUTSIDE}", file: f": open{OUTSIDE}", printed: f": print{OUTSIDE}",
    printed_by_a_ufunc_of_python: f": print{OUTSIDE}", printed_along_an_axis: f": print{OUTSIDE}",
    iterator: "an iterator or a file is read by name, which gives another value each time",
    argument_written: "argument 'x' is written in place", live_result: "detach() it",
    swept_parameter: "a tensor that requires grad is not named in state=",
}  # fmt: skip


def refusal(fn, x):
    """Why a function is refused, in one of the first three calls."""
    program = autograd.compile(fn, strict=True)

    def several():
        for _ in range(3):
            program(x)

    with pytest.raises(CompileError) as caught:
        several()
    return str(caught.value)


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c.__name__)
def test_what_a_program_cannot_repeat_is_refused_with_its_line(case):
    message = refusal(case(), ONES.astype(np.float32))
    assert REFUSED[case] in message
    assert "test_refusals.py:" in message


def test_reading_a_value_is_named_with_its_line():
    for read in (float, bool, print, np.asarray, lambda v: v.item(), lambda v: [1.0 if v > 0 else 2.0]):

        def body(x, read=read):
            with autograd.no_grad():
                value = (x * 2).sum()
                read(value)  # the line
            return value

        message = refusal(body, autograd.tensor([1.0, 2.0]))
        assert "test_refusals.py" in message
        assert "reads a value" in message or "outside" in message


def test_a_generator_that_is_not_named_is_refused():
    rng = np.random.default_rng(0)
    assert "generator" in refusal(lambda x: x + rng.random(3), ONES)
    assert "generator" in refusal(lambda x: F.dropout(x, generator=rng), ONES)
    compiled = autograd.compile(lambda x: F.dropout(x, generator=rng), state=(rng,), strict=True)
    seen = {compiled(np.ones(20)).tobytes() for _ in range(6)}
    assert len(seen) == 6
    assert compiled.replays


def test_without_strict_it_runs_eagerly_with_one_warning():
    compiled = autograd.compile(lambda x: float(x.sum()))
    x = autograd.tensor([1.0, 2.0])
    assert compiled(x) == 3.0
    with pytest.warns(CompileWarning, match=r"float\(\) reads a value"):
        assert compiled(x) == 3.0
    assert [compiled(x) for _ in range(3)] == [3.0] * 3  # warnings are errors in this suite


def test_a_refused_draw_is_undone():
    def run(compile_it):
        np.random.seed(3)
        random.seed(3)

        def fn(x):
            return x + np.random.rand(3) * random.random()

        act = autograd.compile(fn) if compile_it else fn
        return [quietly(act, ONES) for _ in range(5)]

    assert same(plain(run(False)), plain(run(True)))


@pytest.mark.parametrize("use", ["read", "set"])
def test_options_of_an_optimiser_are_its_own(use):
    model = nn.Linear(4, 3)
    opt = optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        if use == "set":
            opt.param_groups[0]["lr"] = 0.2
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss.detach() * opt.param_groups[0]["lr"]

    program = autograd.compile(step, state=(model, opt), strict=True)
    program(ROWS, CLASSES)
    with pytest.raises(CompileError, match=r"test_refusals.py:.*an option of an optimiser is read or set"):
        program(ROWS, CLASSES)
    assert type(opt.param_groups[0]) is dict


def test_a_result_with_a_history_is_refused():
    layer = nn.Linear(4, 2)
    program = autograd.compile(lambda x: layer(x), state=layer)
    for _ in range(4):
        quietly(program, ROWS).sum().backward()
    assert "detach() it" in program._eager


def test_an_error_state_that_raises_inside_is_refused():
    def inverse(x):
        with np.errstate(divide="raise"):
            return 1 / x

    program = autograd.compile(inverse)
    program(np.ones(3))
    with pytest.warns(RuntimeWarning, match="return 1 / x: numpy.errstate has values raise"):
        program(np.ones(3))
    with pytest.raises(FloatingPointError):
        program(np.zeros(3))


def test_an_optimiser_that_is_not_named_is_refused_at_its_line():
    model = nn.Linear(4, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    program = autograd.compile(training_step(model, optimizer, lambda out: out.sum()), state=model)
    program(ROWS)
    with pytest.warns(RuntimeWarning, match=r"optimizer.step\(\): .*name whose it is in state="):
        program(ROWS)


number = 0.0


class Kept(nn.Module):
    """Binds an attribute to a tensor, and to what is none."""

    def forward(self, x, also=0.0):
        self.seen = x * 2
        return x + also


def test_what_is_another_at_each_call_is_named(monkeypatch):
    kept = Kept()
    cases = {
        "argument 'y' was another in 64 calls": (lambda x, y: x * y, (), lambda i: ((ONES, i / 2), {})),
        "argument 'rate' was": (lambda x, rate: x * rate, (), lambda i: ((ONES,), {"rate": i / 2})),
        "number was": (lambda x: x * number, (), lambda i: ((ONES,), {})),
        "argument 'rate' was another": (
            lambda x, rate=1.0: x * rate,
            (),
            lambda i: ((ONES,), {"rate": float(i)} if i < 64 else {}),
        ),
        "argument 'x' was": (kept, kept, lambda i: ((np.ones(i + 1),), {})),
    }
    for reason, (fn, state, given) in cases.items():
        program = autograd.compile(fn, state=state)
        for i in range(70):
            monkeypatch.setitem(globals(), "number", float(i))
            args, named = given(i)
            found = quietly(functools.partial(program, **named), *args)
            assert same(plain(found), plain(fn(*args, **named)))
        assert reason in program.fallback
        assert "test_refusals.py:" in program.fallback
