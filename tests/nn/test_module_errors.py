"""Where an error says it happened: the path of the module, once, whoever raised it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import errors, tensor
from autograd.errors import (
    ArgumentError,
    AutogradError,
    AxisError,
    LeafWriteError,
    OperandError,
    ShapeError,
)


class Run(nn.Module):
    """Calls a function in its forward."""

    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x):
        return self.fn(x)


def model(fn):
    return nn.Sequential(nn.Identity(), nn.Sequential({"inner": Run(fn)}))


def raises(error):
    def fn(x):
        raise error

    return fn


@pytest.mark.parametrize(
    "kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, AutogradError)]
)
def test_every_error_says_where_once(kind):
    with pytest.raises(kind) as caught:
        model(raises(kind("f: why")))(1.0)
    assert str(caught.value) == "in 1.inner: f: why"
    assert caught.value.module_path == "1.inner"
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("fn", "kind", "text"),
    [
        (lambda x: tensor(x) + np.ones(7), ShapeError, "add("),
        (lambda x: F.mse_loss(x, np.ones(7)), ShapeError, "mse_loss: "),
        (lambda x: np.sum(tensor(x), axis=5), AxisError, "sum("),
        (lambda x: nn.Linear(0, 1), ArgumentError, "Linear: in_features"),
        (lambda x: nn.Linear(1, 1).to("cuda"), ArgumentError, "to: the only device"),
        (lambda x: nn.Parameter(np.ones(2)).__setitem__(0, 1), LeafWriteError, "a leaf that requires grad"),
        (lambda x: tensor(x) + "x", OperandError, "add: argument"),
        (lambda x: nn.Linear(3, 1).load_state_dict({}), nn.StateDictError, "the state dict does not fit"),
    ],
)
def test_errors_of_all_sources(fn, kind, text):
    with pytest.raises(kind) as caught:
        model(fn)(np.ones(2))
    assert str(caught.value).startswith(f"in 1.inner: {text}")
    assert str(caught.value).count("in 1.inner") == 1
    with pytest.raises(kind) as caught:
        fn(np.ones(2))
    assert str(caught.value).startswith(text)


def test_the_innermost_module_counts():
    outer = model(lambda x: model(raises(ShapeError("why")))(x))
    with pytest.raises(ShapeError, match=r"^in 1\.inner\.Sequential\.1\.inner: why$"):
        outer(1.0)


def test_an_error_that_is_raised_again_keeps_its_path():
    def again(x):
        try:
            inner(x)
        except ShapeError as error:
            raise error

    inner = Run(raises(ShapeError("why")))
    with pytest.raises(ShapeError, match=r"^in 1\.inner\.Run: why$"):
        model(again)(1.0)


def test_an_error_made_of_another_has_a_path_of_its_own():
    def wraps(x):
        try:
            raise ShapeError("first")
        except ShapeError as error:
            raise ArgumentError(f"because of {error}") from error

    with pytest.raises(ArgumentError, match=r"^in 1\.inner: because of first$"):
        model(wraps)(1.0)


@pytest.mark.parametrize(
    "error", [KeyError("key"), ValueError("mine"), StopIteration(3), OSError(2, "gone")]
)
def test_errors_of_users_pass_untouched(error):
    args, text = error.args, str(error)
    with pytest.raises(type(error)) as caught:
        model(raises(error))(1.0)
    assert caught.value is error
    assert (error.args, str(error)) == (args, text)


def test_errors_outside_of_modules_have_no_path():
    with pytest.raises(ShapeError) as caught:
        tensor([1.0, 2.0]) + np.ones(3)
    assert caught.value.module_path == ""
    assert str(caught.value).startswith("add(")


def test_the_original_arguments_and_chains_stay():
    cause = ShapeError("why", 3)
    with pytest.raises(ShapeError) as caught:
        model(raises(cause))(1.0)
    assert caught.value is cause
    assert cause.args == ("why", 3)


def test_paths_go_through_pickles():
    with pytest.raises(ShapeError) as caught:
        model(raises(ShapeError("why")))(1.0)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == "in 1.inner: why"


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize(
    ("args", "options", "words"),
    [
        ((), {}, "missing 1 required positional argument"),
        ((1, 2), {}, "takes 2 positional arguments but 3 were given"),
        ((np.ones(2),), {"foo": 1}, "unexpected keyword argument 'foo'"),
    ],
)
def test_arguments_that_forward_does_not_take(args, options, words, hooked):
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    if hooked:
        model[0][0].register_forward_hook(lambda *_: None)

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self):
            return self.inner[0][0](*args, **options)

    with pytest.raises(OperandError, match=rf"in inner\.0\.0: Linear\.forward\(\) .*{words}"):
        Outer()()


def test_a_type_error_inside_forward_passes_untouched():
    class Wrong(nn.Module):
        def forward(self, x):
            return len(3)

    with pytest.raises(TypeError, match="object of type 'int' has no len") as caught:
        Wrong()(1)
    assert type(caught.value) is TypeError


def test_what_was_loaded_is_said_as_in_pytorch():
    model = nn.Linear(2, 2)
    assert repr(model.load_state_dict(model.state_dict())) == "<All keys matched successfully>"
    assert "missing_keys=['weight', 'bias']" in repr(model.load_state_dict({}, strict=False))
