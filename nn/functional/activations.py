"""Activations as functions; those that work element by element are rows of one table."""

from __future__ import annotations

import math
from typing import Any

from autograd.errors import ArgumentError
from autograd.ops.elementwise import tanh as _tanh
from autograd.ops.neural import activations as kernels

from .exponentials import gumbel_softmax, log_softmax, softmax, softmin
from .gated import glu, prelu, rrelu, rrelu_
from .table import REQUIRED, TABLE, in_place, option, row

__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
]

_INF = math.inf
# alpha and scale that keep mean 0 and variance 1: Klambauer et al., eq. 14
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _not_zero(name: str) -> Any:
    def check(caller: str, value: float, *_: float) -> None:
        if value == 0:
            raise ArgumentError(f"{caller}: {name} must not be 0: it is divided by")

    return check


def _ordered(caller: str, min_val: float, max_val: float) -> None:
    if min_val >= max_val:
        raise ArgumentError(f"{caller}: max_val must be greater than min_val, got {max_val} and {min_val}")


def _not_negative(caller: str, lambd: float) -> None:
    if lambd < 0:
        raise ArgumentError(f"{caller}: lambd must not be negative, got {lambd}")


relu = row(
    "relu", kernels.relu, "ReLU", "max(x, 0)", inplace=True, kinks={0: 0}, limits=(0, _INF),
    example=((), [-1.0, 0.0, 2.0], [0.0, 0.0, 2.0]),
)  # fmt: skip
relu6 = row(
    "relu6", lambda x: kernels.hardtanh(x, 0.0, 6.0), "ReLU6", "min(max(x, 0), 6)", inplace=True,
    kinks={0: 0, 6: 0}, limits=(0, 6), example=((), [-1.0, 2.0, 7.0], [0.0, 2.0, 6.0]),
    source="Howard et al., MobileNets, 2017",
)  # fmt: skip
leaky_relu = row(
    "leaky_relu", kernels.leaky_relu, "LeakyReLU", "x where x > 0, else negative_slope * x",
    [option("negative_slope", 0.01, "slope below zero")], inplace=True,
    kinks={0: 0.01}, limits=(-_INF, _INF), example=((0.1,), [-1.0, 0.0, 2.0], [-0.1, 0.0, 2.0]),
    source="Maas et al., Rectifier nonlinearities improve neural network acoustic models, 2013",
)  # fmt: skip
elu = row(
    "elu", kernels.elu, "ELU", "x where x > 0, else alpha * (exp(x) - 1)",
    [option("alpha", 1.0, "how far below zero it goes")], inplace=True,
    kinks={0: 1}, limits=(-1, _INF), example=((0.5,), [-1.0, 0.0, 2.0], [-0.3161, 0.0, 2.0]),
    source="Clevert et al., Fast and accurate deep network learning by ELUs, 2016, eq. 15",
)  # fmt: skip
celu = row(
    "celu", lambda x, alpha: kernels.elu(x, alpha, 1.0, 1 / alpha), "CELU",
    "x where x > 0, else alpha * (exp(x / alpha) - 1)",
    [option("alpha", 1.0, "how far below zero it goes; not 0")], inplace=True, check=_not_zero("alpha"),
    kinks={0: 1}, limits=(-1, _INF), example=((2.0,), [-2.0, 0.0, 2.0], [-1.2642, 0.0, 2.0]),
    source="Barron, Continuously differentiable exponential linear units, 2017, eq. 2",
)  # fmt: skip
selu = row(
    "selu", lambda x: kernels.elu(x, _SELU_ALPHA, _SELU_SCALE), "SELU",
    "1.0507 * x where x > 0, else 1.7581 * (exp(x) - 1)", inplace=True,
    kinks={0: _SELU_ALPHA * _SELU_SCALE}, limits=(-_SELU_ALPHA * _SELU_SCALE, _INF),
    example=((), [-1.0, 0.0, 2.0], [-1.1113, 0.0, 2.1014]),
    source="Klambauer et al., Self-normalizing neural networks, 2017, eq. 2",
)  # fmt: skip
gelu = row(
    "gelu", lambda x, approximate: kernels.gelu(x) if approximate == "none" else kernels.gelu_tanh(x),
    "GELU", "x times the share of the standard normal distribution below x",
    [option("approximate", "none", '"tanh" for the formula with tanh in place of erf', ("none", "tanh"))],
    limits=(0, _INF), example=(("tanh",), [-1.0, 0.0, 2.0], [-0.1588, 0.0, 1.9546]),
    source="Hendrycks and Gimpel, Gaussian error linear units (GELUs), 2016, section 2",
)  # fmt: skip
silu = row(
    "silu", kernels.silu, "SiLU", "x / (1 + exp(-x))", inplace=True, limits=(0, _INF),
    example=((), [-1.0, 0.0, 2.0], [-0.2689, 0.0, 1.7616]),
    source="Elfwing et al., Sigmoid-weighted linear units, 2018, eq. 1",
)  # fmt: skip
mish = row(
    "mish", kernels.mish, "Mish", "x * tanh(log(1 + exp(x)))", inplace=True, limits=(0, _INF),
    example=((), [-1.0, 0.0, 2.0], [-0.3034, 0.0, 1.944]),
    source="Misra, Mish: a self regularized non-monotonic activation function, 2020, eq. 1",
)  # fmt: skip
sigmoid = row(
    "sigmoid", kernels.sigmoid, "Sigmoid", "1 / (1 + exp(-x))", limits=(0, 1),
    example=((), [-1.0, 0.0, 2.0], [0.2689, 0.5, 0.8808]),
)  # fmt: skip
logsigmoid = row(
    "logsigmoid", kernels.logsigmoid, "LogSigmoid", "-log(1 + exp(-x))", limits=(-_INF, 0),
    example=((), [-1.0, 0.0, 2.0], [-1.3133, -0.6931, -0.1269]),
)  # fmt: skip
hardtanh = row(
    "hardtanh", kernels.hardtanh, "Hardtanh", "min(max(x, min_val), max_val)",
    [option("min_val", -1.0, "lower bound"), option("max_val", 1.0, "upper bound, above the lower")],
    inplace=True, check=_ordered, kinks={-1: 0, 1: 0}, limits=(-1, 1),
    example=((-2.0, 0.5), [-3.0, 0.0, 2.0], [-2.0, 0.0, 0.5]),
)  # fmt: skip
hardsigmoid = row(
    "hardsigmoid", kernels.hardsigmoid, "Hardsigmoid", "min(max(x + 3, 0), 6) / 6", inplace=True,
    kinks={-3: 0, 3: 0}, limits=(0, 1), example=((), [-4.0, 0.0, 2.0], [0.0, 0.5, 0.8333]),
    shows="nothing",
)  # fmt: skip
hardswish = row(
    "hardswish", kernels.hardswish, "Hardswish", "x * min(max(x + 3, 0), 6) / 6", inplace=True,
    kinks={-3: 0, 3: 1}, limits=(0, _INF), example=((), [-1.0, 0.0, 2.0], [-0.3333, 0.0, 1.6667]),
    shows="nothing", source="Howard et al., Searching for MobileNetV3, 2019, section 5.2",
)  # fmt: skip
hardshrink = row(
    "hardshrink", kernels.hardshrink, "Hardshrink", "x where |x| > lambd, else 0",
    [option("lambd", 0.5, "how close to zero counts as zero")], kinks={-0.5: 0, 0.5: 0},
    limits=(-_INF, _INF), example=((1.0,), [-2.0, 0.5, 2.0], [-2.0, 0.0, 2.0]), shows="bare",
)  # fmt: skip
softshrink = row(
    "softshrink", kernels.softshrink, "Softshrink",
    "x - lambd where x > lambd, x + lambd where x < -lambd, else 0",
    [option("lambd", 0.5, "how far numbers come closer to zero; not negative")], check=_not_negative,
    kinks={-0.5: 0, 0.5: 0}, limits=(-_INF, _INF),
    example=((1.0,), [-2.0, 0.5, 3.0], [-1.0, 0.0, 2.0]), shows="bare",
)  # fmt: skip
softplus = row(
    "softplus", kernels.softplus, "Softplus",
    "log(1 + exp(beta * x)) / beta, and x where beta * x > threshold",
    [
        option("beta", 1.0, "how sharp the bend is; not 0"),
        option("threshold", 20.0, "where the rest is taken for a line"),
    ],
    check=_not_zero("beta"), limits=(0, _INF),
    example=((2.0,), [-1.0, 0.0, 2.0], [0.0635, 0.3466, 2.0091]),
    source="Dugas et al., Incorporating second-order functional knowledge, 2001",
)  # fmt: skip
softsign = row(
    "softsign", kernels.softsign, "Softsign", "x / (1 + |x|)", limits=(-1, 1),
    example=((), [-1.0, 0.0, 3.0], [-0.5, 0.0, 0.75]),
)  # fmt: skip
tanh = row(
    "tanh", _tanh, "Tanh", "(exp(x) - exp(-x)) / (exp(x) + exp(-x))", limits=(-1, 1),
    example=((), [-1.0, 0.0, 2.0], [-0.7616, 0.0, 0.964]),
)  # fmt: skip
tanhshrink = row(
    "tanhshrink", kernels.tanhshrink, "Tanhshrink", "x - tanh(x)", limits=(-_INF, _INF),
    example=((), [-1.0, 0.0, 2.0], [-0.2384, 0.0, 1.036]),
)  # fmt: skip
threshold = row(
    "threshold", kernels.threshold, "Threshold", "x where x > threshold, else value",
    [
        option("threshold", REQUIRED, "up to where numbers are replaced"),
        option("value", REQUIRED, "what by"),
    ],
    inplace=True, limits=(7, _INF), example=((0.5, 7.0), [-1.0, 0.5, 2.0], [7.0, 7.0, 2.0]),
)  # fmt: skip

relu_, leaky_relu_, elu_, celu_ = in_place(relu), in_place(leaky_relu), in_place(elu), in_place(celu)
selu_, hardtanh_, threshold_ = in_place(selu), in_place(hardtanh), in_place(threshold)

# where doctest looks for the docstrings of functions that were not defined by a statement here
__test__ = {name: globals()[name].__doc__ for name in TABLE}
