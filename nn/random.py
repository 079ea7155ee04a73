"""The generator that initialisers, dropout and data loaders draw from by default."""

from __future__ import annotations

from typing import Any

import numpy as np

_default = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the default generator, and return it.

    Example:
        >>> _ = manual_seed(0); a = default_generator().random()
        >>> _ = manual_seed(0); a == default_generator().random()
        True
    """
    fresh = np.random.default_rng(seed)
    _default.bit_generator.state = fresh.bit_generator.state
    return _default


def default_generator() -> np.random.Generator:
    """The generator in use where none is given; its `bit_generator.state` can be saved."""
    return _default


def generator_of(generator: Any) -> np.random.Generator:
    """A generator from a Generator, a seed, or None for the default one.

    Errors: TypeError for anything else.
    """
    if generator is None:
        return _default
    if isinstance(generator, np.random.Generator):
        return generator
    if isinstance(generator, (int, np.integer)) and not isinstance(generator, bool):
        return np.random.default_rng(generator)
    raise TypeError(
        f"generator must be a numpy.random.Generator, a seed or None, got {type(generator).__name__}"
    )
