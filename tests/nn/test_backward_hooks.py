"""Hooks of modules on gradients: when they are called, with what, and what they may change."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError


class Scale(nn.Module):
    """x * factor * weight, with a keyword."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.array(3.0))

    def forward(self, x, factor=1.0):
        return x * self.weight * factor


class Both(nn.Module):
    """Two inputs, two outputs, and one that is no tensor."""

    def forward(self, x, y, name=None):
        return x * y, x + y


def leaf(*values):
    return tensor(np.array(values, float), requires_grad=True)


def test_a_backward_hook_sees_both_gradients():
    module, x, seen = Scale(), leaf(1.0, 2.0), []
    module.register_full_backward_hook(lambda *given: seen.append(given))
    (module(x) * np.array([5.0, 7.0])).sum().backward()
    ((m, grad_input, grad_output),) = seen
    assert m is module
    assert [g.tolist() for g in grad_input] == [[15, 21]]
    assert [g.tolist() for g in grad_output] == [[5, 7]]
    assert x.grad.tolist() == [15, 21]
    assert module.weight.grad.item() == 19


def test_a_backward_hook_replaces_the_gradient_of_the_input():
    module, x = Scale(), leaf(1.0, 2.0)
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 100,))
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] + 1,))
    module(x).sum().backward()
    assert x.grad.tolist() == [301, 301]
    assert module.weight.grad.item() == 3  # what is inside is not concerned


def test_a_backward_pre_hook_replaces_the_gradient_of_the_output():
    module, x, seen = Scale(), leaf(1.0, 2.0), []
    module.register_full_backward_pre_hook(lambda m, go: (go[0] * 10,))
    module.register_full_backward_pre_hook(lambda m, go: go[0] + 1)
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].tolist(), go[0].tolist())))
    module(x).sum().backward()
    assert x.grad.tolist() == [33, 33]
    assert module.weight.grad.item() == 33
    assert seen == [([33, 33], [11, 11])]


def test_prepending_a_backward_hook():
    module, seen = Scale(), []
    for register in (module.register_full_backward_hook, module.register_full_backward_pre_hook):
        register(lambda *_: seen.append(1))
        register(lambda *_: seen.append(0), prepend=True)
    module(leaf(1.0)).sum().backward()
    assert seen == [0, 1, 0, 1]


def test_several_inputs_and_outputs():
    module, x, y, seen = Both(), leaf(1.0, 2.0), leaf(3.0, 4.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    product, total = module(x, y, "name")
    (product.sum() * 2 + total.sum() * 5).backward()
    ((gi, go),) = seen
    assert [g if g is None else g.tolist() for g in gi] == [[11, 13], [7, 9], None]
    assert [g.tolist() for g in go] == [[2, 2], [5, 5]]
    assert x.grad.tolist() == [11, 13]
    assert y.grad.tolist() == [7, 9]


def test_an_output_that_is_not_used_has_no_gradient():
    module, x, y, seen = Both(), leaf(1.0), leaf(3.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(go))
    module(x, y)[1].sum().backward()
    assert seen[0][0] is None
    assert seen[0][1].tolist() == [1]
    assert x.grad.tolist() == [1]


def test_inputs_that_require_no_gradient():
    module, x, seen = Both(), leaf(2.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(gi))
    module(x, tensor([3.0]))[0].sum().backward()
    assert seen[0][0].tolist() == [3]
    assert seen[0][1].tolist() == [0]


def test_inputs_that_no_gradient_came_to():
    class First(nn.Module):
        def forward(self, x, y, z):
            return x * 2

    module, x, y, seen = First(), leaf(2.0), leaf(3.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(gi))
    module(x, y, "z").sum().backward()
    assert [g if g is None else g.tolist() for g in seen[0]] == [[2], [0], None]
    assert y.grad.tolist() == [0]


def test_one_input_twice():
    module, x, seen = Both(), leaf(2.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append([g.tolist() for g in gi]))
    module(x, x)[0].sum().backward()
    assert seen == [[[2], [2]]]
    assert x.grad.tolist() == [4]


def test_without_an_input_that_requires_grad_the_hook_comes_with_the_outputs():
    module, seen = Scale(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].item())))
    module(2.0).backward()
    assert seen == [((None,), 1.0)]
    assert module.weight.grad.item() == 2
    module.register_full_backward_hook(lambda m, gi, go: (tensor(1.0),))
    with pytest.raises(ArgumentError, match="no input requires grad"):
        module(2.0).backward()


