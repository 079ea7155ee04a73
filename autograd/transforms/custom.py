"""`custom_vjp` and `custom_jvp`: functions whose derivative their author defines."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

from ..diagnose import describe
from ..errors import ArgumentError, DeclarationError, MissingRule, OperandError
from ..tape import mode
from .fitting import plain_result
from .mapped import deepest, run_mapped
from .opaque import Rules, run
from .tracing import is_traced
from .trees import is_container, leaves, rebuild


class _Custom(Rules):
    """What both have in common: the call.

    `f` may be a function or a method. Calls take keywords by the signature of `f`.
    """

    _kind: str

    def __init__(self, f: Callable, nondiff_argnums: int | Sequence[int] = ()):
        if not callable(f):
            raise DeclarationError(f"{self._kind}: expected a function, got {describe(f)}")
        given = (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums)
        if any(type(i) is not int or i < 0 for i in given):
            raise DeclarationError(
                f"{self._kind}: nondiff_argnums must be positions from 0, got {nondiff_argnums!r}"
            )
        self.f, self.nondiff = f, given
        self.name = getattr(f, "__name__", type(f).__name__)
        functools.update_wrapper(self, f, updated=())
        try:
            self._signature: inspect.Signature | None = inspect.signature(f)
        except (TypeError, ValueError):  # such as a ufunc
            self._signature = None

    def _require_rule(self) -> None:
        """Refuse a call before the derivative is defined."""
        raise NotImplementedError

    def __call__(self, *args: Any, **options: Any) -> Any:
        self._require_rule()
        given = self._positional(args, options)
        if not mode.grad or not self._flows(given):
            out = self.f(*given)
            if mode.grad:
                for _, leaf in leaves(out):
                    if is_traced(leaf):
                        plain_result(self.name, leaf)  # refuses it
            return out
        return _run(self, given)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"{self._kind}({self.name})"

    def _positional(self, args: tuple, options: dict) -> list:
        """The arguments in order, with defaults."""
        if self._signature is None:
            if options:
                raise ArgumentError(f"{self.name}: takes its arguments by position alone")
            return list(args)
        try:
            bound = self._signature.bind(*args, **options)
        except TypeError as error:
            raise OperandError(f"{self.name}: {error}") from None
        bound.apply_defaults()
        if bound.kwargs:
            raise ArgumentError(
                f"{self.name}: arguments by keyword alone, {sorted(bound.kwargs)}, have no place in the "
                f"rule of a {self._kind}"
            )
        return list(bound.args)

    def _flows(self, args: list) -> bool:
        """Whether a gradient flows to an argument.

        Errors: ArgumentError if it is one of `nondiff_argnums`.
        """
        found = False
        for i, arg in enumerate(args):
            if any(is_traced(leaf) for _, leaf in leaves(arg)):
                if i in self.nondiff:
                    raise ArgumentError(
                        f"{self.name}: argument {i} is in nondiff_argnums, but requires grad; take it out, "
                        "or give stop_gradient of it"
                    )
                found = True
        return found

    def _fixed(self, args: Sequence) -> list:
        return [args[i] for i in self.nondiff]


def _run(rules: Rules, args: list) -> Any:
    level = deepest(args)
    return run(rules, args) if level is None else run_mapped(rules, level, args, _run)


class custom_vjp(_Custom):
    """f with a reverse-mode derivative of your own, by a rule in place of that of its operations.

    `f.defvjp(fwd, bwd)` defines it, where `fwd(*args)` gives f's result and residuals, and
    `bwd(residuals, g)` a tuple with the cotangent of each argument; None for zero. Residuals are what
    `bwd` needs: arrays, containers, anything.

    Args:
        f: takes and returns arrays, numbers or nested tuples, lists and dicts of them. Where a gradient
            flows it sees plain arrays, so it may be made of anything.
        nondiff_argnums: positions of arguments without a derivative, such as functions or options;
            `bwd(*those, residuals, g)` takes them first and gives no cotangents for them.

    Shapes, dtypes: a cotangent has those of its argument; another floating dtype is cast.

    Errors: MissingRule for a call before `defvjp`; ArgumentError, ShapeError, DtypeError or OperandError
    for cotangents that do not fit, which name f and the argument; GradientError if f refers to a tensor
    that requires grad and is not an argument; NotDifferentiable for a second derivative where `fwd` or
    `bwd` is not made of differentiable operations.

    Gradient: to any order: `bwd` and what it takes from `fwd` are differentiated. Forward mode transposes
    `bwd`; `vmap` runs `fwd` and `bwd` under it.

    Example:
        >>> import numpy as np
        >>> from autograd import grad
        >>> @custom_vjp
        ... def clipped(x, limit):
        ...     return x
        >>> clipped.defvjp(lambda x, limit: (x, limit), lambda limit, g: (np.clip(g, -limit, limit), None))
        >>> grad(lambda x: 100 * clipped(x, 1.0))(3.0)
        np.float64(1.0)
    """

    _kind = "custom_vjp"
    _fwd: Any = None
    _bwd: Any = None

    def defvjp(self, fwd: Callable, bwd: Callable) -> None:
        """Define the derivative; see the class."""
        for what, rule in (("fwd", fwd), ("bwd", bwd)):
            if not callable(rule):
                raise DeclarationError(f"{self.name}: {what} must be a function, got {describe(rule)}")
        self._fwd, self._bwd = fwd, bwd

    def _require_rule(self) -> None:
        if self._fwd is None:
            raise MissingRule(
                f"{self.name} is a custom_vjp without a derivative: call defvjp(fwd, bwd) first"
            )

    def forward(self, args: list) -> tuple[Any, Any]:
        pair = self._fwd(*args)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentError(
                f"{self.name}: its fwd must return a pair of the result and residuals, got {describe(pair)}"
            )
        return pair

    def pull(self, args: list, residuals: Any, g: Any) -> list:
        return self._bwd(*self._fixed(args), residuals, g)


class custom_jvp(_Custom):
    """f with a forward-mode derivative of your own: one rule, from which cotangents follow too.

    `@f.defjvp` defines it: `rule(primals, tangents)` gives f's result and its tangent, from tuples of the
    arguments and of their tangents. It must be linear in the tangents. `f.defjvps(...)` takes a function
    `jvp(tangent, result, *args)` for each argument instead, or None where the derivative is zero, and adds
    up what they give.

    Args:
        f: as of `custom_vjp`.
        nondiff_argnums: positions of arguments without a derivative; `rule(*those, primals, tangents)`
            takes them first, and the tuples are without them.

    Errors: as of `custom_vjp`.

    Gradient: to any order, forward and reverse; the reverse transposes the rule, which costs a sweep more.

    Example:
        >>> import numpy as np
        >>> from autograd import grad, jvp
        >>> @custom_jvp
        ... def log1pexp(x):
        ...     return np.logaddexp(0.0, x)
        >>> log1pexp.defjvps(lambda t, out, x: t * (1 - np.exp(-out)))
        >>> grad(log1pexp)(0.0), jvp(log1pexp, (0.0,), (2.0,))[1]
        (np.float64(0.5), np.float64(1.0))
    """

    _kind = "custom_jvp"
    _rule: Any = None
    forward_rule = True

    def defjvp(self, rule: Callable) -> Callable:
        """Define the derivative; a decorator."""
        if not callable(rule):
            raise DeclarationError(f"{self.name}: its rule must be a function, got {describe(rule)}")
        self._rule = rule
        return rule

    def defjvps(self, *jvps: Callable | None) -> None:
        """Define the derivative argument by argument; see the class."""
        for i, jvp in enumerate(jvps):
            if jvp is not None and not callable(jvp):
                raise DeclarationError(
                    f"{self.name}: rule {i} must be a function or None, got {describe(jvp)}"
                )
        if self.nondiff:
            raise DeclarationError(f"{self.name}: defjvps takes no nondiff_argnums; use defjvp")

        def rule(primals: tuple, tangents: tuple) -> tuple:
            if len(jvps) != len(primals):
                raise ArgumentError(f"{self.name}: {len(jvps)} rules for {len(primals)} arguments")
            out = self(*primals)
            parts = [
                jvp(t, out, *primals) for jvp, t in zip(jvps, tangents) if jvp is not None and t is not None
            ]
            return out, functools.reduce(_added, parts) if parts else None

        self._rule = rule

    def _require_rule(self) -> None:
        if self._rule is None:
            raise MissingRule(f"{self.name} is a custom_jvp without a derivative: call defjvp(rule) first")

    def forward(self, args: list) -> tuple[Any, Any]:
        return self.f(*args), None

    def push(self, args: list, tangents: list) -> Any:
        primals = tuple(args[i] for i in self.differentiable(args))
        pair = self._rule(*self._fixed(args), primals, tuple(tangents))
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentError(
                f"{self.name}: its rule must return a pair of the result and its tangent, got "
                f"{describe(pair)}"
            )
        return pair[1]


def _added(x: Any, y: Any) -> Any:
    """The sum of two containers of arrays."""
    if not is_container(x):
        return x + y
    return rebuild(x, iter([a + b for (_, a), (_, b) in zip(leaves(x), leaves(y), strict=True)]))
