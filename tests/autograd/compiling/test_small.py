"""Faster forms of calls on small arrays: taken where they are the same, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
from tests.support.compiling import plain, same

pytestmark = pytest.mark.usefixtures("numpy_alone")
RNG = np.random.default_rng(0)
SHAPES = [
    ((4, 5), (5,)), ((4, 5), (4, 1)), ((5,), (4, 5)), ((1, 5), (4, 5)), ((2, 1, 5), (2, 3, 5)),
    ((4, 1), (1, 5)), ((3,), (3,)), ((4, 5), ()), ((70, 70), (70,)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("dtypes", [("f4", "f4"), ("f4", "f8"), ("f8", "f4"), ("i8", "f4"), ("c8", "f4")])
def test_operands_that_are_broadcast(a, b, dtypes):
    def fn(x, y):
        x, y = anp.abs(x * 2) if x.dtype.kind != "c" else x * 2, y * 3
        return x + y, x - y, y / (x + 1), x == y, anp.where(x == y, x, y)

    act = autograd.compile(fn, strict=True)
    for k in range(1, 6):
        x, y = (np.asarray(RNG.standard_normal(s) * 4 * k).astype(d) for s, d in zip((a, b), dtypes))
        assert same(plain(act(x, y)), plain(fn(x, y)))
    assert act.replays > 0


def test_a_bias_is_laid_out_before_it_is_added():
    act = autograd.compile(lambda x, b: (x * 2 + b * 2) * 2, strict=True)
    for _ in range(4):
        act(np.ones((4, 5)), np.ones(5))
    assert [s.fn.__name__ for s in act.plan.steps].count("copy") == 1
    for _ in range(4):
        act(np.ones((400, 50)), np.ones(50))  # there broadcasting costs less
    assert "copy" not in [s.fn.__name__ for s in act.plan.steps]


@pytest.mark.parametrize("n", [1, 8, 100])
def test_classes_are_looked_at_before_anything_is_done(n):
    model = nn.Linear(4, 3)
    act = autograd.compile(lambda x, y: F.cross_entropy(model(x), y).detach(), state=model, strict=True)
    x, y = RNG.standard_normal((n, 4)).astype(np.float32), RNG.integers(0, 3, n)
    for _ in range(5):
        assert same(plain(act(x, y)), plain(F.cross_entropy(model(x), y)))
    assert ("tolist" in act.source) is (n <= 32)
    before = act.replays
    for wrong in (3, -1, 1 << 40):
        bad = y.copy()
        bad[-1] = wrong
        with pytest.raises(Exception, match=r"class|target|index|bounds"):
            act(x, bad)
    act(x, y)
    assert act.replays == before + 1
