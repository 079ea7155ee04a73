"""What neural networks treat as one operation, as one primitive each: fewer calls, leaner saves."""

from __future__ import annotations

import math

import numpy as np

from ..declare import case, elementwise, primitive
from ..errors import ArgumentError, DtypeError, IndexingError, ShapeError
from .choosing import greater, where
from .reductions import _log_softmax, log_softmax, softmax
from .shapes import reduce_sum, reshape

# ------------------------------------------------------------------ linear


def _linear(x, w, b=None):
    try:
        if x.ndim == 2:
            out = x.dot(w.T)
        elif w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
            raise ValueError
        else:  # as one matrix product rather than many small ones
            out = _rows(x).dot(w.T).reshape(*x.shape[:-1], w.shape[0])
    except ValueError:
        raise ShapeError(
            f"linear: x{x.shape} must end in the weight's second axis, w{w.shape} (out, in)"
        ) from None
    if b is None:
        return out
    if b.ndim != 1 or len(b) != len(w):
        raise ShapeError(f"linear: b{b.shape} must have one element per row of w{w.shape}")
    if out.dtype is not b.dtype:
        return out + b
    # a single row is added to without broadcasting, which would cost more than the product
    row = out[0] if len(out) == 1 < out.ndim else out
    row += b
    return out


def _rows(x):
    """x as a matrix, its last axis kept."""
    return x if x.ndim == 2 else reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _d_linear_x(g, w):
    return g.dot(w) if g.ndim <= 2 else reshape(_rows(g).dot(w), (*g.shape[:-1], w.shape[1]))


def _d_linear_w(g, x):
    return g.T.dot(x) if g.ndim == 2 else _rows(g).T.dot(_rows(x))


def _d_linear_b(g):
    if g.ndim == 2:
        return reduce_sum(g, (0,))
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

# ------------------------------------------------------------------ activations

# For each dtype the logarithm of its largest number, beyond which exp would warn of overflow,
# and one: as arrays, since NumPy takes them twice as fast as Python numbers.
_LIMITS = {
    np.dtype(t): (np.asarray(np.log(np.finfo(t).max) * (1 - np.finfo(t).eps), t), np.asarray(1, t))
    for t in (np.float16, np.float32, np.float64, np.longdouble)
}


def _sigmoid(x):
    limits = _LIMITS.get(x.dtype)
    if limits is None or not x.ndim:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))
    largest, one = limits
    out = np.negative(x)
    np.minimum(out, largest, out=out)
    np.exp(out, out)
    np.add(out, one, out)
    return np.reciprocal(out, out)


sigmoid = elementwise(
    _sigmoid, d=lambda out: out - out * out, name="sigmoid", analytic=True, doc="1 / (1 + exp(-x))"
)
relu = elementwise(
    lambda x: np.maximum(x, 0),
    vjp=lambda g, out: where(greater(out, 0), g, 0),
    name="relu", kinks="0 at x = 0", doc="max(x, 0)",
)  # fmt: skip
leaky_relu = primitive(
    lambda x, negative_slope=0.01: np.where(x > 0, x, x * negative_slope),
    ["x"],
    name="leaky_relu",
    vjp={"x": lambda g, x, negative_slope: where(greater(x, 0), g, g * negative_slope)},
    batch="same", cases=[case((2, 3)), case((2, 3), negative_slope=0.2)],
    kinks="negative_slope at x = 0", doc="x where x > 0, else negative_slope * x",
)  # fmt: skip
elu = primitive(
    lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    ["x"],
    name="elu",
    vjp={"x": lambda g, x, out, alpha: where(greater(x, 0), g, g * (out + alpha))},
    batch="same", cases=[case((2, 3)), case((2, 3), alpha=0.5)],
    kinks="alpha at x = 0",
    doc="""x where x > 0, else alpha * (exp(x) - 1)

    Source: Clevert et al., Fast and Accurate Deep Network Learning by ELUs, 2016, eq. 15.""",
)  # fmt: skip

# ------------------------------------------------------------------ losses

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction, caller):
    """Refuse what is no reduction."""
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{caller}: reduction must be one of {REDUCTIONS}, got {reduction!r}")


def _reduced(losses, reduction):
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, None)
    return total / losses.size if reduction == "mean" else total


def _per_element(g, n, reduction):
    """The cotangent of each element of a reduced loss."""
    return g / n if reduction == "mean" else g


def _mse(x, y, reduction="mean"):
    if x.shape != y.shape:
        raise ShapeError(f"mse_loss: input{x.shape} and target{y.shape} must have one shape")
    difference = x - y
    if reduction == "none":
        return difference * difference
    flat = difference.reshape(-1)
    total = flat.dot(flat)
    return total / flat.size if reduction == "mean" else total


