"""Rules as native loops: NumPy's bits, its reports, and when they are taken."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd.numpy as anp
from autograd import spreading, tensor, threads
from autograd.loops import patience, rules
from autograd.loops.formulas import statements
from autograd.primitive import REGISTRY
from tests.support.large import assert_same_bits, drawn, few_are_large

LENGTH = 5 * rules.BLOCK + 100
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e-30]


def formulas(prim):
    """What loops know of each of its rules."""
    given = [(r.form, r.fn, tuple(range(len(r.names))), len(r.names)) for r in prim.rules.values()]
    return [
        statements(rules._formula(*r[:3]), np.dtype("f8"), [f"a{i}" for i in range(1 + r[3])], 0)
        for r in given
    ]


DIVISIBLE = [p for p in REGISTRY.values() if spreading.has_divisible_rules(p, list(p.rules.values()))]
KNOWN = [p for p in DIVISIBLE if any(lines and len(lines) > 1 for lines in formulas(p))]


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    few_are_large(monkeypatch, 2)
    monkeypatch.setattr(patience, "PATIENCE", 0)


@pytest.fixture
def stops(monkeypatch):
    """How far each loop went of what it was given: pairs."""
    found = []
    pulling = rules.pulling

    def looked(*args):
        run = pulling(*args)

        def over(start, stop, inputs, outs):
            end = run(start, stop, inputs, outs)
            found.append((end - start, stop - start))
            return end

        return run and over

    monkeypatch.setattr(rules, "pulling", looked)
    return found


def by_numpy(monkeypatch, fn):
    with monkeypatch.context() as patch:
        patch.setattr(patience, "PATIENCE", 1 << 60)
        return fn()


def pulled(prim, given, g):
    xs = [tensor(x, requires_grad=True) for x in given]
    with np.errstate(all="ignore"):
        (prim.function(*xs) * g).sum().backward()
    return [x.grad.numpy() for x in xs]


def assert_all_same(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert_same_bits(a, b)


def test_the_usual_ones_are_known():
    assert {"divide", "square", "tanh", "arctan", "reciprocal", "log1p"} <= {p.name for p in KNOWN}


# each takes half a second to compile
IN_EACH = [(p, kind) for p in KNOWN for kind in "fd" if kind == "f" or p.name in ("divide", "tanh")]


@pytest.mark.parametrize(("prim", "dtype"), IN_EACH, ids=lambda p: getattr(p, "name", p))
def test_the_bits_are_numpys(prim, dtype, stops, monkeypatch):
    given = drawn(prim, dtype, LENGTH)
    g = np.random.default_rng(1).standard_normal(LENGTH).astype(dtype)
    wanted = by_numpy(monkeypatch, lambda: pulled(prim, given, g))
    assert not stops
    assert_all_same(pulled(prim, given, g), wanted)
    assert stops
    assert all(done == size for done, size in stops)


@pytest.mark.parametrize("prim", KNOWN, ids=lambda p: p.name)
def test_what_is_not_finite_is_numpys(prim, stops, monkeypatch):
    given = drawn(prim, np.float32, LENGTH)
    g = np.random.default_rng(1).standard_normal(LENGTH).astype(np.float32)
    for x in (*given, g):
        x[3 * rules.BLOCK :][:: rules.BLOCK // 7][: len(SPECIAL)] = SPECIAL
    wanted = by_numpy(monkeypatch, lambda: pulled(prim, given, g))
    assert_all_same(pulled(prim, given, g), wanted)
    assert any(done < size for done, size in stops)
    assert any(done for done, _ in stops)


def test_one_value_for_all_elements(stops, monkeypatch):
    """The cotangent of a sum is one number, which no memory has so many of."""
    x, y = (np.random.default_rng(k).uniform(1, 2, (103, 50)) for k in range(2))

    def run():
        xs = [tensor(v, requires_grad=True) for v in (x, y)]
        (xs[0] / xs[1]).sum().backward()
        return [v.grad.numpy() for v in xs]

    wanted = by_numpy(monkeypatch, run)
    assert_all_same(run(), wanted)
    assert sum(done for done, _ in stops) == x.size
    np.testing.assert_array_equal(wanted[1], -1 * (x / y) / y)


def test_numbers_among_what_was_saved(stops):
    x = tensor(np.linspace(1, 2, LENGTH), requires_grad=True)
    (2.0 / x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -2 / np.linspace(1, 2, LENGTH) ** 2, rtol=1e-14)
    assert not stops


def test_reports_of_numpys_mask_cotangents(stops):
    for place in (0, 2 * rules.BLOCK + 1, LENGTH - 1):
        shift = np.zeros(LENGTH)
        shift[place] = 1
        x = tensor(np.ones(LENGTH), requires_grad=True)
        with np.errstate(all="ignore"):
            anp.where(shift == 0, anp.reciprocal(x - shift), 0.0).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), -(1.0 - shift))
    assert stops


def overflow():
    """A rule that overflows on its way to 0: 1 / (1 + x * x)."""
    x = np.full(LENGTH, 2.0)
    x[-1] = 1e200
    leaf = tensor(x, requires_grad=True)
    anp.arctan(leaf).sum().backward()
    return leaf.grad.numpy()


def test_overflow_on_the_way_is_told(stops):
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        overflow()
    with np.errstate(over="warn"), pytest.warns(RuntimeWarning, match="overflow"):
        found = overflow()
    assert found[-1] == 0
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        overflow()
    assert stops


def test_who_asks_for_underflow_has_numpys(stops):
    x = tensor(np.full(LENGTH, 1e-200), requires_grad=True)
    with np.errstate(under="raise"), pytest.raises(FloatingPointError):
        anp.tanh(x).sum().backward()  # x * x
    assert not stops
    anp.tanh(x).sum().backward()
    assert stops


@pytest.mark.parametrize("held", [False, True])
def test_a_cotangent_that_somebody_holds_stays_as_it_is(held, stops):
    x, kept = tensor(np.linspace(-1, 1, LENGTH), requires_grad=True), []
    y = anp.tanh(x)
    if held:
        y.register_hook(kept.append)
    (y * np.linspace(1, 2, LENGTH)).sum().backward()
    wanted = np.linspace(1, 2, LENGTH) * (1.0 - np.tanh(np.linspace(-1, 1, LENGTH)) ** 2)
    np.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-14)
    for g in kept:
        np.testing.assert_array_equal(g.numpy(), np.linspace(1, 2, LENGTH))
    assert stops


def test_two_rules_in_one_loop():
    """Where one may write over what the other reads."""
    x, y, g = (np.random.default_rng(k).uniform(1, 2, LENGTH) for k in range(3))
    given = list(REGISTRY["divide"].rules.values())
    run = rules.pulling(given, [[1], [0, 1]], [g, x, y])
    wanted = [g / y, -g * (x / y) / y]
    first = np.empty(LENGTH)
    assert run(10, LENGTH, [g, x, y], [first, g]) == LENGTH
    np.testing.assert_array_equal(first[10:], wanted[0][10:])
    np.testing.assert_array_equal(g[10:], wanted[1][10:])


@pytest.mark.parametrize(
    "fn",
    [
        lambda g, x: g if x > 0 else -g,
        lambda g, x: g * x if g else g + x,
        lambda g, x: g * np.sin(x),
        lambda g, x: g * x if type(g) is np.ndarray else None,
        lambda g, x: g,
        lambda g, x: (g * x).astype(np.float32),
        lambda g, x: g * np.ones(3),
        lambda g, x: 2.0,
        lambda g, x: (g * x, g + x)[0],
    ],
    ids=[
        "a branch",
        "truth",
        "not rounded once",
        "None",
        "nothing to do",
        "a method",
        "an array",
        "a number",
        "more",
    ],
)
def test_formulas_of_more_than_numbers_are_not_known(fn):
    assert statements(fn, np.dtype("f8"), ["a0", "a1"], 0) is None


def test_loops_come_in_time(stops, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 2 * LENGTH)
    monkeypatch.setattr(rules, "_patience", patience.Patience())
    x = np.linspace(-1, 1, LENGTH)
    for calls in range(4):
        leaf = tensor(x, requires_grad=True)
        anp.tanh(leaf).sum().backward()
        assert bool(stops) == (calls > 1)


def test_one_thread_has_loops_too(stops, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 1)
    x = np.linspace(-1, 1, LENGTH)
    leaf = tensor(x, requires_grad=True)
    anp.tanh(leaf).sum().backward()
    assert stops == [(LENGTH, LENGTH)]
    np.testing.assert_array_equal(leaf.grad.numpy(), 1.0 * (1.0 - np.tanh(x) * np.tanh(x)))
