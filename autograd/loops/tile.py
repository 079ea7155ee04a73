"""A tile of a product of matrices, all of whose sums stay in registers: where its sums are short.

Eight rows of three vectors are 24 sums, which need 24 of the 32 registers of AVX-512; for each term eight
numbers of one factor and three vectors of the other are read, as they lie. BLAS copies both factors first,
sets the result to zero and adds to it, which pays for longer sums.
"""

from __future__ import annotations

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
            _generate(builder, element, BYTES // context.get_abi_sizeof(element), *args)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 7), generate

    return fn


def _generate(
    builder: Any, element: Any, lanes: int,
    a: Any, along: Any, b: Any, next: Any, count: Any, out: Any, below: Any,
) -> None:  # fmt: skip
    vector = ir.VectorType(element, lanes)
    nothing, first = ir.Constant(vector, ir.Undefined), ir.Constant(_LANE, 0)
    everywhere = ir.Constant(ir.VectorType(_LANE, lanes), [0] * lanes)
    multiply_add = builder.module.declare_intrinsic(
        f"llvm.fma.v{lanes}{element.intrinsic_name}", (), ir.FunctionType(vector, [vector] * 3)
    )

    def place(address: Any, steps: int, step: Any, of: Any) -> Any:
        far = builder.mul(step, ir.Constant(_WORD, steps))
        return builder.inttoptr(builder.add(address, far), ir.PointerType(of))

    size, single = ir.Constant(_WORD, BYTES), ir.Constant(_WORD, BYTES // lanes)
    before = builder.block
    loop, done = builder.append_basic_block("terms"), builder.append_basic_block("summed")
    builder.branch(loop)
    builder.position_at_end(loop)
    k, column, row = (builder.phi(_WORD) for _ in range(3))
    sums = [[builder.phi(vector) for _ in range(VECTORS)] for _ in range(TILE_ROWS)]
    several = [builder.load(place(row, v, size, vector), align=1) for v in range(VECTORS)]
    grown = []
    for r in range(TILE_ROWS):
        one = builder.load(place(column, r, single, element), align=1)
        one = builder.shuffle_vector(builder.insert_element(nothing, one, first), nothing, everywhere)
        grown.append(
            [builder.call(multiply_add, [one, x, s]) for x, s in zip(several, sums[r], strict=True)]
        )
    steps = [(k, ir.Constant(_WORD, 0), ir.Constant(_WORD, 1)), (column, a, along), (row, b, next)]
    for phi, start, step in steps:
        phi.add_incoming(start, before)
        phi.add_incoming(builder.add(phi, step), loop)
    for old, new in zip(sums, grown, strict=True):
        for phi, value in zip(old, new, strict=True):
            phi.add_incoming(ir.Constant(vector, [0.0] * lanes), before)
            phi.add_incoming(value, loop)
    ended = builder.icmp_signed("<", builder.add(k, ir.Constant(_WORD, 1)), count)
    builder.cbranch(ended, loop, done)
    builder.position_at_end(done)
    for r, values in enumerate(grown):
        at = builder.ptrtoint(place(out, r, below, element), _WORD)
        for v, value in enumerate(values):
            builder.store(value, place(at, v, size, vector), align=1)
