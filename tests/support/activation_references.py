"""Activations and look-ups spelled out a second time, plainly."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_erf = np.vectorize(math.erf, otypes=[float])


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _glu(x: Any, axis: int) -> Any:
    a, b = np.split(x, 2, axis)
    return a * _sigmoid(b)


def _elu(x: Any, alpha: float, scale: float, rate: float) -> Any:
    return np.where(x > 0, scale * x, scale * alpha * (np.exp(rate * x) - 1))


def _softplus(x: Any, beta: float, threshold: float) -> Any:
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)


def _gelu_tanh(x: Any) -> Any:
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _softshrink(x: Any, lambd: float) -> Any:
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0))


def _sum_rows(x: Any, indices: Any, rows: int, padding_idx: Any) -> Any:
    out = np.zeros((rows, x.shape[-1]))
    for row, place in zip(x.reshape(-1, x.shape[-1]), indices.reshape(-1), strict=True):
        if place != padding_idx:
            out[place] += row
    return out


ACTIVATIONS: dict[str, Callable] = {
    "elu": _elu,
    "erf": _erf,
    "gelu": lambda x: x * (1 + _erf(x / math.sqrt(2))) / 2,
    "gelu_tanh": _gelu_tanh,
    "glu": _glu,
    "hardshrink": lambda x, lambd: np.where(abs(x) > lambd, x, 0),
    "hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hardswish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hardtanh": lambda x, low, high: np.where(x < low, low, np.where(x > high, high, x)),
    "leaky_relu": lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    "logsigmoid": lambda x: np.log(_sigmoid(x)),
    "embedding": lambda weight, indices, padding_idx, by_frequency: weight[indices],
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "prelu": lambda x, weight: np.where(x > 0, x, weight * x),
    "relu": lambda x: x * (x > 0),
    "sigmoid": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "softplus": _softplus,
    "softshrink": _softshrink,
    "softsign": lambda x: x / (1 + abs(x)),
    "sum_rows": _sum_rows,
    "tanhshrink": lambda x: x - np.tanh(x),
    "threshold": lambda x, threshold, value: np.where(x > threshold, x, value),
}
