"""NumPy's keywords (`out`, `where`, `dtype`, ...) around functions that take the essential ones.

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

from ..errors import ArgumentError
from ..ops import choosing, shapes
from ..tape import TensorBase


def with_keywords(name: str, function: Callable, theirs: Any) -> Callable:
    """`function` with NumPy's keywords; NumPy's own function if no tensor is among the arguments."""

    shared = _shared_positions(function)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if not options and len(args) <= shared:
            return function(*args)
        if not _tensors(args) and not _tensors(options.values()):
            return theirs(*args, **options)
        if len(args) > shared:  # by position NumPy means other things from here on
            names = list(inspect.signature(theirs).parameters)
            options |= dict(zip(names[shared:], args[shared:]))
            args = args[:shared]
        return _spell(name, function, args, options)

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


def _tensors(values: Any) -> bool:
    for value in values:
        if isinstance(value, TensorBase) or (type(value) in (list, tuple) and _tensors(value)):
            return True
    return False


def _spell(name: str, function: Callable, args: tuple, options: dict[str, Any]) -> Any:
    """The call spelled with what the functions of `ops/` take."""
    out, dtype = options.pop("out", None), options.pop("dtype", None)
    mask = options.pop("where", True)
    if isinstance(out, tuple):
        out = out[0]
    if dtype is not None:
        args = tuple(shapes.astype(a, np.dtype(dtype)) if hasattr(a, "dtype") else a for a in args)
    if mask is not True and out is None:
        raise ArgumentError(f"{name}: where= needs out=, which holds the values it leaves")
    known = getattr(function, "primitive", None)
    try:
        result = function(*args, **options)
    except TypeError as error:
        if "unexpected keyword" in str(error):
            unknown = next((k for k in options if known is None or k not in known.statics), "?")
            raise ArgumentError(f"{name}: the keyword {unknown!r} is not supported with a tensor") from None
        raise
    if mask is not True:
        result = choosing.where(mask, result, out)
    if out is None:
        return result
    if not isinstance(out, TensorBase):
        raise ArgumentError(f"{name}: out= must be a Tensor where an argument is one")
    out[...] = result  # type: ignore[index]
    return out
