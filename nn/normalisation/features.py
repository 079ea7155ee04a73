"""Normalisation within each sample: layer, RMS, group, local response."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError

from .. import functional as F
from .. import init
from ..functional.arguments import number
from ..functional.sizes import lengths, positive
from ..module import Module
from ..parameter import parameter_of
from .affine import AffineNorm, checked


class LayerNorm(AffineNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias, over the last axes.

    Args:
        normalized_shape: the lengths of those axes; a number for one.
        eps: added to the variance.
        elementwise_affine: whether there are a weight and a bias, of that shape.
        bias: whether there is a bias where there is a weight.
        dtype: dtype of the parameters; float32 by default.

    Shapes: x (..., *normalized_shape) -> the same.

    Errors: ArgumentError for lengths that are no positive integers, or a NaN or negative eps;
    ShapeError for x.

    Source: Ba et al., Layer Normalization, 2016, eq. 4.

    Example:
        >>> import numpy as np
        >>> LayerNorm(3)(np.zeros((4, 3), np.float32)).shape
        (4, 3)
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = lengths(normalized_shape, "LayerNorm: normalized_shape")
        self.eps, self.elementwise_affine = checked(eps, "LayerNorm: eps"), bool(elementwise_affine)
        self._affine(self.normalized_shape, elementwise_affine, elementwise_affine and bias, dtype)
        self.reset_parameters()

    def forward(self, input: Any) -> Any:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(AffineNorm):
    """x / sqrt(mean(x**2) + eps) * weight, over the last axes.

    Args:
        normalized_shape: the lengths of those axes; a number for one.
        eps: None for the machine epsilon of the dtype of x.
        elementwise_affine: whether there is a weight, of that shape.
        dtype: dtype of the weight; float32 by default.

    Shapes: x (..., *normalized_shape) -> the same.

    Errors: ArgumentError for lengths that are no positive integers, or a NaN or negative eps;
    ShapeError for x.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, eq. 4.

    Example:
        >>> import numpy as np
        >>> RMSNorm(3)(np.ones((4, 3), np.float32)).shape
        (4, 3)
    """

    eps: float | None  # type: ignore[assignment]

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = lengths(normalized_shape, "RMSNorm: normalized_shape")
        self.eps = None if eps is None else checked(eps, "RMSNorm: eps")
        self.elementwise_affine = bool(elementwise_affine)
        values = init.empty(*self.normalized_shape, dtype=dtype)
        self.register_parameter("weight", parameter_of(values) if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to ones."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Any) -> Any:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(AffineNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias, each group of channels of each sample.

    Args:
        num_groups: how many groups the channels are cut into.
        num_channels: C, how many channels.
        eps: added to the variance.
        affine: whether there are a weight and a bias, one of each per channel.
        bias: whether there is a bias where there is a weight.
        dtype: dtype of the parameters; float32 by default.

    Shapes: x (N, C, ...) -> the same.

    Errors: ArgumentError for sizes that are no positive integers, channels that cannot be cut
    so, or a NaN or negative eps; ShapeError for x.

    Source: Wu and He, Group Normalization, 2018, eq. 7.

    Example:
        >>> import numpy as np
        >>> GroupNorm(2, 6)(np.zeros((4, 6, 5), np.float32)).shape
        (4, 6, 5)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ):
        super().__init__()
        self.num_groups = positive(num_groups, "GroupNorm: num_groups")
        self.num_channels = positive(num_channels, "GroupNorm: num_channels")
        if self.num_channels % self.num_groups:
            raise ArgumentError(
                f"GroupNorm: num_channels must be a multiple of num_groups, got {num_channels} "
                f"and {num_groups}"
            )
        self.eps, self.affine = checked(eps, "GroupNorm: eps"), bool(affine)
        self._affine((self.num_channels,), affine, affine and bias, dtype)
        self.reset_parameters()

    def forward(self, input: Any) -> Any:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha * mean of x**2 over `size` neighbouring channels)**beta.

    Args:
        size: how many channels: size // 2 before each, itself, and the rest after it.
        alpha, beta, k: numbers in the formula.

    Shapes: x (N, C, L, ...) -> the same.

    Errors: ArgumentError for a size that is no positive integer, or NaN; ShapeError for x.

    Source: Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks,
    2012, section 3.3, where alpha multiplies the sum.

    Example:
        >>> import numpy as np
        >>> LocalResponseNorm(2)(np.zeros((1, 3, 2))).shape
        (1, 3, 2)
    """

    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        self.size = positive(size, "LocalResponseNorm: size")
        self.alpha = number(alpha, "LocalResponseNorm: alpha")
        self.beta = number(beta, "LocalResponseNorm: beta")
        self.k = number(k, "LocalResponseNorm: k")

    def forward(self, input: Any) -> Any:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
