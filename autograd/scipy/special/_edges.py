"""What has a value and no derivative: at ends of domains, where a rule would give a number by accident."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops.choosing import equal, isinf, logical_and, where
from ...ops.composed import plain
from ...ops.limits import undefined
from ...tape import TensorBase


def no_slope(at: Any, *values: Any) -> Any:
    """0, whose derivatives by these values are NaN in the places `at`, where the values are 0."""
    recorded = [v for v in values if isinstance(v, TensorBase)]
    return sum(undefined(v, at) for v in recorded) if recorded and np.any(plain(at)) else 0.0


def no_slope_at_infinity(x: Any) -> Any:
    """0, whose derivative by x is NaN where x is infinite."""
    at = isinf(x)
    return no_slope(at, 1 / where(at, x, 1.0)) if np.any(plain(at)) else 0.0


def both_zero(x: Any, y: Any) -> Any:
    return logical_and(equal(x, 0), equal(y, 0))
