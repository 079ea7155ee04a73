"""Padding, packing, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from nn.utils.rnn import (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)

lengths_of = st.lists(st.integers(1, 5), min_size=1, max_size=5)


def sequences_of(lengths, *rest):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, *rest)) for n in lengths]


def equal(found, expected):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_packing_by_hand():
    packed = pack_padded_sequence(np.array([[1, 2, 3], [4, 5, 0], [6, 0, 0]]), [3, 2, 1], batch_first=True)
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices is packed.unsorted_indices is None


def test_sorting_by_hand():
    packed = pack_sequence([np.array([1]), np.array([2, 3, 4]), np.array([5, 6])], enforce_sorted=False)
    assert packed.data.tolist() == [2, 5, 1, 3, 6, 4]
    assert packed.sorted_indices.tolist() == [1, 2, 0]
    assert packed.unsorted_indices.tolist() == [2, 0, 1]
    assert invert_permutation([2, 0, 1]).tolist() == [1, 2, 0]
    assert invert_permutation(None) is None


@given(lengths_of, st.booleans(), st.sampled_from([(), (2,), (2, 0), (1, 3)]))
def test_there_and_back(lengths, batch_first, rest):
    sequences = sequences_of(lengths, *rest)
    padded = pad_sequence(sequences, batch_first, padding_value=7.0)
    shape = (len(lengths), max(lengths)) if batch_first else (max(lengths), len(lengths))
    assert padded.shape == (*shape, *rest)
    equal(unpad_sequence(padded, lengths, batch_first), sequences)
    packed = pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
    equal(unpack_sequence(packed), sequences)
    equal([packed.data], [pack_sequence(sequences, enforce_sorted=False).data])
    again, known = pad_packed_sequence(packed, batch_first, padding_value=7.0)
    np.testing.assert_array_equal(again, padded)
    assert known.tolist() == lengths
    ranked = sorted(sequences, key=len, reverse=True)
    equal(unpack_sequence(pack_sequence(ranked)), ranked)


@given(lengths_of)
def test_padding_on_the_left(lengths):
    sequences = sequences_of(lengths)
    padded = pad_sequence(sequences, True, -1.0, "left")
    for row, s in zip(padded, sequences, strict=True):
        np.testing.assert_array_equal(row[len(row) - len(s) :], s)
        assert (row[: len(row) - len(s)] == -1).all()


def test_total_length():
    padded, lengths = pad_packed_sequence(
        pack_sequence([np.ones(2), np.ones(1)]), True, 3.0, total_length=4
    )
    assert padded.tolist() == [[1, 1, 3, 3], [1, 3, 3, 3]]
    assert lengths.tolist() == [2, 1]
    with pytest.raises(ArgumentError, match="total_length must be at least the longest length, 2, got 1"):
        pad_packed_sequence(pack_sequence([np.ones(2)]), total_length=1)


def test_lengths_may_be_tensors_and_input_a_list():
    packed = pack_padded_sequence([[1.0, 2.0], [3.0, 4.0]], tensor(np.array([1, 2])), enforce_sorted=False)
    assert packed.data.tolist() == [2.0, 1.0, 4.0]
    assert [s.tolist() for s in unpad_sequence(np.eye(2), tensor(np.array([2, 1])))] == [[1, 0], [0]]


def test_tensors_stay_tensors_and_dtypes_stay():
    leaves = [tensor(np.arange(n, dtype=np.float32), requires_grad=True) for n in (1, 3, 2)]
    packed = pack_sequence(leaves, enforce_sorted=False)
    assert isinstance(packed.data, autograd.Tensor)
    assert packed.data.dtype == np.float32
    padded, _ = pad_packed_sequence(packed)
    weights = np.arange(9, dtype=np.float32).reshape(3, 3)
    (padded * weights).sum().backward()
    for n, leaf in enumerate(leaves):
        np.testing.assert_array_equal(leaf.grad.numpy(), weights[: leaf.shape[0], n])
    assert isinstance(pack_sequence([np.ones(2)]).data, np.ndarray)
    assert pad_sequence([np.ones(2, np.float32)]).dtype == np.float32
    assert packed.to(np.float64).data.dtype == np.float64
    assert packed.to(np.float64).batch_sizes is packed.batch_sizes


def test_gradients_reach_what_was_padded():
    leaves = [tensor(np.ones(n), requires_grad=True) for n in (1, 3)]
    weights = np.arange(6.0).reshape(2, 3)
    (pad_sequence(leaves, True, padding_side="left") * weights).sum().backward()
    assert [x.grad.tolist() for x in leaves] == [[2.0], [3.0, 4.0, 5.0]]
    x = tensor(np.ones((3, 2)), requires_grad=True)
    (pack_padded_sequence(x, [3, 1]).data * np.arange(1.0, 5.0)).sum().backward()
    assert x.grad.tolist() == [[1.0, 2.0], [3.0, 0.0], [4.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda x: pack_padded_sequence(x, [1, 3]),
            ArgumentError,
            "must not increase, got .*enforce_sorted=False",
        ),
        (lambda x: pack_padded_sequence(x, [4, 1]), ArgumentError, r"must be in 1..3, got \[4, 1\]"),
        (lambda x: pack_padded_sequence(x, [3, 0]), ArgumentError, "must be in 1..3"),
        (lambda x: pack_padded_sequence(x, [3]), ShapeError, "expected 2 lengths"),
        (lambda x: pack_padded_sequence(x, [2.5, 1]), DtypeError, "whole numbers"),
        (lambda x: pack_padded_sequence(x, ["3", "1"]), DtypeError, "whole numbers"),
        (lambda x: pack_padded_sequence(x[0, 0], [1]), ShapeError, "axes of steps and of sequences"),
        (lambda x: pack_padded_sequence(x[:, :0], []), ShapeError, "there are no sequences"),
        (lambda x: pack_sequence([]), ArgumentError, "there are no sequences"),
        (lambda x: pack_sequence([x[:1], x]), ArgumentError, "must not increase"),
        (lambda x: pack_sequence([x, x[:0]]), ArgumentError, "positive"),
        (lambda x: pad_sequence([]), ArgumentError, "there are no sequences"),
        (lambda x: pad_sequence([x, x[:, :1]]), ShapeError, "agree in all axes but the first"),
        (lambda x: pad_sequence([x[0, 0, 0]]), ShapeError, "agree"),
        (
            lambda x: pad_sequence([x], padding_side="middle"),
            ArgumentError,
            "'left' or 'right', got 'middle'",
        ),
        (lambda x: pad_packed_sequence(x), OperandError, "expected a PackedSequence, got float64"),
        (lambda x: unpad_sequence(x, [1]), ShapeError, "expected 2 lengths"),
        (lambda x: pad_sequence(3), OperandError, "pad_sequence: expected sequences, got int 3"),
        (lambda x: pack_sequence(None), OperandError, "pack_sequence: expected sequences, got NoneType"),
        (lambda x: pad_sequence([x.astype(object)]), DtypeError, "numbers, got object"),
        (lambda x: pad_sequence(["ab"]), OperandError, "numbers, got str 'ab'"),
        (lambda x: pad_sequence([x], padding_value="a"), ArgumentError, "padding_value must be a number"),
        (
            lambda x: pad_packed_sequence(pack_sequence([x]), padding_value=None),
            ArgumentError,
            "padding_value must be a number",
        ),
        (
            lambda x: pad_packed_sequence(pack_sequence([x]), total_length="a"),
            ArgumentError,
            "total_length must be an integer, got 'a'",
        ),
        (lambda x: pack_padded_sequence(x.astype(str), [3, 3]), DtypeError, "numbers, got <U"),
        (lambda x: pack_padded_sequence(x, ["a", "b"]), DtypeError, "whole numbers"),
        (lambda x: pack_padded_sequence(x, [[1], [2, 3]]), ShapeError, "expected an array, got list"),
        (lambda x: invert_permutation("a"), DtypeError, "invert_permutation: .* integers"),
        (lambda x: invert_permutation([0.0]), DtypeError, "invert_permutation: .* integers"),
        (lambda x: invert_permutation([[1], [2, 3]]), ShapeError, "expected an array, got list"),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call(np.zeros((3, 2, 1)))


def test_a_packed_sequence_is_a_tuple():
    data, sizes, order, back = PackedSequence(np.ones(3), np.array([2, 1]))
    assert (data.shape, sizes.tolist(), order, back) == ((3,), [2, 1], None, None)
