"""The module system, containers, initialisers and utilities against PyTorch's."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import autograd
import nn
import nn.utils
from autograd import tensor
from nn import init
from nn.utils import parametrizations, parametrize

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


# ------------------------------------------------------------------ trees, states, reprs


def nested(lib):
    m = lib.Module()
    m.body = lib.Sequential(lib.Linear(2, 3), lib.Sequential(lib.ReLU(), lib.Linear(3, 1)))
    m.same = m.body[0]
    m.blocks = lib.ModuleList([lib.Sequential(lib.Linear(2, 2), lib.Tanh()) for _ in range(3)])
    m.blocks.append(lib.Identity())
    m.heads = lib.ModuleDict({"a": lib.Linear(2, 2), "b": lib.ReLU()})
    m.empty = lib.ModuleList()
    m.nothing = None
    m.register_parameter("absent", None)
    m.register_module("gone", None)
    return m


TREES = {
    "nested": nested,
    "sequential": lambda lib: lib.Sequential(lib.Linear(2, 2), lib.Linear(2, 2)) * 2,
    "list": lambda lib: lib.ModuleList([lib.ReLU()] * 2 + [lib.Tanh()] * 11 + [lib.ReLU()]),
    "deleted": lambda lib: _without(lib.Sequential(lib.ReLU(), lib.Linear(1, 1), lib.Tanh()), 0),
    "inserted": lambda lib: lib.Sequential(lib.ReLU(), lib.Tanh()).insert(1, lib.Linear(1, 2)),
    "sliced": lambda lib: lib.Sequential(lib.ReLU(), lib.Linear(1, 1), lib.Tanh())[1:],
    "slice of a list": lambda lib: lib.ModuleList([lib.ReLU(), lib.Linear(1, 1), lib.Tanh()])[1:],
    "added": lambda lib: lib.Sequential(lib.ReLU()) + lib.Sequential(lib.Linear(1, 1)),
    "popped": lambda lib: _popped(lib.ModuleList([lib.ReLU(), lib.Linear(1, 1), lib.Tanh()])),
}


def _without(m, i):
    del m[i]
    return m


def _popped(m):
    m.pop(0)
    return m


@pytest.mark.parametrize("name", TREES)
def test_trees(name):
    ours, theirs = TREES[name](nn), TREES[name](torch.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for walk in ("named_modules", "named_parameters", "named_children", "named_buffers"):
        assert [n for n, _ in getattr(ours, walk)()] == [n for n, _ in getattr(theirs, walk)()], walk
    for walk in ("named_modules", "named_parameters"):
        assert [n for n, _ in getattr(ours, walk)(prefix="p", remove_duplicate=False)] == [
            n for n, _ in getattr(theirs, walk)(prefix="p", remove_duplicate=False)
        ]
    assert len(list(ours.modules())) == len(list(theirs.modules()))


def test_reprs_of_parameter_containers():
    for ours, theirs in (
        (
            nn.ParameterList([np.zeros((2, 3), np.float32), 3]),
            torch.nn.ParameterList([torch.zeros(2, 3), 3]),
        ),
        (nn.ParameterDict({"a": np.zeros(2, np.float32)}), torch.nn.ParameterDict({"a": torch.zeros(2)})),
        (nn.ParameterList(), torch.nn.ParameterList()),
    ):
        expected = repr(theirs).replace("torch.FloatTensor", "float32").replace("torch.float32", "float32")
        assert repr(ours) == expected


ONLY_THEIRS = {
    "bfloat16", "compile", "cuda", "ipu", "mtia", "register_backward_hook", "share_memory", "to_empty",
    "xpu",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"],
)
def test_methods_and_their_signatures(name):
    mine, peer = getattr(nn, name), getattr(torch.nn, name)
    methods = {n for n in dir(peer) if not n.startswith("_") and callable(getattr(peer, n))}
    methods -= ONLY_THEIRS
    assert {n for n in methods if not hasattr(mine, n)} == set()
    for n in methods - {"forward", "to", "state_dict", "set_extra_state"}:
        expected, found = (inspect.signature(getattr(c, n)).parameters for c in (peer, mine))
        assert [p.default for p in found.values()] == [p.default for p in expected.values()], n
        assert [p.kind for p in found.values()] == [p.kind for p in expected.values()], n
        if n not in ("register_parameter", "register_buffer", "update", "copy", "fromkeys"):
            kept = [
                p.name for p in expected.values() if p.kind is p.KEYWORD_ONLY or p.default is not p.empty
            ]
            assert [p for p in kept if p not in found] == [], n


@pytest.mark.parametrize(
    ("mine", "peer"),
    [
        *[(getattr(init, n), getattr(torch.nn.init, n)) for n in dir(torch.nn.init) if n.endswith("_")
          and not n.startswith("_")],
        (init.calculate_gain, torch.nn.init.calculate_gain),
        *[(getattr(nn.utils, n), getattr(torch.nn.utils, n)) for n in nn.utils.__all__ if "_" in n],
        *[(getattr(parametrize, n), getattr(torch.nn.utils.parametrize, n)) for n in
          ("register_parametrization", "is_parametrized", "remove_parametrizations")],
        *[(getattr(parametrizations, n), getattr(torch.nn.utils.parametrizations, n)) for n in
          ("weight_norm", "spectral_norm", "orthogonal")],
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_signatures(mine, peer):
    expected = {n: p.default for n, p in inspect.signature(peer).parameters.items()}
    found = {n: p.default for n, p in inspect.signature(mine).parameters.items() if n != "generator"}
    expected.pop("generator", None)
    assert found == expected


# ------------------------------------------------------------------ hooks


def numbers(value):
    if isinstance(value, (tuple, list)):
        return [numbers(v) for v in value]
    if isinstance(value, dict):
        return {k: numbers(v) for k, v in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def hooked(lib, leaf, seen):
    """A model that notes what its hooks see, and changes much of it."""

    class Two(lib.Module):
        def __init__(self):
            super().__init__()
            self.p = lib.Parameter(leaf([2.0, 3.0]))

        def forward(self, x, y, *, z=1.0):
            return x * self.p * z, x + y * self.p

    m = Two()
    note = lambda name: lambda _, *given: seen.append((name, numbers(given)))
    m.register_forward_pre_hook(note("pre"))
    m.register_forward_pre_hook(lambda _, args: (args[0] * 2, args[1]))
    m.register_forward_pre_hook(lambda _, args, kw: (args, {"z": 3.0}), with_kwargs=True, prepend=True)
    m.register_forward_hook(note("post, kwargs"), with_kwargs=True)
    m.register_forward_hook(lambda _, args, out: (out[0], out[1] * 5))
    m.register_forward_hook(note("first"), prepend=True, always_call=True)
    m.register_full_backward_pre_hook(note("backward pre"))
    m.register_full_backward_pre_hook(lambda _, go: (go[0] * 7, go[1]))
    m.register_full_backward_hook(note("backward"))
    m.register_full_backward_hook(lambda _, gi, go: None if gi[0] is None else (gi[0] * 11, gi[1]))
    m.register_full_backward_hook(note("backward, first"), prepend=True)
    return m


# Where an output is not used, PyTorch calls hooks on its way to inputs that no gradient comes to.
@pytest.mark.parametrize(
    ("wanted", "used"),
    [((True, True), (0,)), ((True, True), (0, 1)), ((True, False), (0,)), ((True, False), (0, 1)),
     ((False, True), (0, 1)), ((False, False), (0, 1))],
)  # fmt: skip
def test_hooks_see_and_do_the_same(wanted, used):
    results = []
    for lib, leaf in (
        (nn, lambda v, g=False: tensor(np.array(v), requires_grad=g)),
        (torch.nn, lambda v, g=False: torch.tensor(v, dtype=torch.float64, requires_grad=g)),
    ):
        seen = []
        m = hooked(lib, leaf, seen)
        x, y = (leaf(v, g) for v, g in zip(([1.0, -2.0], [4.0, 0.5]), wanted, strict=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's, where no input requires grad
            outs = m(x, y)
            sum(((i + 2) * outs[i]).sum() for i in used).backward()
        grads = [None if t.grad is None else t.grad.tolist() for t in (x, y, m.p)]
        results.append((seen, grads, numbers(outs)))
    assert results[0] == results[1]


def test_hooks_without_inputs_that_require_grad():
    results = []
    for lib, leaf in (
        (nn, lambda v: tensor(np.array(v))),
        (torch.nn, lambda v: torch.tensor(v, dtype=torch.float64)),
    ):
        seen = []
        m = lib.Linear(2, 1, bias=False)
        m.to(np.float64 if lib is nn else torch.float64)
        m.register_full_backward_hook(lambda _, gi, go, seen=seen: seen.append(numbers((gi, go))))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's, on this very case
            m(leaf([[1.0, 2.0]])).sum().backward()
        results.append((seen, m.weight.grad.tolist()))
    assert results[0] == results[1]


def test_second_derivatives_through_hooks():
    found = []
    for lib, x in (
        (nn, tensor(np.array([0.3]), requires_grad=True)),
        (torch.nn, torch.tensor([0.3], dtype=torch.float64, requires_grad=True)),
    ):
        m = lib.Tanh()
        m.register_full_backward_hook(lambda _, gi, go: (gi[0] * 2,))
        gradients = autograd.gradients if lib is nn else torch.autograd.grad
        (g,) = gradients(m(x).sum(), [x], create_graph=True)
        (h,) = gradients((g * g).sum(), [x])
        found.append((g.item(), h.item()))
    assert found[0] == pytest.approx(found[1], rel=1e-12)


# ------------------------------------------------------------------ states that PyTorch wrote


def test_states_are_exchanged():
    def build(lib):
        return lib.Sequential(lib.Linear(3, 4), lib.Tanh(), lib.Linear(4, 2))

    ours, theirs = both(build)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    close(ours(x), theirs(torch.tensor(x)), 1e-5)
    result = ours.load_state_dict({"0.weight": np.zeros((4, 3)), "more": 1}, strict=False)
    expected = theirs.load_state_dict({"0.weight": torch.zeros(4, 3), "more": torch.ones(1)}, strict=False)
    assert tuple(result) == tuple(expected)


# ------------------------------------------------------------------ conversions


def test_which_dtypes_a_conversion_changes():
    def build(lib, array):
        m = lib.Module()
        m.p = lib.Parameter(array([1.0], "float32"))
        m.register_buffer("b", array([1.0], "float32"))
        m.register_buffer("i", array([1], "int64"))
        m.register_buffer("t", array([True], "bool"))
        return m

    for convert in ("float", "double", "half"):
        ours = getattr(build(nn, lambda v, d: np.array(v, d)), convert)()
        theirs = getattr(build(torch.nn, lambda v, d: torch.tensor(v, dtype=getattr(torch, d))), convert)()
        assert {k: v.dtype for k, v in ours.state_dict().items()} == {
            k: v.numpy().dtype for k, v in theirs.state_dict().items()
        }
