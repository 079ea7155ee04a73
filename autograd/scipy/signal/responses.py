"""Answers of filters over frequencies; signals divided by each other, and at other rates."""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...ops.composed import wrapped
from ...ops.indexing import getitem, scatter_add
from ...ops.matrices import value_of
from ...ops.shapes import as_array, astype, axis_index, moveaxis
from ...wholes import as_whole
from .. import load
from .._faces import spelled
from .convolutions import convolved
from .filters import lfilter

theirs = load("signal")


def _coefficients(name, b):
    b = as_array(b)
    if b.ndim > 1:
        raise ShapeError(
            f"{name}: with a gradient coefficients must be a vector, got shape {tuple(b.shape)}"
        )
    return b if b.ndim else b.reshape((1,))


def _of_unit_circle(b, powers):
    """The polynomial in 1 / z at points whose powers are given: (points, coefficients)."""
    return powers[:, : b.shape[0]] @ (b + 0j)


@spelled(theirs.freqz)
def freqz(b, a=1, worN=512, whole=False, plot=None, fs=2 * np.pi, include_nyquist=False):
    """Frequencies w, and h = sum of b[k] exp(-i w k) over that of a[k], the answer of a filter.

    Shapes: b (m,), a (n,) or a number -> w (points,), h (points,).

    Gradient: of h, by b and a.

    Example:
        >>> freqz(np.array([0.5, 0.5]), worN=[0.0])[1]
        array([1.+0.j])
    """
    if plot is not None:
        raise ArgumentError("freqz: with a gradient plot must be None")
    b, a = _coefficients("freqz", b), _coefficients("freqz", a)
    w, plainly = as_whole(
        theirs.freqz, value_of(b), value_of(a), value_of(worN), whole, None, fs, include_nyquist
    )
    angle = 2 * np.pi * w / fs
    powers = np.exp(-1j * angle[:, None] * np.arange(max(b.shape[0], a.shape[0])))
    h = _of_unit_circle(b, powers) / _of_unit_circle(a, powers)
    return wrapped(w), h if h.dtype == plainly.dtype else astype(h, plainly.dtype)


@spelled(theirs.deconvolve)
def deconvolve(signal, divisor):
    """The quotient and the rest: signal = convolve(divisor, quotient) + rest.

    Shapes: signal (m,), divisor (n,) -> (m - n + 1,), (m,).

    Example:
        >>> deconvolve(np.array([1.0, 3.0, 2.0]), np.array([1.0, 1.0]))[0]
        array([1., 2.])
    """
    num, den = as_array(signal), as_array(divisor)
    if num.ndim > 1 or den.ndim > 1:
        raise ShapeError("deconvolve: signal and divisor must be vectors")
    num, den = _coefficients("deconvolve", num), _coefficients("deconvolve", den)
    if den.shape[0] > num.shape[0]:
        return np.zeros(0), num
    impulse = np.zeros(num.shape[0] - den.shape[0] + 1)
    impulse[0] = 1
    quotient = lfilter(num, den, impulse)
    return quotient, num - convolved("deconvolve", den, quotient, "full")


@spelled(theirs.upfirdn)
def upfirdn(h, x, up=1, down=1, axis=-1, mode="constant", cval=0):
    """x with up - 1 zeros put in between, filtered by h, every down-th element of it.

    Example:
        >>> upfirdn(np.array([1.0, 1.0]), np.array([1.0, 2.0]), up=2)
        array([1., 1., 2., 2.])
    """
    if mode != "constant" or cval:
        raise ArgumentError(f"upfirdn: with a gradient x must be continued by zeros, got mode={mode!r}")
    h, x = _coefficients("upfirdn", h), as_array(x)
    as_whole(theirs.upfirdn, value_of(h), value_of(x), up, down, axis)  # SciPy refuses what does not fit
    axis = axis_index(axis, x.ndim)
    rows = moveaxis(x, axis, -1)
    n = (rows.shape[-1] - 1) * up + 1
    if up > 1:
        rows = scatter_add(rows, (..., slice(None, None, up)), (*rows.shape[:-1], n))
    filtered = convolved("upfirdn", rows, h.reshape((1,) * (x.ndim - 1) + (-1,)), "full")
    return moveaxis(getitem(filtered, (..., slice(None, None, down))), -1, axis)
