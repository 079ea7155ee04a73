"""Differences along an axis, what is made of them, and straight lines between points."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError, OperandError, ShapeError
from ..memory import is_array
from .broadcasting import broadcast_to
from .choosing import where
from .composed import composed, plain
from .elementwise import remainder
from .indexing import getitem
from .joining import concatenate
from .reductions import axes_of
from .reductions import sum as total
from .shapes import as_array, astype, axis_index, ravel, reshape


def cut(axis, start, stop=None):
    """The index of a piece along an axis."""
    return (slice(None),) * axis + (slice(start, stop),)


def _between(x, axis):
    return x[cut(axis, 1)] - x[cut(axis, None, -1)]


def _layer(value, x, axis):
    """A value as something to put in front of x or behind it."""
    value = as_array(value)
    if value.ndim:
        return value
    return broadcast_to(reshape(value, (1,) * x.ndim), (*x.shape[:axis], 1, *x.shape[axis + 1 :]))


@composed(np.diff)
def diff(a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    """The differences of neighbours along an axis, n times over.

    Args:
        prepend, append: values put in front and behind before.

    Example:
        >>> diff(np.array([1.0, 4.0, 9.0]))
        array([3., 5.])
    """
    a = as_array(a)
    if n < 0:
        raise ArgumentError(f"diff: n must not be negative, got {n}")
    if n == 0:
        return a  # NumPy does not look at the ends then
    axis = axis_index(axis, a.ndim)
    parts = [p if p is a else _layer(p, a, axis) for p in (prepend, a, append) if p is not np._NoValue]
    a = concatenate(parts, axis) if len(parts) > 1 else a
    for _ in range(n):
        a = _between(a, axis)
    return a


@composed(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of neighbours of the flattened array, between two given ends.

    Example:
        >>> ediff1d(np.array([1.0, 4.0, 9.0]), to_begin=0.0)
        array([0., 3., 5.])
    """
    ary = ravel(as_array(ary))
    ends = [to_begin, _between(ary, 0), to_end]
    parts = [ravel(as_array(p)) for p in ends if p is not None]
    return concatenate([p if p.dtype == ary.dtype else astype(p, ary.dtype) for p in parts], 0)


