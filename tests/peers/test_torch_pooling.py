"""Pooling against PyTorch over drawn arguments: what is chosen, where windows lie, second orders."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd
import nn.functional as F

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def same(ours, theirs):
    """Values and indices, exactly: nothing is computed."""
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def compared(name, x, args, options, peer_options=None):
    """Both results with indices, and the gradients of a combination of the values."""
    mine, peer = autograd.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out = getattr(F, name)(mine, *args, **options)
    expected = getattr(torch.nn.functional, name)(peer, *args, **(peer_options or options))
    same(out, expected)
    v = np.random.default_rng(0).normal(size=out[0].shape).astype(x.dtype)
    out[0].backward(v)
    expected[0].backward(torch.tensor(v))
    np.testing.assert_allclose(mine.grad.numpy(), peer.grad.numpy(), 1e-6, 1e-6)


@dtypes
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("batched", [True, False])
def test_fractional_windows_at_given_samples(dims, batched, dtype):
    rng = np.random.default_rng(dims)
    for size, kernel in itertools.product((1, 2, 3, 5), (1, 2, 3)):
        axes = tuple(size + kernel + int(n) for n in rng.integers(1, 12, dims))
        x = rng.normal(size=((3,) if batched else ()) + (4, *axes)).astype(dtype)
        u = rng.random(((3, 4) if batched else (1, 4)) + (dims,)).astype(dtype)
        args = (kernel, size, None, True)
        name = f"fractional_max_pool{dims}d"
        compared(name, x, args, {"_random_samples": u}, {"_random_samples": torch.tensor(u)})


@dtypes
@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["distinct", "ties", "nan", "-inf"])
def test_choices_over_drawn_arguments(dims, kind, dtype):
    rng = np.random.default_rng(dims)
    tried = 0
    while tried < 40:
        x = rng.normal(size=(2, 2, *rng.integers(1, 8, dims))).astype(dtype)
        x = np.round(x) if kind == "ties" else x
        if kind in ("nan", "-inf"):
            x[rng.random(x.shape) < 0.4] = float(kind)
        kernel, stride = (tuple(int(n) for n in rng.integers(1, 5, dims)) for _ in range(2))
        padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
        dilation, ceil_mode = int(rng.integers(1, 3)), bool(rng.integers(2))
        args = (kernel, stride, padding, dilation, ceil_mode, True)
        try:
            getattr(F, f"max_pool{dims}d")(x, *args)
        except ValueError:
            continue  # no room for a window
        compared(f"max_pool{dims}d", x, args, {})
        tried += 1


@dtypes
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_adaptive_choices(dims, dtype):
    rng = np.random.default_rng(dims)
    for number in range(40):
        x = rng.normal(size=(2, 2, *rng.integers(1, 8, dims))).astype(dtype)
        x[rng.random(x.shape) < 0.2 * (number % 3)] = np.nan if number % 2 else 0
        size = tuple(int(n) for n in rng.integers(1, 9, dims))
        name = f"adaptive_max_pool{dims}d_with_indices"
        compared(name, x, (size,), {})


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_norms_where_nothing_is(dims):
    x = np.zeros((1, 2) + (5,) * dims)
    x[..., :2] = 1.5
    mine, peer = autograd.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    name = f"lp_pool{dims}d"
    ours = getattr(F, name)(mine, 2.0, 2, 2)
    theirs = getattr(torch.nn.functional, name)(peer, 2.0, 2, 2)
    ours.sum().backward()
    theirs.sum().backward()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), 1e-14)
    np.testing.assert_allclose(mine.grad.numpy(), peer.grad.numpy(), 1e-14)
