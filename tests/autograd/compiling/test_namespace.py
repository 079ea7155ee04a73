"""Every function of NumPy, with its gradient, compiled: as eager, or on the list of what is refused.

The calls are those of the walk over keywords, which fails where a function is missing: of each name one,
and all of them where hypothesis is thorough.
"""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from tests.support.compiling import outcome, plain, quietly
from tests.support.keyword_calls import FAMILIES, cases_of

pytestmark = [pytest.mark.usefixtures("numpy_alone"), pytest.mark.filterwarnings("ignore")]
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE", "default") != "default"
VALUES = "depends on values"
READ = "reads a value"
# What NumPy itself does to arrays, and ours to recorded ones, may round differently.
ROUNDING = "the first replay differed"
REFUSED = {
    "choosing": {"tri": VALUES, "uniq": VALUES},
    "objects": {"array": READ},
    # the first two write into their arguments, by `overwrite_input`
    "quantiles": {"median": ROUNDING, "nanmedian": ROUNDING},
    "rest": {"unique": VALUES, "unique_values": VALUES,
             "trim": VALUES},
    "shapes": {"sets": VALUES},
}  # fmt: skip
# Those of more keywords that are refused, besides.
MORE = {
    "methods": {"flat": VALUES},
    "padding": {"pad": READ},
    "rest": {"sets": VALUES, "pos": READ},
}


def weighted(result):
    """A real number that depends on all parts of a result that have a gradient."""
    total = 0.0
    for part in result if isinstance(result, (tuple, list)) else [result]:
        if getattr(part, "dtype", np.dtype(int)).kind in "fc":
            weights = np.cos(np.arange(part.size)).reshape(part.shape)
            total = total + (part.real * weights).sum()
            if part.dtype.kind == "c":
                total = total + (part.imag * weights).sum()
    return total


def close(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        alike = (a.shape, a.dtype) == (b.shape, b.dtype)
        return alike and np.allclose(a, b, 1e-10, 1e-12, equal_nan=a.dtype.kind in "fc")
    return type(a) is type(b) and bool(a == b)


def with_gradient(f, arrays):
    floating = tuple(i for i, a in enumerate(arrays) if a.dtype.kind in "fc")
    slopes = autograd.grad(lambda *given: weighted(f(anp, *given)), floating)
    return lambda *given: (f(anp, *given), slopes(*given))


def firsts(cases):
    """The first case of each name; all of them where hypothesis is thorough."""
    names = list(cases)
    return names if THOROUGH else [n for i, n in enumerate(names) if n.split()[0] not in _words(names[:i])]


def _words(names):
    return {name.split()[0] for name in names}


@pytest.mark.parametrize("family", FAMILIES)
def test_functions_compile(family):
    cases, failed, refused = cases_of(family), [], set()
    known = REFUSED.get(family, {})
    for name in firsts(cases):
        f, arrays = cases[name]
        fn = with_gradient(f, arrays)
        program = autograd.compile(fn)
        wanted = None
        for scale in (1.0, 0.99, 1.01, 1.02, 1.005):
            given = [[a * scale if a.dtype.kind in "fc" else a.copy() for a in arrays] for _ in range(2)]
            wanted, found = outcome(fn, *given[0]), outcome(quietly, program, *given[1])
            if not close(plain(wanted), plain(found)):
                failed.append(f"{name}: differs")
        if program.replays or isinstance(wanted, str):  # what raises is never recorded
            continue
        word = name.split()[0]
        refused.add(word)
        reason = known.get(word, MORE.get(family, {}).get(word) if THOROUGH else None)
        if reason is None or not re.search(reason, program.fallback):
            failed.append(f"{name}: {program.fallback}")
    assert not failed, "\n".join(failed)
    assert THOROUGH or refused == known.keys(), "take off the list what compiles"
