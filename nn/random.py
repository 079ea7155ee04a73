"""The generator that initialisers, dropout and data loaders draw from by default; what it draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.batching import Level, rebatch
from autograd.effects import before_draw
from autograd.errors import ArgumentError, OperandError, VmapError
from autograd.recording import GENERATORS
from autograd.tape import mode, new_tensor

_default = np.random.default_rng()
GENERATORS.append(_default)


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
    chosen = _default if generator is None else generator
    if mode.generators is not None and not isinstance(chosen, int):
        return mode.generators(chosen)  # while a function is recorded, its draws are noted
    if not isinstance(chosen, np.random.Generator):
        what = f"{caller}: generator"
        _check_seed(generator, f"{what} must be a numpy.random.Generator, a seed or None", what)
        chosen = np.random.default_rng(generator)
    if mode.keepers:
        before_draw(chosen)
    return _under_vmap(chosen, caller) if mode.levels else chosen


def _under_vmap(generator: np.random.Generator, caller: str) -> Any:
    """What draws the numbers of the examples, as the `randomness` of each `vmap` that runs says."""
    if any(level.randomness == "error" for level in mode.levels):
        raise VmapError(
            f"{caller}: draws random numbers, and vmap was not told whether they are the same for all "
            "examples; give vmap randomness='same' or randomness='different'"
        )
    levels = [level for level in mode.levels if level.randomness == "different"]
    return _EachItsOwn(generator, levels) if levels else generator


class _EachItsOwn:
    """A generator that draws for each example of some runs of `vmap`."""

    def __init__(self, generator: np.random.Generator, levels: Sequence[Level]):
        self._generator, self._levels = generator, levels

    def random(self, size: Any = None, dtype: Any = np.float64) -> Any:
        """As that of a Generator."""
        return self._drawn(self._generator.random, size, dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        draw = getattr(self._generator, name)

        def for_each(*args: Any, size: Any = None, **options: Any) -> Any:
            return self._drawn(draw, size, *args, **options)

        return for_each

    def _drawn(self, draw: Any, size: Any, *args: Any, **options: Any) -> Any:
        shape = () if size is None else (size,) if isinstance(size, int) else tuple(size)
        counts = [level.size for level in self._levels]
        return rebatch(self._levels, new_tensor(draw(*args, size=(*counts, *shape), **options)))


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
