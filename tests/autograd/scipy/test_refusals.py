"""Wrong arguments, to every function of SciPy's modules: typed errors that name the function."""

from __future__ import annotations

import importlib
import inspect
import warnings

import numpy as np
import pytest

from autograd import tensor
from autograd.errors import AutogradError
from tests.support import wrong_calls
from tests.support.wrong_calls import leaf

MODULES = ("integrate", "linalg", "signal", "special", "stats")


def _functions():
    seen = {}
    for module in MODULES:
        ours = importlib.import_module(f"autograd.scipy.{module}")
        for name in getattr(ours, "__all__", None) or dir(ours):
            found = getattr(ours, name, None)
            if callable(found) and not inspect.isclass(found) and not name.startswith("_"):
                seen[f"{module}.{name}"] = found
    return seen


FUNCTIONS = _functions()


WRONG = {
    **wrong_calls.WRONG,
    "a dict as the third": lambda f: f(leaf(2), leaf(2), {"a": leaf(2)}),
    "three shapes that do not fit": lambda f: f(leaf(2, 3), leaf(4, 5), leaf(7)),
    "no axes": lambda f: f(leaf()),
    "a ragged list": lambda f: f([leaf(2), leaf(3)]),
    "a singular matrix": lambda f: f(tensor(np.zeros((2, 2)), requires_grad=True), leaf(2)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("module", MODULES)
def test_wrong_arguments_are_typed_errors_that_name_the_function(module):
    poor, count = [], 0
    for full, function in FUNCTIONS.items():
        if not full.startswith(module):
            continue
        for what, call in WRONG.items():
            if module == "integrate" and "keyword" not in what:
                continue  # their first argument is a function of the user's, whose errors stay as they are
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    call(function)
            except Exception as error:
                count += 1
                names = {full.rpartition(".")[2], getattr(function, "__name__", "")}  # aliases
                if not isinstance(error, AutogradError) or not any(n in str(error) for n in names if n):
                    poor.append(f"{full}: {what}: {type(error).__name__}: {error}")
    assert not poor, "\n".join(poor)
    assert count > 5
