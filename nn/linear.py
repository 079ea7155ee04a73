"""Layers that are matrix products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.ops.neural import linear

from . import init
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator


class Linear(Module):
    """y = x @ weight.T + bias.

    Args:
        in_features: length of the last axis of x.
        out_features: length of the last axis of y.
        bias: whether there is a bias.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from, uniform within 1 / sqrt(in_features).

    Shapes: x (..., in_features) -> y (..., out_features).

    Errors: ArgumentError for sizes that are no positive integers; ShapeError for x.

    Example:
        >>> import numpy as np
        >>> Linear(3, 2)(np.zeros((4, 3), np.float32)).shape
        (4, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        for name, size in (("in_features", in_features), ("out_features", out_features)):
            if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
                raise ArgumentError(f"Linear: {name} must be a positive integer, got {size!r}")
        in_features, out_features = int(in_features), int(out_features)
        self.in_features, self.out_features = in_features, out_features
        self.weight = parameter_of(init.empty(out_features, in_features, dtype=dtype))
        if bias:
            self.bias = parameter_of(init.empty(out_features, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew, as PyTorch does."""
        generator = as_generator(generator, "Linear")  # once: a seed must not give both the same
        init.kaiming_uniform_(self.weight, math.sqrt(5), generator=generator)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, x: Any) -> Any:
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"
