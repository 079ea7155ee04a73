"""Equal values of a matrix: what its vectors have to say of a function that is smooth all the same.

The gradient of a function of eigenvalues w and vectors V has N[i, j] / (w[j] - w[i]), N from the cotangent of
V. The vectors of equal values may turn among themselves; if the function is smooth that does not matter: N
vanishes with the gap, N[i, j] = (w[j] - w[i]) h[i, j], and h is wanted. N is a function of the values, found in
its graph. Along a change d of the values, with vectors that stay, it changes by (d[j] - d[i]) h[i, j]; of
V f(w) V.H this is the derivative of f, to which its divided differences tend. Two directions must agree, else
the function tells the vectors apart and has no derivative.

Source: Yu. L. Daleckii and S. G. Krein, Integration and differentiation of functions of Hermitian operators,
1965, for V f(w) V.H; the limit is that of its divided differences.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import case, elementwise
from ..sweeping import before_link, is_freed
from ..tape import FIRST_PARENT, ORDER, PULL, TensorBase, identity_node, new_tensor, parents
from .choosing import _where
from .limits import call_key
from .matrices import Gaps, value_of
from .pulling import TooLarge, pulled

_TERMS = 2  # of the series of h, by the gap: the first derivative of h is right, the next is NaN
_MOST_NODES = 60_000  # of a graph that is differentiated


def _next(g, x, at, order):
    return g * unknown_beyond(x, at, order - 1) if np.any(order) else g * np.where(at, np.nan, 0.0)


unknown_beyond = elementwise(
    lambda x, at, order: np.zeros(np.broadcast_shapes(*map(np.shape, (x, at, order))), x.dtype)[()],
    arrays=["x", "at", "order"],
    constants=["at", "order"],
    vjp={"x": _next},
    name="unknown_beyond", reference=lambda x, at, order: x * 0, promotes=False, kinks="NaN where `at`, from some order on",
    cases=[case((2, 3), np.zeros((2, 3), bool), np.full((), 9))],
    doc="0, as are so many derivatives by x; the next is NaN in the places `at`, also for a cotangent of 0",
)  # fmt: skip


def limits(gaps: Gaps, numerator: Any, size: Any, values: Any, left: Any, right: Any) -> Any:
    """numerator[i, j] / (values[j] - values[i]), element by element, on Tensors; its limit where they are equal.

    Args:
        size: how large what the numerator is a difference of is.
        left, right: the vectors; left * values @ right is the matrix.

    Errors: MatrixError where there is no limit.
    """
    among = gaps.equal & ~np.eye(gaps.equal.shape[-1], dtype=bool)
    eps = np.finfo(value_of(size).dtype).eps
    size = np.maximum(size, 1)  # what cancels may leave nothing but rounding errors
    if np.any(among & (np.abs(value_of(numerator)) > 1e3 * eps * size)):
        raise gaps.untold()
    n = values.shape[-1]
    straight = np.arange(1.0, n + 1).astype(values.dtype)
    try:
        turned = _turned(numerator, values._node[FIRST_PARENT], among, left, right)
        found = _series(numerator, among, values, straight, left, right, _TERMS)
        other = value_of(_series(numerator, among, values, straight**2 / n, left, right, 1))
    except TooLarge:
        raise gaps.untold() from None
    one = value_of(found)
    if turned is not None and np.any(among & (np.abs(value_of(turned)) > eps**0.5 * size)):
        raise gaps.untold()
    most = eps**0.5 * np.abs(one).max((-2, -1), keepdims=True, initial=0) + 1e4 * eps * size
    if np.any(among & (np.abs(one - other) > most)):
        raise gaps.untold()
    return _where(among, found, gaps.under(numerator))


def _series(numerator: Any, among: Any, values: Any, d: Any, left: Any, right: Any, terms: int) -> Any:
    """h as N' - gap N'' / 2 + ..., each along d and over its differences, so that its derivatives are right."""
    maker = values._node[FIRST_PARENT]
    steps = d[None, :] - d[:, None] + np.eye(len(d), dtype=d.dtype)
    gap = (values[..., None, :] - values[..., :, None]) / steps
    total, factor, term = 0 * gap, 1.0, numerator / steps
    for k in range(1, terms + 1):
        term = _along(term, maker, values, d, left, right)
        if term is None:
            return total
        if k > 1 and np.isnan(value_of(term)[among]).any():  # what it is made of has no more orders
            return total * (1 + unknown_beyond(gap, among, np.asarray(k - 2)))
        total = total + factor * term
        factor = factor * gap / -(k + 1.0)
    return total * (1 + unknown_beyond(gap, among, np.asarray(terms - 1)))


