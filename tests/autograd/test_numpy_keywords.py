"""`autograd.numpy` with NumPy's own keywords and positions, of arrays and of tensors."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import no_grad, tensor
from autograd.errors import ArgumentError, AutogradError, DtypeError, ShapeError
from tests.support import calls

X = np.arange(6.0).reshape(2, 3)
MASK = np.array([[True, False, True], [False, True, True]])
CALLS = {
    "sum, where": lambda m, x: m.sum(x, where=MASK),
    "sum, where by broadcasting": lambda m, x: m.sum(x, axis=1, where=MASK[0], keepdims=True),
    "sum, initial": lambda m, x: m.sum(x, axis=0, initial=10.0, where=MASK),
    "prod, where and initial": lambda m, x: m.prod(x, 1, initial=3.0, where=MASK),
    "max, initial": lambda m, x: m.max(x, axis=1, initial=2.5),
    "max, where and initial": lambda m, x: m.max(x, axis=(0, 1), where=MASK, initial=-1.0, keepdims=True),
    "max of nothing": lambda m, x: m.max(x[:0], axis=0, initial=2.0),
    "min, where and initial": lambda m, x: m.min(x, axis=0, where=MASK, initial=9.0),
    "amin, initial": lambda m, x: m.amin(x, initial=-7),
    "mean, where": lambda m, x: m.mean(x, axis=1, where=MASK),
    "mean, dtype": lambda m, x: m.mean(x, dtype=np.float32),
    "var, where": lambda m, x: m.var(x, axis=1, where=MASK, keepdims=True),
    "var, correction": lambda m, x: m.var(x, axis=0, correction=1),
    "var, mean": lambda m, x: m.var(x, axis=0, mean=x.mean(axis=0, keepdims=True)),
    "std, where and ddof": lambda m, x: m.std(x, where=MASK, ddof=1),
    "std, dtype": lambda m, x: m.std(x, dtype=np.float32),
    "all, where": lambda m, x: m.all(x > 0, axis=1, where=MASK),
    "any, where": lambda m, x: m.any(x > 4, axis=0, where=MASK, keepdims=True),
    "reshape, order": lambda m, x: m.reshape(x, (3, 2), order="F"),
    "ravel, order": lambda m, x: m.ravel(x, order="F"),
    "ravel as it lies": lambda m, x: m.ravel(x.T, order="K"),
    "ravel by another order": lambda m, x: m.ravel(x.T, order="A"),
    "copy, order": lambda m, x: m.copy(x, order="F"),
    "concatenate, dtype": lambda m, x: m.concatenate([x, x], dtype=np.float32),
    "stack, dtype": lambda m, x: m.stack([x, x], dtype="f4", casting="same_kind"),
    "add, casting and order": lambda m, x: m.add(x, x, casting="no", order="C", subok=False),
    "zeros_like, dtype": lambda m, x: m.zeros_like(x, dtype=np.float32),
    "ones_like, shape": lambda m, x: m.ones_like(x, np.float32, shape=(2,)),
    "trace, dtype": lambda m, x: m.trace(x, dtype=np.float32),
    "round": lambda m, x: m.round(x / 7, 2),
    "around": lambda m, x: m.around(x / 7, decimals=1),
    "heaviside": lambda m, x: m.heaviside(x - 2, 0.5),
    "ldexp": lambda m, x: m.ldexp(x, np.array([1, 2, 3])),
    "spacing": lambda m, x: m.spacing(x),
    "shift": lambda m, x: m.left_shift(x.astype(int), 2),
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
    np.testing.assert_allclose(plain, expected, 1e-15)
    assert plain.dtype == expected.dtype
    for call in (lambda: CALLS[name](anp, tensor(X)), lambda: CALLS[name](np, tensor(X))):
        out = call()
        np.testing.assert_allclose(out.numpy(), expected, 1e-15)
        assert out.dtype == expected.dtype


def test_out_takes_the_result_and_its_gradient():
    x, out = tensor(X, requires_grad=True), tensor(np.zeros((2, 3)))
    assert np.exp(x, out=out) is out
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.exp(X))


def test_what_is_not_known_is_said():
    with pytest.raises(ArgumentError, match="sum: the keyword 'nonsense' is not supported"):
        anp.sum(tensor(X), nonsense=1.0)
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


# ------------------------------------------------------------------ gradients of the keywords

SMOOTH = {
    "sum, where": lambda m, x: m.sum(x * x, axis=0, where=MASK, initial=2.0),
    "prod, where": lambda m, x: m.prod(x, axis=1, where=MASK, initial=2.0),
    "max, where": lambda m, x: m.max(x * x, axis=1, where=MASK, initial=0.0),
    "min, initial": lambda m, x: m.min(x * x, initial=30.0),
    "mean, where": lambda m, x: m.mean(x * x, axis=1, where=MASK),
    "var, where": lambda m, x: m.var(x, axis=1, where=MASK),
    "var, correction": lambda m, x: m.var(x, axis=1, correction=1),
    "std, where": lambda m, x: m.std(x, where=MASK, ddof=1),
    "reshape, order": lambda m, x: m.reshape(x * x, (3, 2), order="F"),
    "ravel, order": lambda m, x: m.ravel((x * x).T, order="K"),
    "heaviside": lambda m, x: m.heaviside(np.array([0.0, 1.0, -1.0]), x * x),
    "nextafter": lambda m, x: m.nextafter(x * x, 9.0),
    "frexp": lambda m, x: m.frexp(x * x)[0],
    "modf": lambda m, x: m.modf(x * x)[0],
    "divmod": lambda m, x: m.divmod(x * x, 3.0)[1],
}
SMOOTH_CALLS = calls.listed({name: [f] for name, f in SMOOTH.items()}, X + 0.27)


@pytest.mark.parametrize("call", SMOOTH_CALLS, ids=repr)
def test_gradients_with_keywords(call):
    calls.check_values(call)
    calls.check_slopes(call)


def test_what_a_mask_leaves_out_has_a_gradient_of_exactly_zero():
    x = tensor([[1.0, np.nan, 2.0], [np.inf, 3.0, 4.0]], requires_grad=True)
    for reduce in (anp.sum, anp.prod, anp.mean, anp.var, anp.std):
        (g,) = autograd.gradients(reduce(x, where=MASK), x)
        assert np.isfinite(g.numpy()).all()
        np.testing.assert_array_equal(g.numpy()[~MASK], 0.0)
    out = tensor(np.zeros((2, 3)))
    z = tensor([[1.0, -1.0, 0.0], [0.0, 2.0, 4.0]], requires_grad=True)
    np.log(z, out=out, where=MASK & (z.detach().numpy() > 0))
    out.sum().backward()
    assert z.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.5, 0.25]]


def test_masked_std_of_constant_input():
    x = tensor([2.0, 2.0, 5.0], requires_grad=True)
    (g,) = autograd.gradients(np.std(x, where=np.array([True, True, False])), x)
    assert g.tolist() == [0.0, 0.0, 0.0]


def test_an_initial_value_has_a_gradient():
    x, a = tensor(X, requires_grad=True), tensor(5.0, requires_grad=True)
    (anp.sum(x, initial=a) + anp.max(x, initial=a * 2) + anp.prod(x[1], initial=a)).backward()
    assert a.grad.item() == 1.0 + 2.0 + 60.0


# ------------------------------------------------------------------ out= and where= of ufuncs


def test_where_leaves_what_is_in_out():
    x, out = tensor(X, requires_grad=True), tensor(np.full((2, 3), 7.0), requires_grad=True) * 1
    result = np.multiply(x, 2.0, out=out, where=MASK)
    assert result is out
    np.testing.assert_array_equal(out.detach().numpy(), np.where(MASK, 2 * X, 7.0))
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.where(MASK, 2.0, 0.0))


def test_out_of_an_array():
    x, plain = tensor(X), np.zeros((2, 3))
    assert np.exp(x, out=plain) is plain
    np.testing.assert_array_equal(plain, np.exp(X))
    np.sum(x, axis=0, out=plain[0])
    np.testing.assert_array_equal(plain[0], X.sum(0))
    x.sum(axis=0, out=plain[1])
    np.testing.assert_array_equal(plain[1], X.sum(0))
    for call in (
        lambda t: np.exp(t, out=plain), lambda t: np.sum(t, axis=0, out=plain[0]), lambda t: np.sort(t),
        lambda t: t.cumsum(axis=0, out=plain), lambda t: t.max(axis=0, out=plain[0]),
    ):  # fmt: skip
        before = plain.copy()
        if call(x) is not None and plain.tolist() == before.tolist():
            continue
        with pytest.raises(AutogradError, match="out= must be a Tensor"):
            call(tensor(X, requires_grad=True))


def test_out_may_be_larger_as_numpys_may():
    out = tensor(np.zeros((4, 3)))
    np.add(tensor([1.0, 2.0, 3.0], requires_grad=True), 1.0, out=out)
    assert out.tolist() == [[2.0, 3.0, 4.0]] * 4


WRONG_OUT = {
    "shape": (ShapeError, lambda x: np.add(x, 1.0, out=tensor(np.zeros(3)))),
    "shape of a reduction": (ShapeError, lambda x: np.sum(x, out=tensor(np.zeros(3)))),
    "dtype": (DtypeError, lambda x: np.add(x, 1.0, out=tensor(np.zeros((2, 3), int)))),
    "kind": (ArgumentError, lambda x: anp.add(x, 1.0, out=[0.0])),
    "two": (AutogradError, lambda x: anp.add(x, 1.0, out=(tensor(X), tensor(X)))),
    "no cast": (DtypeError, lambda x: np.add(x, 1.0, dtype=np.float32, casting="safe")),
    "mask without out": (ArgumentError, lambda x: np.add(x, 1.0, where=MASK)),
    "max of a mask without initial": (ArgumentError, lambda x: np.max(x, where=MASK)),
    "unknown order": (ArgumentError, lambda x: np.ravel(x, order="Z")),
    "ddof twice": (ArgumentError, lambda x: np.var(x, ddof=1, correction=1)),
}


@pytest.mark.parametrize("name", WRONG_OUT)
def test_keywords_that_do_not_fit(name):
    error, call = WRONG_OUT[name]
    with pytest.raises(error):
        call(tensor(X, requires_grad=True))
