"""The generator that initialisers, dropout and data loaders draw from by default; what it draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError

_default = np.random.default_rng()


def manual_seed(seed: int | Sequence[int]) -> np.random.Generator:
    """Seed the default generator, and return it.

    Args:
        seed: an integer >= 0, or a sequence of them.

    Errors: OperandError for another type, ArgumentError for a negative seed.

    Example:
        >>> _ = manual_seed(0); a = default_generator().random()
        >>> _ = manual_seed(0); a == default_generator().random()
        True
    """
    for part in seed if isinstance(seed, (list, tuple)) else [seed]:
        _check_seed(part, "manual_seed: seed must be an integer or a sequence of them", "manual_seed")
    fresh = np.random.default_rng(seed)
    _default.bit_generator.state = fresh.bit_generator.state
    return _default


def default_generator() -> np.random.Generator:
    """The generator in use where none is given; its `bit_generator.state` can be saved."""
    return _default


def as_generator(generator: Any, caller: str) -> np.random.Generator:
    """The generator that an argument `generator=` stands for.

    Args:
        generator: a `numpy.random.Generator`, which is returned itself; a seed (an integer >= 0)
            for a new one; or None for the default one, which `manual_seed` seeds.
        caller: whose argument it is, for the message.

    Errors: OperandError for another type, ArgumentError for a negative seed.

    Example:
        >>> a, b = as_generator(3, "f"), as_generator(3, "f")
        >>> a.random() == b.random()
        True
    """
    if generator is None:
        return _default
    if isinstance(generator, np.random.Generator):
        return generator
    what = f"{caller}: generator"
    _check_seed(generator, f"{what} must be a numpy.random.Generator, a seed or None", what)
    return np.random.default_rng(generator)


def _check_seed(seed: Any, wanted: str, what: str) -> None:
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
        raise OperandError(f"{wanted}, got {type(seed).__name__}")
    if seed < 0:
        raise ArgumentError(f"{what}: a seed must not be negative, got {seed}")


def truncated_normal(rng: np.random.Generator, low: float, high: float, count: int) -> np.ndarray:
    """Standard normal numbers given that they lie in [low, high], which may be far from 0.

    They are drawn from a law that is near, and each is kept with the ratio of the densities.

    Source: Robert, Simulation of truncated normal variables, 1995, sections 2.1 and 2.2.
    """
    if low > 0 or high < 0:
        flip = high < 0
        drawn = _tail(rng, -high if flip else low, -low if flip else high, count)
        return -drawn if flip else drawn
    if high - low < 2:  # flat enough for a uniform law

        def draw(n: int) -> np.ndarray:
            x = rng.uniform(low, high, n)
            return x[rng.random(n) < np.exp(-x * x / 2)]

    else:

        def draw(n: int) -> np.ndarray:
            x = rng.normal(size=n)
            return x[(low <= x) & (x <= high)]

    return _until(count, draw)


def _tail(rng: np.random.Generator, low: float, high: float, count: int) -> np.ndarray:
    """The same where 0 < low: from the exponential law that touches the density at its top."""
    rate = (low + math.sqrt(low * low + 4)) / 2
    reach = -math.expm1(-rate * (high - low))  # how much of the exponential law is below high

    def draw(n: int) -> np.ndarray:
        x = low - np.log1p(-reach * rng.random(n)) / rate
        return x[rng.random(n) < np.exp(-((x - rate) ** 2) / 2 + max(0.0, rate - high) ** 2 / 2)]

    return _until(count, draw)


def _until(count: int, draw: Any) -> np.ndarray:
    """As many numbers as are wanted, from a function that gives some of those it is asked for."""
    found, have = [], 0
    while have < count:
        found.append(draw(2 * (count - have) + 8))
        have += found[-1].size
    return np.concatenate([np.empty(0), *found])[:count]
