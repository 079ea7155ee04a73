"""Wrong arguments, to every function of NumPy that is locally constant: typed errors that name it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from autograd.coverage import name_of
from autograd.errors import AutogradError
from tests.autograd.test_completeness import CONSTANT_ONES
from tests.autograd.test_numpy_refusals import WRONG, _ours

FUNCTIONS = [f for f in CONSTANT_ONES if not name_of(f).startswith("_")]
FEW = {"array_equal", "array_equiv"}  # answer False rather than refuse


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_wrong_arguments_are_typed_errors_that_name_the_function(function):
    ours, refused = _ours(function), {}
    for what, call in WRONG.items():
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(ours)
        except Exception as error:
            refused[what] = error
    assert len(refused) > (0 if function.__name__ in FEW else 2)
    for what, error in refused.items():
        assert isinstance(error, AutogradError), f"{what}: {type(error).__name__}: {error}"
        assert isinstance(error, (ValueError, TypeError, IndexError, RuntimeError)), what
        assert function.__name__ in str(error), f"{what}: {error}"
