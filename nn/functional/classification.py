"""Losses of classes and of sets of classes as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.batching import is_batched
from autograd.errors import ArgumentError, DtypeError, IndexingError, OperandError, ShapeError
from autograd.ops.choosing import where
from autograd.ops.indexing import getitem
from autograd.ops.neural import classes, losses
from autograd.ops.neural import cross_entropy as kernels
from autograd.ops.neural.activations import relu
from autograd.ops.neural.losses import REDUCTIONS, check_reduction, reduced
from autograd.ops.reductions import mean
from autograd.ops.reductions import sum as total
from autograd.ops.shapes import reshape
from autograd.wholes import as_whole

from .arguments import (
    alike,
    check_index,
    check_power,
    constant,
    factors,
    looping,
    number,
    pair,
    plain,
    share,
    weights,
)
from .inputs import as_array

__all__ = [
    "cross_entropy",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
]

# ------------------------------------------------------------------ cross-entropy


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-weight[target] * log softmax(input)[target]: its mean, its sum, or each.

    Args:
        target: class indices; or probabilities p, for -sum(weight * p * log softmax(input)).
        weight: a factor for each class.
        ignore_index: class index of places that do not count.
        reduction: the mean divides by the weights of the targets together; for probabilities
            by the number of places.
        label_smoothing: the share s of the target that is spread evenly over all classes:
            (1 - s) * p + s / C.

    Shapes: input (N, C), (C,) or (N, C, d1, ...); target holds class indices, of the input's
    shape without C, or probabilities, of the input's shape; weight (C,).

    Errors: ShapeError, DtypeError, IndexingError for targets that do not fit; ArgumentError
    for an unknown reduction or a label_smoothing outside 0..1.

    Source: Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016,
    section 7, for label smoothing.

    Example:
        >>> import numpy as np
        >>> round(float(cross_entropy(np.zeros((2, 4)), np.array([0, 3]))), 4)
        1.3863
    """
    if reduction not in REDUCTIONS:
        check_reduction(reduction, "cross_entropy")
    if type(ignore_index) is not int:
        check_index(ignore_index, "cross_entropy: ignore_index")
    input, target = as_array(input), as_array(target)
    shape = input.shape
    soft = target.shape == shape
    if len(shape) == 2 and weight is None and not (soft or label_smoothing):
        return kernels.cross_entropy(input, target, reduction, ignore_index)
    if not shape:
        raise ShapeError("cross_entropy: input needs an axis of classes, got a scalar")
    smoothing = share(label_smoothing, "cross_entropy: label_smoothing")
    if soft:
        out = _of_probabilities(input, target, weight, ignore_index, reduction, smoothing)
    else:
        weight = constant(weight, input, "cross_entropy")
        labels = plain(target)
        _check_places(shape, labels, ignore_index, "cross_entropy")
        places, labels = _batched(alike(input, target)), labels.reshape(1) if len(shape) == 1 else labels
        options = (reduction, ignore_index, smoothing)
        if weight is None:
            out = kernels.cross_entropy(places, labels, *options)
        else:
            out = kernels.weighted_cross_entropy(places, labels, weight, *options)
    return reshape(out, ()) if reduction == "none" and len(shape) == 1 else out


def _check_places(shape: tuple, labels: np.ndarray, ignore_index: int | None, caller: str) -> None:
    """Check class indices against an input that may be without batches."""
    if is_batched(labels):
        return  # the kernel looks at those of all examples
    if len(shape) == 1 and not labels.ndim:
        shape, labels = (1, *shape), labels.reshape(1)
    classes.check_classes(shape, labels, ignore_index, caller)


def _batched(x: Any) -> Any:
    """An input with an axis of batches before that of classes."""
    return reshape(x, (1, -1)) if x.ndim == 1 else x


