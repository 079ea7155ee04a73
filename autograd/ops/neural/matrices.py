"""Functions of square matrices that parametrizations are made of."""

from __future__ import annotations

import math

import numpy as np

from ...declare import case, primitive
from ...errors import ShapeError
from ..contractions import matmul
from ..shapes import mT


def _inverse(x):
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"matrix_inverse: expected square matrices, got shape {x.shape}")
    if x.dtype.char in "eg":  # LAPACK has neither halves nor long doubles
        return np.linalg.inv(x.astype(np.float32 if x.dtype.char == "e" else np.float64)).astype(x.dtype)
    return np.linalg.inv(x)


matrix_inverse = primitive(
    _inverse,
    ["x"],
    name="matrix_inverse",
    vjp={"x": lambda g, out: -matmul(mT(out), matmul(g, mT(out)))},
    jvp={"x": lambda t, out, x: -matmul(out, matmul(t, out))},
    analytic=True,
    batch="same",
    cases=[
        case(np.array([[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.1, -0.4, 1.5]])),
        case(np.array([[[2.0, 1.0], [0.5, -3.0]], [[1.5, 0.3], [0.2, 0.8]]])),
    ],
    doc="""The matrix inverse of x.

    Shapes: x (..., n, n) -> (..., n, n).

    Gradient: -inv(x).T @ g @ inv(x).T""",
)

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
    data = getattr(x, "_data", x)
    size = float(np.abs(data).sum(-2).max(initial=0))
    squarings = max(0, math.ceil(math.log2(2 * size))) if 0 < size < math.inf else 0
    x = x * 0.5**squarings
    one = np.eye(x.shape[-1], dtype=x.dtype)
    out = one + x * (1 / _TERMS)
    for k in range(_TERMS - 1, 0, -1):
        out = one + matmul(x, out) * (1 / k)
    for _ in range(squarings):
        out = matmul(out, out)
    return out
