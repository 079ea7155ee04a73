"""NumPy's `order=`: elements read in C order, in Fortran's, or as they lie in memory."""

from __future__ import annotations

import numpy as np

from ..batching import bottom, is_batched
from ..declare import case, primitive
from ..errors import ArgumentError
from .composed import composed
from .shapes import as_array, copy, transpose
from .shapes import astype as _astype
from .shapes import reshape as _reshape

copy_in_order = primitive(
    lambda x, order: x.copy(order),
    ["x"],
    name="copy_in_order",
    vjp={"x": lambda g: g},
    linear=True, batch="same", cases=[case((2, 3), order="F"), case((2, 3, 2), order="C")],
    reference=lambda x, order: np.array(x, order=order), doc="A copy of x in an order of memory.",
)  # fmt: skip


def checked(name, order):
    """An order that NumPy has; ArgumentError for another one."""
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"{name}: order must be 'C', 'F', 'A' or 'K', got {order!r}")
    return order


def _laid_out(x):
    """An array that lies in memory as x does; of several examples, the first."""
    if not is_batched(x):
        return np.asarray(getattr(x, "_data", x))
    every = bottom(x)._data
    lead = every.ndim - x.ndim
    return every[(0,) * lead] if 0 not in every.shape[:lead] else np.empty(x.shape, x.dtype)


def _is_fortran(x, order, name):
    """Whether an order stands for Fortran's here."""
    checked(name, order)
    flags = _laid_out(x).flags
    return order == "F" or (order in "AK" and flags.f_contiguous and not flags.c_contiguous)


def arranged(x, order, like=()):
    """x in the order of memory that NumPy's `order=` asks for: itself where it lies so already.

    `A` is Fortran's order if all arrays of `like` are in it; `K` is any.
    """
    if checked("order", order) == "A":
        wide = [v for v in like if getattr(v, "ndim", 0) > 1]
        order = "F" if wide and all(_is_fortran(v, "A", "order") for v in wide) else "C"
    flags = _laid_out(x).flags
    fits = order == "K" or (flags.f_contiguous if order == "F" else flags.c_contiguous)
    return x if fits else copy_in_order(x, order)


@composed(np.copy)
def copied(a, order="K", subok=False):
    """A copy of a, in an order of memory.

    Example:
        >>> copied(np.array([[1.0, 2.0], [3.0, 4.0]]), "F").flags.f_contiguous
        True
    """
    return copy_in_order(as_array(a), order)


@composed(np.astype, views=True)
def astype(x, dtype, /, *, copy=True, device=None):
    """x in another dtype: a copy, or itself for `copy=False` if it has that dtype.

    Example:
        >>> astype(np.array([1.5]), np.int64)
        array([1])
    """
    return x if not copy and x.dtype == dtype else _astype(x, dtype)


def reshape(x, shape, order="C", copy=None):
    """x with another shape, its elements read and placed in an order; a view where NumPy makes one.

    `copy=True` gives a copy always; `copy=False` raises ArgumentError where a copy is needed.

    Example:
        >>> reshape(np.arange(4.0), (2, 2), "F")
        array([[0., 2.],
               [1., 3.]])
    """
    x = as_array(x)
    if copy is not None:
        return _copying(x, shape, order, copy)
    if not _is_fortran(x, order, "reshape"):
        return _reshape(x, shape)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return transpose(_reshape(transpose(x), shape[::-1]))


def _copying(x, shape, order, wanted):
    if wanted:
        return reshape(copy_in_order(x, "K"), shape, order)
    try:
        np.reshape(_laid_out(x), shape, order=order, copy=False)
    except ValueError:
        raise ArgumentError(f"reshape: {tuple(x.shape)} to {shape} needs a copy; copy=False") from None
    return reshape(x, shape, order)


def ravel(x, order="C"):
    """x as one axis, its elements read in an order; a view where NumPy makes one.

    Example:
        >>> ravel(np.array([[1.0, 2.0], [3.0, 4.0]]), "F")
        array([1., 3., 2., 4.])
    """
    x = as_array(x)
    if order == "K" and x.ndim > 1:
        strides = _laid_out(x).strides
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
