"""Batch and instance normalisation: each channel, with running statistics."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import ShapeError
from autograd.views import writable
from autograd.wholes import as_whole

from .. import functional as F
from .. import init
from ..functional.inputs import as_array
from ..functional.normalisation import instances
from ..functional.sizes import positive
from .affine import AffineNorm, checked


class _ChannelNorm(AffineNorm):
    """Batch and instance normalisation: running statistics, and how many axes are taken."""

    _axes: tuple[int, ...]  # of a batch
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ):
        super().__init__()
        name = type(self).__name__
        self.num_features = positive(num_features, f"{name}: num_features")
        self.eps = checked(eps, f"{name}: eps")
        self.momentum = None if momentum is None else checked(momentum, f"{name}: momentum")
        self.affine, self.track_running_stats = bool(affine), bool(track_running_stats)
        self._affine((self.num_features,), affine, affine and bias, dtype)
        zeros = init.empty(self.num_features, dtype=dtype)
        tracked = (("running_mean", zeros), ("running_var", zeros), ("num_batches_tracked", np.array(0)))
        for key, values in tracked:
            self.register_buffer(key, autograd.tensor(values) if track_running_stats else None)
        self.reset_running_stats()
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what was seen: mean 0, variance 1, no batches."""
        for tensor, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if tensor is not None:
                writable(tensor)[...] = value

    def _checked(self, input: Any, axes: tuple[int, ...], axis: int = 1) -> Any:
        """The input as an array, of a permitted number of axes and the right number of channels."""
        input, name = as_array(input), type(self).__name__
        if input.ndim not in axes:
            many = " or ".join(map(str, axes))
            raise ShapeError(f"{name}: input{input.shape} must have {many} axes, got {input.ndim}")
        if input.shape[axis] != self.num_features:
            wanted, got = self.num_features, input.shape[axis]
            message = f"{name}: input{input.shape} must have {wanted} channels, got {got}"
            if self.weight is not None or self.running_mean is not None:
                raise ShapeError(message)
            warnings.warn(f"{message}; without parameters and statistics it takes any", stacklevel=4)
        return input

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


def _share(count: Any) -> np.float64:
    """The weight of one more in an average of them all."""
    return np.float64(1 / (count.item() + 1))


class _BatchNorm(_ChannelNorm):
    def forward(self, input: Any) -> Any:
        input = self._checked(input, self._axes)
        mean, var, momentum = self.running_mean, self.running_var, self.momentum
        if not self.training:
            return F.batch_norm(input, mean, var, self.weight, self.bias, mean is None, 0.0, self.eps)
        count = self.num_batches_tracked if self.track_running_stats else None
        if not self.track_running_stats:
            mean = var = None
        if momentum is None:  # then the running statistics are averages over all batches
            momentum = 0.0 if count is None else as_whole(_share, count._data)
        out = F.batch_norm(input, mean, var, self.weight, self.bias, True, momentum, self.eps)
        if count is not None:
            seen = writable(count)
            seen += 1
        return out


class BatchNorm1d(_BatchNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias, each channel over all samples and places.

    In training mode statistics are those of the input, and the running ones follow them, with
    the unbiased variance: new = old + momentum * (seen - old). In evaluation mode the running
    ones are used.

    Args:
        num_features: C, how many channels.
        eps: added to the variance.
        momentum: None for the average over all batches.
        affine: whether there are a weight and a bias.
        track_running_stats: without them, statistics are always those of the input.
        bias: whether there is a bias where there is a weight.
        dtype: dtype of parameters and statistics; float32 by default.

    Shapes: x (N, C) or (N, C, L) -> the same.

    Errors: ArgumentError for sizes that are no positive integers, or a NaN or negative eps or
    momentum; ShapeError for x, or for one value per channel in training.

    Source: Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2.

    Example:
        >>> BatchNorm1d(3)(np.zeros((4, 3), np.float32)).shape
        (4, 3)
    """

    _axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """As `BatchNorm1d`, of images.

    Shapes: x (N, C, H, W) -> the same.

    Errors: as `BatchNorm1d`.

    Example:
        >>> BatchNorm2d(3)(np.zeros((4, 3, 2, 2), np.float32)).shape
        (4, 3, 2, 2)
    """

    _axes = (4,)


class BatchNorm3d(_BatchNorm):
    """As `BatchNorm1d`, of volumes.

    Shapes: x (N, C, D, H, W) -> the same.

    Errors: as `BatchNorm1d`.

    Example:
        >>> BatchNorm3d(3)(np.zeros((4, 3, 2, 2, 2), np.float32)).shape
        (4, 3, 2, 2, 2)
    """

    _axes = (5,)


class _InstanceNorm(_ChannelNorm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: Any = None,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias=bias, dtype=dtype)

    def forward(self, input: Any) -> Any:
        most = self._axes[0]
        input = as_array(input)
        axis = 1 if input.ndim == most else 0
        input = self._checked(input, (most - 1, most), axis)
        own = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        return instances(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            own, momentum, self.eps, type(self).__name__, axis,
        )  # fmt: skip


class InstanceNorm1d(_InstanceNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias, each channel of each sample over its places.

    Args:
        num_features: C, how many channels.
        eps: added to the variance.
        momentum: how far the running statistics move towards those of a batch.
        affine: whether there are a weight and a bias.
        track_running_stats: whether statistics are followed in training, averaged over the
            samples, and used in evaluation mode.
        bias: whether there is a bias where there is a weight.
        dtype: dtype of parameters and statistics; float32 by default.

    Shapes: x (N, C, L) or (C, L) -> the same.

    Errors: ArgumentError for sizes that are no positive integers, or a NaN or negative eps or
    momentum; ShapeError for x, or for one place per channel in training.

    Source: Ulyanov et al., Instance Normalization, 2016, eq. 5.

    Example:
        >>> InstanceNorm1d(3)(np.zeros((4, 3, 2), np.float32)).shape
        (4, 3, 2)
    """

    _axes = (3,)


class InstanceNorm2d(_InstanceNorm):
    """As `InstanceNorm1d`, of images.

    Shapes: x (N, C, H, W) or (C, H, W) -> the same.

    Errors: as `InstanceNorm1d`.

    Example:
        >>> InstanceNorm2d(3)(np.zeros((4, 3, 2, 2), np.float32)).shape
        (4, 3, 2, 2)
    """

    _axes = (4,)


class InstanceNorm3d(_InstanceNorm):
    """As `InstanceNorm1d`, of volumes.

    Shapes: x (N, C, D, H, W) or (C, D, H, W) -> the same.

    Errors: as `InstanceNorm1d`.

    Example:
        >>> InstanceNorm3d(3)(np.zeros((3, 2, 2, 2), np.float32)).shape
        (3, 2, 2, 2)
    """

    _axes = (5,)
