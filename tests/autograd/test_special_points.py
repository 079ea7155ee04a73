"""Derivatives of every elementwise function where formulas divide by nothing: right, infinite or NaN.

Kinks aside, a finite number is the limit of differences: of the value, or of the derivative beneath it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import autograd
from tests.support.samples import DIFFERENTIABLE, Sample, function_of
from tests.support.special_points import at_special_points, slope, wrong_slopes

# what a convention says at kinks and jumps, by name and order; see docs/conventions.md
CONVENTIONS = {
    "maximum": {2}, "minimum": {2}, "fmax": {2}, "fmin": {2}, "absolute": {2}, "fabs": {2}, "copysign": {2},
    "clip": {1}, "remainder": {2}, "fmod": {2}, "floor_divide": {1},
    "sign": {1}, "heaviside": {1}, "mantissa": {1}, "arctan2": {1}, "power": {1}, "float_power": {1},
    "softsign": {3}, "signed_i0e": {1, 3}, "signed_i1e": {2}, "i0e": {2}, "i1e": {2, 3}, "huber": {3},
}  # fmt: skip
# where kernels are meant for, if not everywhere
INSIDE = {
    "beta_moment": lambda a, b, x: (a >= 1) & (b >= 1) & (x <= 1),
    "lpmv": lambda m, v, x: np.abs(x) <= 1,
}
REAL = [
    s for s in DIFFERENTIABLE
    if s.prim.core is not None and not any(s.prim.core) and s.kernel().dtype.kind == "f"
]  # fmt: skip


def _orders(sample: Sample, call: Callable) -> Iterator[tuple[int, tuple, Callable, Callable]]:
    """The order, the arguments, a derivative of that order, and what it is the derivative of."""
    for i in sample.active:
        first = slope(call, i)
        yield 1, (i,), first, lambda *args: sample.kernel(*args)
        for j in sample.active:
            second = slope(first, j)
            yield 2, (i, j), second, first
            if i == j and len(sample.active) < 3:
                yield 3, (i, i, i), slope(second, i), second


@pytest.mark.parametrize("sample", REAL, ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_finite_numbers_are_limits(sample: Sample):
    sample = at_special_points(sample, INSIDE.get(sample.prim.name))
    function = function_of(sample.prim)

    def call(*args):
        return sample.chosen(function(*args, *sample.statics))

    wrong = []
    with np.errstate(all="ignore"):
        for order, by, derivative, beneath in _orders(sample, call):
            if order not in CONVENTIONS.get(sample.prim.name, ()):
                found = derivative(*sample.args)
                wrong += [(by, *w) for w in wrong_slopes(beneath, found, sample.args, by[-1])]
    assert not wrong, "\n".join(map(str, wrong[:10]))


ALONE = [s for s in REAL if len(s.active) == 1]


@pytest.mark.parametrize("sample", ALONE, ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_third_derivatives_do_not_differ_by_mode(sample: Sample):
    """At special points: two finite numbers that differ, of which one is wrong."""
    sample = at_special_points(sample, INSIDE.get(sample.prim.name))
    function, (i,) = function_of(sample.prim), sample.active

    def call(*args):
        return sample.chosen(function(*args, *sample.statics))

    def pushed(f):
        def by(*args):
            x, t = args[i], np.ones_like(args[i])
            return autograd.jvp(lambda x: f(*args[:i], x, *args[i + 1 :]), (x,), (t,))[1]

        return by

    with np.errstate(all="ignore"):
        reverse = slope(slope(slope(call, i), i), i)(*sample.args)
        for other in (
            pushed(pushed(pushed(call))),
            pushed(pushed(slope(call, i))),
            slope(slope(pushed(call), i), i),
        ):
            found = np.asarray(other(*sample.args))
            told = np.isfinite(found) & np.isfinite(reverse)
            np.testing.assert_allclose(found[told], reverse[told], 1e-7, 1e-8)
