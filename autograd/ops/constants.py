"""Functions of NumPy whose results no small change of their arguments changes: no gradient.

Truth values, counts, places and steps. They are NumPy's own, on the values; the result is a
Tensor where an argument is one. Those that are elementwise are beside the functions of their kind.
"""

from __future__ import annotations

import numpy as np

from ..tape import TensorBase, new_tensor
from .composed import locally_constant

locally_constant(
    np.allclose, np.array_equal, np.array_equiv, np.isclose, np.iscomplex, np.isin, np.isneginf,
    np.isposinf, np.isreal,
    np.argpartition, np.argwhere, np.digitize, np.flatnonzero, np.lexsort, np.nanargmax,
    np.nanargmin, np.nonzero, np.searchsorted,
    np.diag_indices_from, np.ix_, np.tril_indices_from, np.triu_indices_from,
    np.packbits, np.ravel_multi_index, np.unpackbits, np.unravel_index,
    np.empty_like, np.linalg.matrix_rank,
)  # fmt: skip


def ones_like(x, dtype=None, shape=None):
    """Ones of the shape and dtype of x, without gradient; a Tensor for a Tensor.

    Example:
        >>> ones_like(np.zeros(2))
        array([1., 1.])
    """
    ones = np.ones_like(getattr(x, "_data", x), dtype, shape=shape)
    return new_tensor(ones) if isinstance(x, TensorBase) else ones
