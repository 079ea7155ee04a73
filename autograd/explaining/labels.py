"""Routes, and how they are told apart in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_LONGEST = 88


class Stage(NamedTuple):
    """One operation on the way from the loss to the parameter.

    Attributes:
        op: its name.
        path: of the module that it was called in; empty if not known.
        source: the user's line, as `train.py:12`; empty if not known.
        key: what the operation is called in pictures, such as `encoder.0/tanh.1`.
        order: of its node; records of the tape have it too.
        arrived: the norm of the cotangent of its result.
        passed: for each of its arguments on the way, its name, the order of its node, and the norm
            of the cotangent that it got.
        arguments: the names of its arguments that are on the tape.
    """

    op: str
    path: str
    source: str
    key: str
    order: int
    arrived: float
    passed: list[tuple[str, int, float]]
    arguments: list[str]

    @property
    def label(self) -> str:
        """The operation with its module."""
        return f"{self.path} ({self.op})" if self.path else self.op

    @property
    def left(self) -> float:
        """The largest norm that it passed on."""
        return max((norm for _, _, norm in self.passed), default=0.0)


class Hop(NamedTuple):
    """One operation of a route, and the argument by which the route goes through it."""

    stage: Stage
    argument: str


class Route(NamedTuple):
    """What came to the parameter by one path.

    Attributes:
        share: of the gradient: the part of its square norm that this makes up. Shares sum to 1; a
            path that works against the others has a negative one.
        norm: of the contribution.
        paths: how many sequences of operations this is, where there were too many to tell apart.
        hops: the operations on the way, from the parameter on; those shared by all its paths.
        contribution: the array; those of all routes sum to the gradient.
        text: what tells this route from the others.
    """

    share: float
    norm: float
    paths: int
    hops: list[Hop]
    contribution: np.ndarray
    text: str


def in_common(routes: Sequence[Route]) -> list[Hop]:
    """The hops that are on all routes."""
    if not routes:
        return []
    on_all = set.intersection(*({_id(hop) for hop in route.hops} for route in routes))
    return [hop for hop in routes[0].hops if _id(hop) in on_all]


def _id(hop: Hop) -> tuple[int, str]:
    return hop.stage.order, hop.argument


def tell_apart(route: Route, routes: Sequence[Route], shared: Sequence[Hop]) -> str:
    """What tells a route from the others: the hops that are not on all of them."""
    common = {_id(hop) for hop in shared}
    text = label([hop for hop in route.hops if _id(hop) not in common], routes)
    if route.paths > 1:
        many = counted(route.paths)
        return f"{text} and so on, {many} paths" if text else f"{many} paths together"
    return text or "straight"


def label(hops: Sequence[Hop], routes: Sequence[Route] = ()) -> str:
    """Hops as text: those of one module together, repetitions counted, the middle left out.

    Where the routes have several operations of the name of the first, it is numbered as it is in
    pictures; where they go through one by several arguments, the argument is named.
    """
    ways = {_id(hop): hop for route in routes for hop in route.hops}.values()
    arguments = Counter(hop.stage.order for hop in ways)
    alike = Counter((s.path, s.op) for s in {hop.stage.order: hop.stage for hop in ways}.values())
    groups: list[tuple[str, list[str]]] = []  # a module or none, and its operations
    for hop in hops:
        stage = hop.stage
        if stage.op == "broadcast_cast":
            continue
        name = stage.op
        if not groups and alike[stage.path, stage.op] > 1:
            name = stage.key.rpartition("/")[2]
        if arguments[stage.order] > 1:
            name = f"{name}:{hop.argument}"
        if not groups or groups[-1][0] != stage.path:
            groups.append((stage.path, []))
        groups[-1][1].append(name)
    parts: list[str] = []
    for path, ops in groups:
        parts += [f"{path} ({', '.join(_runs(ops))})"] if path else _runs(ops)
    return _fitted(parts)


def _fitted(parts: list[str]) -> str:
    """Parts in a line, those in the middle left out if it is too long."""
    text = " > ".join(parts)
    left = [*parts[: len(parts) // 2], "...", *parts[len(parts) // 2 :]]
    while len(text) > _LONGEST and len(left) > 3:
        middle = left.index("...")
        del left[middle - 1 if middle >= len(left) - middle else middle + 1]
        text = " > ".join(left)
    return text


def _runs(ops: Sequence[str]) -> list[str]:
    """Operations, with a count for one that follows itself."""
    runs: list[list] = []
    for op in ops:
        if runs and runs[-1][0] == op:
            runs[-1][1] += 1
        else:
            runs.append([op, 1])
    return [op if count == 1 else f"{op} x{count}" for op, count in runs]


def counted(paths: int) -> str:
    """A number of paths, which doubles with every branch: no more than its size if it is large.

    Example:
        >>> counted(1024), counted(2**5000)
        ('1,024', '~1e1505')
    """
    return f"{paths:,}" if paths < 10**7 else f"~1e{int((paths.bit_length() - 1) * math.log10(2))}"


def left_last(lines: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table of these rows, with the last column aligned to the left."""
    width = max(len(row[-1]) for row in rows)
    texts = iter(rows)
    found = []
    for line in lines:
        if set(line) == {"-"}:
            found.append(line)
            continue
        text = next(texts)[-1]
        found.append(line[: len(line) - len(text)].rstrip().ljust(len(lines[1]) - width) + text)
    return found
