"""Rules of elementwise calls as native loops: all that they compute of an element in one pass over memory.

Only for formulas of calls that are exact or rounded once, so the bits are NumPy's. A loop reports nothing,
so it stops before the first block of elements in which anything, also between, is not finite: there NumPy
computes, and says what it says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import machine, running
from .formulas import statements
from .patience import Patience
from .running import KINDS
from .writing import NAMES, exact, indented, word

# Elements whose cotangents are all computed before any is written: it may take the place of what is read.
BLOCK = 1024
_patience = Patience()


def pulling(rules: Sequence[Any], slots: list, inputs: Sequence[np.ndarray]) -> Callable | None:
    """`run(start, stop, inputs, outs)`, which gives the element before which it stopped; None: no loop.

    Shapes: all (n,), of one dtype. Elements of `outs`, as many as there are rules, lie side by side; those
    of an input do too, or are all the first. The last of `outs` may be the cotangent; no others overlap.

    Args:
        slots: for each rule, which of what was saved it takes.
        inputs: the cotangent, and what was saved; not held.
    """
    g = inputs[0]
    key = tuple((rule.form, rule.fn, tuple(at)) for rule, at in zip(rules, slots, strict=True))
    known = key, g.dtype, tuple(x.strides != (x.itemsize,) for x in inputs)
    if not _patience.is_over(g, known) or np.geterr()["under"] != "ignore":
        return None
    run = _loop(*known)
    if run is None:
        return None
    g_dtype = g.dtype

    def over(start: int, stop: int, inputs: Sequence[np.ndarray], outs: Sequence[np.ndarray]) -> int:
        scratch = np.empty(BLOCK * len(outs), g_dtype)
        return run(0, start, stop, *map(id, inputs), *map(id, outs), id(scratch))

    return over


@functools.lru_cache(maxsize=512)
def _loop(rules: tuple, dtype: np.dtype, single: tuple[bool, ...]) -> Callable | None:
    lines: list[str] = []
    found = []
    for rule in rules:
        one = statements(_formula(*rule), dtype, [f"a{i}" for i in range(len(single))], len(lines))
        if one is None:
            return None
        lines += one
        found.append(f"v{len(lines) - 1}")
    if len(lines) == len(rules):
        return None  # each is one call, which NumPy computes as fast
    return running.loop(_source(lines, found, KINDS[dtype], single), len(single) + len(rules) + 1)


def _formula(form: str, fn: Any, at: tuple[int, ...]) -> Callable:
    """What a rule gives, of the cotangent and all that was saved."""

    def formula(g: Any, *saved: Any) -> Any:
        if form == "number":
            return np.negative(g) if fn == -1 else np.multiply(g, fn)
        given = [saved[i] for i in at]
        return fn(g, *given) if form == "vjp" else np.multiply(g, fn(*given))

    return formula


def _source(lines: list[str], found: list[str], kind: str, single: tuple[bool, ...]) -> str:
    arrays, outs = range(len(single)), range(len(found))
    names = [*(f"p{i}" for i in arrays), *(f"q{i}" for i in outs), "scratch"]
    # the cotangent and what is written may be one memory, which nothing else shares; as may what was saved
    load = [f"a{i} = load_{kind}(p{i}, {0 if single[i] else 'i'}, {1 if i == 0 else 2}, 3)" for i in arrays]
    finite = [f"odd = odd | (not (abs(v{n}) < {NAMES[kind]}(inf)))" for n in range(len(lines))]
    keep = [f"store_{kind}(scratch, {BLOCK * k} + i - low, {v}, 3, 3)" for k, v in enumerate(found)]
    write = [
        f"store_{kind}(q{k}, i, load_{kind}(scratch, {BLOCK * k} + i - low, 3, 3), 1, 3)" for k in outs
    ]
    body = [
        *(f"{name} = {word(f'x{i}', machine.DATA)}" for i, name in enumerate(names)),
        f"for low in range(start, stop, {BLOCK}):",
        f"    high = min(low + {BLOCK}, stop)",
        "    odd = False",
        "    for i in range(low, high):",
        *indented([*load, *lines, *finite, *keep], 2),
        "    if odd:",
        "        return low",
        "    for i in range(low, high):",
        *indented(write, 2),
        "return stop",
    ]
    return exact(["t", "start", "stop", *(f"x{i}" for i in range(len(names)))], body)
