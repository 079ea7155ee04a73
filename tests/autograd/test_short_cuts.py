"""Short cuts of small calls: the same values and gradients as the long way round."""

from __future__ import annotations

import numpy
import pytest

import autograd
import autograd.numpy as np
from autograd import grad

CALLS = {
    "pad by one width": (lambda m, x: m.pad(x, 2), (3, 2)),
    "pad by widths": (lambda m, x: m.pad(x, ((1, 0), (2, 1))), (2, 3)),
    "pad by a constant": (lambda m, x: m.pad(x, 1, constant_values=7.0), (4,)),
    "pad of nothing": (lambda m, x: m.pad(x, 1), (0,)),
    "roll": (lambda m, x: m.roll(x, 2), (5,)),
    "roll backwards": (lambda m, x: m.roll(x, -7), (5,)),
    "roll by rows": (lambda m, x: m.roll(x, 1, axis=0), (3, 2)),
    "inner of vectors": (lambda m, x: m.inner(x, x), (4,)),
    "inner of matrices": (lambda m, x: m.inner(x, x), (3, 4)),
    "tensordot of matrices": (lambda m, x: m.tensordot(x, x.T, 1), (3, 4)),
    "trace": (lambda m, x: m.trace(x), (3, 3)),
    "trace of a wide matrix": (lambda m, x: m.trace(x), (2, 4)),
    "trace of a tall matrix": (lambda m, x: m.trace(x), (4, 2)),
    "trace above": (lambda m, x: m.trace(x, 1), (3, 3)),
    "keywords": (lambda m, x: m.sum(x, axis=1, keepdims=True), (3, 2)),
    "keyword by position": (lambda m, x: m.cumsum(x, 0), (3, 2)),
    "var": (lambda m, x: m.var(x, axis=0, ddof=1), (3, 2)),
    "std": (lambda m, x: m.std(x, axis=1), (3, 2)),
    "dot of one row": (lambda m, x: m.dot(x, x.T), (1, 5)),
    "sinc": (lambda m, x: m.sinc(x / 20), (5,)),
}


@pytest.mark.parametrize("name", CALLS)
def test_short_cuts_agree_with_numpy_and_with_differences(name):
    call, shape = CALLS[name]
    x = numpy.random.default_rng(0).normal(size=shape)
    ours = call(np, autograd.tensor(x, requires_grad=True))
    numpy.testing.assert_allclose(ours.detach().numpy(), call(numpy, x), rtol=1e-14)
    weights = numpy.random.default_rng(1).normal(size=ours.shape)
    if not x.size:
        return
    slope = grad(lambda v: np.sum(call(np, v) * weights))(x)
    for place in numpy.ndindex(*shape):
        step = numpy.zeros(shape)
        step[place] = 1e-6
        change = numpy.sum((call(numpy, x + step) - call(numpy, x - step)) * weights) / 2e-6
        assert slope[place] == pytest.approx(change, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("values", [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0], [5.0]])
def test_products_of_all_others_are_exact(values):
    x = numpy.array(values)
    wanted = [numpy.prod(numpy.delete(x, i)) for i in range(len(x))]
    assert grad(np.prod)(x).tolist() == wanted


@pytest.mark.parametrize("dtype", [numpy.float16, numpy.float32, numpy.float64, numpy.longdouble])
@pytest.mark.parametrize("name", ["var", "std"])
def test_spread_is_numpys_to_the_bit(name, dtype):
    x = numpy.random.default_rng(0).normal(size=(5, 4)).astype(dtype)
    for axis in (None, 0, -1, (0, 1)):
        ours = getattr(np, name)(autograd.tensor(x, requires_grad=True), axis=axis).detach().numpy()
        theirs = numpy.asarray(getattr(numpy, name)(x, axis=axis))
        assert ours.dtype == theirs.dtype
        assert numpy.array_equal(ours, theirs)


def test_a_guarded_weight_that_many_steps_save_can_be_written_after_the_sweep():
    w = numpy.random.default_rng(0).normal(size=(96, 96))

    def steps(w):
        h = np.ones((1, 96))
        for _ in range(3):
            h = np.dot(np.tanh(h), w)
        with pytest.raises(ValueError, match="read-only"):
            caller[0, 0] = 1.0
        return np.sum(h)

    caller = w
    before = grad(steps)(w)
    w[0, 0] += 0.0
    assert numpy.array_equal(before, grad(steps)(w))
