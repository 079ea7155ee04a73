"""What the losses refuse: at the call that is wrong, saying what was expected."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd.errors import ArgumentError, DtypeError, IndexingError, OperandError, ShapeError

Z, K = np.zeros((2, 3)), np.array([0, 1])
REFUSED = [
    (lambda: F.l1_loss(Z, Z[0]), ShapeError, r"l1_loss: input\(2, 3\) and target\(3,\) must"),
    (lambda: F.l1_loss(Z, Z, weight=Z[0]), ShapeError, r"l1_loss: input\(2, 3\) and weight\(3,\)"),
    (lambda: F.huber_loss(Z, Z, weight=Z[0]), ShapeError, "huber_loss: .*weight"),
    (lambda: F.mse_loss(Z, Z, weight=np.array("a")), DtypeError, "mse_loss: a weight must be real"),
    (lambda: F.l1_loss(Z * 1j, Z), DtypeError, "l1_loss: input and target must be real"),
    (lambda: F.huber_loss(Z, Z, delta=0), ArgumentError, "huber_loss: delta must be .* above 0, got 0"),
    (lambda: F.huber_loss(Z, Z, delta=math.nan), ArgumentError, "delta"),
    (lambda: nn.HuberLoss(delta=-1), ArgumentError, "HuberLoss: delta must be a number above 0, got -1"),
    (lambda: nn.HuberLoss(delta="1"), ArgumentError, "HuberLoss: delta must be a number"),
    (lambda: nn.SmoothL1Loss(beta=-1.0), ArgumentError, "SmoothL1Loss: beta must be a number not below 0"),
    (lambda: nn.SmoothL1Loss(beta=math.nan), ArgumentError, "SmoothL1Loss: beta"),
    (lambda: F.smooth_l1_loss(Z, Z[:1], beta=0), ShapeError, "smooth_l1_loss"),
    (lambda: nn.PoissonNLLLoss(eps=math.nan), ArgumentError, "PoissonNLLLoss: eps"),
    (lambda: nn.GaussianNLLLoss(eps=math.nan), ArgumentError, "GaussianNLLLoss: eps"),
    (lambda: F.kl_div(Z, Z[:1]), ShapeError, "kl_div: input"),
    (lambda: nn.KLDivLoss("batch"), ArgumentError, "KLDivLoss: reduction must be one of .*batchmean"),
    (lambda: nn.MSELoss("batchmean"), ArgumentError, "MSELoss: reduction"),
    (lambda: F.gaussian_nll_loss(Z, Z[:1], Z), ShapeError, "gaussian_nll_loss: input"),
    (lambda: F.gaussian_nll_loss(Z, Z, np.ones((3, 2))), ShapeError, r"var\(3, 2\) does not fit"),
    (lambda: F.gaussian_nll_loss(Z, Z, np.ones((1, 1))), ShapeError, r"var\(1, 1\) does not fit"),
    (lambda: F.gaussian_nll_loss(Z, Z, Z - 0.5), ArgumentError, "var must not be negative, got -0.5"),
    (lambda: F.gaussian_nll_loss(Z, Z, -0.5), ArgumentError, "var must not be negative"),
    (lambda: F.binary_cross_entropy(Z + 1.5, Z), ArgumentError, r"input must lie in 0\.\.1, got 1.5"),
    (lambda: F.binary_cross_entropy(Z + math.nan, Z), ArgumentError, "got nan"),
    (lambda: F.binary_cross_entropy(Z, Z - 1), ArgumentError, r"target must lie in 0\.\.1, got -1"),
    (lambda: F.binary_cross_entropy(Z, Z[0]), ShapeError, "binary_cross_entropy: input"),
    (lambda: F.binary_cross_entropy(Z, Z, np.ones((4, 1))), ShapeError, r"weight\(4, 1\) must broadcast"),
    (lambda: F.binary_cross_entropy(Z, Z, np.ones((1, 2, 3))), ShapeError, "must broadcast to"),
    (lambda: F.binary_cross_entropy_with_logits(Z, Z[0]), ShapeError, "logits: input"),
    (lambda: F.binary_cross_entropy_with_logits(Z, Z[0], pos_weight=Z[0]), ShapeError, "logits: input"),
    (lambda: F.binary_cross_entropy_with_logits(Z, Z, pos_weight=np.ones(2)), ShapeError, "pos_weight"),
    (lambda: nn.BCELoss(np.array(["a"])), DtypeError, "BCELoss: weight must be real numbers"),
    (lambda: F.cross_entropy(Z, K, np.ones(2)), ShapeError, r"weight\(2,\) must have .* each of 3"),
    (lambda: F.cross_entropy(Z, Z, np.ones((3, 1))), ShapeError, r"cross_entropy: weight\(3, 1\)"),
    (lambda: F.cross_entropy(Z, K, label_smoothing=1.5), ArgumentError, r"smoothing must be in 0\.\.1"),
    (lambda: F.cross_entropy(Z, K, label_smoothing=math.nan), ArgumentError, "label_smoothing"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=-0.1), ArgumentError, "CrossEntropyLoss: label_smoothing"),
    (lambda: nn.CrossEntropyLoss(ignore_index=0.5), ArgumentError, "ignore_index must be an integer"),
    (lambda: nn.CrossEntropyLoss("sum"), DtypeError, "CrossEntropyLoss: weight must be real numbers"),
    (lambda: F.cross_entropy(Z, Z.astype(int)), DtypeError, "holds probabilities and must be floating"),
    (lambda: F.cross_entropy(Z, Z, ignore_index=1), ArgumentError, "ignore_index is for class indices"),
    (lambda: F.cross_entropy(Z, np.array([0, 3]), np.ones(3)), IndexingError, r"0\.\.2, .*, got 3"),
    (lambda: F.cross_entropy(Z, np.array([0, -1]), label_smoothing=0.1), IndexingError, "got -1"),
    (lambda: F.nll_loss(Z, np.array([0, 5])), IndexingError, r"nll_loss: .*0\.\.2, or -100 .*, got 5"),
    (lambda: F.nll_loss(Z, K * 1.0), DtypeError, "nll_loss: .* must be integers, got float64"),
    (lambda: F.nll_loss(Z, Z.astype(int)), ShapeError, "nll_loss"),
    (lambda: F.nll_loss(np.zeros((2, 3, 2)), np.zeros((2, 3), int)), ShapeError, r"\(2, 3\) \(N, d1,\)"),
    (lambda: F.nll_loss(np.zeros(()), np.zeros((), int)), ShapeError, "nll_loss"),
    (lambda: F.multi_margin_loss(Z, K, p=3), ArgumentError, "p must be 1 or 2, got 3"),
    (lambda: nn.MultiMarginLoss(margin=math.nan), ArgumentError, "MultiMarginLoss: margin"),
    (lambda: F.multi_margin_loss(Z, np.array([0, 3])), IndexingError, r"0\.\.2, got 3"),
    (lambda: F.multi_margin_loss(Z, K * 1.0), DtypeError, "must be integers"),
    (lambda: F.multi_margin_loss(Z[None], K), ShapeError, "multi_margin_loss"),
    (lambda: F.multi_margin_loss(Z, K, weight=np.ones(2)), ShapeError, "multi_margin_loss: weight"),
    (lambda: F.multilabel_margin_loss(Z, K), ShapeError, "multilabel_margin_loss"),
    (lambda: F.multilabel_margin_loss(Z, Z), DtypeError, "must be integers"),
    (lambda: F.multilabel_margin_loss(Z, Z.astype(int) + 3), IndexingError, r"-1\.\.2, got 3"),
    (lambda: F.multilabel_margin_loss(Z, Z.astype(int) - 2), IndexingError, "got -2"),
    (lambda: F.multilabel_soft_margin_loss(Z, Z[0]), ShapeError, "multilabel_soft_margin_loss"),
    (lambda: F.hinge_embedding_loss(Z, K), ShapeError, "hinge_embedding_loss"),
    (lambda: F.soft_margin_loss(Z, K), ShapeError, "soft_margin_loss"),
    (lambda: nn.HingeEmbeddingLoss(math.nan), ArgumentError, "HingeEmbeddingLoss: margin"),
    (lambda: F.margin_ranking_loss(Z, Z, K), ShapeError, r"margin_ranking_loss: .*target\(2,\)"),
    (lambda: F.margin_ranking_loss(Z, Z[:1], Z), ShapeError, "margin_ranking_loss"),
    (lambda: F.triplet_margin_loss(Z, Z, Z[:1]), ShapeError, r"triplet_margin_loss: .*negative\(1, 3\)"),
    (lambda: F.triplet_margin_loss(Z, Z, Z, margin=0), ArgumentError, "margin must be a number above 0"),
    (lambda: nn.TripletMarginLoss(-1.0), ArgumentError, "TripletMarginLoss: margin"),
    (lambda: nn.TripletMarginLoss(eps=math.nan), ArgumentError, "TripletMarginLoss: eps"),
    (lambda: nn.TripletMarginWithDistanceLoss(distance_function=3), OperandError, "distance_function"),
    (lambda: nn.TripletMarginWithDistanceLoss(margin=math.nan), ArgumentError, "margin"),
    (lambda: F.triplet_margin_with_distance_loss(Z, Z, Z, distance_function=3), OperandError, "got 3"),
    (lambda: F.cosine_embedding_loss(Z, Z, Z), ShapeError, "cosine_embedding_loss"),
    (lambda: F.cosine_embedding_loss(Z, Z[:1], K), ShapeError, "cosine_embedding_loss"),
    (lambda: F.cosine_embedding_loss(Z[None], Z[None], K), ShapeError, "cosine_embedding_loss"),
    (lambda: nn.CosineEmbeddingLoss(margin=math.nan), ArgumentError, "CosineEmbeddingLoss: margin"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_bad_input(number):
    call, error, why = REFUSED[number]
    with pytest.raises(error, match=why):
        call()


def test_errors_name_the_module():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.loss = nn.NLLLoss()

        def forward(self, x, y):
            return self.loss(x, y)

    with pytest.raises(IndexingError, match="in loss: nll_loss: class indices"):
        Model()(Z, np.array([0, 3]))
