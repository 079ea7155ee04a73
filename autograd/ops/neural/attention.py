"""Attention: each query's mean of the values, weighted by how well the keys fit it.

The kernels take exp(scores) and the reciprocals of its row sums rather than the probabilities:
to divide by the sums is a matter for the much smaller result. Backward needs no sum over a
row of scores either: sum_j p_j dp_j is g . out, which has the size of a result again. It computes exp(scores)
again where they are many more than there are queries, rather than to keep them until then.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from ...declare import case, fused
from ...errors import DtypeError, ShapeError
from ..choosing import where
from ..contractions import matmul
from ..indexing import getitem
from ..shapes import moveaxis, reshape, swapaxes
from ..softmax import softmax
from . import batching

# Scores of at most this size can be exponentiated and summed as they are, with room for products:
# a quarter of the logarithm of the largest number. Half precision has no room.
_LIMITS = {t: math.log(np.finfo(t).max) / 4 for t in "fdg"}

# Scores of so many bytes, so many times as wide as queries, are computed again for the backward pass.
_MANY, _WIDE = 1 << 18, 2

# ---------------------------------------------------------------- kernels on arrays of heads


def _attend(q, k, v, bias, kept, out):
    """softmax(q @ k.T + bias) * kept @ v, into `out`; q is scaled already.

    Returns what backward needs: exp(scores) up to a factor per row, or None if it computes them again, and the
    reciprocals of the sums of its rows.
    """
    shares = _exponentials(np.matmul(q, k.swapaxes(-1, -2)), *bias)
    total = _row_sums(shares)
    if bias[0] is not None or not k.shape[-2]:
        total[total == 0] = 1  # a query with no key gets zeros
    over = np.reciprocal(total, total)
    np.matmul(shares if kept is None else shares * kept, v, out=out)
    out *= over
    again = shares.nbytes >= _MANY and shares.shape[-1] >= _WIDE * q.shape[-1]
    return None if again else shares, over


def _exponentials(scores, bias, low, high):
    """exp(scores + bias) in place, each row up to a factor that keeps it finite.

    `low` and `high` bound the finite elements of bias.
    """
    if not scores.size:
        return scores
    # No row needs its maximum subtracted where nothing is large: two flat passes find that out
    # in a tenth of the time that the maxima of the rows take. NaN and inf do not pass.
    limit = _LIMITS.get(scores.dtype.char, -1)
    top, bottom = np.maximum.reduce(scores, None), np.minimum.reduce(scores, None)
    is_small = top + high <= limit and bottom + low >= -limit
    if bias is not None:
        scores += bias
    if not is_small:
        rows = np.maximum.reduce(scores, -1, keepdims=True)
        with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is NaN; far below is 0
            scores -= np.maximum(rows, np.finfo(scores.dtype).min)  # all -inf stay so
    return np.exp(scores, scores)


def _row_sums(x):
    if x.dtype.char not in "fd" or not x.size:
        return np.add.reduce(x, -1, keepdims=True)
    return x.reshape(-1, x.shape[-1]).dot(_ones(x.shape[-1], x.dtype)).reshape(*x.shape[:-1], 1)


@lru_cache(64)
def _ones(n, dtype):
    return _frozen(np.ones(n, dtype))


@lru_cache(16)
def _triangle(rows, columns, dtype):
    """The bias that hides from each row the columns after it."""
    return _frozen(np.triu(np.full((rows, columns), -np.inf, dtype), 1))


def _frozen(x):
    x.flags.writeable = False
    return x


def _bias(mask, is_causal, shape, dtype):
    """What is added to scores of a shape, or None, and bounds of its finite elements."""
    if mask is None:
        return (_triangle(*shape[-2:], dtype) if is_causal else None), 0, 0
    low = high = 0
    if mask.dtype == bool:
        bias = np.where(mask, dtype.type(0), dtype.type(-np.inf))
    else:
        bias = mask.astype(dtype, copy=False)
        if bias.size:
            low = np.where(bias == -np.inf, 0, bias).min()
            high = bias.max()
    return (bias + _triangle(*shape[-2:], dtype) if is_causal else bias), low, high


def _pull(g, q, k, v, out, aux, mask, kept, is_causal, scale, into, want_kept=False):
    """The cotangents of q, k, v into the arrays `into`, None where unneeded.

    Returns those of the scores and, if wanted, of `kept`.
    """
    shares, over = aux
    dq, dk, dv = into
    g = g * over
    along = np.einsum("...i,...i->...", g, out)[..., None]
    if shares is None:
        scores = np.matmul(q, (k * scale).swapaxes(-1, -2))
        shares = _exponentials(scores, *_bias(mask, is_causal, scores.shape, scores.dtype))
    if dv is not None:
        np.matmul((shares if kept is None else shares * kept).swapaxes(-1, -2), g, out=dv)
    d_scores = np.matmul(g, v.swapaxes(-1, -2))
    d_kept = d_scores * shares if want_kept else None
    if kept is not None:
        d_scores *= kept
    d_scores -= along
    d_scores *= shares
    g = shares = None  # their room is needed
    if dq is not None:
        np.matmul(d_scores, k, out=dq)
        dq *= scale
    if dk is not None:
        np.matmul(d_scores.swapaxes(-1, -2), q, out=dk)
        dk *= scale
    return d_scores, d_kept


def _summed_to(g, like):
    """A cotangent summed over what broadcasting repeated of an array; None for a bool one."""
    if like is None or like.dtype == bool:
        return None
    g = np.add.reduce(g, tuple(range(g.ndim - like.ndim)))
    repeated = tuple(i for i, n in enumerate(like.shape) if n == 1 != g.shape[i])
    return np.add.reduce(g, repeated, keepdims=True)


def _default_scale(width):
    return 1 / math.sqrt(width) if width else 1.0


# ---------------------------------------------------------------- queries, keys and values


def _attention(q, k, v, mask=None, kept=None, scale=None, is_causal=False):
    q, k, v, mask, kept = _one_dtype(q, k, v, mask, kept)
    _check(q, k, v, mask, kept)
    scale = _default_scale(q.shape[-1]) if scale is None else scale
    shape = (*q.shape[:-1], k.shape[-2])
    out = np.empty((*q.shape[:-1], v.shape[-1]), q.dtype, like=q)
    return out, _attend(q * scale, k, v, _bias(mask, is_causal, shape, q.dtype), kept, out)


def _one_dtype(*xs):
    """The arrays as numbers of one dtype; None and booleans stay."""
    dtype = np.result_type(*(x for x in xs if x is not None))
    if dtype.kind != "f":
        found = ", ".join(str(x.dtype) for x in xs if x is not None)
        raise DtypeError(f"attention: all must be real floating numbers, got {found}")
    return [x if x is None or x.dtype in (bool, dtype) else x.astype(dtype) for x in xs]


def _check(q, k, v, mask, kept):
    shapes = f"q{q.shape}, k{k.shape}, v{v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < 2 or not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ShapeError(f"attention: {shapes} must be (..., length, width), alike but for the last two")
    if q.shape[-1] != k.shape[-1]:
        raise ShapeError(f"attention: {shapes}: queries and keys must have one width")
    if k.shape[-2] != v.shape[-2]:
        raise ShapeError(f"attention: {shapes}: there must be as many values as keys")
    _check_fits(mask, kept, (*q.shape[:-1], k.shape[-2]))


def _check_fits(mask, kept, shape):
    for name, x in (("mask", mask), ("kept", kept)):
        if x is None:
            continue
        if x.ndim > len(shape) or any(
            n not in (1, m) for n, m in zip(x.shape[::-1], shape[::-1], strict=False)
        ):
            raise ShapeError(f"attention: {name}{x.shape} does not broadcast to the scores{shape}")
        if x.dtype.kind not in "bf":
            raise DtypeError(f"attention: {name} must be of booleans or floating numbers, got {x.dtype}")


def _d_attention(g, q, k, v, out, aux, mask, kept, scale, is_causal, wanted):
    q, k, v, mask, kept = _one_dtype(q, k, v, mask, kept)
    scale = _default_scale(q.shape[-1]) if scale is None else scale
    into = [np.empty(x.shape, g.dtype, like=g) if i in wanted else None for i, x in enumerate((q, k, v))]
    scores, d_kept = _pull(g, q, k, v, out, aux, mask, kept, is_causal, scale, into, 4 in wanted)
    d_mask = _summed_to(scores, mask) if 3 in wanted else None
    return *into, d_mask, _summed_to(d_kept, kept) if 4 in wanted else None


def _attention_formula(q, k, v, mask=None, kept=None, scale=None, is_causal=False):
    """The same by operations."""
    scale = _default_scale(q.shape[-1]) if scale is None else scale
    scores = matmul(q, swapaxes(k, -1, -2)) * scale
    plain = getattr(mask, "_data", mask)
    bias, _, _ = _bias(plain, is_causal, scores.shape, scores.dtype)
    if not scores.shape[-1]:
        weights = scores
    elif bias is None:
        weights = softmax(scores, -1)
    else:
        dead = np.logical_and.reduce(bias == -np.inf, -1, keepdims=True)
        if plain is not None and plain.dtype != bool:
            scores = scores + mask
            bias = _triangle(*scores.shape[-2:], scores.dtype) if is_causal else 0
        # a query with no key: softmax of anything else, times zero
        weights = softmax(where(dead, 0, scores + bias), -1) * (~dead).astype(scores.dtype)
    return matmul(weights if kept is None else weights * kept, v)


attention = fused(
    _attention,
    ["q", "k", "v", "mask", "kept"],
    name="attention",
    backward=_d_attention,
    formula=_attention_formula,
    batch=batching.attended,
    promotes=True,
    domain={"mask": (-1.0, 1.0), "kept": (0.5, 2.0)},
    cases=[
        case((2, 3, 4), (2, 5, 4), (2, 5, 2)),
        case((3, 2), (4, 2), (4, 3), np.tri(3, 4, 1, dtype=bool), scale=0.3),
        case((2, 2, 3, 2), (2, 2, 3, 2), (2, 2, 3, 2), (2, 1, 1, 3), (2, 2, 3, 3), is_causal=True),
        case((2, 1), (2, 1), (2, 1), np.array([[True, True], [False, False]])),
        case((3, 2), (3, 2), (3, 2), np.array([[0, 9, -200.0], [800, 801, 802], [0, 0, 0]])),
    ],
    doc="""softmax(q @ k.T * scale + mask) * kept @ v

    Args:
        mask: floating numbers to add to the scores, or booleans: whether a query may see a key.
        kept: factors of the weights, as dropout draws them.
        scale: 1 / sqrt(E) by default.
        is_causal: whether each query sees only the keys up to its own position.

    Shapes: q (..., L, E), k (..., S, E), v (..., S, V) -> (..., L, V); mask and kept broadcast to
    (..., L, S). A query that sees no key gets zeros.

    Source: Vaswani et al., Attention Is All You Need, 2017, eq. 1.""",
)


# ---------------------------------------------------------------- one array of all three


def _heads(x, parts, heads, batch_first):
    """(N, L, parts * heads * E), or (L, N, ...), as a view (parts, N, heads, L, E)."""
    a, b, width = x.shape
    split = x.reshape(a, b, parts, heads, width // (parts * heads))
    return split.transpose((2, 0, 3, 1, 4) if batch_first else (2, 1, 3, 0, 4))


def _self_attention(qkv, mask=None, kept=None, heads=1, batch_first=False, is_causal=False):
    if qkv.ndim != 3 or qkv.shape[-1] % (3 * heads):
        raise ShapeError(f"self_attention: qkv{qkv.shape} must be (L, N, 3 * heads * E), {heads} heads")
    qkv, mask, kept = _one_dtype(qkv, mask, kept)
    q, k, v = _heads(qkv, 3, heads, batch_first)
    shape = (*q.shape[:-1], k.shape[-2])
    _check_fits(mask, kept, shape)
    out = np.empty((*qkv.shape[:2], qkv.shape[2] // 3), qkv.dtype, like=qkv)
    bias = _bias(mask, is_causal, shape, qkv.dtype)
    scaled = q * _default_scale(q.shape[-1])
    return out, _attend(scaled, k, v, bias, kept, _heads(out, 1, heads, batch_first)[0])


def _d_self_attention(g, qkv, out, aux, mask, kept, heads, batch_first, is_causal, wanted):
    qkv, mask, kept = _one_dtype(qkv, mask, kept)
    q, k, v = _heads(qkv, 3, heads, batch_first)
    packed = np.empty(qkv.shape, g.dtype, like=g) if 0 in wanted else None
    g, out = _heads(g, 1, heads, batch_first)[0], _heads(out, 1, heads, batch_first)[0]
    into = [None] * 3 if packed is None else _heads(packed, 3, heads, batch_first)
    scale = _default_scale(k.shape[-1])
    scores, d_kept = _pull(g, q, k, v, out, aux, mask, kept, is_causal, scale, into, 2 in wanted)
    d_mask = _summed_to(scores, mask) if 1 in wanted else None
    return packed, d_mask, _summed_to(d_kept, kept) if 2 in wanted else None


def _self_attention_formula(qkv, mask=None, kept=None, heads=1, batch_first=False, is_causal=False):
    """The same by operations."""
    a, b, width = qkv.shape
    split = reshape(qkv, (a, b, 3, heads, width // (3 * heads)))
    split = moveaxis(split, (2, 3), (0, 2)) if batch_first else moveaxis(split, (2, 1, 3), (0, 1, 2))
    q, k, v = (getitem(split, i) for i in range(3))
    out = _attention_formula(q, k, v, mask, kept, None, is_causal)
    out = moveaxis(out, 1, 2) if batch_first else moveaxis(out, 2, 0)
    return reshape(out, (a, b, width // 3))


self_attention = fused(
    _self_attention,
    ["qkv", "mask", "kept"],
    name="self_attention",
    backward=_d_self_attention,
    formula=_self_attention_formula,
    batch=batching.self_attended,
    promotes=True,
    domain={"mask": (-1.0, 1.0), "kept": (0.5, 2.0)},
    cases=[
        case((3, 2, 12), heads=2),
        case((2, 3, 12), (2, 1, 1, 3), (2, 2, 3, 3), heads=2, batch_first=True, is_causal=True),
        case((3, 1, 3), np.array([[1, 0, 1], [0, 0, 0], [0, 1, 1]], bool)),
    ],
    doc="""Attention of a sequence to itself, in several heads side by side.

    Shapes: qkv (L, N, 3 * heads * E), all queries, then all keys, then all values; (N, L, ...) if
    `batch_first` -> (L, N, heads * E). mask and kept, as in `attention`, broadcast to
    (N, heads, L, L). The scale is 1 / sqrt(E).""",
)
