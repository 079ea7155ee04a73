"""Every keyword of every differentiable function of NumPy, walked by NumPy's own signatures.

`tests/support/keyword_calls/` has the calls. Their values, dtypes and derivatives (reverse, forward and of
second order) are checked, and that the calls name every keyword there is.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools

import numpy as np
import pytest

import autograd.numpy as anp
from autograd.coverage import name_of
from tests.autograd.test_completeness import DIFFERENTIABLE, EVERYTHING, _class
from tests.support.along_a_line import Line, check_dtypes, check_values
from tests.support.bundles import check_all
from tests.support.calls import leaves, same
from tests.support.forms import Namespace, by_name, by_position
from tests.support.keyword_calls import FAMILIES, cases_of

families = pytest.mark.parametrize("family", FAMILIES)
pytestmark = pytest.mark.filterwarnings("ignore")


def for_each_case(family, check):
    check_all((name, functools.partial(check, *case)) for name, case in cases_of(family).items())


@families
def test_values_and_dtypes_are_numpys(family):
    spaces = (anp,) if family == "objects" else (anp, np)
    for_each_case(family, lambda f, arrays: check_values(f, arrays, spaces))


@families
def test_first_derivatives_in_both_modes(family):
    for_each_case(family, lambda f, arrays: Line(f, arrays).first())


@families
def test_second_derivatives_in_both_modes(family):
    for_each_case(family, lambda f, arrays: Line(f, arrays).second())


WIDTHS = [(np.float16, None), (np.float32, np.complex64), (np.longdouble, np.clongdouble)]


@families
def test_gradients_of_both_orders_and_tangents_have_their_dtypes(family):
    """Of each case in one of the widths, in turn."""
    turn = itertools.cycle(WIDTHS)

    def check(f, arrays):
        real, complex_ = next(turn)
        if complex_ is None and any(a.dtype.kind == "c" for a in arrays):
            real, complex_ = next(turn)
        arrays = tuple(a.astype(complex_ if a.dtype.kind == "c" else real) for a in arrays)
        try:
            f(np, *[a.copy() for a in arrays])
        except TypeError:
            return  # NumPy's linear algebra knows neither half precision nor long doubles
        check_dtypes(f, arrays)

    for_each_case(family, check)


@families
@pytest.mark.parametrize("form", [by_name, by_position])
def test_all_arguments_by_name_and_by_position(family, form):
    def check(f, arrays):
        try:
            expected = f(Namespace(np, form), *[a.copy() for a in arrays])
        except (TypeError, ValueError):
            return  # NumPy itself does not take some of its defaults
        same(f(Namespace(anp, form), *leaves(arrays)), expected, 1e-11)

    for_each_case(family, check)


STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def test_the_calls_name_every_keyword():
    named = {}

    def note(ours, theirs, args, options):
        with contextlib.suppress(TypeError, ValueError):  # what tells no names
            found = inspect.signature(theirs).bind(*args, **options).arguments
            named.setdefault(theirs, set()).update(found)
        return ours(*args, **options)

    for family in FAMILIES:
        for f, arrays in cases_of(family).values():
            f(Namespace(np, note), *[a.copy() for a in arrays])
    missing = []
    for function in EVERYTHING:
        apart = name_of(function).startswith(("_", "lib.", "polynomial."))
        if apart or isinstance(function, np.ufunc) or _class(function) != DIFFERENTIABLE:
            continue
        parameters = inspect.signature(function).parameters
        keywords = {k for k, p in parameters.items() if p.kind not in STARRED}
        missing += [f"{name_of(function)}: {k}" for k in sorted(keywords - named.get(function, set()))]
    assert not missing, missing
