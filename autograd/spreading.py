"""Elementwise calls on large arrays, and their rules, in parts on several threads; and what takes any part.

One thread keeps the memory half busy. Parts of an elementwise call know nothing of each other, and NumPy
computes without the interpreter's lock, so they need nothing but arrays cut along their first axis; the
bits are those of the whole call. A rule of several calls is run on pieces that stay in the cache.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import threads
from .codegen import FAST
from .handing import is_handed_over
from .loops import rules as rules_loops
from .memory import strided
from .primitive import Primitive, Rule

# Bytes of an array, from which on a call is spread: below, it is over before another thread has come.
LARGE = 1 << 21
# Bytes for each thread, since each takes some time to wake.
SHARE = LARGE // 2
# Bytes of a piece of an array that a rule is run on.
PIECE = 1 << 19

_FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}
_NUMBERS = {float, int}
_faults = FAST["faults"]


class _Inside(threading.local):
    a_part = False  # whether what this thread calls is not to be spread: it computes a part of something


_inside = _Inside()


def is_large(values: Sequence[Any]) -> bool:
    """Whether the first of them that is no number is a large array."""
    first = next((v for v in values if type(v) not in _NUMBERS), None)
    return type(first) is np.ndarray and first.nbytes > LARGE


def keeps_dtype(kernel: Any) -> bool:
    """Whether a ufunc gives float32 for float32, and for a Python number beside it.

    float_power always widens, and so do ufuncs of SciPy whose loop of doubles comes first.
    """
    loops, count = list(getattr(kernel, "types", ())), getattr(kernel, "nin", 0)
    single, double = (f"{c * count}->{c}" for c in "fd")
    return single in loops and (double not in loops or loops.index(single) < loops.index(double))


def is_divisible(prim: Primitive) -> bool:
    """Whether parts of its result are results of parts: of NumPy's elementwise ufuncs that keep the dtype.

    SciPy's have an error state of their own, which other threads do not share, and rules of some add up
    series until the last element has settled.
    """
    kernel = prim.kernel
    if not prim.is_elementwise or type(kernel) is not np.ufunc or len(prim.arrays) > 2:
        return False
    return getattr(np, kernel.__name__, None) is kernel and keeps_dtype(kernel)


def has_divisible_rules(prim: Primitive, rules: Sequence[Rule]) -> bool:
    """Whether the same holds of the cotangents that rules give, all of which are computed.

    Rules of others may count on whole arrays, on their shape, or on the thread that they run in.
    """
    if not is_divisible(prim) or prim.looks_back:
        return False
    known = {*prim.arrays, "out"}
    return all(
        rule.fn not in (0, 1)
        if rule.form == "number"
        else known.issuperset(rule.names) and rule.fn.__module__.startswith("autograd.")
        for rule in rules
    )


def _cut(values: Sequence[Any]) -> tuple[list, tuple, tuple, np.dtype] | None:
    """How arrays are cut: pairs of a value and whether it is, and their shape; the result's, and its dtype.

    None: not at all.
    """
    if _inside.a_part:
        return None
    shapes, dtypes = set(), set()
    for v in values:
        if type(v) is np.ndarray:
            shapes.add(v.shape)
            dtypes.add(v.dtype)
            if not v.flags.c_contiguous and any(v.strides):  # the result takes its order
                return None
        elif type(v) not in _NUMBERS:
            return None
    if len(dtypes) != 1 or not dtypes <= _FLOATS:
        return None
    try:
        shape = shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)
    except ValueError:  # the call says what is wrong
        return None
    if not shape or not all(shape):
        return None
    (dtype,) = dtypes
    if not shapes:
        length = (math.prod(shape),)
        views = [(_flat(v, length), True) if type(v) is np.ndarray else (v, False) for v in values]
        return views, length, shape, dtype
    if shape[0] < 2 * threads.count():
        return None
    rows = [(v, type(v) is np.ndarray and v.ndim == len(shape) and len(v) == shape[0]) for v in values]
    return rows, shape, shape, dtype


def _flat(x: np.ndarray, length: tuple[int]) -> np.ndarray:
    """Its elements in one row: side by side, or one that is all of them."""
    return x.reshape(length) if x.flags.c_contiguous else strided(x, length, (0,))


def _spread(work: Callable[[int, int], None], length: int, most: int, *views: list) -> None:
    """At `most` so many parts of range(length); this thread learns of NumPy's reports in all of them.

    The lists of views are emptied: a thread may keep `work` for a while, and who asks whether an array is
    held finds none of them.
    """
    here, reports = threading.get_ident(), []

    def part(_: None, start: int, stop: int) -> None:
        try:
            with undivided():
                work(start, stop)
        finally:
            if threading.get_ident() != here and _faults.invalid:
                reports.append(True)
                _faults.invalid = False

    try:
        # a part for each: threads that compute wait for the interpreter's lock between their calls
        threads.spread(part, length, None, each=1, most=most)
    finally:
        for held in views:
            held.clear()
        if reports:
            _faults.invalid = True


def call(prim: Primitive, *values: Any) -> Any:
    """The kernel of a divisible primitive on these."""
    return _ufunc(prim.kernel, values)


def _ufunc(ufunc: Any, values: Sequence[Any], out: Any = None) -> Any:
    cut = None if threads.count() == 1 else _cut(values)
    if cut is None:
        return ufunc(*values) if out is None else ufunc(*values, out=out)
    given, along, shape, dtype = cut
    if out is None:
        out = np.empty(shape, dtype)
    given.append((out.reshape(along), True))

    def work(start: int, stop: int) -> None:
        *parts, to = [v[start:stop] if cut else v for v, cut in given]
        ufunc(*parts, out=to)

    _spread(work, along[0], out.nbytes // SHARE, given)
    return out


def add(x: Any, y: Any, into: bool = False) -> Any:
    """x + y; in the place of x, if told."""
    if type(x) is np.ndarray is type(y) and x.nbytes > LARGE:
        return _ufunc(np.add, (x, y), x if into else None)
    if not into:
        return x + y
    x += y
    return x


def pull(step: Any, g: Any, *saved: Any) -> Any:
    """The cotangents that the rules of a step give, one or a tuple; None: not in parts, or pieces."""
    free = type(g) is np.ndarray and is_handed_over(g)
    rules = step.rules
    if [rule.is_saved_value for rule in rules] == [True, True] and saved[0] is saved[1]:
        rules = rules[:1]  # those of x in x * x are the same
    found = _pulled(step, rules, g, saved, free)
    if found is None:
        return None
    return found[0] if step.arity == 1 else (found[0], found[-1])


def pull_one(step: Any, i: int, g: Any, *saved: Any) -> Any:
    """The cotangent that one of the rules gives; None: not in parts. g stays as it is."""
    found = _pulled(step, [step.rules[i]], g, saved, False)
    return found and found[0]


def _pulled(step: Any, rules: Sequence[Rule], g: Any, saved: tuple, free: bool) -> list | None:
    """What these rules give; g may be written over if it is `free`."""
    cut = _cut((g, *saved))
    if cut is None or type(g) is not np.ndarray:
        return None
    values, along, shape, dtype = cut
    slots = [[step.saves.index(name) for name in rule.names] for rule in rules]
    found = [np.empty(shape, dtype) for _ in rules]
    if free:
        found[-1] = g  # nobody needs it, once the others are there
    to = [out.reshape(along) for out in found]
    run = rules_loops.pulling(rules, slots, [v for v, _ in values]) if _is_whole(values, along) else None
    piece = along[0]
    if not all(rule.form == "number" or rule.is_saved_value for rule in rules):
        piece = max(PIECE * along[0] // found[0].nbytes, 1)  # of several calls

    def work(start: int, stop: int) -> None:
        if run is not None:
            start = run(start, stop, [v for v, _ in values], to)
        for i in range(start, stop, piece):
            j = min(i + piece, stop)
            here, *kept = [v[i:j] if cut else v for v, cut in values]
            for rule, at, out in zip(rules, slots, to, strict=True):
                _write(out[i:j], rule, here, [kept[k] for k in at])

    _spread(work, along[0], found[0].nbytes // SHARE, values, to)
    return found


def _is_whole(values: list, along: tuple) -> bool:
    """Whether all are arrays of one row of elements."""
    return len(along) == 1 and all(cut for _, cut in values)


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """Leave what this thread calls whole, as programs do: of a part, BLAS may add up products otherwise."""
    outside, _inside.a_part = _inside.a_part, True
    try:
        yield
    finally:
        _inside.a_part = outside


def over(work: Callable, cut: tuple, whole: tuple, most: int) -> None:
    """`work(*cut, *whole)`, on parts of the first along their first axis, of which it takes any number.

    Args:
        work: gives nothing, and writes into some of the arrays that are cut.
        most: how many threads there is enough to do for.
    """
    plain = all(type(a) is np.ndarray for a in cut)
    if most < 2 or not plain or _inside.a_part or threads.count() == 1:
        work(*cut, *whole)
        return
    views, others = list(cut), list(whole)
    length = len(cut[0])
    _spread(lambda start, stop: work(*[v[start:stop] for v in views], *others), length, most, views, others)


def _write(out: np.ndarray, rule: Rule, g: Any, saved: list) -> None:
    """What a rule gives, in memory that is there: the last call needs none of its own."""
    if rule.form == "vjp":
        out[...] = rule.fn(g, *saved)
    elif rule.form == "factor":
        np.multiply(g, rule.fn(*saved), out)
    elif rule.fn == -1:
        np.negative(g, out)
    else:
        np.multiply(g, rule.fn, out)


FAST.update(LARGE=LARGE, NUMBERS=_NUMBERS, spread_call=call, spread_pull=pull, spread_one=pull_one)
