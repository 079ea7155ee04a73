"""What 0 / 0 and 0 * inf are in rules, so that the next derivative is right or NaN, never a 0 by accident.

The derivative of f(norm(x)) is f'(norm(x)) / norm(x) * x. Where the norm is 0, a sweep over arrays cannot
tell what the quotient is, and need not: it is multiplied by 0. What a recorded sweep gives is differentiated
again, and there the quotient counts. A recorded cotangent is a function g of the norm, found in its graph.
Where it vanishes with the norm, g(n) / n has the limit g'(0): the second derivative of norm(x)**2 is right.
Where it does not, the next derivative is infinite or has no limit: it is NaN, of a value that stays 0.

Forward, the quotient waits for what it is multiplied by: see `steep.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batching import is_batched, on_wholes
from ..codegen import FAST
from ..declare import case, elementwise
from ..errors import VmapError
from ..sweeping import before_link, is_freed
from ..tape import FIRST_PARENT, ORDER, PULL, TensorBase, mode, new_tensor, parents
from .choosing import _where, equal
from .pulling import pulled

_TERMS = 3  # of the series of a quotient
_MOST_NODES = 1000  # of a graph that is looked through

_faults = FAST["faults"]


def _nothing(x, at):
    return np.where(np.logical_and(at, x != 0), x.dtype.type(np.nan), x.dtype.type(0))[()]


undefined = elementwise(
    _nothing,
    arrays=["x", "at"],
    constants=["at"],
    vjp={"x": lambda g, at: undefined(g, at)},
    name="undefined", reference=lambda x, at: x * 0 * at, linear=True, promotes=False, kinks="NaN where `at`; 0 for a cotangent of 0",
    cases=[case((2, 3), np.zeros((2, 3), bool)), case((2, 3), np.zeros((1, 3), bool))],
    doc="x times a number that does not exist: NaN in the places `at`, but 0 where x is 0",
)  # fmt: skip


flat_rest = elementwise(
    lambda x, at, order: np.zeros(np.broadcast_shapes(*map(np.shape, (x, at, order))), x.dtype)[()],
    arrays=["x", "at", "order"],
    constants=["at", "order"],
    vjp={"x": lambda g, x, at, order: _less_flat(g, x, at, order)},
    name="flat_rest", reference=lambda x, at, order: x * 0, promotes=False, kinks="NaN where `at`, from some order on",
    cases=[case((2, 3), np.zeros((2, 3), bool), np.ones((2, 3), int))],
    doc="0, as are so many derivatives by x; the next is NaN in the places `at`",
)  # fmt: skip


def _less_flat(g, x, at, order):
    last, more = np.logical_and(at, np.less(order, 1)), np.greater_equal(order, 1)
    rest = g * flat_rest(x, np.logical_and(at, more), order - 1) if more.any() else 0 * g
    return rest + undefined(g, last) if last.any() else rest


def _asked(g, at):
    # 0 * inf for a cotangent of 0, so that the sweep asks whether it is masked or vanishes
    return undefined(g, at) + _where(at, _where(at, g, 1) * np.inf, 0)


undefined_slope = elementwise(
    _nothing,
    arrays=["x", "at"],
    constants=["at"],
    vjp={"x": _asked},
    name="undefined_slope", reference=lambda x, at: x * 0 * at, singular=True, promotes=False, kinks="NaN where `at`; 0 for a cotangent that is masked",
    cases=[case((2, 3), np.zeros((2, 3), bool)), case((2, 3), np.zeros((1, 3), bool))],
    doc="`undefined`, where a cotangent or a tangent of 0 is asked whether it is masked or vanishes",
)  # fmt: skip


def undefined_by(x: Any, y: Any) -> Any:
    """A tangent of 0 whose slope by x and by y does not exist."""
    return undefined_slope(x, True) + undefined_slope(y, True)


def changes(g: Any, at: Any) -> bool:
    """Whether elements of a cotangent change with anything, to first order."""
    if getattr(g, "_node", None) is None or not at.any():
        return False
    ends, leaves = _ends(g._node, None)
    return ends is None or _slopes_alone(g, at, ends, leaves) is None


def zeros_of(value: Any, g: Any) -> Any:
    """Where what a rule on Tensors divides by is 0, if it is anywhere; None, also for a rule on arrays."""
    if isinstance(g, TensorBase) or isinstance(value, TensorBase):
        flat = np.equal(getattr(value, "_data", value), 0)
        return flat if flat.any() else None
    return None


def over(g: Any, out: Any) -> tuple[Any, Any]:
    """g / out, with 0 or its limit where `out` is 0; and where there is none (None: nowhere)."""
    flat = zeros_of(out, g)
    if flat is None:
        flat = equal(out, 0)
        return _where(flat, 0, g / _where(flat, 1, out)), None
    return divided(g, call_of(out), flat, out)


def divided(
    g: Any, key: Any, flat: Any, out: Any, kinks: bool = True, higher: bool = False
) -> tuple[Any, Any]:
    """g / out, with its limits where `flat`."""
    ratio, lost = vanishing(g, key, flat) if higher else limit(g, key, flat, out, kinks)
    whole = flat.all() and lost is None and isinstance(ratio, TensorBase)
    return ratio if whole else _where(flat, ratio, g / _where(flat, 1, out)), lost


def unless(lost: Any, x: Any, product: Any) -> Any:
    """A product with x; in the places `lost` it is 0, with a slope that is NaN by what is 0 of x."""
    if lost is None:
        return product
    zero = equal(x, 0) if is_batched(x) else np.equal(getattr(x, "_data", x), 0)
    return _where(lost, undefined_slope(x, lost & zero), product)


# ------------------------------------------------------------------ limits


def call_of(out: Any) -> tuple | None:
    """What tells the nodes of the call that gave `out`, and of others like it."""
    return None if getattr(out, "_node", None) is None else call_key(out._node)


def call_on(name: str, *arguments: Any) -> tuple:
    """What tells the nodes of calls of an elementwise function on these Tensors."""
    return name, tuple(id(a._node) for a in arguments if isinstance(a, TensorBase)), ()


def call_key(node: list) -> tuple | None:
    step = node[PULL].step
    if step.prim is None or is_freed(node):
        return None
    saved = dict(zip(step.saves, node[FIRST_PARENT + step.arity :], strict=False))
    statics = tuple((name, saved[name]) for name in step.prim.statics if name in saved)
    return step.prim.name, tuple(id(before_link(p)) for p in parents(node)), statics


def limit(g: Any, key: tuple | None, flat: Any, out: Any, kinks: bool = True) -> tuple[Any, Any]:
    """g / out where `flat`, `out` being 0 there; and where it has no limit (None: nowhere).

    Args:
        key: what tells the nodes that are `out`; see `call_of`.
        out: its value, a Tensor.
        kinks: whether there is no limit where g is not 0; else of g less its value there.
    """
    if is_batched(g):
        return _of_examples(limit, g, key, flat, out, kinks)
    here = getattr(g, "_data", g)
    lost = flat & (np.not_equal(here, 0) if kinks else np.isnan(here))
    if getattr(g, "_node", None) is None:
        look_back_at_each()
        return 0.0, lost if lost.any() else None
    ends, leaves = _ends(g._node, key)
    if ends is None:
        return 0.0, flat
    told = flat & ~lost
    if _slopes_alone(g, told, ends, leaves) is None:
        return 0.0, flat if kinks else None
    return _series(g, told, ends, out), lost if lost.any() else None


def look_back_at_each() -> None:
    """Have a sweep of several examples made again for each of them, if it can be.

    Errors: VmapError, for the one who makes it.
    """
    if _faults.again and not mode.grad:
        raise VmapError("a rule looks back at where a cotangent came from: of one example at a time")


def _of_examples(function: Any, g: Any, key: Any, flat: Any, *rest: Any) -> tuple[Any, Any]:
    """The same of one example of several: of all of them."""

    def of_all(g: Any, *rest: Any) -> tuple[Any, Any]:
        ratio, lost = function(g, key, np.broadcast_to(flat, g.shape), *rest)
        return ratio, None if lost is None else new_tensor(lost)

    return on_wholes(of_all, g, *rest)


def vanishing(g: Any, key: tuple | None, flat: Any) -> tuple[Any, Any]:
    """0, as g / out**p where `out` is 0 and g vanishes to the second order; and where it does not."""
    if is_batched(g):
        return _of_examples(vanishing, g, key, flat)
    lost = flat & np.not_equal(getattr(g, "_data", g), 0)
    if getattr(g, "_node", None) is not None:
        ends, leaves = _ends(g._node, key)
        slopes = None if ends is None else _slopes_alone(g, flat & ~lost, ends, leaves)
        lost = flat if slopes is None else lost | np.not_equal(slopes, 0)
    return 0.0, lost if lost.any() else None


def _ends(root: list, key: tuple | None) -> tuple[set | None, set]:
    """Orders of the nodes beneath one that the key tells, and of the leaves reached past them.

    What has a kink counts as a leaf, unless the key's nodes are beneath it: what it pulls says nothing.
    None for the first of a graph too large to look for limits in, as those of high orders are.
    """
    left, seen = [root], {}
    ends: set[int] = set()
    leaves: set[int] = set()
    while left:
        node = left.pop()
        if node[ORDER] in seen:
            continue
        seen[node[ORDER]] = node
        if key is not None and len(seen) > _MOST_NODES:
            return None, leaves
        if key is not None and call_key(node) == key:
            ends.add(node[ORDER])
        elif is_freed(node) or not parents(node):
            leaves.add(node[ORDER])
        else:
            left += parents(node)
    above = set(ends)
    for order in sorted(seen, reverse=True):  # the oldest first
        if order not in ends and order not in leaves:
            if any(parent[ORDER] in above for parent in parents(seen[order])):
                above.add(order)
            elif (prim := seen[order][PULL].step.prim) is not None and (prim.singular or prim.kinks):
                leaves.add(order)
    return ends, leaves


def _slopes_alone(g: Any, told: Any, ends: set, leaves: set) -> Any:
    """How the elements of g change, each with that of `ends` in its own place; None if with more."""
    found = []
    for weights in (np.ones(told.shape), 2 + np.cos(np.arange(told.size)).reshape(told.shape)):
        seed = np.where(told, weights, 0).astype(g._data.dtype)[()]
        with np.errstate(all="ignore"):
            parts_at = pulled([(g._node, seed)], ends | leaves, recorded=False)
        if any(parts_at[i] is not None and np.any(parts_at[i]) for i in leaves):
            return None
        parts = [parts_at[i] for i in ends if parts_at[i] is not None]
        if any(np.shape(part) != told.shape for part in parts):
            return None
        found.append((weights, sum(parts, np.zeros(told.shape))))
    (_, slopes), (weights, weighted) = found
    alone = np.isclose(weighted, weights * slopes, 1e-3, 0).all() and not np.any(np.where(told, 0, slopes))
    return slopes if alone else None


def _series(g: Any, told: Any, ends: set, out: Any) -> Any:
    """g(n) / n where n is 0, as g'(n) - n g''(n) / 2 + ..., so that its own derivatives are right."""
    total, factor, term = 0.0, 1.0, g
    for k in range(1, _TERMS + 1):
        term = _slope(term, told, ends)
        if term is None:
            return total
        if k > 1 and (np.isnan(term._data) & told).any():
            return total + flat_rest(out, told, k - 2)
        total = total + factor * term
        factor = factor * out / -(k + 1.0)
    rest = _slope(term, told, ends)
    # what is left out of the series; of what was put together by `where` the graph does not end
    if rest is None or not (np.any(rest._data) or (rest._node is not None and told.all())):
        return total
    return total + flat_rest(out, told, _TERMS - 1)


def _slope(g: Any, told: Any, ends: set) -> Any:
    """How g changes with `ends`, recorded; None if it does not."""
    if getattr(g, "_node", None) is None:
        return None
    seed = new_tensor(told.astype(g._data.dtype))
    parts = [part for part in pulled([(g._node, seed)], ends, recorded=True).values() if part is not None]
    return sum(parts[1:], parts[0]) if parts else None
