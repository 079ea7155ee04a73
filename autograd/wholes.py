"""Calls that look at values. While a function is recorded, each is noted as one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .tape import mode


def as_whole(fn: Callable, *args: Any, **options: Any) -> Any:
    """fn(*args, **options), which may look at the values of arrays.

    It must give arrays or NumPy scalars of its own, or tuples of them, and write into nothing.
    """
    note = mode.whole
    return fn(*args, **options) if note is None else note(fn, args, options)
