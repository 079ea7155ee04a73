"""What the recurrent layers share: parameters, and layers over layers in both directions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from autograd.ops.indexing import take
from autograd.ops.joining import concatenate
from autograd.ops.neural import recurrent
from autograd.ops.shapes import reshape, swapaxes

from . import functional as F
from . import init
from .functional.inputs import as_array
from .functional.sizes import positive
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator
from .utils.rnn import PackedSequence

__all__ = ["RNNBase"]

# by mode: the operation, how many gates its weights have, and what it takes besides
MODES: dict[str, tuple[Any, int, tuple]] = {
    "RNN_TANH": (recurrent.rnn, 1, ("tanh",)),
    "RNN_RELU": (recurrent.rnn, 1, ("relu",)),
    "GRU": (recurrent.gru, 3, ()),
    "LSTM": (recurrent.lstm, 4, ()),
}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: the parameters, and layers over layers in both directions.

    Args:
        mode: "RNN_TANH", "RNN_RELU", "LSTM" or "GRU".
        input_size: number of features of each step.
        hidden_size: number of features of the state.
        num_layers: how many layers; each takes the outputs of the one before.
        bias: whether there are biases.
        batch_first: whether input and output are (N, T, features) rather than (T, N, features).
        dropout: the probability of an output being zeroed between layers, in training.
        bidirectional: whether each layer also runs backwards in time; outputs stand side by side.
        proj_size: if not 0, what an LSTM's output is projected to.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values, uniform within 1 / sqrt(hidden_size), and what dropout
            zeroes are drawn from.
    """

    def __init__(
        self,
        mode: str,
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
        super().__init__()
        self._name = name = type(self).__name__
        if mode not in MODES:
            raise ArgumentError(f"{name}: mode must be one of {list(MODES)}, got {mode!r}")
        self.mode = mode
        self.input_size = positive(input_size, f"{name}: input_size")
        self.hidden_size = positive(hidden_size, f"{name}: hidden_size")
        self.num_layers = positive(num_layers, f"{name}: num_layers")
        flags = {"bias": bias, "batch_first": batch_first, "bidirectional": bidirectional}
        for flag, value in flags.items():
            if not isinstance(value, bool):
                raise OperandError(f"{name}: {flag} must be True or False, got {describe(value)}")
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.dropout = self._checked_dropout(dropout)
        self.proj_size = self._checked_projection(proj_size)
        self.generator = None if generator is None else as_generator(generator, name)
        self._add_parameters(dtype)
        self.reset_parameters(self.generator)

    def _checked_dropout(self, dropout: Any) -> float:
        is_number = isinstance(dropout, (int, float, np.number)) and not isinstance(dropout, bool)
        if not is_number or not 0 <= dropout <= 1:
            raise ArgumentError(f"{self._name}: dropout must be a number in 0..1, got {dropout!r}")
        if dropout and self.num_layers == 1:
            warnings.warn(
                f"{self._name}: dropout acts between layers, and there is one layer only", stacklevel=4
            )
        return float(dropout)

    def _checked_projection(self, size: Any) -> int:
        is_integer = isinstance(size, (int, np.integer)) and not isinstance(size, bool)
        if not is_integer or not 0 <= size < self.hidden_size:
            raise ArgumentError(
                f"{self._name}: proj_size must be an integer in 0..{self.hidden_size - 1}, below "
                f"hidden_size, got {size!r}"
            )
        if size and self.mode != "LSTM":
            raise ArgumentError(f"{self._name}: proj_size is for LSTMs only")
        return int(size)

    # -------------------------------------------------------------- parameters

    @property
    def _width(self) -> int:
        """The size of an output in one direction."""
        return self.proj_size or self.hidden_size

    def _suffixes(self) -> Iterator[tuple[int, str]]:
        """Each layer and direction: the layer's number, and the end of its parameters' names."""
        for layer in range(self.num_layers):
            yield layer, f"l{layer}"
            if self.bidirectional:
                yield layer, f"l{layer}_reverse"

    def _names(self, suffix: str) -> list[str]:
        names = [f"weight_ih_{suffix}", f"weight_hh_{suffix}"]
        names += [f"bias_ih_{suffix}", f"bias_hh_{suffix}"] if self.bias else []
        return names + ([f"weight_hr_{suffix}"] if self.proj_size else [])

    def _add_parameters(self, dtype: Any) -> None:
        rows = MODES[self.mode][1] * self.hidden_size
        directions = 2 if self.bidirectional else 1
        for layer, suffix in self._suffixes():
            features = self._width * directions if layer else self.input_size
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features)}
            shapes |= {"weight_hh": (rows, self._width)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,), "weight_hr": (self._width, self.hidden_size)}
            for name in self._names(suffix):
                shape = shapes[name.removesuffix(f"_{suffix}")]
                setattr(self, name, parameter_of(init.empty(*shape, dtype=dtype)))

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew, as PyTorch does."""
        generator = as_generator(generator, self._name)
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, n) for n in self._names(suffix)] for _, suffix in self._suffixes()]

    def flatten_parameters(self) -> None:
        """Nothing: there is no memory to arrange. PyTorch's layers have it for GPUs."""

    # -------------------------------------------------------------- the layers

    def _run(self, input: Any, hx: tuple | None) -> tuple[Any, tuple]:
        """The output, and the final states."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        x = self._checked_input(as_array(input), (2, 3))
        batched = len(x.shape) == 3
        if not batched:
            x = reshape(x, (x.shape[0], 1, x.shape[1]))
        elif self.batch_first:
            x = swapaxes(x, 0, 1)
        if not x.shape[0]:
            raise ShapeError(f"{self._name}: input{x.shape} has no steps; expected at least one")
        out, final = self._layers(x, None, self._initial(hx, x, x.shape[1], batched))
        if not batched:
            final = tuple([reshape(s, (s.shape[0], s.shape[2])) for s in final])
            out = reshape(out, (out.shape[0], out.shape[2]))
        elif self.batch_first:
            out = swapaxes(out, 0, 1)
        return out, final

    def _run_packed(self, input: PackedSequence, hx: tuple | None) -> tuple[PackedSequence, tuple]:
        data, batch_sizes, order, back = input
        x = self._checked_input(as_array(data), (2,))
        sizes = tuple([int(n) for n in batch_sizes])
        if order is not None and hx is not None:
            hx = tuple([take(state, order, 1) for state in map(as_array, hx)])
        out, final = self._layers(x, sizes, self._initial(hx, x, sizes[0], True))
        if back is not None:
            final = tuple([take(state, back, 1) for state in final])
        return input._replace(data=out), final

    def _layers(self, x: Any, sizes: tuple | None, initial: list) -> tuple[Any, tuple]:
        """Layer over layer; `initial` has the states of each layer and direction."""
        finals: list = []
        directions = 2 if self.bidirectional else 1
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                suffix = f"l{layer}_reverse" if direction else f"l{layer}"
                states = initial[layer * directions + direction]
                out, *final = self._direction(x, states, suffix, sizes, bool(direction))
                outputs.append(out)
                finals.append(final)
            x = outputs[0] if directions == 1 else concatenate(outputs, -1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, True, generator=self.generator)
        if len(finals) == 1:
            return x, tuple(finals[0])
        return x, tuple([concatenate(states) for states in zip(*finals, strict=True)])

    def _direction(self, x: Any, states: tuple, suffix: str, sizes: tuple | None, reverse: bool) -> list:
        """The output and final states, (1, N, width) each, of one layer in one direction."""
        operation, _, options = MODES[self.mode]
        weights = [getattr(self, f"weight_ih_{suffix}"), getattr(self, f"weight_hh_{suffix}")]
        for name in ("bias_ih_", "bias_hh_"):
            weights.append(getattr(self, name + suffix) if self.bias else None)
        if self.mode == "LSTM":
            weights.append(getattr(self, f"weight_hr_{suffix}") if self.proj_size else None)
        result = operation(x, *states, *weights, sizes, reverse, *options)
        shapes = [(1, *state.shape) for state in states]
        return recurrent.split(result, [(*x.shape[:-1], self._width), *shapes])

    # -------------------------------------------------------------- what is taken

    def _checked_input(self, x: Any, axes: tuple) -> Any:
        if x.dtype.kind != "f":
            raise DtypeError(f"{self._name}: input must be floating, got {x.dtype}")
        if len(x.shape) not in axes:
            batch = "(N, T, features)" if self.batch_first else "(T, N, features)"
            wanted = f"{batch} or (T, features)" if 3 in axes else "packed as (rows, features)"
            raise ShapeError(f"{self._name}: input must be {wanted}, got {x.shape}")
        if x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{self._name}: input{x.shape} must have input_size={self.input_size} features in its "
                f"last axis, got {x.shape[-1]}"
            )
        return x

    def _initial(self, hx: tuple | None, x: Any, count: int, batched: bool) -> list:
        """The states of each layer and direction to begin with, (N, width) each."""
        widths = (self._width, self.hidden_size) if self.mode == "LSTM" else (self._width,)
        layers = self.num_layers * (2 if self.bidirectional else 1)
        if hx is None:
            zeros = tuple([np.zeros((count, width), x.dtype) for width in widths])
            return [zeros] * layers
        found = []
        for name, state, width in zip(("h_0", "c_0"), hx, widths, strict=False):
            state = as_array(state)
            shape = (layers, count, width) if batched else (layers, width)
            if state.shape != shape:
                raise ShapeError(f"{self._name}: {name} must be {shape} for this input, got {state.shape}")
            found.append([reshape(state[i], (count, width)) for i in range(layers)])
        return list(zip(*found, strict=True))

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True,
            "batch_first": False, "dropout": 0, "bidirectional": False,
        }  # fmt: skip
        parts += [f"{n}={getattr(self, n)}" for n, d in defaults.items() if getattr(self, n) != d]
        return ", ".join(parts)
