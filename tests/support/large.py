"""Elementwise calls on arrays that count as large: with few elements, on so many threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import spreading, threads
from autograd.codegen import FAST
from autograd.primitive import Primitive


def few_are_large(monkeypatch: Any, count: int) -> None:
    """Spread arrays of a thousand bytes over so many threads, as a fixture does."""
    monkeypatch.setattr(threads, "count", lambda: count)
    monkeypatch.setattr(spreading, "LARGE", 999)
    monkeypatch.setattr(spreading, "SHARE", 333)
    monkeypatch.setitem(FAST, "LARGE", 999)


def drawn(prim: Primitive, dtype: Any, length: int) -> list[np.ndarray]:
    """Numbers from the domain of each argument of an elementwise primitive."""
    rng = np.random.default_rng(0)
    domains = [prim.domain.get(a) if isinstance(prim.domain, dict) else prim.domain for a in prim.arrays]
    return [rng.uniform(*(domain or (-2, 2)), length).astype(dtype) for domain in domains]


def assert_same_bits(a: np.ndarray, b: np.ndarray) -> None:
    """Of one dtype and shape, and equal, with the signs of zeros; NaNs may differ in their own."""
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    np.testing.assert_array_equal(a, b)
    for x, y in ((a.real, b.real), (a.imag, b.imag)):
        np.testing.assert_array_equal(np.signbit(x) & ~np.isnan(x), np.signbit(y) & ~np.isnan(y))
