"""Losses as modules."""

from __future__ import annotations

from typing import Any

from autograd.ops.neural import check_reduction

from . import functional as F
from .module import Module


class _Loss(Module):
    """A loss and how its elements are reduced: "mean", "sum" or "none"."""

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        check_reduction(reduction, type(self).__name__)
        self.reduction = reduction


class MSELoss(_Loss):
    """(input - target)**2: its mean, its sum, or each.

    Errors: ShapeError unless input and target have one shape.

    Example:
        >>> import numpy as np
        >>> float(MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, self.reduction)


class CrossEntropyLoss(_Loss):
    """-log softmax(input)[target]: its mean, its sum, or each. See `functional.cross_entropy`.

    Example:
        >>> import numpy as np
        >>> round(float(CrossEntropyLoss()(np.zeros((2, 4)), np.array([0, 3]))), 4)
        1.3863
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(input, target, self.reduction)
