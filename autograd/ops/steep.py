"""Tangents that are a quotient 0 / 0, and wait for what they are multiplied by.

The derivative of norm(x) along t is x @ t / norm(x). Where the norm is 0 that is nothing; but that of
norm(x)**2, which is 2 * norm(x) times as much, is smooth. So while tangents that may be differentiated again
are pushed through functions that work element by element, the quotient is kept, and each factor divided if
it vanishes with the norm (see `limits.py`). What stays undivided is 0, with a next derivative that is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tape import TensorBase
from .choosing import _where, equal
from .limits import call_of, divided, undefined_slope, zeros_of


class Steep:
    """A tangent num / out + rest, `out` being 0 somewhere: it waits for what it is multiplied by.

    Attributes:
        key: what tells the nodes that are `out`.
        kinks: whether its slope is NaN where it stays undivided; else it is 0 there.
        higher: whether `out` stands for a higher power of itself, which only a factor cancels that
            vanishes to the second order.
        moving: a 0 whose slope is NaN by all that `out` depends on, if that can be told.
    """

    __slots__ = ("higher", "key", "kinks", "moving", "num", "out", "rest")

    def __init__(
        self, num: Any, out: Any, key: Any, kinks: bool, higher: bool, moving: Any, rest: Any = None
    ):
        self.num, self.out, self.key, self.kinks = num, out, key, kinks
        self.higher, self.moving, self.rest = higher, moving, rest

    def _but(self, **other: Any) -> Steep:
        return Steep(**{name: getattr(self, name) for name in self.__slots__} | other)

    def times(self, factor: Any) -> Any:
        """Its product with a factor, divided where that has a limit."""
        if np.shape(factor) != np.shape(self.out):
            return self.settled() * factor
        rest = None if self.rest is None else self.rest * factor
        flat = np.equal(self.out._data, 0)
        quotient, lost = divided(factor, self.key, flat, self.out, self.kinks, self.higher)
        if not self.kinks and lost is None:
            # what the factor is there stays undivided, and what it is more is divided
            still = factor - _where(flat, quotient, 0) * self.out
            more = quotient * self.num
            more = more if rest is None else more + rest
            if not np.any(getattr(still, "_data", still)):
                return more
            return self._but(num=_where(flat, still, 0) * self.num, rest=more)
        if lost is None:
            return quotient * self.num if rest is None else quotient * self.num + rest
        num = _where(lost, factor, quotient) * self.num
        return self._but(num=num, out=_where(lost, self.out, 1), rest=rest)

    def plus(self, other: Any) -> Any:
        """Its sum with another tangent."""
        if isinstance(other, Steep):
            if self.key != other.key or np.any(self.out._data != other.out._data):
                return self.plus(other.settled())
            rest = self.rest if other.rest is None else self._with(other.rest)
            return self._but(num=self.num + other.num, rest=rest)
        return self._but(rest=self._with(other))

    def _with(self, other: Any) -> Any:
        return other if self.rest is None else self.rest + other

    def settled(self, into_another: bool = False) -> Any:
        """The quotient as it is; where it says 0 / 0, 0 with a slope that is NaN.

        Args:
            into_another: it is to be divided by what is 0 there, too; then that of the kink of a line is NaN.
        """
        lost = np.equal(self.out._data, 0)
        if self.kinks:
            lost = lost & np.equal(getattr(self.num, "_data", self.num), 0)
        quotient = self.num / _where(lost, 1, self.out)
        if self.kinks:
            slope = undefined_slope(self.num, lost) if self.moving is None else self.moving
            quotient = _where(lost, slope, quotient)
        else:
            quotient = _where(
                lost, undefined_slope(self.num, lost) + np.nan if into_another else 0, quotient
            )
        return quotient if self.rest is None else quotient + self.rest


def steep(
    num: Any, out: Any, key: Any = None, kinks: bool = True, higher: bool = False, moving: Any = None
) -> Any:
    """num / out as a tangent, 0 where `out` is; on Tensors a Steep, if it is 0 anywhere.

    Args:
        moving: a function that gives a 0 whose slope is NaN by all that `out` depends on.
    """
    if isinstance(out, TensorBase) and zeros_of(out, num) is not None:
        return Steep(num, out, key or call_of(out), kinks, higher, moving and moving())
    flat = equal(out, 0)
    return _where(flat, 0, num / _where(flat, 1, out))
