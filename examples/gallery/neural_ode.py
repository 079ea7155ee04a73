"""A neural ordinary differential equation, differentiated by the adjoint method.

    python examples/gallery/neural_ode.py [--picture ode.png]

The solver keeps none of its steps: the cotangent solves an equation of its own, back in time, beside
the state. It is defined by `custom_vjp`, and compared with the derivative of the solver's operations.

Source: Chen et al., Neural Ordinary Differential Equations, 2018, algorithm 1.
"""

from __future__ import annotations

from itertools import pairwise

from page import Page, command_line

import autograd.numpy as np
from autograd import custom_vjp, grad, vjp
from autograd.misc.optimizers import adam

STEPS = 3  # between two observations


def add(a, b, scale):
    return [x + scale * y for x, y in zip(a, b, strict=True)]


def runge_kutta(f, state, t0, t1):
    """The classical method of fourth order, for a list of arrays."""
    h = (t1 - t0) / STEPS
    for _ in range(STEPS):
        k1 = f(state)
        k2 = f(add(state, k1, h / 2))
        k3 = f(add(state, k2, h / 2))
        k4 = f(add(state, k3, h))
        for k, weight in ((k1, 1), (k2, 2), (k3, 2), (k4, 1)):
            state = add(state, k, h / 6 * weight)
    return state


def plain_solve(f, params, y0, times):
    """y(t) at the times, of dy/dt = f(params, y)."""
    path = [y0]
    for t0, t1 in pairwise(times):
        path.append(runge_kutta(lambda s: [f(params, s[0])], [path[-1]], t0, t1)[0])
    return np.stack(path)


def forward(f, params, y0, times):
    path = plain_solve(f, params, y0, times)
    return path, (params, path, times)


def backward(f, residuals, g):
    params, path, times = residuals
    names = list(params)

    def augmented(state):
        y, a = state[:2]
        out, pullback = vjp(f, params, y)
        by_params, by_y = pullback(a)
        return [out, -by_y, *[-by_params[n] for n in names]]

    a, by_params = g[-1], [np.zeros(np.shape(params[n])) for n in names]
    for i in range(len(times) - 1, 0, -1):
        # y is known at each observation: it need not be integrated back over all
        state = runge_kutta(augmented, [path[i], a, *by_params], times[i], times[i - 1])
        a, by_params = state[1] + g[i - 1], state[2:]
    return dict(zip(names, by_params, strict=True)), a, None


solve = custom_vjp(plain_solve, nondiff_argnums=(0,))
solve.defvjp(forward, backward)


def field(params, y):
    """A network of one hidden layer."""
    return np.tanh(y @ params["w"] + params["b"]) @ params["v"]


def pendulum(params, y):
    """A damped pendulum: angle and speed."""
    angle, speed = y[..., 0], y[..., 1]
    return np.stack([speed, -np.sin(angle) - 0.2 * speed], -1)


def run(small: bool = False) -> Page:
    rng = np.random.default_rng(0)
    times = np.linspace(0, 6, 8 if small else 13)
    y0 = np.array([[2.0, 0.0], [0.0, 1.5], [-1.0, -0.5]])
    observed = plain_solve(pendulum, {}, y0, times)
    params = {
        "w": 0.5 * rng.normal(size=(2, 16)),
        "b": np.zeros(16),
        "v": 0.5 * rng.normal(size=(16, 2)),
    }

    def loss(params, solver):
        return np.mean((solver(field, params, y0, times) - observed) ** 2)

    adjoint, direct = grad(loss)(params, solve), grad(loss)(params, plain_solve)
    scale = max(np.max(np.abs(direct[n])) for n in params)
    error = max(np.max(np.abs(adjoint[n] - direct[n])) for n in params) / scale
    before = loss(params, solve)
    steps = 60 if small else 300
    params = adam(lambda p, i: grad(loss)(p, solve), params, num_iters=steps, step_size=0.03)
    found = solve(field, params, y0, times)

    def draw(figure):
        left, right = figure.subplots(1, 2)
        for k in range(len(y0)):
            left.plot(times, observed[:, k, 0], "k.", ms=4)
            left.plot(times, found[:, k, 0])
            right.plot(*observed[:, k].T, "k.", ms=4)
            right.plot(*found[:, k].T)
        left.set_xlabel("time")
        left.set_ylabel("angle")
        right.set_xlabel("angle")
        right.set_ylabel("speed")

    return Page(
        {
            "loss": loss(params, solve),
            "before": before,
            "adjoint gradient, relative error": error,
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
