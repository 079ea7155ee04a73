"""Integrals of sampled functions: by straight lines, parabolas and Romberg's rule."""

from __future__ import annotations

import itertools

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...ops import differences
from ...ops.arranging import flip
from ...ops.broadcasting import broadcast_to
from ...ops.cumulative import cumsum
from ...ops.joining import concatenate, stack
from ...ops.reductions import sum
from ...ops.shapes import as_array, axis_index, moveaxis, reshape
from .. import load
from .._faces import spelled
from ..linalg.matrices import in_double

theirs = load("integrate")


def _rows(name, y, x, dx, axis):
    """y with the axis last, and the widths of the intervals."""
    y = as_array(y)
    if not y.ndim or not y.shape[axis_index(axis, y.ndim)]:
        raise ShapeError(f"{name}: y must have samples along axis {axis}, got shape {tuple(y.shape)}")
    axis = axis_index(axis, y.ndim)
    rows = moveaxis(y, axis, -1)
    if x is None:
        dx = np.asarray(dx, rows.dtype) if isinstance(dx, (int, float)) else as_array(dx)
        if not dx.ndim:
            return rows, broadcast_to(dx, (rows.shape[-1] - 1,)), axis
        return rows, moveaxis(dx, axis, -1) if dx.ndim > 1 else dx, axis
    x = as_array(x)
    if x.ndim not in (1, y.ndim) or x.shape[-1 if x.ndim == 1 else axis] != rows.shape[-1]:
        raise ShapeError(f"{name}: x {tuple(x.shape)} does not fit y {tuple(y.shape)} along axis {axis}")
    x = x if x.ndim == 1 else moveaxis(x, axis, -1)
    return rows, x[..., 1:] - x[..., :-1], axis


@spelled(theirs.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of samples joined by straight lines.

    Example:
        >>> float(trapezoid(np.array([1.0, 2.0, 3.0])))
        4.0
    """
    return differences.trapezoid(y, x, dx, axis)


@spelled(theirs.cumulative_trapezoid)
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    """The integrals up to each sample of what straight lines join; `initial=0` puts a 0 in front.

    Example:
        >>> cumulative_trapezoid(np.array([1.0, 2.0, 3.0]), initial=0)
        array([0. , 1.5, 4. ])
    """
    rows, widths, axis = _rows("cumulative_trapezoid", y, x, dx, axis)
    if initial not in (None, 0):
        raise ArgumentError(f"cumulative_trapezoid: initial must be 0 or None, got {initial!r}")
    out = cumsum(widths * (rows[..., 1:] + rows[..., :-1]) / 2, -1)
    return moveaxis(out if initial is None else _behind(0 * out[..., :1], out), -1, axis)


def _behind(first, out):
    return concatenate([first, out], -1)


@spelled(theirs.simpson)
def simpson(y, x=None, *, dx=1.0, axis=-1):
    """The integral of samples by parabolas through three each; of an even number the last has a correction.

    Source: K. V. Cartwright, Simpson's rule cumulative integration with MS Excel and irregularly-spaced
    data, 2017, equation 8.

    Example:
        >>> float(simpson(np.array([0.0, 1.0, 4.0])).round(12))
        2.666666666667
    """
    rows, h, axis = _rows("simpson", y, x, dx, axis)
    n = rows.shape[-1]
    if n > 2 and (x is not None or n % 2 == 0):  # which SciPy computes in double precision
        rows = in_double(rows)
    if n < 3:
        return 0 * rows[..., 0] if n == 1 else sum(h * (rows[..., 1:] + rows[..., :-1]) / 2, -1)
    count = n - 1 if n % 2 else n - 2
    a, b = h[..., 0:count:2], h[..., 1:count:2]
    both = a + b
    left, middle, right = rows[..., 0:count:2], rows[..., 1:count:2], rows[..., 2 : count + 1 : 2]
    out = sum(both / 6 * (left * (2 - b / a) + middle * (both * both / (a * b)) + right * (2 - a / b)), -1)
    if n % 2:
        return out
    a, b = h[..., -2], h[..., -1]
    last = (2 * b * b + 3 * a * b) / (6 * (a + b)) * rows[..., -1] + (b * b + 3 * a * b) / (6 * a) * rows[
        ..., -2
    ]
    return out + last - b**3 / (6 * a * (a + b)) * rows[..., -3]


@spelled(theirs.cumulative_simpson)
def cumulative_simpson(y, *, x=None, dx=1.0, axis=-1, initial=None):
    """The integrals up to each sample, by parabolas; `initial` is put in front and added to all.

    Example:
        >>> cumulative_simpson(np.array([0.0, 1.0, 4.0]), initial=0).round(6)
        array([0.      , 0.333333, 2.666667])
    """
    rows, h, axis = _rows("cumulative_simpson", y, x, dx, axis)
    n = rows.shape[-1]
    if n < 3:
        out = cumsum(h * (rows[..., 1:] + rows[..., :-1]) / 2, -1)
    else:
        rows = in_double(rows) if x is None else rows
        firsts = _first_parts(rows, h)
        seconds = flip(_first_parts(flip(rows, -1), flip(h, -1)), -1)
        parts = [firsts[..., i] if i % 2 == 0 and i < n - 2 else seconds[..., i - 1] for i in range(n - 1)]
        out = cumsum(stack(parts, -1), -1)
    if initial is not None:
        initial = as_array(initial)
        first = moveaxis(initial, axis, -1) if initial.ndim else reshape(initial, (1,) * rows.ndim)
        out = _behind(broadcast_to(first, (*out.shape[:-1], 1)), out + first)
    return moveaxis(out, -1, axis)


def _first_parts(y, h):
    """The integral over the first interval of the parabola through each three neighbours."""
    a, b = h[..., :-1], h[..., 1:]
    share = a / (a + b)
    bent = share * (a / b)
    return a / 6 * ((3 - share) * y[..., :-2] + (3 + bent + share) * y[..., 1:-1] - bent * y[..., 2:])


@spelled(theirs.romb)
def romb(y, dx=1.0, axis=-1, show=False):
    """The integral of 2**k + 1 samples by Romberg's rule.

    Errors: ShapeError for another number of samples.

    Example:
        >>> float(romb(np.array([0.0, 1.0, 4.0])).round(12))
        2.666666666667
    """
    rows, _, axis = _rows("romb", in_double(as_array(y)), None, dx, axis)
    n = rows.shape[-1] - 1
    if n < 1 or n & (n - 1):
        raise ShapeError(f"romb: y must have 2**k + 1 samples along axis {axis}, got {n + 1}")
    table, step = [], n
    while step:
        ends = (rows[..., 0] + rows[..., -1]) / 2
        table.append(dx * step * (ends + sum(rows[..., step:-1:step], -1)))
        step //= 2
    power = 4
    while len(table) > 1:
        table = [(power * fine - coarse) / (power - 1) for coarse, fine in itertools.pairwise(table)]
        power *= 4
    return table[0]
