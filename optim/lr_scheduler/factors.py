"""Schedules that scale the learning rate by a factor of the step."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from autograd.errors import ArgumentError, OperandError

from ..checks import check_integer, check_number, check_range
from ..optimizer import Optimizer
from .base import FactorLR, LRScheduler, check_optimizer, restore_function, saved_function


class StepLR(FactorLR):
    """lr = initial_lr gamma**(t // step_size).

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        step_size: steps between one fall and the next.
        gamma: factor of a fall.

    Errors: see `LRScheduler`.

    Example:
        >>> from autograd import tensor
        >>> from optim import SGD
        >>> optimizer = SGD([tensor([1.0], requires_grad=True)], lr=1.0)
        >>> scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     print(scheduler.get_last_lr())
        ...     scheduler.step()
        [1.0]
        [1.0]
        [0.5]
        [0.5]
    """

    scales_on_resuming = True

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        check_integer("StepLR", "step_size", step_size, 1)
        check_range("StepLR", "gamma", gamma, 0.0)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(FactorLR):
    """lr = initial_lr gamma**(number of milestones at or before t).

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        milestones: steps at which the rate falls; one that is named twice counts twice.
        gamma: factor of a fall.

    Errors: see `LRScheduler`.
    """

    scales_on_resuming = True

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ):
        self.milestones = list(milestones)
        for i, milestone in enumerate(self.milestones):
            check_integer("MultiStepLR", f"milestones[{i}]", milestone, 0)
        self.milestones.sort()
        check_range("MultiStepLR", "gamma", gamma, 0.0)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma ** bisect_right(self.milestones, epoch)


class ConstantLR(FactorLR):
    """lr = initial_lr factor until step total_iters, then initial_lr.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        factor: in [0, 1].
        total_iters: the first step at the full rate.

    Errors: see `LRScheduler`.
    """

    scales_on_resuming = True

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ):
        check_range("ConstantLR", "factor", factor, 0.0, 1.0, closed=True)
        check_integer("ConstantLR", "total_iters", total_iters, 1)
        self.constant, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.constant if epoch < self.total_iters else 1.0


class LinearLR(FactorLR):
    """lr = initial_lr (start_factor + (end_factor - start_factor) min(t, total_iters) / total_iters).

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        start_factor: above 0 and at most 1.
        end_factor: in [0, 1].
        total_iters: steps from start to end.

    Errors: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        for option, value in (("start_factor", start_factor), ("end_factor", end_factor)):
            check_range("LinearLR", option, value, 0.0, 1.0, closed=True)
        if start_factor == 0:
            raise ArgumentError("LinearLR: start_factor must be above 0, got 0")
        check_integer("LinearLR", "total_iters", total_iters, 1)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        part = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * part


class ExponentialLR(FactorLR):
    """lr = initial_lr gamma**t.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        gamma: factor of each step.

    Errors: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1):
        check_range("ExponentialLR", "gamma", gamma, 0.0)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma**epoch


class InverseTimeLR(FactorLR):
    """lr = initial_lr / (1 + gamma t).

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        gamma: how fast the rate falls, at least 0.

    Errors: see `LRScheduler`.

    Source: Robbins and Monro, A Stochastic Approximation Method, 1951: rates whose sum diverges
    and whose squares' sum does not.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1):
        check_range("InverseTimeLR", "gamma", gamma, 0.0)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return 1 / (1 + self.gamma * epoch)


class PolynomialLR(FactorLR):
    """lr = initial_lr (1 - min(t, total_iters) / total_iters)**power.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        total_iters: the step at which the rate is 0.
        power: 1 is a straight line.

    Errors: see `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ):
        check_integer("PolynomialLR", "total_iters", total_iters, 1)
        check_range("PolynomialLR", "power", power, 0.0)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return (1 - min(epoch, self.total_iters) / self.total_iters) ** self.power


class CosineAnnealingLR(FactorLR):
    """lr = eta_min + (initial_lr - eta_min) (1 + cos(pi t / T_max)) / 2.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        T_max: steps from the initial rate to the lowest; the rate rises again after them.
        eta_min: the lowest rate.

    Errors: see `LRScheduler`.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017,
    equation 5, without the restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1):
        check_integer("CosineAnnealingLR", "T_max", T_max, 1)
        check_number("CosineAnnealingLR", "eta_min", eta_min)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:  # type: ignore[override]
        return self.eta_min

    def factor(self, epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2


class LambdaLR(LRScheduler):
    """lr = initial_lr lr_lambda(t).

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        lr_lambda: a function of the step, or one for each group. A state dict has the attributes
            of callable objects, and nothing of functions.

    Errors: see `LRScheduler`.
    """

    unsaved: ClassVar = ("optimizer", "lr_lambdas")

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ):
        name = type(self).__name__
        n = len(check_optimizer(name, optimizer).param_groups)
        given = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * n
        if len(given) != n:
            raise ArgumentError(f"{name}: expected {n} lr_lambdas, one for each group, got {len(given)}")
        for function in given:
            if not callable(function):
                raise OperandError(f"{name}: lr_lambda must be callable, got {type(function).__name__}")
        self.lr_lambdas = given
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * function(self.last_epoch) for base, function in pairs]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "lr_lambdas": [saved_function(f) for f in self.lr_lambdas]}

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        super()._load({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            restore_function(function, saved)


class MultiplicativeLR(LambdaLR):
    """lr *= lr_lambda(t) at each step t from 1 on.

    Args:
        optimizer, lr_lambda, last_epoch: see `LambdaLR`.

    Errors: see `LRScheduler`.
    """

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._lrs()
        pairs = zip(self._lrs(), self.lr_lambdas, strict=True)
        return [lr * function(self.last_epoch) for lr, function in pairs]
