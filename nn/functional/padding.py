"""Padding as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, ShapeError
from autograd.ops.neural import padding

from .inputs import numbers

__all__ = ["pad"]

MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Borders around the last axes.

    Args:
        input: (...), with as many axes as are padded or more; for all modes but "constant", with
            one more (C) or two (N, C).
        pad: (left, right), (left, right, top, bottom), ...: widths before and after the last axis,
            then the one before it, and so on. Negative ones crop.
        mode: "constant", "reflect" (without the edge), "replicate" (the edge) or "circular".
        value: what constant borders hold; 0 by default.

    Errors: ArgumentError for widths that are no even number of integers, an unknown mode, or a
    value where there is none; ShapeError for an input of too few axes, or too short for a border.

    Example:
        >>> pad(np.array([[1.0, 2.0, 3.0]]), (2, 1), "reflect")
        array([[3., 2., 1., 2., 3., 2.]])
    """
    input = numbers(input, "pad")
    widths = _widths(pad, input)
    if mode not in MODES:
        raise ArgumentError(f"pad: mode must be one of {MODES}, got {mode!r}")
    if mode == "constant":
        return padding.pad(input, widths, mode, _filling(value))
    if value:
        raise ArgumentError(f"pad: only mode 'constant' takes a value, got {value!r} with {mode!r}")
    axes = len(pad) // 2
    if not 1 <= axes <= 3 or input.ndim not in (axes + 1, axes + 2):
        raise ShapeError(
            f"pad: mode {mode!r} takes one to three axes after C or (N, C), "
            f"got {axes} of input{input.shape}"
        )
    return padding.pad(input, widths, mode, 0.0)


def _filling(value: Any) -> Any:
    """What borders hold, as a Python number, which widens no array."""
    if value is None:
        return 0.0
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (int, float, complex)):
        return value
    raise ArgumentError(f"pad: value must be a number, got {value!r}")


def _widths(pad: Any, input: Any) -> Any:
    """(before, after) for each axis."""
    if not isinstance(pad, (tuple, list)) or any(
        not isinstance(n, (int, np.integer)) or isinstance(n, bool) for n in pad
    ):
        raise ArgumentError(f"pad: the widths must be a tuple of integers, got {pad!r}")
    if len(pad) % 2:
        raise ArgumentError(f"pad: there must be an even number of widths, got {len(pad)}: {pad!r}")
    if len(pad) > 2 * input.ndim:
        raise ShapeError(f"pad: {len(pad)} widths are too many for input{input.shape}: {pad!r}")
    ends = [int(n) for n in pad]
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    return ((0, 0),) * (input.ndim - len(pairs)) + tuple(pairs[::-1])
