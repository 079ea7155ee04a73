"""Windows along axes, and the two reductions over them that all pooling is made of.

A window is a product of windows along the axes, so a reduction over it goes axis by axis, the
last axis first. Along one axis it goes tap by tap: tap t of all windows is one strided slice of
the array, so a few calls of NumPy do the work however many windows there are.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...errors import ShapeError
from .sums import row_sums


class Windows(NamedTuple):
    """The windows along one axis: window i has elements starts[i] + t * dilation, t < size.

    Elements outside the axis, which is `length` long, are padding. Where `sizes` is given,
    window i has sizes[i] <= size elements only, all within the axis.
    """

    length: int
    starts: range | tuple[int, ...]
    size: int
    dilation: int = 1
    sizes: tuple[int, ...] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether there is one window, and it is the axis."""
        alone = len(self.starts) == 1 and self.starts[0] == 0
        return alone and self.size == self.length and self.dilation == 1


def taps(windows: Windows) -> Iterator[tuple[int, Any, Any]]:
    """For each tap t: t, the windows that have it (a slice), and its place in the axis.

    The place is a slice for regular windows, else an array of indices. Windows of fewer taps
    repeat their last element.
    """
    length, starts, size, dilation, sizes = windows
    if type(starts) is range:
        step = starts.step
        for t in range(size):
            first = starts.start + t * dilation
            low = max(0, -(first // step))
            high = min(len(starts), (length - 1 - first) // step + 1)
            if low < high:
                source = slice(first + low * step, first + (high - 1) * step + 1, step)
                yield t, slice(low, high), source
    else:
        least = np.array(starts, np.intp)
        most = least + (np.array(sizes) - 1 if sizes else size - 1)
        for t in range(size):
            yield t, slice(None), np.minimum(least + t, most)


def _at(ndim: int, axis: int, part: Any) -> tuple:
    """An index that picks `part` of one axis."""
    return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1))


def _axes(x: np.ndarray, windows: Sequence[Windows]) -> Iterator[tuple[int, Windows]]:
    """The windowed axes that have work to do, the last first."""
    for i in range(1, len(windows) + 1):
        w = windows[-i]
        if w.size > 1 or w.starts != range(w.length):
            yield x.ndim - i, w


def _combine(ufunc: Any, total: np.ndarray, owned: bool, place: tuple, part: np.ndarray) -> np.ndarray:
    """total with `part` worked in at a place, in the same memory if it is `owned`."""
    if not owned:
        if part.shape == total.shape:
            return ufunc(total, part)
        total = total.copy()
    there = total[place]
    ufunc(there, part, out=there)
    return total


# ------------------------------------------------------------------ sums


def window_sum(x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """The sum of each window over the last axes of x."""
    lengths = tuple(w.length for w in windows)
    if x.shape[x.ndim - len(lengths) :] != lengths:
        raise ShapeError(f"windows over axes of {lengths} do not fit an array of {x.shape}")
    if all(w.is_whole for w in windows) and x.flags.c_contiguous and x.dtype.char in "fd" and x.size:
        lead = x.shape[: -len(windows)]
        return row_sums(x.reshape(math.prod(lead), -1)).reshape(lead + (1,) * len(windows))
    out = x
    for axis, w in _axes(x, windows):
        out = np.add.reduce(out, axis, keepdims=True) if w.is_whole else _sum_along(out, axis, w)
    return out.copy() if out is x or out.base is not None else out  # a single tap is a view


def _sum_along(x: np.ndarray, axis: int, windows: Windows) -> np.ndarray:
    n, total, owned = len(windows.starts), None, False
    for _, to, source in taps(windows):
        part = x[_at(x.ndim, axis, source)]
        if total is None:
            if part.shape[axis] == n:
                total = part
                continue
            total, owned = np.zeros((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype, like=x), True
        total = _combine(np.add, total, owned, _at(x.ndim, axis, to), part)
        owned = True
    assert total is not None  # a window has at least one element
    return total


def window_spread(g: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """The adjoint of `window_sum`: each element of g added to all elements of its window."""
    if all(w.is_whole for w in windows):
        return np.broadcast_to(g, g.shape[: -len(windows)] + tuple(w.length for w in windows))
    for axis, w in reversed(list(_axes(g, windows))):
        apart = type(w.starts) is range and w.dilation * (w.size - 1) < w.starts.step
        out = np.zeros((*g.shape[:axis], w.length, *g.shape[axis + 1 :]), g.dtype, like=g)
        for _, to, source in taps(w):
            place, part = _at(g.ndim, axis, source), g[_at(g.ndim, axis, to)]
            if apart:
                out[place] = part
            else:
                out[place] += part
        g = out
    return g


# ------------------------------------------------------------------ largest elements


def largest(x: np.ndarray, windows: Sequence[Windows]) -> tuple[np.ndarray, np.ndarray]:
    """The largest element of each window, and the number of its tap, counted row-major, in few bytes.

    The first wins; where there are NaNs, the last of them.
    """
    if all(w.is_whole for w in windows):
        best, which, told = _largest_of_all(x, len(windows))
    else:
        best, which, told = _largest_by_axis(x, windows)
    return best, which if told else _strongest_by_tap(x, windows)


def kind_of_taps(windows: Sequence[Windows]) -> np.dtype:
    """The smallest dtype that holds the number of a tap."""
    return np.min_scalar_type(math.prod(w.size for w in windows) - 1)


def places_of(taps: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """The index of a tap of each window, in the windowed axes flattened."""
    steps = [np.arange(w.size) * w.dilation * s for w, s in zip(windows, _strides(windows))]
    offsets = functools.reduce(np.add.outer, steps).reshape(-1)
    places = np.asarray(offsets, like=taps).take(taps)
    places += _origins(windows)
    return places


def _lowest(dtype: np.dtype) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else dtype.type(-np.inf)


def _largest_of_all(x: np.ndarray, dims: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """The largest element of each whole array, its number, and whether there is no NaN."""
    lead, size = x.shape[:-dims], math.prod(x.shape[-dims:])
    rows, shape = x.reshape(*lead, size), lead + (1,) * dims
    best = np.maximum.reduce(rows, -1)
    which = rows.argmax(-1).astype(np.min_scalar_type(size - 1))
    told = not (x.dtype.kind not in "iu" and x.size and np.isnan(np.minimum.reduce(best, None)))
    return best.reshape(shape), which.reshape(shape), told


def _largest_by_axis(x: np.ndarray, windows: Sequence[Windows]) -> tuple[np.ndarray, np.ndarray, bool]:
    """The same for each window; whether there is no NaN, and no window of nothing but -inf.

    `which` is the number of the winning tap among those folded so far, counted row-major.
    """
    kind = kind_of_taps(windows).type
    best, which, weight = x, None, 1
    for axis, w in _axes(x, windows):
        best, which = _larger_along(best, which, axis, w, weight, kind)
        weight *= w.size
    told = not best.size or bool(np.minimum.reduce(best, None) > _lowest(x.dtype))
    if best is x or best.base is not None:  # a single tap is a view
        best = best.copy()
    return best, np.zeros(best.shape, kind, like=best) if which is None else which, told


def _larger_along(x, which, axis, windows, weight, kind):
    """The largest element of each window along one axis, and the number of its tap."""
    best, chosen, owned = None, None, False
    shape = (*x.shape[:axis], len(windows.starts), *x.shape[axis + 1 :])
    for t, to, source in taps(windows):
        source, place = _at(x.ndim, axis, source), _at(x.ndim, axis, to)
        value, number = x[source], kind(t * weight)
        if which is not None:
            number = which[source] + number
        if best is None:
            if value.shape == shape:
                best, chosen = value, np.full(shape, number, like=x) if which is None else number
                continue
            best, chosen, owned = (
                np.full(shape, _lowest(x.dtype), x.dtype, like=x),
                np.zeros(shape, kind, like=x),
                True,
            )
        larger = np.greater(value, best[place])
        best = _combine(np.maximum, best, owned, place, value)
        owned = True
        # chosen = where(larger, number, chosen): numbers without a sign wrap around
        there = chosen[place]
        step = np.subtract(number, there)
        step *= larger
        there += step
    return best, chosen


def _strides(windows: Sequence[Windows]) -> list[int]:
    """How far apart neighbours along each windowed axis are, those axes flattened."""
    lengths = [w.length for w in windows]
    return [math.prod(lengths[i + 1 :]) for i in range(len(lengths))]


def _origins(windows: Sequence[Windows]) -> np.ndarray:
    """Where each window starts, in the windowed axes flattened."""
    parts = [np.array(w.starts, np.intp) * s for w, s in zip(windows, _strides(windows))]
    return functools.reduce(np.add.outer, parts)


def _valid(windows: Windows) -> np.ndarray:
    """(size, windows): whether a tap of a window is an element."""
    t = np.arange(windows.size)[:, None]
    place = np.array(windows.starts, np.intp) + t * windows.dilation
    return (place >= 0) & (place < windows.length) & (t < np.array(windows.sizes or windows.size))


def _strongest_by_tap(x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """The winning taps as by axis, but slow, and right for NaN and -inf."""
    masks, counts = [_valid(w) for w in windows], [range(w.size) for w in windows]
    valid = [functools.reduce(np.logical_and.outer, parts) for parts in itertools.product(*masks)]
    spans = [w.dilation * s for w, s in zip(windows, _strides(windows))]
    offsets = [sum(t * s for t, s in zip(tap, spans)) for tap in itertools.product(*counts)]
    lead, origins = x.shape[: x.ndim - len(windows)], _origins(windows)
    rows = x.reshape(math.prod(lead), math.prod(w.length for w in windows))
    which = strongest_tap(rows, origins[None], offsets, valid).reshape(lead + origins.shape)
    return which.astype(kind_of_taps(windows))


def strongest_tap(
    rows: np.ndarray, origins: np.ndarray, offsets: Sequence, valid: Any = None
) -> np.ndarray:
    """For each window the number of the tap at its largest element.

    Args:
        rows: one per plane, of its elements in order.
        origins: (1 or planes, *windows), where windows start.
        offsets: from there to the tap, for each tap.
        valid: for each tap, the windows that have it; None: all have all.
    """
    planes = np.arange(len(rows)).reshape(-1, *(1,) * (origins.ndim - 1)) * rows.shape[1]
    flat = rows.reshape(-1)
    which = np.zeros((len(rows), *origins.shape[1:]), np.int64, like=rows)
    best = np.zeros(which.shape, rows.dtype, like=rows)
    seen = np.zeros(which.shape, bool)
    for k, offset in enumerate(offsets):
        there = True if valid is None else valid[k]
        where = np.where(there, origins + offset, 0)
        value = flat.take(planes + where)
        larger = ((value > best) | (value != value) | ~seen) & there
        best, which = np.where(larger, value, best), np.where(larger, k, which)
        seen |= there
    return which
