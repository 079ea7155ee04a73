"""Activations, dropout and embeddings against PyTorch, beyond what the samples compare.

Slopes at kinks, far-out values, injected masks and slopes of random layers, and the rounding of
PyTorch's own that the samples leave out.
"""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import tensor
from nn.functional.table import REQUIRED, TABLE

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers
every = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


def usual(row):
    required = any(o.default is REQUIRED for o in row.options)
    values = row.example[0] if required else [o.default for o in row.options]
    return dict(zip(row.names, values, strict=True))


def both(row, values):
    """Results and gradients of a row, and PyTorch's."""
    x, y = tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    out = getattr(F, row.name)(x, **usual(row))
    theirs = getattr(torch.nn.functional, row.name)(y, **usual(row))
    out.sum().backward()
    theirs.sum().backward()
    return out.detach().numpy(), x.grad.numpy(), theirs.detach().numpy(), y.grad.numpy()


@every
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
def test_everywhere(row, dtype, tolerance):
    """On a fine grid that has every kink, and far out on both sides."""
    grid = np.concatenate([np.arange(-40, 40.25, 0.125), [-1e4, 1e4, -1e-30, 1e-30, 0.0, -0.0]])
    out, grad, theirs, their_grad = both(row, grid.astype(dtype))
    if row.name == "hardsigmoid" and dtype == "float64":
        tolerance_of_grad = 1e-7  # PyTorch's 1/6 is a float32
    else:
        tolerance_of_grad = tolerance
    near = np.abs(grid) < 1e3
    for part in (near, ~near):
        scale = np.max(np.abs(theirs[part]))
        assert np.max(np.abs(out[part] - theirs[part])) <= tolerance * scale
    assert np.max(np.abs(grad - their_grad)) <= tolerance_of_grad * np.max(np.abs(their_grad))


@every
def test_special_values(row):
    """Infinities and NaN as PyTorch has them, save where its are NaN and the limit is a number."""
    out, _, theirs, _ = both(row, np.array([np.inf, -np.inf, np.nan]))
    known = ~np.isnan(theirs)
    np.testing.assert_allclose(out[known], theirs[known], rtol=1e-12, atol=1e-300)
    assert np.isnan(out[2])


@pytest.mark.parametrize(
    "name", ["relu_", "leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_", "threshold_"]
)
def test_in_place(name):
    values = np.linspace(-3, 3, 13)
    options = (0.5, 7.0) if name == "threshold_" else ()
    x, y = values.copy(), torch.tensor(values)
    getattr(F, name)(x, *options)
    getattr(torch.nn.functional, name)(y, *options)
    np.testing.assert_allclose(x, y.numpy(), rtol=1e-14)


def test_erf():
    from autograd.ops.neural.erf import erf

    for dtype in ("float32", "float64"):
        x = np.random.default_rng(0).normal(size=10000).astype(dtype) * 2
        theirs = torch.erf(torch.tensor(x)).numpy()
        np.testing.assert_allclose(erf(x), theirs, rtol=4 * np.finfo(dtype).eps)


# ------------------------------------------------------------------ random layers


DROPOUTS = {
    "Dropout": (4, 5),
    "Dropout1d": (4, 5, 3),
    "Dropout2d": (4, 5, 2, 2),
    "Dropout3d": (4, 5, 2, 1, 2),
    "AlphaDropout": (4, 5),
    "FeatureAlphaDropout": (4, 5, 3),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("name", DROPOUTS)
def test_dropout_of_pytorchs_mask(name, p, dtype, monkeypatch):
    """Results and gradients with the mask that PyTorch drew, read off what it gave."""
    values = np.random.default_rng(0).uniform(1, 2, DROPOUTS[name]).astype(dtype)
    torch.manual_seed(0)
    y = torch.tensor(values, requires_grad=True)
    theirs = getattr(torch.nn, name)(p)(y)
    g = np.random.default_rng(1).normal(size=values.shape).astype(dtype)
    theirs.backward(torch.tensor(g))
    kept = y.grad.numpy() != 0
    own = 2 if name not in ("Dropout", "AlphaDropout") else values.ndim
    mask = kept.reshape(*values.shape[:own], -1)[..., 0].reshape(
        *values.shape[:own], *(1,) * (values.ndim - own)
    )
    assert 0 < mask.mean() < 1

    def drawn(shape, probability, generator):
        assert shape == mask.shape
        assert probability == p
        return mask

    monkeypatch.setattr("nn.functional.noise._kept", drawn)
    x = tensor(values, requires_grad=True)
    out = getattr(nn, name)(p)(x)
    out.backward(g)
    tolerance = 1e-10 if dtype == "float64" else 1e-5
    for ours, other in ((out.detach(), theirs.detach()), (x.grad, y.grad)):
        np.testing.assert_allclose(ours.numpy(), other.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rrelu_of_pytorchs_slopes(dtype, monkeypatch):
    values = np.random.default_rng(0).normal(size=(6, 7)).astype(dtype)
    torch.manual_seed(0)
    y = torch.tensor(values, requires_grad=True)
    theirs = torch.nn.RReLU(0.1, 0.6)(y)
    g = np.random.default_rng(1).normal(size=values.shape).astype(dtype)
    theirs.backward(torch.tensor(g))
    slopes = theirs.detach().numpy() / values
    monkeypatch.setattr("nn.functional.gated._slopes", lambda *_: slopes)
    x = tensor(values, requires_grad=True)
    out = nn.RReLU(0.1, 0.6)(x)
    out.backward(g)
    tolerance = 1e-10 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(out.detach().numpy(), theirs.detach().numpy(), rtol=tolerance)
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=tolerance)


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_of_pytorchs_noise(hard, monkeypatch):
    values = np.random.default_rng(0).normal(size=(5, 4))
    torch.manual_seed(0)
    noise = -torch.empty(5, 4, dtype=torch.float64).exponential_().log().numpy()
    torch.manual_seed(0)
    y = torch.tensor(values, requires_grad=True)
    theirs = torch.nn.functional.gumbel_softmax(y, 0.7, hard)
    g = np.random.default_rng(1).normal(size=values.shape)
    theirs.backward(torch.tensor(g))

    class Drawn:
        def gumbel(self, size):
            return noise

    monkeypatch.setattr("nn.functional.exponentials.as_generator", lambda *_: Drawn())
    x = tensor(values, requires_grad=True)
    out = F.gumbel_softmax(x, 0.7, hard)
    out.backward(g)
    np.testing.assert_allclose(out.detach().numpy(), theirs.detach().numpy(), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_initial_weights_are_drawn_as_pytorchs():
    """The same distributions: moments over many numbers."""
    for name, sizes in (
        ("Embedding", (300, 200)),
        ("EmbeddingBag", (300, 200)),
        ("Bilinear", (30, 40, 50)),
    ):
        ours = getattr(nn, name)(*sizes, generator=0).weight.data
        theirs = getattr(torch.nn, name)(*sizes).weight.detach().numpy()
        assert ours.shape == theirs.shape
        assert abs(ours.std() - theirs.std()) < 0.02 * theirs.std()
        assert abs(ours.mean()) < 0.01
        assert abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < 0.25