@pytest.mark.parametrize(
    ("register", "what", "count"),
    [
        ("register_full_backward_hook", "grad_input", 3),
        ("register_full_backward_pre_hook", "grad_output", 2),
    ],
)
def test_as_many_gradients_as_there_were(register, what, count):
    module = Both()
    getattr(module, register)(lambda *_: (None,))
    out = module(leaf(1.0), leaf(2.0), "name")[0].sum()
    with pytest.raises(ArgumentError, match=f"as many {what} as it got, {count}, got 1"):
        out.backward()


@pytest.mark.parametrize(("given", "error"), [(np.ones(3), ShapeError), (np.ones(2, complex), DtypeError)])
def test_gradients_of_another_kind_are_refused(given, error):
    module, x = Scale(), leaf(1.0, 2.0)
    module.register_full_backward_hook(lambda m, gi, go: (given,))
    with pytest.raises(error, match="a hook's result must have the tensor's"):
        module(x).sum().backward()
    assert x.grad is None


def test_a_hook_may_stop_a_gradient():
    module, x, y = Both(), leaf(1.0), leaf(2.0)
    module.register_full_backward_hook(lambda m, gi, go: (None, gi[1]))
    module(x, y)[0].sum().backward()
    assert x.grad is None
    assert y.grad.tolist() == [1]


def test_every_backward_calls_again():
    module, x, seen = Scale(), leaf(1.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(go[0].item()))
    y = module(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert seen == [1, 1]
    assert x.grad.tolist() == [6]


def test_a_module_in_its_own_input_is_called_from_the_outside_in():
    module, x, seen = Scale(), leaf(1.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].item(), go[0].item())))
    module(module(x)).sum().backward()
    assert seen == [(3, 1), (9, 3)]


def test_nothing_is_recorded_under_no_grad():
    module, x, seen = Scale(), leaf(1.0), []
    module.register_full_backward_hook(lambda *given: seen.append(given))
    with autograd.no_grad():
        assert not module(x).requires_grad
        module(x)
    assert seen == []


def test_derivatives_of_derivatives_go_through_hooks():
    module, x = nn.Tanh(), leaf(0.3)
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    (g,) = autograd.gradients(module(x).sum(), [x], create_graph=True)
    t = np.tanh(0.3)
    assert g.item() == pytest.approx(2 * (1 - t**2), rel=1e-12)
    (h,) = autograd.gradients(g.sum(), [x])
    # the second sweep comes to the input from within, not through the output: no hook is called
    assert h.item() == pytest.approx(2 * -2 * t * (1 - t**2), rel=1e-12)


def test_transforms_go_through_hooks():
    module, seen = nn.Tanh(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(gi[0].item()))
    g = autograd.grad(lambda x: module(x).sum())(np.array([0.3]))
    assert seen == [g.item()]


def test_modules_that_write_into_their_input():
    """The gate in front of an input is a view of it."""

    class Doubles(nn.Module):
        def forward(self, x):
            x *= 2
            return x * 3

    module, x, seen = Doubles(), leaf(1.0, 2.0), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(gi[0].tolist()))
    h = x * 1
    y = module(h)
    assert h.tolist() == [2, 4]
    (y.sum() + h.sum()).backward()
    assert x.grad.tolist() == [8, 8]


def test_outputs_without_tensors():
    class Named(nn.Module):
        def forward(self, x):
            return {"y": x * 2}

    module, x = Named(), leaf(1.0)
    module.register_full_backward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match="a Tensor or a tuple of Tensors as the output, Named gave dict"):
        out = module(x)
    out["y"].sum().backward()
    assert x.grad.tolist() == [2]


def test_gradients_are_the_same_with_hooks_and_without():
    def gradients(hooked):
        model = nn.Sequential(nn.Linear(3, 4, generator=0), nn.Tanh(), nn.Linear(4, 2, generator=1))
        calls = []
        for m in model.modules() if hooked else ():
            m.register_full_backward_hook(lambda *_: calls.append(1))
            m.register_full_backward_pre_hook(lambda *_: calls.append(1))
        x = tensor(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32), requires_grad=True)
        (model(x) ** 2).sum().backward()
        assert len(calls) == (8 if hooked else 0)
        return [x.grad.numpy(), *(p.grad.numpy() for p in model.parameters())]

    for a, b in zip(gradients(False), gradients(True), strict=True):
        np.testing.assert_array_equal(a, b)
