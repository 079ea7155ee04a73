"""Recurrent layers."""

from __future__ import annotations

from typing import Any

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError

from .recurrent_base import RNNBase

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]


class RNN(RNNBase):
    """h' = tanh(weight_ih x + bias_ih + weight_hh h + bias_hh), or relu, step by step.

    Args:
        nonlinearity: "tanh" or "relu".
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype,
            generator: see `RNNBase`.

    Shapes: input (T, N, input_size), (N, T, input_size) if `batch_first`, (T, input_size) for one
    sequence, or a `PackedSequence`; hx (num_layers * directions, N, hidden_size), without N for one
    sequence, zeros by default -> output, as the input with directions * hidden_size features; h_n,
    as hx.

    Errors: ArgumentError for bad arguments; ShapeError and DtypeError for input and hx.

    Source: Elman, Finding Structure in Time, 1990.

    Example:
        >>> import numpy as np
        >>> output, h_n = RNN(3, 4)(np.zeros((5, 2, 3), np.float32))
        >>> output.shape, h_n.shape
        ((5, 2, 4), (1, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"RNN: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            dtype=dtype, generator=generator,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The output, and the final state."""
        output, (h_n,) = self._run(input, None if hx is None else (hx,))
        return output, h_n


class GRU(RNNBase):
    """h' = (1 - z) * n + z * h step by step, with

    r, z = sigmoid(weight_ih x + bias_ih + weight_hh h + bias_hh), in rows of the weights;
    n = tanh(weight_ih x + bias_ih + r * (weight_hh h + bias_hh)), in their last rows.

    Args: see `RNNBase`. Shapes and errors: as `RNN`.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, in the form
    where r multiplies what the state gave.

    Example:
        >>> import numpy as np
        >>> output, h_n = GRU(3, 4, 2, bidirectional=True)(np.zeros((5, 2, 3), np.float32))
        >>> output.shape, h_n.shape
        ((5, 2, 8), (4, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            dtype=dtype, generator=generator,
        )  # fmt: skip

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The output, and the final state."""
        output, (h_n,) = self._run(input, None if hx is None else (hx,))
        return output, h_n


class LSTM(RNNBase):
    """c' = f * c + i * g and h' = o * tanh(c') step by step, where

    i, f, g, o = weight_ih x + bias_ih + weight_hh h + bias_hh, in this order, through sigmoid,
    sigmoid, tanh, sigmoid. With `proj_size`, h' = weight_hr (o * tanh(c')).

    Args: see `RNNBase`.

    Shapes: as `RNN`, but hx is a pair (h_0, c_0), and so is the second result; h has proj_size
    features, if that is not 0, and c hidden_size.

    Errors: as `RNN`; OperandError for an hx that is no pair.

    Source: Hochreiter, Schmidhuber, Long Short-Term Memory, 1997; Gers et al., Learning to Forget,
    2000; for projections Sak et al., Long Short-Term Memory Recurrent Neural Network Architectures
    for Large Scale Acoustic Modeling, 2014.

    Example:
        >>> import numpy as np
        >>> output, (h_n, c_n) = LSTM(3, 4, proj_size=2)(np.zeros((5, 2, 3), np.float32))
        >>> output.shape, h_n.shape, c_n.shape
        ((5, 2, 2), (1, 2, 2), (1, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            proj_size, dtype=dtype, generator=generator,
        )  # fmt: skip

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, tuple[Any, Any]]:
        """The output, and the final state of the output and of the cells."""
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise OperandError(f"LSTM: hx must be a pair (h_0, c_0), got {describe(hx)}")
        output, (h_n, c_n) = self._run(input, None if hx is None else tuple(hx))
        return output, (h_n, c_n)
