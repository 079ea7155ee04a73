"""Calling a module: forward, the scopes that errors read, what errors say."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import nn
from autograd.errors import OperandError, ShapeError
from autograd.tape import mode, scope_path


class Paths(nn.Module):
    """Notes the path of the module that is running."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(scope_path())
        return x


class Net(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        return self.encoder(x)


@pytest.fixture(autouse=True)
def _scopes_are_restored():
    yield
    assert mode.scopes == []
    assert scope_path() == ""


def test_forward_gets_all_arguments():
    class Weighted(nn.Module):
        def forward(self, x, y, *, scale=1):
            return (x + y) * scale

    assert Weighted()(1, y=2, scale=3) == 9


def test_forward_is_to_be_defined():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty does not define forward\(\)"):
        Empty()(1)


@pytest.mark.parametrize(
    ("encoder", "path"),
    [
        (nn.Linear(2, 2), "encoder"),
        (nn.Sequential(nn.Linear(2, 2)), "encoder.0"),
        (nn.Sequential(nn.ReLU(), nn.Sequential({"wide": nn.Linear(2, 2)})), "encoder.1.wide"),
    ],
)
def test_a_shape_error_says_where(encoder, path):
    with pytest.raises(ShapeError) as caught:
        Net(encoder)(np.ones((4, 3), np.float32))
    text = str(caught.value)
    assert text.startswith(f"in {path}: linear: x(4, 3)")
    assert "(2, 2)" in text


def test_the_outermost_module_is_named_by_its_class():
    with pytest.raises(ShapeError, match=r"^in Linear: "):
        nn.Linear(2, 2)(np.ones(3))


def test_other_errors_say_where_too():
    net = Net(nn.Sequential(nn.Tanh()))
    with pytest.raises(OperandError, match=r"in encoder\.0: tanh: argument 'x' .* got str 'x'"):
        net("x")


def test_an_operation_in_forward_itself():
    class Adds(nn.Module):
        def forward(self, x):
            return x + nn.Parameter(np.ones(3))

    with pytest.raises(ShapeError, match=r"^in encoder: add\("):
        Net(Adds())(np.ones(2))


def test_a_module_that_is_not_registered():
    hidden = [nn.Linear(2, 2)]

    class Hides(nn.Module):
        def forward(self, x):
            return hidden[0](x)

    with pytest.raises(ShapeError, match=r"^in encoder\.Linear: "):
        Net(Hides())(np.ones(3))


def test_paths_while_running():
    inner = Paths()
    Net(nn.Sequential(inner, inner))(1)
    assert inner.seen == ["encoder.0", "encoder.0"]  # of two places, the first


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_scopes_are_restored_after_exceptions(error):
    class Fails(nn.Module):
        def forward(self, x):
            raise error

    net = Net(nn.Sequential(nn.ReLU(), Fails()))
    for _ in range(2):
        with pytest.raises(error):
            net(np.ones(2))
        assert mode.scopes == []


def test_an_exception_caught_within():
    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(5, 5), Paths()

        def forward(self, x):
            try:
                return self.first(x)
            except ShapeError:
                return self.second(x)

    tries = Tries()
    Net(tries)(np.ones(2))
    assert tries.second.seen == ["encoder.second"]


def test_scopes_belong_to_a_thread():
    inside, leave = threading.Event(), threading.Event()

    class Waits(nn.Module):
        def forward(self, x):
            inside.set()
            leave.wait()

    thread = threading.Thread(target=Net(Waits()), args=(1,))
    thread.start()
    inside.wait()
    try:
        assert mode.scopes == []
    finally:
        leave.set()
        thread.join()
