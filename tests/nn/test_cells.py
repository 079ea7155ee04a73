"""RNNCell, LSTMCell and GRUCell: values, agreement with the layers, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from tests.nn.derivatives import check_derivatives

PAIRS = {"RNNCell": "RNN", "GRUCell": "GRU", "LSTMCell": "LSTM"}
kinds = pytest.mark.parametrize("name", PAIRS)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def values(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [p.detach().numpy() for p in parts]


def filled(cell, value):
    cell.load_state_dict({k: np.full(v.shape, value) for k, v in cell.state_dict().items()})
    return cell


def test_by_hand():
    relu = filled(nn.RNNCell(1, 1, nonlinearity="relu", dtype=np.float64), 1.0)
    assert relu(np.array([[2.0], [-9.0]]), np.array([[3.0], [1.0]])).tolist() == [[7.0], [0.0]]
    gru = filled(nn.GRUCell(1, 1, dtype=np.float64), 0.0)
    assert gru(np.array([2.0]), np.array([3.0])).tolist() == [1.5]
    lstm = filled(nn.LSTMCell(1, 1, dtype=np.float64), 0.0)
    h, c = values(lstm(np.array([2.0]), (np.array([1.0]), np.array([4.0]))))
    assert c.tolist() == [2.0]
    np.testing.assert_allclose(h, [np.tanh(2) / 2], rtol=1e-15)


@kinds
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.booleans())
def test_a_layer_is_its_cell_step_by_step(name, features, hidden, count, bias):
    cell = getattr(nn, name)(features, hidden, bias, dtype=np.float64, generator=1)
    layer = getattr(nn, PAIRS[name])(features, hidden, bias=bias, dtype=np.float64)
    layer.load_state_dict({f"{k}_l0": v for k, v in cell.state_dict().items()})
    x, state = normal(3, count, features), None
    output = layer(x)[0].detach().numpy()
    for t in range(3):
        state = cell(x[t], state)
        parts = values(state)
        assert all(p.shape == (count, hidden) for p in parts)
        np.testing.assert_allclose(parts[0], output[t], rtol=1e-12, atol=1e-14)
        if count:
            alone = cell(x[0, 0])
            np.testing.assert_allclose(values(alone)[0], output[0, 0], rtol=1e-12, atol=1e-14)


@kinds
@pytest.mark.parametrize("bias", [True, False])
def test_derivatives_of_two_steps(name, bias):
    cell = getattr(nn, name)(2, 2, bias, dtype=np.float64, generator=0)
    names = [n for n, _ in cell.named_parameters()]

    def two_steps(x, h, c, *weights):
        for n, w in zip(names, weights, strict=True):
            cell.__dict__[n] = w
        state = (h, c) if name == "LSTMCell" else h + 0.1 * c
        for _ in range(2):
            state = cell(x, state)
        return state[0] + 2 * state[1] if name == "LSTMCell" else state

    parameters = [p.detach().numpy().copy() for p in cell.parameters()]
    check_derivatives(two_steps, normal(2, 2), normal(2, 2, seed=1), normal(2, 2, seed=2), *parameters)


@kinds
def test_bad_input_is_refused(name):
    cell = getattr(nn, name)(3, 4)
    x = np.zeros((2, 3), np.float32)

    def states(*shape):
        h = np.zeros(shape, np.float32)
        return (h, h) if name == "LSTMCell" else h

    for bad in (np.zeros((2, 2), np.float32), np.zeros((1, 2, 3), np.float32), np.zeros((), np.float32)):
        with pytest.raises(ShapeError, match=rf"{name}: input must be \(N, 3\) or \(3,\), got"):
            cell(bad)
    with pytest.raises(DtypeError, match="floating, got int64"):
        cell(np.zeros((2, 3), int))
    for shape in ((3, 4), (2, 3), (4,), (1, 2, 4)):
        with pytest.raises(ShapeError, match=rf"{name}: h must be \(2, 4\) for this input, got"):
            cell(x, states(*shape))
    if name == "LSTMCell":
        with pytest.raises(OperandError, match="hx must be a pair"):
            cell(x, np.zeros((2, 4), np.float32))
        with pytest.raises(ShapeError, match="c must be"):
            cell(x, (np.zeros((2, 4), np.float32), np.zeros((2, 5), np.float32)))


@kinds
@pytest.mark.parametrize(
    ("args", "error"), [((0, 4), ArgumentError), ((3, -1), ArgumentError), ((3, 4, "yes"), OperandError)]
)
def test_bad_arguments_are_refused(name, args, error):
    with pytest.raises(error, match=name):
        getattr(nn, name)(*args)


def test_unknown_nonlinearity():
    with pytest.raises(ArgumentError, match="nonlinearity must be 'tanh' or 'relu', got 'gelu'"):
        nn.RNNCell(3, 4, nonlinearity="gelu")


@kinds
def test_dtypes_and_seeds(name):
    cell, same = (getattr(nn, name)(3, 4, generator=2) for _ in range(2))
    assert all((v == same.state_dict()[k]).all() for k, v in cell.state_dict().items())
    x = tensor(np.ones((2, 3), np.float32), requires_grad=True)
    state = cell(x)
    h = state[0] if name == "LSTMCell" else state
    h.sum().backward()
    assert {v.dtype for v in (h, x.grad, *(p.grad for p in cell.parameters()))} == {np.dtype("f4")}


@kinds
def test_extremes_saturate(name):
    cell = getattr(nn, name)(3, 4, generator=0)
    with np.errstate(all="raise", under="ignore"):
        for sign in (1, -1):
            for part in values(cell(np.full((2, 3), sign * 1e30, np.float32))):
                assert (np.abs(part) <= 1).all()


@kinds
def test_training_sums_up(name):
    """A cell in the user's own loop learns the sign of the sum of a sequence."""
    x = np.random.default_rng(0).normal(size=(5, 64, 1)).astype(np.float32)
    target = (x.sum((0, 2)) > 0).astype(int)
    nn.manual_seed(0)
    cell, head = getattr(nn, name)(1, 8), nn.Linear(8, 2)
    optimizer = optim.Adam([*cell.parameters(), *head.parameters()], lr=0.03)
    for _ in range(80):
        state = None
        for step in x:
            state = cell(step, state)
        loss = nn.CrossEntropyLoss()(head(state[0] if name == "LSTMCell" else state), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.1
