"""What random training steps do between resetting gradients and updating parameters, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn.functional as F

from .training_parts import Net


class Inside:
    """What a step finds by name."""

    def __init__(self, model: Net, criterion: Callable, rng: Any, average: Any, slope: Callable):
        self.model, self.criterion = model, criterion
        self.rng, self.average, self.slope = rng, average, slope

    def loss(self, x: Any, y: Any) -> Any:
        return self.criterion(self.model(x), y)


def _backward(on: Inside, x: Any, y: Any) -> Any:
    loss = on.loss(x, y)
    loss.backward()
    return loss


def _twice(on: Inside, x: Any, y: Any) -> Any:
    loss = on.loss(x, y)
    loss.backward(retain_graph=True)
    (loss * 0.5).backward()
    return loss


def _parts(on: Inside, x: Any, y: Any) -> Any:
    total = 0.0
    for part in (slice(0, 2), slice(1, None)):
        loss = on.loss(x[part], y[part]) / 2
        loss.backward()
        total = total + loss.detach()
    return total


def _penalty(on: Inside, x: Any, y: Any) -> Any:
    loss = on.loss(x, y)
    slopes = autograd.gradients(loss, [on.model.scale], create_graph=True)
    (loss + 0.1 * sum((g * g).sum() for g in slopes)).backward()
    return loss


def _noisy(on: Inside, x: Any, y: Any) -> Any:
    return _backward(on, x + on.rng.normal(size=x.shape).astype(x.dtype) * 0.1, y)


def _with_a_hook(on: Inside, x: Any, y: Any) -> Any:
    out = on.model(x)
    out.register_hook(lambda g: g * 0.5)
    loss = on.criterion(out, y)
    loss.backward()
    return loss


def _teacher(on: Inside, x: Any, y: Any) -> Any:
    with autograd.no_grad():
        wanted = on.model(x) * 0.5
    loss = F.mse_loss(on.model(x), wanted) + on.loss(x, y)
    loss.backward()
    return loss


def _decayed(on: Inside, x: Any, y: Any) -> Any:
    with autograd.no_grad():
        for p in on.model.parameters():
            p.mul_(0.99)
    return _backward(on, x, y)


def _averaged(on: Inside, x: Any, y: Any) -> Any:
    loss = _backward(on, x, y)
    with autograd.no_grad():
        on.average.mul_(0.9).add_(on.model.scale.detach() * 0.1)
    return loss


def _of_a_compiled_function(on: Inside, x: Any, y: Any) -> Any:
    slope = on.slope(np.ones(3, x.dtype))
    loss = on.loss(x, y) * float(len(slope))
    loss.backward()
    return loss


def _frozen_part(on: Inside, x: Any, y: Any) -> Any:
    loss = on.criterion(on.model(x).detach() * on.model.scale, y)
    loss.backward()
    return loss


BODIES: dict[str, Callable] = {
    "backward": _backward, "retain_graph": _twice, "micro-batches": _parts, "penalty": _penalty,
    "noise": _noisy, "hook": _with_a_hook, "teacher": _teacher, "decay by hand": _decayed,
    "running average": _averaged, "compiled function": _of_a_compiled_function,
    "part of the model": _frozen_part,
}  # fmt: skip
# Where gradients are reset.
RESETS: dict[str, tuple] = {
    "first": ("first", True), "first, to zeros": ("first", False), "last": ("last", True),
    "last, to zeros": ("last", False), "never": ("", True),
}  # fmt: skip
