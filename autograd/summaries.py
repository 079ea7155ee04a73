"""What is kept of an array when the array itself cannot be: a few numbers, and few elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# An array of no more elements than this is copied, so that pictures can print it.
SMALL = 24


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of an array: numbers, and the elements if they are few.

    Attributes:
        shape, dtype: of the array.
        norm: the Euclidean norm of its elements.
        low, high, mean, std: of its finite elements; None if it has none, or holds no numbers.
        nans, infinities: how many elements are not finite.
        few: a copy, if there are at most 24 elements; else None.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    norm: float = 0.0
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None
    nans: int = 0
    infinities: int = 0
    few: np.ndarray | None = None


def summarise(value: Any) -> Summary:
    """The summary of an array, a NumPy scalar or a Python number.

    Example:
        >>> seen = summarise(np.array([3.0, -4.0]))
        >>> seen.norm, seen.low, seen.high
        (5.0, -4.0, 3.0)
    """
    array = np.asarray(value)
    few = array.copy() if array.size <= SMALL else None
    if array.dtype.kind not in "fciub" or not array.size:
        return Summary(array.shape, array.dtype, few=few)
    wide = np.abs(array) if array.dtype.kind == "c" else array
    wide = wide.astype(np.float64, copy=False).ravel()
    with np.errstate(all="ignore"):
        square = float(wide.dot(wide))
        nans = infinities = 0
        if not np.isfinite(square):  # most arrays are known to be finite from this one number
            nans, infinities = int(np.isnan(wide).sum()), int(np.isinf(wide).sum())
        norm = square**0.5 if np.isfinite(square) or nans or infinities else _scaled_norm(wide)
        finite = wide[np.isfinite(wide)] if nans or infinities else wide
        facts = [float(f(finite)) if finite.size else None for f in (np.min, np.max, np.mean, np.std)]
    low, high, mean, std = facts
    return Summary(array.shape, array.dtype, norm, low, high, mean, std, nans, infinities, few)


def _scaled_norm(wide: np.ndarray) -> float:
    """The norm of finite numbers whose squares overflow."""
    largest = float(np.abs(wide).max())
    return largest * float(np.linalg.norm(wide / largest))
