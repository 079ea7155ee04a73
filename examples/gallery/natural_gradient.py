"""Natural gradient: steps of equal change in what a classifier predicts, by conjugate gradients.

    python examples/gallery/natural_gradient.py [--picture natural.png]

The Fisher information of a softmax classifier is its generalised Gauss-Newton matrix; `ggnvp` multiplies
by it without forming it.

Source: Amari, Natural Gradient Works Efficiently in Learning, 1998, eq. 4; Martens, Deep learning via
Hessian-free optimization, 2010, section 4.
"""

from __future__ import annotations

from itertools import pairwise

from page import Page, command_line

import autograd.numpy as np
from autograd import ggnvp, grad
from autograd.misc import flatten
from autograd.scipy.special import logsumexp

DAMPING = 1e-3


def spirals(rng, count):
    """Two classes that no line parts."""
    turn = np.sqrt(rng.uniform(0.05, 1, (2, count))) * 3 * np.pi
    sign = np.array([[1.0], [-1.0]])
    x = np.stack([sign * turn * np.cos(turn), sign * turn * np.sin(turn)], -1) / (3 * np.pi)
    x = x.reshape(-1, 2) + 0.01 * rng.normal(size=(2 * count, 2))
    return x, np.repeat([0, 1], count)


def conjugate_gradients(multiply, b, count):
    """x with A x = b, of which only products with A are known."""
    x, r = np.zeros_like(b), b
    p, square = r, r @ r
    for _ in range(count):
        product = multiply(p)
        length = square / (p @ product)
        x, r = x + length * p, r - length * product
        square, before = r @ r, square
        if square < 1e-20 * (b @ b):
            break
        p = r + square / before * p
    return x


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    x, y = spirals(rng, 60 if small else 200)
    sizes = (2, 16, 16, 2)
    layers = [(rng.normal(size=(a, b)) * np.sqrt(2 / a), np.zeros(b)) for a, b in pairwise(sizes)]
    start, unflatten = flatten(layers)

    def logits(flat):
        h = x
        *hidden, (w, b) = unflatten(flat)
        for u, c in hidden:
            h = np.tanh(2 * (h @ u + c))
        return h @ w + b

    def cross_entropy(z):
        return np.mean(logsumexp(z, axis=1) - z[np.arange(len(y)), y])

    def loss(flat):
        return cross_entropy(logits(flat))

    fisher, gradient = ggnvp(logits, cross_entropy), grad(loss)

    def natural(flat):
        return conjugate_gradients(lambda v: fisher(flat, v) + DAMPING * v, gradient(flat), 50)

    def descend(direction, steps, lengths):
        """Each step of the length that helps most."""
        flat, losses = start, [loss(start)]
        for _ in range(steps):
            d = direction(flat)
            flat = min((flat - length * d for length in lengths), key=loss)
            losses.append(loss(flat))
        return flat, losses

    steps = 16 if small else 40
    lengths = [2.0**-k for k in range(7)]
    found, by_natural = descend(natural, steps, lengths)
    _, by_plain = descend(gradient, steps, [8 * length for length in lengths])

    def draw(figure):
        ax = figure.subplots()
        ax.semilogy(by_natural, label="natural gradient")
        ax.semilogy(by_plain, label="gradient")
        ax.set_xlabel("step")
        ax.set_ylabel("loss")
        ax.legend(fontsize=8)

    return Page(
        {
            "loss by natural gradient": by_natural[-1],
            "loss by gradient": by_plain[-1],
            "before": by_plain[0],
            "accuracy": np.mean(np.argmax(logits(found), 1) == y),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
