"""Multi-head attention as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError

from . import init
from .functional.arguments import share
from .functional.heads import Options, Projections, attend
from .linear import Linear
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """Linear, under the name that PyTorch prints for the projection of the result."""


class MultiheadAttention(Module):
    """concat(head_1, ..., head_h) @ out_proj.T, head_i = attention(Q W_i, K W_i, V W_i).

    Args:
        embed_dim: width E of query and result.
        num_heads: how many heads attend side by side, each E / num_heads wide.
        dropout: the probability with which a weight is dropped in training, drawn from the default
            generator.
        bias: whether the projections have biases.
        add_bias_kv: add one more, trained key and value.
        add_zero_attn: add one more key and value of zeros.
        kdim, vdim: widths of key and value; E by default.
        batch_first: whether inputs and result are (N, L, E) rather than (L, N, E).
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from: projections by `init.xavier_uniform_`.

    Shapes: query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> (L, N, E) and weights, see
    `forward`; all without N if unbatched.

    Errors: ArgumentError for sizes that are no positive integers, an `embed_dim` that `num_heads`
    does not divide, a probability outside 0..1; ShapeError and DtypeError for the inputs and masks.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.

    Example:
        >>> import numpy as np
        >>> x = np.zeros((5, 2, 4), np.float32)
        >>> out, weights = MultiheadAttention(4, 2)(x, x, x)
        >>> out.shape, weights.shape
        ((5, 2, 4), (2, 5, 5))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        self.embed_dim, self.num_heads = _size(embed_dim, "embed_dim"), _size(num_heads, "num_heads")
        if self.embed_dim % self.num_heads:
            raise ArgumentError(
                f"MultiheadAttention: embed_dim {embed_dim} must be a multiple of num_heads {num_heads}"
            )
        self.kdim = self.embed_dim if kdim is None else _size(kdim, "kdim")
        self.vdim = self.embed_dim if vdim is None else _size(vdim, "vdim")
        self.dropout = share(dropout, "MultiheadAttention: dropout")
        self.batch_first, self.add_zero_attn = bool(batch_first), bool(add_zero_attn)
        self.head_dim = self.embed_dim // self.num_heads
        generator = as_generator(generator, "MultiheadAttention")
        self._add_projections(bias, dtype)
        self.out_proj = NonDynamicallyQuantizableLinear(
            self.embed_dim, self.embed_dim, bias, dtype=dtype, generator=generator
        )
        for name in ("bias_k", "bias_v"):
            row = parameter_of(init.empty(1, 1, self.embed_dim, dtype=dtype)) if add_bias_kv else None
            self.register_parameter(name, row)
        self._reset_parameters(generator)

    def _add_projections(self, bias: bool, dtype: Any) -> None:
        e = self.embed_dim
        is_packed = self.kdim == self.vdim == e
        widths = {"q_proj_weight": e, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        for name, width in widths.items():
            weight = None if is_packed else parameter_of(init.empty(e, width, dtype=dtype))
            self.register_parameter(name, weight)
        packed = parameter_of(init.empty(3 * e, e, dtype=dtype)) if is_packed else None
        self.register_parameter("in_proj_weight", packed)
        self.register_parameter(
            "in_proj_bias", parameter_of(init.empty(3 * e, dtype=dtype)) if bias else None
        )

    def _reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew, as PyTorch does."""
        generator = as_generator(generator, "MultiheadAttention")
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight, generator=generator)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for row in (self.bias_k, self.bias_v):
            if row is not None:
                init.xavier_normal_(row, generator=generator)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """What each query finds, and the weights of all keys for it.

        Args:
            key_padding_mask: (N, S), True where a key is hidden, or numbers to add to its scores.
            need_weights: whether weights are returned. Without them it is faster, and a query
                that sees no key finds zeros, where it else finds NaN.
            attn_mask: (L, S) or (N * num_heads, L, S), True where a key is hidden from a query, or
                numbers to add to the scores.
            average_attn_weights: return the mean of all heads' weights, (N, L, S), rather than
                all of them, (N, num_heads, L, S).
            is_causal: a hint that attn_mask is the causal one; it may then go unread.
        """
        weights = Projections(
            self.in_proj_weight,
            (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight),
            self.in_proj_bias,
            (self.bias_k, self.bias_v),
            self.out_proj.weight,
            self.out_proj.bias,
        )
        options = Options(
            self.num_heads,
            self.batch_first,
            self.add_zero_attn,
            self.dropout if self.training else 0.0,
            need_weights,
            average_attn_weights,
        )
        return attend((query, key, value), weights, options, key_padding_mask, attn_mask, is_causal)


def _size(value: Any, name: str) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"MultiheadAttention: {name} must be a positive integer, got {value!r}")
    return int(value)
