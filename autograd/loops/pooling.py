"""Largest elements of windows, and what their derivatives move, in one pass over memory.

NumPy goes over the array once for each tap of a window and each question about it. These give the same
numbers; of zeros of both signs the first, where NumPy takes either. Each function gives None for what it
does not know: irregular windows, more than two windowed axes, windows of many taps, NaN and windows of
nothing but -inf.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from . import machine, running
from .patience import Patience
from .running import KINDS
from .writing import NAMES, exact, indented, word

# Taps that are written out one by one.
MANY = 16
# What the table begins with; the places of taps follow.
_WORDS = (
    "odd", "h", "w", "outs_h", "outs_w", "first_h", "first_w", "step_h", "step_w",
    "low_h", "low_w", "stop_h", "stop_w", "count",
)  # fmt: skip
_ARRAYS = ("x", "best", "taps")
_patience = Patience()


class _Taps(NamedTuple):
    """What a source has written out of the windows along an axis."""

    size: int
    dilation: int
    step: int


def largest(x: np.ndarray, windows: tuple) -> tuple[np.ndarray, np.ndarray] | None:
    """The largest element of each window, and the number of its tap; the first wins."""
    dims = len(windows)
    axes = _axes(windows)
    if axes is None or not _is_plain(x) or x.shape[-dims:] != tuple(w.length for w in windows):
        return None
    loop = _loop_for("largest", x, axes)
    if loop is None:
        return None
    best = np.empty(x.shape[:-dims] + tuple(len(w.starts) for w in windows), x.dtype)
    taps = np.empty(best.shape, np.uint8)
    return (best, taps) if _ran(loop, axes, x, best, taps) else None


def place(g: np.ndarray, taps: np.ndarray, windows: tuple) -> np.ndarray | None:
    """Zeros, with g added to the elements that taps stand for."""
    axes = _axes(windows)
    if axes is None or not _is_plain(g) or not _fit(g.shape, taps, windows):
        return None
    out = np.empty(g.shape[: -len(windows)] + tuple(w.length for w in windows), g.dtype)
    loop = _loop_for("place", out, axes)  # it has more elements, which take the time
    return None if loop is None or not _ran(loop, axes, out, g, taps) else out


def pick(x: np.ndarray, taps: np.ndarray, windows: tuple) -> np.ndarray | None:
    """The elements that taps stand for."""
    axes, lead = _axes(windows), x.shape[: -len(windows)]
    shape = lead + tuple(len(w.starts) for w in windows)
    if axes is None or not _is_plain(x) or not _fit(shape, taps, windows):
        return None
    loop = _loop_for("pick", x, axes)
    if loop is None or x.shape != lead + tuple(w.length for w in windows):
        return None
    out = np.empty(shape, x.dtype)
    return out if _ran(loop, axes, x, out, taps) else None


# ------------------------------------------------------------------ what they know


def _is_plain(x: np.ndarray) -> bool:
    return type(x) is np.ndarray and x.dtype in KINDS and x.flags.c_contiguous and x.size > 0


def _fit(shape: tuple[int, ...], taps: np.ndarray, windows: tuple) -> bool:
    """Whether an array of a shape has an element for each window, and taps a byte.

    What stands for taps in a recording has none.
    """
    if type(taps) is not np.ndarray:
        return False
    found = shape[-len(windows) :] == tuple(len(w.starts) for w in windows) and shape == taps.shape
    return found and taps.dtype == np.uint8 and taps.flags.c_contiguous


@functools.lru_cache(maxsize=256)
def _axes(windows: tuple) -> tuple[Any, Any] | None:
    """The windows along two axes, of which the first may be one that is not there; None if not regular."""
    if len(windows) not in (1, 2) or math.prod(w.size for w in windows) > MANY:
        return None
    if not all(type(w.starts) is range and w.sizes is None and len(w.starts) for w in windows):
        return None
    if not all(w.length > 0 and w.starts.step > 0 for w in windows):
        return None
    first = windows[0]._replace(length=1, starts=range(1), size=1, dilation=1)
    return (first, *windows) if len(windows) == 1 else windows


def _loop_for(which: str, x: np.ndarray, axes: tuple[Any, Any]) -> Callable | None:
    """The loop, once such arrays have waited for it."""
    taps = tuple(_Taps(w.size, w.dilation, w.starts.step) for w in axes) if which == "largest" else ()
    key = which, KINDS[x.dtype], taps
    return _loop(*key) if _patience.is_over(x, key) else None


def _ran(loop: Callable, axes: tuple, x: np.ndarray, best: np.ndarray, taps: np.ndarray) -> bool:
    """Whether a loop went over all planes, and met nothing that it does not know."""
    table = _table(*axes).copy()
    high, wide = axes
    planes, at = x.size // (high.length * wide.length), address_of(table)
    work = best.size * high.size * wide.size
    running.run(loop, planes, work, at, id(x), id(best), id(taps))
    return not table[0]


@functools.lru_cache(maxsize=256)
def _table(high: Any, wide: Any) -> np.ndarray:
    """What a loop reads: `_WORDS`, and how far each tap is from its window's first."""
    both = high, wide
    pairs = [
        [w.length for w in both],
        [len(w.starts) for w in both],
        [w.starts.start for w in both],
        [w.starts.step for w in both],
        *zip(*map(_inside, both), strict=True),
        [high.size * wide.size],
    ]
    rows = [a * high.dilation * wide.length for a in range(high.size)]
    offsets = [row + b * wide.dilation for row in rows for b in range(wide.size)]
    return np.array([0, *(n for pair in pairs for n in pair), *offsets], np.int64)


