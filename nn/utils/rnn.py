"""Sequences of different lengths: padded to one array, or packed without padding.

A packed sequence holds the steps of all sequences time by time, the longest sequence first:
`batch_sizes[t]` of them are still running at time t.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from autograd.ops import shapes
from autograd.ops.indexing import getitem, setitem
from autograd.ops.joining import concatenate
from autograd.ops.shapes import swapaxes
from autograd.tape import TensorBase
from nn.functional.arguments import check_index
from nn.functional.inputs import NUMBERS, as_array

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class PackedSequence(NamedTuple):
    """Sequences of different lengths without padding; made by `pack_padded_sequence`.

    Attributes:
        data: the steps of all sequences, time by time; (sum of lengths, ...).
        batch_sizes: how many sequences are still running at each time; integers.
        sorted_indices: where each one, the longest first, was in the order given; None if there.
        unsorted_indices: where each one given is among those sorted; None likewise.

    Example:
        >>> data, batch_sizes, _, _ = pack_sequence([np.array([1.0, 2.0]), np.array([3.0])])
        >>> data, batch_sizes
        (array([1., 3., 2.]), array([2, 1]))
    """

    data: Any
    batch_sizes: np.ndarray
    sorted_indices: np.ndarray | None = None
    unsorted_indices: np.ndarray | None = None

    def to(self, dtype: Any) -> PackedSequence:
        """The same sequences in another dtype."""
        return self._replace(data=self.data.astype(dtype))


def invert_permutation(permutation: Any) -> np.ndarray | None:
    """The permutation that undoes another one; None for None.

    Example:
        >>> invert_permutation([2, 0, 1])
        array([1, 2, 0])
    """
    if permutation is None:
        return None
    permutation = np.asarray(_plain(shapes.as_array(permutation)))
    if permutation.ndim != 1 or permutation.dtype.kind not in "iu":
        raise DtypeError(f"invert_permutation: expected integers in one axis, got {describe(permutation)}")
    inverse = np.empty_like(permutation)
    inverse[permutation] = np.arange(permutation.size)
    return inverse


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leave the padding out of sequences that were padded to one length.

    Args:
        input: (T, B, ...), or (B, T, ...) if `batch_first`.
        lengths: of the B sequences; positive, at most T.
        batch_first: whether the axis of sequences is the first one.
        enforce_sorted: refuse sequences that do not come the longest first; else sort them here,
            which the results of a recurrent layer undo.

    Errors: ArgumentError for lengths that are not positive, too long, or not sorted; ShapeError
    for another number of lengths than sequences.

    Example:
        >>> packed = pack_padded_sequence(np.array([[1.0, 2.0], [3.0, 0.0]]), [2, 1], batch_first=True)
        >>> packed.data, packed.batch_sizes
        (array([1., 3., 2.]), array([2, 1]))
    """
    caller = "pack_padded_sequence"
    input = as_array(input)
    if len(input.shape) < 2:
        raise ShapeError(f"{caller}: input must have axes of steps and of sequences, got {input.shape}")
    if batch_first:
        input = swapaxes(input, 0, 1)
    steps, count = input.shape[:2]
    known = _lengths(lengths, count, caller)
    if known.min() < 1 or known.max() > steps:
        raise ArgumentError(f"{caller}: lengths must be in 1..{steps}, got {known.tolist()}")
    order, back = _sorted(known, enforce_sorted, caller)
    if order is not None:
        known = known[order]
    sizes = _sizes(known)
    times = np.repeat(np.arange(len(sizes)), sizes)
    places = np.concatenate([np.arange(n) for n in sizes])
    data = getitem(input, (times, places if order is None else order[places]))
    return PackedSequence(data, sizes, order, back)


