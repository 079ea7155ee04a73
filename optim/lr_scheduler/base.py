"""What all schedulers share: attaching to an optimiser, stepping, state."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

from autograd.errors import ArgumentError, OperandError

from ..checks import check_integer, check_range
from ..optimizer import Optimizer
from ..state import OptimizerStateError


def check_optimizer(name: str, optimizer: Any) -> Optimizer:
    """Refuse what is no optimiser."""
    if not isinstance(optimizer, Optimizer):
        raise OperandError(f"{name}: optimizer must be an Optimizer, got {type(optimizer).__name__}")
    return optimizer


def per_group(
    name: str, option: str, optimizer: Optimizer, value: Any, high: float = math.inf
) -> list[Any]:
    """A number in [0, high) for each group: one each if a list or tuple is given, else one for all."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        check_range(name, option, value, 0.0, high)
        return [value] * n
    if len(value) != n:
        raise ArgumentError(f"{name}: {option} must have a value for each of {n} groups, got {len(value)}")
    for i, one in enumerate(value):
        check_range(name, f"{option}[{i}]", one, 0.0, high)
    return list(value)


class LRScheduler:
    """Sets the learning rates of an optimiser at each `step`, by `get_lr`.

    Call `step` after the optimiser's. Making a scheduler takes step 0. A rate belongs to the
    group's entry `lr`; what it was at first to `initial_lr`.

    Args:
        optimizer: whose groups are scheduled.
        last_epoch: the last step that was taken; -1 to start, otherwise groups need `initial_lr`.

    Errors: OperandError for what is no optimiser; ArgumentError for options out of range.
    """

    unsaved: ClassVar[tuple[str, ...]] = ("optimizer",)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        name = type(self).__name__
        self.optimizer = check_optimizer(name, optimizer)
        check_integer(name, "last_epoch", last_epoch, -1)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(f"{name}: last_epoch is {last_epoch}, but group {i} has no initial_lr")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.begin()

    def begin(self) -> None:
        """Take the step that comes with the making of a scheduler."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def rewind(self) -> None:
        """Go back to where `begin` starts."""
        self.last_epoch = -1

    def restart(self) -> None:
        """Go to step 0 in the midst of training, as `SequentialLR` asks of the next in turn."""
        self.last_epoch = 0
        self._set(self.get_lr())

    def step(self) -> None:
        """Set the rates of the next step."""
        self._warn_of_order()
        self.last_epoch += 1
        self._set(self.get_lr())

    def _warn_of_order(self) -> None:
        if self._step_count == 1 and not self.optimizer.stepped:
            warnings.warn(
                f"{type(self).__name__}.step() before optimizer.step(): the first learning rate of "
                "the schedule is never used",
                UserWarning,
                stacklevel=3,
            )
        self._step_count += 1

    def get_lr(self) -> list[float]:
        """The rates at `last_epoch`; for those in force see `get_last_lr`."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, by group."""
        return list(self._last_lr)

    def _lrs(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _set(self, lrs: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self._lrs()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser, as plain values; functions are left out."""
        kept = {k: v for k, v in self.__dict__.items() if k not in self.unsaved}
        return {k: list(v) if isinstance(v, list) else v for k, v in kept.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a `state_dict`. The optimiser has its own, with the rates in force.

        Errors: OptimizerStateError if it has other keys.
        """
        expected, got = set(self.state_dict()), set(state_dict)
        if expected != got:
            raise OptimizerStateError(
                f"{type(self).__name__}: the state dict lacks {sorted(expected - got)} "
                f"and has besides {sorted(got - expected)}"
            )
        self._load(state_dict)

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        copied = {k: list(v) if isinstance(v, list) else v for k, v in state_dict.items()}
        self.__dict__.update(copied)


class FactorLR(LRScheduler):
    """lr - floor is scaled by factor(t) / factor(t - 1), so that schedules can be chained.

    Alone, lr = floor + (initial_lr - floor) factor(t).
    """

    floor = 0.0
    # Whether the first step after a start at last_epoch >= 0 scales the rate that it finds;
    # otherwise that rate counts as already scaled. PyTorch has both kinds.
    scales_on_resuming = False

    def factor(self, epoch: int) -> float:
        """The part of the initial rate that is left at a step."""
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        if self._is_initial and self.last_epoch > 0 and not self.scales_on_resuming:
            return self._lrs()
        now = self.factor(self.last_epoch)
        before = self.factor(self.last_epoch - 1) if self.last_epoch > 0 else 1.0
        if now == before:
            return self._lrs()
        if before == 0:  # nothing is left that could be scaled
            return self._closed(now)
        return [self.floor + (lr - self.floor) * (now / before) for lr in self._lrs()]

    def restart(self) -> None:
        self.last_epoch = 0
        self._set(self._closed(self.factor(0)))

    def _closed(self, factor: float) -> list[float]:
        return [self.floor + (base - self.floor) * factor for base in self.base_lrs]


_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, types.NoneType)


def saved_function(function: Any) -> dict[str, Any] | None:
    """What a state dict has of a callable: the attributes of an object, nothing of a function."""
    if isinstance(function, _FUNCTIONS):
        return None
    return dict(getattr(function, "__dict__", {}))


def restore_function(function: Any, saved: dict[str, Any] | None) -> None:
    """Take over what `saved_function` gave."""
    if saved:
        function.__dict__.update(saved)
