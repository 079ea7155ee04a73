"""Formulas over several gradients and parameters as one: they give what each gives alone."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.compiling.ir import CONSTANT, STATE, Instruction, Recording
from autograd.compiling.planning.abreast import abreast
from autograd.compiling.planning.small import hastened
from tests.support.compiling import plain, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")
RNG = np.random.default_rng(0)
OPTIMIZERS = {
    "SGD": (optim.SGD, {}),
    "SGD, decay": (optim.SGD, {"weight_decay": 0.1}),
    "SGD, momentum": (optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "SGD, upwards": (optim.SGD, {"maximize": True}),
    "Adam": (optim.Adam, {}),
    "Adam, one beta": (optim.Adam, {"betas": (0.9, 0.9)}),
    "Adam, the largest": (optim.Adam, {"amsgrad": True}),
    "AdamW": (optim.AdamW, {"weight_decay": 0.1}),
    "RMSprop": (optim.RMSprop, {"centered": True, "momentum": 0.5}),
    "Adagrad": (optim.Adagrad, {}),
    "Adadelta": (optim.Adadelta, {}),
    "Adamax": (optim.Adamax, {}),
    "NAdam": (optim.NAdam, {}),
    "RAdam": (optim.RAdam, {}),
    "Rprop": (optim.Rprop, {}),
}


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def of_optimizer(program):
    """The steps of the program that an optimiser makes."""
    return [
        s
        for s in program.plan.steps
        if s.label.startswith(("SGD", "Ada", "RMS", "NAdam", "RAdam", "Rprop"))
    ]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])  # of the data
def test_updates_are_those_of_each_parameter(name, dtype):
    kind, options = OPTIMIZERS[name]
    model, twin = network(), network()
    twin.load_state_dict(model.state_dict())
    opts = [kind(m.parameters(), lr=0.1, **options) for m in (model, twin)]
    step, eager = (training_step(m, o, lambda out: (out**2).mean()) for m, o in zip((model, twin), opts))
    act = autograd.compile(step, state=(model, opts[0]), strict=True)
    kept = []
    for k in range(10):
        x = RNG.standard_normal((6, 3)).astype(dtype)
        assert same(plain(act(x)), plain(eager(x)))
        for p, q in zip(model.parameters(), twin.parameters(), strict=True):
            assert same(plain(p), plain(q))
            assert same(plain(p.grad), plain(q.grad))
        assert same(plain(opts[0].state_dict()), plain(opts[1].state_dict()))
        if k == 6:  # gradients that are held stay as they are
            kept = [(p.grad, p.grad.numpy().copy(), p.grad.numpy()) for p in model.parameters()]
    assert act.replays >= 4
    for grad, values, seen in kept:
        assert np.array_equal(grad.numpy(), values)
        assert np.array_equal(seen, values)


@pytest.mark.parametrize(
    ("name", "calls"), [("SGD", 2), ("SGD, momentum", 6), ("Adam", 13), ("RMSprop", 17)]
)
def test_an_update_is_one_for_all_parameters(name, calls):
    kind, options = OPTIMIZERS[name]
    model = network()
    opt = kind(model.parameters(), lr=0.1, **options)
    act = autograd.compile(
        training_step(model, opt, lambda out: (out**2).mean()), state=(model, opt), strict=True
    )
    for _ in range(5):
        act(RNG.standard_normal((6, 3)).astype(np.float32))
    assert len(of_optimizer(act)) == calls


def test_groups_with_other_options_are_apart():
    model = network()
    first, last = model[0], model[2]
    groups = [{"params": first.parameters()}, {"params": last.parameters(), "lr": 0.2, "momentum": 0.9}]
    opt = optim.SGD(groups, lr=0.1)
    act = autograd.compile(
        training_step(model, opt, lambda out: (out**2).mean()), state=(model, opt), strict=True
    )
    for _ in range(5):
        act(RNG.standard_normal((6, 3)).astype(np.float32))
    assert [s.fn for s in of_optimizer(act)] == [
        np.multiply, np.subtract, np.multiply, np.add, np.multiply, np.subtract,
    ]  # fmt: skip


def test_what_is_large_is_updated_alone():
    model = nn.Sequential(nn.Linear(100, 50), nn.Tanh(), nn.Linear(50, 2))
    opt = optim.SGD(model.parameters(), lr=0.1)
    act = autograd.compile(
        training_step(model, opt, lambda out: (out**2).mean()), state=(model, opt), strict=True
    )
    for _ in range(5):
        act(RNG.standard_normal((6, 100)).astype(np.float32))
    sizes = sorted(s.options["out"].size for s in of_optimizer(act) if s.fn is np.subtract)
    assert sizes == [50 + 100 + 2, 5000]


def test_no_more_lie_together_than_are_small():
    w = [autograd.tensor(np.full(2000, k + 1.0), requires_grad=True) for k in range(3)]
    opt = optim.SGD(w, lr=0.1)
    step = training_step(lambda x: w[0] * w[1] * w[2] * x, opt, lambda out: out.sum())
    act = autograd.compile(step, state=(w, opt), strict=True)
    for k in range(5):
        act(np.full(2000, float(k)))
    assert [s.options["out"].size for s in of_optimizer(act) if s.fn is np.subtract] == [4000, 2000]


class Updates:
    """Steps that subtract a multiple of its gradient from each of two parameters."""

    def __init__(self):
        self.recording = Recording()
        self.p = [self.of(np.zeros(3), STATE) for _ in range(2)]
        self.rate = self.of(np.array(0.5), CONSTANT)
        self.x = self.of(np.ones((3, 3)), CONSTANT)
        self.g, self.t = ([self.recording.room((3,), np.dtype(float)) for _ in range(2)] for _ in range(2))
        self.other = self.recording.room((3,), np.dtype(float))

    def of(self, array, kind):
        operand = self.recording.constant(array)
        self.recording.roots[operand.root].kind = kind
        return operand

    def update(self, k):
        p, g, t = self.p[k], self.g[k], self.t[k]
        return [
            Instruction(np.multiply, (g, self.rate), {"out": t}, writes=(t,)),
            Instruction(np.subtract, (p, t), {"out": p}, writes=(p,)),
        ]

    def gradient(self, k):
        return Instruction(np.dot, (self.x, self.other), {}, results=self.g[k])

    def joined(self, steps, ends=()):
        lasting = {g.root: None for g in self.g}
        movable = {p.root for p in self.p}
        return abreast(steps, self.recording, lasting, {*lasting, *(o.root for o in ends)}, movable).steps


def test_updates_are_joined_where_nothing_is_between():
    u = Updates()
    steps = [u.gradient(0), u.gradient(1), *u.update(0), *u.update(1)]
    assert [s.fn for s in u.joined(steps)] == [np.dot, np.dot, np.multiply, np.subtract]
    assert u.joined(steps)[-1].writes[0].size == 6


@pytest.mark.parametrize("between", ["gradient", "read", "written", "effect"])
def test_updates_stay_apart_where_something_is_between(between):
    u = Updates()
    here = {
        "gradient": u.gradient(1),
        "read": Instruction(np.dot, (u.x, u.p[1]), {}, results=u.other),
        "written": Instruction(np.dot, (u.x, u.p[0]), {"out": u.p[1]}, writes=(u.p[1],)),
        "effect": Instruction(print, (), {}, kind="effect"),
    }[between]
    before = [u.gradient(0)] if between == "gradient" else [u.gradient(0), u.gradient(1)]
    steps = [*before, *u.update(0), here, *u.update(1)]
    assert [s.fn for s in u.joined(steps)] == [s.fn for s in steps]


def test_updates_stay_apart_whose_products_are_read_at_the_end():
    u = Updates()
    steps = [u.gradient(0), u.gradient(1), *u.update(0), *u.update(1)]
    assert u.joined(steps, ends=[u.t[1]]) == steps


def test_clipped_gradients_are_updated_as_they_are():
    def run(compile_it):
        nn.manual_seed(0)
        model = network()
        opt = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

        def step(x):
            opt.zero_grad()
            (model(x) ** 2).sum().backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            opt.step()
            return norm

        act = autograd.compile(step, state=(model, opt), strict=True) if compile_it else step
        rng = np.random.default_rng(1)
        found = [plain(act(rng.standard_normal((5, 3)).astype(np.float32))) for _ in range(8)]
        return [
            *found,
            *(plain(p) for p in model.parameters()),
            *(plain(p.grad) for p in model.parameters()),
        ]

    assert same(run(True), run(False))


@pytest.mark.parametrize("written", [False, True])
def test_a_copy_of_one_element_of_what_is_updated_stays(written):
    """It would be read where it comes from, which is written by the name of the block."""
    recording = Recording()
    parameter, block = (recording.constant(np.zeros(n)) for n in (1, 3))
    for o in (parameter, block):
        recording.roots[o.root].kind = STATE
    old, found = (recording.room((1,), np.dtype(float)) for _ in range(2))
    steps = [Instruction(np.copyto, (old, parameter), {}, writes=(old,))]
    if written:
        steps.append(Instruction(np.multiply, (block, 0.5), {"out": block}, writes=(block,)))
    steps.append(Instruction(np.multiply, (old, 2.0), {}, results=found))
    kept = hastened(steps, recording, {found.root})
    assert any(s.fn is np.copyto for s in kept) is written
