"""The shapes and dtypes of a graph, from the few that its nodes have saved.

A node saves what its rules need, not the shape of its result, so that recording costs nothing
more. Most shapes follow: those of elementwise operations are their arguments', a matrix product
can be solved for any of its three, and an operation whose arguments and options are all known
is tried on ones. What does not follow stays unknown; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..primitive import Primitive
from .records import BROADCAST, Record

# An operation is tried on ones only if all of them are fewer than this, or if it gives a view.
_TRIED = 10_000


class Call(NamedTuple):
    """One call of a primitive: its record, the ids of its active arguments and what it saved."""

    record: Record
    prim: Primitive | None  # None: an identity
    active: dict[int, int]
    saved: dict[str, Any]


def infer(calls: Sequence[Call], records: list[Record]) -> None:
    """Enter every shape and dtype that follows from what is known."""
    for call in calls:
        _read_saved(call, records)
    for some in (calls, reversed(calls), calls):  # forward, back, and forward from what was found
        for call in some:
            _shapes(call, records)
            _dtypes(call, records)


def _read_saved(call: Call, records: list[Record]) -> None:
    """Shapes and dtypes that are saved, or belong to values that are."""
    prim, saved = call.prim, call.saved
    if prim is None:
        return
    if "out" in saved:
        call.record.learn(*_facts(saved["out"]))
    if call.record.kind == BROADCAST:
        call.record.learn(saved["shape"], saved["dtype"])
    for position, source in call.active.items():
        parent = records[source]  # a broadcast is all known; what is saved was seen before it
        name = prim.arrays[0][1:] if prim.variadic else prim.arrays[position]
        entries = [saved.get(name), saved.get(f"{name}_shape"), saved.get(f"{name}_dtype")]
        if prim.variadic:
            entries = [None if entry is None else entry[position] for entry in entries]
        value, shape, dtype = entries
        parent.learn(shape, dtype)
        if value is not None:
            parent.learn(*_facts(value))


def _facts(value: Any) -> tuple:
    if isinstance(value, (tuple, list)):
        return None, None  # several results, of which the record is one
    return np.shape(value), getattr(value, "dtype", None)


# ---------------------------------------------------------------- shapes


def _shapes(call: Call, records: list[Record]) -> None:
    record, prim = call.record, call.prim
    sources = [records[i] for i in call.active.values()]
    if record.kind == BROADCAST or (record.shape is not None and all(s.shape is not None for s in sources)):
        return
    if prim is None or prim.is_elementwise or (prim.batch == "same" and len(prim.arrays) == 1):
        together = [record, *sources]  # all the same: the engine has broadcast the arguments
        shape = next((r.shape for r in together if r.shape is not None), None)
        for r in together:
            r.learn(shape, None)
    elif prim.name in _SOLVE:
        _SOLVE[prim.name]({"out": record, **{name: records[i] for i, name in record.inputs}})
    elif record.shape is None:
        _try_on_ones(call, records)


def _solve_matmul(r: dict[str, Record]) -> None:
    """x (..., n, k) @ y (..., k, m) -> (..., n, m)."""
    x, y, out = (r[name].shape if name in r else None for name in ("x", "y", "out"))
    if x is not None and y is not None:
        lead = x[:-2] if len(x) >= len(y) else y[:-2]
        r["out"].learn((*lead, x[-2], y[-1]), None)
    elif out is not None and x is not None and "y" in r:
        r["y"].learn((*out[:-2], x[-1], out[-1]), None)
    elif out is not None and y is not None and "x" in r:
        r["x"].learn((*out[:-1], y[-2]), None)


def _solve_linear(r: dict[str, Record]) -> None:
    """x (..., in) @ w (out, in).T + b (out,) -> (..., out)."""
    x, w, b, out = (r[name].shape if name in r else None for name in ("x", "w", "b", "out"))
    rows = w[0] if w is not None else b[0] if b is not None else out[-1] if out else None
    columns = w[1] if w is not None else x[-1] if x else None
    if rows is not None:
        if x is not None:
            r["out"].learn((*x[:-1], rows), None)
        if "b" in r:
            r["b"].learn((rows,), None)
        if columns is not None and "w" in r:
            r["w"].learn((rows, columns), None)
    if out is not None and columns is not None and "x" in r:
        r["x"].learn((*out[:-1], columns), None)


_SOLVE: dict[str, Callable[[dict[str, Record]], None]] = {
    "matmul": _solve_matmul,
    "linear": _solve_linear,
}


def _try_on_ones(call: Call, records: list[Record]) -> None:
    """Run the kernel on ones of the right shapes, if all else that it takes was saved."""
    prim, saved = call.prim, call.saved
    # what declares no sample calls may be the user's own, and have effects
    if prim is None or not prim.cases or any(name not in saved for name in prim.statics):
        return
    arguments = list(_ones(call, records))
    if len(arguments) != (len(call.record.inputs) if prim.variadic else len(prim.arrays)):
        return
    if prim.view is None and sum(np.size(a) for a in arguments) > _TRIED:
        return
    out = _run(prim, arguments, [saved[name] for name in prim.statics])
    if out is not None:
        call.record.learn(np.shape(out), None)


def _ones(call: Call, records: list[Record]) -> Iterator[Any]:
    """A stand-in for each argument, as far as their shapes are known."""
    for source, _ in call.record.inputs:
        shape, dtype = records[source].shape, records[source].dtype
        if shape is None:
            return
        yield np.broadcast_to(np.ones((), dtype or float), shape)


def _run(prim: Primitive, arguments: list, statics: Sequence) -> Any:
    """The result of a kernel; None if it raises."""
    try:
        with np.errstate(all="ignore"):
            out = prim.kernel(arguments, *statics) if prim.variadic else prim.kernel(*arguments, *statics)
    except Exception:  # a picture is never worth an error
        return None
    out = out[0] if prim.aux else out
    return None if isinstance(out, tuple) else out


# ---------------------------------------------------------------- dtypes


def _dtypes(call: Call, records: list[Record]) -> None:
    record, prim = call.record, call.prim
    sources = [records[i] for i in call.active.values()]
    if record.kind == BROADCAST or (record.dtype is not None and all(s.dtype is not None for s in sources)):
        return
    if record.dtype is None:
        found = {s.dtype for s in sources}
        decides = prim is None or prim.promotes or 0 in call.active  # else the first argument's
        if len(found) == 1 and decides:
            record.learn(None, _dtype_of_result(prim, found.pop()))
    if record.dtype is None:
        return
    if _keeps_dtype(prim, record.dtype):
        for source in sources:
            source.learn(None, record.dtype)


_FLOATING = [np.dtype(t) for t in ("f2", "f4", "f8", "c8", "c16")]


def _keeps_dtype(prim: Primitive | None, dtype: np.dtype) -> bool:
    """Whether a result of this dtype means that the arguments have it too."""
    if prim is None:
        return True
    if len(prim.arrays) > 1 or prim.variadic:  # the engine casts them to one dtype
        return prim.promotes and _dtype_of_result(prim, dtype) == dtype
    return all((_dtype_of_result(prim, t) == dtype) == (t == dtype) for t in [*_FLOATING, dtype])


_results: dict[tuple[Primitive, np.dtype], np.dtype | None] = {}


def _dtype_of_result(prim: Primitive | None, dtype: np.dtype | None) -> np.dtype | None:
    """The dtype of a primitive's result for arguments of one dtype, seen on a sample call."""
    if prim is None or dtype is None:
        return dtype
    if (prim, dtype) not in _results:
        _results[prim, dtype] = _sampled(prim, dtype)
    return _results[prim, dtype]


def _sampled(prim: Primitive, dtype: np.dtype) -> np.dtype | None:
    if prim.is_elementwise:
        if len(prim.arrays) > 1:  # the engine has cast the arguments to the dtype of the result,
            # but for the ufuncs of others, which may not have a loop for every dtype
            known = not isinstance(prim.kernel, np.ufunc) or hasattr(np, prim.kernel.__name__)
            return dtype if known else None
        out = _run(prim, [np.ones((), dtype)], ()) if isinstance(prim.kernel, np.ufunc) else None
        return getattr(out, "dtype", None)
    if not prim.cases or "dtype" in prim.statics:
        return None
    sample = prim.cases[0]
    arguments = [np.ones(a, dtype) if isinstance(a, tuple) else a for a in sample.args]
    arguments += [None] * (0 if prim.variadic else len(prim.arrays) - len(arguments))
    statics = [sample.statics.get(name, prim.defaults.get(name)) for name in prim.statics]
    return getattr(_run(prim, arguments, statics), "dtype", None)
