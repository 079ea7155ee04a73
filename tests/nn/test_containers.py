"""Sequential: order, names, indexing, growing."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd.errors import OperandError


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
