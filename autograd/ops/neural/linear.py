"""Matrix products with a bias, as one operation."""

from __future__ import annotations

import math

import numpy as np

from ...declare import case, primitive
from ...errors import DtypeError, ShapeError
from ..broadcasting import reduce_sum, sum_of_rows
from ..shapes import reshape
from . import batching


def _linear(x, w, b=None):
    try:
        if x.ndim == 2:
            out = x.dot(w.T) if w.size < _WIDE else _by_wide(x, w)
        elif w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
            raise ValueError
        else:  # as one matrix product rather than many small ones
            out = _by_wide(_rows(x), w).reshape(*x.shape[:-1], w.shape[0])
    except ValueError:
        if w.dtype.kind not in "fciub" or x.dtype.kind not in "fciub":
            raise  # strings: the shapes may fit
        raise ShapeError(
            f"linear: x{x.shape} must end in the weight's second axis, w{w.shape} (out, in)"
        ) from None
    if b is None:
        return out if out.dtype.kind != "O" else _numbers(out)
    if b.ndim != 1 or len(b) != len(w):
        raise ShapeError(f"linear: b{b.shape} must have one element per row of w{w.shape}")
    if out.dtype is not b.dtype:
        return _numbers(out) + _numbers(b)
    # a single row is added to without broadcasting, which would cost more than the product
    row = out[0] if len(out) == 1 < out.ndim else out
    np.add(row, b, row)
    return out


# Elements of a weight, and multiplications, below which OpenBLAS's kernels for small products are as fast;
# rows above which it takes as long either way, at any width.
_WIDE, _LEAST, _MOST = 1 << 14, 1 << 19, 128


def _by_wide(x, w):
    """x @ w.T, in float32 as the transpose of w @ x.T for few rows: OpenBLAS takes half as long for that."""
    if x.dtype.char != "f" or w.ndim != 2 or x.size * len(w) < _LEAST:
        return x.dot(w.T)
    few = 1 < len(x) <= min(_MOST, min(w.shape) // 8)
    return w.dot(x.T).T.copy() if few else x.dot(w.T)


def _numbers(x):
    """x, if it is made of numbers."""
    if x.dtype.kind not in "fciub":
        raise DtypeError(f"linear: expected numbers, got {x.dtype}")
    return x


def _rows(x):
    """x as a matrix, its last axis kept."""
    return x if x.ndim == 2 else reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _d_linear_x(g, w):
    return g.dot(w) if g.ndim <= 2 else reshape(_rows(g).dot(w), (*g.shape[:-1], w.shape[1]))


def _d_linear_w(g, x):
    return g.T.dot(x) if g.ndim == 2 else _rows(g).T.dot(_rows(x))


def _d_linear_b(g):
    if g.ndim == 2:
        plain = type(g) is np.ndarray and g.dtype.char in "fd"
        return sum_of_rows(g) if plain else reduce_sum(g, (0,))
    return reduce_sum(_rows(g), (0,)) if g.ndim > 2 else g


linear = primitive(
    _linear,
    ["x", "w", "b"],
    name="linear",
    vjp={
        "x": _d_linear_x,
        "w": _d_linear_w,
        "b": _d_linear_b,
    },
    jvp={
        "x": lambda t, out, x, w, b: linear(t, w),
        "w": lambda t, out, x, w, b: linear(x, t),
        "b": lambda t, out, x, w, b: out * 0 + t,
    },
    analytic=True,
    batch=batching.per_example,
    cases=[
        case((4, 3), (2, 3), (2,)),
        case((2, 4, 3), (2, 3)),
        case((3,), (2, 3), (2,)),
        case((3,), (1, 3), (1,)),
        case((1, 3), (1, 3), (1,)),
    ],
    doc="""x @ w.T + b

    Shapes: x (..., in), w (out, in), b (out,) or None -> (..., out).

    Gradient: g @ w, g.T @ x, and g summed over all axes but the last.""",
)
