"""HIPS autograd's operators, in its argument order, over the transforms."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..ops.contractions import tensordot
from ..ops.reductions import sum as total
from ..transforms import forward as _forward
from ..transforms.matrices import jacobian
from ..transforms.products import hessian_tensor_product
from ..transforms.reverse import grad
from ..transforms.reverse import vjp as _vjp
from ..transforms.trees import leaves
from .boxes import getval
from .rules import name_of
from .vspaces import vspace

Argnum = int | tuple[int, ...] | list[int]


def unary(fun: Callable, argnum: Argnum, args: tuple, kwargs: dict) -> tuple[Callable, Any]:
    """fun as a function of the arguments `argnum` alone, and their values; a tuple if several."""
    if not isinstance(argnum, (int, tuple, list)) or isinstance(argnum, bool):
        raise ArgumentError(f"argnum must be a position or several, got {argnum!r}")
    places = [argnum] if isinstance(argnum, int) else list(argnum)
    for i in places:
        if not -len(args) <= i < len(args):
            raise ArgumentError(f"argnum {i}, but the call has {len(args)} arguments")

    def of_one(x: Any) -> Any:
        given = list(args)
        for i, value in zip(places, [x] if isinstance(argnum, int) else x):
            given[i] = value
        return fun(*given, **kwargs)

    return of_one, args[argnum] if isinstance(argnum, int) else tuple(args[i] for i in places)


def unary_to_nary(unary_operator: Callable) -> Callable:
    """An operator `op(f, x, *options)` as `nary(fun, argnum=0, *options)(*args)`.

    Example:
        >>> at = unary_to_nary(lambda f, x: f(x))
        >>> at(lambda a, b: a - b, 1)(5, 3)
        2
    """

    @functools.wraps(unary_operator)
    def nary_operator(fun: Callable, argnum: Argnum = 0, *options: Any, **named: Any) -> Callable:
        def nary(*args: Any, **kwargs: Any) -> Any:
            of_one, x = unary(fun, argnum, args, kwargs)
            of_one.__name__ = name_of(fun)
            return unary_operator(of_one, x, *options, **named)

        nary.__name__ = f"{name_of(unary_operator)}_of_{name_of(fun)}_wrt_argnum_{argnum}"
        return nary

    return nary_operator


def vjp_at(fun: Callable, x: Any) -> tuple[Callable, Any]:
    """The function that pulls cotangents of fun(x) back to x, and fun(x)."""
    out, pullback = _vjp(fun, x)
    if not any(_is_inexact(leaf) for _, leaf in leaves(out)):
        return lambda g: vspace(x).zeros(), out
    return lambda g: pullback(g)[0], out


def _is_inexact(value: Any) -> bool:
    return np.asarray(getval(value)).dtype.kind in "fc"


def jvp_at(fun: Callable, x: Any) -> Callable:
    """The function v -> (fun(x), its derivative in the direction v)."""
    return lambda v: _forward.jvp(fun, (x,), (v,))


def make_vjp(fun: Callable, argnum: Argnum = 0) -> Callable:
    """The function (*args) -> (vjp, fun(*args)); `vjp(g)` is the cotangent of the argument.

    Example:
        >>> vjp, out = make_vjp(np.multiply, 1)(3.0, 2.0)
        >>> vjp(1.0), out
        (np.float64(3.0), np.float64(6.0))
    """
    return unary_to_nary(vjp_at)(fun, argnum)


def make_jvp(fun: Callable, argnum: Argnum = 0) -> Callable:
    """The function (*args) -> jvp; `jvp(v)` is (fun(*args), its derivative in the direction v).

    Example:
        >>> make_jvp(np.square)(3.0)(1.0)
        (np.float64(9.0), np.float64(6.0))
    """
    return unary_to_nary(jvp_at)(fun, argnum)


def make_jvp_reversemode(fun: Callable, argnum: Argnum = 0) -> Callable:
    """The function (*args) -> jvp; `jvp(v)` is the derivative of fun in the direction v.

    The function runs once; each direction costs a sweep.

    Example:
        >>> make_jvp_reversemode(np.square)(3.0)(1.0)
        np.float64(6.0)
    """

    def linearized(f: Callable, x: Any) -> Callable:
        return _forward.linearize(f, x)[1]

    return unary_to_nary(linearized)(fun, argnum)


def make_hvp(fun: Callable, argnum: Argnum = 0) -> Callable:
    """The function (*args) -> (hvp, gradient); `hvp(v)` is the Hessian times v.

    Example:
        >>> hvp, gradient = make_hvp(lambda x: x**3)(2.0)
        >>> hvp(1.0), gradient
        (np.float64(12.0), np.float64(12.0))
    """
    return unary_to_nary(lambda f, x: vjp_at(grad(f), x))(fun, argnum)


def _half_square_rows(x: Any) -> Any:
    return 0.5 * total(x * x, axis=-1)


def make_ggnvp(f: Callable, g: Callable = _half_square_rows, f_argnum: Argnum = 0) -> Callable:
    """The function (*args) -> ggnvp; `ggnvp(v)` is J^T H J v, with J of f and H of g at f(*args).

    Example:
        >>> make_ggnvp(lambda x: x**2)(np.array([1.0, 2.0]))(np.array([1.0, 1.0]))
        array([ 4., 16.])
    """

    def at(fun: Callable, x: Any) -> Callable:
        pull, out = vjp_at(fun, x)
        push = _forward.linearize(fun, x)[1]
        curve, _ = vjp_at(grad(g), out)
        return lambda v: pull(curve(push(v)))

    return unary_to_nary(at)(f, f_argnum)


def tensor_jacobian_product(fun: Callable, argnum: int = 0) -> Callable:
    """The function (*args, v) -> sum_i v[i] J[i, j], with v of as many axes as are to be summed.

    Example:
        >>> tensor_jacobian_product(np.square)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
        array([ 2., 40.])
    """

    def product(*args: Any, **kwargs: Any) -> Any:
        *given, v = args
        return tensordot(v, fun(*given, **kwargs), vspace(v).ndim)

    return jacobian(product, argnum)


def grad_named(fun: Callable, argname: str) -> Callable:
    """`grad` by the name of a positional argument.

    Example:
        >>> grad_named(lambda a, b: a * b**2, "b")(2.0, 3.0)
        np.float64(12.0)
    """
    names = list(inspect.signature(fun).parameters)
    if argname not in names:
        raise ArgumentError(f"grad_named: {name_of(fun)} has no argument {argname!r}, but {names}")
    return grad(fun, names.index(argname))


def multigrad_dict(fun: Callable) -> Callable:
    """The function (*args) -> {argument: gradient} for all arguments, defaults included.

    `*args` and `**kwargs` of fun have a tuple and a dict of gradients.

    Example:
        >>> multigrad_dict(lambda a, b=3.0: a * b)(2.0)
        {'a': np.float64(3.0), 'b': np.float64(2.0)}
    """
    signature = inspect.signature(fun)

    def of_all(arguments: dict) -> Any:
        bound = inspect.BoundArguments(signature, arguments)
        return fun(*bound.args, **bound.kwargs)

    def gradients(*args: Any, **kwargs: Any) -> dict:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return grad(of_all)(dict(bound.arguments))

    return gradients


hessian_vector_product = hessian_tensor_product
vector_jacobian_product = tensor_jacobian_product
