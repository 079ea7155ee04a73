"""ModuleDict, ParameterDict and ParameterList."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nn
import optim
from autograd import Tensor, tensor
from autograd.errors import OperandError


def names(iterator):
    return [name for name, _ in iterator]


# ------------------------------------------------------------------ ModuleDict


def test_a_dict_of_modules():
    relu, layer = nn.ReLU(), nn.Linear(2, 1)
    modules = nn.ModuleDict({"act": relu, "out": layer})
    assert modules["act"] is relu is modules.act
    assert list(modules) == list(modules.keys()) == ["act", "out"]
    assert list(modules.values()) == [relu, layer]
    assert list(modules.items()) == [("act", relu), ("out", layer)]
    assert len(modules) == 2
    assert "act" in modules
    assert "nothing" not in modules
    assert names(modules.named_parameters()) == ["out.weight", "out.bias"]
    assert repr(nn.ModuleDict({"a": nn.ReLU()})) == "ModuleDict(\n  (a): ReLU()\n)"


def test_changing_a_dict_of_modules():
    modules = nn.ModuleDict([("a", nn.ReLU()), ("b", nn.Tanh())])
    modules["a"] = new = nn.ELU()
    assert next(iter(modules.items())) == ("a", new)
    modules.update({"c": nn.ReLU(), "b": new})
    modules.update(nn.ModuleDict({"d": new}))
    assert list(modules) == ["a", "b", "c", "d"]
    assert modules["b"] is new
    del modules["a"]
    assert modules.pop("b") is new
    assert list(modules) == ["c", "d"]
    assert not hasattr(modules, "b")
    modules.clear()
    assert len(modules) == 0
    assert list(nn.ModuleDict()) == []


def test_refusals_of_a_dict_of_modules():
    modules = nn.ModuleDict({"a": nn.ReLU()})
    for use in (lambda: modules["b"], lambda: modules.pop("b"), lambda: modules.__delitem__("training")):
        with pytest.raises(KeyError):
            use()
    with pytest.raises(OperandError, match=r"ModuleDict\['b'\] must be a Module, got int 3"):
        modules["b"] = 3
    with pytest.raises(KeyError, match="without a dot"):
        modules["a.b"] = nn.ReLU()
    with pytest.raises(KeyError, match="has that attribute already"):
        modules["keys"] = nn.ReLU()
    with pytest.raises(OperandError, match="must be a string"):
        modules[3] = nn.ReLU()
    for odd in (3, [3], ["ab"], [("a",)], [("a", nn.ReLU(), 1)]):
        with pytest.raises(OperandError, match=r"ModuleDict: (expected a dict or pairs|element 0 must be)"):
            nn.ModuleDict(odd)
    assert list(modules) == ["a"]


# ------------------------------------------------------------------ ParameterList


def test_a_list_of_parameters():
    p = nn.Parameter(np.ones(2))
    params = nn.ParameterList([p, np.zeros((2, 3), np.float32), tensor([1.0]), 3, "text"])
    assert params[0] is p
    assert all(type(params[i]) is nn.Parameter for i in range(3))
    assert params[1].dtype == np.float32
    assert [params[3], params[-1]] == [3, "text"]
    assert names(params.named_parameters()) == ["0", "1", "2"]
    assert [*params.state_dict()] == ["0", "1", "2"]
    assert len(params) == 5
    assert next(iter(params)) is p


def test_changing_a_list_of_parameters():
    params = nn.ParameterList()
    assert params.append(np.ones(1)).extend([np.zeros(2)]) is params
    params += [np.ones(3)]
    assert [p.shape for p in params] == [(1,), (2,), (3,)]
    params[-1] = np.zeros(7)
    params[0] = new = nn.Parameter(np.ones(9))
    assert [p.shape for p in params] == [(9,), (2,), (7,)]
    assert params[0] is new
    part = params[1:]
    assert type(part) is nn.ParameterList
    assert part[0] is params[1]
    for index in (3, -4):
        with pytest.raises(IndexError, match="out of range for 3"):
            params[index]
    for odd in (3, np.array(1.0), Tensor(np.array(1.0))):
        with pytest.raises((OperandError, TypeError)):
            nn.ParameterList(odd)


def test_reprs_of_parameters():
    params = nn.ParameterList([np.ones((2, 3), np.float32), 3, np.array(1.0)])
    assert repr(params) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [float32 of size 2x3]\n"
        "    (1): Object of type: int\n"
        "    (2): Parameter containing: [float64 of size ]\n"
        ")"
    )
    assert repr(nn.ParameterDict({"a": np.ones(2), "b": "text"})) == (
        "ParameterDict(\n"
        "    (a): Parameter containing: [float64 of size 2]\n"
        "    (b): Object of type: str\n"
        ")"
    )
    assert repr(nn.ParameterList()) == "ParameterList()"


# ------------------------------------------------------------------ ParameterDict


def test_a_dict_of_parameters():
    p = nn.Parameter(np.ones(2))
    params = nn.ParameterDict({"b": p, "a": np.zeros(3), "n": 3})
    assert params["b"] is p is params.b
    assert type(params["a"]) is nn.Parameter
    assert params["n"] == 3
    assert list(params) == list(params.keys()) == ["b", "a", "n"]
    assert list(reversed(params)) == ["n", "a", "b"]
    assert names(params.items()) == ["b", "a", "n"]
    assert names(params.named_parameters()) == ["b", "a"]
    assert "a" in params
    assert len(params) == 3
    assert params.get("a") is params["a"]
    assert params.get("z", 5) == 5
    assert params.get("z") is None


def test_changing_a_dict_of_parameters():
    params = nn.ParameterDict()
    assert params.setdefault("a", np.ones(1)) is params["a"]
    assert params.setdefault("a", np.ones(2)).shape == (1,)
    params.update([("b", np.ones(2)), ("c", np.ones(3))])
    assert params.popitem()[0] == "c"
    assert params.pop("a").shape == (1,)
    assert list(params) == ["b"]
    assert not hasattr(params, "a")
    params["a"] = np.ones(4)
    assert list(params) == ["b", "a"]
    del params["b"]
    params.clear()
    assert len(params) == 0
    assert list(params.parameters()) == []
    with pytest.raises(KeyError, match="empty"):
        params.popitem()


def test_joining_dicts_of_parameters():
    a = nn.ParameterDict({"x": np.ones(1), "y": np.ones(2)})
    b = nn.ParameterDict({"y": np.ones(3)})
    both = a | b
    assert [p.shape for p in both.values()] == [(1,), (3,)]
    assert both["x"] is a["x"]
    assert a["y"].shape == (2,)
    assert ({"y": np.ones(5)} | a)["y"] is a["y"]
    before = a
    a |= {"z": np.ones(6)}
    assert a is before
    assert list(a) == ["x", "y", "z"]
    twin = a.copy()
    assert twin is not a
    assert twin["x"] is a["x"]
    assert list(a.fromkeys(["p", "q"], 1.5).items()) == [("p", 1.5), ("q", 1.5)]
    with pytest.raises(TypeError):
        a | 3


def test_refusals_of_a_dict_of_parameters():
    params = nn.ParameterDict({"a": np.ones(1)})
    with pytest.raises(KeyError, match="has that attribute already"):
        params["values"] = np.ones(1)
    with pytest.raises(KeyError, match="without a dot"):
        params["a.b"] = np.ones(1)
    with pytest.raises(OperandError, match="a key must be a string, got int 3"):
        params[3] = np.ones(1)
    for use in (lambda: params["b"], lambda: params.pop("b"), lambda: params.__delitem__("b")):
        with pytest.raises(KeyError):
            use()
    assert list(params) == ["a"]


# ------------------------------------------------------------------ both


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.ParameterDict({"a": np.ones(2), "b": np.zeros(1)}),
        lambda: nn.ParameterList([np.ones(2), np.zeros(1)]),
        lambda: nn.ModuleDict({"a": nn.Linear(2, 1)}),
        lambda: nn.ModuleList([nn.Linear(2, 1)]),
        lambda: nn.Sequential(nn.Linear(2, 1)),
    ],
)
def test_copies_and_states(make):
    model = nn.Module()
    model.held = make()
    twin = copy.deepcopy(model)
    assert type(twin.held) is type(model.held)
    twin.load_state_dict({name: value + 1 for name, value in model.state_dict().items()})
    assert len(model.state_dict()) > 0
    for (n, a), (m, b) in zip(model.named_parameters(), twin.named_parameters(), strict=True):
        assert n == m
        np.testing.assert_array_equal(a.detach().numpy() + 1, b.detach().numpy())
    model.to(np.float16)
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float16)}


def test_a_model_made_of_all_of_them_trains():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(3, 3, generator=i) for i in range(2))
            self.heads = nn.ModuleDict({"mean": nn.Linear(3, 1, generator=5)})
            self.scales = nn.ParameterList(np.ones(3, np.float32) for _ in range(2))
            self.shifts = nn.ParameterDict({"mean": np.zeros(1, np.float32)})

        def forward(self, x):
            for layer, scale in zip(self.layers, self.scales):
                x = np.tanh(layer(x)) * scale
            return self.heads["mean"](x) + self.shifts["mean"]

    model = Model()
    optimizer = optim.Adam(model.parameters(), lr=0.03)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype(np.float32)
    y = (x[:, :1] * 0.5 - x[:, 1:2]).astype(np.float32)
    for _ in range(300):
        loss = ((model(x) - y) ** 2).mean()
        model.zero_grad()
        loss.backward()
        assert all(p.grad is not None for p in model.parameters())
        optimizer.step()
    assert loss.item() < 5e-3
