"""A tiny engine to compare with: one Var per number, in NumPy arrays of objects.

Views, writes and broadcasting are NumPy's own, done to arrays whose elements remember how they
were computed. So nothing here can share a mistake with the tape.
"""

from __future__ import annotations

import heapq
import itertools
import math
from typing import Any

import numpy as np

_order = itertools.count()


class Var:
    """A number, and a function that gives each parent's partial derivative, again a Var."""

    __slots__ = ("order", "parents", "value")

    def __init__(self, value: float, *parents: tuple):
        self.value, self.parents, self.order = float(value), parents, next(_order)

    def __add__(self, other: Any) -> Var:
        other = as_var(other)
        return Var(self.value + other.value, (self, lambda: ONE), (other, lambda: ONE))

    def __mul__(self, other: Any) -> Var:
        other = as_var(other)
        return Var(self.value * other.value, (self, lambda: other), (other, lambda: self))

    def __truediv__(self, other: Any) -> Var:
        return self * as_var(other).reciprocal()

    def __sub__(self, other: Any) -> Var:
        return self + -as_var(other)

    def __rsub__(self, other: Any) -> Var:
        return as_var(other) - self

    def __rtruediv__(self, other: Any) -> Var:
        return as_var(other) / self

    def __neg__(self) -> Var:
        return self * -1.0

    __radd__, __rmul__ = __add__, __mul__

    # NumPy calls these for each element of an array of objects

    def reciprocal(self) -> Var:
        out = Var(1 / self.value, (self, lambda: -(out * out)))
        return out

    def exp(self) -> Var:
        out = Var(math.exp(self.value), (self, lambda: out))
        return out

    def sin(self) -> Var:
        return Var(math.sin(self.value), (self, self.cos))

    def cos(self) -> Var:
        return Var(math.cos(self.value), (self, lambda: -self.sin()))

    def tanh(self) -> Var:
        out = Var(math.tanh(self.value), (self, lambda: 1.0 - out * out))
        return out


def as_var(value: Any) -> Var:
    return value if isinstance(value, Var) else Var(value)


ZERO, ONE = Var(0.0), Var(1.0)


def variables(values: Any) -> np.ndarray:
    """An array of Vars with these values."""
    return arrayed(np.vectorize(Var, otypes=[object])(values))


def arrayed(x: Any) -> np.ndarray:
    """x as an array of Vars: NumPy gives bare elements where it drops to zero dimensions."""
    if isinstance(x, np.ndarray):
        return x
    out = np.empty((), object)
    out[()] = as_var(x)
    return out


def values(x: np.ndarray) -> np.ndarray:
    return np.array([v.value for v in x.reshape(-1)], float).reshape(x.shape)


def gradients(output: Var, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The derivatives of a number by every element of the inputs: arrays of Vars again."""
    sums = {output.order: ONE}
    heap, found = [(-output.order, output)], {}
    while heap:
        var = heapq.heappop(heap)[1]
        g = found[var.order] = sums[var.order]
        for parent, partial in var.parents:
            part = g * partial()
            if parent.order in sums:
                sums[parent.order] = sums[parent.order] + part
            else:
                sums[parent.order] = part
                heapq.heappush(heap, (-parent.order, parent))
    flat = [[found.get(v.order, ZERO) for v in x.reshape(-1)] for x in inputs]
    made = [np.array([*vs, None], object)[:-1] for vs in flat]
    return [m.reshape(x.shape) for m, x in zip(made, inputs, strict=True)]
