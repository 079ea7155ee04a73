"""The module system: registration, the tree, state, and where errors say they arose."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nn
from autograd import Tensor, tensor
from autograd.errors import OperandError, ShapeError
from autograd.tape import mode


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.scale = nn.Parameter(np.ones(3, np.float32))
        self.register_buffer("count", np.zeros(1, np.float32))
        self.register_buffer("cache", np.zeros(2, np.float32), persistent=False)

    def forward(self, x):
        return self.linear(x) * self.scale


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(Block(), nn.ReLU())
        self.head = nn.Linear(3, 2, bias=False)

    def forward(self, x):
        return self.head(self.encoder(x))


NAMES = [
    "encoder.0.scale",
    "encoder.0.linear.weight",
    "encoder.0.linear.bias",
    "head.weight",
]


def test_parameters_and_buffers_are_named_by_path():
    model = Model()
    assert [n for n, _ in model.named_parameters()] == NAMES
    assert [n for n, _ in model.named_buffers()] == ["encoder.0.count", "encoder.0.cache"]
    assert [n for n, _ in model.named_children()] == ["encoder", "head"]
    assert [type(m).__name__ for m in model.modules()] == [
        "Model", "Sequential", "Block", "Linear", "ReLU", "Linear",
    ]  # fmt: skip


def test_a_shared_parameter_counts_once():
    model = Model()
    model.tied = nn.Linear(3, 2, bias=False)
    model.tied.weight = model.head.weight
    assert len(list(model.parameters())) == 4
    assert set(model.state_dict()) == {*NAMES, "encoder.0.count", "tied.weight"}


def test_attributes_are_registered_replaced_and_removed():
    module = nn.Module()
    module.weight = nn.Parameter(np.zeros(2))
    module.weight = nn.Parameter(np.ones(2))
    assert [p.item(0) for p in module.parameters()] == [1.0]
    module.weight = nn.Linear(2, 2)  # now a module: the parameter of that name is gone
    assert [n for n, _ in module.named_parameters()] == ["weight.weight", "weight.bias"]
    del module.weight
    assert list(module.parameters()) == []
    assert not hasattr(module, "weight")


def test_a_parameter_is_not_replaced_by_something_else():
    layer = nn.Linear(2, 2)
    with pytest.raises(OperandError, match=r"Linear\.weight is a parameter"):
        layer.weight = np.zeros((2, 2))
    layer.bias = None
    assert [n for n, _ in layer.named_parameters()] == ["weight"]
    assert layer(np.ones((1, 2), np.float32)).shape == (1, 2)


def test_forgetting_to_initialise_the_base_is_said_plainly():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"call super\(\).__init__\(\)"):
        Forgetful()


def test_modes_and_freezing_reach_the_whole_tree():
    model = Model().eval()
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())
    model.requires_grad_(False)
    assert not model(np.ones((1, 3), np.float32)).requires_grad
    visited = []
    model.apply(lambda m: visited.append(type(m).__name__))
    assert visited[-1] == "Model"
    assert visited.index("Linear") < visited.index("Block")


def test_zero_grad():
    model = Model()
    model(np.ones((2, 3), np.float32)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad(set_to_none=False)
    assert all((p.grad.numpy() == 0).all() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_the_state_dict_shares_memory_and_loads_into_a_twin():
    model, twin = Model(), Model()
    state = model.state_dict()
    assert all(type(v) is np.ndarray for v in state.values())
    state["head.weight"][...] = 7
    assert (model.head.weight.detach().numpy() == 7).all()
    assert twin.load_state_dict(state) == ([], [])
    state["head.weight"][...] = 8  # loading copied
    x = np.ones((2, 3), np.float32)
    model.head.weight.data[...] = 7
    np.testing.assert_array_equal(model(x).detach().numpy(), twin(x).detach().numpy())


def test_a_state_dict_that_does_not_fit_changes_nothing():
    model = Model()
    before = {k: v.copy() for k, v in model.state_dict().items()}
    state = {k: v + 1 for k, v in before.items()}
    bad = [
        ({**state, "head.weight": np.zeros((3, 2), np.float32)}, r"head.weight: expected float32\(2, 3\)"),
        ({**state, "head.weight": np.zeros((2, 3), complex)}, "head.weight"),
        ({k: v for k, v in state.items() if k != "head.weight"}, "missing: head.weight"),
        ({**state, "tail": np.zeros(1)}, "unexpected: tail"),
    ]
    for wrong, message in bad:
        with pytest.raises(nn.StateDictError, match=message):
            model.load_state_dict(wrong)
        for name, value in model.state_dict().items():
            np.testing.assert_array_equal(value, before[name])
    assert model.load_state_dict({"head.weight": state["head.weight"]}, strict=False)[0] == [
        "encoder.0.scale", "encoder.0.count", "encoder.0.linear.weight", "encoder.0.linear.bias",
    ]  # fmt: skip
    np.testing.assert_array_equal(model.head.weight.detach().numpy(), state["head.weight"])


def test_errors_name_the_module_and_leave_no_trace():
    model = Model()
    with pytest.raises(ShapeError, match=r"^in encoder\.0\.linear: linear: x\(2, 4\)"):
        model(np.ones((2, 4), np.float32))
    assert mode.scopes == []
    assert model(np.ones((2, 3), np.float32)).shape == (2, 2)


def test_copies_are_independent():
    model = Model()
    model(np.ones((2, 3), np.float32)).sum().backward()
    twin = copy.deepcopy(model)
    assert [n for n, _ in twin.named_parameters()] == NAMES
    assert twin.head.weight is twin._modules["head"]._parameters["weight"]
    np.testing.assert_array_equal(twin.head.weight.grad.numpy(), model.head.weight.grad.numpy())
    twin.head.weight.data[...] = 0
    assert (model.head.weight.detach().numpy() != 0).any()


def test_the_repr_shows_the_tree():
    assert repr(Model()) == (
        "Model(\n"
        "  (encoder): Sequential(\n"
        "    (0): Block(\n"
        "      (linear): Linear(in_features=3, out_features=3, bias=True)\n"
        "    )\n"
        "    (1): ReLU()\n"
        "  )\n"
        "  (head): Linear(in_features=3, out_features=2, bias=False)\n"
        ")"
    )


def test_sequential_by_name_by_index_and_appended():
    model = nn.Sequential({"first": nn.Linear(2, 2), "second": nn.ReLU()})
    assert [n for n, _ in model.named_children()] == ["first", "second"]
    assert isinstance(model[1], nn.ReLU)
    assert len(model[:1]) == 1
    assert len(model.append(nn.Tanh())) == 3
    with pytest.raises(OperandError, match="must be a Module, got float"):
        nn.Sequential(1.0)


def test_a_parameter_shares_the_memory_it_is_given():
    values = np.zeros(2)
    parameter = nn.Parameter(values)
    values[0] = 3
    assert parameter.item(0) == 3
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert isinstance(parameter, Tensor)
    assert not nn.Parameter(values, requires_grad=False).requires_grad


def test_linear_by_hand_and_over_leading_axes():
    layer = nn.Linear(2, 2, dtype=np.float64)
    layer.load_state_dict({"weight": np.array([[1.0, 2.0], [3.0, 4.0]]), "bias": np.array([0.5, -0.5])})
    np.testing.assert_array_equal(layer(np.array([1.0, 1.0])).detach().numpy(), [3.5, 6.5])
    batch = layer(np.ones((2, 3, 2)))
    np.testing.assert_array_equal(batch.detach().numpy(), np.broadcast_to([3.5, 6.5], (2, 3, 2)))
    x = tensor(np.arange(12.0).reshape(2, 3, 2), requires_grad=True)
    layer(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.broadcast_to([4.0, 6.0], (2, 3, 2)))
    np.testing.assert_array_equal(layer.weight.grad.numpy(), [[30.0, 36.0]] * 2)
    np.testing.assert_array_equal(layer.bias.grad.numpy(), [6.0, 6.0])


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "3"])
def test_linear_refuses_sizes_that_are_none(size):
    with pytest.raises(ValueError, match="in_features must be a positive integer"):
        nn.Linear(size, 2)


def test_linear_draws_within_its_bound_and_from_its_generator():
    layer = nn.Linear(100, 50, generator=3)
    values = layer.weight.detach().numpy()
    assert values.dtype == np.float32
    assert 0.09 < np.abs(values).max() <= 0.1
    np.testing.assert_array_equal(values, nn.Linear(100, 50, generator=3).weight.detach().numpy())
    nn.manual_seed(5)
    first = nn.Linear(4, 4).weight.detach().numpy()
    nn.manual_seed(5)
    np.testing.assert_array_equal(first, nn.Linear(4, 4).weight.detach().numpy())
