"""Hamiltonian Monte Carlo: many chains at once, by `vmap` of the gradient of a log density.

    python examples/gallery/hamiltonian_monte_carlo.py [--picture hmc.png]

The density is a banana with known moments: x ~ N(0, 1), y | x ~ N(b (x**2 - 1), s**2).

Source: Neal, MCMC using Hamiltonian dynamics, 2011, sections 2.3 and 3.2.
"""

from __future__ import annotations

from page import Page, command_line

import autograd.numpy as np
from autograd import value_and_grad, vmap

BEND, WIDTH = 0.7, 0.5


def log_density(q):
    x, y = q
    return -0.5 * x**2 - 0.5 * ((y - BEND * (x**2 - 1)) / WIDTH) ** 2


density_and_force = vmap(value_and_grad(log_density))


def transition(q, value, force, rng, step, count):
    """One step of each chain: leapfrog, then accept or reject."""
    p = rng.normal(size=q.shape)
    energy = 0.5 * np.sum(p**2, 1) - value
    new, new_value, new_force = q, value, force
    for _ in range(count):
        p = p + 0.5 * step * new_force
        new = new + step * p
        new_value, new_force = density_and_force(new)
        p = p + 0.5 * step * new_force
    change = 0.5 * np.sum(p**2, 1) - new_value - energy
    accepted = np.log(rng.uniform(size=len(q))) < -change
    keep = accepted[:, None]
    return (
        np.where(keep, new, q),
        np.where(accepted, new_value, value),
        np.where(keep, new_force, force),
        accepted,
    )


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    chains, warm_up, count = (50, 30, 100) if small else (100, 100, 600)
    q = rng.normal(size=(chains, 2))
    value, force = density_and_force(q)
    samples, accepted = [], []
    for i in range(warm_up + count):
        # lengths of paths vary, lest they close on themselves
        q, value, force, taken = transition(q, value, force, rng, 0.1, int(rng.integers(8, 24)))
        if i >= warm_up:
            samples.append(q)
            accepted.append(np.mean(taken))
    drawn = np.stack(samples)
    flat = drawn.reshape(-1, 2)
    within = np.mean(np.var(drawn, 0), 0)
    between = np.var(np.mean(drawn, 0), 0)
    expected = np.array([0.0, 0.0, 1.0, WIDTH**2 + 2 * BEND**2])
    found = np.concatenate([np.mean(flat, 0), np.var(flat, 0)])

    def draw(figure):
        ax = figure.subplots()
        ax.plot(*flat[:: max(1, len(flat) // 1500)].T, ".", ms=2, alpha=0.5)
        ax.plot(*drawn[:40, 0].T, "-", lw=0.6, color="tab:red")
        ax.set_xlabel("x")
        ax.set_ylabel("y")

    return Page(
        {
            "acceptance rate": np.mean(accepted),
            "largest error of means and variances": np.max(np.abs(found - expected)),
            "R-hat": np.max(np.sqrt(1 + between / within)),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
