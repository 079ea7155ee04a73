"""What a run of a program must put back if it cannot end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import CompileError
from .faults import cleared
from .ir import STATE, Operand
from .lowering import may_refuse
from .numbers import Advancing
from .plan import Plan


class Guarded:
    """What a program has changed when a check of its may still fail: state, generators, step counts."""

    def __init__(self, plan: Plan):
        steps = plan.steps
        checks = [i for i, s in enumerate(steps) if s.checks or s.kind == "opaque" or may_refuse(s)]
        last = checks[-1] if checks else -1
        # a native function writes state after its checks, but has doubts as it writes
        after = last >= 0 and steps[last].kind == "native" and not steps[last].extra.doubts
        before = steps[: last if after else last + 1]
        kinds = plan.recording.roots
        self.operands = {r for s in before for r in plan.touched(s.writes) if kinds[r].kind == STATE}
        self.generators = []
        for step in before:
            if step.kind != "effect" or step.fn is cleared:
                continue
            owner = getattr(step.fn, "__self__", None)
            if isinstance(owner, np.random.Generator):
                self.generators.append(owner)
            elif not isinstance(step.fn, Advancing) and any(s.checks for s in steps[steps.index(step) :]):
                raise CompileError(
                    f"{step.line}: a kernel looks at values after a scheduler's step has begun"
                )

    def written(self, places: list) -> list[Operand]:
        """Where the state is that may have to be put back."""
        return [operand for _, operand in places if operand.root in self.operands]

    def backup(self, arrays: list[np.ndarray]) -> Callable[[], None]:
        """A function that puts these arrays and the generators back as they are now."""
        copies = [(a, a.copy()) for a in arrays]
        positions = [(g, g.bit_generator.state) for g in self.generators]

        def put_back() -> None:
            for array, values in copies:
                np.copyto(array, values)
            for generator, position in positions:
                generator.bit_generator.state = position

        return put_back
