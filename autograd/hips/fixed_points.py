"""Fixed points, differentiated implicitly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .operators import make_vjp
from .primitives import primitive
from .rules import defvjp
from .vspaces import vspace


@primitive
def fixed_point(f: Callable, a: Any, x0: Any, distance: Callable, tol: float) -> Any:
    """x with x = f(a)(x), by iteration from x0 until `distance(x, previous) <= tol`.

    Gradient: dx/da = (1 - df/dx)^-1 df/da, by iteration too; by a alone. f must refer to nothing
    else that a gradient flows to.

    Source: Christianson, Reverse accumulation and attractive fixed points, 1994.

    Example:
        >>> from autograd import grad
        >>> newton = lambda a: lambda x: 0.5 * (x + a / x)
        >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
        >>> round(float(grad(root)(4.0)), 9)
        0.25
    """
    step = f(a)
    x, before = step(x0), x0
    while distance(x, before) > tol:
        x, before = step(x), x
    return x


def _cotangent(ans: Any, f: Callable, a: Any, x0: Any, distance: Callable, tol: float) -> Callable:
    def adjoint(parameters: tuple) -> Callable:
        a, x, g = parameters
        pull, _ = make_vjp(f(a))(x)
        return lambda w: vspace(x).add(pull(w), g)

    pull_a, _ = make_vjp(lambda a, x: f(a)(x))(a, ans)
    return lambda g: pull_a(fixed_point(adjoint, (a, ans, g), vspace(ans).zeros(), distance, tol))


defvjp(fixed_point, None, _cotangent, None)
