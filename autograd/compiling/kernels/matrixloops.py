"""Products of small matrices as loops, in the order that reads and writes along rows."""

from __future__ import annotations

from typing import NamedTuple

from ...loops.writing import indented, literal
from ..ir import Instruction, Operand
from ..planning.axes import element_strides
from ..planning.sums import PRODUCTS
from .pieces import Piece, result_of
from .scribe import Scribe, index_of

# Multiplications of a matrix product up to which loops are as fast as a call of BLAS.
PRODUCT = 1 << 17
# Products of a sum that are written out.
UNROLLED = 8


class _Axis(NamedTuple):
    """One of the three axes of a product: its length, and its strides in the factors and the result."""

    n: int
    a: int
    b: int
    out: int


def factors(step: Instruction) -> tuple[Operand, Operand, Operand] | None:
    """What a product of matrices or vectors of one dtype multiplies, and its result, which is neither."""
    if step.kind != "call" or step.fn not in PRODUCTS:
        return None
    out, given = result_of(step), step.args[:2]
    if out is None or set(step.options) - {"out"} or any(type(x) is not Operand for x in given):
        return None
    a, b = given
    if not 1 <= len(a.shape) <= 2 or not 1 <= len(b.shape) <= 2 or out.root in (a.root, b.root):
        return None
    alike = a.dtype == b.dtype == out.dtype and a.dtype.str[1:] in ("f4", "f8")
    return (a, b, out) if alike else None


def product(step: Instruction) -> Piece | None:
    """A product of matrices or vectors as loops."""
    found = factors(step)
    if found is None:
        return None
    a, b, out = found
    sa, sb, so = (element_strides(o, o.shape) for o in (a, b, out))
    rows, columns = len(a.shape) == 2, len(b.shape) == 2
    i = _Axis(a.shape[0] if rows else 1, sa[0] if rows else 0, 0, so[0] if rows else 0)
    j = _Axis(b.shape[1] if columns else 1, 0, sb[1] if columns else 0, so[-1] if columns else 0)
    k = _Axis(a.shape[-1], sa[-1], sb[0], 0)

    def lines(scribe: Scribe) -> list[str]:
        # the axis along which the result and a factor are contiguous goes inside
        if not (j.b == j.out == 1 and j.n > 3) and i.a == i.out == 1 and i.n > 3:
            swap = [_Axis(x.n, x.b, x.a, x.out) for x in (j, i, k)]
            return _product_lines(scribe, (b, a, out), *swap)
        return _product_lines(scribe, (a, b, out), i, j, k)

    return Piece(step, [a, b, out], i.n * j.n * k.n, lines)


def _product_lines(scribe: Scribe, operands: tuple, i: _Axis, j: _Axis, k: _Axis) -> list[str]:
    a, b, out = operands
    if j.b == j.out == 1 and j.n > 3:
        rows = _summed_rows if k.n > 8 * UNROLLED else _rows_at_once
        return rows(scribe, operands, i, j, k)
    # several sums at a time: what is read of one factor serves for as many of the other
    down, across = (next(n for n in (4, 2, 1) if axis.n % n == 0) for axis in (i, j))
    place = index_of([("i", str(i.out)), ("j", str(j.out))])
    body = [
        scribe.block(
            down, across, k.n,
            (a, index_of([("i", str(i.a))]), i.a, k.a),
            (b, index_of([("j", str(j.b))]), j.b, k.b),
            (out, place, i.out, j.out),
        )
    ]  # fmt: skip
    # the longer factor is read but once
    loops = [
        f"for {name} in range(0, {scribe.size(axis.n, literal=False)}, {by}):"
        for name, axis, by in (("i", i, down), ("j", j, across))
    ]
    outer, inner = loops if i.n > j.n else loops[::-1]
    return [outer, *indented([inner, *indented(body)])]


def _rows_at_once(scribe: Scribe, operands: tuple, i: _Axis, j: _Axis, k: _Axis) -> list[str]:
    """Two rows of the result, or one, as sums of a few rows of the second factor at a time."""
    a, b, out = operands
    down = 2 if i.n % 2 == 0 else 1

    def terms(count: int, low: str = "") -> list[str]:
        """What so many terms from `low` on add; the first set the result."""
        stores, (step_a, step_b) = [], (str(k.a), str(k.b)) if low else ("0", "0")
        for row in (f"(i + {r})" if down > 1 else "i" for r in range(down)):
            place = index_of([(row, str(i.out)), ("j", str(j.out))])
            total = scribe.load(out, place) if low else literal(0, a.dtype)
            of_a = index_of([(row, str(i.a)), (low, step_a)])
            of_b = index_of([(low, step_b), ("j", "1")])
            sum_of = scribe.plus_terms(total, count, (a, of_a, k.a), (b, of_b, k.b))
            stores.append(scribe.store(out, place, sum_of))
        return [f"for j in range({j.n}):", *indented(stores)]

    body, whole = terms(min(UNROLLED, k.n)), k.n - k.n % UNROLLED
    if whole > UNROLLED:
        body += [f"for low in range({UNROLLED}, {whole}, {UNROLLED}):", *indented(terms(UNROLLED, "low"))]
    if UNROLLED <= whole < k.n:
        body += terms(k.n - whole, str(whole))
    return [f"for i in range(0, {i.n}, {down}):", *indented(body)]


def _summed_rows(scribe: Scribe, operands: tuple, i: _Axis, j: _Axis, k: _Axis) -> list[str]:
    """A row of the result as a sum of rows of the second factor."""
    a, b, out = operands
    place = index_of([("i", str(i.out)), ("j", str(j.out))])
    one = scribe.load(a, index_of([("i", str(i.a)), ("k", str(k.a))]))
    row = scribe.load(b, index_of([("k", str(k.b)), ("j", str(j.b))]))
    total = f"plus_product({scribe.load(out, place)}, a0, {row})"
    body = [
        f"for j in range({j.n}):",
        f"    {scribe.store(out, place, literal(0, a.dtype))}",
        f"for k in range({k.n}):",
        f"    a0 = {one}",
        f"    for j in range({j.n}):",
        f"        {scribe.store(out, place, total)}",
    ]
    return [f"for i in range({i.n}):", *indented(body)]
