"""Gaussian-process regression: the kernel's parameters by the gradient of the marginal likelihood.

    python examples/gallery/gaussian_process.py [--picture gp.png]

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1, eq. 2.30.
"""

from __future__ import annotations

from page import Page, command_line

import autograd.numpy as np
from autograd import value_and_grad
from autograd.misc.optimizers import adam

NOISE = 0.1


def truth(x):
    return np.sin(3 * x) * np.exp(-0.2 * x**2)


def kernel(log, a, b):
    """Squared exponential: amplitude**2 exp(-(a - b)**2 / (2 length**2))."""
    return np.exp(2 * log["amplitude"] - 0.5 * ((a[:, None] - b) / np.exp(log["length"])) ** 2)


def factor(log, x):
    """The Cholesky factor of the covariance of the observations."""
    noise = np.exp(2 * log["noise"]) + 1e-9
    return np.linalg.cholesky(kernel(log, x, x) + noise * np.eye(len(x)))


def log_marginal(log, x, y):
    low = factor(log, x)
    white = np.linalg.solve(low, y)
    return -0.5 * white @ white - np.sum(np.log(np.diag(low))) - 0.5 * len(x) * np.log(2 * np.pi)


def predict(log, x, y, at):
    """The posterior's mean and standard deviation."""
    low, cross = factor(log, x), kernel(log, x, at)
    white = np.linalg.solve(low, cross)
    mean = white.T @ np.linalg.solve(low, y)
    return mean, np.sqrt(np.exp(2 * log["amplitude"]) - np.sum(white**2, 0))


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(-3, 3, 40))
    y = truth(x) + NOISE * rng.normal(size=x.size)
    start = {"amplitude": 0.0, "length": -1.0, "noise": -1.0}
    downhill = value_and_grad(lambda log: -log_marginal(log, x, y))
    log = adam(lambda log, i: downhill(log)[1], start, num_iters=150 if small else 400, step_size=0.05)

    at = np.linspace(-3, 3, 200)
    mean, deviation = predict(log, x, y, at)

    def draw(figure):
        ax = figure.subplots()
        ax.fill_between(at, mean - 2 * deviation, mean + 2 * deviation, alpha=0.25, label="2 deviations")
        ax.plot(at, mean, label="posterior mean")
        ax.plot(at, truth(at), "k--", lw=1, label="truth")
        ax.plot(x, y, "k.", ms=4)
        ax.legend(fontsize=7)

    return Page(
        {
            "log marginal likelihood": log_marginal(log, x, y),
            "before": log_marginal(start, x, y),
            f"noise found, of {NOISE}": np.exp(log["noise"]),
            "error of the mean": np.sqrt(np.mean((mean - truth(at)) ** 2)),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
