"""`@primitive`: HIPS autograd's way to make one operation of a function.

A call is one node of the tape. Its arguments are the tensors found among the positional arguments,
also inside tuples, lists and dicts; the function runs on plain values. The rules that `defvjp` and
`defjvp` register run in the sweep: on arrays, or on Tensors where the sweep is recorded, so that
they can be differentiated again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitive import Primitive
from .asking import plainly
from .boxes import getval, holds_tensor
from .rules import defvjp, vspace
from .running import run


def primitive(f_raw: Callable) -> Callable:
    """f_raw as one operation, whose derivatives `defvjp` and `defjvp` then define.

    Where a tensor is among the positional arguments, f_raw is called with plain values, and its
    result, an array or a container of arrays, is a Tensor, or a container of Tensors. Otherwise the
    call is f_raw's own.

    Errors: MissingRule if no rule was defined; GradientError if f_raw returns a tensor that requires
    grad, which it can only have from elsewhere; ArgumentError for a keyword argument that requires
    grad.

    Example:
        >>> from autograd import grad
        >>> @primitive
        ... def cube(x):
        ...     return x**3
        >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
        >>> grad(grad(cube))(2.0)
        np.float64(12.0)
    """
    prims: dict[int, Primitive] = {}

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if holds_tensor(arg):
                break
        else:
            return plainly(f_raw, args, kwargs)
        if wrapped.untraced:  # type: ignore[attr-defined]
            return f_raw(*map(getval, args), **kwargs)
        return run(wrapped, f_raw, args, kwargs, prims)

    _named_after(wrapped, f_raw)
    vars(wrapped).update(fun=f_raw, untraced=False, results=0, _is_autograd_primitive=True)
    return wrapped


def _named_after(wrapped: Any, f_raw: Callable) -> None:
    functools.update_wrapper(wrapped, f_raw, updated=())
    if not hasattr(f_raw, "__name__"):
        wrapped.__name__ = wrapped.__qualname__ = "primitive"
    if isinstance(f_raw, np.ufunc):
        del wrapped.__wrapped__  # a ufunc has no signature to show


def notrace_primitive(f_raw: Callable) -> Callable:
    """f_raw called with plain values in place of tensors, for what has no derivative.

    Example:
        >>> from autograd import tensor
        >>> notrace_primitive(np.shape)(tensor([1.0, 2.0], requires_grad=True))
        (2,)
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return f_raw(*map(getval, args), **kwargs)

    _named_after(wrapped, f_raw)
    vars(wrapped).update(fun=f_raw, _is_primitive=True)
    return wrapped


def register_notrace(trace_type: Any, primitive_fun: Any) -> None:
    """Have a primitive run on plain values, with a plain result: its derivative is zero."""
    primitive_fun.untraced = True


def primitive_with_deprecation_warnings(f_raw: Callable) -> Callable:
    """`primitive`, with the methods by which rules were defined before `defvjp`."""
    wrapped: Any = primitive(f_raw)
    makers: dict[int, Any] = {}

    def enter(argnum: int, maker: Any) -> None:
        makers[argnum] = maker
        defvjp(wrapped, *makers.values(), argnums=list(makers))

    def defgrad(gradfun: Callable, argnum: int = 0) -> None:
        enter(argnum, gradfun)

    def defvjp_method(vjpmaker: Callable, argnum: int = 0) -> None:
        def maker(ans: Any, *args: Any, **kwargs: Any) -> Callable:
            return lambda g: vjpmaker(g, ans, vspace(args[argnum]), vspace(g), *args, **kwargs)

        enter(argnum, maker)

    def defvjp_is_zero(argnums: tuple[int, ...] = (0,)) -> None:
        for argnum in argnums:
            enter(argnum, None)

    vars(wrapped).update(defgrad=defgrad, defvjp=defvjp_method, defvjp_is_zero=defvjp_is_zero)
    return wrapped
