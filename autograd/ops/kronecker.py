"""The Kronecker product."""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..memory import is_array
from .broadcasting import reduce_sum
from .shapes import as_array, reshape


def _kron_of_matrices(x, y):
    rows, columns = x.shape[-2] * y.shape[-2], x.shape[-1] * y.shape[-1]
    product = x[..., :, None, :, None] * y[..., None, :, None, :]
    return product.reshape(*product.shape[:-4], rows, columns)


def _d_kron(g, x, y, wanted):
    """Of each element of x the sum of its block times y; of y the sum of all blocks times those of x."""
    (a, b), (p, q) = x.shape[-2:], y.shape[-2:]
    if is_array(g) and is_array(x) and is_array(y) and g.ndim == 2:
        blocks = g.reshape(a, p, b, q).transpose(0, 2, 1, 3).reshape(a * b, p * q)
        to_x = blocks.dot(y.reshape(-1)).reshape(a, b) if 0 in wanted else None
        return [to_x, x.reshape(-1).dot(blocks).reshape(p, q) if 1 in wanted else None]
    blocks = reshape(g, (*g.shape[:-2], a, p, b, q))
    to_x = reduce_sum(blocks * y[..., None, :, None, :], (-3, -1)) if 0 in wanted else None
    return [to_x, reduce_sum(blocks * x[..., :, None, :, None], (-4, -2)) if 1 in wanted else None]


_kron = primitive(
    _kron_of_matrices,
    ["x", "y"],
    name="kron",
    vjp=_d_kron,
    core=(2, 2, 2), linear="each", analytic=True, batch="gufunc",
    cases=[case((2, 3), (3, 2)), case((1, 2), (2, 2)), case((2, 2, 1), (2, 1, 3))],
    reference=lambda x, y: np.kron(x, y) if x.ndim == 2 else np.stack([np.kron(a, b) for a, b in zip(x, y)]),
    doc="The Kronecker product of matrices.",
)  # fmt: skip


def kron(x, y):
    """The Kronecker product: x with each element replaced by it times y.

    Example:
        >>> kron(np.eye(2), np.ones((2, 2))).shape
        (4, 4)
    """
    x, y = as_array(x), as_array(y)
    if x.ndim == y.ndim == 2:
        return _kron(x, y)
    n = max(x.ndim, y.ndim)
    x, y = (reshape(v, (1,) * (n - v.ndim) + tuple(v.shape)) for v in (x, y))
    pairs = [s for i in range(n) for s in (x.shape[i], y.shape[i])]
    spaced_x = reshape(x, tuple(s for n in x.shape for s in (n, 1)))
    spaced_y = reshape(y, tuple(s for n in y.shape for s in (1, n)))
    whole = tuple(a * b for a, b in zip(x.shape, y.shape, strict=True))
    return reshape(spaced_x * spaced_y, whole) if pairs else x * y
