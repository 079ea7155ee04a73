"""Divides a data set at random."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from autograd.errors import ArgumentError, OperandError

from ..random import as_generator
from .dataset import Subset, require_dataset


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Disjoint random subsets that together are the data set.

    Args:
        dataset: has a length and an index.
        lengths: either integers, which add up to the length, or fractions, of which at least one
            is a float and which add up to one. A subset gets the fraction of the length rounded
            down; samples left over go one each to the first subsets (PyTorch's rule).
        generator: a `numpy.random.Generator`, a seed, or None for the default generator.

    Errors: ArgumentError for lengths that are negative or do not add up, OperandError for what is
        not a number. Warns if a fraction above zero gets no sample.
    Example:
        >>> train, test = random_split(range(100), [0.85, 0.15], generator=0)
        >>> len(train), len(test), sorted([*train, *test]) == [*range(100)]
        (85, 15, True)
    """
    size = len(require_dataset(dataset, "random_split"))
    if isinstance(lengths, str) or not hasattr(lengths, "__iter__"):
        raise OperandError(f"random_split: lengths must be a list of numbers, got {type(lengths).__name__}")
    counts = _counts(list(lengths), size)
    order = as_generator(generator, "random_split").permutation(size)
    ends = [sum(counts[: i + 1]) for i in range(len(counts))]
    return [Subset(dataset, order[end - count : end]) for count, end in zip(counts, ends)]


def _counts(lengths: list[Any], size: int) -> list[int]:
    """How many samples each subset gets."""
    for length in lengths:
        if isinstance(length, bool) or not hasattr(length, "__float__"):
            raise OperandError(f"random_split: lengths must be numbers, got {type(length).__name__}")
        if not 0 <= length < math.inf:
            raise ArgumentError(
                f"random_split: lengths must not be negative, infinite or NaN, got {lengths}"
            )
    if all(hasattr(length, "__index__") for length in lengths):
        if sum(lengths) != size:
            raise ArgumentError(
                f"random_split: lengths {lengths} add up to {sum(lengths)}, the data set has {size} "
                "samples; give lengths that add up to it, or fractions that add up to 1.0"
            )
        return [int(length) for length in lengths]
    if not math.isclose(math.fsum(lengths), 1.0):
        raise ArgumentError(f"random_split: fractions {lengths} add up to {math.fsum(lengths):g}, not 1")
    return _share(lengths, size)


def _share(fractions: list[float], size: int) -> list[int]:
    counts = [math.floor(size * fraction) for fraction in fractions]
    for i in range(size - sum(counts)):
        counts[i % len(counts)] += 1
    for fraction, count in zip(fractions, counts):
        if fraction > 0 and not count:
            warnings.warn(
                f"random_split: a fraction of {fraction:g} of {size} samples is none", stacklevel=4
            )
    return counts
