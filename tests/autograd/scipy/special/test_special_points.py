"""First and second derivatives at special points, of every elementwise function: right, infinite or NaN."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy.special")

from autograd.scipy.special._declare import PRIMITIVES
from tests.support.samples import DIFFERENTIABLE, Sample, function_of
from tests.support.special_points import at_special_points, slope, wrong_slopes

# where a number is what a convention says, by name and order; see docs/conventions.md
CONVENTIONS = {
    ("signed_i0e", 1), ("signed_i1e", 2), ("i0e", 2), ("i1e", 2),  # kinks, with the curvature of both sides
}  # fmt: skip
# where SciPy's kernels are meant for, if not everywhere
INSIDE = {
    "beta_moment": lambda a, b, x: (a >= 1) & (b >= 1) & (x <= 1),
    "lpmv": lambda m, v, x: np.abs(x) <= 1,
}
REAL = [
    s for s in DIFFERENTIABLE
    if s.prim in PRIMITIVES and s.prim.core and not any(s.prim.core) and s.kernel().dtype.kind == "f"
]  # fmt: skip


@pytest.mark.parametrize("sample", REAL, ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_finite_numbers_are_limits(sample: Sample):
    sample = at_special_points(sample, INSIDE.get(sample.prim.name))
    function = function_of(sample.prim)

    def kernel(*args):
        return sample.kernel(*args)

    def call(*args):
        return sample.chosen(function(*args, *sample.statics))

    wrong = []
    with np.errstate(all="ignore"):
        for i in sample.active:
            first = slope(call, i)
            found = first(*sample.args)
            wrong += [(1, i, *w) for w in wrong_slopes(kernel, found, sample.args, i)]
            for j in sample.active:
                second = slope(first, j)(*sample.args)
                wrong += [(2, (i, j), *w) for w in wrong_slopes(first, second, sample.args, j)]
    wrong = [w for w in wrong if (sample.prim.name, w[0]) not in CONVENTIONS]
    assert not wrong, "\n".join(map(str, wrong[:10]))
