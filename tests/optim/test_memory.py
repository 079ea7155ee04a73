"""Whose memory an update writes: the parameter's own, never a gradient's, never a graph's."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import nn
import optim
from autograd import Tensor, tensor
from optim.optimizer import TILE

VARIANTS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
    "dampening": lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.5, maximize=True),
    "nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.1, maximize=True),
    "Adam": lambda p: optim.Adam(p, 0.1),
    "amsgrad": lambda p: optim.Adam(p, 0.1, amsgrad=True, weight_decay=0.1),
    "maximize": lambda p: optim.Adam(p, 0.1, maximize=True, weight_decay=0.1),
}
every = pytest.mark.parametrize("name", VARIANTS)
rng = np.random.default_rng(0)
LARGE = 2 * TILE + 5


def steps(optimizer, x, gradients):
    for g in gradients:
        x.grad = g
        optimizer.step()


@every
def test_tiles_join(name):
    """A large parameter ends where its parts end that are small."""
    start, gradients = rng.normal(size=LARGE), rng.normal(size=(3, LARGE))
    whole = tensor(start, requires_grad=True)
    steps(VARIANTS[name]([whole]), whole, gradients)
    for part in (slice(0, 10), slice(TILE - 5, TILE + 5), slice(LARGE - 7, LARGE)):
        small = tensor(start[part], requires_grad=True)
        steps(VARIANTS[name]([small]), small, gradients[:, part])
        np.testing.assert_array_equal(whole.detach()[part].numpy(), small.detach().numpy())


@every
@pytest.mark.parametrize("shape", [(3, 4), (300, 100)])
@pytest.mark.parametrize("layout", ["transposed", "strided", "reversed"])
def test_parameters_and_gradients_in_any_order(name, shape, layout):
    start, gradients = rng.normal(size=shape), rng.normal(size=(3, *shape))
    plain = tensor(start, requires_grad=True)
    steps(VARIANTS[name]([plain]), plain, gradients)

    def laid_out(a):
        if layout == "transposed":
            return np.asfortranarray(a)
        base = np.zeros((*a.shape[:-1], 2 * a.shape[-1]))
        view = base[..., ::2] if layout == "strided" else base[..., : a.shape[-1]][::-1]
        view[...] = a
        return view

    memory = laid_out(start)
    other = Tensor(memory, requires_grad=True)
    steps(VARIANTS[name]([other]), other, [laid_out(g) for g in gradients])
    np.testing.assert_array_equal(other.detach().numpy(), plain.detach().numpy())
    np.testing.assert_array_equal(memory, plain.detach().numpy())  # the caller's, which it shares


@every
@pytest.mark.parametrize("size", [5, LARGE])
def test_gradients_are_never_written(name, size):
    x, g = tensor(rng.normal(size=size), requires_grad=True), rng.normal(size=size)
    kept = g.copy()
    g.flags.writeable = False
    x.grad = g
    held = x.grad
    optimizer = VARIANTS[name]([x])
    for _ in range(3):
        optimizer.step()
    assert x.grad is held
    np.testing.assert_array_equal(held.numpy(), kept)


@every
@pytest.mark.parametrize("size", [5, LARGE])
def test_state_shares_no_memory_with_gradients_or_parameters(name, size):
    x, g = tensor(rng.normal(size=size), requires_grad=True), rng.normal(size=size)
    x.grad = g
    optimizer = VARIANTS[name]([x])
    optimizer.step()
    (slot,) = optimizer._slots.values()
    for array in (*slot.state, *slot.scratch):
        assert not np.shares_memory(array, x.grad.numpy())
        assert not np.shares_memory(array, x.detach().numpy())


@every
def test_nothing_is_allocated_once_warm(name):
    x = tensor(np.ones(8 * TILE, np.float32), requires_grad=True)
    x.grad = np.ones(8 * TILE, np.float32)
    optimizer = VARIANTS[name]([x])
    optimizer.step()
    optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < TILE  # bytes; a temporary of one tile would be four times that


@every
@pytest.mark.parametrize("size", [3, 200])
def test_the_graph_keeps_the_values_it_was_computed_with(name, size):
    model = nn.Sequential(nn.Linear(size, size, dtype=np.float64), nn.Linear(size, 1, dtype=np.float64))
    x = rng.normal(size=(2, size))
    loss = (model(x) ** 2).sum()
    loss.backward(retain_graph=True)
    first = [p.grad.numpy().copy() for p in model.parameters()]
    before = [p.tolist() for p in model.parameters()]
    VARIANTS[name](model.parameters()).step()
    assert [p.tolist() for p in model.parameters()] != before
    model.zero_grad()
    loss.backward()
    for p, g in zip(model.parameters(), first):
        np.testing.assert_array_equal(p.grad.numpy(), g)


@every
@pytest.mark.parametrize("size", [3, 200])
def test_what_state_dicts_show_is_updated(name, size):
    model = nn.Linear(size, size)
    state = model.state_dict()
    before = {path: value.copy() for path, value in state.items()}
    optimizer = VARIANTS[name](model.parameters())
    x = np.ones((2, size), np.float32)
    for keep in (False, True):  # also while a graph holds the parameters
        loss = model(x).sum()
        loss.backward(retain_graph=keep)
        optimizer.step()
    for path, p in model.named_parameters():
        assert np.shares_memory(state[path], p.data)
        np.testing.assert_array_equal(state[path], p.detach().numpy())
        assert not np.array_equal(state[path], before[path])


@every
def test_detached_tensors_see_the_update(name):
    x = tensor([1.0, 2.0], requires_grad=True)
    seen = x.detach()
    x.grad = np.ones(2)
    VARIANTS[name]([x]).step()
    assert seen.tolist() == x.tolist()


@every
def test_a_leaf_that_is_a_view_or_a_scalar(name):
    base = tensor(np.ones((2, 3)))
    row = base[0].requires_grad_()
    scalar = (tensor(2.0) * 1.0).requires_grad_()
    row.grad, scalar.grad = np.ones(3), np.array(1.0)
    VARIANTS[name]([row, scalar]).step()
    assert row.tolist() != [1, 1, 1]
    assert base.tolist() == [row.tolist(), [1, 1, 1]]
    assert scalar.item() != 2.0


def test_parameters_stay_the_objects_they_were():
    x = tensor([1.0, 2.0], requires_grad=True)
    memory = x.data
    x.grad = np.ones(2)
    optim.Adam([x], lr=0.5).step()
    assert x.data is memory
    assert x.is_leaf
    assert x.requires_grad


@every
def test_frozen_parameters_stay(name):
    x, y = (tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = VARIANTS[name]([x, y])
    x.grad = y.grad = np.ones(1)
    optimizer.step()
    before = (x.item(), y.item())
    x.requires_grad_(False)
    y.grad = None
    optimizer.step()
    optimizer.zero_grad()
    assert (x.item(), y.item()) == before


def test_zero_grad():
    x, y = (tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([x, y], lr=0.1)
    g = np.ones(1)
    x.grad = g
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0]
    assert y.grad is None
    assert g.tolist() == [1]  # set anew, not overwritten
    optimizer.zero_grad()
    assert x.grad is None


@every
def test_scratch_is_the_memory_of_all_parameters(name):
    """As much as the largest parameter needs, whichever comes first."""
    shapes = [(4, 6), (40, 60), (10, 6)]
    parameters = [tensor(np.ones(shape, np.float32), requires_grad=True) for shape in shapes]
    optimizer = VARIANTS[name](parameters)
    for p in parameters:
        p.grad = np.ones(p.shape, np.float32)
    for _ in range(3):
        optimizer.step()
    slots = list(optimizer._slots.values())
    bases = {id(a.base if a.base is not None else a): a.base for slot in slots for a in slot.scratch}
    alone = VARIANTS[name](parameters[1:2])
    alone.step()
    (largest,) = alone._slots.values()
    assert sum(b.nbytes for b in bases.values()) <= 1.01 * sum(a.nbytes for a in largest.scratch) + 400
    before = [p.detach().numpy().copy() for p in parameters]
    optimizer._give_back()
    assert not any(slot.scratch for slot in slots)
    optimizer.step()
    assert all(not np.array_equal(a, p.detach().numpy()) for a, p in zip(before, parameters, strict=True))


def test_a_model_that_is_cast_is_updated_in_its_new_precision():
    layer = nn.Linear(3, 1, bias=False)
    opt = optim.SGD(layer.parameters(), lr=0.1)
    for dtype in (np.float32, np.float64):
        layer.to(dtype)
        opt.zero_grad()
        before = layer.weight.data.copy()
        layer(np.full((1, 3), 1 / 3, dtype)).sum().backward()
        opt.step()
    np.testing.assert_array_equal(layer.weight.data, before - 0.1 * np.full((1, 3), 1 / 3))


@every
@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_large_state_begins_at_pages(name, dtype):
    x = tensor(np.ones((512, 512), dtype), requires_grad=True)
    optimizer = VARIANTS[name]([x])
    steps(optimizer, x, [np.ones((512, 512), dtype)])
    state = optimizer._slots[x].state
    assert [a.ctypes.data % 4096 for a in state] == [0] * len(state)
    assert all(a.flags.c_contiguous and a.dtype == dtype and a.shape == (512, 512) for a in state)
