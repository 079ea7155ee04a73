"""Losses of margins, between inputs or against labels of 1 and -1, as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.errors import OperandError, ShapeError
from autograd.ops.choosing import clamp, equal, minimum, not_equal, where
from autograd.ops.elementwise import sqrt
from autograd.ops.neural import losses
from autograd.ops.neural.losses import check_reduction, check_same, reduced
from autograd.ops.reductions import sum as total

from . import distance
from .arguments import alike, looping, number, pair, plain
from .inputs import as_array

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]

_LEAST_SQUARE = 1e-12  # added to squared lengths, so that their roots have derivatives


def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """log(1 + exp(-target * input)), with targets of 1 and -1: its mean, its sum, or each.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> round(float(soft_margin_loss(np.array([0.0, 2.0]), np.array([1, -1]))), 4)
        1.41
    """
    check_reduction(reduction, "soft_margin_loss")
    input, target = pair(input, target)
    return losses.soft_margin_loss(input, target, (), reduction)


@looping
def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """input where target is 1, max(0, margin - input) where it is -1: the mean, the sum, or each.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> float(hinge_embedding_loss(np.array([0.5, 0.25]), np.array([1, -1])))
        0.625
    """
    check_reduction(reduction, "hinge_embedding_loss")
    margin = number(margin, "hinge_embedding_loss: margin")
    input, target = pair(input, target)
    check_same(input, target, "hinge_embedding_loss")
    signs = plain(target)
    input = alike(input, target)
    near = where(not_equal(signs, -1), input, 0)
    return reduced(near + where(not_equal(signs, 1), clamp(margin - input, 0.0), 0), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, reduction: str = "mean"
) -> Any:
    """max(0, -target * (input1 - input2) + margin): its mean, its sum, or each.

    Args:
        target: 1 where input1 should be the larger, -1 where input2 should be.

    Errors: ShapeError unless all three have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> float(margin_ranking_loss(np.array([1.0, 2.0]), np.array([0.0, 5.0]), np.array([1, 1])))
        1.5
    """
    check_reduction(reduction, "margin_ranking_loss")
    margin = number(margin, "margin_ranking_loss: margin")
    input1, input2 = pair(input1, input2)
    input1, target = pair(input1, target)
    if not input1.shape == input2.shape == target.shape:
        raise ShapeError(
            f"margin_ranking_loss: input1{input1.shape}, input2{input2.shape} and "
            f"target{target.shape} must have one shape"
        )
    return reduced(clamp(margin - target * (input1 - input2), 0.0), reduction)


# ------------------------------------------------------------------ distances


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """max(0, margin + |anchor - positive| - |anchor - negative|): its mean, its sum, or each.

    Args:
        p, eps: of the distances, see `pairwise_distance`.
        swap: where |positive - negative| is less than |anchor - negative|, take that.

    Shapes: all (N, D) or (D,).

    Errors: ShapeError unless all three have one shape; ArgumentError unless margin is above 0.

    Source: Balntas et al., Learning Local Feature Descriptors with Triplets and Shallow
    Convolutional Neural Networks, 2016.

    Example:
        >>> import numpy as np
        >>> x, y, z = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 5.5]])
        >>> round(float(triplet_margin_loss(x, y, z)), 4)
        0.5
    """
    p = number(p, "triplet_margin_loss: p")
    eps = number(eps, "triplet_margin_loss: eps")

    def between(x: Any, y: Any) -> Any:
        return distance.pairwise_distance(x, y, p, eps)

    return _triplet(anchor, positive, negative, between, margin, swap, reduction, "triplet_margin_loss")


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """max(0, margin + d(anchor, positive) - d(anchor, negative)): its mean, its sum, or each.

    Args:
        distance_function: d, of two arrays; `pairwise_distance` by default.
        swap: where d(positive, negative) is less than d(anchor, negative), take that.

    Errors: ShapeError unless all three have one shape; ArgumentError unless margin is above 0.

    Example:
        >>> import numpy as np
        >>> x, y, z = np.array([[0.0]]), np.array([[1.0]]), np.array([[1.5]])
        >>> city = lambda a, b: abs(a - b).sum(-1)
        >>> float(triplet_margin_with_distance_loss(x, y, z, distance_function=city))
        0.5
    """
    caller = "triplet_margin_with_distance_loss"
    between = distance.pairwise_distance if distance_function is None else distance_function
    return _triplet(anchor, positive, negative, between, margin, swap, reduction, caller)


def _triplet(
    anchor: Any,
    positive: Any,
    negative: Any,
    between: Callable,
    margin: float,
    swap: bool,
    reduction: str,
    caller: str,
) -> Any:
    check_reduction(reduction, caller)
    margin = number(margin, f"{caller}: margin", above=0)
    if not callable(between):
        raise OperandError(f"{caller}: distance_function must be a function, got {between!r}")
    anchor, positive, negative = as_array(anchor), as_array(positive), as_array(negative)
    if not anchor.shape == positive.shape == negative.shape:
        raise ShapeError(
            f"{caller}: anchor{anchor.shape}, positive{positive.shape} and negative{negative.shape} "
            f"must have one shape"
        )
    far = between(anchor, negative)
    if swap:
        far = minimum(far, between(positive, negative))
    return reduced(clamp(between(anchor, positive) - far + margin, 0.0), reduction)


@looping
def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, reduction: str = "mean"
) -> Any:
    """1 - cos(input1, input2) where target is 1, max(0, cos(input1, input2) - margin) where -1.

    Shapes: inputs (N, D) or (D,), target (N,) or ().

    Errors: ShapeError for shapes that do not fit; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> x, y = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [3.0, 0.0]])
        >>> round(float(cosine_embedding_loss(x, y, np.array([1, -1]))), 4)
        1.0
    """
    caller = "cosine_embedding_loss"
    check_reduction(reduction, caller)
    margin = number(margin, f"{caller}: margin")
    input1, input2 = pair(input1, input2)
    signs = plain(as_array(target))
    if input1.ndim not in (1, 2) or input1.shape != input2.shape or signs.shape != input1.shape[:-1]:
        raise ShapeError(
            f"{caller}: input1{input1.shape} and input2{input2.shape} must both be (N, D) or (D,), "
            f"and target{signs.shape} (N,) or ()"
        )
    input1 = alike(input1, target)
    square1 = total(input1 * input1, -1) + _LEAST_SQUARE
    square2 = total(input2 * input2, -1) + _LEAST_SQUARE
    cosine = total(input1 * input2, -1) / sqrt(square1 * square2)
    near = where(equal(signs, 1), 1 - cosine, 0)
    return reduced(near + where(equal(signs, -1), clamp(cosine - margin, 0.0), 0), reduction)
