"""Single numbers that a compiled function draws: values, dtypes and positions as in eager runs."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from tests.support.compiling import plain, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
TABLE = np.arange(4, dtype=np.float32)


def cropped(x, rng):
    start = rng.integers(3)
    return x[start : start + 2]


def put(x, rng):
    y = x * 2
    y[1] = rng.random()
    return y


DRAWN = {
    "random": lambda x, rng: x * rng.random(),
    "on the left": lambda x, rng: rng.random() * x,
    "uniform": lambda x, rng: x + rng.uniform(1, 2),
    "normal": lambda x, rng: x - rng.normal(),
    "an index": lambda x, rng: x[rng.integers(3)],
    "a factor": lambda x, rng: x * rng.integers(3),
    "an integer of Python's": lambda x, rng: x.astype(np.int32) * rng.poisson(3.0),
    "a crop": cropped,
    "arithmetic": lambda x, rng: x * (rng.random() * 2 - 1) + (1 - rng.random()) / 2 + abs(-rng.random()),
    "a divisor": lambda x, rng: x * (1 / rng.random()),
    "a divisor that may be zero": lambda x, rng: x * (1 / rng.poisson(1.5)),
    "of an integer": lambda x, rng: x * (rng.poisson(3.0) / 3),
    "a choice": lambda x, rng: x * rng.choice([0.5, 2.0]),
    "a condition": lambda x, rng: anp.where(rng.random() < 0.5, x, -x),
    "numpy.where": lambda x, rng: np.where(x > 0, x, rng.random()),
    "beside a constant": lambda x, rng: x + TABLE * rng.random(),
    "full": lambda x, rng: x + np.full(4, rng.random()),
    "in a list": lambda x, rng: x + np.array([rng.random(), 1.0, 2.0, 3.0]),
    "stacked": lambda x, rng: np.stack([x.sum(), rng.random()]),
    "maximum": lambda x, rng: np.maximum(x, rng.random()),
    "a power": lambda x, rng: abs(x) ** rng.random() + rng.random() ** x,
    "a ufunc": lambda x, rng: x * np.sqrt(rng.random()),
    "a shift": lambda x, rng: np.roll(x, rng.integers(3)),
    "put": put,
    "complex": lambda x, rng: x * 1j * rng.random(),
    "under grad": lambda x, rng: autograd.grad(lambda z: (z**2 * rng.random()).sum())(x),
    "a tensor": lambda x, rng: autograd.tensor(rng.random()) * x,
    "integers returned": lambda x, rng: (x, rng.integers(5)),
}
REFUSED = {
    "float()": lambda x, rng: x * float(rng.random()),
    "bool()": lambda x, rng: x if rng.random() < 0.5 else -x,
    "computed in Python": lambda x, rng: x * rng.random() ** 2,
    "is returned": lambda x, rng: (x, rng.random()),
    "writes into an array": lambda x, rng: x + rng.random(out=np.empty(4)),
}


class Drawing:
    """Something of the user's that keeps a generator."""

    def __init__(self, rng):
        self.rng = rng

    def __call__(self, x):
        return x * self.rng.random() + self.rng.normal(size=4)


def by_default(rng):
    def fn(x, rng=rng, *, other=rng):
        return x * rng.random() + other.normal(size=4)

    return fn


FOUND = {
    "attribute": Drawing,
    "method": lambda rng: Drawing(rng).__call__,
    "closure": lambda rng: lambda x: x * rng.random() + rng.normal(size=4),
    "default": by_default,
    "list": lambda rng: (lambda held: lambda x: x * held[0].random() + held[0].normal(size=4))([rng]),
    "dict": lambda rng: (lambda held: lambda x: x * held["r"].random() + held["r"].normal(size=4))(
        {"r": rng}
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_where_a_generator_is_found(name):
    found = []
    for use in (False, True):
        rng = np.random.default_rng(0)
        run = FOUND[name](rng)
        run = autograd.compile(run, state=rng, strict=True) if use else run
        found.append([plain(run(np.ones(4, np.float32) * i)) for i in range(6)] + [rng.random()])
    assert same(*found)
    assert run.replays >= 3


def test_a_generator_may_be_an_argument():
    rng, other = np.random.default_rng(0), np.random.default_rng(1)
    fn = lambda x, r: x * r.random() + r.normal(size=4)
    found = []
    for use in (False, True):
        rng, other = np.random.default_rng(0), np.random.default_rng(1)
        run = autograd.compile(fn, state=(rng, other), strict=True) if use else fn
        found.append([plain(run(np.ones(4), rng if i % 3 else other)) for i in range(14)] + [rng.random()])
    assert same(*found)
    assert run.replays >= 6


def trial(fn):
    found = []
    for use in (False, True):
        rng = np.random.default_rng(3)
        run = lambda x, rng=rng: fn(x, rng)
        run = autograd.compile(run, state=rng) if use else run
        results = []
        for i in range(7):
            try:
                result = quietly(run, np.linspace(-1, 1, 4, dtype=np.float32) + i)
            except ZeroDivisionError:
                result = None
            results += result if isinstance(result, tuple) else [result]
        found.append([[plain(r) for r in results], [type(r).__name__ for r in results], rng.random()])
    assert same(*found)
    return run


@pytest.mark.parametrize("name", DRAWN)
def test_single_numbers_are_drawn(name):
    program = trial(DRAWN[name])
    assert program.replays >= 2
    assert not program.fallback


@pytest.mark.parametrize("reason", REFUSED)
def test_what_python_does_with_them_is_refused(reason):
    program = trial(REFUSED[reason])
    assert not program.replays
    assert reason in program.fallback
    assert program.fallback.startswith("test_draws.py:")


def test_draws_from_a_named_generator_go_on():
    def run(compile_it):
        rng = np.random.default_rng(1)

        def body(x):
            return x + rng.normal(size=3)

        act = autograd.compile(body, state=(rng,), strict=True) if compile_it else body
        return [act(np.ones(3)) for _ in range(6)]

    np.testing.assert_array_equal(run(False), run(True))
