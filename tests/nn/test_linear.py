"""Linear, and Parameter: shapes, dtypes, initial values, gradients, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
import nn.functional as F
from autograd import tensor
from autograd.compiling.kernels import native
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from tests.nn.derivatives import check_derivatives

rng = np.random.default_rng(0)


def filled(weight, bias=None):
    layer = nn.Linear(*np.shape(weight)[::-1], bias=bias is not None, dtype=np.float64)
    layer.load_state_dict({"weight": weight} | ({"bias": bias} if bias is not None else {}))
    return layer


def test_by_hand():
    layer = filled([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(layer(np.array([1.0, -1.0])).tolist(), [-0.9, -0.8, -0.7], rtol=1e-15)


@given(st.lists(st.integers(0, 3), max_size=3), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_leading_axes(lead, inner, outer, bias):
    x = rng.normal(size=(*lead, inner))
    layer = nn.Linear(inner, outer, bias=bias, dtype=np.float64)
    out = layer(x)
    w = layer.weight.detach().numpy()
    b = layer.bias.detach().numpy() if bias else 0
    assert out.shape == (*lead, outer)
    np.testing.assert_allclose(out.detach(), np.einsum("...i,oi->...o", x, w) + b, rtol=1e-12, atol=1e-15)
    t = tensor(x, requires_grad=True)
    layer(t).sum().backward()
    assert t.grad.shape == x.shape
    total = np.prod(lead, dtype=int)
    column_sums = np.tile(x.reshape(total, inner).sum(0), (outer, 1))
    np.testing.assert_allclose(layer.weight.grad.detach(), column_sums, rtol=1e-10, atol=1e-12)
    if bias:
        assert (layer.bias.grad.numpy() == total).all()


@pytest.mark.parametrize("lead", [(), (1,), (2,), (32,), (33,), (4, 8), (0,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_rows_by_a_large_matrix(lead, dtype):
    """Some products are computed the other way round."""
    x, w, b = (rng.normal(size=s).astype(dtype) for s in ((*lead, 300), (256, 300), (256,)))
    arguments = [tensor(a, requires_grad=True) for a in (x, w, b)]
    out = F.linear(*arguments)
    assert out.detach().numpy().flags.c_contiguous
    (out * out).sum().backward()
    x, w, b = (a.astype(np.float64) for a in (x, w, b))
    right = x @ w.T + b
    rows = 2 * right.reshape(-1, 256)
    wanted = [right, 2 * right @ w, rows.T @ x.reshape(-1, 300), rows.sum(0)]
    for found, exact in zip([out.detach(), *(a.grad for a in arguments)], wanted, strict=True):
        largest = np.abs(exact).max(initial=1)
        np.testing.assert_allclose(found, exact, rtol=0, atol=10 * np.finfo(dtype).eps * largest)


TURNED = ["dot", "copy"]


@pytest.mark.parametrize(
    ("rows", "size", "calls"),
    [
        (1, 256, ["dot"]), (2, 256, ["dot"]), (32, 256, TURNED), (33, 256, ["dot"]),
        (128, 1040, TURNED), (129, 1040, ["dot"]),
    ],
)  # fmt: skip
def test_which_way_round_products_are(rows, size, calls, monkeypatch):
    """The bits need not tell; a program's calls do."""
    monkeypatch.setattr(native, "available", lambda: False)
    program = autograd.compile(F.linear, strict=True)
    w = rng.normal(size=(size, size + 1)).astype(np.float32)
    for _ in range(3):
        program(rng.normal(size=(rows, size + 1)).astype(np.float32), w)
    assert [step.called for step in program.plan.steps] == calls


