"""Checks of options, made when an optimiser or a scheduler is built."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError


def is_number(value: Any) -> bool:
    """Whether a value is a real number; True and False are none."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_range(
    name: str, option: str, value: Any, low: float, high: float = math.inf, closed: bool = False
) -> None:
    """Refuse an option that is no number in [low, high), or [low, high] if closed; NaN is in none."""
    if not is_number(value) or not (low <= value < high or (closed and value == high)):
        upper = "" if high == math.inf else f" and {'at most' if closed else 'below'} {high}"
        raise ArgumentError(f"{name}: {option} must be a number of at least {low}{upper}, got {value!r}")


def check_pair(name: str, option: str, value: Any) -> None:
    """Refuse what has not two entries."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ArgumentError(f"{name}: {option} must be a pair of numbers, got {value!r}")


def check_betas(name: str, betas: Any) -> None:
    """Refuse what is no pair of numbers in [0, 1)."""
    check_pair(name, "betas", betas)
    for i, beta in enumerate(betas):
        check_range(name, f"betas[{i}]", beta, 0.0, 1.0)


def check_number(name: str, option: str, value: Any) -> None:
    """Refuse what is no finite number."""
    if not is_number(value) or not math.isfinite(value):
        raise ArgumentError(f"{name}: {option} must be a finite number, got {value!r}")


def check_integer(name: str, option: str, value: Any, low: int) -> None:
    """Refuse an option that is no integer of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
        raise ArgumentError(f"{name}: {option} must be an integer of at least {low}, got {value!r}")


def check_choice(name: str, option: str, value: Any, choices: Iterable[Any]) -> None:
    """Refuse an option that is none of the choices."""
    choices = list(choices)
    if not any(value is c or (isinstance(c, str) and value == c) for c in choices):
        raise ArgumentError(
            f"{name}: {option} must be one of {', '.join(map(repr, choices))}, got {value!r}"
        )


def refuse_complex(name: str, params: Iterable[Any]) -> None:
    """For formulas that have no meaning for complex parameters."""
    for i, p in enumerate(params):
        if p.dtype.kind == "c":
            raise OperandError(f"{name}: parameter {i} must be real, got {describe(p)}")
