"""Losses of an input and a target of one shape as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, ShapeError
from autograd.memory import is_array
from autograd.ops.elementwise import log
from autograd.ops.neural import losses
from autograd.ops.neural.losses import REDUCTIONS, check_reduction, check_same, reduced
from autograd.ops.reductions import sum as total
from autograd.ops.shapes import reshape

from .arguments import constant, factors, number, pair, plain, weights, whole
from .inputs import as_array

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
]


def _weighted(losses: Any, weight: Any, reduction: str, caller: str) -> Any:
    """Losses times a weight of their shape; the mean divides by the sum of the weights."""
    _same_weight(losses, weight, caller)
    value = reduced(losses * weight, "none" if reduction == "none" else "sum")
    return value / total(weight) if reduction == "mean" else value


def _same_weight(losses: Any, weight: Any, caller: str) -> None:
    if weight.shape != losses.shape:
        raise ShapeError(f"{caller}: input{losses.shape} and weight{weight.shape} must have one shape")


# ------------------------------------------------------------------ regression


def mse_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """(input - target)**2: its mean, its sum, or each.

    Args:
        weight: a factor of each, of the input's shape; the mean divides by their sum.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """
    if reduction not in REDUCTIONS:
        check_reduction(reduction, "mse_loss")
    input, target = pair(input, target)
    if weight is None:
        return losses.mse_loss(input, target, reduction)
    each = losses.mse_loss(input, target, "none")
    return _weighted(each, weights(weight, input, "mse_loss"), reduction, "mse_loss")


def l1_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """|input - target|: its mean, its sum, or each.

    Args:
        weight: a factor of each, of the input's shape; the mean divides by their sum.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> float(l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        1.0
    """
    check_reduction(reduction, "l1_loss")
    input, target = pair(input, target)
    if weight is None:
        return losses.l1_loss(input, target, (), reduction)
    each = losses.l1_loss(input, target, (), "none")
    return _weighted(each, weights(weight, input, "l1_loss"), reduction, "l1_loss")


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """d**2 / 2 where d = |input - target| is less than delta, else delta * (d - delta / 2).

    Args:
        weight: a factor of each, of the input's shape; the mean divides by their number.

    Errors: ShapeError unless both have one shape; ArgumentError unless delta is above 0.

    Source: Huber, Robust Estimation of a Location Parameter, 1964.

    Example:
        >>> import numpy as np
        >>> float(huber_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        0.75
    """
    check_reduction(reduction, "huber_loss")
    delta = number(delta, "huber_loss: delta", above=0)
    input, target = pair(input, target)
    if weight is None:
        return losses.huber_loss(input, target, (delta,), reduction)
    each, weight = losses.huber_loss(input, target, (delta,), "none"), weights(weight, input, "huber_loss")
    _same_weight(each, weight, "huber_loss")
    return reduced(each * weight, reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """d**2 / (2 beta) where d = |input - target| is less than beta, else d - beta / 2.

    Errors: ShapeError unless both have one shape; ArgumentError for a negative beta.

    Source: Girshick, Fast R-CNN, 2015, eq. 3.

    Example:
        >>> import numpy as np
        >>> float(smooth_l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        0.75
    """
    check_reduction(reduction, "smooth_l1_loss")
    beta = number(beta, "smooth_l1_loss: beta", least=0)
    input, target = pair(input, target)
    if not beta:
        check_same(input, target, "smooth_l1_loss")
        return losses.l1_loss(input, target, (), reduction)
    return losses.smooth_l1_loss(input, target, (beta,), reduction)


# ------------------------------------------------------------------ distributions


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """target * (log(target) - input), where input is a logarithm: its mean, its sum, or each.

    Args:
        reduction: "batchmean" divides the sum by the length of the first axis; that is the
            divergence itself, while "mean" divides by the number of elements.
        log_target: whether target is a logarithm too.

    Gradient: by a target of exactly 0 -inf, its limit (PyTorch: NaN); a cotangent of 0 stays 0.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Source: Kullback and Leibler, On Information and Sufficiency, 1951.

    Example:
        >>> import numpy as np
        >>> round(float(kl_div(np.log([[0.5, 0.5]]), np.array([[0.25, 0.75]]), "batchmean")), 4)
        0.1308
    """
    check_reduction(reduction, "kl_div", ("mean", "batchmean", "sum", "none"))
    input, target = pair(input, target)
    return losses.kl_div(input, target, (bool(log_target),), reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """exp(input) - target * input, of a Poisson distribution with rate exp(input).

    Args:
        log_input: if not, input is the rate: input - target * log(input + eps).
        full: add Stirling's approximation of log(target!) where target is above 1.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> round(float(poisson_nll_loss(np.array([0.0, 1.0]), np.array([1.0, 2.0]))), 4)
        0.8591
    """
    check_reduction(reduction, "poisson_nll_loss")
    eps = number(eps, "poisson_nll_loss: eps")
    input, target = pair(input, target)
    return losses.poisson_nll_loss(input, target, (bool(log_input), bool(full), eps), reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log(var) + (input - target)**2 / var) / 2, of normal distributions around the input.

    Args:
        var: the variances: a number, an array of the input's shape, or of that shape with its
            last axis left out or one axis of length 1. Below eps they count as eps, though the
            gradient passes as if not.
        full: add the constant log(2 pi) / 2.

    Errors: ShapeError for shapes that do not fit; ArgumentError for a negative variance.

    Source: Nix and Weigend, Estimating the Mean and Variance of the Target Probability
    Distribution, 1994.

    Example:
        >>> import numpy as np
        >>> float(gaussian_nll_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]), 1.0))
        1.0
    """
    check_reduction(reduction, "gaussian_nll_loss")
    eps = number(eps, "gaussian_nll_loss: eps", least=0)
    input, target = pair(input, target)
    check_same(input, target, "gaussian_nll_loss")
    var = _variances(var, input)
    if np.less(whole(var), 0).any():
        raise ArgumentError(f"gaussian_nll_loss: var must not be negative, got {whole(var).min()}")
    low = np.maximum(eps - plain(var), 0)  # added without a gradient; so bounds cut no gradient off
    if whole(low).any():
        var = var + low.astype(var.dtype, copy=False)
    difference = input - target
    each = 0.5 * (log(var) + difference * difference / var)
    if full:
        each = each + 0.5 * math.log(2 * math.pi)
    return reduced(each, reduction)


def _variances(var: Any, input: Any) -> Any:
    """Variances of a shape that only repeats along the input's."""
    dtype = input.dtype if input.dtype.kind == "f" else np.dtype(float)
    if isinstance(var, (int, float)):
        return np.full(input.shape, var, dtype)
    var = as_array(var)
    if var.dtype.kind in "iub":
        var = var.astype(dtype)
    if var.shape == input.shape:
        return var
    if var.shape == input.shape[:-1]:
        return reshape(var, (*var.shape, 1))
    differing = [n for n, m in zip(var.shape, input.shape, strict=False) if n != m]
    if var.ndim == input.ndim and differing == [1]:
        return var
    raise ShapeError(f"gaussian_nll_loss: var{var.shape} does not fit input{input.shape}")


