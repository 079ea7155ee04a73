"""Which roots are read after a place: those of all later steps, and what outlives the last of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograd.compiling.ir import Instruction, Operand
from autograd.compiling.planning.later import Later


def operand(root):
    return Operand(root, 0, (3,), (8,), np.dtype(float))


def step(reads, writes, made):
    return Instruction(np.add, tuple(map(operand, reads)), {}, operand(made), tuple(map(operand, writes)))


class Several:
    """What runs several steps."""

    def __init__(self, steps):
        self.steps = steps


roots = st.integers(0, 7)
few = st.lists(roots, max_size=2)
steps = st.builds(step, few, few, roots)
items = st.lists(st.one_of(steps, st.builds(Several, st.lists(steps, min_size=1, max_size=3))), max_size=6)


@given(items, st.sets(roots, max_size=2))
def test_as_if_all_that_follow_were_looked_at(items, ends):
    later = Later(items, ends)
    for at in range(len(items)):
        rest = [s for x in items[at + 1 :] for s in ([x] if isinstance(x, Instruction) else x.steps)]
        read = ends | {o.root for s in rest for o in (*s.reads(), *s.writes)}
        assert {root for root in range(8) if later.than(at)(root)} == read
