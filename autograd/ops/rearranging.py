"""More views: halves, turns and axes exchanged, under NumPy's names for them."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError, ShapeError
from .arranging import flip
from .broadcasting import broadcast_to
from .composed import composed
from .indexing import getitem
from .shapes import as_array, axis_index, copy, reshape, transpose

_copied = copy


@composed(np.fliplr, views=True)
def fliplr(m):
    """m with the order of its columns reversed; a view.

    Example:
        >>> fliplr(np.array([[1.0, 2.0]]))
        array([[2., 1.]])
    """
    if as_array(m).ndim < 2:
        raise ShapeError(f"fliplr: expected two axes or more, got shape {tuple(as_array(m).shape)}")
    return flip(m, 1)


@composed(np.flipud, views=True)
def flipud(m):
    """m with the order of its rows reversed; a view.

    Example:
        >>> flipud(np.array([[1.0], [2.0]]))
        array([[2.],
               [1.]])
    """
    if as_array(m).ndim < 1:
        raise ShapeError("flipud: expected one axis or more, got a number")
    return flip(m, 0)


@composed(np.rot90, views=True)
def rot90(m, k=1, axes=(0, 1)):
    """m turned k times by a right angle, from the first of two axes towards the second.

    Example:
        >>> rot90(np.array([[1.0, 2.0]]))
        array([[2.],
               [1.]])
    """
    m = as_array(m)
    if len(axes) != 2:
        raise ArgumentError(f"rot90: expected two axes, got {axes}")
    i, j = (axis_index(a, m.ndim) for a in axes)
    if i == j:
        raise ArgumentError(f"rot90: the axes must differ, got {axes}")
    order = list(range(m.ndim))
    order[i], order[j] = order[j], order[i]
    turns = k % 4
    if turns == 0:
        return getitem(m, Ellipsis)
    if turns == 2:
        return flip(flip(m, i), j)
    return transpose(flip(m, j), order) if turns == 1 else flip(transpose(m, order), j)


@composed(np.rollaxis, views=True)
def rollaxis(a, axis, start=0):
    """a with one axis moved until it is before another; a view.

    Example:
        >>> rollaxis(np.zeros((2, 3, 4)), 2).shape
        (4, 2, 3)
    """
    a = as_array(a)
    axis = axis_index(axis, a.ndim)
    start = a.ndim if start == a.ndim else axis_index(start, a.ndim)
    order = [i for i in range(a.ndim) if i != axis]
    order.insert(start - (axis < start), axis)
    return transpose(a, order)


@composed(np.unstack, views=True)
def unstack(x, /, *, axis=0):
    """The layers of x along an axis, as a tuple; views.

    Example:
        >>> unstack(np.array([[1.0, 2.0], [3.0, 4.0]]))[1]
        array([3., 4.])
    """
    x = as_array(x)
    if not x.ndim:
        raise ShapeError("unstack: expected one axis or more, got a number")
    before = (slice(None),) * axis_index(axis, x.ndim)
    return tuple(getitem(x, (*before, i)) for i in range(x.shape[len(before)]))


@composed(np.broadcast_arrays, views=True)
def broadcast_arrays(*args, subok=False):
    """All arguments broadcast to one shape.

    Example:
        >>> [x.shape for x in broadcast_arrays(np.zeros(3), np.zeros((2, 1)))]
        [(2, 3), (2, 3)]
    """
    args = [as_array(x) for x in args]
    shapes = [tuple(x.shape) for x in args]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(map(str, shapes))
        raise ShapeError(f"broadcast_arrays: shapes {listed} do not broadcast together") from None
    return tuple(broadcast_to(x, shape) for x in args)


@composed(np.meshgrid, views=True)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Vectors of coordinates as arrays over the grid that they span.

    Example:
        >>> [x.shape for x in meshgrid(np.zeros(3), np.zeros(2))]
        [(2, 3), (2, 3)]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    xi = [reshape(as_array(x), (-1,)) for x in xi]
    order = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        order[:2] = 1, 0
    grids = [
        reshape(x, tuple(-1 if order[j] == i else 1 for j in range(len(xi)))) for i, x in enumerate(xi)
    ]
    shape = tuple(xi[order[j]].shape[0] for j in range(len(xi)))
    if not sparse:
        grids = [broadcast_to(x, shape) for x in grids]
    return tuple(_copied(x) for x in grids) if copy else tuple(grids)
