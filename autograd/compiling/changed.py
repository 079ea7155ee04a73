"""What a program raises that cannot run: nothing has changed then."""

from __future__ import annotations


class Changed(Exception):
    """Something that a program relies on is not as it was when it was recorded."""


class Moved(Changed):
    """What a program is made of is not there any more, or not so."""


class Outdated(Changed):
    """It will not be as it was again: the program is of no more use."""
