"""What a run of a program must put back if it cannot end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import CompileError
from ..faults import cleared
from ..ir import STATE, Instruction, Operand
from ..plan import Plan
from ..planning.lowering import may_refuse
from ..reading.aside import steps_of
from ..recording.numbers import Advancing


class Guarded:
    """What a program has changed when it may still fail: state, generators, schedulers, step counts."""

    def __init__(self, plan: Plan):
        steps = plan.steps
        checks = [i for i, s in enumerate(steps) if _may_fail(s)]
        last = checks[-1] if checks else -1
        # a native function writes state after its checks, but has doubts as it writes
        after = last >= 0 and steps[last].kind == "native" and not steps[last].extra.doubts
        before = steps[: last if after else last + 1]
        kinds = plan.recording.roots
        self.operands = {r for s in before for r in plan.touched(s.writes) if kinds[r].kind == STATE}
        effects = [s.fn for s in before if s.kind == "effect" and s.fn is not cleared]
        owners = [getattr(fn, "__self__", None) for fn in effects if not isinstance(fn, Advancing)]
        if None in owners:
            raise CompileError("the step of a scheduler is no method, and cannot be taken back")
        self.generators = [o for o in owners if isinstance(o, np.random.Generator)]
        self.schedulers = [o for o in owners if not isinstance(o, np.random.Generator)]

    def written(self, places: list) -> list[Operand]:
        """Where the state is that may have to be put back."""
        return [operand for _, operand in places if operand.root in self.operands]

    def backup(self, arrays: list[np.ndarray]) -> Callable[[], None]:
        """A function that puts these arrays, the generators and the schedulers back as they are now."""
        copies = [(a, a.copy()) for a in arrays]
        positions = [(g, g.bit_generator.state) for g in self.generators]
        schedulers = steps_of(self.schedulers) if self.schedulers else None

        def put_back() -> None:
            for array, values in copies:
                np.copyto(array, values)
            for generator, position in positions:
                generator.bit_generator.state = position
            if schedulers is not None:
                schedulers()

        return put_back


def _may_fail(step: Instruction) -> bool:
    """Whether a run may find in a step that it cannot go on: numbers of optimisers may be others."""
    checks = bool(step.checks) or step.kind == "opaque" or may_refuse(step)
    return checks or isinstance(step.fn, Advancing)
