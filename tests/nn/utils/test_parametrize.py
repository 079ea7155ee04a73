"""Parametrizations in general: what becomes of the module, its state and its gradients."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nn
import optim
from autograd import no_grad, tensor
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from nn.utils.parametrize import (
    ParametrizationList,
    is_parametrized,
    register_parametrization,
    remove_parametrizations,
    type_before_parametrizations,
)


class Symmetric(nn.Module):
    def forward(self, x):
        return (x + x.T) / 2


class Exp(nn.Module):
    def forward(self, x):
        return np.exp(x)

    def right_inverse(self, y):
        return np.log(y)


class Product(nn.Module):
    """A matrix as a column times a row."""

    def forward(self, column, row):
        return column * row

    def right_inverse(self, x):
        return x[:, :1], x[:1] * 0 + 1


def layer(n=3, m=3):
    return nn.Linear(n, m, dtype=np.float64, generator=0)


def test_what_becomes_of_the_module():
    m = layer()
    original, before = m.weight, m.weight.tolist()
    assert register_parametrization(m, "weight", Symmetric()) is m
    assert type(m).__name__ == "ParametrizedLinear"
    assert isinstance(m, nn.Linear)
    assert type_before_parametrizations(m) is nn.Linear
    assert m.parametrizations.weight.original is original
    assert original.tolist() == before
    assert [n for n, _ in m.named_parameters()] == ["bias", "parametrizations.weight.original"]
    assert isinstance(m.parametrizations.weight, ParametrizationList)
    np.testing.assert_allclose(m.weight.detach(), (np.array(before) + np.array(before).T) / 2)
    assert repr(m) == (
        "ParametrizedLinear(\n"
        "  in_features=3, out_features=3, bias=True\n"
        "  (parametrizations): ModuleDict(\n"
        "    (weight): ParametrizationList(\n"
        "      (0): Symmetric()\n"
        "    )\n"
        "  )\n"
        ")"
    )


def test_gradients_go_to_the_original():
    m, x = register_parametrization(layer(), "weight", Symmetric()), np.eye(3)
    (m(x) * np.arange(9.0).reshape(3, 3)).sum().backward()
    expected = np.arange(9.0).reshape(3, 3)
    np.testing.assert_allclose(m.parametrizations.weight.original.grad, (expected + expected.T) / 2)


def test_a_right_inverse_keeps_the_value():
    m = layer()
    with no_grad():
        m.weight[...] = np.abs(m.weight.detach()) + 0.1
    before = m.weight.detach().numpy().copy()
    register_parametrization(m, "weight", Exp())
    np.testing.assert_allclose(m.weight.detach(), before, rtol=1e-14)
    np.testing.assert_allclose(m.parametrizations.weight.original.detach(), np.log(before), rtol=1e-14)


def test_assigning_goes_through_the_right_inverse():
    m = register_parametrization(layer(), "weight", Exp(), unsafe=False)
    original = m.parametrizations.weight.original
    for value in (np.full((3, 3), 2.0), tensor(np.full((3, 3), 2.0)), nn.Parameter(np.full((3, 3), 2.0))):
        with no_grad():
            original[...] = 0
        m.weight = value
        np.testing.assert_allclose(m.weight.detach(), 2, rtol=1e-14)
        assert m.parametrizations.weight.original is original
    assert "weight" not in m._parameters


def test_several_originals():
    m = register_parametrization(layer(3, 2), "weight", Product(), unsafe=True)
    assert [n for n, _ in m.named_parameters()] == [
        "bias", "parametrizations.weight.original0", "parametrizations.weight.original1"
    ]  # fmt: skip
    assert m.weight.shape == (2, 3)
    m.weight = np.ones((2, 3)) * 5
    assert m.weight.tolist() == [[5] * 3] * 2
    m(np.ones((1, 3))).sum().backward()
    assert all(p.grad is not None for p in m.parameters())


def test_one_after_the_other():
    m = register_parametrization(layer(), "weight", Exp())
    register_parametrization(m, "weight", Symmetric())
    w = np.exp(m.parametrizations.weight.original.detach().numpy())
    np.testing.assert_allclose(m.weight.detach(), (w + w.T) / 2)
    assert len(m.parametrizations.weight) == 2
    assert type(m).__mro__[1] is nn.Linear


def test_several_tensors_of_one_module():
    m = register_parametrization(layer(), "weight", Symmetric())
    register_parametrization(m, "bias", Exp())
    assert list(m.parametrizations) == ["weight", "bias"]
    assert type_before_parametrizations(m) is nn.Linear
    assert is_parametrized(m)
    assert is_parametrized(m, "bias")
    assert not is_parametrized(m, "scale")
    remove_parametrizations(m, "weight")
    assert list(m.parametrizations) == ["bias"]
    assert type(m).__name__ == "ParametrizedLinear"
    remove_parametrizations(m, "bias")
    assert type(m) is nn.Linear
    assert not is_parametrized(m)
    assert not hasattr(m, "parametrizations")


def test_buffers():
    m = nn.Module()
    m.register_buffer("scale", np.zeros(2))
    register_parametrization(m, "scale", Exp(), unsafe=True)
    assert [n for n, _ in m.named_buffers()] == ["parametrizations.scale.original"]
    assert list(m.parameters()) == []
    remove_parametrizations(m, "scale")
    assert [n for n, _ in m.named_buffers()] == ["scale"]


@pytest.mark.parametrize("leave", [True, False])
def test_removing(leave):
    m = register_parametrization(layer(), "weight", Symmetric())
    original, raw = m.parametrizations.weight.original, m.parametrizations.weight.original.tolist()
    value = m.weight.tolist()
    assert remove_parametrizations(m, "weight", leave_parametrized=leave) is m
    assert type(m) is nn.Linear
    assert m.weight is original
    assert m.weight.tolist() == (value if leave else raw)
    assert [n for n, _ in m.named_parameters()] == ["bias", "weight"]
    m(np.ones((1, 3))).sum().backward()
    assert m.weight.grad is not None


def test_removing_what_has_several_originals():
    m = register_parametrization(layer(), "weight", Product(), unsafe=True)
    value = m.weight.tolist()
    with pytest.raises(ArgumentError, match="there must be one original, 'weight' has 2"):
        remove_parametrizations(m, "weight", leave_parametrized=False)
    remove_parametrizations(m, "weight")
    assert type(m.weight) is nn.Parameter
    assert m.weight.requires_grad
    assert m.weight.tolist() == value


def test_removing_from_one_leaves_others():
    a = register_parametrization(layer(), "weight", Symmetric())
    b = copy.deepcopy(a)
    remove_parametrizations(a, "weight")
    assert type(a) is nn.Linear
    assert is_parametrized(b, "weight")
    np.testing.assert_allclose(b.weight.detach(), a.weight.detach())
    assert b.parametrizations.weight.original is not a.weight


def test_states_go_round():
    a = register_parametrization(layer(), "weight", Symmetric())
    b = register_parametrization(nn.Linear(3, 3, dtype=np.float64), "weight", Symmetric())
    assert list(a.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert b.load_state_dict(a.state_dict()) == ([], [])
    np.testing.assert_array_equal(a.weight.detach(), b.weight.detach())


def test_dtypes_change_with_the_module():
    m = register_parametrization(layer(), "weight", Symmetric()).to(np.float32)
    assert m.weight.dtype == np.float32
    assert m(np.ones((1, 3), np.float32)).dtype == np.float32


def test_training_a_symmetric_matrix():
    m = register_parametrization(nn.Linear(3, 3, bias=False, dtype=np.float64), "weight", Symmetric())
    rng = np.random.default_rng(0)
    goal = rng.normal(size=(3, 3))
    x = rng.normal(size=(50, 3))
    optimizer = optim.Adam(m.parameters(), lr=0.05)
    for _ in range(400):
        loss = ((m(x) - x @ ((goal + goal.T) / 2)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-6
    np.testing.assert_allclose(m.weight.detach(), m.weight.detach().T)


# ------------------------------------------------------------------ refusals


class Halves(nn.Module):
    def forward(self, x):
        return x[:1]


class Casts(nn.Module):
    def forward(self, x):
        return x.astype(np.float32)


class Lists(nn.Module):
    def forward(self, x):
        return x.tolist()


@pytest.mark.parametrize(
    ("parametrization", "error", "why"),
    [
        (Halves(), ShapeError, r"Halves\.forward changes shape \(3, 3\) to \(1, 3\)"),
        (Casts(), DtypeError, r"Casts\.forward changes float64 to float32"),
        (Lists(), OperandError, r"Lists\.forward must give a Tensor, got list"),
        (len, OperandError, "expected a Module, got builtin_function_or_method"),
    ],
)
@pytest.mark.parametrize("further", [False, True])
def test_what_a_parametrization_may_not_do(parametrization, error, why, further):
    m = layer()
    if further:
        register_parametrization(m, "weight", Symmetric())
    before = type(m), repr(m), list(m.state_dict()), m.weight.tolist()
    with pytest.raises(error, match=f"register_parametrization: {why}"):
        register_parametrization(m, "weight", parametrization)
    assert (type(m), repr(m), list(m.state_dict()), m.weight.tolist()) == before


def test_unsafe_changes():
    m = register_parametrization(layer(), "weight", Halves(), unsafe=True)
    assert m.weight.shape == (1, 3)


def test_names_that_are_not_there():
    with pytest.raises(ArgumentError, match="Linear has no parameter or buffer 'scale'"):
        register_parametrization(layer(), "scale", Symmetric())
    with pytest.raises(ArgumentError, match="Linear has no parameter or buffer 'bias'"):
        register_parametrization(nn.Linear(2, 2, bias=False), "bias", Symmetric())
    with pytest.raises(ArgumentError, match="Linear has no parametrization of 'weight'"):
        remove_parametrizations(layer(), "weight")


def test_errors_in_a_parametrization_say_where():
    model = nn.Sequential(register_parametrization(layer(), "weight", Halves(), unsafe=True))
    register_parametrization(model[0], "weight", Symmetric(), unsafe=True)
    model[0].parametrizations.weight[1].forward = lambda x: x + np.ones(7)
    with pytest.raises(ShapeError, match=r"^in 0\.parametrizations\.weight\.1: add\("):
        model(np.ones((1, 3)))
