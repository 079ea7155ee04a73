"""A check of derivatives of both orders against differences, for any function of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from tests.support.checks import check_gradient


def check_derivatives(f: Callable, *args: np.ndarray, tolerance: float = 1e-8) -> None:
    """Gradients of a random combination of f's elements, and of those a second time.

    The differences are taken of f and of its gradients on plain float64 arrays.
    """
    rng = np.random.default_rng(len(args))
    v = rng.normal(size=np.shape(f(*args)))
    weights = [rng.normal(size=a.shape) for a in args]

    def value(*arrays: Any) -> Any:
        return np.sum(v * np.asarray(f(*arrays)))

    def slope(*arrays: Any) -> Any:
        grads = gradients(f, arrays, v, False)
        return np.sum([np.sum(w * g.numpy()) for w, g in zip(weights, grads, strict=True)])

    leaves = [autograd.tensor(a, requires_grad=True) for a in args]
    first = gradients(f, leaves, v, True)
    parts = [(w * g).sum() for w, g in zip(weights, first, strict=True)]
    total = sum(parts[1:], start=parts[0])
    second = [None] * len(args)
    if total.requires_grad:
        second = autograd.gradients(total, leaves, allow_unused=True)
    for i, (a, g, gg) in enumerate(zip(args, first, second, strict=True)):
        assert g.dtype == a.dtype
        assert g.shape == a.shape
        check_gradient(g, value, args, i, tolerance, f"first derivative, argument {i}")
        gg = np.zeros(a.shape) if gg is None else gg
        check_gradient(gg, slope, args, i, tolerance, f"second derivative, argument {i}")


def gradients(f: Callable, args: Any, v: np.ndarray, create_graph: bool) -> tuple:
    """The gradients of sum(v * f(args)) by all arguments."""
    leaves = [a if isinstance(a, autograd.Tensor) else autograd.tensor(a, requires_grad=True) for a in args]
    out = f(*leaves)
    return autograd.gradients(
        out, leaves, v.astype(out.dtype), create_graph=create_graph, allow_unused=False
    )
