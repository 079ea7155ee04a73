"""Ordinary differential equations, by the adjoint method.

With a(t) the cotangent of y(t), a' = -a df/dy, so a is found by an equation that runs backwards, and the
cotangents of parameters by integrals of -a df/dp along the way. That equation is solved by the same
operation, so it has derivatives itself, of any order. A tangent dy of y is found along with it, by the
variational equation dy' = df/dy dy + df/dp dp.

Source: L. S. Pontryagin et al., The mathematical theory of optimal processes, 1962; R. T. Q. Chen et al.,
Neural ordinary differential equations, 2018, appendix C.
"""

from __future__ import annotations

import builtins
import itertools
import math
from typing import Any

import numpy as np

from ...declare import case, primitive
from ...errors import ArgumentError, DtypeError, NotDifferentiable, ShapeError
from ...ops.composed import plain, wrapped
from ...ops.joining import concatenate, stack
from ...ops.matrices import like
from ...ops.reductions import sum
from ...ops.shapes import as_array, astype, mT, ravel, reshape
from ...tape import TensorBase
from ...transforms.trees import leaves
from .. import load
from .._faces import spelled
from .problems import Integrand, arguments, bare, flat, in_double, pulled, pushed, tangents, tensors_in

theirs = load("integrate")


class Equation:
    """y' = f(y, t, *tensors) for vectors y, and how it is solved.

    Attributes:
        f: the function.
        solve: `solve(f, y0, t)`, the solution at the times t; y0 is at the first.
    """

    def __init__(self, name: str, f: Any, solve: Any):
        self.name, self.f, self.solve = name, f, solve

    def __repr__(self) -> str:
        return f"Equation({self.name})"

    def adjoint(self, n: int) -> Equation:
        """The equation of (y, a, ...), the solution and the cotangents of it and of the tensors."""

        def f(state: Any, t: Any, *tensors: Any) -> Any:
            y, a = state[:n], state[n : 2 * n]
            value, found = pulled(lambda y, *ts: self.f(y, t, *ts), [y, *tensors], -a)
            return flat([value, *found])

        return Equation(self.name, f, self.solve)

    def varied(self, n: int) -> Equation:
        """The equation of (y, dy), the solution and how it moves with the tensors; their tangents follow them."""

        def f(state: Any, t: Any, *tensors: Any) -> Any:
            half = len(tensors) // 2
            given = [state[:n], *tensors[:half], state[n:], *tensors[half:]]
            return flat(pushed(lambda y, *ts: self.f(y, t, *ts), given))

        return Equation(self.name, f, self.solve)


def _kernel(xs: Any, equation: Equation) -> Any:
    y0, t, *tensors = in_double(xs)
    if not y0.size or not t.size:
        raise ShapeError(f"{equation.name}: y0 {y0.shape} and t {t.shape} must have elements")
    dtype = np.result_type(*[x.dtype for x in xs])

    def f(y: Any, at: Any) -> Any:
        return np.asarray(bare(equation.name, equation.f(y, at, *tensors)), np.float64)

    return equation.solve(f, y0, t).astype(dtype)


def _d_solution(g: Any, xs: Any, out: Any, equation: Equation, wanted: Any) -> list:
    _, t, *tensors = xs
    n, last = out.shape[1], out.shape[0] - 1
    slopes: Any = [None] * (last + 1) if 1 in wanted else None
    adjoint = equation.adjoint(n)
    a, totals = g[last], [0.0] * len(tensors)
    sizes = [math.prod(p.shape) for p in tensors]
    for i in range(last, 0, -1):
        if slopes is not None:
            slopes[i] = sum(g[i] * equation.f(out[i], t[i], *tensors))
        empty = np.zeros(builtins.sum(sizes), out.dtype)
        state = _solution(
            [concatenate([out[i], a, empty]), t[i - 1 : i + 1][::-1], *tensors], equation=adjoint
        )[1]
        a = state[n : 2 * n]
        ends = list(itertools.accumulate(sizes, initial=2 * n))
        totals = [s + state[b:e] for s, (b, e) in zip(totals, itertools.pairwise(ends), strict=True)]
        if i == 1 and slopes is not None:
            slopes[0] = -sum(a * equation.f(out[0], t[0], *tensors))
        a = a + g[i - 1]
    if slopes is not None and last == 0:
        slopes[0] = 0 * t[0]
    shaped = [reshape(s, p.shape) if last else 0 * p for s, p in zip(totals, tensors, strict=True)]
    found = [a, None if slopes is None else stack(slopes), *shaped]
    return [w if w is None else like(w, x.dtype) for w, x in zip(found, xs, strict=True)]


