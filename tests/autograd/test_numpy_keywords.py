"""`autograd.numpy` with NumPy's own keywords and positions, of arrays and of tensors."""

from __future__ import annotations

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import no_grad, tensor
from autograd.errors import ArgumentError

X = np.arange(6.0).reshape(2, 3)
CALLS = {
    "sum by position": lambda m, x: m.sum(x, 0, np.float32),
    "max, keepdims by position": lambda m, x: m.max(x, 0, None, True),
    "mean, keepdims": lambda m, x: m.mean(x, axis=1, keepdims=True),
    "std, ddof by position": lambda m, x: m.std(x, 0, None, None, 1),
    "var, ddof": lambda m, x: m.var(x, axis=0, ddof=1),
    "sum, dtype": lambda m, x: m.sum(x, dtype="f4"),
    "add, dtype": lambda m, x: m.add(x, x, dtype=np.float32),
    "clip by keywords": lambda m, x: m.clip(x, min=1.0, max=3.0),
    "concatenate": lambda m, x: m.concatenate([x, x], axis=1),
    "roll": lambda m, x: m.roll(x, 1, 0),
    "tril": lambda m, x: m.tril(x, 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_means_what_numpy_means(name):
    expected = CALLS[name](np, X)
    plain = CALLS[name](anp, X)
    np.testing.assert_array_equal(plain, expected)
    assert plain.dtype == expected.dtype
    for call in (lambda: CALLS[name](anp, tensor(X)), lambda: CALLS[name](np, tensor(X))):
        out = call()
        np.testing.assert_array_equal(out.numpy(), expected)
        assert out.dtype == expected.dtype


def test_out_takes_the_result_and_its_gradient():
    x, out = tensor(X, requires_grad=True), tensor(np.zeros((2, 3)))
    assert np.exp(x, out=out) is out
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.exp(X))


def test_what_is_not_known_is_said():
    with pytest.raises(ArgumentError, match="sum: the keyword 'initial' is not supported"):
        anp.sum(tensor(X), initial=1.0)
    with pytest.raises(ArgumentError, match="where= needs out="):
        anp.exp(tensor(X), where=X > 1)


def test_no_grad_as_a_decorator_with_and_without_parentheses():
    x = tensor(X, requires_grad=True)

    @no_grad
    def bare():
        return x * 2

    @no_grad()
    def called():
        return x * 2

    assert not bare().requires_grad
    assert not called().requires_grad
    assert (x * 2).requires_grad


def test_a_hook_is_taken_off():
    x, seen = tensor(X, requires_grad=True), []
    handle = x.register_hook(seen.append)
    x.sum().backward()
    handle.remove()
    x.sum().backward()
    assert len(seen) == 1
