"""Interpolation and grids: values by hand and by formulas, invariants, special values, bad input."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
import nn.functional as F
import optim
from tests.support.window_references import grid_sample, keys

INF, NAN = math.inf, math.nan
ROW = np.array([[[0.0, 4.0, 2.0]]])
rng = np.random.default_rng(0)


# ------------------------------------------------------------------ by hand


def test_values_by_hand():
    def of(size, mode, **options):
        return F.interpolate(ROW, size, mode=mode, **options)[0, 0].tolist()

    assert of(6, "nearest") == [0, 0, 4, 4, 2, 2]
    assert of(2, "nearest") == [0, 4]
    assert of(2, "nearest-exact") == [0, 2]
    assert of(6, "linear") == [0, 1, 3, 3.5, 2.5, 2]
    assert of(5, "linear", align_corners=True) == [0, 2, 4, 3, 2]
    assert of(1, "linear") == [4]
    assert of(1, "linear", align_corners=True) == [0]
    assert of(2, "area") == [2, 3]
    assert of(1, "area") == [2]


def test_the_size_from_a_factor():
    x = np.zeros((1, 1, 5))
    assert F.interpolate(x, scale_factor=1.7).shape == (1, 1, 8)
    line = np.arange(5.0).reshape(1, 1, 5)
    # output i lies at (i + 1/2) / s - 1/2, where s is the factor, or the quotient of the sizes
    given_factor = F.interpolate(line, scale_factor=1.7, mode="linear")[0, 0]
    quotient = F.interpolate(line, scale_factor=1.7, mode="linear", recompute_scale_factor=True)[0, 0]
    i = np.arange(8)
    np.testing.assert_allclose(given_factor, np.clip((i + 0.5) / 1.7 - 0.5, 0, 4), 1e-14, 1e-14)
    np.testing.assert_allclose(quotient, np.clip((i + 0.5) / 1.6 - 0.5, 0, 4), 1e-14, 1e-14)


def test_antialias_averages_where_it_shrinks():
    x = np.array([1.0, 5.0, 3.0, 7.0]).reshape(1, 1, 1, 4)
    out = F.interpolate(x, (1, 2), mode="bilinear", antialias=True)
    # triangles of half width 2 around 1 and 3, at elements 0.5, 1.5, ...: weights 3, 3, 1 of 7
    np.testing.assert_allclose(out[0, 0, 0], [(3 * 1 + 3 * 5 + 3) / 7, (5 + 3 * 3 + 3 * 7) / 7])
    plain = F.interpolate(x, (1, 8), mode="bilinear")
    np.testing.assert_allclose(F.interpolate(x, (1, 8), mode="bilinear", antialias=True), plain)


def test_a_grid_by_hand():
    image = np.array([[[[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]]]])

    def at(x, y, **options):
        return float(
            F.grid_sample(image, np.array([[[[x, y]]]], float), align_corners=True, **options).item()
        )

    assert at(-1, -1) == 0
    assert at(1, 1) == 12
    assert at(0.5, 0) == 6.5
    assert at(2, -1) == 0  # one element outside
    assert at(1.5, -1) == 1  # half an element outside
    assert at(1.5, -1, padding_mode="border") == 2
    assert at(1.5, -1, padding_mode="reflection") == 1.5
    assert at(0.4, 0.2, mode="nearest") == 11
    assert at(0, -1, mode="bicubic") == 1


def test_affine_grids_by_hand():
    turn = np.array([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])  # by a right angle
    image = np.arange(4.0).reshape(1, 1, 2, 2)
    turned = F.grid_sample(image, F.affine_grid(turn, image.shape, False), align_corners=False)
    np.testing.assert_allclose(turned, np.rot90(image, -1, (2, 3))[:, :, ::-1, ::-1], atol=1e-14)
    same = F.affine_grid(np.eye(3, 4)[None], (1, 1, 2, 3, 4), True)
    assert same.shape == (1, 2, 3, 4, 3)
    np.testing.assert_array_equal(same[0, 1, 2, 3], [1, 1, 1])
    np.testing.assert_array_equal(same[0, 0, 0, 3], [1, -1, -1])


# ------------------------------------------------------------------ by formulas, over generated arguments


def weight(mode, u, k, n):
    """The weight of element k, not yet clipped to an axis of n, for an output at u."""
    if mode == "cubic":
        return keys(u - k)
    return max(0.0, 1 - abs(u - k))


def expected_axis(x, m, mode, aligned):
    """One axis, the last, interpolated one output at a time."""
    n = x.shape[-1]
    out = np.zeros((*x.shape[:-1], m))
    for i in range(m):
        if aligned:
            u = i * (n - 1) / (m - 1) if m > 1 else 0.0
        else:
            u = (i + 0.5) * n / m - 0.5
        if mode == "linear":
            u = min(max(u, 0), n - 1)
        for k in range(math.floor(u) - 1, math.floor(u) + 3):
            out[..., i] += weight(mode, u, k, n) * x[..., min(max(k, 0), n - 1)]
    return out


sizes = st.integers(1, 3).flatmap(
    lambda d: st.tuples(st.tuples(*[st.integers(1, 7)] * d), st.tuples(*[st.integers(1, 9)] * d))
)


@given(sizes, st.booleans(), st.integers(0, 99))
def test_linear_modes_by_formulas(drawn, aligned, seed):
    axes, wanted = drawn
    dims = len(axes)
    x = np.random.default_rng(seed).normal(size=(2, 1, *axes))
    modes = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}[dims]
    for mode in modes:
        expected = x
        for a, m in enumerate(wanted, 2):
            kind = "cubic" if mode == "bicubic" else "linear"
            expected = np.moveaxis(expected_axis(np.moveaxis(expected, a, -1), m, kind, aligned), -1, a)
        out = F.interpolate(x, wanted, mode=mode, align_corners=aligned)
        np.testing.assert_allclose(out, expected, 1e-11, 1e-11)


@given(sizes, st.integers(0, 99))
def test_nearest_modes_by_formulas(drawn, seed):
    axes, wanted = drawn
    x = np.random.default_rng(seed).normal(size=(1, 2, *axes))
    for mode, shift in (("nearest", 0), ("nearest-exact", 1)):
        # floor((2 i + shift) n / 2 m), in whole numbers
        picks = [
            [(2 * i + shift) * n // (2 * m) for i in range(m)] for n, m in zip(axes, wanted, strict=True)
        ]
        expected = x[np.ix_(range(1), range(2), *picks)]
        np.testing.assert_array_equal(F.interpolate(x, wanted, mode=mode), expected)
        whole = x.astype(np.float32).astype(np.int64)
        np.testing.assert_array_equal(
            F.interpolate(whole, wanted, mode=mode), whole[np.ix_([0], [0, 1], *picks)]
        )


@given(sizes, st.booleans(), st.sampled_from(["bilinear", "bicubic", "lanczos"]))
def test_smooth_weights_sum_to_one(drawn, aligned, mode):
    axes, wanted = ((*part, 3, 4)[:2] for part in drawn)
    options = {} if mode == "lanczos" else {"align_corners": aligned}
    out = F.interpolate(np.full((1, 1, *axes), 2.5), wanted, mode=mode, antialias=True, **options)
    np.testing.assert_allclose(out, 2.5, 1e-13)


@given(
    st.sampled_from([(3, 4), (1, 2), (2, 3, 2)]),
    st.sampled_from(["bilinear", "nearest", "bicubic"]),
    st.sampled_from(["zeros", "border", "reflection"]),
    st.booleans(),
    st.integers(0, 999),
)
def test_grids_by_formulas(axes, mode, padding, aligned, seed):
    if mode == "bicubic" and len(axes) == 3:
        mode = "bilinear"
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(2, 2, *axes))
    grid = draw.uniform(-2.5, 2.5, (2, *(2, 3, 1)[: len(axes)], len(axes)))
    expected = grid_sample(x, grid, mode, padding, aligned)
    np.testing.assert_allclose(F.grid_sample(x, grid, mode, padding, aligned), expected, 1e-11, 1e-11)


def test_long_axes_go_another_way_to_the_same_end():
    x = rng.normal(size=(1, 2, 150, 3))
    for mode, aligned in itertools.product(("linear", "cubic"), (False, True)):
        out = F.interpolate(x, (201, 3), mode="bi" + mode, align_corners=aligned)
        expected = np.moveaxis(expected_axis(np.moveaxis(x, 2, -1), 201, mode, aligned), -1, 2)
        np.testing.assert_allclose(out, expected, 1e-10, 1e-10)
    # and its adjoint: <v, A x> == <A^T v, x>, where the transposed map has more taps
    v = rng.normal(size=(1, 2, 201, 3))
    leaf = autograd.tensor(x, requires_grad=True)
    F.interpolate(leaf, (201, 3), mode="bicubic").backward(v)
    out = F.interpolate(x, (201, 3), mode="bicubic")
    np.testing.assert_allclose(np.sum(v * out), np.sum(leaf.grad.numpy() * x), 1e-11)


# ------------------------------------------------------------------ invariants


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("aligned", [False, True])
def test_the_same_size_is_the_same_image(mode, aligned):
    x = rng.normal(size=(1, 2, 4, 5))
    np.testing.assert_allclose(F.interpolate(x, (4, 5), mode=mode, align_corners=aligned), x, 1e-15)
    grid = F.affine_grid(np.eye(2, 3)[None], x.shape, aligned)
    np.testing.assert_allclose(F.grid_sample(x, grid, mode, align_corners=aligned), x, 1e-13, 1e-13)
    out = F.interpolate(x, (8, 10), mode=mode, align_corners=aligned)
    grid = F.affine_grid(np.eye(2, 3)[None], out.shape, aligned)
    again = F.grid_sample(x, grid, mode, "border", aligned)
    np.testing.assert_allclose(again, out, 1e-13, 1e-13)


def test_layers_are_functions():
    x = rng.normal(size=(1, 2, 4, 5))
    doubled = nn.UpsamplingBilinear2d(scale_factor=2)(x)
    np.testing.assert_array_equal(doubled, F.interpolate(x, (8, 10), mode="bilinear", align_corners=True))
    np.testing.assert_array_equal(F.upsample_bilinear(x, scale_factor=2), doubled)
    np.testing.assert_array_equal(nn.UpsamplingNearest2d(7)(x), F.interpolate(x, 7))
    np.testing.assert_array_equal(F.upsample(x, 7), F.upsample_nearest(x, 7))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_dtypes_stay(dtype):
    x = autograd.tensor(rng.random((1, 2, 5, 4)).astype(dtype), requires_grad=True)
    grid = autograd.tensor(rng.uniform(-1, 1, (1, 3, 3, 2)).astype(dtype), requires_grad=True)
    for out in (
        F.interpolate(x, 7),
        F.interpolate(x, 7, mode="bilinear"),
        F.interpolate(x, (3, 70), mode="bicubic", antialias=True),
        F.interpolate(x, 3, mode="area"),
        F.grid_sample(x, grid, padding_mode="reflection"),
        F.grid_sample(x, grid, "bicubic"),
    ):
        assert out.dtype == dtype
        for g in autograd.gradients(out.sum(), (x, grid), allow_unused=True):
            assert g is None or g.dtype == dtype


# ------------------------------------------------------------------ special values


@pytest.mark.parametrize("odd", [NAN, INF])
def test_what_is_not_finite_stays_where_it_is(odd):
    x = np.zeros((1, 1, 1, 12))
    x[..., 5] = odd
    for mode, reach in (("nearest", 1), ("bilinear", 2), ("bicubic", 4)):
        out = F.interpolate(x, (1, 24), mode=mode)[0, 0, 0]
        where = np.nonzero(~np.isfinite(out))[0]
        assert len(where)
        assert (np.abs((where + 0.5) / 2 - 0.5 - 5) <= reach / 2 + 0.5).all()
    means = F.interpolate(x, (1, 5), mode="area")[0, 0, 0]
    assert np.isfinite(means).sum() == 4


def test_places_that_are_no_number():
    image = np.arange(9.0).reshape(1, 1, 3, 3)
    grid = np.array([[[[NAN, 0.0], [INF, 0.0], [-INF, 0.0], [1e30, 0.0]]]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mode in ("bilinear", "nearest"):
            held = F.grid_sample(image, grid, mode, "border", True)[0, 0, 0]
            np.testing.assert_array_equal(held, [3, 5, 3, 5])
        outside = F.grid_sample(image, grid, "nearest", "zeros", True)[0, 0, 0]
    np.testing.assert_array_equal(outside, 0)
    assert np.isnan(F.grid_sample(image, grid[:, :, :1], "bilinear", "zeros", True)).all()


def test_a_place_held_at_the_border_has_no_gradient():
    image = rng.normal(size=(1, 1, 3, 3))
    grid = autograd.tensor(np.array([[[[-1.7, 0.3], [1.0, 0.1]]]]), requires_grad=True)
    F.grid_sample(image, grid, padding_mode="border", align_corners=True).sum().backward()
    assert (grid.grad.numpy()[..., 0] == 0).all()
    assert (grid.grad.numpy()[..., 1] != 0).all()


def test_an_empty_batch():
    assert F.interpolate(np.zeros((0, 2, 4)), 7, mode="linear").shape == (0, 2, 7)
    assert F.grid_sample(np.zeros((0, 2, 3, 3)), np.zeros((0, 4, 5, 2))).shape == (0, 2, 4, 5)


# ------------------------------------------------------------------ training


def test_a_grid_learns_a_shift():
    """A spatial transformer finds by how much an image was moved."""
    y, x = np.mgrid[:16, :16]
    image = np.exp(-((x - 8.0) ** 2 + (y - 7.0) ** 2) / 12).reshape(1, 1, 16, 16)
    moved = np.exp(-((x - 10.0) ** 2 + (y - 6.0) ** 2) / 12).reshape(1, 1, 16, 16)
    theta = nn.Parameter(np.eye(2, 3)[None])
    optimizer = optim.Adam([theta], lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        out = F.grid_sample(image, F.affine_grid(theta, image.shape, False), align_corners=False)
        loss = F.mse_loss(out, moved)
        loss.backward()
        optimizer.step()
    assert float(loss.detach().numpy()) < 1e-4
    np.testing.assert_allclose(theta.detach().numpy()[0, :, 2], [-2 / 8, 1 / 8], atol=0.05)
