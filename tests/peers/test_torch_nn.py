"""Layers, activations, losses and whole models against PyTorch's, with its own weights."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
import optim
from autograd import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
dtypes = pytest.mark.parametrize("dtype", TOLERANCE)
rng = np.random.default_rng(0)


def agree(ours, theirs, dtype, what=""):
    ours, theirs = np.asarray(ours.detach().numpy()), theirs.detach().numpy()
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype == np.dtype(dtype), what
    if ours.size:
        scale = max(float(np.max(np.abs(theirs))), 1e-300)
        error = float(np.max(np.abs(ours - theirs))) / scale
        assert error <= TOLERANCE[dtype], f"{what}: {error}"


def check(ours, theirs, arrays, dtype, constants=()):
    """Outputs, and the gradients by all arrays of a random combination of them."""
    mine = [tensor(a.astype(dtype), requires_grad=True) for a in arrays]
    peers = [torch.tensor(a.astype(dtype), requires_grad=True) for a in arrays]
    out, expected = ours(*mine, *constants), theirs(*peers, *map(torch.as_tensor, constants))
    agree(out, expected, dtype, "output")
    v = rng.normal(size=out.shape).astype(dtype)
    out.backward(v)
    expected.backward(torch.tensor(v))
    for i, (a, b) in enumerate(zip(mine, peers, strict=True)):
        agree(a.grad, b.grad, dtype, f"gradient by argument {i}")


# ------------------------------------------------------------------ layers and activations


@dtypes
@pytest.mark.parametrize("shape", [(3,), (4, 3), (1, 3), (2, 5, 3), (0, 3), (2, 1, 4, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape, bias, dtype):
    arrays = [rng.normal(size=shape), rng.normal(size=(6, 3)), *([rng.normal(size=6)] if bias else [])]
    check(F.linear, torch.nn.functional.linear, arrays, dtype)


ACTIVATIONS = {
    "ReLU": (nn.ReLU(), torch.nn.ReLU()),
    "Sigmoid": (nn.Sigmoid(), torch.nn.Sigmoid()),
    "Tanh": (nn.Tanh(), torch.nn.Tanh()),
    "LeakyReLU": (nn.LeakyReLU(), torch.nn.LeakyReLU()),
    "LeakyReLU, 0.3": (nn.LeakyReLU(0.3), torch.nn.LeakyReLU(0.3)),
    "ELU": (nn.ELU(), torch.nn.ELU()),
    "ELU, 0.7": (nn.ELU(0.7), torch.nn.ELU(0.7)),
    "softmax": (lambda x: F.softmax(x, 0), lambda x: torch.softmax(x, 0)),
    "log_softmax": (lambda x: F.log_softmax(x, dim=-1), lambda x: torch.log_softmax(x, -1)),
}


@dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 5), (0, 2)])
def test_activations(name, shape, dtype):
    ours, theirs = ACTIVATIONS[name]
    check(ours, theirs, [4 * rng.normal(size=shape)], dtype)


@dtypes
@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if "softmax" not in n])
def test_activations_at_special_values(name, dtype):
    ours, theirs = ACTIVATIONS[name]
    x = np.array([0.0, -0.0, 1e-20, -1e-20, 30.0, -30.0, 90.0, -90.0, 800.0, -800.0])
    check(ours, theirs, [x], dtype)
    infinite = np.array([np.inf, -np.inf, np.nan], dtype)
    least = np.finfo(dtype).tiny  # our sigmoid ends at 1 / the largest number
    np.testing.assert_allclose(ours(infinite), theirs(torch.tensor(infinite)).numpy(), rtol=0, atol=least)


# ------------------------------------------------------------------ losses

REDUCTIONS = ("mean", "sum", "none")


@dtypes
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 2)])
def test_mse(shape, reduction, dtype):
    arrays = [np.asarray(rng.normal(size=shape)) for _ in range(2)]
    check(nn.MSELoss(reduction), torch.nn.MSELoss(reduction=reduction), arrays, dtype)


@dtypes
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (1, 4), (5, 4), (40, 3), (5, 1), (2, 4, 3), (2, 4, 3, 2)])
def test_cross_entropy(shape, reduction, dtype):
    classes = shape[0] if len(shape) == 1 else shape[1]
    places = () if len(shape) == 1 else (shape[0], *shape[2:])
    ours, theirs = nn.CrossEntropyLoss(reduction=reduction), torch.nn.CrossEntropyLoss(reduction=reduction)
    target = np.asarray(rng.integers(0, classes, places))
    x = 10 * rng.normal(size=shape)
    check(ours, theirs, [x], dtype, [target])
    check(ours, theirs, [x, rng.random(shape)], dtype)


@dtypes
def test_cross_entropy_far_out(dtype):
    x = np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 1e30], [-80.0, -90.0, -100.0]])
    for k in range(3):
        theirs = torch.nn.functional.cross_entropy
        check(F.cross_entropy, theirs, [x], dtype, [np.full(3, k)])


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_nothing_is_lost_on_nothing(reduction):
    with np.errstate(invalid="ignore"):
        ours = F.cross_entropy(np.zeros((0, 3)), np.zeros(0, int), reduction=reduction)
    theirs = torch.nn.functional.cross_entropy(
        torch.zeros((0, 3), dtype=torch.float64), torch.zeros(0, dtype=torch.long), reduction=reduction
    )
    np.testing.assert_array_equal(ours, theirs.numpy())


# ------------------------------------------------------------------ models


def models(dtype):
    """The same model twice, PyTorch's weights loaded into ours by name."""
    theirs = torch.nn.Sequential(
        torch.nn.Linear(5, 8),
        torch.nn.Tanh(),
        torch.nn.Sequential(torch.nn.Linear(8, 8, bias=False), torch.nn.ELU()),
        torch.nn.Linear(8, 3),
    ).to(getattr(torch, dtype))
    ours = nn.Sequential(
        nn.Linear(5, 8, dtype=dtype),
        nn.Tanh(),
        nn.Sequential(nn.Linear(8, 8, bias=False, dtype=dtype), nn.ELU()),
        nn.Linear(8, 3, dtype=dtype),
    )
    state = {path: value.numpy() for path, value in theirs.state_dict().items()}
    assert ours.load_state_dict(state) == ([], [])
    return ours, theirs


