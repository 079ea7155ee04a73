"""The loader: every sample once per epoch, in an order that can be had again, and resumed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd.errors import ArgumentError, AutogradError, OperandError
from nn.data import DataLoader, Dataset, Subset, TensorDataset, random_split


def numbered(size: int) -> TensorDataset:
    return TensorDataset(np.arange(size, dtype="f")[:, None] * 10, np.arange(size))


def labels_of(loader) -> list[list[int]]:
    return [labels.tolist() for _, labels in loader]


sizes = st.integers(0, 40)
batch_sizes = st.integers(1, 15)


# ---------------------------------------------------------------- epochs


@given(sizes, batch_sizes, st.booleans(), st.booleans())
def test_every_sample_once_per_epoch(size, batch_size, shuffle, drop_last):
    loader = DataLoader(numbered(size), batch_size, shuffle, drop_last=drop_last, generator=3)
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader)
        got = [label for _, labels in batches for label in labels.tolist()]
        assert len(set(got)) == len(got) == (size - size % batch_size if drop_last else size)
        assert set(got) <= set(range(size))
        assert shuffle or got == sorted(got)
        assert all(len(labels) == batch_size for _, labels in batches[:-1])
        assert all((images[:, 0] == labels * 10).all() for images, labels in batches)


def test_the_last_short_batch_is_kept_unless_dropped():
    assert labels_of(DataLoader(numbered(5), 2)) == [[0, 1], [2, 3], [4]]
    assert labels_of(DataLoader(numbered(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert labels_of(DataLoader(numbered(4), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert labels_of(DataLoader(numbered(3), 4, drop_last=True)) == []
    assert labels_of(DataLoader(numbered(2))) == [[0], [1]]


def test_orders_are_reproducible_and_differ_between_epochs():
    def epochs(generator):
        loader = DataLoader(numbered(30), 30, True, generator=generator)
        return [labels_of(loader) for _ in range(3)]

    assert epochs(7) == epochs(7) == epochs(np.random.default_rng(7))
    first, second, third = epochs(7)
    assert first != second != third != first
    assert epochs(7) != epochs(8)
    assert epochs(None) != epochs(None)


def test_all_orders_are_about_equally_likely():
    loader = DataLoader(numbered(3), 3, True, generator=0)
    counts: dict[tuple, int] = {}
    for _ in range(1200):
        ((_, labels),) = loader
        counts[tuple(labels)] = counts.get(tuple(labels), 0) + 1
    # five standard deviations of a count of 1,200 draws at 1/6
    assert len(counts) == 6
    assert all(abs(count - 200) < 65 for count in counts.values())


def test_manual_seed_governs_loaders_without_a_generator():
    loader = DataLoader(numbered(30), 30, True)
    before = nn.default_generator().bit_generator.state
    try:
        nn.manual_seed(5)
        first = labels_of(loader)
        nn.manual_seed(5)
        assert labels_of(loader) == first == labels_of(DataLoader(numbered(30), 30, True, generator=5))
    finally:
        nn.default_generator().bit_generator.state = before


def test_a_loader_in_order_draws_nothing():
    generator = np.random.default_rng(0)
    before = generator.bit_generator.state
    list(DataLoader(numbered(5), 2, generator=generator))
    assert generator.bit_generator.state == before


def test_passes_at_the_same_time_do_not_disturb_each_other():
    loader = DataLoader(numbered(6), 2, True, generator=0)
    alone = DataLoader(numbered(6), 2, True, generator=0)
    first, second = labels_of(alone), labels_of(alone)
    a, b = iter(loader), iter(loader)
    pairs = [(x[1].tolist(), y[1].tolist()) for x, y in zip(a, b)]
    assert [x for x, _ in pairs] == first
    assert [y for _, y in pairs] == second


# ---------------------------------------------------------------- batches


def test_batches_are_fresh_arrays():
    data = numbered(4)
    for images, labels in DataLoader(data, 4):
        assert type(images) is type(labels) is np.ndarray
        assert images.flags.owndata
        assert labels.flags.owndata
        assert images.dtype == np.float32
        images += 1
        labels += 1
    assert data.tensors[1].tolist() == [0, 1, 2, 3]
    assert data.tensors[0][0] == 0


class Counting(Dataset):
    def __init__(self):
        self.singles, self.gathers = 0, 0

    def __len__(self):
        return 10

    def __getitem__(self, index):
        self.singles += 1
        return index

    def gather(self, indices):
        self.gathers += 1
        return indices.copy()


def test_one_gather_a_batch_also_through_subsets():
    data = Counting()
    train, _ = random_split(data, [8, 2], generator=0)
    batches = list(DataLoader(Subset(train, range(6)), 3, True))
    assert (data.gathers, data.singles) == (2, 0)
    assert sorted(np.concatenate(batches)) == sorted(train.indices[:6])


@pytest.mark.parametrize(
    "dataset", [range(5), [10, 11, 12], "abc", [{"a": 1.0}], np.arange(6).reshape(3, 2)]
)
def test_anything_with_a_length_and_an_index_is_a_data_set(dataset):
    batches = list(DataLoader(dataset, 2))
    assert len(batches) == (len(dataset) + 1) // 2


def test_collate_fn_gets_the_list_of_samples():
    seen = []
    loader = DataLoader(numbered(3), 2, collate_fn=lambda samples: seen.append(samples) or len(samples))
    assert list(loader) == [2, 1]
    assert type(seen[0]) is list
    assert int(seen[1][0][1]) == 2


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"batch_size": 0}, ArgumentError, "at least 1, got 0"),
        ({"batch_size": -2}, ArgumentError, "at least 1, got -2"),
        ({"batch_size": 2.0}, OperandError, "an integer, got float"),
        ({"batch_size": True}, OperandError, "an integer, got bool"),
        ({"batch_size": None}, OperandError, "an integer, got NoneType"),
        ({"generator": "0"}, OperandError, "Generator.*got str"),
        ({"generator": np.random.RandomState(0)}, OperandError, "Generator.*got RandomState"),
        ({"generator": -1}, ArgumentError, "negative, got -1"),
        ({"collate_fn": 3}, OperandError, "callable, got int"),
        ({"dataset": 3}, OperandError, "__len__.*int has not"),
        ({"dataset": iter([1])}, OperandError, "__len__"),
    ],
)
def test_bad_arguments(options, error, why):
    with pytest.raises(error, match=f"DataLoader: .*{why}") as caught:
        DataLoader(**{"dataset": numbered(3), **options})
    assert isinstance(caught.value, AutogradError)


def test_numpy_integers_are_batch_sizes():
    loader = DataLoader(numbered(3), np.int64(2))
    assert type(loader.batch_size) is int
