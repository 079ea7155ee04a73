"""Functions of one and two variables: graphs, contours, decision regions, paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.modes import no_grad
from autograd.tensor import Tensor

from .axis import new_axis

COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")


def function(
    functions: Mapping[str, Callable], ax: Any = None, *, low: float = -4.0, high: float = 4.0, n: int = 401
) -> Any:
    """Graphs of functions of one variable, given arrays, over [low, high]."""
    ax = new_axis() if ax is None else ax
    x = np.linspace(low, high, n)
    for name, f in functions.items():
        ax.plot(x, _values(f(x)), label=name)
    ax.grid(alpha=0.3)
    if len(functions) > 1:
        ax.legend(fontsize=8)
    return ax


def points(x: Any, labels: Any, ax: Any = None, *, size: float = 12.0) -> Any:
    """Points (n, 2) in the colours of their labels.

    Errors: ShapeError for another shape.
    """
    x, labels = np.asarray(x), np.asarray(labels)
    if x.ndim != 2 or x.shape[1] != 2 or labels.shape != x.shape[:1]:
        raise ShapeError(f"points: expected (n, 2) and (n,), got {x.shape} and {labels.shape}")
    ax = new_axis(4, 4) if ax is None else ax
    for k in np.unique(labels):
        chosen = x[labels == k]
        colour = COLOURS[int(k) % len(COLOURS)]
        ax.scatter(chosen[:, 0], chosen[:, 1], s=size, color=colour, edgecolors="white", linewidths=0.4)
    return ax


def decision_regions(
    classify: Callable, x: Any, labels: Any, ax: Any = None, *, n: int = 200, margin: float = 0.4
) -> Any:
    """The plane in the colours of the classes it is put into, and points with their true labels.

    Args:
        classify: takes points (m, 2), float32, and returns a class for each, (m,); or a score for
            each class, (m, classes).
    """
    x = np.asarray(x)
    ax = new_axis(4, 4) if ax is None else ax
    (left, bottom), (right, top) = x.min(0) - margin, x.max(0) + margin
    across, up = np.meshgrid(np.linspace(left, right, n), np.linspace(bottom, top, n))
    with no_grad():
        found = _values(classify(np.stack([across.ravel(), up.ravel()], 1).astype(np.float32)))
    classes = (found.argmax(1) if found.ndim == 2 else found).reshape(across.shape)
    levels = np.arange(classes.max() + 2) - 0.5
    ax.contourf(across, up, classes, levels=levels, colors=COLOURS[: len(levels) - 1], alpha=0.25)
    return points(x, labels, ax)


def contours(
    f: Callable,
    ax: Any = None,
    *,
    x: tuple[float, float] = (-4.5, 4.5),
    y: tuple[float, float] = (-4.5, 4.5),
    levels: Any = None,
    n: int = 300,
) -> Any:
    """Level lines of a function of two arrays; by default evenly spaced in its logarithm."""
    ax = new_axis(5, 4) if ax is None else ax
    across, up = np.meshgrid(np.linspace(*x, n), np.linspace(*y, n))
    heights = _values(f(across, up))
    if levels is None:
        floor = max(float(heights.min()), 1e-2)
        levels = np.geomspace(floor, float(heights.max()), 25)
    scale = {"norm": "log"} if np.min(levels) > 0 else {}
    ax.contour(across, up, heights, levels=levels, cmap="viridis", linewidths=0.6, alpha=0.8, **scale)
    ax.set(xlim=x, ylim=y)
    return ax


def path(visited: Any, ax: Any = None, *, label: str = "", color: str | None = None) -> Any:
    """The way through the plane that an optimiser took, (steps, 2), with a dot at its end."""
    visited = np.asarray(visited)
    ax = new_axis(5, 4) if ax is None else ax
    (line,) = ax.plot(visited[:, 0], visited[:, 1], label=label or None, color=color, linewidth=1.2)
    ax.plot(*visited[-1], marker="o", markersize=4, color=line.get_color())
    return ax


def _values(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
