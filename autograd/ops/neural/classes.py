"""What losses of class indices share, and the simplest of them.

Classes lie along axis 1; a place is an index of all other axes. A row of class weights, and an
index that is ignored, come to one thing: a factor for each place, and the sum of those factors as
what the mean divides by.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from ...declare import case, primitive
from ...errors import DtypeError, IndexingError, ShapeError
from ..indexing import scatter_add
from ..shapes import reshape
from . import batching
from .losses import reduced

# Rows up to which their places are kept.
_FEW = 1024
_UNSIGNED = {np.dtype(f"{kind}{size}"): np.dtype(f"u{size}") for kind in "iu" for size in (1, 2, 4, 8)}


def check_classes(x_shape, target, ignore_index, caller):
    """Check class indices: where they are the ignored one, or None if nowhere."""
    flat = len(x_shape) == 2
    if target.shape != (x_shape[:1] if flat else x_shape[:1] + x_shape[2:]) or len(x_shape) < 2:
        places = ", ".join(["N", *(f"d{i}" for i in range(1, len(x_shape) - 1))])
        raise ShapeError(
            f"{caller}: input{x_shape} must be (N, classes, ...) and target{target.shape} ({places},)"
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(f"{caller}: class indices must be integers, got {target.dtype}")
    classes = x_shape[1]
    if _all_fit(target, classes) and (ignore_index is None or not 0 <= ignore_index < classes):
        return None
    ignored = target == ignore_index if ignore_index is not None else np.zeros(target.shape, bool)
    wrong = ((target < 0) | (target >= classes)) & ~ignored
    if wrong.any():
        other = "" if ignore_index is None else f", or {ignore_index} to be ignored"
        found = target[wrong][0]
        raise IndexingError(f"{caller}: class indices must be in 0..{classes - 1}{other}, got {found}")
    return ignored if ignored.any() else None


def _all_fit(target, classes):
    """Whether all are in 0..classes - 1, found by the largest alone: as unsigned, -1 is larger still."""
    plain = type(target) is np.ndarray  # else a recording, which cannot read values
    if target.size == 1 and plain:
        return 0 <= target.item() < classes
    if target.size < 16 and plain:  # Python is sooner done with a few
        numbers = target.reshape(-1).tolist() if target.ndim > 1 else target.tolist()
        return not numbers or (min(numbers) >= 0 and max(numbers) < classes)
    if not target.size:
        return True
    unsigned = _UNSIGNED.get(target.dtype)
    if unsigned is None:
        return target.min() >= 0 and target.max() < classes
    return np.maximum.reduce(target.view(unsigned), None) < classes


def check_weight(weight, classes, caller):
    """Refuse class weights that are not one number per class."""
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(
            f"{caller}: weight{weight.shape} must have one number for each of {classes} classes"
        )


def factors_of(target, ignored, weight, dtype):
    """Target without ignored indices, the factor of each place, and their sum."""
    if ignored is not None:
        target = np.where(ignored, 0, target)
    factors = np.ones(target.shape, dtype) if weight is None else weight[target].astype(dtype, copy=False)
    if ignored is not None:
        factors[ignored] = 0
    return target, factors, np.add.reduce(factors, None)


def over(values, ignored, divisor, reduction):
    """Values over what a reduction divides by; 0 where ignored, though nothing be left."""
    if reduction != "mean":
        return values
    with np.errstate(invalid="ignore", divide="ignore"):
        values = values / divisor
    if ignored is not None:
        values[ignored] = 0
    return values


@functools.lru_cache(maxsize=64)
def starts_of(n, classes):
    """Where the rows of a matrix begin; kept, since making them takes as long as using them."""
    starts = np.arange(0, n * classes, classes)
    starts.flags.writeable = False
    return starts


def places_of(x_shape, target):
    """Where in the flat input the targets are."""
    n, classes = x_shape[:2]
    places = target.astype(np.intp, copy=False)
    if len(x_shape) == 2:
        return places + (starts_of(n, classes) if n <= _FEW else np.arange(0, n * classes, classes))
    depth = math.prod(x_shape[2:])
    places = (places.reshape(n, depth) + np.arange(0, n * classes, classes)[:, None]) * depth
    return (places + np.arange(depth)).reshape(target.shape)


def column_places(x_shape, target):
    """Where the targets are in the flat transpose of a matrix."""
    n = x_shape[0]
    return target.astype(np.intp, copy=False) * n + (starts_of(n, 1) if n <= _FEW else np.arange(n))


def total_of(losses, divisor, reduction):
    """Losses reduced; the mean divides by the sum of the factors."""
    if reduction != "mean":
        return reduced(losses, reduction)
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing is left: NaN
        return np.add.reduce(losses, None) / divisor


def _checked_places(x_shape, dtype, target, weight, ignore_index):
    """Where the targets are, which are ignored, their factors, and the sum of those."""
    ignored = check_classes(x_shape, target, ignore_index, "nll_loss")
    check_weight(weight, x_shape[1], "nll_loss")
    target, factors, divisor = factors_of(target, ignored, weight, dtype)
    return places_of(x_shape, target), ignored, factors, divisor


def _nll_loss(x, target, weight=None, reduction="mean", ignore_index=-100):
    places, ignored, factors, divisor = _checked_places(x.shape, x.dtype, target, weight, ignore_index)
    losses = x.reshape(-1).take(places)
    losses *= -factors
    if ignored is not None:
        losses[ignored] = 0
    return total_of(losses, divisor, reduction)


def _d_nll_loss(g, x_shape, x_dtype, target, weight, reduction, ignore_index):
    places, ignored, factors, divisor = _checked_places(x_shape, x_dtype, target, weight, ignore_index)
    values = reshape(-over(factors, ignored, divisor, reduction) * g, (-1,))
    return reshape(scatter_add(values, places.reshape(-1), (math.prod(x_shape),)), x_shape)


nll_loss = primitive(
    _nll_loss,
    ["x", "target", "weight"],
    name="nll_loss",
    constants=["target", "weight"],
    vjp={"x": _d_nll_loss},
    linear=True, promotes=False, batch=batching.of_classes,
    cases=[
        case((3, 4), np.array([0, 3, 1])),
        case((3, 4), np.array([0, 3, 1]), np.array([0.5, 1.0, 2.0, 0.25]), ignore_index=3),
        case((2, 3, 2), np.array([[0, 2], [1, 1]]), np.array([0.5, 1.0, 2.0]), reduction="none"),
    ],
    doc="""-weight[target[i]] * x[i, target[i]]: its mean by the weights, its sum, or each.

    Shapes: x (N, classes, ...), target (N, ...), weight (classes,) or None.""",
)  # fmt: skip
