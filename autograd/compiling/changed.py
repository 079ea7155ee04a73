"""What a program raises that cannot run: nothing has changed then."""

from __future__ import annotations

ZERO = "a cotangent of 0 meets an infinite derivative, and may vanish with it"


class Changed(Exception):
    """Something that a program relies on is not as it was when it was recorded."""


class Moved(Changed):
    """What a program is made of is not there any more, or not so."""


class Outdated(Changed):
    """It will not be as it was again: the program is of no more use."""


class Undecided(Changed):
    """What a derivative is depends on what its cotangent came from: the function itself looks back."""

    def __init__(self, line: str = "", what: str = ZERO):
        super().__init__(f"{line}: {what}" if line else what)
        self.line = line
