"""Gradients that a program adds to: the tensor, its memory and what others hold are as in eager steps."""

from __future__ import annotations

import functools
import itertools
import os

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import tensor
from tests.support.compiling import plain, same

pytestmark = pytest.mark.usefixtures("numpy_alone")


def loss_of(model, x):
    return (model(x) ** 2).sum()


def added(model, opt, x):
    loss_of(model, x).backward()


def stepped(model, opt, x):
    loss_of(model, x).backward()
    opt.step()


def zeroed_first(model, opt, x):
    opt.zero_grad(set_to_none=False)
    stepped(model, opt, x)


def zeroed_last(model, opt, x):
    stepped(model, opt, x)
    model.zero_grad(set_to_none=False)


def reset_first(model, opt, x):
    opt.zero_grad()
    stepped(model, opt, x)


def reset_last(model, opt, x):
    stepped(model, opt, x)
    opt.zero_grad()


def halved(model, opt, x):
    loss_of(model, x).backward()
    for p in model.parameters():
        p.grad /= 2


def replaced(model, opt, x):
    loss_of(model, x).backward()
    for p in model.parameters():
        p.grad = p.grad * 0.5


def written(model, opt, x):
    loss_of(model, x).backward()
    for p in model.parameters():
        p.grad[..., 0] = 1.0


def clipped(model, opt, x):
    loss_of(model, x).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)


def clipped_by_value(model, opt, x):
    loss_of(model, x).backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.1)
    opt.step()


def untouched(model, opt, x):
    with autograd.no_grad():
        return model(x)


def in_micro_batches(model, opt, x):
    opt.zero_grad()
    for part in (x[:1], x[1:2], x[2:]):
        (loss_of(model, part) / 3).backward()
    opt.step()


STEPS = [
    added, stepped, zeroed_first, zeroed_last, reset_first, reset_last, halved, replaced, written, clipped,
    clipped_by_value, untouched, in_micro_batches,
]  # fmt: skip


class Held:
    """What a caller keeps of gradients between steps, and what it is then."""

    def __init__(self, model, opt):
        self.model, self.opt, self.kept, self.values, self.graphs = model, opt, [], [], []
        self.other = tensor(np.full((3, 4), 2.0, np.float32), requires_grad=True)

    def seen(self):
        grads = [p.grad for p in self.model.parameters()]
        same_as = [[k is g for g in grads] for k in self.kept]
        return [same_as, [plain(k) for k in self.kept], [plain(v) for v in self.values], *map(plain, grads)]

    def finish(self):
        for graph in self.graphs:
            graph.backward()
        return plain(self.other.grad)


def nothing(h, i):
    pass


def first_gradient(h, i):
    if i == 1:
        h.kept.append(h.model.weight.grad)


def each_gradient(h, i):
    h.kept += [p.grad for p in h.model.parameters()]


def data(h, i):
    if i in (1, 5) and h.model.weight.grad is not None:
        h.values.append(h.model.weight.grad.data)


def detached(h, i):
    if i in (2, 6) and h.model.weight.grad is not None:
        h.values += [h.model.weight.grad.detach(), h.model.weight.grad[0]]


def graphs(h, i):
    if i in (1, 2, 5, 7) and h.model.weight.grad is not None:
        h.kept.append(h.model.weight.grad)
        h.graphs.append((h.model.weight.grad * h.other).sum())


def resets(h, i):
    h.kept.append(h.model.bias.grad)
    if i in (2, 5, 6):
        h.model.zero_grad()


def puts(h, i):
    h.kept.append(h.model.bias.grad)
    if i in (1, 5):
        h.model.weight.grad = tensor(np.full((3, 4), 0.5, np.float32))


def writes(h, i):
    h.kept.append(h.model.bias.grad)
    if i % 3 == 2 and h.model.weight.grad is not None:
        h.model.weight.grad[0] = 1.0
        h.model.bias.grad *= 0.5


def eager_steps(h, i):
    h.kept.append(h.model.weight.grad)
    if i % 3 == 2:
        loss_of(h.model, np.ones((3, 4), np.float32)).backward()


def freezes(h, i):
    h.kept.append(h.model.weight.grad)
    if i in (4, 7):
        h.model.weight.requires_grad_(i == 7)


BETWEEN = [
    nothing, first_gradient, each_gradient, data, detached, graphs, resets, puts, writes, eager_steps,
    freezes,
]  # fmt: skip
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE", "default") != "default"
DIFFERED = {
    (added, detached), (reset_first, each_gradient), (replaced, graphs), (untouched, puts),
    (halved, freezes), (clipped, freezes),
}  # fmt: skip
PAIRS = [
    (s, b)
    for (i, s), (j, b) in itertools.product(enumerate(STEPS), enumerate(BETWEEN))
    if THOROUGH or (3 * i + j) % 11 == 0 or (s, b) in DIFFERED
]


@pytest.mark.parametrize(("step", "between"), PAIRS, ids=lambda f: f.__name__)
def test_gradients_are_those_of_eager_steps(step, between):
    found = []
    for compiled in (False, True):
        nn.manual_seed(0)
        model = nn.Linear(4, 3)
        opt = optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
        held = Held(model, opt)
        run = functools.partial(step, model, opt)
        if compiled:
            run = autograd.compile(run, state=(model, opt), strict=True)
        results = []
        for i in range(11):
            rows = 5 if i in (6, 9) else 3
            run(np.linspace(-1, i, rows * 4, dtype=np.float32).reshape(rows, 4))
            between(held, i)
            results.append(held.seen())
        found.append([results, held.finish(), *(plain(p.detach()) for p in model.parameters())])
    assert same(*found)
    assert run.replays >= 1


def test_gradients_added_to_are_kept_where_they_are():
    """In the steady state nothing is copied, bound anew or looked up."""
    model = nn.Linear(4, 3)
    x = np.ones((2, 4), np.float32)
    add = autograd.compile(lambda x: loss_of(model, x).backward(), state=model, strict=True)
    for _ in range(6):
        add(x)
    grad, memory = model.weight.grad, id(model.weight.grad._data)
    entry = add._programs.last
    for _ in range(3):
        add(x)
        assert model.weight.grad is grad
    assert id(grad._data) == memory
    assert entry is add._programs.last
    assert entry.rebindings == 0
    assert add._first is not None


def test_gradients_that_are_reset_when_they_are_held():
    """The caller keeps a gradient that the step adds to, and then forgets."""
    found = []
    for compiled in (False, True):
        nn.manual_seed(0)
        model = nn.Linear(4, 3)
        opt = optim.SGD(model.parameters(), lr=0.01)
        run = functools.partial(reset_last, model, opt)
        run = autograd.compile(run, state=(model, opt), strict=True) if compiled else run
        kept = []
        for i in range(8):
            loss_of(model, np.full((2, 4), i, np.float32)).backward()
            kept.append(model.weight.grad)
            run(np.ones((2, 4), np.float32))
        found.append(plain(kept))
    assert same(*found)
    assert run.replays >= 3


def test_gradients_that_are_lost_between_calls():
    """A program for leaves without gradients must not take one that it has made itself."""
    found = []
    for compiled in (False, True):
        nn.manual_seed(0)
        model = nn.Linear(4, 3)
        run = functools.partial(added, model, None)
        run = autograd.compile(run, state=model, strict=True) if compiled else run
        results = []
        for i in range(14):
            if i in (3, 5, 7, 9, 11):
                model.weight.grad = None
            run(np.full((2, 4), i + 1, np.float32))
            results.append(plain(model.weight.grad))
        found.append(results)
    assert same(*found)
    assert run.replays
