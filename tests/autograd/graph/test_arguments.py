"""What the arguments of functions are called."""

from __future__ import annotations

import functools

import pytest

import nn
from autograd.graph.arguments import parameters


class Model(nn.Module):
    def forward(self, image, *others):
        pass


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x, /, y=1, *, z=2: x, ["x", "y", "input 2"]),
        (lambda *args: args, ["args[0]", "args[1]", "args[2]"]),
        (Model(), ["image", "others[0]", "others[1]"]),
        (functools.partial(lambda a, b, c, d: a, 1), ["b", "c", "d"]),
        (max, ["input 0", "input 1", "input 2"]),  # which has several signatures
    ],
)
def test_parameters(function, expected):
    assert parameters(function, 3) == expected
    assert parameters(function, 1) == expected[:1]
