"""Calls of a step that has run before: what happens to models and optimisers between two of them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import tensor
from tests.support.compiling import plain, same, training_step

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
        model, opt = self.model, self.opt

        def step(x, y):
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            return loss

        self.eager = step
        self.step = autograd.compile(step, state=(model, opt), strict=True) if use else step

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
        model = copy.deepcopy(t.model)
        step = training_step(model, sgd(model.parameters()))
        for _ in range(3):
            step(X, Y)
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


def test_batches_of_two_sizes_are_not_bound_anew():
    """The last batch of an epoch is smaller: both programs write the same arrays."""
    t = Training(True, momentum)
    for i in range(40):
        t.step(*((X, Y) if i % 5 else (X[:4], Y[:4])))
    entries = [e for es in t.step._programs.entries.values() for _, e in es]
    assert len(entries) == 2
    assert sum(e.rebindings for e in entries) <= 2


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


@pytest.mark.parametrize("n", [3, 40])
def test_a_parameter_takes_the_place_of_one_without_a_gradient(n):
    """No number is asked for the one that goes: what tells is the list of parameters alone."""
    found = []
    for use in (False, True):
        weights = [tensor(np.full(2, k), requires_grad=True) for k in np.arange(n) / 8]
        idle = tensor(np.ones(2), requires_grad=True)
        opt = optim.SGD([*weights[1:], idle], lr=0.5)

        def step(x, weights=weights, opt=opt):
            opt.zero_grad()
            (sum(weights) * x).sum().backward()
            opt.step()

        act = autograd.compile(step, state=[*weights, idle, opt], strict=True) if use else step
        for i in range(9):
            if i == 5:
                opt.param_groups[0]["params"][-1] = weights[0]
            act(np.ones(2))
        found.append(plain([w.detach() for w in weights]))
    assert same(*found)
    assert act.replays > 2


def test_losses_in_containers_are_as_after_backward():
    training = Training(False, sgd)

    def step(x, y):
        loss = training.step(x, y)
        return {"loss": loss, "parts": [loss.detach()]}

    compiled = autograd.compile(step, state=(training.model, training.opt), strict=True)
    for _ in range(CALLS):
        found = compiled(X, Y)
        assert found["loss"].requires_grad
        assert not found["parts"][0].requires_grad
        with pytest.raises(autograd.errors.GraphFreedError):
            found["loss"].backward()
    assert compiled.replays == CALLS - 3
