"""Wrong arguments, to every function of SciPy's modules: typed errors that name the function."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest

from autograd import tensor
from tests.support import wrong_calls
from tests.support.wrong_calls import faults, leaf, refused

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
    # the first argument of integrate's is a function of the user's, whose errors stay as they are
    wrong = {k: f for k, f in WRONG.items() if module != "integrate" or "keyword" in k}
    for full, function in FUNCTIONS.items():
        if full.startswith(f"{module}."):
            errors = refused(wrong, lambda f=function: f)
            names = full.rpartition(".")[2], getattr(function, "__name__", "")  # aliases
            poor += [f"{full}: {fault}" for fault in faults(errors, *names)]
            count += len(errors)
    assert not poor, "\n".join(poor)
    assert count > 5
