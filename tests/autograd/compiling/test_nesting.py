"""Programs within one another, under transforms and modes, and in several threads."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import no_grad, tensor
from tests.support.compiling import plain, same
from tests.support.threads import in_threads

pytestmark = pytest.mark.usefixtures("numpy_alone")
ONES = np.ones(3)


def test_compiled_functions_call_each_other():
    inner = autograd.compile(lambda x: x * 2 + 1, strict=True)
    outer = autograd.compile(lambda x: inner(x) * 3, strict=True)

    def falling(x, n):
        return x if n == 0 else again(x * n, n - 1)

    again = autograd.compile(falling)
    for i in range(8):
        assert same(plain(outer(ONES * i)), (ONES * i * 2 + 1) * 3)
        assert same(plain(again(ONES * i, 3)), ONES * i * 6)


def cube(x):
    return (x**3).sum()


def test_transforms_of_a_compiled_function():
    program = autograd.compile(cube)
    x, xs = np.arange(3.0), np.arange(6.0).reshape(2, 3)
    for _ in range(5):
        assert same(plain(program(x)), plain(cube(x)))
        assert same(autograd.grad(program)(x), 3 * x**2)
        assert same(plain(autograd.vmap(program)(xs)), plain(autograd.vmap(cube)(xs)))
        assert same(plain(autograd.jvp(program, (x,), (ONES,))[1]), plain((3 * x**2).sum()))
        with autograd.record():
            assert same(plain(program(x)), plain(cube(x)))
    assert program.replays


def test_modes_and_transforms_between_calls():
    weight = tensor(np.ones(4), requires_grad=True)
    fn = autograd.compile(lambda x: (x * weight.detach()).sum(), state=weight, strict=True)
    for _ in range(6):
        for x in (np.arange(4.0), np.ones(4)):
            wanted = x.sum()
            assert fn(x) == wanted
            with no_grad():
                assert fn(x) == wanted
            np.testing.assert_array_equal(autograd.grad(fn)(x), np.ones(4))
            np.testing.assert_array_equal(autograd.vmap(fn)(np.stack([x, x])), [wanted, wanted])


def test_two_threads_share_a_program():
    program = autograd.compile(lambda x: (np.tanh(x) * 2 + x).cumsum() * 3, strict=True)
    wrong = []

    def work(seed):
        x = np.random.default_rng(seed).normal(size=2000)
        wanted = (np.tanh(x) * 2 + x).cumsum() * 3
        for _ in range(200):
            if not np.array_equal(program(x), wanted):
                wrong.append(seed)

    in_threads(work, range(4))
    assert not wrong
    assert program.replays > 500


def test_threads_call_with_their_own_modes_and_shapes():
    fn = autograd.compile(lambda x: x * x, strict=True)
    wrong = []

    def work(n):
        x = np.full(n, float(n))
        for i in range(300):
            with no_grad() if i % 7 == 0 else autograd.enable_grad():
                if not (fn(x) == n * n).all():
                    wrong.append(n)

    in_threads(work, (2, 3, 4))
    assert not wrong
