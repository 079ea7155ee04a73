"""Hooks on saving and loading; extra state; assigning instead of copying."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import Tensor, tensor
from autograd.errors import OperandError


def model():
    return nn.Sequential(nn.Linear(2, 1, generator=0), nn.ReLU())


def values(module):
    return {path: np.copy(value) for path, value in module.state_dict().items()}


# ------------------------------------------------------------------ saving


def test_state_dict_options():
    m = model()
    found = {"other": 1}
    assert m.state_dict(destination=found, prefix="net.") is found
    assert list(found) == ["other", "net.0.weight", "net.0.bias"]
    assert m.state_dict(keep_vars=True)["0.weight"] is m[0].weight


def test_hooks_on_saving():
    m, seen = model(), []
    m[0].register_state_dict_pre_hook(lambda *given: seen.append(given))

    def post(module, state, prefix, metadata):
        assert metadata == {}
        state[f"{prefix}sum"] = state.pop(f"{prefix}weight").sum()

    handle = m[0].register_state_dict_post_hook(post)
    state = m.state_dict()
    assert list(state) == ["0.bias", "0.sum"]
    assert seen == [(m[0], "0.", False)]
    handle.remove()
    assert list(m.state_dict()) == ["0.weight", "0.bias"]


# ------------------------------------------------------------------ loading


def test_a_hook_before_loading_renames():
    m, state = model(), values(model())
    old = {"0.w": state["0.weight"] + 1, "0.bias": state["0.bias"]}
    before = dict(old)

    def rename(module, state, prefix, metadata, strict, missing, unexpected, errors):
        assert module is m[0]
        assert (strict, missing, unexpected, errors) == (True, [], [], [])
        state[f"{prefix}weight"] = state.pop(f"{prefix}w")

    m[0].register_load_state_dict_pre_hook(rename)
    assert m.load_state_dict(old) == ([], [])
    np.testing.assert_array_equal(m.state_dict()["0.weight"], state["0.weight"] + 1)
    assert list(old) == list(before)  # the caller's dict is left as it was


def test_a_hook_before_loading_may_object():
    m, state = model(), values(model())

    def objects(module, state, prefix, metadata, strict, missing, unexpected, errors):
        errors.append("too old")

    m.register_load_state_dict_pre_hook(objects)
    for strict in (True, False):
        with pytest.raises(nn.StateDictError, match="too old"):
            m.load_state_dict(state, strict=strict)


def test_a_hook_after_loading_has_the_last_word():
    m, state = model(), values(model())
    del state["0.bias"]
    seen = []

    def forgive(module, keys):
        seen.append((module, list(keys.missing_keys), module[0].weight.tolist()))
        keys.missing_keys.clear()

    state["0.weight"] += 1
    m.register_load_state_dict_post_hook(forgive)
    assert m.load_state_dict(state) == ([], [])
    assert seen == [(m, ["0.bias"], state["0.weight"].tolist())]
    m.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append("more"))
    with pytest.raises(nn.StateDictError, match="missing: more"):
        m.load_state_dict(state)
    m.register_load_state_dict_post_hook(lambda module, keys: keys)
    with pytest.raises(OperandError, match="change the keys in place"):
        m.load_state_dict(state)


def test_children_are_asked_first_after_loading():
    m, seen = model(), []
    for module in m.modules():
        module.register_load_state_dict_post_hook(lambda module, keys: seen.append(module))
    m.load_state_dict(values(m))
    assert seen == [m[0], m[1], m]


@pytest.mark.parametrize("state", [None, 3, [("0.weight", np.ones(2))], "text"])
def test_only_dicts_are_loaded(state):
    with pytest.raises(OperandError, match="load_state_dict: expected a dict of arrays"):
        model().load_state_dict(state)


def test_loading_many_parameters_is_not_quadratic():
    m = nn.ParameterList(np.zeros(1, np.float32) for _ in range(3000))
    assert m.load_state_dict({k: v + 1 for k, v in m.state_dict().items()}) == ([], [])
    assert all(p.item() == 1 for p in m)


def test_a_view_of_the_models_own_memory():
    m = nn.ParameterList([np.arange(3.0), np.arange(3.0, 6.0)])
    state = m.state_dict()
    m.load_state_dict({"0": state["1"][::-1], "1": state["0"][::-1]})
    assert [p.tolist() for p in m] == [[5, 4, 3], [2, 1, 0]]


# ------------------------------------------------------------------ assigning


def test_assigning_shares_memory_and_takes_the_dtype():
    m = model()
    before = list(m.parameters())
    state = {k: v.astype(np.float64) for k, v in values(m).items()}
    m.load_state_dict(state, assign=True)
    assert all(a is b for a, b in zip(before, m.parameters(), strict=True))
    assert {p.dtype.name for p in m.parameters()} == {"float64"}
    state["0.bias"][:] = 7
    assert m[0].bias.tolist() == [7]
    assert all(p.requires_grad and p.is_leaf for p in m.parameters())
    y = m[0](np.ones((1, 2)))
    y.sum().backward()
    assert m[0].weight.grad.dtype == np.float64
    with pytest.raises(nn.StateDictError, match=r"0\.bias: expected float64\(1,\), got int64"):
        m.load_state_dict({**state, "0.bias": np.array([1])}, assign=True)
    with pytest.raises(nn.StateDictError, match=r"0\.bias: expected float64\(1,\), got float64\(2,\)"):
        m.load_state_dict({**state, "0.bias": np.ones(2)}, assign=True)


# ------------------------------------------------------------------ extra state


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0
        self.weight = nn.Parameter(np.zeros(1))

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_state_goes_round():
    m = nn.Sequential(Counts(), Counts())
    m[0].count, m[1].count = 3, 5
    state = m.state_dict()
    assert list(state) == ["0.weight", "0._extra_state", "1.weight", "1._extra_state"]
    other = nn.Sequential(Counts(), Counts())
    assert other.load_state_dict(state) == ([], [])
    assert [c.count for c in other] == [3, 5]
    del state["1._extra_state"]
    with pytest.raises(nn.StateDictError, match=r"missing: 1\._extra_state"):
        other.load_state_dict(state)
    with pytest.raises(nn.StateDictError, match=r"unexpected: _extra_state"):
        nn.ReLU().load_state_dict({"_extra_state": 1})
    for method in ("get_extra_state", "set_extra_state"):
        with pytest.raises(NotImplementedError, match=f"ReLU does not define {method}"):
            getattr(nn.ReLU(), method)(*([1] if method.startswith("set") else []))


def test_extra_state_is_not_taken_over_if_something_else_is_wrong():
    m = Counts()
    with pytest.raises(nn.StateDictError):
        m.load_state_dict({"weight": np.zeros(5), "_extra_state": {"count": 9}})
    assert m.count == 0


# ------------------------------------------------------------------ buffers


def test_buffers_by_assignment():
    module = nn.Module()
    module.mean = nn.Buffer(np.zeros(2, np.float32))
    module.cache = nn.Buffer(tensor([1.0]), persistent=False)
    module.empty = nn.Buffer()
    assert [n for n, _ in module.named_buffers()] == ["mean", "cache", "empty"]
    assert [*module.state_dict()] == ["mean", "empty"]
    assert isinstance(module.mean, Tensor)
    assert isinstance(module.mean, nn.Buffer)
    assert not module.mean.requires_grad
    module.double()
    assert module.mean.dtype == np.float64
    module.mean = np.ones(2)
    assert module.mean.tolist() == [1, 1]
    assert (module.mean * 2 + np.ones(2)).tolist() == [3, 3]


def test_parameters_and_buffers_without_data():
    assert nn.Parameter().shape == (0,)
    assert nn.Parameter().requires_grad
    assert nn.Buffer().dtype == np.float32
