"""Kernels of convolution: three sums of products between an input, a weight and an output.

The weight's window slides over the input; `by_output`, `by_input` and `by_weight` each compute one of
the three from the other two. All are matrix products with *columns*, what each tap of the window
meets, in one of two layouts:

rows      columns for all axes but the first; there, the taps of one row are those of the next but
          one row on, so that overlapping views stand for them. This moves `window[0]` times fewer
          bytes. One product for each row, over all samples.
samples   columns for all axes: one product for each sample, whose result needs no rearranging.
          Without a window (a 1x1 kernel) the columns are the input itself.

`by_rows` chooses. Few samples are worked on at a time, so that their columns stay in cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ... import spreading
from ...memory import strided
from .patches import gather, scatter

# Elements of columns that are made at a time, and the least width of a product for each row.
BLOCK = 1 << 20
WIDTH = 64
# Weights of a group up to which threads share samples, since products of more keep BLAS's own busy; and
# multiplications for each of them.
FEW = 2500
WORK = 1 << 21


class Slide(NamedTuple):
    """How a weight (channels out, channels in / groups, *window) slides over an input (N, C, *sizes)."""

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    outs: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    @property
    def is_pointwise(self) -> bool:
        """Whether every place of the window is one element of the input, in order."""
        moved = any(before for before, _ in self.padding)
        return self.sizes == self.outs and max(self.window) == 1 == max(self.stride) and not moved

    @property
    def inner(self) -> tuple:
        """Stride, padding and dilation of all axes but the first."""
        return self.stride[1:], self.padding[1:], self.dilation[1:]

    @property
    def outer(self) -> tuple:
        """Stride, padding and dilation of all axes."""
        return self.stride, self.padding, self.dilation

    @property
    def is_dense(self) -> bool:
        """Whether the input's cotangent is itself a convolution of the output's."""
        reaches = (d * (k - 1) for k, d in zip(self.window, self.dilation))
        return max(self.stride) == 1 and all(a <= r for (a, _), r in zip(self.padding, reaches))

    def reversed(self) -> Slide:
        """The convolution from outputs to inputs by the weight turned around, if it is dense."""
        padding = []
        for n, k, o, (before, _), d in zip(self.sizes, self.window, self.outs, self.padding, self.dilation):
            first = d * (k - 1) - before
            padding.append((first, n - o + d * (k - 1) - first))
        return self._replace(sizes=self.outs, outs=self.sizes, padding=tuple(padding))

    def shares(self, n: int, weights: int) -> int:
        """How many threads may share n samples: several where moving takes longer than multiplying."""
        return n * weights * math.prod(self.outs) // WORK if weights <= FEW * self.groups else 1

    def by_rows(self, n: int) -> bool:
        """Whether n samples are laid out in rows: where rows overlap, and are long enough."""
        inner = n * math.prod(self.outs[1:])
        return len(self.sizes) > 1 and self.window[0] > 1 == self.dilation[0] and inner >= WIDTH


def by_output(x, w, b, slide: Slide):
    """The output, from the input and the weight; b, a bias or None, is added to it."""
    out = np.empty((len(x), len(w), *slide.outs), x.dtype, like=x)
    compute = _rows_output if slide.by_rows(len(x)) else _samples_output
    spreading.over(compute, (out, x), (w, b, slide), slide.shares(len(x), w.size))
    return out


def by_input(y, w, b, slide: Slide):
    """The input's cotangent, from the output's and the weight; b, or None, is added to it."""
    channels = w.shape[1] * slide.groups
    if slide.is_dense and len(w) <= 2 * channels:  # else columns of the input are the smaller ones
        return by_output(y, _turned(w, slide.groups), b, slide.reversed())
    out = np.zeros((len(y), channels, *slide.sizes), y.dtype, like=y)
    if b is not None:
        out += b.reshape(len(b), *(1,) * len(slide.sizes))
    compute = _rows_input if slide.by_rows(len(y)) else _samples_input
    spreading.over(compute, (out, y), (w, slide), slide.shares(len(y), w.size))
    return out


def _turned(w, groups: int):
    """The weight with inputs and outputs exchanged, and its window turned around."""
    w = _grouped(w, groups, 0).swapaxes(1, 2)[(..., *(slice(None, None, -1),) * (w.ndim - 2))]
    return w.reshape(w.shape[0] * w.shape[1], *w.shape[2:])


def by_weight(x, y, slide: Slide):
    """The weight's cotangent, from the input and the output's."""
    return (_rows_weight if slide.by_rows(len(x)) else _samples_weight)(x, y, slide)


def _blocks(n: int, each: int) -> Iterator[slice]:
    """Ranges of samples, of `each` elements, that are worked on together."""
    step = max(1, BLOCK // max(each, 1))
    return (slice(i, i + step) for i in range(0, n, step))


def _grouped(x, groups: int, axis: int = 1):
    """A view with an axis of channels split into groups."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def _matrices(x, *shape):
    """The elements as matrices that BLAS takes; NumPy's own products are many times slower."""
    return np.ascontiguousarray(x, like=x).reshape(shape)


