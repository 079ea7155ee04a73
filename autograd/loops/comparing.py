"""Whether tiles or BLAS are sooner with a product on this machine: measured once, where that differs.

Processors with the same registers differ in BLAS's kernels for them, and in when a thread comes.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable

import numpy as np

from .tiling import Product

# How often either is tried, what must be left of BLAS's time, and rows and columns that tell for more.
TRIES, WORTH, MOST = 9, 0.95, 1024


@functools.lru_cache(maxsize=512)
def are_sooner(made: Callable, dtype: np.dtype, rows: int, terms: int, columns: int) -> bool:
    """Whether `made(product)` computes one of rows that lie side by side sooner than BLAS.

    Either comes after a product of BLAS's, as in programs: its threads may still have the cores.
    """
    a, b = (np.ones((terms, min(n, MOST)), dtype) for n in (rows, columns))
    factors, out = (a.T, b), np.empty((a.shape[1], b.shape[1]), dtype)
    tiles = made(Product.of(*factors))
    if tiles is None:
        return False

    def seconds(multiply: Callable) -> float:
        np.dot(*factors, out)
        start = time.perf_counter()
        multiply(*factors, out)
        return time.perf_counter() - start

    times = [(seconds(tiles), seconds(np.dot)) for _ in range(TRIES)]
    ours, others = map(statistics.median, zip(*times, strict=True))
    return ours < WORTH * others
