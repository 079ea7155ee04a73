"""Calls of a program that has run before: what happens between two of them, and what they are handed."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import no_grad, tensor
from autograd.compiling import compiled
from autograd.errors import CompileError
from tests.support.compiling import plain, quietly, same

pytestmark = pytest.mark.usefixtures("numpy_alone")

X = (np.arange(24.0).reshape(6, 4) / 7).astype(np.float32)
Y = np.array([0, 1, 2, 1, 0, 2])
CALLS = 12


class Training:
    """A model, its optimiser and one step of training, compiled or not."""

    def __init__(self, use, optimizer):
        nn.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
        self.weight = self.model[0].weight
        self.opt = optimizer(self.model.parameters())
        self.held, self.found = [], []

        def step(x, y):
            self.opt.zero_grad()
            loss = F.cross_entropy(self.model(x), y)
            loss.backward()
            self.opt.step()
            return loss

        opt, model = self.opt, self.model

        def stepped(x, y):
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            return loss

        self.eager = step
        self.step = autograd.compile(stepped, state=(model, opt), strict=True) if use else stepped

    def results(self):
        states = [slot.step for slot in self.opt._slots.values()]
        grads = [p.grad for p in self.model.parameters()]
        return plain([*self.found, *(p.detach() for p in self.model.parameters()), *grads, *states])


def sgd(parameters):
    return optim.SGD(parameters, lr=0.1)


def momentum(parameters):
    return optim.SGD(parameters, lr=0.1, momentum=0.9)


def adam(parameters):
    return optim.Adam(parameters, lr=0.01)


# Each is called before each step: with the training and the number of the step.


def nothing(t, i):
    pass


def state_is_loaded(t, i):
    if i == 4:
        t.held.append(t.opt.state_dict())
    if i in (7, 9):
        t.opt.load_state_dict(t.held[0])


def state_of_new_slots_is_loaded(t, i):
    if i == 6:
        t.opt.load_state_dict(t.opt.state_dict())


def rate_is_set(t, i):
    if i > 5:
        t.opt.param_groups[0]["lr"] = 0.1 / i


def rate_goes_back_and_forth(t, i):
    t.opt.param_groups[0]["lr"] = (0.1, 0.01)[i % 2]


def rate_comes_back(t, i):
    """It is another for one call, before which something else happens, not for the first time."""
    t.opt.param_groups[0]["lr"] = 0.5 if i == 7 else 0.1
    if i in (5, 6, 7):
        t.model.train()


def decay_is_switched_on(t, i):
    if i == 6:
        t.opt.param_groups[0]["weight_decay"] = 0.1


def group_is_replaced(t, i):
    if i == 6:
        t.opt.param_groups[0] = dict(t.opt.param_groups[0], lr=0.5)


def groups_are_replaced(t, i):
    if i == 6:
        t.opt.param_groups = [dict(t.opt.param_groups[0], lr=0.5)]


def group_is_added(t, i):
    if i == 6:
        extra = tensor(np.ones(3, np.float32), requires_grad=True)
        t.model[2].bias = nn.Parameter(extra.data)
        t.opt.add_param_group({"params": [t.model[2].bias], "lr": 0.5})


def parameter_leaves_a_group(t, i):
    if i == 6:
        t.opt.param_groups[0]["params"].pop()


def parameter_is_frozen_and_thawed(t, i):
    if i in (5, 9):
        t.weight.requires_grad_(i == 9)


def node_is_made_anew(t, i):
    if i == 6:
        t.weight.requires_grad_(False)
        t.weight.requires_grad_(True)


def weights_are_written(t, i):
    if i in (5, 8):
        t.weight.data[0] = 0.5


def weights_are_replaced(t, i):
    if i == 6:
        t.weight.data = np.ones((5, 4), np.float32)


def weights_take_another_layout(t, i):
    if i == 6:
        t.weight.data = np.asfortranarray(np.ones((5, 4), np.float32))


def memory_is_held(t, i):
    if i in (1, 2, 5, 8):
        t.held.append(t.weight.data)
    t.found.append(np.array(t.held[-1]) if t.held else None)


def graphs_are_held(t, i):
    t.held.append((t.weight**2).sum())
    if i == CALLS - 1:
        t.opt.zero_grad()
        for value in t.held:
            value.backward()
            t.found.append(np.array(t.weight.grad._data))


def graphs_over_handed_out_memory_are_held(t, i):
    if i == 5:
        t.memory = t.weight.data
    graphs_are_held(t, i)


def graph_takes_the_place_of_a_hold(t, i):
    if i == 3:
        t.memory = t.weight.data
    if i == 8:
        t.held.append((t.weight**3).sum())
        del t.memory
    if i == 11:
        t.opt.zero_grad()
        t.held[0].backward()
        t.found.append(np.array(t.weight.grad._data))


def views_are_held(t, i):
    if i in (2, 6):
        t.held += [t.weight[0], t.weight.detach()[1:], t.weight.detach().T]
    if i == CALLS - 1:
        t.found += [np.array(v._data) for v in t.held]


def gradients_are_held(t, i):
    t.held.append(t.weight.grad)
    if i == CALLS - 1:
        t.found += [np.array(g._data) for g in t.held if g is not None]


def memory_of_gradients_is_held(t, i):
    if t.weight.grad is not None:
        t.held.append(t.weight.grad.data)
    if i == CALLS - 1:
        t.found += [np.array(g) for g in t.held]


def gradients_are_saved_by_graphs(t, i):
    other = tensor(np.full((5, 4), 2.0, np.float32), requires_grad=True)
    if t.weight.grad is not None:
        t.held.append((other, (t.weight.grad * other).sum()))
    if i == CALLS - 1:
        for other, value in t.held:
            value.backward()
            t.found.append(np.array(other.grad._data))


def gradients_are_reset(t, i):
    if i in (4, 7, 8):
        t.model.zero_grad()
    if i == 6:
        t.weight.grad = tensor(np.ones((5, 4), np.float32))


def hook_is_added_and_removed(t, i):
    if i == 5:
        t.hook = t.weight.register_hook(lambda g: g * 2)
    if i == 9:
        t.hook.remove()


def module_hook_is_added(t, i):
    if i == 6:
        t.model[1].register_forward_hook(lambda module, args, out: out * 2)


def layer_is_replaced(t, i):
    if i == 6:
        t.model[1] = nn.Sigmoid()


def dtype_changes(t, i):
    if i == 6:
        t.opt.zero_grad()
        t.model.to(np.float64)
        t.opt.param_groups[0]["params"][:] = list(t.model.parameters())
        t.opt._slots = {}


def what_is_kept_takes_another_dtype_later(t, i):
    if i == 6:
        t.opt.zero_grad()
        t.model.to(np.float64)
    if i == 9:
        t.opt.load_state_dict(t.opt.state_dict())


def modes_change(t, i):
    t.model.train(i % 3 > 0)


def copy_is_trained(t, i):
    if i == 6:
        model, opt = copy.deepcopy((t.model, sgd(t.model.parameters())))
        opt = sgd(model.parameters())
        for _ in range(3):
            opt.zero_grad()
            F.cross_entropy(model(X), Y).backward()
            opt.step()
        t.found += [np.array(p._data) for p in model.parameters()]


def eager_steps_come_between(t, i):
    if i in (4, 5, 8):
        t.found.append(t.eager(X * 2, Y))


def step_fails(t, i):
    if i in (5, 9):
        with pytest.raises(Exception, match="3"):
            t.step(X, Y + 3)


def other_batches_come_between(t, i):
    if i % 3 == 0:
        t.found.append(t.step(X[:4], Y[:4]))


def batches_of_other_layouts_come_between(t, i):
    t.found.append(t.step(np.asfortranarray(X) if i % 2 else X[::-1], Y[::-1].copy()))
    t.found.append(t.step(tensor(X), tensor(Y)))
    t.found.append(t.step(x=X, y=Y))
    t.found.append(t.step(y=Y, x=X))


BETWEEN = [
    nothing, state_is_loaded, state_of_new_slots_is_loaded, rate_is_set, rate_goes_back_and_forth,
    rate_comes_back, decay_is_switched_on, group_is_replaced, groups_are_replaced, group_is_added,
    parameter_leaves_a_group, parameter_is_frozen_and_thawed, node_is_made_anew, weights_are_written,
    weights_are_replaced, weights_take_another_layout, memory_is_held, graphs_are_held,
    graphs_over_handed_out_memory_are_held, graph_takes_the_place_of_a_hold, views_are_held,
    gradients_are_held, memory_of_gradients_is_held, gradients_are_saved_by_graphs, gradients_are_reset,
    hook_is_added_and_removed, module_hook_is_added, layer_is_replaced, dtype_changes,
    what_is_kept_takes_another_dtype_later, modes_change, copy_is_trained, eager_steps_come_between,
    step_fails, other_batches_come_between, batches_of_other_layouts_come_between,
]  # fmt: skip


@pytest.mark.parametrize("optimizer", [sgd, momentum, adam], ids=lambda f: f.__name__)
@pytest.mark.parametrize("between", BETWEEN, ids=lambda f: f.__name__)
def test_what_happens_between_calls(between, optimizer):
    found = []
    for use in (False, True):
        t = Training(use, optimizer)
        for i in range(CALLS):
            between(t, i)
            t.found.append(t.step(X, Y))
        found.append(t.results())
    assert same(*found)
    assert t.step.replays >= 3


# ---------------------------------------------------------------- arguments


def in_place(p, opt):
    """A function that reads its argument after it has changed the state."""

    def fn(q):
        loss = (p**2).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        return q * 2

    return fn


OF_THE_STATE = {
    "data": lambda p, opt: p.data,
    "tensor over data": lambda p, opt: autograd.Tensor(p.data),
    "asarray": lambda p, opt: np.asarray(p.detach()),
    "view": lambda p, opt: p.data[1:],
    "gradient": lambda p, opt: p.grad,
    "memory of the gradient": lambda p, opt: p.grad.data,
    "array of the optimiser": lambda p, opt: opt.state[p]["momentum_buffer"],
    "in a list": lambda p, opt: p.detach(),
}


@pytest.mark.parametrize("name", OF_THE_STATE)
def test_arguments_may_be_memory_of_the_state(name):
    found = []
    for use in (False, True):
        p = tensor(np.arange(4.0), requires_grad=True)
        opt = optim.SGD([p], lr=0.1, momentum=0.5)
        fn = in_place(p, opt)
        fn = autograd.compile(fn, state=(p, opt), strict=True) if use else fn
        results = [fn(np.ones(4)) for _ in range(4)] + [fn(tensor(np.ones(4))) for _ in range(4)]
        for _ in range(5):
            results += [fn(OF_THE_STATE[name](p, opt)), fn(np.ones(4)), fn(tensor(np.ones(3)))]
        found.append(plain(results))
    assert same(*found)


def test_masked_arrays_keep_their_meaning():
    fn = autograd.compile(lambda a: a * 2, strict=True)
    values = np.arange(4.0)
    for _ in range(5):
        fn(values)
    masked = np.ma.masked_array(values, values > 1)
    found = fn(masked)
    assert isinstance(found, np.ma.MaskedArray)
    np.testing.assert_array_equal(found.mask, masked.mask)


ARGUMENTS = [
    (X,), (X[:3],), (X.T,), (X.astype(np.float64),), (X.astype(">f4"),), (tensor(X),), (tensor(X[::2]),),
    ([X, X[:2]],), ([X],), ((X, X),), ({"a": X, "b": 2.0},), ({"b": 2.0, "a": X},), (X, 0.0), (X, -0.0),
    (X, 1), (X, True), (X, 1.0), (X, "text"), (X, None), (X, np.float32(2)), (X, np.float64(2)), (X, 0),
    (X, [1, 2.0]), (X, float("nan")), (np.array(3.0),), (X[:0],),
]  # fmt: skip


def described(*args, **options):
    """A function whose result tells its arguments apart."""
    kinds = []
    total = taken(options, taken(list(args), 1.0, kinds), kinds)
    return kinds, total


def taken(value, total, kinds):
    if isinstance(value, (np.ndarray, np.generic, autograd.Tensor)):
        return total * 2 + (value * value).sum()
    if not isinstance(value, (list, tuple, dict)):
        kinds.append(repr(value))
        return total
    kinds.append(type(value).__name__)
    for part in value.items() if isinstance(value, dict) else value:
        total = taken(part, total, kinds)
    return total


def test_arguments_are_told_apart_whatever_came_before():
    fn = autograd.compile(described, strict=True)
    rng = np.random.default_rng(0)
    for args in ARGUMENTS:
        for _ in range(4):
            fn(*args)
    for i in rng.integers(0, len(ARGUMENTS), 300):
        args = ARGUMENTS[i]
        assert same(plain(fn(*args)), plain(described(*args)))
    for options in ({"a": X, "b": X * 3}, {"b": X * 3, "a": X}, {"a": X}):
        for _ in range(6):
            assert same(plain(fn(X, **options)), plain(described(X, **options)))


def test_a_batch_is_a_view_of_the_data():
    """A view of other memory than at the call before; of the same; of the state's."""
    p = tensor(np.arange(8.0))
    data, others = np.arange(64.0).reshape(8, 8), np.ones((8, 8))
    found = []
    for use in (False, True):
        p = tensor(np.arange(8.0))

        def fn(x, p=p):
            p[...] = p * 0.5
            return x * p

        fn = autograd.compile(fn, state=p, strict=True) if use else fn
        results = [fn(data[i % 8]) for i in range(9)] + [fn(others[i % 8]) for i in range(4)]
        matrix = np.zeros((2, 8))
        p.data = matrix[1]
        results += [fn(matrix[0]), fn(matrix[1]), fn(data[0]), fn(matrix[1])]
        found.append(plain(results))
    assert same(*found)


