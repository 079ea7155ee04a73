"""Whether a cotangent of 0 is masked or vanishes, where a rule multiplies it by an infinite derivative.

Of where(x > 0, log(x), 0) at 0 the cotangent of the logarithm is 0 whatever x is: so is the product. Of
cbrt(x)**3 the cotangent of the root is 0 too, but grows with the root: the product has a limit, which is
not 0. Arrays do not tell one from the other. The nodes do that the cotangent came from: where NumPy reports
0 * inf, the sweep is made again down to that node, recorded, and the rule run on what it gives. A cotangent
that moves with what the function is of, to some order, vanishes. The rule has its limit, or it is NaN.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..batching import is_batched, on_wholes
from ..codegen import FAST
from ..modes import enable_grad
from ..several import Bundle
from ..sweeping import is_freed, lift
from ..tape import FIRST_PARENT, ORDER, PULL, TensorBase, new_tensor, parents
from .choosing import _where, equal, isnan
from .limits import call_key, changes, look_back_at_each, undefined, zeros_of
from .pulling import TooLarge, pulled

_ORDERS = 4  # of slopes that are looked at
_MOST_NODES = 150  # of a slope that is looked at
_MOST_DEEP = 1  # questions that arise within questions
_MOST_PARTS = 32  # that elements are told apart in

_PLAIN = {
    np.ndarray, np.float64, np.float32, np.complex128, np.complex64, np.float16, np.longdouble, np.clongdouble
}  # fmt: skip

# Functions whose derivative grows more slowly than the reciprocal of the distance does.
_ROOTS = {"sqrt", "cbrt", "arcsin", "arccos", "arccosh"}

_faults = FAST["faults"]


def keep_zeros(g: Any, result: Any, node: Any = None, i: int = 0) -> Any:
    """`result` of a rule, with 0 for 0 * inf where the cotangent g is masked.

    Args:
        node: that of the call, and `i` which of its parents the result is for; None: it is a tangent.
    """
    if node is not None and hasattr(g, "keep_zeros"):  # arrays under recording, see compiling/
        return g.keep_zeros(result)
    reported = True if node is None or _faults.recorded is None else _faults.recorded.reported()
    parts = [p for p in g if p is not None] if type(g) is tuple else [g]  # of several results
    if is_batched(result) or any(map(is_batched, parts)):
        return on_wholes(lambda g, result: keep_zeros(g, result, node, i), g, result)
    plain = type(getattr(result, "_data", result)) in _PLAIN and _faults.recorded is None
    recorder = getattr(getattr(result, "_data", result), "recorder", None)
    if not isinstance(result, TensorBase):
        if plain:
            return _of_arrays(parts, g, result, node, i)
        if recorder is not None and node is None:
            recorder.undecided(parts, _all_zero(parts) & isnan(result))
        return _where(_all_zero(parts), 0, result)
    lost = np.isnan(result._data) & reported
    for part in parts:
        lost = lost & np.equal(getattr(part, "_data", part), 0)
    if not lost.any():
        return result
    look_back_at_each()
    if recorder is not None:
        recorder.undecided(parts, lost)
    gone = lost & False
    if plain and node is None:
        gone = lost & ~_still(lost, i)
    elif plain:
        for part in parts:
            gone = gone | vanishing(part, lost & ~gone, node, i)
    masked = lost & ~gone
    moving = [p for p in parts if changes(p, masked)]
    result = _where(masked, undefined(moving[0], masked) if moving else 0, result)
    return _where(gone, undefined(parts[0], gone) + np.nan, result) if gone.any() else result


def _of_arrays(parts: list, g: Any, result: Any, node: Any, i: int) -> Any:
    """The same of arrays: what is recorded if nodes tell, else 0."""
    zero = _all_zero(parts)
    lost = zero & np.isnan(result)
    if lost.any() and node is None:
        gone = lost & ~_still(lost, i)
        return np.where(gone, np.nan, _where(zero, 0, result))[()]
    if lost.any() and _faults.roots is not None and (again := looked_back(node, g)) is not None:
        again = again[i] if type(again) is tuple else again
        return np.where(lost, again._data, result)[()]
    return _where(zero, 0, result)


def _all_zero(parts: list) -> Any:
    return functools.reduce(operator.and_, [equal(part, 0) for part in parts])


def look_back(node: list, g: Any, i: int, refused: Exception) -> Any:
    """What a rule says that arrays do not tell enough, of what they came from; else without that.

    Errors: what the rule raises.
    """
    look_back_at_each()
    if _faults.roots is None:
        raise refused
    again = looked_back(node, g)
    if again is None:
        roots, _faults.roots = _faults.roots, None
        try:
            again = node[PULL](node, Bundle({k: p for k, p in enumerate(g) if p is not None}))
        finally:
            _faults.roots = roots
    again = again[i] if type(again) is tuple else again
    return getattr(again, "_data", again)


def looked_back(node: list, g: Any) -> Any:
    """What the pull of a node gives on Tensors, for the cotangent that came from the roots of the sweep."""
    roots, _faults.roots = _faults.roots, None
    try:
        with enable_grad():
            begun = [(n, r if isinstance(r, TensorBase) else new_tensor(r)) for n, r in roots]
            found = pulled(begun, {node[ORDER]}, recorded=True)[node[ORDER]]
            if found is None or not _same(
                found, g, max(np.abs(r._data).max(initial=0) for _, r in begun)
            ):  # a hook changed it
                return None
            return node[PULL](lift(node), found)
    finally:
        _faults.roots = roots


def _same(found: Any, g: Any, size: Any) -> bool:
    """Whether two cotangents are equal but for rounding; `size` is that of the roots' cotangents."""
    if type(found) is Bundle:
        both = zip(found.spread(len(g)), g, strict=True)
        return all(p is None if q is None else _same(p, q, size) for p, q in both)
    if found is None and g is not None:  # 0 whatever happens is left out
        return not np.any(g)
    if np.shape(found) != np.shape(g):
        return False
    size = 1e-6 * max(size, np.abs(g).max(initial=0, where=np.isfinite(g)))
    return np.allclose(found._data, g, 1e-5, size, equal_nan=True)


