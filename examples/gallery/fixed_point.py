"""Implicit differentiation of a fixed point: the gradient without the iterations that led there.

    python examples/gallery/fixed_point.py [--picture fixed.png]

z = f(p, z) defines z as a function of p, and the implicit function theorem has its cotangent: a second
fixed point, w = g + J^T w with J = df/dz. `custom_vjp` makes it the derivative of the solver; nothing
is kept of the iterations. A model whose only layer is such a point learns to tell two circles apart.

Source: Bai, Kolter and Koltun, Deep Equilibrium Models, 2019, theorem 1.
"""

from __future__ import annotations

from page import Page, command_line

import autograd.numpy as np
from autograd import custom_vjp, grad, vjp
from autograd.misc.optimizers import adam


def iterate(f, z, tolerance=1e-11, most=500):
    """z with z = f(z)."""
    for _ in range(most):
        new = f(z)
        if np.max(np.abs(new - z)) < tolerance:
            return new
        z = new
    return z


def solve(f, p, z0):
    return iterate(lambda z: f(p, z), z0)


def forward(f, p, z0):
    z = equilibrium(f, p, z0)
    return z, (p, z)


def backward(f, residuals, g):
    p, z = residuals
    _, by_state = vjp(lambda z: f(p, z), z)
    w = iterate(lambda w: g + by_state(w)[0], g)
    _, by_params = vjp(lambda p: f(p, z), p)
    return by_params(w)[0], None


equilibrium = custom_vjp(solve, nondiff_argnums=(0,))
equilibrium.defvjp(forward, backward)


def circles(rng, count):
    angle = rng.uniform(0, 2 * np.pi, 2 * count)
    label = np.repeat([0.0, 1.0], count)
    radius = 0.5 + 0.5 * label + 0.08 * rng.normal(size=2 * count)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), label


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    x, label = circles(rng, 20 if small else 100)
    width = 8 if small else 16
    params = {
        "w": 0.3 * rng.normal(size=(width, width)) / np.sqrt(width),
        "u": rng.normal(size=(2, width)),
        "b": rng.normal(size=width),
        "v": np.zeros(width),
    }

    def layer(p, z):
        # of norm below 0.9, so that there is one fixed point
        w = p["w"] * 0.9 / np.maximum(0.9, np.sqrt(np.sum(p["w"] ** 2)))
        return np.tanh(z @ w + p["x"] @ p["u"] + p["b"])

    def scores(params, x, solver):
        z = solver(layer, {**params, "x": x}, np.zeros((len(x), width)))
        return z @ params["v"]

    def loss(params, solver=equilibrium):
        return np.mean(np.logaddexp(0, (1 - 2 * label) * scores(params, x, solver)))

    params["v"] = rng.normal(size=width)
    implicit, unrolled = grad(loss)(params), grad(loss)(params, solve)
    error = max(np.max(np.abs(implicit[k] - unrolled[k])) for k in params)
    before = loss(params)
    params = adam(lambda p, i: grad(loss)(p), params, num_iters=30 if small else 150, step_size=0.05)

    def draw(figure):
        ax = figure.subplots()
        a, b = np.meshgrid(np.linspace(-1.3, 1.3, 60), np.linspace(-1.3, 1.3, 60))
        field = scores(params, np.stack([a.ravel(), b.ravel()], 1), equilibrium).reshape(a.shape)
        ax.contourf(a, b, field, 12, cmap="RdBu_r")
        ax.scatter(*x.T, c=label, s=6, cmap="gray")
        ax.set_aspect("equal")

    return Page(
        {
            "gradient against the unrolled one": error,
            "loss": loss(params),
            "before": before,
            "accuracy": np.mean((scores(params, x, equilibrium) > 0) == (label > 0)),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
