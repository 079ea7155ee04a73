"""PyTorch's spellings on Tensor: the same thing under its name, or an error that has NumPy's."""

from __future__ import annotations

import ast
import inspect
import types

import numpy as np
import pytest

import autograd
from autograd import spelling, tensor
from autograd.errors import SpellingError
from autograd.methods import NumPyMethods
from autograd.spelling import PyTorchNames

X = np.array([[0.5, 1.25, 2.0], [1.5, 0.75, 0.25]])

# PyTorch's name -> how to call it, and what the error must recommend.
CLASHES = {
    "view": (lambda t: t.view(3, 2), "reshape(3, 2)"),
    "view_as": (lambda t: t.view_as(t), "reshape(other.shape)"),
    "reshape_as": (lambda t: t.reshape_as(t), "reshape(other.shape)"),
    "expand_as": (lambda t: t.expand_as(t), "numpy.broadcast_to"),
    "amax": (lambda t: t.amax(1), "max(axis)"),
    "amin": (lambda t: t.amin(1), "min(axis)"),
    "norm": (lambda t: t.norm(), "sum()"),
    "index_select": (lambda t: t.index_select(0, [1]), "take(index, axis)"),
    "gather": (lambda t: t.gather(0, t), "take_along_axis"),
    "chunk": (lambda t: t.chunk(2), "array_split"),
    "split": (lambda t: t.split(1), "numpy.split"),
    "movedim": (lambda t: t.movedim(0, 1), "moveaxis"),
    "type": (lambda t: t.type("float"), "astype(dtype)"),
    "to": (lambda t: t.to("float"), "astype(dtype)"),
    "cuda": (lambda t: t.cuda(), "as it is"),
}
# NumPy's names that PyTorch calls otherwise.
MISUSES = {
    "size(0)": (lambda t: t.size(0), "tensor.shape[0]"),
    "size()": (lambda t: t.size(), "tensor.shape"),
    "t of a cube": (lambda t: t[None].t(), ".mT or .T"),
}
KEYWORDS = {
    "dim": ["sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "argsort", "any",
            "all", "cumsum", "cumprod", "squeeze", "take", "argpartition"],
    "keepdim": ["sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "any", "all"],
    "unbiased": ["var", "std"],
    "correction": ["var", "std"],
}  # fmt: skip


@pytest.fixture(params=[False, True], ids=["constant", "recorded"])
def t(request):
    return tensor(X, requires_grad=request.param)


def _declared_clashes() -> set[str]:
    """The names in PyTorchNames whose methods only raise."""
    source = ast.parse(inspect.getsource(PyTorchNames)).body[0]
    return {
        node.target.id
        for node in source.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and node.value.func.id == "_clash"
    } | {"view"}


def test_every_clash_is_listed_here():
    assert set(CLASHES) == _declared_clashes()
    assert set(KEYWORDS) == set(spelling._KEYWORDS)


@pytest.mark.parametrize("name", [*CLASHES, *MISUSES])
def test_a_clash_names_numpys_spelling(t, name):
    call, recommended = {**CLASHES, **MISUSES}[name]
    with pytest.raises(SpellingError) as caught:
        call(t)
    assert recommended in str(caught.value)
    assert name.partition("(")[0].split()[0] in str(caught.value)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_pytorchs_keywords(t, keyword):
    for method in KEYWORDS[keyword]:
        with pytest.raises(
            SpellingError, match=rf"{method}\({keyword}=\.\.\.\).*use {spelling._KEYWORDS[keyword]}"
        ):
            getattr(t, method)(**{keyword: 1})


def test_every_method_with_an_axis_knows_pytorchs_keyword():
    methods = {
        name for name, f in vars(NumPyMethods).items()
        if isinstance(f, types.FunctionType) and f.__code__ is spelling.spelled(len).__code__
    }  # fmt: skip
    assert set(KEYWORDS["dim"]) == methods


# ------------------------------------------------------------------ the same thing

SAME = {
    "float": (lambda t: t.float(), lambda x: x.astype(np.float32)),
    "double": (lambda t: t.double(), lambda x: x),
    "half": (lambda t: t.half(), lambda x: x.astype(np.float16)),
    "long": (lambda t: t.long(), lambda x: x.astype(np.int64)),
    "int": (lambda t: t.int(), lambda x: x.astype(np.int32)),
    "bool": (lambda t: t.bool(), lambda x: x.astype(bool)),
    "type_as": (lambda t: t.type_as(tensor([1], dtype=np.float32)), lambda x: x.astype(np.float32)),
    "clone": (lambda t: t.clone(), np.copy),
    "exp": (lambda t: t.exp(), np.exp),
    "log": (lambda t: t.log(), np.log),
    "log1p": (lambda t: t.log1p(), np.log1p),
    "sqrt": (lambda t: t.sqrt(), np.sqrt),
    "square": (lambda t: t.square(), np.square),
    "abs": (lambda t: t.abs(), np.abs),
    "sign": (lambda t: t.sign(), np.sign),
    "neg": (lambda t: t.neg(), np.negative),
    "reciprocal": (lambda t: t.reciprocal(), np.reciprocal),
    "sin": (lambda t: t.sin(), np.sin),
    "cos": (lambda t: t.cos(), np.cos),
    "tanh": (lambda t: t.tanh(), np.tanh),
    "floor": (lambda t: t.floor(), np.floor),
    "ceil": (lambda t: t.ceil(), np.ceil),
    "pow": (lambda t: t.pow(2), lambda x: x**2),
    "add": (lambda t: t.add(t), lambda x: x + x),
    "sub": (lambda t: t.sub(1.0), lambda x: x - 1.0),
    "mul": (lambda t: t.mul(3), lambda x: x * 3),
    "div": (lambda t: t.div(2), lambda x: x / 2),
    "matmul": (lambda t: t.matmul(t.T), lambda x: x @ x.T),
    "mm": (lambda t: t.mm(t.T), lambda x: x @ x.T),
    "bmm": (lambda t: t[None].bmm(t.T[None]), lambda x: x[None] @ x.T[None]),
    "outer": (lambda t: t[0].outer(t[1]), lambda x: np.outer(x[0], x[1])),
    "clamp": (lambda t: t.clamp(0.5, 1.0), lambda x: np.clip(x, 0.5, 1.0)),
    "clamp by name": (lambda t: t.clamp(min=0.5), lambda x: np.clip(x, 0.5, None)),
    "isnan": (lambda t: t.isnan(), np.isnan),
    "isinf": (lambda t: t.isinf(), np.isinf),
    "isfinite": (lambda t: t.isfinite(), np.isfinite),
    "tril": (lambda t: t.tril(), np.tril),
    "triu": (lambda t: t.triu(1), lambda x: np.triu(x, 1)),
    "numel": (lambda t: t.numel(), np.size),
    "dim": (lambda t: t.dim(), np.ndim),
    "unsqueeze": (lambda t: t.unsqueeze(-1), lambda x: x[..., None]),
    "permute": (lambda t: t[None].permute(2, 0, 1), lambda x: x[None].transpose(2, 0, 1)),
    "permute a tuple": (lambda t: t.permute((1, 0)), np.transpose),
    "t": (lambda t: t.t(), np.transpose),
    "t of a vector": (lambda t: t[0].t(), lambda x: x[0]),
    "expand": (lambda t: t.expand(2, -1, -1), lambda x: np.broadcast_to(x, (2, 2, 3))),
    "expand a tuple": (lambda t: t[:1].expand((4, 3)), lambda x: np.broadcast_to(x[:1], (4, 3))),
    "contiguous": (lambda t: t.T.contiguous(), np.transpose),
    "masked_fill": (lambda t: t.masked_fill(t > 1, 0.0), lambda x: np.where(x > 1, 0.0, x)),
    "softmax": (lambda t: t.softmax(1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    "log_softmax": (lambda t: t.log_softmax(-1), lambda x: x - np.log(np.exp(x).sum(1, keepdims=True))),
    "logsumexp": (lambda t: t.logsumexp(0), lambda x: np.log(np.exp(x).sum(0))),
    "logsumexp kept": (lambda t: t.logsumexp(0, True), lambda x: np.log(np.exp(x).sum(0, keepdims=True))),
    "cpu": (lambda t: t.cpu(), lambda x: x),
    "detach": (lambda t: t.detach(), lambda x: x),
}
IN_PLACE = {
    "add_": (lambda t: t.add_(1.0), lambda x: x + 1.0),
    "sub_": (lambda t: t.sub_(t), lambda x: x - x),
    "mul_": (lambda t: t.mul_(2), lambda x: x * 2),
    "div_": (lambda t: t.div_(2), lambda x: x / 2),
    "pow_": (lambda t: t.pow_(2), lambda x: x**2),
    "fill_": (lambda t: t.fill_(3.0), lambda x: np.full_like(x, 3.0)),
    "zero_": (lambda t: t.zero_(), np.zeros_like),
    "copy_": (lambda t: t.copy_(np.ones(3)), np.ones_like),
}


def test_every_name_is_listed_here():
    names = {n for n in vars(PyTorchNames) if not n.startswith("__")}
    assert names <= set(SAME) | set(IN_PLACE) | set(CLASHES)


@pytest.mark.parametrize("name", SAME)
def test_the_same_thing(t, name):
    ours, theirs = SAME[name]
    found, expected = ours(t), theirs(X)
    if isinstance(found, autograd.Tensor):
        floating = found.dtype.kind == "f" and name != "detach"
        assert found.requires_grad is (t.requires_grad and floating)
        found = found.detach().numpy()
        assert found.dtype == expected.dtype
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, 1e-14)


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_same_thing_in_place(t, name):
    ours, theirs = IN_PLACE[name]
    target = t * 1.0
    view = target[0]
    assert ours(target) is target
    np.testing.assert_allclose(target.detach().numpy(), theirs(X), 1e-15)
    np.testing.assert_allclose(view.detach().numpy(), theirs(X)[0], 1e-15)


def test_those_that_need_do_nothing_return_the_tensor_itself(t):
    assert t.double() is t
    assert t.cpu() is t
    assert t.contiguous() is t
    assert t.type_as(t) is t
    assert t.astype(float, copy=False) is t
    assert t.clone() is not t


# ------------------------------------------------------------------ NumPy's methods

METHODS = {
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "copy": lambda x: x.copy(),
    "ravel": lambda x: x.ravel(),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[:1].squeeze(axis=0),
    "sum": lambda x: x.sum(axis=1, keepdims=True),
    "prod": lambda x: x.prod(0),
    "mean": lambda x: x.mean(axis=(0, 1)),
    "var": lambda x: x.var(axis=1, ddof=1),
    "std": lambda x: x.std(),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(),
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "argsort": lambda x: x.argsort(axis=0),
    "any": lambda x: (x > 1).any(axis=0),
    "all": lambda x: (x > 1).all(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "cumprod": lambda x: x.cumprod(axis=1),
    "round": lambda x: x.round(1),
    "nonzero": lambda x: x.nonzero()[0],
    "searchsorted": lambda x: x[0].searchsorted([0.7, 3.0]),
    "argpartition": lambda x: x.argpartition(1, axis=0),
    "choose": lambda x: (x > 1).astype(int).choose([x, 2 * x]),
    "compress": lambda x: x.compress([True, False, True], axis=1),
    "dot": lambda x: x.dot(x.T),
    "trace": lambda x: x.trace(),
    "diagonal": lambda x: x.diagonal(1),
    "take": lambda x: x.take([0, 4]),
    "clip": lambda x: x.clip(0.5, 1.0),
    "conj": lambda x: x.conj(),
    "conjugate": lambda x: x.conjugate(),
    "repeat": lambda x: x.repeat(2, axis=1),
    "reshape": lambda x: x.reshape(3, -1),
    "reshape by a tuple": lambda x: x.reshape((3, 2)),
    "transpose": lambda x: x.transpose(),
    "transpose by numbers": lambda x: x.transpose(1, 0),
    "transpose by a tuple": lambda x: x.transpose((1, 0)),
    "flatten": lambda x: x.flatten(),
    "astype": lambda x: x.astype("f4"),
    "shape": lambda x: np.array(x.shape),
    "size": lambda x: np.array(int(x.size)),
    "nbytes": lambda x: np.array([x.nbytes, x.itemsize, x.ndim, len(x)]),
}


# What is in place or no array is tested elsewhere: test_writes.py, test_numpy_methods.py.
OTHERS = {
    "fill", "put", "sort", "partition", "flat", "strides", "flags", "device", "to_device", "tobytes",
    "tofile", "byteswap", "getfield", "setfield", "setflags", "resize", "dump", "dumps",
    "view",
}  # fmt: skip


def test_every_numpy_method_is_listed_here():
    names = {n for n in vars(NumPyMethods) if not n.startswith("__")}
    assert names <= set(METHODS) | OTHERS
    assert names <= set(dir(np.ndarray)) | {"mT"}


@pytest.mark.parametrize("name", METHODS)
def test_numpys_methods(t, name):
    found, expected = METHODS[name](t), np.asarray(METHODS[name](X))
    if isinstance(found, autograd.Tensor):
        assert found.requires_grad is (t.requires_grad and expected.dtype.kind == "f")
        found = found.detach().numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, 1e-6 if found.dtype == np.float32 else 1e-14)
