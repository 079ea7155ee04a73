"""Losses by hand, over generated options, and at special values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
import nn.functional as F
import optim
from autograd import Tensor, jvp, tensor
from autograd.errors import NotDifferentiable

REDUCTIONS = ("mean", "sum", "none")
X, Y = np.array([[0.5, -2.0, 1.0]]), np.array([[0.0, 1.0, 1.0]])
LOG2, LOG4 = math.log(2), math.log(4)

# ------------------------------------------------------------------ by hand

BY_HAND = [
    (F.l1_loss, (X, Y), {}, [[0.5, 3, 0]]),
    (F.mse_loss, (X, Y), {}, [[0.25, 9, 0]]),
    (F.huber_loss, (X, Y), {"delta": 2.0}, [[0.125, 4, 0]]),
    (F.huber_loss, (X, Y), {"weight": np.array([[2.0, 1.0, 5.0]])}, [[0.25, 2.5, 0]]),
    (F.smooth_l1_loss, (X, Y), {"beta": 2.0}, [[0.0625, 2, 0]]),
    (F.smooth_l1_loss, (X, Y), {"beta": 0}, [[0.5, 3, 0]]),
    (F.kl_div, (np.log([0.5, 0.5]), np.array([0.25, 0.0])), {}, [-0.25 * LOG2, 0]),
    (F.kl_div, (np.log([0.5, 0.5]), np.log([0.25, 0.5])), {"log_target": True}, [-0.25 * LOG2, 0]),
    (F.poisson_nll_loss, (np.array([0.0, LOG2]), np.array([3.0, 1.0])), {}, [1, 2 - LOG2]),
    (F.poisson_nll_loss, (np.array([1.0, 2.0]), np.array([3.0, 1.0])), {"log_input": False, "eps": 0.0},
     [1, 2 - LOG2]),
    (F.gaussian_nll_loss, (np.array([1.0, 2.0]), np.array([1.0, 4.0]), np.array([1.0, 4.0])), {},
     [0, LOG4 / 2 + 0.5]),
    (F.binary_cross_entropy, (np.array([0.5, 0.25, 0.0]), np.array([1, 0, 1])), {},
     [LOG2, math.log(4 / 3), 100]),
    (F.binary_cross_entropy, (np.array([0.5, 0.5]), np.array([1, 0]), np.array([2.0])), {},
     [2 * LOG2, 2 * LOG2]),
    (F.binary_cross_entropy_with_logits, (np.zeros(2), np.array([1.0, 0.0])),
     {"pos_weight": np.array(3.0)}, [3 * LOG2, LOG2]),
    (F.hinge_embedding_loss, (np.array([3.0, 0.25, 2.0, 3.0]), np.array([1, -1, -1, 1])), {},
     [3, 0.75, 0, 3]),
    (F.soft_margin_loss, (np.array([0.0, math.log(3)]), np.array([1, -1])), {}, [LOG2, LOG4]),
    (F.margin_ranking_loss, (np.array([1.0, 1.0]), np.array([0.5, 3.0]), np.array([1, 1]), 0.75), {},
     [0.25, 2.75]),
    (F.multi_margin_loss, (np.array([[1.0, 0.5, 0.75, -3.0]]), np.array([0])), {}, [1.25 / 4]),
    (F.multi_margin_loss, (np.array([[1.0, 0.5, 0.75, -3.0]]), np.array([0])), {"p": 2}, [0.8125 / 4]),
    (F.multilabel_margin_loss, (np.array([[0.1, 0.2, 0.4, 0.8]]), np.array([[3, 0, -1, 1]])), {}, [0.85]),
    (F.multilabel_soft_margin_loss, (np.zeros((1, 2)), np.array([[1, 0]]), np.array([1.0, 3.0])), {},
     [2 * LOG2]),
    (F.nll_loss, (np.array([[-1.0, -2.0], [-3.0, -4.0]]), np.array([0, 1]), np.array([3.0, 1.0])), {},
     [3, 4]),
    (F.cosine_embedding_loss, (np.array([[3.0, 4.0]] * 2), np.array([[4.0, 3.0]] * 2), np.array([1, -1])),
     {"margin": 0.5}, [0.04, 0.46]),
    (F.triplet_margin_loss, (np.zeros((1, 2)), np.array([[3.0, 4.0]]), np.array([[6.0, 8.0]])),
     {"margin": 7.0, "eps": 0.0}, [2]),
    (F.triplet_margin_loss, (np.zeros((1, 2)), np.array([[3.0, 4.0]]), np.array([[6.0, 8.0]])),
     {"margin": 7.0, "eps": 0.0, "p": 1}, [0]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "args", "options", "expected"), BY_HAND)
def test_by_hand(loss, args, options, expected):
    each = loss(*args, **options, reduction="none")
    np.testing.assert_allclose(each, expected, rtol=1e-13, atol=1e-13)
    total = loss(*args, **options, reduction="sum")
    assert total == pytest.approx(np.sum(expected), rel=1e-13)
    if "weight" not in options and loss is not F.nll_loss:
        assert loss(*args, **options) == pytest.approx(np.mean(expected), rel=1e-13)


def test_means_divide_by_weights_where_pytorch_does():
    weight = np.array([[2.0, 1.0, 5.0]])
    assert F.mse_loss(X, Y, weight=weight) == pytest.approx((0.5 + 9) / 8)
    assert F.l1_loss(X, Y, weight=weight) == pytest.approx((1 + 3) / 8)
    assert F.huber_loss(X, Y, weight=weight) == pytest.approx((0.25 + 2.5) / 3)
    x, classes = np.array([[-1.0, -2.0], [-3.0, -4.0]]), np.array([0, 1])
    assert F.nll_loss(x, classes, np.array([3.0, 1.0])) == pytest.approx(7 / 4)
    assert F.multi_margin_loss(x, classes, weight=np.array([3.0, 1.0])) == pytest.approx(
        (3 * 0 + 1 * 2) / 4
    )
    assert F.kl_div(x, np.abs(x), "batchmean") == pytest.approx(F.kl_div(x, np.abs(x), "sum") / 2)


# ------------------------------------------------------------------ over generated options


def by_formula(x, target, weight, ignore_index, reduction, smoothing):
    """Cross-entropy place by place."""
    classes, losses, divisor = x.shape[1], np.zeros((x.shape[0], *x.shape[2:])), 0.0
    soft = target.shape == x.shape
    for place in np.ndindex(losses.shape):
        row = x[(place[0], slice(None), *place[1:])]
        logs = row - math.log(sum(math.exp(v) for v in row))
        if soft:
            shares, factor = target[(place[0], slice(None), *place[1:])], 1.0
        elif target[place] == ignore_index:
            continue
        else:
            shares, factor = np.eye(classes)[target[place]], weight[target[place]]
        shares = (1 - smoothing) * shares + smoothing / classes
        losses[place] = -sum(w * p * v for w, p, v in zip(weight, shares, logs, strict=True))
        divisor += factor
    if reduction == "mean":
        return losses.sum() / divisor
    return losses.sum() if reduction == "sum" else losses


@given(
    n=st.integers(1, 18),
    classes=st.integers(1, 4),
    extra=st.lists(st.integers(1, 2), max_size=2),
    reduction=st.sampled_from(REDUCTIONS),
    soft=st.booleans(),
    weighted=st.booleans(),
    ignored=st.sampled_from([-100, -1, 0, 2]),
    smoothing=st.sampled_from([0.0, 0.25, 1.0]),
    seed=st.integers(0, 99),
)
def test_cross_entropy_of_any_options(
    n, classes, extra, reduction, soft, weighted, ignored, smoothing, seed
):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, classes, *extra))
    weight = rng.random(classes) + 0.1 if weighted else None
    if soft:
        target, ignored = rng.random(x.shape), -100
    else:
        target = rng.integers(0, classes, (n, *extra))
        target[rng.random(target.shape) < 0.3] = ignored if ignored < classes else 0
        target.flat[0] = classes - 1
        if ignored == classes - 1:
            ignored = -100
    full = np.ones(classes) if weight is None else weight
    expected = by_formula(x, target, full, ignored, reduction, smoothing)
    found = F.cross_entropy(x, target, weight, ignored, reduction, smoothing)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    if not soft and not smoothing:
        logs = F.log_softmax(x, 1)
        np.testing.assert_allclose(
            F.nll_loss(logs, target, weight, ignored, reduction), expected, rtol=1e-11, atol=1e-12
        )


@given(
    shape=st.lists(st.integers(0, 3), max_size=3).map(tuple),
    name=st.sampled_from(
        ["l1", "mse", "huber", "smooth_l1", "soft_margin", "poisson_nll", "hinge_embedding"]
    ),
    dtype=st.sampled_from([np.float32, np.float64]),
    reduction=st.sampled_from(REDUCTIONS),
)
def test_shapes_and_dtypes(shape, name, dtype, reduction):
    rng = np.random.default_rng(0)
    x = tensor(rng.normal(size=shape).astype(dtype), requires_grad=True)
    y = rng.choice([-1, 1], shape)  # whole numbers do not widen
    if reduction == "mean" and 0 in shape:
        return
    out = getattr(F, f"{name}_loss")(x, y, reduction=reduction)
    assert out.shape == (shape if reduction == "none" else ())
    out.sum().backward()
    assert (out.dtype, x.grad.dtype, x.grad.shape) == (dtype, dtype, shape)


# ------------------------------------------------------------------ special values


def values_and_slopes(loss, x, *args, **options):
    t = tensor(np.asarray(x), requires_grad=True)
    with np.errstate(all="raise", under="ignore"):
        out = loss(t, *args, **options, reduction="none")
        out.sum().backward()
    return out.detach().numpy(), t.grad.numpy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_overflow(dtype):
    big = np.array([1e4, -1e4], dtype)
    for loss in (F.soft_margin_loss, F.binary_cross_entropy_with_logits):
        losses, slopes = values_and_slopes(loss, big, np.ones(2, dtype))
        np.testing.assert_allclose(losses, [0, 1e4], atol=1e-30)
        np.testing.assert_allclose(slopes, [0, -1], atol=1e-30)
    losses, slopes = values_and_slopes(
        F.binary_cross_entropy_with_logits, big, np.ones(2, dtype), pos_weight=np.array(2.0)
    )
    np.testing.assert_array_equal(losses, [0, 2e4])
    np.testing.assert_allclose(slopes, [0, -2], atol=1e-30)
    losses, slopes = values_and_slopes(F.huber_loss, np.array([1e30, -1e30], dtype), np.zeros(2, dtype))
    np.testing.assert_array_equal(slopes, [1, -1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_losses_keep_their_digits(dtype):
    """log(1 + e) of a small e is e, not 0."""
    loss = F.binary_cross_entropy_with_logits(np.array([40.0], dtype), np.ones(1, dtype))
    assert loss == pytest.approx(math.exp(-40), rel=1e-5)
    assert F.soft_margin_loss(np.array([40.0], dtype), np.ones(1)) == pytest.approx(math.exp(-40), rel=1e-5)
    p = np.array([1e-12], dtype)
    assert F.binary_cross_entropy(p, np.zeros(1, dtype)) == pytest.approx(1e-12, rel=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_zero_and_one(dtype):
    x = np.array([0, 1, 0, 1], dtype)
    losses, slopes = values_and_slopes(F.binary_cross_entropy, x, np.array([0, 1, 1, 0], dtype))
    np.testing.assert_array_equal(losses, [0, 0, 100, 100])
    np.testing.assert_allclose(slopes, [0, 0, -1e12, 1e12], rtol=1e-6)
    y = tensor(np.array([0, 1, 1, 0], dtype), requires_grad=True)
    with np.errstate(all="raise"):
        F.binary_cross_entropy(x, y, reduction="sum").backward()
    np.testing.assert_array_equal(y.grad.numpy(), [100, -100, 100, -100])


def test_targets_of_zero():
    x, y = np.array([-1.0, -np.inf]), tensor(np.array([0.0, 0.5]), requires_grad=True)
    assert F.kl_div(x, y, "none").tolist() == [0, np.inf]
    weights, shares = np.array([0.0, 2.0, 2.0]), tensor(np.array([0.0, 0.0, 0.5]), requires_grad=True)
    (F.kl_div(np.zeros(3), shares, "none") * weights).sum().backward()
    np.testing.assert_allclose(shares.grad.numpy(), [0, -np.inf, 2 - 2 * LOG2])
    for t, slope in ((0.0, 0.0), (1.0, -np.inf)):
        along = jvp(
            lambda y: F.kl_div(np.zeros(2), y, "sum"), (np.array([0.0, 1.0]),), (np.array([t, 0.0]),)
        )
        assert along == (0, slope)
    losses, _ = values_and_slopes(F.poisson_nll_loss, [0.5, 0.5, 0.5], np.array([0.0, 1.0, 2.0]), full=True)
    stirling = 2 * LOG2 - 2 + math.log(4 * math.pi) / 2
    rate = math.exp(0.5)
    np.testing.assert_allclose(losses, [rate, rate - 0.5, rate - 1 + stirling])
    counts = tensor(np.array([0.0, 1.0]), requires_grad=True)
    with np.errstate(all="raise"):
        F.poisson_nll_loss(np.array([0.5, 0.25]), counts, full=True, reduction="sum").backward()
    assert counts.grad.tolist() == [-0.5, -0.25]


def test_small_variances_count_as_eps():
    var = tensor(np.array([0.0, 0.25, 4.0]), requires_grad=True)
    loss = F.gaussian_nll_loss(np.ones(3), np.zeros(3), var, eps=0.5, reduction="none")
    np.testing.assert_allclose(loss.detach().numpy(), [math.log(v) / 2 + 0.5 / v for v in (0.5, 0.5, 4)])
    loss.sum().backward()
    np.testing.assert_allclose(var.grad.numpy(), [(v - 1) / (2 * v * v) for v in (0.5, 0.5, 4)])


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("weight", [None, np.ones(3)])
def test_nothing_left_to_count(function, weight):
    """The mean over no place is NaN, as in PyTorch, and pulls at nothing."""
    x = tensor(np.zeros((2, 3)), requires_grad=True)
    loss = function(x, np.array([-100, -100]), weight)
    loss.backward()
    assert np.isnan(loss.item())
    assert not x.grad.numpy().any()
    assert function(x.detach(), np.array([-100, -100]), weight, reduction="sum").item() == 0


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"weight": np.ones(3)}])
def test_what_is_ignored_may_be_anything(options):
    x = tensor(np.array([[0.0, 0, 0], [np.nan, np.inf, -np.inf], [np.inf, 0, 0]]), requires_grad=True)
    loss = F.cross_entropy(x, np.array([1, -100, -100]), **options)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3))
    assert not x.grad.numpy()[1:].any()


def test_nan_passes_through():
    nan = np.array([np.nan, 1.0])
    for loss in (
        F.l1_loss,
        F.huber_loss,
        F.smooth_l1_loss,
        F.soft_margin_loss,
        F.kl_div,
        F.poisson_nll_loss,
    ):
        assert np.isnan(loss(nan, np.ones(2), reduction="none")).tolist() == [True, False]


# ------------------------------------------------------------------ weights


def test_weights_take_the_inputs_dtype():
    x, weight = np.zeros((2, 3), np.float32), [1.0, 2.0, 3.0]
    for out in (
        F.cross_entropy(x, np.array([0, 1]), weight),
        F.nll_loss(x, np.array([0, 1]), np.array(weight)),
        F.binary_cross_entropy_with_logits(x, x, np.array(weight), pos_weight=np.array(weight)),
        nn.CrossEntropyLoss(np.array(weight))(x, np.array([0, 1])),
        F.mse_loss(x, x, weight=np.ones((2, 3))),
    ):
        assert out.dtype == np.float32
        assert not isinstance(out, Tensor)


def test_weights_are_buffers():
    weight = np.array([1.0, 2.0, 3.0])
    loss = nn.CrossEntropyLoss(weight)
    assert list(loss.state_dict()) == ["weight"]
    assert loss.state_dict()["weight"].tolist() == [1, 2, 3]
    weight[0] = 9  # not the caller's memory
    assert loss.weight.tolist() == [1, 2, 3]
    assert nn.CrossEntropyLoss().state_dict() == {}
    both = nn.BCEWithLogitsLoss(np.ones(2), pos_weight=np.ones(2))
    assert list(both.state_dict()) == ["weight", "pos_weight"]
    assert list(both.to(np.float32).state_dict()["weight"]) == [1, 1]
    assert repr(both) == "BCEWithLogitsLoss()"


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss, F.multi_margin_loss])
def test_weights_of_classes_get_no_gradient(function):
    w = tensor(np.ones(3), requires_grad=True)
    with pytest.raises(NotDifferentiable, match=r"weight gets no gradient; pass weight.detach\(\)"):
        function(np.zeros((2, 3)), np.array([0, 1]), weight=w)
    with pytest.raises(NotDifferentiable):
        F.binary_cross_entropy_with_logits(np.zeros((2, 3)), np.zeros((2, 3)), pos_weight=w)


def test_weights_may_get_gradients():
    w = tensor(np.array([1.0, 2.0]), requires_grad=True)
    x, p = np.array([[0.0, 0.0]]), np.array([[0.25, 0.75]])
    F.cross_entropy(x, p, w).backward()
    np.testing.assert_allclose(w.grad.numpy(), [0.25 * LOG2, 0.75 * LOG2])


# ------------------------------------------------------------------ training


def test_training_to_a_known_loss():
    """With smoothed labels the least loss there is is the entropy of a target."""
    rng = np.random.default_rng(0)
    x, classes = rng.normal(size=(6, 8)), np.array([0, 1, 2, 0, 1, 2])
    nn.manual_seed(0)
    model, loss_of = nn.Linear(8, 3, dtype=np.float64), nn.CrossEntropyLoss(label_smoothing=0.3)
    optimizer = optim.Adam(model.parameters(), 0.1)
    for _ in range(400):
        optimizer.zero_grad()
        loss = loss_of(model(x), classes)
        loss.backward()
        optimizer.step()
    shares = np.array([0.8, 0.1, 0.1])
    assert loss.item() == pytest.approx(-np.sum(shares * np.log(shares)), abs=1e-4)
