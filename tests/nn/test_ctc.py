"""CTC against all paths one by one, over long sequences, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
import nn.functional as F
import optim
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, DtypeError, IndexingError, ShapeError
from tests.nn.derivatives import check_derivatives
from tests.support.loss_references import ctc_loss

REDUCTIONS = ("mean", "sum", "none")
HALF = np.log(np.full((3, 2, 2), 0.5))
ONES = np.array([[1, 1], [1, 0]])
rng = np.random.default_rng(0)


def test_by_hand():
    """Two labels of a kind need three frames; one label and three frames have six paths of eight."""
    losses = F.ctc_loss(HALF, ONES, (3, 3), (2, 1), reduction="none")
    np.testing.assert_allclose(losses, [math.log(8), math.log(8 / 6)], rtol=1e-14)
    assert F.ctc_loss(HALF, ONES, (3, 3), (2, 1)) == pytest.approx(math.log(8) / 4 + math.log(8 / 6) / 2)
    assert F.ctc_loss(HALF, ONES, (3, 3), (2, 1), reduction="sum") == pytest.approx(losses.sum())


@settings(max_examples=60)
@given(
    n=st.integers(0, 3),
    frames=st.integers(0, 5),
    classes=st.integers(2, 3),
    blank=st.integers(0, 1),
    reduction=st.sampled_from(REDUCTIONS),
    zero_infinity=st.booleans(),
    joined=st.booleans(),
    seed=st.integers(0, 99),
)
def test_all_paths(n, frames, classes, blank, reduction, zero_infinity, joined, seed):
    if not n and reduction == "mean":
        return
    draw = np.random.default_rng(seed)
    log_probs = np.log(draw.dirichlet(np.ones(classes), (frames, n)))
    inputs, counts = draw.integers(0, frames + 1, n), draw.integers(0, 4, n)
    targets = draw.choice([k for k in range(classes) if k != blank], (n, 4))
    expected = ctc_loss(log_probs, targets, inputs, counts, blank, reduction, zero_infinity)
    given = np.concatenate([[], *(t[:c] for t, c in zip(targets, counts, strict=True))]).astype(int)
    found = F.ctc_loss(
        log_probs, given if joined else targets, inputs, counts, blank, reduction, zero_infinity
    )
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("zero_infinity", [False, True])
def test_derivatives(reduction, zero_infinity):
    log_probs = np.log(rng.dirichlet(np.ones(3), (5, 3)))
    targets, counts = np.array([[1, 1, 2], [2, 0, 0], [0, 0, 0]]), np.array([3, 1, 0])
    check_derivatives(
        lambda x: F.ctc_loss(x, targets, (5, 4, 3), counts, 0, reduction, zero_infinity), log_probs
    )
    if zero_infinity:  # the second cannot be aligned
        check_derivatives(lambda x: F.ctc_loss(x, ONES[[0, 0]], (3, 1), (2, 2), 0, reduction, True), +HALF)


def test_what_cannot_be_aligned():
    x = tensor(HALF, requires_grad=True)
    losses = F.ctc_loss(x, ONES, (2, 3), (2, 1), reduction="none")
    assert losses[0].item() == np.inf
    losses.backward(np.ones(2))
    assert np.isnan(x.grad.numpy()[:2, 0]).all()
    assert not x.grad.numpy()[2, 0].any()  # beyond the end
    assert np.isfinite(x.grad.numpy()[:, 1]).all()
    x.grad = None
    F.ctc_loss(x, ONES, (2, 3), (2, 1), zero_infinity=True, reduction="sum").backward()
    assert not x.grad.numpy()[:, 0].any()
    assert x.grad.numpy()[:, 1].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_long_sequences_do_not_underflow(dtype):
    frames, n = 400, 2
    x = tensor((5 * rng.normal(size=(frames, n, 4))).astype(dtype), requires_grad=True)
    with np.errstate(all="raise", under="ignore"):
        loss = F.ctc_loss(F.log_softmax(x, 2), rng.integers(1, 4, (n, 60)), (400, 390), (60, 50))
        loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    assert 1 < loss.item() < 100
    assert np.isfinite(x.grad.numpy()).all()
    # the shares of the classes sum to one at each frame, so behind log_softmax to zero
    assert np.abs(x.grad.numpy().sum(2)).max() < (1e-5 if dtype == np.float32 else 1e-13)


def test_classes_that_cannot_be():
    """Probabilities of zero leave the paths that avoid them."""
    x = HALF.copy()
    x[1, :, 1] = -np.inf  # in the second frame only a blank
    t = tensor(x, requires_grad=True)
    losses = F.ctc_loss(t, np.array([[1, 1], [1, 0]]), (3, 3), (2, 1), reduction="none")
    np.testing.assert_allclose(losses.detach().numpy(), [math.log(8), math.log(8 / 2)])
    losses.sum().backward()
    assert np.isfinite(t.grad.numpy()).all()
    far = np.array([[[-1e4, -2e4]], [[-3e4, -1e4]]])
    assert F.ctc_loss(far, np.array([[1]]), (2,), (1,)) == pytest.approx(2e4)


def test_float16_is_computed_in_float32():
    x = tensor(HALF.astype(np.float16), requires_grad=True)
    loss = F.ctc_loss(x, ONES, (3, 3), (2, 1))
    loss.backward()
    assert loss.dtype == x.grad.dtype == np.float16
    assert loss.item() == pytest.approx(math.log(8) / 4 + math.log(8 / 6) / 2, rel=1e-3)


def test_one_sequence_and_kinds():
    expected = F.ctc_loss(HALF[:, :1], ONES[:1], (3,), (2,), reduction="sum")
    for lengths in ((3, 2), ((3,), (2,)), (np.array([3]), tensor(np.array(2)))):
        found = F.ctc_loss(HALF[:, 0], ONES[0], *lengths, reduction="none")
        assert found.shape == ()
        assert found == pytest.approx(expected)
    assert type(F.ctc_loss(HALF, tensor(ONES), (3, 3), (2, 1))) is Tensor
    loss = nn.CTCLoss(reduction="sum")(tensor(HALF), ONES.tolist(), [3, 3], [2, 1])
    assert loss.item() == pytest.approx(math.log(8) + math.log(8 / 6))


def test_training_to_a_known_loss():
    """One sequence can be learnt by heart: the loss goes to zero."""
    frames, labels = rng.normal(size=(8, 1, 5)), np.array([[2, 1, 1, 3]])
    nn.manual_seed(0)
    model, loss_of = nn.Linear(5, 4, dtype=np.float64), nn.CTCLoss()
    optimizer = optim.Adam(model.parameters(), 0.3)
    for _ in range(150):
        optimizer.zero_grad()
        loss = loss_of(F.log_softmax(model(frames), 2), labels, (8,), (4,))
        loss.backward()
        optimizer.step()
    assert loss.item() == pytest.approx(0, abs=0.3)
    assert loss.item() >= 0


REFUSED = [
    ((HALF[0, 0], ONES, (3, 3), (2, 1)), {}, ShapeError, r"log_probs must be .*\(2,\)"),
    ((HALF.astype(int), ONES, (3, 3), (2, 1)), {}, ShapeError, "must be floating"),
    ((HALF, ONES * 1.0, (3, 3), (2, 1)), {}, DtypeError, "targets must be integers, got float64"),
    ((HALF, ONES, (3.0, 3), (2, 1)), {}, DtypeError, "input_lengths must be integers"),
    ((HALF, ONES, (3, 3), (2, 1.5)), {}, DtypeError, "target_lengths must be integers"),
    ((HALF, ONES, (3,), (2, 1)), {}, ShapeError, r"input_lengths\(1,\) must have one length for each of 2"),
    ((HALF, ONES, (3, 3), 2), {}, ShapeError, r"target_lengths\(\)"),
    ((HALF, ONES, (4, 3), (2, 1)), {}, ArgumentError, r"input_lengths must be in 0\.\.3, .*, got 4"),
    ((HALF, ONES, (-1, 3), (2, 1)), {}, ArgumentError, "input_lengths .* got -1"),
    ((HALF, ONES, (3, 3), (2, -1)), {}, ArgumentError, "target_lengths must not be negative, got -1"),
    ((HALF, ONES, (3, 3), (3, 1)), {}, ShapeError, r"targets\(2, 2\) must be \(2, at least 3\), or all 4"),
    ((HALF, ONES[0], (3, 3), (2, 1)), {}, ShapeError, r"targets\(2,\) must be .* or all 3 labels"),
    ((HALF, ONES + 1, (3, 3), (2, 1)), {}, IndexingError, r"0\.\.1 but the blank 0, got 2"),
    ((HALF, ONES - 1, (3, 3), (2, 1)), {}, IndexingError, "got 0"),
    ((HALF, ONES, (3, 3), (2, 1)), {"blank": 2}, ArgumentError, r"blank must be a class, in 0\.\.1, got 2"),
    ((HALF, ONES, (3, 3), (2, 1)), {"blank": 0.0}, ArgumentError, "blank must be an integer"),
    ((HALF, ONES, (3, 3), (2, 1)), {"reduction": "avg"}, ArgumentError, "reduction must be one of"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "options", "error", "why"), REFUSED)
def test_bad_input(args, options, error, why):
    with pytest.raises(error, match=f"ctc_loss: .*{why}"):
        F.ctc_loss(*args, **options)


def test_bad_modules():
    with pytest.raises(ArgumentError, match="CTCLoss: blank must be an integer"):
        nn.CTCLoss(blank="0")
