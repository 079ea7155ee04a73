"""Attention as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.broadcasting import broadcast_to
from autograd.ops.neural.attention import attention
from autograd.ops.shapes import expand_dims, reshape

from . import masks
from .arguments import number
from .heads import Options, Projections, attend
from .inputs import as_array
from .sizes import positive

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
    generator: Any = None,
) -> Any:
    """softmax(query @ key.T * scale + attn_mask) @ value.

    Args:
        attn_mask: booleans, True where a query may see a key, or floating numbers, added to
            the scores; broadcasts to (..., L, S).
        dropout_p: the probability with which a weight is dropped, whatever the mode: pass 0
            when evaluating.
        is_causal: whether each query sees only the keys up to its own position; not with a mask.
        scale: 1 / sqrt(E) by default.
        enable_gqa: let the heads, axis -3, of key and value each serve several heads of query.
        generator: where dropout draws from.

    Shapes: query (..., L, E), key (..., S, E), value (..., S, V) -> (..., L, V). A query that sees
    no key gets zeros.

    Errors: ShapeError, DtypeError; ArgumentError for a mask beside `is_causal`, for `dropout_p`
    outside 0..1.

    Source: Vaswani et al., Attention Is All You Need, 2017, eq. 1.

    Example:
        >>> import numpy as np
        >>> x = np.eye(2)
        >>> scaled_dot_product_attention(x, x, x, is_causal=True).round(4)
        array([[1.    , 0.    ],
               [0.3302, 0.6698]])
    """
    q, k, v = (as_array(x) for x in (query, key, value))
    _check(q, k, v)
    if is_causal and attn_mask is not None:
        raise ArgumentError(f"{_SDPA}: pass attn_mask or is_causal=True, not both")
    if enable_gqa:
        k, v = _repeated(k, q, "key"), _repeated(v, q, "value")
    q, k, v = _of_one_batch(q, k, v)
    scores = (*q.shape[:-1], k.shape[-2])
    mask = masks.checked(attn_mask, q.dtype, f"{_SDPA}: attn_mask")
    masks.check_broadcast(mask, scores, f"{_SDPA}: attn_mask")
    kept = masks.draw_kept(scores, dropout_p, q.dtype, generator, _SDPA)
    scale = None if scale is None else number(scale, f"{_SDPA}: scale")
    return attention(q, k, v, mask, kept, scale, bool(is_causal))


_SDPA = "scaled_dot_product_attention"


def _check(q: Any, k: Any, v: Any) -> None:
    shapes = f"query{q.shape}, key{k.shape}, value{v.shape}"
    if min(len(x.shape) for x in (q, k, v)) < 2:
        raise ShapeError(f"{_SDPA}: {shapes} must have at least two axes, (..., length, width)")
    if q.shape[-1] != k.shape[-1]:
        raise ShapeError(f"{_SDPA}: {shapes}: query and key must end in the same width")
    if k.shape[-2] != v.shape[-2]:
        raise ShapeError(f"{_SDPA}: {shapes}: there must be as many values as keys")
    if not q.dtype == k.dtype == v.dtype or q.dtype.kind != "f":
        found = f"{q.dtype}, {k.dtype} and {v.dtype}"
        raise DtypeError(f"{_SDPA}: query, key and value must be of one floating dtype, got {found}")


def _repeated(x: Any, q: Any, name: str) -> Any:
    """Key or value with each head as often as it serves one of the query."""
    if len(x.shape) < 3 or len(q.shape) < 3:
        raise ShapeError(f"{_SDPA}: enable_gqa needs (..., heads, length, width), got {name}{x.shape}")
    *batch, heads, length, width = x.shape
    wanted = q.shape[-3]
    if not heads or wanted % heads:
        raise ShapeError(
            f"{_SDPA}: the {wanted} heads of query{q.shape} must be a multiple of those of {name}{x.shape}"
        )
    if heads == wanted:
        return x
    apart = broadcast_to(expand_dims(x, -3), (*batch, heads, wanted // heads, length, width))
    return reshape(apart, (*batch, wanted, length, width))


def _of_one_batch(q: Any, k: Any, v: Any) -> tuple:
    """The three broadcast against each other in all axes but the last two."""
    if q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        return q, k, v
    try:
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in (q, k, v)))
    except ValueError:
        shapes = f"query{q.shape}, key{k.shape}, value{v.shape}"
        raise ShapeError(f"{_SDPA}: {shapes} do not broadcast before the last two axes") from None
    return tuple(broadcast_to(x, (*batch, *x.shape[-2:])) for x in (q, k, v))


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    generator: Any = None,
) -> tuple[Any, Any]:
    """concat(head_1, ..., head_h) @ out_proj_weight.T + out_proj_bias, and the weights or None.

    See `nn.MultiheadAttention`, which has the parameters; here they are arguments.

    Args:
        embed_dim_to_check: the width E that query must have.
        in_proj_weight: (3 * E, E); unused where `use_separate_proj_weight`, then
            q_proj_weight (E, E), k_proj_weight (E, kdim), v_proj_weight (E, vdim) are.
        bias_k, bias_v: (1, 1, E), one more key and value, or None.
        static_k, static_v: (N * heads, S, E / heads), in place of projected keys and values.

    Shapes: query (L, N, E) or (L, E), key (S, N, kdim), value (S, N, vdim) -> (L, N, E), and
    weights (N, L, S), or (N, heads, L, S) unless `average_attn_weights`.

    Errors: ShapeError, DtypeError, ArgumentError.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.

    Example:
        >>> import numpy as np
        >>> x, w = np.eye(2), np.concatenate([np.eye(2)] * 3)
        >>> rest = (None, None, None, False, 0.0, np.eye(2), None)
        >>> out, weights = multi_head_attention_forward(x, x, x, 2, 1, w, *rest)
        >>> weights.round(4)
        array([[0.6698, 0.3302],
               [0.3302, 0.6698]])
    """
    width = embed_dim_to_check
    heads = positive(num_heads, f"{_MHA}: num_heads")
    if positive(width, f"{_MHA}: embed_dim_to_check") % heads:
        raise ArgumentError(f"{_MHA}: embed_dim {width} must be a multiple of num_heads {num_heads}")
    if as_array(query).shape[-1:] != (width,):
        raise ShapeError(f"{_MHA}: query{np.shape(query)} must end in embed_dim_to_check, {width}")
    if (bias_k is None) != (bias_v is None) or (bias_k is not None and static_k is not None):
        raise ArgumentError(f"{_MHA}: bias_k and bias_v go together, and not with static_k or static_v")
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else ()
    weights = Projections(
        None if separate else _weight("in_proj_weight", in_proj_weight, (3 * width, width)),
        _each_weight(separate, width),
        _optional("in_proj_bias", in_proj_bias, (3 * width,)),
        (_optional("bias_k", bias_k, (1, 1, width)), _optional("bias_v", bias_v, (1, 1, width))),
        _weight("out_proj_weight", out_proj_weight, (width, width)),
        _optional("out_proj_bias", out_proj_bias, (width,)),
    )
    options = Options(
        num_heads,
        add_zero_attn=bool(add_zero_attn),
        dropout_p=dropout_p if training else 0.0,
        need_weights=need_weights,
        average=average_attn_weights,
        static=(static_k, static_v),
        generator=generator,
    )
    return attend((query, key, value), weights, options, key_padding_mask, attn_mask, is_causal)


_MHA = "multi_head_attention_forward"


def _each_weight(separate: tuple, width: int) -> tuple:
    """Those of query, key and value, where they are given one by one."""
    shapes = zip("qkv", separate, ((width, width), (width, None), (width, None)), strict=False)
    return tuple(_weight(f"{x}_proj_weight", w, shape) for x, w, shape in shapes)


def _optional(what: str, x: Any, shape: tuple[int | None, ...]) -> Any:
    return None if x is None else _weight(what, x, shape)


def _weight(what: str, x: Any, shape: tuple[int | None, ...]) -> Any:
    """A weight of this shape, whose lengths of None are free."""
    found = None if x is None else as_array(x)
    if found is None or len(found.shape) != len(shape) or found.dtype.kind != "f":
        fits = False
    else:
        fits = all(m in (None, n) for n, m in zip(found.shape, shape, strict=True))
    if not fits:
        lengths = ", ".join("any" if n is None else str(n) for n in shape)
        raise ShapeError(f"{_MHA}: {what} must be floating, of shape ({lengths}), got {describe(x)}")
    return found
