"""Schedules with a state of their own: warm restarts, and falling when a metric stalls."""

from __future__ import annotations

import math
from typing import Any

from ..checks import check_choice, check_integer, check_number, check_range
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group


class CosineAnnealingWarmRestarts(LRScheduler):
    """lr = eta_min + (initial_lr - eta_min) (1 + cos(pi T_cur / T_i)) / 2.

    T_cur counts from the last restart; each period T_i is T_mult times the one before.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        T_0: steps of the first period.
        T_mult: factor from one period to the next.
        eta_min: the lowest rate.

    Errors: see `LRScheduler`.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017,
    equation 5.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ):
        name = "CosineAnnealingWarmRestarts"
        check_integer(name, "T_0", T_0, 1)
        check_integer(name, "T_mult", T_mult, 1)
        check_number(name, "eta_min", eta_min)
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min = T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        part = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * part for base in self.base_lrs]

    def restart(self) -> None:
        self.T_cur, self.T_i = 0, self.T_0
        super().restart()

    def step(self, epoch: float | None = None) -> None:
        """Set the rates of the next step, or of any, also between two steps.

        Errors: ArgumentError for a negative or NaN epoch.
        """
        self._warn_of_order()
        if epoch is None and self.last_epoch >= 0:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._go_to(0 if epoch is None else epoch)
        self._set(self.get_lr())

    def _go_to(self, epoch: float) -> None:
        check_range("CosineAnnealingWarmRestarts", "epoch", epoch, 0)
        self.last_epoch = math.floor(epoch)
        self.T_cur, self.T_i = epoch, self.T_0
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
            return
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult


class ReduceLROnPlateau(LRScheduler):
    """lr = max(factor lr, min_lr) when a metric was no better for more than `patience` steps.

    Args:
        optimizer: whose groups are scheduled.
        mode: "min" if less is better, or "max".
        factor: in [0, 1).
        patience: steps without an improvement that are let pass.
        threshold: by how much a metric must be better.
        threshold_mode: "rel", as a part of the best, or "abs".
        cooldown: steps after a fall that are not counted.
        min_lr: the lowest rate, or one for each group.
        eps: smaller falls are left out.

    Errors: see `LRScheduler`.

    Example:
        >>> from autograd import tensor
        >>> from optim import SGD
        >>> optimizer = SGD([tensor([1.0], requires_grad=True)], lr=1.0)
        >>> scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0):
        ...     scheduler.step(loss)
        ...     print(scheduler.get_last_lr())
        [1.0]
        [1.0]
        [1.0]
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ):
        name = "ReduceLROnPlateau"
        self.optimizer = check_optimizer(name, optimizer)
        check_choice(name, "mode", mode, ("min", "max"))
        check_choice(name, "threshold_mode", threshold_mode, ("rel", "abs"))
        check_range(name, "factor", factor, 0.0, 1.0)
        check_integer(name, "patience", patience, 0)
        check_integer(name, "cooldown", cooldown, 0)
        check_range(name, "threshold", threshold, 0.0)
        check_range(name, "eps", eps, 0.0)
        self.min_lrs = per_group(name, "min_lr", optimizer, min_lr)
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        self._last_lr = self._lrs()

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Take in a metric, such as the loss on validation data."""
        metric = float(metrics)
        self.last_epoch += 1
        if self.is_better(metric, self.best):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._lrs()

    def _reduce(self) -> None:
        for group, lowest in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, lowest)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr

    def is_better(self, metric: float, best: float) -> bool:
        """Whether a metric improves on the best by more than the threshold; NaN never does."""
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            bound = best * (1 - sign * self.threshold)
        else:
            bound = best - sign * self.threshold
        return metric < bound if self.mode == "min" else metric > bound
