"""Cross-entropy, of class indices and of probabilities."""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from ...errors import ShapeError
from ..broadcasting import row_of_ones
from ..choosing import where
from ..reductions import sum as total
from ..shapes import reshape
from ..softmax import log_softmax, softmax
from . import batching
from .classes import check_classes, check_weight, column_places, factors_of, places_of, starts_of, total_of
from .losses import per_element, reduced

_ROWS = np.array([0, 3, 1])
_FEW = 64  # classes up to which sums over them go along columns
_SMALL = 1024  # elements up to which the beginnings of calls outweigh what they do

# ------------------------------------------------------------------ of logits and classes


def _cross_entropy(x, target, reduction="mean", ignore_index=-100, smoothing=0.0):
    ignored = check_classes(x.shape, target, ignore_index, "cross_entropy")
    if ignored is not None or smoothing:
        return _with_options(x, target, ignored, None, reduction, smoothing)
    if x.ndim == 2:
        few = x.shape[1] <= _FEW
        small = few and x.size <= _SMALL and x.dtype.char in "fd"
        if x.shape[0] == 1 and type(target) is np.ndarray:
            return _of_one_row(x, target.item(), reduction, small)
        if few:
            return (_of_few_rows if small else _of_few_classes)(x, target, reduction)
    shares, places = _shifted(x), places_of(x.shape, target)
    logs, taken = _subtract_target(shares, places)
    return reduced(logs - taken, reduction), shares


def _of_few_classes(x, target, reduction):
    """The same with the classes along the columns: sums over few go along the long axis, all at once."""
    columns = x.T.copy()
    columns -= np.maximum.reduce(columns, 0)
    places = column_places(x.shape, target)
    taken = columns.take(places)
    np.exp(columns, columns)
    totals = np.add.reduce(columns, 0)
    columns.reshape(-1)[places] -= totals
    columns /= totals
    return reduced(np.log(totals) - taken, reduction), columns.T


def _shifted(x):
    """x less its largest, so that nothing overflows."""
    return np.subtract(x, np.maximum.reduce(x, 1, None, None, True), order="C")


def _subtract_target(shifted, places):
    """Turn x into softmax(x) - one_hot(target): all that the gradient needs.

    Returns: the logarithms of the sums of exp(x), and x at the targets.
    """
    taken = shifted.take(places)
    np.exp(shifted, shifted)
    totals = np.add.reduce(shifted, 1)
    shifted.reshape(-1)[places] -= totals
    shifted /= totals[:, None]
    return np.log(totals), taken


def _of_few_rows(x, target, reduction):
    """The same of a small batch: what counts is how many calls there are, and how long each takes to begin."""
    n, classes = x.shape
    starts = starts_of(n, classes)
    if type(x) is np.ndarray:  # NumPy finds places sooner than values; a recording is kept to values
        largest = x.reshape(-1).take(x.argmax(1) + starts)
    else:
        largest = np.maximum.reduce(x, 1)
    shares = np.subtract(x, largest[:, None], order="C")
    flat = shares.reshape(-1)
    places = (target if target.dtype is starts.dtype else target.astype(np.intp)) + starts
    taken = flat.take(places)
    np.exp(shares, shares)
    totals = shares.dot(row_of_ones(classes, x.dtype))
    flat[places] -= totals
    shares /= totals[:, None]
    losses = np.log(totals)
    losses -= taken
    if reduction == "none":
        return losses, shares
    value = losses[0] if n == 1 else losses.dot(row_of_ones(n, x.dtype))
    return (value / n if reduction == "mean" else value), shares


def _of_one_row(x, target, reduction, small):
    """The same for one row: without broadcasting it takes half the time."""
    row = x[0]
    shares = row - row[row.argmax()]
    taken = shares[target]
    np.exp(shares, shares)
    total = shares.dot(row_of_ones(row.size, row.dtype)) if small else np.add.reduce(shares)
    shares[target] -= total
    shares /= total
    loss = np.log(total) - taken
    return (loss if reduction != "none" else loss[None]), shares[None]


