"""The exponential of a matrix, of which parametrizations are made."""

from __future__ import annotations

import math

import numpy as np

from ...errors import ShapeError
from ...wholes import as_whole
from ..contractions import matmul

# exp(A) = (exp(A / 2**s))**(2**s): with |A / 2**s| <= 1/2, this many terms reach 1e-18.
_TERMS = 14


def matrix_exp(x):
    """The exponential series of x, a matrix: I + x + x @ x / 2 + ...

    Shapes: x (..., n, n) -> (..., n, n).

    Source: Moler and Van Loan, Nineteen Dubious Ways to Compute the Exponential of a Matrix,
    2003, section 3 (scaling and squaring).
    """
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"matrix_exp: expected square matrices, got shape {x.shape}")
    squarings = as_whole(_squarings, getattr(x, "_data", x))
    x = x * 0.5**squarings
    one = np.eye(x.shape[-1], dtype=x.dtype)
    out = one + x * (1 / _TERMS)
    for k in range(_TERMS - 1, 0, -1):
        out = one + matmul(x, out) * (1 / k)
    for _ in range(squarings):
        out = matmul(out, out)
    return out


def _squarings(data):
    """How often a matrix is to be halved for its series to be short."""
    size = float(np.abs(data).sum(-2).max(initial=0))
    return max(0, math.ceil(math.log2(2 * size))) if 0 < size < math.inf else 0