# ---------------------------------------------------------------- results, errors, threads


def test_results_are_the_callers():
    """Containers that a function makes are made at each call."""
    fn = autograd.compile(lambda x: {"a": [1, 2], "b": x * 2}, strict=True)
    nothing_else = autograd.compile(lambda x: [1, {}], strict=True)
    for _ in range(6):
        found, other = fn(X), nothing_else(X)
        assert found["a"] == [1, 2]
        assert other == [1, {}]
        found["a"].append(3)
        found["b"][:] = 0
        other.append(3)
        other[1]["k"] = 1


def test_modes_and_transforms_between_calls():
    weight = tensor(np.ones(4), requires_grad=True)
    fn = autograd.compile(lambda x: (x * weight.detach()).sum(), state=weight, strict=True)
    for _ in range(6):
        for x in (np.arange(4.0), np.ones(4)):
            wanted = x.sum()
            assert fn(x) == wanted
            with no_grad():
                assert fn(x) == wanted
            np.testing.assert_array_equal(autograd.grad(fn)(x), np.ones(4))
            np.testing.assert_array_equal(autograd.vmap(fn)(np.stack([x, x])), [wanted, wanted])


def test_threads_call_with_their_own_modes_and_shapes():
    fn = autograd.compile(lambda x: x * x, strict=True)
    wrong = []

    def work(n):
        x = np.full(n, float(n))
        for i in range(300):
            with no_grad() if i % 7 == 0 else autograd.enable_grad():
                if not (fn(x) == n * n).all():
                    wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in (2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_batches_of_two_sizes_are_not_bound_anew():
    """The last batch of an epoch is smaller: both programs write the same arrays."""
    t = Training(True, momentum)
    for i in range(40):
        t.step(*((X, Y) if i % 5 else (X[:4], Y[:4])))
    entries = [e for es in t.step._entries.values() for _, e in es]
    assert len(entries) == 2
    assert sum(e.rebindings for e in entries) <= 2


def test_an_error_names_what_is_missing():
    fn = autograd.compile(lambda x: x, strict=True)
    with pytest.raises(CompileError, match="no program yet"):
        _ = fn.plan


class Doubling(nn.Module):
    """A module of the user's, with a method that `forward` calls."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def scaled(self, x):
        return x * 2

    def forward(self, x):
        return self.scaled(self.layer(x))


class Heir(Doubling):
    """The same, with methods that it inherits."""


@pytest.mark.parametrize("name", ["forward", "scaled"])
@pytest.mark.parametrize(("cls", "made"), [(Doubling, Doubling), (Doubling, Heir), (Heir, Heir)])
def test_methods_of_modules_may_be_replaced(monkeypatch, cls, made, name):
    model = made()
    act = autograd.compile(lambda x: model(x).detach(), state=model, strict=True)
    for i in range(9):
        if i == 5:
            monkeypatch.setattr(
                cls, name, lambda self, x: self.layer(x) * 3 if x.shape[1] == 4 else x * 3, False
            )
        assert same(plain(act(X)), plain(model(X).detach()))
    assert act.replays > 2


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


# ---------------------------------------------------------------- guards


def test_guards_may_come_out_otherwise_each_time():
    """Variances vanish now and then: a program for each outcome, and none is replaced."""
    found = []
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((5, 3)).astype(np.float32) for _ in range(60)]
    for i, batch in enumerate(batches):
        if i % 3:
            batch[:, i % 2] = 1.0
    for use in (False, True):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.BatchNorm1d(4))
        norm = nn.BatchNorm1d(3)
        opt = optim.SGD([*model.parameters(), *norm.parameters()], lr=0.01)

        def step(x, model=model, opt=opt, norm=norm):
            opt.zero_grad()
            loss = (model(norm(x)) ** 2).mean()
            loss.backward()
            opt.step()
            return loss

        step = autograd.compile(step, state=(model, norm, opt), strict=True) if use else step
        found.append(plain([step(x) for x in batches] + [p.detach() for p in model.parameters()]))
    assert same(*found)
    assert step.replays > 40


def test_more_outcomes_than_programs(monkeypatch):
    """Then the function itself runs, and after some such calls it alone."""
    monkeypatch.setattr(compiled, "VARIANTS", 2)
    monkeypatch.setattr(compiled, "PATIENCE", 4)
    norms = [nn.BatchNorm1d(2) for _ in range(5)]

    def fn(xs):
        return sum(norm(x).detach().sum() for norm, x in zip(norms, xs, strict=True))

    act = autograd.compile(fn, state=norms)
    rng = np.random.default_rng(0)
    for i in range(60):
        xs = [rng.standard_normal((4, 2)) for _ in norms]
        for at, x in enumerate(xs):
            x[:, 0] = x[:, 0] * 0 if i >> at & 1 else x[:, 0]
        before = copy.deepcopy([n.state_dict() for n in norms])
        found = quietly(act, xs)
        for norm, state in zip(norms, before, strict=True):
            norm.load_state_dict(state)
        assert same(plain(found), plain(fn(xs)))
    assert act.replays > 0
    assert "test_calls" in act.fallback


@pytest.mark.filterwarnings("ignore:.*divide")
def test_empty_batches_come_between():
    found = []
    for use in (False, True):
        t = Training(use, adam)
        losses = [t.step(X[:n], Y[:n]) for n in (6, 0) * 6]
        found.append([*plain(losses), *t.results()])
    assert same(*found)
    assert t.step.replays >= 4
    assert not t.step.fallback


def test_what_an_optimiser_keeps_of_parameters_without_gradients():
    """Nothing, also where a program has made room for it."""
    found = []
    for use in (False, True):
        t = Training(use, adam)
        t.opt.add_param_group({"params": [tensor(np.ones(3), requires_grad=True)]})
        for i in range(6):
            if i == 2:  # the next call is the first replay
                t.opt.load_state_dict(t.opt.state_dict())
            t.step(X, Y)
        found.append([len(t.opt.state), sorted(t.opt.state_dict()["state"])])
    assert found[0] == found[1]
    assert t.step.replays


def test_what_an_optimiser_keeps_of_frozen_parameters():
    """What it kept when they were frozen, also if its options are others since."""
    found = []
    for use in (False, True):
        t = Training(use, sgd)
        for i in range(10):
            if i == 5:
                t.opt.zero_grad()
                t.weight.requires_grad_(False)
                t.opt.param_groups[0]["momentum"] = 0.5
            t.step(X, Y)
        found.append({k: sorted(v) for k, v in t.opt.state_dict()["state"].items()})
    assert found[0] == found[1]
    assert t.step.replays


@pytest.mark.parametrize("n", [3, 40])
def test_a_parameter_is_put_in_the_place_of_another(n):
    weights, other = (
        [tensor(np.full(2, k), requires_grad=True) for k in np.arange(n) / 8],
        tensor(np.ones(2)),
    )
    opt = optim.SGD(weights, lr=0.5)

    def step(x):
        opt.zero_grad()
        (sum(weights) * x).sum().backward()
        opt.step()

    act = autograd.compile(step, state=[*weights, opt, other], strict=True)
    for _ in range(4):
        act(np.ones(2))
    assert act.replays
    before = weights[-1].data.copy()
    opt.param_groups[0]["params"][-1] = other
    act(np.ones(2))
    assert same(weights[-1].data, before)
    assert same(weights[0].data, np.full(2, -2.5))
