"""Joining and repeating arrays: concatenate, stack, tile, repeat and their kin."""

from __future__ import annotations

import operator

import numpy as np

from ..declare import case, primitive
from .arranging import atleast_1d, atleast_2d, atleast_3d
from .broadcasting import broadcast_to, reduce_sum
from .indexing import scatter_add
from .shapes import as_array, axis_index, copy, reshape


def _parts(g, xs_shape, axis):
    if axis is None:
        sizes = [int(np.prod(s)) for s in xs_shape]
        starts = np.cumsum([0, *sizes])
        return [reshape(g[a : a + n], s) for a, n, s in zip(starts, sizes, xs_shape, strict=False)]
    axis = axis_index(axis, len(g.shape))
    parts, start = [], 0
    for shape in xs_shape:
        parts.append(g[(slice(None),) * axis + (slice(start, start + shape[axis]),)])
        start += shape[axis]
    return parts


concatenate = primitive(
    lambda xs, axis=0: np.concatenate(xs, axis),
    ["*xs"],
    name="concatenate",
    vjp=_parts,
    linear=True, batch="flat", cases=[case((2, 3), (1, 3)), case((2, 3), (2, 1), axis=1)],
    numpy=[np.concatenate], doc="Arrays joined along an axis they have. None: flattened first.",
)  # fmt: skip


def _layers(g, xs_shape, axis):
    axis = axis_index(axis, len(g.shape))
    return [g[(slice(None),) * axis + (i,)] for i in range(len(xs_shape))]


stack = primitive(
    lambda xs, axis=0: np.stack(xs, axis),
    ["*xs"],
    name="stack",
    vjp=_layers,
    linear=True, batch="axis", cases=[case((2, 3), (2, 3)), case((2, 3), (2, 3), axis=-1)],
    numpy=[np.stack], doc="Arrays of one shape joined along a new axis.",
)  # fmt: skip


def vstack(xs):
    """Arrays on top of one another: joined along the first axis, vectors as rows.

    Example:
        >>> vstack([np.zeros(3), np.ones(3)]).shape
        (2, 3)
    """
    return concatenate([atleast_2d(x) for x in xs], 0)


def hstack(xs):
    """Arrays beside one another: joined along the second axis, vectors along their only one.

    Example:
        >>> hstack([np.zeros(3), np.ones(2)]).shape
        (5,)
    """
    xs = [atleast_1d(x) for x in xs]
    return concatenate(xs, 0 if xs[0].ndim == 1 else 1)


def dstack(xs):
    """Arrays joined along the third axis.

    Example:
        >>> dstack([np.zeros((2, 3)), np.ones((2, 3))]).shape
        (2, 3, 2)
    """
    return concatenate([atleast_3d(x) for x in xs], 2)


def column_stack(xs):
    """Vectors as the columns of a matrix; matrices as they are.

    Example:
        >>> column_stack([np.zeros(3), np.ones(3)]).shape
        (3, 2)
    """
    return concatenate([reshape(x, (-1, 1)) if x.ndim < 2 else x for x in map(atleast_1d, xs)], 1)


def append(x, values, axis=None):
    """x with values joined at the end of an axis; flattened first for None.

    Example:
        >>> append(np.array([1.0]), [2.0, 3.0])
        array([1., 2., 3.])
    """
    return concatenate([x, as_array(values)], axis)


def tile(x, reps):
    """x repeated as a whole, `reps` times along each axis.

    Example:
        >>> tile(np.array([1.0, 2.0]), (2, 2)).shape
        (2, 4)
    """
    x = as_array(x)
    reps = tuple(map(operator.index, np.atleast_1d(reps)))
    shape = (1,) * (len(reps) - x.ndim) + tuple(x.shape)
    reps = (1,) * (len(shape) - len(reps)) + reps
    pairs = [n for s, r in zip(shape, reps, strict=True) for n in (1, s)]
    grown = [n for s, r in zip(shape, reps, strict=True) for n in (r, s)]
    whole = tuple(s * r for s, r in zip(shape, reps, strict=True))
    # a copy, as NumPy's: reshaping alone may leave a view of x
    return reshape(copy(broadcast_to(reshape(x, tuple(pairs)), tuple(grown))), whole)


def _d_repeat(g, x_shape, repeats, axis):
    if axis is None:
        return reshape(_d_repeat(g, (int(np.prod(x_shape)),), repeats, 0), x_shape)
    axis = axis_index(axis, len(x_shape))
    if isinstance(repeats, int):
        pairs = (*x_shape[: axis + 1], repeats, *x_shape[axis + 1 :])
        return reduce_sum(reshape(g, pairs), (axis + 1,))
    rows = np.repeat(np.arange(x_shape[axis]), repeats)
    return scatter_add(g, (slice(None),) * axis + (rows,), x_shape)


_repeat = primitive(
    lambda x, repeats, axis=None: np.repeat(x, repeats, axis),
    ["x"],
    name="repeat",
    vjp={"x": _d_repeat},
    linear=True, batch="flat",
    cases=[case((2, 3), repeats=2), case((2, 3), repeats=(1, 2), axis=0)],
    doc="Each element of x repeated.",
)  # fmt: skip


def repeat(x, repeats, axis=None):
    """Each element of x repeated, all as often or each by its own number; flattened for None.

    Example:
        >>> repeat(np.array([1.0, 2.0]), [1, 2])
        array([1., 2., 2.])
    """
    if not isinstance(repeats, int):  # a tuple of its own, safe from later writes
        repeats = tuple(np.ravel(getattr(repeats, "_data", repeats)).tolist())
    return _repeat(x, repeats, axis)
