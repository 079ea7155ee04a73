"""Losses of classes, of sets of classes and of sequences of them as modules."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..functional.arguments import check_index, check_power, number, share
from .base import Loss, WeightedLoss

__all__ = [
    "CTCLoss",
    "CrossEntropyLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
]


class CrossEntropyLoss(WeightedLoss):
    """-weight[target] * log softmax(input)[target]. See `functional.cross_entropy`.

    Args:
        weight: a factor for each class.
        ignore_index: class index of places that do not count.
        label_smoothing: the share of a target that is spread over all classes.

    Example:
        >>> import numpy as np
        >>> round(float(CrossEntropyLoss()(np.zeros((2, 4)), np.array([0, 3]))), 4)
        1.3863
    """

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, reduction)
        self.ignore_index = check_index(ignore_index, "CrossEntropyLoss: ignore_index")
        self.label_smoothing = share(label_smoothing, "CrossEntropyLoss: label_smoothing")

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class NLLLoss(WeightedLoss):
    """-weight[target] * input[target], where input is a logarithm. See `functional.nll_loss`.

    Example:
        >>> import numpy as np
        >>> float(NLLLoss()(np.array([[-1.0, -2.0], [-3.0, -4.0]]), np.array([0, 1])))
        2.5
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__(weight, reduction)
        self.ignore_index = check_index(ignore_index, "NLLLoss: ignore_index")

    def forward(self, input: Any, target: Any) -> Any:
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class MultiMarginLoss(WeightedLoss):
    """weight[y] * sum_j max(0, margin - input[y] + input[j])**p / C. See `functional.multi_margin_loss`.

    Example:
        >>> import numpy as np
        >>> float(MultiMarginLoss()(np.array([[0.5, 0.25, 0.0, 0.0]]), np.array([0])))
        0.4375
    """

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"):
        super().__init__(weight, reduction)
        self.p = check_power(p, "MultiMarginLoss: p")
        self.margin = number(margin, "MultiMarginLoss: margin")

    def forward(self, input: Any, target: Any) -> Any:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MultiLabelMarginLoss(Loss):
    """Sum of max(0, 1 - input[y] + input[j]) / C over targets y and other classes j.

    See `functional.multilabel_margin_loss`.

    Example:
        >>> import numpy as np
        >>> x, y = np.array([0.1, 0.2, 0.4, 0.8]), np.array([3, 0, -1, 1])
        >>> round(float(MultiLabelMarginLoss()(x, y)), 4)
        0.85
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_margin_loss(input, target, self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """Binary cross-entropy of sigmoid(input), its mean over the classes.

    See `functional.multilabel_soft_margin_loss`.

    Example:
        >>> import numpy as np
        >>> round(float(MultiLabelSoftMarginLoss()(np.zeros((1, 2)), np.array([[1.0, 0.0]]))), 4)
        0.6931
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class CTCLoss(Loss):
    """-log of the probability of a sequence, over all its alignments. See `functional.ctc_loss`.

    Args:
        blank: the class that stands for no label.
        zero_infinity: whether sequences that cannot be aligned count as 0, without a gradient.

    Example:
        >>> import numpy as np
        >>> log_probs = np.log(np.full((2, 1, 2), 0.5))
        >>> round(float(CTCLoss()(log_probs, np.array([[1]]), np.array([2]), np.array([1]))), 4)
        0.2877
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction)
        self.blank = check_index(blank, "CTCLoss: blank")
        self.zero_infinity = bool(zero_infinity)

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
