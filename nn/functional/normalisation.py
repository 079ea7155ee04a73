"""Normalisations as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import DtypeError, ShapeError
from autograd.ops.neural.normalisation import normalise, window_sums

from .arguments import number
from .inputs import as_array
from .running import current, follower, running
from .sizes import lengths, positive

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """(x - mean) / sqrt(var + eps) * weight + bias, each channel over all samples and places.

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,), both or neither. In training they move towards the
            statistics of the input, in place and unrecorded, the variance being the unbiased
            one; otherwise they are used in place of those.
        weight, bias: (C,) or None.
        training: whether statistics are those of the input.
        momentum: how far the running statistics move: new = old + momentum * (seen - old).
        eps: added to the variance.

    Errors: ShapeError for shapes that do not fit, or one value per channel in training;
    ArgumentError without running statistics where they are needed; DtypeError for integers.

    Source: Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2.

    Example:
        >>> x = np.array([[1.0], [3.0]])
        >>> batch_norm(x, None, None, training=True).round(3)
        array([[-1.],
               [ 1.]])
    """
    input = _taken(input, 2, "batch_norm")
    shape = input.shape
    channels, places = shape[1], math.prod(shape[2:])
    weight, bias = _per_channel(weight, bias, channels, "batch_norm")
    eps = number(eps, "batch_norm: eps")
    stats = running(running_mean, running_var, channels, "batch_norm")
    if not channels:  # nothing to normalise
        return input * 1
    view = (shape[0], channels, places, channels)
    if not training:
        return normalise(input, weight, bias, view, "batch", eps, current(stats, "batch_norm"))
    if shape[0] * places == 1:
        raise ShapeError(f"batch_norm: training takes more than one value per channel, got input{shape}")
    return normalise(input, weight, bias, view, "batch", eps, None, follower(stats, momentum, "batch_norm"))


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """(x - mean) / sqrt(var + eps) * weight + bias, each channel of each sample over its places.

    Args:
        input: (N, C, L, ...).
        use_input_stats: whether statistics are those of the input, which then the running ones
            follow, averaged over the samples; otherwise the running ones are used.
        others: as those of `batch_norm`.

    Errors: as `batch_norm`; ShapeError also for one place per channel.

    Source: Ulyanov et al., Instance Normalization, 2016, eq. 5.

    Example:
        >>> instance_norm(np.array([[[1.0, 3.0], [8.0, 4.0]]])).round(3)
        array([[[-1.,  1.],
                [ 1., -1.]]])
    """
    input = _taken(input, 2, "instance_norm")
    return instances(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps, "instance_norm"
    )


def instances(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    caller: str,
    axis: int = 1,
) -> Any:
    """`instance_norm` of an array whose channels are along `axis`: 0 in a single sample."""
    shape = input.shape
    channels, places = shape[axis], math.prod(shape[axis + 1 :])
    weight, bias = _per_channel(weight, bias, channels, caller)
    eps = number(eps, f"{caller}: eps")
    stats = running(running_mean, running_var, channels, caller)
    if not channels:
        return input * 1
    view = (shape[0] if axis else 1, channels, places, channels)
    if not use_input_stats:
        return normalise(input, weight, bias, view, "batch", eps, current(stats, caller))
    if places == 1:
        raise ShapeError(f"{caller}: training takes more than one place per channel, got input{shape}")
    return normalise(input, weight, bias, view, "group", eps, None, follower(stats, momentum, caller))


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """(x - mean) / sqrt(var + eps) * weight + bias, over the last axes.

    Args:
        input: (..., *normalized_shape).
        normalized_shape: the lengths of the axes that are normalised together.
        weight, bias: of that shape, or None.

    Errors: ShapeError for shapes that do not fit; DtypeError for integers.

    Source: Ba et al., Layer Normalization, 2016, eq. 4.

    Example:
        >>> layer_norm(np.array([[1.0, 3.0], [8.0, 4.0]]), (2,)).round(3)
        array([[-1.,  1.],
               [ 1., -1.]])
    """
    input, view = _last_axes(input, normalized_shape, (weight, bias), "layer_norm")
    return normalise(input, weight, bias, view, "group", number(eps, "layer_norm: eps"))


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x / sqrt(mean(x**2) + eps) * weight, over the last axes.

    Args:
        input: (..., *normalized_shape).
        normalized_shape: the lengths of the axes that are normalised together.
        weight: of that shape, or None.
        eps: None for the machine epsilon of the dtype.

    Errors: ShapeError for shapes that do not fit; DtypeError for integers.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, eq. 4.

    Example:
        >>> rms_norm(np.array([3.0, 4.0]), (2,)).round(4)
        array([0.8485, 1.1314])
    """
    input, view = _last_axes(input, normalized_shape, (weight,), "rms_norm")
    eps = np.finfo(input.dtype).eps if eps is None else eps
    return normalise(input, weight, None, view, "rms", number(eps, "rms_norm: eps"))


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """(x - mean) / sqrt(var + eps) * weight + bias, each group of channels of each sample.

    Args:
        input: (N, C, ...).
        num_groups: how many groups the channels are cut into.
        weight, bias: (C,) or None.

    Errors: ShapeError for shapes that do not fit, or one value per group in all;
    DtypeError for integers.

    Source: Wu and He, Group Normalization, 2018, eq. 7.

    Example:
        >>> group_norm(np.array([[1.0, 3.0, 8.0, 4.0]]), 2).round(3)
        array([[-1.,  1.,  1., -1.]])
    """
    input = _taken(input, 2, "group_norm")
    shape, groups = input.shape, positive(num_groups, "group_norm: num_groups")
    channels, places = shape[1], math.prod(shape[2:])
    if channels % groups:
        raise ShapeError(f"group_norm: the channels of input{shape} cannot be cut into {groups} groups")
    if shape[0] * (channels // groups) * places == 1:
        raise ShapeError(f"group_norm: takes more than one value per group, got input{shape}")
    weight, bias = _per_channel(weight, bias, channels, "group_norm")
    eps = number(eps, "group_norm: eps")
    return normalise(input, weight, bias, (shape[0], channels, places, groups), "group", eps)


def local_response_norm(
    input: Any, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0
) -> Any:
    """x / (k + alpha * mean of x**2 over `size` neighbouring channels)**beta.

    Beyond the first and the last channel there are zeros.

    Args:
        input: (N, C, L, ...).
        size: how many channels: size // 2 before each, itself, and the rest after it.

    Errors: ShapeError below three axes; ArgumentError for a size that is no positive integer.

    Source: Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks,
    2012, section 3.3, where alpha multiplies the sum.

    Example:
        >>> local_response_norm(np.array([[[3.0], [4.0]]]), 2, alpha=2.0, beta=1.0).round(4)
        array([[[0.3   ],
                [0.1538]]])
    """
    input = _taken(input, 3, "local_response_norm")
    size = positive(size, "local_response_norm: size")
    alpha, beta, k = (
        number(v, f"local_response_norm: {n}") for v, n in ((alpha, "alpha"), (beta, "beta"), (k, "k"))
    )
    near = window_sums(input * input, size // 2, (size - 1) // 2)
    return input / (near * (alpha / size) + k) ** beta


# ------------------------------------------------------------------ arguments


def _taken(input: Any, least: int, caller: str) -> Any:
    """An input as an array of floating numbers and enough axes."""
    input = as_array(input)
    if input.ndim < least:
        raise ShapeError(f"{caller}: input{input.shape} must have at least {least} axes")
    if input.dtype.kind != "f":
        raise DtypeError(f"{caller}: input must be floating, got {input.dtype}{input.shape}")
    return input


def _per_channel(weight: Any, bias: Any, channels: int, caller: str) -> tuple[Any, Any]:
    weight, bias = _array(weight), _array(bias)
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != (channels,):
            raise ShapeError(
                f"{caller}: {name}{array.shape} must have one element for each of {channels} channels"
            )
    return weight, bias


def _array(x: Any) -> Any:
    return None if x is None else as_array(x)


def _last_axes(input: Any, normalized_shape: Any, weights: tuple, caller: str) -> tuple[Any, tuple]:
    """The input, and how it is viewed where its last axes are normalised together."""
    if type(normalized_shape) is not tuple:
        normalized_shape = lengths(normalized_shape, f"{caller}: normalized_shape")
    input, count = _taken(input, 1, caller), len(normalized_shape)
    shape = input.shape
    if not count or shape[-count:] != normalized_shape:
        raise ShapeError(f"{caller}: input{shape} must end in normalized_shape {normalized_shape}")
    for name, array in zip(("weight", "bias"), weights, strict=False):
        if array is not None and as_array(array).shape != normalized_shape:
            found = as_array(array).shape
            raise ShapeError(f"{caller}: {name}{found} must be of normalized_shape {normalized_shape}")
    return input, (math.prod(shape[:-count]), math.prod(normalized_shape), 1, 1)
