"""A block of a product of matrices: several sums at a time, so that what is read serves for several.

LLVM is given it as a whole, as numba takes ten milliseconds for each line of a loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .elements import SUMMED, disjoint, place

_WORD = ir.IntType(64)


def block(kind: Any) -> Callable:
    """`block(down, across, count, a..., b..., out..., scopes)`: so many rows and columns of out = a @ b.

    The sums are of `count` products, one at least. Of each array come its address, the place of the first
    element, how far it is from there to the next row or column of the block, and to the next product (of
    `out` to the next column), and its scope among `scopes` (see `disjoint`). All but addresses and first
    places are numbers that the source has.
    """

    @intrinsic(prefer_literal=True)
    def fn(
        typing: Any, down: Any, across: Any, count: Any,
        a: Any, at_a: Any, row_a: Any, step_a: Any, scope_a: Any,
        b: Any, at_b: Any, column_b: Any, step_b: Any, scope_b: Any,
        out: Any, at_out: Any, row_out: Any, column_out: Any, scope_out: Any, scopes: Any,
    ) -> Any:  # fmt: skip
        word = types.int64
        given = [
            word, word, row_a, step_a, scope_a, word, word, column_b, step_b, scope_b,
            word, word, row_out, column_out, scope_out,
        ]  # fmt: skip

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pairs = zip(given, args[3:-1], strict=True)
            known = [value if kind is word else kind.literal_value for kind, value in pairs]
            arrays = [known[i : i + 5] for i in range(0, len(known), 5)]
            element = context.get_value_type(kind)
            made = _Block(builder, element, scopes.literal_value, *arrays)
            made.write(down.literal_value, across.literal_value, count.literal_value)
            return context.get_dummy_value()

        return types.void(down, across, count, *given, scopes), generate

    return fn


class _Block:
    """Writes the instructions of a block."""

    def __init__(self, builder: Any, element: Any, scopes: int, a: list, b: list, out: list):
        self.builder, self.element, self.scopes = builder, element, scopes
        self.a, self.b, self.out = a, b, out

    def write(self, down: int, across: int, count: int) -> None:
        builder, element = self.builder, self.element
        rows, columns = range(down), range(across)
        before, loop = builder.block, builder.append_basic_block("terms")
        builder.branch(loop)
        builder.position_at_end(loop)
        k, sums = builder.phi(_WORD), [builder.phi(element) for _ in itertools.product(rows, columns)]
        left, right = [self._read(self.a, r, k) for r in rows], [self._read(self.b, c, k) for c in columns]
        grown = []
        for total, (x, y) in zip(sums, itertools.product(left, right), strict=True):
            term = builder.fmul(x, y, flags=SUMMED)
            grown.append(builder.fadd(total, term, flags=SUMMED))
        after = builder.add(k, _WORD(1))
        for phi, value in zip([k, *sums], [after, *grown], strict=True):
            phi.add_incoming(phi.type(0), before)
            phi.add_incoming(value, loop)
        done = builder.append_basic_block("summed")
        builder.cbranch(builder.icmp_signed("<", after, _WORD(count)), loop, done)
        builder.position_at_end(done)
        for total, (r, c) in zip(grown, itertools.product(rows, columns), strict=True):
            self._mark(builder.store(total, self._place(self.out, r, _WORD(c)), align=1), self.out)

    def _read(self, array: list, across: int, k: Any) -> Any:
        return self._mark(self.builder.load(self._place(array, across, k), align=1), array)

    def _place(self, array: list, across: int, along: Any) -> Any:
        """An element: in a row or column of the block, and so many along that."""
        address, start, beside, step, _ = array
        first = self.builder.add(start, _WORD(across * beside))
        index = self.builder.add(first, self.builder.mul(along, _WORD(step)))
        return place(self.builder, self.element, address, index)

    def _mark(self, instruction: Any, array: list) -> Any:
        disjoint(instruction, self.builder.module, array[4], self.scopes)
        return instruction
