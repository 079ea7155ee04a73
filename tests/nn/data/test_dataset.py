"""Data sets, their subsets, and the making of batches."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd.errors import (
    ArgumentError,
    AutogradError,
    IndexingError,
    OperandError,
    RequiresGradError,
    ShapeError,
)
from nn.data import Dataset, Subset, TensorDataset, default_collate


class Squares(Dataset):
    """Without a `gather` of its own."""

    def __init__(self, size: int):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        assert type(index) is int
        return {"x": float(index), "y": np.full(2, index**2)}


# ---------------------------------------------------------------- TensorDataset


def test_samples_of_a_tensor_dataset():
    x, y = np.arange(12.0).reshape(4, 3), np.arange(4)
    data = TensorDataset(x, y)
    assert len(data) == 4
    assert data.tensors[0] is x
    row, label = data[2]
    assert row.tolist() == [6, 7, 8]
    assert label == 2
    assert [int(y) for _, y in data] == [0, 1, 2, 3]  # ends by IndexError
    assert data[1:3][0].shape == (2, 3)


@given(st.integers(1, 9), st.data())
def test_gather_is_the_samples_stacked(size, data):
    indices = np.array(data.draw(st.lists(st.integers(0, size - 1), max_size=12)), dtype=np.int64)
    arrays = [
        np.random.default_rng(0).random((size, *shape)).astype("f") for shape in [(), (3,), (2, 0, 2)]
    ]
    batch = TensorDataset(*arrays).gather(indices)
    for got, array in zip(batch, arrays):
        assert got.dtype == array.dtype
        assert got.flags.owndata
        np.testing.assert_array_equal(got, array[indices])


def test_tensors_are_taken_as_their_arrays():
    data = TensorDataset(autograd.tensor([1.0, 2.0]), np.arange(2))
    assert type(data[0][0]) is np.float64
    assert type(data.gather(np.array([1]))[0]) is np.ndarray
    with pytest.raises(RequiresGradError, match="detach"):
        TensorDataset(autograd.tensor([1.0], requires_grad=True))


def test_memory_mapped_arrays_give_plain_batches(tmp_path):
    mapped = np.memmap(tmp_path / "x", dtype="f4", mode="w+", shape=(5, 2))
    (batch,) = TensorDataset(mapped).gather(np.array([1, 2]))
    assert type(batch) is np.ndarray
    assert batch.flags.owndata


@pytest.mark.parametrize(
    ("arrays", "error", "why"),
    [
        ((), ArgumentError, "at least one"),
        ((np.zeros((3, 2)), np.zeros(4)), ShapeError, r"\(3, 2\), \(4,\)"),
        (
            (np.zeros(3), np.float64(1)),
            OperandError,
            "argument 1 must be an ndarray or a Tensor, got float64",
        ),
        ((np.array(1.0),), ShapeError, "argument 0 is 0-d"),
        (([1, 2],), OperandError, "got list; numpy.asarray"),
        ((None,), OperandError, "got NoneType"),
    ],
)
def test_what_no_tensor_dataset_can_be_made_of(arrays, error, why):
    with pytest.raises(error, match=why) as caught:
        TensorDataset(*arrays)
    assert isinstance(caught.value, AutogradError)


def test_a_dataset_must_say_its_length():
    class Endless(Dataset):
        def __getitem__(self, index):
            return index

    with pytest.raises(TypeError, match="__len__"):
        Endless()


# ---------------------------------------------------------------- Subset


@pytest.mark.parametrize("data", [TensorDataset(np.arange(10)), list(range(10)), Squares(10)])
def test_a_subset_has_these_samples_in_this_order(data):
    part = Subset(Subset(data, [9, 1, 4, 4]), [3, 0, 1])
    assert len(part) == 3
    np.testing.assert_equal([part[i] for i in range(3)], [data[4], data[9], data[1]])
    got, want = part.gather(np.array([1, 2])), Subset(data, [9, 1]).gather(np.array([0, 1]))
    np.testing.assert_equal(got, want)


def test_indices_may_be_negative_a_mask_a_range_or_none():
    data = TensorDataset(np.arange(4))
    assert Subset(data, [-1]).indices.tolist() == [3]
    assert Subset(data, data.tensors[0] > 1).indices.tolist() == [2, 3]
    assert Subset(data, range(1, 3)).indices.tolist() == [1, 2]
    assert Subset(data, (0, 2)).indices.tolist() == [0, 2]
    assert len(Subset(data, [])) == 0


def test_a_subset_does_not_change_with_the_callers_indices():
    indices = np.array([0, 1])
    part = Subset(TensorDataset(np.arange(4)), indices)
    indices[:] = 3
    assert part.indices.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("indices", "error", "why"),
    [
        ([0, 4], IndexingError, "index 4 is out of bounds"),
        ([-5], IndexingError, "out of bounds"),
        ([0.0], IndexingError, "integer"),
        ([True], IndexingError, "mask|boolean"),
        ([[0]], ShapeError, r"1-d, got shape \(1, 1\)"),
        (2, ShapeError, r"1-d, got shape \(\)"),
    ],
)
def test_indices_that_are_none(indices, error, why):
    with pytest.raises(error, match=why):
        Subset(TensorDataset(np.arange(4)), indices)
    with pytest.raises(OperandError, match=r"Subset: .*__len__"):
        Subset(3, indices)


# ---------------------------------------------------------------- default_collate

Point = namedtuple("Point", "x y")


def test_collating_keeps_what_holds_the_arrays():
    samples = [Point(np.full(2, i), [i, {"name": str(i), "flag": i > 0}]) for i in range(3)]
    batch = default_collate(samples)
    assert type(batch) is Point
    assert batch.x.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert type(batch.y) is list
    assert batch.y[0].tolist() == [0, 1, 2]
    assert batch.y[1]["name"] == ["0", "1", "2"]
    assert batch.y[1]["flag"].tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("samples", "dtype"),
    [
        ([1, 2], np.int64),
        ([True, False], np.bool_),
        ([1.0, 2], np.float64),
        ([1j, 2j], np.complex128),
        ([np.float32(1), np.float32(2)], np.float32),
        ([np.zeros(3, "f"), np.ones(3, "f")], np.float32),
        ([autograd.tensor([1.0]), autograd.tensor([2.0])], np.float64),
        ([np.zeros(2, np.uint8)], np.uint8),
    ],
)
def test_numbers_and_arrays_become_arrays(samples, dtype):
    batch = default_collate(samples)
    assert type(batch) is np.ndarray
    assert batch.dtype == dtype
    assert len(batch) == len(samples)
    assert batch.flags.owndata


def test_a_batch_shares_no_memory_with_its_samples():
    sample = np.zeros(3)
    default_collate([sample])[:] = 1
    assert not sample.any()


@pytest.mark.parametrize(
    ("samples", "error", "why"),
    [
        ([], ArgumentError, "no samples"),
        ([np.zeros(2), np.zeros(3)], ShapeError, r"\(2,\) in sample 0 and \(3,\) in sample 1.*collate_fn"),
        ([(1, np.zeros(2)), (1, np.zeros(()))], ShapeError, r"sample\[1\] has shape"),
        ([(1, 2), (1,)], ArgumentError, "sample has 2 entries in sample 0 and 1 in sample 1"),
        ([{"a": (1,)}, {"a": (None,)}], OperandError, r"sample\['a'\]\[0\] is a NoneType in sample 1"),
        ([{"a": 1}, {"b": 1}], ArgumentError, r"keys \['a'\] in sample 0 and \['b'\]"),
        ([None], OperandError, "NoneType.*collate_fn"),
        ([1, "a"], OperandError, "a str in sample 1"),
        (["a", 1], OperandError, "an? int in sample 1"),
        ([(1,), 1], OperandError, "an? int in sample 1"),
        ([{}, 1], OperandError, "an? int in sample 1"),
        ([np.array([None])], OperandError, "Python objects in sample 0"),
        ([2**70], OperandError, "Python objects in sample 0"),
    ],
)
def test_samples_that_make_no_batch(samples, error, why):
    with pytest.raises(error, match=why) as caught:
        default_collate(samples)
    assert isinstance(caught.value, AutogradError)
