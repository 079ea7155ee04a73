"""Exponentials, normalised over axes: logsumexp, softmax and its logarithm."""

from __future__ import annotations

import math

import numpy as np

from ..declare import case, primitive
from ..memory import is_array
from .choosing import equal, where
from .elementwise import exp
from .reductions import CASES, aligned, axes_of, sum


def _shifted(x, axis):
    """The largest element, or 0 where it is infinite, so that x - it is never inf - inf."""
    if not x.size:
        return x.dtype.type(0)
    top = np.maximum.reduce(x, axis, None, None, True, initial=-np.inf)
    return np.where(np.isfinite(top), top, x.dtype.type(0))


def _logsumexp(x, axis=None, keepdims=False):
    top = _shifted(x, axis)
    with np.errstate(divide="ignore"):  # the log of an empty sum is -inf
        out = np.log(np.add.reduce(np.exp(x - top), axis, None, None, True)) + top
    out = out.astype(x.dtype, copy=False)
    if keepdims:
        return out
    axes = axes_of(axis, x.ndim)
    return out.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def _shares(x, out, axis):
    """softmax(x)"""
    out = aligned(out, x.shape, axis)
    empty = equal(out, -math.inf)  # all -inf: no element has a share, so 0 rather than NaN
    if isinstance(empty, (np.ndarray, np.bool_)) and not empty.any():
        return exp(x - out)
    return exp(where(empty, -math.inf, x - where(empty, 0, out)))


logsumexp = primitive(
    _logsumexp,
    ["x"],
    name="logsumexp",
    vjp={"x": lambda g, x, out, axis: aligned(g, x.shape, axis) * _shares(x, out, axis)},
    jvp={"x": lambda t, out, x, axis, keepdims: sum(t * _shares(x, out, axis), axis, keepdims)},
    analytic=True, batch="axis", cases=CASES, kinks="0 where all are -inf",
    doc="log(sum(exp(x))) over axes, without overflow.",
)  # fmt: skip


# for each dtype how large numbers may be for sums of their exponentials neither to overflow nor vanish
_MODEST = {np.dtype(np.float32): 60.0, np.dtype(np.float64): 600.0}


def _totals(x, axis):
    """Sums along an axis, which stays; BLAS does rows several times as fast as `add.reduce`."""
    if x.ndim and axis in (-1, x.ndim - 1) and x.dtype in _MODEST:
        return x.dot(np.ones((x.shape[-1], 1), x.dtype))
    return np.add.reduce(x, axis, None, None, True)


def _softmax(x, axis=-1):
    # modest numbers need no shift; to find their extremes takes a tenth of what finding each row's does
    most = _MODEST.get(x.dtype, 0.0)
    if not x.size or not (-most < np.minimum.reduce(x, None) and np.maximum.reduce(x, None) < most):
        x = x - _shifted(x, axis)
    out = np.exp(x)
    out /= _totals(out, axis)
    return out


def _d_softmax(g, out, axis):
    if is_array(g) and is_array(out) and axis in (-1, g.ndim - 1) and g.dtype.kind == "f":
        return np.multiply(out, g := g - np.vecdot(g, out)[..., None], g)
    return out * (g - sum(g * out, axis, True))


softmax = primitive(
    _softmax,
    ["x"],
    name="softmax",
    vjp={"x": _d_softmax},
    jvp={"x": lambda t, out, x, axis: _d_softmax(t, out, axis)},  # its Jacobian is symmetric
    analytic=True, batch="axis", cases=[case((2, 3)), case((2, 3), axis=0)],
    doc="exp(x) / sum(exp(x)) along an axis, without overflow.",
)  # fmt: skip


def _log_softmax(x, axis=-1):
    out = x - _shifted(x, axis)
    out -= np.log(_totals(np.exp(out), axis))
    return out


log_softmax = primitive(
    _log_softmax,
    ["x"],
    name="log_softmax",
    vjp={"x": lambda g, out, axis: g - exp(out) * sum(g, axis, True)},
    jvp={"x": lambda t, out, x, axis: t - sum(exp(out) * t, axis, True)},
    analytic=True, batch="axis", cases=[case((2, 3)), case((2, 3), axis=0)],
    doc="The logarithm of softmax along an axis.",
)  # fmt: skip