# ------------------------------------------------------------------ rows


def _overlapping(rows, count: int, step: int, taps: int):
    """Views of `taps` rows each, one for every `step` rows: matrices (groups, count, taps * M, P).

    Args:
        rows: contiguous (groups, rows, M, P).
    """
    groups, _, m, p = rows.shape
    by_group, by_row, by_line, item = rows.strides
    return strided(rows, (groups, count, taps * m, p), (by_group, step * by_row, by_line, item))


def _rows_columns(x, slide: Slide):
    """Columns as (groups, rows out, taps * channels * inner taps, samples * inner places)."""
    n, _, size = x.shape[:3]
    x = _grouped(x, slide.groups)
    window, outs = slide.window[1:], slide.outs[1:]
    count = (slide.outs[0] - 1) * slide.stride[0] + slide.window[0]
    before = min(slide.padding[0][0], count)
    after = min(before + size, count)
    rows = np.empty((slide.groups, count, x.shape[2], *window, n, *outs), x.dtype, like=x)
    rows[:, :before] = 0
    rows[:, after:] = 0
    k = len(window)
    body = rows[:, before:after].transpose(3 + k, 0, 2, 1, *range(3, 3 + k), *range(4 + k, 4 + 2 * k))
    gather(body, x[:, :, :, : after - before], *slide.inner)
    rows = rows.reshape(slide.groups, count, x.shape[2] * math.prod(window), n * math.prod(outs))
    return _overlapping(rows, slide.outs[0], slide.stride[0], slide.window[0])


