"""The rules of user-defined primitives, in HIPS autograd's form: two tables and the ways to fill them.

An entry of `primitive_vjps` is `maker(argnums, ans, args, kwargs)`, which gives a function from the
cotangent of the result to those of the arguments `argnums`; one of `primitive_jvps` is
`rule(argnums, tangents, ans, args, kwargs)`, the tangent of the result.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from ..errors import DeclarationError, MissingRule
from ..protocols import IMPLEMENTATIONS
from .vspaces import vspace

primitive_vjps: dict[Callable, Callable] = {}
primitive_jvps: dict[Callable, Callable] = {}

SAME = "same"


def name_of(fun: Any) -> str:
    """What errors and pictures call a function."""
    return getattr(fun, "__name__", repr(fun))


def _enter(table: dict[Callable, Callable], fun: Any, rule: Callable, caller: str) -> None:
    """Have a primitive use a rule. A function of ours keeps the derivative that it has."""
    _known(fun, caller)
    if getattr(fun, "_is_autograd_primitive", False):
        table[fun] = rule
    elif table is primitive_vjps:  # packages give forward rules to what HIPS autograd has none for
        warnings.warn(
            f"{caller}: {name_of(fun)} has a derivative, which stays; wrap it by "
            "autograd.extend.primitive to give it another",
            stacklevel=3,
        )


def _known(fun: Any, caller: str) -> None:
    if getattr(fun, "_is_autograd_primitive", False) or _is_ours(fun):
        return
    raise DeclarationError(
        f"{caller}: {name_of(fun)} is not made by autograd.extend.primitive; define the rule of a "
        "primitive that wraps it"
    )


def _is_ours(fun: Any) -> bool:
    """Whether it is a function of the namespaces that has a derivative."""
    faces: Any = sys.modules.get("autograd.scipy._faces")
    return any(
        fun is own for table in (IMPLEMENTATIONS, faces.SPELLED if faces else {}) for own in table.values()
    )


def defvjp_argnums(fun: Callable, vjpmaker: Callable) -> None:
    """Define all cotangents at once: `vjpmaker(argnums, ans, args, kwargs)(g)` is a sequence of them."""
    _enter(primitive_vjps, fun, vjpmaker, "defvjp_argnums")


def defvjp_argnum(fun: Callable, vjpmaker: Callable) -> None:
    """Define the cotangent of each argument by `vjpmaker(argnum, ans, args, kwargs)(g)`."""

    def maker(argnums: Iterable[int], ans: Any, args: tuple, kwargs: dict) -> Callable:
        pulls = [vjpmaker(argnum, ans, args, kwargs) for argnum in argnums]
        return lambda g: [pull(g) for pull in pulls]

    defvjp_argnums(fun, maker)


def defvjp(fun: Callable, *vjpmakers: Callable | None, argnums: Iterable[int] | None = None) -> None:
    """Define cotangents one by one: `vjpmaker(ans, *args, **kwargs)(g)`; None for a zero derivative.

    Args:
        fun: what `primitive` gave. A function of our namespaces keeps its own derivative, with a warning.
        vjpmakers: one for each of `argnums`, by default 0, 1, ...

    Errors: DeclarationError for what is no primitive, or a maker that cannot be called.
    """
    makers = _table(fun, vjpmakers, argnums, "defvjp", _zero_vjp)

    def maker(wanted: Iterable[int], ans: Any, args: tuple, kwargs: dict) -> Callable:
        pulls = [_chosen(makers, i, fun, "defvjp")(ans, *args, **kwargs) for i in wanted]
        return lambda g: [pull(g) for pull in pulls]

    maker.argnums = set(makers)  # type: ignore[attr-defined]
    defvjp_argnums(fun, maker)


def defjvp_argnums(fun: Callable, jvpmaker: Callable) -> None:
    """Define the tangent of the result by `jvpmaker(argnums, tangents, ans, args, kwargs)`."""
    _enter(primitive_jvps, fun, jvpmaker, "defjvp_argnums")


def defjvp_argnum(fun: Callable, jvpmaker: Callable) -> None:
    """Define what each argument's tangent adds, by `jvpmaker(argnum, tangent, ans, args, kwargs)`."""

    def rule(argnums: Iterable[int], gs: Iterable, ans: Any, args: tuple, kwargs: dict) -> Any:
        return _total(ans, [jvpmaker(i, g, ans, args, kwargs) for i, g in zip(argnums, gs)])

    defjvp_argnums(fun, rule)


