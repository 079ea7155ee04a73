"""`nn` as functions: `import nn.functional as F`."""

from __future__ import annotations

from typing import Any

from autograd.errors import ShapeError
from autograd.ops import neural
from autograd.ops.elementwise import tanh
from autograd.ops.neural import check_reduction, linear, relu, sigmoid
from autograd.ops.reductions import log_softmax as _log_softmax
from autograd.ops.reductions import softmax as _softmax
from autograd.ops.shapes import as_array, moveaxis, reshape

__all__ = [
    "cross_entropy",
    "elu",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mse_loss",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """x where x > 0, else negative_slope * x.

    Example:
        >>> import numpy as np
        >>> leaky_relu(np.array([-1.0, 2.0]), 0.1)
        array([-0.1,  2. ])
    """
    return neural.leaky_relu(input, float(negative_slope))  # NumPy's would widen float32


def elu(input: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (exp(x) - 1).

    Example:
        >>> import numpy as np
        >>> elu(np.array([0.0, 2.0]))
        array([0., 2.])
    """
    return neural.elu(input, float(alpha))  # a NumPy number would widen float32


def softmax(input: Any, dim: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along `dim`.

    Example:
        >>> import numpy as np
        >>> softmax(np.zeros(2))
        array([0.5, 0.5])
    """
    return _softmax(input, dim)


def log_softmax(input: Any, dim: int = -1) -> Any:
    """The logarithm of softmax along `dim`.

    Example:
        >>> import numpy as np
        >>> log_softmax(np.zeros(2)).round(4)
        array([-0.6931, -0.6931])
    """
    return _log_softmax(input, dim)


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """(input - target)**2: its mean, its sum, or each.

    Errors: ShapeError unless both have one shape; ArgumentError for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """
    check_reduction(reduction, "mse_loss")
    input, target = as_array(input), as_array(target)
    if target.dtype.kind in "iub" and input.dtype.kind == "f":
        target = target.astype(input.dtype)  # else NumPy would promote float32 to float64
    return neural.mse_loss(input, target, reduction)


def cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-log softmax(input)[target]: its mean, its sum, or each.

    Shapes: input (N, C), (C,) or (N, C, d1, ...); target holds class indices, of the input's
    shape without C, or probabilities, of the input's shape.

    Errors: ShapeError, DtypeError, IndexingError for targets that do not fit; ArgumentError
    for an unknown reduction.

    Example:
        >>> import numpy as np
        >>> round(float(cross_entropy(np.zeros((2, 4)), np.array([0, 3]))), 4)
        1.3863
    """
    check_reduction(reduction, "cross_entropy")
    input, target = as_array(input), as_array(target)
    shape = input.shape
    soft = target.shape == shape
    loss = neural.soft_cross_entropy if soft else neural.cross_entropy
    if len(shape) == 2:
        return loss(input, target, reduction)
    if not shape:
        raise ShapeError("cross_entropy: input needs an axis of classes, got a scalar")
    if not soft and target.shape != (shape[0], *shape[2:])[: len(shape) - 1]:
        raise ShapeError(f"cross_entropy: input{shape} and target{target.shape} do not fit")
    if len(shape) == 1:
        rows = loss(reshape(input, (1, -1)), reshape(target, (1, -1) if soft else (1,)), reduction)
        return reshape(rows, ()) if reduction == "none" else rows
    flat = reshape(moveaxis(input, 1, -1), (-1, shape[1]))
    labels = reshape(moveaxis(target, 1, -1), (-1, shape[1])) if soft else reshape(target, (-1,))
    out = loss(flat, labels, reduction)
    return reshape(out, (shape[0], *shape[2:])) if reduction == "none" else out
