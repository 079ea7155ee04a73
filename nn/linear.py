"""Layers that are matrix products, and the one that is nothing."""

from __future__ import annotations

import math
from typing import Any

from autograd.ops.neural.linear import linear

from . import functional as F
from . import init
from .functional.sizes import positive
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """y = x; takes any arguments, so that it can stand in for another layer.

    Example:
        >>> Identity(54, anything=True)(2.0)
        2.0
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


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
        self.in_features = positive(in_features, "Linear: in_features")
        self.out_features = positive(out_features, "Linear: out_features")
        self.weight = parameter_of(init.empty(self.out_features, self.in_features, dtype=dtype))
        if bias:
            self.bias = parameter_of(init.empty(self.out_features, dtype=dtype))
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

    def forward(self, input: Any) -> Any:
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"


class Bilinear(Module):
    """y[o] = sum of x1[i] * weight[o, i, j] * x2[j] over i and j, + bias[o].

    Args:
        in1_features: length of the last axis of x1.
        in2_features: length of the last axis of x2.
        out_features: length of the last axis of y.
        bias: whether there is a bias.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from, uniform within 1 / sqrt(in1_features).

    Shapes: x1 (..., in1_features), x2 (..., in2_features) -> y (..., out_features).

    Errors: ArgumentError for sizes that are no positive integers; ShapeError for x1 and x2.

    Example:
        >>> import numpy as np
        >>> Bilinear(3, 4, 2)(np.zeros((5, 3), np.float32), np.zeros((5, 4), np.float32)).shape
        (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        super().__init__()
        self.in1_features = positive(in1_features, "Bilinear: in1_features")
        self.in2_features = positive(in2_features, "Bilinear: in2_features")
        self.out_features = positive(out_features, "Bilinear: out_features")
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = parameter_of(init.empty(*shape, dtype=dtype))
        if bias:
            self.bias = parameter_of(init.empty(self.out_features, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew, as PyTorch does."""
        generator = as_generator(generator, "Bilinear")  # once: a seed must not give both the same
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters(recurse=False):
            init.uniform_(parameter, -bound, bound, generator)

    def forward(self, input1: Any, input2: Any) -> Any:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}"
        return f"{sizes}, out_features={self.out_features}, bias={self.bias is not None}"
