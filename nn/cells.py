"""One step of a recurrent layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from autograd.ops.neural import recurrent
from autograd.ops.shapes import reshape

from . import init
from .functional.inputs import as_array
from .functional.sizes import positive
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells share: the parameters, and a layer of one step.

    Args:
        input_size: number of features of the input.
        hidden_size: number of features of the state.
        bias: whether there are biases.
        num_chunks: how many gates there are.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from, uniform within 1 / sqrt(hidden_size).
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        name = type(self).__name__
        self.input_size = positive(input_size, f"{name}: input_size")
        self.hidden_size = positive(hidden_size, f"{name}: hidden_size")
        if not isinstance(bias, bool):
            raise OperandError(f"{name}: bias must be True or False, got {describe(bias)}")
        self.bias = bias
        rows = positive(num_chunks, f"{name}: num_chunks") * self.hidden_size
        self.weight_ih = parameter_of(init.empty(rows, self.input_size, dtype=dtype))
        self.weight_hh = parameter_of(init.empty(rows, self.hidden_size, dtype=dtype))
        for place in ("bias_ih", "bias_hh"):
            self.register_parameter(place, parameter_of(init.empty(rows, dtype=dtype)) if bias else None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew, as PyTorch does."""
        generator = as_generator(generator, type(self).__name__)
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator)

    def _step(self, operation: Any, input: Any, states: tuple, *options: Any) -> list:
        """The states after one step; `states` are None to begin with zeros."""
        name, x = type(self).__name__, as_array(input)
        if x.dtype.kind != "f":
            raise DtypeError(f"{name}: input must be floating, got {x.dtype}")
        if len(x.shape) not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{name}: input must be (N, {self.input_size}) or ({self.input_size},), got {x.shape}"
            )
        shape = (*x.shape[:-1], self.hidden_size)
        rows = x.shape[0] if len(x.shape) == 2 else 1
        given = []
        for place, state in zip(("h", "c"), states, strict=False):
            if state is None:
                state = np.zeros((rows, self.hidden_size), x.dtype)
            else:
                state = as_array(state)
                if state.shape != shape:
                    raise ShapeError(f"{name}: {place} must be {shape} for this input, got {state.shape}")
                state = state if len(shape) == 2 else reshape(state, (1, -1))
            given.append(state)
        x = reshape(x, (1, rows, self.input_size))
        weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        result = operation(x, *given, *weights, *options)
        size = rows * self.hidden_size  # the output comes first, then the states
        return [reshape(result[size * k : size * (k + 1)], shape) for k in range(1, len(given) + 1)]

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        parts += [] if self.bias else ["bias=False"]
        return ", ".join(parts)


class RNNCell(RNNCellBase):
    """h' = tanh(weight_ih x + bias_ih + weight_hh h + bias_hh), or relu.

    Args:
        input_size: number of features of the input.
        hidden_size: number of features of the state.
        bias: whether there are biases.
        nonlinearity: "tanh" or "relu".
        dtype, generator: see `RNNCellBase`.

    Shapes: input (N, input_size) or (input_size,); hx (N, hidden_size) or (hidden_size,), zeros by
    default -> as hx.

    Errors: ArgumentError for bad arguments; ShapeError and DtypeError for input and hx.

    Example:
        >>> RNNCell(3, 4)(np.zeros((2, 3), np.float32)).shape
        (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"RNNCell: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, bias, 1, dtype=dtype, generator=generator)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(recurrent.rnn, input, (hx,), None, False, self.nonlinearity)[0]

    def extra_repr(self) -> str:
        extra = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + extra


class GRUCell(RNNCellBase):
    """One step of `GRU`.

    Args, shapes and errors: as `RNNCell`, without a nonlinearity.

    Example:
        >>> GRUCell(3, 4)(np.zeros((2, 3), np.float32)).shape
        (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 3, dtype=dtype, generator=generator)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(recurrent.gru, input, (hx,))[0]


class LSTMCell(RNNCellBase):
    """One step of `LSTM`.

    Args: as `GRUCell`.

    Shapes: input as `RNNCell`; hx a pair (h, c) of its states -> the pair (h', c').

    Errors: as `RNNCell`; OperandError for an hx that is no pair.

    Example:
        >>> h, c = LSTMCell(3, 4)(np.zeros((2, 3), np.float32))
        >>> h.shape, c.shape
        ((2, 4), (2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 4, dtype=dtype, generator=generator)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise OperandError(f"LSTMCell: hx must be a pair (h, c), got {describe(hx)}")
        h, c = self._step(recurrent.lstm, input, (None, None) if hx is None else tuple(hx))
        return h, c
