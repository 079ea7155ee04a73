"""Products that sum over axes: matmul, dot and their kin, spelled with the primitive `matmul` and its own."""

from __future__ import annotations

import math

import numpy as np

from ..batching_classes import core
from ..declare import case, primitive
from ..errors import ShapeError
from ..memory import ARRAYS
from .broadcasting import reduce_sum
from .indexing import diagonal, getitem
from .reductions import axes_of
from .shapes import as_array, expand_dims, moveaxis, reshape, transpose


def _each_matmul(x, y):
    """x[i] @ y[i]; what is repeated without a copy is multiplied once."""
    n, rows, k = x.shape
    if n > 1 and y.strides[0] == 0 != y.size:
        return x.reshape(n * rows, k).dot(y[0]).reshape(n, rows, y.shape[2])
    if n > 1 and x.strides[0] == 0 != x.size:
        product = y.swapaxes(1, 2).reshape(n * y.shape[2], k).dot(x[0].T)
        return product.reshape(n, y.shape[2], rows).swapaxes(1, 2)
    return _outer_products(x, y) if k == 1 else np.matmul(x, y)


def _outer_products(x, y):
    """x[i] @ y[i] of columns and rows: NumPy leaves them to BLAS only from two columns on."""
    n, rows, _ = x.shape
    columns = y.shape[2]
    if x.dtype != y.dtype or x.dtype.char not in "fd" or rows * columns < 256 or columns < 4:
        return np.einsum("ni,nj->nij", x[:, :, 0], y[:, 0])
    left, right = np.zeros((n, 2, rows), x.dtype), np.zeros((n, 2, columns), y.dtype)
    left[:, 0], right[:, 0] = x[:, :, 0], y[:, 0]
    return np.matmul(left.swapaxes(1, 2), right)


each_matmul = primitive(
    _each_matmul,
    ["x", "y"],
    name="each_matmul",
    vjp={
        "x": lambda g, y: each_matmul(g, transpose(y, (0, 2, 1))),
        "y": lambda g, x: each_matmul(transpose(x, (0, 2, 1)), g),
    },
    linear="each", analytic=True,
    batch=lambda call: reshape(
        call.run([_joined(call.whole(i)) for i in (0, 1)]),
        (call.size, call.shape(0)[0], call.shape(0)[1], call.shape(1)[2]),
    ),
    cases=[case((2, 2, 3), (2, 3, 4)), case((3, 2, 1), (3, 1, 2)), case((2, 20, 1), (2, 1, 32))],
    reference=lambda x, y: np.einsum("nij,njk->nik", x, y),
    doc="Products of as many matrices: those of all examples of vmap.",
)  # fmt: skip


def _joined(x):
    return reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def _matmul_each(call):
    """One product where one side is the same for all examples, else one for each."""
    (x, y), (rank_x, rank_y) = call.args, (call.ndim(0), call.ndim(1))
    if call.batched == [True, False] and rank_y == 2:
        lead = tuple(x.shape[:-1])
        rows = reshape(x, (math.prod(lead), x.shape[-1]))
        return reshape(call.run([rows, y]), (*lead, y.shape[-1]))
    if rank_x == rank_y == 2:
        return each_matmul(call.whole(0), call.whole(1))
    return core(call)


def _product(x, y):
    """x @ y: by `dot` of two matrices, which takes half the time of a small product, also of one row."""
    if type(x) in ARRAYS and type(y) in ARRAYS and x.ndim == y.ndim == 2:
        return x.dot(y)
    return np.matmul(x, y)


def _d_right(g, x):
    if type(x) in ARRAYS and type(g) in ARRAYS and x.ndim == g.ndim == 2:
        return x.T.dot(g)
    turned = x.swapaxes(-1, -2)
    # where one row is summed over, a product of every pair: BLAS is slow at that
    return turned * g if x.shape[-2] == 1 else turned @ g


