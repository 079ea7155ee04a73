"""Convolution spelled out, one product at a time: what the fast kernels have to agree with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np


def products(
    sizes: Any,
    outs: Any,
    window: Any,
    channels: tuple,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Iterator[tuple[tuple, tuple, tuple]]:
    """Where input, weight and output are read for each product; `channels` are those in and out."""
    inputs, outputs = channels
    per, each = inputs // groups, outputs // groups
    for place in itertools.product(*map(range, outs)):
        for tap in itertools.product(*map(range, window)):
            at = [
                s * p - low + d * t for p, t, s, (low, _), d in zip(place, tap, stride, padding, dilation)
            ]
            if all(0 <= i < n for i, n in zip(at, sizes)):
                for o, c in itertools.product(range(outputs), range(per)):
                    yield (c + o // each * per, *at), (o, c, *tap), (o, *place)


def lengths(sizes: Any, window: Any, stride: Any, padding: Any, dilation: Any) -> tuple:
    """The sizes of the output: how often the window can be moved before it sticks out."""
    found = []
    for n, k, s, (low, high), d in zip(sizes, window, stride, padding, dilation):
        found.append(len(range(0, n + low + high - d * (k - 1), s)))
    return tuple(found)


def convolution(x, w, b, stride, padding, dilation, groups, caller="") -> np.ndarray:
    outs = lengths(x.shape[2:], w.shape[2:], stride, padding, dilation)
    out = np.zeros((len(x), len(w), *outs), np.result_type(x, w))
    channels = (x.shape[1], len(w))
    for i, k, o in products(x.shape[2:], outs, w.shape[2:], channels, stride, padding, dilation, groups):
        out[(slice(None), *o)] += x[(slice(None), *i)] * w[k]
    return _biased(out, b)


def transposed(y, w, b, sizes, stride, padding, dilation, groups, caller="") -> np.ndarray:
    channels = (w.shape[1] * groups, len(w))
    out = np.zeros((len(y), channels[0], *sizes), np.result_type(y, w))
    for i, k, o in products(sizes, y.shape[2:], w.shape[2:], channels, stride, padding, dilation, groups):
        out[(slice(None), *i)] += y[(slice(None), *o)] * w[k]
    return _biased(out, b)


def weight(x, y, window, stride, padding, dilation, groups) -> np.ndarray:
    channels = (x.shape[1], y.shape[1])
    out = np.zeros((channels[1], channels[0] // groups, *window), np.result_type(x, y))
    places = (x.shape[2:], y.shape[2:], window, channels, stride, padding, dilation, groups)
    for i, k, o in products(*places):
        out[k] += (x[(slice(None), *i)] * y[(slice(None), *o)]).sum()
    return out


def unfold(x, window, stride, padding, dilation) -> np.ndarray:
    """Columns: the convolution with one weight for each channel and tap, which is 1 there."""
    taps = int(np.prod(window))
    ones = np.zeros((x.shape[1] * taps, x.shape[1], *window))
    for row, (c, *tap) in enumerate(np.ndindex(x.shape[1], *window)):
        ones[(row, c, *tap)] = 1
    out = convolution(x, ones, None, stride, padding, dilation, 1)
    return out.reshape(len(x), len(ones), int(np.prod(out.shape[2:])))


def fold(y, size, window, stride, padding, dilation) -> np.ndarray:
    """The transposed convolution with the same weights."""
    channels = y.shape[1] // int(np.prod(window))
    ones = np.zeros((y.shape[1], channels, *window))
    for row, (c, *tap) in enumerate(np.ndindex(channels, *window)):
        ones[(row, c, *tap)] = 1
    outs = lengths(size, window, stride, padding, dilation)
    return transposed(y.reshape(*y.shape[:2], *outs), ones, None, size, stride, padding, dilation, 1)


def _biased(out: np.ndarray, b: Any) -> np.ndarray:
    return out if b is None else out + b.reshape(-1, *(1,) * (out.ndim - 2))


CONVOLUTIONS = {
    "convolution": convolution,
    "transposed_convolution": transposed,
    "convolution_weight": weight,
    "fold": fold,
    "unfold": unfold,
}