# ------------------------------------------------------------------ two classes


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """-target * log(input) - (1 - target) * log(1 - input), the logarithms no less than -100.

    Args:
        weight: a factor of each, which broadcasts; the mean divides by the number of elements.

    Errors: ShapeError unless both have one shape; ArgumentError for probabilities outside 0..1.

    Example:
        >>> import numpy as np
        >>> round(float(binary_cross_entropy(np.array([0.5, 0.9]), np.array([1.0, 1.0]))), 4)
        0.3993
    """
    check_reduction(reduction, "binary_cross_entropy")
    input, target = pair(input, target)
    for name, x in (("input", input), ("target", target)):
        values = whole(x)
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            worst = values[~((values >= 0) & (values <= 1))].flat[0]
            raise ArgumentError(f"binary_cross_entropy: {name} must lie in 0..1, got {worst}")
    if weight is None:
        return losses.binary_cross_entropy(input, target, (), reduction)
    each = losses.binary_cross_entropy(input, target, (), "none")
    return reduced(each * factors(weight, input, "binary_cross_entropy", "weight"), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """Binary cross-entropy of sigmoid(input), without overflow.

    -pos_weight * target * log(sigmoid(input)) - (1 - target) * log(1 - sigmoid(input))

    Args:
        weight: a factor of each, which broadcasts; the mean divides by the number of elements.
        pos_weight: a factor of the positive part, which broadcasts.

    Errors: ShapeError for shapes that do not fit; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> round(float(binary_cross_entropy_with_logits(np.zeros(2), np.array([1.0, 0.0]))), 4)
        0.6931
    """
    caller = "binary_cross_entropy_with_logits"
    check_reduction(reduction, caller)
    input, target = pair(input, target)
    check_same(input, target, caller)
    if pos_weight is not None:  # a copy, as it is kept until the gradient is asked for
        constant(pos_weight, input, caller)
        pos_weight = factors(pos_weight, input, caller, "pos_weight")
        pos_weight = pos_weight.copy() if is_array(pos_weight) else np.array(pos_weight)
    each = "none" if weight is not None else reduction
    out = losses.binary_cross_entropy_with_logits(input, target, (pos_weight,), each)
    if weight is None:
        return out
    return reduced(out * factors(weight, input, caller, "weight"), reduction)
