"""Black-box stochastic variational inference: a normal law fitted to any density, by its gradient alone.

    python examples/gallery/black_box_svi.py [--picture svi.png]

The density is Neal's funnel, which is normalised: so the bound's distance from 0 is the Kullback-Leibler
divergence of the best normal law of this form.

Source: Kucukelbir et al., Automatic Differentiation Variational Inference, 2017, eq. 5.
"""

from __future__ import annotations

import autograd.scipy.stats.norm as norm
from page import Page, command_line

import autograd.numpy as np
from autograd import grad
from autograd.misc.optimizers import adam


def log_density(z):
    """The funnel: z1 ~ N(0, 1.35**2), z0 | z1 ~ N(0, exp(z1)**2)."""
    return norm.logpdf(z[..., 1], 0, 1.35) + norm.logpdf(z[..., 0], 0, np.exp(z[..., 1]))


def bound(law, noise):
    """The evidence lower bound, E[log p(z)] + entropy, by samples of a diagonal normal law."""
    mean, log_deviation = law
    z = mean + np.exp(log_deviation) * noise
    return np.mean(log_density(z)) + np.sum(log_deviation + 0.5 * np.log(2 * np.pi * np.e))


def best_divergence():
    """The least divergence of a diagonal normal law, by a search without gradients.

    The expectation is known: with z1 ~ N(m, t**2) and z0 ~ N(0, s**2), the log density's is
    -log(2 pi 1.35) - (m**2 + t**2) / (2 1.35**2) - m - s**2 exp(2 t**2 - 2 m) / 2, and the best s is
    exp(m - t**2).
    """
    m, t = np.meshgrid(np.linspace(-1, 3, 801), np.linspace(0.05, 1.5, 801))
    entropy = np.log(2 * np.pi * np.e) + np.log(t) + m - t**2
    expected = -np.log(2 * np.pi * 1.35) - (m**2 + t**2) / (2 * 1.35**2) - m - 0.5
    return -np.max(entropy + expected)


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    start = (np.array([1.0, -1.0]), np.array([-1.0, -1.0]))
    downhill = grad(lambda law, noise: -bound(law, noise))
    history = []

    def gradient(law, i):
        history.append(law)
        return downhill(law, rng.normal(size=(200, 2)))

    law = adam(gradient, start, num_iters=300 if small else 1500, step_size=0.05 if small else 0.02)
    noise = rng.normal(size=(100_000, 2))

    def draw(figure):
        ax = figure.subplots()
        a, b = np.meshgrid(np.linspace(-4, 4, 120), np.linspace(-4, 3, 120))
        ax.contourf(a, b, np.exp(log_density(np.stack([a, b], -1))), 12, cmap="Blues")
        angle = np.linspace(0, 2 * np.pi, 100)
        circle = np.stack([np.cos(angle), np.sin(angle)], -1)
        for mean, log_deviation in [*history[:: len(history) // 5], law]:
            ax.plot(*(mean + 2 * np.exp(log_deviation) * circle).T, color="tab:red", lw=1)
        ax.set_xlim(-4, 4)

    return Page(
        {
            "divergence": -bound(law, noise),
            "least possible": best_divergence(),
            "before": -bound(start, noise),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