@pytest.mark.parametrize("w", [(256, 299), (256, 300, 2), (65536,), ()])
def test_few_rows_by_a_large_matrix_of_another_shape(w):
    with pytest.raises(ShapeError):
        F.linear(np.ones((16, 300), np.float32), tensor(np.ones(w, np.float32)))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 3), (2, 2, 3), (0, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_derivatives(shape, bias):
    x, w, b = rng.normal(size=shape), rng.normal(size=(2, 3)), rng.normal(size=2)
    args = (x, w, b) if bias else (x, w)
    check_derivatives(lambda *a: F.linear(*a) ** 2, *args)


def test_gradients_are_float32():
    layer = nn.Linear(3, 2)
    x = tensor(np.ones((4, 3), np.float32), requires_grad=True)
    out = layer(x)
    out.sum().backward()
    assert {t.dtype for t in (out, x.grad, layer.weight.grad, layer.bias.grad)} == {np.dtype(np.float32)}


def test_arrays_in_order_or_not():
    layer = filled(rng.normal(size=(2, 3)), [1.0, 2.0])
    x = rng.normal(size=(4, 3))
    expected = layer(x).detach()
    for other in (np.asfortranarray(x), np.repeat(x, 2, 0)[::2], x.T.copy().T):
        np.testing.assert_allclose(layer(other).detach(), expected, rtol=1e-15)
    readonly = x.copy()
    readonly.flags.writeable = False
    np.testing.assert_array_equal(layer(readonly).detach(), expected)


# ------------------------------------------------------------------ initial values


def test_weight_and_bias_are_uniform_within_the_bound():
    layer = nn.Linear(400, 300, generator=0)
    bound = 1 / math.sqrt(400)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert abs(values).max() <= bound
        assert abs(values).max() > 0.97 * bound
        scaled = np.sort(values.reshape(-1)) / (2 * bound) + 0.5
        distance = abs(scaled - np.linspace(0, 1, scaled.size)).max()
        assert distance < 2 / math.sqrt(scaled.size)  # Kolmogorov-Smirnov, p about 1e-3


def test_weight_and_bias_are_drawn_apart():
    for generator in (0, np.random.default_rng(0)):
        layer = nn.Linear(1, 50, generator=generator)  # equal bounds
        w, b = layer.weight.detach().numpy()[:, 0], layer.bias.detach().numpy()
        assert abs(np.corrcoef(w, b)[0, 1]) < 0.5


def test_generators():
    def drawn(generator):
        return nn.Linear(3, 2, generator=generator).weight.tolist()

    assert drawn(3) == drawn(3) == drawn(np.random.default_rng(3)) == drawn(np.int64(3))
    assert drawn(3) != drawn(4)
    assert drawn(None) != drawn(None)
    nn.manual_seed(7)
    first = [drawn(None), drawn(None)]
    nn.manual_seed(7)
    assert [drawn(None), drawn(None)] == first
    nn.manual_seed(7)
    drawn(3)  # a seed of its own leaves the default generator where it is
    assert drawn(None) == first[0]


def test_resetting():
    layer = nn.Linear(3, 2, generator=1)
    before, weight = layer.weight.tolist(), layer.weight
    layer.reset_parameters(2)
    assert layer.weight is weight
    assert layer.weight.tolist() != before
    layer.reset_parameters(1)
    assert layer.weight.tolist() == before


# ------------------------------------------------------------------ arguments


@pytest.mark.parametrize("dtype", [None, np.float16, "float32", np.float64])
def test_dtypes(dtype):
    layer = nn.Linear(3, 2, dtype=dtype)
    assert layer.weight.dtype == layer.bias.dtype == np.dtype(dtype or np.float32)
    assert layer(np.ones((1, 3), layer.weight.dtype)).dtype == layer.weight.dtype


def test_without_bias():
    layer = nn.Linear(3, 2, bias=False)
    assert layer.bias is None
    assert [*layer.state_dict()] == ["weight"]
    assert repr(layer) == "Linear(in_features=3, out_features=2, bias=False)"


def test_sizes_from_numpy():
    layer = nn.Linear(np.int64(3), np.array([4, 1]).max())
    assert repr(layer) == "Linear(in_features=3, out_features=4, bias=True)"


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "2", None, np.array([2]), np.float64(2)])
def test_sizes_that_cannot_be(size):
    for i, name in enumerate(("in_features", "out_features")):
        sizes = [3, 3]
        sizes[i] = size
        with pytest.raises(ArgumentError, match=f"Linear: {name} must be a positive integer"):
            nn.Linear(*sizes)


def test_dtypes_and_generators_that_cannot_be():
    with pytest.raises(DtypeError, match="int64"):
        nn.Linear(2, 2, dtype=np.int64)
    with pytest.raises(OperandError, match=r"Generator, a seed or None, got str"):
        nn.Linear(2, 2, generator="0")


@pytest.mark.parametrize("shape", [(2,), (4, 2), (3, 4), (2, 2, 4), (), (0,)])
def test_inputs_that_do_not_fit(shape):
    with pytest.raises(ShapeError, match=r"in Linear: linear: x\(.*w\(2, 3\)"):
        nn.Linear(3, 2)(np.ones(shape, np.float32))


# ------------------------------------------------------------------ Parameter


def test_a_parameter_shares_memory_and_is_a_leaf():
    memory = np.zeros(2, np.float32)
    p = nn.Parameter(memory)
    memory[0] = 5
    assert p.tolist() == [5, 0]
    assert p.is_leaf
    assert p.requires_grad
    assert p.dtype == np.float32
    assert repr(p) == "Parameter([5., 0.], dtype=float32, requires_grad=True)"
    assert not nn.Parameter(memory, requires_grad=False).requires_grad


def test_a_parameter_of_a_tensor_is_a_new_leaf():
    x = tensor([1.0, 2.0], requires_grad=True)
    p = nn.Parameter(x * 2)
    assert p.is_leaf
    (p * p).sum().backward()
    assert p.grad.tolist() == [4.0, 8.0]
    assert x.grad is None


def test_operations_on_parameters_give_tensors():
    p = nn.Parameter(np.ones(2))
    assert {type(t).__name__ for t in (p * 2, p[:1], p.detach(), -p)} == {"Tensor"}


def test_parameters_that_cannot_be():
    with pytest.raises(DtypeError, match="int64"):
        nn.Parameter(np.array([1, 2]))
    with pytest.raises(DtypeError, match="numbers"):
        nn.Parameter(np.array(["a"]))
    assert nn.Parameter(np.array([1, 2]), requires_grad=False).dtype == np.int64
