"""Names that code looks up in objects are not those of the script's variables."""

from __future__ import annotations

import types

import numpy as np
import pytest

import autograd
import nn
from autograd import tensor
from autograd.compiling.reading.names import names_of
from tests.support.compiling import plain

pytestmark = pytest.mark.usefixtures("numpy_alone")

ROWS = (np.arange(12.0).reshape(3, 4) / 7).astype(np.float32)
loss = turn = None  # what a script's loop calls its results
scale = 2.0


class Net(nn.Module):
    """A network with parts that are called as variables of the script are."""

    def __init__(self):
        super().__init__()
        self.turn, self.loss = nn.Linear(4, 2), nn.MSELoss()

    def forward(self, x):
        return self.loss(self.turn(x), x[:, :2] * scale)


def test_variables_called_as_attributes_are_not_read(monkeypatch):
    model = Net()

    @autograd.compile(state=model, strict=True)
    def step(x):
        return model(x).detach()

    for number in range(8):
        found = step(tensor(ROWS))
        monkeypatch.setitem(globals(), "loss", found)
        monkeypatch.setitem(globals(), "turn", number)
    assert step.replays == 5
    monkeypatch.setitem(globals(), "scale", 3.0)  # one that is read
    assert plain(step(tensor(ROWS))) == plain(model(tensor(ROWS)))


def code_of(text):
    scope = {}
    exec(text, scope)
    return next(v for v in scope.values() if isinstance(v, types.FunctionType)).__code__


@pytest.mark.parametrize(
    ("text", "loose", "attributes"),
    [
        ("def f(x): return x.a + b", {"b"}, {"a"}),
        ("def f(x): x.a = b(c); del x.d", {"b", "c"}, {"a", "d"}),
        ("def f(x): return x.a(1) + b.c(x)", {"b"}, {"a", "c"}),
        ("def f(x):\n import m.n\n from p import q\n return q", {"m.n", "p"}, {"q"}),
        ("def f(x):\n global g\n g = 1", {"g"}, set()),
        ("def f(x): return [y.a for y in b if (lambda z: z.c + d)(y)]", {"b", "d"}, {"a", "c"}),
        ("def f(x):\n class A(B):\n  c = d\n  def g(s): return super().h + e", {"B", "d", "e"}, {"h"}),
    ],
)
def test_which_names_are_looked_up_where(text, loose, attributes):
    found = names_of(code_of(text))
    # of a class's body Python stores the names that it defines
    assert loose <= found.loose
    assert not attributes & found.loose
    assert {n for n in found.attributes if not n.startswith("__")} == attributes
