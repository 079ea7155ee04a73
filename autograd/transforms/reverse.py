"""Reverse-mode derivatives of functions: `grad(f)` is a function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import DtypeError, GradientError
from ..ops.complex import real
from ..tape import TensorBase
from .tracing import (
    Selection,
    Trace,
    check_function,
    is_traced,
    matching,
    ones_like,
    results_of,
    same_leaves,
    selecting,
)
from .trees import leaves, transform
from .variables import detach


@selecting
def value_and_grad(f: Callable, argnum: Selection = 0) -> Callable:
    """The function x -> (f(x), df/dx) of a scalar-valued f.

    Args:
        f: takes arrays, numbers or Tensors, or nested tuples, lists and dicts of them; its result
            has one element.
        argnum: position or keyword of the argument to differentiate by, or several for a tuple of
            gradients; `argnums` in JAX, which is understood too.

    Dtypes: the gradient has the kind, shape and dtype of the argument: a NumPy scalar for a
    number, an ndarray for an ndarray, a Tensor for a Tensor, a dict for a dict. A number or array
    of integers counts as float64; inside containers integers are refused.

    Errors: GradientError if the result is not a scalar; DtypeError if it is not floating.

    Gradient: the result is differentiable again, where an argument or what f refers to
    requires grad. Complex gradients are not conjugated (dL = Re(grad * dz)).

    Example:
        >>> value_and_grad(lambda x: x**2)(3.0)
        (np.float64(9.0), np.float64(6.0))
        >>> value_and_grad(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 5.0})[1]
        {'a': np.float64(5.0), 'b': np.float64(2.0)}
    """

    check_function(f, "value_and_grad")

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        trace = Trace("value_and_grad", f, args, options, argnum)
        found = _gradient(trace, trace.value, argnum)
        return trace.outside(trace.value), found

    return derivative


@selecting
def grad(f: Callable, argnum: Selection = 0) -> Callable:
    """The function x -> df/dx of a scalar-valued f. See `value_and_grad`.

    Example:
        >>> grad(grad(lambda x: x**3))(2.0)
        np.float64(12.0)
    """

    return gradient_of("grad", f, argnum)


def gradient_of(caller: str, f: Callable, argnum: Selection) -> Callable:
    """`grad` for a transform that errors name."""
    check_function(f, caller)

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        trace = Trace(caller, f, args, options, argnum)
        return _gradient(trace, trace.value, argnum)

    return derivative


@selecting
def grad_and_aux(f: Callable, argnum: Selection = 0) -> Callable:
    """The function x -> (dloss/dx, aux) of f(x) = (loss, aux). See `value_and_grad`.

    Example:
        >>> grad_and_aux(lambda x: (x**2, "seen"))(3.0)
        (np.float64(6.0), 'seen')
    """

    check_function(f, "grad_and_aux")

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        trace = Trace("grad_and_aux", f, args, options, argnum)
        if not isinstance(trace.value, tuple) or len(trace.value) != 2:
            got = describe(trace.value)
            raise GradientError(f"grad_and_aux: the function must return a loss and a value, got {got}")
        loss, aux = trace.value
        return _gradient(trace, loss, argnum), trace.outside(aux)

    return derivative


@selecting
def elementwise_grad(f: Callable, argnum: Selection = 0) -> Callable:
    """The function x -> d sum(f(x)) / dx: the derivative at each element, if f is elementwise.

    Example:
        >>> elementwise_grad(np.sin)(np.array([0.0, np.pi])).round(12)
        array([ 1., -1.])
    """

    check_function(f, "elementwise_grad")

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        trace = Trace("elementwise_grad", f, args, options, argnum)
        outs = [out for out in results_of(trace) if is_traced(out)]
        found = trace.grouped(trace.pull(outs, [ones_like(o) for o in outs]))
        return tuple(found) if isinstance(argnum, (tuple, list)) else found[0]

    return derivative


@selecting
def holomorphic_grad(f: Callable, argnum: Selection = 0) -> Callable:
    """The complex derivative x -> f'(x) of a holomorphic f with one result.

    Errors: DtypeError if an argument that was chosen is not complex.

    Example:
        >>> holomorphic_grad(np.square)(1.0 + 2.0j)
        np.complex128(2+4j)
    """
    check_function(f, "holomorphic_grad")
    names = argnum if isinstance(argnum, (tuple, list)) else [argnum]
    gradient = gradient_of("holomorphic_grad", lambda *a, **o: real(f(*a, **o)), argnum)

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        given: dict[Any, Any] = {
            **dict(enumerate(args)),
            **{i - len(args): x for i, x in enumerate(args)},
            **options,
        }
        for name in names:
            for path, x in leaves(given.get(name)):
                if (x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype).kind != "c":
                    raise DtypeError(
                        f"holomorphic_grad: argument {name!r}{path} must be complex, got {describe(x)}"
                    )
        return gradient(*args, **options)

    return derivative


def vjp(f: Callable, *xs: Any) -> tuple[Any, Callable]:
    """f(*xs), and the function that pulls a cotangent of it back to those of the arguments.

    Args:
        f: takes and returns arrays, or nested tuples, lists and dicts of them.

    Returns: `(out, pullback)`; `pullback(g)`, for g nested as out, is a tuple with the cotangent
    of each argument. It may be called again and again.

    Errors: of the pullback, ArgumentError, ShapeError or DtypeError if g does not fit out.

    Example:
        >>> out, pullback = vjp(lambda x, y: x * y, np.array([1.0, 2.0]), 3.0)
        >>> out, pullback(np.array([1.0, 10.0]))
        (array([3., 6.]), (array([ 3., 30.]), np.float64(21.0)))
    """
    trace = Trace("vjp", f, xs, {}, tuple(range(len(xs))))
    outs = results_of(trace)

    def pullback(g: Any) -> tuple:
        given = same_leaves(g, trace.value, "vjp: the cotangent")
        cotangents = [matching(v, o, "vjp: the cotangent") for v, o in zip(given, outs, strict=True)]
        return tuple(trace.grouped(trace.pull(outs, cotangents, keep=True)))

    return trace.outside(trace.value), pullback


def stop_gradient(x: Any) -> Any:
    """The same values as constants; x may be nested tuples, lists and dicts.

    Example:
        >>> grad(lambda x: x * stop_gradient(x))(3.0)
        np.float64(3.0)
    """
    return transform(lambda v: detach(v) if isinstance(v, TensorBase) else v, x)


def _gradient(trace: Trace, value: Any, argnum: Selection) -> Any:
    """The gradient of a scalar by what was chosen."""
    data = value._data if isinstance(value, TensorBase) else np.asarray(_number(trace, value))
    if data.size != 1:
        raise GradientError(
            f"{trace.caller}: the function must return a scalar, got {describe(value)}; "
            "reduce it, or use jacobian or vjp"
        )
    if data.dtype.kind not in "fc":
        raise DtypeError(
            f"{trace.caller}: the function must return a real or complex scalar, got {data.dtype}"
        )
    outs = [value] if is_traced(value) else []
    found = trace.grouped(trace.pull(outs, [ones_like(o) for o in outs]))
    return tuple(found) if isinstance(argnum, (tuple, list)) else found[0]


def _number(trace: Trace, value: Any) -> Any:
    if isinstance(value, (float, int, complex, np.generic, np.ndarray)):
        return value
    raise GradientError(f"{trace.caller}: the function must return a scalar, got {describe(value)}")
