"""NumPy's `order=`: elements read in C order, in Fortran's, or as they lie in memory."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError
from .shapes import as_array, copy, transpose
from .shapes import reshape as _reshape


def _is_fortran(x, order, name):
    """Whether an order stands for Fortran's here."""
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"{name}: order must be 'C', 'F', 'A' or 'K', got {order!r}")
    flags = np.asarray(getattr(x, "_data", x)).flags
    return order == "F" or (order in "AK" and flags.f_contiguous and not flags.c_contiguous)


def reshape(x, shape, order="C"):
    """x with another shape, its elements read and placed in an order; a view where NumPy makes one.

    Example:
        >>> reshape(np.arange(4.0), (2, 2), "F")
        array([[0., 2.],
               [1., 3.]])
    """
    x = as_array(x)
    if not _is_fortran(x, order, "reshape"):
        return _reshape(x, shape)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return transpose(_reshape(transpose(x), shape[::-1]))


def ravel(x, order="C"):
    """x as one axis, its elements read in an order; a view where NumPy makes one.

    Example:
        >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]]), "F")
        array([1., 3., 2., 4.])
    """
    x = as_array(x)
    if order == "K" and x.ndim > 1:
        strides = np.asarray(getattr(x, "_data", x)).strides
        x = transpose(x, tuple(sorted(range(x.ndim), key=lambda i: -abs(strides[i]))))
        order = "C"
    return reshape(x, (-1,), order)


def flatten(x, order="C"):
    """A copy of x as one axis, its elements read in an order.

    Example:
        >>> flatten(np.array([[1.0, 2.0], [3.0, 4.0]]), "F")
        array([1., 3., 2., 4.])
    """
    return copy(ravel(x, order))
