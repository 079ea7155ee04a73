"""Integrals of functions, by the limits and by what the functions are given."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, ShapeError
from ...ops.matrices import like, value_of
from ...ops.reductions import sum
from ...ops.shapes import as_array, astype, reshape
from ...tape import TensorBase
from ...transforms.trees import leaves
from .. import load
from .._faces import spelled
from .problems import Integrand, arguments, bare, flat, in_double, pulled, pushed, tangents, tensors_in

theirs = load("integrate")


class Rule:
    """The integral of a vector-valued f(x, *tensors), and how exact it is."""

    def __init__(self, name: str, f: Any, options: dict):
        self.name, self.f, self.options = name, f, options

    def __repr__(self) -> str:
        return f"Rule({self.name})"

    def by_tensors(self, g: Any) -> Rule:
        """The integral of the cotangents of all tensors, one vector; the cotangent g is the last of them."""

        def f(x: Any, *tensors: Any) -> Any:
            *rest, weight = tensors
            return flat(pulled(lambda *ts: self.f(x, *ts), rest, weight)[1])

        return Rule(self.name, f, self.options)

    def varied(self) -> Rule:
        """The integral of the tangent; those of the tensors follow them."""
        return Rule(self.name, lambda x, *both: pushed(lambda *ts: self.f(x, *ts), both)[1], self.options)


def _kernel(xs: Any, rule: Rule) -> Any:
    a, b, *tensors = in_double(xs)
    dtype = np.result_type(*[x.dtype for x in xs])

    def f(x: Any) -> Any:
        return np.asarray(bare(rule.name, rule.f(x, *tensors)), np.float64)

    size = f(float(_inside(a, b))).size
    if size > 1:  # in the maximum norm every element is as exact as was asked
        return theirs.quad_vec(f, float(a), float(b), norm="max", **rule.options)[0].astype(dtype)
    return np.array([theirs.quad(lambda x: f(x).item(), float(a), float(b), **rule.options)[0]], dtype)


def _inside(a: Any, b: Any) -> float:
    """A point between the limits."""
    low, high = (max(min(float(x), 1e3), -1e3) for x in (a, b))
    return low / 2 + high / 2


def _d_integral(g: Any, xs: Any, rule: Rule, wanted: Any) -> list:
    a, b, *tensors = xs
    found: list = [None] * len(xs)
    for i, sign in ((0, -1.0), (1, 1.0)):
        if i in wanted:
            at_end = np.isfinite(value_of(xs[i]))
            found[i] = sign * sum(g * rule.f(xs[i], *tensors)) if at_end else 0 * sum(g)
    if any(i > 1 for i in wanted):
        sizes = [math.prod(p.shape) for p in tensors]
        whole = _integral([a, b, *tensors, g], rule=rule.by_tensors(g))
        ends = itertools.pairwise(itertools.accumulate(sizes, initial=0))
        found[2:] = [reshape(whole[s:e], p.shape) for (s, e), p in zip(ends, tensors, strict=True)]
    return [w if w is None else like(w, x.dtype) for w, x in zip(found, xs, strict=True)]


def _moved_integral(ts: Any, out: Any, xs: Any, rule: Rule) -> Any:
    (a, b, *tensors), (da, db, *moved) = xs, tangents(ts, xs)
    found = 0 * out
    for t, x, sign in ((da, a, -1.0), (db, b, 1.0)):
        if np.isfinite(value_of(x)):
            found = found + sign * t * rule.f(x, *tensors)
    if tensors:
        found = found + _integral([a, b, *tensors, *moved], rule=rule.varied())
    return like(found, out.dtype)


_integral = primitive(
    _kernel,
    ["*xs"],
    name="integral",
    vjp=_d_integral,
    jvp={"*xs": _moved_integral},
    promotes=False,
    reference=lambda xs, rule: _kernel(xs, rule),
    cases=[
        case(
            np.array(0.2),
            np.array(1.3),
            np.array([0.9, 0.3]),
            rule=Rule(
                "quad", lambda x, p: reshape(np.sin(x * p[0]) + p[1] * p[0], (1,)), {"epsabs": 1e-13}
            ),
        )
    ],
    doc="The integral of f(x, ...) from a to b; xs are a, b and the rest.",
)


@spelled(theirs.quad, calls=True)
def quad(func, a, b, args=(), full_output=0, epsabs=1.49e-8, epsrel=1.49e-8, limit=50, points=None,
         weight=None, wvar=None, wopts=None, maxp1=50, limlst=50, complex_func=False):  # fmt: skip
    """The integral of func(x, *args) from a to b, and an estimate of its error.

    Args:
        func: of a number x; gives a number.
        a, b: the limits, which may be infinite.
        args: may hold tensors, also in nested tuples, lists and dicts.

    Gradient: -func(a) and func(b) by the limits, the integral of the derivative by args; of any order.

    Errors: NotDifferentiable where func uses a tensor that requires grad and is not in args;
    ArgumentError for the options that have no derivative here.

    Example:
        >>> quad(lambda x, k: k * x, 0.0, 2.0, (3.0,))[0]
        6.0
    """
    args = arguments("quad", args)
    everything = [leaf for tree in (a, b, args) for _, leaf in leaves(tree)]
    if not any(isinstance(leaf, TensorBase) for leaf in everything):
        return theirs.quad(
            lambda *x: bare("quad", func(*x)), a, b, args, full_output, epsabs, epsrel, limit, points, weight,
            wvar, wopts, maxp1, limlst, complex_func,
        )  # fmt: skip
    if full_output or points is not None or weight is not None or complex_func:
        raise ArgumentError("quad: with a tensor, only epsabs, epsrel and limit may be given")
    inner, tensors = Integrand("quad", lambda x, rest: func(x, *rest), args), tensors_in(args)

    def f(x: Any, *tensors: Any) -> Any:
        found = inner(x, *tensors)
        if math.prod(found.shape) != 1:
            raise ShapeError(f"quad: the function must give one number, got shape {tuple(found.shape)}")
        return reshape(found, (1,))

    rule = Rule("quad", f, {"epsabs": epsabs, "epsrel": epsrel, "limit": limit})
    limits = [_limit(x) for x in (a, b)]
    value = _integral([*limits, *tensors], rule=rule)[0]
    error = theirs.quad(
        lambda x: inner.bare(x, [t._data for t in tensors]).item(), *[float(value_of(x)) for x in limits],
        epsabs=epsabs, epsrel=epsrel, limit=limit,
    )[1]  # fmt: skip
    return value, error


def _limit(x: Any) -> Any:
    x = as_array(x)
    if x.ndim:
        raise ShapeError(f"quad: the limits must be numbers, got shape {tuple(x.shape)}")
    return x if x.dtype.kind == "f" else astype(x, np.float64)


@spelled(theirs.fixed_quad, calls=True)
def fixed_quad(func, a, b, args=(), n=5):
    """The integral of func(x, *args) from a to b by n nodes of Gauss, and None.

    Args:
        func: of a vector of the nodes, which gives (..., n).

    Gradient: that of the sum; also of tensors that func uses without being given them.

    Example:
        >>> float(fixed_quad(lambda x: x * x, 0.0, 3.0)[0].round(12))
        9.0
    """
    nodes, weights = np.polynomial.legendre.leggauss(n)
    ends = (a, b)
    if any(np.any(np.isinf(value_of(as_array(x)))) for x in ends):
        raise ArgumentError("fixed_quad: the limits must be finite")
    x = (b - a) * (nodes + 1) / 2 + a
    return (b - a) / 2 * sum(weights * as_array(func(x, *arguments("fixed_quad", args))), -1), None
