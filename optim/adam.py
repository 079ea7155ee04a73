"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .formulas import approach, blend_square, decay_scalars, descent
from .optimizer import Optimizer


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
        decoupled_weight_decay: decay as `AdamW` does.
        ways: see `Optimizer`.

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
    ranges: ClassVar = {"lr": (0.0,), "eps": (0.0,), "weight_decay": (0.0,)}

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
        decoupled_weight_decay: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq") + (("max_exp_avg_sq",) if group["amsgrad"] else ())

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        b1, b2 = group["betas"]
        size = group["lr"] / (1 - b1**step)
        unbias = 1 / math.sqrt(1 - b2**step)
        return 1 - b1, b2, 1 - b2, size, unbias, group["eps"], *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        fresh1, b2, fresh2, size, unbias, eps, *decay = scalars
        m, v, *largest = state
        s, r = scratch
        g = descent(p, g, s, r, *decay)
        approach(m, g, fresh1, s)
        blend_square(v, g, b2, fresh2, s)
        if largest:
            np.maximum(largest[0], v, out=largest[0])
            v = largest[0]
        np.sqrt(v, s)
        np.multiply(s, unbias, s)
        np.add(s, eps, s)
        np.divide(m, s, s)
        np.multiply(s, size, s)
        np.subtract(p, s, p)


class AdamW(Adam):
    """Adam, with p *= 1 - lr weight_decay before each step in place of decay in g.

    Args:
        params, lr, betas, eps, amsgrad, maximize, ways: see `Adam`.
        weight_decay: the part of p, times lr, that is taken off at each step.

    Errors: ArgumentError for options out of range.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> AdamW([x], lr=0.1, weight_decay=0.5).step()
        >>> x
        tensor([0.85], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {"maximize": maximize, "decoupled_weight_decay": True, **ways}
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **options)
