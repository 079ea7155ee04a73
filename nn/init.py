"""Initialisers: fill a tensor in place with values drawn for it, and return it.

All draw from `generator`: a `numpy.random.Generator`, a seed, or None for the default one. They
take Tensors and ndarrays; what has no elements is returned as it is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from autograd.modes import no_grad
from autograd.tensor import Tensor

from .functional.arguments import dtype_of
from .random import as_generator, truncated_normal

_GAINS = {
    **dict.fromkeys(("linear", "sigmoid", "conv1d", "conv2d", "conv3d"), 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1.0),
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity shrinks a standard deviation, inverted.

    Args:
        nonlinearity: "linear", "conv1d" to "conv_transpose3d", "sigmoid", "tanh", "relu", "selu"
            or "leaky_relu".
        param: the negative slope of "leaky_relu", 0.01 if None.

    Errors: ArgumentError for an unknown nonlinearity; OperandError for a slope that is no number.

    Example:
        >>> round(calculate_gain("leaky_relu", 0.2), 4)
        1.3868
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else _number("calculate_gain", "the negative slope", param)
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ArgumentError(f"calculate_gain: unknown nonlinearity {nonlinearity!r}")
    return _GAINS[nonlinearity]


def fans(tensor: Any) -> tuple[int, int]:
    """fan-in and fan-out of a weight (out, in, *kernel).

    Errors: ShapeError below two axes.

    Example:
        >>> from autograd import tensor
        >>> fans(tensor(np.zeros((5, 3, 2, 2))))
        (12, 20)
    """
    if tensor.ndim < 2:
        raise ShapeError(f"fan-in and fan-out need at least 2 axes, got shape {tensor.shape}")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


# ------------------------------------------------------------------ what to fill with


def _checked(tensor: Any, caller: str, drawn: bool = True, axes: tuple[int, ...] = ()) -> Any:
    """The tensor, if it is one that can be filled: with fractions if they are drawn."""
    if not isinstance(tensor, (Tensor, np.ndarray)):
        raise OperandError(f"{caller}: expected a Tensor to fill, got {describe(tensor)}")
    if drawn and tensor.dtype.kind not in "fc":
        raise DtypeError(f"{caller}: a tensor of {tensor.dtype} cannot hold what is drawn")
    if axes and tensor.ndim not in axes:
        wanted = " or ".join(map(str, axes))
        raise ShapeError(f"{caller}: expected {wanted} axes, got shape {tensor.shape}")
    return tensor


def _number(caller: str, name: str, value: Any, least: float = -math.inf) -> float:
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise OperandError(f"{caller}: {name} must be a number, got {describe(value)}")
    if not value >= least:
        what = "a number" if least == -math.inf else f"at least {least:g}"
        raise ArgumentError(f"{caller}: {name} must be {what}, got {value}")
    return value


def _fill(tensor: Any, values: Any) -> Any:
    with no_grad():
        tensor[...] = values
    return tensor


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Uniform on [a, b)."""
    _checked(tensor, "uniform_")
    _number("uniform_", "a", a)
    _number("uniform_", "b", b, a)
    return _fill(tensor, as_generator(generator, "uniform_").uniform(a, b, tensor.shape))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Normal with the given mean and standard deviation."""
    _checked(tensor, "normal_")
    _number("normal_", "mean", mean)
    _number("normal_", "std", std, 0)
    return _fill(tensor, as_generator(generator, "normal_").normal(mean, std, tensor.shape))


def trunc_normal_(
    tensor: Any,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Any:
    """Normal with the given mean and standard deviation, given that it lies in [a, b].

    The bounds are values, not multiples of std.
    """
    _checked(tensor, "trunc_normal_")
    _number("trunc_normal_", "mean", mean)
    _number("trunc_normal_", "std", std, 0)
    _number("trunc_normal_", "a", a)
    _number("trunc_normal_", "b", b, a)
    if not (math.isfinite(mean) and math.isfinite(std) and a < math.inf and b > -math.inf):
        raise ArgumentError(f"trunc_normal_: no numbers between {a} and {b} with mean {mean}, std {std}")
    rng = as_generator(generator, "trunc_normal_")
    if std == 0:
        return _fill(tensor, min(max(mean, a), b))
    drawn = truncated_normal(rng, (a - mean) / std, (b - mean) / std, math.prod(tensor.shape))
    return _fill(tensor, np.clip(drawn * std + mean, a, b).reshape(tensor.shape))


def constant_(tensor: Any, val: float) -> Any:
    """Every element `val`."""
    return _fill(_checked(tensor, "constant_", drawn=False), val)


def zeros_(tensor: Any) -> Any:
    """Every element 0."""
    return _fill(_checked(tensor, "zeros_", drawn=False), 0)


def ones_(tensor: Any) -> Any:
    """Every element 1."""
    return _fill(_checked(tensor, "ones_", drawn=False), 1)


def eye_(tensor: Any) -> Any:
    """The identity matrix: as much of the input as the shape (out, in) lets through."""
    _checked(tensor, "eye_", drawn=False, axes=(2,))
    return _fill(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Any, groups: int = 1) -> Any:
    """A convolution's weight (out, in, *kernel) that lets through as many channels as it can.

    Args:
        groups: of the convolution; in each, channel i goes to channel i.
    """
    _checked(tensor, "dirac_", drawn=False, axes=(3, 4, 5))
    if not isinstance(groups, int) or isinstance(groups, bool) or groups < 1:
        raise ArgumentError(f"dirac_: groups must be a positive integer, got {groups!r}")
    if len(tensor) % groups:
        raise ShapeError(f"dirac_: {groups} groups do not divide the {len(tensor)} output channels")
    values = np.zeros(tensor.shape)
    each = len(tensor) // groups
    channels = np.arange(min(each, tensor.shape[1]))
    centre = tuple(n // 2 for n in tensor.shape[2:])
    if values.size:
        for first in range(0, len(tensor), each):
            values[(first + channels, channels, *centre)] = 1
    return _fill(tensor, values)


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Uniform on [-a, a] with a = gain * sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, 2010, eq. 16.
    """
    bound = math.sqrt(3) * _xavier_std(tensor, gain, "xavier_uniform_")
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Normal with variance gain**2 * 2 / (fan_in + fan_out).

    Source: as `xavier_uniform_`, eq. 12.
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain, "xavier_normal_"), generator)


