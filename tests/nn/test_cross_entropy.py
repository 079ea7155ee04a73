"""Cross-entropy: classes and probabilities, in every shape, far out, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn.functional as F
from autograd import tensor
from autograd.errors import AutogradError, DtypeError, IndexingError, ShapeError
from autograd.ops.neural import cross_entropy as kernels
from tests.nn.derivatives import check_derivatives

REDUCTIONS = ("mean", "sum", "none")
reduced = pytest.mark.parametrize("reduction", REDUCTIONS)
rng = np.random.default_rng(0)


def by_formula(x, target, reduction):
    """-log softmax(x)[target] over axis 1, one position at a time."""
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    if target.shape == x.shape:
        shares = np.moveaxis(target, 1, -1).reshape(rows.shape)
    else:
        shares = np.eye(x.shape[1])[target.reshape(-1)]
    each = [-sum(p * (v - math.log(sum(math.exp(u) for u in row))) for p, v in zip(share, row))
            for share, row in zip(shares, rows)]  # fmt: skip
    each = np.array(each).reshape(x.shape[0], *x.shape[2:])
    return {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]


def test_by_hand():
    x = np.log([[1.0, 3.0], [4.0, 4.0]])
    assert F.cross_entropy(x, np.array([0, 1])) == pytest.approx((math.log(4) + math.log(2)) / 2)
    t = tensor(x, requires_grad=True)
    F.cross_entropy(t, np.array([0, 1])).backward()
    np.testing.assert_allclose(t.grad.numpy(), [[-0.375, 0.375], [0.25, -0.25]], rtol=1e-14)


@given(
    n=st.integers(1, 20),
    classes=st.integers(1, 5),
    extra=st.lists(st.integers(1, 3), max_size=2),
    reduction=st.sampled_from(REDUCTIONS),
    soft=st.booleans(),
    seed=st.integers(0, 99),
)
def test_every_shape(n, classes, extra, reduction, soft, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, classes, *extra))
    target = rng.random(x.shape) if soft else rng.integers(0, classes, (n, *extra))
    expected = by_formula(x, target, reduction)
    for given_x in (x, np.asfortranarray(x)):
        found = F.cross_entropy(given_x, target, reduction=reduction)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@reduced
@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (4,), (2, 3, 2), (1, 3, 1), (2, 3, 2, 2)])
def test_derivatives(shape, reduction):
    x = rng.normal(size=shape)
    rest = () if len(shape) == 1 else (shape[0], *shape[2:])
    classes = shape[0] if len(shape) == 1 else shape[1]
    target = rng.integers(0, classes, rest)
    check_derivatives(lambda x: F.cross_entropy(x, target, reduction=reduction), x)
    shares = rng.random(shape)
    check_derivatives(lambda x, p: F.cross_entropy(x, p, reduction=reduction), x, shares)


@reduced
def test_unbatched(reduction):
    x = rng.normal(size=4)
    for target, batch in ((np.array(2), np.array([2])), (np.full(4, 0.25), np.full((1, 4), 0.25))):
        expected = F.cross_entropy(x[None], batch, reduction=reduction)
        found = F.cross_entropy(x, target, reduction=reduction)
        assert np.shape(found) == ()
        assert found == pytest.approx(np.sum(expected), rel=1e-14)
    assert F.cross_entropy(x, 2, reduction=reduction) == F.cross_entropy(
        x, np.int64(2), reduction=reduction
    )


@reduced
def test_one_hot_probabilities_are_classes(reduction):
    x, target = rng.normal(size=(5, 3)), rng.integers(0, 3, 5)
    a, b = (tensor(x, requires_grad=True) for _ in range(2))
    hard, soft = (
        F.cross_entropy(a, target, reduction=reduction),
        F.cross_entropy(b, np.eye(3)[target], reduction=reduction),
    )
    hard.sum().backward()
    soft.sum().backward()
    np.testing.assert_allclose(hard.detach(), soft.detach(), rtol=1e-13)
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-13, atol=1e-16)


@reduced
def test_a_batch_of_one_is_like_any_other(reduction):
    """It has a formula of its own."""
    x, target = rng.normal(size=(3, 4)).astype(np.float32), np.array([3, 0, 1])
    for i in range(3):
        one = tensor(x[i : i + 1], requires_grad=True)
        many = tensor(np.repeat(x[i : i + 1], 2, 0), requires_grad=True)
        a = F.cross_entropy(one, target[i : i + 1], reduction=reduction)
        b = F.cross_entropy(many, np.repeat(target[i], 2), reduction="none")
        a.sum().backward()
        b[0].backward()
        assert a.shape == ((1,) if reduction == "none" else ())
        np.testing.assert_allclose(a.detach().numpy().reshape(-1), b.detach().numpy()[:1], rtol=1e-6)
        np.testing.assert_allclose(one.grad.numpy(), many.grad.numpy()[:1], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("soft", [True, False])
def test_far_out(dtype, rows, soft):
    big = np.finfo(dtype).max / 4
    x = np.tile(np.array([big, 0, -big], dtype), (rows, 1))
    for k, loss in ((0, 0), (2, 2 * big)):
        t = tensor(x, requires_grad=True)
        target = np.tile(np.eye(3, dtype=dtype)[k], (rows, 1)) if soft else np.full(rows, k)
        with np.errstate(over="raise", invalid="raise"):
            out = F.cross_entropy(t, target, reduction="none")
            out.backward(np.ones(rows, dtype))
        np.testing.assert_allclose(out.detach().numpy(), np.full(rows, loss, dtype), rtol=1e-3)
        expected = np.eye(3)[0] - np.eye(3)[k]
        np.testing.assert_allclose(t.grad.numpy(), np.tile(expected, (rows, 1)), atol=1e-6)


def test_a_class_that_cannot_be():
    """A logit of -inf: never chosen, and no NaN for the others."""
    x = tensor(np.array([[-np.inf, 0.0, 0.0]] * 2), requires_grad=True)
    loss = F.cross_entropy(x, np.array([1, 2]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    np.testing.assert_allclose(x.grad.numpy(), [[0, -0.25, 0.25], [0, 0.25, -0.25]], rtol=1e-14)


def test_nan_passes_through():
    assert np.isnan(F.cross_entropy(np.array([[np.nan, 1.0]]), np.array([1])))
    assert np.isnan(F.cross_entropy(np.array([[np.nan, 1.0]] * 2), np.array([1, 0])))


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "i4", "u4", "i8"])
def test_integers_of_every_width(dtype):
    x = rng.normal(size=(5, 120))
    target = np.array([0, 119, 3, 77, 1])
    found = F.cross_entropy(x, target.astype(dtype))
    assert found.dtype == np.float64
    assert found == F.cross_entropy(x, target)


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("rows", [1, 2, 15, 16, 40])  # few are looked at by Python, many by NumPy
@pytest.mark.parametrize("wrong", [3, -1, 100, -4])
def test_classes_out_of_range(rows, wrong):
    target = np.zeros(rows, int)
    target[-1] = wrong
    with pytest.raises(IndexingError, match=rf"class indices must be in 0\.\.2, or -100 .*, got {wrong}$"):
        F.cross_entropy(np.zeros((rows, 3)), target)
    with pytest.raises(IndexingError):
        F.cross_entropy(np.zeros((rows, 3, 2)), np.stack([target, target], 1))


@pytest.mark.parametrize("target", [np.array([0.0, 1.0]), np.array([True, False]), np.array([1j, 0])])
def test_classes_that_are_no_integers(target):
    with pytest.raises(DtypeError, match=f"must be integers, got {target.dtype}"):
        F.cross_entropy(np.zeros((2, 3)), target)
    with pytest.raises(DtypeError, match="must be integers"):
        F.cross_entropy(np.zeros(3), target[0])


@pytest.mark.parametrize(
    ("x", "target"),
    [
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((2, 3), (1,)),
        ((3,), (1,)),
        ((3,), (2,)),
        ((2, 3, 4), (2, 5)),
        ((2, 3, 4), (8,)),
        ((2, 3, 4), (4, 2)),
        ((2, 3, 4, 5), (2, 4)),
        ((), ()),
    ],
)
@reduced
def test_shapes_that_do_not_fit(x, target, reduction):
    with pytest.raises(ShapeError, match="cross_entropy"):
        F.cross_entropy(np.zeros(x), np.zeros(target, int), reduction=reduction)
    with pytest.raises(ShapeError, match="cross_entropy"):
        F.cross_entropy(
            tensor(np.zeros(x), requires_grad=True), tensor(np.zeros(target, int)), reduction=reduction
        )


def test_no_classes():
    with pytest.raises(AutogradError):
        F.cross_entropy(np.zeros((2, 0)), np.array([0, 0]))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_classes_of_any_integer_dtype(dtype):
    x, target = np.arange(12.0).reshape(4, 3) % 5, np.array([0, 2, 1, 1])
    expected = F.cross_entropy(x, target)
    assert F.cross_entropy(x, target.astype(dtype)) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 2, 7, 1500])
@reduced
def test_many_classes_as_few(rows, reduction, dtype, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = 30 * rng.normal(size=(rows, 5)).astype(dtype), rng.integers(0, 5, rows)
    x[0, 2], x[-1] = -np.inf, [3e30, 0, 0, 0, 3e30]
    y[0] = 1
    g = rng.normal(size=rows).astype(dtype) if reduction == "none" else None
    found = []
    for few, small in ((0, 0), (5, 0), (5, 10**9)):
        monkeypatch.setattr(kernels, "_FEW", few)
        monkeypatch.setattr(kernels, "_SMALL", small)
        leaf = tensor(x, requires_grad=True)
        loss = F.cross_entropy(leaf, y, reduction=reduction)
        loss.backward(g)
        found.append((loss.detach().numpy(), leaf.grad.numpy()))
    eps = np.finfo(dtype).eps
    for pair in found[1:]:
        for a, b in zip(found[0], pair, strict=True):
            np.testing.assert_allclose(a, b, 500 * eps, 5 * eps)
