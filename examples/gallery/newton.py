"""Newton's method with exact Hessians: the minimum of Rosenbrock's function in 20 variables.

    python examples/gallery/newton.py [--picture newton.png]

Source: Nocedal and Wright, Numerical Optimization, 2006, algorithm 3.2.
"""

from __future__ import annotations

from page import Page, command_line

import autograd.numpy as np
from autograd import grad, hessian


def rosenbrock(x):
    """A curved valley; the minimum is 0, at (1, ..., 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def newton(f, x, most=100, tolerance=1e-10):
    """The minimum, and the norm of the gradient at each step."""
    gradient, curvature = grad(f), hessian(f)
    norms = []
    for _ in range(most):
        g, h = gradient(x), curvature(x)
        norms.append(np.linalg.norm(g))
        if norms[-1] < tolerance:
            break
        # raised until all eigenvalues are positive, so that the step leads downhill
        values, vectors = np.linalg.eigh(h)
        direction = -vectors @ ((vectors.T @ g) / np.maximum(np.abs(values), 1e-6))
        length, slope = 1.0, g @ direction
        while f(x + length * direction) > f(x) + 1e-4 * length * slope:
            length /= 2
        x = x + length * direction
    return x, norms


def steepest(f, x, count):
    """The norm of the gradient at each step of descent along it, with the same line search."""
    gradient, norms = grad(f), []
    for _ in range(count):
        g = gradient(x)
        norms.append(np.linalg.norm(g))
        length = 1.0
        while f(x - length * g) > f(x) - 1e-4 * length * (g @ g):
            length /= 2
        x = x - length * g
    return norms


def run(small: bool = False) -> Page:
    n = 5 if small else 20
    start = np.tile([1.2, -1.0], n)[:n]
    found, norms = newton(rosenbrock, start)
    slow = steepest(rosenbrock, start, len(norms))

    def draw(figure):
        ax = figure.subplots()
        ax.semilogy(np.maximum(norms, 1e-16), "o-", ms=3, label="Newton")
        ax.semilogy(slow, label="steepest descent")
        ax.set_xlabel("step")
        ax.set_ylabel("norm of the gradient")
        ax.legend(fontsize=8)

    return Page(
        {
            "norm of the gradient": norms[-1],
            "distance from the minimum": np.linalg.norm(found - 1),
            "steps": len(norms) - 1,
            "norm by steepest descent": slow[-1],
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
