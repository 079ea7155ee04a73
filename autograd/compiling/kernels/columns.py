"""Sums over the first axes within loops of elementwise calls: the totals of all columns grow row by row.

So the gradient of a bias, or a batch's mean and variance, is found where its elements are. Threads take
columns, so that a sum does not depend on how many there are.
"""

from __future__ import annotations

from ...loops.writing import indented, literal
from ..ir import CONSTANT, Instruction, Operand, Recording
from ..planning.axes import merged_axes
from ..planning.elementwise import Assignment
from ..planning.fusion import Group
from ..planning.sums import PRODUCTS, along
from .scribe import Scribe, body, index_of, outside
from .wholestep import TERMS

# Elements from which on a sum belongs to such a loop, and so many rows are added at a time.
LEAST, ABREAST = 1 << 15, 4
# Columns from which on threads share them: of fewer they would read parts of lines of the cache.
SHARED = 512


def total(step: Instruction, recording: Recording) -> Assignment | None:
    """A sum of floats over the first axes as a statement that adds an element; None if it is none."""
    found = _of_ones(step, recording) or along(step)
    if found is None:
        return None
    x, out = found
    rows = x.size // max(out.size, 1)
    if x.size < LEAST or rows < 2 or rows > ABREAST * TERMS or out.size < 2 or x.root == out.root:
        return None
    if not (
        x.dtype == out.dtype and x.dtype.isnative and x.dtype.str[1:] in ("f4", "f8") and out.contiguous
    ):
        return None
    lead = len(x.shape) - len(out.shape)
    grown = out._replace(shape=x.shape, strides=(*(0 for _ in range(lead)), *out.strides))
    return Assignment(grown, "plus({1}, {0})", (x, grown), x.dtype)


def _of_ones(step: Instruction, recording: Recording) -> tuple[Operand, Operand] | None:
    """A row of ones times a matrix, or a matrix times a column of them."""
    if step.kind != "call" or step.fn not in PRODUCTS or step.options or len(step.args) != 2:
        return None
    (a, b), out = step.args, step.results
    if any(type(o) is not Operand for o in (a, b, out)) or len(out.shape) != 1:
        return None
    if len(a.shape) == 2:
        a, b = b, a.transposed
    root = recording.roots[a.root]
    ones = root.kind == CONSTANT and root.array.dtype == a.dtype and bool((root.array == 1).all())
    return (b, out) if ones and len(b.shape) == 2 else None


def fits(group: Group) -> bool:
    """Whether all that a group touches lies in rows, whose columns it sums."""
    shape, strides = merged_axes(group.shape, outside(group))
    sums = [s for o, s in strides.items() if o.root in group.sums]
    return len(shape) > 1 and all(s[-1] in (0, 1) for s in strides.values()) and all(
        s[-1] == 1 and not any(s[:-1]) for s in sums
    )  # fmt: skip


def length(group: Group) -> int:
    """How many columns there are."""
    return merged_axes(group.shape, outside(group))[0][-1]


def lines(group: Group, scribe: Scribe) -> list[str]:
    """The loops over all rows, for the columns from `start` to `stop`."""
    shape, _ = merged_axes(group.shape, outside(group))
    last, n = len(shape) - 1, shape[-2]
    write = _Writer(group, scribe, f"for i{last} in range(start, stop):")
    loops = write.rows("0", str(n - n % ABREAST), str(n))
    for axis in reversed(range(last - 1)):
        loops = [f"for i{axis} in range({shape[axis]}):", *indented(loops)]
    return write.zeros() + loops


def of_rows(group: Group, scribe: Scribe, block: int) -> list[str]:
    """The loops over the rows from `start` to `stop`, whose totals are those of their block of so many."""
    n = merged_axes(group.shape, outside(group))[0][-1]
    write = _Writer(group, scribe, f"for i1 in range({n}):", "total + ")
    head = [f"total = start // {block} * {n}", f"whole = stop - (stop - start) % {ABREAST}"]
    return [*head, *write.zeros(), *write.rows("start", "whole", "stop")]


class _Writer:
    """Writes loops that sum columns; `place`: what the index of a total begins with."""

    def __init__(self, group: Group, scribe: Scribe, columns: str, place: str = ""):
        self.group, self.scribe, self.columns, self.place = group, scribe, columns, place
        operands = outside(group)
        shape, strides = merged_axes(group.shape, operands)
        self.last = len(shape) - 1
        # written out, so that LLVM sees how far apart rows are
        self.sizes = {o: [str(s) for s in strides[o]] for o in operands}
        self.sums = [one.target for one in group.body if one.target.root in group.sums]

    def _total(self) -> str:
        return f"{self.place}i{self.last}"

    def zeros(self) -> list[str]:
        stores = [self.scribe.store(o, self._total(), literal(0, o.dtype)) for o in self.sums]
        return [self.columns, *indented(stores)]

    def rows(self, first: str, whole: str, stop: str) -> list[str]:
        """Those before `whole` several at a time, the rest one by one."""
        name = f"i{self.last - 1}"
        found = [f"for {name} in range({first}, {whole}, {ABREAST}):", *self._row(ABREAST)]
        return found if whole == stop else [*found, f"for {name} in range({whole}, {stop}):", *self._row(1)]

    def _row(self, count: int) -> list[str]:
        rows: list[str] = []
        grown: dict[Operand, str] = {}
        for row in range(count):
            names = [f"i{a}" for a in range(self.last - 1)]
            names += [f"(i{self.last - 1} + {row})", f"i{self.last}"]
            index = {o: index_of(list(zip(names, s, strict=True))) for o, s in self.sizes.items()}
            index |= dict.fromkeys(self.sums, self._total())
            # nobody would look whether the arguments of sin and cos were too large for polynomials
            rows += body(self.group, self.scribe, index, exact=True, grown=grown, prefix=f"r{row}_")
        rows += [self.scribe.store(o, self._total(), text) for o, text in grown.items()]
        return indented([self.columns, *indented(rows)])
