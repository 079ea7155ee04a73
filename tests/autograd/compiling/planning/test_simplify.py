"""Calls that a plan does without: fewer of them, and every bit as before."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp

ONE, MINUS = np.array(1.0), np.array(-1.0)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -3.5, np.inf, -np.inf, np.nan, 5e-324, 1e308]
X, Y = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))

# a function of two arrays, and the calls that are left of it
CASES = {
    "product with 1": (lambda x, y: np.sin(x * 1.0) / ONE, "sin"),
    "product with -1": (lambda x, y: y + np.sin(x) * MINUS, "sin subtract"),
    "product of what was written before": (lambda x, y: _filled(x) * 1.0 + y, "sin copyto add"),
    "product of what is written later": (lambda x, y: _kept(x, y), "sin multiply copyto add"),
    "copies": (lambda x, y: np.sin(x.copy()).copy(), "sin"),
    "computed twice": (lambda x, y: np.sin(x * y) + np.sin(y * x) * x, "multiply sin multiply add"),
    "computed twice after a write": (lambda x, y: _written(x, y), "sin add copyto copyto add subtract"),
    "sum with a negative": (lambda x, y: np.sin(x) + -np.cos(y), "sin cos subtract"),
    "negative and sum": (lambda x, y: -np.sin(x) + np.cos(y), "sin cos subtract"),
    "difference of a negative": (lambda x, y: np.sin(x) - -np.cos(y), "sin cos add"),
    "difference of negatives": (lambda x, y: -np.sin(x) - -np.cos(y), "sin cos subtract"),
    "sum of negatives": (lambda x, y: -np.sin(x) + -np.cos(y), "sin cos negative subtract"),
    "twice a negative": (lambda x, y: y - (-x + -x), "add add"),
    "twice a negative that is left": (lambda x, y: -np.sin(x) + -np.sin(x), "sin multiply"),
    "a negative less what it is of": (lambda x, y: -np.sin(x) - np.sin(x), "sin multiply"),
    "a number less its negative": (lambda x, y: np.sin(x) - -np.sin(x), "sin add"),
    "a number and its negative": (lambda x, y: -np.sin(x) + np.sin(x), "sin subtract"),
    "negative in a product": (lambda x, y: y - (-x * y) * 3.0, "multiply multiply add"),
    "negatives in a product": (lambda x, y: (-x) * (-y), "multiply"),
    "negative in a quotient": (lambda x, y: x + y / -x, "divide subtract"),
    "two signs": (lambda x, y: np.negative(-np.sin(x)) + y, "sin add"),
    "a sign that is needed": (lambda x, y: np.exp(-(x * x)) + x * x, "multiply negative exp add"),
    "constants": (lambda x, y: x + np.sin(anp.asarray(ONE) * 2).sum() * np.ones(len(X)), "add"),
    "a square": (lambda x, y: np.sin(x) ** 2 + y, "sin square add"),
    "a cube": (lambda x, y: np.sin(x) ** 3 + y, "sin power add"),
    "two results": (lambda x, y: (-x, -x * y, y - x * y), "negative multiply multiply subtract"),
}  # fmt: skip


def _written(x, y):
    z = np.sin(x)
    a = z + y
    z[::2] = 0
    z[1::2] = 1
    return a - (z + y)


def _filled(x):
    z = np.sin(x)
    z[1:3] = 5.0
    return z


def _kept(x, y):
    z = np.sin(x)
    a = z * 1.0
    z[1:3] = 5.0
    return a + z


def bits(array):
    """Equal for arrays that are the same, the signs of zeros among it; NaN has no sign."""
    array = np.where(np.isnan(array), np.nan, array)
    return array.shape, array.dtype, array.tobytes()


@pytest.mark.usefixtures("numpy_alone")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_fewer_calls_give_the_same(name):
    fn, wanted = CASES[name]
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        found = program(X, Y)
    assert program.replays
    for a, b in zip(np.atleast_2d(found), np.atleast_2d(fn(X, Y)), strict=True):
        assert bits(a) == bits(b)
    made = [getattr(step.fn, "__name__", "") for step in program.plan.steps]
    assert sorted(made) == sorted(wanted.split())


@pytest.mark.usefixtures("numpy_alone")
def test_sums_that_grow_in_place_take_signs_in_and_are_not_copied():
    """A cotangent of several uses is added to in place, and what the function gives is a copy of it."""

    def formula(x):
        return (anp.tanh(x) * anp.exp(-x * x) + anp.sin(x) / (1 + x * x)).sum()

    slope = autograd.compile(autograd.grad(formula), strict=True)
    x = np.concatenate([X[np.isfinite(X)] % 4, [0.0, -0.0]])
    for _ in range(4):
        assert bits(slope(x)) == bits(autograd.grad(formula)(x))
    made = [step.fn.__name__ for step in slope.plan.steps]
    assert made.count("negative") == 1  # of the exponent
    assert "copy" not in made


@pytest.mark.usefixtures("numpy_alone")
def test_a_cotangent_without_zeros_is_not_searched_for_them():
    """Quotients ask NumPy for faults where a cotangent may be zero; a sum's is 1."""
    slope = autograd.compile(autograd.grad(lambda x, y: (x / y).sum(), argnum=(0, 1)), strict=True)
    weighed = autograd.compile(autograd.grad(lambda x, y: (y * (x / y)).sum()), strict=True)
    x, y = X[1:5], np.array([0.5, 2.0, 3.0, 0.0])
    for _ in range(4):
        with np.errstate(all="ignore"):
            found = slope(x, y)
            weighed(x, y)
    assert "faults" not in slope.source
    assert "faults" in weighed.source
    with np.errstate(all="ignore"):
        wanted = autograd.grad(lambda x, y: (x / y).sum(), argnum=(0, 1))(x, y)
    assert [bits(a) for a in found] == [bits(a) for a in wanted]


@pytest.mark.usefixtures("numpy_alone")
def test_a_mask_that_is_true_everywhere_is_not_computed():
    """By a denominator the cotangent of a sum is -1: whether that is 0 is known beforehand."""

    def formula(x):
        return (anp.sin(x) / (1 + x**2)).sum()

    slope = autograd.compile(autograd.grad(formula), strict=True)
    x = np.tile(X[np.isfinite(X)] % 4, 200)  # more than is folded as a constant
    for _ in range(4):
        assert bits(slope(x)) == bits(autograd.grad(formula)(x))
    assert "faults" in slope.source
    assert "square(" in slope.source
    assert "not_equal(" not in slope.source
    assert "power(" not in slope.source
