"""Random functions under transforms, random training steps: compiled as eager, with both kinds of kernels.

A few in the suite; thousands with `HYPOTHESIS_PROFILE=thorough`.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import assume, given, settings

import autograd
from autograd.compiling.kernels import native
from autograd.compiling.running.verify import Rounding, agree
from tests.support.programs import FUNCTIONS
from tests.support.training import STEPS

NUMBA = pytest.mark.skipif(not native.available(), reason="the extra jit is not installed")
# What a difference in the last bits may grow to: in a function, and in the steps of a training.
GROWN, TRAINED = Rounding(1e-3, 1e-10, among=True), Rounding(1e-2, 1e-7, among=True)
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


def alike(wanted, found, rounding=None):
    """Equal to the last bit, or but for what rounding otherwise may grow to."""
    return agree(flat(wanted), flat(found), rounding)


def wild(value):
    """Whether rounding is magnified: values too large, or lost."""
    return any(not (np.abs(a) < 1e4).all() for a in flat(value) if is_array(a))


def both(drawn):
    """What is seen of the run as it is, and of the compiled one; and the program."""
    wanted, _ = drawn.run(lambda fn, state=(): fn)
    found, program = drawn.run(lambda fn, state=(): autograd.compile(fn, state=state))
    return wanted, found, program


def short(drawn):
    """What takes numba a second or two; all of it where hypothesis is thorough."""
    if not FEW:
        return drawn
    few = {"periods": 1} if hasattr(drawn, "periods") else {"layers": 2, "events": 1}
    return drawn._replace(plan=drawn.plan[:2], **{k: getattr(drawn, k)[:n] for k, n in few.items()})


def check_function(drawn, exact):
    wanted, found, program = both(drawn)
    assume(exact or not wild([value for _, value in wanted]))
    # second derivatives of checkpoints add up in another order while they are recorded
    again = drawn.transform == "checkpoint" or any(name == "checkpoint" for name, *_ in drawn.plan)
    for (kind, a), (_, b) in zip(wanted, found, strict=True):
        # of elements with gaps between them, or in Fortran order, NumPy may round otherwise than programs
        usual = not again and kind.layout == "C"
        assert alike(a, b, None if exact and usual else GROWN)
    rounds = again or any(kind.layout != "C" for kind, _ in drawn.periods)
    # what is magnified counts as different
    assert not program.fallback or (rounds and "the first replay differed" in program.fallback)


def check_step(drawn, exact):
    wanted, found, program = both(drawn)
    assume(exact or not wild(wanted))
    for a, b in zip(wanted, found, strict=True):
        assert alike(a, b, None if exact else TRAINED)
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
