"""One layer of a transformer: attention and a feed-forward network, each added to what went in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.errors import ArgumentError

from . import functional as F
from .attention import MultiheadAttention
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalisation import LayerNorm
from .random import as_generator

ACTIVATIONS = ("relu", "gelu")


class _Layer(Module):
    """What both layers have: attentions, then a feed-forward network, a norm and dropout for each."""

    attentions: tuple[str, ...] = ()
    self_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        caller, blocks = type(self).__name__, range(1, len(self.attentions) + 2)
        generator = as_generator(generator, caller)
        same: dict[str, Any] = {"dtype": dtype, "generator": generator}
        for name in self.attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias=bias, batch_first=batch_first, **same
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **same)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **same)
        self.norm_first = norm_first
        for i in blocks:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype))
        for i in blocks:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation, caller)

    def _residual(self, x: Any, norm: Module, block: Callable) -> Any:
        """x + block(norm(x)), or norm(x + block(x))."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _feed_forward(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


def _activation(activation: Any, caller: str) -> Any:
    """The function that a name stands for; a callable stands for itself."""
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ArgumentError(
            f"{caller}: activation must be callable or one of {ACTIVATIONS}, got {activation!r}"
        )
    return getattr(F, activation)


class TransformerEncoderLayer(_Layer):
    """x = norm1(x + attention(x, x, x)), then norm2(x + linear2(activation(linear1(x)))).

    Args:
        d_model: width E of input and result.
        nhead: how many heads attend side by side.
        dim_feedforward: width between the two linear maps.
        dropout: the probability of dropout: of attention weights, inside the feed-forward network,
            and of what is added to x.
        activation: "relu", "gelu", or a callable.
        layer_norm_eps: eps of the norms.
        batch_first: whether arrays are (N, L, E) rather than (L, N, E).
        norm_first: x = x + attention(norm1(x)), then x + linear2(...(norm2(x))) instead.
        bias: whether linear maps and norms have biases.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from.

    Shapes: (L, N, E) -> (L, N, E), or without N.

    Errors: ArgumentError for sizes that are no positive integers and unknown activations;
    ShapeError, DtypeError for inputs and masks.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.1; norm_first: Xiong et al.,
    On Layer Normalization in the Transformer Architecture, 2020, table 1.

    Example:
        >>> import numpy as np
        >>> TransformerEncoderLayer(4, 2, 8)(np.zeros((5, 3, 4), np.float32)).shape
        (5, 3, 4)
    """

    attentions = ("self_attn",)
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        """The layer's result; masks are those of `MultiheadAttention`, True hides."""

        def attend(x: Any) -> Any:
            found, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, True, is_causal)
            return self.dropout1(found)

        x = self._residual(src, self.norm1, attend)
        return self._residual(x, self.norm2, lambda x: self.dropout2(self._feed_forward(x)))


class TransformerDecoderLayer(_Layer):
    """x = norm1(x + attention(x, x, x)), norm2(x + attention(x, memory, memory)), norm3(x + ff(x)).

    Here ff(x) = linear2(activation(linear1(x))), and the second attention is `multihead_attn`.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, dtype, generator: as in `TransformerEncoderLayer`.

    Shapes: tgt (T, N, E), memory (S, N, E) -> (T, N, E), or all without N.

    Errors: as `TransformerEncoderLayer`.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.1.

    Example:
        >>> import numpy as np
        >>> tgt, memory = np.zeros((5, 3, 4), np.float32), np.zeros((6, 3, 4), np.float32)
        >>> TransformerDecoderLayer(4, 2, 8)(tgt, memory).shape
        (5, 3, 4)
    """

    attentions = ("self_attn", "multihead_attn")
    multihead_attn: MultiheadAttention
    norm1: LayerNorm
    norm2: LayerNorm
    norm3: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    dropout3: Dropout

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """The layer's result; masks are those of `MultiheadAttention`, True hides."""

        def attend(x: Any) -> Any:
            found, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, True, tgt_is_causal)
            return self.dropout1(found)

        def look_back(x: Any) -> Any:
            rest = (memory_key_padding_mask, False, memory_mask, True, memory_is_causal)
            return self.dropout2(self.multihead_attn(x, memory, memory, *rest)[0])

        x = self._residual(tgt, self.norm1, attend)
        x = self._residual(x, self.norm2, look_back)
        return self._residual(x, self.norm3, lambda x: self.dropout3(self._feed_forward(x)))
