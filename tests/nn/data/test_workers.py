"""Batches made by other processes: the same batches, distinct draws, exact resume, errors."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

import nn
from autograd.errors import ArgumentError, OperandError
from nn.data import DataLoader, Dataset, TensorDataset, WorkerError


class Drawing(Dataset):
    """Samples with an index and three random numbers, one from each source."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        mine = nn.default_generator().random()
        return np.array([index, mine, np.random.random(), random.random()])


class Failing(Dataset):
    def __init__(self, how):
        self.how = how

    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 2:
            if self.how == "raise":
                raise KeyError("sample 2")
            os._exit(3)
        return index


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_the_same_batches_in_the_same_order(shuffle, drop_last):
    data = TensorDataset(np.arange(22).reshape(11, 2), np.arange(11))
    loaders = [
        DataLoader(data, 4, shuffle=shuffle, drop_last=drop_last, generator=3, num_workers=n)
        for n in (0, 2)
    ]
    for _ in range(2):
        alone, together = (list(loader) for loader in loaders)
        if not shuffle:
            assert len(alone) == len(together) == (2 if drop_last else 3)
        for a, b in zip(alone, together, strict=True):
            for x, y in zip(a, b, strict=True):
                np.testing.assert_array_equal(x, y)


def test_draws_are_distinct_and_do_not_depend_on_who_makes_them():
    first, second = (
        np.concatenate(list(DataLoader(Drawing(), 2, generator=0, num_workers=n))) for n in (1, 2)
    )
    np.testing.assert_array_equal(first, second)
    for column in first.T:
        assert len(set(column)) == 12


def test_epochs_draw_anew():
    loader = DataLoader(Drawing(), 12, generator=0, num_workers=1)
    (a,), (b,) = list(loader), list(loader)
    assert (a[:, 1:] != b[:, 1:]).all()


def test_resume_in_the_middle():
    loader = DataLoader(Drawing(), 2, shuffle=True, generator=0, num_workers=2)
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    state = loader.state_dict()
    resumed = DataLoader(Drawing(), 2, shuffle=True, generator=9, num_workers=1)
    resumed.load_state_dict(state)
    for a, b in zip(batches, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_batches_in_flight_do_not_count():
    loader = DataLoader(range(10), 1, num_workers=1, prefetch_factor=4)
    batches = iter(loader)
    next(batches)
    assert loader.state_dict()["epoch"]["position"] == 1
    batches.close()


def test_what_a_sample_raises_is_raised_here():
    with pytest.raises(KeyError, match="sample 2"):
        list(DataLoader(Failing("raise"), 1, num_workers=1))


def test_a_worker_that_dies_is_an_error():
    with pytest.raises(WorkerError, match="a worker process died"):
        list(DataLoader(Failing("die"), 1, num_workers=1))


def test_refusals():
    with pytest.raises(ArgumentError, match="num_workers must be at least 0, got -1"):
        DataLoader(range(3), num_workers=-1)
    with pytest.raises(OperandError, match="num_workers must be an integer"):
        DataLoader(range(3), num_workers=1.5)
    with pytest.raises(ArgumentError, match="prefetch_factor must be at least 1"):
        DataLoader(range(3), num_workers=1, prefetch_factor=0)
