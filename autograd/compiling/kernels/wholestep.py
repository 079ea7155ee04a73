"""Calls on small arrays as loops: a run of them needs no call of NumPy's.

`small` gives a call as a `Piece`, or None if it is large or of another kind.
"""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np

from ...loops.chain import REFUSED
from ...loops.writing import NAMES, indented, literal
from ..ir import Instruction, Operand
from ..planning.axes import element_strides
from ..planning.elementwise import DTYPES, Assignment, parts
from ..planning.fusion import Group
from .matrixloops import PRODUCT, product
from .pieces import Piece, result_of
from .scribe import Scribe, group_lines, index_of

# Elements of any other call.
ELEMENTS = 1 << 16
# Terms of one sum: more are summed in pairs by NumPy, and lose less.
TERMS = 4096


def small(step: Instruction) -> Piece | None:
    """A call as loops, if it is of a kind for that, and small."""
    for form in (product, _reduction, _taking, _putting, _parts, _guard):
        piece = form(step)
        if piece is not None:
            plain = all(
                o.dtype.str[1:] in DTYPES and o.dtype.isnative and o.size
                and not any(s % o.dtype.itemsize for s in o.strides)
                for o in piece.operands
            )  # fmt: skip
            limit = PRODUCT if form is product else ELEMENTS
            return piece if plain and piece.work <= limit else None
    return None


# ---------------------------------------------------------------- reductions

_SUM, _MOST = "plus({0}, {1})", "({0} if ({0} >= {1}) | ({0} != {0}) else {1})"
_LEAST = _MOST.replace(">=", "<=")
_ALL, _ANY = "{0} & {1}", "{0} | {1}"
_REDUCTIONS: dict[Any, tuple[str, int]] = {
    np.add: (_SUM, 0), np.maximum: (_MOST, 0), np.minimum: (_LEAST, 0),
    np.sum: (_SUM, -1), np.ndarray.sum: (_SUM, -1), np.max: (_MOST, -1), np.ndarray.max: (_MOST, -1),
    np.logical_and: (_ALL, 0), np.logical_or: (_ANY, 0), np.all: (_ALL, -1), np.ndarray.all: (_ALL, -1),
    np.any: (_ANY, -1), np.ndarray.any: (_ANY, -1), np.amax: (_MOST, -1), np.amin: (_LEAST, -1),
    np.min: (_LEAST, -1), np.ndarray.min: (_LEAST, -1),
}  # fmt: skip


def _reduction(step: Instruction) -> Piece | None:
    if step.kind != "call":
        return None
    ufunc = getattr(step.fn, "__self__", None)
    is_ufunc = isinstance(ufunc, np.ufunc) and step.fn.__name__ == "reduce"
    found = _REDUCTIONS.get(ufunc if is_ufunc else step.fn)
    out, given = result_of(step), step.args[0] if step.args else None
    if found is None or isinstance(step.fn, np.ufunc) or out is None or type(given) is not Operand:
        return None
    options = dict(step.options)
    names = (
        ("axis", "dtype", "out", "keepdims")
        if found[0] is _SUM or is_ufunc
        else ("axis", "out", "keepdims")
    )
    options.update(zip(names, step.args[1:], strict=False))
    if len(step.args) > 1 + len(names) or set(options) - {"axis", "dtype", "out", "keepdims"}:
        return None
    if options.get("dtype") is not None or given.dtype != out.dtype:
        return None
    if (given.dtype.kind == "b") != (found[0] in (_ALL, _ANY)):
        return None
    axis = options.get("axis", 0 if is_ufunc else None)
    ndim = len(given.shape)
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % ndim for a in axes)
    if not axes or out.root == given.root:
        return None
    if given.dtype.kind == "f" and found[0] is _SUM and given.size // max(out.size, 1) > TERMS:
        return None

    def lines(scribe: Scribe) -> list[str]:
        return _reduction_lines(scribe, given, out, axes, found[0])

    return Piece(step, [given, out], given.size, lines)


def _reduction_lines(scribe: Scribe, x: Operand, out: Operand, axes: tuple, expression: str) -> list[str]:
    strides = element_strides(x, x.shape)
    kept = [a for a in range(len(x.shape)) if a not in axes]
    own = iter(s for s, n in zip(element_strides(out, out.shape), out.shape, strict=True))
    if len(out.shape) == len(x.shape):  # keepdims
        all_own = list(own)
        places = [all_own[a] for a in kept]
    else:
        places = list(own)
    place = index_of([(f"i{a}", str(s)) for a, s in zip(kept, places, strict=True)])
    element = scribe.load(x, index_of([(f"i{a}", str(strides[a])) for a in range(len(x.shape))]))
    first = scribe.load(x, index_of([(f"i{a}", str(strides[a])) for a in kept]))
    is_sum = expression is _SUM
    start = literal(0, x.dtype) if is_sum else first
    name = NAMES[x.dtype.str[1:]]
    order = sorted(axes, key=lambda a: -abs(strides[a]))
    inside = min((abs(strides[a]) for a in axes if x.shape[a] > 1), default=0)
    if kept and any(0 < abs(strides[a]) < inside and x.shape[a] > 3 for a in kept):
        # sums lie side by side: all of them grow together
        lines = _looped([scribe.store(out, place, start)], kept, x.shape, scribe)
        total = f"{name}({expression.format(scribe.load(out, place), element)})"
        return lines + _looped([scribe.store(out, place, total)], order + kept, x.shape, scribe)
    grown = [f"value = {element}", f"total = {name}({expression.format('total', 'value')})"]
    body = [f"total = {start}", *_looped(grown, order, x.shape, scribe), scribe.store(out, place, "total")]
    return _looped(body, kept, x.shape, scribe, around=True)