def _moved_solution(ts: Any, out: Any, xs: Any, equation: Equation) -> Any:
    """By the variational equation; where a time moves, the solution goes along it."""
    (y0, t, *tensors), (d0, dt, *moved), n = xs, tangents(ts, xs), out.shape[1]
    along = stack([equation.f(out[i], t[i], *tensors) for i in range(out.shape[0])]) * dt[:, None]
    begin = concatenate([y0, d0 - along[0]])
    found = _solution([begin, t, *tensors, *moved], equation=equation.varied(n))
    return like(found[:, n:] + along, out.dtype)


def _by_odeint(options: dict) -> Any:
    return lambda f, y0, t: theirs.odeint(f, y0, t, **options)


def _pendulum(y: Any, t: Any, p: Any) -> Any:
    return stack([y[1], -p[0] * np.sin(y[0]) - p[1] * y[1] + t * p[1]])


_solution = primitive(
    _kernel,
    ["*xs"],
    name="ode_solution",
    vjp=_d_solution,
    jvp={"*xs": _moved_solution},
    promotes=False,
    reference=lambda xs, equation: _kernel(xs, equation),
    cases=[
        case(
            np.array([0.7, 0.2]),
            np.array([0.0, 0.1, 0.25]),
            np.array([0.9, 0.3]),
            equation=Equation("odeint", _pendulum, _by_odeint({"rtol": 1e-13, "atol": 1e-13})),
        )
    ],
    doc="The solution of y' = f(y, t, ...) at times t, from y0 at the first; xs are y0, t and the rest.",
)


def _prepared(name: str, y0: Any, t: Any) -> tuple[Any, Any]:
    y0, t = (_floating(name, which, x) for which, x in (("y0", y0), ("t", t)))
    if y0.ndim > 1:
        raise ShapeError(f"{name}: y0 must be a vector, got shape {tuple(y0.shape)}")
    if t.ndim != 1 or not t.shape[0]:
        raise ShapeError(f"{name}: t must be a vector with elements, got shape {tuple(t.shape)}")
    return ravel(y0), t


def _floating(name: str, which: str, x: Any) -> Any:
    x = as_array(x)
    if x.dtype.kind == "c":
        raise DtypeError(f"{name}: {which} must be real for a derivative, got {x.dtype}")
    return (
        x
        if x.dtype == np.float64
        else astype(x, np.float64)
        if isinstance(x, TensorBase)
        else x.astype(float)
    )


def _has_tensors(*trees: Any) -> bool:
    return any(isinstance(leaf, TensorBase) for tree in trees for _, leaf in leaves(tree))


def _checked(name: str, function: Any) -> Any:
    """The user's function on plain values, as SciPy calls it."""
    return lambda *a: bare(name, function(*a))


@spelled(theirs.odeint, calls=True)
def odeint(func, y0, t, args=(), Dfun=None, col_deriv=0, full_output=0, ml=None, mu=None, rtol=None, atol=None,
           tcrit=None, h0=0.0, hmax=0.0, hmin=0.0, ixpr=0, mxstep=0, mxhnil=0, mxordn=12, mxords=5,
           printmessg=0, tfirst=False):  # fmt: skip
    """The solution of y' = func(y, t, *args) at the times t, from y0 at the first.

    Args:
        func: takes and gives vectors of n numbers; `func(t, y, *args)` with `tfirst`.
        args: may hold tensors, also in nested tuples, lists and dicts.
        rtol, atol: how exact the solution is, and its derivatives, about 1.5e-8 if not given.

    Shapes: y0 (n,), t (k,) -> (k, n).

    Gradient: by y0, t and the tensors in args, by the adjoint method, of any order.

    Errors: NotDifferentiable where func uses a tensor that requires grad and is not in args, and for
    `full_output`; ShapeError; DtypeError for complex numbers.

    Example:
        >>> odeint(lambda y, t, k: -k * y, np.array([1.0]), np.array([0.0, 1.0]), (1.0,)).round(6)
        array([[1.      ],
               [0.367879]])
    """
    args = arguments("odeint", args)
    shared = {"ml": ml, "mu": mu, "rtol": rtol, "atol": atol, "hmax": hmax, "hmin": hmin, "mxstep": mxstep,
              "mxhnil": mxhnil, "mxordn": mxordn, "mxords": mxords}  # fmt: skip
    once = {"Dfun": Dfun, "col_deriv": col_deriv, "tcrit": tcrit, "h0": h0, "ixpr": ixpr,
            "full_output": full_output, "printmessg": printmessg, "tfirst": tfirst}  # fmt: skip
    if not _has_tensors(y0, t, args):
        return theirs.odeint(_checked("odeint", func), y0, t, args, **shared, **once)
    if full_output:
        raise NotDifferentiable("odeint: with a tensor, full_output has no derivative; leave it out")
    call = (lambda x, a: func(x[1], x[0], *a)) if tfirst else (lambda x, a: func(x[0], x[1], *a))
    inner = Integrand("odeint", call, args)
    equation = Equation("odeint", _as_vector("odeint", inner), _by_odeint(shared))
    return _solution([*_prepared("odeint", y0, t), *tensors_in(args)], equation=equation)


