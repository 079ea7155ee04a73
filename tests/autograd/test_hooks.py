"""Hooks and retained gradients."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import gradients, tensor
from autograd.errors import DtypeError, GradientError, ShapeError


def leaf(value, dtype=float):
    return tensor(np.asarray(value, dtype), requires_grad=True)


def test_a_hook_sees_the_gradient():
    x, seen = leaf([1.0, 2.0]), []
    x.register_hook(seen.append)
    (x * x).sum().backward()
    assert len(seen) == 1
    assert isinstance(seen[0], autograd.Tensor)
    assert seen[0].numpy().tolist() == [2.0, 4.0]


def test_a_hook_replaces_the_gradient_from_there_on():
    x = leaf([1.0, 2.0])
    y = x * 3
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    (y * 1).sum().backward()
    assert y.grad.numpy().tolist() == [10.0, 10.0]
    assert x.grad.numpy().tolist() == [30.0, 30.0]


def test_a_hook_on_a_leaf_replaces_what_is_accumulated():
    x = leaf(2.0)
    x.register_hook(lambda g: g + 1)
    (x * x).backward()
    (x * x).backward()
    assert x.grad.item() == 10.0


def test_hooks_run_in_order_on_the_sum_of_all_contributions():
    x, seen = leaf(1.0), []
    y = x * 2
    y.register_hook(lambda g: (seen.append(("first", g.item())), g * 2)[1])
    y.register_hook(lambda g: seen.append(("second", g.item())))
    (y + y * 3).backward()
    assert seen == [("first", 4.0), ("second", 8.0)]
    assert x.grad.item() == 16.0


def test_a_hook_can_be_removed_also_while_it_runs():
    x, seen = leaf(1.0), []
    remove = x.register_hook(lambda g: seen.append("kept"))
    once = x.register_hook(lambda g: (once(), seen.append("once"))[0])
    (x * 2).backward()
    (x * 2).backward()
    assert seen == ["kept", "once", "kept"]
    remove()
    remove()  # twice is harmless
    (x * 2).backward()
    assert seen == ["kept", "once", "kept"]


def test_gradients_see_what_hooks_made_of_them():
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda g: g * 10)
    gy, gx = gradients(y * 3, [y, x])
    assert (gy.item(), gx.item()) == (30.0, 120.0)
    x.register_hook(lambda g: g * 2)
    (gx,) = gradients(x * 3, x)
    assert gx.item() == 6.0
    assert x.grad is None


@pytest.mark.parametrize(
    ("value", "error"),
    [(np.ones(3), ShapeError), (np.ones(2, complex), DtypeError)],
    ids=["shape", "dtype"],
)
def test_what_a_hook_returns_must_fit(value, error):
    x = leaf([1.0, 2.0])
    x.register_hook(lambda g: value)
    with pytest.raises(error, match="a hook's result must have"):
        (x * 2).sum().backward()
    assert x.grad is None


def test_a_hook_cannot_spoil_another_branch():
    x = leaf([1.0, 2.0])
    y, z = x * 1, x * 1

    def scribble(g):
        g.data[...] = 100.0

    y.register_hook(scribble)
    out = y + z  # both get the very same cotangent
    out.backward(np.ones(2))
    assert x.grad.numpy().tolist() == [2.0, 2.0]
    assert z.grad is None


def test_hooks_run_in_a_differentiable_sweep():
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = gradients(y, x, create_graph=True)  # x * 2 x
    (h,) = gradients(g, x)
    assert (g.item(), h.item()) == (8.0, 8.0)


def test_retain_grad():
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    z = y * 3
    z.retain_grad()
    z.backward(retain_graph=True)
    assert (z.grad.item(), y.grad.item(), x.grad.item()) == (1.0, 3.0, 12.0)
    z.backward()
    assert (z.grad.item(), y.grad.item(), x.grad.item()) == (2.0, 6.0, 24.0)


def test_retained_gradients_are_arrays_of_their_own():
    x = leaf([1.0, 2.0])
    y = x * 1
    y.retain_grad()
    z = y + 0
    z.retain_grad()
    z.backward(np.ones(2))
    arrays = [t.grad.data for t in (x, y, z)]
    arrays[1][...] = 50.0
    assert arrays[0].tolist() == arrays[2].tolist() == [1.0, 1.0]


def test_retained_gradient_of_a_view():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    row = x[1]
    row.retain_grad()
    (row * row).sum().backward()
    assert row.grad.numpy().tolist() == [6.0, 8.0]
    assert x.grad.numpy().tolist() == [[0.0, 0.0], [6.0, 8.0]]


@pytest.mark.parametrize("method", ["retain_grad", "register_hook"])
def test_constants_have_neither(method):
    arguments = [print] if method == "register_hook" else []
    with pytest.raises(GradientError, match=rf"{method}\(\).*does not require grad"):
        getattr(tensor(1.0), method)(*arguments)


def test_an_exception_in_a_hook_passes_through():
    x = leaf(1.0)

    def fail(g):
        raise KeyError("mine")

    x.register_hook(fail)
    with pytest.raises(KeyError, match="mine"):
        (x * 2).backward()
    assert x.grad is None
    assert autograd.is_grad_enabled()