mse_loss = primitive(
    _mse,
    ["x", "y"],
    name="mse_loss",
    vjp={
        "x": lambda g, x, y, reduction: (x - y) * _per_element(2 * g, x.size, reduction),
        "y": lambda g, x, y, reduction: (y - x) * _per_element(2 * g, x.size, reduction),
    },
    analytic=True,
    cases=[case((2, 3), (2, 3)), case((4,), (4,), reduction="sum"), case((3,), (3,), reduction="none")],
    doc="The squared difference of x and y: its mean, its sum, or each.",
)


def _check_classes(x, target):
    if x.ndim != 2 or target.shape != x.shape[:1]:
        raise ShapeError(
            f"cross_entropy: input{x.shape} must be (N, classes) and target{target.shape} (N,)"
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: class indices must be integers, got {target.dtype}")
    # Python finds the extremes of a few numbers sooner than NumPy
    least, most = _extremes(target.tolist()) if target.size < 16 else (target.min(), target.max())
    if least < 0 or most >= x.shape[1]:
        raise IndexingError(
            f"cross_entropy: class indices must be in 0..{x.shape[1] - 1}, got {least}..{most}"
        )


def _extremes(numbers):
    return (min(numbers), max(numbers)) if numbers else (0, -1)


def _cross_entropy(x, target, reduction="mean"):
    _check_classes(x, target)
    if len(x) == 1:
        return _cross_entropy_of_one(x, target.item(), reduction)
    n, classes = x.shape
    places = target.astype(np.intp, copy=False) + np.arange(0, n * classes, classes)
    share = np.subtract(x, np.maximum.reduce(x, 1, None, None, True), order="C")
    taken = share.take(places)
    np.exp(share, share)
    total = np.add.reduce(share, 1)
    share.reshape(-1)[places] -= total
    share /= total[:, None]
    # share is now softmax(x) - one_hot(target): all that the gradient needs
    return _reduced(np.log(total) - taken, reduction), share


def _cross_entropy_of_one(x, target, reduction):
    """The same for one row: without broadcasting it takes a third of the time."""
    row = x[0]
    share = row - row[row.argmax()]
    taken = share[target]
    np.exp(share, share)
    total = np.add.reduce(share)
    share[target] -= total
    share /= total
    loss = np.log(total) - taken
    return (loss if reduction != "none" else loss[None]), share[None]


def _d_cross_entropy(g, x, target, aux, reduction):
    g = g / target.size if reduction == "mean" else g
    if reduction == "none":
        g = reshape(g, (-1, 1))
    if aux is None:
        hot = np.zeros(x.shape, x.dtype)
        hot[np.arange(target.size), target] = 1
        aux = softmax(x, 1) - hot
    return aux * g


cross_entropy = primitive(
    _cross_entropy,
    ["x", "target"],
    name="cross_entropy",
    constants=["target"],
    vjp={"x": _d_cross_entropy},
    aux=True, promotes=False,
    cases=[case((3, 4), np.array([0, 3, 1])), case((2, 3), np.array([2, 2]), reduction="none")],
    doc="""log(sum(exp(x[i]))) - x[i, target[i]]: its mean over i, its sum, or each.

    Shapes: x (N, classes), target (N,) of class indices.

    Errors: IndexingError for a class index out of range; ShapeError.

    Gradient: (softmax(x) - one_hot(target)) times the cotangent of each row.""",
)  # fmt: skip


def _soft_cross_entropy(x, target, reduction="mean"):
    if x.shape != target.shape or x.ndim != 2:
        raise ShapeError(f"cross_entropy: input{x.shape} and probabilities{target.shape} must agree")
    losses = np.add.reduce(-target * _log_softmax(x, 1), 1)
    return losses if reduction == "none" else _reduced(losses, reduction)


def _d_soft_x(g, x, target, reduction):
    g = reshape(_per_element(g, x.shape[0], reduction), (-1, 1) if reduction == "none" else ())
    return g * (softmax(x, 1) * target.sum(1, keepdims=True) - target)


def _d_soft_target(g, x, reduction):
    g = reshape(_per_element(g, x.shape[0], reduction), (-1, 1) if reduction == "none" else ())
    return -g * log_softmax(x, 1)


soft_cross_entropy = primitive(
    _soft_cross_entropy,
    ["x", "target"],
    name="soft_cross_entropy",
    vjp={"x": _d_soft_x, "target": _d_soft_target},
    cases=[case((2, 3), (2, 3)), case((2, 3), (2, 3), reduction="none")],
    doc="""-sum_c target[i, c] * log_softmax(x)[i, c]: its mean over i, its sum, or each.

    Shapes: x and target (N, classes).""",
)