def _d_left(g, y):
    if type(g) in ARRAYS and type(y) in ARRAYS and g.ndim == y.ndim == 2:
        return g.dot(y.T)
    return g @ y.swapaxes(-1, -2)


_matmul = primitive(
    _product,
    ["x", "y"],
    name="matmul",
    vjp={"x": _d_left, "y": _d_right},
    core=(2, 2, 2), linear="each", analytic=True, batch=_matmul_each,
    # what `_product` does, without a call
    kernel_source="{x}.dot({y}) if type({x}) is type({y}) is ndarray and {x}.ndim == {y}.ndim == 2 "
    "else kernel({x}, {y})",
    cases=[case((2, 3), (3, 4)), case((5, 2, 3), (3, 4)), case((2, 1, 2, 3), (3, 3, 1))],
    reflected="__rmatmul__", doc="Matrix product of the last two axes.",
)  # fmt: skip


# ------------------------------------------------------------------ of vectors


def _matvec_each(call):
    (x, y), batched = call.args, call.batched
    if batched == [False, True]:
        return matmul(y, transpose(x))
    product = matmul(x, y) if batched == [True, False] else each_matmul(x, reshape(y, (*y.shape, 1)))
    return product if batched == [True, False] else reshape(product, tuple(product.shape[:2]))


def _vecmat_each(call):
    x, y = call.args
    if not all(call.batched):
        return matmul(x, y)
    product = each_matmul(reshape(x, (call.size, 1, x.shape[1])), y)
    return reshape(product, (call.size, product.shape[2]))


def _vecdot_each(call):
    x, y = call.args
    return (
        reduce_sum(x * y, (1,)) if all(call.batched) else matmul(*((x, y) if call.batched[0] else (y, x)))
    )


_facts = {"linear": "each", "analytic": True, "kernel_source": "{x} @ {y}"}
_matvec = primitive(
    lambda x, y: x @ y,
    ["x", "y"],
    name="matvec",
    vjp={"x": lambda g, y: g[:, None] * y, "y": lambda g, x: _vecmat(g, x)},
    batch=_matvec_each, cases=[case((2, 3), (3,)), case((1, 2), (2,))],
    doc="A matrix times a vector.", **_facts,
)  # fmt: skip
_vecmat = primitive(
    lambda x, y: x @ y,
    ["x", "y"],
    name="vecmat",
    vjp={"x": lambda g, y: _matvec(y, g), "y": lambda g, x: x[:, None] * g},
    batch=_vecmat_each, cases=[case((3,), (3, 2)), case((2,), (2, 1))],
    doc="A vector times a matrix.", **_facts,
)  # fmt: skip
_vecdot = primitive(
    lambda x, y: x @ y,
    ["x", "y"],
    name="vecdot",
    vjp={"x": lambda g, y: g * y, "y": lambda g, x: g * x},
    batch=_vecdot_each, cases=[case((3,), (3,)), case((1,), (1,))],
    doc="The sum of the products of two vectors' elements.", **_facts,
)  # fmt: skip
_BY_RANKS = {(2, 2): _matmul, (2, 1): _matvec, (1, 2): _vecmat, (1, 1): _vecdot}


def _with_ranks(x, y):
    """Both as arrays, and how many axes they have."""
    try:
        return x, y, (x.ndim, y.ndim)
    except AttributeError:  # numbers and lists
        x, y = as_array(x), as_array(y)
        return x, y, (x.ndim, y.ndim)


