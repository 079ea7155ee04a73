"""Norms and distances as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError, ShapeError
from autograd.ops import reductions
from autograd.ops.choosing import equal, greater, where
from autograd.ops.elementwise import power, sqrt
from autograd.ops.indexing import getitem
from autograd.ops.sizes import absolute
from autograd.tensor import Tensor

from .arguments import check_index, flag, number, plain, whole
from .inputs import NUMBERS, numbers

__all__ = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along `dim`: x1 . x2 / (max(|x1|, eps) max(|x2|, eps)).

    Shapes: x1 and x2 broadcast together; the result is without `dim`.

    Errors: ShapeError for shapes that do not broadcast; AxisError; ArgumentError for a negative eps.

    Example:
        >>> cosine_similarity(np.array([[1.0, 0.0]]), np.array([[3.0, 4.0]]))
        array([0.6])
    """
    x1, x2 = _together(x1, x2, "cosine_similarity")
    dim, eps = check_index(dim, "cosine_similarity: dim"), number(eps, "cosine_similarity: eps", least=0)
    cosines = _directed(x1, dim, eps) * _directed(x2, dim, eps)
    return reductions.sum(cosines, dim)


def _directed(x: Any, dim: int, eps: float) -> Any:
    """x over its norm, or over eps where that is more: as in PyTorch, the gradient is the norm's."""
    norm = _norm(x, 2.0, dim, True)
    values = plain(norm)
    short = np.maximum(eps - values, 0)
    return x / (norm + short.astype(values.dtype) if whole(short).any() else norm)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps along the last axis.

    Shapes: x1 and x2 broadcast together, (..., d) -> (...), or (..., 1) for keepdim.

    Errors: ShapeError for shapes that do not broadcast; DtypeError for booleans.

    Example:
        >>> pairwise_distance(np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]]), eps=0)
        array([5.])
    """
    x1, x2 = _together(x1, x2, "pairwise_distance", "fciu")
    p, eps = number(p, "pairwise_distance: p"), number(eps, "pairwise_distance: eps")
    return _norm(x1 - x2 + eps, p, -1, flag(keepdim, "pairwise_distance: keepdim"))


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Any:
    """input / max(|input|_p, eps), with norms along `dim`.

    Args:
        input: numbers of any shape.
        p: of the p-norm.
        dim: along which each vector gets length one.
        eps: least divisor.
        out: where the result is written; it gets no gradient.

    Errors: AxisError for an axis that is not there; OperandError and ShapeError for an `out` that
    cannot be written.

    Example:
        >>> normalize(np.array([[3.0, 4.0]]))
        array([[0.6, 0.8]])
    """
    input = numbers(input, "normalize")
    eps = number(eps, "normalize: eps")
    norm = _norm(input, number(p, "normalize: p"), dim, True)
    result = input / where(greater(norm, eps), norm, eps)
    if out is None:
        return result
    if not isinstance(out, (Tensor, np.ndarray)):
        raise OperandError(f"normalize: out must be a Tensor or an array, got {describe(out)}")
    if out.shape != result.shape:
        raise ShapeError(f"normalize: out{out.shape} must be of shape {result.shape}")
    out[...] = result
    return out


def pdist(input: Any, p: float = 2.0) -> Any:
    """The p-norms of the differences of all pairs of rows, those of the first row first.

    Shapes: (n, d) -> (n * (n - 1) / 2,).

    Errors: ShapeError for what is no matrix; ArgumentError for a negative p; DtypeError for booleans.

    Example:
        >>> pdist(np.array([[0.0], [3.0], [7.0]]))
        array([3., 7., 4.])
    """
    input = numbers(input, "pdist", "fciu")
    if input.ndim != 2:
        raise ShapeError(f"pdist: input{input.shape} must be a matrix")
    p = number(p, "pdist: p")
    if p < 0:
        raise ArgumentError(f"pdist: p must not be negative, got {p}")
    first, second = np.triu_indices(input.shape[0], 1)
    return _norm(getitem(input, first) - getitem(input, second), p, 1, False)


def _together(x1: Any, x2: Any, caller: str, kinds: str = NUMBERS) -> tuple[Any, Any]:
    """Both as arrays that broadcast."""
    x1, x2 = numbers(x1, caller, kinds), numbers(x2, caller, kinds)
    try:
        np.broadcast_shapes(x1.shape, x2.shape)
    except ValueError:
        raise ShapeError(f"{caller}: x1{x1.shape} and x2{x2.shape} must broadcast together") from None
    return x1, x2


def _norm(x: Any, p: float, dim: int, keepdim: bool) -> Any:
    """The p-norm along an axis; its gradient is 0 at the origin, as in PyTorch."""
    if p == 2:
        squares = reductions.sum(x * x, dim, keepdim)
        return _where_not_zero(squares, sqrt)
    size = absolute(x)
    if p == 0:
        return reductions.sum((plain(x) != 0).astype(size.dtype), dim, keepdim) + 0 * reductions.sum(
            x, dim, keepdim
        )
    if math.isinf(p):
        return (reductions.max if p > 0 else reductions.min)(size, dim, keepdim)
    if p == 1:
        return reductions.sum(size, dim, keepdim)
    powers = reductions.sum(_where_not_zero(size, lambda a: power(a, p)), dim, keepdim)
    return _where_not_zero(powers, lambda a: power(a, 1 / p))


def _where_not_zero(x: Any, function: Any) -> Any:
    """A function that is 0 at 0, without its infinite derivative there."""
    zero = equal(plain(x), 0)
    if not np.any(whole(zero)):
        return function(x)
    return where(zero, 0, function(where(zero, 1, x)))
