"""Points in the plane by formula, for pictures of what a network learns; and Beale's function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError

from ..random import as_generator

Points = tuple[np.ndarray, np.ndarray]


def make_moons(n: int = 100, noise: float = 0.0, generator: Any = None) -> Points:
    """Two half circles of radius 1 that reach into each other.

    Args:
        n: how many points, half of them (rounded down) on the first moon.
        noise: standard deviation of what is added to each coordinate.
        generator: a `numpy.random.Generator`, a seed, or None for the default generator.

    Shapes: points (n, 2), float64; labels (n,), int64, 0 or 1. Shuffled.
    Errors: ArgumentError for a negative number or noise.
    Example:
        >>> x, y = make_moons(100, noise=0.25, generator=0)
        >>> x.shape, y.sum()
        ((100, 2), np.int64(50))
    """
    first, second = _arc(n // 2, math.pi), _arc(n - n // 2, math.pi)
    return _finish("make_moons", [first, np.array([1.0, 0.5]) - second], noise, generator)


def make_circles(n: int = 100, noise: float = 0.0, factor: float = 0.8, generator: Any = None) -> Points:
    """A circle of radius 1 (label 0) and one of radius `factor` inside it (label 1).

    Args, Shapes, Errors: as `make_moons`; `factor` must be in [0, 1).
    Example:
        >>> x, y = make_circles(1000, factor=0.3, generator=0)
        >>> (np.hypot(*x.T).round(12)[y == 1] == 0.3).all()
        np.True_
    """
    if not 0 <= factor < 1:
        raise ArgumentError(f"make_circles: factor must be in [0, 1), got {factor}")
    outer, inner = _arc(n // 2, 2 * math.pi, False), factor * _arc(n - n // 2, 2 * math.pi, False)
    return _finish("make_circles", [outer, inner], noise, generator)


def make_spirals(
    n: int = 100, noise: float = 0.0, classes: int = 2, turns: float = 1.5, generator: Any = None
) -> Points:
    """Arms that wind around the origin out to radius 1, one for each class.

    Args, Shapes, Errors: as `make_moons`; `turns` is how often an arm goes around.
    Example:
        >>> x, y = make_spirals(90, classes=3, generator=0)
        >>> np.bincount(y)
        array([30, 30, 30])
    """
    arms = []
    for k, count in enumerate(_shared("make_spirals", n, classes)):
        radius = np.linspace(0, 1, count + 1)[1:]
        angle = 2 * math.pi * (turns * radius + k / classes)
        arms.append(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1))
    return _finish("make_spirals", arms, noise, generator)


def make_blobs(
    n: int = 100,
    centers: Any = 3,
    std: float = 1.0,
    box: tuple[float, float] = (-10.0, 10.0),
    generator: Any = None,
) -> Points:
    """Normal clouds around centres.

    Args:
        n, generator: as `make_moons`.
        centers: an array (k, d), or how many to draw in the plane, uniformly in `box`.
        std: standard deviation of each cloud.

    Shapes: points (n, d), float64; labels (n,), int64. Shuffled.
    Errors: ArgumentError for a negative number or deviation.
    Example:
        >>> x, y = make_blobs(60, centers=[[0, 0, 0], [5, 5, 5]], std=0.1, generator=0)
        >>> x.shape, x[y == 1].mean().round()
        ((60, 3), np.float64(5.0))
    """
    generator = as_generator(generator, "make_blobs")
    if isinstance(centers, (int, np.integer)):
        centers = generator.uniform(*box, (centers, 2))
    centers = np.asarray(centers, float)
    counts = _shared("make_blobs", n, len(centers))
    return _finish("make_blobs", [np.tile(c, (k, 1)) for c, k in zip(centers, counts)], std, generator)


def beale(x: Any, y: Any) -> Any:
    """(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2

    A test for optimisers: flat valleys, steep walls, and one minimum, 0 at (3, 0.5). Takes
    numbers, arrays and Tensors.

    Source: E. M. L. Beale, On an Iterative Method for Finding a Local Minimum of a Function of
    More than One Variable, 1958.

    Example:
        >>> beale(3.0, 0.5)
        0.0
    """
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _arc(n: int, angle: float, closed: bool = True) -> np.ndarray:
    t = np.linspace(0, angle, max(n, 0), endpoint=closed)
    return np.stack([np.cos(t), np.sin(t)], 1)


def _shared(caller: str, n: int, classes: int) -> list[int]:
    """How many points each class gets."""
    if classes < 1:
        raise ArgumentError(f"{caller}: there must be at least one class, got {classes}")
    return [n // classes + (k < n % classes) for k in range(classes)]


def _finish(caller: str, parts: list[np.ndarray], noise: float, generator: Any) -> Points:
    """The classes together, with noise, in random order."""
    generator = as_generator(generator, caller)
    labels = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    if not labels.size:
        raise ArgumentError(f"{caller}: n must be positive")
    if not noise >= 0:
        raise ArgumentError(f"{caller}: the noise must be a standard deviation >= 0, got {noise}")
    points = np.concatenate(parts) + generator.normal(0, noise, (len(labels), parts[0].shape[1]))
    order = generator.permutation(len(labels))
    return points[order], labels[order]
