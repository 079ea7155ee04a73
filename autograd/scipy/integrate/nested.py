"""Integrals over several variables, one within the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...ops.composed import plain
from ...ops.matrices import value_of
from ...ops.shapes import as_array
from ...tape import TensorBase
from ...transforms.trees import leaves
from .. import load
from .._faces import spelled
from .problems import arguments, bare
from .quadrature import quad

theirs = load("integrate")


def _nested(func: Any, ranges: list, args: tuple, options: Any) -> Any:
    """The integral of func(x0, x1, ..., *args), where ranges[i](x[i+1], ..., *args) are the limits of x[i]."""

    def over(i: int, outer: tuple) -> Any:
        inner = func if not i else (lambda x, *rest: over(i - 1, (x, *rest)))
        chosen = options if isinstance(options, dict) else options[i](*outer)
        return quad(inner, *ranges[i](*outer), outer, **chosen)[0]

    return over(len(ranges) - 1, args)


def _limits(name: str, *ends: Any) -> tuple[list, tuple]:
    """Limits as functions of the numbers among them and of variables; and those numbers, which are arguments."""
    numbers: list = []
    functions: list = []
    for end in ends:
        if callable(end):
            functions.append(lambda held, *x, end=end: end(*x))
            continue
        if np.ndim(value_of(end)):
            raise ShapeError(f"{name}: a limit must be a number or a function, got shape {np.shape(end)}")
        place = len(numbers)
        functions.append(lambda held, *x, place=place: held[place])
        numbers.append(end)
    return functions, tuple(numbers)


def _on_values(name: str, function: Any, args: tuple = ()) -> Any:
    """A function of the user's as SciPy calls it, or a limit as a number."""
    if not callable(function):
        return value_of(function)
    values = plain(args)
    return lambda *x: float(bare(name, as_array(function(*x, *values))))


def _is_plain(*trees: Any) -> bool:
    return not any(isinstance(leaf, TensorBase) for tree in trees for _, leaf in leaves(tree))


@spelled(theirs.dblquad, calls=True)
def dblquad(func, a, b, gfun, hfun, args=(), epsabs=1.49e-8, epsrel=1.49e-8):
    """The integral of func(y, x, *args) over y from gfun(x) to hfun(x), and x from a to b; and its error.

    Args:
        func: of numbers; gives a number.
        gfun, hfun: functions of x, or numbers.
        args: may hold tensors, also in nested tuples, lists and dicts.

    Gradient: as quad's, by the limits of x, numbers gfun and hfun, and args; of any order.

    Errors: NotDifferentiable where a function uses a tensor that requires grad and is not in args.

    Example:
        >>> round(dblquad(lambda y, x, k: k * x * y, 0.0, 2.0, 0.0, lambda x: x, (3.0,))[0], 9)
        6.0
    """
    args = arguments("dblquad", args)
    options = {"epsabs": epsabs, "epsrel": epsrel}
    ends = [a, b, gfun, hfun]
    (a, b, g, h), numbers = _limits("dblquad", *ends)
    plainly = [_on_values("dblquad", end) for end in ends]
    found = theirs.dblquad(_on_values("dblquad", func, args), *plainly, **options)
    if _is_plain(*ends, args):
        return found
    ranges = [lambda x, held, *rest: (g(held, x), h(held, x)), lambda held, *rest: (a(held), b(held))]
    call = lambda y, x, held, *rest: func(y, x, *rest)
    return _nested(call, ranges, (numbers, *args), options), found[1]


@spelled(theirs.tplquad, calls=True)
def tplquad(func, a, b, gfun, hfun, qfun, rfun, args=(), epsabs=1.49e-8, epsrel=1.49e-8):
    """The integral of func(z, y, x, *args) over z from qfun(x, y) to rfun(x, y), y and x as in dblquad.

    Gradient: as dblquad's.

    Errors: as dblquad's.

    Example:
        >>> round(tplquad(lambda z, y, x: z, 0.0, 1.0, 0.0, 1.0, 0.0, lambda x, y: x + y)[0], 9)
        0.583333333
    """
    args = arguments("tplquad", args)
    options = {"epsabs": epsabs, "epsrel": epsrel}
    ends = [a, b, gfun, hfun, qfun, rfun]
    (a, b, g, h, q, r), numbers = _limits("tplquad", *ends)
    plainly = [_on_values("tplquad", end) for end in ends]
    found = theirs.tplquad(_on_values("tplquad", func, args), *plainly, **options)
    if _is_plain(*ends, args):
        return found
    ranges = [
        lambda y, x, held, *rest: (q(held, x, y), r(held, x, y)),
        lambda x, held, *rest: (g(held, x), h(held, x)),
        lambda held, *rest: (a(held), b(held)),
    ]
    call = lambda z, y, x, held, *rest: func(z, y, x, *rest)
    return _nested(call, ranges, (numbers, *args), options), found[1]


@spelled(theirs.nquad, calls=True)
def nquad(func, ranges, args=None, opts=None, full_output=False):
    """The integral of func(x0, x1, ..., *args) over all x, and its error.

    Args:
        func: of numbers; gives a number.
        ranges: for each x[i] its two limits, or a function of (x[i+1], ..., *args) that gives them.
        args: may hold tensors, also in nested tuples, lists and dicts.
        opts: options of quad, for all or for each x; or functions that give them, as the ranges.

    Gradient: as quad's, by limits that are numbers, and by args; of any order.

    Errors: NotDifferentiable where a function uses a tensor that requires grad and is not in args.

    Example:
        >>> round(nquad(lambda x, y, k: k * x * y, [lambda y, k: (0.0, y), (0.0, 2.0)], (3.0,))[0], 9)
        6.0
    """
    args, ranges = arguments("nquad", () if args is None else args), list(ranges)
    values, n = plain(args), len(ranges)
    chosen = list(opts) if isinstance(opts, (list, tuple)) else [opts or {}] * n
    if len(chosen) != n:
        raise ArgumentError(f"nquad: expected options for {n} variables, got {len(chosen)}")
    found = theirs.nquad(
        _on_values("nquad", func, args),
        [_ends_of_values(r, values) for r in ranges],
        None,
        [(lambda *x, o=o: o(*x, *values)) if callable(o) else o for o in chosen],
        full_output,
    )
    if _is_plain(ranges, args):
        return found
    numbers: list = []
    limits = [_range_of(r, n - 1 - i, numbers) for i, r in enumerate(ranges)]
    options = [
        _without_held(o if callable(o) else lambda *x, o=o: o, n - 1 - i) for i, o in enumerate(chosen)
    ]
    return _nested(_without_held(func, n), limits, (tuple(numbers), *args), options), *found[1:]


def _ends_of_values(ends: Any, values: tuple) -> Any:
    """A range as SciPy calls it."""
    if callable(ends):
        return lambda *x: [float(value_of(as_array(end))) for end in ends(*x, *values)]
    return [float(value_of(as_array(end))) for end in ends]


def _range_of(ends: Any, count: int, numbers: list) -> Any:
    """A range as a function of `count` variables, of all numbers that are limits, and of arguments."""
    if callable(ends):
        return _without_held(ends, count)
    low, high = ends
    place = len(numbers)
    numbers.extend((low, high))
    return lambda *given: given[count][place : place + 2]


def _without_held(function: Any, count: int) -> Any:
    """A function of the user's, called without what comes after `count` variables."""
    return lambda *given: function(*given[:count], *given[count + 1 :])
