"""Multi-head attention: projections, heads side by side, and the projection of what they give."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.broadcasting import broadcast_to
from autograd.ops.contractions import matmul
from autograd.ops.indexing import getitem
from autograd.ops.joining import concatenate
from autograd.ops.neural.attention import attention, self_attention
from autograd.ops.neural.linear import linear
from autograd.ops.reductions import mean
from autograd.ops.shapes import expand_dims, reshape, squeeze, swapaxes, transpose
from autograd.ops.softmax import softmax

from . import masks
from .inputs import as_array

CALLER = "multi-head attention"


class Projections(NamedTuple):
    """The weights of multi-head attention.

    Attributes:
        packed: those of query, key and value below one another, (3 * E, E); or None, then
        separate: one of each, (E, E), (E, kdim), (E, vdim).
        bias: (3 * E,) or None.
        rows: one more key and value, (1, 1, E) each, or None.
        out, out_bias: (E, E), and (E,) or None.
    """

    packed: Any
    separate: tuple
    bias: Any
    rows: tuple
    out: Any
    out_bias: Any


class Options(NamedTuple):
    """How heads attend. `static` are key and value as they are, (N * heads, S, E / heads), or None."""

    heads: int
    batch_first: bool = False
    add_zero_attn: bool = False
    dropout_p: float = 0.0
    need_weights: bool = True
    average: bool = True
    static: tuple = (None, None)
    generator: Any = None


def attend(
    inputs: tuple,
    weights: Projections,
    options: Options,
    key_padding_mask: Any = None,
    attn_mask: Any = None,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    """The result of multi-head attention to (query, key, value), and its weights or None."""
    is_self = inputs[0] is inputs[1] is inputs[2]
    inputs = (as_array(inputs[0]),) * 3 if is_self else tuple(map(as_array, inputs))
    _check_inputs(inputs, weights, options)
    is_batched, axis = len(inputs[0].shape) == 3, 0 if options.batch_first else 1
    if not is_batched:
        inputs = (
            (expand_dims(inputs[0], axis),) * 3 if is_self else tuple(expand_dims(x, axis) for x in inputs)
        )
    scores = _scores_shape(inputs, options)
    mask, is_causal = _masks(key_padding_mask, attn_mask, is_causal, scores, inputs[0].dtype, options)
    if is_self and not options.need_weights and _is_plain(weights, options):
        qkv = linear(inputs[0], weights.packed, weights.bias)
        kept = _kept(scores, qkv.dtype, options)
        out = self_attention(qkv, mask, kept, options.heads, options.batch_first, is_causal)
        found = None
    else:
        q, *pair = (_split(x, options) for x in _project(inputs, weights))
        k, v = (_extended(x, i, weights.rows[i], options) for i, x in enumerate(pair))
        mask = masks.widened(mask, (weights.rows[0] is not None) + options.add_zero_attn)
        out, found = _of_heads(q, k, v, mask, is_causal, options)
        out = _join(out, options)
    out = linear(out, weights.out, weights.out_bias)
    if is_batched:
        return out, found
    return squeeze(out, axis), None if found is None else squeeze(found, 0)


def _is_plain(weights: Projections, options: Options) -> bool:
    """Whether keys and values are projections of one array, and nothing else."""
    more = (*weights.rows, *options.static)
    return weights.packed is not None and not options.add_zero_attn and all(x is None for x in more)


def _split(x: Any, options: Options) -> Any:
    """(L, N, heads * E), or (N, L, heads * E) if batch_first, as (N, heads, L, E)."""
    a, b, width = x.shape
    x = reshape(x, (a, b, options.heads, width // options.heads))
    return transpose(x, (0, 2, 1, 3) if options.batch_first else (1, 2, 0, 3))


def _join(x: Any, options: Options) -> Any:
    """What `_split` does, undone."""
    x = transpose(x, (0, 2, 1, 3) if options.batch_first else (2, 0, 1, 3))
    a, b, heads, width = x.shape
    return reshape(x, (a, b, heads * width))


def _project(inputs: tuple, weights: Projections) -> list:
    """Query, key and value by the weights of each; one product for what is the same array."""
    width = weights.out.shape[0]
    parts = [slice(i * width, (i + 1) * width) for i in range(3)]
    biases = [None if weights.bias is None else getitem(weights.bias, p) for p in parts]
    separate = weights.separate
    if weights.packed is not None:
        separate = tuple(getitem(weights.packed, p) for p in parts)
    return [linear(x, w, b) for x, w, b in zip(inputs, separate, biases, strict=True)]


def _extended(x: Any, which: int, row: Any, options: Options) -> Any:
    """Keys (0) or values (1) of all heads, with those that every query may see besides."""
    n, count, _, width = x.shape
    given = options.static[which]
    if given is not None:
        given = _static(given, f"static_{'kv'[which]}")
        if given.shape[::2] != (n * count, width):
            raise ShapeError(
                f"{CALLER}: static_{'kv'[which]}{given.shape} must be (N * num_heads, S, E / num_heads), "
                f"here ({n * count}, S, {width})"
            )
        x = reshape(given, (n, count, given.shape[1], width))
    if row is not None:
        row = broadcast_to(reshape(row, (1, count, 1, width)), (n, count, 1, width))
        x = concatenate([x, row], 2)
    if options.add_zero_attn:
        x = concatenate([x, np.zeros((n, count, 1, width), x.dtype)], 2)
    return x


def _static(given: Any, name: str) -> Any:
    given = as_array(given)
    if len(given.shape) != 3:
        raise ShapeError(f"{CALLER}: {name}{given.shape} must be (N * num_heads, S, E / num_heads)")
    return given


def _of_heads(q: Any, k: Any, v: Any, mask: Any, is_causal: bool, options: Options) -> tuple[Any, Any]:
    """What (N, heads, L, E) attend to; with weights, of all heads or their mean, where needed."""
    kept = _kept((*q.shape[:-1], k.shape[2]), q.dtype, options)
    if not options.need_weights:
        return attention(q, k, v, mask, kept, None, is_causal), None
    scores = matmul(q * (1 / math.sqrt(q.shape[-1])), swapaxes(k, -1, -2))
    if mask is not None:
        scores = scores + masks.as_bias(mask, scores.dtype)
    found = softmax(scores, -1)
    if kept is not None:
        found = found * kept
    return matmul(found, v), mean(found, 1) if options.average else found


def _kept(scores: tuple, dtype: Any, options: Options) -> Any:
    return masks.draw_kept(scores, options.dropout_p, dtype, options.generator, CALLER)


def _masks(
    padding: Any, mask: Any, is_causal: bool, scores: tuple, dtype: Any, options: Options
) -> tuple[Any, bool]:
    """Both masks as one, and whether there is none but the causal one."""
    if is_causal and mask is None:
        raise ArgumentError(f"{CALLER}: is_causal=True is a hint about attn_mask, which is missing")
    padding = masks.checked(padding, dtype, f"{CALLER}: key_padding_mask")
    mask = masks.checked(mask, dtype, f"{CALLER}: attn_mask")
    n, heads, length, keys = scores
    if padding is not None and padding.shape not in ((n, keys), (keys,) if n == 1 else (n, keys)):
        raise ShapeError(f"{CALLER}: key_padding_mask{padding.shape} must be (N, S), here {(n, keys)}")
    if mask is not None and mask.shape not in ((length, keys), (n * heads, length, keys)):
        raise ShapeError(
            f"{CALLER}: attn_mask{mask.shape} must be (L, S), here {(length, keys)}, or "
            f"(N * num_heads, L, S), here {(n * heads, length, keys)}"
        )
    if is_causal and padding is None and not options.need_weights:
        return None, True
    return masks.merge(mask, padding, scores), False


def _scores_shape(inputs: tuple, options: Options) -> tuple[int, int, int, int]:
    """(N, heads, L, S)."""
    batch, length = (0, 1) if options.batch_first else (1, 0)
    q, k, _ = inputs
    n, keys = q.shape[batch], k.shape[length]
    if options.static[0] is not None:
        keys = _static(options.static[0], "static_k").shape[1]
    return n, options.heads, q.shape[length], keys


def _check_inputs(inputs: tuple, weights: Projections, options: Options) -> None:
    q, k, v = inputs
    shapes = f"query{q.shape}, key{k.shape}, value{v.shape}"
    if not len(q.shape) == len(k.shape) == len(v.shape) or len(q.shape) not in (2, 3):
        order = "(N, L, E)" if options.batch_first else "(L, N, E)"
        raise ShapeError(f"{CALLER}: {shapes} must all be {order}, or (L, E) unbatched")
    widths = [weights.out.shape[0]] * 3
    if weights.packed is None:
        widths = [w.shape[-1] for w in weights.separate]
    if [x.shape[-1] for x in inputs] != widths:
        raise ShapeError(f"{CALLER}: {shapes} must have the widths {tuple(widths)} in their last axes")
    batch = (0 if options.batch_first else 1) if len(q.shape) == 3 else None
    if k.shape[:-1] != v.shape[:-1] or (batch is not None and q.shape[batch] != k.shape[batch]):
        raise ShapeError(f"{CALLER}: {shapes}: one batch, and as many values as keys")
    for name, x in zip(("query", "key", "value"), inputs, strict=True):
        if x.dtype.kind != "f":
            raise DtypeError(f"{CALLER}: {name} must be of floating numbers, got {x.dtype}")
