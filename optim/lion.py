"""Lion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .formulas import approach, decay_scalars, descent
from .optimizer import Optimizer


class Lion(Optimizer):
    """p -= lr (sign(b1 m + (1 - b1) g) + weight_decay p);  m = b2 m + (1 - b2) g.

    Each coordinate moves by lr: rates are three to ten times smaller than AdamW's.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        betas: (b1, b2), each in [0, 1).
        weight_decay: the part of p, times lr, that is taken off at each step.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, algorithm 2.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Lion([x], lr=0.25).step()
        >>> x
        tensor([0.75], requires_grad=True)
    """

    scratches = 3
    ranges: ClassVar = {"lr": (0.0,), "weight_decay": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("exp_avg",)

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        b1, b2 = group["betas"]
        return group["lr"], b1, 1 - b1, 1 - b2, *decay_scalars(group, decoupled=True)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        lr, b1, fresh1, fresh2, *decay = scalars
        (m,) = state
        s, r, fresh = scratch
        g = descent(p, g, s, r, *decay)
        np.multiply(m, b1, s)
        np.multiply(g, fresh1, fresh)
        np.add(s, fresh, s)
        np.sign(s, s)
        np.multiply(s, lr, s)
        np.subtract(p, s, p)
        approach(m, g, fresh2, s)
