"""The source of a loop over rows: for each row its passes, one after the other."""

from __future__ import annotations

from typing import Any

from ...loops.writing import NAMES, indented, literal
from ..ir import Operand
from ..planning.axes import merged_axes
from ..planning.rows import Rows, Value
from .scribe import Scribe, cast, computed, index_of


def length(rows: Rows) -> int:
    """Of the outermost loop."""
    return _outer(rows)[0][0]


def lines(rows: Rows, scribe: Scribe) -> list[str]:
    """The loops; the outermost goes from `start` to `stop`."""
    return _Writer(rows, scribe).loops()


def _outer(rows: Rows) -> tuple[tuple[int, ...], dict[Operand, list[int]]]:
    """The axes of the rows, as few as there can be, and the strides of each operand along them."""
    flat = {o: o._replace(shape=o.shape[:-1], strides=o.strides[:-1]) for o in rows.operands}
    shape, strides = merged_axes(rows.frame.shape[:-1], list(dict.fromkeys(flat.values())))
    return shape, {o: strides[f] for o, f in flat.items()}


class _Writer:
    """Writes the statements of one row.

    Attributes:
        names: of what there is one of in the row: values, and operands that were read.
        row: the row's statements.
    """

    def __init__(self, rows: Rows, scribe: Scribe):
        self.rows, self.scribe = rows, scribe
        self.shape, strides = _outer(rows)
        self.index = {}
        for o in rows.operands:
            terms = [(f"i{a}", scribe.size(s)) for a, s in enumerate(strides[o])]
            self.index[o] = index_of([*terms, ("j", str(o.strides[-1] // o.dtype.itemsize))])
        self.names: dict[Any, str] = {}
        self.row: list[str] = []
        self.count = 0

    def loops(self) -> list[str]:
        ranges = [f"range({self.scribe.size(n)})" for n in self.shape]
        ranges[0] = "range(start, stop)"
        for at in range(self.rows.passes + 1):
            for value in self.rows.values:
                if value.of_rows and not value.sums and value.at == at:
                    self._set(value, self._text(value, self._of_row, self.row))
            self._pass(at)
        found = self.row
        for axis in reversed(range(len(self.shape))):
            found = [f"for i{axis} in {ranges[axis]}:", *indented(found)]
        return found

    def _new(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def _set(self, value: Value, text: str) -> None:
        """Give what there is one of in the row a name, and its place in memory."""
        name = self.names[value] = self._new()
        self.row.append(f"{name} = {text}")
        if value.kept:
            self.row.append(self.scribe.store(value.target, self.index[value.target], name))

    def _text(self, value: Value, name: Any, lines: list[str]) -> str:
        """A statement's value; `name` gives the source of what it reads, `lines` take what goes before."""
        one: Any = value.one
        inputs = []
        for i, (x, given) in enumerate(zip(value.inputs, one.inputs, strict=False)):
            text = name(x) if type(x) in (Operand, Value) else literal(x, one.kind)
            inputs.append(cast(text, given.dtype, one.kind) if type(given) is Operand and i < 2 else text)
        lines += self.scribe.doubted(one, inputs)
        text = computed(one, inputs)
        if value.mask is not None:
            text = f"{text} if {name(value.mask)} else {name(value.inputs[-1])}"
        return text

    def _of_row(self, x: Any) -> str:
        """What there is one of in the row."""
        if x not in self.names:
            self.names[x] = self._new()
            self.row.append(f"{self.names[x]} = {self.scribe.load(x, self.index[x])}")
        return self.names[x]

    # -------------------------------------------------------------- a pass

    def _pass(self, at: int) -> None:
        """One loop over the elements of the row."""
        here = [v for v in self.rows.values if v.at == at]
        sums = [v for v in here if v.sums]
        kept = [v for v in here if v.kept and not v.of_rows]
        if not (sums or kept):
            return
        found: dict[Any, str] = {}
        body: list[str] = []

        def name(x: Any) -> str:
            if (type(x) is Operand and not x.strides[-1]) or (type(x) is Value and x.of_rows):
                return self._of_row(x)
            if x not in found:
                if type(x) is Operand or (x.kept and x.at < at):
                    o = x if type(x) is Operand else x.target
                    text = self.scribe.load(o, self.index[o])
                else:
                    text = self._text(x, name, body)
                found[x] = self._new()
                body.append(f"{found[x]} = {text}")
            return found[x]

        totals = [(v, *self._total(v, name, body)) for v in sums]
        stored = [(v, name(v)) for v in kept]
        body += [self.scribe.store(v.target, self.index[v.target], text) for v, text in stored]
        self.row += [line for _, start, _ in totals for line in start]
        self.row += [f"for j in range({self.rows.frame.shape[-1]}):", *indented(body)]
        for value, _, text in totals:
            self._set(value, text)

    def _total(self, value: Value, name: Any, body: list[str]) -> tuple[list[str], str]:
        """What a sum begins as, and what it is when the pass is over."""
        dtype = value.target.dtype
        total, given = f"s{self._new()}", [name(x) for x in value.inputs]
        assert value.sums is not None
        if value.sums.largest:
            body.append(f"{total} = larger({total}, {given[0]})")
            body.append(f"n{total} = n{total} | ({given[0]} != {given[0]})")
            start = [f"{total} = {literal(float('-inf'), dtype)}", f"n{total} = False"]
            return start, f"{literal(float('nan'), dtype)} if n{total} else {total}"
        adding = "plus" if len(given) == 1 else "plus_product"
        body.append(f"{total} = {NAMES[dtype.str[1:]]}({adding}({', '.join([total, *given])}))")
        return [f"{total} = {literal(0, dtype)}"], total
