"""Moving numbers by whole vectors, as the loops of products copy what they read many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD, _LANE, _BYTE = ir.IntType(64), ir.IntType(32), ir.PointerType(ir.IntType(8))


@intrinsic(prefer_literal=True)
def move(typing: Any, to: Any, at: Any, nbytes: Any) -> Any:
    """Copy a few bytes, a number that the source has, from an address to another."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        module, name = builder.module, "llvm.memcpy.p0.p0.i64"
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _BYTE, _WORD, ir.IntType(1)])
        copy = module.globals.get(name) or ir.Function(module, kind, name)
        places = [builder.inttoptr(x, _BYTE) for x in args[:2]]
        builder.call(copy, [*places, _WORD(nbytes.literal_value), ir.IntType(1)(0)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, nbytes), generate


def turn(kind: Any, size: int) -> Callable:
    """`turn(to, below, at, beside)`: a square, transposed, whose rows are vectors of `size` bytes.

    They are read `beside` bytes from each other, and written `below` bytes from each other.
    """

    @intrinsic
    def fn(typing: Any, to: Any, below: Any, at: Any, beside: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            count = size // context.get_abi_sizeof(context.get_value_type(kind))
            vector = ir.PointerType(ir.VectorType(context.get_value_type(kind), count))
            to, below, at, beside = args

            def places(start: Any, step: Any) -> list:
                found = [builder.add(start, builder.mul(step, _WORD(i))) for i in range(count)]
                return [builder.inttoptr(x, vector) for x in found]

            rows = [builder.load(x, align=1) for x in places(at, beside)]
            for row, place in zip(_transposed(builder, rows), places(to, below), strict=True):
                builder.store(row, place, align=1)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), generate

    return fn


def _transposed(builder: Any, rows: list) -> list:
    """The columns of a square of vectors: its quarters change places, then those of each quarter."""
    count = len(rows)
    mask = ir.VectorType(_LANE, count)
    step = count // 2
    while step:
        # of two rows so far apart, each gets the half of the other that is to come to its own
        upper = [i if not i & step else count + i - step for i in range(count)]
        lower = [i + step if not i & step else count + i for i in range(count)]
        for i in range(count):
            if not i & step:
                pair = rows[i], rows[i + step]
                rows[i], rows[i + step] = (
                    builder.shuffle_vector(*pair, ir.Constant(mask, lanes)) for lanes in (upper, lower)
                )
        step //= 2
    return rows
