"""Reading arrays between their elements, at the places that a grid names.

Along each axis a place stands between a few elements, its taps; each tap has an index, a weight
and a slope, the derivative of the weight. Over several axes these are products.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ...declare import case, fused
from ...errors import ArgumentError, DtypeError, ShapeError
from ..broadcasting import broadcast_to
from ..choosing import where
from ..indexing import getitem
from ..shapes import expand_dims
from . import batching
from .axis_maps import cubic_weights
from .pooling import pick

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def _data(x):
    return getattr(x, "_data", x)


class Tap(NamedTuple):
    """One of the elements along an axis that a place is read from.

    `place` is its index, inside the axis; `valid` says whether it is the element's own, and is
    None where all are.
    """

    place: np.ndarray
    valid: np.ndarray | None
    weight: Any


def _reflected(u: np.ndarray, n: int, align_corners: bool) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates mirrored at the borders until they are inside; and 1 or -1, the slope of that."""
    low, span = (0.0, n - 1.0) if align_corners else (-0.5, float(n))
    if span <= 0:
        return np.zeros_like(u), np.zeros_like(u)
    from_low = u - u.dtype.type(low)
    distance = np.abs(from_low)
    with np.errstate(invalid="ignore"):
        turns, rest = np.floor(distance / span), np.fmod(distance, u.dtype.type(span))
        odd = turns % 2 == 1
    place = np.where(odd, span - rest + low, rest + low).astype(u.dtype)
    return place, (np.sign(from_low) * np.where(odd, -1, 1)).astype(u.dtype)


def _inside(u: np.ndarray, n: int) -> np.ndarray:
    """Coordinates clipped to the axis; what is no number counts as its beginning."""
    return np.where(np.isnan(u), 0, np.clip(u, 0, n - 1)).astype(u.dtype)


def _coordinates(grid, axis, n, align_corners):
    """Where places are along an axis, in elements: differentiable by the grid."""
    u = getitem(grid, (Ellipsis, axis)) + 1
    return u * ((n - 1) / 2) if align_corners else u * (n / 2) - 0.5


def _padded(u, n, padding, align_corners):
    """Coordinates brought inside the axis; outside and on the border the derivative is zero."""
    value, slope = _data(u), None
    if padding == "reflection":
        value, slope = _reflected(value, n, align_corners)
    free = (value > 0) & (value < n - 1) & np.isfinite(_data(u))
    held = _inside(value, n)
    if slope is None:
        return where(free, u, held)
    return where(free, held + (where(free, u, 0) - np.where(free, _data(u), 0)) * slope, held)


def _tap(place: np.ndarray, n: int, padding: str, align_corners: bool, weight: Any) -> Tap:
    """The tap at whole-numbered coordinates, which may be outside."""
    if padding == "reflection":
        place = _reflected(place, n, align_corners)[0]
    inside = _inside(np.rint(place), n)
    valid = inside == place if padding == "zeros" else None
    return Tap(inside.astype(np.intp), None if valid is None or valid.all() else valid, weight)


def _taps(u, n, mode, padding, align_corners):
    """What places at coordinates u of an axis of length n are read from."""
    if mode != "bicubic" and padding != "zeros":
        u = _padded(u, n, padding, align_corners)
    value = _data(u)
    if mode == "nearest":
        return [_tap(np.rint(value), n, padding, align_corners, None)]
    with np.errstate(invalid="ignore"):
        left = np.floor(value)
        t = u - left
        weights = cubic_weights(t) if mode == "bicubic" else [1 - t, t]
        first = -1 if mode == "bicubic" else 0
        return [_tap(left + (first + k), n, padding, align_corners, w) for k, w in enumerate(weights)]


def _cubic_slopes(t, a=-0.75):
    """The derivatives of `cubic_weights`."""
    u = 1 - t
    return [
        (3 * a * (t + 1) - 10 * a) * (t + 1) + 8 * a,
        (3 * (a + 2) * t - 2 * (a + 3)) * t,
        -(3 * (a + 2) * u - 2 * (a + 3)) * u,
        -((3 * a * (u + 1) - 10 * a) * (u + 1) + 8 * a),
    ]


def _product(factors: Any) -> Any:
    factors = [f for f in factors if f is not None]
    return math.prod(factors[1:], start=factors[0]) if factors else None


def _together(taps: tuple[Tap, ...], sizes: tuple[int, ...]) -> tuple[np.ndarray, Any, Any]:
    """Flat indices, validity and weight of one tap per axis; the weight is zero where not valid."""
    index = taps[0].place
    for tap, n in zip(taps[1:], sizes[1:]):
        index = index * n + tap.place
    masks = [t.valid for t in taps if t.valid is not None]
    weight = _product(t.weight for t in taps)
    if not masks:
        return index, None, weight
    valid = np.logical_and.reduce(masks)
    return index, valid, valid if weight is None else weight * valid


