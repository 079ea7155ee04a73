"""When a program counts as doing what the function does."""

from __future__ import annotations

import numpy as np

from autograd.compiling.verify import KERNELS, LAYOUTS, agree


def test_what_counts_as_rounding():
    large, small = np.ones(3), np.full(3, 1e-9)
    assert agree([large, small], [large * (1 + 1e-15), small], LAYOUTS)
    assert not agree([large], [large * (1 + 1e-13)], LAYOUTS)
    assert not agree([large, small], [large, small * (1 + 1e-7)], LAYOUTS)  # whatever stands beside it
    assert agree([large, small], [large, small * (1 + 1e-4)], KERNELS)
    assert not agree([large], [large * (1 + 1e-15)])
