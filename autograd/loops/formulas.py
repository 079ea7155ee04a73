"""Formulas over arrays of one shape, as updates of optimisers and derivatives are, as one native loop each.

A formula is a function that calls NumPy's ufuncs, or operators. It runs once on stand-ins for one element,
which note the calls; the loop makes them for each element in the same order, each rounded as NumPy rounds
it, so its results are NumPy's to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from . import machine, running
from .writing import exact, indented, literal, word

# Calls that are exact, or rounded once, for which a loop gives what NumPy gives: of all numbers, and of
# real ones. NaN goes through maximum and minimum, as in NumPy.
OF_NUMBERS: dict[Any, str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.negative: "-{0}",
    np.square: "{0} * {0}",
    np.absolute: "abs({0})",
    np.maximum: "({0} if ({0} >= {1}) | ({0} != {0}) else {1})",
    np.minimum: "({0} if ({0} <= {1}) | ({0} != {0}) else {1})",
}
OF_FLOATS: dict[Any, str] = {
    np.divide: "{0} / {1}",
    np.positive: "{0}",
    np.reciprocal: "{one} / {0}",
    np.sqrt: "sqrt({0})",
    np.sign: "({one} if {0} > {zero} else (-{one} if {0} < {zero} else {0}))",
}
_ROUNDED = OF_NUMBERS | OF_FLOATS


class _Element(np.lib.mixins.NDArrayOperatorsMixin):
    """One element of an array while a formula is written down; None as `name`: nothing is in it yet."""

    __slots__ = ("kind", "lines", "name")

    def __init__(self, name: str | None, kind: np.dtype, lines: list[str]):
        self.name, self.kind, self.lines = name, kind, lines

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any):
        if method != "__call__" or options or ufunc not in _ROUNDED:
            return NotImplemented
        texts = [self._text(x) for x in inputs]
        if None in texts:
            return NotImplemented
        zero, one = literal(0, self.kind), literal(1, self.kind)
        target = _Element(None, self.kind, self.lines) if out is None else out[0]
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {_ROUNDED[ufunc].format(*texts, zero=zero, one=one)}")
        target.name = name
        return target

    def __array_function__(self, function: Callable, types: Any, args: tuple, options: dict) -> Any:
        if function is not np.copyto or options or len(args) != 2 or type(args[1]) is not _Element:
            return NotImplemented
        args[0].name = args[1].name
        return None

    def __bool__(self) -> bool:
        raise TypeError("no branch of a formula may depend on a value")

    def _text(self, x: Any) -> str | None:
        if type(x) is _Element:
            return x.name
        return literal(x, self.kind) if type(x) in (int, float) else None


def statements(function: Callable, kind: np.dtype, names: Sequence[str], first: int) -> list[str] | None:
    """What a function does with one element of each array, as statements; the last has what it gives.

    Args:
        names: of the elements.
        first: the number of the first value: statements set `v0`, `v1`, ...

    Gives None where it calls anything else, or has nothing to do. What it does must not depend on the type
    of what it is given: it is given stand-ins.
    """
    lines = [""] * first
    try:
        found = function(*[_Element(name, kind, lines) for name in names])
    except Exception:  # it looked at what only arrays have
        return None
    known = type(found) is _Element and len(lines) > first and found.name == f"v{len(lines) - 1}"
    return lines[first:] if known else None


class Body(NamedTuple):
    """A formula for one element.

    Attributes:
        numbers: statements that read the numbers from `numbers`, an address.
        elements: those for element `i` of the arrays that begin at `p0`, `p1`, ...
        work: how many of these compute something.
    """

    numbers: list[str]
    elements: list[str]
    work: int


def body(
    formula: Callable, kind: np.dtype, arrays: int, scratches: int, scalars: Sequence[Any]
) -> Body | None:
    """What a loop does for each element; None where the formula calls anything else.

    Args:
        formula: `formula(arrays, scratches, scalars)`.
        scalars: NumPy arrays without axes, whose values the loop is given, or what stays as it is.
    """
    lines: list[str] = []
    given = [_Element(f"a{i}", kind, lines) for i in range(arrays)]
    scratch = [_Element(None, kind, lines) for _ in range(scratches)]
    numbers = [i for i, v in enumerate(scalars) if type(v) is np.ndarray]
    stood = [_Element(f"n{i}", kind, lines) if i in numbers else v for i, v in enumerate(scalars)]
    try:
        formula(given, scratch, stood)
    except Exception:
        return None
    code = kind.str[1:]
    loads = [f"a{i} = load_{code}(p{i}, i, {i + 1}, {arrays})" for i in range(arrays)]
    stores = [
        f"store_{code}(p{i}, i, {a.name}, {i + 1}, {arrays})"
        for i, a in enumerate(given)
        if a.name != f"a{i}"
    ]
    head = [f"n{i} = load_{code}(numbers, {k}, 0, 1)" for k, i in enumerate(numbers)]
    return Body(head, loads + lines + stores, len(lines))


def _written(one: Body, arrays: int) -> str:
    """The source of a loop over arrays from one index to another."""
    arguments = [f"x{i}" for i in range(arrays)]
    places = [f"p{i} = {word(x, machine.DATA)}" for i, x in enumerate(arguments)]
    loop = [*one.numbers, *places, "for i in range(start, stop):", *indented(one.elements), "return 0"]
    return exact(["numbers", "start", "stop", *arguments], loop)


def loop(one: Body, arrays: int) -> Callable | None:
    """`run(arrays, numbers)` over contiguous arrays of one size, which do not overlap; None: not here."""
    function = running.loop(_written(one, arrays), arrays)
    if function is None:
        return None

    def run(given: Sequence[np.ndarray], numbers: np.ndarray) -> None:
        n = given[0].size
        running.run(function, n, n * one.work, address_of(numbers), *map(id, given))

    return run
