"""What a function reads besides its arguments changes: no program may go on as if it had not."""

from __future__ import annotations

import itertools
import os
import random
import sys
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import tensor
from autograd.compiling import looking
from autograd.compiling.effects import Effects
from autograd.compiling.verify import KERNELS, LAYOUTS, agree
from autograd.errors import CompileError
from tests.support.compiling import plain, quietly, same, training_step

pytestmark = pytest.mark.usefixtures("numpy_alone")

ROWS = (np.arange(12.0).reshape(3, 4) / 7).astype(np.float32)
CLASSES = np.array([0, 1, 2])
ONES = np.ones(3)
factor = 1.0
setting = types.ModuleType("setting")
setting.factor = 1.0


class Holder:
    """Something of the user's with attributes."""

    shared = 1.0

    def __init__(self):
        self.value, self.inner, self.items = 1.0, types.SimpleNamespace(value=1.0), [1.0]

    def scaled(self, x):
        return x * self.value

    def __call__(self, x):
        return x * self.items[0]


def through(value):
    return value * factor


# ---------------------------------------------------------------- what is read by name
# Each case gives a function and what changes something that it reads.


def array():
    a = np.ones(3)
    return lambda x: x * a, lambda: a.__setitem__(0, 5.0)


def large_array():
    a = np.ones(20000)
    return lambda x: x * (a * 2)[0], lambda: a.__setitem__(0, 5.0)


def array_in_a_list():
    a = [np.ones(20000)]
    return lambda x: x * (a[0] * 2)[0], lambda: a[0].__setitem__(0, 5.0)


def value_of_a_tensor():
    t = tensor(np.ones(3))
    return lambda x: x * t, lambda: t.__setitem__(0, 5.0)


def memory_of_a_tensor():
    t = tensor(np.ones(3))
    return lambda x: x * (t * 2), lambda: t.data.__setitem__(0, 5.0)


def number_in_a_dict():
    d = {"k": 1.0}
    return lambda x: x * d["k"], lambda: d.update(k=5.0)


def long_list():
    values = [1.0] * 100
    return lambda x: x * values[70], lambda: values.__setitem__(70, 5.0)


def size_of_a_set():
    s = {1}
    return lambda x: x * len(s), lambda: s.add(2)


def attribute():
    h = Holder()
    return lambda x: x * h.value, lambda: setattr(h, "value", 5.0)


def attribute_of_an_attribute():
    h = Holder()
    return lambda x: x * h.inner.value, lambda: setattr(h.inner, "value", 5.0)


def attribute_of_a_class():
    class Local:
        value = 1.0

    return lambda x: x * Local.value, lambda: setattr(Local, "value", 5.0)


def bound_method():
    h = Holder()
    return h.scaled, lambda: setattr(h, "value", 5.0)


def callable_object():
    h = Holder()
    return h, lambda: h.items.__setitem__(0, 5.0)


def default_argument():
    a = np.ones(3)

    def fn(x, a=a, *, b=[1.0]):  # noqa: B006 - what is tested
        return x * a * b[0]

    return fn, lambda: fn.__kwdefaults__["b"].__setitem__(0, 5.0)


def other_defaults():
    def fn(x, a=1.0):
        return x * a

    return fn, lambda: setattr(fn, "__defaults__", (5.0,))


def name_in_a_module():
    return lambda x: x * setting.factor, lambda: setattr(setting, "factor", setting.factor + 4)


def name_that_a_helper_reads():
    def change():
        global factor
        factor += 4.0

    return lambda x: through(x), change


def closure_of_what_is_differentiated():
    a = np.ones(3)
    return autograd.grad(lambda x: (x**2 * a).sum()), lambda: a.__setitem__(0, 5.0)


def sign_of_zero():
    zero = [0.0]
    return lambda x: np.copysign(x, zero[0]), lambda: zero.__setitem__(0, -0.0)


NAMED = [
    array, large_array, array_in_a_list, value_of_a_tensor, memory_of_a_tensor, number_in_a_dict, long_list,
    size_of_a_set, attribute, attribute_of_an_attribute, attribute_of_a_class, bound_method,
    callable_object, default_argument, other_defaults, name_in_a_module, name_that_a_helper_reads,
    closure_of_what_is_differentiated, sign_of_zero,
]  # fmt: skip