def _rows_of(y, groups: int, before: int = 0, after: int = 0):
    """An output as rows (groups, rows, channels, samples * inner places), zeros around them."""
    n, _, count, *inner = y.shape
    rows = np.empty((groups, before + count + after, y.shape[1] // groups, n, *inner), y.dtype, like=y)
    rows[:, :before] = 0
    rows[:, before + count :] = 0
    rows[:, before : before + count] = _grouped(y, groups).transpose(1, 3, 2, 0, *range(4, y.ndim + 1))
    return rows.reshape(*rows.shape[:3], n * math.prod(inner))


def _each_sample(slide: Slide, channels: int) -> int:
    """How many elements of columns a sample has in rows."""
    return channels * (slide.outs[0] * slide.stride[0]) * math.prod(slide.window[1:] + slide.outs[1:])


def _rows_output(out, x, w, b, slide: Slide) -> None:
    groups, inner = slide.groups, slide.outs[1:]
    matrix = _grouped(w, groups, 0).transpose(0, 1, 3, 2, *range(4, w.ndim + 1))
    matrix = _matrices(matrix, groups, 1, len(w) // groups, math.prod(w.shape[1:]))
    if b is not None:
        b = b.reshape(groups, len(w) // groups, *(1,) * len(slide.outs))
    for part in _blocks(len(x), _each_sample(slide, x.shape[1])):
        y = np.matmul(matrix, _rows_columns(x[part], slide))
        target = _grouped(out[part], groups)
        y = y.reshape(*y.shape[:3], len(target), *inner).transpose(3, 0, 2, 1, *range(4, 4 + len(inner)))
        if b is None:
            target[...] = y
        else:
            np.add(y, b, out=target)


def _rows_input(out, y, w, slide: Slide) -> None:
    groups, size, taps, stride = slide.groups, slide.sizes[0], slide.window[0], slide.stride[0]
    before, reach = slide.padding[0][0], -(-taps // stride) - 1
    window, inner = slide.window[1:], slide.outs[1:]
    k = len(window)
    w = _grouped(w, groups, 0)
    lines_each = w.shape[2] * math.prod(window)
    for part in _blocks(len(y), _each_sample(slide, out.shape[1])):
        beyond = max(0, (size - 1 + before) // stride - slide.outs[0] + 1)
        rows = _rows_of(y[part], groups, reach, beyond)
        target = _grouped(out[part], groups)
        # rows that lie alike between the places of the window meet the same taps
        phases = min(stride, taps)
        for phase in range(phases):
            matrix = w[:, :, :, phase::stride][:, :, :, ::-1]
            met = matrix.shape[3]
            first = max(0, -((phase - before) // stride))
            last = (size - 1 + before - phase) // stride + 1
            if last <= first:
                continue
            matrix = matrix.transpose(0, 2, *range(4, 4 + k), 3, 1)
            matrix = _matrices(matrix, groups, 1, lines_each, met * rows.shape[2])
            lines = _overlapping(rows[:, reach - met + 1 + first :], last - first, 1, met)
            columns = np.matmul(matrix, lines)
            if phase == phases - 1:
                rows = lines = None  # their room is needed
            columns = columns.reshape(groups, last - first, w.shape[2], *window, len(target), *inner)
            columns = columns.transpose(3 + k, 0, 2, 1, *range(3, 3 + k), *range(4 + k, 4 + 2 * k))
            start = first * stride + phase - before
            scatter(target[:, :, :, start::stride], columns, *slide.inner)


def _rows_weight(x, y, slide: Slide):
    groups, window = slide.groups, slide.window
    outputs, taps = y.shape[1] // groups, x.shape[1] // groups * math.prod(window)
    total = np.zeros((groups, taps, outputs), x.dtype, like=x)
    for part in _blocks(len(x), _each_sample(slide, x.shape[1])):
        columns, rows = _rows_columns(x[part], slide), _rows_of(y[part], groups)
        for row in range(slide.outs[0]):
            total += np.matmul(columns[:, row], rows[:, row].swapaxes(1, 2))
    k = len(window)
    total = total.reshape(groups, window[0], x.shape[1] // groups, *window[1:], outputs)
    total = total.transpose(0, k + 2, 2, 1, *range(3, k + 2))
    return total.reshape(y.shape[1], x.shape[1] // groups, *window)


# ------------------------------------------------------------------ samples


def _samples_columns(x, slide: Slide):
    """Columns as (samples, groups, channels * taps, places)."""
    places = math.prod(slide.outs)
    if not slide.is_pointwise:
        columns = np.empty((*x.shape[:2], *slide.window, *slide.outs), x.dtype, like=x)
        gather(columns, x, *slide.outer)
        x = columns
    taps = math.prod(slide.window)
    channels = x.shape[1] // slide.groups
    return _matrices(x, len(x), slide.groups, channels * taps, places)


def _sample_size(slide: Slide, channels: int, weight: int) -> int:
    """How many elements of columns, or of products with them, a sample has."""
    return max(channels * math.prod(slide.window + slide.outs), weight)


def _samples_output(out, x, w, b, slide: Slide) -> None:
    matrix = _matrices(w, slide.groups, len(w) // slide.groups, math.prod(w.shape[1:]))
    for part in _blocks(len(x), _sample_size(slide, x.shape[1], 0)):
        target = out[part]
        target = target.reshape(len(target), *matrix.shape[:2], math.prod(slide.outs))
        np.matmul(matrix, _samples_columns(x[part], slide), out=target)
        if b is not None:
            target += b.reshape(*matrix.shape[:2], 1)


def _samples_input(out, y, w, slide: Slide) -> None:
    matrix = _matrices(w, slide.groups, len(w) // slide.groups, math.prod(w.shape[1:])).swapaxes(1, 2)
    for part in _blocks(len(y), _sample_size(slide, out.shape[1], 0)):
        target = out[part]
        rows = _matrices(y[part], len(target), slide.groups, matrix.shape[2], math.prod(slide.outs))
        columns = np.matmul(matrix, rows)
        columns = columns.reshape(*target.shape[:2], *slide.window, *slide.outs)
        scatter(target, columns, *slide.outer)


def _samples_weight(x, y, slide: Slide):
    outputs = y.shape[1] // slide.groups
    taps = x.shape[1] // slide.groups * math.prod(slide.window)
    total = np.zeros((slide.groups, outputs, taps), x.dtype, like=x)
    for part in _blocks(len(x), _sample_size(slide, x.shape[1], total.size)):
        columns = _samples_columns(x[part], slide)
        rows = _matrices(y[part], len(columns), slide.groups, outputs, columns.shape[3])
        total += np.add.reduce(np.matmul(rows, columns.swapaxes(2, 3)), 0)
    return total.reshape(y.shape[1], x.shape[1] // slide.groups, *slide.window)
