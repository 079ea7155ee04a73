"""Kernels that a program runs as a whole, since they look at values: what else they may give."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd.declare import fused
from autograd.primitive import REGISTRY
from tests.support.compiling import plain, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
REAL = np.array([[2.0, 1.0], [1.0, 3.0]])
TURNING = np.array([[0.0, 1.0], [-1.0, 0.0]])


def test_a_result_may_be_of_another_dtype():
    """Eigenvalues are complex for some matrices."""
    fn = lambda a: anp.linalg.eigvals(a * 1.0) * 2
    act = autograd.compile(fn, strict=True)
    for i in range(20):
        a = (TURNING if i % 3 == 0 else REAL) * (i + 1)
        assert same(plain(act(a)), plain(fn(a)))
    assert act.replays > 4


def declared(kernel, backward, formula):
    """A fused operation that is nobody's but this test's."""
    before = set(REGISTRY)
    made = fused(kernel, ["x"], backward=backward, formula=formula, name="kernel_of_a_test")
    for name in set(REGISTRY) - before:
        del REGISTRY[name]
    return made


@pytest.mark.parametrize("kind", [bool, int, float, str])
def test_what_stands_beside_an_array_may_be_another(kind):
    def kernel(x):
        positive = float(x.sum()) > 0
        return x * 2, {bool: positive, int: 2 + positive, float: 2.5 + positive, str: "ab"[positive]}[kind]

    def backward(g, aux):
        return [g * {False: 3, True: 5, 2: 3, 3: 5, 2.5: 3, 3.5: 5, "a": 3, "b": 5}[aux]]

    op = declared(kernel, backward, lambda x: x * 2)
    slope = autograd.grad(lambda x: op(x).sum())
    act = autograd.compile(slope, strict=True)
    for i in range(20):
        x = np.ones(3) * (-1 if i % 3 == 0 else 1)
        assert same(plain(act(x)), plain(slope(x)))
    assert act.replays > 4
