"""Every sample use of `nn` against PyTorch: results, gradients, state, repr, signatures."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd import Tensor, tensor
from tests.nn.contract import build, constant
from tests.nn.samples import all_samples, assemble, convert, flatten

torch = pytest.importorskip("torch")
# PyTorch warns of what it is about to change; the comparison is with what it does
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::UserWarning")]

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
SAMPLES = [s for s in all_samples() if s.peer]
NAMES = sorted({s.name for s in SAMPLES})
ONLY_OURS = {"generator", "dtype"}
ONLY_THEIRS = {"min_value", "max_value", "device", "dtype", "size_average", "reduce", "_stacklevel"}


def leaf(a):
    return tensor(a, requires_grad=True)


def their_leaf(a):
    return torch.tensor(a, requires_grad=True)


def their_build(sample, dtype):
    module = assemble(torch.nn, sample, dtype, torch.as_tensor)
    return module.to(getattr(torch, dtype)).train(sample.training)


def agree(ours, theirs, dtype, what):
    ours = np.asarray(ours.detach().numpy() if isinstance(ours, Tensor) else ours)
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, theirs {theirs.shape}"
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype}, theirs {theirs.dtype}"
    if not ours.size:
        return
    if ours.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs, err_msg=what)
        return
    odd = ~np.isfinite(theirs)
    np.testing.assert_array_equal(ours[odd], theirs[odd], err_msg=what)
    scale = max(float(np.max(np.abs(theirs[~odd]), initial=0.0)), 1e-300)
    error = float(np.max(np.abs(ours[~odd] - theirs[~odd]), initial=0.0)) / scale
    # gradients that cancel to nothing leave the rounding of their terms
    assert error <= TOLERANCE[dtype] or scale < 1e-6 * TOLERANCE[dtype] ** 0.5, f"{what}: {error}"


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_same_results_and_gradients(sample, dtype):
    arrays = sample.arrays()
    inputs = convert(arrays, dtype, constant, leaf)
    theirs = convert(arrays, dtype, torch.as_tensor, their_leaf)
    call, their_call = (
        convert(sample.call, dtype, constant, constant),
        convert(sample.call, dtype, torch.as_tensor, torch.as_tensor),
    )
    wrt, their_wrt = _leaves(inputs), _leaves(theirs)
    if sample.is_module:
        peer, module = their_build(sample, dtype), build(sample, np.dtype(dtype), 0)
        state = {k: v.detach().numpy().copy() for k, v in peer.state_dict().items()}
        module.load_state_dict(state)
        wrt += list(module.parameters())
        their_wrt += list(peer.parameters())
        out, expected = module(*inputs, **call), peer(*theirs, **their_call)
    else:
        args, options = (convert(v, dtype, constant, constant) for v in (sample.args, sample.options))
        out = getattr(F, sample.name)(*inputs, *args, **options)
        args = convert(sample.args, dtype, torch.as_tensor, torch.as_tensor)
        options = convert(sample.options, dtype, torch.as_tensor, torch.as_tensor)
        expected = getattr(torch.nn.functional, sample.name)(*theirs, *args, **options)
    outs, peers = flatten(out), flatten(expected)
    assert len(outs) == len(peers)
    rng = np.random.default_rng(0)
    roots = []
    for i, (a, b) in enumerate(zip(outs, peers, strict=True)):
        agree(a, b, dtype, f"{sample}: result {i}")
        if isinstance(b, torch.Tensor) and b.requires_grad:
            assert a.requires_grad, f"{sample}: result {i} does not require grad"
            roots.append((a, b, rng.normal(size=b.shape).astype(dtype)))
    if roots:
        mine = autograd.gradients([r[0] for r in roots], wrt, [r[2] for r in roots], allow_unused=True)
        other = torch.autograd.grad(
            [r[1] for r in roots], their_wrt, [torch.tensor(r[2]) for r in roots], allow_unused=True
        )
        for i, (a, b) in enumerate(zip(mine, other, strict=True)):
            if a is None or b is None:
                rest = next((g for g in (a, b) if g is not None), None)
                assert rest is None or not np.any(np.asarray(rest)), f"{sample}: gradient {i}: {a} {b}"
            else:
                agree(a, b, dtype, f"{sample}: gradient {i}")
    if sample.is_module:
        after = {k: v.detach().numpy() for k, v in peer.state_dict().items()}
        ours = module.state_dict()
        assert list(ours) == list(after)
        for name, value in after.items():
            agree(ours[name], torch.as_tensor(value), dtype, f"{sample}: state {name}")


def _leaves(values):
    return [x for x in flatten(values) if getattr(x, "requires_grad", False)]


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.is_module], ids=str)
def test_same_repr(sample):
    assert repr(build(sample, np.float32, 0)) == repr(their_build(sample, "float32"))


@pytest.mark.parametrize("name", NAMES)
def test_same_signature(name):
    ours, theirs = (
        (getattr(nn, name), getattr(torch.nn, name))
        if name[0].isupper()
        else (getattr(F, name), getattr(torch.nn.functional, name))
    )
    try:
        expected = inspect.signature(theirs)
    except ValueError:
        return  # built in: PyTorch itself does not know
    want = {n: p.default for n, p in expected.parameters.items() if n not in ONLY_THEIRS}
    if set(want) <= {"args", "kwargs"}:
        return  # PyTorch's passes everything on
    found = {n: p.default for n, p in inspect.signature(ours).parameters.items() if n not in ONLY_OURS}
    assert list(found) == list(want)
    for n, default in want.items():
        if not callable(default):
            assert found[n] == default, f"{name}: {n}={found[n]}, theirs {default}"


def test_nothing_of_the_same_name_goes_untested():
    modules = {n for n in nn.__all__ if hasattr(torch.nn, n) and inspect.isclass(getattr(nn, n))}
    functions = {n for n in F.__all__ if hasattr(torch.nn.functional, n) and not n.endswith("_")}
    bare = {
        "Module",
        "Parameter",
        "Buffer",
        "Sequential",
        "ModuleList",
        "ModuleDict",
        "ParameterList",
        "ParameterDict",
        "RNNBase",
        "RNNCellBase",
    }
    random = {s.name for s in all_samples() if not s.peer}
    assert (modules | functions) - set(NAMES) - random - bare == set()
