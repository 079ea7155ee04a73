"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .checks import check_number
from .formulas import approach, decay_scalars, descent
from .optimizer import Optimizer


class ASGD(Optimizer):
    """p = (1 - lambd eta) p - eta g;  ax += mu (p - ax), the average of the last p.

    After step t, eta = lr / (1 + lambd lr t)**alpha and mu = 1 / max(1, t - t0). The average
    is the entry `ax` of the state: until step t0 it is p itself.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        lambd: decay of p.
        alpha: power by which eta falls.
        t0: the step after which p is averaged.
        weight_decay: adds weight_decay * p to g.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992;
    in PyTorch's form, after Bottou's sgd.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> ASGD([x], lr=0.25, lambd=0.0).step()
        >>> x
        tensor([0.5], requires_grad=True)
    """

    scratches = 2
    ranges: ClassVar = {"lr": (0.0,), "weight_decay": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options, ways)

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        for option in ("lambd", "alpha", "t0"):
            check_number("ASGD", option, group[option])

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("ax",)

    def numbers(self, group: Mapping[str, Any]) -> dict[str, float]:
        return {"eta": group["lr"], "mu": 1.0}

    def advance(self, group: Mapping[str, Any], step: int, numbers: dict[str, float]) -> tuple:
        eta, mu, lambd = numbers["eta"], numbers["mu"], group["lambd"]
        numbers["eta"] = group["lr"] / (1 + lambd * group["lr"] * step) ** group["alpha"]
        numbers["mu"] = 1 / max(1, step - group["t0"])
        return eta, 1 - lambd * eta, None if mu == 1 else mu, *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        eta, keep, mu, *decay = scalars
        (ax,) = state
        s, r = scratch
        g = descent(p, g, s, r, *decay)
        np.multiply(p, keep, p)
        np.multiply(g, eta, s)
        np.subtract(p, s, p)
        if mu is None:
            np.copyto(ax, p)
        else:
            approach(ax, p, mu, s)
