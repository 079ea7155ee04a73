"""Switching recording off and on: per thread, nested, restored whatever happens."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import autograd
from autograd import enable_grad, is_grad_enabled, no_grad, tensor
from autograd.codegen import FAST, Never
from tests.support.threads import in_threads


@pytest.fixture
def x():
    return tensor([1.0, 2.0], requires_grad=True)


@pytest.fixture(autouse=True)
def _everything_is_restored():
    yield
    assert is_grad_enabled()
    assert FAST["Tensor"] is autograd.Tensor, "the slow path was left switched on"


def test_nothing_is_recorded(x):
    with no_grad():
        assert not is_grad_enabled()
        results = [x * 2, x.sum(), x[0], x.T, np.exp(x), x @ x, x.reshape(2, 1)]
    assert not any(r.requires_grad for r in results)
    assert x.requires_grad
    assert (x * 2).requires_grad


def test_a_leaf_can_be_made_inside(x):
    with no_grad():
        y = tensor(1.0, requires_grad=True)
        assert y.requires_grad
    (y * 2).backward()
    assert y.grad.item() == 2.0


def test_nesting(x):
    with no_grad():
        with enable_grad():
            assert (x * 2).requires_grad
            with no_grad():
                assert not (x * 2).requires_grad
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    with enable_grad(), no_grad(), no_grad():
        assert not (x * 2).requires_grad


def test_one_object_nests_in_itself(x):
    off = no_grad()
    with off:
        with off:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


@pytest.mark.parametrize("manager", [no_grad, enable_grad])
def test_restored_after_an_exception(manager):
    with pytest.raises(ZeroDivisionError), manager():
        raise ZeroDivisionError
    assert is_grad_enabled()


def test_restored_inside_after_an_exception():
    with no_grad():
        with pytest.raises(ZeroDivisionError), enable_grad():
            raise ZeroDivisionError
        assert not is_grad_enabled()


def test_decorators(x):
    @no_grad()
    def off(t, scale=2):
        """Doubles."""
        return t * scale

    @enable_grad()
    def on(t):
        return t * 2

    assert not off(x, scale=3).requires_grad
    assert off.__name__ == "off"
    assert off.__doc__ == "Doubles."
    with no_grad():
        assert on(x).requires_grad
        assert not is_grad_enabled()


def test_a_decorated_function_that_raises_or_recurs():
    @no_grad()
    def down(n):
        assert not is_grad_enabled()
        return down(n - 1) if n else 1 / 0

    with pytest.raises(ZeroDivisionError):
        down(3)
    assert is_grad_enabled()


def _in_thread(function):
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(function()))
    thread.start()
    thread.join()
    return outcome[0]


def test_other_threads_do_not_notice(x):
    with no_grad():
        assert _in_thread(is_grad_enabled)
        assert _in_thread(lambda: (x * 2).requires_grad)
        assert not (x * 2).requires_grad


def test_a_thread_that_is_off_does_not_switch_this_one_off(x):
    entered, leave, finished = threading.Event(), threading.Event(), threading.Event()

    def off():
        with no_grad():
            entered.set()
            leave.wait()
        finished.set()

    thread = threading.Thread(target=off)
    thread.start()
    entered.wait()
    assert FAST["Tensor"] is Never
    y = (x * x).sum()
    y.backward()
    assert x.grad.numpy().tolist() == [2.0, 4.0]
    leave.set()
    thread.join()
    assert finished.is_set()


def test_threads_that_switch_at_random_agree():
    errors = []

    def work(seed):
        rng = np.random.default_rng(seed)
        x = tensor(np.ones(3), requires_grad=True)
        for _ in range(200):
            off = bool(rng.integers(2))
            with no_grad() if off else enable_grad():
                if (x * 2).requires_grad is off:
                    errors.append(seed)
            if not (x * 2).requires_grad:
                errors.append(seed)

    in_threads(work, range(4))
    assert not errors


def test_backward_in_two_threads():
    def work():
        x = tensor(np.arange(4.0), requires_grad=True)
        y = x
        for _ in range(200):
            y = y * 1.01 + x
        y.sum().backward()
        return x.grad.numpy()

    expected, found = work(), []
    in_threads(lambda _: found.append(work()), range(4))
    assert len(found) == 4
    for g in found:
        np.testing.assert_array_equal(g, expected)


def test_reading_values_out(x):
    for read in (x.numpy, lambda: np.asarray(x), lambda: np.from_dlpack(x)):
        with pytest.raises(autograd.errors.RequiresGradError, match=r"detach\(\)"):
            read()
        with no_grad():
            assert np.asarray(read()).tolist() == [1.0, 2.0]
    assert x.detach().numpy().tolist() == [1.0, 2.0]
    assert x.tolist() == [1.0, 2.0]
    assert x[0].item() == 1.0
