"""Whether tiles or BLAS are sooner with a product on this machine: measured once, where that differs.

Two processors with the same registers may differ in how many of their operations they begin at once, in
BLAS's kernels for them, and in how long a thread takes to come.
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
def are_sooner(made: Callable[[Product], Callable | None], p: Product) -> bool:
    """Whether `made(p)` computes a product of side by side rows (`Product.is_of_rows`) sooner than BLAS.

    Either comes after a product of BLAS's, as in programs: its threads may still have the cores.
    """
    a, b = (np.ones((p.terms, min(n, MOST)), p.dtype) for n in (p.rows, p.columns))
    factors, out = (a.T, b), np.empty((a.shape[1], b.shape[1]), p.dtype)
    product = Product.of(*factors)
    tiles = made(product) if product is not None else None
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
