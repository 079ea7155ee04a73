"""Products whose results lie the other way round in memory, where BLAS computes them faster so.

`x @ w.T` for few rows of x takes OpenBLAS half as long again as its transpose `w @ x.T`, which makes the
same values in columns. What such values meet element by element then lies in columns too, and the products
that read them take it either way. Which way is faster is measured, once for each product.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..ir import FRESH, Instruction, Operand, Recording
from .elementwise import assignments
from .sums import PRODUCTS

# Multiplications of a product that are worth a look; of one that takes too long to try.
LEAST, MOST = 1 << 20, 1 << 27
# What must be left of the time of all products that a layout changes.
WORTH = 0.95
# How often a product is tried, unless that takes longer than so many seconds.
TRIES, PATIENCE = 7, 0.02
_RESHAPES: set[Any] = {np.ndarray.reshape, np.ndarray.ravel, np.ndarray.flatten, np.reshape, np.ravel}


class Shapes(NamedTuple):
    """A product of matrices as BLAS sees it: `columns` says which of a, b and the result lie in columns."""

    m: int
    k: int
    n: int
    dtype: np.dtype
    columns: tuple[bool, bool, bool]


@dataclass(slots=True, eq=False)
class _Cluster:
    """Roots that meet element by element; `free` if all have `rows` times `width` elements and may turn."""

    roots: set[int] = field(default_factory=set)
    rows: int = 0
    width: int = 0
    free: bool = True
    turned: bool = False


def with_layouts(
    steps: list[Instruction],
    recording: Recording,
    ends: set[int],
    cost: Callable[[Shapes], float] | None = None,
) -> list[Instruction]:
    """The steps, with temporaries in columns where their products are faster so.

    Args:
        ends: roots that are read after the last step.
        cost: how long a product takes; measured if it is not given.
    """
    large = [step for step in steps if _is_large(step)]
    if not large:
        return steps
    of = _clusters(steps, recording, ends)
    for step in (*large, *large):  # one that turned may have others follow
        cluster = of[step.results.root]
        if cluster.free and not cluster.turned:
            _turn(cluster, [s for s in steps if _is_product(s)], of, cost or measured)
    if not any(cluster.turned for cluster in of.values()):
        return steps
    return [_rewritten(step, of) for step in steps]


def _is_product(step: Instruction) -> bool:
    """Whether it is a product of two matrices."""
    given, out = step.args[:2], step.results
    if step.kind != "call" or step.fn not in PRODUCTS or step.options or len(step.args) != 2:
        return False
    if type(out) is not Operand or any(type(x) is not Operand for x in given):
        return False
    return all(len(x.shape) == 2 and x.dtype == out.dtype for x in (*given, out)) and out.dtype.kind == "f"


def _is_large(step: Instruction) -> bool:
    if not _is_product(step) or not step.results.contiguous:
        return False
    shapes = _shapes(step, {})
    if shapes is None or not 1 < shapes.m <= shapes.n:
        return False  # of many rows they are as fast either way
    return LEAST <= shapes.m * shapes.k * shapes.n <= MOST


# ---------------------------------------------------------------- what turns together


def _clusters(steps: list[Instruction], recording: Recording, ends: set[int]) -> dict[int, _Cluster]:
    """The cluster of each root."""
    of: dict[int, _Cluster] = {}

    def cluster(root: int) -> _Cluster:
        if root not in of:
            of[root] = _Cluster({root}, free=recording.roots[root].kind == FRESH and root not in ends)
        return of[root]

    def merge(a: _Cluster, b: _Cluster) -> None:
        if a is not b:
            a.roots |= b.roots
            a.free &= b.free
            of.update(dict.fromkeys(b.roots, a))

    for step in steps:
        everything = step.touched()
        for o in everything:
            cluster(o.root)
        statements = assignments(step) if step.fn not in _RESHAPES else None
        if statements is not None:
            for one in statements:
                for o in one.operands():
                    if o.size == one.target.size:
                        merge(of[one.target.root], of[o.root])
        elif not (_is_product(step) or _sums(step)):
            for o in everything:
                of[o.root].free = False
    for step in steps:
        if _is_product(step):
            found = of[step.results.root]
            if not found.rows:
                found.rows, found.width = step.results.shape
            found.free &= (found.rows, found.width) == step.results.shape
    for step in steps:
        for o in step.touched():
            found = of[o.root]
            whole = recording.roots[o.root].nbytes == found.rows * found.width * o.dtype.itemsize
            found.free = found.free and whole and _columns(o, found) is not None
    return of


def _sums(step: Instruction) -> bool:
    """Whether it is a product of a matrix and a vector, or a sum along axes, whatever the layout."""
    if step.kind != "call" or type(step.results) is not Operand or not step.args:
        return False
    owner = getattr(step.fn, "__self__", None)
    if isinstance(owner, np.ufunc):
        return step.fn.__name__ == "reduce"
    given = [x for x in step.args[:2] if type(x) is Operand]
    return step.fn in PRODUCTS and sorted(len(x.shape) for x in given) == [1, 2]


def _columns(o: Operand, cluster: _Cluster) -> Operand | None:
    """The same elements of a root whose matrix lies in columns; None if they do not lie so evenly."""
    rows, width, size = cluster.rows, cluster.width, o.dtype.itemsize
    if not width or o.offset % size:
        return None
    row, column = divmod(o.offset // size, width)
    strides, last_row, last_column = [], row, column
    for n, stride in zip(o.shape, o.strides, strict=True):
        if n == 1 or not stride:
            strides.append(0 if n > 1 else size)
            continue
        step = stride // size
        if stride % size or step < 0:
            return None
        if step % width == 0:
            strides.append(step // width * size)
            last_row += (n - 1) * (step // width)
        else:
            strides.append(step * rows * size)
            last_column += (n - 1) * step
    if last_row >= rows or last_column >= width:
        return None
    return o._replace(offset=(row + column * rows) * size, strides=tuple(strides))


# ---------------------------------------------------------------- what is faster


def _clock() -> Callable[[], float]:
    """The time that this thread runs, which other work does not change, if it can be told."""
    fine = hasattr(time, "thread_time") and time.get_clock_info("thread_time").resolution < 1e-6
    return time.thread_time if fine else time.perf_counter


def _turn(cluster: _Cluster, products: list, of: dict, cost: Callable[[Shapes], float]) -> None:
    """Turn a cluster if its products take less time then."""
    touched = [s for s in products if any(of[o.root] is cluster for o in (*s.reads(), s.results))]
    before = [_shapes(step, of) for step in touched]
    cluster.turned = True
    after = [_shapes(step, of) for step in touched]
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if b != a]
    cluster.turned = None not in (*before, *after) and _gains(pairs, cost)  # type: ignore[arg-type]


def _gains(pairs: list[tuple[Shapes, Shapes]], cost: Callable[[Shapes], float]) -> bool:
    if any(s.m * s.k * s.n > MOST for s, _ in pairs):
        return False
    seen = [(b, a) for b, a in pairs if b.m * b.k * b.n >= LEAST // 16]
    return sum(cost(a) for _, a in seen) < WORTH * sum(cost(b) for b, _ in seen)


def _shapes(step: Instruction, of: dict[int, _Cluster]) -> Shapes | None:
    """A product as BLAS sees it; None where NumPy would copy a factor first."""
    (m, k), n = step.args[0].shape, step.args[1].shape[1]
    columns = []
    for o in (*step.args, step.results):
        cluster = of.get(o.root)
        seen = _columns(o, cluster) if cluster is not None and cluster.turned else o
        if seen is None:
            return None
        size = seen.dtype.itemsize
        if seen.strides[1] == size and seen.strides[0] >= seen.shape[1] * size:
            columns.append(False)
        elif seen.strides[0] == size and seen.strides[1] >= seen.shape[0] * size:
            columns.append(True)
        else:
            return None
    return Shapes(m, k, n, step.results.dtype, (columns[0], columns[1], columns[2]))


@functools.lru_cache(maxsize=1024)
def measured(shapes: Shapes) -> float:
    """The seconds of a product: the least of a few tries."""
    m, k, n, dtype, (of_a, of_b, of_out) = shapes
    a, b, out = (
        np.ones(shape, dtype, order="F" if columns else "C")
        for shape, columns in (((m, k), of_a), ((k, n), of_b), ((m, n), of_out))
    )
    if of_out:
        a, b, out = b.T, a.T, out.T
    times: list[float] = []
    clock = _clock()
    while len(times) < TRIES and sum(times) < PATIENCE:
        start = clock()
        a.dot(b, out)
        times.append(clock() - start)
    return min(times)


# ---------------------------------------------------------------- the steps


def _rewritten(step: Instruction, of: dict[int, _Cluster]) -> Instruction:
    def turned(o: Operand) -> Operand:
        seen = _columns(o, of[o.root]) if of[o.root].turned else o
        assert seen is not None  # such a cluster is not free
        return seen

    made = step.readdressed(turned)
    if _is_product(step) and of[step.results.root].turned:
        (a, b), out = made.args, made.results
        return dataclasses.replace(
            made, fn=np.dot, args=(b.transposed, a.transposed), results=out.transposed
        )
    return made
