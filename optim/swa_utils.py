"""Averages of parameters over training: exponential (EMA) and stochastic weight averaging (SWA).

As PyTorch's module of this name. `AveragedModel` averages a copy of a model; `AveragedParameters`
needs no model: it averages a list of parameters, and lends them its averages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError
from autograd.tape import TensorBase
from autograd.views import writable

from .averaged_model import AveragedModel, update_bn
from .averaging import (
    Averaging,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
)
from .checks import check_choice, check_integer
from .lr_scheduler.base import LRScheduler, check_optimizer, per_group
from .optimizer import Optimizer
from .state import OptimizerStateError

__all__ = [
    "SWALR",
    "AveragedModel",
    "AveragedParameters",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


class AveragedParameters:
    """Averages of parameters, one after the other: w' = average(w', w) at each `update`.

    The first update copies. `model.parameters()` gives the parameters; buffers, such as the
    statistics of batch normalisation, are not averaged.

    Args:
        params: tensors.
        multi_avg_fn: how to average; None for the mean (SWA), or `get_ema_multi_avg_fn(decay)`.

    Errors: OperandError for what is no tensor; ArgumentError without parameters, or for averages
    that were never updated.

    Source: Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization,
    2018, algorithm 1; EMA: Polyak and Juditsky, Acceleration of Stochastic Approximation by
    Averaging, 1992.

    Example:
        >>> from autograd import tensor, no_grad
        >>> x = tensor([1.0], requires_grad=True)
        >>> mean = AveragedParameters([x])
        >>> mean.update()
        >>> with no_grad():
        ...     x += 2.0
        >>> mean.update()
        >>> with mean.applied():
        ...     print(x)
        tensor([2.], requires_grad=True)
        >>> x
        tensor([3.], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], multi_avg_fn: Averaging | None = None):
        self.params = [p[1] if isinstance(p, tuple) else p for p in params]
        if not self.params:
            raise ArgumentError("AveragedParameters: no parameters to average")
        for i, p in enumerate(self.params):
            if not isinstance(p, TensorBase):
                raise OperandError(f"AveragedParameters: parameter {i} must be a Tensor, got {describe(p)}")
        if multi_avg_fn is not None and not callable(multi_avg_fn):
            raise OperandError(f"AveragedParameters: multi_avg_fn must be callable, got {multi_avg_fn!r}")
        self.multi_avg_fn = multi_avg_fn or get_swa_multi_avg_fn()
        self.n_averaged = 0
        self.averages = [np.array(p._data, order="C") for p in self.params]

    def update(self) -> None:
        """Take in the present values."""
        values = [np.asarray(p._data) for p in self.params]
        if self.n_averaged:
            self.multi_avg_fn(self.averages, values, self.n_averaged)
        else:
            _copy(values, self.averages)
        self.n_averaged += 1

    def copy_to(self) -> None:
        """Write the averages into the parameters, for good."""
        if not self.n_averaged:
            raise ArgumentError("AveragedParameters: nothing was averaged yet; call update() first")
        for p, average in zip(self.params, self.averages, strict=True):
            np.copyto(writable(p), average)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within it parameters have the averages as values, and afterwards their own again."""
        own = [np.array(p._data) for p in self.params]
        self.copy_to()
        try:
            yield
        finally:
            for p, value in zip(self.params, own, strict=True):
                np.copyto(writable(p), value)

    def state_dict(self) -> dict[str, Any]:
        """The number of updates and copies of the averages."""
        return {"n_averaged": self.n_averaged, "averages": [a.copy() for a in self.averages]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a `state_dict`.

        Errors: OptimizerStateError, before anything is changed, if it does not fit.
        """
        if set(state_dict) != {"n_averaged", "averages"}:
            raise OptimizerStateError(f"expected keys n_averaged and averages, got {sorted(state_dict)}")
        shapes = [a.shape for a in self.averages], [np.shape(a) for a in state_dict["averages"]]
        if shapes[0] != shapes[1]:
            raise OptimizerStateError(f"averages of shapes {shapes[0]}, the state dict has {shapes[1]}")
        _copy(state_dict["averages"], self.averages)
        self.n_averaged = int(state_dict["n_averaged"])


def _copy(sources: Iterable[Any], targets: Iterable[np.ndarray]) -> None:
    for source, target in zip(sources, targets, strict=True):
        np.copyto(target, source, casting="same_kind")


class SWALR(LRScheduler):
    """From the rate in force to swa_lr in anneal_epochs steps, and no further.

    Args:
        optimizer, last_epoch: see `LRScheduler`.
        swa_lr: the rate at which to average, or one for each group.
        anneal_epochs: steps until it is reached; 0 for at once.
        anneal_strategy: "cos" for half a cosine, or "linear".

    Errors: see `LRScheduler`.

    Source: Izmailov et al., 2018, section 3.2.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ):
        check_optimizer("SWALR", optimizer)
        check_integer("SWALR", "anneal_epochs", anneal_epochs, 0)
        check_choice("SWALR", "anneal_strategy", anneal_strategy, ("cos", "linear"))
        rates = per_group("SWALR", "swa_lr", optimizer, swa_lr)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._part(step - 1), self._part(step)
        lrs = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            start = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            lrs.append(goal * now + start * (1 - now))
        return lrs

    def _part(self, step: int) -> float:
        """How much of the way is behind at a step."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2
