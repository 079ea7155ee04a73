"""What may be compiled besides plain functions, how reasons name it, and copies of it."""

import asyncio
import copy
import functools
import pickle

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from tests.support.compiling import plain, same

X = np.array([[1.0, 2.0, 3.0]], np.float32)


def doubled(x):
    return x * 2


class Trainer:
    def __init__(self):
        self.model = nn.Linear(3, 2)
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
        self.step = autograd.compile(self.run, state=(self.model, self.optimizer))

    def run(self, x):
        self.optimizer.zero_grad()
        loss = (self.model(x) ** 2).sum()
        loss.backward()
        self.optimizer.step()
        return loss


@pytest.mark.parametrize(
    ("name", "others"),
    [("relu", ()), ("gelu", ()), ("leaky_relu", ()), ("log_softmax", (1,)), ("mse_loss", (X * 2,))],
)
def test_functions_of_nn_may_be_held_by_others(name, others):
    fn = getattr(F, name)
    compiled = autograd.compile(lambda x: fn(x, *others) * 2, strict=True)
    for _ in range(7):
        np.testing.assert_allclose(plain(compiled(X)), plain(fn(X, *others) * 2), rtol=1e-6)
    assert compiled.replays


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies_compile_for_themselves(how):
    compiled = autograd.compile(doubled)
    for _ in range(5):
        compiled(X)
    other = how(compiled)
    assert (other.replays, other.fallback) == (0, "")
    for _ in range(5):
        np.testing.assert_array_equal(other(X), X * 2)
    assert other.replays
    assert other is not compiled


def test_a_copied_trainer_steps_its_own_model():
    trainer = Trainer()
    for _ in range(5):
        trainer.step(X)
    other, before = copy.deepcopy(trainer), trainer.model.weight.data.copy()
    for _ in range(6):
        other.step(X)
    assert other.step.replays
    assert (trainer.model.weight.data == before).all()
    assert (other.model.weight.data != before).any()


def test_a_copied_function_keeps_the_state_that_it_closes_over():
    model = nn.Linear(3, 2)

    def run(x):
        with autograd.no_grad():
            return model(x)

    other = copy.deepcopy(autograd.compile(run, state=model, strict=True))
    for _ in range(5):
        other(X)
    assert other.replays


async def later(x):
    return x * 2


def one_by_one(x):
    yield x * 2


@pytest.mark.parametrize(
    ("fn", "values"),
    [(later, asyncio.run), (one_by_one, next), (functools.partial(one_by_one), next)],
    ids=["coroutine", "generator", "partial"],
)
def test_functions_that_are_left_and_taken_up_again_are_refused_by_name(fn, values):
    compiled = autograd.compile(fn)
    values(compiled(X))
    line = r"test_callables.py:\d+: .*def (later|one_by_one)\(x\): a generator or a coroutine"
    with pytest.warns(RuntimeWarning, match=line):
        values(compiled(X))
    np.testing.assert_array_equal(values(compiled(X)), X * 2)
    strict = autograd.compile(fn, strict=True)
    values(strict(X))
    with pytest.raises(autograd.errors.CompileError, match=line):
        strict(X)


def test_modules_and_partials_are_named():
    for fn, name in ((nn.Linear(3, 2), "Linear"), (functools.partial(nn.Linear(3, 2)), "Linear")):
        compiled = autograd.compile(fn)
        compiled(X)
        with pytest.warns(RuntimeWarning, match=rf"compile: {name}: linear.py:\d+: def forward.*detach"):
            compiled(X)


def slope_of_square(t):
    (t * t).sum().backward()
    return t.grad


WRAPPED = {
    "Tensor": lambda x: autograd.Tensor(x) * 2,
    "gradient": lambda x: slope_of_square(autograd.Tensor(x, requires_grad=True)),
    "numpy": lambda x: getattr(x, "numpy", lambda: x)() * 2,
    "data": lambda x: x.data * 2 if isinstance(x, autograd.Tensor) else x * 2,
    "asarray": lambda x: np.asarray(x) * 2,
}


@pytest.mark.parametrize("of", [np.copy, autograd.tensor], ids=["array", "tensor"])
@pytest.mark.parametrize("name", WRAPPED)
def test_arguments_may_be_wrapped_and_unwrapped(name, of):
    compiled = autograd.compile(WRAPPED[name], strict=True)
    for i in range(6):
        np.testing.assert_array_equal(np.asarray(compiled(of(X + i))), (X + i) * 2)
    assert compiled.replays


def test_writing_into_what_wraps_an_argument_is_refused():
    def run(x):
        t = autograd.Tensor(x)
        t[0] = 5.0
        return t * 2

    compiled = autograd.compile(run)
    compiled(X.copy())
    with pytest.warns(RuntimeWarning, match=r"t\[0\] = 5.0: argument 'x' is written in place"):
        compiled(X.copy())
    x = X.copy()
    compiled(x)
    assert (x[0] == 5.0).all()


def test_a_method_may_be_compiled():
    class Scaled:
        def __init__(self, factor):
            self.factor = factor

        @autograd.compile
        def times(self, x):
            return x * self.factor

    one, other = Scaled(2.0), Scaled(3.0)
    for i in range(12):
        if i == 8:
            one.factor = 5.0
        assert same(plain(one.times(X)), X * np.float32(one.factor))
        assert same(plain(other.times(X)), X * np.float32(3.0))
    assert Scaled.times.replays > 6


def test_the_picture_of_a_program_names_parameters_and_shows_what_comes_out():
    trainer = Trainer()
    for _ in range(5):
        trainer.step(X)
    tape = trainer.step.__tape__()
    records = list(tape)
    shapes = {r.name: (r.shape, r.dtype) for r in records if r.name}
    assert shapes["weight"] == ((2, 3), np.float32)
    assert shapes["x"] == (X.shape, np.float32)
    assert records[tape.outputs[0]].shape == ()
