"""NumPy's keywords (`out`, `where`, `dtype`, `order`, ...) around functions that take the essential ones.

The functions of `ops/` take what a derivative needs; NumPy's own take more. The difference is
spelled out once, here: a call with keywords that a function does not know is spelled with
others, or goes to NumPy when no tensor is in it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import ArgumentError, DtypeError
from .ops import choosing, masked, ordering, shapes
from .ops.outputs import write_out
from .primitive import parameters
from .tape import TensorBase

_MISSING: Any = np._NoValue
# What these say is where results lie in memory, or how NumPy gets there: nothing about values.
_MEMORY = {"order": ("C", "K", "A", "F"), "subok": (True, False), "copy": (True, None)}
_BY_ORDER: dict[str, Callable] = {
    "reshape": ordering.reshape,
    "ravel": ordering.ravel,
    "flatten": ordering.flatten,
}


def with_keywords(name: str, function: Callable, theirs: Any) -> Callable:
    """`function` with NumPy's keywords; NumPy's own function if no tensor is among the arguments."""

    shared = _shared_positions(function)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if not options and len(args) <= shared:
            return function(*args)
        if not has_tensor(args) and not has_tensor(options.values()):
            return theirs(*args, **options)
        if len(args) > shared:  # by position NumPy means other things from here on
            names = list(inspect.signature(theirs).parameters)
            if len(args) > len(names):
                raise ArgumentError(f"{name}: takes {len(names)} arguments at most, got {len(args)}")
            options |= dict(zip(names[shared:], args[shared:]))
            args = args[:shared]
        return spell(name, function, theirs, args, options)

    return call


def _shared_positions(function: Callable) -> int:
    """How many positional arguments mean the same here and in NumPy."""
    prim = getattr(function, "primitive", None)
    if prim is None or prim.variadic:
        return 9
    # arrays, and for reductions the axis; NumPy's third is dtype or out where ours is keepdims
    return len(prim.arrays) + (
        prim.statics[:1] == ("axis",) or not {"axis", "keepdims"} & set(prim.statics)
    )


def has_tensor(values: Any) -> bool:
    """Whether a tensor is among these values, or in a list among them."""
    for value in values:
        if isinstance(value, TensorBase) or (type(value) in (list, tuple) and has_tensor(value)):
            return True
    return False


def spell(name: str, function: Callable, theirs: Any, args: tuple, options: dict[str, Any]) -> Any:
    """The call spelled with what the functions of `ops/` take."""
    own = _own(function)
    options = {k: v for k, v in options.items() if v is not _MISSING}
    extra = {k: options.pop(k) for k in list(options) if k not in own}
    out = _single(extra.pop("out", None))
    dtype = extra.pop("dtype", None)
    casting = extra.pop("casting", "same_kind")
    before = dtype is not None and _computes_in(function, theirs)
    if before:
        args = tuple(_cast(name, a, np.dtype(dtype), theirs, casting) for a in args)
    mask: Any = True
    if getattr(function, "primitive", None) is not None and name_of(function) in masked.WITH_MASK:
        chosen = {k: extra.pop(k) for k in ("where", "initial", "mean", "correction") if k in extra}
        if any(value is not True and value is not None for value in chosen.values()):
            function = functools.partial(_reduce_some, function, chosen)
    else:
        mask = extra.pop("where", True)
        if mask is not True and out is None:
            raise ArgumentError(f"{name}: where= needs out=, which holds the values it leaves")
        if extra.get("order", "C") != "C" and name in _BY_ORDER:
            function = functools.partial(_BY_ORDER[name], order=extra.pop("order"))
    _refuse_unknown(name, theirs, extra)
    result = function(*args, **options)
    if dtype is not None and not before:
        result = shapes.astype(result, np.dtype(dtype))
    if out is None:
        return result
    if mask is not True:
        result = choosing.where(mask, result, out)
    return write_out(name, out, result, theirs, casting)


def name_of(function: Callable) -> str:
    """What a function of `ops/` is called there."""
    prim = getattr(function, "primitive", None)
    return function.__name__ if prim is None else prim.name


def _own(function: Callable) -> set[str]:
    """The parameters that a function has itself."""
    prim = getattr(function, "primitive", None)
    if prim is not None:
        return {*prim.arrays, *prim.statics}
    code = function.__code__
    return {*parameters(function), *code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]}


def _reduce_some(function: Callable, chosen: dict, x: Any, axis: Any = None, **options: Any) -> Any:
    return masked.masked(name_of(function), x, {"axis": axis, **options, **chosen})


def _refuse_unknown(name: str, theirs: Any, extra: dict[str, Any]) -> None:
    """Leave out keywords that change nothing; refuse the rest."""
    try:
        known = inspect.signature(theirs).parameters
    except (TypeError, ValueError):
        known = {}  # type: ignore[assignment]
    for key, value in extra.items():
        usual = known[key].default if key in known else inspect.Parameter.empty
        if isinstance(value, (str, bool, int, type(None))) and (
            value == usual or value in _MEMORY.get(key, ())
        ):
            continue
        raise ArgumentError(f"{name}: the keyword {key!r} is not supported with a tensor")


def _single(out: Any) -> Any:
    """`out=` of a function with one result, which NumPy hands on as a tuple."""
    if isinstance(out, tuple):
        if len(out) != 1:
            raise ArgumentError(f"out= must be one array, got {len(out)}")
        return out[0]
    return out


def _computes_in(function: Callable, theirs: Any) -> bool:
    """Whether `dtype=` is what a function computes in, rather than what it casts the result to."""
    prim = getattr(function, "primitive", None)
    if prim is not None and prim.variadic:
        return False
    return isinstance(theirs, np.ufunc) or name_of(function) in (*masked.WITH_MASK, "cumsum", "cumprod")


def _cast(name: str, arg: Any, dtype: np.dtype, theirs: Any, casting: Any) -> Any:
    if isinstance(arg, (list, tuple)):
        arg = shapes.as_array(arg)
    if not hasattr(arg, "dtype") or arg.dtype == dtype:
        return arg
    if isinstance(theirs, np.ufunc) and not np.can_cast(arg.dtype, dtype, casting):
        raise DtypeError(f"{name}: cannot cast {arg.dtype} to dtype={dtype} by the rule {casting!r}")
    return shapes.astype(arg, dtype)
