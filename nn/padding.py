"""Layers that pad."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError

from . import functional as F
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """Widths for a number of axes, and a mode."""

    _axes: int
    _mode: str
    padding: tuple[int, ...]

    def __init__(self, padding: Any):
        super().__init__()
        if isinstance(padding, (int, np.integer)) and not isinstance(padding, bool):
            padding = (padding,) * (2 * self._axes)
        if (
            not isinstance(padding, (tuple, list))
            or len(padding) != 2 * self._axes
            or any(not isinstance(n, (int, np.integer)) or isinstance(n, bool) for n in padding)
        ):
            raise ArgumentError(
                f"{type(self).__name__}: padding must be an integer or {2 * self._axes} of them, "
                f"got {padding!r}"
            )
        self.padding = tuple(int(n) for n in padding)

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    _mode = "constant"
    value: float

    def __init__(self, padding: Any, value: float):
        super().__init__(padding)
        if not isinstance(value, (int, float, np.number)):
            raise ArgumentError(f"{type(self).__name__}: value must be a number, got {value!r}")
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Borders of one value.

    Args:
        padding: (left, right), or one width for all; negative ones crop.
        value: what they hold.

    Shapes: x (..., L) -> L grown by left + right.

    Errors: ArgumentError for other widths; ShapeError for x of too few axes, or if nothing is left.

    Example:
        >>> ConstantPad1d(1, 0.5)(np.zeros((1, 2))).shape
        (1, 4)
    """

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """As `ConstantPad1d`, of images: padding is (left, right, top, bottom).

    Shapes: x (..., H, W) -> H grown by top + bottom, W by left + right.

    Example:
        >>> ConstantPad2d(1, 0.5)(np.zeros((1, 2, 2))).shape
        (1, 4, 4)
    """

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """As `ConstantPad1d`, of volumes: padding is (left, right, top, bottom, front, back).

    Shapes: x (..., D, H, W) -> each axis grown by its widths.

    Example:
        >>> ConstantPad3d(1, 0.5)(np.zeros((1, 2, 2, 2))).shape
        (1, 4, 4, 4)
    """

    _axes = 3


class ZeroPad1d(_ZeroPad):
    """Borders of zeros.

    Args:
        padding: (left, right), or one width for all; negative ones crop.

    Shapes: x (..., L) -> L grown by left + right.

    Errors: ArgumentError for other widths; ShapeError for x of too few axes, or if nothing is left.

    Example:
        >>> ZeroPad1d(1)(np.zeros((1, 2))).shape
        (1, 4)
    """

    _axes = 1


class ZeroPad2d(_ZeroPad):
    """As `ZeroPad1d`, of images: padding is (left, right, top, bottom).

    Shapes: x (..., H, W) -> H grown by top + bottom, W by left + right.

    Example:
        >>> ZeroPad2d(1)(np.zeros((1, 2, 2))).shape
        (1, 4, 4)
    """

    _axes = 2


class ZeroPad3d(_ZeroPad):
    """As `ZeroPad1d`, of volumes: padding is (left, right, top, bottom, front, back).

    Shapes: x (..., D, H, W) -> each axis grown by its widths.

    Example:
        >>> ZeroPad3d(1)(np.zeros((1, 2, 2, 2))).shape
        (1, 4, 4, 4)
    """

    _axes = 3


class ReflectionPad1d(_Pad):
    """Borders that reflect, without repeating the edge.

    Args:
        padding: (left, right), or one width for all; negative ones crop.

    Shapes: x (N, C, L) or (C, L) -> L grown by left + right.

    Errors: ArgumentError for other widths; ShapeError for x of other axes, or borders not shorter than x.

    Example:
        >>> ReflectionPad1d(1)(np.zeros((1, 2))).shape
        (1, 4)
    """

    _axes, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """As `ReflectionPad1d`, of images: padding is (left, right, top, bottom).

    Shapes: x (N, C, H, W) or (C, H, W) -> H grown by top + bottom, W by left + right.

    Example:
        >>> ReflectionPad2d(1)(np.zeros((1, 2, 2))).shape
        (1, 4, 4)
    """

    _axes, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """As `ReflectionPad1d`, of volumes: padding is (left, right, top, bottom, front, back).

    Shapes: x (N, C, D, H, W) or (C, D, H, W) -> each axis grown by its widths.

    Example:
        >>> ReflectionPad3d(1)(np.zeros((1, 2, 2, 2))).shape
        (1, 4, 4, 4)
    """

    _axes, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Borders that repeat the edge.

    Args:
        padding: (left, right), or one width for all; negative ones crop.

    Shapes: x (N, C, L) or (C, L) -> L grown by left + right.

    Errors: ArgumentError for other widths; ShapeError for x of other axes.

    Example:
        >>> ReplicationPad1d(1)(np.zeros((1, 2))).shape
        (1, 4)
    """

    _axes, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """As `ReplicationPad1d`, of images: padding is (left, right, top, bottom).

    Shapes: x (N, C, H, W) or (C, H, W) -> H grown by top + bottom, W by left + right.

    Example:
        >>> ReplicationPad2d(1)(np.zeros((1, 2, 2))).shape
        (1, 4, 4)
    """

    _axes, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """As `ReplicationPad1d`, of volumes: padding is (left, right, top, bottom, front, back).

    Shapes: x (N, C, D, H, W) or (C, D, H, W) -> each axis grown by its widths.

    Example:
        >>> ReplicationPad3d(1)(np.zeros((1, 2, 2, 2))).shape
        (1, 4, 4, 4)
    """

    _axes, _mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Borders that go on at the other end.

    Args:
        padding: (left, right), or one width for all; negative ones crop.

    Shapes: x (N, C, L) or (C, L) -> L grown by left + right.

    Errors: ArgumentError for other widths; ShapeError for x of other axes, or borders longer than x.

    Example:
        >>> CircularPad1d(1)(np.zeros((1, 2))).shape
        (1, 4)
    """

    _axes, _mode = 1, "circular"


class CircularPad2d(_Pad):
    """As `CircularPad1d`, of images: padding is (left, right, top, bottom).

    Shapes: x (N, C, H, W) or (C, H, W) -> H grown by top + bottom, W by left + right.

    Example:
        >>> CircularPad2d(1)(np.zeros((1, 2, 2))).shape
        (1, 4, 4)
    """

    _axes, _mode = 2, "circular"


class CircularPad3d(_Pad):
    """As `CircularPad1d`, of volumes: padding is (left, right, top, bottom, front, back).

    Shapes: x (N, C, D, H, W) or (C, D, H, W) -> each axis grown by its widths.

    Example:
        >>> CircularPad3d(1)(np.zeros((1, 2, 2, 2))).shape
        (1, 4, 4, 4)
    """

    _axes, _mode = 3, "circular"
