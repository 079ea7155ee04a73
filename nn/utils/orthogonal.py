"""The parametrization of orthogonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, ShapeError
from autograd.ops.contractions import matmul
from autograd.ops.joining import concatenate
from autograd.ops.linear_systems import inv
from autograd.ops.neural.matrices import matrix_exp
from autograd.ops.reductions import sum as reduce_sum
from autograd.ops.shapes import mT
from autograd.tensor import Tensor

from ..module import Module
from ..random import as_generator
from .parametrize import register_parametrization

__all__ = ["orthogonal"]

MAPS = ("matrix_exp", "cayley", "householder")


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
    generator: Any = None,
) -> Module:
    """weight = Q with orthonormal columns, or rows if there are more columns than rows.

    Q is the result of a map of a free matrix X, whose lower triangle L counts:

    - "matrix_exp": exp(A), "cayley": (I - A/2)^-1 (I + A/2), each with A = L - L.T;
    - "householder": the product of the reflections whose vectors are the columns of L.

    Args:
        module: what has the weight, a matrix or several, (..., n, k).
        name: the weight's.
        orthogonal_map: None for "matrix_exp" if n = k, else "householder".
        use_trivialization: multiply by a buffer `base`, so that X = -I gives the weight there
            was, made orthogonal. Else only "householder" can take over a weight.
        generator: where the columns are drawn from that a tall base needs besides.

    Errors: ArgumentError for an unknown map, ShapeError for a weight of one axis.

    Source: Lezcano-Casado, Trivializations for Gradient-Based Optimization on Manifolds, 2019,
    section 6.

    Example:
        >>> import nn
        >>> layer = orthogonal(nn.Linear(3, 3, generator=0))
        >>> q = layer.weight.detach().numpy()
        >>> bool(np.allclose(q @ q.T, np.eye(3), atol=1e-6))
        True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"orthogonal: {type(module).__name__} has no parameter or buffer {name!r}")
    if weight.ndim < 2:
        raise ShapeError(f"orthogonal: expected a matrix or several, got shape {weight.shape}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in MAPS:
        raise ArgumentError(f"orthogonal: orthogonal_map must be one of {MAPS}, got {orthogonal_map!r}")
    parametrization = _Orthogonal(orthogonal_map, use_trivialization, generator)
    return register_parametrization(module, name, parametrization, unsafe=True)


class _Orthogonal(Module):
    base: Any

    def __init__(self, orthogonal_map: str, use_trivialization: bool = True, generator: Any = None):
        super().__init__()
        self.orthogonal_map, self.use_trivialization = orthogonal_map, use_trivialization
        self._generator = as_generator(generator, "orthogonal")
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Any) -> Any:
        wide = x.shape[-2] < x.shape[-1]
        x = mT(x) if wide else x
        q = _reflections(x) if self.orthogonal_map == "householder" else self._from_skew(x)
        if self.use_trivialization:
            q = matmul(self.base, q)
        return mT(q) if wide else q

    def _from_skew(self, x: Any) -> Any:
        n, k = x.shape[-2:]
        x = x * np.tri(n, k, dtype=x.dtype)
        if n != k:
            x = concatenate([x, np.zeros((*x.shape[:-1], n - k), x.dtype)], axis=-1)
        a = x - mT(x)
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(a)
        else:
            one = np.eye(n, dtype=x.dtype)
            q = matmul(inv(one - a * 0.5), one + a * 0.5)
        return q[..., :k] if n != k else q

    def right_inverse(self, value: Any) -> Any:
        q = np.asarray(value._data)
        wide = q.shape[-2] < q.shape[-1]
        tall = q.swapaxes(-1, -2) if wide else q
        if self.use_trivialization:
            self.base = self._completed(tall)
            free = -np.broadcast_to(np.eye(*tall.shape[-2:], dtype=q.dtype), tall.shape)
        elif self.orthogonal_map == "householder":
            free = _vectors(tall)
        else:
            raise NotImplementedError(
                "a value can be assigned to matrix_exp and cayley only with use_trivialization=True"
            )
        return Tensor(np.array(free.swapaxes(-1, -2) if wide else free))

    def _completed(self, tall: np.ndarray) -> Tensor:
        """A square orthogonal matrix whose first columns are those of `tall`, orthonormalised."""
        n, k = tall.shape[-2:]
        if n != k:
            drawn = self._generator.normal(size=(*tall.shape[:-1], n - k)).astype(tall.dtype)
            tall = np.concatenate([tall, drawn], -1)
        elif np.allclose(tall.swapaxes(-1, -2) @ tall, np.eye(k), atol=10 * k * np.finfo(tall.dtype).eps):
            return Tensor(tall.copy())
        q, r = np.linalg.qr(tall)
        return Tensor(q * np.copysign(1, np.diagonal(r, axis1=-2, axis2=-1))[..., None, :])


def _reflections(x: Any) -> Any:
    """The first columns of (I - t_1 v_1 v_1.T) (I - t_2 v_2 v_2.T) ..., with the diagonal's signs."""
    n, k = x.shape[-2:]
    below = x * np.tri(n, k, -1, dtype=x.dtype)
    scale = 2 / (1 + reduce_sum(below * below, axis=-2))
    vectors = below + np.eye(n, k, dtype=x.dtype)
    q: Any = np.broadcast_to(np.eye(n, k, dtype=x.dtype), x.shape)
    for i in reversed(range(k)):
        v = vectors[..., i : i + 1]
        q = q - scale[..., i : i + 1, None] * v * matmul(mT(v), q)
    signs = np.diagonal(np.asarray(x._data), axis1=-2, axis2=-1).astype(np.int64).astype(x.dtype)
    return q * signs[..., None, :]


def _vectors(q: np.ndarray) -> np.ndarray:
    """The vectors of the reflections that q is the product of, with the diagonal's signs."""
    raw, tau = np.linalg.qr(q, mode="raw")
    a = raw.swapaxes(-1, -2).astype(q.dtype)
    diagonal = np.arange(a.shape[-1])
    signs = np.sign(a[..., diagonal, diagonal])
    a[..., diagonal, diagonal] = np.where(tau == 0, -signs, signs)
    return a
