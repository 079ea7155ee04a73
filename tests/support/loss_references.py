"""What the losses that are primitives should compute, spelled out plainly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np


def reduced(losses: Any, reduction: str) -> Any:
    """The mean, the sum, the sum over the length of the first axis, or each."""
    losses = np.asarray(losses)
    if reduction == "batchmean":
        return np.sum(losses) / len(losses)
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](losses)


def softmax(x: Any) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)


def _by_element(each: Callable) -> Callable:
    """A loss from its value for two numbers."""

    def loss(x: Any, y: Any, options: tuple = (), reduction: str = "mean") -> Any:
        losses = [each(float(a), float(b), *options) for a, b in zip(x.flat, y.flat, strict=True)]
        return reduced(np.array(losses).reshape(x.shape), reduction)

    return loss


def _huber(x: float, y: float, delta: float) -> float:
    d = abs(x - y)
    return d * d / 2 if d < delta else delta * (d - delta / 2)


def _poisson(x: float, y: float, log_input: bool, full: bool, eps: float) -> float:
    loss = math.exp(x) - y * x if log_input else x - y * math.log(x + eps)
    stirling = y * math.log(y) - y + math.log(2 * math.pi * y) / 2
    return loss + stirling if full and y > 1 else loss


def _entropy(p: float, y: float) -> float:
    return -y * math.log(p) - (1 - y) * math.log(1 - p)


def _of_classes(
    logs: Any, target: Any, weight: Any, reduction: str, ignore_index: int, smoothing: float = 0.0
) -> Any:
    """-weight * logs at the targets, place by place, and a little of it at all classes."""
    losses, total, classes = np.zeros(target.shape), 0.0, logs.shape[1]
    weight = np.ones(classes) if weight is None else weight
    for place in np.ndindex(target.shape):
        wanted = int(target[place])
        if wanted != ignore_index:
            for k in range(classes):
                part = smoothing / classes + (1 - smoothing) * (k == wanted)
                losses[place] -= part * weight[k] * logs[(place[0], k, *place[1:])]
            total += weight[wanted]
    return losses.sum() / total if reduction == "mean" else reduced(losses, reduction)


def _logits(x: Any, y: Any, options: tuple, reduction: str) -> Any:
    weight = 1 if options[0] is None else options[0]
    p = 1 / (1 + np.exp(-x))
    return reduced(-weight * y * np.log(p) - (1 - y) * np.log(1 - p), reduction)


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """By going through every path that there is."""
    losses = []
    for n, (frames, count) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        wanted, total = [int(k) for k in targets[n, :count]], 0.0
        for path in itertools.product(range(log_probs.shape[2]), repeat=int(frames)):
            if [k for k, _ in itertools.groupby(path) if k != blank] == wanted:
                total += math.exp(sum(log_probs[t, n, k] for t, k in enumerate(path)))
        loss = -math.log(total) if total else 0.0 if zero_infinity else math.inf
        losses.append(loss / max(count, 1) if reduction == "mean" else loss)
    return reduced(losses, reduction)


LOSSES: dict[str, Callable] = {
    "binary_cross_entropy": _by_element(_entropy),
    "binary_cross_entropy_with_logits": _logits,
    "cross_entropy": lambda x, target, **options: _of_classes(np.log(softmax(x)), target, None, **options),
    "ctc_loss": ctc_loss,
    "huber_loss": _by_element(_huber),
    "kl_div": _by_element(
        lambda x, y, log_target: math.exp(y) * (y - x) if log_target else y * (math.log(y) - x)
    ),
    "l1_loss": _by_element(lambda x, y: abs(x - y)),
    "mse_loss": lambda x, y, reduction: reduced((x - y) ** 2, reduction),
    "nll_loss": _of_classes,
    "poisson_nll_loss": _by_element(_poisson),
    "smooth_l1_loss": _by_element(lambda x, y, beta: _huber(x, y, beta) / beta),
    "soft_cross_entropy": lambda x, target, reduction: reduced(
        -np.sum(target * np.log(softmax(x)), 1), reduction
    ),
    "soft_margin_loss": _by_element(lambda x, y: math.log(1 + math.exp(-y * x))),
    "weighted_cross_entropy": lambda x, target, weight, **options: _of_classes(
        np.log(softmax(x)), target, weight, **options
    ),
}
