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
    "add, signature": lambda m, x: m.add(x, 1, signature="ff->f", casting="same_kind"),
    "add, sig of one": lambda m, x: m.add(x, x, sig=(None, None, np.float32), casting="same_kind"),
    "less, dtype": lambda m, x: m.less(x, 2.0, dtype=np.bool),
    "exp of integers, dtype": lambda m, x: m.exp(x.astype(np.int16), dtype=np.float32),
    "argsort, kind": lambda m, x: m.argsort(-x, kind="stable"),
    "argsort, stable": lambda m, x: m.argsort(-x, axis=0, stable=True),
    "argmax, keepdims": lambda m, x: m.argmax(x, axis=1, keepdims=True),
    "zeros_like, shape": lambda m, x: m.zeros_like(x, shape=(4,), dtype=np.int8, order="F"),
    "full_like, order": lambda m, x: m.full_like(x, 2.0, order="F"),
    "astype, no copy": lambda m, x: m.astype(x, np.float32, copy=False, device="cpu"),
    "reshape, copy": lambda m, x: m.reshape(x, (3, 2), copy=True),
    "reshape, no copy": lambda m, x: m.reshape(x, (6,), copy=False),
    "matmul, axes": lambda m, x: m.matmul(x, x, axes=[(1, 0), (0, 1), (0, 1)]),
    "matmul, axes of a batch": lambda m, x: m.matmul(x[None], x.T[:, None], axes=[(1, 2), (0, 2), (0, 2)]),
    "matmul, axes of vectors": lambda m, x: m.matmul(x[0], x, axes=[(0,), (1, 0), (0,)]),
    "vecdot, axis": lambda m, x: m.vecdot(x, x, axis=0),
    "vecdot, axes": lambda m, x: m.vecdot(x, x.T, axes=[0, 1]),
    "vecdot, axes with the result": lambda m, x: m.vecdot(x, x, axes=[(0,), (0,), ()]),
    "vecdot, keepdims": lambda m, x: m.vecdot(x, x, axis=0, keepdims=True),
    "vecdot, keepdims of the last": lambda m, x: m.vecdot(x, x, keepdims=True),
    "matvec, axes": lambda m, x: m.matvec(x, x, axes=[(1, 0), 0, 0]),
    "vecmat, axes": lambda m, x: m.vecmat(x, x[None], axes=[1, (2, 0), -1]),
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


@calls.each(SMOOTH_CALLS)
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


SEVERAL = {
    "modf": (lambda m, x, out: m.modf(x, out=out), (float, float)),
    "modf by position": (lambda m, x, out: m.modf(x, *out), (float, float)),
    "frexp": (lambda m, x, out: m.frexp(x, out=out), (float, np.int32)),
    "divmod": (lambda m, x, out: m.divmod(x, 0.3, out=out), (float, float)),
    "divmod of some": (lambda m, x, out: m.divmod(x, 0.3, out=out, where=MASK), (float, float)),
    "exp by position": (lambda m, x, out: (m.exp(x, out[0]),), (float,)),
    "add by position": (lambda m, x, out: (m.add(x, 2.0, out[0]),), (float,)),
}


@pytest.mark.parametrize("m", [np, anp], ids=["numpy", "ours"])
@pytest.mark.parametrize("name", SEVERAL)
def test_several_results_each_where_out_says(name, m):
    call, dtypes = SEVERAL[name]
    plain = tuple(np.full((2, 3), 5, t) for t in dtypes)
    expected = call(np, X + 0.4, plain)
    x = tensor(X + 0.4, requires_grad=True)
    outs = tuple(tensor(np.full((2, 3), 5, t)) for t in dtypes)
    for found, out, e in zip(call(m, x, outs), outs, expected, strict=True):
        assert found is out
        assert out.dtype == e.dtype
        np.testing.assert_array_equal(out.detach().numpy(), e)
    assert any(out.requires_grad for out in outs)
    (outs[0] * 1.0).sum().backward()
    if name == "exp by position":
        np.testing.assert_array_equal(x.grad.numpy(), np.exp(X + 0.4))


