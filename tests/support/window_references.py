"""Pooling and resampling spelled out, one window and one element at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def elements(windows: Any, which: tuple) -> Iterator[tuple]:
    """The places of the elements of one window, those of padding left out, in row-major order."""
    axes = []
    for w, i in zip(windows, which, strict=True):
        size = w.size if w.sizes is None else w.sizes[i]
        places = [w.starts[i] + t * w.dilation for t in range(size)]
        axes.append([p for p in places if 0 <= p < w.length])
    return itertools.product(*axes)


def planes(x: Any, dims: int) -> Iterator[tuple]:
    return np.ndindex(*x.shape[: x.ndim - dims])


def over_windows(x: Any, windows: Any, reduce: Callable) -> np.ndarray:
    """reduce(values, flat places) of each window of each plane."""
    counts = [len(w.starts) for w in windows]
    lengths = [w.length for w in windows]
    found = []
    for plane in planes(x, len(windows)):
        for which in np.ndindex(*counts):
            places = list(elements(windows, which))
            values = [x[(*plane, *p)] for p in places]
            found.append(reduce(values, [int(np.ravel_multi_index(p, lengths)) for p in places]))
    return np.array(found).reshape(*x.shape[: x.ndim - len(windows)], *counts)


def _max_pool(x: Any, windows: Any) -> tuple[np.ndarray, np.ndarray]:
    places = over_windows(x, windows, _strongest)
    found = [_tap_of(place, windows, at[x.ndim - len(windows) :]) for at, place in np.ndenumerate(places)]
    return _pick(x, places, len(windows)), np.array(found).reshape(places.shape)


def _tap_of(place: int, windows: Any, which: tuple) -> int:
    """The number of the tap of a window that a flat place is at."""
    at = np.unravel_index(place, [w.length for w in windows])
    taps = [(p - w.starts[i]) // w.dilation for p, w, i in zip(at, windows, which, strict=True)]
    return int(np.ravel_multi_index(taps, [w.size for w in windows]))


def _indices_of(taps: Any, windows: Any) -> np.ndarray:
    out = np.empty(taps.shape, int)
    for where in np.ndindex(*taps.shape):
        tap = np.unravel_index(int(taps[where]), [w.size for w in windows])
        which = where[taps.ndim - len(windows) :]
        at = [w.starts[i] + t * w.dilation for w, i, t in zip(windows, which, tap, strict=True)]
        out[where] = np.ravel_multi_index(at, [w.length for w in windows])
    return out


def _strongest(values: list, places: list) -> int:
    odd = [p for v, p in zip(values, places, strict=True) if v != v]
    return odd[-1] if odd else places[values.index(max(values))]


def _strongest_at(x: Any, origins: Any, offsets: Any, dims: int) -> np.ndarray:
    out = np.empty(origins.shape, int)
    for where in np.ndindex(*origins.shape):
        flat = x[where[:-dims]].reshape(-1)
        places = [origins[where] + o for o in offsets]
        out[where] = _strongest([flat[p] for p in places], places)
    return out


def divided(total: np.ndarray, divisor: Any) -> np.ndarray:
    if not isinstance(divisor, tuple):
        return total / divisor
    out = total.copy()
    for where in np.ndindex(*total.shape[-len(divisor) :]):
        out[(..., *where)] /= math.prod(c[i] for c, i in zip(divisor, where, strict=True))
    return out


def _avg_pool(x: Any, windows: Any, divisor: Any) -> np.ndarray:
    return divided(over_windows(x, windows, lambda values, _: math.fsum(values)), divisor)


def _avg_spread(g: Any, windows: Any, divisor: Any) -> np.ndarray:
    g = divided(g, divisor)
    out = np.zeros(g.shape[: g.ndim - len(windows)] + tuple(w.length for w in windows))
    for plane in planes(g, len(windows)):
        for which in np.ndindex(*[len(w.starts) for w in windows]):
            for place in elements(windows, which):
                out[(*plane, *place)] += g[(*plane, *which)]
    return out


def _pick(x: Any, indices: Any, dims: int) -> np.ndarray:
    out = np.empty(indices.shape)
    for where in np.ndindex(*indices.shape):
        out[where] = x[where[:-dims]].reshape(-1)[indices[where]]
    return out


def _place(x: Any, indices: Any, shape: tuple, adds: bool = True) -> np.ndarray:
    dims = len(shape)
    out = np.zeros(x.shape[: x.ndim - dims] + shape)
    for where in np.ndindex(*x.shape):
        flat = out[where[:-dims]].reshape(-1)
        k = indices[where]
        flat[k] = x[where] + (flat[k] if adds else 0)
    return out


def _resample(x: Any, maps: Any) -> np.ndarray:
    for i, axis_map in enumerate(maps, x.ndim - len(maps)):
        if axis_map is not None:
            matrix = np.zeros((axis_map.out, axis_map.length))
            for row, column, w in zip(axis_map.rows, axis_map.columns, axis_map.weights, strict=True):
                matrix[row, column] += w
            x = np.moveaxis(np.tensordot(x, matrix, (i, 1)), -1, i)
    return x


def _mirrored(u: float, low: float, high: float) -> float:
    while not low <= u <= high:
        u = 2 * low - u if u < low else 2 * high - u
    return u


def _held(u: float, n: int, padding: str, aligned: bool) -> float:
    if padding == "reflection" and (n > 1 or not aligned):
        u = _mirrored(u, 0 if aligned else -0.5, n - 1 if aligned else n - 0.5)
    return u if padding == "zeros" else min(max(u, 0), n - 1)


def keys(x: float, a: float = -0.75) -> float:
    """Keys's kernel for cubic convolution."""
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def _read(plane: np.ndarray, at: Any, mode: str, padding: str, aligned: bool) -> float:
    """One value between the elements of an array of any number of axes."""
    axes = []
    for c, n in zip(at[::-1], plane.shape, strict=True):
        u = (c + 1) / 2 * (n - 1) if aligned else ((c + 1) * n - 1) / 2
        if mode != "bicubic":
            u = _held(u, n, padding, aligned)
        left = math.floor(u)
        if mode == "nearest":
            axes.append([(round(u), 1.0)])
        elif mode == "bilinear":
            axes.append([(left, 1 - (u - left)), (left + 1, u - left)])
        else:
            taps = range(left - 1, left + 3)
            axes.append([(_held(k, n, padding, aligned), keys(u - k)) for k in taps])
    total = 0.0
    for taps in itertools.product(*axes):
        place = tuple(int(k) for k, _ in taps)
        if all(0 <= k < n for k, n in zip(place, plane.shape, strict=True)):
            total += plane[place] * math.prod(w for _, w in taps)
    return total


def grid_sample(x: Any, grid: Any, mode: str, padding_mode: str, align_corners: bool) -> np.ndarray:
    out = np.empty(x.shape[:2] + grid.shape[1:-1])
    for n, c, *where in np.ndindex(*out.shape):
        at = grid[(n, *where)]
        out[(n, c, *where)] = _read(x[n, c], at, mode, padding_mode, align_corners)
    return out


WINDOWS: dict[str, Callable] = {
    "avg_pool": _avg_pool,
    "avg_spread": _avg_spread,
    "grid_sample": grid_sample,
    "indices_of": _indices_of,
    "max_pool": _max_pool,
    "max_unpool": lambda x, indices, shape: _place(x, indices, shape, False),
    "pick": _pick,
    "pick_taps": lambda x, taps, windows: _pick(x, _indices_of(taps, windows), len(windows)),
    "place": _place,
    "place_taps": lambda g, taps, windows: _place(
        g, _indices_of(taps, windows), tuple(w.length for w in windows)
    ),
    "resample": _resample,
    "strongest_at": _strongest_at,
}
