"""A tile of a product of matrices, all of whose sums stay in registers: where its sums are short.

Eight rows of three vectors are 24 sums, which need 24 of the 32 registers of AVX-512; for each term eight
numbers of one factor and three vectors of the other are read, as they lie. BLAS copies both factors first,
sets the result to zero and adds to it, which pays for longer sums.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .writing import TILE_BYTES, TILE_ROWS

BYTES = 64  # of a vector
VECTORS = TILE_BYTES // BYTES
_WORD, _LANE = ir.IntType(64), ir.IntType(32)


def tile(kind: Any) -> Callable:
    """`tile(a, along, b, next, count, out, below)`: out = a @ b, for so many columns of a and rows of b.

    `a`, `b` and `out` are addresses, of elements that lie side by side in a column of a, and in rows of the
    others; from one to the next of these there are so many bytes.
    """

    @intrinsic
    def fn(typing: Any, a: Any, along: Any, b: Any, next: Any, count: Any, out: Any, below: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = context.get_value_type(kind)
            *factors, out, below = args
            sums = _summed(
                builder, ir.VectorType(element, BYTES // context.get_abi_sizeof(element)), *factors
            )
            for r, row in enumerate(sums):
                for v, total in enumerate(row):
                    at = builder.add(out, builder.mul(below, _WORD(r)))
                    builder.store(total, _place(builder, at, v * BYTES, total.type), align=1)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 7), generate

    return fn


def _place(builder: Any, address: Any, far: int, kind: Any) -> Any:
    return builder.inttoptr(builder.add(address, _WORD(far)), ir.PointerType(kind))


def _summed(builder: Any, vector: Any, a: Any, along: Any, b: Any, next: Any, count: Any) -> list[list]:
    """The sums: for each row of the tile its vectors."""
    before = builder.block
    loop, done = builder.append_basic_block("terms"), builder.append_basic_block("summed")
    builder.branch(loop)
    builder.position_at_end(loop)
    k, column, row = (builder.phi(_WORD) for _ in range(3))
    sums = [[builder.phi(vector) for _ in range(VECTORS)] for _ in range(TILE_ROWS)]
    grown = _grown(builder, vector, column, row, sums)
    after = [builder.add(k, _WORD(1)), builder.add(column, along), builder.add(row, next)]
    starts = [_WORD(0), a, b, *([vector([0.0] * vector.count)] * (VECTORS * TILE_ROWS))]
    phis, after = [k, column, row, *itertools.chain(*sums)], [*after, *itertools.chain(*grown)]
    for phi, start, value in zip(phis, starts, after, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", after[0], count), loop, done)
    builder.position_at_end(done)
    return grown


def _grown(builder: Any, vector: Any, column: Any, row: Any, sums: list[list]) -> list[list]:
    """The sums with one term more."""
    element, lanes = vector.element, vector.count
    fma = builder.module.declare_intrinsic(
        f"llvm.fma.v{lanes}{element.intrinsic_name}", (), ir.FunctionType(vector, [vector] * 3)
    )
    everywhere = ir.Constant(ir.VectorType(_LANE, lanes), [0] * lanes)
    several = [builder.load(_place(builder, row, v * BYTES, vector), align=1) for v in range(VECTORS)]
    found = []
    for r, totals in enumerate(sums):
        one = builder.load(_place(builder, column, r * BYTES // lanes, element), align=1)
        one = builder.insert_element(vector(ir.Undefined), one, _LANE(0))
        one = builder.shuffle_vector(one, vector(ir.Undefined), everywhere)
        found.append([builder.call(fma, [one, x, s]) for x, s in zip(several, totals, strict=True)])
    return found
