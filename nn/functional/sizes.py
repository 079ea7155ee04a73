"""Sizes as layers take them: whole numbers, and shapes of them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.errors import ArgumentError


def positive(value: Any, what: str) -> int:
    """A positive integer as Python's; `what` begins the message where it is none."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{what} must be a positive integer, got {value!r}")
    return int(value)


def lengths(value: Any, what: str) -> tuple[int, ...]:
    """A shape of one axis or more; a number stands for one axis."""
    if isinstance(value, (int, np.integer)):
        value = (value,)
    if not isinstance(value, (tuple, list)) or not value:
        raise ArgumentError(f"{what} must be a positive integer or a tuple of them, got {value!r}")
    return tuple(positive(n, f"{what}: each length") for n in value)


def integers(value: Any, dims: int, what: str, least: int, optional: bool = False) -> tuple:
    """`dims` integers from one or from a sequence of them; with `optional`, some may be None.

    Errors: ArgumentError for what is no integer, another number of them, or one below `least`.
    """
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(given) == 1:
        given *= dims
    if len(given) != dims:
        raise ArgumentError(f"{what} must be an integer or {dims} of them, got {value!r}")
    found: list[int | None] = []
    for part in given:
        if part is None and optional:
            found.append(None)
            continue
        try:
            number = operator.index(part)
        except TypeError:
            number = None
        if number is None or isinstance(part, bool):
            raise ArgumentError(f"{what} must be an integer or {dims} of them, got {value!r}")
        if number < least:
            raise ArgumentError(f"{what} must be at least {least}, got {value!r}")
        found.append(number)
    return tuple(found)
