"""The source of loops over operands: names for addresses and lengths, and the loops of one group.

Addresses come in a table, so that the same loops elsewhere are the same source, which is compiled
once. Lengths are written out where loops are small, and come in the table where they are large.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np

from ...loops.chain import DOUBTED
from ...loops.writing import NAMES, indented, literal, word
from ..ir import INPUT, Operand, Recording
from ..planning.axes import merged_axes
from ..planning.elementwise import LIMITS, Assignment
from ..planning.fusion import Group

TRIGONOMETRIC = ("sin", "cos")


class Scribe:
    """Names what loops use.

    Attributes:
        operands: the first of each address, in the order of the table.
        sizes: what comes after the addresses.
        literal: whether lengths are written out.
        doubts: whether a loop may find that it cannot tell what a value is.
    """

    def __init__(
        self, operands: list[Operand], recording: Recording, literal: bool, hosts: Container[int] = ()
    ):
        self.operands: list[Operand] = []
        self.names: dict[tuple[int, int], str] = {}
        self.literal, self.doubts = literal, False
        self.sizes: list[int] = []
        self.near: dict[int, tuple[int, int]] = {}  # so many bytes after another one
        self._scopes: dict[int, int] = {}
        self._lengths: dict[int, str] = {}
        for o in operands:
            if (o.root, o.offset) not in self.names:
                near = next((x for x in self.operands if _woven(o, x)), None)
                if near is not None:
                    self.near[len(self.operands)] = self.operands.index(near), o.offset - near.offset
                self.names[o.root, o.offset] = f"p{len(self.operands)}"
                self.operands.append(o)
            # an argument may be a view of what the program writes, and hosts have others in their memory
            known = recording.roots[o.root].kind != INPUT and o.root not in hosts
            if known and o.root not in self._scopes:
                self._scopes[o.root] = len(self._scopes) + 1

    def load(self, o: Operand, index: str) -> str:
        kind = o.dtype.str[1:]
        return f"load_{kind}({self.names[o.root, o.offset]}, {index}, {self._scope(o)})"

    def store(self, o: Operand, index: str, value: str) -> str:
        kind = o.dtype.str[1:]
        return f"store_{kind}({self.names[o.root, o.offset]}, {index}, {value}, {self._scope(o)})"

    def plus_terms(self, total: str, count: int, *factors: tuple[Operand, str, int]) -> str:
        """A sum and products of elements: from where on, and how far apart."""
        kind = factors[0][0].dtype.str[1:]
        return f"plus_terms_{kind}({total}, {count}, {self._places(factors)})"

    def block(self, down: int, across: int, count: int, *arrays: tuple[Operand, str, int, int]) -> str:
        """A block of a product: the factors' and its own first places, and how far apart the next are."""
        kind = arrays[0][0].dtype.str[1:]
        return f"block_{kind}({down}, {across}, {count}, {self._places(arrays)})"

    def _places(self, arrays: Sequence[tuple]) -> str:
        """Of each an address, places and distances, and its scope; how many scopes there are."""
        found = [
            f"{self.names[o.root, o.offset]}, {', '.join(map(str, where))}, {self._scopes.get(o.root, 0)}"
            for o, *where in arrays
        ]
        return f"{', '.join(found)}, {len(self._scopes)}"

    def _scope(self, o: Operand) -> str:
        return f"{self._scopes.get(o.root, 0)}, {len(self._scopes)}"

    def size(self, n: int, literal: bool = True) -> str:
        """A length or a stride; LLVM is not to know it unless it may be `literal`."""
        if (self.literal and literal) or n in (0, 1):
            return str(n)
        if self.literal and n in self.sizes:
            return f"n{self.sizes.index(n)}"
        self.sizes.append(n)  # others of the same source may differ where these are equal
        return f"n{len(self.sizes) - 1}"

    def doubted(self, one: Assignment, inputs: list[str]) -> list[str]:
        """Statements that note where a value is in doubt."""
        if not one.doubt:
            return []
        self.doubts = True
        return [f"lost = lost | ({_formatted(one.doubt, inputs, one.kind)})"]

    def doubting(self, write: Callable[[], list[str]], ends: bool) -> list[str]:
        """Loops that tell if they were in doubt: the function `ends` with that, or its table does."""
        before, self.doubts = self.doubts, False
        lines = write()
        if self.doubts:
            told = f"return {DOUBTED}" if ends else "store_i8(t, doubts, 1, 0, 1)"
            lines = ["lost = False", *lines, "if lost:", f"    {told}"]
        self.doubts |= before
        return lines

    def header(self, places: dict[int, int]) -> list[str]:
        """Statements that read the table; `places`: which operands lie in which arguments."""
        lines = []
        for i in range(len(self.operands)):
            within = f"x{places[i]} + " if i in places else ""
            base, apart = self.near.get(i, (i, 0))
            lines.append(f"p{i} = {within}{word('t', i)}" if base == i else f"p{i} = p{base} + {apart}")
        return lines + [f"n{i} = {word('t', len(self.operands) + i)}" for i in range(len(self.sizes))]


def _woven(o: Operand, other: Operand) -> bool:
    """Whether two are every n-th element of one array: LLVM reads those at once, if it sees that."""
    if o.root != other.root or (o.shape, o.strides, o.dtype) != (other.shape, other.strides, other.dtype):
        return False
    step = min((abs(s) for n, s in zip(o.shape, o.strides, strict=True) if n > 1), default=0)
    return 0 < abs(o.offset - other.offset) < step


def index_of(terms: list[tuple[str, str]]) -> str:
    """The sum of products of variables and strides."""
    found = [v if s == "1" else f"{v} * {s}" for v, s in terms if s != "0"]
    return " + ".join(found) or "0"


