"""Norms of gradients, and gradients kept within bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, AutogradError, OperandError
from autograd.tape import new_tensor
from autograd.tensor import Tensor
from autograd.views import writable
from autograd.wholes import as_whole
from nn.functional.arguments import number

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


class NonfiniteNormError(AutogradError, RuntimeError):
    """The norm of gradients is infinite or no number, and that was to be refused."""


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """(sum of |x|**p over all elements of all tensors)**(1/p).

    Args:
        tensors: a Tensor or several.
        norm_type: p; infinity for the largest magnitude, minus infinity for the smallest of the
            tensors' smallest, 0 for the number of tensors that are not zero.
        error_if_nonfinite: raise if the norm is infinite or NaN.
        foreach: taken for compatibility; there is one way to compute it.

    Returns: a Tensor without axes, of the widest of the tensors' dtypes.

    Errors: NonfiniteNormError, a RuntimeError; OperandError for what is no Tensor.

    Example:
        >>> from autograd import tensor
        >>> get_total_norm([tensor([3.0]), tensor([[0.0, 4.0]])])
        tensor(5.)
    """
    return _total(_tensors(tensors, "get_total_norm"), norm_type, error_if_nonfinite, "get_total_norm")


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale gradients by min(1, max_norm / (norm + 1e-6)), in place; returns their norm before.

    Args:
        parameters: a Tensor or several; those without a gradient are left out.
        max_norm: what the norm of all gradients together is to be at most.
        norm_type, error_if_nonfinite, foreach: see `get_total_norm`.

    Errors: as `get_total_norm`; ArgumentError for a negative max_norm or NaN.

    Source: Pascanu et al., On the difficulty of training recurrent neural networks, 2013,
    algorithm 1.

    Example:
        >>> import nn
        >>> p = nn.Parameter(np.zeros(2))
        >>> p.grad = np.array([3.0, 4.0])
        >>> clip_grad_norm_([p], 1.0), round(float(p.grad[1]), 4)
        (tensor(5.), 0.8)
    """
    max_norm = number(max_norm, "clip_grad_norm_: max_norm", least=0)
    grads = [p.grad for p in _tensors(parameters, "clip_grad_norm_") if p.grad is not None]
    norm = _total(grads, norm_type, error_if_nonfinite, "clip_grad_norm_")
    _scale(grads, max_norm, norm._data)
    return norm


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Any, foreach: bool | None = None
) -> None:
    """Scale gradients by min(1, max_norm / (total_norm + 1e-6)), in place.

    Args: see `clip_grad_norm_`; `total_norm` is a number or a Tensor without axes.
    """
    max_norm = number(max_norm, "clip_grads_with_norm_: max_norm", least=0)
    if isinstance(total_norm, Tensor):
        total_norm = total_norm._data
    else:
        total_norm = _float(total_norm, "clip_grads_with_norm_: total_norm")
    grads = [p.grad for p in _tensors(parameters, "clip_grads_with_norm_") if p.grad is not None]
    _scale(grads, max_norm, total_norm)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bring each element of the gradients into [-clip_value, clip_value], in place.

    Args:
        parameters: a Tensor or several; those without a gradient are left out.
        foreach: taken for compatibility; there is one way to compute it.

    Errors: ArgumentError for a negative clip_value or NaN.

    Example:
        >>> import nn
        >>> p = nn.Parameter(np.zeros(2))
        >>> p.grad = np.array([3.0, -0.5])
        >>> clip_grad_value_(p, 1.0)
        >>> p.grad
        tensor([ 1. , -0.5])
    """
    clip_value = number(clip_value, "clip_grad_value_: clip_value", least=0)
    for p in _tensors(parameters, "clip_grad_value_"):
        if p.grad is not None:
            values = writable(p.grad)
            np.clip(values, -clip_value, clip_value, out=values)


def _tensors(given: Any, caller: str) -> list[Tensor]:
    """One Tensor or several, as a list."""
    if isinstance(given, Tensor):
        return [given]
    if not isinstance(given, Iterable):
        raise OperandError(f"{caller}: expected Tensors, got {describe(given)}")
    tensors = list(given)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise OperandError(f"{caller}: element {i} must be a Tensor, got {describe(t)}")
    return tensors


def _float(value: Any, what: str) -> float:
    """A number, NaN or the text of one, such as "inf"."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{what} must be a number, got {value!r}") from None


def _total(tensors: list[Tensor], norm_type: Any, refuse: bool, caller: str) -> Tensor:
    what = f"{caller}: norm_type"
    p = number(_float(norm_type, what), what)
    arrays = [np.asarray(t._data) for t in tensors]
    return new_tensor(as_whole(_total_of, arrays, p, refuse and f"{caller}: the norm of order {norm_type}"))


def _total_of(arrays: list[np.ndarray], p: float, refuse: str | bool) -> np.ndarray:
    """The norm of all arrays, of the widest dtype; `refuse` says what must be finite."""
    norms = np.array([_norm(a.reshape(-1), p) for a in arrays])
    total = float(_norm(norms, p)) if norms.size else 0.0
    if refuse and not math.isfinite(total):
        raise NonfiniteNormError(f"{refuse} is {total}; to clip nonetheless, pass error_if_nonfinite=False")
    dtype = np.result_type(*[a.real.dtype for a in arrays] or [np.dtype(np.float32)])
    with np.errstate(over="ignore"):
        return np.asarray(total).astype(dtype)


def _norm(x: np.ndarray, p: float) -> float:
    """The p-norm of a vector, as a Python float, without overflow on the way."""
    if p == math.inf:
        return float(np.abs(x).max(initial=0))
    if p == -math.inf:
        return float(np.abs(x).min(initial=math.inf))
    if p == 0:
        return float(np.count_nonzero(x))
    if p == 2:
        if x.dtype == np.float16:
            x = x.astype(np.float32)
        with np.errstate(over="ignore", under="ignore"):
            square = float(np.vdot(x, x).real)
        # far from where squares overflow or vanish in float32, this is exact enough
        if 1e-30 < square < 1e30:
            return math.sqrt(square)
    size = np.abs(x).astype(np.float64)
    scale = float(size.max(initial=0)) if p > 0 else 1.0
    if scale == 0 or not math.isfinite(scale):
        return scale
    with np.errstate(divide="ignore", under="ignore"):
        return scale * float(np.float64(((size / scale) ** p).sum()) ** (1 / p))


def _scale(grads: list[Tensor], max_norm: float, norm: Any) -> None:
    factor = as_whole(_factor, max_norm, norm)
    if isinstance(factor, np.float64) and factor == 1:
        return
    for grad in grads:
        values = writable(grad)
        with np.errstate(invalid="ignore", under="ignore"):
            np.multiply(values, factor.astype(values.dtype), values)


def _factor(max_norm: float, norm: Any) -> np.float64:
    factor = max_norm / (float(norm) + 1e-6)
    return np.float64(1 if factor >= 1 else factor)
