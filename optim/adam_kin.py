"""Kin of Adam: Adamax, NAdam and RAdam."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from .formulas import approach, blend_square, decay_scalars, descent
from .optimizer import Optimizer


class Adamax(Optimizer):
    """m = b1 m + (1 - b1) g;  u = max(b2 u, |g| + eps);  p -= lr / (1 - b1**t) m / u.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        betas: (b1, b2), each in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: adds weight_decay * p to g.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 2.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Adamax([x], lr=0.25).step()
        >>> x
        tensor([0.75], requires_grad=True)
    """

    scratches = 2
    ranges: ClassVar = {"lr": (0.0,), "eps": (0.0,), "weight_decay": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return "exp_avg", "exp_inf"

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        b1, b2 = group["betas"]
        return group["lr"] / (1 - b1**step), 1 - b1, b2, group["eps"], *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        size, fresh1, b2, eps, *decay = scalars
        m, u = state
        s, r = scratch
        g = descent(p, g, s, r, *decay)
        approach(m, g, fresh1, s)
        np.abs(g, s)
        np.add(s, eps, s)
        np.multiply(u, b2, u)
        np.maximum(u, s, out=u)
        np.divide(m, u, s)
        np.multiply(s, size, s)
        np.subtract(p, s, p)


class NAdam(Optimizer):
    """m and v as Adam's;  p -= lr ((1 - mu) / (1 - M) g + mu' / (1 - M mu') m) / (sqrt(v') + eps).

    mu = b1 (1 - 0.96**(t momentum_decay) / 2), mu' is that of the next step, and M is the
    product of all mu up to now.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        betas: (b1, b2), each in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: adds weight_decay * p to g.
        momentum_decay: how fast mu approaches b1.
        decoupled_weight_decay: decay as `AdamW` does.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Dozat, Incorporating Nesterov Momentum into Adam, 2016, algorithm 2.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> NAdam([x], lr=0.1, betas=(0.0, 0.5)).step()
        >>> x
        tensor([0.9], requires_grad=True)
    """

    scratches = 3
    ranges: ClassVar = {"lr": (0.0,), "eps": (0.0,), "weight_decay": (0.0,), "momentum_decay": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq"

    def numbers(self, group: Mapping[str, Any]) -> dict[str, float]:
        return {"mu_product": 1.0}

    def advance(self, group: Mapping[str, Any], step: int, numbers: dict[str, float]) -> tuple:
        lr, (b1, b2) = group["lr"], group["betas"]
        mu, ahead = (b1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (step, step + 1))
        product = numbers["mu_product"] = numbers["mu_product"] * mu
        sizes = lr * (1 - mu) / (1 - product), lr * ahead / (1 - product * ahead)
        return *sizes, 1 - b1, b2, 1 - b2, 1 - b2**step, group["eps"], *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        size_g, size_m, fresh1, b2, fresh2, bias, eps, *decay = scalars
        m, v = state
        s, r, d = scratch
        g = descent(p, g, s, r, *decay)
        approach(m, g, fresh1, s)
        blend_square(v, g, b2, fresh2, s)
        np.divide(v, bias, s)
        np.sqrt(s, s)
        np.add(s, eps, s)
        for a, size in ((g, size_g), (m, size_m)):
            np.divide(a, s, d)
            np.multiply(d, size, d)
            np.subtract(p, d, p)


class RAdam(Optimizer):
    """m and v as Adam's;  p -= lr m' r sqrt(1 - b2**t) / (sqrt(v) + eps), or lr m' while r has none.

    r = sqrt((rho - 4)(rho - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho)) where
    rho_inf = 2 / (1 - b2) - 1 and rho = rho_inf - 2 t b2**t / (1 - b2**t) is above 5.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        betas: (b1, b2), each in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: adds weight_decay * p to g.
        decoupled_weight_decay: decay as `AdamW` does.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020,
    algorithm 2; the bound 5 is PyTorch's, the paper's is 4.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> RAdam([x], lr=0.1).step()
        >>> x
        tensor([0.8], requires_grad=True)
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
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq"

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        b1, b2 = group["betas"]
        size, bias2 = group["lr"] / (1 - b1**step), 1 - b2**step
        limit = 2 / (1 - b2) - 1
        rho = limit - 2 * step * b2**step / bias2
        if rectified := rho > 5:
            part = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)
            size *= math.sqrt(bias2 * part)
        return size, rectified, 1 - b1, b2, 1 - b2, group["eps"], *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        size, rectified, fresh1, b2, fresh2, eps, *decay = scalars
        m, v = state
        s, r = scratch
        g = descent(p, g, s, r, *decay)
        approach(m, g, fresh1, s)
        blend_square(v, g, b2, fresh2, s)
        if rectified:
            np.sqrt(v, s)
            np.add(s, eps, s)
            np.divide(m, s, s)
            np.multiply(s, size, s)
        else:
            np.multiply(m, size, s)
        np.subtract(p, s, p)
