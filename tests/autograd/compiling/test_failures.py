"""Calls that fail: the error is the function's own, and everything is as in eager runs."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import optim
from tests.support.compiling import outcome, plain, quietly, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
ROWS = (np.arange(12.0).reshape(3, 4) / 7).astype(np.float32)
CLASSES = np.array([0, 1, 2])
ONES = np.ones(3)


def build(optimizer):
    nn.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.BatchNorm1d(5), nn.Linear(5, 3))
    return model, optimizer(model.parameters())


def test_an_error_of_the_function_is_the_functions():
    program = autograd.compile(lambda x, i: np.take(x, i) * 2, strict=True)
    good, bad = np.array([0, 1]), np.array([0, 9])
    for index in (good, bad, good, bad, good, good, bad, good):
        if index is bad:
            with pytest.raises(IndexError):
                program(ONES, index)
        else:
            assert same(plain(program(ONES, index)), np.array([2.0, 2.0]))


@pytest.mark.parametrize("when", range(1, 7))
def test_a_bad_batch_leaves_the_state_as_eager_does(when):
    def run(compile_it):
        model, opt = build(lambda p: optim.SGD(p, lr=0.1, momentum=0.9))

        step = training_step(model, opt)
        act = autograd.compile(step, state=(model, opt), strict=True) if compile_it else step
        found = []
        for i in range(9):
            y = np.array([0, 1, 7]) if i == when else CLASSES
            try:
                found.append(plain(act(ROWS, y)))
            except Exception as error:
                found.append(str(error))
        return [*found, *(plain(p.detach()) for p in model.parameters()), *map(plain, model.buffers())]

    assert same(run(False), run(True))


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupt_while_recording_leaves_everything_as_it_was(error):
    model, opt = build(lambda p: optim.Adam(p, lr=0.1))
    armed = []

    class Alarm(nn.Module):
        def forward(self, x):
            if armed:
                raise error
            return x

    model.append(Alarm())

    def step(x):
        opt.zero_grad()
        model(x).sum().backward()
        opt.step()

    program = autograd.compile(step, state=(model, opt))
    program(ROWS)
    before = [plain(p.detach()) for p in model.parameters()]
    armed.append(1)
    program2 = autograd.compile(step, state=(model, opt))
    for act in (program, program2):
        with pytest.raises(error):
            act(ROWS)
    assert same([plain(p.detach()) for p in model.parameters()], before)
    assert all(type(p._data) is np.ndarray for p in model.parameters())
    assert type(opt.param_groups[0]) is dict
    assert "step" not in opt.__dict__


@pytest.mark.parametrize("n", [1, 2])
def test_an_index_that_is_refused_after_an_update(n, kernels):
    """The update was made twice: by the program, and by the function that then raised the error."""

    def put(y, i, v):
        y[i] = v

    def add(y, i, v):
        anp.add.at(y, i, v)

    for write in (put, add):
        found = []
        for compile_it in (False, True):
            w = autograd.tensor(np.arange(3.0), requires_grad=True)
            opt = optim.SGD([w], lr=0.1)

            def step(x, i, v, w=w, opt=opt, write=write):
                opt.zero_grad()
                (w * x).sum().backward()
                opt.step()
                y = anp.zeros(3) * x
                write(y, i, v)
                return y

            act = autograd.compile(step, state=(w, opt)) if compile_it else step
            for k in range(9):
                i = np.array([k % 3, 0][:n]) if k != 6 else np.array([7, 0][:n])
                found.append(quietly(outcome, act, ONES * k, i, np.full(n, 9.0)))
            found.append(plain(w))
        assert same(found[:10], found[10:])
        assert isinstance(found[6], str)
