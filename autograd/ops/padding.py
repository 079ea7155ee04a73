"""numpy.pad, in each of its modes."""

from __future__ import annotations

import builtins

import numpy as np

from ..errors import ArgumentError
from .broadcasting import broadcast_to
from .composed import composed, plain
from .indexing import getitem, setitem
from .joining import concatenate, stack
from .moving import moved
from .quantiles import median
from .reductions import max, mean, min
from .shapes import as_array, astype, moveaxis, reshape

_MOVED = {
    "edge": "edge",
    "wrap": "wrap",
    "reflect": "reflect",
    "symmetric": "symmetric",
    "empty": "constant",
}
_STATISTICS = {"maximum": max, "minimum": min, "mean": mean}
_VALUES = {"constant": "constant_values", "linear_ramp": "end_values"}


@composed(np.pad)
def pad(array, pad_width, mode="constant", **options):
    """array with more elements at the ends of its axes, as `mode` says.

    A function as mode gets each vector along each axis, with zeros at its ends, and writes into it.

    Example:
        >>> pad(np.array([1.0, 2.0]), 1, mode="edge")
        array([1., 1., 2., 2.])
    """
    array = as_array(array)
    if isinstance(pad_width, dict) and not all(isinstance(axis, int) for axis in pad_width):
        raise ArgumentError(f"pad: a dict of widths needs axes as keys, got {list(pad_width)}")
    if callable(mode):
        return _by_function(array, pad_width, mode, options)
    if mode == "constant" and type(pad_width) is int and pad_width >= 0 and array.ndim and not options:
        padded = np.zeros([n + 2 * pad_width for n in array.shape], array.dtype)
        return setitem(padded, array, tuple(slice(pad_width, pad_width + n) for n in array.shape))
    # NumPy refuses what it refuses; from here on all is well
    zeros = np.zeros(array.shape, array.dtype)
    padded = np.pad(zeros, pad_width, mode, **{k: plain(v) for k, v in options.items()})
    value = options.get("constant_values", 0)
    if mode == "constant" and array.ndim and isinstance(value, (int, float, complex)):
        # the usual case: one write into what is there
        starts = [before for before, _ in _widths(pad_width, array.ndim)]
        inner = tuple(slice(i, i + n) for i, n in zip(starts, array.shape, strict=True))
        return setitem(padded, array, inner)
    odd = options.get("reflect_type", "even") == "odd"
    if mode in _MOVED and not odd:
        return moved(lambda x: np.pad(x, pad_width, _MOVED[mode]), array)
    for axis, widths in enumerate(_widths(pad_width, array.ndim)):
        rows = moveaxis(array, axis, 0)
        if odd:
            rows = _reflected(rows, widths, mode)
        elif any(widths) or rows.shape[0]:  # else there is nothing to take a maximum of, and no need
            ends = [_end(rows, axis, side, mode, options, widths[side], array.ndim) for side in (0, 1)]
            rows = concatenate([ends[0], rows, ends[1]])
        array = moveaxis(rows, 0, axis)
    return array


def _by_function(array, pad_width, function, options):
    """Zeros around the array, into which the function writes, one vector after the other."""
    padded = moved(lambda x: np.pad(x, pad_width), array)
    for axis, widths in enumerate(_widths(pad_width, array.ndim)):
        vectors = moveaxis(padded, axis, -1)  # a view: what is written there is written in `padded`
        for place in np.ndindex(*vectors.shape[:-1]):
            function(vectors[place], tuple(widths), axis, options)
    return padded


def _widths(pad_width, ndim):
    """How much is put before and after, for each axis."""
    widths = np.zeros((ndim, 2), int)
    if isinstance(pad_width, dict):
        for axis, width in pad_width.items():
            widths[axis] = width
    else:
        widths[...] = pad_width
    return widths.tolist()


def _reflected(rows, widths, mode):
    """Reflection in the edge's value: linear in the rows, so NumPy's result for unit vectors tells."""
    unit = np.eye(rows.shape[0], dtype=rows.dtype)
    matrix = np.pad(unit, [tuple(widths), (0, 0)], mode, reflect_type="odd")
    flat = reshape(rows, (rows.shape[0], -1 if rows.size else 0))
    return reshape(matrix @ flat, (matrix.shape[0], *rows.shape[1:]))


def _end(rows, axis, side, mode, options, width, ndim):
    """What is put on one side of the rows."""
    if mode in _VALUES:
        value = _per_side(options.get(_VALUES[mode], 0), axis, side, ndim)
        value = value if value.dtype == rows.dtype else astype(value, rows.dtype)
    else:
        value = _statistic(rows, axis, side, mode, options.get("stat_length"), ndim)
    if mode == "linear_ramp" and width:
        steps = (np.arange(width) / width).astype(np.finfo(rows.dtype).dtype)
        steps = (steps if side == 0 else steps[::-1]).reshape((-1,) + (1,) * (rows.ndim - 1))
        value = value * (1 - steps) + (rows[:1] if side == 0 else rows[-1:]) * steps
    return broadcast_to(value, (width, *rows.shape[1:]))


def _per_side(values, axis, side, ndim):
    """One of NumPy's values per axis and side, which may be given once for all."""
    if isinstance(values, (list, tuple)):
        values = stack([
            stack([as_array(v) for v in pair]) if isinstance(pair, (list, tuple)) else as_array(pair)
            for pair in values
        ])  # fmt: skip
    return getitem(broadcast_to(as_array(values), (ndim, 2)), (axis, side))


def _statistic(rows, axis, side, mode, length, ndim):
    n = rows.shape[0]
    if length is not None:
        n = builtins.min(n, int(np.broadcast_to(plain(length), (ndim, 2))[axis, side]))
    chosen = rows[:n] if side == 0 else rows[rows.shape[0] - n :]
    if mode == "median":
        return median(chosen, axis=0, keepdims=True)
    return _STATISTICS[mode](chosen, 0, True)
