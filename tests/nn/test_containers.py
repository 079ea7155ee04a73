"""Sequential and ModuleList: order, names, indexing, growing."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd.errors import ArgumentError, OperandError


def names(module):
    return [name for name, _ in module.named_children()]


def test_each_takes_what_the_one_before_gave():
    class Add(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.n = n

        def forward(self, x):
            return x * 10 + self.n

    assert nn.Sequential(Add(1), Add(2), Add(3))(0) == 123


def test_without_modules_it_is_the_identity():
    x = np.ones(3)
    assert nn.Sequential()(x) is x
    assert len(nn.Sequential()) == 0


def test_names():
    assert names(nn.Sequential(nn.ReLU(), nn.Tanh())) == ["0", "1"]
    assert names(nn.Sequential({"act": nn.ReLU(), "out": nn.Tanh()})) == ["act", "out"]
    assert nn.Sequential({"act": nn.ReLU()}).act(-1.0) == 0


def test_indexing_and_iterating():
    layers = [nn.ReLU(), nn.Tanh(), nn.Sigmoid()]
    model = nn.Sequential(*layers)
    assert [*model] == layers
    assert len(model) == 3
    assert [model[0], model[-1]] == [layers[0], layers[2]]
    with pytest.raises(IndexError):
        model[3]


def test_slices_share_their_modules():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    part = model[1:]
    assert type(part) is nn.Sequential
    assert [*part] == [model[1], model[2]]
    assert [*model[::2]] == [model[0], model[2]]


def test_appending():
    model = nn.Sequential(nn.ReLU())
    assert model.append(nn.Tanh()).append(nn.Sigmoid()) is model
    assert names(model) == ["0", "1", "2"]


def test_appending_replaces_nothing():
    part = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())[1:]  # named 1 and 2
    last = nn.ELU()
    assert [type(m) for m in part.append(last)] == [nn.Tanh, nn.Sigmoid, nn.ELU]
    assert part[-1] is last


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda: nn.Sequential(nn.ReLU(), 3), "argument 1 must be a Module, got int 3"),
        (lambda: nn.Sequential([nn.ReLU()]), "argument 0 must be a Module, got list"),
        (lambda: nn.Sequential(nn.ReLU), "argument 0 must be a Module, got type"),
        (lambda: nn.Sequential({"a": None}), "argument a must be a Module, got NoneType"),
        (lambda: nn.Sequential().append("x"), "append: argument must be a Module, got str"),
    ],
)
def test_what_is_no_module(build, why):
    with pytest.raises(OperandError, match=why):
        build()


def test_names_with_dots():
    with pytest.raises(KeyError, match="without a dot"):
        nn.Sequential({"a.b": nn.ReLU()})


# ------------------------------------------------------------------ what both do by number

ROWS = [nn.Sequential, lambda *modules: nn.ModuleList(modules)]
rows = pytest.mark.parametrize("row", ROWS, ids=["Sequential", "ModuleList"])


def five():
    return [nn.ReLU(), nn.Tanh(), nn.Sigmoid(), nn.ELU(), nn.Identity()]


@rows
def test_replacing(row):
    layers, new = five(), nn.Linear(1, 1)
    model = row(*layers)
    model[1] = new
    model[-1] = new
    assert [*model] == [layers[0], new, layers[2], layers[3], new]
    assert [*model.state_dict()] == ["1.weight", "1.bias", "4.weight", "4.bias"]


@rows
@pytest.mark.parametrize("index", [0, 2, -1, slice(1, 3), slice(None, None, 2), slice(-2, None)])
def test_deleting_numbers_the_rest_anew(row, index):
    layers = five()
    model, left = row(*layers), list(layers)
    del model[index]
    del left[index]
    assert [*model] == left
    assert list(model._modules) == [str(i) for i in range(len(left))]
    assert not hasattr(model, str(len(left)))
    assert [getattr(model, str(i)) for i in range(len(left))] == left


@rows
@pytest.mark.parametrize("index", [0, 2, 5, -1, -5])
def test_inserting(row, index):
    layers, new = five(), nn.Linear(1, 1)
    model, expected = row(*layers), list(layers)
    model.insert(index, new)
    expected.insert(index, new)
    assert [*model] == expected
    assert list(model._modules) == list("012345")


@rows
def test_extending_and_taking_out(row):
    layers, more = five(), [nn.ReLU(), nn.Tanh()]
    model = row(*layers)
    assert model.extend(iter(more)) is model
    assert [*model] == layers + more
    assert model.pop(0) is layers[0]
    assert model.pop(-1) is more[1]
    assert [*model] == [*layers[1:], more[0]]
    taken = model.pop(slice(1, 3))
    assert [*taken] == layers[2:4]
    assert len(model) == 3


@rows
def test_extending_by_itself(row):
    model = row(nn.ReLU(), nn.Tanh())
    model.extend(model)
    assert [type(m) for m in model] == [nn.ReLU, nn.Tanh] * 2


@rows
def test_adding(row):
    a, b = row(*five()), row(nn.ReLU())
    both = a + b
    assert type(both) is type(a)
    assert [*both] == [*a, *b]
    assert len(a) == 5
    before = a
    a += b
    assert a is before
    assert [*a] == [*both]


def test_a_list_and_others():
    layers = five()
    assert [*(nn.ModuleList(layers[:2]) + layers[2:])] == layers
    with pytest.raises(TypeError):
        nn.Sequential(*layers) + layers
    with pytest.raises(TypeError):
        nn.ModuleList(layers) + 3


def test_repeating():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.Tanh()) * 3
    assert len(model) == 6
    assert model[0] is model[2] is layer
    assert len(2 * nn.Sequential(layer)) == 2
    model *= 2
    assert len(model) == 12
    for times, error in (
        (0, ArgumentError),
        (-1, ArgumentError),
        (1.5, OperandError),
        (True, OperandError),
    ):
        with pytest.raises(error, match="can be repeated"):
            nn.Sequential(layer) * times


@rows
@pytest.mark.parametrize("index", [5, -6, 100])
def test_out_of_range(row, index):
    model = row(*five())
    for use in (
        lambda: model[index],
        lambda: model.pop(index),
        lambda: model.__setitem__(index, nn.ReLU()),
        lambda: model.__delitem__(index),
    ):
        with pytest.raises(IndexError, match=f"index {index} is out of range for 5"):
            use()
    assert len(model) == 5
    for odd in (1.0, "0", None):
        with pytest.raises(OperandError, match="an index must be an integer"):
            model[odd]


def test_places_to_insert_at():
    model = nn.ModuleList(five())
    for index in (6, -6):
        with pytest.raises(IndexError, match=f"insert: index {index} is out of range"):
            model.insert(index, nn.ReLU())


@rows
def test_only_modules(row):
    model = row(*five())
    for use in (
        lambda: model.append(3),
        lambda: model.insert(0, 3),
        lambda: model.extend([3]),
        lambda: model.__setitem__(0, 3),
    ):
        with pytest.raises(OperandError, match="must be a Module, got int 3"):
            use()
    with pytest.raises(OperandError, match="expected modules, got int 3"):
        model.extend(3)
    assert [type(m) for m in model] == [type(m) for m in five()]


def test_a_subclass_stays_what_it_is():
    class Stack(nn.Sequential):
        pass

    assert type(Stack(*five())[1:3]) is Stack

    class Bag(nn.ModuleList):
        pass

    assert type(Bag(five())[::2]) is Bag


def test_a_list_holds_and_does_not_run():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    assert len(list(layers.parameters())) == 6
    assert len(nn.ModuleList()) == 0
    with pytest.raises(NotImplementedError, match=r"ModuleList does not define forward\(\)"):
        layers(1)
    with pytest.raises(OperandError, match="must be a Module"):
        nn.ModuleList([nn.Linear])


def test_equal_neighbours_are_one_line():
    blocks = [nn.Sequential(nn.Linear(2, 2), nn.Tanh()) for _ in range(2)]
    layers = nn.ModuleList([nn.ReLU(), *blocks, nn.ReLU(), nn.ReLU(), nn.ReLU()])
    assert repr(layers) == (
        "ModuleList(\n"
        "  (0): ReLU()\n"
        "  (1-2): 2 x Sequential(\n"
        "    (0): Linear(in_features=2, out_features=2, bias=True)\n"
        "    (1): Tanh()\n"
        "  )\n"
        "  (3-5): 3 x ReLU()\n"
        ")"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
