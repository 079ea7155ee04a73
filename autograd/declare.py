"""The three forms in which primitives are declared.

    exp = elementwise(np.exp, d=lambda out: out)
    multiply = elementwise(np.multiply, x=lambda y: y, y=lambda x: x)
    sum = primitive(kernel, ["x"], vjp={"x": lambda g, x_shape, axis, keepdims: ...}, linear=True)
    layer_norm = fused(kernel, ["x", "weight"], backward=backward, formula=formula)

All register a `Primitive` and return the function that calls it. Rules are written with the
operations themselves, so one rule serves arrays and Tensors, hence every order of derivative;
`fused` has a kernel for the first order, and a formula for those above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from . import wrappers  # noqa: F401 - writes the functions
from .codegen import FAST, stub
from .errors import DeclarationError
from .modes import enable_grad
from .primitive import Case, Primitive, Rule, parameters, register
from .sweeping import sweep
from .tape import mode

_STARRED = 0x04 | 0x08  # the flags of a function with *args or **options


def elementwise(
    kernel: Callable,
    d: Any = None,
    *,
    arrays: Sequence[str] | None = None,
    vjp: Any = None,
    name: str | None = None,
    constants: Sequence[str] = (),
    **facts: Any,
) -> Any:
    """Declare a function applied element by element, with broadcasting.

    Args:
        kernel: a NumPy ufunc, or something that broadcasts as one.
        d: the derivative of a function of one argument `x`, as a function of `x` or `out`; a
            number where it is constant. The engine multiplies the cotangent by it.
        arrays: names of the arguments; by default `x`, or the names that derivatives are
            given for.
        vjp: where a product says it badly, the cotangent itself: `fn(g, ...)`, or a dict of
            them by argument.
        constants: arguments without a derivative.
        facts: see `Primitive`; and `x=...`, `y=...`, the partial derivatives by argument.
    """
    if vjp is not None and not isinstance(vjp, Mapping):
        vjp = {"x": vjp}
    partials = {k: facts.pop(k) for k in list(facts) if len(k) == 1}
    if d is not None:
        partials["x"] = d
    rules = {arg: Rule(fn, "factor") for arg, fn in partials.items()}
    rules |= {arg: Rule(fn, "vjp") for arg, fn in (vjp or {}).items()}
    names = tuple(arrays or sorted(rules) or ("x",))
    reals = facts.pop("core", (0,) * (len(names) + 1))
    prim = Primitive(
        name or kernel.__name__,
        kernel,
        names,
        statics=((), {}),
        rules=rules,
        core=reals,
        batch="elementwise",
        constants=constants or [n for n in names if not rules],
        **facts,
    )
    return stub(register(prim))


def primitive(
    kernel: Callable,
    arrays: Sequence[str],
    *,
    vjp: Mapping[str, Any] | Callable | None = None,
    name: str | None = None,
    **facts: Any,
) -> Any:
    """Declare any other operation.

    Args:
        kernel: a Python function; arrays first, every other parameter is a static.
        arrays: names of the array arguments; `["*xs"]` for one sequence of arrays, which the
            kernel gets as a list.
        vjp: argument -> `fn(g, ...)`, the cotangent of that argument; or one function that
            gives those of all arguments as a sequence (needed for `*xs`).
        facts: see `Primitive`; `results=("q", "r")` for a kernel that gives a tuple.
    """
    plain = [a.lstrip("*") for a in arrays]
    names = parameters(kernel)
    if kernel.__code__.co_kwonlyargcount or kernel.__code__.co_flags & _STARRED:
        raise DeclarationError(f"{name or kernel.__name__}: the kernel must take its statics by position")
    if names[: len(plain)] != plain:
        raise DeclarationError(f"{name or kernel.__name__}: the kernel must begin with {plain}")
    if callable(vjp):
        facts["joint"] = Rule(vjp, "vjp")
    elif vjp:
        facts["rules"] = {arg: Rule(fn, "vjp") for arg, fn in vjp.items()}
    if not vjp:
        facts.setdefault("constants", plain)
    statics = (tuple(names[len(plain) :]), _defaults(kernel))
    prim = Primitive(name or kernel.__name__, kernel, arrays, statics=statics, **facts)
    return stub(register(prim))


def _defaults(kernel: Callable) -> dict[str, Any]:
    names, defaults = parameters(kernel), kernel.__defaults__ or ()
    return dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))


def fused(
    kernel: Callable,
    arrays: Sequence[str],
    *,
    backward: Callable,
    formula: Callable,
    name: str | None = None,
    **facts: Any,
) -> Any:
    """Declare a formula of other operations as one operation, with kernels for both directions.

    Args:
        kernel: `kernel(*arrays, *statics) -> (out, aux)`; aux, what the backward kernel needs
            besides, must not be None.
        arrays: names of the array arguments.
        backward: `backward(g, ...)`, a kernel on ndarrays that gives the cotangents of all
            arguments as a sequence. It may name what rules may, and `wanted`, the positions of
            the arguments whose cotangent is needed; for the others it may give None.
        formula: `formula(*arrays, *statics)`, the same result by differentiable operations.
            Where a sweep is itself recorded, the derivatives are those of the formula.
        facts: see `Primitive`; with `push`, a kernel of the forward derivative.
    """
    needs = parameters(backward)[1:]
    statics = parameters(kernel)[len(arrays) :]
    inputs = [*arrays, *statics]
    names = list(dict.fromkeys([*needs, *inputs, "aux", "wanted"]))
    picked = [names.index(n) for n in needs]
    given = [names.index(n) for n in inputs]

    def rule(g: Any, *saved: Any) -> Sequence:
        if saved[at_aux] is not None:
            return backward(g, *[saved[i] for i in picked])
        values = [saved[i] for i in given]
        return _by_formula(formula, values, len(arrays), g, saved[at_wanted])

    at_aux, at_wanted = names.index("aux"), names.index("wanted")
    facts |= {"joint": Rule(rule, "vjp", names), "formula": formula}
    facts.setdefault("promotes", False)
    known = (tuple(statics), _defaults(kernel))
    return stub(
        register(Primitive(name or kernel.__name__, kernel, arrays, statics=known, aux=True, **facts))
    )


def _by_formula(formula: Callable, values: list, count: int, g: Any, wanted: Sequence[int]) -> list:
    """The cotangents of a formula's wanted arguments, recorded, as a sweep on Tensors has them."""
    with nullcontext() if mode.grad else enable_grad():  # the sweep may run where nothing is recorded
        for i in wanted:
            values[i] = FAST["copy"](values[i])  # a node of its own, though one may come from another
        out = formula(*values)
    targets = dict.fromkeys(values[i]._node[0] for i in wanted)
    if getattr(out, "_node", None) is not None:  # else it depends on none of them
        sweep([(out._node, g)], targets, keep=True, lifted=True)
    found: list = [None] * count
    for i in wanted:
        cotangent = targets[values[i]._node[0]]
        found[i] = FAST["zeros_like"](values[i]) if cotangent is None else cotangent
    return found


case = Case
