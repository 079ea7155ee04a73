"""Shuffles of channels and places: by their formulas, inverses, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
import nn.functional as F
from autograd import tensor
from autograd.errors import ArgumentError, ShapeError

rng = np.random.default_rng(0)
size = st.integers(1, 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2), max_size=2), size, size, size, size)
def test_pixel_shuffle_by_its_formula(lead, r, c, h, w):
    x = rng.normal(size=(*lead, c * r * r, h, w))
    out = F.pixel_shuffle(x, r)
    assert out.shape == (*lead, c, h * r, w * r)
    for k, i, j in np.ndindex(c, h * r, w * r):
        source = x[..., (k * r + i % r) * r + j % r, i // r, j // r]
        np.testing.assert_array_equal(out[..., k, i, j], source)
    np.testing.assert_array_equal(F.pixel_unshuffle(out, r), x)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2), size, size, st.lists(size, min_size=1, max_size=3))
def test_channel_shuffle_by_its_formula(n, groups, each, places):
    x = rng.normal(size=(n, groups * each, *places))
    out = F.channel_shuffle(x, groups)
    for i, j in np.ndindex(each, groups):
        np.testing.assert_array_equal(out[:, i * groups + j], x[:, j * each + i])
    np.testing.assert_array_equal(F.channel_shuffle(out, each), x)


def test_gradients_go_back_to_their_places():
    x = tensor(rng.normal(size=(2, 8, 3, 2)).astype(np.float32), requires_grad=True)
    out = nn.PixelShuffle(2)(x)
    v = rng.normal(size=out.shape).astype(np.float32)
    out.backward(v)
    np.testing.assert_array_equal(x.grad.numpy(), F.pixel_unshuffle(v, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: nn.PixelShuffle(0),
            ArgumentError,
            "PixelShuffle: upscale_factor must be a positive integer",
        ),
        (lambda: nn.PixelUnshuffle(1.5), ArgumentError, "PixelUnshuffle: downscale_factor"),
        (lambda: nn.ChannelShuffle(-1), ArgumentError, "ChannelShuffle: groups .* got -1"),
        (lambda: F.pixel_shuffle(np.zeros((3, 2, 2)), 2), ShapeError, "multiple of 4, got 3"),
        (lambda: F.pixel_shuffle(np.zeros((4, 2)), 2), ShapeError, "at least 3 axes, got 2"),
        (lambda: F.pixel_unshuffle(np.zeros((1, 4, 3)), 2), ShapeError, "must be multiples of 2"),
        (lambda: F.channel_shuffle(np.zeros((2, 5, 3)), 2), ShapeError, "multiple of 2, got 5"),
        (lambda: F.channel_shuffle(np.zeros((2, 4)), 2), ShapeError, "at least 3 axes"),
    ],
)
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
