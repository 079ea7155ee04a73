"""Norms of vectors and matrices, condition numbers.

At 0 a norm gets the derivative 0, the smallest of its subgradients, to which the sums of squares
and the like lead by themselves; the next derivative is that of functions which are smooth there, as
norm(x)**2 is, and else NaN (see `limits.py`).
"""

from __future__ import annotations

import math

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, MatrixError, MatrixShapeError, ShapeError
from . import reductions
from .choosing import equal, not_equal, where
from .complex import real_part
from .limits import call_of, flat_rest, over, undefined_slope, unless, vanishing, zeros_of
from .linear_systems import inv
from .matrices import conj, eye, in_lapack, squares, value_of
from .products import matrix_axes
from .reductions import aligned, kept
from .shapes import as_array, astype, axis_index, reshape
from .singular_values import svdvals
from .sizes import absolute, sign
from .steep import steep

# ------------------------------------------------------------------ of vectors


def _powers(x, axis, order, keepdims):
    size = np.abs(x)
    if order == 2:
        if axis is None and not keepdims and x.dtype.char in "fdFD":
            x = x.ravel("K")
            return np.sqrt(np.vdot(x, x).real)
        return np.sqrt(np.add.reduce(np.square(size), axis, None, None, keepdims))
    with np.errstate(divide="ignore"):  # 0 to a negative power: the norm is 0
        total = np.add.reduce(size**order, axis, None, None, keepdims)
        return total ** (1 / order)


def _d_powers(g, x, out, axis, order):
    if order == 2:
        ratio, lost = over(g, out)
        return unless(_beside(lost, x, axis), x, _beside(ratio, x, axis) * conj(x))
    flat = equal(out, 0)
    scale = _beside(where(flat, 1, out), x, axis)
    shared = _beside(where(flat, 0, g), x, axis) * _shares_of_power(x, scale, order)
    if zeros_of(out, g) is None:
        return shared
    _, lost = vanishing(g, call_of(out), value_of(flat))
    at = _beside(value_of(flat), x, axis)
    return where(at, unless(_beside(lost, x, axis), x, flat_rest(conj(x), at, 1)), shared)


def _beside(reduced, x, axis):
    return reduced if reduced is None or not np.ndim(reduced) else aligned(reduced, x.shape, axis)


def _shares_of_power(x, scale, order):
    """d norm / d x of a norm that is `scale`."""
    gone = zeros_of(x, scale)
    if gone is not None and order >= 3:
        return absolute(x / scale) ** (order - 2) * conj(x / scale)
    zero = value_of(x) == 0
    share = absolute(where(zero, 1, x)) / scale
    powers = share ** (order - 1) * conj(sign(x))
    if gone is not None and order > 2:
        return where(zero, flat_rest(conj(x), gone, 1), powers)
    return unless(gone, x, where(zero, 0, powers))


def _moved_powers(t, out, x, axis, order, keepdims):
    def moving():
        return reductions.sum(real_part(undefined_slope(x, True)), axis, keepdims)

    if order == 2:
        return steep(reductions.sum(real_part(conj(x) * t), axis, keepdims), out, moving=moving)
    flat = equal(out, 0)
    scale = where(flat, 1, out)
    shares = _shares_of_power(x, aligned(scale, x.shape, axis), order)
    moved = reductions.sum(real_part(shares * t), axis, keepdims)
    return steep(moved * where(flat, 0, out), out, higher=True, moving=moving)


_power_norm = primitive(
    _powers,
    ["x"],
    name="power_norm",
    vjp={"x": _d_powers},
    jvp={"x": _moved_powers},
    batch="axis",
    reference=lambda x, axis, order, keepdims: np.linalg.vector_norm(
        x, axis=axis, ord=order, keepdims=keepdims
    ),
    cases=[
        case((2, 3), axis=None, order=2, keepdims=False),
        case((2, 3), axis=(1,), order=2, keepdims=True),
        case((2, 3), axis=(0,), order=3, keepdims=False),
        case((2, 3, 2), axis=(0, 2), order=-1.5, keepdims=False),
    ],
    kinks="0 where the norm is 0, and for elements that are 0; the next derivative there may be NaN",
    doc="sum(abs(x)**order)**(1/order) over axes.",
)


def _of_vectors(name, x, axis, order, keepdims):
    """The norm over axes (None: all) taken together."""
    if order in (math.inf, -math.inf):
        return _extreme(order, absolute(x), axis, keepdims)
    if order == 0:
        return reductions.sum(astype(not_equal(x, 0), np.finfo(x.dtype).dtype), axis, keepdims)
    if order == 1:
        return reductions.sum(absolute(x), axis, keepdims)
    if isinstance(order, str) or not isinstance(order, (int, float, np.number)):
        raise ArgumentError(f"{name}: the order of a vector norm is a number, got {order!r}")
    return _power_norm(x, axis, order, keepdims)


