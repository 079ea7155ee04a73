"""Reductions of some elements only (`where=`), and from a value on (`initial=`).

What the mask leaves out counts as the neutral element, so that its cotangent is exactly zero.
"""

from __future__ import annotations

import numpy as np

from ..batching import is_batched
from ..errors import ArgumentError, DtypeError, ShapeError
from ..tape import TensorBase, new_tensor
from .broadcasting import broadcast_to
from .choosing import where
from .complex import conjugate, real
from .composed import composed, plain
from .joining import concatenate
from .norms import vector_norm
from .reductions import all as all_of
from .reductions import any as any_of
from .reductions import axes_of, count, kept, max, mean, min, prod, sum
from .shapes import as_array, astype, moveaxis, reshape


def _shaped(mask, shape):
    """The mask in a shape: an array, or a tensor if it differs from example to example."""
    if is_batched(mask):
        return broadcast_to(mask, shape)
    return np.broadcast_to(getattr(mask, "_data", mask), shape)


def _chosen(x, mask, neutral):
    return x if mask is True else where(_shaped(mask, x.shape), x, x.dtype.type(neutral))


def _start(name, initial, dtype):
    """`initial=`, one number, in the dtype of the result."""
    start = as_array(initial)
    if start.ndim and not is_batched(start):
        raise ShapeError(f"{name}: initial= must be one number, got shape {tuple(start.shape)}")
    if start.dtype.kind == "c" and dtype.kind != "c":
        raise DtypeError(f"{name}: initial= is {start.dtype}, which a result of {dtype} cannot hold")
    return start if start.dtype == dtype else astype(start, dtype)


def _sum(x, axis=None, keepdims=False, initial=None, mask=True):
    out = sum(_chosen(x, mask, 0), axis, keepdims)
    return out if initial is None else out + _start("sum", initial, out.dtype)


def _prod(x, axis=None, keepdims=False, initial=None, mask=True):
    out = prod(_chosen(x, mask, 1), axis, keepdims)
    return out if initial is None else out * _start("prod", initial, out.dtype)


def _extremum(reduction):
    def reduce(x, axis=None, keepdims=False, initial=None, mask=True):
        if initial is None:
            if mask is not True:
                name = reduction.__name__
                raise ArgumentError(f"{name}: where= needs initial=, for where it leaves nothing")
            return reduction(x, axis, keepdims)
        # the initial value is one more element, so that ties are shared with it too
        axes = axes_of(axis, x.ndim)
        rest = tuple(n for i, n in enumerate(x.shape) if i not in axes)
        start = _start(reduction.__name__, initial, x.dtype)
        if mask is not True:
            x = where(_shaped(mask, x.shape), x, start if start.ndim == 0 else reshape(start, ()))
        whole = kept(x.shape, axis) if keepdims else rest
        rows = moveaxis(x, axes, range(-len(axes), 0)) if axes else x
        rows = reshape(rows, (*rest, count(x.shape, axis)))
        rows = concatenate([rows, broadcast_to(start, (*rest, 1))], -1)
        return reshape(reduction(rows, -1), whole)

    return reduce


def _condition(reduction, neutral):
    def reduce(x, axis=None, keepdims=False, mask=True):
        if is_batched(x) or is_batched(mask):
            return reduction(_chosen(x, mask, neutral), axis, keepdims)
        values = np.where(_shaped(mask, x.shape), getattr(x, "_data", x), neutral)
        return reduction(new_tensor(values) if isinstance(x, TensorBase) else values, axis, keepdims)

    return reduce


def _counted(x, axis, keepdims, mask):
    """How many elements of each result the mask leaves."""
    mask = _shaped(mask, x.shape)
    if is_batched(mask):
        return sum(mask.astype(np.intp), axis, keepdims)
    return np.add.reduce(mask, axes_of(axis, x.ndim), np.intp, None, keepdims)


def _mean(x, axis=None, keepdims=False, mask=True):
    if mask is True:
        return mean(x, axis, keepdims)
    return _sum(x, axis, keepdims, None, mask) / _as_numbers(_counted(x, axis, keepdims, mask), x.dtype)


def _as_numbers(count, dtype):
    dtype = np.finfo(dtype).dtype if dtype.kind in "fc" else np.dtype(np.float64)
    return count.astype(dtype) if is_batched(count) else np.asarray(count, dtype)


def _centred(x, axis, ddof, keepdims, mask, middle, correction):
    """What lies between the elements and their mean, and how many of them are free, as a divisor."""
    if correction is not None:
        if ddof:
            raise ArgumentError("var: ddof= and correction= are the same; give one of them")
        ddof = correction
    # what is left out counts as 0 before it is squared: it may be a NaN, or infinite
    centred = _chosen(x - (_mean(x, axis, True, mask) if middle is None else middle), mask, 0)
    left = np.maximum(_counted(x, axis, keepdims, mask) - ddof, 0)
    return centred, _as_numbers(left, x.dtype)


def _var(x, axis=None, ddof=0, keepdims=False, mask=True, middle=None, correction=None):
    centred, left = _centred(x, axis, ddof, keepdims, mask, middle, correction)
    squares = real(centred * conjugate(centred)) if centred.dtype.kind == "c" else centred * centred
    return _sum(squares, axis, keepdims, None, mask) / left


def _least(x, axis, mask):
    """The smallest elements that are not left out; 0 if none is a finite number."""
    least = np.where(mask, x, np.inf).min(axis, keepdims=True)
    return np.where(np.isfinite(least), least, x.dtype.type(0))


def _std(x, axis=None, ddof=0, keepdims=False, mask=True, middle=None, correction=None):
    if middle is None and x.size and getattr(x, "_level", None) is None:
        x = x - _least(plain(x), axis, mask)  # of a constant the mean is then exact, and the deviation is 0
    centred, left = _centred(x, axis, ddof, keepdims, mask, middle, correction)
    return vector_norm(centred, axes_of(axis, x.ndim), keepdims) / np.sqrt(left)


# The reductions with every keyword that NumPy has; `where` and `mean` are called `mask` and `middle`.
WITH_MASK = {
    "sum": _sum,
    "prod": _prod,
    "max": _extremum(max),
    "min": _extremum(min),
    "any": _condition(any_of, False),
    "all": _condition(all_of, True),
    "mean": _mean,
    "var": _var,
    "std": _std,
}


def masked(name, x, options):
    """The reduction of that name with NumPy's keywords."""
    x = as_array(x)
    options = dict(options)
    for theirs, ours in (("where", "mask"), ("mean", "middle")):
        if theirs in options:
            options[ours] = options.pop(theirs)
    return WITH_MASK[name](x, **options)


@composed(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    """The largest minus the smallest element over axes.

    Example:
        >>> float(ptp(np.array([1.0, 4.0])))
        3.0
    """
    a, keepdims = as_array(a), keepdims is not np._NoValue and bool(keepdims)
    return max(a, axis, keepdims) - min(a, axis, keepdims)
