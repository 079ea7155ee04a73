"""Batching classes of the operations of neural networks: most take samples already.

The examples of `vmap` join the samples along the axis that has them. Where a weight differs from
example to example, as in the gradient of each, there is no such axis; then the operation is spelled
with others that have one, or runs for each example.
"""

from __future__ import annotations

import math

import numpy as np

from ...batching_classes import by_formula, loop
from ...errors import VmapError
from ...primitive import REGISTRY
from ...tape import apply
from ..broadcasting import broadcast_to
from ..contractions import each_matmul
from ..reductions import sum as total
from ..shapes import detach, reshape, transpose


def split_first(x, count):
    """The first axis as one of `count`, and the rest."""
    shape = tuple(x.shape)
    return reshape(x, (count, shape[0] // count if count else 0, *shape[1:]))


def join_first(x):
    """The first two axes as one."""
    shape = tuple(x.shape)
    return reshape(x, (shape[0] * shape[1], *shape[2:]))


def folded(*which):
    """Examples as samples, along the first axis of these arguments; others must be the same for all."""

    def rule(call):
        given = [i for i, a in enumerate(call.args) if i in which and a is not None]
        if any(b and i not in which for i, b in enumerate(call.batched)) or not all(map(call.ndim, given)):
            return loop(call)
        args = [join_first(call.whole(i)) if i in given else a for i, a in enumerate(call.args)]
        return split_first(call.run(args), call.size)

    return rule


def widths(call):
    """Nothing is put around the examples."""
    return call.run(widths=((0, 0), *call.statics["widths"]))


# ------------------------------------------------------------------ losses


def reduced(losses, call, shape, divisor=None):
    """What a reduction makes of the losses of each example."""
    reduction = call.statics["reduction"]
    if reduction == "none":
        return losses
    sums = total(losses, tuple(range(1, len(losses.shape))))
    if reduction == "sum":
        return sums
    if divisor is None:
        divisor = shape[0] if reduction == "batchmean" and shape else math.prod(shape)
    with np.errstate(invalid="ignore", divide="ignore"):  # of nothing: NaN
        return sums / (divisor if isinstance(divisor, np.ndarray) else sums.dtype.type(divisor))


def of_elements(call):
    """A loss of each element, reduced within each example."""
    losses = call.run([call.whole(0), call.whole(1)], reduction="none")
    return reduced(losses, call, call.shape(0))


def of_classes(call):
    """A loss of class indices, or of probabilities, for each sample of each example."""
    if any(call.batched[2:]):
        return loop(call)
    args = [join_first(call.whole(0)), join_first(call.whole(1)), *call.args[2:]]
    losses = split_first(call.run(args, reduction="none"), call.size)
    divisor = None
    if "ignore_index" in call.statics and call.statics["reduction"] == "mean":
        divisor = _factors(call)
    return reduced(losses, call, tuple(losses.shape[1:]), divisor)


def _factors(call):
    """For each example the sum of what its samples count; None where each counts 1."""
    ignored, weight = call.statics["ignore_index"], call.args[2] if len(call.args) > 2 else None
    target = call.whole(1)
    target = np.asarray(getattr(target, "_data", target))
    keep = target != ignored
    if weight is None and keep.all():
        return None
    weight = (
        np.ones(1, call.args[0].dtype) if weight is None else np.asarray(getattr(weight, "_data", weight))
    )
    factors = np.where(
        keep, weight[np.where(keep, target, 0) if len(weight) > 1 else np.zeros_like(target)], 0
    )
    return factors.astype(call.args[0].dtype).reshape(call.size, -1).sum(1)


# ------------------------------------------------------------------ rows by number


def _numbered(indices, count, rows):
    """Indices into the rows of all examples, one below the other."""
    indices = np.asarray(getattr(indices, "_data", indices))
    return indices + (rows * np.arange(count)).reshape(-1, *(1,) * (indices.ndim - 1))


def rows_of(call, check):
    """`embedding`: of one weight, or of one for each example, as one weight with all their rows."""
    if not call.batched[0]:
        return call.run()
    rows, padding = call.shape(0)[0], call.statics["padding_idx"]
    indices = call.whole(1)
    plain = np.asarray(getattr(indices, "_data", indices))
    check(plain, rows, "embedding")
    out = call.run([join_first(call.args[0]), _numbered(plain, call.size, rows)], padding_idx=None)
    if padding is None:
        return out
    padded = (plain == padding)[..., None]
    return apply(REGISTRY["where"], (padded, detach(out), out))


def sums_of_rows(call):
    """`sum_rows`, likewise."""
    rows, padding = call.statics["rows"], call.statics["padding_idx"]
    indices = _numbered(call.whole(1), call.size, rows)
    out = split_first(
        call.run([call.whole(0), indices], rows=call.size * rows, padding_idx=None), call.size
    )
    if padding is None:
        return out
    kept = np.ones((rows, 1), out.dtype)
    kept[padding] = 0
    return out * kept


# ------------------------------------------------------------------ products


def per_example(call):
    """`linear` with weights for each example: matrix products side by side."""
    x, w, b = call.args
    if call.batched[1]:
        rows = call.whole(0)
        lead = tuple(rows.shape[1:-1])
        rows = transpose(reshape(rows, (call.size, math.prod(lead), rows.shape[-1])), (0, 2, 1))
        out = transpose(each_matmul(w, rows), (0, 2, 1))  # so the gradient of w needs no turning
        out = reshape(out, (call.size, *lead, w.shape[1]))
    elif call.batched[0]:
        if b is None or not call.batched[2]:
            return call.run([call.args[0], w, b])
        out = call.run([x, w, None])
    else:
        out = call.run([x, w, None])
        out = reshape(out, (1, *out.shape))
    if b is None:
        return out
    if call.batched[2]:
        b = reshape(b, (call.size, *(1,) * (len(out.shape) - 2), b.shape[-1]))
    return out + b


def _channels_together(x):
    """(V, N, C, ...) as (N, V * C, ...)."""
    v, n, c = x.shape[:3]
    x = transpose(x, (1, 0, *range(2, len(x.shape))))
    return reshape(x, (n, v * c, *x.shape[3:]))


def _channels_apart(x, count):
    """(N, V * C, ...) as (V, N, C, ...)."""
    shape = tuple(x.shape)
    x = reshape(x, (shape[0], count, shape[1] // count if count else 0, *shape[2:]))
    return transpose(x, (1, 0, *range(2, len(x.shape))))


def convolved(call):
    """A convolution; with weights for each example as one with a group for each."""
    if not any(call.batched[1:]):
        return folded(0)(call)
    if not call.size:
        return loop(call)
    groups = call.statics["groups"] * call.size
    b = None if call.args[2] is None else reshape(call.whole(2), (-1,))
    args = [_channels_together(call.whole(0)), join_first(call.whole(1)), b]
    return _channels_apart(call.run(args, groups=groups), call.size)


def weighed(call):
    """`convolution_weight`, likewise."""
    if not call.size:
        return loop(call)
    groups = call.statics["groups"] * call.size
    args = [_channels_together(call.whole(i)) for i in (0, 1)]
    return split_first(call.run(args, groups=groups), call.size)


# ------------------------------------------------------------------ layers


def normalised(call):
    """`normalise`: examples as samples; in training over a batch, as channels of their own."""
    n, c, s, groups = call.statics["view"]
    x, weight, bias = call.args
    shape, v = call.shape(0), call.size
    over_batch = call.statics["over"] == "batch" and call.statics["fixed"] is None
    if over_batch and call.batched[0]:
        if call.statics["observe"] is not None:
            raise VmapError(
                "vmap: batch normalisation in training would update its running statistics for each "
                "example; use eval(), or track_running_stats=False"
            )
        rows = _channels_together(reshape(x, (v, n, c, s)))
        rows = call.run([rows, None, None], view=(n, v * c, s, v * groups))
        out = _channels_apart(rows, v)
    elif call.batched[0]:
        if not any(call.batched[1:]):
            return call.run(view=(v * n, c, s, groups))
        out = reshape(call.run([x, None, None], view=(v * n, c, s, groups)), (v, n, c, s))
    else:
        out = reshape(call.run([x, None, None]), (1, n, c, s))
    if weight is not None:
        out = out * _of_channels(call, 1, c)
    if bias is not None:
        out = out + _of_channels(call, 2, c)
    return reshape(out, (v, *shape))


def _of_channels(call, i, c):
    return reshape(call.args[i], (call.size if call.batched[i] else 1, 1, c, 1))


def attended(call):
    """`attention`: one more leading axis."""
    args = [call.whole(i) for i in range(3)]
    rank = call.ndim(0)
    args += [None if call.args[i] is None else call.padded(i, rank) for i in (3, 4)]
    return call.run(args)


def self_attended(call):
    """`self_attention`: examples as sequences."""
    first, heads = call.statics["batch_first"], call.statics["heads"]
    qkv = call.whole(0)
    v, a, b, width = qkv.shape
    n, length = (a, b) if first else (b, a)
    qkv = join_first(qkv) if first else reshape(transpose(qkv, (1, 0, 2, 3)), (a, v * b, width))
    full = (n, heads, length, length)
    out = call.run([qkv, *(_mask_of_all(call, i, full) for i in (1, 2))])
    if first:
        return split_first(out, v)
    return transpose(reshape(out, (a, v, b, width // 3)), (1, 0, 2, 3))


def _mask_of_all(call, i, full):
    """What broadcasts to the scores (N, heads, L, L) of each example, for the sequences of all."""
    if call.args[i] is None or not (call.batched[i] or (call.ndim(i) == 4 and call.shape(i)[0] > 1)):
        return call.args[i]
    mask, shape = call.whole(i), call.shape(i)
    shape = (1,) * (4 - len(shape)) + shape
    mask = broadcast_to(reshape(mask, (call.size, *shape)), (call.size, full[0], *shape[1:]))
    return join_first(mask)


def recurrent(weights_at):
    """A recurrent layer with the same weights for all: examples as sequences, next to each other."""

    def rule(call):
        if any(call.batched[weights_at:]):
            return by_formula(call)
        v, sizes = call.size, call.statics["sizes"]
        inputs = [_sequences(call.whole(0)), *(_sequences(call.whole(i)) for i in range(1, weights_at))]
        out = call.run([*inputs, *call.args[weights_at:]], sizes=sizes and tuple(v * n for n in sizes))
        rows = call.shape(0)
        rows = math.prod(rows[:-1])
        hidden = [(*call.shape(i)[:-1], call.shape(i)[-1]) for i in range(1, weights_at)]
        parts, start = [], 0
        for shape in [(rows, hidden[0][1]), *hidden]:
            end = start + shape[0] * v * shape[1]
            part = transpose(reshape(out[start:end], (shape[0], v, shape[1])), (1, 0, 2))
            parts.append(reshape(part, (v, shape[0] * shape[1])))
            start = end
        return apply(REGISTRY["concatenate"], parts, (1,))

    return rule


def _sequences(x):
    """(V, ..., sequences, features) as (..., sequences * V, features)."""
    rank = len(x.shape)
    x = transpose(x, (*range(1, rank - 1), 0, rank - 1))
    shape = tuple(x.shape)
    return reshape(x, (*shape[:-3], shape[-3] * shape[-2], shape[-1]))
