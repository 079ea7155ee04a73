"""What PyTorch warns of: its default for `align_corners`, and interpolation by its older names."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn.functional as F
from tests.nn.samples.resampling import SAMPLES

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings(
        "ignore:Default grid_sample", "ignore:.*is deprecated", "ignore:Since version 1.3"
    ),
]

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
NAMES = ("grid_sample", "affine_grid", "upsample", "upsample_nearest", "upsample_bilinear")
WARNED = [s for s in SAMPLES if s.name in NAMES and not s.peer]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("sample", WARNED, ids=lambda s: f"{s.name}-{s.args}-{s.options}")
def test_same_results_and_gradients(sample, dtype):
    arrays = [a.astype(dtype) for a in sample.arrays()]
    mine = [autograd.tensor(a, requires_grad=True) for a in arrays]
    peers = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = getattr(F, sample.name)(*mine, *sample.args, **sample.options)
    expected = getattr(torch.nn.functional, sample.name)(*peers, *sample.args, **sample.options)
    v = np.random.default_rng(0).normal(size=out.shape).astype(dtype)
    out.backward(v)
    expected.backward(torch.tensor(v))
    pairs = [(out, expected), *((a.grad, b.grad) for a, b in zip(mine, peers, strict=True))]
    for a, b in pairs:
        a, b = a.detach().numpy(), b.detach().numpy()
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert np.max(np.abs(a - b)) <= TOLERANCE[dtype] * np.max(np.abs(b))


def test_there_is_something_to_compare():
    assert {s.name for s in WARNED} == set(NAMES)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [False, True])
def test_second_derivatives_by_grids(mode, padding, corners):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(2, 2, 4, 5)), rng.uniform(-1.6, 1.6, (2, 3, 2, 2))]
    v, weights = rng.normal(size=(2, 2, 3, 2)), [rng.normal(size=a.shape) for a in arrays]
    mine = [autograd.tensor(a, requires_grad=True) for a in arrays]
    out = F.grid_sample(*mine, mode, padding, corners)
    first = autograd.gradients(out, mine, v, create_graph=True)
    ours = autograd.gradients(sum((w * g).sum() for w, g in zip(weights, first, strict=True)), mine)
    peers = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = torch.nn.functional.grid_sample(*peers, mode, padding, corners)
    first = torch.autograd.grad(out, peers, torch.tensor(v), create_graph=True)
    total = sum((torch.tensor(w) * g).sum() for w, g in zip(weights, first, strict=True))
    for a, b in zip(ours, torch.autograd.grad(total, peers), strict=True):
        assert np.max(np.abs(a.numpy() - b.numpy())) <= 1e-10 * np.max(np.abs(b.numpy()))
