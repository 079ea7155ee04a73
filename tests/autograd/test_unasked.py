"""Gradients that nobody asked for are not computed, whichever primitive it is."""

from __future__ import annotations

import autograd
from autograd.codegen import FAST
from autograd.pulls import step_for
from tests.support.samples import DIFFERENTIABLE, Sample, each

# What else their rules find on the way to what was asked for, by position: the other side's cotangent,
# which is a factor of the matrix's; the initial states', which the way back through time ends with; for
# the Riccati equations products of matrices beside the equation that must be solved. Zeros for lstsq's.
ON_THE_WAY = {
    "solve": {1}, "lstsq": {0, 1}, "solve_banded": {1}, "solve_triangular": {1}, "solve_sylvester": {2},
    "recursive_filter": {1}, "rnn": {1}, "gru": {1}, "lstm": {1, 2},
    "solve_continuous_are": {0, 1, 2, 3}, "solve_discrete_are": {0, 1, 2, 3},
}  # fmt: skip

SEVERAL = [s for s in DIFFERENTIABLE if len(s.active) > 1 and not s.prim.variadic]


@each(SEVERAL)
def test_of_several_arguments_one(sample: Sample):
    """A rule runs for the argument that a gradient flows to, and one for all leaves the others out."""
    prim = sample.prim
    for i in sample.active:
        step = step_for(prim, (i,))
        rules = [name for name in step.pull.__code__.co_names if "_rule" in name]
        assert len(rules) <= 1
        if prim.joint is None:
            assert set(step.saves) <= set(prim.rules[prim.arrays[i]].names)
            continue
        given = []
        rule = FAST[rules[0]]
        FAST[rules[0]] = lambda *args, rule=rule, given=given: given.append(rule(*args)) or given[-1]
        try:
            args = [
                autograd.tensor(a, requires_grad=True) if j == i else a for j, a in enumerate(sample.args)
            ]
            sample.call(*args).sum().backward()
        finally:
            FAST[rules[0]] = rule
        found = {j for j, g in enumerate(given[0]) if g is not None}
        assert found <= {i} | ON_THE_WAY.get(prim.name, set())
