"""What the loops that numba compiles are made of: memory by address, and functions of one number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .blocks import block
from .elements import SUMMED, disjoint, place
from .moves import move, turn
from .polynomials import FUNCTIONS
from .shapes import TILES
from .tile import tile

KINDS: dict[str, Any] = {
    "f4": types.float32, "f8": types.float64, "i4": types.int32, "i8": types.int64,
    "u1": types.uint8, "u4": types.uint32, "u8": types.uint64, "b1": types.boolean,
}  # fmt: skip


def _element(context: Any, kind: Any) -> Any:
    return ir.IntType(8) if kind == types.boolean else context.get_value_type(kind)


def _loading(kind: Any) -> Callable:
    @intrinsic(prefer_literal=True)
    def load(typing: Any, address: Any, index: Any, scope: Any, count: Any) -> Any:
        """The element `index` of those that begin at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = _element(context, kind)
            found = builder.load(place(builder, element, *args[:2]), align=1)
            disjoint(found, builder.module, scope.literal_value, count.literal_value)
            if kind == types.boolean:
                return builder.icmp_unsigned("!=", found, element(0))
            return found

        return kind(types.int64, types.int64, scope, count), generate

    return load


def _storing(kind: Any) -> Callable:
    @intrinsic(prefer_literal=True)
    def store(typing: Any, address: Any, index: Any, value: Any, scope: Any, count: Any) -> Any:
        """Set the element `index` of those that begin at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element, value = _element(context, kind), args[2]
            if kind == types.boolean:
                value = builder.zext(value, element)
            made = builder.store(value, place(builder, element, *args[:2]), align=1)
            disjoint(made, builder.module, scope.literal_value, count.literal_value)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, kind, scope, count), generate

    return store


def _summed(fn: Callable) -> Callable:
    return numba.njit(fastmath=set(SUMMED), forceinline=True)(fn)


@_summed
def plus(a: Any, b: Any) -> Any:
    return a + b


@_summed
def plus_product(a: Any, b: Any, c: Any) -> Any:
    return a + b * c


def _summing(kind: Any) -> Callable:
    @intrinsic(prefer_literal=True)
    def plus_terms(
        typing: Any, total: Any, count: Any, a: Any, at_a: Any, step_a: Any, scope_a: Any,
        b: Any, at_b: Any, step_b: Any, scope_b: Any, scopes: Any,
    ) -> Any:  # fmt: skip
        """A sum and so many products of elements a step apart: a call, where numba takes time for each."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            found, *_ = args
            element = _element(context, kind)
            for m in range(count.literal_value):
                factors = []
                for address, at, step, scope in (
                    (*args[2:4], step_a, scope_a),
                    (*args[6:8], step_b, scope_b),
                ):
                    index = builder.add(at, at.type(m * step.literal_value))
                    factors.append(builder.load(place(builder, element, address, index), align=1))
                    disjoint(factors[-1], builder.module, scope.literal_value, scopes.literal_value)
                found = builder.fadd(found, builder.fmul(*factors, flags=SUMMED), flags=SUMMED)
            return found

        where = (types.int64, types.int64)
        return kind(kind, count, *where, step_a, scope_a, *where, step_b, scope_b, scopes), generate

    return plus_terms


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """The larger of two numbers neither of which is NaN, in a form that LLVM takes many of at a time."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        flags = ("nnan", "nsz")
        return builder.select(builder.fcmp_ordered(">", *args, flags=flags), *args, flags=flags)

    return a(a, b), generate


@intrinsic
def widest(typing: Any) -> Any:
    """Have a function compute as many elements at a time as there can be.

    LLVM keeps to half of AVX-512, as some processors slow down for all of it. Polynomials gain more,
    and the products of BLAS have slowed them down already.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # llvmlite knows no attributes with values
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def go_on(typing: Any, at: Any, table: Any, start: Any, stop: Any) -> Any:
    """Run the loop at an address: that of its table, and from where to where it goes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at, *given = args
        kind = ir.FunctionType(at.type, [x.type for x in given])
        return builder.call(builder.inttoptr(at, ir.PointerType(kind)), given)

    return types.int64(*[types.int64] * 4), generate


@intrinsic
def claim(typing: Any, address: Any) -> Any:
    """Add 1 to the integer at an address; what it was, which no other thread gets."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = builder.inttoptr(args[0], ir.PointerType(ir.IntType(64)))
        return builder.atomic_rmw("add", at, ir.IntType(64)(1), "monotonic")

    return types.int64(types.int64), generate


NAMES: dict[str, Any] = {
    **FUNCTIONS,
    **{f"load_{name}": _loading(kind) for name, kind in KINDS.items()},
    **{f"store_{name}": _storing(kind) for name, kind in KINDS.items()},
    **{f"{shape.name}_{kind}": tile(KINDS[kind], shape)
       for pair in TILES.values() for shape in pair for kind in ("f4", "f8")},
    **{f"plus_terms_{kind}": _summing(KINDS[kind]) for kind in ("f4", "f8")},
    **{f"block_{kind}": block(KINDS[kind]) for kind in ("f4", "f8")},
    **{f"turn_{size}_{kind}": turn(KINDS[kind], size) for size in TILES for kind in ("f4", "f8")},
    **{kind.name if name != "b1" else "boolean": getattr(numba, kind.name if name != "b1" else "boolean")
       for name, kind in KINDS.items()},
    **{f"{name}_libm": getattr(np, name) for name in ("sin", "cos")},
    "sqrt": np.sqrt, "floor": np.floor, "ceil": np.ceil, "rint": np.rint, "trunc": np.trunc,
    "nan": math.nan, "inf": math.inf,
    "plus": plus, "plus_product": plus_product, "larger": larger, "widest": widest, "go_on": go_on,
    "claim": claim, "move": move,
}  # fmt: skip
