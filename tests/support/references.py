"""What each primitive should compute, from NumPy or spelled out here a second time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import Primitive

from . import recurrent
from .activation_references import ACTIVATIONS
from .convolutions import CONVOLUTIONS
from .layer_references import LAYERS
from .loss_references import LOSSES
from .window_references import WINDOWS


def reference_of(prim: Primitive) -> Callable:
    """An implementation that is not the kernel, unless the kernel is NumPy's own function.

    Errors: AssertionError if there is none: a new primitive needs a line below, or `numpy=`.
    """
    if prim.name in SPELLED_OUT:
        return SPELLED_OUT[prim.name]
    theirs = prim.reference or next(iter(prim.numpy), None) or getattr(np, prim.name, None)
    assert theirs is not None, f"{prim.name}: nothing says what it should compute; see references.py"
    return theirs


def _scatter_add(x: Any, index: Any, shape: tuple) -> Any:
    out = np.zeros(shape)
    places = np.arange(out.size).reshape(shape)[index]
    for place, value in zip(places.reshape(-1), np.broadcast_to(x, places.shape).reshape(-1), strict=True):
        out.reshape(-1)[place] += value
    return out


def _add_along_axis(x: Any, indices: Any, axis: int, length: int) -> Any:
    out = np.zeros([length if i == axis else n for i, n in enumerate(x.shape)], x.dtype)
    for place in np.ndindex(*x.shape):
        row = np.broadcast_to(indices, x.shape)[place]
        out[(*place[:axis], row, *place[axis + 1 :])] += x[place]
    return out


def _setitem(x: Any, value: Any, index: Any) -> Any:
    out = np.array(x)
    out[index] = value
    return out


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _softmax(x: Any, axis: int) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _attention(q: Any, k: Any, v: Any, mask: Any, kept: Any, scale: Any, is_causal: bool) -> Any:
    scores = np.einsum("...le,...se->...ls", q, k) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    top = np.nan_to_num(scores.max(-1, keepdims=True), neginf=0)
    shares = np.exp(scores - top)
    weights = np.nan_to_num(shares / np.maximum(shares.sum(-1, keepdims=True), 1e-300))
    return np.einsum("...ls,...sv->...lv", weights * (1 if kept is None else kept), v)


def _self_attention(qkv: Any, mask: Any, kept: Any, heads: int, batch_first: bool, is_causal: bool) -> Any:
    x = qkv if batch_first else np.swapaxes(qkv, 0, 1)
    q, k, v = (np.stack(np.split(part, heads, -1), 1) for part in np.split(x, 3, -1))
    out = np.concatenate(np.moveaxis(_attention(q, k, v, mask, kept, None, is_causal), 1, 0), -1)
    return out if batch_first else np.swapaxes(out, 0, 1)


SPELLED_OUT: dict[str, Callable] = {
    **ACTIVATIONS,
    **LOSSES,
    **CONVOLUTIONS,
    **LAYERS,
    **WINDOWS,
    "add_along_axis": _add_along_axis,
    "attention": _attention,
    "astype": lambda x, dtype: np.array(x, dtype),
    "broadcast_cast": lambda x, shape, dtype: np.zeros(shape, dtype) + x,
    "detach": lambda x: x,
    "einsum": lambda xs, subscripts: np.einsum(subscripts, *xs),
    "getitem": lambda x, index: x[index],
    "gru": recurrent.gru,
    "linear": lambda x, w, b: x @ w.T + (0 if b is None else b),
    "log_softmax": lambda x, axis: np.log(_softmax(x, axis)),
    "logsumexp": _logsumexp,
    "lstm": recurrent.lstm,
    "reduce_sum": lambda x, axis: np.sum(x, axis=axis),
    "rnn": recurrent.rnn,
    "scatter_add": _scatter_add,
    "self_attention": _self_attention,
    "setitem": _setitem,
    "softmax": _softmax,
}
