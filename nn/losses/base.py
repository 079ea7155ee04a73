"""What all losses are: a module with a reduction, and perhaps a weight that goes with its state."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from autograd.errors import DtypeError
from autograd.ops.neural.losses import check_reduction

from ..module import Module


class Loss(Module):
    """A loss and how its elements are reduced: "mean", "sum" or "none"."""

    reductions: tuple[str, ...] = ("mean", "sum", "none")

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        check_reduction(reduction, type(self).__name__, self.reductions)
        self.reduction = reduction

    def keep(self, name: str, weight: Any) -> None:
        """Enter a weight, or None, as a buffer."""
        if weight is not None and not isinstance(weight, Tensor):
            weight = np.array(weight)
            if weight.dtype.kind not in "fiub":
                raise DtypeError(f"{type(self).__name__}: {name} must be real numbers, got {weight.dtype}")
        self.register_buffer(name, weight)


class WeightedLoss(Loss):
    """A loss with a weight, or None."""

    weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean"):
        super().__init__(reduction)
        self.keep("weight", weight)
