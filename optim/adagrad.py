"""Adagrad and Adadelta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .formulas import blend_square, decay_scalars, descent
from .optimizer import Optimizer


class Adagrad(Optimizer):
    """sum += g**2;  p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(sum) + eps).

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        lr_decay: how fast the rate falls with the number t of steps.
        weight_decay: adds weight_decay * p to g.
        initial_accumulator_value: what the sum starts from.
        eps: keeps the denominator from zero.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization, 2011, section 1.1 with a diagonal matrix.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Adagrad([x], lr=0.5).step()
        >>> x
        tensor([0.5], requires_grad=True)
    """

    scratches = 2
    ranges: ClassVar = {
        "lr": (0.0,),
        "lr_decay": (0.0,),
        "weight_decay": (0.0,),
        "initial_accumulator_value": (0.0,),
        "eps": (0.0,),
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "maximize": maximize,
        }
        super().__init__(params, options, ways)

    def initial(self, group: Mapping[str, Any], p: np.ndarray) -> dict[str, np.ndarray]:
        start = group["initial_accumulator_value"]
        return {"sum": np.full(p.shape, complex(start, start) if p.dtype.kind == "c" else start, p.dtype)}

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        size = group["lr"] / (1 + (step - 1) * group["lr_decay"])
        return size, group["eps"], *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        size, eps, *decay = scalars
        (total,) = state
        s, r = scratch
        g = descent(p, g, s, r, *decay)
        np.multiply(g, g, s)
        np.add(total, s, total)
        np.sqrt(total, s)
        np.add(s, eps, s)
        np.divide(g, s, s)
        np.multiply(s, size, s)
        np.subtract(p, s, p)


class Adadelta(Optimizer):
    """v = rho v + (1 - rho) g**2;  d = sqrt(u + eps) / sqrt(v + eps) g;  p -= lr d.

    Then u = rho u + (1 - rho) d**2, so that a step has the unit of the parameter.

    Args:
        params: see `Optimizer`.
        lr: factor of the step, at least 0.
        rho: how much of the averages v and u is kept, in [0, 1].
        eps: keeps the denominator from zero and lets the first step be one.
        weight_decay: adds weight_decay * p to g.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, algorithm 1.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Adadelta([x], rho=0.75, eps=3.0).step()
        >>> x
        tensor([-0.73205081], requires_grad=True)
    """

    scratches = 3
    ranges: ClassVar = {
        "lr": (0.0,),
        "rho": (0.0, 1.0, True),
        "eps": (0.0,),
        "weight_decay": (0.0,),
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return "square_avg", "acc_delta"

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        rho = group["rho"]
        return group["lr"], rho, 1 - rho, group["eps"], *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        lr, rho, fresh, eps, *decay = scalars
        v, u = state
        s, r, d = scratch
        g = descent(p, g, s, r, *decay)
        blend_square(v, g, rho, fresh, s)
        np.add(v, eps, s)
        np.sqrt(s, s)
        np.add(u, eps, d)
        np.sqrt(d, d)
        np.divide(d, s, d)
        np.multiply(d, g, d)
        blend_square(u, d, rho, fresh, s)
        np.multiply(d, lr, d)
        np.subtract(p, d, p)
