"""Arrays made from their ends or from one value: linspace, logspace, geomspace, full, vander."""

from __future__ import annotations

import operator

import numpy as np

from ..errors import ArgumentError
from .broadcasting import broadcast_to
from .composed import composed, plain
from .elementwise import exp, log
from .joining import stack
from .shapes import as_array, astype, copy, expand_dims, moveaxis


def _steps(num, endpoint, name):
    num = int(num)
    if num < 0:
        raise ArgumentError(f"{name}: num must not be negative, got {num}")
    parts = num - 1 if endpoint else num
    return np.arange(num) / parts if parts > 0 else np.zeros(num)


def _ends(start, stop, dtype):
    """Both ends broadcast, in a dtype, with a new first axis."""
    ends = [as_array(start), as_array(stop)]
    shape = np.broadcast_shapes(*[tuple(x.shape) for x in ends])
    return [expand_dims(broadcast_to(x if x.dtype == dtype else astype(x, dtype), shape), 0) for x in ends]


def _between(ends, steps):
    steps = steps.reshape((-1,) + (1,) * (ends[0].ndim - 1)).astype(np.finfo(ends[0].dtype).dtype)
    return ends[0] * (1 - steps) + ends[1] * steps


def _finished(out, dtype, axis):
    out = moveaxis(out, 0, axis)
    return out if dtype is None else astype(out, dtype)


@composed(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """`num` numbers at equal distances from start to stop, which may be arrays.

    Example:
        >>> linspace(0.0, 1.0, 3)
        array([0. , 0.5, 1. ])
    """
    steps = _steps(num, endpoint, "linspace")
    ends = _ends(start, stop, np.linspace(plain(start), plain(stop), 1).dtype)
    out = _finished(_between(ends, steps), dtype, axis)
    if not retstep:
        return out
    parts = len(steps) - 1 if endpoint else len(steps)
    return out, (ends[1] - ends[0])[0] / (parts if parts > 0 else np.nan)


@composed(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """base ** linspace(start, stop, num).

    Example:
        >>> logspace(0.0, 2.0, 3)
        array([  1.,  10., 100.])
    """
    like = np.logspace(plain(start), plain(stop), 1, base=plain(base)).dtype
    base = as_array(base)
    shape = np.broadcast_shapes(*[tuple(as_array(x).shape) for x in (start, stop, base)])
    ends = _ends(broadcast_to(as_array(start), shape), stop, like)
    out = expand_dims(astype(base, like), 0) ** _between(ends, _steps(num, endpoint, "logspace"))
    return _finished(out, dtype, axis)


@composed(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` numbers at equal ratios from start to stop.

    Example:
        >>> geomspace(1.0, 4.0, 3)
        array([1., 2., 4.])
    """
    if np.any(np.equal(plain(start), 0)) or np.any(np.equal(plain(stop), 0)):
        raise ArgumentError("geomspace: the ends must not be zero")
    first, last = _ends(start, stop, np.geomspace(plain(start), plain(stop), 1).dtype)
    steps = _steps(num, endpoint, "geomspace").reshape((-1,) + (1,) * (first.ndim - 1))
    out = first * exp(log(last / first) * steps.astype(np.finfo(first.dtype).dtype))
    return _finished(out, dtype, axis)


@composed(np.full)
def full(shape, fill_value, dtype=None, order="C", *, device=None, like=None):
    """An array of a shape, filled with a value.

    Example:
        >>> full((2,), 3.0)
        array([3., 3.])
    """
    value = as_array(fill_value)
    shape = tuple(map(operator.index, np.atleast_1d(shape)))
    out = broadcast_to(value, shape)
    return copy(out) if dtype is None else astype(out, dtype)


@composed(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """An array like a, filled with a value. Gradient: to the value.

    Example:
        >>> full_like(np.zeros(2), 3.0)
        array([3., 3.])
    """
    a = as_array(a)
    return full(tuple(a.shape) if shape is None else shape, as_array(fill_value), dtype or a.dtype)


@composed(np.vander)
def vander(x, N=None, increasing=False):
    """The powers of a vector's elements, as columns.

    Example:
        >>> vander(np.array([2.0, 3.0]), 3)
        array([[4., 2., 1.],
               [9., 3., 1.]])
    """
    x = as_array(x)
    if x.ndim != 1:
        raise ArgumentError(f"vander: expected one axis, got shape {tuple(x.shape)}")
    dtype = np.promote_types(x.dtype, int)
    x = x if x.dtype == dtype else astype(x, dtype)
    powers = [x**i for i in range(x.shape[0] if N is None else N)]
    columns = powers if increasing else powers[::-1]
    return stack(columns, 1) if columns else x[:, None][:, :0]