def _along(term: Any, maker: list, values: Any, d: Any, left: Any, right: Any) -> Any:
    """How a Tensor changes as the values do along d, the vectors staying; None if it does not."""
    directions = dict.fromkeys(("s", "eigenvalues"), np.broadcast_to(d, values.shape))
    return _changed(term, maker, directions, (left * d) @ right)


def _turned(term: Any, maker: list, among: Any, left: Any, right: Any) -> Any:
    """How a Tensor changes as the vectors of equal values turn among themselves."""
    n = among.shape[-1]
    turn = np.where(among, np.triu(1 + np.cos(np.arange(float(n * n)).reshape(n, n))), 0)
    turn = (turn - turn.swapaxes(-1, -2)).astype(value_of(left).real.dtype)
    by_rows = turn.swapaxes(-1, -2) @ value_of(right)
    by_columns = value_of(left) @ turn
    return _changed(term, maker, {"eigenvectors": by_columns, "u": by_columns, "vh": by_rows}, None)


def _changed(term: Any, maker: list, directions: dict, moved: Any) -> Any:
    """How a Tensor changes as what the maker gave does, by the names of its results, and its argument."""
    if getattr(term, "_node", None) is None:
        return None
    given = _given(term._node, maker)
    argument = before_link(parents(maker)[0])[ORDER]
    seed = new_tensor(np.ones(np.shape(term), value_of(term).dtype), identity_node(None))
    found = pulled([(term._node, seed)], {*given, argument}, recorded=True, most=_MOST_NODES)
    roots = []
    for order, name in [*given.items(), (argument, None)]:
        part, direction = found[order], directions.get(name) if name else moved
        if part is not None and part._node is not None and direction is not None:
            direction = _as_large(direction, part)
            roots.append((part._node, direction))
    end = seed._node[ORDER]
    return pulled(roots, {end}, recorded=True, most=_MOST_NODES)[end] if roots else None


def _as_large(direction: Any, part: Any) -> Any:
    """With zeros for the vectors that complete the space."""
    more = [(0, m - n) for m, n in zip(np.shape(part), np.shape(direction), strict=True)]
    if any(m for _, m in more):
        direction = np.pad(direction, more)
    return direction if isinstance(direction, TensorBase) else new_tensor(direction)


def _given(root: list, maker: list) -> dict:
    """The nodes beneath one that are results of the maker or one like it: the names by their orders."""
    key, names = call_key(maker), maker[PULL].step.prim.results
    given, left, seen = {}, [root], set()
    while left:
        node = left.pop()
        if node[ORDER] in seen or is_freed(node):
            continue
        seen.add(node[ORDER])
        above = parents(node)
        if node[PULL].step.saves == ("result",) and above and call_key(above[0]) == key:
            given[node[ORDER]] = names[node[FIRST_PARENT + 1]]
        elif node[ORDER] <= maker[ORDER]:
            left += above
    return given


def made(values: Any) -> bool:
    """Whether it is known what call gave these values."""
    node = getattr(values, "_node", None)
    return node is not None and bool(parents(node)) and values._level is None


__all__ = ["limits", "made"]
