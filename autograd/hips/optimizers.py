"""Three stochastic optimisers of functions of containers: loops over a gradient function.

For models there is `optim`; these are what HIPS autograd's programs call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import numpy as anp
from .flattening import flatten


def unflatten_optimizer(optimize: Callable) -> Callable:
    """An optimiser of vectors as one of containers: `(grad, x0, callback=None, *args)`."""

    @functools.wraps(optimize)
    def of_containers(grad: Callable, x0: Any, callback: Any = None, *args: Any, **options: Any) -> Any:
        start, unflatten = flatten(x0)

        def gradient(x: Any, i: int) -> Any:
            return flatten(grad(unflatten(x), i))[0]

        def called(x: Any, i: int, g: Any) -> None:
            callback(unflatten(x), i, unflatten(g))

        return unflatten(optimize(gradient, start, called if callback else None, *args, **options))

    return of_containers


def _steps(grad: Callable, x: Any, callback: Any, count: int, step: Callable) -> Any:
    """x after `count` times x + step(gradient, i)."""
    for i in range(count):
        g = grad(x, i)
        if callback:
            callback(x, i, g)
        x = x + step(g, i)
    return x


@unflatten_optimizer
def sgd(
    grad: Callable,
    x: Any,
    callback: Any = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """v <- mass v - (1 - mass) g; x <- x + step_size v.

    Args:
        grad: `grad(x, i)`, the gradient at step i.
        callback: `callback(x, i, g)`, called before each step.

    Example:
        >>> sgd(lambda x, i: 2 * (x - 1), np.array([0.0])).round(2)
        array([1.])
    """
    velocity: Any = 0.0

    def step(g: Any, i: int) -> Any:
        nonlocal velocity
        velocity = mass * velocity - (1.0 - mass) * g
        return step_size * velocity

    return _steps(grad, x, callback, num_iters, step)


@unflatten_optimizer
def rmsprop(
    grad: Callable,
    x: Any,
    callback: Any = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """s <- gamma s + (1 - gamma) g**2; x <- x - step_size g / (sqrt(s) + eps), from s = 1.

    Source: Tieleman and Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012.
    """
    square: Any = np.ones(len(x))

    def step(g: Any, i: int) -> Any:
        nonlocal square
        square = gamma * square + (1 - gamma) * g**2
        return -step_size * g / (anp.sqrt(square) + eps)

    return _steps(grad, x, callback, num_iters, step)


@unflatten_optimizer
def adam(
    grad: Callable,
    x: Any,
    callback: Any = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """m, v: averages of g and g**2; x <- x - step_size m^ / (sqrt(v^) + eps), with ^ for bias corrected.

    Source: Kingma and Ba, Adam, 2015, algorithm 1.
    """
    first: Any = 0.0
    second: Any = 0.0

    def step(g: Any, i: int) -> Any:
        nonlocal first, second
        first = b1 * first + (1 - b1) * g
        second = b2 * second + (1 - b2) * g**2
        corrected = second / (1 - b2 ** (i + 1))
        return -step_size * (first / (1 - b1 ** (i + 1))) / (anp.sqrt(corrected) + eps)

    return _steps(grad, x, callback, num_iters, step)
