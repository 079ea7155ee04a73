"""Running statistics: what batch and instance normalisation remember of what they saw."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from autograd.effects import before_write
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.memory import is_array
from autograd.views import writable

from .arguments import number


def running(mean: Any, var: Any, channels: int, caller: str) -> tuple[Any, Any] | None:
    """Running statistics as they came; None if there are none."""
    if mean is None and var is None:
        return None
    if mean is None or var is None:
        raise ArgumentError(f"{caller}: running_mean and running_var must be given both or neither")
    for name, array in (("running_mean", mean), ("running_var", var)):
        if not isinstance(array, (Tensor, np.ndarray)) or array.dtype.kind != "f":
            raise DtypeError(
                f"{caller}: {name} must be a floating ndarray or Tensor, which is written into"
            )
        if array.shape != (channels,):
            raise ShapeError(f"{caller}: {name}{array.shape} must be ({channels},), one per channel")
    return mean, var


def _copied(v: Any) -> Any:
    return v.copy() if is_array(v) else np.array(v)


def current(stats: tuple[Any, Any] | None, caller: str) -> tuple[np.ndarray, ...]:
    """Running statistics as they are now: copies, as they will be written into."""
    if stats is None:
        raise ArgumentError(f"{caller}: needs running_mean and running_var where it takes no others")
    return tuple(_copied(v._data if isinstance(v, Tensor) else v) for v in stats)


class Follower:
    """Moves running statistics towards those that it is called with, in place and unrecorded."""

    __slots__ = ("mean", "momentum", "var")

    def __init__(self, mean: Any, var: Any, momentum: Any):
        self.mean, self.var, self.momentum = mean, var, momentum

    def __call__(self, means: np.ndarray, variances: np.ndarray, count: int) -> None:
        if count < 2 or not len(means):
            return  # nothing was seen
        unbiased = count / (count - 1)
        for running, seen, factor in ((self.mean, means, 1.0), (self.var, variances, unbiased)):
            if isinstance(running, Tensor):
                values = writable(running)
            else:
                values = running
                before_write(values)
            seen = seen[0] if len(seen) == 1 else np.add.reduce(seen, 0) / len(seen)
            keep, take = 1 - self.momentum, self.momentum * factor
            if type(self.momentum) is not float:  # a recorded number, which would widen
                keep, take = keep.astype(values.dtype), take.astype(values.dtype)
            values *= keep
            values += seen * take

    def __repr__(self) -> str:
        return f"running statistics, momentum {self.momentum:g}"  # what graphs show


def follower(stats: tuple[Any, Any] | None, momentum: Any, caller: str) -> Follower | None:
    """What moves these running statistics, if there are any."""
    if stats is None:
        return None
    if not is_array(momentum):
        momentum = number(momentum, f"{caller}: momentum")
    return Follower(*stats, momentum)