def _inside(w: Any) -> tuple[int, int]:
    """Which windows lie within the axis: from one to before another."""
    first, step, reach = w.starts.start, w.starts.step, w.dilation * (w.size - 1)
    low = min(max(0, -(first // step)), len(w.starts))
    return low, max(low, min(len(w.starts), (w.length - 1 - reach - first) // step + 1))


# ------------------------------------------------------------------ their sources

_EDGE = """\
most = {name}(-inf)
which = uint8(0)
for a in range({high.size}):
    for b in range({wide.size}):
        y = row + a * {high.dilation}
        z = first_w + j * step_w + b * {wide.dilation}
        if (y >= 0) & (y < h) & (z >= 0) & (z < w):
            v = load_{kind}(x, (plane * h + y) * w + z, 1, 3)
            odd = odd | (v != v)
            if v > most:
                most = v
                which = uint8(a * {wide.size} + b)
odd = odd | (most == {name}(-inf))"""

_MOVE = """\
for j in range(outs_w):
    k = int64(load_u1(taps, o + j, 3, 3))
    known = k < count
    at = row * w + first_w + j * step_w + load_i8(t, {first} + (k if known else 0), 0, 3)
    if known & (at >= 0) & (at < h * w):
        here = plane * h * w + at
        {move}
    else:
        odd = True"""

_MOVES = {
    "place": [
        "total = load_{k}(x, here, 1, 3) + load_{k}(best, o + j, 2, 3)",
        "odd = odd | (not (abs(total) < {name}(inf)))",  # NumPy may have to say so
        "store_{k}(x, here, total, 1, 3)",
    ],
    "pick": ["store_{k}(best, o + j, load_{k}(x, here, 1, 3), 2, 3)"],
}


# Zeros while the plane is in the cache.
_CLEARED = """\
if i == 0:
    for q in range(plane * h * w, (plane + 1) * h * w):
        store_{kind}(x, q, {name}(0), 1, 3)"""


@functools.lru_cache(maxsize=256)
def _loop(which: str, kind: str, taps: tuple[_Taps, ...]) -> Callable | None:
    if which == "largest":
        return running.loop(_largest(kind, *taps), 3)
    steps = "\n        ".join(_MOVES[which]).format(k=kind, name=NAMES[kind])
    move = _MOVE.format(move=steps, first=len(_WORDS))
    first = _CLEARED.format(kind=kind, name=NAMES[kind]).splitlines() if which == "place" else []
    return running.loop(_source([*first, *move.splitlines()]), 3)


def _source(body: list[str]) -> str:
    """A loop over planes; `body` is for the row `i` of windows of one."""
    words = [f"{name} = {word('t', i)}" for i, name in enumerate(_WORDS)]
    arrays = [f"{name} = {word(f'x{i}', machine.DATA)}" for i, name in enumerate(_ARRAYS)]
    rows = ["o = (plane * outs_h + i) * outs_w", "row = first_h + i * step_h", *body]
    lines = ["for plane in range(start, stop):", "    for i in range(outs_h):", *indented(rows, 2)]
    lines = [*words, *arrays, "odd = False", *lines, "if odd:", "    store_i8(t, 0, 1, 0, 1)", "return 0"]
    return exact(["t", "start", "stop", "x0", "x1", "x2"], lines)


def _largest(kind: str, high: _Taps, wide: _Taps) -> str:
    """Windows within the plane have their taps written out; those at its edges ask where each is."""
    found = [f"store_{kind}(best, o + j, most, 2, 3)", "store_u1(taps, o + j, which, 3, 3)"]
    edge = _EDGE.format(kind=kind, name=NAMES[kind], high=high, wide=wide).splitlines()
    lines = [
        "within = (i >= low_h) & (i < stop_h)",
        "low = low_w if within else outs_w",
        "high = stop_w if within else outs_w",
        "begin = (plane * h + row) * w + first_w",
        "for j in range(low, high):",
        *indented([*_taps(kind, high, wide), *found]),
        "for part in range(2):",
        "    for j in range(0 if part == 0 else high, low if part == 0 else outs_w):",
        *indented([*edge, *found], 2),
    ]
    return _source(lines)


def _taps(kind: str, high: _Taps, wide: _Taps) -> list[str]:
    """The largest of a window's taps, without a branch; LLVM sees the steps between them."""
    lines = []
    for k in range(high.size * wide.size):
        a, b = divmod(k, wide.size)
        at = f"begin + {a * high.dilation} * w + j * {wide.step} + {b * wide.dilation}"
        lines += [f"v = load_{kind}(x, {at}, 1, 3)", "odd = odd | (v != v)"]
        if k == 0:
            lines += ["most = v", "which = uint8(0)"]
            continue
        lines += ["larger = v > most", f"which = uint8({k}) if larger else which"]
        lines.append("most = v if larger else most")
    return [*lines, f"odd = odd | (most == {NAMES[kind]}(-inf))"]
