"""Random functions under transforms, random training steps: compiled as eager, with both kinds of kernels.

A few in the suite; thousands with `HYPOTHESIS_PROFILE=thorough`.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import assume, given, settings

import autograd
from autograd.compiling import native
from autograd.compiling.verify import agree
from tests.support import programs
from tests.support.compiling import quietly

NUMBA = pytest.mark.skipif(not native.available(), reason="the extra jit is not installed")
FEW = settings().max_examples <= 25


def examples(few):
    """So many in the suite, thousands where hypothesis is thorough."""
    return settings(max_examples=few if FEW else settings().max_examples * 10)


@contextmanager
def numpy_alone():
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(native, "available", lambda: False)
        yield


def flat(value):
    if isinstance(value, (list, tuple)):
        return [a for item in value for a in flat(item)]
    return [np.array(getattr(value, "_data", value))]


def tolerance(arrays):
    single = any(a is not None and a.dtype == np.float32 for a in arrays)
    return 1e-3 if single else 1e-7


def alike(wanted, found, exact):
    """Equal to the last bit, or to what rounding differently may grow to in a few steps."""
    if exact:
        return agree(wanted, found)
    sizes = [np.abs(a[np.isfinite(a)]).max(initial=0) for a in wanted if a is not None]
    scale = tolerance(wanted) * max([1.0, *sizes])
    return len(wanted) == len(found) and all(
        (a is None and b is None)
        or (a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, 1e-2, scale, equal_nan=True))
        for a, b in zip(wanted, found, strict=True)
    )


def wild(arrays):
    """Whether rounding is magnified: values too large, or lost."""
    return any(a is not None and not (np.abs(a) < 1e4).all() for a in arrays)


def check_function(drawn, exact):
    function = drawn.build()
    program = autograd.compile(function)
    wanted, found = [], []
    for x, w in drawn.calls():
        wanted += flat(function(x, w))
        found += flat(quietly(program, x, w))
    assume(exact or not wild(wanted))
    assert alike(wanted, found, exact)
    # of elements with gaps between them einsum rounds otherwise than of those that a program has
    gaps = drawn.layout == "strided" and any(name == "einsum" for name, *_ in drawn.plan)
    assert gaps or not program.fallback


def check_step(drawn, exact):
    wanted, _ = drawn.run(lambda step, state: step)
    found, program = drawn.run(lambda step, state: autograd.compile(step, state=state, strict=True))
    assume(exact or not wild(wanted))
    assert alike(wanted, found, exact)
    assert program._entries  # what changes, or what guards tell apart, may leave no call for a replay


@examples(12)
@given(drawn=programs.FUNCTIONS)
def test_functions_on_numpy(drawn):
    with numpy_alone():
        check_function(drawn, True)


@examples(8)
@given(drawn=programs.STEPS)
def test_steps_on_numpy(drawn):
    with numpy_alone():
        check_step(drawn, True)


@NUMBA
@examples(2)
@given(drawn=programs.FUNCTIONS)
def test_functions_with_numba(drawn):
    with np.errstate(all="ignore"):
        check_function(drawn, False)


@NUMBA
@examples(1)
@given(drawn=programs.STEPS)
def test_steps_with_numba(drawn):
    with np.errstate(all="ignore"):
        check_step(drawn, False)
