"""State dicts of optimisers: resuming to the bit, and what does not fit."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError
from optim import OptimizerStateError
from tests.optim.test_memory import VARIANTS

every = pytest.mark.parametrize("name", VARIANTS)
rng = np.random.default_rng(0)
X = rng.normal(size=(8, 4)).astype(np.float32)
Y = rng.integers(0, 3, 8)


def build(name, rows=200):
    """A model with a small and a tiled parameter, and its optimiser."""
    model = nn.Sequential(nn.Linear(4, rows, generator=0), nn.Tanh(), nn.Linear(rows, 3, generator=1))
    model.add_module("3", nn.Linear(3, 3, generator=2))
    return model, VARIANTS[name](model.parameters())


def train(model, optimizer, count):
    for _ in range(count):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(X), Y).backward()
        optimizer.step()
    return {path: value.copy() for path, value in model.state_dict().items()}


def assert_same(a, b):
    assert [*a] == [*b]
    for path in a:
        np.testing.assert_array_equal(a[path], b[path])


@every
@pytest.mark.parametrize("rows", [5, 20_000])
def test_resuming_gives_the_same_bits(name, rows):
    model, optimizer = build(name, rows)
    train(model, optimizer, 3)
    weights = {path: value.copy() for path, value in model.state_dict().items()}
    state = optimizer.state_dict()
    expected = train(model, optimizer, 3)
    again, fresh = build(name, rows)
    train(again, fresh, 1)  # something to be overwritten
    again.load_state_dict(weights)
    fresh.load_state_dict(state)
    assert_same(train(again, fresh, 3), expected)


@every
def test_what_is_saved_and_loaded_is_copied(name):
    model, optimizer = build(name)
    train(model, optimizer, 2)
    state = optimizer.state_dict()
    kept = copy.deepcopy(state)
    train(model, optimizer, 2)
    other_model, other = build(name)
    other.load_state_dict(state)
    train(other_model, other, 2)
    for i, slot in kept["state"].items():
        for key, value in slot.items():
            np.testing.assert_array_equal(state["state"][i][key], value)
    assert state["param_groups"] == kept["param_groups"]


def test_the_shape_is_pytorchs():
    model, optimizer = build("amsgrad")
    train(model, optimizer, 2)
    state = optimizer.state_dict()
    assert [*state] == ["state", "param_groups"]
    assert [*state["state"]] == [0, 1, 2, 3, 4, 5]
    assert set(state["state"][0]) == {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
    assert state["state"][0]["step"] == 2
    assert state["state"][0]["exp_avg"].shape == model[0].weight.shape
    (group,) = state["param_groups"]
    assert group["params"] == [0, 1, 2, 3, 4, 5]
    assert json.loads(json.dumps(state["param_groups"])) is not None


def test_options_are_taken_over():
    model, optimizer = build("Adam")
    train(model, optimizer, 1)
    state = json.loads(json.dumps({"state": {}, "param_groups": optimizer.state_dict()["param_groups"]}))
    state["param_groups"][0]["lr"] = 0.75
    other = optim.Adam(build("Adam")[0].parameters())
    other.load_state_dict(state)
    assert other.param_groups[0]["lr"] == 0.75
    assert all(p.shape for p in other.param_groups[0]["params"])  # the parameters are its own


def test_parameters_without_gradient_have_no_state():
    x, y = (tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([x, y])
    y.grad = np.ones(1)
    optimizer.step()
    state = optimizer.state_dict()
    assert [*state["state"]] == [1]
    optimizer.load_state_dict(state)
    x.grad = np.ones(1)
    optimizer.step()
    assert [s["step"] for _, s in sorted(optimizer.state_dict()["state"].items())] == [1, 2]


def test_state_takes_the_parameters_dtype():
    p = tensor(np.ones(2, np.float32), requires_grad=True)
    p.grad = np.ones(2, np.float32)
    optimizer = optim.Adam([p])
    optimizer.step()
    state = optimizer.state_dict()
    state["state"][0] |= {k: v.astype(np.float64) for k, v in state["state"][0].items() if k != "step"}
    state["state"][0]["step"] = np.array(1.0)  # as PyTorch keeps it
    optimizer.load_state_dict(state)
    optimizer.step()
    after = optimizer.state_dict()["state"][0]
    assert after["exp_avg"].dtype == after["exp_avg_sq"].dtype == p.dtype == np.float32
    assert after["step"] == 2


def test_the_saved_options_decide_what_state_there_is():
    def stepped(**options):
        p = tensor([1.0], requires_grad=True)
        p.grad = np.ones(1)
        optimizer = optim.Adam([p], **options)
        optimizer.step()
        return optimizer

    for saved, loads in ((True, False), (False, True)):
        optimizer = stepped(amsgrad=loads)
        optimizer.load_state_dict(stepped(amsgrad=saved).state_dict())
        optimizer.step()
        assert ("max_exp_avg_sq" in optimizer.state_dict()["state"][0]) is saved


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s.clear(),
        lambda s: s.pop("state"),
        lambda s: s["param_groups"].append(dict(s["param_groups"][0])),
        lambda s: s["param_groups"][0]["params"].append(6),
        lambda s: s["param_groups"][0].update(lr=-1),
        lambda s: s["param_groups"][0].update(betas=(0.9, float("nan"))),
        lambda s: s["param_groups"][0].update(nonsense=1),
        lambda s: s["state"][3].pop("step"),
        lambda s: s["state"][3].pop("exp_avg_sq"),
        lambda s: s["state"][3].update(exp_avg=np.zeros(7)),
        lambda s: s["state"][5].update(exp_avg=np.zeros((), np.float32)),
        lambda s: s["state"][5].update(exp_avg="text"),
        lambda s: s["state"].update({17: s["state"][0]}),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_changes(spoil):
    model, optimizer = build("Adam")
    train(model, optimizer, 2)
    before = optimizer.state_dict()
    state = optimizer.state_dict()
    state["param_groups"][0]["lr"] = 0.5
    spoil(state)
    with pytest.raises((OptimizerStateError, ArgumentError)):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    for i, slot in before["state"].items():
        assert_same(after["state"][i], slot)


def test_state_is_by_parameter_and_is_the_optimisers_own():
    x, y = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([x, y], lr=0.5, momentum=0.5)
    assert optimizer.state == {}
    x.grad = np.ones(2)
    optimizer.step()
    assert list(optimizer.state) == [x]
    assert optimizer.state[x]["step"] == 1
    assert optimizer.state[x]["momentum_buffer"].tolist() == [1.0, 1.0]
    optimizer.state[x]["momentum_buffer"][...] = 0.0
    optimizer.step()
    assert x.tolist() == [0.0, 1.0]  # the momentum begins anew
    assert optimizer.state[x]["step"] == 2


def test_state_has_the_numbers_of_state_dict():
    x = tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.NAdam([x])
    x.grad = np.ones(2)
    optimizer.step()
    saved = optimizer.state_dict()["state"][0]
    assert list(optimizer.state[x]) == list(saved)
    for name, value in optimizer.state[x].items():
        np.testing.assert_array_equal(value, saved[name])
