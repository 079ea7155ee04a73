"""Losses of margins, between inputs or against labels of 1 and -1, as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.errors import OperandError

from .. import distance
from .. import functional as F
from ..functional.arguments import number
from .base import Loss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class SoftMarginLoss(Loss):
    """log(1 + exp(-target * input)), with targets of 1 and -1. See `functional.soft_margin_loss`.

    Example:
        >>> import numpy as np
        >>> round(float(SoftMarginLoss()(np.array([0.0, 2.0]), np.array([1, -1]))), 4)
        1.41
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.soft_margin_loss(input, target, self.reduction)


class HingeEmbeddingLoss(Loss):
    """input where target is 1, max(0, margin - input) where -1. See `functional.hinge_embedding_loss`.

    Example:
        >>> import numpy as np
        >>> float(HingeEmbeddingLoss()(np.array([0.5, 0.25]), np.array([1, -1])))
        0.625
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean"):
        super().__init__(reduction)
        self.margin = number(margin, "HingeEmbeddingLoss: margin")

    def forward(self, input: Any, target: Any) -> Any:
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class MarginRankingLoss(Loss):
    """max(0, -target * (input1 - input2) + margin). See `functional.margin_ranking_loss`.

    Example:
        >>> import numpy as np
        >>> float(MarginRankingLoss()(np.array([1.0, 2.0]), np.array([0.0, 5.0]), np.array([1, 1])))
        1.5
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean"):
        super().__init__(reduction)
        self.margin = number(margin, "MarginRankingLoss: margin")

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """max(0, margin + |anchor - positive| - |anchor - negative|). See `functional.triplet_margin_loss`.

    Example:
        >>> import numpy as np
        >>> x, y, z = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 5.5]])
        >>> round(float(TripletMarginLoss()(x, y, z)), 4)
        0.5
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        self.margin = number(margin, "TripletMarginLoss: margin", above=0)
        self.p = number(p, "TripletMarginLoss: p")
        self.eps = number(eps, "TripletMarginLoss: eps")
        self.swap = bool(swap)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), with d of one's own.

    See `functional.triplet_margin_with_distance_loss`.

    Args:
        distance_function: d, of two arrays: a function or a module; by default PairwiseDistance.

    Example:
        >>> import numpy as np
        >>> x, y, z = np.array([[0.0]]), np.array([[1.0]]), np.array([[1.5]])
        >>> city = lambda a, b: abs(a - b).sum(-1)
        >>> float(TripletMarginWithDistanceLoss(distance_function=city)(x, y, z))
        0.5
    """

    def __init__(
        self,
        *,
        distance_function: Callable | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        if distance_function is None:
            distance_function = distance.PairwiseDistance()
        if not callable(distance_function):
            raise OperandError(
                "TripletMarginWithDistanceLoss: distance_function must be a function or a module, "
                f"got {distance_function!r}"
            )
        self.distance_function = distance_function
        self.margin = number(margin, "TripletMarginWithDistanceLoss: margin", above=0)
        self.swap = bool(swap)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class CosineEmbeddingLoss(Loss):
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    See `functional.cosine_embedding_loss`.

    Example:
        >>> import numpy as np
        >>> x, y = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [3.0, 0.0]])
        >>> round(float(CosineEmbeddingLoss()(x, y, np.array([1, -1]))), 4)
        1.0
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean"):
        super().__init__(reduction)
        self.margin = number(margin, "CosineEmbeddingLoss: margin")

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)
