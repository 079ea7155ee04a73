"""Derivatives against differences: `check_grads`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from ..errors import ArgumentError
from .operators import Argnum, jvp_at, unary, vjp_at
from .rules import name_of
from .vspaces import vspace

TOL = 1e-6
RTOL = 1e-6
EPS = 1e-6
MODES = ("fwd", "rev")


def scalar_close(a: Any, b: Any) -> bool:
    """Whether two numbers agree to TOL, or to RTOL of their sum."""
    return bool(abs(a - b) < TOL or abs(a - b) / abs(a + b) < RTOL)


def make_numerical_jvp(f: Callable, x: Any) -> Callable:
    """The function v -> (f(x + v eps/2) - f(x - v eps/2)) / eps."""
    xs, ys = vspace(x), vspace(f(x))

    def jvp(v: Any) -> Any:
        above = f(xs.add(x, xs.scalar_mul(v, EPS / 2)))
        below = f(xs.add(x, xs.scalar_mul(v, -EPS / 2)))
        return ys.scalar_mul(ys.add(above, ys.scalar_mul(below, -1.0)), 1 / EPS)

    return jvp


def check_vjp(f: Callable, x: Any) -> None:
    """Compare the reverse derivative at x with differences, in a random direction.

    Errors: AssertionError if they differ.
    """
    pull, y = vjp_at(f, x)
    xs, ys = vspace(x), vspace(y)
    v, w = xs.randn(), ys.randn()
    found = xs.covector(pull(ys.covector(w)))
    assert vspace(found) == xs, f"the vjp of {name_of(f)} gave {vspace(found)} for {xs}"
    exact, numeric = xs.inner_prod(v, found), ys.inner_prod(w, make_numerical_jvp(f, x)(v))
    assert scalar_close(numeric, exact), (
        f"(VJP) check of {name_of(f)} failed at {x}: {exact}, where differences give {numeric}"
    )


def check_jvp(f: Callable, x: Any) -> None:
    """Compare the forward derivative at x with differences, in a random direction.

    Errors: AssertionError if they differ.
    """
    v = vspace(x).randn()
    exact, numeric = jvp_at(f, x)(v)[1], make_numerical_jvp(f, x)(v)
    check_equivalent(exact, numeric, f"(JVP) check of {name_of(f)} failed at {x}: ")


def check_equivalent(x: Any, y: Any, what: str = "") -> None:
    """Compare two values of one vector space, along a random vector.

    Errors: AssertionError if they differ.
    """
    space = vspace(x)
    assert space == vspace(y), f"{what}one value is in {space}, the other in {vspace(y)}"
    v = space.randn()
    assert scalar_close(space.inner_prod(x, v), space.inner_prod(y, v)), f"{what}{x} differs from {y}"


def check_grads(f: Callable, argnum: Argnum = 0, modes: Sequence[str] = MODES, order: int = 2) -> Callable:
    """The function (*args) that compares derivatives of f, up to an order, with differences.

    Args:
        modes: "fwd", "rev" or both.

    Errors: AssertionError if they differ; ArgumentError for an unknown mode.

    Example:
        >>> import autograd.numpy as np
        >>> check_grads(np.sin)(0.5)
    """
    if not set(modes) <= set(MODES):
        raise ArgumentError(f"check_grads: modes must be among {MODES}, got {modes!r}")

    def check(*args: Any, **kwargs: Any) -> None:
        of_one, x = unary(f, argnum, args, kwargs)
        of_one.__name__ = name_of(f)
        _check(of_one, x, modes, order)

    return check


def _check(f: Callable, x: Any, modes: Sequence[str], order: int) -> None:
    if "fwd" in modes:
        check_jvp(f, x)
        if order > 1:
            tangent = lambda pair: jvp_at(f, pair[0])(pair[1])[1]
            tangent.__name__ = f"jvp_{name_of(f)}"
            _check(tangent, (x, vspace(x).randn()), modes, order - 1)
    if "rev" in modes:
        check_vjp(f, x)
        if order > 1:
            cotangent = lambda pair: vjp_at(f, pair[0])[0](pair[1])
            cotangent.__name__ = f"vjp_{name_of(f)}"
            _check(cotangent, (x, vspace(f(x)).randn()), modes, order - 1)


def combo_check(fun: Callable, *args: Any, **kwargs: Any) -> Callable:
    """`check_grads(fun, ...)` for all combinations of lists of arguments.

    Example:
        >>> import autograd.numpy as np
        >>> combo_check(np.sum, order=1)([np.ones((2, 3))], axis=[None, 0, 1])
    """

    def check(*lists: Sequence, **named: Sequence) -> None:
        for values in product(*lists):
            for options in product(*named.values()):
                check_grads(fun, *args, **kwargs)(*values, **dict(zip(named, options)))

    return check


def quick_grad_check(
    fun: Callable, arg0: Any, extra_args: Sequence = (), kwargs: Any = None, **ignored: Any
) -> None:
    """Compare the gradient by the first argument with differences."""
    check_grads(lambda x: fun(x, *extra_args, **(kwargs or {})), modes=["rev"], order=1)(arg0)
