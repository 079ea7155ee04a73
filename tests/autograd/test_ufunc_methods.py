"""`ufunc.reduce`, `accumulate`, `reduceat`, `outer` and `at` on tensors: values and gradients."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import tensor
from autograd.errors import (
    ArgumentError,
    AutogradError,
    DtypeError,
    IndexingError,
    LeafWriteError,
    NotDifferentiable,
)
from tests.support.numeric import along_basis

X = np.array([[0.513, 1.257, 2.031, 0.917], [1.519, 0.743, 0.341, 2.209], [1.127, 0.631, 1.801, 0.419]])
MASK = np.array([[True, False, True, True], [True, True, False, True], [False, True, True, True]])
REGROUPING = ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "hypot"]
IN_ORDER = ["subtract", "divide", "power", "float_power", "arctan2", "remainder", "fmod", "copysign",
            "floor_divide", "heaviside", "nextafter"]  # fmt: skip
NEUTRAL = ["add", "multiply", "logaddexp", "logaddexp2", "hypot"]

CALLS = {}
for name in REGROUPING + IN_ORDER:
    u = getattr(np, name)
    CALLS |= {
        f"{name}.reduce": lambda x, u=u: u.reduce(x),
        f"{name}.reduce of the last axis": lambda x, u=u: u.reduce(x, axis=-1, keepdims=True),
        f"{name}.reduce of a vector": lambda x, u=u: u.reduce(x[0]),
        f"{name}.reduce from a value on": lambda x, u=u: u.reduce(x, 1, initial=1.3),
        f"{name}.accumulate": lambda x, u=u: u.accumulate(x),
        f"{name}.accumulate of the last axis": lambda x, u=u: u.accumulate(x, axis=-1),
        f"{name}.reduceat": lambda x, u=u: u.reduceat(x, [0, 2, 1], axis=1),
        f"{name}.outer": lambda x, u=u: u.outer(x[0], x[:, 1:3]),
        f"{name}.outer with an array": lambda x, u=u: u.outer(X[0, :2], x),
    }
for name in REGROUPING:
    u = getattr(np, name)
    CALLS |= {
        f"{name}.reduce of two axes": lambda x, u=u: u.reduce(x[None], axis=(0, 2)),
        f"{name}.reduce of all": lambda x, u=u: u.reduce(x, axis=None),
    }
for name in NEUTRAL:
    u = getattr(np, name)
    CALLS[f"{name}.reduce where"] = lambda x, u=u: u.reduce(x, axis=1, where=MASK)
for name in ("maximum", "minimum", "fmax", "fmin"):
    u = getattr(np, name)
    CALLS[f"{name}.reduce where"] = lambda x, u=u: u.reduce(x, axis=1, where=MASK, initial=1.0)
CALLS |= {
    "add.reduce, dtype": lambda x: np.add.reduce(x, dtype=np.float32),
    "logaddexp.reduce, dtype": lambda x: np.logaddexp.reduce(x, dtype=np.float32),
    "add.accumulate of one": lambda x: np.add.accumulate(x[:1]),
    "hypot.accumulate of one": lambda x: np.hypot.accumulate(x[:1]),
    "hypot.accumulate of none": lambda x: np.hypot.accumulate(x[:0]),
    "add.reduce of none": lambda x: np.add.reduce(x[:0]),
    "hypot.reduce of none": lambda x: np.hypot.reduce(x[:0]),
    "subtract.accumulate of none": lambda x: np.subtract.accumulate(x[:0]),
    "outer of two axes": lambda x: np.multiply.outer(x, x),
}
CONSTANT = {
    "less.outer": lambda x: np.less.outer(x[0], x[1]),
    "logical_and.reduce": lambda x: np.logical_and.reduce(x > 0.5, axis=1),
    "logical_or.accumulate": lambda x: np.logical_or.accumulate(x > 1, axis=1),
    "bitwise_xor.reduce": lambda x: np.bitwise_xor.reduce(x > 1),
    "gcd.reduce": lambda x: np.gcd.reduce((10 * x).astype(int)),
}


# NumPy 2.4.6 gives wrong results here on processors with AVX-512: the vectorised loops of these two
# read ahead of what they write. So they are compared with a loop in Python instead.
WRONG_IN_NUMPY = {
    f"{name}.{what}" for name in ("power", "arctan2")
    for what in ("reduce of the last axis", "reduce of a vector", "reduce from a value on", "reduceat")
}  # fmt: skip


@pytest.mark.parametrize("name", ["power", "arctan2"])
def test_from_left_to_right(name):
    u = getattr(np, name)
    expected = functools.reduce(u, X.T)
    np.testing.assert_allclose(u.reduce(tensor(X), axis=1).numpy(), expected, 1e-14)
    np.testing.assert_allclose(u.reduce(tensor(X[0])).numpy(), expected[0], 1e-14)
    np.testing.assert_allclose(
        u.reduce(tensor(X), axis=1, initial=1.3).numpy(), functools.reduce(u, X.T, np.full(3, 1.3)), 1e-14
    )
    segments = [functools.reduce(u, X.T[:2]), X.T[2], functools.reduce(u, X.T[1:])]
    found = u.reduceat(tensor(X), [0, 2, 1], axis=1).numpy()
    np.testing.assert_allclose(found, np.stack(segments, 1), 1e-14)


def _bare(x):
    return getattr(x, "_data", x)


@pytest.mark.parametrize("name", [n for n in CALLS if n not in WRONG_IN_NUMPY])
def test_values(name):
    expected = np.asarray(CALLS[name](X))
    for x in (tensor(X), tensor(X, requires_grad=True)):
        out = CALLS[name](x)
        assert isinstance(out, autograd.Tensor)
        assert out.dtype == expected.dtype
        assert out.shape == expected.shape
        np.testing.assert_allclose(_bare(out), expected, 1e-6 if out.dtype == np.float32 else 1e-14, 1e-15)


def _loss(call, x):
    out = call(x)
    return (out * np.cos(np.arange(_bare(out).size)).reshape(_bare(out).shape)).sum()


# Steps lie close together here, and difference quotients would reach over them.
STEPS = ("remainder", "fmod", "floor_divide")


@pytest.mark.parametrize(
    "name", [n for n in CALLS if "dtype" not in n and not n.startswith(STEPS) and n not in WRONG_IN_NUMPY]
)
def test_gradients(name):
    x = tensor(X, requires_grad=True)
    (found,) = autograd.gradients(_loss(CALLS[name], x), x)
    expected = along_basis(lambda v: _loss(CALLS[name], v), [X], 0)
    np.testing.assert_allclose(found.numpy(), expected, 1e-8, 1e-9)


@pytest.mark.parametrize("name", CONSTANT)
def test_those_without_gradient(name):
    out = CONSTANT[name](tensor(X, requires_grad=True))
    assert isinstance(out, autograd.Tensor)
    assert not out.requires_grad
    np.testing.assert_array_equal(out.numpy(), CONSTANT[name](X))


def test_in_the_namespace_too():
    x = tensor(X, requires_grad=True)
    anp.add.reduce(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.ones_like(X))
    np.testing.assert_array_equal(anp.add.reduce(X), np.add.reduce(X))
    np.testing.assert_array_equal(anp.hypot.outer(X[0], X[1]), np.hypot.outer(X[0], X[1]))


def test_zeros_in_products():
    x = tensor([0.0, 2.0, 3.0], requires_grad=True)
    (g,) = autograd.gradients(np.multiply.reduce(x), x)
    assert g.tolist() == [6.0, 0.0, 0.0]
    (g,) = autograd.gradients(np.multiply.accumulate(x).sum(), x)
    assert g.tolist() == [1 + 2 + 6, 0.0, 0.0]


def test_initial_may_be_a_tensor():
    x, a = tensor([1.0, 2.0], requires_grad=True), tensor(5.0, requires_grad=True)
    np.add.reduce(x, initial=a).backward()
    np.maximum.reduce(x, initial=a).backward()
    np.hypot.reduce(x * 0, initial=a).backward()
    assert a.grad.item() == 3.0
    assert x.grad.tolist() == [1.0, 1.0]


def test_out():
    x, out = tensor(X, requires_grad=True), tensor(np.zeros(4))
    assert np.add.reduce(x, out=out) is out
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.ones_like(X))
    running = tensor(np.zeros((3, 4)))
    np.hypot.accumulate(x, out=running)
    assert running.requires_grad
    plain = np.zeros(4)
    with pytest.raises(NotDifferentiable, match="out= must be a Tensor"):
        np.hypot.reduce(x, out=plain)
    np.hypot.reduce(x.detach(), out=plain)
    np.testing.assert_allclose(plain, np.hypot.reduce(X))


# ------------------------------------------------------------------ at

PLACES = [0, 2, 0, 0, 1]
VALUES = np.array([1.5, -0.5, 2.0, 0.7, 1.1])
AT = {
    **{
        f"{name}.at": lambda t, v, name=name: getattr(np, name).at(t, PLACES, v)
        for name in ("add", "subtract", "multiply", "divide", "maximum", "hypot", "logaddexp", "arctan2")
    },
    "add.at of rows": lambda t, v: np.add.at(t.reshape(2, 2), ([0, 1, 1],), v[:2]),
    "add.at of one": lambda t, v: np.add.at(t, 1, v[0]),
    "add.at of a slice": lambda t, v: np.add.at(t, slice(1, 3), v[0] * 2),
    "add.at of a mask": lambda t, v: np.add.at(t, np.array([True, False, True, True]), v[:3]),
    "add.at of nothing": lambda t, v: np.add.at(t, np.array([], int), v[:0]),
    "negative.at": lambda t, v: np.negative.at(t, [0, 0, 1]),
    "exp.at": lambda t, v: np.exp.at(t, [0, 0, 3]),
}


@pytest.mark.parametrize("name", AT)
def test_at(name):
    start = np.array([0.4, 1.2, 2.5, 0.8])

    def run(x, v):
        t = x * 1.0
        AT[name](t, v)
        return t

    x, v = tensor(start, requires_grad=True), tensor(VALUES, requires_grad=True)
    out = run(x, v)
    np.testing.assert_allclose(out.detach().numpy(), run(start, VALUES), 1e-14)
    weights = np.cos(np.arange(4.0))
    found = autograd.gradients((out * weights).sum(), [x, v], allow_unused=True)
    for i, g in enumerate(found):
        expected = along_basis(lambda *args: (run(*args) * weights).sum(), [start, VALUES], i)
        np.testing.assert_allclose(0.0 if g is None else g.numpy(), expected, 1e-9, 1e-10)


def test_at_is_seen_through_views_and_refused_on_leaves():
    x = tensor(X, requires_grad=True)
    t = x * 1.0
    row = t[1]
    np.add.at(row, [0, 0], tensor(2.0, requires_grad=True))
    assert t[1, 0].item() == X[1, 0] + 4.0
    with pytest.raises(LeafWriteError):
        np.add.at(x, [0], 1.0)
    with autograd.no_grad():
        np.add.at(x, (0, [0, 0]), 1.0)
    assert x[0, 0].item() == X[0, 0] + 2.0
    constant = tensor([1.0, 2.0])
    np.add.at(constant, [0, 0], 1.0)
    assert constant.tolist() == [3.0, 2.0]


REFUSED = {
    "a gradient into an array": (NotDifferentiable, lambda x: np.add.at(np.zeros(3), [0], x[0, 0])),
    "out of range": (IndexingError, lambda x: np.add.at(x * 1, 7, 1.0)),
    "values that do not fit": (AutogradError, lambda x: np.add.at(x * 1, ([0, 1],), np.ones(3))),
    "complex values": (DtypeError, lambda x: np.add.at(x * 1, 0, 1j)),
    "two axes in order": (ArgumentError, lambda x: np.subtract.reduce(x, axis=(0, 1))),
    "nothing to reduce": (AutogradError, lambda x: np.divide.reduce(x[:0], initial=None)),
    "a mask without a neutral element": (ArgumentError, lambda x: np.divide.reduce(x, where=MASK)),
    "segments out of range": (IndexingError, lambda x: np.add.reduceat(x, [0, 9])),
    "an axis out of range": (AutogradError, lambda x: np.hypot.accumulate(x, axis=3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    error, call = REFUSED[name]
    with pytest.raises(error):
        call(tensor(X, requires_grad=True))


@pytest.mark.parametrize("name", ["subtract", "power", "fmin", "logaddexp", "arctan2"])
def test_nothing_is_reduced_to_the_value_it_begins_with(name):
    x = tensor(np.ones((0, 3), np.float32), requires_grad=True)
    found = getattr(np, name).reduce(x, initial=2.0)
    np.testing.assert_array_equal(found.detach().numpy(), np.full(3, 2.0))
    assert found.dtype == np.float32
    assert found.requires_grad


def test_true_is_a_value_to_begin_with():
    x = tensor([1.0, 2.0], requires_grad=True)
    assert anp.sum(x, initial=True).item() == 4
    assert anp.max(x * 0, initial=True).item() == 1
