"""Schedules that go up and down, and may move momentum the other way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from autograd.errors import ArgumentError

from ..checks import check_choice, check_integer, check_number, check_range
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group, restore_function, saved_function


def set_momentum(group: dict[str, Any], momentum: float) -> None:
    """Set the momentum of a group, which is the first beta where there are betas."""
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


def start_momentum(name: str, optimizer: Optimizer, base: Any, largest: Any, last_epoch: int) -> None:
    """Check the limits of momentum, and start at the largest.

    Errors: ArgumentError for limits out of [0, 1), or an optimiser without momentum.
    """
    if not {"momentum", "betas"} & set(optimizer.defaults):
        raise ArgumentError(
            f"{name}: cycle_momentum needs an optimiser with momentum or betas, "
            f"got {type(optimizer).__name__}; pass cycle_momentum=False"
        )
    limits = [
        per_group(name, option, optimizer, value, 1.0)
        for option, value in (("base_momentum", base), ("max_momentum", largest))
    ]
    if last_epoch == -1:
        for group, low, high in zip(optimizer.param_groups, *limits, strict=True):
            set_momentum(group, high)
            group["base_momentum"], group["max_momentum"] = low, high


class CyclicLR(LRScheduler):
    """lr = base_lr + (max_lr - base_lr) scale(x) h, where h goes from 0 up to 1 and down again.

    scale is 1 for "triangular", 2**(1 - cycle) for "triangular2", gamma**t for "exp_range".
    Momentum goes from max_momentum down and up in the same way.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        base_lr, max_lr: limits, or one for each group.
        step_size_up: steps of the way up.
        step_size_down: steps of the way down; None for as many.
        mode: "triangular", "triangular2" or "exp_range"; not used with scale_fn.
        gamma: of "exp_range".
        scale_fn: a function of x in place of `mode`.
        scale_mode: what x is: "cycle", counted from 1, or "iterations".
        cycle_momentum: whether to move momentum, or the first beta.
        base_momentum, max_momentum: limits, or one for each group.

    Errors: see `LRScheduler`; ArgumentError also for an optimiser without momentum.

    Source: Smith, Cyclical Learning Rates for Training Neural Networks, 2017, section 3.
    """

    unsaved: ClassVar = ("optimizer", "scale_fn")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[int], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ):
        name = "CyclicLR"
        check_optimizer(name, optimizer)
        base_lrs = per_group(name, "base_lr", optimizer, base_lr)
        self.max_lrs = per_group(name, "max_lr", optimizer, max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        check_range(name, "step_size_up", step_size_up, 1)
        check_range(name, "step_size_down", down, 1)
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        if scale_fn is None:
            check_choice(name, "mode", mode, ("triangular", "triangular2", "exp_range"))
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        check_choice(name, "scale_mode", scale_mode, ("cycle", "iterations"))
        check_range(name, "gamma", gamma, 0.0)
        self.mode, self.gamma, self.scale_fn, self.scale_mode = mode, gamma, scale_fn, scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            start_momentum(name, optimizer, base_momentum, max_momentum, last_epoch)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = lr
        self._lowest = base_lrs
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _height(self) -> float:
        """How far up the rate is, of the way from base_lr to max_lr."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        return height * self._scale(cycle if self.scale_mode == "cycle" else self.last_epoch)

    def _scale(self, x: int) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(x)
        if self.mode == "triangular2":
            return 2.0 ** (1 - x)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        height = self._height()
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                low, high = group["base_momentum"], group["max_momentum"]
                set_momentum(group, high - (high - low) * height)
        pairs = zip(self._lowest, self.max_lrs, strict=True)
        return [low + (high - low) * height for low, high in pairs]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "scale_fn": saved_function(self.scale_fn)}

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        super()._load({k: v for k, v in state_dict.items() if k != "scale_fn"})
        restore_function(self.scale_fn, state_dict["scale_fn"])


class OneCycleLR(LRScheduler):
    """From max_lr / div_factor up to max_lr, and down to max_lr / (div_factor final_div_factor).

    The ways are half cosines or straight lines; momentum goes the other way. With `three_phase`
    the way down leads back to the start first.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        max_lr: the highest rate, or one for each group.
        total_steps: length; or give epochs and steps_per_epoch.
        pct_start: the part of the steps that goes up.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether to move momentum, or the first beta.
        base_momentum, max_momentum: limits, or one for each group.
        div_factor, final_div_factor: see above.
        three_phase: see above.

    Errors: see `LRScheduler`; ArgumentError also for an optimiser without momentum, and by a step
    after the last.

    Source: Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates, 2018, section 4.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        name = "OneCycleLR"
        check_optimizer(name, optimizer)
        self.total_steps = _length(name, total_steps, epochs, steps_per_epoch)
        check_range(name, "pct_start", pct_start, 0.0, 1.0, closed=True)
        check_choice(name, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        for option, value in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            check_number(name, option, value)
            if value <= 0:
                raise ArgumentError(f"{name}: {option} must be above 0, got {value!r}")
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        self._phases = _phases(pct_start * self.total_steps, self.total_steps, three_phase)
        highest = per_group(name, "max_lr", optimizer, max_lr)
        if cycle_momentum:
            start_momentum(name, optimizer, base_momentum, max_momentum, last_epoch)
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, highest, strict=True):
                group["initial_lr"], group["max_lr"] = high / div_factor, high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, start = self.last_epoch, 0.0
        end, *ends = self._phases[0]
        if t > self.total_steps:
            raise ArgumentError(f"OneCycleLR: step {t} of a schedule of {self.total_steps} steps")
        for phase in self._phases[1:]:
            if t <= end:
                break
            start, (end, *ends) = end, phase
        part = (t - start) / (end - start) if end > start else 1.0
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                set_momentum(group, self._between(group[ends[2]], group[ends[3]], part))
        groups = self.optimizer.param_groups
        return [self._between(group[ends[0]], group[ends[1]], part) for group in groups]

    def _between(self, start: float, end: float, part: float) -> float:
        if self.anneal_strategy == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _length(name: str, total: int | None, epochs: int | None, per_epoch: int | None) -> int:
    if total is not None:
        check_integer(name, "total_steps", total, 1)
        return total
    if epochs is None or per_epoch is None:
        raise ArgumentError(f"{name}: expected total_steps, or epochs and steps_per_epoch; got neither")
    check_integer(name, "epochs", epochs, 1)
    check_integer(name, "steps_per_epoch", per_epoch, 1)
    return epochs * per_epoch


def _phases(rise: float, total: int, three: bool) -> list[tuple[float, str, str, str, str]]:
    """The last step of each phase, and which rates and momenta of a group it leads from and to."""
    low, high = "base_momentum", "max_momentum"
    up = (rise - 1, "initial_lr", "max_lr", high, low)
    if not three:
        return [up, (total - 1, "max_lr", "min_lr", low, high)]
    back = (2 * rise - 2, "max_lr", "initial_lr", low, high)
    return [up, back, (total - 1, "initial_lr", "min_lr", high, high)]
