"""Wrong arguments, to every function of NumPy that tensors go into: typed errors that name the function."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import tensor
from autograd.coverage import name_of
from autograd.errors import (
    ArgumentError,
    AutogradError,
    AxisError,
    DtypeError,
    MatrixError,
    NotDifferentiable,
    OperandError,
    ShapeError,
)
from autograd.protocols import IMPLEMENTATIONS
from tests.autograd.test_completeness import CONSTANT_ONES, DIFFERENTIABLE, EVERYTHING, _class
from tests.support import wrong_calls
from tests.support.wrong_calls import faults, leaf, refused


def _ours(function):
    found = anp
    for part in name_of(function).split("."):
        found = getattr(found, part)
    return found


FUNCTIONS = [f for f in EVERYTHING if _class(f) == DIFFERENTIABLE] + CONSTANT_ONES
# answer False rather than refuse, and have few arguments
FEW = {"array_equal", "array_equiv"}
WRONG = {
    **wrong_calls.WRONG,
    "a dict": lambda f: f({"a": leaf(2)}),
    "a set": lambda f: f({1.0, 2.0}, leaf(2)),
    "an axis that is not there": lambda f: f(leaf(2, 3), axis=7),
    "text for an axis": lambda f: f(leaf(2, 3), axis="a"),
    "a number far off": lambda f: f(leaf(2, 3), -99),
    "no axes": lambda f: f(leaf()),
    "no elements": lambda f: f(leaf(0)),
    "a ragged list": lambda f: f([leaf(2), leaf(3)]),
    "too many arguments": lambda f: f(*[leaf(1, 2)] * 12),
    "a wrong out": lambda f: f(leaf(2, 3), out=3.0),
    "an out of another shape": lambda f: f(leaf(2, 3), out=tensor(np.zeros((7, 7, 7)))),
}


@pytest.mark.parametrize(
    "function",
    [f for f in FUNCTIONS if not name_of(f).startswith(("_", "lib.", "polynomial."))],
    ids=name_of,
)
def test_wrong_arguments_are_typed_errors_that_name_the_function(function):
    errors = refused(WRONG, lambda: _ours(function))
    assert len(errors) > (0 if function.__name__ in FEW else 2)
    assert not faults(errors, function.__name__)
    assert all(isinstance(e, (ValueError, TypeError, IndexError, RuntimeError)) for e in errors.values())


X = leaf(2, 3)
WORDS = {
    "keyword": (lambda: anp.quantile(X, 0.5, nonsense=1), OperandError, r"quantile: .*'nonsense'"),
    "axis": (lambda: anp.sort(X, axis=9), AxisError, r"sort: axis 9 is out of bounds"),
    "axis of a ufunc's method": (lambda: anp.add.reduce(X, axis=5), AxisError, r"axis 5 is out of bounds"),
    "container": (lambda: anp.add(X, {}), OperandError, r"add: argument 'y' must be a Tensor.*got dict"),
    "shapes": (lambda: anp.add(X, leaf(4)), ShapeError, r"add\(x=.*\(2, 3\), y=.*\(4,\)\): these shapes"),
    "square": (lambda: anp.linalg.inv(X), ShapeError, r"inv.*square"),
    "singular": (lambda: anp.linalg.inv(tensor(np.zeros((2, 2)))), MatrixError, r"inv.*[sS]ingular"),
    "not definite": (lambda: anp.linalg.cholesky(-leaf(1, 1)), MatrixError, r"cholesky.*definite"),
    "integers": (lambda: tensor([1, 2], requires_grad=True), DtypeError, r"require grad, got int64"),
    "integers later": (lambda: tensor([1, 2]).requires_grad_(), DtypeError, r"require grad, got int64"),
    "integers swept": (lambda: tensor([1, 2]).sum().backward(), AutogradError, r"require"),
    "gradients of integers": (
        lambda: autograd.gradients(X.sum(), tensor([1, 2])),
        AutogradError,
        r"require",
    ),
    "function": (lambda: np.busday_count(X, X), NotDifferentiable, r"numpy\.busday_count has no"),
    "place": (lambda: anp.place(X * 1, [True], [1.0]), ShapeError, r"place: the mask has shape \(1,\)"),
    "too few": (lambda: anp.copyto(X * 1), OperandError, r"copyto: missing 1 required .*'src'"),
    "mode": (lambda: anp.pad(X, 1, mode="nothing"), ArgumentError, r"pad: .*nothing"),
    "method": (lambda: anp.quantile(X, 0.5, method="best"), ArgumentError, r"quantile: .*best"),
    "order": (lambda: anp.linalg.norm(X, ord="no"), ArgumentError, r"norm: .*order"),
    "constant": (lambda: anp.searchsorted(X, 1.0), ArgumentError, r"searchsorted: "),
    "twice": (lambda: anp.insert(X, 99, 1.0), AutogradError, r"insert: .*99"),
    "one bound": (lambda: anp.clip(X, 1.0), OperandError, r"clip: give a_min and a_max"),
    "one bound by name": (lambda: np.clip(X, a_max=1.0), OperandError, r"clip: give a_min and a_max"),
    "one bound of an array": (lambda: anp.clip(np.ones(2), 1.0), OperandError, r"clip: give a_min"),
    "sections": (lambda: anp.split(X, None), OperandError, r"split: expected a number of sections"),
    "bounds twice": (lambda: np.clip(X, -1.0, 1.0, min=0.0), ArgumentError, r"clip: .* not both"),
    "a bound of another name": (lambda: X.clip(a_min=1.0), ArgumentError, r"clip: .*'a_min'"),
}


@pytest.mark.parametrize("name", WORDS)
def test_errors_say_what_was_expected(name):
    call, error, words = WORDS[name]
    with pytest.raises(error, match=words):
        call()


def test_errors_of_the_users_functions_stay_theirs():
    def fails(row):
        raise ValueError("mine")

    for call in (
        lambda: anp.apply_along_axis(fails, 0, X),
        lambda: anp.vectorize(fails)(X),
        lambda: anp.piecewise(X, [np.ones((2, 3), bool)], [fails]),
    ):
        with pytest.raises(ValueError, match=r"^mine$") as caught:
            call()
        assert not isinstance(caught.value, AutogradError)


def test_without_tensors_errors_are_numpys():
    for call, error in (
        (lambda: anp.sort(np.ones(2), axis=9), np.exceptions.AxisError),
        (lambda: anp.add(np.ones(2), np.ones(3)), ValueError),
    ):
        with pytest.raises(error):
            call()
    assert IMPLEMENTATIONS[np.sort] is anp.sort
