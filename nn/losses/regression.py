"""Losses of an input and a target of one shape as modules."""

from __future__ import annotations

from typing import Any

from autograd import Tensor

from .. import functional as F
from ..functional.arguments import number
from .base import Loss, WeightedLoss

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
]


class L1Loss(Loss):
    """|input - target|: its mean, its sum, or each.

    Errors: ShapeError unless input and target have one shape.

    Example:
        >>> import numpy as np
        >>> float(L1Loss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        1.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.l1_loss(input, target, self.reduction)


class MSELoss(Loss):
    """(input - target)**2: its mean, its sum, or each.

    Errors: ShapeError unless input and target have one shape.

    Example:
        >>> import numpy as np
        >>> float(MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, self.reduction)


class HuberLoss(Loss):
    """d**2 / 2 where d = |input - target| < delta, else delta * (d - delta / 2).

    See `functional.huber_loss`.

    Example:
        >>> import numpy as np
        >>> float(HuberLoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        0.75
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction)
        self.delta = number(delta, "HuberLoss: delta", above=0)

    def forward(self, input: Any, target: Any) -> Any:
        return F.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(Loss):
    """d**2 / (2 beta) where d = |input - target| < beta, else d - beta / 2.

    See `functional.smooth_l1_loss`.

    Example:
        >>> import numpy as np
        >>> float(SmoothL1Loss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        0.75
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0):
        super().__init__(reduction)
        self.beta = number(beta, "SmoothL1Loss: beta", least=0)

    def forward(self, input: Any, target: Any) -> Any:
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)


class KLDivLoss(Loss):
    """target * (log(target) - input), where input is a logarithm. See `functional.kl_div`.

    Example:
        >>> import numpy as np
        >>> input, target = np.log([[0.5, 0.5]]), np.array([[0.25, 0.75]])
        >>> round(float(KLDivLoss("batchmean")(input, target)), 4)
        0.1308
    """

    reductions = ("mean", "batchmean", "sum", "none")

    def __init__(self, reduction: str = "mean", log_target: bool = False):
        super().__init__(reduction)
        self.log_target = bool(log_target)

    def forward(self, input: Any, target: Any) -> Any:
        return F.kl_div(input, target, self.reduction, self.log_target)


class PoissonNLLLoss(Loss):
    """exp(input) - target * input, of a Poisson distribution. See `functional.poisson_nll_loss`.

    Example:
        >>> import numpy as np
        >>> round(float(PoissonNLLLoss()(np.array([0.0, 1.0]), np.array([1.0, 2.0]))), 4)
        0.8591
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
    ):
        super().__init__(reduction)
        self.log_input, self.full = bool(log_input), bool(full)
        self.eps = number(eps, "PoissonNLLLoss: eps")

    def forward(self, log_input: Any, target: Any) -> Any:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, self.eps, self.reduction)


class GaussianNLLLoss(Loss):
    """(log(var) + (input - target)**2 / var) / 2. See `functional.gaussian_nll_loss`.

    Example:
        >>> import numpy as np
        >>> float(GaussianNLLLoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0]), np.ones(2)))
        1.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(reduction)
        self.full = bool(full)
        self.eps = number(eps, "GaussianNLLLoss: eps", least=0)

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class BCELoss(WeightedLoss):
    """-target * log(input) - (1 - target) * log(1 - input). See `functional.binary_cross_entropy`.

    Example:
        >>> import numpy as np
        >>> round(float(BCELoss()(np.array([0.5, 0.9]), np.array([1.0, 1.0]))), 4)
        0.3993
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
    """Binary cross-entropy of sigmoid(input). See `functional.binary_cross_entropy_with_logits`.

    Example:
        >>> import numpy as np
        >>> round(float(BCEWithLogitsLoss()(np.zeros(2), np.array([1.0, 0.0]))), 4)
        0.6931
    """

    pos_weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None):
        super().__init__(weight, reduction)
        self.keep("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )
