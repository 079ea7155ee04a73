"""What is no array of numbers, in the place of every array that modules and functions take."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd.errors import AutogradError
from tests.nn.samples import all_samples, assemble, convert, fixed

# Identity passes on whatever it is given
FIRST = {s.name: s for s in reversed(all_samples()) if s.name != "Identity"}


def strange(shape):
    """Values that nothing here can compute with, by what they are."""
    return {
        "a string": "hello",
        "a dict": {"a": 1},
        "an object": object(),
        "a ragged list": [[1.0, 2.0], [3.0]],
        "strings": ["a", "b"],
        "a class": nn.Linear,
        "an array of objects": np.full(shape, None, object),
        "an array of strings": np.full(shape, "a"),
    }


def is_array(x):
    return isinstance(x, (np.ndarray, fixed))


def call(sample, inputs):
    """The sample's call with these inputs; a module runs within another."""
    options = convert(sample.options, np.float32, np.asarray, np.asarray)
    if not sample.is_module:
        return getattr(F, sample.name)(*inputs, *sample.args, **options)
    module = assemble(nn, sample, np.float32, np.asarray).train(sample.training)
    words = convert(sample.call, np.float32, np.asarray, np.asarray)
    return Outer(module)(*inputs, **words)


class Outer(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.parts = nn.ModuleDict({"inner": inner})

    def forward(self, *args, **options):
        return self.parts["inner"](*args, **options)


@pytest.mark.parametrize("name", FIRST)
def test_what_is_no_array_of_numbers_is_refused_by_a_typed_error(name):
    sample = FIRST[name]
    given = [convert(x, np.float32, np.asarray, np.asarray) for x in sample.arrays()]
    for i, x in enumerate(sample.arrays()):
        if is_array(x):
            wrong = strange(given[i].shape) | ({"None": None} if i == 0 else {})
            for what, value in wrong.items():
                message = refusal(sample, [*given[:i], value, *given[i + 1 :]])
                assert message, f"{name} took {what} as input {i}"
                assert message.startswith("in parts.inner") or not sample.is_module, message


def refusal(sample, inputs):
    """The message of the typed error that the call raises; empty if it raises none."""
    try:
        call(sample, inputs)
    except AutogradError as error:
        return str(error)
    return ""
