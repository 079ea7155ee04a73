"""Pooling against plain loops, over generated arguments: windows are laid out here a second time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn.functional as F
from autograd.errors import ShapeError


def pooled(name, dims, *args, **options):
    return getattr(F, f"{name}{dims}d")(*args, **options)


dims_and_shapes = st.integers(1, 3).flatmap(
    lambda d: st.tuples(
        st.just(d), st.tuples(*[st.integers(1, 6)] * d), st.sampled_from([(1,), (2, 2), (0, 1)])
    )
)


@st.composite
def regular(draw):
    """An input, and kernel sizes, strides, paddings, dilations and ceil_mode that fit it."""
    dims, axes, lead = draw(dims_and_shapes)
    kernel = draw(st.tuples(*[st.integers(1, 4)] * dims))
    stride = draw(st.none() | st.tuples(*[st.integers(1, 4)] * dims))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    dilation = draw(st.tuples(*[st.integers(1, 2)] * dims))
    x = np.random.default_rng(draw(st.integers(0, 99))).integers(-3, 4, lead + axes).astype(float)
    return dims, x, kernel, stride or kernel, padding, dilation, draw(st.booleans())


def count(n, k, s, p, d, ceil_mode):
    """How many windows there are along an axis, found by trying."""
    found = 0
    while True:
        start = found * s - p
        fits = start + d * (k - 1) <= n - 1 + p
        if not fits and not (ceil_mode and start < n and start + d * (k - 1) - (s - 1) <= n - 1 + p):
            return found
        found += 1


def cells(start, k, d):
    return range(start, start + k * d, d)


def expected_of(x, dims, windows, reduce):
    """reduce(elements, their flat places, places within the padding) of each window of each plane."""
    lead, axes = x.shape[:-dims], x.shape[-dims:]
    out = np.empty(lead + tuple(len(w) for w in windows))
    for where in np.ndindex(*out.shape):
        places = [()]
        for w, i in zip(windows, where[-dims:], strict=True):
            places = [(*p, c) for p in places for c in w[i]]
        inside = [p for p in places if all(0 <= c < n for c, n in zip(p, axes, strict=True))]
        plane = x[where[:-dims]]
        out[where] = reduce(
            [plane[p] for p in inside], [np.ravel_multi_index(p, axes) for p in inside], places
        )
    return out


@given(regular())
def test_largest_elements_by_loops(arguments):
    dims, x, kernel, stride, padding, dilation, ceil_mode = arguments
    counts = [
        count(n, *rest, ceil_mode) for n, *rest in zip(x.shape[-dims:], kernel, stride, padding, dilation)
    ]
    windows = [
        [cells(i * s - p, k, d) for i in range(c)]
        for c, k, s, p, d in zip(counts, kernel, stride, padding, dilation, strict=True)
    ]
    none = any(not any(0 <= c < n for c in w) for n, ws in zip(x.shape[-dims:], windows) for w in ws)
    if min(counts) < 1 or none:
        with pytest.raises(ShapeError):
            pooled("max_pool", dims, x, kernel, stride, padding, dilation, ceil_mode)
        return
    out, indices = pooled("max_pool", dims, x, kernel, stride, padding, dilation, ceil_mode, True)
    np.testing.assert_array_equal(out, expected_of(x, dims, windows, lambda v, _, __: max(v)))
    first = expected_of(x, dims, windows, lambda v, places, _: places[v.index(max(v))])
    np.testing.assert_array_equal(indices, first)


@given(regular(), st.booleans(), st.none() | st.sampled_from([-2, 1, 5]))
def test_means_by_loops(arguments, count_include_pad, divisor):
    dims, x, kernel, stride, padding, _, ceil_mode = arguments
    rest = (ceil_mode, count_include_pad) + ((divisor,) if dims > 1 else ())
    counts = [
        count(n, k, s, p, 1, ceil_mode) for n, k, s, p in zip(x.shape[-dims:], kernel, stride, padding)
    ]
    if min(counts) < 1:
        with pytest.raises(ShapeError):
            pooled("avg_pool", dims, x, kernel, stride, padding, *rest)
        return
    windows = [
        [range(i * s - p, min(i * s - p + k, n + p)) for i in range(c)]
        for n, c, k, s, p in zip(x.shape[-dims:], counts, kernel, stride, padding, strict=True)
    ]

    def mean(values, _, places):
        if divisor is not None and dims > 1:
            return sum(values) / divisor
        return sum(values) / (len(places) if count_include_pad else len(values))

    out = pooled("avg_pool", dims, x, kernel, stride, padding, *rest)
    np.testing.assert_allclose(out, expected_of(x, dims, windows, mean), 1e-14, 1e-14)


@given(dims_and_shapes, st.data())
def test_adaptive_windows_by_loops(drawn, data):
    dims, axes, lead = drawn
    size = data.draw(st.tuples(*[st.none() | st.integers(1, 7)] * dims))
    x = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-3, 4, lead + axes).astype(float)
    parts = [n if m is None else m for n, m in zip(axes, size, strict=True)]
    windows = [
        [range(math.floor(i * n / m), math.ceil((i + 1) * n / m)) for i in range(m)]
        for n, m in zip(axes, parts, strict=True)
    ]
    means = expected_of(x, dims, windows, lambda v, _, __: sum(v) / len(v))
    np.testing.assert_allclose(pooled("adaptive_avg_pool", dims, x, size), means, 1e-14, 1e-14)
    out, indices = pooled("adaptive_max_pool", dims, x, size, True)
    np.testing.assert_array_equal(out, expected_of(x, dims, windows, lambda v, _, __: max(v)))
    first = expected_of(x, dims, windows, lambda v, places, _: places[v.index(max(v))])
    np.testing.assert_array_equal(indices, first)


@given(st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_unpooling_undoes_pooling(dims, kernel, batched):
    axes = tuple(kernel * (2 + i) + 1 for i in range(dims))
    x = np.random.default_rng(dims).random(((2,) if batched else ()) + (2, *axes))
    out, indices = pooled("max_pool", dims, x, kernel, return_indices=True)
    back = pooled("max_unpool", dims, out, indices, kernel, output_size=axes if kernel > 1 else None)
    assert back.shape == x.shape
    kept = back != 0
    np.testing.assert_array_equal(back[kept], x[kept])
    assert kept.sum() == out.size
