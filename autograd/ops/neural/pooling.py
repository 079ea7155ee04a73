"""Pooling: the mean of each window, and the choice of its largest element.

`max_pool` gives the largest elements, and which tap of its window each is: a byte, where an index has
eight, and all that its derivative saves. To take elements at taps, or at indices, and the adjoint of that
are linear, so all derivatives are right.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from ...declare import case, primitive
from ...errors import IndexingError, ShapeError
from ...loops import pooling as loops
from . import pooling_windows as core
from .pooling_windows import Windows

_HALVES = (Windows(4, range(0, 4, 2), 2), Windows(5, range(-1, 5, 2), 2))
_THIRDS = (Windows(5, (0, 2, 3), 2, 1, (2, 1, 2)),)


def _places(rows, indices, dims, size, caller):
    """Flat indices into an array of planes of a size, from indices into each plane."""
    planes = indices.shape[: indices.ndim - dims]
    if rows != planes or indices.dtype.kind not in "iu":
        raise ShapeError(f"{caller}: indices{indices.shape} must be integers, for planes of {rows}")
    starts = np.arange(math.prod(planes))[:, None] * size
    rows = indices.reshape(len(starts), math.prod(indices.shape[indices.ndim - dims :]))
    return (rows + starts).reshape(indices.shape)


def _pick(x, indices, dims):
    shape = x.shape
    places = _places(shape[:-dims], indices, dims, math.prod(shape[-dims:]), "pick")
    return x.reshape(-1).take(places)


def _place(x, indices, shape):
    lead = x.shape[: x.ndim - len(shape)]
    out = np.zeros(lead + shape, x.dtype, like=x)
    places = _places(lead, indices, len(shape), math.prod(shape), "place")
    np.add.at(out.reshape(-1), places.reshape(-1), x.reshape(-1))
    return out


_PICKED = np.array([[[0, 3], [3, 5]], [[1, 1], [4, 2]]])

pick = primitive(
    _pick,
    ["x", "indices"],
    name="pick",
    constants=["indices"],
    vjp={"x": lambda g, indices, x_shape, dims: place(g, indices, x_shape[-dims:])},
    linear=True, promotes=False, batch="core", cases=[case((2, 3, 2), _PICKED, dims=2), case((2, 6), _PICKED[:, 0], dims=1)],
    doc="""The elements of x at indices into its last `dims` axes, flattened.

    Shapes: x (*planes, *axes), indices (*planes, *out) with as many axes -> (*planes, *out).""",
)  # fmt: skip
place = primitive(
    _place,
    ["x", "indices"],
    name="place",
    constants=["indices"],
    vjp={"x": lambda g, indices, shape: pick(g, indices, len(shape))},
    linear=True, promotes=False, batch="core", cases=[case((2, 2, 2), _PICKED, shape=(3, 2)), case((2, 2), _PICKED[:, 0], shape=(6,))],
    doc="The adjoint of `pick`: zeros, with x added at indices into the last axes, flattened.",
)  # fmt: skip


def _unpool(x, indices, shape):
    lead, size = x.shape[: x.ndim - len(shape)], math.prod(shape)
    if indices.size and not (indices.min() >= 0 and indices.max() < size):
        raise IndexingError(
            f"max_unpool: indices must be in 0..{size - 1} for an output of {shape}, "
            f"got {indices.min()}..{indices.max()}"
        )
    out = np.zeros(lead + shape, x.dtype, like=x)
    out.reshape(-1)[_places(lead, indices, len(shape), size, "max_unpool")] = x
    return out


max_unpool = primitive(
    _unpool,
    ["x", "indices"],
    name="max_unpool",
    constants=["indices"],
    vjp={"x": lambda g, indices, shape: pick(g, indices, len(shape))},
    linear=True, promotes=False, batch="core", cases=[case((2, 2), np.array([[3, 0], [1, 2]]), shape=(5,))],
    kinks="where indices repeat, each gets the cotangent of their place",
    doc="Zeros, with x put at indices into the last axes, flattened; of equal indices the last stays.",
)  # fmt: skip


# ------------------------------------------------------------------ largest elements of regular windows


# Windows whose places are found together: indices take much room.
_TOGETHER = 1 << 14


def _flat_places(taps, windows):
    """Flat indices into an array of planes, of a tap of each window."""
    places = core.places_of(taps, windows)
    rows = places.reshape(math.prod(taps.shape[: -len(windows)]), math.prod(taps.shape[-len(windows) :]))
    rows += np.arange(len(rows))[:, None] * math.prod(w.length for w in windows)
    return places


def _largest(x, windows):
    found = loops.largest(x, windows)
    return core.largest(x, windows) if found is None else found


def _pick_taps(x, taps, windows):
    found = loops.pick(x, taps, windows)
    return x.reshape(-1).take(_flat_places(taps, windows)) if found is None else found


def _place_taps(g, taps, windows):
    if (out := loops.place(g, taps, windows)) is not None:
        return out
    counts, lengths = g.shape[-len(windows) :], tuple(w.length for w in windows)
    planes, lead = math.prod(g.shape[: -len(windows)]), g.shape[: -len(windows)]
    out = np.zeros((planes, *lengths), g.dtype, like=g)
    g, taps = g.reshape(planes, *counts), taps.reshape(planes, *counts)
    each = max(1, _TOGETHER // max(1, math.prod(counts)))
    for start in range(0, planes, each):
        part = slice(start, start + each)
        places = _flat_places(taps[part], windows)
        np.add.at(out[part].reshape(-1), places.reshape(-1), g[part].reshape(-1))
    return out.reshape(lead + lengths)


_TAPS = np.array([[[1, 3, 1], [3, 2, 0]], [[1, 1, 2], [3, 2, 3]]], np.uint8)

max_pool = primitive(
    _largest,
    ["x"],
    results=("largest", "taps"),
    name="max_pool",
    vjp={"x": lambda g, taps, windows: place_taps(g[0], taps, windows)},
    jvp={"x": lambda t, out, x, windows: (pick_taps(t, out[1], windows), None)},
    batch="core",
    cases=[case((2, 4, 5), windows=_HALVES), case((3, 5), windows=_THIRDS)],
    kinks="goes to the first of equal elements",
    doc="""The largest element of each window over the last axes, and the number of its tap, row-major.

    The first wins; where there are NaNs, the last of them.""",
)
pick_taps = primitive(
    _pick_taps,
    ["x", "taps"],
    name="pick_taps",
    constants=["taps"],
    vjp={"x": lambda g, taps, windows: place_taps(g, taps, windows)},
    linear=True, promotes=False, batch="core", cases=[case((2, 4, 5), _TAPS, windows=_HALVES)],
    doc="The element of each window over the last axes that a tap stands for.",
)  # fmt: skip
place_taps = primitive(
    _place_taps,
    ["g", "taps"],
    name="place_taps",
    constants=["taps"],
    vjp={"g": lambda g, taps, windows: pick_taps(g, taps, windows)},
    linear=True, promotes=False, batch="core", cases=[case((2, 2, 3), _TAPS, windows=_HALVES)],
    doc="The adjoint of `pick_taps`: zeros, with g added to the elements that taps stand for.",
)  # fmt: skip
indices_of = primitive(
    lambda taps, windows: core.places_of(taps, windows).astype(np.int64, copy=False),
    ["taps"],
    name="indices_of",
    batch="core",
    cases=[case(_TAPS, windows=_HALVES)],
    doc="The indices of the elements that taps of windows stand for, in the windowed axes flattened.",
)


def _strongest_at(x, origins, offsets, dims):
    rows = x.reshape(-1, math.prod(x.shape[-dims:]))
    which = core.strongest_tap(rows, origins.reshape(-1, *origins.shape[-dims:]), offsets)
    return np.asarray(offsets, np.int64).take(which).reshape(origins.shape) + origins


strongest_at = primitive(
    _strongest_at,
    ["x", "origins"],
    name="strongest_at",
    batch="core",
    cases=[case((2, 5), np.array([[0, 3], [1, 2]]), offsets=(0, 1), dims=1)],
    doc="The index of the largest of the elements at origins + offsets, for windows that differ between planes.",
)


def _divide(total, divisor):
    """By a number, or by the product of one number per window along each axis."""
    if type(divisor) is tuple:
        counts = [np.array(c, total.dtype) for c in divisor]
        divisor = functools.reduce(np.multiply.outer, counts)
    return np.divide(total, divisor, out=total)


avg_pool = primitive(
    lambda x, windows, divisor: _divide(core.window_sum(x, windows), divisor),
    ["x"],
    name="avg_pool",
    vjp={"x": lambda g, windows, divisor: avg_spread(g, windows, divisor)},
    linear=True,
    batch="core",
    cases=[
        case((2, 4, 5), windows=_HALVES, divisor=((2, 2), (1, 2, 2))),
        case((3, 7), windows=(Windows(7, range(-1, 7, 2), 3),), divisor=3),
        case((3, 4), windows=(Windows(4, range(1), 4),), divisor=4),
    ],
    doc="The sum of each window over the last axes, by a divisor.",
)
avg_spread = primitive(
    lambda g, windows, divisor: core.window_spread(_divide(g.copy(), divisor), windows),
    ["g"],
    name="avg_spread",
    vjp={"g": lambda g, windows, divisor: avg_pool(g, windows, divisor)},
    linear=True,
    batch="core",
    cases=[
        case((2, 2, 3), windows=_HALVES, divisor=((2, 2), (1, 2, 2))),
        case((3, 4), windows=(Windows(7, range(-1, 7, 2), 3),), divisor=3),
        case((3, 1), windows=(Windows(4, range(1), 4),), divisor=4),
    ],
    doc="The adjoint of `avg_pool`.",
)