def vanishing(g: Any, lost: Any, node: list, i: int) -> Any:
    """In which of the places `lost`, where g is 0, it changes with argument `i` of a node, to some order."""
    lost = lost & ~_infinite(node, i, np.shape(lost))
    if getattr(g, "_node", None) is None or not lost.any() or np.shape(g) != np.shape(lost):
        return lost & False
    argument = node[FIRST_PARENT + i]
    ends, others = _related(g._node, _beneath([argument]), call_key(node))
    if ends == {argument[ORDER]} and node[PULL].step.prim.name in _ROOTS:
        return lost & False  # it vanishes at least as the argument does, which is faster
    return _found(lambda at: _moves(g, at, ends, others), lost) if ends else lost & False


def depends(g: Any, at: Any, on: Sequence) -> Any:
    """In which of the places `at`, where g is 0, it changes with what some Tensors depend on, to some order."""
    nodes = [x._node for x in on if getattr(x, "_node", None) is not None]
    if getattr(g, "_node", None) is None or not nodes or not at.any() or np.shape(g) != np.shape(at):
        return at & False
    ends, others = _related(g._node, _beneath(nodes), None)
    return _found(lambda at: _moves(g, at, ends, others), at) if ends else at & False


def moving_zeros(divisor: Any, g: Any, on: Sequence) -> Any:
    """Where a rule on Tensors divides by 0 what is not 0, or a 0 that moves; None: nowhere."""
    flat = zeros_of(divisor, g)
    if flat is None:
        return None
    still = flat & (getattr(g, "_data", g) == 0)
    return flat & (~still | depends(g, still, on))


def _infinite(node: list, i: int, shape: tuple) -> Any:
    """Where argument `i` of a node is infinite, as far as is known: there it does not move."""
    step = node[PULL].step
    name = "" if step.prim.variadic else step.prim.arrays[step.active[i]]
    if name not in step.saves:
        return np.zeros(shape, bool)
    x = node[FIRST_PARENT + step.arity + step.saves.index(name)]
    x = getattr(x, "array", x)  # guarded
    return np.broadcast_to(np.isinf(getattr(x, "_data", x)), shape)


