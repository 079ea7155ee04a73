"""Lecture on neural networks: drawings, activations, decision boundaries, optimisers, Fashion-MNIST.

    python examples/lecture.py [--small] [--out runs/lecture]

The second half, on Fashion-MNIST, is in fashion.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import fashion
import numpy as np
from matplotlib.figure import Figure
from report import Report, command_line

import autograd
import nn
import nn.functional as F
import optim
from nn import plot
from nn.data import beale, make_moons

MINIMUM = (3.0, 0.5)


def run(report: Report) -> None:
    """The whole lecture."""
    drawings(report)
    activations(report)
    boundaries(report)
    optimisers(report)
    rates(report)
    fashion.run(report)


def drawings(report: Report) -> None:
    """Dense networks as circles and lines, with the number of weights between the layers."""
    for name, sizes in {"perceptron": [4, 1], "shallow": [4, 6, 3], "deep": [4, 6, 6, 6, 3]}.items():
        report.save(plot.network(sizes, bias=True), f"network_{name}.svg")
    report.save(plot.network([784, 512, 512, 10]), "network_fashion.svg")
    report.add(
        "weights of 784-512-512-10", f"{sum(plot.weight_count([784, 512, 512, 10])):,}", text="669,706"
    )


def activations(report: Report) -> None:
    """Activations and their derivatives, these by the tape."""
    functions: dict[str, Callable] = {
        "sigmoid": F.sigmoid,
        "tanh": F.tanh,
        "ReLU": F.relu,
        "leaky ReLU 0.1": lambda x: F.leaky_relu(x, 0.1),
    }
    figure = Figure(figsize=(11, 2.6), layout="constrained")
    for ax, (name, f) in zip(figure.subplots(1, 4), functions.items(), strict=True):
        plot.function({name: f, "derivative": lambda x, f=f: derivative(f, x)}, ax, low=-3, high=3)
    report.save(figure, "activations.svg")


def derivative(f: Callable, x: np.ndarray) -> np.ndarray:
    """f' at each point."""
    points = autograd.tensor(x, requires_grad=True)
    return autograd.gradients(f(points).sum(), points)[0].numpy()


# ---------------------------------------------------------------- decision boundaries


def boundaries(report: Report) -> None:
    """Two moons, 1 to 4 hidden layers of 10: ReLU bends its boundary in lines, tanh in curves."""
    depths = (1, 2) if report.small else (1, 2, 3, 4)
    x, y = make_moons(100, noise=0.25, generator=0)
    figure = Figure(figsize=(3 * len(depths), 6), layout="constrained")
    axes = figure.subplots(2, len(depths))
    for row, (name, activation) in zip(axes, {"ReLU": nn.ReLU, "tanh": nn.Tanh}.items(), strict=True):
        right = []
        for ax, depth in zip(row, depths, strict=True):
            model = moons_model(x, y, activation, depth)
            plot.decision_regions(model, x, y, ax, n=120).set_title(f"{name}, {depth} x 10", fontsize=9)
            right.append((model(x.astype(np.float32)).detach().numpy().argmax(1) == y).mean())
        found = ", ".join(f"{r:.2f}" for r in right)
        report.add(f"moons, {name}, by depth: training accuracy", found, true=min(right) >= 0.9, whole=True)
    report.save(figure, "boundaries.png")


def moons_model(x: np.ndarray, y: np.ndarray, activation: Callable, depth: int) -> nn.Module:
    """Hidden layers of 10, trained on all points at once by L-BFGS."""
    nn.manual_seed(0)
    sizes, layers = [2, *[10] * depth, 2], []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), activation()]
    model, points = nn.Sequential(*layers[:-1]), x.astype(np.float32)
    optimizer = optim.LBFGS(model.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(points), y)
        loss = loss + 5e-5 * sum((p * p).sum() for p in model.parameters())
        loss.backward()
        return loss

    optimizer.step(closure)
    return model


# ---------------------------------------------------------------- Beale's function


