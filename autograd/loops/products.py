"""Products of matrices: as tiles where those are faster than BLAS.

Programs alone use them: sums of tiles are rounded in an order of their own, and an eager run gives the same
bits before a loop is made as after.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import longsums, processor, shortsums, tall
from .epilogue import NOTHING, Epilogue
from .tiling import Product


def tiles_pay(a: Any, b: Any) -> bool:
    """Whether tiles compute a @ b of matrices, in C order, sooner than BLAS does."""
    product = Product.of(a, b)
    return product is not None and _kind(product) is not None


def rows_pay(a: Any, b: Any) -> bool:
    """Whether tiles compute a @ b, and what goes on with its rows, sooner."""
    product = Product.of(a, b)
    return product is not None and _usable() and tall.pays(product, followed=True)


def tiled_dot(a: np.ndarray, b: np.ndarray, out: np.ndarray, after: Epilogue = NOTHING) -> None:
    """out = a @ b, of matrices, and what follows; out is in C order."""
    product = Product.of(a, b)
    run = None if product is None else _run(product, after)
    if run is not None:
        run(a, b, out)
        return
    a.dot(b, out)
    if after.loop:
        tall.follow(len(a), after)


def _usable() -> bool:
    return processor.blas_leaves() and processor.vector_size() > 0


@functools.lru_cache(maxsize=512)
def _kind(product: Product) -> Any:
    """The module that computes a product sooner than BLAS does."""
    if not _usable():
        return None
    return next((kind for kind in (shortsums, longsums, tall) if kind.pays(product)), None)


@functools.lru_cache(maxsize=512)
def _run(product: Product, after: Epilogue = NOTHING) -> Callable | None:
    """What computes it so, as `run(a, b, out)`; None where that cannot be had."""
    if after.loop:
        return tall.made(product, after)
    kind = _kind(product)
    return None if kind is None else kind.made(product)
