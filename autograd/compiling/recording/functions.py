"""What NumPy's functions do, as far as a recording must know."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

# Functions whose answer follows from shapes and dtypes alone.
STRUCTURAL = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj,
    np.may_share_memory, np.shares_memory, np.common_type, np.min_scalar_type, np.broadcast_shapes,
}  # fmt: skip
# Functions that write into their first argument.
WRITERS = {np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis}
# Functions whose result's shape depends on values.
_DYNAMIC = {
    np.nonzero, np.flatnonzero, np.argwhere, np.trim_zeros,
    np.unique, np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values,
    np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d,
}  # fmt: skip
# ... on those of the argument in this place, under this name.
_SELECTING = {np.compress: (0, "condition"), np.extract: (0, "condition"), np.delete: (1, "obj"),
              np.ndarray.compress: (1, "condition"), np.bincount: (0, "x")}  # fmt: skip
# ... unless they are told how many bins there are.
_BINNING = {np.histogram: 1, np.histogram_bin_edges: 1, np.histogramdd: 1}
EMPTY = {np.empty, np.empty_like}
# Where `out` stands among the arguments of what has no signature to read.
_OUT_AT: dict[Any, int] = {np.dot: 2, np.concatenate: 2, np.ndarray.trace: 5}
for _at, _names in {
    2: "dot max min any all argmax argmin round choose",
    3: "sum mean prod cumsum cumprod clip take std var compress",
}.items():
    _OUT_AT |= {getattr(np.ndarray, name): _at for name in _names.split()}


def out_of(fn: Callable, args: tuple, options: dict) -> Any:
    """What a call writes its result to, by keyword or by position; None if it makes it."""
    if "out" in options:
        return options["out"]
    if fn not in _OUT_AT:
        try:
            # to read the text of a signature takes milliseconds
            named = "out" in (getattr(fn, "__text_signature__", "out") or "")
            names = list(inspect.signature(fn).parameters) if named else []
        except (TypeError, ValueError):
            names = []
        _OUT_AT[fn] = names.index("out") if "out" in names else 99
    at = _OUT_AT[fn]
    return args[at] if at < len(args) else None


def depends_on_values(fn: Callable, args: tuple, options: dict, is_recorded: Callable[[Any], bool]) -> bool:
    """Whether the shape of a call's result is not known from shapes alone."""
    if fn in (operator.getitem, operator.setitem):
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        masks = [i for i in index if is_recorded(i) and i.dtype == bool and i.ndim]
        return bool(masks) and fn is operator.getitem
    if fn is np.repeat or fn is np.ndarray.repeat:
        return is_recorded(args[1])
    if fn is np.where:
        return len(args) == 1
    if fn in _SELECTING:
        at, name = _SELECTING[fn]
        return is_recorded(args[at] if at < len(args) else options.get(name))
    if fn in _BINNING:
        return isinstance(args[1] if len(args) > 1 else options.get("bins", 10), str)
    return fn in _DYNAMIC