def pack_sequence(sequences: Sequence, enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths, (L, ...) each; see `pack_padded_sequence`.

    Errors: as `pad_sequence` and `pack_padded_sequence`.

    Example:
        >>> pack_sequence([np.array([1.0, 2.0]), np.array([3.0])]).data
        array([1., 3., 2.])
    """
    sequences = _sequences(sequences, "pack_sequence")
    lengths = np.array([s.shape[0] for s in sequences])
    if lengths.min() < 1:
        raise ArgumentError(f"pack_sequence: lengths must be positive, got {lengths.tolist()}")
    order, back = _sorted(lengths, enforce_sorted, "pack_sequence")
    ranked = range(len(sequences)) if order is None else order
    lengths = lengths[list(ranked)]
    sizes = _sizes(lengths)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    index = np.concatenate([starts[:n] + t for t, n in enumerate(sizes)])
    joined = concatenate([sequences[i] for i in ranked])
    return PackedSequence(getitem(joined, index), sizes, order, back)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Any, np.ndarray]:
    """Pad packed sequences to one length.

    Args:
        sequence: of B sequences, the longest of length T.
        batch_first: whether the axis of sequences comes first.
        padding_value: what stands where a sequence has ended.
        total_length: the length to pad to, T by default.

    Returns: (T, B, ...), or (B, T, ...) if `batch_first`; and the lengths.

    Errors: ArgumentError for a total length below T.

    Example:
        >>> padded, lengths = pad_packed_sequence(pack_sequence([np.ones(2), np.ones(1)]), batch_first=True)
        >>> padded, lengths
        (array([[1., 1.],
               [1., 0.]]), array([2, 1]))
    """
    if not isinstance(sequence, PackedSequence):
        raise OperandError(f"pad_packed_sequence: expected a PackedSequence, got {describe(sequence)}")
    data, sizes = sequence.data, np.asarray(_plain(sequence.batch_sizes))
    steps = len(sizes)
    if total_length is not None:
        total_length = check_index(total_length, "pad_packed_sequence: total_length")
        if total_length < steps:
            raise ArgumentError(
                f"pad_packed_sequence: total_length must be at least the longest length, {steps}, "
                f"got {total_length}"
            )
        steps = total_length
    count = int(sizes[0])
    lengths = np.array([np.count_nonzero(sizes > n) for n in range(count)])
    places = np.concatenate([np.arange(n) for n in sizes])
    if sequence.sorted_indices is not None:
        places = sequence.sorted_indices[places]
        lengths = lengths[sequence.unsorted_indices]
    times = np.repeat(np.arange(len(sizes)), sizes)
    shape = (count, steps) if batch_first else (steps, count)
    room = _room((*shape, *data.shape[1:]), padding_value, data.dtype, "pad_packed_sequence")
    return setitem(room, data, (places, times) if batch_first else (times, places)), lengths


def pad_sequence(
    sequences: Sequence, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Pad sequences, (L, ...) each, to the longest length T, and stack them.

    Args:
        sequences: B of them.
        batch_first: whether the axis of sequences comes first.
        padding_value: what stands where a sequence has not begun or has ended.
        padding_side: "right" to pad after the end, "left" before the beginning.

    Returns: (T, B, ...), or (B, T, ...) if `batch_first`.

    Errors: ArgumentError for no sequences and another side; ShapeError for sequences that differ
    in more than their length.

    Example:
        >>> pad_sequence([np.ones(1), np.ones(3)], batch_first=True, padding_side="left")
        array([[0., 0., 1.],
               [1., 1., 1.]])
    """
    if padding_side not in ("left", "right"):
        raise ArgumentError(f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}")
    sequences = _sequences(sequences, "pad_sequence")
    lengths = [s.shape[0] for s in sequences]
    longest = max(lengths)
    places = np.repeat(np.arange(len(lengths)), lengths)
    starts = [0 if padding_side == "right" else longest - n for n in lengths]
    times = np.concatenate([np.arange(n) + start for n, start in zip(lengths, starts, strict=True)])
    joined = concatenate(sequences)
    shape = (len(lengths), longest) if batch_first else (longest, len(lengths))
    room = _room((*shape, *joined.shape[1:]), padding_value, joined.dtype, "pad_sequence")
    return setitem(room, joined, (places, times) if batch_first else (times, places))


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list:
    """The sequences that `pad_sequence` padded on the right, as views.

    Errors: ShapeError for another number of lengths than sequences.

    Example:
        >>> unpad_sequence(np.array([[1.0, 2.0], [3.0, 0.0]]), [2, 1], batch_first=True)
        [array([1., 2.]), array([3.])]
    """
    padded = as_array(padded_sequences)
    if len(padded.shape) < 2:
        raise ShapeError(f"unpad_sequence: expected axes of steps and of sequences, got {padded.shape}")
    if not batch_first:
        padded = swapaxes(padded, 0, 1)
    known = _lengths(lengths, padded.shape[0], "unpad_sequence")
    return [getitem(padded, (i, slice(0, n))) for i, n in enumerate(known.tolist())]


def unpack_sequence(packed_sequences: PackedSequence) -> list:
    """The sequences that were packed.

    Example:
        >>> unpack_sequence(pack_sequence([np.array([1.0, 2.0]), np.array([3.0])]))
        [array([1., 2.]), array([3.])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


# ------------------------------------------------------------------ parts of them


def _plain(value: Any) -> Any:
    return value._data if isinstance(value, TensorBase) else value


def _lengths(lengths: Any, count: int, caller: str) -> np.ndarray:
    known = np.asarray(_plain(shapes.as_array(lengths)))
    if known.shape != (count,):
        raise ShapeError(f"{caller}: expected {count} lengths, one for each sequence, got {known.shape}")
    if not count:
        raise ShapeError(f"{caller}: there are no sequences")
    whole = known.astype(np.int64) if known.dtype.kind in "iuf" else None
    if whole is None or np.any(whole != known):
        raise DtypeError(f"{caller}: lengths must be whole numbers, got {known.tolist()}")
    return whole


def _sequences(sequences: Any, caller: str) -> list:
    if not isinstance(sequences, Iterable):
        raise OperandError(f"{caller}: expected sequences, got {describe(sequences)}")
    found = [as_array(s) for s in sequences]
    if not found:
        raise ArgumentError(f"{caller}: there are no sequences")
    for i, s in enumerate(found):
        if not s.shape or s.shape[1:] != found[0].shape[1:]:
            raise ShapeError(
                f"{caller}: sequences must agree in all axes but the first, got {found[0].shape} "
                f"and, at {i}, {s.shape}"
            )
    return found


def _room(shape: tuple[int, ...], value: Any, dtype: Any, caller: str) -> np.ndarray:
    """An array of nothing but the padding value."""
    known = np.asarray(_plain(shapes.as_array(value)))
    if known.ndim or known.dtype.kind not in NUMBERS:
        raise ArgumentError(f"{caller}: padding_value must be a number, got {value!r}")
    return np.full(shape, known, dtype)


def _sorted(lengths: np.ndarray, enforce: bool, caller: str) -> tuple:
    """The order that puts the longest first, and its inverse; None where none is wanted."""
    if not enforce:
        order = np.argsort(-lengths, kind="stable")
        return order, invert_permutation(order)
    if any(a < b for a, b in itertools.pairwise(lengths.tolist())):
        raise ArgumentError(
            f"{caller}: lengths must not increase, got {lengths.tolist()}; pass enforce_sorted=False "
            "to have the sequences sorted"
        )
    return None, None


def _sizes(lengths: np.ndarray) -> np.ndarray:
    """How many sequences are running at each time, of lengths that do not increase."""
    return np.array([np.count_nonzero(lengths > t) for t in range(int(lengths[0]))])
