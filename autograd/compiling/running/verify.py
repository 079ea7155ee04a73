"""Whether a program did what the function does."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...tape import TensorBase
from ..containers import leaves


def arrays_of(tree: Any) -> list:
    """Copies of the arrays in a result, in order, and whatever else is in it."""
    found = [leaf._data if isinstance(leaf, TensorBase) else leaf for leaf in leaves(tree)]
    return [np.array(leaf) if isinstance(leaf, (np.ndarray, np.generic)) else leaf for leaf in found]


class Rounding(NamedTuple):
    """How far what rounds otherwise may differ, of the largest element of an array.

    Attributes:
        among: whether an array may be nothing but the rounding errors of others, as is the gradient of a
            bias before normalisation; its largest counts as a tenth of theirs at least.
    """

    single: float
    double: float
    among: bool


KERNELS = Rounding(1e-5, 1e-11, among=True)  # of other kernels
LAYOUTS = Rounding(2e-6, 1e-14, among=False)  # of the same, which meet arrays in another layout


def agree(wanted: list, found: list, but_for: Rounding | None = None) -> bool:
    """Whether two lists of arrays are equal: to the last bit, or but for rounding."""
    if len(wanted) != len(found):
        return False
    among = but_for is not None and but_for.among
    floats = [a for a in wanted if isinstance(a, np.ndarray) and a.dtype.kind in "fc"] if among else []
    largest = max((float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in floats), default=0.0)
    single = any(isinstance(a, np.ndarray) and a.dtype in (np.float32, np.complex64) for a in wanted)
    for a, b in zip(wanted, found, strict=True):
        if isinstance(a, np.ndarray):
            if not isinstance(b, np.ndarray) or (a.shape, a.dtype) != (b.shape, b.dtype):
                return False
            equal = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
            if not equal and not (but_for and _near(a, b, but_for[not single], largest / 10)):
                return False
        elif a != b and a is not b:
            return False
    return True


def _near(a: np.ndarray, b: np.ndarray, tolerance: float, least: float) -> bool:
    """Equal, but for what other kernels round otherwise."""
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    if a.dtype == np.float16:
        tolerance = 1e-3
    with np.errstate(all="ignore"):
        finite = np.isfinite(a)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return False
        scale = np.abs(a[finite]).max(initial=least)
        return bool(np.abs(a[finite] - b[finite]).max(initial=0) <= tolerance * scale)
