"""Initialisers, utilities and averages against PyTorch's."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd
import nn
import nn.utils
from autograd import tensor
from nn import init
from nn.utils import parametrizations, parametrize
from optim import swa_utils

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
dtypes = pytest.mark.parametrize("dtype", TOLERANCE)


def close(ours, theirs, tolerance, what=""):
    ours = np.asarray(ours.detach().numpy() if isinstance(ours, autograd.Tensor) else ours)
    theirs = np.asarray(theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs)
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    if ours.size:
        scale = max(float(np.max(np.abs(theirs))), 1e-300)
        assert float(np.max(np.abs(ours - theirs))) / scale <= tolerance, what


def both(build):
    """A model of each library, with the same weights."""
    ours, theirs = build(nn), build(torch.nn)
    theirs.load_state_dict({k: torch.tensor(np.array(v)) for k, v in ours.state_dict().items()})
    return ours, theirs


# ------------------------------------------------------------------ initialisers


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4)])
def test_eye(shape):
    close(init.eye_(tensor(np.ones(shape))), torch.nn.init.eye_(torch.ones(shape).double()), 0)


@pytest.mark.parametrize("shape", [(4, 2, 3), (2, 4, 4), (6, 2, 3, 2), (2, 2, 1, 3, 4)])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac(shape, groups):
    ours = init.dirac_(tensor(np.ones(shape)), groups)
    close(ours, torch.nn.init.dirac_(torch.ones(shape).double(), groups), 0)


@pytest.mark.parametrize(
    ("name", "param"),
    [(n, None) for n in ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
                         "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu")]
    + [("leaky_relu", 0.2), ("leaky_relu", 0), ("leaky_relu", 1)],
)  # fmt: skip
def test_gains(name, param):
    assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


@pytest.mark.parametrize("shape", [(300, 200), (30, 20, 5, 5)])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform_", (-1.0, 3.0)),
        ("normal_", (1.0, 2.0)),
        ("trunc_normal_", (0.0, 1.0, -1.0, 2.0)),
        ("trunc_normal_", (0.5, 0.02)),
        ("xavier_uniform_", (1.5,)),
        ("xavier_normal_", ()),
        ("kaiming_uniform_", (math.sqrt(5),)),
        ("kaiming_normal_", (0, "fan_out", "tanh")),
        ("orthogonal_", (2.0,)),
    ],
)
def test_draws_have_the_same_spread(name, args, shape):
    torch.manual_seed(0)
    ours = getattr(init, name)(tensor(np.zeros(shape)), *args, generator=0).numpy()
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape).double(), *args).numpy()
    quantiles = np.linspace(0.02, 0.98, 25)
    a, b = (np.quantile(v, quantiles) for v in (ours, theirs))
    assert np.max(np.abs(a - b)) < 0.12 * theirs.std()
    assert ours.std() == pytest.approx(theirs.std(), rel=0.04)


# ------------------------------------------------------------------ gradients


@dtypes
@pytest.mark.parametrize("p", [0, 0.5, 1, 2, 2.0, 3, math.inf, -math.inf])
def test_norms(p, dtype):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=s).astype(dtype) for s in ((3,), (2, 4), (), (1, 1, 2))]
    ours = nn.utils.get_total_norm([tensor(v) for v in values], p)
    theirs = torch.nn.utils.get_total_norm([torch.tensor(v) for v in values], p)
    close(ours, theirs, TOLERANCE[dtype])


def with_grads(values, dtype):
    ours, theirs = [], []
    for v in values:
        p, q = (
            nn.Parameter(np.zeros(v.shape, dtype)),
            torch.nn.Parameter(torch.zeros(v.shape, dtype=getattr(torch, dtype))),
        )
        p.grad, q.grad = v.astype(dtype), torch.tensor(v.astype(dtype))
        ours.append(p)
        theirs.append(q)
    return ours, theirs


@dtypes
@pytest.mark.parametrize("bound", [0.1, 3.0, 1e6, 0.0])
@pytest.mark.parametrize("p", [1, 2.0, math.inf])
def test_clipping_by_norm(p, bound, dtype):
    rng = np.random.default_rng(0)
    ours, theirs = with_grads([rng.normal(size=s) for s in ((3,), (2, 4), ())], dtype)
    norm = nn.utils.clip_grad_norm_(ours, bound, p)
    close(norm, torch.nn.utils.clip_grad_norm_(theirs, bound, p), TOLERANCE[dtype])
    for a, b in zip(ours, theirs, strict=True):
        close(a.grad, b.grad, TOLERANCE[dtype])
    nn.utils.clip_grad_value_(ours, 0.02)
    torch.nn.utils.clip_grad_value_(theirs, 0.02)
    for a, b in zip(ours, theirs, strict=True):
        close(a.grad, b.grad, TOLERANCE[dtype])


def test_vectors():
    ours, theirs = both(lambda lib: lib.Sequential(lib.Linear(3, 2), lib.Linear(2, 1)))
    vector = nn.utils.parameters_to_vector(ours.parameters())
    close(vector, torch.nn.utils.parameters_to_vector(theirs.parameters()), 0)
    new = np.arange(vector.size, dtype=np.float32)
    nn.utils.vector_to_parameters(new, ours.parameters())
    torch.nn.utils.vector_to_parameters(torch.tensor(new), theirs.parameters())
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        close(a, b, 0)


# ------------------------------------------------------------------ parametrizations

OPTIONS = [
    ("weight_norm", {}),
    ("weight_norm", {"dim": 1}),
    ("weight_norm", {"dim": None}),
    ("spectral_norm", {}),
    ("spectral_norm", {"n_power_iterations": 3, "dim": 1}),
    ("orthogonal", {}),
    *[("orthogonal", {"orthogonal_map": m}) for m in ("matrix_exp", "cayley", "householder")],
    *[
        ("orthogonal", {"orthogonal_map": m, "use_trivialization": False})
        for m in ("matrix_exp", "cayley", "householder")
    ],
]


@dtypes
@pytest.mark.parametrize("sizes", [(3, 3), (5, 2), (2, 5), (1, 4)])
@pytest.mark.parametrize("option", range(len(OPTIONS)), ids=lambda i: f"{OPTIONS[i][0]} {OPTIONS[i][1]}")
def test_parametrizations(option, sizes, dtype):
    name, options = OPTIONS[option]
    ours = getattr(parametrizations, name)(nn.Linear(*sizes).to(dtype), **options)
    theirs = getattr(torch.nn.utils.parametrizations, name)(
        torch.nn.Linear(*sizes, dtype=getattr(torch, dtype)), **options
    )
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    if name == "orthogonal":
        free = ours.parametrizations.weight.original
        drawn = np.random.default_rng(0).normal(size=free.shape)
        with autograd.no_grad():
            free[...] = np.where(np.eye(*free.shape), free.detach().numpy(), drawn)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(1).normal(size=(6, sizes[0])).astype(dtype)
    for _ in range(2):
        out, expected = ours(x), theirs(torch.tensor(x))
        close(out, expected, TOLERANCE[dtype])
        (out**2).sum().backward()
        (expected**2).sum().backward()
    size = max(float(p.grad.abs().max()) for p in theirs.parameters())
    for (n, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        # where a gradient cancels to nothing, rounding is judged beside the others
        error = np.max(np.abs(a.grad.numpy() - b.grad.numpy()))
        assert error <= TOLERANCE[dtype] * max(float(b.grad.abs().max()), 0.1 * size), n
    for k, v in theirs.state_dict().items():
        close(ours.state_dict()[k], v, TOLERANCE[dtype], k)


def test_setting_and_removing_parametrizations():
    for name in ("weight_norm", "orthogonal"):
        ours = getattr(parametrizations, name)(nn.Linear(3, 3))
        theirs = getattr(torch.nn.utils.parametrizations, name)(torch.nn.Linear(3, 3))
        value = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0].astype(np.float32)
        ours.weight = value
        theirs.weight = torch.tensor(value)
        close(ours.weight, theirs.weight, 1e-5)
        parametrize.remove_parametrizations(ours, "weight")
        torch.nn.utils.parametrize.remove_parametrizations(theirs, "weight")
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert repr(ours) == repr(theirs)
        close(ours.weight, theirs.weight, 1e-5)


@dtypes
@pytest.mark.parametrize("sizes", [(3, 3), (5, 2), (1, 4)])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("weight_norm", {}),
        ("weight_norm", {"dim": None}),
        ("spectral_norm", {}),
        ("spectral_norm", {"dim": 1}),
    ],
)
def test_older_forms(name, options, sizes, dtype):
    ours = getattr(nn.utils, name)(nn.Linear(*sizes).to(dtype), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are deprecated
        theirs = getattr(torch.nn.utils, name)(
            torch.nn.Linear(*sizes, dtype=getattr(torch, dtype)), **options
        )
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(1).normal(size=(6, sizes[0])).astype(dtype)
    for _ in range(2):
        out, expected = ours(x), theirs(torch.tensor(x))
        close(out, expected, TOLERANCE[dtype])
        (out**2).sum().backward()
        (expected**2).sum().backward()
    size = max(float(p.grad.abs().max()) for p in theirs.parameters())
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        error = np.max(np.abs(a.grad.numpy() - b.grad.numpy()))
        assert error <= TOLERANCE[dtype] * max(float(b.grad.abs().max()), 0.1 * size)
    for k, v in theirs.state_dict().items():
        close(ours.state_dict()[k], v, TOLERANCE[dtype], k)


# ------------------------------------------------------------------ averages


# PyTorch's "swa multi" cannot average buffers of integers
@pytest.mark.parametrize(
    ("kind", "use_buffers"),
    [(k, b) for k in ("swa", "ema", "swa multi", "ema multi") for b in (False, True)
     if (k, b) != ("swa multi", True)],
)  # fmt: skip
def test_averaged_models(kind, use_buffers):
    def build(lib):
        return lib.Sequential(lib.Linear(3, 4), lib.BatchNorm1d(4), lib.Linear(4, 2))

    def options(lib):
        word = "multi_avg_fn" if "multi" in kind else "avg_fn"
        args = (0.9,) if "ema" in kind else ()
        return {word: getattr(lib, f"get_{kind[:3]}_{word}")(*args), "use_buffers": use_buffers}

    ours, theirs = both(build)
    mine = swa_utils.AveragedModel(ours, **options(swa_utils))
    peer = torch.optim.swa_utils.AveragedModel(theirs, **options(torch.optim.swa_utils))
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(8, 3)).astype(np.float32) for _ in range(4)]
    for x in batches:
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            step = rng.normal(size=p.shape).astype(np.float32)
            with autograd.no_grad(), torch.no_grad():
                p += step
                q += torch.tensor(step)
        ours(x)
        theirs(torch.tensor(x))
        mine.update_parameters(ours)
        peer.update_parameters(theirs)
    state, expected = mine.state_dict(), peer.state_dict()
    assert list(state) == list(expected)
    for k, v in expected.items():
        if "num_batches_tracked" not in k:  # an average of whole numbers means nothing
            close(state[k], v, 1e-5, k)
    swa_utils.update_bn(batches, mine)
    torch.optim.swa_utils.update_bn([torch.tensor(x) for x in batches], peer)
    for k, v in peer.state_dict().items():
        if use_buffers or "num_batches" not in k:
            close(mine.state_dict()[k], v, 1e-5, k)
