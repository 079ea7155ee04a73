"""State dicts: what is in them, whose memory it is, and what loading refuses."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import tensor


def model(seed=0):
    return nn.Sequential(
        nn.Linear(2, 3, generator=seed), nn.Sequential(nn.ReLU(), nn.Linear(3, 1, generator=seed + 1))
    )


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.ones(2))
        self.register_buffer("count", np.zeros((), np.int64))
        self.register_buffer("cache", np.zeros(2), persistent=False)


def values(module):
    return {path: value.copy() for path, value in module.state_dict().items()}


def assert_same(state, other):
    assert [*state] == [*other]
    for path, value in state.items():
        np.testing.assert_array_equal(value, other[path])


def test_what_is_in_it():
    state = model().state_dict()
    assert [*state] == ["0.weight", "0.bias", "1.1.weight", "1.1.bias"]
    assert all(type(v) is np.ndarray and v.dtype == np.float32 for v in state.values())
    assert [*Counts().state_dict()] == ["scale", "count"]


def test_it_shares_memory_both_ways():
    m, x = model(), np.ones((1, 2), np.float32)
    state = m.state_dict()
    for path, p in m.named_parameters():
        assert np.shares_memory(state[path], p.data)
    state["1.1.weight"][:] = 0
    state["1.1.bias"][:] = 7
    assert m(x).item() == 7
    m[0].load_state_dict({"weight": np.full((3, 2), 4.0), "bias": np.ones(3)})
    assert (state["0.weight"] == 4).all()


def test_round_trip():
    first, second = model(0), model(5)
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    assert not np.array_equal(first(x).detach(), second(x).detach())
    second.load_state_dict(first.state_dict())
    np.testing.assert_array_equal(first(x).detach(), second(x).detach())
    assert_same(first.state_dict(), second.state_dict())
    for p, q in zip(first.parameters(), second.parameters()):
        assert not np.shares_memory(p.data, q.data)
        assert q.requires_grad
        assert q.is_leaf


def test_loading_keeps_the_parameters_their_memory_and_their_gradients():
    m = model()
    before, state = [*m.parameters()], m.state_dict()
    m(np.ones((1, 2), np.float32)).sum().backward()
    grads = [p.grad for p in before]
    m.load_state_dict(values(model(5)))
    assert all(p is q for p, q in zip(m.parameters(), before))
    assert all(p.grad is g for p, g in zip(m.parameters(), grads))
    assert_same(state, values(model(5)))


def test_loading_does_not_change_a_graph_that_is_alive():
    layer = nn.Linear(2, 1, generator=0)
    w = layer.weight.detach().numpy().copy()
    x = tensor(np.ones((1, 2), np.float32), requires_grad=True)
    loss = layer(x).sum()
    layer.load_state_dict({"weight": np.full((1, 2), 9.0), "bias": np.zeros(1)})
    loss.backward()
    np.testing.assert_array_equal(x.grad.numpy(), w)


def test_what_values_may_be():
    m, wanted = model(), values(model(5))
    m.load_state_dict({k: tensor(v, requires_grad=True) for k, v in wanted.items()})
    assert_same(m.state_dict(), wanted)
    m.load_state_dict({k: (v * 0).tolist() for k, v in wanted.items()})
    assert not any(v.any() for v in m.state_dict().values())
    m.load_state_dict({k: v.astype(np.float64) for k, v in wanted.items()})
    assert_same(m.state_dict(), wanted)
    assert all(p.dtype == np.float32 for p in m.parameters())
    m.load_state_dict(dict(model(6).named_parameters()))
    assert_same(m.state_dict(), values(model(6)))


def test_missing_and_unexpected():
    m, state = model(), values(model(5))
    bias = state.pop("0.bias")
    state["0.extra"] = bias
    before = values(m)
    with pytest.raises(nn.StateDictError) as caught:
        m.load_state_dict(state)
    assert "missing: 0.bias" in str(caught.value)
    assert "unexpected: 0.extra" in str(caught.value)
    assert_same(m.state_dict(), before)
    result = m.load_state_dict(state, strict=False)
    assert result == (["0.bias"], ["0.extra"])
    assert result.missing_keys == ["0.bias"]
    assert result.unexpected_keys == ["0.extra"]
    np.testing.assert_array_equal(m.state_dict()["0.weight"], state["0.weight"])
    np.testing.assert_array_equal(m.state_dict()["0.bias"], before["0.bias"])


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        np.ones((1, 1)),
        np.ones(2),
        np.ones(()),
        np.ones((1, 1), np.float32),
        np.ones(1, complex),
        np.array([None]),
        "text",
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_copied(value, strict):
    m, state = model(), values(model(5))
    before = values(m)
    with pytest.raises(nn.StateDictError, match=r"1\.1\.bias: expected float32\(1,\), got "):
        m.load_state_dict({**state, "1.1.bias": value}, strict=strict)
    assert_same(m.state_dict(), before)


def test_every_problem_is_named():
    state = {path: np.ones(7) for path in model().state_dict()}
    with pytest.raises(nn.StateDictError) as caught:
        model().load_state_dict(state)
    assert all(f"{path}: expected" in str(caught.value) for path in state)


def test_a_float_does_not_become_an_integer_buffer():
    module = Counts()
    with pytest.raises(nn.StateDictError, match="count: expected int64"):
        module.load_state_dict({"scale": np.ones(2), "count": np.array(1.5)})
    module.load_state_dict({"scale": np.zeros(2), "count": np.array(3)})
    assert module.count.item() == 3


def test_what_is_shared_is_listed_under_every_path():
    """As PyTorch does, so that its state dicts load."""
    layer = nn.Linear(2, 2)
    twice = nn.Sequential(layer, layer)
    assert [*twice.state_dict()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert twice.load_state_dict(values(twice)) == ([], [])


def test_exchanging_two_layers_through_their_own_state():
    m = nn.Sequential(nn.Linear(2, 2, generator=0), nn.Linear(2, 2, generator=1))
    old, state = values(m), m.state_dict()
    m.load_state_dict({path: state[f"{1 - int(path[0])}{path[1:]}"] for path in state})
    for path, value in m.state_dict().items():
        np.testing.assert_array_equal(value, old[f"{1 - int(path[0])}{path[1:]}"])
