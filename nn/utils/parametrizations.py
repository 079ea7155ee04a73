"""Ready parametrizations: weight and spectral normalisation, orthogonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.elementwise import sqrt
from autograd.ops.reductions import sum as reduce_sum
from autograd.ops.shapes import moveaxis, reshape
from autograd.tensor import Tensor
from autograd.views import writable
from autograd.wholes import as_whole

from ..module import Module
from ..random import as_generator
from .orthogonal import orthogonal
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """weight = g v / |v|, with the norm taken along all axes but `dim`.

    Args:
        module: what has the weight.
        name: the weight's.
        dim: the axis along which each index has a norm g of its own; None, or -1, for one norm.

    Returns: the module; g is `parametrizations.<name>.original0`, v `original1`.

    Errors: ArgumentError if there is no such weight or axis.

    Source: Salimans and Kingma, Weight Normalization, 2016, eq. 2.

    Example:
        >>> import nn
        >>> layer = weight_norm(nn.Linear(3, 2))
        >>> [(n, p.shape) for n, p in layer.named_parameters()][1:]
        [('parametrizations.weight.original0', (2, 1)), ('parametrizations.weight.original1', (2, 3))]
    """
    ndim = getattr(module, name).ndim if hasattr(module, name) else 0
    if dim is not None and ndim and not -ndim <= dim < ndim:
        raise ArgumentError(f"weight_norm: dim must be None or one of {ndim} axes, got {dim}")
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(_renamed(name))
    return module


def _renamed(name: str) -> Any:
    """A hook that takes the names of weight normalisation before there were parametrizations."""

    def rename(module: Any, state: dict, prefix: str, *others: Any) -> None:
        for i, old in enumerate("gv"):
            if f"{prefix}{name}_{old}" in state:
                state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(f"{prefix}{name}_{old}")

    return rename


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = None if dim is None or dim == -1 else dim

    def forward(self, g: Any, v: Any) -> Any:
        return v * (g / norm_except(v, self.dim))

    def right_inverse(self, weight: Any) -> tuple:
        return norm_except(weight, self.dim), weight


def norm_except(v: Any, dim: int | None) -> Any:
    """The norm of v along all axes but one, which are kept; or of all of v."""
    axes = None if dim is None else tuple(i for i in range(v.ndim) if i != dim % v.ndim)
    return sqrt(reduce_sum(v * v, axis=axes, keepdims=dim is not None))


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    generator: Any = None,
) -> Module:
    """weight = W / sigma(W), with the largest singular value sigma(W) = u @ W @ v.

    u and v are buffers, and come nearer to the singular vectors with each call in training mode.

    Args:
        module: what has the weight.
        name: the weight's.
        n_power_iterations: how often u and v are improved at each call.
        eps: the least norm that u and v are divided by.
        dim: the axis of the rows, the others being columns; None for 0, or 1 for transposed
            convolutions.
        generator: where the first u and v are drawn from.

    Errors: ArgumentError for a number of iterations that is not positive.

    Source: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
    algorithm 1.

    Example:
        >>> import nn
        >>> layer = spectral_norm(nn.Linear(4, 3, generator=0), generator=1)
        >>> bool(abs(np.linalg.norm(layer.weight.detach().numpy(), 2) - 1) < 1e-2)
        True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"spectral_norm: {type(module).__name__} has no parameter or buffer {name!r}")
    if dim is None:
        dim = 1 if "ConvTranspose" in type(module).__name__ else 0
    normed = _SpectralNorm(weight, n_power_iterations, dim, eps, generator)
    return register_parametrization(module, name, normed)


class _SpectralNorm(Module):
    _u: Any
    _v: Any

    def __init__(self, weight: Any, n_power_iterations: int, dim: int, eps: float, generator: Any = None):
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise ArgumentError(f"spectral_norm: dim must be one of {weight.ndim} axes, got {dim}")
        if not isinstance(n_power_iterations, int) or n_power_iterations < 1:
            raise ArgumentError(
                f"spectral_norm: n_power_iterations must be a positive integer, got {n_power_iterations!r}"
            )
        if not weight.size:
            raise ShapeError(f"spectral_norm: the weight has no elements, its shape is {weight.shape}")
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim % weight.ndim, eps
        if weight.ndim > 1:
            rng, matrix = (
                as_generator(generator, "spectral_norm"),
                np.asarray(self._matrix(weight.detach())),
            )
            for key, length in zip(("_u", "_v"), matrix.shape, strict=True):
                drawn = rng.normal(size=length).astype(weight.dtype)
                self.register_buffer(key, autograd.tensor(unit(drawn, eps)))
            self._improve(matrix, 15)

    def _matrix(self, weight: Any) -> Any:
        return reshape(moveaxis(weight, self.dim, 0), (weight.shape[self.dim], -1))

    def _improve(self, matrix: np.ndarray, times: int) -> None:
        u, v = writable(self._u), writable(self._v)
        for _ in range(times):
            u[...] = unit(matrix.dot(v), self.eps)
            v[...] = unit(matrix.T.dot(u), self.eps)

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            norm = sqrt(reduce_sum(weight * weight))
            return weight / (norm if norm > self.eps else self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._improve(np.asarray(matrix._data), self.n_power_iterations)
        return weight / (self._u @ (matrix @ self._v))

    def right_inverse(self, value: Any) -> Any:
        return value


def unit(x: np.ndarray, eps: float) -> np.ndarray:
    """x over its length, or over eps if that is shorter."""
    return x / as_whole(_at_least, np.sqrt(x.dot(x)), eps)


def _at_least(length: Any, eps: float) -> Any:
    return length.dtype.type(max(float(length), eps))
