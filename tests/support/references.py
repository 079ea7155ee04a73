"""What each primitive should compute, from NumPy or spelled out here a second time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import Primitive


def reference_of(prim: Primitive) -> Callable:
    """An implementation that is not the kernel, unless the kernel is NumPy's own function.

    Errors: AssertionError if there is none: a new primitive needs a line below, or `numpy=`.
    """
    if prim.name in SPELLED_OUT:
        return SPELLED_OUT[prim.name]
    theirs = prim.reference or next(iter(prim.numpy), None) or getattr(np, prim.name, None)
    assert theirs is not None, f"{prim.name}: nothing says what it should compute; see references.py"
    return theirs


def _scatter_add(x: Any, index: Any, shape: tuple) -> Any:
    out = np.zeros(shape)
    places = np.arange(out.size).reshape(shape)[index]
    for place, value in zip(places.reshape(-1), np.broadcast_to(x, places.shape).reshape(-1), strict=True):
        out.reshape(-1)[place] += value
    return out


def _setitem(x: Any, value: Any, index: Any) -> Any:
    out = np.array(x)
    out[index] = value
    return out


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _softmax(x: Any, axis: int) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _reduced(losses: Any, reduction: str) -> Any:
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](losses)


def _cross_entropy(x: Any, target: Any, reduction: str) -> Any:
    losses = [-np.log(_softmax(row, 0)[k]) for row, k in zip(x, target, strict=True)]
    return _reduced(losses, reduction)


def _soft_cross_entropy(x: Any, target: Any, reduction: str) -> Any:
    return _reduced(-np.sum(target * np.log(_softmax(x, 1)), 1), reduction)


SPELLED_OUT: dict[str, Callable] = {
    "astype": lambda x, dtype: np.array(x, dtype),
    "broadcast_cast": lambda x, shape, dtype: np.zeros(shape, dtype) + x,
    "cross_entropy": _cross_entropy,
    "detach": lambda x: x,
    "einsum": lambda xs, subscripts: np.einsum(subscripts, *xs),
    "elu": lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)),
    "getitem": lambda x, index: x[index],
    "leaky_relu": lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    "linear": lambda x, w, b: x @ w.T + (0 if b is None else b),
    "log_softmax": lambda x, axis: np.log(_softmax(x, axis)),
    "logsumexp": _logsumexp,
    "mse_loss": lambda x, y, reduction: _reduced((x - y) ** 2, reduction),
    "reduce_sum": lambda x, axis: np.sum(x, axis=axis),
    "relu": lambda x: x * (x > 0),
    "scatter_add": _scatter_add,
    "setitem": _setitem,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "soft_cross_entropy": _soft_cross_entropy,
    "softmax": _softmax,
}
