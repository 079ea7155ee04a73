"""Hooks of modules: when they are called, with what, and what they may change."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nn
from autograd import tensor
from autograd.errors import OperandError, ShapeError


class Scale(nn.Module):
    """x * factor * weight, with a keyword."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.array(3.0))

    def forward(self, x, factor=1.0):
        return x * self.weight * factor


# ------------------------------------------------------------------ forward


def test_a_forward_hook_sees_arguments_and_output():
    module, seen = Scale(), []
    module.register_forward_hook(lambda *given: seen.append(given))
    y = module(2.0, factor=5.0)
    ((m, args, out),) = seen
    assert m is module
    assert args == (2.0,)
    assert out is y


def test_a_forward_hook_replaces_the_output_and_the_next_one_sees_that():
    module, seen = Scale(), []
    module.register_forward_hook(lambda m, args, out: out + 1)
    module.register_forward_hook(lambda m, args, out: seen.append(out.item()))
    assert module(2.0).item() == 7
    assert seen == [7]


def test_order_and_prepend():
    module, seen = Scale(), []
    for register in (module.register_forward_pre_hook, module.register_forward_hook):
        register(lambda *_: seen.append("first"))
        register(lambda *_: seen.append("second"))
        register(lambda *_: seen.append("before"), prepend=True)
    module(1.0)
    assert seen == ["before", "first", "second"] * 2


def test_a_pre_hook_changes_arguments():
    module = Scale()
    handle = module.register_forward_pre_hook(lambda m, args: (args[0] * 10,))
    assert module(2.0).item() == 60
    module.register_forward_pre_hook(lambda m, args: args[0] + 1)  # one value stands for a tuple
    assert module(2.0).item() == 63
    handle.remove()
    assert module(2.0).item() == 9


def test_hooks_with_kwargs():
    module, seen = Scale(), []

    def pre(m, args, kwargs):
        seen.append(dict(kwargs))
        return args, {"factor": kwargs.get("factor", 1) * 2}

    module.register_forward_pre_hook(pre, with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    assert module(1.0, factor=4.0).item() == 24
    assert seen == [{"factor": 4.0}, {"factor": 8.0}]


@pytest.mark.parametrize("given", [3, (1,), (1, 2, 3), [(), {}]])
def test_what_a_pre_hook_with_kwargs_may_not_give(given):
    module = Scale()
    module.register_forward_pre_hook(lambda *_: given, with_kwargs=True)
    with pytest.raises(OperandError, match=r"^in Scale: .*None or a tuple of the new args and kwargs"):
        module(1.0)


def test_removal():
    module, seen = Scale(), []
    handle = module.register_forward_hook(lambda *_: seen.append(1))
    module(1.0)
    handle.remove()
    handle.remove()
    module(1.0)
    with module.register_forward_hook(lambda *_: seen.append(2)):
        module(1.0)
    module(1.0)
    assert seen == [1, 2]


def test_a_hook_may_take_itself_off():
    module, seen = Scale(), []

    def once(*_):
        seen.append(1)
        handle.remove()

    handle = module.register_forward_hook(once)
    module(1.0)
    module(1.0)
    assert seen == [1]


class Fails(nn.Module):
    def forward(self, x):
        raise KeyError("mine")


def test_always_call():
    module, seen = Fails(), []
    module.register_forward_hook(lambda *_: seen.append("usual"))
    module.register_forward_hook(lambda m, args, out: seen.append((args, out)), always_call=True)
    with pytest.raises(KeyError, match="mine"):
        module(1.0)
    assert seen == [((1.0,), None)]


def test_always_called_hooks_are_called_once():
    module, seen = Scale(), []

    def fails(*_):
        raise ZeroDivisionError

    module.register_forward_hook(lambda *_: seen.append("always"), always_call=True)
    module.register_forward_hook(fails, always_call=True)
    with pytest.raises(ZeroDivisionError):
        module(1.0)
    assert seen == ["always"]


def test_an_error_in_an_always_called_hook_does_not_hide_the_first():
    module = Fails()
    module.register_forward_hook(lambda *_: 1 / 0, always_call=True)
    with pytest.warns(UserWarning, match="ZeroDivisionError"), pytest.raises(KeyError, match="mine"):
        module(1.0)


def test_calling_forward_itself_calls_no_hooks():
    module = Scale()
    module.register_forward_hook(lambda *_: 0)
    assert module.forward(2.0).item() == 6


@pytest.mark.parametrize(
    "register",
    [
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_state_dict_pre_hook",
        "register_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_load_state_dict_post_hook",
    ],
)
def test_hooks_must_be_callable(register):
    with pytest.raises(OperandError, match="Scale: a hook must be callable, got int 3"):
        getattr(Scale(), register)(3)


def test_errors_in_hooks_say_where():
    model = nn.Sequential(nn.Sequential(nn.Identity()))
    model[0][0].register_forward_pre_hook(lambda m, args: args[0] + np.ones(7))
    with pytest.raises(ShapeError, match=r"^in 0\.0: add\("):
        model(tensor(np.ones(2)))


def test_copies_have_the_hooks_but_not_the_table():
    module, seen = Scale(), []
    module.register_forward_hook(lambda m, args, out: seen.append(m))
    twin = copy.deepcopy(module)
    twin(1.0)
    assert seen == [twin]
    twin.register_forward_hook(lambda *_: seen.append("twin's"))
    module(1.0)
    assert seen == [twin, module]
