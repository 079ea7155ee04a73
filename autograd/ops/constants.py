"""Functions of NumPy whose results no small change of their arguments changes: no gradient.

Truth values, counts, places and steps. They are NumPy's own, on the values; the result is a
Tensor where an argument is one. Those that are elementwise are beside the functions of their kind.
"""

from __future__ import annotations

import numpy as np

from .composed import locally_constant

locally_constant(
    np.allclose, np.array_equal, np.array_equiv, np.isclose, np.iscomplex, np.isin, np.isneginf,
    np.isposinf, np.isreal,
    np.argpartition, np.argwhere, np.digitize, np.flatnonzero, np.lexsort, np.nanargmax,
    np.nanargmin, np.nonzero, np.searchsorted,
    np.diag_indices_from, np.ix_, np.tril_indices_from, np.triu_indices_from,
    np.packbits, np.ravel_multi_index, np.unpackbits, np.unravel_index,
    np.empty_like, np.ones_like, np.zeros_like, np.linalg.matrix_rank,
)  # fmt: skip