def _xavier_std(tensor: Any, gain: float, caller: str) -> float:
    total = sum(fans(_checked(tensor, caller)))
    return _number(caller, "gain", gain, 0) * math.sqrt(2 / max(1, total))


def _kaiming_std(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    _checked(tensor, "kaiming")
    if not isinstance(mode, str) or mode.lower() not in ("fan_in", "fan_out"):
        raise ArgumentError(f"kaiming: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    fan = fans(tensor)[mode.lower() == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan))


def kaiming_uniform_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Any:
    """Uniform on [-b, b] with b = gain * sqrt(3 / fan).

    Args:
        a: the negative slope, for "leaky_relu".
        mode: "fan_in" to keep the variance forward, "fan_out" to keep it backward.
        nonlinearity: see `calculate_gain`.

    Source: He et al., Delving Deep into Rectifiers, 2015, section 2.2.
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Any:
    """Normal with variance gain**2 / fan; the arguments of `kaiming_uniform_`.

    Source: as `kaiming_uniform_`.
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """`gain` times a matrix with orthonormal rows, or columns if there are fewer of them.

    Further axes count as columns. All such matrices are equally likely.

    Source: Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks, 2014, section 3; Mezzadri, How to generate random matrices from the
    classical compact groups, 2007, section 5.
    """
    _checked(tensor, "orthogonal_")
    _number("orthogonal_", "gain", gain)
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: expected at least 2 axes, got shape {tensor.shape}")
    rng, size = as_generator(generator, "orthogonal_"), math.prod(tensor.shape)
    if not size:
        return tensor
    shape = (tensor.shape[0], size // tensor.shape[0])
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q *= np.copysign(1, np.diagonal(r))  # without this the law is QR's, not the uniform one
    return _fill(tensor, gain * (q if shape[0] >= shape[1] else q.T).reshape(tensor.shape))


def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: Any = None) -> Any:
    """Normal, with a fraction `sparsity` of each column set to zero, rounded up.

    Source: Martens, Deep learning via Hessian-free optimization, 2010, section 5.
    """
    _checked(tensor, "sparse_", axes=(2,))
    _number("sparse_", "sparsity", sparsity, 0)
    _number("sparse_", "std", std, 0)
    if sparsity > 1:
        raise ArgumentError(f"sparse_: sparsity must be at most 1, got {sparsity}")
    rng, rows = as_generator(generator, "sparse_"), tensor.shape[0]
    values = rng.normal(0.0, std, tensor.shape)
    order = rng.permuted(np.tile(np.arange(rows)[:, None], (1, tensor.shape[1])), axis=0)
    values[order < math.ceil(sparsity * rows)] = 0
    return _fill(tensor, values)


def empty(*shape: int, dtype: Any = None) -> np.ndarray:
    """A fresh array for a parameter: float32 unless told otherwise; DtypeError for no dtype."""
    return np.zeros(shape, np.float32 if dtype is None else dtype_of(dtype))
