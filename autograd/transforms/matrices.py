"""Jacobians, Hessians, and their products with vectors."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import ArgumentError, GradientError, VmapError
from ..ops.joining import concatenate, stack
from ..ops.reductions import sum as total
from ..ops.shapes import moveaxis, reshape
from ..tape import TensorBase, new_tensor
from .forward import Linearized
from .reverse import grad
from .tracing import Selection, Trace, is_traced, matching
from .vmap import vmap

FORWARD, REVERSE = "forward", "reverse"
FEW = 4  # rows that are sooner swept one by one
ROOM = 1 << 20  # elements of cotangents, of one variable or result, that are held at once


def jacobian(f: Callable, argnum: Selection = 0, mode: str | None = None) -> Callable:
    """The function x -> J with J[i, j] = df[i] / dx[j].

    Args:
        f: returns one array.
        argnum: as `grad`; several, and arguments that are containers, give as many Jacobians.
        mode: "reverse" costs a sweep for each element of the result, "forward" one for each element
            of the arguments; by default whichever is less.

    Shapes: f(x) of shape (*m,) and x of shape (*n,) -> (*m, *n).

    Errors: GradientError if f does not return one array; ArgumentError for an unknown mode.

    Example:
        >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """
    if mode not in (None, FORWARD, REVERSE):
        raise ArgumentError(f"jacobian: mode must be {FORWARD!r}, {REVERSE!r} or None, got {mode!r}")

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        trace = Trace("jacobian", f, args, options, argnum)
        out = trace.value
        if not isinstance(out, (TensorBase, np.ndarray, np.generic, float)):
            raise GradientError(f"jacobian: the function must return one array, got {describe(out)}")
        shapes = [np.shape(_plain(x)) for x in trace.before]
        width, height = sum(math.prod(s) for s in shapes), int(np.size(_plain(out)))
        way = mode or (FORWARD if width < height else REVERSE)
        rows = _columns(trace, shapes) if way == FORWARD else _rows(trace, out, shapes)
        found = trace.grouped(rows)
        return tuple(found) if isinstance(argnum, (tuple, list)) else found[0]

    return derivative


def _rows(trace: Trace, out: Any, shapes: list[tuple]) -> list:
    """A Jacobian for each variable, row by row."""
    shape = np.shape(_plain(out))
    if not is_traced(out):
        return [np.zeros((*shape, *s)) for s in shapes]
    found = _rows_together(trace, out, max(map(math.prod, shapes), default=0))
    if found is None:
        found = [[] for _ in shapes]
        for g in _basis(out):
            for rows, row in zip(found, trace.pull([out], [new_tensor(g)], keep=True), strict=True):
                rows.append(row)
        dtype = out._data.dtype
        return [_joined(rows, 0, (*shape, *s), dtype) for rows, s in zip(found, shapes, strict=True)]
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
    except VmapError:
        return None
    return parts


def _kind_of(x: Any, rows: Any) -> Any:
    """Rows as the kind of thing that a variable is; Tensors where someone can see them."""
    plain = not isinstance(x, TensorBase) and rows._node is None and rows._level is None
    return rows._data if plain else rows


def _columns(trace: Trace, shapes: list[tuple]) -> list:
    """A Jacobian for each variable, column by column."""
    linear = Linearized(trace)
    shape, dtype = np.shape(_plain(trace.value)), _own_dtype(trace.value)
    still = [matching(np.zeros(s, _dtype_of(x)), x, "jacobian") for x, s in zip(trace.before, shapes)]
    found = []
    for i, s in enumerate(shapes):
        def push(v: Any, i: int = i) -> Any:
            return linear.push([v if j == i else t for j, t in enumerate(still)])

        parts = _together(push, still[i], math.prod(shape))
        if parts is None:
            columns = [push(new_tensor(v)) for v in _basis(still[i])]
            found.append(_joined(columns, -1, (*shape, *s), dtype))
        else:
            rows = parts[0] if len(parts) == 1 else concatenate(parts)
            columns = reshape(moveaxis(rows, 0, -1), (*shape, *s))
            tensors = any(isinstance(x, TensorBase) for x in trace.before)
            found.append(columns if tensors else _kind_of(None, columns))
    return found


def _joined(parts: list, axis: int, shape: tuple, dtype: Any) -> Any:
    if not parts:
        return np.zeros(shape, dtype)
    return reshape(stack(parts, axis), shape)


def _basis(like: Any) -> Any:
    """Arrays of a tensor's shape with one 1 each, in order."""
    data = like._data
    for i in range(data.size):
        unit = np.zeros(data.size, data.dtype)
        unit[i] = 1
        yield unit.reshape(data.shape) if data.shape else unit[0]


def hessian(f: Callable, argnum: int | str = 0) -> Callable:
    """The function x -> H with H[i, j] = d2f / dx[i] dx[j], of a scalar-valued f.

    Shapes: x of shape (*n,) -> (*n, *n).

    Example:
        >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    return jacobian(grad(f, argnum), argnum, REVERSE)


def hessian_tensor_product(f: Callable, argnum: int = 0) -> Callable:
    """The function (*args, v) -> sum_j H[i, j] v[j], without forming H.

    Example:
        >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
        array([  6., 120.])
    """
    gradient = grad(f, argnum)

    @functools.wraps(f)
    def product(*args: Any, **options: Any) -> Any:
        *given, v = args
        like = np.shape(_plain(given[argnum]))
        if np.shape(_plain(v)) != like:
            raise ArgumentError(f"hvp: the vector must have the argument's shape {like}, got {describe(v)}")
        return grad(lambda *a, **o: total(gradient(*a, **o) * v), argnum)(*given, **options)

    return product


hvp = hessian_tensor_product


def half_square(y: Any) -> Any:
    """1/2 sum(y**2)."""
    return 0.5 * total(y * y)


def ggnvp(f: Callable, g: Callable = half_square, argnum: int = 0) -> Callable:
    """The function (*args, v) -> J^T H J v, with the Jacobian J of f and the Hessian H of g at f(x).

    This is the generalised Gauss-Newton matrix of g(f(x)) times a vector: positive semi-definite
    for convex g.

    Source: Schraudolph, Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent, 2002.

    Example:
        >>> ggnvp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
        array([ 4., 16.])
    """

    @functools.wraps(f)
    def product(*args: Any, **options: Any) -> Any:
        *given, v = args
        trace = Trace("ggnvp", f, tuple(given), options, argnum)
        tangent = Linearized(trace).push([matching(v, trace.before[0], "ggnvp: the vector")])
        curved = hessian_tensor_product(g)(trace.outside(trace.value), tangent)
        cotangent = matching(curved, trace.value, "ggnvp")
        (found,) = trace.grouped(trace.pull([trace.value], [cotangent], keep=True))
        return found

    return product


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, TensorBase) else x


def _dtype_of(x: Any) -> Any:
    dtype = _own_dtype(x)
    return np.float64 if dtype.kind in "iu" else dtype


def _own_dtype(x: Any) -> Any:
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
