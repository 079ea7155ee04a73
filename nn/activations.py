"""Activations as modules; those of one line are made of the rows of `functional.activations`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograd.errors import OperandError, ShapeError

from . import functional as F
from . import init
from .elementwise import Activation
from .functional.arguments import flag, number
from .functional.gated import slope_bounds
from .functional.inputs import as_array
from .functional.sizes import positive
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class ReLU(Activation, of=F.relu): ...


class ReLU6(Activation, of=F.relu6): ...


class LeakyReLU(Activation, of=F.leaky_relu): ...


class ELU(Activation, of=F.elu): ...


class CELU(Activation, of=F.celu): ...


class SELU(Activation, of=F.selu): ...


class GELU(Activation, of=F.gelu): ...


class SiLU(Activation, of=F.silu): ...


class Mish(Activation, of=F.mish): ...


class Sigmoid(Activation, of=F.sigmoid): ...


class LogSigmoid(Activation, of=F.logsigmoid): ...


class Hardtanh(Activation, of=F.hardtanh): ...


class Hardsigmoid(Activation, of=F.hardsigmoid): ...


class Hardswish(Activation, of=F.hardswish): ...


class Hardshrink(Activation, of=F.hardshrink): ...


class Softshrink(Activation, of=F.softshrink): ...


class Softplus(Activation, of=F.softplus): ...


class Softsign(Activation, of=F.softsign): ...


class Tanh(Activation, of=F.tanh): ...


class Tanhshrink(Activation, of=F.tanhshrink): ...


class Threshold(Activation, of=F.threshold): ...


class PReLU(Module):
    """x where x > 0, else weight * x, with a learned weight.

    Args:
        num_parameters: 1, or the number of channels, for a weight each.
        init: initial value of the weight.
        dtype: dtype of the weight; float32 by default.

    Shapes: any, or (N, num_parameters, ...) -> the same.

    Errors: ArgumentError for a size that is no positive integer; ShapeError for x.

    Source: He et al., Delving deep into rectifiers, 2015, eq. 1.

    Example:
        >>> PReLU()(np.array([-1.0, 2.0]))
        tensor([-0.25,  2.  ], requires_grad=True)
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = None):
        super().__init__()
        self.num_parameters = positive(num_parameters, "PReLU: num_parameters")
        self.init = number(init, "PReLU: init")
        self.weight = parameter_of(_empty(self.num_parameters, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to its initial value anew."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


_empty = init.empty  # `init` is an argument there


class RReLU(Module):
    """x where x > 0, else slope * x: drawn from lower..upper in training, else their middle.

    Args:
        lower, upper: bounds of the slopes.
        inplace: write the result over the input.
        generator: where slopes are drawn from.

    Shapes: any -> the same.

    Errors: ArgumentError for bounds in the wrong order.

    Source: Xu et al., Empirical evaluation of rectified activations, 2015, section 2.4.

    Example:
        >>> RReLU(0.25, 0.75).eval()(np.array([-1.0, 2.0]))
        array([-0.5,  2. ])
    """

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False, *, generator: Any = None
    ):
        super().__init__()
        self.lower, self.upper = slope_bounds(lower, upper, "RReLU")
        self.inplace = flag(inplace, "RReLU: inplace")
        self.generator = None if generator is None else as_generator(generator, "RReLU")

    def forward(self, input: Any) -> Any:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + ", inplace=True" * self.inplace


class _Along(Module):
    """Base of activations along an axis."""

    function: ClassVar[Any]

    def __init__(self, dim: int | None = None):
        super().__init__()
        if dim is not None and (not isinstance(dim, (int, np.integer)) or isinstance(dim, bool)):
            raise OperandError(f"{type(self).__name__}: dim must be an integer or None, got {dim!r}")
        self.dim = dim if dim is None else int(dim)

    def forward(self, input: Any) -> Any:
        return type(self).function(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Along):
    """exp(x) / sum(exp(x)) along `dim`.

    Args:
        dim: the axis; to leave it out is discouraged, see `functional.softmax`.

    Shapes: any -> the same.

    Errors: AxisError for an axis that is not there.

    Example:
        >>> Softmax(dim=0)(np.zeros(2))
        array([0.5, 0.5])
    """

    function = staticmethod(F.softmax)


class LogSoftmax(_Along):
    """log(softmax(x)) along `dim`, without overflow.

    Args, Shapes, Errors: as of `Softmax`.

    Example:
        >>> LogSoftmax(dim=0)(np.zeros(2)).round(4)
        array([-0.6931, -0.6931])
    """

    function = staticmethod(F.log_softmax)


class Softmin(_Along):
    """exp(-x) / sum(exp(-x)) along `dim`.

    Args, Shapes, Errors: as of `Softmax`.

    Example:
        >>> Softmin(dim=0)(np.log([1.0, 3.0]))
        array([0.75, 0.25])
    """

    function = staticmethod(F.softmin)


class GLU(_Along):
    """a * sigmoid(b), where a and b are the halves of x along `dim`.

    Shapes: (..., 2 * n, ...) -> (..., n, ...).

    Errors: ShapeError for an odd length; AxisError for an axis that is not there.

    Source: Dauphin et al., Language modeling with gated convolutional networks, 2017, eq. 1.

    Example:
        >>> GLU()(np.array([3.0, 0.0]))
        array([1.5])
    """

    function = staticmethod(F.glu)

    def __init__(self, dim: int = -1):
        super().__init__(dim)


class Softmax2d(Module):
    """Softmax over the channels at each place of an image.

    Shapes: (N, C, H, W) or (C, H, W) -> the same.

    Errors: ShapeError for another number of axes.

    Example:
        >>> Softmax2d()(np.zeros((2, 1, 1))).ravel()
        array([0.5, 0.5])
    """

    def forward(self, input: Any) -> Any:
        input = as_array(input)
        if input.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: expected (N, C, H, W) or (C, H, W), got {input.shape}")
        return F.softmax(input, -3)
