"""Sums over the rows and columns of matrices as BLAS products, for kernels: several times faster."""

from __future__ import annotations

import numpy as np

from ..broadcasting import row_of_ones

# How many numbers are summed in one go; of more, parts are, so that rounding does not pile up.
# Along rows BLAS keeps several sums at once anyway, down columns one.
ROW, COLUMN = 4096, 1024


def row_sums(a):
    """The sum of each row of a matrix."""
    return a.dot(row_of_ones(a.shape[1], a.dtype)) if a.shape[1] <= ROW else np.add.reduce(a, 1)


def row_products(a, b):
    """The inner products of two arrays along their last axis."""
    return np.vecdot(a, b) if a.shape[-1] <= ROW else np.add.reduce(a * b, -1)


def column_sums(a, weights=None):
    """The sum of each column of a matrix; with weights, one for each row."""
    rows, columns = a.shape
    if weights is None:
        weights = row_of_ones(rows, a.dtype)
    if rows <= COLUMN:
        return a.T.dot(weights)
    whole = rows - rows % COLUMN
    blocks = a[:whole].reshape(-1, COLUMN, columns)
    parts = np.matmul(weights[:whole].reshape(-1, 1, COLUMN), blocks).reshape(-1, columns)
    return column_sums(parts) + a[whole:].T.dot(weights[whole:])