@composed(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of y along an axis by the trapezoidal rule, over steps of x, or of dx.

    Example:
        >>> float(trapezoid(np.array([1.0, 2.0, 3.0])))
        4.0
    """
    y = as_array(y)
    axis = axis_index(axis, y.ndim)
    steps = dx if x is None else as_array(x)
    if x is not None:
        lone = steps.ndim == 1
        steps = _between(steps, 0 if lone else axis_index(axis - y.ndim, steps.ndim))
        if lone:
            steps = reshape(steps, (-1,) + (1,) * (y.ndim - axis - 1))
    elif hasattr(dx, "ndim") and dx.ndim:
        steps = as_array(dx)
    return total(steps * (y[cut(axis, 1)] + y[cut(axis, None, -1)]) / 2.0, axis)


@composed(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """The derivative of samples along axes: central differences inside, one-sided ones at the ends.

    Args:
        varargs: the spacing: nothing (1), a number for all axes, or for each axis a number or the
            coordinates of its samples, which may be apart unevenly.
        edge_order: 1 or 2, the order of accuracy at the ends.

    Gradient: to f, to spacings and to coordinates.

    Returns: an array; a tuple of them for several axes.

    Example:
        >>> gradient(np.array([1.0, 4.0, 9.0, 16.0]))
        array([3., 4., 6., 7.])
    """
    f = as_array(f)
    if f.dtype.kind not in "fc":
        f = astype(f, np.float64)
    if axis is None:
        axes = tuple(range(f.ndim))
    else:
        axes = axes_of(tuple(axis) if isinstance(axis, (tuple, list)) else axis_index(axis, f.ndim), f.ndim)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order must be 1 or 2, got {edge_order!r}")
    steps = _steps(f, axes, varargs)
    found = tuple(_slope(f, a, h, edge_order) for a, h in zip(axes, steps, strict=True))
    return found[0] if len(found) == 1 else found


def _steps(f, axes, given):
    """For each axis the distance of samples: a number, or an array of those between neighbours."""
    if len(given) in (0, 1) and (not given or not np.ndim(plain(given[0]))):
        return [given[0] if given else 1.0] * len(axes)
    if len(given) != len(axes):
        raise ArgumentError(f"gradient: expected a spacing for each of {len(axes)} axes, got {len(given)}")
    steps = []
    for axis, h in zip(axes, given, strict=True):
        h = h if isinstance(h, (int, float)) else as_array(h)
        if not np.ndim(plain(h)):
            steps.append(h)
            continue
        if h.shape != (f.shape[axis],):
            raise ShapeError(
                f"gradient: coordinates along axis {axis} must have shape ({f.shape[axis]},), got {h.shape}"
            )
        h = _between(h if h.dtype.kind in "fc" else astype(h, np.float64), 0)
        if is_array(h) and h.size and (h == h[0]).all():
            h = h[0]  # evenly apart
        steps.append(h)
    return steps


def _slope(f, axis, h, edge_order):
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ShapeError(f"gradient: axis {axis} needs {edge_order + 1} samples or more, got {n}")
    uneven = np.ndim(plain(h)) > 0
    if uneven:
        wide = reshape(h, (-1,) + (1,) * (f.ndim - axis - 1))
        before, after = wide[:-1], wide[1:]
        first, last = h[0], h[n - 2]
    else:
        before = after = first = last = h
    at = lambda i, j=None: f[cut(axis, i, j)]
    if uneven:
        middle = (
            -after / (before * (before + after)) * at(None, -2)
            + (after - before) / (before * after) * at(1, -1)
            + before / (after * (before + after)) * at(2)
        )
    else:
        middle = (at(2) - at(None, -2)) / (2.0 * h)
    if edge_order == 1:
        left, right = (at(1, 2) - at(0, 1)) / first, (at(n - 1) - at(n - 2, n - 1)) / last
    else:
        left = _edge(at(0, 1), at(1, 2), at(2, 3), first, h[1] if uneven else h)
        right = _edge(at(n - 1), at(n - 2, n - 1), at(n - 3, n - 2), -last, -(h[n - 3] if uneven else h))
    out = concatenate([left, middle, right], axis)
    return out if out.dtype == f.dtype else astype(out, f.dtype)


def _edge(a, b, c, near, far):
    """The slope at a of the parabola through three samples, b `near` away and c `far` further."""
    both = near + far
    return -(near + both) / (near * both) * a + both / (near * far) * b - near / (far * both) * c


def _on_line(x, x0, y0, x1, y1):
    """The line through two points, at x; from the other end where one is at infinity."""
    width, rise = x1 - x0, y1 - y0
    far, level, at_first = np.isinf(plain(x0)), plain(y0) == plain(y1), plain(x) == plain(x0)
    flat = (plain(width) == 0) | (~np.isfinite(plain(rise)) & (level | at_first))
    if far.any():
        flat = flat | (far & (at_first | (np.isinf(plain(x1)) & level)))
    flat = flat & ~np.isnan(plain(x))
    slope = rise / where(flat, 1, width)
    if not far.any():
        return where(flat, y0, slope * (x - x0) + y0)
    turned = far & ~flat
    run = where(flat, 0, x - where(turned, x1, x0))
    return where(flat, 0, slope) * run + where(turned, y1, y0)


@composed(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """The straight lines between the points (xp, fp), at x; fp[0] and fp[-1] outside.

    Args:
        x: where; xp: (n,), ascending; fp: (n,), real or complex.
        left, right: values outside; period: of xp, which need not ascend then.

    Gradient: to x, xp and fp; at a point, of the line to its right; outside, of the end alone.

    Example:
        >>> float(interp(1.5, np.array([1.0, 2.0]), np.array([10.0, 20.0])))
        15.0
    """
    x, xp, fp = as_array(x), as_array(xp), as_array(fp)
    if "c" in (x.dtype.kind, xp.dtype.kind):
        raise OperandError(f"interp: x and xp must be real, got {x.dtype} and {xp.dtype}")
    np.interp([], plain(xp), plain(fp), period=plain(period))  # refuses what does not fit
    # NumPy interpolates in double precision
    x, xp = (v if v.dtype == np.float64 else astype(v, np.float64) for v in (x, xp))
    fp = fp if fp.dtype.char in "dD" else astype(fp, np.complex128 if fp.dtype.kind == "c" else np.float64)
    if period is not None:
        period = abs(period)
        x, xp = remainder(x, period), remainder(xp, period)
        order = np.argsort(plain(xp), kind="stable")
        xp, fp = getitem(xp, order), getitem(fp, order)
        xp = concatenate([xp[-1:] - period, xp, xp[:1] + period], 0)
        fp = concatenate([fp[-1:], fp, fp[:1]], 0)
        left = right = None
    at, ends, n = plain(x), plain(xp), len(xp)
    i = np.clip(np.searchsorted(ends, at, "right") - 1, 0, max(n - 2, 0))
    j = np.minimum(i + 1, n - 1)
    out = _on_line(x, getitem(xp, i), getitem(fp, i), getitem(xp, j), getitem(fp, j))
    low = at < ends[0]
    high = at >= ends[-1] if n > 1 else ~low  # NumPy has a single point's value for NaN, too
    out = where(high, fp[n - 1], out)
    if right is not None:
        out = where(at > ends[-1], right, out)
    return where(low, fp[0] if left is None else left, out)


@composed(np.unwrap)
def unwrap(p, discont=None, axis=-1, *, period=2 * np.pi):
    """p with jumps of more than half a period undone, by whole periods, along an axis.

    Gradient: 1; how many periods are added does not change with p.

    Example:
        >>> unwrap(np.array([0.0, 3.0, -3.0]), period=6.0)
        array([0., 3., 3.])
    """
    p = as_array(p)
    shift = np.unwrap(plain(p), discont, axis, period=plain(period)) - plain(p)
    if not hasattr(period, "_data"):
        return p + shift.astype(p.dtype)
    return p + np.round(shift / plain(period)) * period
