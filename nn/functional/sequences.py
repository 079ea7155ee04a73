"""Losses of sequences as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, IndexingError, ShapeError
from autograd.ops.neural import ctc
from autograd.ops.neural.losses import check_reduction
from autograd.ops.shapes import astype, reshape
from autograd.wholes import as_whole

from .arguments import alike, check_index, looping, plain
from .inputs import as_array

__all__ = ["ctc_loss"]


@looping
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """-log of the probability of a sequence of labels, over all its alignments to the frames.

    An alignment has a class for each frame; without repetitions, then without blanks, it is the
    sequence. The mean is that of the losses over the lengths of their targets (at least 1).

    Args:
        log_probs: logarithms of the probabilities of the classes, as log_softmax gives them.
        targets: the labels, padded to one length, or one after the other.
        input_lengths: how many frames of each sequence count.
        target_lengths: how many labels each sequence has.
        blank: the class that stands for no label.
        zero_infinity: whether sequences that cannot be aligned count as 0, without a gradient.
            Otherwise their loss is infinite and its gradient NaN.

    The gradient is that of the formula. PyTorch's adds exp(log_probs), which log_softmax takes
    away again: behind log_softmax both are the same.

    Shapes: log_probs (T, N, C) or (T, C); targets (N, L) or (sum of lengths,), or (L,) for one
    sequence; lengths (N,), or () for one.

    Errors: ShapeError, DtypeError, ArgumentError for what does not fit; IndexingError for
    labels out of range, or blank.

    Source: Graves et al., Connectionist Temporal Classification, 2006.

    Example:
        >>> import numpy as np
        >>> log_probs = np.log(np.full((2, 1, 2), 0.5))
        >>> round(float(ctc_loss(log_probs, np.array([[1]]), np.array([2]), np.array([1]))), 4)
        0.2877
    """
    check_reduction(reduction, "ctc_loss")
    check_index(blank, "ctc_loss: blank")
    log_probs, labels = alike(log_probs, targets), plain(as_array(targets))
    shape = log_probs.shape
    if len(shape) not in (2, 3) or log_probs.dtype.kind != "f":
        raise ShapeError(
            f"ctc_loss: log_probs must be floating (T, N, C) or (T, C), got {log_probs.dtype}{shape}"
        )
    if not 0 <= blank < shape[-1]:
        raise ArgumentError(f"ctc_loss: blank must be a class, in 0..{shape[-1] - 1}, got {blank}")
    n = shape[1] if len(shape) == 3 else 1
    given = plain(as_array(input_lengths)), plain(as_array(target_lengths))
    frames = as_whole(_lengths, given[0], "input_lengths", n, shape[0])
    counts = as_whole(_lengths, given[1], "target_lengths", n)
    # while a function is recorded nobody knows the longest: unless several came one after the other, all
    # their places are kept
    recorded = not (isinstance(labels, np.ndarray) and isinstance(counts, np.ndarray))
    alone = recorded and (labels.ndim == 2 or (labels.ndim == 1 and n == 1))
    most = labels.shape[-1] if alone else int(counts.max(initial=0))
    padded = as_whole(_padded, labels, counts, n, most)
    as_whole(_check_labels, padded, counts, shape[-1], blank)
    wide = log_probs if log_probs.dtype.itemsize > 2 else astype(log_probs, np.float32)
    if len(shape) == 2:
        wide = reshape(wide, (shape[0], 1, shape[1]))
    out = ctc.ctc_loss(wide, padded, frames, counts, blank, reduction, bool(zero_infinity))
    if len(shape) == 2 and reduction == "none":
        out = reshape(out, ())
    return out if out.dtype == log_probs.dtype else astype(out, log_probs.dtype)


def _lengths(lengths: np.ndarray, name: str, n: int, most: int | None = None) -> np.ndarray:
    """One length for each sequence, as an array."""
    if lengths.dtype.kind not in "iu" and lengths.size:
        raise DtypeError(f"ctc_loss: {name} must be integers, got {lengths.dtype}")
    if lengths.shape != (n,) and not (n == 1 and not lengths.ndim):
        raise ShapeError(f"ctc_loss: {name}{lengths.shape} must have one length for each of {n} sequences")
    lengths = lengths.reshape(n).astype(np.intp)
    if lengths.size and (lengths.min() < 0 or (most is not None and lengths.max() > most)):
        bounds = "not be negative" if most is None else f"be in 0..{most}, the frames there are"
        worst = lengths[(lengths < 0) | (lengths > (most if most is not None else lengths.max()))][0]
        raise ArgumentError(f"ctc_loss: {name} must {bounds}, got {worst}")
    return lengths


def _padded(labels: np.ndarray, counts: np.ndarray, n: int, most: int) -> np.ndarray:
    """Targets (N, most), whether they came so or one after the other."""
    if labels.dtype.kind not in "iu" and labels.size:
        raise DtypeError(f"ctc_loss: targets must be integers, got {labels.dtype}")
    if labels.ndim == 2 and len(labels) == n and labels.shape[1] >= max(most, counts.max(initial=0)):
        return labels[:, :most].astype(np.intp)
    if labels.ndim != 1 or len(labels) != counts.sum():
        raise ShapeError(
            f"ctc_loss: targets{labels.shape} must be ({n}, at least {most}), or all {counts.sum()} "
            "labels one after the other"
        )
    out = np.zeros((n, most), np.intp)
    out[np.arange(most) < counts[:, None]] = labels
    return out


def _check_labels(padded: np.ndarray, counts: np.ndarray, classes: int, blank: int) -> None:
    used = padded[np.arange(padded.shape[1]) < counts[:, None]]
    wrong = used[(used < 0) | (used >= classes) | (used == blank)]
    if wrong.size:
        raise IndexingError(
            f"ctc_loss: labels must be classes in 0..{classes - 1} but the blank {blank}, got {wrong[0]}"
        )