def test_names_and_shapes_are_pytorchs():
    ours, theirs = models("float32")
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]
    assert repr(ours) == repr(theirs)
    layer, peer = nn.Linear(2, 2), torch.nn.Linear(2, 2)
    twice, theirs_twice = nn.Sequential(layer, layer), torch.nn.Sequential(peer, peer)
    assert [*twice.state_dict()] == [*theirs_twice.state_dict()]
    assert [n for n, _ in twice.named_parameters()] == [n for n, _ in theirs_twice.named_parameters()]


def test_our_state_loads_into_pytorch():
    ours, theirs = models("float64")
    for p in theirs.parameters():
        p.data.zero_()
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    x = rng.normal(size=(4, 5))
    agree(ours(x), theirs(torch.tensor(x)), "float64")


@dtypes
def test_a_models_outputs_and_gradients(dtype):
    ours, theirs = models(dtype)
    x, target = rng.normal(size=(7, 5)).astype(dtype), rng.integers(0, 3, 7)
    out, expected = ours(x), theirs(torch.tensor(x))
    agree(out, expected, dtype)
    nn.CrossEntropyLoss()(out, target).backward()
    torch.nn.CrossEntropyLoss()(expected, torch.tensor(target)).backward()
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        agree(p.grad, q.grad, dtype, name)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": False}),
        ("Adam", {"lr": 0.01, "weight_decay": 0.01}),
        ("Adam", {"lr": 0.01, "amsgrad": True}),
    ],
)
def test_a_hundred_training_steps(name, options):
    ours, theirs = models("float64")
    optimizer = getattr(optim, name)(ours.parameters(), **options)
    peer = getattr(torch.optim, name)(theirs.parameters(), **options)
    x, target = rng.normal(size=(16, 5)), rng.integers(0, 3, 16)
    for _ in range(100):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(ours(x), target).backward()
        optimizer.step()
        peer.zero_grad()
        torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x)), torch.tensor(target)).backward()
        peer.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        p, q = p.detach().numpy(), q.detach().numpy()
        assert np.max(np.abs(p - q)) <= 1e-9 * np.max(np.abs(q))


def test_gains_and_bounds_of_initialisers():
    for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv2d"):
        assert nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
    for name in ("xavier_uniform_", "kaiming_uniform_", "xavier_normal_", "kaiming_normal_"):
        ours, theirs = tensor(np.zeros((300, 200))), torch.zeros((300, 200), dtype=torch.float64)
        getattr(nn.init, name)(ours, generator=0)
        getattr(torch.nn.init, name)(theirs)
        assert ours.numpy().std() == pytest.approx(theirs.numpy().std(), rel=0.02)
        if "uniform" in name:
            assert abs(ours.numpy()).max() == pytest.approx(abs(theirs.numpy()).max(), rel=1e-3)
