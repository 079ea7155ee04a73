"""Distances as modules."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .functional.arguments import check_index, flag, number
from .module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """x1 . x2 / (max(|x1|, eps) * max(|x2|, eps)) along `dim`.

    Args:
        dim: the axis of the vectors.
        eps: least norm that is divided by.

    Shapes: x1 and x2 broadcast together; the result is without `dim`.

    Errors: ShapeError for shapes that do not broadcast; AxisError; ArgumentError for a `dim` that is
    no integer, and an eps that is negative or NaN.

    Example:
        >>> import numpy as np
        >>> CosineSimilarity()(np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]]))
        array([0.6])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim = check_index(dim, "CosineSimilarity: dim")
        self.eps = number(eps, "CosineSimilarity: eps", least=0)

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of x1 - x2 + eps along the last axis.

    Args:
        p: of the p-norm.
        eps: added to every difference, so that equal vectors have a gradient.
        keepdim: whether the last axis stays, with length one.

    Shapes: x1 and x2 broadcast together, (..., d) -> (...).

    Errors: ShapeError for shapes that do not broadcast; ArgumentError for a NaN p or eps.

    Example:
        >>> import numpy as np
        >>> PairwiseDistance(eps=0)(np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]]))
        array([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm = number(p, "PairwiseDistance: p")
        self.eps = number(eps, "PairwiseDistance: eps")
        self.keepdim = flag(keepdim, "PairwiseDistance: keepdim")

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
