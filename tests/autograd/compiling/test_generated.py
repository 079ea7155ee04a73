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
from autograd.compiling.verify import KERNELS, agree
from tests.support.compiling import outcome, quietly
from tests.support.programs import FUNCTIONS
from tests.support.training import STEPS

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
    return [a for item in value for a in flat(item)] if isinstance(value, (list, tuple)) else [value]


def is_array(x):
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def alike(wanted, found, exact):
    """Equal to the last bit, or to what rounding differently may grow to in a few steps."""
    wanted, found = flat(wanted), flat(found)
    if exact:
        return agree(wanted, found)
    sizes = [np.abs(a[np.isfinite(a)]).max(initial=0) for a in wanted if is_array(a)]
    single = any(a.dtype == np.float32 for a in wanted if is_array(a))
    scale = (1e-3 if single else 1e-7) * max([1.0, *sizes])
    return len(wanted) == len(found) and all(
        a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, 1e-2, scale, equal_nan=True)
        if is_array(a) and is_array(b)
        else agree([a], [b], KERNELS)
        for a, b in zip(wanted, found, strict=True)
    )


def wild(value):
    """Whether rounding is magnified: values too large, or lost."""
    return any(not (np.abs(a) < 1e4).all() for a in flat(value) if is_array(a))


def check(drawn, exact):
    """Both runs of what was drawn, results and errors; gives the program."""

    def calling(fn):
        return lambda *args: quietly(outcome, fn, *args)

    wanted, _ = drawn.run(lambda fn, state=(): calling(fn))
    found, program = drawn.run(lambda fn, state=(): Called(fn, state))
    assume(exact or not wild(wanted))
    assert alike(wanted, found, exact)
    return program.compiled


class Called:
    """A compiled function whose calls warn nobody, and whose exceptions are results."""

    def __init__(self, fn, state):
        self.compiled = autograd.compile(fn, state=state)

    def __call__(self, *args):
        return quietly(outcome, self.compiled, *args)


def short(drawn):
    """What takes numba a second or two; all of it where hypothesis is thorough."""
    if not FEW:
        return drawn
    few = {"periods": 1} if hasattr(drawn, "periods") else {"layers": 2, "events": 1}
    return drawn._replace(plan=drawn.plan[:2], **{k: getattr(drawn, k)[:n] for k, n in few.items()})


def check_function(drawn, exact):
    # second derivatives of checkpoints add up in another order while they are recorded
    again = drawn.transform == "checkpoint" or any(name == "checkpoint" for name, *_ in drawn.plan)
    # of elements with gaps between them, and in Fortran order, NumPy may round otherwise than programs do
    usual = not again and all(kind.layout == "C" for kind, _ in drawn.periods)
    program = check(drawn, exact and usual)
    # what is magnified counts as different
    assert not program.fallback or (not usual and "the first replay differed" in program.fallback)


def check_step(drawn, exact):
    program = check(drawn, exact)
    # the vectors of a spectral norm that were handed out are written before the sweep reads them
    assert "spectral norm" in drawn.layers or not program.fallback


@examples(25)
@given(drawn=FUNCTIONS)
def test_functions_on_numpy(drawn):
    with numpy_alone():
        check_function(drawn, True)


@examples(10)
@given(drawn=STEPS)
def test_steps_on_numpy(drawn):
    with numpy_alone():
        check_step(drawn, True)


@NUMBA
@examples(2)
@given(drawn=FUNCTIONS)
def test_functions_with_numba(drawn):
    with np.errstate(all="ignore"):
        check_function(short(drawn), False)


@NUMBA
@examples(1)
@given(drawn=STEPS)
def test_steps_with_numba(drawn):
    with np.errstate(all="ignore"):
        check_step(short(drawn), False)
