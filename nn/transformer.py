"""Transformers: layers of attention and a feed-forward network, stacks of them, and both together."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError, ShapeError

from . import init
from .containers import ModuleList
from .functional import masks
from .functional.inputs import as_array
from .module import Module
from .normalisation import LayerNorm
from .random import as_generator
from .transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]


def _copies(layer: Module, count: Any, caller: str) -> ModuleList:
    if not isinstance(count, (int, np.integer)) or isinstance(count, bool) or count < 0:
        raise ArgumentError(f"{caller}: num_layers must be an integer >= 0, got {count!r}")
    return ModuleList(copy.deepcopy(layer) for _ in range(count))


def _length(x: Any, layers: ModuleList) -> int:
    """The length of a sequence, or of each in a batch."""
    shape = as_array(x).shape
    batch_first = len(shape) == 3 and any(layer.self_attn.batch_first for layer in layers)
    return shape[1 if batch_first else 0] if shape else 0


class TransformerEncoder(Module):
    """x = layer(x) for each of several layers, then `norm`.

    Args:
        encoder_layer: the layer that is copied, with its values.
        num_layers: how many copies.
        norm: a module for the result, or None.
        enable_nested_tensor, mask_check: taken, and without effect: nothing is nested here, so
            results at padded places are what the layers make of them.

    Shapes: as the layer's.

    Example:
        >>> import numpy as np, nn
        >>> stack = TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)
        >>> stack(np.zeros((5, 3, 4), np.float32)).shape
        (5, 3, 4)
    """

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ):
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers, "TransformerEncoder")
        self.num_layers, self.norm = num_layers, norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        """The result of all layers; `is_causal=None` looks at the mask itself."""
        is_causal = masks.is_causal(mask, is_causal, _length(src, self.layers))
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """x = layer(x, memory) for each of several layers, then `norm`.

    Args:
        decoder_layer: the layer that is copied, with its values.
        num_layers: how many copies.
        norm: a module for the result, or None.

    Shapes: as the layer's.

    Example:
        >>> import numpy as np, nn
        >>> stack = TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2)
        >>> stack(np.zeros((5, 3, 4), np.float32), np.zeros((6, 3, 4), np.float32)).shape
        (5, 3, 4)
    """

    def __init__(self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None):
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers, "TransformerDecoder")
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """The result of all layers; `tgt_is_causal=None` looks at the mask itself."""
        tgt_is_causal = masks.is_causal(tgt_mask, tgt_is_causal, _length(tgt, self.layers))
        rest = (memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, *rest, tgt_is_causal, memory_is_causal)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """decoder(tgt, encoder(src)).

    Args:
        d_model: width E of all inputs and results.
        nhead: how many heads attend side by side.
        num_encoder_layers, num_decoder_layers: how many layers each stack has.
        dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias: see
            `TransformerEncoderLayer`.
        custom_encoder, custom_decoder: modules in place of the stacks.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from; all weights by `init.xavier_uniform_`.

    Shapes: src (S, N, E), tgt (T, N, E) -> (T, N, E); (N, S, E) and (N, T, E) if `batch_first`;
    without N if unbatched.

    Errors: ArgumentError for sizes that are no positive integers and unknown activations;
    ShapeError, DtypeError for inputs and masks.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.

    Example:
        >>> import numpy as np
        >>> src, tgt = np.zeros((5, 3, 4), np.float32), np.zeros((6, 3, 4), np.float32)
        >>> Transformer(4, 2, 1, 1, 8)(src, tgt).shape
        (6, 3, 4)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        for name, given in (("custom_encoder", custom_encoder), ("custom_decoder", custom_decoder)):
            if given is not None and not callable(given):
                raise OperandError(f"Transformer: {name} must be a function or None, got {describe(given)}")
        generator = as_generator(generator, "Transformer")
        sizes = (d_model, nhead, dim_feedforward, dropout, activation)
        words = (*sizes, layer_norm_eps, batch_first, norm_first, bias)
        same: dict[str, Any] = {"dtype": dtype, "generator": generator}
        if custom_encoder is None:
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            layer = TransformerEncoderLayer(*words, **same)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            block = TransformerDecoderLayer(*words, **same)
            custom_decoder = TransformerDecoder(block, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self._reset_parameters(generator)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self, generator: Any = None) -> None:
        """Draw all weights anew, as PyTorch does."""
        generator = as_generator(generator, "Transformer")
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, generator=generator)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """The decoder's result; masks are those of `TransformerEncoder` and `TransformerDecoder`."""
        shapes = as_array(src).shape, as_array(tgt).shape
        batch = 0 if self.batch_first else 1
        if any(s[-1:] != (self.d_model,) for s in shapes) or len(shapes[0]) != len(shapes[1]):
            raise ShapeError(
                f"Transformer: src{shapes[0]} and tgt{shapes[1]} must end in d_model, {self.d_model}"
            )
        if len(shapes[0]) == 3 and shapes[0][batch] != shapes[1][batch]:
            raise ShapeError(f"Transformer: src{shapes[0]} and tgt{shapes[1]} must be of one batch")
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, *, dtype: Any = None) -> np.ndarray:
        """The mask (sz, sz) to add that hides from each position those after it: -inf there, else 0.

        Example:
            >>> Transformer.generate_square_subsequent_mask(2)
            array([[  0., -inf],
                   [  0.,   0.]], dtype=float32)
        """
        if not isinstance(sz, (int, np.integer)) or sz < 0:
            raise ArgumentError(f"generate_square_subsequent_mask: sz must be an integer >= 0, got {sz!r}")
        return masks.causal(int(sz), np.dtype(dtype or np.float32)).copy()