def defjvp(fun: Callable, *jvpfuns: Callable | str | None, argnums: Iterable[int] | None = None) -> None:
    """Define tangents one by one: `jvpfun(g, ans, *args, **kwargs)`.

    None stands for zero; "same" for a function linear in this argument, applied to the tangent.
    """
    makers = _table(fun, jvpfuns, argnums, "defjvp", _zero_jvp)

    def rule(wanted: Iterable[int], gs: Iterable, ans: Any, args: tuple, kwargs: dict) -> Any:
        parts = []
        for i, g in zip(wanted, gs):
            make = _chosen(makers, i, fun, "defjvp")
            parts.append(
                fun(*_with(args, i, g), **kwargs) if make is SAME else make(g, ans, *args, **kwargs)
            )
        return _total(ans, parts)

    rule.argnums = set(makers)  # type: ignore[attr-defined]
    defjvp_argnums(fun, rule)


def def_linear(fun: Callable) -> None:
    """Define tangents of a function that is linear in each of its arguments."""
    defjvp_argnum(fun, lambda argnum, g, ans, args, kwargs: fun(*_with(args, argnum, g), **kwargs))


def _table(fun: Any, makers: tuple, argnums: Any, caller: str, zero: Callable) -> dict[int, Any]:
    _known(fun, caller)
    for make in makers:
        if make is not None and not callable(make) and not (caller == "defjvp" and make == SAME):
            raise DeclarationError(f"{caller}: a rule of {name_of(fun)} must be callable, got {make!r}")
    return {i: zero if make is None else make for i, make in zip(argnums or count(), makers)}


def _chosen(makers: dict[int, Any], i: int, fun: Any, caller: str) -> Any:
    if i not in makers:
        raise MissingRule(f"{name_of(fun)}: {caller} defines no rule for argument {i}")
    return makers[i]


def _zero_vjp(*args: Any, **kwargs: Any) -> Callable:
    return lambda g: None


def _zero_jvp(g: Any, ans: Any, *args: Any, **kwargs: Any) -> Any:
    return vspace(ans).zeros()


def _with(args: tuple, i: int, value: Any) -> list:
    return [value if j == i else a for j, a in enumerate(args)]


def _total(ans: Any, parts: list) -> Any:
    return functools.reduce(vspace(ans).add, parts)


# ------------------------------------------------------------------ names


def get_name(f: Any) -> str:
    """The name of a function, if it has one."""
    return getattr(f, "__name__", "[unknown name]")


def get_doc(f: Any) -> str:
    """The docstring of a function, if it has one."""
    return getattr(f, "__doc__", "")


def wraps(fun: Callable, namestr: str = "{fun}", docstr: str = "{doc}", **names: Any) -> Callable:
    """A decorator that gives a function the name and docstring of another, put into these patterns."""

    def named(f: Any) -> Any:
        f.__name__ = namestr.format(fun=get_name(fun), **names)
        f.__doc__ = docstr.format(fun=get_name(fun), doc=get_doc(fun), **names)
        return f

    return named


def wrap_nary_f(fun: Callable, op: Callable, argnum: Any) -> Callable:
    """A decorator that names a function `op_of_fun_wrt_argnum_i`."""
    return wraps(
        fun, "{op}_of_{fun}_wrt_argnum_{i}", "{op} of {fun} by argument {i}.", op=get_name(op), i=argnum
    )


def func(f: Any) -> Any:
    """f itself."""
    return f
