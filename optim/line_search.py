"""A line search for the strong Wolfe conditions.

They ask of a step t along a direction that the loss falls by at least a part c1 of what the
slope promises, and that the slope there is at most a part c2 of that at the start.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple


class Point(NamedTuple):
    """A step along a direction, the loss and the gradient there, and the slope of the loss along it."""

    t: float
    loss: float
    grad: Any
    slope: float


C1, C2 = 1e-4, 0.9


def strong_wolfe(
    evaluate: Callable[..., Point],
    start: Point,
    t: float,
    scale: float,
    budget: int,
    tolerance: float = 1e-9,
) -> tuple[Point, int]:
    """The point found, and how many points were evaluated.

    Args:
        evaluate: gives the point of a step, and leaves the gradients of the points named after
            it as they are.
        start: the point of step 0.
        t: the first step to try.
        scale: the largest entry of the direction.
        budget: how many more points may be tried after the first.
        tolerance: stop when the bracket moves no parameter by more.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6, with the
    safeguards of Schmidt's minFunc, as in PyTorch.
    """
    bracket, tried = _bracket(evaluate, start, t, budget)
    if len(bracket) == 1:
        return bracket[0], tried + 1
    low = 0 if bracket[0].loss <= bracket[1].loss else 1
    stalled = False
    while tried < budget and abs(bracket[1].t - bracket[0].t) * scale >= tolerance:
        t, stalled = _safeguarded(cubic_minimum(bracket[0], bracket[1]), bracket, stalled)
        new = evaluate(t, start, *bracket)
        tried += 1
        if _is_too_high(start, new) or new.loss >= bracket[low].loss:
            bracket[1 - low] = new
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
            continue
        flat = abs(new.slope) <= -C2 * start.slope
        if not flat and new.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
        if flat:
            break
    return bracket[low], tried + 1


def _is_too_high(start: Point, new: Point) -> bool:
    return new.loss > start.loss + C1 * new.t * start.slope


def _bracket(
    evaluate: Callable[..., Point], start: Point, t: float, budget: int
) -> tuple[list[Point], int]:
    """Widen the step until two points enclose a good one, or one is good itself."""
    before, new = start, evaluate(t, start)
    for tried in range(budget):
        if _is_too_high(start, new) or (tried > 1 and new.loss >= before.loss):
            return [before, new], tried
        if abs(new.slope) <= -C2 * start.slope:
            return [new], tried
        if new.slope >= 0:
            return [before, new], tried
        bounds = new.t + 0.01 * (new.t - before.t), 10 * new.t
        t = cubic_minimum(before, new, bounds)
        before, new = new, evaluate(t, start, new)
    return [start, new], max(budget, 0)


def _safeguarded(t: float, bracket: list[Point], stalled: bool) -> tuple[float, bool]:
    """Keep a step off the ends of the bracket, at once if it is at one, else at the second time."""
    low, high = sorted(p.t for p in bracket)
    margin = 0.1 * (high - low)
    if min(high - t, t - low) >= margin:
        return t, False
    if stalled or t >= high or t <= low:
        return (high - margin if abs(t - high) < abs(t - low) else low + margin), False
    return t, True


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic with the loss and the slope of two points is least, within bounds.

    The bounds are the two points themselves unless given. Where the cubic has no minimum it is
    the middle of the bounds.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., equation 3.59.

    Example:
        >>> cubic_minimum(Point(0.0, 1.0, None, -2.0), Point(3.0, 4.0, None, 4.0))
        1.0
    """
    if a.t > b.t:
        a, b = b, a
    low, high = bounds or (a.t, b.t)
    try:
        d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
        d2 = math.sqrt(d1**2 - a.slope * b.slope)
        t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
        return min(max(t, low), high)
    except (ValueError, ZeroDivisionError, OverflowError):
        return (low + high) / 2.0
