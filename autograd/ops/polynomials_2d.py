"""Polynomials of two variables: `numpy.polynomial.polynomial.polyval2d` and `polygrid2d`."""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError
from .composed import composed
from .shapes import as_array, reshape


def _horner(x, c):
    """The sum of c[i] * x**i."""
    total = c[-1] + x * 0
    for i in range(2, c.shape[0] + 1):
        total = c[-i] + total * x
    return total


def _matrix(name, c):
    c = as_array(c)
    if c.ndim < 2:
        raise ShapeError(f"{name}: the coefficients need two axes or more, got shape {tuple(c.shape)}")
    return c


def _apart(c, x):
    """c with axes of length one for those of x."""
    return reshape(c, tuple(c.shape) + (1,) * x.ndim)


@composed(np.polynomial.polynomial.polyval2d)
def polyval2d(x, y, c):
    """The sum of c[i, j] * x**i * y**j at the points (x, y).

    Shapes: c (n, m, ...) and x, y of one shape give (..., *shape).

    Example:
        >>> float(polyval2d(2.0, 3.0, [[1.0, 0.0], [0.0, 1.0]]))
        7.0
    """
    x, y = as_array(x), as_array(y)
    if tuple(x.shape) != tuple(y.shape):
        raise ShapeError(f"polyval2d: x has shape {tuple(x.shape)}, y has {tuple(y.shape)}")
    return _horner(y, _horner(x, _apart(_matrix("polyval2d", c), x)))


@composed(np.polynomial.polynomial.polygrid2d)
def polygrid2d(x, y, c):
    """The sum of c[i, j] * x**i * y**j at every pair of an element of x and one of y.

    Shapes: c (n, m, ...) gives (..., *x.shape, *y.shape).

    Example:
        >>> polygrid2d([1.0, 2.0], [3.0], [[1.0, 0.0], [0.0, 1.0]])
        array([[4.],
               [7.]])
    """
    x, y = as_array(x), as_array(y)
    rows = _horner(x, _apart(_matrix("polygrid2d", c), x))
    return _horner(y, _apart(rows, y))
