"""Walking the tree of modules, and what acts on all of it."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nn
from autograd.errors import OperandError


class Tied(nn.Module):
    """Two layers with one weight between them."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(self.a(x))


def nested():
    return nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))


def names(iterator):
    return [name for name, _ in iterator]


def test_paths_come_in_the_order_of_assignment():
    model = nested()
    assert names(model.named_modules()) == ["", "0", "1", "1.0", "1.1"]
    assert names(model.named_parameters()) == ["0.weight", "0.bias", "1.1.weight", "1.1.bias"]
    assert [*map(id, model.parameters())] == [id(p) for _, p in model.named_parameters()]
    assert [*model.modules()] == [m for _, m in model.named_modules()]


def test_prefix_and_recursion():
    model = nested()
    model.register_buffer("count", np.zeros(()))
    assert names(model.named_modules(prefix="net"))[:2] == ["net", "net.0"]
    assert names(model.named_parameters("net"))[0] == "net.0.weight"
    assert names(model.named_buffers(prefix="net")) == ["net.count"]
    assert names(model.named_parameters(recurse=False)) == []
    assert names(model[0].named_parameters(recurse=False)) == ["weight", "bias"]
    assert len([*model.parameters(recurse=False)]) == 0
    assert len([*model.buffers(recurse=False)]) == 1


def test_shared_parameters_come_once():
    assert names(Tied().named_parameters()) == ["a.weight", "a.bias", "b.bias"]
    layer = nn.Linear(2, 2)
    twice = nn.Sequential(layer, layer)
    assert names(twice.named_modules()) == ["", "0"]
    assert names(twice.named_parameters()) == ["0.weight", "0.bias"]
    assert [*twice.children()] == [layer]


def test_a_shared_weight_gets_both_gradients():
    model, x = Tied(), np.ones((3, 2), np.float32)
    model(x).sum().backward()
    both = model.a.weight.grad.numpy()
    w, b = (p.detach().numpy().astype(np.float64) for p in (model.a.weight, model.a.bias))
    hidden = x @ w.T + b
    ones = np.ones((3, 2))
    np.testing.assert_allclose(both, ones.T @ hidden + (ones @ w).T @ x, rtol=1e-5)


def test_train_and_eval_reach_everything():
    model = nested()
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert model.train() is model
    assert all(m.training for m in model.modules())
    model[1].train(False)
    assert [m.training for m in model.modules()] == [True, True, False, False, False]


@pytest.mark.parametrize("mode", ["eval", 1, None])
def test_train_takes_a_bool(mode):
    with pytest.raises(OperandError, match="train: mode must be True or False"):
        nested().train(mode)


def test_apply_goes_through_children_first():
    model, seen = nested(), []
    assert model.apply(seen.append) is model
    assert seen == [model[0], model[1][0], model[1][1], model[1], model]