def _of_probabilities(
    input: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Any:
    if target.dtype.kind != "f":
        raise DtypeError(
            f"cross_entropy: a target of the input's shape, {input.shape}, holds probabilities and "
            f"must be floating, got {target.dtype}"
        )
    if ignore_index >= 0:
        raise ArgumentError("cross_entropy: ignore_index is for class indices, not for probabilities")
    input, target = _batched(input), _batched(target)
    count = input.shape[1]
    weight = weights(weight, input, "cross_entropy")
    classes.check_weight(weight, count, "cross_entropy")
    if smoothing:
        target = target * (1 - smoothing) + smoothing / count
    if weight is not None:
        target = target * reshape(weight, (count, *(1,) * (input.ndim - 2)))
    return kernels.soft_cross_entropy(input, target, reduction)


def nll_loss(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """-weight[target] * input[target], where input is a logarithm: its mean, its sum, or each.

    Args:
        weight: a factor for each class; the mean divides by those of the targets together.
        ignore_index: class index of places that do not count.

    Shapes: input (N, C), (C,) or (N, C, d1, ...); target the input's without C; weight (C,).

    Errors: ShapeError, DtypeError, IndexingError for targets that do not fit; ArgumentError
    for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> float(nll_loss(np.array([[-1.0, -2.0], [-3.0, -4.0]]), np.array([0, 1])))
        2.5
    """
    check_reduction(reduction, "nll_loss")
    check_index(ignore_index, "nll_loss: ignore_index")
    input, labels = alike(input, target), plain(as_array(target))
    weight = constant(weight, input, "nll_loss")
    if input.ndim == 1:
        _check_places(input.shape, labels, ignore_index, "nll_loss")
        out = classes.nll_loss(reshape(input, (1, -1)), labels.reshape(1), weight, reduction, ignore_index)
        return reshape(out, ()) if reduction == "none" else out
    return classes.nll_loss(input, labels, weight, reduction, ignore_index)


# ------------------------------------------------------------------ margins


@looping
def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """weight[y] * sum of max(0, margin - input[y] + input[j])**p over classes j but y, over C.

    Args:
        target: y, the class indices.
        p: 1 or 2.
        weight: a factor for each class; the mean divides by N all the same.

    Shapes: input (N, C) or (C,), target (N,) or (), weight (C,).

    Errors: ShapeError, DtypeError, IndexingError for targets that do not fit; ArgumentError
    for other p.

    Source: Crammer and Singer, On the Algorithmic Implementation of Multiclass Kernel-based
    Vector Machines, 2001.

    Example:
        >>> import numpy as np
        >>> float(multi_margin_loss(np.array([[0.5, 0.25, 0.0, 0.0]]), np.array([0])))
        0.4375
    """
    check_reduction(reduction, "multi_margin_loss")
    check_power(p, "multi_margin_loss: p")
    margin = number(margin, "multi_margin_loss: margin")
    input, labels = alike(input, target), plain(as_array(target))
    if input.ndim not in (1, 2):
        raise ShapeError(f"multi_margin_loss: input{input.shape} must be (N, classes) or (classes,)")
    _check_places(input.shape, labels, None, "multi_margin_loss")
    rows, labels = _batched(input), labels.reshape(-1)
    weight = constant(weight, input, "multi_margin_loss")
    classes.check_weight(weight, rows.shape[1], "multi_margin_loss")
    own = (np.arange(len(labels)), labels)
    excess = relu(rows + (margin - reshape(getitem(rows, own), (-1, 1))))
    others = np.not_equal(np.arange(rows.shape[1]), labels[:, None])
    each = mean(where(others, excess if p == 1 else excess * excess, 0), 1)
    if weight is not None:
        each = each * weight[labels]
    return reduced(each if input.ndim == 2 else reshape(each, ()), reduction)


@looping
def multilabel_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Sum of max(0, 1 - input[y] + input[j]) over classes y that are targets and j that are not, over C.

    Args:
        target: class indices, up to the first -1 in each row.

    Shapes: input and target (N, C) or (C,).

    Errors: ShapeError, DtypeError, IndexingError for targets that do not fit; ArgumentError
    for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> x, y = np.array([0.1, 0.2, 0.4, 0.8]), np.array([3, 0, -1, 1])
        >>> round(float(multilabel_margin_loss(x, y)), 4)
        0.85
    """
    check_reduction(reduction, "multilabel_margin_loss")
    input, labels = alike(input, target), plain(as_array(target))
    _check_label_sets(input.shape, labels)
    rows, labels = _batched(input), labels.reshape((-1, input.shape[-1]))
    given = ~np.logical_or.accumulate(labels == -1, 1)
    plainly = isinstance(given, np.ndarray)  # else nobody knows how many there are at most
    most = int(np.add.reduce(given, 1).max(initial=0)) if plainly else given.shape[1]
    n, used = np.arange(len(rows))[:, None], np.where(given, labels, 0)[:, :most]
    matches = np.equal(used[:, :, None], np.arange(rows.shape[1])) & given[:, :most, None]
    among = np.logical_or.reduce(matches, 1)
    excess = relu(
        reshape(rows, (len(n), 1, rows.shape[1]))
        + (1 - reshape(getitem(rows, (n, used)), (len(n), most, 1)))
    )
    counted = given[:, :most, None] & ~among[:, None, :]
    each = total(where(counted, excess, 0), (1, 2)) / rows.shape[1]
    return reduced(each if input.ndim == 2 else reshape(each, ()), reduction)


def _check_label_sets(shape: tuple, labels: np.ndarray) -> None:
    caller = "multilabel_margin_loss"
    if len(shape) not in (1, 2) or labels.shape != shape:
        raise ShapeError(
            f"{caller}: input{shape} and target{labels.shape} must both be (N, classes) or (classes,)"
        )
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"{caller}: class indices must be integers, got {labels.dtype}")
    as_whole(_check_range, labels, shape[-1], caller)


def _check_range(labels: np.ndarray, classes: int, caller: str) -> None:
    wrong = labels[(labels < -1) | (labels >= classes)]
    if wrong.size:
        raise IndexingError(f"{caller}: class indices must be in -1..{classes - 1}, got {wrong[0]}")


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Binary cross-entropy of sigmoid(input), its mean over the classes.

    Args:
        weight: a factor for each class, or what broadcasts to the input.

    Shapes: input and target (N, C) or (C,), weight (C,).

    Errors: ShapeError for shapes that do not fit; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> round(float(multilabel_soft_margin_loss(np.zeros((1, 2)), np.array([[1.0, 0.0]]))), 4)
        0.6931
    """
    check_reduction(reduction, "multilabel_soft_margin_loss")
    input, target = pair(input, target)
    if not input.ndim:
        raise OperandError("multilabel_soft_margin_loss: input needs an axis of classes, got a scalar")
    losses.check_same(input, target, "multilabel_soft_margin_loss")
    each = losses.binary_cross_entropy_with_logits(input, target, (None,), "none")
    if weight is not None:
        each = each * factors(weight, input, "multilabel_soft_margin_loss", "weight")
    return reduced(mean(each, -1), reduction)
