"""Convolutions of the sizes that networks have, against PyTorch's; small ones are among the samples."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
# input, weight, options; both layouts, more columns than are made at a time, inner axes with a stride
CONVOLUTIONS = [
    ((64, 1, 28, 28), (6, 1, 5, 5), {"padding": 2}),
    ((64, 6, 14, 14), (16, 6, 5, 5), {}),
    ((32, 32, 16, 16), (32, 32, 3, 3), {"padding": 1}),
    ((32, 16, 17, 16), (24, 16, 3, 3), {"padding": 1, "stride": 2}),
    ((8, 32, 14, 14), (48, 32, 1, 1), {}),
    ((8, 32, 15, 14), (48, 32, 1, 1), {"stride": (2, 3)}),
    ((16, 32, 28, 28), (32, 1, 3, 3), {"padding": 1, "groups": 32}),
    ((20, 32, 28, 28), (16, 16, 3, 3), {"padding": "same", "groups": 2, "dilation": (1, 3)}),
    ((24, 16, 30, 30), (16, 16, 3, 3), {"padding": 2, "dilation": 2}),
    ((2, 4, 64, 64), (8, 4, 16, 16), {"stride": 16}),
    ((1, 64, 7, 7), (64, 64, 7, 7), {}),
    ((32, 16, 200), (32, 16, 5), {}),
    ((3, 4, 12, 13, 14), (6, 2, 3, 3, 3), {"padding": (1, 0, 1), "groups": 2, "stride": (2, 1, 1)}),
]
TRANSPOSED = [
    ((16, 32, 7, 7), (32, 16, 4, 4), {"stride": 2, "padding": 1}),
    ((16, 8, 14, 14), (8, 16, 3, 3), {"padding": 1}),
    (
        (8, 32, 14, 14),
        (32, 4, 5, 5),
        {"stride": (3, 2), "padding": 2, "output_padding": (2, 1), "groups": 2},
    ),
    ((8, 32, 100), (32, 16, 6), {"stride": 3, "dilation": 2}),
    ((2, 8, 6, 7, 8), (8, 4, 3, 2, 3), {"stride": (1, 2, 2)}),
]
USES = [(f"conv{len(x) - 2}d", x, w, o) for x, w, o in CONVOLUTIONS]
USES += [(f"conv_transpose{len(x) - 2}d", x, w, o) for x, w, o in TRANSPOSED]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("name", "x", "w", "options"), USES, ids=str)
def test_values_and_gradients(name, x, w, options, dtype):
    rng = np.random.default_rng(0)
    channels = w[1] * options.get("groups", 1) if "transpose" in name else w[0]
    arrays = [rng.normal(size=shape).astype(dtype) for shape in (x, w, (channels,))]
    ours = [tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    out, expected = (
        getattr(F, name)(*ours, **options),
        getattr(torch.nn.functional, name)(*theirs, **options),
    )
    v = rng.normal(size=out.shape).astype(dtype)
    found = [out.detach(), *autograd.gradients(out, ours, v)]
    wanted = [expected.detach(), *torch.autograd.grad(expected, theirs, torch.tensor(v))]
    for a, b in zip(found, wanted, strict=True):
        a, b = a.numpy(), b.numpy()
        assert a.shape == b.shape
        assert a.dtype == b.dtype == dtype
        error = np.max(np.abs(a - b)) / np.max(np.abs(b))
        assert error <= TOLERANCE[dtype], error
