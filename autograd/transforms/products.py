"""Products of curvature with vectors, without forming a matrix."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError
from ..ops.reductions import sum as total
from .forward import Linearized
from .reverse import gradient_of
from .tracing import Selection, Trace, check_function, matching, results_of, same_leaves, selecting
from .trees import leaves


@selecting
def hessian_tensor_product(f: Callable, argnum: Selection = 0) -> Callable:
    """The function (*args, v) -> sum_j H[i, j] v[j], without forming H.

    v is nested as the argument is; a tuple where several are chosen.

    Errors: of `grad`; ArgumentError, ShapeError or DtypeError for a vector that does not fit.

    Example:
        >>> import numpy as np
        >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
        array([  6., 120.])
    """
    return _curvature("hvp", f, argnum)


hvp = hessian_tensor_product


def _curvature(caller: str, f: Callable, argnum: Selection) -> Callable:
    """`hvp` for a transform that errors name."""
    gradient = gradient_of(caller, f, argnum)

    @functools.wraps(f)
    def product(*args: Any, **options: Any) -> Any:
        given, v = _apart(args, caller)
        trace = Trace(caller, gradient, given, options, argnum)
        vectors = _vectors(trace, v, argnum)
        return _grouped(trace, trace.pull(results_of(trace), vectors), argnum)  # as H is symmetric

    return product


def half_square(y: Any) -> Any:
    """1/2 sum(y**2), of all arrays in y."""
    return sum(0.5 * total(leaf * leaf) for _, leaf in leaves(y))


@selecting
def ggnvp(f: Callable, g: Callable = half_square, argnum: Selection = 0) -> Callable:
    """The function (*args, v) -> J^T H J v, with the Jacobian J of f and the Hessian H of g at f(x).

    This is the generalised Gauss-Newton matrix of g(f(x)) times a vector: positive semi-definite
    for convex g. v is nested as the argument is; a tuple where several are chosen.

    Errors: as `hessian_tensor_product`.

    Source: Schraudolph, Fast Curvature Matrix-Vector Products for Second-Order Gradient Descent, 2002.

    Example:
        >>> import numpy as np
        >>> ggnvp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
        array([ 4., 16.])
    """
    check_function(f, "ggnvp")
    curve = _curvature("ggnvp: g", g, 0)

    @functools.wraps(f)
    def product(*args: Any, **options: Any) -> Any:
        given, v = _apart(args, "ggnvp")
        trace = Trace("ggnvp", f, given, options, argnum)
        outs = results_of(trace)
        tangent = Linearized(trace).push(_vectors(trace, v, argnum))
        curved = [leaf for _, leaf in leaves(curve(trace.outside(trace.value), tangent))]
        cotangents = [matching(c, out, "ggnvp") for c, out in zip(curved, outs, strict=True)]
        return _grouped(trace, trace.pull(outs, cotangents, keep=True), argnum)

    return product


def _apart(args: tuple, caller: str) -> tuple[tuple, Any]:
    """The arguments of the function, and the vector, which comes last."""
    if not args:
        raise ArgumentError(f"{caller}: the call takes the arguments, then the vector")
    return args[:-1], args[-1]


def _vectors(trace: Trace, v: Any, argnum: Selection) -> list:
    """A tensor for each variable, from a vector nested as what was chosen."""
    what = f"{trace.caller}: the vector"
    like = tuple(trace.chosen) if isinstance(argnum, (tuple, list)) else trace.chosen[0]
    given = same_leaves(v, like, what)
    return [matching(a, b, what) for a, b in zip(given, trace.before, strict=True)]


def _grouped(trace: Trace, found: Sequence, argnum: Selection) -> Any:
    grouped = trace.grouped(list(found))
    return tuple(grouped) if isinstance(argnum, (tuple, list)) else grouped[0]