def group_lines(group: Group, scribe: Scribe, parted: bool = False) -> list[str]:
    """The loops of a group; `parted`: the outermost goes from `start` to `stop`."""
    operands = outside(group)
    shape, strides = merged_axes(group.shape, operands)
    # copies between axes whose lengths are known LLVM writes out, one by one, which takes it seconds
    lengths = [scribe.size(n, literal=a > 0 or not group.moves) for a, n in enumerate(shape)]
    index = {o: index_of([(f"i{a}", scribe.size(s)) for a, s in enumerate(strides[o])]) for o in operands}
    ranges = [f"range({n})" for n in lengths]
    if parted:
        ranges[0] = "range(start, stop)"
    waves = [one for one in group.body if one.expression.startswith(TRIGONOMETRIC)]
    if waves and not _in_place(group):
        return _with_waves(group, scribe, index, ranges)
    lines = body(group, scribe, index, exact=bool(waves))
    for axis in reversed(range(len(shape))):
        lines = [f"for i{axis} in {ranges[axis]}:", *indented(lines)]
    return lines


# Elements between two looks at how large the arguments of sin and cos were.
_BLOCK = 1024


def _with_waves(group: Group, scribe: Scribe, index: dict, ranges: list[str]) -> list[str]:
    """Loops whose innermost is run again with the C library's sin and cos if arguments were large."""
    fast, slow = body(group, scribe, index), body(group, scribe, index, exact=True)
    if not ranges:
        return ["large = False", *fast, "if large:", *indented(slow)]
    last = len(ranges) - 1
    low, high = ranges[-1][6:-1].split(", ") if ", " in ranges[-1] else ("0", ranges[-1][6:-1])
    block = f"range(block, min({high}, block + {_BLOCK}))"
    lines = [
        f"for block in range({low}, {high}, {_BLOCK}):",
        "    large = False",  # a truth value, or the loop would compute fewer elements at a time
        f"    for i{last} in {block}:",
        *indented(fast, 2),
        "    if large:",
        f"        for i{last} in {block}:",
        *indented(slow, 3),
    ]
    for axis in reversed(range(last)):
        lines = [f"for i{axis} in {ranges[axis]}:", *indented(lines)]
    return lines


def outside(group: Group) -> list[Operand]:
    """The operands of a group that are in memory."""
    found = [o for one in group.body for o in one.operands() if o.root not in group.local]
    return list(dict.fromkeys(found))


def _in_place(group: Group) -> bool:
    read: set[int] = set()
    for one in group.body:
        inputs = [x.root for x in (*one.inputs, one.mask) if type(x) is Operand]
        read |= {r for r in inputs if r not in group.local}
    return bool(read & (group.written - group.local - group.spent))


def body(
    group: Group,
    scribe: Scribe,
    index: dict,
    exact: bool = False,
    grown: dict[Operand, str] | None = None,
    prefix: str = "v",
) -> list[str]:
    """The statements of one element; `grown` has the names of totals, and gets those they go on with."""
    grown = {} if grown is None else grown
    values: dict[Operand, str] = dict(grown)
    lines: list[str] = []
    changed: dict[Operand, None] = {}

    def value(x: Any) -> str:
        if x not in values:
            values[x] = f"{prefix}{len(lines)}"
            lines.append(f"{values[x]} = {scribe.load(x, index[x])}")
        return values[x]

    for one in group.body:
        kind = one.kind
        inputs = [
            cast(value(x), x.dtype, kind) if type(x) is Operand else literal(x, kind)
            for x in one.inputs[:2]
        ]
        inputs += [value(x) if type(x) is Operand else literal(x, kind) for x in one.inputs[2:]]
        expression = one.expression
        if expression.startswith(TRIGONOMETRIC):
            if exact:
                expression = expression.replace("_{k}", "_libm")
            else:
                limit = literal(LIMITS[kind.str[1:]], kind)
                lines.append(f"large = large | (abs({inputs[0]}) > {limit})")
        lines += scribe.doubted(one, inputs)
        text = computed(one, inputs, expression)
        if one.mask is not None:
            text = f"{text} if {value(one.mask)} else {value(one.target)}"
        name = f"{prefix}{len(lines)}"
        lines.append(f"{name} = {text}")
        values[one.target] = name
        if one.target.root in group.sums:
            grown[one.target] = name
        elif one.target.root not in group.local | group.spent:
            changed[one.target] = None
    return lines + [scribe.store(o, index[o], values[o]) for o in changed]


def computed(one: Assignment, inputs: list[str], expression: str = "") -> str:
    """A statement's value, in the dtype of what it is written to."""
    kind = one.kind
    text = _formatted(expression or one.expression, inputs, kind)
    return cast(text, _given(one), one.target.dtype)


def _formatted(expression: str, inputs: list[str], kind: np.dtype) -> str:
    return expression.format(*inputs, k=kind.str[1:], zero=literal(0, kind), one=literal(1, kind))


def _given(one: Assignment) -> np.dtype:
    """The dtype of an expression's value."""
    comparing = any(c in one.expression for c in "<>=!&|^") or one.expression.startswith("not")
    return np.dtype(bool) if comparing and " if " not in one.expression else one.kind


def cast(text: str, given: np.dtype, kind: np.dtype) -> str:
    """An expression of one dtype in another."""
    if given == kind:
        # numba widens integers as it computes
        return f"{NAMES[kind.str[1:]]}({text})" if kind.kind in "iu" and not text.isidentifier() else text
    if kind.kind == "b":
        return f"({text}) != {literal(0, given)}"
    if given.kind == "b":
        return f"({literal(1, kind)} if {text} else {literal(0, kind)})"
    return f"{NAMES[kind.str[1:]]}({text})"