def cyclical(optimizer: optim.Optimizer) -> Any:
    """From 1e-4 up to 0.1 and down again, 100 steps each way."""
    return optim.lr_scheduler.CyclicLR(optimizer, 1e-4, 0.1, step_size_up=100, cycle_momentum=False)


def decaying(optimizer: optim.Optimizer) -> Any:
    """By 0.96 every 100 steps, smoothly."""
    return optim.lr_scheduler.ExponentialLR(optimizer, 0.96 ** (1 / 100))


# name -> the optimiser of a point, and the schedule of its rate
OPTIMISERS: dict[str, tuple[Callable, Callable | None]] = {
    "SGD 0.01": (lambda p: optim.SGD(p, lr=0.01), None),
    "SGD 0.02, decaying": (lambda p: optim.SGD(p, lr=0.02), decaying),
    "momentum 0.005": (lambda p: optim.SGD(p, lr=0.005, momentum=0.9), None),
    "Nesterov 0.005": (lambda p: optim.SGD(p, lr=0.005, momentum=0.9, nesterov=True), None),
    "Adagrad 0.4": (lambda p: optim.Adagrad(p, lr=0.4), None),
    "RMSprop 0.1": (lambda p: optim.RMSprop(p, lr=0.1), None),
    "Adam 0.2": (lambda p: optim.Adam(p, lr=0.2), None),
    "Adamax 0.2": (lambda p: optim.Adamax(p, lr=0.2), None),
    "SGD, cyclical": (lambda p: optim.SGD(p, lr=1e-4), cyclical),
}


def descend(make: Callable, schedule: Callable | None = None, steps: int = 100) -> np.ndarray:
    """The points that an optimiser visits on Beale's function from (0.8, 1.6)."""
    point = autograd.tensor([0.8, 1.6], requires_grad=True)
    optimizer = make([point])
    scheduler = schedule(optimizer) if schedule is not None else None
    visited = [point.detach().numpy().copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        beale(point[0], point[1]).backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        visited.append(point.detach().numpy().copy())
    return np.array(visited)


def optimisers(report: Report) -> None:
    """Nine ways down, on the contours of the function."""
    ax = plot.contours(beale, plot.new_axis(8, 6), x=(-0.5, 4.2), y=(-1.5, 2.2))
    ax.plot(*MINIMUM, marker="*", markersize=12, color="black")
    start = beale(0.8, 1.6)
    for name, (make, schedule) in OPTIMISERS.items():
        visited = descend(make, schedule)
        plot.path(visited, ax, label=name)
        height = float(beale(*visited[-1]))
        words = f"{height:.4f} at ({visited[-1][0]:.2f}, {visited[-1][1]:.2f})"
        report.add(f"Beale from (0.8, 1.6), 100 steps, {name}: value", words, true=height < start)
    ax.legend(fontsize=7)
    report.save(ax, "beale.svg")


def rates(report: Report) -> None:
    """Plain SGD with rates from 0 to 0.045: too small, right, too large."""
    ax = plot.contours(beale, plot.new_axis(8, 6), x=(-0.5, 4.2), y=(-1.5, 2.2))
    ax.plot(*MINIMUM, marker="*", markersize=12, color="black")
    ends = {}
    for rate in np.arange(0, 0.0451, 0.005):
        with np.errstate(all="ignore"):
            visited = descend(lambda p, rate=rate: optim.SGD(p, lr=float(rate)))
        ends[rate] = float(beale(*visited[-1]))
        if np.isfinite(ends[rate]):
            plot.path(visited, ax, label=f"{rate:.3f}: {ends[rate]:.2g}")
    ax.legend(fontsize=7, title="rate: value after 100 steps")
    report.save(ax, "beale_rates.svg")
    best = min(ends, key=lambda r: ends[r] if np.isfinite(ends[r]) else np.inf)
    report.add("Beale, SGD: best rate of 0 to 0.045", f"{best:.3f}, value {ends[best]:.4f}")


if __name__ == "__main__":
    command_line(run, __doc__)
