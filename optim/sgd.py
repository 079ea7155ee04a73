"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd.errors import ArgumentError

from .checks import check_number
from .optimizer import Optimizer


class SGD(Optimizer):
    """b = momentum * b + (1 - dampening) * g;  p -= lr * b.

    The first b is g itself. Without momentum, p -= lr * g; with `nesterov`,
    p -= lr * (g + momentum * b).

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        momentum: how much of the last step is kept.
        dampening: how much of the gradient is left out of b.
        weight_decay: adds weight_decay * p to g.
        nesterov: look ahead along b; needs momentum and no dampening.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Sutskever et al., On the importance of initialization and momentum in deep
    learning, 2013; in PyTorch's form.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> SGD([x], lr=0.25).step()
        >>> x
        tensor([0.5], requires_grad=True)
    """

    ranges: ClassVar = {"lr": (0.0,), "momentum": (0.0,), "weight_decay": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, options, ways)

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        check_number("SGD", "dampening", group["dampening"])
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ArgumentError("SGD: nesterov needs momentum above 0 and dampening 0")

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] else ()

    def scratch(self, p: np.ndarray) -> tuple[np.ndarray, ...]:
        both = any(group["nesterov"] and group["weight_decay"] for group in self.param_groups)
        return tuple(np.empty(p.shape, p.dtype) for _ in range(2 if both else 1))

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        sign = -1 if group["maximize"] else 1
        # the first b is g itself, whatever the dampening
        fresh = 1.0 - group["dampening"] if group["dampening"] and step > 1 else None
        momentum, decay = group["momentum"] or None, group["weight_decay"] or None
        return sign * group["lr"], momentum, fresh, decay and sign * decay, group["nesterov"]

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        lr, momentum, fresh, decay, nesterov = scalars
        s, *more = scratch
        if decay is not None:
            np.multiply(p, decay, s)
            g = np.add(s, g, s)
        if momentum is not None:
            (b,) = state
            np.multiply(b, momentum, b)
            if fresh is None:
                np.add(b, g, b)
            else:
                np.add(b, np.multiply(g, fresh, s), b)  # of g there is no more need
            if not nesterov:
                g = b
            elif decay is None:
                g = np.add(g, np.multiply(b, momentum, s), s)
            else:
                g = np.add(g, np.multiply(b, momentum, *more), s)
        np.multiply(g, lr, s)
        np.subtract(p, s, p)
