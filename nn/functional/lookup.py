"""Embeddings as functions: rows of a weight by their number, and bags of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.modes import no_grad
from autograd.ops.indexing import getitem
from autograd.ops.neural import lookup
from autograd.ops.neural.lookup import check_indices
from autograd.ops.shapes import reshape
from autograd.tensor import Tensor
from autograd.wholes import as_whole

from .arguments import check_index, looping, number, plain, whole
from .inputs import as_array, numbers

__all__ = ["embedding", "embedding_bag", "one_hot"]

MODES = ("sum", "mean", "max")


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """weight[input].

    Args:
        input: row numbers, of any shape.
        weight: (n, d).
        padding_idx: the row that gets no gradient; counted from the end if negative.
        max_norm: the rows looked up that are longer are shortened to it first, in place.
        norm_type: the p of the p-norm that is meant.
        scale_grad_by_freq: divide the gradient of a row by how often it is looked up.
        sparse: gradients are dense here; True is refused.

    Shapes: (...) -> (..., d).

    Errors: IndexingError for a number that no row has; DtypeError; ShapeError; ArgumentError.

    Example:
        >>> embedding(np.array([1, 0]), np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([[3., 4.], [1., 2.]])
    """
    input, weight, padding_idx = _looked_up("embedding", input, weight, padding_idx, sparse)
    if max_norm is not None:
        _shorten(weight, input, number(max_norm, "embedding: max_norm"), norm_type, "embedding")
    return lookup.embedding(weight, input, padding_idx, bool(scale_grad_by_freq))


@looping
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """The sum, mean or maximum of weight[i] over the numbers i in each bag; 0 for an empty bag.

    Args:
        input: (bags, length), or all bags one after the other, (total,).
        weight: (n, d).
        offsets: for an input of one axis, where each bag begins; the first at 0.
        max_norm, norm_type, scale_grad_by_freq, sparse: as of `embedding`.
        mode: "sum", "mean" or "max".
        per_sample_weights: a factor for each row summed, of the input's shape; for "sum" only.
        include_last_offset: whether offsets has the end of the last bag as well.
        padding_idx: the row that counts for nothing.

    Shapes: -> (bags, d).

    Errors: as of `embedding`.

    Example:
        >>> embedding_bag(np.array([0, 1, 1]), np.array([[1.0], [3.0]]), np.array([0, 2]))
        array([[2.], [3.]])
    """
    caller = "embedding_bag"
    if mode not in MODES:
        raise ArgumentError(f"{caller}: mode must be one of {MODES}, got {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(f"{caller}: per_sample_weights go with mode='sum', got {mode!r}")
    if scale_grad_by_freq and mode == "max":
        raise ArgumentError(f"{caller}: scale_grad_by_freq does not go with mode='max'")
    input, weight, padding_idx = _looked_up(caller, input, weight, padding_idx, sparse)
    shape = input.shape
    bag, bags = _bags(input, offsets, include_last_offset)
    input = input.reshape(-1)
    if max_norm is not None:
        _shorten(weight, input, number(max_norm, f"{caller}: max_norm"), norm_type, caller)
    factors = None
    if per_sample_weights is not None:
        factors = as_array(per_sample_weights)
        if factors.shape != shape:
            raise ShapeError(f"{caller}: per_sample_weights{factors.shape} must be of shape {shape}")
        factors = reshape(factors, (-1, 1))
    if padding_idx is not None:
        # what counts for nothing goes to one more bag, which is dropped: shapes do not depend on values
        bag, bags = np.where(input == padding_idx, bags, bag), bags + 1
    found = _put_together(weight, input, factors, bag, bags, mode, scale_grad_by_freq)
    return found if padding_idx is None else getitem(found, slice(0, bags - 1))


def _put_together(
    weight: Any, input: np.ndarray, factors: Any, bag: np.ndarray, bags: int, mode: str, by_freq: Any
) -> Any:
    """What becomes of the rows of each bag."""
    if mode == "max":
        return _largest(weight, input, bag, bags)
    rows = lookup.embedding(weight, input, None, bool(by_freq))
    sums = lookup.sum_rows(rows if factors is None else rows * factors, bag, bags)
    if mode == "sum":
        return sums
    return sums * (1 / as_whole(_sizes, bag, bags)).astype(sums.dtype)[:, None]


def _sizes(bag: np.ndarray, bags: int) -> np.ndarray:
    return np.maximum(np.bincount(bag, minlength=bags), 1)


@looping
def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Ones at the given classes, and zeros: integers, without gradient.

    Args:
        tensor: classes, of any shape.
        num_classes: how many there are; -1 for one more than the largest.

    Shapes: (...) -> (..., num_classes).

    Errors: IndexingError for a class out of range; DtypeError for no integers.

    Example:
        >>> one_hot(np.array([0, 2]))
        array([[1, 0, 0], [0, 0, 1]])
    """
    classes = plain(as_array(tensor))
    if classes.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: classes must be integers, got {classes.dtype}")
    num_classes = check_index(num_classes, "one_hot: num_classes")
    if num_classes < -1:
        raise ArgumentError(f"one_hot: num_classes must be at least 0, or -1, got {num_classes}")
    if num_classes == -1:
        if not classes.size:
            raise ArgumentError("one_hot: num_classes must be given for no classes at all")
        num_classes = int(classes.max()) + 1
    check_indices(classes, num_classes, "one_hot", "there are {} classes")
    hot = np.equal(classes[..., None], np.arange(num_classes)).astype(np.int64)
    return Tensor(hot) if isinstance(tensor, Tensor) else hot


def row_of(padding_idx: Any, rows: int, caller: str) -> int | None:
    """The row that padding_idx means, counted from the start."""
    if padding_idx is None:
        return None
    if not isinstance(padding_idx, (int, np.integer)) or not -rows <= padding_idx < rows:
        raise ArgumentError(f"{caller}: padding_idx must be a row of {rows}, got {padding_idx!r}")
    return int(padding_idx) % rows


def check_sparse(sparse: Any, caller: str) -> None:
    """Refuse sparse gradients."""
    if sparse:
        raise ArgumentError(f"{caller}: sparse=True: gradients are dense here; leave sparse out")


def _looked_up(caller: str, input: Any, weight: Any, padding_idx: Any, sparse: Any) -> tuple:
    """Row numbers as a plain array, the weight, and padding_idx counted from the start."""
    check_sparse(sparse, caller)
    weight, input = as_array(weight), plain(numbers(input, caller))
    if weight.ndim != 2:
        raise ShapeError(f"{caller}: weight{weight.shape} must be a matrix")
    input = _integers_if_none(input)
    check_indices(whole(input), len(weight), caller)
    return input, weight, row_of(padding_idx, len(weight), caller)


def _integers_if_none(found: np.ndarray) -> np.ndarray:
    """Those of an empty list, which is floating to NumPy, as integers."""
    return found if found.size or found.dtype.kind != "f" else found.astype(np.intp)


def _shorten(weight: Any, input: np.ndarray, most: float, norm_type: Any, caller: str) -> None:
    """Shorten the rows that are looked up and longer than `most`, in place and unrecorded."""
    p = number(norm_type, f"{caller}: norm_type")
    values = plain(weight)
    if not isinstance(values, np.ndarray):  # recorded: all rows are written, lest shapes depend on values
        with no_grad():
            weight[...] = as_whole(_all_shortened, values, input, most, p)
        return
    rows, shorter = _shortened(values, input, most, p)
    if len(rows):
        with no_grad():
            weight[rows] = shorter


def _shortened(values: np.ndarray, input: np.ndarray, most: float, p: float) -> tuple:
    """Which rows are too long, and what they become."""
    rows = np.unique(input)
    values = values[rows]
    norms = np.linalg.norm(values, p, 1) if values.size else np.zeros(len(rows))
    long = norms > most
    # the small term is PyTorch's
    scale = (most / (norms[long] + 1e-7)).astype(values.dtype)
    return rows[long], values[long] * scale[:, None]


def _all_shortened(values: np.ndarray, input: np.ndarray, most: float, p: float) -> np.ndarray:
    rows, shorter = _shortened(values, input, most, p)
    values = values.copy()
    values[rows] = shorter
    return values


def _bags(input: np.ndarray, offsets: Any, include_last_offset: bool) -> tuple[np.ndarray, int]:
    """The bag that each element is in, and how many bags there are."""
    if input.ndim == 2:
        if offsets is not None:
            raise ArgumentError("embedding_bag: offsets do not go with an input of two axes")
        return np.repeat(np.arange(input.shape[0]), input.shape[1]), input.shape[0]
    if input.ndim != 1:
        raise ShapeError(f"embedding_bag: input{input.shape} must have one or two axes")
    if offsets is None:
        raise ArgumentError("embedding_bag: an input of one axis needs offsets")
    offsets = _integers_if_none(plain(as_array(offsets)))
    if offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise ShapeError(
            f"embedding_bag: offsets must be integers on one axis, got {offsets.dtype}{offsets.shape}"
        )
    bag = as_whole(_from_offsets, offsets, input.size, bool(include_last_offset))
    return bag, len(offsets) - bool(include_last_offset)


def _from_offsets(offsets: np.ndarray, size: int, include_last_offset: bool) -> np.ndarray:
    """The bag that each of `size` elements is in, checked."""
    edges = offsets if include_last_offset else np.append(offsets, size)
    lengths = np.diff(edges)
    if not len(edges) or edges[0] != 0 or edges[-1] != size or (lengths < 0).any():
        last = f"and end at {size}" if include_last_offset else f"and not pass {size}"
        raise ArgumentError(
            f"embedding_bag: offsets must begin at 0, not fall, {last}; got {offsets.tolist()}"
        )
    return np.repeat(np.arange(len(lengths)), lengths)


def _largest(weight: Any, input: np.ndarray, bag: np.ndarray, bags: int) -> Any:
    """The largest of each column over each bag; among equals the first counts, as in PyTorch."""
    which, empty = as_whole(_largest_places, plain(weight), input, bag, bags)
    rows = getitem(weight, (which, np.arange(weight.shape[1])))
    return rows * (~empty).astype(rows.dtype)[:, None] if as_whole(_any, empty) else rows


def _any(mask: np.ndarray) -> bool:
    return bool(mask.any())


def _largest_places(weight: np.ndarray, input: np.ndarray, bag: np.ndarray, bags: int) -> tuple:
    """The row that has the largest of each column over each bag, and which bags are empty."""
    columns, order = np.arange(weight.shape[1]), np.argsort(bag, kind="stable")
    input, bag = input[order], bag[order]
    empty = np.bincount(bag, minlength=bags) == 0
    full = np.flatnonzero(~empty)
    values = weight[input]
    starts = np.searchsorted(bag, full)
    best = np.maximum.reduceat(values, starts, 0) if len(full) else values[:0]
    # the places where the best is, last first, so that the first one is written last
    which = np.zeros((bags, len(columns)), np.intp)
    at, column = np.nonzero(values == np.repeat(best, np.diff(np.append(starts, len(bag))), 0))
    which[bag[at[::-1]], column[::-1]] = input[at[::-1]]
    return which, empty
