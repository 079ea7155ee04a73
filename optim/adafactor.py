"""Adafactor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd.errors import ArgumentError
from autograd.wholes import as_whole

from .checks import check_number, check_pair, check_range, refuse_complex
from .optimizer import Optimizer


class Adafactor(Optimizer):
    """p -= a u / max(1, rms(u) / d), with u = g / sqrt(v) and a = max(eps2, rms(p)) min(lr, t**-0.5).

    v is an average of g**2, kept for a matrix as its means over rows and over columns:
    v = R C / mean(R), where R += t**beta2_decay (mean_j g**2 - R), and C likewise.

    Args:
        params: see `Optimizer`. Of arrays with more axes, the last two are the matrix.
        lr: the largest relative step, at least 0.
        beta2_decay: power, at most 0, by which the weight of a new g**2 falls.
        eps: (eps1, eps2), the least root of v (None: the dtype's resolution) and the least scale
            of a parameter.
        d: steps larger than this are scaled down, at least 1.
        weight_decay: the part of p, times lr, that is taken off at each step.
        maximize: climb instead.
        ways: see `Optimizer`.

    Errors: ArgumentError for options out of range; OperandError for complex parameters.

    Source: Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost,
    2018, algorithms 4 and 5; in PyTorch's form.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Adafactor([x], lr=0.25).step()
        >>> x
        tensor([0.75], requires_grad=True)
    """

    tiled = False
    ranges: ClassVar = {"lr": (0.0,), "d": (1.0,), "weight_decay": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **ways: Any,
    ):
        options = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options, ways)

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        refuse_complex("Adafactor", group["params"])
        check_number("Adafactor", "beta2_decay", group["beta2_decay"])
        if group["beta2_decay"] > 0:
            raise ArgumentError(f"Adafactor: beta2_decay must be at most 0, got {group['beta2_decay']!r}")
        check_pair("Adafactor", "eps", group["eps"])
        for i, eps in enumerate(group["eps"]):
            if i or eps is not None:
                check_range("Adafactor", f"eps[{i}]", eps, 0.0)

    def initial(self, group: Mapping[str, Any], p: np.ndarray) -> dict[str, np.ndarray]:
        if p.ndim < 2:
            return {"variance": np.zeros(p.shape, p.dtype)}
        row, column = (*p.shape[:-1], 1), (*p.shape[:-2], 1, p.shape[-1])
        return {"row_var": np.zeros(row, p.dtype), "col_var": np.zeros(column, p.dtype)}

    def scratch(self, p: np.ndarray) -> tuple[np.ndarray, ...]:
        if p.ndim < 2:
            return (np.empty(p.shape, p.dtype),)
        shapes = p.shape, (*p.shape[:-1], 1), (*p.shape[:-2], 1, p.shape[-1]), (*p.shape[:-2], 1, 1)
        return tuple(np.empty(shape, p.dtype) for shape in shapes)

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        lr, (eps1, eps2) = group["lr"], group["eps"]
        rate = min(lr, 1 / math.sqrt(step))
        shrink = 1 - lr * group["weight_decay"] if group["weight_decay"] else None
        return rate, step ** group["beta2_decay"], eps1, eps2, group["d"], shrink, group["maximize"]

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        rate, fresh, eps1, eps2, d, shrink, maximize = scalars
        u = scratch[0]
        least = np.asarray(np.finfo(p.dtype).eps) if eps1 is None else eps1.astype(float)
        np.multiply(p, p, u)
        size = as_whole(_step_size, np.add.reduce(u, axis=None), p.size, eps2, rate)
        if shrink is not None:
            np.multiply(p, shrink, p)
        np.multiply(g, g, u)
        if len(state) == 1:
            (v,) = state
            np.subtract(u, v, u)
            np.multiply(u, fresh, u)
            np.add(v, u, v)
            np.copyto(u, v)
        else:
            _estimate(u, state, scratch[1:], fresh, least)
        np.maximum(u, (least * least).astype(u.dtype), out=u)
        np.sqrt(u, u)
        np.divide(g, u, u)
        flat = u.reshape(-1)  # a scratch array is contiguous: no copy
        size = as_whole(_bounded, size, np.dot(flat, flat), u.size, d, u.dtype)
        np.multiply(u, -size if maximize else size, u)
        np.subtract(p, u, p)


def _estimate(u: Any, state: tuple, scratch: tuple, fresh: Any, least: Any) -> None:
    """Take u = g**2 into the means over rows and columns, and make it what they say of it."""
    for axis, mean, now in zip((-1, -2), state, scratch, strict=False):
        np.add.reduce(u, axis=axis, out=now, keepdims=True)
        np.divide(now, u.shape[axis], now)
        np.subtract(now, mean, now)
        np.multiply(now, fresh, now)
        np.add(mean, now, mean)
    row, column = state
    np.matmul(row, column, out=u)  # where multiply would take buffers to broadcast
    whole = scratch[2]
    np.add.reduce(row, axis=-2, out=whole, keepdims=True)
    np.divide(whole, row.shape[-2], whole)
    np.maximum(whole, least.astype(whole.dtype), out=whole)
    np.divide(u, whole, u)


def _step_size(squares: Any, count: int, least: Any, rate: Any) -> np.float64:
    """The relative rate times the root mean square of a parameter."""
    return np.float64(max(float(least), math.sqrt(float(squares) / count)) * float(rate))


def _bounded(size: Any, squares: Any, count: int, d: Any, dtype: np.dtype) -> np.ndarray:
    """A step's size, smaller if the root mean square of what it multiplies is above d."""
    return np.asarray(
        float(size) / max(1.0, math.sqrt(float(squares)) / (math.sqrt(count) * float(d))), dtype
    )
