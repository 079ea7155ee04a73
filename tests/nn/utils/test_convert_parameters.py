"""Parameters as one vector, and back."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import tensor
from autograd.errors import DtypeError, OperandError, ShapeError
from nn.utils import parameters_to_vector, vector_to_parameters


def model():
    return nn.Sequential(nn.Linear(3, 2, generator=0), nn.Tanh(), nn.Linear(2, 1, generator=1))


def test_there_and_back():
    m = model()
    vector = parameters_to_vector(m.parameters())
    assert vector.shape == (11,)
    assert vector.dtype == np.float32
    np.testing.assert_array_equal(vector[:6].detach().numpy(), m[0].weight.detach().numpy().ravel())
    before = list(m.parameters())
    vector_to_parameters(vector * 2, m.parameters())
    np.testing.assert_array_equal(parameters_to_vector(m.parameters()).detach(), (vector * 2).detach())
    assert all(a is b and a.requires_grad for a, b in zip(before, m.parameters(), strict=True))


def test_gradients_flow_through():
    m = model()
    (parameters_to_vector(m.parameters()) * np.arange(11, dtype=np.float32)).sum().backward()
    assert m[0].weight.grad.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert m[2].bias.grad.tolist() == [10]


def test_memory_is_not_shared():
    m, vector = model(), np.arange(11.0)
    vector_to_parameters(vector, m.parameters())
    vector[:] = 0
    assert m[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_graph_that_is_alive_keeps_its_values():
    p = nn.Parameter(np.array([2.0]))
    loss = (p * p).sum()
    vector_to_parameters(np.array([100.0]), [p])
    loss.backward()
    assert p.grad.item() == 4


def test_refusals():
    m = model()
    before = parameters_to_vector(m.parameters()).detach().numpy().copy()
    for size in (10, 12, 0):
        with pytest.raises(ShapeError, match="expected a vector of 11, got"):
            vector_to_parameters(np.zeros(size), m.parameters())
    with pytest.raises(ShapeError, match="expected a vector of 11"):
        vector_to_parameters(np.zeros((11, 1)), m.parameters())
    with pytest.raises(DtypeError, match="float32 cannot hold complex128"):
        vector_to_parameters(np.zeros(11, complex), m.parameters())
    with pytest.raises(OperandError, match="expected a vector, got list"):
        vector_to_parameters([0.0] * 11, m.parameters())
    with pytest.raises(OperandError, match="there are no parameters"):
        parameters_to_vector([])
    with pytest.raises(OperandError, match="expected several Tensors, got Tensor"):
        parameters_to_vector(m[0].weight)
    with pytest.raises(OperandError, match=r"element 1 must be a Tensor, got float64\(1,\)"):
        parameters_to_vector([tensor([1.0]), np.ones(1)])
    np.testing.assert_array_equal(parameters_to_vector(m.parameters()).detach(), before)
