"""Operands as views of one grid: some axes of rows, and an inner one that sums run along."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Operand
from .axes import common_axes, element_strides


@dataclass(slots=True)
class Frame:
    """The axes of a grid, the inner one last.

    Two views of one stretch of memory are the same elements of the grid if `whole` or `rows` gives
    the same operand for them.
    """

    shape: tuple[int, ...]

    @property
    def height(self) -> int:
        """How many rows there are."""
        return _product(self.shape[:-1])

    @property
    def size(self) -> int:
        return _product(self.shape)

    def whole(self, o: Operand, shape: tuple[int, ...]) -> Operand | None:
        """An operand that broadcasts to a shape of all elements."""
        return self._seen(o, shape, self.shape)

    def rows(self, o: Operand, shape: tuple[int, ...]) -> Operand | None:
        """An operand that broadcasts to a shape with one element for each row."""
        found = self._seen(o, shape, self.shape[:-1])
        return None if found is None else found._replace(shape=self.shape, strides=(*found.strides, 0))

    def _seen(self, o: Operand, shape: tuple[int, ...], axes: tuple[int, ...]) -> Operand | None:
        pairs = [(n, s) for n, s in zip(shape, element_strides(o, shape), strict=True) if n > 1]
        strides: list[int] = []
        for n in reversed(axes):
            if n == 1:
                strides.append(0)
                continue
            if not pairs:
                return None
            length, stride = pairs.pop()
            if length % n:
                if not _joins(pairs, length, stride, n):
                    return None
                while length < n:
                    length *= pairs.pop()[0]
                if length % n:
                    return None
            strides.append(stride)
            if length > n:
                pairs.append((length // n, stride * n))
        if pairs:
            return None
        size = o.dtype.itemsize
        return o._replace(shape=axes, strides=tuple(s * size for s in reversed(strides)))

    def refined(self, shape: tuple[int, ...]) -> Frame | None:
        """The same grid with its rows cut into the axes of a shape of all elements, or of all rows."""
        given = [n for n in shape if n > 1]
        if _product(tuple(given)) == self.size:
            inner = 1
            while given and inner < self.shape[-1]:
                inner *= given.pop()
            if inner % self.shape[-1]:
                return None
            given += [inner // self.shape[-1]] if inner > self.shape[-1] else []
        elif _product(tuple(given)) != self.height:
            return None
        rows = common_axes(self.shape[:-1], tuple(given))
        return None if rows is None else Frame((*rows, self.shape[-1]))


def _joins(pairs: list[tuple[int, int]], length: int, stride: int, n: int) -> bool:
    """Whether axes further out go on where one of them ends, up to a length."""
    for outer, step in reversed(pairs):
        if length >= n:
            break
        if step != stride * length:
            return False
        length *= outer
    return length >= n


def _product(numbers: tuple[int, ...]) -> int:
    found = 1
    for n in numbers:
        found *= n
    return found