def test_one_of_several_results_may_go_elsewhere():
    x, whole = tensor(X + 0.25, requires_grad=True), tensor(np.zeros((2, 3)))
    fraction, other = np.modf(x, out=(None, whole))
    assert other is whole
    fraction.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.ones((2, 3)))
    with pytest.raises(ShapeError):
        np.modf(x, out=(whole, tensor(np.zeros(2))))
    np.testing.assert_array_equal(whole.detach().numpy(), X)  # nothing was written
    with pytest.raises(ArgumentError, match="out= must name 2 arrays, got 1"):
        anp.modf(x, out=(whole,))


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
    "axes of too few": (ArgumentError, lambda x: np.matmul(x, x, axes=[(0, 1), (0, 1)])),
    "axes of the wrong length": (ArgumentError, lambda x: np.matmul(x, x, axes=[(0,), (0, 1), (0, 1)])),
    "axis of matrices": (ArgumentError, lambda x: np.matmul(x, x.T, axis=0)),
    "keepdims of matrices": (ArgumentError, lambda x: np.matmul(x, x.T, keepdims=True)),
    "axis and axes": (ArgumentError, lambda x: anp.vecdot(x, x, axis=0, axes=[0, 0, ()])),
    "axes that are not there": (AutogradError, lambda x: np.vecdot(x, x, axis=7)),
    "vectors without an axis": (AutogradError, lambda x: np.vecdot(x.sum(), x, axis=0)),
    "a signature without loop": (DtypeError, lambda x: np.add(x, x, signature="dd->i")),
    "no copy that needs one": (ArgumentError, lambda x: np.reshape(x.T, (6,), copy=False)),
    "too many arguments": (ArgumentError, lambda x: anp.exp(x, None, None)),
    "out twice": (ArgumentError, lambda x: anp.exp(x, x * 1, out=x * 1)),
    "a device": (ArgumentError, lambda x: anp.asarray(x, device="gpu")),
    "no copy to another dtype": (ArgumentError, lambda x: anp.array(x, np.float32, copy=False)),
    "an array of infinities": (ArgumentError, lambda x: anp.asarray_chkfinite(x / 0.0)),
    "an array in two orders": (ArgumentError, lambda x: anp.require(x, requirements="CF")),
    "an order of an array": (ArgumentError, lambda x: anp.array(x, order="Q")),
    "ddof twice": (ArgumentError, lambda x: np.var(x, ddof=1, correction=1)),
}


@pytest.mark.parametrize("name", WRONG_OUT)
def test_keywords_that_do_not_fit(name):
    error, call = WRONG_OUT[name]
    with pytest.raises(error):
        call(tensor(X, requires_grad=True))


# ------------------------------------------------------------------ where results lie in memory

LAYOUTS = {
    "copy": lambda m, x: m.copy(x, order="F"),
    "copy as it lies": lambda m, x: m.copy(x.T),
    "copy by the argument": lambda m, x: m.copy(x.T, order="A"),
    "copy in C order": lambda m, x: m.copy(x.T, order="C"),
    "method copy": lambda m, x: x.copy(order="F"),
    "method copy of a turned one": lambda m, x: x.T.copy(),
    "method copy as it lies": lambda m, x: x.T.copy("K"),
    "astype": lambda m, x: x.astype(np.float32, order="F"),
    "astype as it lies": lambda m, x: x.T.astype(np.float32),
    "astype without a copy": lambda m, x: x.astype(np.float64, order="F", copy=False),
    "add": lambda m, x: m.add(x, 1.0, order="F"),
    "add of turned ones": lambda m, x: m.add(x.T, x.T, order="A"),
    "add in C order": lambda m, x: m.add(x.T, 1.0, order="C"),
    "exp": lambda m, x: m.exp(x, order="F"),
    "einsum": lambda m, x: m.einsum("ij,jk->ik", x, x.T, order="F"),
    "array": lambda m, x: m.array(x, order="F"),
    "array of two axes more": lambda m, x: m.array(x, order="F", ndmin=4),
    "asfortranarray": lambda m, x: m.asfortranarray(x),
    "ascontiguousarray": lambda m, x: m.ascontiguousarray(x.T),
    "ascontiguousarray of a number": lambda m, x: m.ascontiguousarray(x[0, 0]),
    "require": lambda m, x: m.require(x, np.float32, ["F", "W"]),
    "ones_like": lambda m, x: m.ones_like(x, order="F"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_results_lie_as_numpys_do(name):
    expected = LAYOUTS[name](np, X)
    for x in (tensor(X), tensor(X, requires_grad=True)):
        out = LAYOUTS[name](anp, x)
        assert isinstance(out, autograd.Tensor)
        assert (out.dtype, out.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(out.detach().numpy(), expected, 1e-15)
        flags = (out.flags.c_contiguous, out.flags.f_contiguous)
        assert flags == (expected.flags.c_contiguous, expected.flags.f_contiguous)
        assert out.requires_grad is (x.requires_grad and name != "ones_like")
        if out.requires_grad:
            (g,) = autograd.gradients(out, x, 1 + 0 * expected)
            assert g.shape == X.shape


def test_arrays_of_tensors():
    x = tensor(X, requires_grad=True)
    assert anp.asarray(x) is x
    assert anp.asanyarray(x, copy=False) is x
    assert anp.array(x) is not x
    assert anp.require(x) is x
    assert anp.asarray_chkfinite([x, x]).shape == (2, 2, 3)
    out = anp.array([x, x * 2], np.float32, order="F")
    assert out.dtype == np.float32
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full((2, 3), 3.0))
    with pytest.raises(ArgumentError, match="copy=False"):
        anp.array([x, x], copy=False)
