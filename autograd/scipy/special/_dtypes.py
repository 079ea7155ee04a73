"""Dtypes of results and derivatives: SciPy's for results, the arguments' own for derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...ops.broadcasting import broadcast_to
from ...ops.complex import real
from ...ops.composed import flows, plain
from ...ops.shapes import astype
from ...primitive import Rule

HALF = np.dtype(np.float16)
_SINGLE = {np.dtype(np.float64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.complex64)}


def _narrowed(g: Any, result: Any) -> Any:
    """What a rule gave, in single precision if the cotangent is: whole orders and SciPy may widen it."""
    if isinstance(result, tuple):
        return tuple(_narrowed(g, part) for part in result)
    first = next(part for part in g if part is not None) if isinstance(g, tuple) else g
    wide = getattr(first, "dtype", None) not in (np.float32, np.complex64)
    return result if wide or result.dtype not in _SINGLE else astype(result, _SINGLE[result.dtype])


def narrowing(rule: Rule, beside: list[str]) -> Rule:
    """The rule with its dtype put right.

    It is what the arguments `beside` each other, if there are any, have together; else, of elementwise
    functions of several arguments, at most that of the cotangent, which is the result's.
    """
    fn: Any = rule.fn
    if rule.form == "number":
        return rule
    if rule.form == "factor":
        inner: Callable = lambda g, *saved: g * fn(*saved)
    else:
        inner = fn
    if not beside:
        return Rule(lambda g, *saved: _narrowed(g, inner(g, *saved)), "vjp", rule.names)
    count = len(beside)

    def narrow(g: Any, *saved: Any) -> Any:
        found, dtypes = inner(g, *saved[count:]), [t for t in saved[:count] if t is not None]
        dtype = np.result_type(*dtypes) if dtypes else found.dtype
        return found if found.dtype == dtype else astype(found, dtype)

    return Rule(narrow, "vjp", (*[f"{a}_dtype" for a in beside], *rule.names))


def narrowing_forward(push: Callable) -> Callable:
    return lambda t, *values: _narrowed(t, push(t, *values))


def widened(x: Any) -> Any:
    return astype(x, np.float32) if getattr(x, "dtype", None) is HALF and flows(x) else x


def of_one_dtype(args: tuple) -> tuple:
    """Arguments that a gradient flows to in the dtype that orders beside them make of the result."""
    dtype = np.result_type(*map(kind_of, args))
    if dtype.kind not in "fc":
        return args
    return tuple(
        astype(v, dtype) if flows(v) and v.dtype.kind in "fc" and v.dtype != dtype else v for v in args
    )


def kind_of(x: Any) -> Any:
    """What an argument counts for in promotion: its dtype, or itself if it is a Python number."""
    return (
        x
        if isinstance(x, (int, float, complex))
        else x.dtype
        if hasattr(x, "dtype")
        else np.asarray(plain(x))
    )


def as_of(x: Any, shape: tuple, dtype: np.dtype) -> Any:
    x = x if x.dtype == dtype else astype(x, dtype)
    return x if x.shape == shape else broadcast_to(x, shape)


def in_the_dtype_of(x: Any, g: Any) -> Any:
    """A cotangent of x, where the result is complex: real if x is."""
    return real(g) if np.iscomplexobj(plain(g)) and not np.iscomplexobj(plain(x)) else g
