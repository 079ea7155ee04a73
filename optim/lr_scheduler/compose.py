"""Schedules made of schedules: one after another, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from autograd.errors import ArgumentError, OperandError

from ..checks import check_integer
from ..optimizer import Optimizer
from ..state import OptimizerStateError
from .adaptive import ReduceLROnPlateau
from .base import LRScheduler, check_optimizer


class _Composed(LRScheduler):
    """Holds schedulers of one optimiser, and their state dicts in its own."""

    unsaved: ClassVar = ("optimizer", "_schedulers")
    last_epoch = 0

    def _hold(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        name = type(self).__name__
        self._schedulers = list(schedulers)
        if not self._schedulers:
            raise ArgumentError(f"{name}: expected at least one scheduler, got none")
        for i, scheduler in enumerate(self._schedulers):
            if not isinstance(scheduler, LRScheduler) or isinstance(scheduler, ReduceLROnPlateau):
                what = type(scheduler).__name__
                raise OperandError(f"{name}: scheduler {i} must step without a metric, got {what}")
            optimizer = optimizer or scheduler.optimizer
            if scheduler.optimizer is not optimizer:
                raise ArgumentError(f"{name}: scheduler {i} belongs to another optimizer")
        self.optimizer = check_optimizer(name, optimizer)

    def _reset(self) -> None:
        """Bring the rates back to the initial ones."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]

    def undo(self) -> None:
        """Take back the steps that came with the making of the schedulers inside."""
        for scheduler in self._schedulers:
            if isinstance(scheduler, _Composed):
                scheduler.undo()
            else:
                scheduler.last_epoch -= 1

    def rewind(self) -> None:
        for scheduler in self._schedulers:
            scheduler.rewind()

    def restart(self) -> None:
        self.rewind()
        self.begin()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        saved = state_dict["_schedulers"]
        if len(saved) != len(self._schedulers):
            raise OptimizerStateError(
                f"{type(self).__name__}: expected {len(self._schedulers)} schedulers, got {len(saved)}"
            )
        super()._load({k: v for k, v in state_dict.items() if k != "_schedulers"})
        for scheduler, state in zip(self._schedulers, saved, strict=True):
            scheduler.load_state_dict(state)


class SequentialLR(_Composed):
    """Schedulers that take turns: the next starts at its step 0 at each milestone.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        schedulers: of this optimiser.
        milestones: the steps of the changes, one less than schedulers.

    Errors: ArgumentError for milestones of another number or out of order, or a scheduler of
    another optimiser; OperandError for what is no scheduler, or one that needs a metric.

    Example:
        >>> from autograd import tensor
        >>> from optim import SGD
        >>> from optim.lr_scheduler import ConstantLR, ExponentialLR
        >>> optimizer = SGD([tensor([1.0], requires_grad=True)], lr=1.0)
        >>> warm_up = ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> decay = ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     print(scheduler.get_last_lr())
        ...     scheduler.step()
        [0.5]
        [0.5]
        [1.0]
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ):
        self._hold(schedulers, optimizer)
        self._milestones = list(milestones)
        for i, milestone in enumerate(self._milestones):
            check_integer("SequentialLR", f"milestones[{i}]", milestone, 0)
        if len(self._milestones) != len(self._schedulers) - 1 or sorted(milestones) != self._milestones:
            raise ArgumentError(
                f"SequentialLR: milestones must be {len(self._schedulers) - 1} rising steps for "
                f"{len(self._schedulers)} schedulers, got {milestones!r}"
            )
        check_integer("SequentialLR", "last_epoch", last_epoch, -1)
        self.last_epoch = last_epoch + 1
        self.undo()
        self.begin()

    def begin(self) -> None:
        self._reset()
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first.begin()
        self._last_lr = first.get_last_lr()

    def rewind(self) -> None:
        super().rewind()
        self.last_epoch = 0

    def step(self) -> None:
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler.restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Composed):
    """Schedulers that step together, each from the rates that the one before it left.

    Args:
        schedulers: of one optimiser.
        optimizer: theirs.

    Errors: as `SequentialLR`.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None):
        self._hold(schedulers, optimizer)
        self._last_lr = self._lrs()

    def begin(self) -> None:
        self._reset()
        for scheduler in self._schedulers:
            scheduler.begin()
        self._last_lr = self._lrs()

    def step(self) -> None:
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._lrs()
