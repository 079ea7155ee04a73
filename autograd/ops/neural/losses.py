"""Losses of two arrays, element by element and then reduced: each is one operation.

A loss is declared by its value and its partial derivatives; the check of shapes and the
reduction are written once. The derivatives are written with the operations, so that one
formula serves every order.
"""

from __future__ import annotations

import math

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, DtypeError, ShapeError
from ...memory import is_array
from ..choosing import clip, greater, less, where
from ..elementwise import exp, log, logaddexp
from ..masking import keep_zeros
from ..reductions import sum as total
from ..sizes import sign
from . import batching
from .activations import sigmoid

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction, caller, known=REDUCTIONS):
    """Refuse what is no reduction."""
    if reduction not in known:
        raise ArgumentError(f"{caller}: reduction must be one of {known}, got {reduction!r}")


def reduced(losses, reduction):
    """The mean of losses, their sum, their sum per entry of the first axis, or each."""
    if reduction == "none":
        return losses
    plain = is_array(losses)
    value = np.add.reduce(losses, None) if plain else total(losses)
    if reduction == "mean" and plain:
        return value / losses.size
    return value if reduction == "sum" else value / share(losses.shape, reduction)


def share(shape, reduction):
    """What a reduction divides the sum of losses of this shape by."""
    if reduction == "mean":
        return math.prod(shape)
    return shape[0] if reduction == "batchmean" and shape else 1


def per_element(g, shape, reduction):
    """The cotangent of each element of a reduced loss, as a number or of the loss's shape."""
    return g if reduction in ("none", "sum") else g / share(shape, reduction)


def check_same(x, y, caller):
    """Losses do not broadcast: that would hide a mistake."""
    if x.shape != y.shape:
        raise ShapeError(f"{caller}: input{x.shape} and target{y.shape} must have one shape")


def _pointwise(name, each, dx, dy, doc, cases=((),), domain=None, singular=False):
    """A loss `each(x, y, *options)` with its partial derivatives."""

    def kernel(x, y, options=(), reduction="mean"):
        check_same(x, y, name)
        if x.dtype.kind == "c" or y.dtype.kind == "c":
            raise DtypeError(f"{name}: input and target must be real, got {x.dtype} and {y.dtype}")
        return reduced(each(x, y, *options), reduction)

    def rule(slope):
        return lambda g, x, y, options, reduction: (
            slope(x, y, *options) * per_element(g, x.shape, reduction)
        )

    def push(slope, i):
        def moved(t, out, x, y, options, reduction):
            each = slope(x, y, *options) * t
            return reduced(keep_zeros(t, each, None, i) if singular else each, reduction)

        return moved

    return primitive(
        kernel,
        ["x", "y"],
        name=name,
        vjp={"x": rule(dx), "y": rule(dy)},
        jvp={"x": push(dx, 0), "y": push(dy, 1)},
        domain=domain,
        singular=singular,
        batch=batching.of_elements,
        cases=[
            case((2, 3), (2, 3), options=options, reduction=reduction)
            for options, reduction in zip(cases * 3, ("mean", "none", "sum", "batchmean") * 3, strict=False)
        ],
        doc=doc + ": the mean, the sum, or each.",
    )  # fmt: skip


def _of_difference(name, each, slope, doc, cases=((),)):
    """A loss of x - y alone."""
    return _pointwise(
        name,
        lambda x, y, *options: each(x - y, *options),
        lambda x, y, *options: slope(x - y, *options),
        lambda x, y, *options: -slope(x - y, *options),
        doc, cases,
    )  # fmt: skip


# ------------------------------------------------------------------ regression


def _mse(x, y, reduction="mean"):
    if x.shape != y.shape:
        check_same(x, y, "mse_loss")
    difference = x - y
    if reduction == "none":
        return difference * difference
    flat = difference.reshape(-1)
    value = flat.dot(flat)
    return value / flat.size if reduction == "mean" else value


mse_loss = primitive(
    _mse,
    ["x", "y"],
    name="mse_loss",
    vjp={
        "x": lambda g, x, y, reduction: (x - y) * per_element(2 * g, x.shape, reduction),
        "y": lambda g, x, y, reduction: (y - x) * per_element(2 * g, x.shape, reduction),
    },
    jvp={
        "x": lambda t, out, x, y, reduction: reduced(2 * (x - y) * t, reduction),
        "y": lambda t, out, x, y, reduction: reduced(2 * (y - x) * t, reduction),
    },
    analytic=True,
    batch=batching.of_elements,
    cases=[case((2, 3), (2, 3)), case((4,), (4,), reduction="sum"), case((3,), (3,), reduction="none")],
    doc="The squared difference of x and y: its mean, its sum, or each.",
)
l1_loss = _of_difference("l1_loss", np.abs, lambda d: sign(d), "|x - y|")


def _huber(d, delta):
    size = np.abs(d)
    near = np.minimum(size, delta)
    return near * (size - 0.5 * near)


