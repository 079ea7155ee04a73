"""What calls return: the containers of the function, made anew each time."""

from __future__ import annotations

import collections
import functools

import numpy as np
import pytest

import autograd
from autograd import tensor
from autograd.compiling.running import returned
from tests.support.compiling import plain

pytestmark = pytest.mark.usefixtures("numpy_alone")

X = (np.arange(24.0).reshape(6, 4) / 7).astype(np.float32)
CALLS = 12
Pair = collections.namedtuple("Pair", "first second")
NOTE = object()
PLAIN = {
    "a tuple": lambda a, b: (a, b),
    "a tuple of one": lambda a, b: (a,),
    "nothing": lambda a, b: (),
    "a list": lambda a, b: [a, b],
    "a dict": lambda a, b: {"a": a, 2: b, None: a},
    "nested": lambda a, b: {"x": [a, (b, {})], "y": ((), [a])},
    "with what is no array": lambda a, b: (NOTE, a, None, {"text": "found[0]", 1.5: [b, True]}),
    "as many as are written out": lambda a, b: [a] * 31 + [b] * (returned.MOST - 32),
}
OTHERS = {
    "a named tuple": lambda a, b: Pair(a, [b]),
    "one within": lambda a, b: [a, Pair(b, 1)],
    "an ordered dict": lambda a, b: collections.OrderedDict(a=a, b=(b, None)),
    "many": lambda a, b: {"many": [a] * 40 + [b] * 40},
    "many that are no arrays": lambda a, b: [a, *range(100)],
    "deep": lambda a, b: functools.reduce(lambda inner, _: [inner], range(90), (a, b)),
}


def alike(found, wanted):
    """Whether both are the same values, in containers of the same classes."""
    assert type(found) is type(wanted)
    if isinstance(wanted, dict):
        assert [*found] == [*wanted]
        found, wanted = found.values(), wanted.values()
    elif not isinstance(wanted, (tuple, list)):
        if hasattr(wanted, "shape"):
            np.testing.assert_array_equal(plain(found), plain(wanted))
            return
        assert found is wanted or found == wanted
        return
    for one, other in zip(found, wanted, strict=True):
        alike(one, other)


@pytest.mark.parametrize("kind", ["tensors", "arrays"])
@pytest.mark.parametrize("made", {**PLAIN, **OTHERS})
def test_results_come_in_the_containers_of_the_function(made, kind):
    build = {**PLAIN, **OTHERS}[made]

    def fn(x):
        return build(x * 2, x.sum())

    compiled, before = autograd.compile(fn, strict=True), None
    for i in range(CALLS):
        x = tensor(X + i) if kind == "tensors" else X + i
        found = compiled(x)
        alike(found, fn(x))
        assert found is not before or found == ()
        before = found
    assert compiled.replays == CALLS - 3


@pytest.mark.parametrize("made", {**PLAIN, **OTHERS})
def test_few_things_in_plain_containers_are_written_out(made, monkeypatch):
    looked, result_of = [], returned.result_of

    def looking(*given):
        looked.append(given)
        return result_of(*given)

    monkeypatch.setattr(returned, "result_of", looking)
    compiled = autograd.compile(lambda x: {**PLAIN, **OTHERS}[made](x * 2, x.sum()), strict=True)
    for _ in range(CALLS):
        compiled(tensor(X))
    assert compiled.replays == CALLS - 3
    assert bool(looked) == (made in OTHERS)
