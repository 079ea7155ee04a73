"""Whether tiles are sooner than BLAS: asked of a product of the same kind, once."""

from __future__ import annotations

import itertools
import time
import types

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd.loops import comparing, shortsums
from autograd.loops.tiling import Product


@pytest.fixture(autouse=True)
def afresh():
    comparing.are_sooner.cache_clear()
    yield
    comparing.are_sooner.cache_clear()


def short(rows=200, terms=64, columns=120, dtype=np.float32):
    """What is asked about a product."""
    return np.dtype(dtype), rows, terms, columns


@pytest.fixture
def takes(monkeypatch):
    """`takes(seconds)` makes tiles that take so long; BLAS takes one, and each fifth call is disturbed."""
    now, calls = [0.0], itertools.count(1)

    def taking(seconds):
        def multiply(a, b, out):
            now[0] += seconds + (100.0 if next(calls) % 5 == 0 else 0.0)

        return multiply

    monkeypatch.setattr(comparing, "time", types.SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(np, "dot", taking(1.0))
    return lambda seconds: lambda p: taking(seconds)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("seconds", "sooner"), [(0.1, True), (0.94, True), (0.96, False), (3.0, False)])
def test_what_takes_less_time_is_sooner(takes, seconds, sooner, dtype):
    assert comparing.are_sooner(takes(seconds), *short(dtype=dtype)) == sooner


def test_what_cannot_be_made_is_not_sooner():
    assert not comparing.are_sooner(lambda p: None, *short())


def test_it_is_measured_once_with_factors_that_lie_alike():
    seen = []

    def made(p):
        seen.append(p)
        return lambda a, b, out: seen.append((Product.of(a, b), out.shape, out.flags.c_contiguous))

    p = Product.of(np.ones((64, 200), np.float32).T, np.ones((64, 120), np.float32))
    for _ in range(3):
        comparing.are_sooner(made, *short())
    assert seen == [p] + [(p, (200, 120), True)] * comparing.TRIES


def test_a_part_tells_for_large_products():
    """Sixteen examples of a wide layer: the result would take hundreds of megabytes."""
    seen = []

    def made(p):
        seen.append((p.rows, p.terms, p.columns))
        return lambda a, b, out: None

    comparing.are_sooner(made, *short(8000, 16, 100))
    assert seen == [(comparing.MOST, 16, 100)]


def test_tiles_of_short_sums_are_tried(monkeypatch):
    monkeypatch.setattr(np, "dot", lambda a, b, out: time.sleep(0.02))
    assert comparing.are_sooner(shortsums.made, *short())