def _looped(
    body: list[str], axes: Any, shape: tuple[int, ...], scribe: Scribe, around: bool = False
) -> list[str]:
    """Loops over axes; `around` others.

    LLVM knows the length of the innermost alone: of loops around it, it would write out each turn.
    """
    for axis in reversed(list(axes)):
        body = [f"for i{axis} in range({scribe.size(shape[axis], literal=not around)}):", *indented(body)]
        around = True
    return body


# ---------------------------------------------------------------- indices


def _row_index(scribe: Scribe, index: Operand, n: int) -> list[str]:
    """`k`: the element `i` of an index, counted from the end if it is negative."""
    stride = element_strides(index, index.shape)
    return [
        f"k = int64({scribe.load(index, index_of([('i', str(stride[0] if stride else 0))]))})",
        f"k = k + {n} if k < 0 else k",
        f"if (k < 0) | (k >= {n}):",
        f"    return {REFUSED}",
    ]


def _taking(step: Instruction) -> Piece | None:
    """`x.take(index)` of all of x, and `x[index]` of rows."""
    if step.kind != "call" or step.fn not in (np.take, np.ndarray.take, operator.getitem):
        return None
    out = result_of(step)
    if out is None or step.options or len(step.args) != 2:
        return None
    x, index = step.args
    if type(x) is not Operand or type(index) is not Operand or index.dtype.kind != "i":
        return None
    if len(index.shape) != 1 or x.dtype != out.dtype or out.root in (x.root, index.root):
        return None
    if step.fn is not operator.getitem:
        if not x.contiguous:
            return None
        x = x._replace(shape=(x.size,), strides=(x.dtype.itemsize,))
    return Piece(step, [x, index, out], out.size, lambda scribe: _rows(scribe, x, index, out, True), True)


def _putting(step: Instruction) -> Piece | None:
    """`x[index] = values`, of rows."""
    if step.kind != "call" or step.fn is not operator.setitem:
        return None
    x, index, values = step.args
    if any(type(o) is not Operand for o in step.args) or index.dtype.kind != "i":
        return None
    if len(index.shape) != 1 or values.dtype != x.dtype or x.root in (index.root, values.root):
        return None
    wanted = (*index.shape, *x.shape[1:])
    if values.shape != wanted and len(values.shape) > 0:
        return None
    seen = values._replace(shape=wanted, strides=(0,) * len(wanted)) if not values.shape else values
    piece = Piece(step, [x, index, seen], seen.size, lambda s: _rows(s, x, index, seen, False), True)
    return piece


def _rows(scribe: Scribe, x: Operand, index: Operand, rows: Operand, taking: bool) -> list[str]:
    """Copy between rows of x and those of another array, one for each index."""
    inner = range(1, len(x.shape))
    far, near = element_strides(x, x.shape), element_strides(rows, rows.shape)
    there = index_of([("k", str(far[0])), *((f"i{a}", str(far[a])) for a in inner)])
    here = index_of([("i", str(near[0])), *((f"i{a}", str(near[a])) for a in inner)])
    move = scribe.store(rows, here, scribe.load(x, there))
    if not taking:
        move = scribe.store(x, there, scribe.load(rows, here))
    body = [*_row_index(scribe, index, x.shape[0]), *_looped([move], inner, x.shape, scribe)]
    return [f"for i in range({index.shape[0]}):", *indented(body)]


# ---------------------------------------------------------------- the rest


def _parts(step: Instruction) -> Piece | None:
    """Arrays joined to one."""
    found = parts(step) if step.kind == "call" else None
    if not found:
        return None
    groups = [_single(step, one) for one in found]

    def lines(scribe: Scribe) -> list[str]:
        return list(itertools.chain.from_iterable(group_lines(g, scribe) for g in groups))

    operands = [o for one in found for o in one.operands()]
    return Piece(step, operands, step.results.size, lines)


def _single(step: Instruction, one: Assignment) -> Group:
    group = Group(one.target.shape)
    group.add(step, [one])
    return group


def _guard(step: Instruction) -> Piece | None:
    """A value that must be as true as it was."""
    if step.kind != "guard" or step.fn is not bool or type(step.args[0]) is not Operand:
        return None
    x = step.args[0]

    def lines(scribe: Scribe) -> list[str]:
        value = scribe.load(x, "0")
        truth = value if x.dtype == bool else f"({value} != {literal(0, x.dtype)})"
        return [f"if {truth} != {bool(step.expected)}:", f"    return {REFUSED}"]

    return Piece(step, [x], 1, lines, True) if x.size == 1 else None