def _as_vector(name: str, inner: Integrand) -> Any:
    def f(y: Any, t: Any, *tensors: Any) -> Any:
        found = inner((y, t), *tensors)
        found = ravel(found) if found.ndim != 1 else found
        if found.shape[0] != y.shape[0]:
            raise ShapeError(f"{name}: the function gave {found.shape[0]} numbers for {y.shape[0]} of y")
        return found

    return f


@spelled(theirs.solve_ivp, calls=True)
def solve_ivp(
    fun, t_span, y0, method="RK45", t_eval=None, dense_output=False, events=None, vectorized=False, args=None,
    **options,
):  # fmt: skip
    """The solution of y' = fun(t, y, *args) over a span of time, from y0 at its start.

    Args:
        t_eval: the times of the solution, those of the solver's steps if not given.
        args: may hold tensors, also in nested tuples, lists and dicts.
        options: of SciPy's; `rtol` and `atol`, 1e-3 and 1e-6 if not given, are those of the derivatives too.

    Returns: SciPy's result, with `y` (n, k) as a Tensor where there is one among the arguments.

    Gradient: by y0, the start of t_span, t_eval and the tensors in args, by the adjoint method.

    Errors: as odeint; NotDifferentiable for `events` and `dense_output`.

    Example:
        >>> solve_ivp(lambda t, y: -y, (0.0, 1.0), np.array([1.0]), t_eval=[1.0], rtol=1e-8).y.round(4)
        array([[0.3679]])
    """
    args = arguments("solve_ivp", args)
    values = plain(args)
    times = None if t_eval is None else np.asarray(plain(t_eval), float)
    span = tuple(float(plain(x)) for x in t_span)
    given = {"method": method, "vectorized": vectorized, **options}
    found = theirs.solve_ivp(
        _checked("solve_ivp", fun), span, plain(y0), t_eval=times, dense_output=dense_output, events=events,
        args=values or None, **given,
    )  # fmt: skip
    if not _has_tensors(t_span, y0, t_eval, args):
        return found
    if events is not None or dense_output:
        raise NotDifferentiable("solve_ivp: with a tensor, events and dense_output have no derivative")
    if not found.success:
        raise ArgumentError(f"solve_ivp: the solver gave up: {found.message}")
    inner = Integrand("solve_ivp", lambda x, a: fun(x[1], x[0], *a), args)
    equation = Equation("solve_ivp", _as_vector("solve_ivp", inner), _by_solver(given, span))
    start = reshape(_floating("solve_ivp", "t_span", t_span[0]), (1,))
    at = found.t if t_eval is None else _floating("solve_ivp", "t_eval", t_eval)
    y0, t = _prepared("solve_ivp", y0, concatenate([start, at]))
    out = _solution([y0, t, *tensors_in(args)], equation=equation)
    found.y, found.t = mT(out[1:]), wrapped(found.t)
    return found


def _by_solver(options: dict, span: tuple) -> Any:
    """Solves over the whole span where the times begin with it, so that the steps are those of SciPy's."""
    kept = {
        k: v for k, v in options.items() if k not in ("vectorized", "first_step", "jac", "jac_sparsity")
    }

    def solve(f: Any, y0: Any, t: Any) -> Any:
        end = span[1] if t[0] == span[0] and abs(span[1] - t[0]) >= abs(t[-1] - t[0]) else t[-1]
        if t[0] == end:
            return np.repeat(y0[None], len(t), 0)
        inside, back = np.unique(t, return_inverse=True)
        order = slice(None, None, -1 if end < t[0] else 1)
        found = theirs.solve_ivp(lambda at, y: f(y, at), (t[0], end), y0, t_eval=inside[order], **kept)
        if not found.success:
            raise ArgumentError(f"solve_ivp: the solver gave up: {found.message}")
        return found.y.T[order][back]

    return solve
