"""What assigning to a module means: registration, replacement, removal, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, OperandError


class Block(nn.Module):
    """A parameter, a buffer, a submodule and a plain attribute."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.ones(2))
        self.register_buffer("seen", np.zeros(3))
        self.inner = nn.Linear(2, 2)
        self.width = 2


@pytest.fixture
def block():
    return Block()


def names(iterator):
    return [name for name, _ in iterator]


def test_what_is_assigned_is_registered(block):
    assert names(block.named_parameters()) == ["scale", "inner.weight", "inner.bias"]
    assert names(block.named_buffers()) == ["seen"]
    assert names(block.named_children()) == ["inner"]
    assert names(block.named_modules()) == ["", "inner"]
    assert block.width == 2


def test_a_tensor_is_no_parameter(block):
    block.constant = tensor([1.0], requires_grad=True)
    assert "constant" not in names(block.named_parameters())
    assert "constant" not in block.state_dict()


def test_replacing_a_parameter_keeps_its_place(block):
    block.scale = new = nn.Parameter(np.zeros(5))
    assert next(block.parameters()) is new is block.scale


def test_none_takes_a_parameter_out_and_keeps_its_name(block):
    block.scale = None
    assert block.scale is None
    assert "scale" not in block.state_dict()
    block.scale = nn.Parameter(np.ones(1))
    assert names(block.named_parameters())[0] == "scale"


@pytest.mark.parametrize("value", [np.ones(2), 3.0, Tensor(np.ones(2)), "text"])
def test_a_parameter_is_not_replaced_by_another_kind(block, value):
    before = block.scale
    with pytest.raises(OperandError, match=r"Block\.scale is a parameter"):
        block.scale = value
    assert block.scale is before
    assert block._parameters["scale"] is before


@pytest.mark.parametrize("value", [3, np.ones(2), "text", len])
def test_a_module_is_not_replaced_by_another_kind(block, value):
    before = block.inner
    with pytest.raises(OperandError, match=r"Block\.inner is a module"):
        block.inner = value
    assert block.inner is before
    assert [*block.children()] == [before]


def test_a_name_changes_its_kind(block):
    block.scale = nn.ReLU()
    assert names(block.named_children()) == ["inner", "scale"]
    assert "scale" not in block.state_dict()
    block.inner = nn.Parameter(np.ones(1))
    assert names(block.named_parameters()) == ["inner"]
    assert names(block.named_children()) == ["scale"]
    block.seen = nn.Parameter(np.ones(1))
    assert names(block.named_buffers()) == []


def test_a_plain_attribute_becomes_a_parameter(block):
    block.width = nn.Parameter(np.ones(1))
    assert "width" in names(block.named_parameters())


def test_buffers_stay_tensors(block):
    block.seen = np.ones(3)
    assert type(block.seen) is Tensor
    assert type(block.state_dict()["seen"]) is np.ndarray
    block.seen = new = tensor([2.0])
    assert next(block.buffers()) is new
    with pytest.raises(OperandError, match=r"Block\.seen is a buffer"):
        block.seen = "text"
    block.seen = None
    assert names(block.named_buffers()) == []


def test_buffers_outside_the_state():
    module = nn.Module()
    module.register_buffer("cache", np.zeros(2), persistent=False)
    assert names(module.named_buffers()) == ["cache"]
    assert module.state_dict() == {}
    module.register_buffer("cache", np.zeros(2))
    assert [*module.state_dict()] == ["cache"]


def test_deleting(block):
    del block.scale, block.inner, block.seen, block.width
    assert [*block.parameters(), *block.buffers(), *block.children()] == []
    for name in ("scale", "inner", "seen", "width"):
        assert not hasattr(block, name)
    with pytest.raises(AttributeError, match="scale"):
        del block.scale


@pytest.mark.parametrize("register", ["register_parameter", "register_buffer", "add_module"])
def test_names_that_cannot_be(block, register):
    call = getattr(block, register)
    for name in ("", "a.b"):
        with pytest.raises(KeyError, match="without a dot"):
            call(name, None)
    with pytest.raises(OperandError, match="must be a string, got int 3"):
        call(3, None)
    for taken in ("forward", "width"):
        with pytest.raises(KeyError, match=f"{taken}.*has that attribute already"):
            call(taken, None)
    assert callable(block.forward)
    assert block.width == 2


def test_values_that_cannot_be(block):
    with pytest.raises(
        OperandError, match=r"register_parameter: 'a' must be a Parameter or None, got int 3"
    ):
        block.register_parameter("a", 3)
    with pytest.raises(OperandError, match=r"add_module: 'a' must be a Module or None, got float64\(2,\)"):
        block.add_module("a", np.ones(2))
    assert not hasattr(block, "a")


def test_a_module_does_not_contain_itself(block):
    with pytest.raises(ArgumentError, match="contain itself"):
        block.me = block
    with pytest.raises(ArgumentError, match="contain itself"):
        block.inner.outer = nn.Sequential(block)
    assert names(block.named_modules()) == ["", "inner"]


def test_registering_again_replaces(block):
    block.register_parameter("scale", new := nn.Parameter(np.zeros(1)))
    block.add_module("inner", relu := nn.ReLU())
    assert block.scale is new
    assert [*block.children()] == [relu]


@pytest.mark.parametrize("value", [1, nn.Parameter(np.ones(1)), nn.Linear(1, 1), None])
def test_assigning_before_init(value):
    class Forgetful(nn.Module):
        def __init__(self):
            self.value = value

    with pytest.raises(AttributeError, match=r"Forgetful: call super\(\)\.__init__\(\)"):
        Forgetful()


@pytest.mark.parametrize("use", [lambda m: [*m.parameters()], repr, nn.Module.state_dict, nn.Module.train])
def test_using_without_init(use):
    class Forgetful(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"Forgetful: call super\(\)\.__init__\(\)"):
        use(Forgetful())


def test_properties_of_a_class_are_respected():
    class Doubled(nn.Module):
        def __init__(self):
            super().__init__()
            self.half = 1.0

        @property
        def whole(self):
            return self.half * 2

        @whole.setter
        def whole(self, value):
            self.half = value / 2

        @property
        def fixed(self):
            return 3

    module = Doubled()
    module.whole = 8.0
    assert (module.half, module.whole) == (4, 8)
    with pytest.raises(AttributeError):
        module.fixed = 1
    with pytest.raises(AttributeError):
        module.fixed = nn.Parameter(np.ones(1))
    assert [*module.parameters()] == []


def test_register_module_is_add_module(block):
    block.register_module("more", new := nn.ReLU())
    assert block.more is new
    with pytest.raises(OperandError, match="must be a Module or None, got int 3"):
        block.register_module("odd", 3)


def test_buffers_assigned_change_the_kind(block):
    block.scale = nn.Buffer(np.zeros(2))
    assert names(block.named_parameters()) == ["inner.weight", "inner.bias"]
    assert names(block.named_buffers()) == ["seen", "scale"]
