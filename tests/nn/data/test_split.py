"""Random splits are partitions, of the right sizes, that can be had again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.errors import ArgumentError, OperandError
from nn.data import random_split


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), st.integers(0, 2**40))
def test_a_split_by_lengths_is_a_partition(lengths, seed):
    parts = random_split(range(sum(lengths)), lengths, generator=seed)
    assert [len(part) for part in parts] == lengths
    assert sorted(i for part in parts for i in part.indices.tolist()) == [*range(sum(lengths))]


@pytest.mark.filterwarnings("ignore:random_split")
@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(0, 200))
def test_a_split_by_fractions_is_a_partition_of_about_these_shares(weights, size):
    fractions = [weight / sum(weights) for weight in weights]
    parts = random_split(range(size), fractions, generator=0)
    assert sorted(i for part in parts for i in part) == [*range(size)]
    for part, fraction in zip(parts, fractions):
        assert abs(len(part) - size * fraction) <= 1 + 1e-9


def test_left_over_samples_go_to_the_first():
    assert [len(part) for part in random_split(range(1797), [0.85, 0.15])] == [1528, 269]
    assert [len(part) for part in random_split(range(10), [0.33, 0.33, 0.34])] == [4, 3, 3]


def test_a_split_is_random_and_reproducible():
    def orders(generator):
        return [part.indices.tolist() for part in random_split(range(50), [30, 20], generator=generator)]

    assert orders(0) == orders(0) == orders(np.random.default_rng(0)) == orders(np.int64(0))
    assert orders(0) != orders(1)
    assert orders(None) != orders(None)
    generator = np.random.default_rng(0)
    assert orders(generator) != orders(generator)


def test_a_fraction_without_a_sample_warns():
    with pytest.warns(UserWarning, match=r"fraction of 0\.1 of 3 samples") as caught:
        random_split(range(3), [0.9, 0.1])
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("lengths", "error", "why"),
    [
        ([3, 3], ArgumentError, "add up to 6, the data set has 5"),
        ([1, 0], ArgumentError, "add up to 1, the data set has 5"),
        ([], ArgumentError, "add up to 0"),
        ([6, -1], ArgumentError, "negative"),
        ([0.5, 0.6], ArgumentError, r"add up to 1\.1, not 1"),
        ([0.5, 0.4], ArgumentError, r"add up to 0\.9"),
        ([1.5, -0.5], ArgumentError, "negative"),
        ([float("nan"), 1.0], ArgumentError, "NaN"),
        (["a"], OperandError, "got str"),
        ([True, 4], OperandError, "got bool"),
        (5, OperandError, "list of numbers, got int"),
    ],
)
def test_lengths_that_do_not_divide_it(lengths, error, why):
    with pytest.raises(error, match=why):
        random_split(range(5), lengths)


@pytest.mark.parametrize(
    ("generator", "error"),
    [
        ("0", OperandError),
        (0.0, OperandError),
        (True, OperandError),
        (np.random.RandomState(0), OperandError),
    ],
)
def test_what_is_not_a_generator(generator, error):
    with pytest.raises(error, match=r"random_split: .*Generator") as caught:
        random_split(range(5), [5], generator=generator)
    assert type(generator).__name__ in str(caught.value)


def test_a_negative_seed():
    with pytest.raises(ArgumentError, match=r"random_split: .*negative, got -1"):
        random_split(range(5), [5], generator=-1)
