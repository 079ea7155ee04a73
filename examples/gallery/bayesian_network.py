"""A Bayesian neural network: a normal law for each weight, by variational inference.

    python examples/gallery/bayesian_network.py [--picture bnn.png]

Source: Blundell et al., Weight Uncertainty in Neural Networks, 2015, section 3.
"""

from __future__ import annotations

from page import Page, command_line

import autograd.numpy as np
from autograd import value_and_grad, vmap
from autograd.misc import flatten
from autograd.misc.optimizers import adam

WIDTH, NOISE = 20, 0.1


def initial(rng):
    sizes = [(1, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)]
    return [(rng.normal(size=s) / np.sqrt(s[0]), np.zeros(s[1])) for s in sizes]


def network(layers, x):
    h = x[:, None]
    for w, b in layers[:-1]:
        h = np.tanh(h @ w + b)
    w, b = layers[-1]
    return (h @ w + b)[:, 0]


def log_joint(layers, flat, x, y):
    """The logarithms of likelihood and prior, up to constants; the prior is standard normal."""
    return -0.5 * np.sum((y - network(layers, x)) ** 2) / NOISE**2 - 0.5 * np.sum(flat**2)


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-2, -0.5, 25), rng.uniform(0.7, 2, 25)])
    y = np.sin(2 * x) + NOISE * rng.normal(size=x.size)
    means, unflatten = flatten(initial(rng))
    start = (means, np.full(means.size, -4.0))  # means, and logarithms of deviations

    def weights(law, noise):
        """The reparametrisation: a smooth function of the law and of noise."""
        return law[0] + np.exp(law[1]) * noise

    def negative_elbo(law, noise):
        def energy(e):
            w = weights(law, e)
            return -log_joint(unflatten(w), w, x, y)

        entropy = np.sum(law[1]) + 0.5 * means.size * np.log(2 * np.pi * np.e)
        constants = 0.5 * means.size * np.log(2 * np.pi) + x.size * np.log(NOISE * np.sqrt(2 * np.pi))
        return np.mean(vmap(energy)(noise)) + constants - entropy

    downhill = value_and_grad(negative_elbo)

    def gradient(law, i):
        return downhill(law, rng.normal(size=(8, means.size)))[1]

    law = adam(gradient, start, num_iters=300 if small else 3000, step_size=0.02 if small else 0.01)
    noise = rng.normal(size=(200, means.size))
    at = np.linspace(-2.5, 2.5, 120)
    samples = vmap(lambda e: network(unflatten(weights(law, e)), at))(noise)
    seen = (np.abs(at) < 2) & ((at < -0.5) | (at > 0.7))
    spread = np.std(samples, 0)

    def draw(figure):
        ax = figure.subplots()
        ax.plot(at, samples[:25].T, color="tab:blue", lw=0.5, alpha=0.5)
        ax.plot(at, np.sin(2 * at), "k--", lw=1)
        ax.plot(x, y, "k.", ms=4)
        ax.set_ylim(-2.5, 2.5)

    return Page(
        {
            "ELBO": -negative_elbo(law, noise),
            "before": -negative_elbo(start, noise),
            "error where there is data": np.sqrt(
                np.mean((np.mean(samples, 0) - np.sin(2 * at))[seen] ** 2)
            ),
            "deviation without data over with": np.mean(spread[~seen]) / np.mean(spread[seen]),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
