"""A call on small arrays as loops that one function can hold beside others."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..ir import Instruction, Operand
from .scribe import Scribe


class Piece(NamedTuple):
    """A call as loops.

    Attributes:
        step: the call.
        operands: all that it reads or writes.
        work: roughly how many operations.
        lines: gives its statements.
        checks: whether it may find that the program does not hold.
    """

    step: Instruction
    operands: list[Operand]
    work: int
    lines: Callable[[Scribe], list[str]]
    checks: bool = False

    @property
    def steps(self) -> list[Instruction]:
        return [self.step]


def result_of(step: Instruction) -> Operand | None:
    """What a call writes, if that is one array."""
    return step.out if type(step.out) is Operand else None