def _extreme(order, sizes, axis, keepdims=False):
    """The largest size for an order above 0, which is 0 if there is none, else the smallest."""
    if order < 0:
        return reductions.min(sizes, axis, keepdims)
    there = reductions.count(sizes.shape, axis)
    return (reductions.max if there else reductions.sum)(sizes, axis, keepdims)


def vector_norm(x, axis=None, keepdims=False, ord=2):
    """The norm of x as a vector: sum(abs(x)**ord)**(1/ord) over axes, all for None.

    Args:
        ord: inf and -inf for the largest and smallest abs(x), 0 for how many are not 0.

    Gradient: 0 where the norm is 0; for an element that is 0, 0.

    Example:
        >>> float(vector_norm(np.array([3.0, 4.0])))
        5.0
    """
    x = _inexact(x)
    return _of_vectors("vector_norm", x, _known_axes(x, axis), ord, keepdims)


def _inexact(x):
    x = as_array(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


def _known_axes(x, axis):
    if axis is None:
        return None
    return tuple(axis_index(a, x.ndim) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))


# ------------------------------------------------------------------ of matrices


def _of_matrices(name, x, axes, order, keepdims):
    """The norm of the matrices in two axes, rows first."""
    if order in (None, "fro", "f"):
        return _power_norm(x, axes, 2, keepdims)
    if order not in ("nuc", 2, -2, 1, -1, math.inf, -math.inf):
        raise ArgumentError(
            f"{name}: the order of a matrix norm is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {order!r}"
        )
    rows = matrix_axes(x, axes)
    if order == "nuc" or abs(order) == 2:
        values = svdvals(rows)
    else:
        values = reductions.sum(absolute(rows), -2 if abs(order) == 1 else -1)
    if order == "nuc":
        out = reductions.sum(values, -1)
    else:
        out = _extreme(order, values, -1)
    return reshape(out, kept(x.shape, axes)) if keepdims else out


def matrix_norm(x, keepdims=False, ord="fro"):
    """The norm of the matrices in the last two axes.

    Args:
        ord: "fro" for the root of the sum of squares, "nuc" for the sum of the singular values, 2
            and -2 for the largest and smallest of these, 1 and -1 for sums of absolute values
            along columns, inf and -inf along rows.

    Gradient: 0 where the norm is 0; equal singular values share that of the largest evenly.

    Example:
        >>> float(matrix_norm(np.diag([3.0, 4.0])))
        5.0
    """
    x = _inexact(x)
    if x.ndim < 2:
        raise MatrixShapeError(f"matrix_norm: expected matrices, got shape {tuple(x.shape)}")
    return _of_matrices("matrix_norm", x, (x.ndim - 2, x.ndim - 1), ord, keepdims)


def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors along one axis, of matrices in two; without `ord` of all elements.

    See vector_norm and matrix_norm for the orders. Without axis, x is a vector or a matrix.

    Example:
        >>> float(norm(np.array([3.0, 4.0]))), float(norm(np.diag([1.0, 2.0]), 2))
        (5.0, 2.0)
    """
    x = _inexact(x)
    if axis is None:
        if ord is None or (x.ndim == 2 and ord in ("f", "fro")) or (x.ndim == 1 and ord == 2):
            return _power_norm(x, None, 2, keepdims)
        axis = tuple(range(x.ndim))
    axes = _known_axes(x, axis)
    if len(axes) == 1:
        return _of_vectors("norm", x, axes, 2 if ord is None else ord, keepdims)
    if len(axes) != 2:
        raise ShapeError(f"norm: expected one axis or two, got {len(axes)} of shape {tuple(x.shape)}")
    return _of_matrices("norm", x, axes, ord, keepdims)


# ------------------------------------------------------------------ condition


def cond(x, p=None):
    """norm(x, p) * norm(inv(x), p): how much a small change of x may grow; inf if x is singular.

    Args:
        p: an order of matrix_norm; None for 2, which takes matrices that are not square.

    Gradient: 0 where x is singular.

    Example:
        >>> float(cond(np.diag([1.0, 2.0])))
        2.0
    """
    x = _inexact(x)
    if x.ndim < 2 or not x.size:
        raise MatrixError(f"cond: expected matrices that are not empty, got shape {tuple(x.shape)}")
    if p in (None, 2, -2):
        values = svdvals(x)
        large, small = values[..., 0], values[..., -1]
        if p == -2:
            none = value_of(large) == 0
            return where(none, np.inf, small / where(none, 1, large))
        none = value_of(small) == 0
        return where(none, np.inf, large / where(none, 1, small))
    x = squares("cond", x)
    singular = in_lapack(np.linalg.det, value_of(x)) == 0
    regular = where(singular[..., None, None], eye(x), x)
    return where(singular, np.inf, matrix_norm(regular, ord=p) * matrix_norm(inv(regular), ord=p))