def _still(lost: Any, i: int) -> Any:
    """In which of the places `lost`, where its tangent is 0, argument `i` of a call stays where it is."""
    if _faults.pushed is None or not lost.any():
        return lost
    args, along = _faults.pushed
    x = args[i]
    if getattr(x, "_node", None) is None or np.shape(x) != np.shape(lost):
        return lost
    pushed, _faults.pushed = _faults.pushed, None
    try:
        with enable_grad():
            moving = lost & np.isfinite(x._data)
            return lost & ~_found(lambda at: _moves(x, at, set(along), set(), along), moving)
    finally:
        _faults.pushed = pushed


def _found(test: Callable, lost: Any) -> Any:
    """The places for which a test of some of them holds."""
    found, left = lost & False, [np.flatnonzero(lost)] if lost.any() else []
    for _ in range(_MOST_PARTS):
        if not left:
            return found
        places = left.pop(0)
        at = np.zeros(np.shape(lost), bool)
        np.put(at, places, True)
        if not test(at):
            continue
        if len(places) == 1:
            found = found | at
        else:
            left += np.array_split(places, 2)
    rest = np.array(found)
    for places in left:
        np.put(rest, places, True)
    return rest


def _related(root: list, below: set, key: tuple | None) -> tuple[set, set]:
    """Where a dependence on nodes below, or on calls that the key tells, is looked for; where the rest ends."""
    ends, others, left, seen = set(), set(), [root], set()
    while left:
        at = left.pop()
        if at[ORDER] in seen:
            continue
        seen.add(at[ORDER])
        step = at[PULL].step
        if at[ORDER] in below or (key is not None and call_key(at) == key):
            ends.add(at[ORDER])
        elif is_freed(at) or not parents(at):
            others.add(at[ORDER])
        elif step.prim is not None and step.prim.singular:
            (ends if below & _beneath([at]) else others).add(at[ORDER])
        else:
            left += parents(at)
    return ends, others


def _beneath(nodes: list) -> set:
    left, seen = list(nodes), {node[ORDER] for node in nodes}
    while left:
        for parent in parents(left.pop()):
            if parent[ORDER] not in seen:
                seen.add(parent[ORDER])
                left.append(parent)
    return seen


def _moves(g: Any, at: Any, ends: set, others: set, along: dict | None = None) -> bool:
    """Whether elements of g change with the nodes `ends`, to any order that is looked at.

    Args:
        along: in which direction, by the nodes' orders; None: in any.
    """
    if _faults.depth >= _MOST_DEEP:  # each would ask the same of its own slopes
        return True
    _faults.depth += 1
    try:
        return _any_slope(g, at, ends, others, along)
    finally:
        _faults.depth -= 1


def _any_slope(g: Any, at: Any, ends: set, others: set, along: dict | None) -> bool:
    terms = [(g._node, _seed(np.where(at, 2 + np.cos(np.arange(at.size)).reshape(at.shape), 0), g))]
    for _ in range(_ORDERS):
        try:
            with np.errstate(all="ignore"):
                found = pulled(terms, ends | others, recorded=True, most=_MOST_NODES)
        except TooLarge:
            return True
        slopes = {k: found[k] for k in ends if found[k] is not None}
        if along is None:
            directions = {
                k: np.cos(1.0 + np.arange(s._data.size)).reshape(s._data.shape) for k, s in slopes.items()
            }
            moved = any(np.any(s._data) for s in slopes.values())
        else:
            directions = along
            moved = bool(sum(np.sum(s._data * along[k]) for k, s in slopes.items()))
        if moved:
            return True
        terms = [(s._node, _seed(directions[k], s)) for k, s in slopes.items() if s._node is not None]
        if not terms:
            return False
    return True


def _seed(values: Any, like: Any) -> Any:
    turned = 0.8 + 0.6j if like._data.dtype.kind == "c" else 1  # looks at real and imaginary parts
    return new_tensor((np.asarray(values) * turned).astype(like._data.dtype)[()])


__all__ = ["depends", "keep_zeros", "looked_back", "moving_zeros", "vanishing"]
