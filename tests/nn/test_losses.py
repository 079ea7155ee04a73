"""MSE, and what holds for every loss: reductions, kinds, dtypes, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, AutogradError, ShapeError
from tests.nn.derivatives import check_derivatives

REDUCTIONS = ("mean", "sum", "none")
LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 3.0, -0.5]])
CLASSES = np.array([2, 0])
SHARES = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
SIGNS = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
LOSSES = {
    "mse": (nn.MSELoss, F.mse_loss, SHARES),
    "l1": (nn.L1Loss, F.l1_loss, SHARES),
    "huber": (nn.HuberLoss, F.huber_loss, SHARES),
    "smooth l1": (nn.SmoothL1Loss, F.smooth_l1_loss, SHARES),
    "kl": (nn.KLDivLoss, F.kl_div, SHARES),
    "poisson": (nn.PoissonNLLLoss, F.poisson_nll_loss, SHARES),
    "binary logits": (nn.BCEWithLogitsLoss, F.binary_cross_entropy_with_logits, SHARES),
    "soft margin": (nn.SoftMarginLoss, F.soft_margin_loss, SIGNS),
    "hinge": (nn.HingeEmbeddingLoss, F.hinge_embedding_loss, SIGNS),
    "classes": (nn.CrossEntropyLoss, F.cross_entropy, CLASSES),
    "probabilities": (nn.CrossEntropyLoss, F.cross_entropy, SHARES),
    "likelihood": (nn.NLLLoss, F.nll_loss, CLASSES),
    "margins": (nn.MultiMarginLoss, F.multi_margin_loss, CLASSES),
    "label sets": (nn.MultiLabelMarginLoss, F.multilabel_margin_loss, np.array([[2, 0, -1], [1, -1, 0]])),
    "labels": (nn.MultiLabelSoftMarginLoss, F.multilabel_soft_margin_loss, SHARES),
}
BY_ROW = ("classes", "probabilities", "likelihood", "margins", "label sets", "labels")
every = pytest.mark.parametrize("name", LOSSES)
reduced = pytest.mark.parametrize("reduction", REDUCTIONS)


# ------------------------------------------------------------------ MSE


def test_mse_by_hand():
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 5.0]])
    assert F.mse_loss(x, y) == 14 / 4
    assert F.mse_loss(x, y, "sum") == 14
    assert F.mse_loss(x, y, "none").tolist() == [[0, 4], [9, 1]]
    t = tensor(x, requires_grad=True)
    F.mse_loss(t, y).backward()
    assert t.grad.tolist() == [[0, 1], [1.5, -0.5]]


@reduced
@pytest.mark.parametrize("shape", [(2, 3), (3,), (1,), ()])
def test_mse_derivatives(reduction, shape):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=shape), rng.normal(size=shape)
    check_derivatives(lambda x, y: F.mse_loss(x, y, reduction), np.asarray(x), np.asarray(y))


@pytest.mark.parametrize(
    ("x", "y"), [((2, 3), (3,)), ((2, 1), (2,)), ((2,), (2, 1)), ((1,), ()), ((0,), (1,)), ((2, 3), (3, 2))]
)
def test_mse_does_not_broadcast(x, y):
    for reduction in REDUCTIONS:
        with pytest.raises(ShapeError, match=r"in MSELoss: mse_loss: input\(.*target\(.*one shape"):
            nn.MSELoss(reduction)(np.zeros(x), tensor(np.zeros(y)))


def test_mse_of_arrays_in_any_order():
    x, y = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    for other in (np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2]):
        assert F.mse_loss(other, y) == F.mse_loss(x, y)


# ------------------------------------------------------------------ all of them


@every
@reduced
def test_a_module_is_its_function(name, reduction):
    module, function, target = LOSSES[name]
    np.testing.assert_array_equal(
        module(reduction=reduction)(LOGITS, target), function(LOGITS, target, reduction=reduction)
    )
    np.testing.assert_array_equal(
        module(reduction=reduction)(LOGITS, target), function(LOGITS, target, reduction=reduction)
    )


@every
def test_reductions_agree(name):
    _, function, target = LOSSES[name]
    each = function(LOGITS, target, reduction="none")
    assert each.shape == ((2,) if name in BY_ROW else LOGITS.shape)
    assert function(LOGITS, target, reduction="sum") == pytest.approx(each.sum(), rel=1e-14)
    assert function(LOGITS, target) == pytest.approx(each.mean(), rel=1e-14)


@every
@reduced
def test_kinds_in_and_out(name, reduction):
    _, function, target = LOSSES[name]
    expected = function(LOGITS, target, reduction=reduction)
    assert isinstance(expected, np.ndarray if reduction == "none" else np.floating)
    for x, y in (
        (tensor(LOGITS), target),
        (tensor(LOGITS, requires_grad=True), tensor(target)),
        (LOGITS, tensor(target)),
    ):
        out = function(x, y, reduction=reduction)
        assert type(out) is Tensor
        assert out.requires_grad == getattr(x, "requires_grad", False)
        np.testing.assert_array_equal(out.detach().numpy(), expected)


@every
@reduced
@pytest.mark.parametrize("rows", [1, 2])
def test_float32_stays(name, reduction, rows):
    _, function, target = LOSSES[name]
    target = target.astype(np.float32) if target.dtype == np.float64 else target
    x = tensor(LOGITS.astype(np.float32)[:rows], requires_grad=True)
    out = function(x, target[:rows], reduction=reduction)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == np.float32
    wide = function(LOGITS[:rows], target[:rows].astype(np.float64 if target.dtype.kind == "f" else int),
                    reduction=reduction)  # fmt: skip
    np.testing.assert_allclose(out.detach().numpy(), wide, rtol=1e-6)


@every
def test_lists_and_numbers(name):
    _, function, target = LOSSES[name]
    assert function(LOGITS.tolist(), target.tolist()) == pytest.approx(function(LOGITS, target), rel=1e-14)
    assert function(tensor(LOGITS), target.tolist()).item() == pytest.approx(function(LOGITS, target))


@every
def test_empty_batches(name):
    _, function, target = LOSSES[name]
    x = tensor(LOGITS[:0], requires_grad=True)
    assert function(x, target[:0], reduction="none").shape == ((0,) if name in BY_ROW else (0, 3))
    total = function(x, target[:0], reduction="sum")
    total.backward()
    assert total.item() == 0
    assert x.grad.shape == (0, 3)
    with np.errstate(invalid="ignore"):
        assert np.isnan(function(x.detach(), target[:0]).item())  # the mean of nothing, as PyTorch has it


@every
@pytest.mark.parametrize("reduction", ["avg", "MEAN", None, 1])
def test_unknown_reductions(name, reduction):
    module, function, target = LOSSES[name]
    with pytest.raises(ArgumentError, match=f"{module.__name__}: reduction must be one of"):
        module(reduction=reduction)
    with pytest.raises(ArgumentError, match="reduction must be one of"):
        function(LOGITS, target, reduction=reduction)


@every
@pytest.mark.parametrize("what", ["text", None, object()])
def test_what_is_refused(name, what):
    _, function, target = LOSSES[name]
    with pytest.raises(AutogradError):
        function(what, target)
    with pytest.raises(AutogradError):
        function(LOGITS, what)
