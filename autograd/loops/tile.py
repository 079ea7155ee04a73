"""A tile of a product of matrices, all of whose sums stay in registers.

Eight rows of three vectors, or six of four, are 24 sums, which need 24 of the 32 registers of AVX-512; six
rows of two, or four of three, need 12 of the 16 of AVX2. For each term so many numbers of one factor and
vectors of the other are read, as they lie. BLAS copies both factors first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .shapes import Tile

ARGUMENTS = ("a", "down", "along", "b", "next", "count", "out", "below", "more", "row", "column", "ahead")
_WORD, _LANE = ir.IntType(64), ir.IntType(32)


def tile(kind: Any, shape: Tile) -> Callable:
    """`tile(a, down, along, b, next, count, out, below, more, row, column, ahead)`: out = a @ b.

    `a`, `b` and `out` are addresses, of elements that lie side by side in rows of b and of out. From a row
    of a to the next there are `down` bytes, and `along` from a column; from a row of b and of out `next`
    and `below`. `count` is of the terms. If `more`, the sums are added to what out has. Rows before `row`
    and columns before `column` are computed and not stored. Meanwhile memory from `ahead` on is brought
    nearer, a vector for `shape.terms` terms; what is not there takes time, and is no error.
    """

    @intrinsic
    def fn(
        typing: Any, a: Any, down: Any, along: Any, b: Any, next: Any, count: Any, out: Any, below: Any,
        more: Any, row: Any, column: Any, ahead: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = context.get_value_type(kind)
            vector = ir.VectorType(element, shape.size // context.get_abi_sizeof(element))
            _Tile(builder, vector, shape, dict(zip(ARGUMENTS, args, strict=True))).write()
            return context.get_dummy_value()

        return types.void(*[types.int64] * len(ARGUMENTS)), generate

    return fn


class _Tile:
    """Writes the instructions of a tile."""

    def __init__(self, builder: Any, vector: Any, shape: Tile, at: dict[str, Any]):
        self.builder, self.vector, self.shape, self.at = builder, vector, shape, at
        self.rows, self.vectors = range(shape.rows), range(shape.vectors)
        self.fma = self._function(f"llvm.fma.{self._suffix()}", vector, [vector] * 3)
        starts = [builder.add(at["out"], builder.mul(at["below"], _WORD(r))) for r in self.rows]
        self.outs = [[self._place(s, v * shape.size) for v in self.vectors] for s in starts]

    def write(self) -> None:
        builder, at = self.builder, self.at
        zeros = [self.vector([0.0] * self.vector.count) for _ in itertools.chain(*self.outs)]
        odd = builder.srem(at["count"], _WORD(self.shape.terms))
        state = [_WORD(0), at["a"], at["b"], at["ahead"], *zeros]
        state = self._loop(state, self.shape.terms, builder.sub(at["count"], odd))
        self._store(self._added(self._loop(state, 1, at["count"])[4:]))

    def _added(self, sums: list) -> list:
        """The sums, with those that are there if there are `more`."""
        builder, before = self.builder, self.builder.block
        with builder.if_then(builder.icmp_signed("!=", self.at["more"], _WORD(0))):
            places = itertools.chain(*self.outs)
            added = [builder.fadd(builder.load(p, align=1), s) for p, s in zip(places, sums, strict=True)]
            there = builder.block
        return self._either((sums, before), (added, there))

    def _loop(self, state: list, terms: int, stop: Any) -> list:
        """The state with all terms before `stop`, so many at a time."""
        builder, before = self.builder, self.builder.block
        loop, done = builder.append_basic_block("terms"), builder.append_basic_block("summed")
        builder.cbranch(builder.icmp_signed("<", state[0], stop), loop, done)
        builder.position_at_end(loop)
        phis = [builder.phi(x.type) for x in state]
        k, a, b, ahead, *sums = phis
        if terms > 1:
            self._ask_for(ahead)
            ahead = builder.add(ahead, _WORD(self.shape.size))
        for _ in range(terms):
            sums = self._grown(a, b, sums)
            a, b = builder.add(a, self.at["along"]), builder.add(b, self.at["next"])
        after = [builder.add(k, _WORD(terms)), a, b, ahead, *sums]
        for phi, start, value in zip(phis, state, after, strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(value, loop)
        builder.cbranch(builder.icmp_signed("<", after[0], stop), loop, done)
        builder.position_at_end(done)
        return self._either((state, before), (after, loop))

    def _grown(self, a: Any, b: Any, sums: list) -> list:
        """The sums with one term more."""
        builder, vector = self.builder, self.vector
        several = [builder.load(self._place(b, v * self.shape.size), align=1) for v in self.vectors]
        found = []
        for r in self.rows:
            at = builder.add(a, builder.mul(self.at["down"], _WORD(r)))
            one = builder.load(self._place(at, 0, vector.element), align=1)
            everywhere = self._everywhere(vector, one)
            for v, x in enumerate(several):
                found.append(builder.call(self.fma, [everywhere, x, sums[r * len(self.vectors) + v]]))
        return found

    def _store(self, sums: list) -> None:
        """Write the sums, but for what another tile has."""
        builder = self.builder
        whole = builder.icmp_signed("==", builder.or_(self.at["row"], self.at["column"]), _WORD(0))
        with builder.if_else(whole) as (all_of_them, some):
            with all_of_them:  # masks take much longer on processors without AVX-512
                for place, x in zip(itertools.chain(*self.outs), sums, strict=True):
                    builder.store(x, place, align=1)
            with some:
                self._store_some(sums)

    def _store_some(self, sums: list) -> None:
        builder, count = self.builder, self.vector.count
        mask_type = ir.VectorType(ir.IntType(1), count)
        arguments = [self.vector, ir.PointerType(self.vector), _LANE, mask_type]
        store = self._function(f"llvm.masked.store.{self._suffix()}.p0", ir.VoidType(), arguments)
        lanes = ir.VectorType(_WORD, count)
        first = self._everywhere(lanes, self.at["column"])
        masks = [
            builder.icmp_signed(">=", lanes(list(range(v * count, (v + 1) * count))), first)
            for v in self.vectors
        ]
        for r, places in enumerate(self.outs):
            with builder.if_then(builder.icmp_signed(">=", _WORD(r), self.at["row"])):
                for v, place in enumerate(places):
                    builder.call(store, [sums[r * len(self.vectors) + v], place, _LANE(1), masks[v]])

    def _ask_for(self, address: Any) -> None:
        """Have the line at an address brought to the second-level cache; nothing is said where none is."""
        byte = ir.PointerType(ir.IntType(8))
        prefetch = self._function("llvm.prefetch.p0", ir.VoidType(), [byte, _LANE, _LANE, _LANE])
        read, kept, data = _LANE(0), _LANE(2), _LANE(1)
        self.builder.call(prefetch, [self.builder.inttoptr(address, byte), read, kept, data])

    def _either(self, *ways: tuple[list, Any]) -> list:
        """The values of the block that this one was reached from."""
        found = []
        for values in zip(*(values for values, _ in ways), strict=True):
            phi = self.builder.phi(values[0].type)
            for value, (_, block) in zip(values, ways, strict=True):
                phi.add_incoming(value, block)
            found.append(phi)
        return found

    def _everywhere(self, kind: Any, value: Any) -> Any:
        """A vector, all of whose elements are one value."""
        builder, zero = self.builder, ir.Constant(ir.VectorType(_LANE, kind.count), [0] * kind.count)
        single = builder.insert_element(kind(ir.Undefined), value, _LANE(0))
        return builder.shuffle_vector(single, kind(ir.Undefined), zero)

    def _place(self, address: Any, far: int, kind: Any = None) -> Any:
        at = self.builder.add(address, _WORD(far))
        return self.builder.inttoptr(at, ir.PointerType(kind or self.vector))

    def _suffix(self) -> str:
        return f"v{self.vector.count}{self.vector.element.intrinsic_name}"

    def _function(self, name: str, result: Any, arguments: list) -> Any:
        module = self.builder.module
        return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, arguments), name)
