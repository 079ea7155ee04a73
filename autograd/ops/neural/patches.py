"""Windows that slide over the trailing axes of an array: where they lie, gathering, scattering.

A window is `window` taps, `dilation` apart, moved by `stride` over an axis that has `padding` =
(before, after) zeros at its ends; one number, or pair, for every axis that the window slides
over. Padding is never laid out in memory: each tap meets a slice of the axis, and elsewhere zero.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np

from ...declare import case, primitive
from ...errors import ShapeError
from . import batching


def positions(size: int, window: int, stride: int, padding: tuple[int, int], dilation: int) -> int:
    """How many places a window has along one axis; less than 1 if it does not fit."""
    return (size + padding[0] + padding[1] - dilation * (window - 1) - 1) // stride + 1


def places(sizes, window, stride, padding, dilation, caller: str) -> tuple[int, ...]:
    """How many places a window has along each axis.

    Errors: ShapeError if it has no taps, or does not fit at all.
    """
    if min(window) < 1:
        raise ShapeError(f"{caller}: the sizes of the kernel must be positive, got {tuple(window)}")
    found = tuple(map(positions, sizes, window, stride, padding, dilation))
    if min(found, default=1) < 1:
        padded = tuple(n + a + b for n, (a, b) in zip(sizes, padding))
        reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, window))
        raise ShapeError(
            f"{caller}: the padded input has spatial size {padded}, which must be at least that of the "
            f"kernel, {reach}" + (" with its dilation" if max(dilation) > 1 else "")
        )
    return found


def _meetings(
    size: int, out: int, stride: int, before: int, dilation: int, tap: int
) -> tuple[slice, slice]:
    """The places at which a tap lies inside the axis, and the elements that it meets there."""
    offset = tap * dilation - before
    first = max(0, -(offset // stride))
    last = max(first, min(out, (size - 1 - offset) // stride + 1))
    start = first * stride + offset
    return slice(first, last), slice(
        start, start + (last - first - 1) * stride + 1 if last > first else start, stride
    )


@functools.lru_cache(maxsize=256)
def _taps(sizes, outs, window, stride, padding, dilation) -> list[tuple[tuple, tuple, tuple]]:
    """For each tap: its index, the places at which it lies inside, the elements it meets."""
    axes = [
        [(t, *_meetings(n, o, s, p[0], d, t)) for t in range(k)]
        for n, o, k, s, p, d in zip(sizes, outs, window, stride, padding, dilation)
    ]
    return [tuple(zip(*combined)) or ((), (), ()) for combined in itertools.product(*axes)]


def gather(columns: Any, x: Any, stride, padding, dilation) -> None:
    """Write what each tap meets.

    Shapes: columns (..., *window, *places), x (..., *sizes).
    """
    n = len(stride)
    outs, window = columns.shape[columns.ndim - n :], columns.shape[columns.ndim - 2 * n : columns.ndim - n]
    for tap, inside, met in _taps(x.shape[x.ndim - n :], outs, window, stride, padding, dilation):
        column = columns[(..., *tap, *(slice(None),) * n)]
        for axis, (part, out) in enumerate(zip(inside, outs)):
            after = (slice(None),) * (n - axis - 1)
            if part.start:
                column[(..., slice(part.start), *after)] = 0
            if part.stop < out:
                column[(..., slice(part.stop, None), *after)] = 0
        column[(..., *inside)] = x[(..., *met)]


def scatter(x: Any, columns: Any, stride, padding, dilation) -> None:
    """Add each tap to what it meets: the adjoint of `gather`."""
    n = len(stride)
    outs, window = columns.shape[columns.ndim - n :], columns.shape[columns.ndim - 2 * n : columns.ndim - n]
    for tap, inside, met in _taps(x.shape[x.ndim - n :], outs, window, stride, padding, dilation):
        x[(..., *met)] += columns[(..., *tap, *inside)]


# ------------------------------------------------------------------ as operations


def _unfold(x, window, stride, padding, dilation):
    outs = places(x.shape[2:], window, stride, padding, dilation, "unfold")
    columns = np.empty((*x.shape[:2], *window, *outs), x.dtype, like=x)
    gather(columns, x, stride, padding, dilation)
    return columns.reshape(len(x), x.shape[1] * math.prod(window), math.prod(outs))


def _fold(y, size, window, stride, padding, dilation):
    outs = places(size, window, stride, padding, dilation, "fold")
    taps, count = math.prod(window), math.prod(outs)
    if y.ndim != 3 or y.shape[1] % taps or y.shape[2] != count:
        raise ShapeError(
            f"fold: input{y.shape} must be (N, channels * {taps}, {count}): the kernel {window} has "
            f"{taps} taps and {' x '.join(map(str, outs))} places on an output of size {size}"
        )
    x = np.zeros((len(y), y.shape[1] // taps, *size), y.dtype, like=y)
    scatter(x, y.reshape(*x.shape[:2], *window, *outs), stride, padding, dilation)
    return x


_CASES: list[dict[str, Any]] = [
    dict(window=(2, 3), stride=(1, 2), padding=((0, 0), (1, 2)), dilation=(2, 1)),
    dict(window=(2,), stride=(3,), padding=((1, 0),), dilation=(1,)),
]

unfold = primitive(
    _unfold,
    ["x"],
    name="unfold",
    vjp={
        "x": lambda g, x_shape, window, stride, padding, dilation: fold(
            g, x_shape[2:], window, stride, padding, dilation
        )
    },
    linear=True, batch=batching.folded(0), cases=[case((2, 2, 4, 4), **_CASES[0]), case((1, 2, 6), **_CASES[1])],
    doc="""What a sliding window meets, as columns.

    Shapes: (N, C, *sizes) -> (N, C * taps, places).

    Gradient: `fold`.""",
)  # fmt: skip
fold = primitive(
    _fold,
    ["y"],
    name="fold",
    vjp={
        "y": lambda g, window, stride, padding, dilation: unfold(g, window, stride, padding, dilation)
    },
    linear=True, batch=batching.folded(0), cases=[case((2, 12, 6), size=(4, 4), **_CASES[0]), case((1, 4, 2), size=(6,), **_CASES[1])],
    doc="""The sum of columns over the elements that a sliding window meets.

    Shapes: (N, C * taps, places) -> (N, C, *size).

    Gradient: `unfold`.""",
)  # fmt: skip
