"""More products of vectors and matrices: conjugated ones, crosses, chains.

Those that NumPy has in `numpy.linalg` under the same name with other arguments begin with `linalg_`.
"""

from __future__ import annotations

import functools

from ..errors import ArgumentError, MatrixShapeError, ShapeError
from .contractions import dot, matmul, outer
from .indexing import diagonal
from .joining import stack
from .matrices import conj, matrices, mT, times
from .reductions import sum
from .shapes import as_array, astype, axis_index, expand_dims, moveaxis, ravel, reshape, swapaxes


def _vectors(name, *xs):
    """Each as an array with at least one axis."""
    arrays = [as_array(x) for x in xs]
    for x in arrays:
        if not x.ndim:
            raise ShapeError(f"{name}: arguments need at least one axis, got a number")
    return arrays


def vdot(a, b):
    """sum(conj(a) * b) over all elements.

    Example:
        >>> float(vdot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    a, b = ravel(as_array(a)), ravel(as_array(b))
    if a.shape != b.shape:
        raise ShapeError(f"vdot: {a.shape[0]} elements in a, {b.shape[0]} in b")
    return dot(conj(a), b)


def vecdot(x1, x2, axis=-1):
    """sum(conj(x1) * x2) along an axis of both.

    Example:
        >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
        array([3., 7.])
    """
    x1, x2 = _vectors("vecdot", x1, x2)
    x1, x2 = moveaxis(x1, axis, -1), moveaxis(x2, axis, -1)
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"vecdot: vectors of {x1.shape[-1]} and of {x2.shape[-1]} elements")
    return matmul(conj(x1)[..., None, :], x2[..., :, None])[..., 0, 0]


def matvec(x1, x2):
    """The matrices x1 times the vectors x2.

    Shapes: (..., m, n), (..., n) -> (..., m).

    Example:
        >>> matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
        array([3., 7.])
    """
    (x2,) = _vectors("matvec", x2)
    return matmul(matrices("matvec", x1), expand_dims(x2, -1))[..., 0]


def vecmat(x1, x2):
    """The conjugated vectors x1 times the matrices x2.

    Shapes: (..., m), (..., m, n) -> (..., n).

    Example:
        >>> vecmat([1.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
        array([4., 6.])
    """
    (x1,) = _vectors("vecmat", x1)
    return matmul(expand_dims(conj(x1), -2), matrices("vecmat", x2))[..., 0, :]


def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of three elements; the third is 0 where there are two.

    Two vectors of two elements give the third element of their product alone.

    Example:
        >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
        array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _vectors("cross", a, b)
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    sizes = (a.shape[-1], b.shape[-1])
    if not {*sizes} <= {2, 3}:
        raise ShapeError(f"cross: vectors have 2 or 3 elements, got {sizes[0]} and {sizes[1]}")
    third = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    if sizes == (2, 2):
        return third
    if sizes == (3, 3):
        first = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
        second = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    elif sizes == (2, 3):
        first, second = a[..., 1] * b[..., 2], -a[..., 0] * b[..., 2]
    else:
        first, second = -a[..., 2] * b[..., 1], a[..., 2] * b[..., 0]
    return stack([first, second, third], axis_index(axisc, third.ndim + 1))


def linalg_cross(x1, x2, axis=-1):
    """The cross product of vectors of three elements, along an axis."""
    x1, x2 = _vectors("cross", x1, x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ShapeError(f"cross: vectors have 3 elements, got {x1.shape[axis]} and {x2.shape[axis]}")
    return cross(x1, x2, axis=axis)


def linalg_outer(x1, x2):
    """x1[i] * x2[j], of two vectors."""
    x1, x2 = as_array(x1), as_array(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError(f"outer: expected vectors, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}")
    return outer(x1, x2)


def linalg_diagonal(x, offset=0):
    """The diagonals of matrices, as the last axis."""
    return diagonal(matrices("diagonal", x), offset, -2, -1)


def linalg_trace(x, offset=0, dtype=None):
    """The sums of the diagonals of matrices."""
    diagonals = linalg_diagonal(x, offset)
    return sum(diagonals if dtype is None else astype(diagonals, dtype), -1)


def matrix_transpose(x):
    """x with its last two axes exchanged; a view.

    Example:
        >>> matrix_transpose([[1.0, 2.0], [3.0, 4.0]])
        array([[1., 3.],
               [2., 4.]])
    """
    return mT(matrices("matrix_transpose", x))


# ------------------------------------------------------------------ chains


def product(xs):
    """The matrix product of all, in the order that takes the fewest multiplications."""
    if len(xs) < 3:
        return times(*xs) if len(xs) == 2 else xs[0]
    if len(xs) == 3:
        x, y, z = xs
        (a, b), (c, d) = x.shape[-2:], z.shape[-2:]
        return times(times(x, y), z) if a * c * (b + d) < b * d * (a + c) else times(x, times(y, z))
    sizes = [*(x.shape[-2] for x in xs), xs[-1].shape[-1]]
    split = _splits(tuple(sizes))

    def between(i, j):
        k = split[i, j] if i < j else i
        return times(between(i, k), between(k + 1, j)) if i < j else xs[i]

    return between(0, len(xs) - 1)


@functools.lru_cache(256)
def _splits(sizes):
    """Where to split each run of the chain (Cormen et al., Introduction to Algorithms, 15.2)."""
    n = len(sizes) - 1
    cost = dict.fromkeys(((i, i) for i in range(n)), 0)
    split = {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            found = [
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            ]
            cost[i, j], split[i, j] = min(found)
    return split


def multi_dot(arrays):
    """The product of a chain of matrices, in the cheapest order; its ends may be vectors.

    Example:
        >>> multi_dot([[[1.0, 2.0], [3.0, 4.0]], [[1.0], [1.0]], [2.0]])
        array([ 6., 14.])
    """
    xs = [as_array(x) for x in arrays]
    if len(xs) < 2:
        raise ArgumentError(f"multi_dot: expected at least two arrays, got {len(xs)}")
    row, column = xs[0].ndim == 1, xs[-1].ndim == 1
    xs[0] = reshape(xs[0], (1, -1)) if row else xs[0]
    xs[-1] = reshape(xs[-1], (-1, 1)) if column else xs[-1]
    for i, x in enumerate(xs):
        if x.ndim != 2:
            raise MatrixShapeError(f"multi_dot: array {i} must be a matrix, got shape {tuple(x.shape)}")
        if i and xs[i - 1].shape[1] != x.shape[0]:
            raise ShapeError(
                f"multi_dot: arrays {i - 1} and {i} do not fit: {tuple(xs[i - 1].shape)} @ {tuple(x.shape)}"
            )
    out = product(xs)
    if row and column:
        return out[0, 0]
    return out[0] if row else out[:, 0] if column else out


def matrix_axes(x, axes):
    """x with a pair of axes moved to the end."""
    first, second = (axis_index(a, x.ndim) for a in axes)
    if first == second:
        raise ArgumentError(f"a matrix has two different axes, got {tuple(axes)}")
    if (first, second) == (x.ndim - 1, x.ndim - 2):
        return swapaxes(x, -1, -2)
    return moveaxis(x, (first, second), (-2, -1))
