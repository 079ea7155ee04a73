"""logsumexp, with weights and signs, softmax and log_softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...declare import case
from ...errors import NotDifferentiable, OperandError
from ...ops import softmax as _softmax
from ...ops.broadcasting import broadcast_to
from ...ops.choosing import equal, where
from ...ops.composed import plain
from ...ops.elementwise import exp, log
from ...ops.reductions import aligned, axes_of
from ...ops.reductions import sum as total
from ...ops.shapes import as_array, astype, reshape, squeeze
from ...ops.sizes import sign
from ...tape import new_tensor
from ...wholes import as_whole
from ._declare import own, sc, spelled


def _kernel(x: Any, b: Any, axis: Any, keepdims: bool) -> Any:
    if np.iscomplexobj(x) or np.iscomplexobj(b):
        raise OperandError("weighted_logsumexp: not defined for complex numbers")
    with np.errstate(all="ignore"):
        out = sc.logsumexp(x, axis, b, keepdims, return_sign=True)[0]
    return np.asarray(out, np.result_type(x, b, np.float32))[()]


def _shares(x: Any, b: Any, out: Any, axis: Any) -> tuple:
    """exp(x) over |sum|, 0 where the sum is empty or x is masked; and the sign of the sum."""
    out = aligned(out, x.shape, axis)
    empty = equal(out, -math.inf)
    away = np.logical_or(plain(empty), plain(b) == 0) & ~np.isfinite(plain(x))
    share = exp(where(empty, -math.inf, where(away, -math.inf, x) - where(empty, 0.0, out)))
    return share, sign(total(plain(b) * plain(share), axis, True))


def _by_x(g: Any, x: Any, b: Any, out: Any, axis: Any) -> Any:
    share, turn = _shares(x, b, out, axis)
    return aligned(g, x.shape, axis) * (turn * b * share)


def _by_b(g: Any, x: Any, b: Any, out: Any, axis: Any) -> Any:
    share, turn = _shares(x, b, out, axis)
    return aligned(g, x.shape, axis) * (turn * share)


weighted_logsumexp = own(
    _kernel, ["x", "b"], name="weighted_logsumexp", vjp={"x": _by_x, "b": _by_b},
    jvp={"x": lambda t, out, x, b, axis, keepdims: total(_by_x(t, x, b, out, axis), axis, keepdims),
         "b": lambda t, out, x, b, axis, keepdims: total(_by_b(t, x, b, out, axis), axis, keepdims)},
    domain={"x": (-3.0, 3.0), "b": (0.3, 2.0)}, kinks="0 where the sum is empty", batch="axis",
    cases=[case((2, 3), (2, 3), axis=None, keepdims=False), case((2, 3), (2, 3), axis=1, keepdims=True)],
    reference=lambda x, b, axis, keepdims: np.log(np.sum(b * np.exp(x), axis=axis, keepdims=keepdims)),
    doc="log |sum(b exp(x))| over axes.",
)  # fmt: skip


@spelled("logsumexp")
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    """log(sum(b exp(a))) over axes. Gradient: the shares of the sum; exactly 0 where it is empty or b is 0.

    Without `return_sign`, NaN where the sum is negative; with it, a pair of log |sum| and the sign,
    which has no gradient. Errors: NotDifferentiable for `return_sign` of complex arguments.

    Example:
        >>> import numpy as np
        >>> from autograd.scipy.special import logsumexp
        >>> float(logsumexp(np.zeros(4), b=np.full(4, 0.25)))
        0.0
    """
    a = _floating(a)
    weights = 1.0 if b is None else _floating(b)
    if any(np.iscomplexobj(plain(v)) for v in (a, weights)):
        if return_sign:
            raise NotDifferentiable("scipy.special.logsumexp has no derivative here for complex signs")
        return _complex_logsumexp(a, weights, axis, keepdims)
    if b is None and not return_sign and a.ndim:  # without weights there is no sign to look after
        return _softmax.logsumexp(a, axis if axis is None else axes_of(axis, a.ndim), keepdims)
    axes = None if axis is None else axes_of(axis, max(np.ndim(plain(a)), np.ndim(plain(weights))))
    shape = np.broadcast_shapes(tuple(a.shape), np.shape(plain(weights)))
    dtype = np.result_type(plain(a), plain(weights))
    if b is None:
        weights = np.ones(shape, dtype)
    a, weights = (v if v.dtype == dtype else astype(v, dtype) for v in (a, weights))
    a, weights = (v if tuple(v.shape) == shape else broadcast_to(v, shape) for v in (a, weights))
    out = weighted_logsumexp(a, weights, axes, keepdims)
    turn = as_whole(sc.logsumexp, plain(a), axes, plain(weights), keepdims, return_sign=True)[1]
    if return_sign:
        return out, new_tensor(np.asarray(turn)[()])
    return where(turn < 0, np.nan, out) if np.any(turn < 0) else out


def _complex_logsumexp(a: Any, weights: Any, axis: Any, keepdims: bool) -> Any:
    """By its definition, after a shift by the largest real part."""
    axes = axes_of(axis, max(a.ndim, np.ndim(plain(weights))))
    shift = as_whole(_largest_part, plain(a), axes)
    out = log(total(weights * exp(a - shift), axes, True)) + shift
    return out if keepdims else squeeze(out, axes)


def _largest_part(x: Any, axes: tuple) -> Any:
    """The largest real part over axes, where it is finite, and 0 elsewhere."""
    largest = np.max(np.real(x), axes, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(largest), largest, 0).astype(np.real(x).dtype)


def _floating(x: Any) -> Any:
    x = as_array(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


def _along(function: Any, name: str) -> Any:
    """softmax over one axis, several, or by default all."""

    @spelled(name)
    def call(x, axis=None):
        x = _floating(x)
        axes = tuple(range(x.ndim)) if axis is None else axes_of(axis, x.ndim)
        if len(axes) == 1:
            return function(x, axes[0])
        if not x.ndim:
            return reshape(function(reshape(x, (1,)), 0), ())
        out = x - _softmax.logsumexp(x, axes, True)
        return out if name == "log_softmax" else exp(out)

    return call


softmax = _along(_softmax.softmax, "softmax")
softmax.__doc__ = "exp(x) over its sum. Gradient: out * (g - sum(g * out))."
log_softmax = _along(_softmax.log_softmax, "log_softmax")
log_softmax.__doc__ = "log(softmax(x)). Gradient: g - softmax(x) * sum(g)."
