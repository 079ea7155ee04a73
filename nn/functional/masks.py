"""Masks of attention: checked, merged, drawn.

A mask is of booleans, or of floating numbers that are added to the scores. In
`scaled_dot_product_attention` True means that a query may see a key; in the masks of multi-head
attention True hides one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograd.errors import DtypeError, ShapeError
from autograd.ops.joining import concatenate
from autograd.ops.shapes import astype, reshape
from autograd.wholes import as_whole

from .arguments import plain, share
from .inputs import as_array
from .noise import dropout


def checked(mask: Any, dtype: Any, what: str) -> Any:
    """A mask of booleans, or of numbers of this dtype; None stays."""
    if mask is None:
        return None
    mask = as_array(mask)
    if mask.dtype.kind not in "bf":
        raise DtypeError(f"{what} must be of booleans or floating numbers, got {mask.dtype}")
    return mask if mask.dtype in (dtype, bool) else astype(mask, dtype)


def check_broadcast(mask: Any, scores: tuple, what: str) -> None:
    """Refuse a mask that does not broadcast to the shape of the scores."""
    if mask is None:
        return
    fits = 2 <= len(mask.shape) <= len(scores)
    if not fits or any(m not in (1, n) for m, n in zip(mask.shape[::-1], scores[::-1], strict=False)):
        raise ShapeError(f"{what}{mask.shape} must broadcast to the scores' shape {scores}")


def merge(attn_mask: Any, padding: Any, scores: tuple) -> Any:
    """Both masks of multi-head attention as one of scaled_dot_product_attention.

    Shapes: attn_mask (L, S) or (N * heads, L, S), padding (N, S) -> what broadcasts to
    `scores`, (N, heads, L, S).
    """
    n, heads, length, keys = scores
    if attn_mask is not None and len(attn_mask.shape) == 3:
        attn_mask = reshape(attn_mask, (n, heads, length, keys))
    if padding is not None:
        padding = reshape(padding, (n, 1, 1, keys))
    masks = [m for m in (attn_mask, padding) if m is not None]
    if not masks:
        return None
    if all(m.dtype == bool for m in masks):
        hidden = np.asarray(masks[0])
        return ~(hidden | np.asarray(masks[1])) if len(masks) > 1 else ~hidden
    dtype = next(m.dtype for m in masks if m.dtype != bool)
    biases = [m if m.dtype != bool else as_bias(~np.asarray(m), dtype) for m in masks]
    return biases[0] + biases[1] if len(biases) > 1 else biases[0]


def as_bias(mask: Any, dtype: Any) -> Any:
    """A mask as numbers to add: where booleans say that a query may see a key, 0, else -inf."""
    return mask if mask.dtype != bool else np.where(np.asarray(mask), 0, -np.inf).astype(dtype)


def widened(mask: Any, by: int) -> Any:
    """A mask with this many further keys, which all queries see."""
    if mask is None or not by:
        return mask
    more = np.zeros((*mask.shape[:-1], by), mask.dtype)
    return concatenate([mask, ~more if mask.dtype == bool else more], -1)


def draw_kept(shape: tuple, p: float, dtype: Any, generator: Any, caller: str) -> Any:
    """Factors of weights, 0 with probability p, else 1 / (1 - p); None where p is 0."""
    p = share(p, f"{caller}: dropout_p")
    return dropout(np.ones(shape, dtype), p, generator=generator) if p else None


@lru_cache(32)
def causal(length: int, dtype: Any) -> np.ndarray:
    """The float mask (length, length) that hides from each position those after it."""
    mask = np.triu(np.full((length, length), -np.inf, dtype), 1)
    mask.flags.writeable = False
    return mask


def is_causal(mask: Any, hint: bool | None, length: int) -> bool:
    """Whether a mask is said to be causal or, where nothing is said, is found to be."""
    if hint is not None or mask is None:
        return bool(hint)
    mask = as_array(mask)
    if mask.shape != (length, length) or mask.dtype.kind != "f":
        return False
    return bool(as_whole(_is_equal, plain(mask), causal(length, mask.dtype)))


def _is_equal(a: np.ndarray, b: np.ndarray) -> np.bool_:
    return np.bool_(np.array_equal(a, b))