def _with_options(x, target, ignored, weight, reduction, smoothing):
    """The same with a factor for each place and smoothed targets; they go into the shares."""
    target, factors, divisor = factors_of(target, ignored, weight, x.dtype)
    # what is ignored may be anything
    with np.errstate(**({} if ignored is None else {"invalid": "ignore"})):
        losses, shares = _weighted(x, target, factors, weight, smoothing)
    if ignored is not None:
        losses[ignored] = 0
    return total_of(losses, divisor, reduction), _averaged(shares, ignored, divisor, reduction)


def _averaged(shares, ignored, divisor, reduction):
    """Shares as a mean has them, in place: the rule divides by the number of places."""
    if reduction == "mean":
        with np.errstate(invalid="ignore", divide="ignore"):
            shares *= shares.dtype.type(shares.size // shares.shape[1]) / divisor
    if ignored is not None:
        np.copyto(shares, 0, where=ignored[:, None])
    return shares


def _weighted(x, target, factors, weight, smoothing):
    """Losses and shares with a factor for each place, each class with its part of `smoothing`."""
    shares, places = _shifted(x), places_of(x.shape, target)
    if not smoothing:
        logs, taken = _subtract_target(shares, places)
        shares *= factors[:, None]
        return (logs - taken) * factors, shares
    classes = x.shape[1]
    each = np.full(classes, smoothing / classes, x.dtype, like=x)
    if weight is not None:
        each *= weight
    spread, own = np.add.reduce(each), factors * (1 - smoothing)
    evenly = np.tensordot(each, shares, (0, 1))
    logs, taken = _subtract_target(shares, places)
    # p - hot becomes (own + spread) p - own hot - each
    shares.reshape(-1)[places] += 1
    shares *= (own + spread)[:, None]
    shares.reshape(-1)[places] -= own
    shares -= each.reshape(-1, *(1,) * (x.ndim - 2))
    return (logs - taken) * own + (spread * logs - evenly), shares


def _weighted_cross_entropy(x, target, weight, reduction="mean", ignore_index=-100, smoothing=0.0):
    ignored = check_classes(x.shape, target, ignore_index, "cross_entropy")
    check_weight(weight, x.shape[1], "cross_entropy")
    return _with_options(x, target, ignored, weight, reduction, smoothing)


def _shares(x, target, weight, reduction, ignore_index, smoothing):
    """What the kernels give as `aux`, by operations."""
    ignored = check_classes(x.shape, target, ignore_index, "cross_entropy")
    target, factors, divisor = factors_of(target, ignored, weight, x.dtype)
    each = np.full(x.shape[1], smoothing / x.shape[1], x.dtype, like=x)
    if weight is not None:
        each *= weight
    wanted = np.zeros(x.shape, x.dtype, like=x) + each.reshape(-1, *(1,) * (x.ndim - 2))
    wanted.reshape(-1)[places_of(x.shape, target)] += factors * (1 - smoothing)
    _averaged(wanted, ignored, divisor, reduction)
    shares = softmax(x, 1) * np.add.reduce(wanted, 1, None, None, True) - wanted
    return shares if ignored is None else where(ignored[:, None], 0, shares)  # there x may be anything


def _d_cross_entropy(g, x, target, aux, reduction, ignore_index, smoothing):
    if aux is not None and reduction != "none":
        return aux * (g / target.size if reduction == "mean" else g)
    return _d_weighted(g, x, target, None, aux, reduction, ignore_index, smoothing)


def _d_weighted(g, x, target, weight, aux, reduction, ignore_index, smoothing):
    if aux is None:
        aux = _shares(x, target, weight, reduction, ignore_index, smoothing)
    return aux * _per_place(g, x.shape, reduction)


def _moved(t, x, target, weight, reduction, ignore_index, smoothing):
    shares = _shares(x, target, weight, reduction, ignore_index, smoothing)
    return reduced(total(shares * t, 1), reduction)


def _per_place(g, shape, reduction):
    """The cotangent of each place, to be multiplied with what has classes."""
    if reduction == "none":
        return reshape(g, (shape[0], 1, *shape[2:]))
    return per_element(g, (shape[0], *shape[2:]), reduction)


cross_entropy = primitive(
    _cross_entropy,
    ["x", "target"],
    name="cross_entropy",
    constants=["target"],
    vjp={"x": _d_cross_entropy},
    jvp={"x": lambda t, out, x, target, *options: _moved(t, x, target, None, *options)},
    aux=True, promotes=False, batch=batching.of_classes,
    cases=[
        case((3, 4), _ROWS),
        case((2, 3), np.array([2, 2]), reduction="none"),
        case((3, 4), np.array([0, 3, -1]), ignore_index=-1),
        case((3, 4), np.array([0, 3, 0]), ignore_index=0, reduction="none", smoothing=0.25),
        case((2, 3, 2), np.array([[0, 2], [1, 1]]), smoothing=0.25),
        case((2, 3, 2), np.array([[0, 2], [1, 1]]), reduction="none"),
    ],
    doc="""log(sum(exp(x[i]))) - x[i, target[i]]: its mean over i, its sum, or each.

    Shapes: x (N, classes, ...), target (N, ...) of class indices; places of `ignore_index` do
    not count.

    Errors: IndexingError for a class index out of range; ShapeError.

    Gradient: (softmax(x) - one_hot(target)) times the cotangent of each place.""",
)  # fmt: skip
weighted_cross_entropy = primitive(
    _weighted_cross_entropy,
    ["x", "target", "weight"],
    name="weighted_cross_entropy",
    constants=["target", "weight"],
    vjp={"x": _d_weighted},
    jvp={"x": lambda t, out, x, target, weight, *options: _moved(t, x, target, weight, *options)},
    aux=True, promotes=False, batch=batching.of_classes,
    cases=[
        case((3, 4), _ROWS, np.array([0.5, 1.0, 2.0, 0.25])),
        case((3, 4), np.array([0, 3, -1]), np.array([0.5, 1.0, 2.0, 0.0]), ignore_index=-1, reduction="sum"),
        case((3, 4), np.array([0, 2, 0]), np.array([0.5, 1.0, 2.0, 1.5]), ignore_index=2, reduction="none"),
        case((2, 3, 2), np.array([[0, 2], [1, 1]]), np.array([0.5, 1.0, 2.0]), smoothing=0.25),
    ],
    doc="""As cross_entropy, each place times weight[target]; the mean divides by the sum of those.

    Shapes: x (N, classes, ...), target (N, ...), weight (classes,).""",
)  # fmt: skip

# ------------------------------------------------------------------ of logits and probabilities


def _soft_cross_entropy(x, target, reduction="mean"):
    if x.shape != target.shape or x.ndim < 2:
        raise ShapeError(f"cross_entropy: input{x.shape} and probabilities{target.shape} must agree")
    dtype = np.result_type(x, target)
    shifted = np.subtract(x, np.maximum.reduce(x, 1, None, None, True), dtype=dtype)
    sums = np.add.reduce(target, 1)
    losses = np.add.reduce(target * shifted, 1)
    shares = np.exp(shifted, shifted)
    totals = np.add.reduce(shares, 1)
    np.subtract(np.log(totals) * sums, losses, out=losses)
    shares *= (sums / totals)[:, None]
    shares -= target
    # softmax(x) times the sum of the targets, less the targets: all that the gradient needs
    return reduced(losses, reduction), shares


def _soft_shares(x, target):
    return softmax(x, 1) * target.sum(1, keepdims=True) - target


def _d_soft_x(g, x, target, aux, reduction):
    if aux is None:
        aux = _soft_shares(x, target)
    return aux * _per_place(g, x.shape, reduction)


soft_cross_entropy = primitive(
    _soft_cross_entropy,
    ["x", "target"],
    name="soft_cross_entropy",
    vjp={
        "x": _d_soft_x,
        "target": lambda g, x, reduction: -_per_place(g, x.shape, reduction) * log_softmax(x, 1),
    },
    jvp={
        "x": lambda t, out, x, target, reduction: reduced(total(_soft_shares(x, target) * t, 1), reduction),
        "target": lambda t, out, x, target, reduction: reduced(-total(log_softmax(x, 1) * t, 1), reduction),
    },
    aux=True,
    batch=batching.of_classes,
    cases=[case((2, 3), (2, 3)), case((2, 3), (2, 3), reduction="none"), case((2, 3, 2), (2, 3, 2))],
    doc="""-sum_c target[i, c] * log_softmax(x)[i, c]: its mean over i, its sum, or each.

    Shapes: x and target (N, classes, ...).""",
)