def test_zero_grad():
    model, x = nested(), np.ones((4, 2), np.float32)
    model.zero_grad(set_to_none=False)
    assert all(p.grad is None for p in model.parameters())
    model(x).sum().backward()
    before = [p.grad for p in model.parameters()]
    model.zero_grad(set_to_none=False)
    for p in model.parameters():
        assert p.grad.shape == p.shape
        assert p.grad.dtype == np.float32
        assert not p.grad.numpy().any()
    assert all(p.grad is g for p, g in zip(model.parameters(), before, strict=True))  # as in PyTorch
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_freezing():
    model, x = nested(), np.ones((4, 2), np.float32)
    assert model[0].requires_grad_(False) is model[0]
    model(x).sum().backward()
    assert [p.grad is None for p in model.parameters()] == [True, True, False, False]
    model.requires_grad_()
    model(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_deep_copies_are_apart_and_keep_what_is_shared_inside():
    model = Tied()
    twin = copy.deepcopy(model)
    assert twin.a.weight is twin.b.weight is twin.a._parameters["weight"]
    assert type(twin.a.weight) is nn.Parameter
    twin.load_state_dict({name: value + 1 for name, value in model.state_dict().items()})
    for p, q in zip(model.parameters(), twin.parameters()):
        np.testing.assert_array_equal(p.detach().numpy() + 1, q.detach().numpy())


def test_repr():
    model = nn.Sequential({"body": nested(), "out": nn.LeakyReLU(0.2)})
    assert repr(model) == (
        "Sequential(\n"
        "  (body): Sequential(\n"
        "    (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "    (1): Sequential(\n"
        "      (0): ReLU()\n"
        "      (1): Linear(in_features=3, out_features=1, bias=True)\n"
        "    )\n"
        "  )\n"
        "  (out): LeakyReLU(negative_slope=0.2)\n"
        ")"
    )
    assert repr(nn.ELU(2.0)) == "ELU(alpha=2.0)"
    assert repr(Tied()).startswith("Tied(\n  (a): Linear(")


def test_everything_at_each_of_its_places():
    layer = nn.Linear(2, 2)
    layer.register_buffer("count", np.zeros(()))
    model = nn.Sequential(layer, layer)
    assert names(model.named_modules(remove_duplicate=False)) == ["", "0", "1"]
    assert len([*model.modules(remove_duplicate=False)]) == 3
    assert names(model.named_parameters(remove_duplicate=False)) == [
        "0.weight", "0.bias", "1.weight", "1.bias"
    ]  # fmt: skip
    assert names(model.named_buffers(remove_duplicate=False)) == ["0.count", "1.count"]
    assert names(Tied().named_parameters("", True, False)) == [
        "a.weight", "a.bias", "b.weight", "b.bias"
    ]  # fmt: skip


def test_modules_that_were_seen_are_left_out():
    model = nested()
    memo = {model[0]}
    assert names(model.named_modules(memo)) == ["", "1", "1.0", "1.1"]
    assert memo == set(model.modules())


def test_finding_by_path():
    model = nested()
    model[1].register_buffer("count", np.zeros(()))
    assert model.get_submodule("") is model
    assert model.get_submodule("1.1") is model[1][1]
    assert model.get_parameter("1.1.weight") is model[1][1].weight
    assert model[0].get_parameter("bias") is model[0].bias
    assert model.get_buffer("1.count") is model[1].count
    for find, target, why in (
        (model.get_submodule, "1.7", "Sequential has no module '7'"),
        (model.get_submodule, "0.weight", "Linear has no module 'weight'"),
        (model.get_submodule, "1..1", "Sequential has no module ''"),
        (model.get_parameter, "1.count", "Sequential has no parameter 'count'"),
        (model.get_parameter, "", "Sequential has no parameter ''"),
        (model.get_buffer, "0.weight", "Linear has no buffer 'weight'"),
    ):
        with pytest.raises(AttributeError, match=f"'{target}': {why}"):
            find(target)


def test_replacing_by_path():
    model, new = nested(), nn.Tanh()
    model.set_submodule("1.0", new)
    assert model[1][0] is new
    model.set_submodule("extra", new)
    assert model.extra is new
    model.set_submodule("1.1", new, strict=True)
    with pytest.raises(AttributeError, match="Sequential has no module '5'"):
        model.set_submodule("1.5", new, strict=True)
    with pytest.raises(AttributeError, match="has no module '7'"):
        model.set_submodule("7.0", new)
    with pytest.raises(OperandError, match="expected a Module, got int 3"):
        model.set_submodule("1.0", 3)


def test_frozen_parameters_forget_their_gradients_too():
    model, x = nested(), np.ones((4, 2), np.float32)
    model(x).sum().backward()
    model.requires_grad_(False)
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_repr_with_words_of_its_own_and_modules():
    class Both(nn.Module):
        def __init__(self, text):
            super().__init__()
            self.text, self.act = text, nn.ReLU()

        def extra_repr(self):
            return self.text

        def _get_name(self):
            return "Other"

    assert repr(Both("a=1")) == "Other(\n  a=1\n  (act): ReLU()\n)"
    assert repr(Both("a=1,\nb=2")) == "Other(\n  a=1,\n  b=2\n  (act): ReLU()\n)"
    assert repr(Both("")) == "Other(\n  (act): ReLU()\n)"
    bare = Both("a=1,\nb=2")
    del bare.act
    assert repr(bare) == "Other(\n  a=1,\n  b=2\n)"
    bare.act = nn.ReLU()
    bare.act = None
    assert repr(bare).endswith("  (act): None\n)")


def test_dir_lists_what_can_be_written():
    model = nn.Sequential(nn.ReLU(), nn.Tanh())
    model.register_buffer("count", np.zeros(()))
    assert {"count", "forward", "training", "parameters"} <= set(dir(model))
    assert "0" not in dir(model)