@pytest.mark.parametrize("case", NAMED, ids=lambda c: c.__name__)
def test_what_is_read_by_name_may_change(case):
    fn, change = case()
    program = autograd.compile(fn)
    for i in range(9):
        if i == 5:
            change()
        assert same(plain(quietly(program, ONES)), plain(fn(ONES)))
    assert program.replays >= 2


# ---------------------------------------------------------------- models and optimisers


class Scaled(nn.Module):
    """A layer that reads attributes of several kinds."""

    def __init__(self):
        super().__init__()
        self.layer, self.options, self.factors = nn.Linear(5, 3), {"k": 1.0}, [1.0]
        self.array, self.extra, self.activation = (
            np.ones(3, np.float32),
            types.SimpleNamespace(k=1.0),
            np.tanh,
        )

    def forward(self, x):
        scale = self.options["k"] * self.factors[0] * self.extra.k
        return self.activation(self.layer(x)) * self.array * scale


def build(optimizer):
    nn.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.BatchNorm1d(5), Scaled())
    return model, optimizer(model.parameters())


def sgd(parameters):
    return optim.SGD(parameters, lr=0.1)


def heavy(parameters):
    return optim.SGD(parameters, lr=0.1, momentum=0.9)


def adam(parameters):
    return optim.Adam(parameters, lr=0.1)


def option(name, value):
    def change(model, opt):
        opt.param_groups[0][name] = value

    return change


def doubled(module, args, out):
    return out * 2


def swapped(model, opt):
    nn.manual_seed(9)
    model[0] = nn.Linear(4, 5)


def emptied(model, opt):
    opt.load_state_dict({"state": {}, "param_groups": opt.state_dict()["param_groups"]})


def replaced(model, opt):
    model[0].weight.data = np.full((5, 4), 0.1, np.float32)


def written(model, opt):
    model[0].weight.data[0] = 0.5


def fewer(model, opt):
    opt.param_groups[0]["params"].pop()


