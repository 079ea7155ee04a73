"""Derivatives of what is not elementwise at zeros, ties, constant and singular inputs: right, or none.

Along a line in the space of all arguments; kinks that conventions settle are listed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import autograd
from tests.support.samples import DIFFERENTIABLE, Sample
from tests.support.special_points import LEFT_OUT, on_the_line, refusals_are_nan, wrong_slopes

WHOLE = [
    s for s in DIFFERENTIABLE
    if (s.prim.core is None or any(s.prim.core)) and s.number == 0 and s.prim.name not in LEFT_OUT
]  # fmt: skip


def _instead(a: np.ndarray) -> Iterator[np.ndarray]:
    """Degenerate arrays of the shape and dtype of one."""
    yield np.zeros_like(a)
    yield np.ones_like(a)
    yield np.full_like(a, 0.7)
    if a.ndim > 1 and a.shape[-1] == a.shape[-2]:
        yield np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
        yield np.ones_like(a) * np.arange(1, a.shape[-1] + 1)


def _degenerate(sample: Sample) -> Iterator[Sample]:
    for i in sample.active:
        for values in _instead(sample.args[i]):
            yield sample.with_args(values if k == i else a for k, a in enumerate(sample.args))


@pytest.mark.parametrize("sample", WHOLE, ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_finite_numbers_are_limits(sample: Sample):
    wrong, origin = [], np.zeros(1)
    with np.errstate(all="ignore"):
        for other in _degenerate(sample):
            try:
                line = on_the_line(other)
            except ValueError:
                continue
            value = refusals_are_nan(lambda s, line=line, other=other: line(s, other.kernel))
            if not np.isfinite(value(origin)).all():
                continue
            first = autograd.grad(lambda s, line=line, other=other: line(s, other.call)[0])
            second = autograd.grad(lambda s, first=first: first(s)[0])
            for derivative, beneath in ((first, value), (second, refusals_are_nan(first))):
                found = refusals_are_nan(derivative)(origin)
                wrong += [(other.args, *w) for w in wrong_slopes(beneath, found, (origin,), 0)]
    assert not wrong, "\n".join(map(str, wrong[:5]))