huber_loss = _of_difference(
    "huber_loss",
    _huber,
    lambda d, delta: clip(d, -delta, delta),
    "(x - y)**2 / 2 where |x - y| < delta, else delta * (|x - y| - delta / 2)",
    cases=((1.1,), (0.7,)),
)
smooth_l1_loss = _of_difference(
    "smooth_l1_loss",
    lambda d, beta: _huber(d, beta) / beta,
    lambda d, beta: clip(d / beta, -1.0, 1.0),
    "huber_loss / beta",
    cases=((1.1,), (0.7,)),
)

# ------------------------------------------------------------------ distributions


def _stirling(y):
    # Stirling's approximation of log(y!), which nothing but y > 1 needs
    far = np.maximum(y, 1)
    return np.where(y > 1, far * np.log(far) - far + 0.5 * np.log(2 * math.pi * far), 0)


def _poisson(x, y, log_input, full, eps):
    each = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
    return each + _stirling(y).astype(each.dtype, copy=False) if full else each


def _d_poisson_y(x, y, log_input, full, eps):
    slope = -x if log_input else -log(x + eps)
    if not full:
        return slope
    far = greater(y, 1)
    safe = where(far, y, 1)
    return slope + where(far, log(safe) + 0.5 / safe, 0)


poisson_nll_loss = _pointwise(
    "poisson_nll_loss",
    _poisson,
    lambda x, y, log_input, full, eps: exp(x) - y if log_input else 1 - y / (x + eps),
    _d_poisson_y,
    "exp(x) - y * x, or x - y * log(x + eps) where x is no logarithm",
    cases=((True, False, 1e-8), (True, True, 1e-8), (False, True, 1e-8)),
    domain={"x": (0.2, 3.0), "y": (0.1, 4.0)},
)


def _kl_div(x, y, log_target):
    if log_target:
        return np.exp(y) * (y - x)
    return y * (np.log(np.where(y == 0, 1, y)) - x)


def _d_kl_div_y(x, y, log_target):
    if log_target:
        return exp(y) * (y - x + 1)
    return log(y) + 1 - x  # -inf where y is 0, to which the slope tends


kl_div = _pointwise(
    "kl_div",
    _kl_div,
    lambda x, y, log_target: -exp(y) if log_target else -y,
    _d_kl_div_y,
    "y * (log(y) - x), or exp(y) * (y - x) where y is a logarithm",
    cases=((False,), (True,)),
    domain={"x": (-3.0, -0.1), "y": (0.1, 0.9)},
    singular=True,
)

# ------------------------------------------------------------------ two classes

LEAST_LOG = -100.0  # where binary_cross_entropy ends
LEAST_SLOPE = float(np.float32(1e-12))  # what its derivative divides by at least, as PyTorch has it


def _logs(x):
    """log(x) and log(1 - x), no less than LEAST_LOG."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), LEAST_LOG), np.maximum(np.log1p(-x), LEAST_LOG)


def _bce(x, y):
    yes, no = _logs(x)
    return (y - 1) * no - y * yes


def _d_bce_x(x, y):
    slope = x * (1 - x)
    return (x - y) / where(less(slope, LEAST_SLOPE), LEAST_SLOPE, slope)


def _bounded_log(x):
    cut = less(x, math.exp(LEAST_LOG))
    return where(cut, LEAST_LOG, log(where(cut, 1, x)))


binary_cross_entropy = _pointwise(
    "binary_cross_entropy",
    _bce,
    _d_bce_x,
    lambda x, y: _bounded_log(1 - x) - _bounded_log(x),
    "-y * log(x) - (1 - y) * log(1 - x), the logarithms no less than -100",
    domain=(0.1, 0.9),
)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _positive(y, weight):
    """The factor of softplus(-x), where `weight` is that of the positive part."""
    return 1 if weight is None else (weight.astype(y.dtype, copy=False) - 1) * y + 1


def _d_logits_y(x, y, weight):
    if weight is None:
        return -x
    return (weight.astype(x.dtype, copy=False) - 1) * logaddexp(-x, 0.0) - x


binary_cross_entropy_with_logits = _pointwise(
    "binary_cross_entropy_with_logits",
    lambda x, y, weight: _softplus(-x) * _positive(y, weight) + (1 - y) * x,
    lambda x, y, weight: 1 - y - sigmoid(-x) * _positive(y, weight),
    _d_logits_y,
    "-weight * y * log(sigmoid(x)) - (1 - y) * log(1 - sigmoid(x))",
    cases=((None,), (np.array([0.5, 1.0, 2.0]),)),
)
soft_margin_loss = _pointwise(
    "soft_margin_loss",
    lambda x, y: _softplus(-y * x),
    lambda x, y: -y * sigmoid(-y * x),
    lambda x, y: -x * sigmoid(-y * x),
    "log(1 + exp(-y * x))",
)
