"""What arguments are called in pictures of programs: as the function's parameters, part by part."""

from __future__ import annotations

import re
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.compiling import CompileWarning
from autograd.compiling.recording.labels import labels

Pair = namedtuple("Pair", "left right")


@dataclass
class Batch:
    image: Any
    rest: Any


X = np.ones((2, 3), np.float32)
PARTS = A, B, C, D, E = [X + i for i in range(5)]


def function(x, batch, /, *rest, scale=1, **others):
    pass


@pytest.mark.parametrize(
    ("args", "options", "expected"),
    [
        ((A, B), {}, ["x", "batch"]),
        ((A, (B, [C, D])), {}, ["x", "batch[0]", "batch[1][0]", "batch[1][1]"]),
        ((A, {"image": B, 0: C}), {}, ["x", "batch['image']", "batch[0]"]),
        ((Pair(A, (B,)), ()), {}, ["x[0]", "x[1][0]"]),
        ((A, Batch(B, [C])), {}, ["x", "batch.image", "batch.rest[0]"]),
        ((A, {"pair": Batch(B, (C,))}), {}, ["x", "batch['pair'].image", "batch['pair'].rest[0]"]),
        ((A, B, C, (D, E)), {}, ["x", "batch", "rest[0]", "rest[1][0]", "rest[1][1]"]),
        ((A, B), {"scale": C, "other": [D]}, ["x", "batch", "scale", "other[0]"]),
        ((None, A), {}, ["batch"]),
        ((A, (B, A)), {}, ["x, batch[1]", "batch[0]"]),
    ],
)
def test_each_part_has_a_name(args, options, expected):
    found = labels(function, args, options)
    assert [found[id(part)] for part in PARTS[: len(expected)]] == expected
    assert len(found) == len(expected)


def names(compiled) -> set[str]:
    return {record.name for record in compiled.__tape__() if record.name}


def test_a_picture_has_these_names_and_says_whose_numbers_there_are():
    model = nn.Linear(3, 2)
    optimizer = optim.Adam(model.parameters())

    @autograd.compile(state=(model, optimizer), strict=True)
    def step(batch, *, weights):
        optimizer.zero_grad()
        loss = ((model(batch["x"]) - batch["y"]) ** 2 * weights).sum()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(5):
        step({"x": X, "y": X[:, :2]}, weights=np.ones(2, np.float32))
    assert {"batch['x']", "batch['y']", "weights", "weight.exp_avg", "number of Adam"} <= names(step)
    assert not any(name.startswith(("argument", "number ")) for name in names(step) - {"number of Adam"})


def test_attributes_that_go_along_have_the_modules_name():
    class Memory(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = autograd.tensor(X * 0)

        def forward(self, x):
            self.last = self.last * 0.5 + x
            return self.last

    memory = Memory()
    step = autograd.compile(lambda x: memory(x) * 2, state=memory, strict=True)
    for _ in range(7):
        step(X)
    assert {"Memory.last", "x"} <= names(step)


def test_a_refusal_names_the_argument_that_is_written():
    def written(x, batch):
        batch["more"][1] += x
        return x * 2

    compiled = autograd.compile(written)
    given = {"more": [X, X * 2]}
    compiled(X, given)
    reason = "argument \"batch['more'][1]\" is written in place"
    with pytest.warns(CompileWarning, match=re.escape(reason)):
        compiled(X, given)
    np.testing.assert_array_equal(given["more"][1], X * 4)