def matmul(x, y):
    """The matrix product x @ y, over the last two axes; vectors as in NumPy.

    Shapes: (..., n, k) @ (..., k, m) -> (..., n, m); a vector on the left counts as a row, on
    the right as a column, and that axis is left out of the result.

    Gradient: g @ y.T and x.T @ g.

    Example:
        >>> matmul(np.eye(2), np.array([1.0, 2.0]))
        array([1., 2.])
    """
    x, y, ranks = _with_ranks(x, y)
    if ranks == (2, 2):
        return _matmul(x, y)
    product = _BY_RANKS.get(ranks)
    if product is not None and x.shape[-1] == y.shape[0]:
        return product(x, y)
    if x.ndim > 1 and y.ndim > 1:
        return _matmul(x, y)
    if not x.ndim or not y.ndim:
        raise ShapeError("matmul: both arguments need at least one axis; use * for scalars")
    row, column = x.ndim == 1, y.ndim == 1
    out = _matmul(expand_dims(x, 0) if row else x, expand_dims(y, 1) if column else y)
    shape = out.shape[: len(out.shape) - 2]
    return reshape(out, shape + (() if row else out.shape[-2:-1]) + (() if column else out.shape[-1:]))


def dot(x, y):
    """The sum over the last axis of x and the second last of y (the only one of a vector).

    Example:
        >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
        11.0
    """
    try:
        if x.ndim == 2 and y.ndim == 2:  # as in every step of a network
            return _matmul(x, y)
    except AttributeError:  # numbers and lists
        pass
    x, y, ranks = _with_ranks(x, y)
    if 0 in ranks:
        return x * y
    product = _BY_RANKS.get(ranks)
    if product is not None:
        return product(x, y) if x.shape[-1] == y.shape[0] else matmul(x, y)
    return tensordot(x, y, (-1, -2 if y.ndim > 1 else 0))


def inner(x, y):
    """The sum over the last axes of both.

    Example:
        >>> float(inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
        11.0
    """
    x, y = as_array(x), as_array(y)
    if x.ndim == y.ndim == 1:
        return dot(x, y)
    return tensordot(x, y, (-1, -1)) if x.ndim and y.ndim else x * y


def outer(x, y):
    """x[i] * y[j], both flattened.

    Example:
        >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0])).shape
        (2, 2)
    """
    return reshape(as_array(x), (-1, 1)) * reshape(as_array(y), (1, -1))


def tensordot(x, y, axes=2):
    """The sum of products over pairs of axes: the last n of x and first n of y, or those named.

    Example:
        >>> tensordot(np.ones((2, 3, 4)), np.ones((3, 4, 5))).shape
        (2, 5)
    """
    x, y = as_array(x), as_array(y)
    if type(axes) is int and axes == 1 and x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0]:
        return _matmul(x, y)
    if isinstance(axes, int):
        over_x, over_y = tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
    else:
        over_x, over_y = (axes_of(a if isinstance(a, int) else tuple(a), n) for a, n in
                          zip(axes, (x.ndim, y.ndim), strict=True))  # fmt: skip
    summed_x, summed_y = ([v.shape[i] for i in over] for v, over in ((x, over_x), (y, over_y)))
    if summed_x != summed_y:
        raise ShapeError(f"tensordot: axes {over_x} of {x.shape} and {over_y} of {y.shape} differ")
    n = int(np.prod(summed_x))
    free_x = [s for i, s in enumerate(x.shape) if i not in over_x]
    free_y = [s for i, s in enumerate(y.shape) if i not in over_y]
    x = reshape(moveaxis(x, over_x, range(-len(over_x), 0)), (int(np.prod(free_x)), n))
    y = reshape(moveaxis(y, over_y, range(len(over_y))), (n, int(np.prod(free_y))))
    return reshape(_matmul(x, y), (*free_x, *free_y))


def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of the diagonal.

    Example:
        >>> float(trace(np.eye(3)))
        3.0
    """
    x = as_array(x)
    if x.ndim == 2 and not offset and (axis1, axis2) == (0, 1) and x.shape[0] <= x.shape[1]:
        rows, columns = x.shape  # one slice of the flat matrix, rather than a read of each element
        return reduce_sum(
            getitem(reshape(x, (rows * columns,)), slice(0, rows * columns, columns + 1)), (0,)
        )
    return reduce_sum(diagonal(x, offset, axis1, axis2), (-1,))
