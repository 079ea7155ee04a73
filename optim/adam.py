"""Adam."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .optimizer import Optimizer, check_range


class Adam(Optimizer):
    """m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g**2;  p -= lr m' / (sqrt(v') + eps).

    m' = m / (1 - b1**t) and v' = v / (1 - b2**t) undo the bias of starting at zero.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        betas: (b1, b2), each in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: adds weight_decay * p to g.
        amsgrad: use the largest v' so far.
        maximize: climb instead.

    Errors: ArgumentError for options out of range.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1;
    amsgrad: Reddi et al., On the Convergence of Adam and Beyond, 2018.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Adam([x], lr=0.1).step()
        >>> x
        tensor([0.9], requires_grad=True)
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def check(self, group: Mapping[str, Any]) -> None:
        for option in ("lr", "eps", "weight_decay"):
            check_range("Adam", option, group[option], 0.0)
        for i, beta in enumerate(group["betas"]):
            check_range("Adam", f"betas[{i}]", beta, 0.0, 1.0)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq") + (("max_exp_avg_sq",) if group["amsgrad"] else ())

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        b1, b2 = group["betas"]
        size = group["lr"] / (1 - b1**step)
        unbias = 1 / math.sqrt(1 - b2**step)
        decay = group["weight_decay"] or None
        return 1 - b1, b2, 1 - b2, size, unbias, group["eps"], decay, group["maximize"]

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        fresh1, b2, fresh2, size, unbias, eps, decay, maximize = scalars
        m, v, *largest = state
        s, r = scratch
        if maximize:
            g = np.negative(g, r)
        if decay:
            np.multiply(p, decay, s)
            g = np.add(s, g, r)
        np.subtract(g, m, s)  # m += (1 - b1) (g - m): one pass less than the formula as printed
        np.multiply(s, fresh1, s)
        np.add(m, s, m)
        np.multiply(g, g, s)
        np.multiply(s, fresh2, s)
        np.multiply(v, b2, v)
        np.add(v, s, v)
        if largest:
            np.maximum(largest[0], v, out=largest[0])
            v = largest[0]
        np.sqrt(v, s)
        np.multiply(s, unbias, s)
        np.add(s, eps, s)
        np.divide(m, s, s)
        np.multiply(s, size, s)
        np.subtract(p, s, p)
