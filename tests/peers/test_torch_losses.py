"""Losses against PyTorch's where one sample does not say it: second order, CTC, far out."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import tensor
from tests.nn.contract import build, constant
from tests.nn.samples import convert
from tests.nn.samples.losses import LOG_PROBS, PADDED, SAMPLES
from tests.peers.test_torch_contract import agree, leaf, their_build, their_leaf

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

REDUCTIONS = ("mean", "sum", "none")
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])
reduced = pytest.mark.parametrize("reduction", REDUCTIONS)
rng = np.random.default_rng(0)
# PyTorch has no second derivative of these; the last has parameters, as layers do
FIRST_ORDER = {"MultiMarginLoss", "MultiLabelMarginLoss", "CTCLoss", "AdaptiveLogSoftmaxWithLoss"}
SMOOTH = [s for s in SAMPLES if s.is_module and s.peer and s.orders == 2 and s.name not in FIRST_ORDER]


def compare(ours, theirs, arrays, dtype, constants=(), second=False):
    """Results and gradients; the second time those of a combination of the first gradients."""
    mine = [leaf(a.astype(dtype)) for a in arrays]
    peers = [their_leaf(a.astype(dtype)) for a in arrays]
    out, expected = ours(*mine, *constants), theirs(*peers, *map(torch.as_tensor, constants))
    agree(out, expected, dtype, "result")
    v = rng.normal(size=out.shape).astype(dtype)
    first = autograd.gradients(out, mine, v, create_graph=second)
    other = torch.autograd.grad(expected, peers, torch.tensor(v), create_graph=second)
    for i, (a, b) in enumerate(zip(first, other, strict=True)):
        agree(a, b, dtype, f"gradient {i}")


# ------------------------------------------------------------------ second order


@pytest.mark.parametrize("sample", SMOOTH, ids=str)
def test_same_second_derivatives(sample):
    """Of every module that PyTorch has them of, by inputs that require grad and the cotangent."""
    arrays = sample.arrays()
    mine = convert(arrays, "float64", constant, leaf)
    peers = convert(arrays, "float64", torch.as_tensor, their_leaf)
    out, expected = build(sample, np.float64, 0)(*mine), their_build(sample, "float64")(*peers)
    v = rng.normal(size=out.shape)
    wrt, their_wrt = ([x for x in given if getattr(x, "requires_grad", False)] for given in (mine, peers))
    if not wrt:
        return
    seed, their_seed = leaf(v), their_leaf(v)
    grads = autograd.gradients(out, wrt, seed, create_graph=True)
    theirs = torch.autograd.grad(expected, their_wrt, their_seed, create_graph=True)
    weights = [rng.normal(size=g.shape) for g in grads]
    total = sum(((w * g).sum() for w, g in zip(weights, grads, strict=True)), start=tensor(0.0))
    their_total = sum((torch.tensor(w) * g).sum() for w, g in zip(weights, theirs, strict=True))
    found = autograd.gradients(total, [*wrt, seed], allow_unused=True)
    wanted = torch.autograd.grad(their_total, [*their_wrt, their_seed], allow_unused=True)
    for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
        zero = np.zeros((*wrt, seed)[i].shape)
        a = zero if a is None else a.numpy()
        b = zero if b is None else b.numpy(force=True)
        scale = max(float(np.max(np.abs(b), initial=0)), 1.0)
        assert float(np.max(np.abs(a - b), initial=0)) <= 1e-10 * scale, f"{sample}: {i}"


# ------------------------------------------------------------------ the mean that PyTorch warns of


@dtypes
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.filterwarnings("ignore:reduction")
def test_mean_of_kl_div(log_target, dtype):
    x, y = rng.normal(size=(3, 4)), rng.uniform(0.1, 1, (3, 4))
    compare(
        lambda x, y: F.kl_div(x, y, log_target=log_target),
        lambda x, y: torch.nn.functional.kl_div(x, y, log_target=log_target),
        [x, y],
        dtype,
    )


# ------------------------------------------------------------------ CTC behind log_softmax

FRAMES = {
    "all": (np.array([6, 6, 6]), np.array([3, 2, 1])),
    "some": (np.array([6, 4, 5]), np.array([3, 2, 0])),
    "tight": (np.array([4, 2, 1]), np.array([3, 2, 1])),
}


@dtypes
@reduced
@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("lengths", FRAMES)
@pytest.mark.parametrize("blank", [0, 3])
def test_ctc(blank, lengths, zero_infinity, reduction, dtype):
    frames, counts = FRAMES[lengths]
    targets = PADDED if not blank else 3 - PADDED
    options = {"blank": blank, "reduction": reduction, "zero_infinity": zero_infinity}
    compare(
        lambda x: F.ctc_loss(F.log_softmax(x, dim=2), targets, frames, counts, **options),
        lambda x: torch.nn.functional.ctc_loss(
            torch.log_softmax(x, 2), *map(torch.as_tensor, (targets, frames, counts)), **options
        ),
        [3 * LOG_PROBS],
        dtype,
    )


@dtypes
@reduced
@pytest.mark.parametrize("seed", range(4))
def test_ctc_of_longer_sequences(seed, reduction, dtype):
    draw = np.random.default_rng(seed)
    # in float32 both are off by the rounding of logarithms that grow with the frames
    frames, n, classes = 40 if dtype == "float64" else 12, 5, 6
    counts = draw.integers(0, frames // 3, n)
    targets = draw.integers(1, classes, counts.sum())
    inputs = draw.integers(2 * frames // 3 + 1, frames + 1, n)
    x = 2 * draw.normal(size=(frames, n, classes))
    compare(
        lambda x: F.ctc_loss(F.log_softmax(x, dim=2), targets, inputs, counts, reduction=reduction),
        lambda x: torch.nn.functional.ctc_loss(
            torch.log_softmax(x, 2), *map(torch.as_tensor, (targets, inputs, counts)), reduction=reduction
        ),
        [x],
        dtype,
    )


@dtypes
def test_ctc_of_one_sequence(dtype):
    targets, x = np.array([2, 2, 1]), LOG_PROBS[:, 0]
    for lengths in (((6,), (3,)), (np.array(6), np.array(3))):
        theirs = lengths if isinstance(lengths[0], tuple) else map(torch.as_tensor, lengths)
        theirs = tuple(theirs)
        compare(
            lambda x, lengths=lengths: F.ctc_loss(F.log_softmax(x, dim=1), targets, *lengths),
            lambda x, theirs=theirs: torch.nn.functional.ctc_loss(
                torch.log_softmax(x, 1), torch.as_tensor(targets), *theirs
            ),
            [x],
            dtype,
        )


# ------------------------------------------------------------------ far out


@dtypes
@pytest.mark.parametrize("name", ["soft_margin_loss", "binary_cross_entropy_with_logits", "smooth_l1_loss"])
def test_large_numbers(name, dtype):
    x = np.array([80.0, -80.0, 15.0, -15.0, 1e-20, 3.0])
    y = np.array([1.0, 1.0, -1.0, 1.0, 1.0, -1.0])
    y = (y + 1) / 2 if "logits" in name else y
    ours, theirs = getattr(F, name), getattr(torch.nn.functional, name)
    compare(ours, theirs, [x], dtype, [y.astype(dtype)])


@dtypes
@reduced
def test_probabilities_at_the_ends(reduction, dtype):
    x, y = np.array([0.0, 1.0, 0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0, 0.0, 0.5]).astype(dtype)
    compare(
        lambda x, y: F.binary_cross_entropy(x, y, reduction=reduction),
        lambda x, y: torch.nn.functional.binary_cross_entropy(x, y, reduction=reduction),
        [x],
        dtype,
        [y],
    )


@dtypes
@reduced
def test_many_classes(reduction, dtype):
    x, target = 5 * rng.normal(size=(300, 70)), rng.integers(0, 70, 300)
    target[::7] = -100
    weight = rng.random(70).astype(dtype)
    for options in ({}, {"label_smoothing": 0.1}):
        compare(
            lambda x, t, w, o=options: F.cross_entropy(x, t, w, reduction=reduction, **o),
            lambda x, t, w, o=options: torch.nn.functional.cross_entropy(x, t, w, reduction=reduction, **o),
            [x],
            dtype,
            [target, weight],
        )


@dtypes
def test_kinks(dtype):
    """Where a margin is just met PyTorch gives one side's derivative: ours is the same."""
    zero, y = np.zeros(4), np.array([1.0, -1.0, 1.0, -1.0]).astype(dtype)
    compare(F.margin_ranking_loss, torch.nn.functional.margin_ranking_loss, [zero, zero], dtype, [y])
    compare(F.hinge_embedding_loss, torch.nn.functional.hinge_embedding_loss, [zero + 1], dtype, [y])
    compare(F.l1_loss, torch.nn.functional.l1_loss, [zero, zero], dtype)
    for name in ("huber_loss", "smooth_l1_loss"):
        compare(getattr(F, name), getattr(torch.nn.functional, name), [zero, y.astype(float)], dtype)
    same = np.ones((2, 3))
    triplet = torch.nn.functional.triplet_margin_loss
    compare(
        lambda a, b, c: F.triplet_margin_loss(a, b, c, swap=True),
        lambda a, b, c: triplet(a, b, c, swap=True),
        [same, same + 0.25, same - 0.25],
        dtype,
    )
    classes = np.array([0, 1])
    logits = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    compare(F.multi_margin_loss, torch.nn.functional.multi_margin_loss, [logits], dtype, [classes])
