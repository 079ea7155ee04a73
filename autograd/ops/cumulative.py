"""Running sums and products along an axis."""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError
from ..memory import is_array
from .arranging import flip
from .choosing import isnan, where
from .composed import composed
from .joining import concatenate
from .reductions import cumsum as _cumsum
from .shapes import as_array, astype, axis_index, moveaxis, ravel


def _rolling(a, b):
    """s with s[i] = a[i] * s[i-1] + b[i] along the last axis, in log2(n) strides.

    No division, so that zeros in `a` are exact.
    """
    n, stride = a.shape[-1], 1
    while stride < n:
        ahead = a[..., stride:]
        b = concatenate([b[..., :stride], b[..., stride:] + ahead * b[..., :-stride]], -1)
        a = concatenate([a[..., :stride], ahead * a[..., :-stride]], -1)
        stride *= 2
    return b


def _shifted(x, first):
    """x moved on by one along the last axis."""
    return concatenate([np.full((*x.shape[:-1], 1), first, x.dtype), x[..., :-1]], -1)


def _d_cumprod(g, x, out, axis):
    if not x.size:
        return g * x
    if is_array(g) and is_array(x) and is_array(out) and out.all() and np.isfinite(out).all():
        return np.flip(np.add.accumulate(np.flip(g * out, axis), axis), axis) / x
    g, x, out = (moveaxis(v, axis, -1) for v in (g, x, out))
    # sum over i >= j of g[i] * x[j+1] ... x[i], times the product of all before j
    tail = flip(_rolling(_shifted(flip(x, -1), 0), flip(g, -1)), -1)
    return moveaxis(tail * _shifted(out, 1), -1, axis)


def _moved_cumprod(t, out, x, axis):
    if not x.size:
        return t * x
    t, x, out = (moveaxis(v, axis, -1) for v in (t, x, out))
    return moveaxis(_rolling(x, t * _shifted(out, 1)), -1, axis)


_cumprod = primitive(
    lambda x, axis: np.multiply.accumulate(x, axis),
    ["x"],
    name="cumprod",
    vjp={"x": _d_cumprod},
    jvp={"x": _moved_cumprod},
    batch="axis", analytic=True, cases=[case((2, 3), axis=0), case((2, 5), axis=1), case((3, 1), axis=1)],
    doc="Running product along an axis; its derivative is exact also where elements are zero.",
)  # fmt: skip


def _prepared(x, axis, dtype):
    """What is accumulated, in the dtype it is accumulated in, and along which axis."""
    x = as_array(x)
    if dtype is not None and x.dtype != dtype:
        x = astype(x, dtype)
    return (ravel(x), 0) if axis is None else (x, axis_index(axis, x.ndim))


@composed(np.cumsum)
def cumsum(a, axis=None, dtype=None, out=None):
    """The running sum along an axis; of all elements for None.

    Example:
        >>> cumsum(np.array([1.0, 2.0, 3.0]))
        array([1., 3., 6.])
    """
    return _cumsum(*_prepared(a, axis, dtype))


@composed(np.cumprod)
def cumprod(a, axis=None, dtype=None, out=None):
    """The running product along an axis; of all elements for None.

    Gradient: exact to every order, also where elements are zero.

    Example:
        >>> cumprod(np.array([1.0, 2.0, 3.0]))
        array([1., 2., 6.])
    """
    return _cumprod(*_prepared(a, axis, dtype))


@composed(np.nancumsum)
def nancumsum(a, axis=None, dtype=None, out=None):
    """As cumsum, with NaNs as zeros, which get no gradient.

    Example:
        >>> nancumsum(np.array([1.0, np.nan, 3.0]))
        array([1., 1., 4.])
    """
    a = as_array(a)
    return cumsum(where(isnan(a), 0, a), axis, dtype)


@composed(np.nancumprod)
def nancumprod(a, axis=None, dtype=None, out=None):
    """As cumprod, with NaNs as ones, which get no gradient.

    Example:
        >>> nancumprod(np.array([2.0, np.nan, 3.0]))
        array([2., 2., 6.])
    """
    a = as_array(a)
    return cumprod(where(isnan(a), 1, a), axis, dtype)


def _with_initial(name, accumulate, first, x, axis, dtype, include_initial):
    x = as_array(x)
    if axis is None:
        if x.ndim != 1:
            raise ArgumentError(f"{name}: axis= is needed for an array of {x.ndim} axes")
        axis = 0
    out = accumulate(x, axis, dtype)
    if not include_initial:
        return out
    axis = axis_index(axis, x.ndim)
    start = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), first, out.dtype)
    return concatenate([start, out], axis)


@composed(np.cumulative_sum)
def cumulative_sum(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    """As cumsum, after the Array API: an axis is needed unless there is one; from 0 on if asked.

    Example:
        >>> cumulative_sum(np.array([1.0, 2.0]), include_initial=True)
        array([0., 1., 3.])
    """
    return _with_initial("cumulative_sum", cumsum, 0, x, axis, dtype, include_initial)


@composed(np.cumulative_prod)
def cumulative_prod(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    """As cumprod, after the Array API: an axis is needed unless there is one; from 1 on if asked.

    Example:
        >>> cumulative_prod(np.array([2.0, 3.0]), include_initial=True)
        array([1., 2., 6.])
    """
    return _with_initial("cumulative_prod", cumprod, 1, x, axis, dtype, include_initial)