CHANGES = {
    "lr": (sgd, option("lr", 0.5)),
    "weight decay": (sgd, option("weight_decay", 0.1)),
    "momentum": (sgd, option("momentum", 0.9)),
    "no momentum": (heavy, option("momentum", 0.0)),
    "nesterov": (heavy, option("nesterov", True)),
    "maximize": (adam, option("maximize", True)),
    "betas": (adam, option("betas", (0.5, 0.6))),
    "amsgrad": (adam, option("amsgrad", True)),
    "decay of Adam": (adam, option("weight_decay", 0.1)),
    "fewer parameters": (sgd, fewer),
    "state loaded": (adam, emptied),
    "frozen": (adam, lambda m, o: m[0].weight.requires_grad_(False)),
    "evaluation": (sgd, lambda m, o: m.eval()),
    "one layer's evaluation": (sgd, lambda m, o: m[1].eval()),
    "dropout": (sgd, lambda m, o: setattr(m[1], "p", 0.1)),
    "batch norm": (sgd, lambda m, o: setattr(m[2], "momentum", 0.5)),
    "a layer": (sgd, swapped),
    "another kind": (sgd, lambda m, o: m.__setitem__(1, nn.ReLU())),
    "dtype": (sgd, lambda m, o: m.to(np.float64)),
    "data": (sgd, replaced),
    "data in place": (sgd, written),
    "forward hook": (sgd, lambda m, o: m[0].register_forward_hook(doubled)),
    "pre-hook": (sgd, lambda m, o: m[0].register_forward_pre_hook(lambda m, a: (a[0] * 2,))),
    "backward hook": (sgd, lambda m, o: m[2].register_full_backward_hook(lambda m, i, o: (i[0] * 2,))),
    "hook of a parameter": (sgd, lambda m, o: m[0].weight.register_hook(lambda g: g * 2)),
    "dict of a module": (sgd, lambda m, o: m[3].options.update(k=3.0)),
    "list of a module": (sgd, lambda m, o: m[3].factors.__setitem__(0, 3.0)),
    "object of a module": (sgd, lambda m, o: setattr(m[3].extra, "k", 3.0)),
    "array of a module": (sgd, lambda m, o: m[3].array.__setitem__(0, 3.0)),
    "another array": (sgd, lambda m, o: setattr(m[3], "array", np.full(3, 2, np.float32))),
    "function of a module": (sgd, lambda m, o: setattr(m[3], "activation", np.sin)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_models_and_optimisers_may_change(name):
    optimizer, change = CHANGES[name]

    def run(compile_it):
        model, opt = build(optimizer)

        step = training_step(model, opt)
        act = autograd.compile(step, state=(model, opt), strict=True) if compile_it else step
        found = []
        for i in range(12):
            if i == 6:
                change(model, opt)
            found.append(plain(act(ROWS, CLASSES)))
        found += [plain(p.detach()) for p in model.parameters()]
        return found, act

    (wanted, _), (found, program) = run(False), run(True)
    assert same(wanted, found)
    assert program.replays >= 1


def test_gradients_may_be_changed_between_runs():
    def run(compile_it):
        nn.manual_seed(0)
        layer = nn.Linear(4, 3)

        def accumulate(x):
            (layer(x) ** 2).sum().backward()

        act = autograd.compile(accumulate, state=layer, strict=True) if compile_it else accumulate
        found = []
        for i in range(10):
            act(ROWS)
            if i % 2:
                layer.weight.grad *= 0.5
            if i == 6:
                layer.weight.grad.data[0] = 3.0
            if i == 8:
                layer.weight.grad = None
            found.append(plain(layer.bias.grad))
            found.append(None if layer.weight.grad is None else plain(layer.weight.grad))
        return found

    assert same(run(False), run(True))


# ---------------------------------------------------------------- what is refused, with its line


def drawn_by_numpy():
    return lambda x: x + np.random.rand(3), "generator"


def drawn_by_python():
    return lambda x: x + random.random(), "generator"


def drawn_by_an_instance():
    source = random.Random(0)
    return lambda x: x + source.random(), "generator"


def drawn_by_a_generator_in_a_list():
    source = [np.random.default_rng(0)]
    return lambda x: x + source[0].integers(0, 2), "generator"


def clock():
    return lambda x: x + time.time() * 0, "outside the program"


def environment():
    return lambda x: x * len(os.environ["PATH"]), "outside the program"


def file(path=__file__):
    def fn(x):
        with open(path) as f:
            return x * len(f.read())

    return fn, "outside the program"


def printed():
    def fn(x):
        print("seen")
        return x * 2

    return fn, "outside the program"


def printed_by_a_ufunc_of_python():
    tell = np.frompyfunc(lambda value: print("seen") or value, 1, 1)
    return lambda x: x * tell(x).astype(np.float32), "outside the program"


def printed_along_an_axis():
    return lambda x: x * np.apply_along_axis(lambda row: print("seen") or row, 0, x), "outside the program"


def iterator():
    numbers = itertools.cycle([1, 1, 1, 2])
    return lambda x: x * next(numbers), "iterator"


def argument_written():
    def fn(x):
        x += 1
        return x * 2

    return fn, "written in place"


def live_result():
    layer = nn.Linear(3, 2)
    return lambda x: layer(x), "not named in state="


REFUSED = [
    drawn_by_numpy, drawn_by_python, drawn_by_an_instance, drawn_by_a_generator_in_a_list, clock,
    environment, file, printed, printed_by_a_ufunc_of_python, printed_along_an_axis, iterator,
    argument_written, live_result,
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c.__name__)
def test_what_a_program_cannot_repeat_is_refused_with_its_line(case):
    fn, reason = case()
    program = autograd.compile(fn, strict=True)
    given = ONES.astype(np.float32)

    def several():
        for _ in range(3):
            program(given)

    with pytest.raises(CompileError, match=reason) as caught:
        several()
    assert "test_staleness.py:" in str(caught.value)


def test_nobody_looks_on_while_the_recorder_is_at_work(monkeypatch):
    seen = []
    event = Effects._event
    monkeypatch.setattr(Effects, "_event", lambda *args: seen.append(args[2]) or event(*args))

    def events(calls):
        def fn(x):
            for _ in range(calls):
                x = np.tanh(x)
            return x

        program = autograd.compile(fn, strict=True)
        seen.clear()
        [program(ONES) for _ in range(2)]
        return len(seen)

    few, many = events(10), events(60)
    assert few
    assert not looking.SWIFT or many - few <= 50 * 140


def test_nobody_looks_on_in_other_threads():
    with ThreadPoolExecutor(1) as pool:

        def fn(x):
            return pool.submit(lambda: np.tanh(x) * 2).result() + 1

        program = autograd.compile(fn)
        for _ in range(4):
            assert same(quietly(program, ONES), np.tanh(ONES) * 2 + 1)
        for ask in (sys.getprofile, sys.gettrace):
            assert pool.submit(ask).result() is None


def test_a_refused_draw_is_undone():
    def run(compile_it):
        np.random.seed(3)
        random.seed(3)

        def fn(x):
            return x + np.random.rand(3) * random.random()

        act = autograd.compile(fn) if compile_it else fn
        return [quietly(act, ONES) for _ in range(5)]

    assert same(plain(run(False)), plain(run(True)))


@pytest.mark.parametrize("use", ["read", "set"])
def test_options_of_an_optimiser_are_its_own(use):
    model, opt = build(sgd)

    def step(x, y):
        if use == "set":
            opt.param_groups[0]["lr"] = 0.2
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss.detach() * opt.param_groups[0]["lr"]

    program = autograd.compile(step, state=(model, opt), strict=True)
    program(ROWS, CLASSES)
    with pytest.raises(CompileError, match=r"test_staleness.py:.*an option of an optimiser is read or set"):
        program(ROWS, CLASSES)
    assert type(opt.param_groups[0]) is dict


def test_a_result_with_a_history_is_refused():
    layer = nn.Linear(4, 2)
    program = autograd.compile(lambda x: layer(x), state=layer)
    for _ in range(4):
        quietly(program, ROWS).sum().backward()
    assert "detach() it" in program._eager


# ---------------------------------------------------------------- values that leak

KEEPER = types.ModuleType("numpy.keeper")  # no name leads to what it keeps


def leaking(z):
    sys.modules["numpy.keeper"].leaked = (np.tanh(z) ** 2).sum()
    return (z**3).sum()


LEAKING = {
    "plain": leaking,
    "hvp": lambda x: autograd.hvp(leaking)(x, x),
    "hessian": lambda x: autograd.hessian(leaking)(x),
    "jvp": lambda x: autograd.jvp(leaking, (x,), (x,)),
    "vmap": lambda x: autograd.vmap(leaking)(x[None]),
}


@pytest.mark.parametrize("name", LEAKING)
def test_values_that_leak_are_refused_at_the_line_that_computes_them(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "numpy.keeper", KEEPER)
    program = autograd.compile(LEAKING[name], strict=True)
    program(ONES)
    with pytest.raises(CompileError, match="still held outside") as caught:
        program(ONES)
    line = leaking.__code__.co_firstlineno + 1
    assert f"test_staleness.py:{line}: " in str(caught.value)


def test_what_leaked_is_as_in_an_eager_run(monkeypatch):
    """Its values are real, and so is what its graph has saved."""
    monkeypatch.setitem(sys.modules, "numpy.keeper", KEEPER)
    layer = nn.Linear(4, 3)
    program = autograd.compile(lambda x: leaking(layer(x)).detach(), state=layer)
    for _ in range(3):
        layer.zero_grad()
        quietly(program, ROWS)
        KEEPER.leaked.backward()
        found = plain(layer.weight.grad)
        layer.zero_grad()
        (np.tanh(layer(ROWS)) ** 2).sum().backward()
        assert same(found, plain(layer.weight.grad))


def test_what_is_released_says_that_it_may_have_leaked(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy.keeper", KEEPER)
    autograd.hvp(leaking)(ONES, ONES)
    with pytest.raises(autograd.errors.GraphFreedError, match="leaked out of a function under"):
        KEEPER.leaked.backward()


dead = None


def test_a_name_of_an_example_whose_vmap_has_ended(monkeypatch):
    def keep(x):
        monkeypatch.setitem(globals(), "dead", x * 2)
        return x * 3

    autograd.vmap(keep)(np.ones((2, 3)))
    program = autograd.compile(lambda x: x * 2 if dead is not None else x, strict=True)
    for _ in range(5):
        assert same(plain(program(ONES)), ONES * 2)
    assert program.replays


# ---------------------------------------------------------------- arguments


def arguments():
    a = np.arange(24.0).reshape(4, 6)
    locked = a.copy()
    locked.flags.writeable = False
    views = [a, a[::-1], a[:, ::-1], a.T, a[::2, ::3], np.asfortranarray(a), a.astype(">f8"), locked]
    views += [np.zeros((0, 6)), np.broadcast_to(a[0], (4, 6)), a[:, ::-2], a.astype(np.float32)]
    return [(f"array {i}", (lambda x: x.sum(0) * 2 + x), (v,)) for i, v in enumerate(views)]


def with_columns(x):
    y = x * 1
    y[0] = y[1] * 2
    y[:, 1:] += x[:, :1]
    y *= 0.5
    return y


KINDS = [
    *arguments(),
    *[(f"number {v!r}", lambda x: x * 2, (v,)) for v in (np.array(2.0), np.float64(2), tensor(2.0), 2.0)],
    *[(f"static {v!r}", lambda x, y: x * y, (ONES, v)) for v in (True, 1, 1.0, float("nan"), -0.0, 0.0)],
    *[("set", lambda x, s: x * len(s), (ONES, s)) for s in ({1}, {1, 2})],
    ("nested", lambda d: {"a": d["x"][0] * d["k"], "b": [None]}, ({"x": (ONES, ONES), "k": 2.0},)),
    ("results", lambda x: (x.shape[0], None, "a", 2.5, True, x.dtype), (ONES,)),
    ("views", lambda x: (lambda y: (y, y[1:], y[::-1], y))(x * 2), (ONES,)),
    ("large views", lambda x: (lambda y: (y[1:], y.reshape(100, -1).T))(x * 2), (np.arange(3000.0),)),
    ("orders", lambda x: (x.T, x.transpose(1, 2, 0) * 2, (x + 1)[::-1].T), (np.ones((2, 3, 4)),)),
    ("written in columns", with_columns, (np.ones((3, 4), order="F"),)),
    ("large in columns", lambda x: (x.T * 2, x.T @ x), (np.ones((90, 80)),)),
    ("element", lambda x: (x[:1, 0] * 2)[None], (np.ones((2, 2)),)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fn", "args"), KINDS, ids=[k[0] for k in KINDS])
def test_kinds_of_arguments_and_results(name, fn, args):
    program = autograd.compile(fn)
    held, wanted = [], []
    for i in range(5):
        given = [a * (i + 1) if isinstance(a, np.ndarray) and a.flags.writeable else a for a in args]
        held.append(program(*given))
        wanted.append(fn(*given))
    assert all(same(plain(w), plain(h)) for w, h in zip(wanted, held, strict=True))
    assert program.replays >= 2 or program._eager


def test_one_program_knows_its_arguments_apart():
    p, q = tensor(np.arange(3.0)), tensor(np.arange(3.0) + 5)
    program = autograd.compile(lambda t: t * 2 + p, state=(p, q), strict=True)
    for t in [p, p, p, p, q, q, q, q, tensor(ONES), p, q]:
        assert same(plain(program(t)), plain(t * 2 + p))


@pytest.mark.parametrize("kind", ["array", "view", "tensor"])
def test_an_argument_may_be_memory_of_the_state(kind):
    def run(compile_it):
        p = tensor(np.arange(4.0))

        def fn(q):
            p[...] = p * 0.5
            return q * 2

        act = autograd.compile(fn, state=p) if compile_it else fn
        views = {"array": lambda: p.data, "view": lambda: p.data[1:], "tensor": lambda: p[1:]}
        return [plain(quietly(act, views[kind]())) for _ in range(6)]

    assert same(run(False), run(True))


# ---------------------------------------------------------------- errors, threads, nesting


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
        model, opt = build(heavy)

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
    model, opt = build(adam)
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


def test_two_threads_share_a_program():
    program = autograd.compile(lambda x: (np.tanh(x) * 2 + x).cumsum() * 3, strict=True)
    wrong = []

    def work(seed):
        x = np.random.default_rng(seed).normal(size=2000)
        wanted = (np.tanh(x) * 2 + x).cumsum() * 3
        for _ in range(200):
            if not np.array_equal(program(x), wanted):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert program.replays > 500


def test_compiled_functions_call_each_other():
    inner = autograd.compile(lambda x: x * 2 + 1, strict=True)
    outer = autograd.compile(lambda x: inner(x) * 3, strict=True)

    def falling(x, n):
        return x if n == 0 else again(x * n, n - 1)

    again = autograd.compile(falling)
    for i in range(8):
        assert same(plain(outer(ONES * i)), (ONES * i * 2 + 1) * 3)
        assert same(plain(again(ONES * i, 3)), ONES * i * 6)


def cube(x):
    return (x**3).sum()


def test_transforms_of_a_compiled_function():
    program = autograd.compile(cube)
    x, xs = np.arange(3.0), np.arange(6.0).reshape(2, 3)
    for _ in range(5):
        assert same(plain(program(x)), plain(cube(x)))
        assert same(autograd.grad(program)(x), 3 * x**2)
        assert same(plain(autograd.vmap(program)(xs)), plain(autograd.vmap(cube)(xs)))
        assert same(plain(autograd.jvp(program, (x,), (ONES,))[1]), plain((3 * x**2).sum()))
        with autograd.record():
            assert same(plain(program(x)), plain(cube(x)))
    assert program.replays


# ---------------------------------------------------------------- functions that become others

offset = 0.0


def by_factor(x):
    return x * factor


def by_offset(x):
    return x + offset


def chosen(x):
    return x


def same_as(compiled, f, x):
    for k in range(1, 6):
        np.testing.assert_array_equal(compiled(k * x), f(k * x))


def test_a_helper_that_is_another_which_reads_other_names(monkeypatch):
    monkeypatch.setitem(globals(), "factor", 1.0)
    monkeypatch.setitem(globals(), "chosen", by_factor)
    compiled = autograd.compile(lambda x: chosen(x) * 2, strict=True)
    same_as(compiled, lambda x: x * 2, ONES)
    monkeypatch.setitem(globals(), "chosen", by_offset)
    same_as(compiled, lambda x: x * 2, ONES)
    monkeypatch.setitem(globals(), "offset", 5.0)
    same_as(compiled, lambda x: (x + 5) * 2, ONES)
    monkeypatch.setitem(globals(), "chosen", by_factor)
    monkeypatch.setitem(globals(), "factor", 3.0)
    same_as(compiled, lambda x: x * 6, ONES)
    assert compiled.replays > 4


def test_other_code_of_a_function():
    def inner(x):
        return x * 2

    def outer(x):
        return inner(x) + 1

    compiled = autograd.compile(outer, strict=True)
    same_as(compiled, lambda x: x * 2 + 1, ONES)
    inner.__code__ = (lambda x: x * 7).__code__
    same_as(compiled, lambda x: x * 7 + 1, ONES)
    plain_one = lambda x: x - 1
    compiled = autograd.compile(plain_one, strict=True)
    same_as(compiled, lambda x: x - 1, ONES)
    plain_one.__code__ = (lambda x: x - 4).__code__
    same_as(compiled, lambda x: x - 4, ONES)


def test_a_loss_outside_of_the_state():
    loss_of = nn.CrossEntropyLoss()
    compiled = autograd.compile(lambda x: loss_of(x, CLASSES), strict=True)
    same_as(compiled, lambda x: F.cross_entropy(x, CLASSES), tensor(ROWS))
    loss_of.reduction = "sum"
    same_as(compiled, lambda x: F.cross_entropy(x, CLASSES, reduction="sum"), tensor(ROWS))


def test_an_error_state_that_raises_inside_is_refused():
    def inverse(x):
        with np.errstate(divide="raise"):
            return 1 / x

    program = autograd.compile(inverse)
    program(np.ones(3))
    with pytest.warns(RuntimeWarning, match="return 1 / x: numpy.errstate has values raise"):
        program(np.ones(3))
    with pytest.raises(FloatingPointError):
        program(np.zeros(3))


def test_an_optimiser_that_is_not_named_is_refused_at_its_line():
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()

    program = autograd.compile(step, state=model)
    program(np.ones((4, 3), np.float32))
    with pytest.warns(RuntimeWarning, match=r"optimizer.step\(\): .*name whose it is in state="):
        program(np.ones((4, 3), np.float32))


def test_what_counts_as_rounding():
    large, small = np.ones(3), np.full(3, 1e-9)
    assert agree([large, small], [large * (1 + 1e-15), small], LAYOUTS)
    assert not agree([large], [large * (1 + 1e-13)], LAYOUTS)
    assert not agree([large, small], [large, small * 1.001], LAYOUTS)  # whatever stands beside it
    assert agree([large, small], [large, small * (1 + 1e-4)], KERNELS)
    assert not agree([large], [large * (1 + 1e-15)])
