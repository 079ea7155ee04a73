"""Training steps written by hand in NumPy, as one would without a library: the yardstick."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_mse_step(parameters: list, x, y, lr: float) -> Callable[[], object]:
    """A 3-layer sigmoid network with squared error and SGD."""
    w1, b1, w2, b2, w3, b3 = parameters

    def step():
        a1 = sigmoid(x @ w1.T + b1)
        a2 = sigmoid(a1 @ w2.T + b2)
        a3 = sigmoid(a2 @ w3.T + b3)
        difference = a3 - y
        loss = (difference * difference).mean()
        g = difference * (2 / difference.size) * a3 * (1 - a3)
        gw3, gb3 = g.T @ a2, g.sum(0)
        g = (g @ w3) * a2 * (1 - a2)
        gw2, gb2 = g.T @ a1, g.sum(0)
        g = (g @ w2) * a1 * (1 - a1)
        gw1, gb1 = g.T @ x, g.sum(0)
        for p, gp in zip(parameters, (gw1, gb1, gw2, gb2, gw3, gb3), strict=True):
            p -= lr * gp
        return loss

    return step


def softmax_loss(z, y, rows):
    """The mean cross-entropy, and its gradient."""
    e = np.exp(z - z.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(y)


def sigmoid_ce_step(parameters: list, x, y, lr: float) -> Callable[[], object]:
    """A 2-layer sigmoid network with cross-entropy and SGD."""
    w1, b1, w2, b2 = parameters
    rows = np.arange(len(y))

    def step():
        a1 = sigmoid(x @ w1.T + b1)
        loss, g = softmax_loss(a1 @ w2.T + b2, y, rows)
        gw2, gb2 = g.T @ a1, g.sum(0)
        g = (g @ w2) * a1 * (1 - a1)
        gw1, gb1 = g.T @ x, g.sum(0)
        for p, gp in zip(parameters, (gw1, gb1, gw2, gb2), strict=True):
            p -= lr * gp
        return loss

    return step


def sgd(parameters: list, lr: float) -> Callable[[tuple], None]:
    """The update of plain gradient descent."""

    def update(gradients):
        for p, gp in zip(parameters, gradients, strict=True):
            p -= lr * gp

    return update


def adam(parameters: list, lr: float) -> Callable[[tuple], None]:
    """Adam's update."""
    means = [np.zeros_like(p) for p in parameters]
    squares = [np.zeros_like(p) for p in parameters]
    age = 0

    def update(gradients):
        nonlocal age
        age += 1
        c1, c2 = 1 - 0.9**age, 1 - 0.999**age
        for p, gp, m, v in zip(parameters, gradients, means, squares, strict=True):
            m *= 0.9
            m += 0.1 * gp
            v *= 0.999
            v += 0.001 * gp * gp
            p -= lr * (m / c1) / (np.sqrt(v / c2) + 1e-8)

    return update


def relu_step(parameters: list, x, y, update: Callable[[tuple], None]) -> Callable[[], object]:
    """A 3-layer ReLU network with cross-entropy, and an update from the six gradients."""
    w1, b1, w2, b2, w3, b3 = parameters
    rows = np.arange(len(y))

    def step():
        z1 = x @ w1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ w2.T + b2
        a2 = np.maximum(z2, 0)
        loss, g = softmax_loss(a2 @ w3.T + b3, y, rows)
        gw3, gb3 = g.T @ a2, g.sum(0)
        g = (g @ w3) * (z2 > 0)
        gw2, gb2 = g.T @ a1, g.sum(0)
        g = (g @ w2) * (z1 > 0)
        gw1, gb1 = g.T @ x, g.sum(0)
        update((gw1, gb1, gw2, gb2, gw3, gb3))
        return loss

    return step


def relu_adam_step(parameters: list, x, y, lr: float) -> Callable[[], object]:
    """That network with Adam."""
    return relu_step(parameters, x, y, adam(parameters, lr))


def formula_slope(x):
    """The derivative of sum(tanh(x) exp(-x^2) + sin(x) / (1 + x^2))."""
    t, e, square = np.tanh(x), np.exp(-x * x), 1 + x * x
    return (1 - t * t) * e - 2 * x * t * e + np.cos(x) / square - 2 * x * np.sin(x) / (square * square)
