"""Other dtypes: `to` and its kin."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, OperandError


class Mixed(nn.Module):
    """Parameters of several kinds, buffers of several kinds."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2, generator=0)
        self.tied = self.inner.weight
        self.register_buffer("mean", np.ones(2, np.float32))
        self.register_buffer("count", np.array(3))
        self.register_buffer("mask", np.array([True, False]))
        self.register_buffer("nothing", None)

    def forward(self, x):
        return self.inner(x) * self.mean


def dtypes(module):
    return {name: value.dtype.name for name, value in module.state_dict().items()}


def expected(name):
    return {
        "tied": name,
        "mean": name,
        "count": "int64",
        "mask": "bool",
        "inner.weight": name,
        "inner.bias": name,
    }


@pytest.mark.parametrize(
    ("convert", "name"),
    [
        (lambda m: m.to(np.float64), "float64"),
        (lambda m: m.to("float64"), "float64"),
        (lambda m: m.to(np.dtype("f2")), "float16"),
        (lambda m: m.to(dtype=np.float64), "float64"),
        (lambda m: m.to(tensor(np.ones(1))), "float64"),
        (lambda m: m.to(np.ones(1, np.float16)), "float16"),
        (lambda m: m.to("cpu"), "float32"),
        (lambda m: m.to("cpu", np.float64), "float64"),
        (lambda m: m.to("cpu:0", np.float64, False), "float64"),
        (lambda m: m.to(device="cpu", dtype=np.float64, non_blocking=True), "float64"),
        (lambda m: m.to(None, np.float64), "float64"),
        (lambda m: m.double(), "float64"),
        (lambda m: m.half(), "float16"),
        (lambda m: m.double().float(), "float32"),
        (lambda m: m.cpu(), "float32"),
    ],
)
def test_what_it_may_be_called_with(convert, name):
    module = Mixed()
    values = {k: v.copy() for k, v in module.state_dict().items()}
    assert convert(module) is module
    assert dtypes(module) == expected(name)
    for k, v in module.state_dict().items():
        np.testing.assert_allclose(v, values[k], rtol=1e-3)


def test_parameters_stay_the_objects_that_they_are():
    module = Mixed()
    before = [*module.parameters(), *module.buffers()]
    module.double()
    assert all(a is b for a, b in zip(before, [*module.parameters(), *module.buffers()], strict=True))
    assert module.tied is module.inner.weight
    assert all(p.requires_grad and p.is_leaf for p in module.parameters())


def test_an_optimiser_goes_on_working():
    module = Mixed()
    optimizer = optim.SGD(module.parameters(), lr=0.1)
    module.double()
    x = np.ones((1, 2))
    module(x).sum().backward()
    before = module.inner.weight.detach().numpy().copy()
    optimizer.step()
    np.testing.assert_allclose(module.inner.weight.detach().numpy(), before - 0.1 * np.ones((2, 2)))
    assert module.inner.weight.dtype == np.float64


def test_gradients_are_cast_too():
    module = Mixed()
    module.inner.bias.requires_grad_(False)
    module(np.ones((1, 2), np.float32)).sum().backward()
    module.inner.bias.requires_grad_(True)
    module.inner.bias.grad = np.ones(2, np.float32)
    module.inner.bias.requires_grad_(False)
    values = [p.grad.tolist() for p in module.parameters()]
    module.double()
    assert [p.grad.dtype.name for p in module.parameters()] == ["float64"] * 2
    assert [p.grad.tolist() for p in module.parameters()] == values
    assert not module.inner.bias.requires_grad
    module(np.ones((1, 2))).sum().backward()
    assert module.inner.weight.grad.tolist() == [[2, 2], [2, 2]]


def test_results_and_gradients_have_the_new_dtype():
    for dtype in (np.float64, np.float16, np.float32):
        module = Mixed().to(dtype)
        y = module(np.ones((3, 2), dtype))
        y.sum().backward()
        assert y.dtype == dtype
        assert {p.grad.dtype for p in module.parameters()} == {np.dtype(dtype)}


def test_a_graph_of_the_old_dtype_does_not_reach_the_new_parameter():
    module = nn.Linear(2, 1)
    old = module(np.ones((1, 2), np.float32)).sum()
    module.double()
    old.backward()
    assert module.weight.grad is None


def test_new_memory_is_the_models_alone():
    memory = np.ones(2, np.float32)
    module = nn.Module()
    module.p = nn.Parameter(memory)
    module.double()
    memory[:] = 7
    assert module.p.tolist() == [1, 1]
    module.to(np.float64)  # nothing to do: nothing is copied
    shared = module.state_dict()["p"]
    module.double()
    shared[:] = 5
    assert module.p.tolist() == [5, 5]


def test_complex_numbers():
    module = nn.Module()
    module.z = nn.Parameter(np.ones(2, np.complex64))
    module.x = nn.Parameter(np.ones(2, np.float32))
    with pytest.raises(DtypeError, match="would lose imaginary parts"):
        module.to(np.float64)
    assert module.x.dtype == np.float32
    module.double()  # as PyTorch: floating ones alone
    assert (module.z.dtype.name, module.x.dtype.name) == ("complex64", "float64")
    module.to(np.complex128)
    assert (module.z.dtype.name, module.x.dtype.name) == ("complex128", "complex128")


@pytest.mark.parametrize(
    ("args", "options", "error", "why"),
    [
        ((np.int64,), {}, DtypeError, "a floating or complex dtype, got int64"),
        ((bool,), {}, DtypeError, "a floating or complex dtype, got bool"),
        (("cuda",), {}, ArgumentError, "the only device is 'cpu', got 'cuda'"),
        (("cuda:1", np.float64), {}, ArgumentError, "the only device"),
        ((), {"device": "meta"}, ArgumentError, "the only device"),
        (("float23",), {}, DtypeError, "a NumPy dtype, got str 'float23'"),
        ((object(),), {}, DtypeError, "a NumPy dtype, got object"),
        ((), {}, OperandError, "expected a dtype, a tensor or a device"),
        ((), {"kind": 1}, OperandError, "unknown argument 'kind'"),
    ],
)
def test_refusals(args, options, error, why):
    module = Mixed()
    with pytest.raises(error, match=f"^to: .*{why}"):
        module.to(*args, **options)
    assert dtypes(module) == expected("float32")


def test_type_casts_all():
    module = Mixed()
    module.type(np.float64)
    assert set(dtypes(module).values()) == {"float64"}
    assert module.count.item() == 3
