"""RMSprop and Rprop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd.errors import ArgumentError

from .checks import check_number, check_pair
from .formulas import approach, blend_square, decay_scalars, descent
from .optimizer import Optimizer


class RMSprop(Optimizer):
    """v = alpha v + (1 - alpha) g**2;  p -= lr g / (sqrt(v) + eps).

    Centred, v - a**2 takes the place of v, where a = alpha a + (1 - alpha) g. With momentum,
    b = momentum b + g / (sqrt(v) + eps);  p -= lr b.

    Args:
        params: see `Optimizer`.
        lr: learning rate, at least 0.
        alpha: how much of the averages is kept.
        eps: keeps the denominator from zero.
        weight_decay: adds weight_decay * p to g.
        momentum: how much of the last step is kept.
        centered: divide by the deviation of g in place of its size.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Tieleman and Hinton, Lecture 6.5: rmsprop, 2012; centred: Graves, Generating Sequences
    With Recurrent Neural Networks, 2013, equations 38 to 41.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> RMSprop([x], lr=0.1, alpha=0.75).step()
        >>> x
        tensor([0.8], requires_grad=True)
    """

    scratches = 2
    ranges: ClassVar = {
        "lr": (0.0,),
        "alpha": (0.0,),
        "eps": (0.0,),
        "weight_decay": (0.0,),
        "momentum": (0.0,),
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options, ways)

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        centre = ("grad_avg",) if group["centered"] else ()
        return ("square_avg", *centre, "momentum_buffer") if group["momentum"] else ("square_avg", *centre)

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        alpha, momentum, centered = group["alpha"], group["momentum"] or None, bool(group["centered"])
        return group["lr"], alpha, 1 - alpha, group["eps"], momentum, centered, *decay_scalars(group)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        lr, alpha, fresh, eps, momentum, centered, *decay = scalars
        v, *others = state
        s, r = scratch
        g = descent(p, g, s, r, *decay)
        blend_square(v, g, alpha, fresh, s)
        if centered:
            a = others[0]
            approach(a, g, fresh, s)
            np.multiply(a, a, s)
            np.subtract(v, s, s)
            np.maximum(s, 0, out=s)  # a constant g leaves a rest of either sign
            np.sqrt(s, s)
        else:
            np.sqrt(v, s)
        np.add(s, eps, s)
        np.divide(g, s, s)
        if momentum is not None:
            b = others[-1]
            np.multiply(b, momentum, b)
            s = np.add(b, s, b)
        np.multiply(s, lr, r)
        np.subtract(p, r, p)


class Rprop(Optimizer):
    """p -= sign(g) step;  step grows by eta+ where g kept its sign and shrinks by eta- where not.

    Where the sign changed, this step is left out and the next counts as the first.

    Args:
        params: see `Optimizer`.
        lr: the first step, at least 0.
        etas: (eta-, eta+), with 0 < eta- < 1 < eta+.
        step_sizes: the smallest and the largest step.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range.

    Source: Riedmiller and Braun, A Direct Adaptive Method for Faster Backpropagation Learning:
    The RPROP Algorithm, 1993, equations 4 to 6, without the return to the former weight.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Rprop([x], lr=0.25).step()
        >>> x
        tensor([0.75], requires_grad=True)
    """

    scratches = 2
    ranges: ClassVar = {"lr": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}
        super().__init__(params, options, ways)

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        for option in ("etas", "step_sizes"):
            check_pair("Rprop", option, group[option])
            for i, value in enumerate(group[option]):
                check_number("Rprop", f"{option}[{i}]", value)
        low, high = group["etas"]
        if not 0 < low < 1 < high:
            raise ArgumentError(
                f"Rprop: etas must be (eta-, eta+) with 0 < eta- < 1 < eta+, got {low, high}"
            )
        low, high = group["step_sizes"]
        if not 0 <= low <= high:
            raise ArgumentError(f"Rprop: step_sizes must be (smallest, largest), got {low, high}")

    def initial(self, group: Mapping[str, Any], p: np.ndarray) -> dict[str, np.ndarray]:
        first = complex(group["lr"], group["lr"]) if p.dtype.kind == "c" else group["lr"]
        return {"prev": np.zeros(p.shape, p.dtype), "step_size": np.full(p.shape, first, p.dtype)}

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        low, high = group["etas"]
        return 1 - low, high - 1, *group["step_sizes"], group["maximize"]

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        down, up, smallest, largest, maximize = scalars
        prev, step = state
        s, r = scratch
        np.multiply(g, prev, s)
        if maximize:
            np.negative(s, s)
        np.sign(s, s)
        np.minimum(s, 0, out=r)  # -1 where the sign changed
        np.maximum(s, 0, out=s)
        np.add(r, 1, prev)  # 0 where the sign changed: leaves out this step
        np.multiply(g, prev, prev)
        if maximize:
            np.negative(prev, prev)
        np.multiply(s, up, s)
        np.multiply(r, down, r)
        np.add(s, r, s)
        np.add(s, 1, s)  # eta+, eta- or 1
        np.multiply(step, s, step)
        np.maximum(step, smallest, out=step)
        np.minimum(step, largest, out=step)
        np.sign(prev, s)
        np.multiply(s, step, s)
        np.subtract(p, s, p)
