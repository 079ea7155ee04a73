"""How averages take in new values: the mean of all (SWA), or with exponential weights (EMA)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .checks import check_range
from .optimizer import TILE

# Takes the averages, the present values and how many values the averages are of, and changes
# the averages in place.
Averaging = Callable[[Sequence[np.ndarray], Sequence[np.ndarray], int], None]


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averaging:
    """average = decay average + (1 - decay) value.

    Args:
        decay: how much is kept, in [0, 1].

    Errors: ArgumentError for a decay out of range.
    """
    check_range("get_ema_multi_avg_fn", "decay", decay, 0.0, 1.0, closed=True)

    def ema_update(averages: Sequence[np.ndarray], values: Sequence[np.ndarray], n: int) -> None:
        _approach_all(averages, values, 1 - decay)

    return ema_update


def get_swa_multi_avg_fn() -> Averaging:
    """average = average + (value - average) / (n + 1), the mean of all values."""

    def swa_update(averages: Sequence[np.ndarray], values: Sequence[np.ndarray], n: int) -> None:
        _approach_all(averages, values, 1 / (n + 1))

    return swa_update


def _approach_all(averages: Sequence[np.ndarray], values: Sequence[np.ndarray], weight: float) -> None:
    """average += weight (value - average), by tiles and so with one small scratch array."""
    for average, value in zip(averages, values, strict=True):
        a, v = average.reshape(-1), np.asarray(value).reshape(-1)
        scratch = np.empty(min(TILE, a.size), a.dtype, like=a)
        for start in range(0, a.size, TILE):
            tile = a[start : start + TILE]
            s = scratch[: tile.size]
            np.subtract(v[start : start + TILE], tile, s)
            np.multiply(s, weight, s)
            np.add(tile, s, tile)


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], Any]:
    """decay average + (1 - decay) value, as a function of one average, one value and a count.

    Errors: ArgumentError for a decay out of range.
    """
    check_range("get_ema_avg_fn", "decay", decay, 0.0, 1.0, closed=True)

    def ema_update(average: Any, value: Any, n: Any) -> Any:
        return decay * average + (1 - decay) * value

    return ema_update


def get_swa_avg_fn() -> Callable[[Any, Any, Any], Any]:
    """average + (value - average) / (n + 1), as a function of one average, one value and a count."""

    def swa_update(average: Any, value: Any, n: Any) -> Any:
        return average + (value - average) / (n + 1)

    return swa_update
