"""Normalisation and padding spelled out a second time, plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _normalise(
    x: Any, weight: Any, bias: Any, view: tuple, over: str, eps: float, fixed: Any, observe: Any
) -> Any:
    n, c, s, groups = view
    values = np.reshape(x, (n, groups, c // groups, s))
    axes = (0, 2, 3) if over == "batch" else (2, 3)
    mean, variance = np.mean(values, axes, keepdims=True), np.var(values, axes, keepdims=True)
    if over == "rms":
        mean, variance = 0, np.mean(values**2, axes, keepdims=True)
    if fixed is not None:
        mean, variance = (np.reshape(v, (1, c, 1, 1)) for v in fixed)
    out = ((values - mean) / np.sqrt(variance + eps)).reshape(n, c, s)
    out = out if weight is None else out * weight.reshape(c, 1)
    out = out if bias is None else out + bias.reshape(c, 1)
    return out.reshape(x.shape)


def _window_sums(x: Any, before: int, after: int) -> Any:
    c = x.shape[1]
    sums = [x[:, max(i - before, 0) : i + after + 1].sum(1) for i in range(c)]
    return np.stack(sums, 1)


def _pad(x: Any, widths: tuple, mode: str, value: Any = 0.0) -> Any:
    named = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    grown = [(max(b, 0), max(a, 0)) for b, a in widths]
    left = tuple(slice(max(-b, 0), min(a, 0) or None) for b, a in widths)
    options = {"constant_values": value} if mode == "constant" else {}
    if mode == "circular":
        return np.pad(x[left], grown, named[mode])
    return np.pad(x, grown, named[mode], **options)[left]


def _unpad(x: Any, widths: tuple, mode: str) -> Any:
    out = np.zeros(tuple(n - b - a for n, (b, a) in zip(x.shape, widths, strict=True)))
    places = _pad(np.arange(1, out.size + 1).reshape(out.shape), widths, mode)
    for place, value in zip(places.reshape(-1), x.reshape(-1), strict=True):
        if place:
            out.reshape(-1)[place - 1] += value
    return out


LAYERS: dict[str, Callable] = {
    "normalise": _normalise,
    "pad": _pad,
    "unpad": _unpad,
    "window_sums": _window_sums,
}