def _check(x, grid, mode, padding_mode):
    dims = x.ndim - 2
    if dims not in (2, 3) or grid.ndim != x.ndim or grid.shape[-1] != dims or 0 in x.shape[2:]:
        raise ShapeError(
            f"grid_sample: input{x.shape} must be (N, C, H, W) or (N, C, D, H, W), with nothing but N or C "
            f"empty, and grid{grid.shape} (N, h, w, 2) or (N, d, h, w, 3)"
        )
    if len(grid) != len(x):
        raise ShapeError(f"grid_sample: input{x.shape} and grid{grid.shape} must have one batch size")
    if x.dtype.kind != "f" or grid.dtype.kind != "f":
        raise DtypeError(f"grid_sample: input and grid must be floating, got {x.dtype} and {grid.dtype}")
    if mode not in MODES or padding_mode not in PADDINGS:
        raise ArgumentError(
            f"grid_sample: mode must be one of {MODES} and padding_mode one of {PADDINGS}, "
            f"got {mode!r} and {padding_mode!r}"
        )
    if mode == "bicubic" and dims != 2:
        raise ArgumentError(f"grid_sample: mode 'bicubic' takes input of 4 axes, got {x.shape}")


def _all_taps(x, grid, mode, padding_mode, align_corners):
    """The taps of each axis of x; a grid names its axes in reverse."""
    sizes = x.shape[2:]
    us = [_coordinates(grid, len(sizes) - 1 - i, n, align_corners) for i, n in enumerate(sizes)]
    return [_taps(u, n, mode, padding_mode, align_corners) for u, n in zip(us, sizes)]


def _formula(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    sizes, total = x.shape[2:], None
    shape = x.shape[:2] + grid.shape[1:-1]
    finite = _is_finite(_data(x))
    for taps in itertools.product(*_all_taps(x, grid, mode, padding_mode, align_corners)):
        index, valid, weight = _together(taps, sizes)
        value = pick(x, np.broadcast_to(index[:, None], shape), len(sizes))
        if valid is not None and not finite:  # zero times what is outside would be NaN
            value = where(np.broadcast_to(valid[:, None], shape), value, 0)
        if weight is not None:
            value = value * broadcast_to(expand_dims(weight, 1), shape)
        total = value if total is None else total + value
    return total


def _is_finite(x: np.ndarray) -> bool:
    """Whether all elements are; or False for so large ones that their sum is not."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.add.reduce(x, None)))


def _kernel(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    _check(x, grid, mode, padding_mode)
    return _formula(x, grid, mode, padding_mode, align_corners), True


def _slopes(grid, axis, n, mode, padding, align_corners):
    """The derivatives by the grid of the weights along one axis, in the order of the taps."""
    u = _coordinates(grid, axis, n, align_corners)
    factor = u.dtype.type((n - 1) / 2 if align_corners else n / 2)
    if mode == "bicubic":
        return [s * factor for s in _cubic_slopes(u - np.floor(u))]
    if padding != "zeros":
        value, slope = _reflected(u, n, align_corners) if padding == "reflection" else (u, 1)
        factor = np.where((value > 0) & (value < n - 1), slope * factor, 0).astype(u.dtype)
    return [-factor, factor]


def _backward(g, x, grid, mode, padding_mode, align_corners, wanted):
    sizes = x.shape[2:]
    dims = len(sizes)
    axes = _all_taps(x, grid, mode, padding_mode, align_corners)
    dx = np.zeros(x.size, x.dtype, like=x) if 0 in wanted else None
    dgrid = np.zeros_like(grid) if 1 in wanted else None
    moves, finite = 1 in wanted and mode != "nearest", _is_finite(g)
    planes = np.arange(math.prod(x.shape[:2])).reshape(*x.shape[:2], *(1,) * dims) * math.prod(sizes)
    slopes = [
        _slopes(grid, dims - 1 - i, n, mode, padding_mode, align_corners) if moves else []
        for i, n in enumerate(sizes)
    ]
    for which in itertools.product(*(range(len(taps)) for taps in axes)):
        taps = tuple(axis[k] for axis, k in zip(axes, which))
        index, valid, weight = _together(taps, sizes)
        places = planes + index[:, None]
        if dx is not None:
            part = g if weight is None else g * weight[:, None]
            if valid is not None and not finite:
                part = np.where(valid[:, None], part, 0)
            np.add.at(dx, places.reshape(-1), part.reshape(-1))
        if moves:
            slope = (g * x.reshape(-1).take(places)).sum(1)
            if valid is not None:
                slope = np.where(valid, slope, 0)
            for i in range(dims):
                others = _product([t.weight for j, t in enumerate(taps) if j != i])
                dgrid[..., dims - 1 - i] += slope * others * slopes[i][which[i]]
    return (None if dx is None else dx.reshape(x.shape)), dgrid


_X, _GRID = (1, 2, 3, 4), np.array([[[[-0.63, 0.41], [0.3, -0.2]], [[1.41, 0.2], [0.77, -1.3]]]])
_GRID3 = np.array([[[[[-0.63, 0.41, 0.11], [0.3, -1.2, 0.53]]]]])

grid_sample = fused(
    _kernel,
    ["x", "grid"],
    name="grid_sample",
    backward=_backward,
    formula=_formula,
    batch=batching.folded(0, 1),
    kinks="where a place crosses an element; zero outside",
    cases=[
        case(_X, _GRID),
        case(_X, _GRID, padding_mode="border", align_corners=True),
        case(_X, _GRID, padding_mode="reflection"),
        case(_X, _GRID, mode="bicubic", padding_mode="reflection"),
        case(_X, _GRID, mode="nearest"),
        case((1, 1, 2, 3, 3), _GRID3, padding_mode="reflection"),
    ],
    doc="""x read at the places of a grid, which go from -1 to 1 along each axis.

    Shapes: x (N, C, H, W), grid (N, h, w, 2) -> (N, C, h, w); or one axis more.""",
)
