"""What goes on with the rows of a product as soon as they are computed, while they are near."""

from __future__ import annotations

from typing import NamedTuple

from . import machine


class Epilogue(NamedTuple):
    """A loop that follows a product.

    Attributes:
        loop: the address of `loop(its, start, stop)`, 0 for none.
        its: the address of its table.
        each: how far it goes for each row.
    """

    loop: int
    its: int
    each: int

    def run(self, first: int, last: int) -> None:
        """Go on with some rows."""
        machine.unlocked(self.loop, 3)(self.its, first * self.each, last * self.each)


NOTHING = Epilogue(0, 0, 0)
