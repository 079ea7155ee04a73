"""Jacobians and Hessians."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..ops.joining import concatenate, stack
from ..ops.shapes import moveaxis, reshape
from ..tape import TensorBase, new_tensor
from .forward import Linearized
from .reverse import gradient_of
from .tracing import Selection, Trace, check_function, is_traced, matching, results_of, selecting
from .trees import leaves, rebuild
from .vmap import vmap

FORWARD, REVERSE = "forward", "reverse"
FEW = 4  # rows that are sooner swept one by one
ROOM = 1 << 20  # elements of cotangents, of one variable or result, that are held at once


@selecting
def jacobian(f: Callable, argnum: Selection = 0, mode: str | None = None) -> Callable:
    """The function x -> J with J[i, j] = df[i] / dx[j].

    Args:
        f: returns an array, or nested tuples, lists and dicts of them.
        argnum: as `grad`; several, and arguments that are containers, give as many Jacobians for each
            result.
        mode: "reverse" costs a sweep for each element of the results, "forward" one for each element
            of the arguments; by default whichever is less.

    Shapes: f(x) of shape (*m,) and x of shape (*n,) -> (*m, *n).

    Errors: GradientError if f returns something else; ArgumentError for an unknown mode.

    Example:
        >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """
    check_function(f, "jacobian")
    if mode not in (None, FORWARD, REVERSE):
        raise ArgumentError(f"jacobian: mode must be {FORWARD!r}, {REVERSE!r} or None, got {mode!r}")
    return jacobian_of("jacobian", f, argnum, mode)


def jacobian_of(caller: str, f: Callable, argnum: Selection, mode: str | None) -> Callable:
    """`jacobian` for a transform that errors name."""

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        trace = Trace(caller, f, args, options, argnum)
        outs = results_of(trace)
        shapes = [np.shape(_plain(x)) for x in trace.before]
        width, height = sum(map(math.prod, shapes)), sum(int(np.size(_plain(out))) for out in outs)
        if (mode or (FORWARD if width < height else REVERSE)) == FORWARD:
            each = _columns(trace, outs, shapes)
        else:
            each = [_rows(trace, out, shapes) for out in outs]
        grouped = [trace.grouped(found) for found in each]
        several = isinstance(argnum, (tuple, list))
        return rebuild(trace.value, iter([tuple(found) if several else found[0] for found in grouped]))

    return derivative


def _rows(trace: Trace, out: Any, shapes: list[tuple]) -> list:
    """A Jacobian for each variable, row by row."""
    shape = np.shape(_plain(out))
    if not is_traced(out):
        return [_no_slope(x, (*shape, *s)) for x, s in zip(trace.before, shapes, strict=True)]
    found = _rows_together(trace, out, max(map(math.prod, shapes), default=0))
    if found is None:
        found = [[] for _ in shapes]
        for g in _basis(out):
            for rows, row in zip(found, trace.pull([out], [new_tensor(g)], keep=True), strict=True):
                rows.append(row)
        return [
            _joined(rows, 0, (*shape, *s)) if rows else _no_slope(x, (*shape, *s))
            for x, rows, s in zip(trace.before, found, shapes, strict=True)
        ]
    return [reshape(rows, (*shape, *s)) for rows, s in zip(found, shapes, strict=True)]


def _rows_together(trace: Trace, out: Any, width: int) -> list | None:
    """The rows for each variable, by one sweep of many cotangents; None where that would not do.

    It would not for a few rows, for large ones, whose arrays are too many to hold at once, or where a
    rule looks at the values of the cotangent.
    """
    parts = _together(lambda g: trace.pull([out], [g], keep=True), out, width)
    if parts is None:
        return None
    found = [rows[0] if len(rows) == 1 else concatenate(rows) for rows in zip(*parts, strict=True)]
    return [_kind_of(x, rows) for x, rows in zip(trace.before, found, strict=True)]


def _together(sweep: Callable, like: Any, width: int) -> list | None:
    """What sweeps of units of a tensor's shape give, many at once along the first axis of each part."""
    count = int(like.size)
    if count < FEW or max(count, width) * FEW > ROOM:
        return None
    step, parts = ROOM // max(count, width), []
    try:
        for start in range(0, count, step):
            unit = np.eye(min(step, count - start), count, start, like.dtype)
            parts.append(vmap(sweep)(new_tensor(unit.reshape(-1, *like.shape))))
    except Exception:  # of a rule that takes no batches, perhaps a user's; else it is raised again
        return None
    return parts


def _kind_of(x: Any, rows: Any) -> Any:
    """Rows as the kind of thing that a variable is; Tensors where someone can see them."""
    plain = not isinstance(x, TensorBase) and rows._node is None and rows._level is None
    return rows._data if plain else rows


def _columns(trace: Trace, outs: list, shapes: list[tuple]) -> list[list]:
    """For each result a Jacobian for each variable, column by column."""
    linear = Linearized(trace)
    size = sum(int(np.size(_plain(out))) for out in outs)
    still = [matching(np.zeros(s, _dtype_of(x)), x, trace.caller) for x, s in zip(trace.before, shapes)]
    tensors = any(isinstance(x, TensorBase) for x in trace.before)
    found: list[list] = [[] for _ in outs]
    for i, s in enumerate(shapes):

        def push(v: Any, i: int = i) -> list:
            moved = linear.push([v if j == i else t for j, t in enumerate(still)])
            return [leaf for _, leaf in leaves(moved)]

        parts = _together(push, still[i], size)
        columns = [push(new_tensor(v)) for v in _basis(still[i])] if parts is None else []
        for k, out in enumerate(outs):
            shape = (*np.shape(_plain(out)), *s)
            if parts is None:
                each = [c[k] for c in columns]
                found[k].append(_joined(each, -1, shape) if each else _no_slope(out, shape, tensors))
            else:
                rows = parts[0][k] if len(parts) == 1 else concatenate([part[k] for part in parts])
                whole = reshape(moveaxis(rows, 0, -1), shape)
                found[k].append(whole if tensors else _kind_of(None, whole))
    return found


def _joined(parts: list, axis: int, shape: tuple) -> Any:
    return reshape(stack(parts, axis), shape)


def _no_slope(like: Any, shape: tuple, tensor: bool | None = None) -> Any:
    """Zeros of the dtype of something, and of its kind unless that is said."""
    zeros = np.zeros(shape, _dtype_of(like))
    return new_tensor(zeros) if (isinstance(like, TensorBase) if tensor is None else tensor) else zeros


def _basis(like: Any) -> Any:
    """Arrays of a tensor's shape with one 1 each, in order."""
    data = like._data
    for i in range(data.size):
        unit = np.zeros(data.size, data.dtype)
        unit[i] = 1
        yield unit.reshape(data.shape) if data.shape else unit[0]


@selecting
def hessian(f: Callable, argnum: Selection = 0) -> Callable:
    """The function x -> H with H[i, j] = d2f / dx[i] dx[j], of a scalar-valued f.

    Of several arguments, and of containers, it is nested twice: H[a][b] for each pair.

    Shapes: x of shape (*n,) -> (*n, *n).

    Example:
        >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    return jacobian_of("hessian", gradient_of("hessian", f, argnum), argnum, REVERSE)


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, TensorBase) else x


def _dtype_of(x: Any) -> Any:
    dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    return np.float64 if dtype.kind in "iub" else dtype
