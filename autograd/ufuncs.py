"""The methods of ufuncs on tensors: `add.reduce`, `multiply.accumulate`, `maximum.outer`, ...

Sums, products and extrema are the reductions of `ops/`. What has none of its own and can be
regrouped is computed by halves, so that it takes few steps; the rest from left to right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import writes
from .errors import ArgumentError, IndexingError
from .keywords import has_tensor, with_keywords
from .ops import choosing, joining, reductions
from .ops.composed import constant_of, flows
from .ops.outputs import write_out
from .ops.reductions import axes_of
from .ops.shapes import as_array, astype, axis_index, moveaxis, reshape
from .protocols import IMPLEMENTATIONS, on_values
from .tape import TensorBase

_MISSING: Any = np._NoValue
_REDUCTIONS = {
    np.add: (reductions.sum, np.sum),
    np.multiply: (reductions.prod, np.prod),
    np.maximum: (reductions.max, np.max),
    np.minimum: (reductions.min, np.min),
}
_RUNNING: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}
_REGROUPS = {
    np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot,
}  # fmt: skip


def methods_of(ours: Callable, theirs: np.ufunc) -> dict[str, Callable]:
    """The methods of a ufunc, for arrays and tensors."""
    name = theirs.__name__
    prim: Any = getattr(ours, "primitive", None)
    folds = theirs.nin == 2 and theirs.nout == 1 and prim is not None and prim.is_elementwise

    def on_tensors(method: str, spelled: Callable) -> Callable:
        usual = getattr(theirs, method)

        def call(*args: Any, **options: Any) -> Any:
            options = {k: v for k, v in options.items() if v is not _MISSING}
            if not has_tensor(args) and not has_tensor(options.values()):
                return usual(*args, **options)
            if not folds:
                return on_values(f"{name}.{method}", usual, args, options)
            if method == "reduceat" and theirs in _REDUCTIONS and not flows(*args, *options.values()):
                return constant(*args, **options)  # as for arrays, to the last bit
            return (spelled if prim.is_differentiable else constant)(*args, **options)

        def constant(*args: Any, out: Any = None, **options: Any) -> Any:
            result = constant_of(usual, args, options)
            return _out(theirs, method, out, result)

        call.__name__, call.__doc__ = f"{name}.{method}", usual.__doc__
        return call

    def at(a: Any, indices: Any, *values: Any) -> None:
        if not isinstance(a, TensorBase) or prim is None:
            on_values(f"{name}.at", theirs.at, (a, indices, *values), {})
        else:
            writes.at(ours, name, a, indices, *values)

    spelled = {
        "reduce": _reduce(ours, theirs),
        "accumulate": _accumulate(ours, theirs),
        "reduceat": _reduceat(ours, theirs),
        "outer": _outer(ours),
    }
    return {"at": at} | {method: on_tensors(method, function) for method, function in spelled.items()}


def _reduce(ours: Callable, theirs: np.ufunc) -> Callable:
    if theirs in _REDUCTIONS:
        function, like = _REDUCTIONS[theirs]
        call = with_keywords(f"{theirs.__name__}.reduce", function, like)

        def reduce(x: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False,
                   initial: Any = None, where: Any = True) -> Any:  # fmt: skip
            options = {"keepdims": keepdims, "initial": initial, "where": where}
            if dtype is not None:
                options["dtype"] = dtype
            return call(x, axis=axis, out=_only(out), **options)

        return reduce

    def fold(x: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False,
             initial: Any = None, where: Any = True) -> Any:  # fmt: skip
        x = _as(x, dtype)
        axes, chosen = axes_of(axis, x.ndim), None
        if where is not True:
            mask = np.broadcast_to(getattr(where, "_data", where), x.shape)
            neutral = _neutral(theirs, initial)
            if theirs in _REGROUPS:
                x = choosing.where(mask, x, neutral)
            else:
                chosen = _rows(mask, axes, theirs)
        result = _folded(ours, theirs, _rows(x, axes, theirs), initial, chosen)
        if keepdims:
            result = reshape(result, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
        return _out(theirs, "reduce", out, result)

    return fold


def _as(x: Any, dtype: Any) -> Any:
    x = as_array(x)
    return x if dtype is None or x.dtype == dtype else astype(x, np.dtype(dtype))


def _only(out: Any) -> Any:
    return out[0] if isinstance(out, tuple) else out


def _out(theirs: np.ufunc, method: str, out: Any, result: Any) -> Any:
    out = _only(out)
    return result if out is None else write_out(f"{theirs.__name__}.{method}", out, result)


def _neutral(theirs: np.ufunc, initial: Any) -> Any:
    """What stands for elements that `where=` leaves out; `initial` once more changes no extremum."""
    if theirs.identity is None and initial is None:
        raise ArgumentError(
            f"{theirs.__name__}.reduce: where= needs initial=, as there is no neutral element"
        )
    return initial if theirs.identity is None else theirs.identity


def _rows(x: Any, axes: tuple, theirs: np.ufunc) -> Any:
    """What is reduced over, as the first axis."""
    if len(axes) == 1:
        return moveaxis(x, axes[0], 0)
    if axes and theirs not in _REGROUPS:
        raise ArgumentError(f"{theirs.__name__}.reduce: not reorderable, so at most one axis; got {axes}")
    rest = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    rows = moveaxis(x, axes, range(len(axes)))
    return reshape(rows, (int(np.prod([x.shape[i] for i in axes], dtype=int)), *rest))


def _folded(ours: Callable, theirs: np.ufunc, rows: Any, initial: Any, chosen: Any = None) -> Any:
    """The operation between the elements of the first axis, those that are chosen."""
    if not rows.shape[0]:
        start = theirs.identity if initial is None else initial
        if start is None:
            raise ArgumentError(f"{theirs.__name__}.reduce: nothing to reduce, and it has no identity")
        nothing = reductions.sum(rows, 0)
        return choosing.where(np.ones(nothing.shape, bool), start, nothing)  # with its history and dtype
    if theirs in _REGROUPS:
        while rows.shape[0] > 1:
            half = rows.shape[0] // 2
            pairs = ours(rows[:half], rows[half : 2 * half])
            rows = pairs if rows.shape[0] == 2 * half else joining.concatenate([pairs, rows[2 * half :]])
        return rows[0] if initial is None else ours(initial, rows[0])
    total = rows[0] if initial is None else initial
    for i in range(initial is None, rows.shape[0]):
        after = ours(total, rows[i])
        total = after if chosen is None else choosing.where(chosen[i], after, total)
    return total


def _accumulate(ours: Callable, theirs: np.ufunc) -> Callable:
    def accumulate(x: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        x = _as(x, dtype)
        axis = axis_index(axis, x.ndim)
        running = IMPLEMENTATIONS.get(_RUNNING.get(theirs))
        if running is not None:
            return _out(theirs, "accumulate", out, running(x, axis))
        rows = moveaxis(x, axis, 0)
        result = (_scanned if theirs in _REGROUPS else _one_by_one)(ours, rows)
        return _out(theirs, "accumulate", out, moveaxis(result, 0, axis))

    return accumulate


def _scanned(ours: Callable, rows: Any) -> Any:
    """Running results in a logarithmic number of steps, each of which reaches twice as far."""
    reach = 1
    while reach < rows.shape[0]:
        rows = joining.concatenate([rows[:reach], ours(rows[:-reach], rows[reach:])])
        reach *= 2
    return rows * 1 if reach == 1 else rows


def _one_by_one(ours: Callable, rows: Any) -> Any:
    if not rows.shape[0]:
        return rows * 1
    found = [rows[0]]
    for i in range(1, rows.shape[0]):
        found.append(ours(found[-1], rows[i]))
    return joining.stack(found)


def _reduceat(ours: Callable, theirs: np.ufunc) -> Callable:
    reduce = _reduce(ours, theirs)

    def reduceat(x: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        x = _as(x, dtype)
        axis = axis_index(axis, x.ndim)
        rows, edges = moveaxis(x, axis, 0), np.asarray(getattr(indices, "_data", indices))
        n = rows.shape[0]
        if edges.ndim != 1 or (edges.size and (edges.min() < 0 or edges.max() >= n)):
            raise IndexingError(f"{theirs.__name__}.reduceat: indices must be a list from [0, {n})")
        ends = [*edges[1:].tolist(), n]
        parts = [reduce(rows[a:b]) if a < b else rows[a] for a, b in zip(edges.tolist(), ends, strict=True)]
        result = joining.stack(parts) if parts else rows[:0] * 1
        return _out(theirs, "reduceat", out, moveaxis(result, 0, axis))

    return reduceat


def _outer(ours: Callable) -> Callable:
    def outer(x: Any, y: Any, **options: Any) -> Any:
        x, y = as_array(x), as_array(y)
        return ours(reshape(x, tuple(x.shape) + (1,) * y.ndim), y, **options)

    return outer
