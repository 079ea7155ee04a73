"""Weight and spectral normalisation as hooks: the older forms, with the state dicts they had.

The weight is computed before each forward. The parametrizations of the same names do it whenever
the weight is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.errors import ArgumentError
from autograd.modes import no_grad
from autograd.ops.shapes import moveaxis, reshape
from autograd.tensor import Tensor
from autograd.views import writable

from ..module import Module
from ..parameter import Parameter
from ..random import as_generator
from .parametrizations import norm_except, unit

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """weight = g v / |v|, as `parametrizations.weight_norm`; g is `weight_g`, v is `weight_v`.

    Example:
        >>> import nn
        >>> list(weight_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_g', 'weight_v']
    """
    hook = _WeightNorm(name, None if dim == -1 else dim)
    weight = _taken(module, name, "weight_norm")
    module.register_parameter(f"{name}_g", _like(weight, norm_except(weight.detach(), hook.dim)))
    module.register_parameter(f"{name}_v", weight)
    return _installed(module, hook)


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight a parameter again, with the value it has; returns the module."""
    return _removed(module, _WeightNorm, name, ("g", "v"))


class _WeightNorm:
    def __init__(self, name: str, dim: int | None):
        self.name, self.dim = name, dim

    def compute(self, module: Any) -> Tensor:
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        return v * (g / norm_except(v, self.dim))

    def __call__(self, module: Any, args: tuple) -> None:
        setattr(module, self.name, self.compute(module))


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    *,
    generator: Any = None,
) -> Module:
    """weight = W / sigma(W), as `parametrizations.spectral_norm`.

    W is `weight_orig`; the vectors that come nearer to the singular ones are `weight_u` and
    `weight_v`.

    Example:
        >>> import nn
        >>> list(spectral_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if not isinstance(n_power_iterations, int) or n_power_iterations < 1:
        raise ArgumentError(
            f"spectral_norm: n_power_iterations must be a positive integer, got {n_power_iterations!r}"
        )
    if dim is None:
        dim = 1 if "ConvTranspose" in type(module).__name__ else 0
    hook, weight = _SpectralNorm(name, n_power_iterations, eps, dim), _taken(module, name, "spectral_norm")
    rng, matrix = as_generator(generator, "spectral_norm"), hook.matrix(weight.detach())
    module.register_parameter(f"{name}_orig", weight)
    for key, length in zip("uv", matrix.shape, strict=True):
        drawn = unit(rng.normal(size=length).astype(weight.dtype), eps)
        module.register_buffer(f"{name}_{key}", autograd.tensor(drawn))
    return _installed(module, hook)


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight a parameter again, with the value it has; returns the module."""
    return _removed(module, _SpectralNorm, name, ("orig", "u", "v"))


class _SpectralNorm:
    def __init__(self, name: str, n_power_iterations: int, eps: float, dim: int):
        self.name, self.n_power_iterations, self.eps, self.dim = name, n_power_iterations, eps, dim

    def matrix(self, weight: Any) -> Any:
        return reshape(moveaxis(weight, self.dim, 0), (weight.shape[self.dim], -1))

    def compute(self, module: Any, improve: bool = False) -> Tensor:
        weight, u, v = (getattr(module, f"{self.name}_{key}") for key in ("orig", "u", "v"))
        matrix = self.matrix(weight)
        if improve:
            values, u_values, v_values = np.asarray(matrix._data), writable(u), writable(v)
            for _ in range(self.n_power_iterations):
                v_values[...] = unit(values.T.dot(u_values), self.eps)
                u_values[...] = unit(values.dot(v_values), self.eps)
        return weight / (u @ (matrix @ v))

    def __call__(self, module: Any, args: tuple) -> None:
        setattr(module, self.name, self.compute(module, improve=module.training))


def _taken(module: Module, name: str, caller: str) -> Parameter:
    """A parameter, taken out of its module."""
    parameter = module._parameters.get(name)
    if parameter is None:
        raise ArgumentError(f"{caller}: {type(module).__name__} has no parameter {name!r}")
    delattr(module, name)
    return parameter


def _like(original: Parameter, value: Tensor) -> Parameter:
    return Parameter(np.array(value._data), requires_grad=original.requires_grad)


def _installed(module: Module, hook: Any) -> Module:
    with no_grad():
        setattr(module, hook.name, hook.compute(module))
    module.register_forward_pre_hook(hook)
    return module


def _removed(module: Module, kind: Any, name: str, parts: tuple[str, ...]) -> Module:
    table = module._hooks[0] if module._hooks is not None else {}
    for key, (hook, *_) in list(table.items()):
        if isinstance(hook, kind) and hook.name == name:
            with no_grad():
                value = hook.compute(module)
            original = getattr(module, f"{name}_{parts[0]}")
            del table[key]
            for part in ("", *(f"_{p}" for p in parts)):
                delattr(module, f"{name}{part}")
            module.register_parameter(name, _like(original, value))
            return module
    raise ArgumentError(f"{type(module).__name__} has no such normalisation of {name!r}")
