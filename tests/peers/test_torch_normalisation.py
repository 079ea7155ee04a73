"""Normalisation over several steps, and padding over arguments drawn at random, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import tensor
from autograd.errors import ShapeError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


def agree(ours, theirs, dtype, what=""):
    ours, theirs = np.asarray(ours.detach().numpy()), theirs.detach().numpy()
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), what
    scale = max(float(np.max(np.abs(theirs), initial=0)), 1e-300)
    assert float(np.max(np.abs(ours - theirs), initial=0)) / scale <= TOLERANCE[dtype], what


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("momentum", [0.1, 0.7, None])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("BatchNorm1d", (8, 3)),
        ("BatchNorm1d", (3, 3, 5)),
        ("BatchNorm2d", (2, 3, 4, 3)),
        ("BatchNorm3d", (2, 3, 2, 2, 3)),
        ("InstanceNorm1d", (3, 3, 6)),
        ("InstanceNorm1d", (3, 6)),
        ("InstanceNorm2d", (2, 3, 3, 3)),
        ("InstanceNorm3d", (2, 3, 2, 2, 2)),
    ],
)
def test_running_statistics_over_steps(name, shape, momentum, dtype):
    rng = np.random.default_rng(3)
    options = {"momentum": momentum, "affine": True, "track_running_stats": True}
    ours = getattr(nn, name)(3, **options).to(dtype)
    theirs = getattr(torch.nn, name)(3, **options).to(getattr(torch, dtype))
    for training in (True, True, False, True, False):
        ours.train(training)
        theirs.train(training)
        x, v = (rng.normal(0.5, 2, size=shape).astype(dtype) for _ in range(2))
        a, b = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        out, expected = ours(a), theirs(b)
        agree(out, expected, dtype, "output")
        out.backward(v)
        expected.backward(torch.tensor(v))
        agree(a.grad, b.grad, dtype, "gradient")
    for key, value in theirs.state_dict().items():
        found = ours.state_dict()[key]
        np.testing.assert_allclose(found, value.numpy(), 10 * TOLERANCE[dtype], err_msg=key)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        agree(p.grad, q.grad, dtype, "accumulated gradient")


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_pad_takes_and_refuses_what_pytorch_does(mode):
    """Widths drawn at random: the same values and gradients, or errors in both."""
    rng = np.random.default_rng(len(mode))
    both, neither = 0, 0
    for _ in range(400):
        axes = int(rng.integers(1, 4))
        shape = (*rng.integers(1, 4, size=int(rng.integers(1, 3))), *rng.integers(2, 5, size=axes))
        shape = tuple(int(n) for n in shape)
        widths = tuple(int(n) for n in rng.integers(-1, 5, size=2 * axes) * (rng.random(2 * axes) < 0.7))
        x = rng.normal(size=shape)
        a, b = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        try:
            expected = torch.nn.functional.pad(b, widths, mode)
        except (RuntimeError, NotImplementedError):
            try:
                assert not F.pad(a, widths, mode).size  # some of PyTorch's modes give nothing empty
            except ShapeError:
                neither += 1
            continue
        if mode == "circular" and _wraps_twice(shape, widths):
            continue  # it depends on the other axes whether PyTorch refuses
        out = F.pad(a, widths, mode)
        np.testing.assert_array_equal(out.detach().numpy(), expected.detach().numpy(), f"{shape} {widths}")
        both += 1
        if not out.size:
            continue  # PyTorch's gradients are uninitialised memory
        v = rng.normal(size=out.shape)
        out.backward(v)
        expected.backward(torch.tensor(v))
        np.testing.assert_allclose(
            a.grad.numpy(), b.grad.numpy(), 1e-13, 1e-13, err_msg=f"{shape} {widths}"
        )
    assert both > 50
    assert neither > 5 or mode in ("constant", "replicate")


def _wraps_twice(shape, widths):
    """Whether a border is longer than what the other width of its axis leaves."""
    ends = zip(widths[::2], widths[1::2], reversed(shape), strict=False)
    return any(max(pair) > n + min(*pair, 0) for *pair, n in ends)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_norms_over_drawn_shapes(dtype):
    rng = np.random.default_rng(11)
    functional = torch.nn.functional
    for _ in range(60):
        n, c = int(rng.integers(2, 5)), int(rng.integers(1, 7))
        places = tuple(int(k) for k in rng.integers(3, 5, size=int(rng.integers(1, 4))))
        x = rng.normal(1, 2, size=(n, c, *places)).astype(dtype)
        weight, bias = (rng.normal(size=c).astype(dtype) for _ in range(2))
        full = [rng.normal(size=x.shape[1:]).astype(dtype) for _ in range(2)]
        groups = int(rng.choice([g for g in range(1, c + 1) if c % g == 0]))
        last = x.shape[1:]
        uses = [
            ("batch_norm", [x, weight, bias], lambda f, x, w, b: f(x, None, None, w, b, True)),
            ("instance_norm", [x, weight, bias], lambda f, x, w, b: f(x, None, None, w, b)),
            ("group_norm", [x, weight, bias], lambda f, x, w, b, groups=groups: f(x, groups, w, b)),
            ("layer_norm", [x, *full], lambda f, x, w, b, last=last: f(x, last, w, b)),
            ("rms_norm", [x, full[0]], lambda f, x, w, last=last: f(x, last, w)),
            ("local_response_norm", [x], lambda f, x, size=groups: f(x, size, 0.1)),
        ]
        for name, arrays, call in uses:
            ours = [tensor(a, requires_grad=True) for a in arrays]
            theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
            out, expected = call(getattr(F, name), *ours), call(getattr(functional, name), *theirs)
            what = f"{name} {x.shape} {groups}"
            agree(out, expected, dtype, what)
            v = rng.normal(1, 1, size=out.shape).astype(dtype)  # so that its sum does not cancel
            out.backward(v)
            expected.backward(torch.tensor(v))
            for p, q in zip(ours, theirs, strict=True):
                agree(p.grad, q.grad, dtype, what)
