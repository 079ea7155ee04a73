"""The generator that initialisers, dropout and data loaders draw from by default."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError

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
    if not isinstance(generator, (int, np.integer)) or isinstance(generator, bool):
        raise OperandError(
            f"{caller}: generator must be a numpy.random.Generator, a seed or None, "
            f"got {type(generator).__name__}"
        )
    if generator < 0:
        raise ArgumentError(f"{caller}: generator: a seed must not be negative, got {generator}")
    return np.random.default_rng(generator)
