"""What a primitive is: one declaration that everything else is derived from.

A primitive is a NumPy kernel plus the rules of its derivative. This file only *describes*
primitives; `wrappers.py` and `pulls.py` write code from a description, `tape.py` records
calls, `sweeping.py` sweeps them. The registry below lists them all: tests, the
`autograd.numpy` namespace and graph labels read it.

The parameter list of a rule is its save list. A rule may name

- `g`, the cotangent (first, in rules of the `vjp` form),
- any array argument (`x`), or only its shape (`x_shape`), which saves no data,
- `out`, the result,
- `aux`, where the kernel gives `(out, aux)`: something it has at hand that the rule would have
  to compute again. It has no gradient, so a sweep that is itself recorded passes None, and the
  rule computes it with the operations;
- any static, i.e. any non-array parameter of the kernel (`axis`, `keepdims`, ...);
- any of the `results` by name, where there are several. Then `g` is a tuple of the cotangents of
  all, with None for those that got none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import Any

from .errors import DeclarationError

REGISTRY: dict[str, Primitive] = {}

_IDENTITY_CODE = (lambda v: v).__code__.co_code


def parameters(fn: Callable) -> list[str]:
    """The parameter names of a Python function; `inspect` would triple the import time."""
    if not hasattr(fn, "__code__"):
        raise DeclarationError(f"{fn!r} does not tell its parameters' names; write a lambda around it")
    return list(fn.__code__.co_varnames[: fn.__code__.co_argcount])


class Rule:
    """One derivative: a function and the names of what it needs saved.

    `form` says how the function is used for the cotangent `g` of the result:

    ========  =====================================================
    vjp       `fn(g, *saved)` is the argument's cotangent
    factor    `g * fn(*saved)` is: an elementwise partial derivative
    number    `g * number` is; `fn` is the number
    ========  =====================================================
    """

    __slots__ = ("fn", "form", "names")

    def __init__(self, fn: Any, form: str, names: Sequence[str] | None = None):
        self.form = form if callable(fn) else "number"
        self.fn = fn
        if names is not None:
            self.names = tuple(names)
            return
        names = parameters(fn) if callable(fn) else []
        if form == "vjp" and callable(fn):
            if names[:1] != ["g"]:
                raise DeclarationError(f"a vjp rule takes the cotangent 'g' first, got {names}")
            names = names[1:]
        self.names = tuple(names)

    @property
    def is_saved_value(self) -> bool:
        """Whether the factor is just the saved value, as in `d(x*y)/dx = y`: no call needed."""
        return self.form == "factor" and len(self.names) == 1 and self.fn.__code__.co_code == _IDENTITY_CODE


class Case:
    """One sample call for tests: a shape (or a ready array) per array argument, and statics."""

    __slots__ = ("args", "statics")

    def __init__(self, *args: Any, **statics: Any):
        self.args, self.statics = args, statics

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.statics.items()]
        return f"Case({', '.join(parts)})"


class NoTangent:
    """What a `jvp` gives for one of several results that has no tangent; its use raises the error."""

    __slots__ = ("error",)

    def __init__(self, error: Exception):
        self.error = error


class Primitive:
    """The declaration of one operation. See `declare.py` for the forms that create it.

    Attributes:
        name: what users, graphs and errors call it.
        kernel: NumPy code; array arguments first, then statics.
        arrays: names of the array arguments; `("*xs",)` for one sequence of arrays.
        statics: names of the other parameters, with `defaults`.
        rules: argument -> Rule. An array argument without a rule is declared constant.
        joint: one rule for all arguments at once, instead of `rules`.
        core: array axes each argument keeps out of broadcasting, then those of the result
            (all 0: elementwise); None: no broadcasting.
        linear: `True` if linear in its arguments together, `"each"` if in each alone.
        jvp: argument -> `fn(tangent, out, *arrays, *statics)`, where no default will do.
        formula: the same by other primitives, `fn(*arrays, *statics)`, of those made by `fused`.
        push: where they have one, the tangent of the result, `fn(arrays, tangents, *statics)` on ndarrays.
        batch: batching class for `vmap`; None means loop and stack.
        view: put-back of a view, `fn(base, new, *statics)`; None if the result owns its data.
        aux: whether the kernel gives `(out, aux)`.
        results: names of the results where there are several, which the kernel gives as a tuple;
            the function gives a tuple of the same type. Those that are no floating numbers have
            no gradient.
        promotes: whether the arguments are cast to one dtype, as arithmetic does.
        singular: the derivative is infinite somewhere, so that `0 * inf` must stay 0.
        looks_back: its rule raises `Untold` where a cotangent of arrays does not say enough; what it came
            from does.
        analytic: complex step applies (the kernel takes complex and is holomorphic).
        domain: (low, high) per argument where it is smooth, for samples.
        kinks: a word on what the derivative is where there is none.
        cases: sample calls for tests.
        numpy: the NumPy functions it stands for.
        replaces: whether it takes the place of a former one of its name, as in a notebook.
        kernel_source: an expression over `{x}`-like names that runs the kernel inline.
    """

    def __init__(self, name: str, kernel: Callable, arrays: Sequence[str], **facts: Any):
        self.name, self.kernel, self.arrays = name, kernel, tuple(arrays)
        self.variadic = self.arrays[:1] and self.arrays[0].startswith("*")
        self.statics, self.defaults = facts.pop("statics")
        self.rules: dict[str, Rule] = facts.pop("rules", {})
        self.joint: Rule | None = facts.pop("joint", None)
        core = facts.pop("core", None)
        self.core: tuple[int, ...] | None = core and core[:-1]
        self.core_out: int = core[-1] if core else 0
        self.linear: bool | str = facts.pop("linear", False)
        self.jvp: dict[str, Callable] = facts.pop("jvp", None) or {}
        self.formula: Callable | None = facts.pop("formula", None)
        self.push: Callable | None = facts.pop("push", None)
        self.batch: Any = facts.pop("batch", None)
        self.view: Callable | None = facts.pop("view", None)
        self.aux: bool = facts.pop("aux", False)
        self.results: tuple[str, ...] = tuple(facts.pop("results", ()))
        self.promotes: bool = facts.pop("promotes", True)
        self.singular: bool = facts.pop("singular", False)
        self.looks_back: bool = facts.pop("looks_back", False)
        self.analytic: bool = facts.pop("analytic", False)
        self.domain: Any = facts.pop("domain", None)
        self.kinks: str = facts.pop("kinks", "")
        self.cases: Sequence[Case] = facts.pop("cases", ())
        self.numpy: tuple[Callable, ...] = tuple(facts.pop("numpy", ()))
        self.reference: Callable | None = facts.pop("reference", None)
        self.kernel_source: str = facts.pop("kernel_source", "")
        self.reflected: str = facts.pop("reflected", "")
        self.doc: str = facts.pop("doc", "")
        self.replaces: bool = facts.pop("replaces", False)
        self.owner = name  # the name that its generated functions begin with
        constants = facts.pop("constants", ())
        if facts:
            raise DeclarationError(f"{name}: unknown fact {sorted(facts)[0]!r}")
        self._check(constants)
        self.steps: dict[tuple[int, ...], Any] = {}  # active arguments -> Step, see pulls.py
        self.function: Any = None

    def _check(self, constants: Sequence[str]) -> None:
        """Reject a declaration that names what does not exist. Costs nothing at call time."""
        if not self.name.isidentifier() or iskeyword(self.name):
            raise DeclarationError(f"{self.name!r} is no name for a primitive; give name=, an identifier")
        plain = [a.lstrip("*") for a in self.arrays]
        known = {"out", "wanted", *plain, *self.statics, *self.results} | ({"aux"} if self.aux else set())
        known |= {f"{a}_{fact}" for a in plain for fact in ("shape", "dtype")}
        for arg in [*self.rules, *constants]:
            if arg not in plain:
                raise DeclarationError(f"{self.name}: {arg!r} is no array argument")
        if self.is_differentiable and not self.joint:
            for arg in set(plain) - set(self.rules) - set(constants):
                raise DeclarationError(f"{self.name}: {arg!r} has no rule and is not constant")
        for rule in [*self.rules.values(), *([self.joint] if self.joint else [])]:
            for unknown in set(rule.names) - known:
                raise DeclarationError(f"{self.name}: a rule needs {unknown!r}; known: {sorted(known)}")

    @functools.cached_property
    def is_elementwise(self) -> bool:
        return self.core is not None and not any(self.core) and not self.statics

    @property
    def is_differentiable(self) -> bool:
        return bool(self.rules or self.joint)

    def differentiable_in(self, index: int) -> bool:
        """Whether the array argument at this position has a derivative."""
        return self.joint is not None or (not self.variadic and self.arrays[index] in self.rules)

    def __repr__(self) -> str:
        return f"Primitive({self.name})"


def register(prim: Primitive) -> Primitive:
    """Enter a primitive in the registry; a name is given once, unless it `replaces` the former one."""
    former = REGISTRY.get(prim.name)
    if former is not None and not prim.replaces:
        raise DeclarationError(
            f"{prim.name} is declared twice; give it another name, or replaces=True if it is declared anew"
        )
    if former is not None:  # what was recorded with it goes on to use its own generated functions
        prim.owner = f"{prim.name}_{int(former.owner.removeprefix(prim.name).strip('_') or 1) + 1}"
    REGISTRY[prim.name] = prim
    return prim


def slow_defaults() -> dict[str, list[str]]:
    """Primitives that fall back on a slow default, by which default.

    `batch` lists those that `vmap` has to run in a loop, `jvp` those whose forward derivative
    costs two reverse ones.

    Example:
        >>> sorted(slow_defaults())
        ['batch', 'jvp']
    """
    prims = [p for p in REGISTRY.values() if p.is_differentiable]
    return {
        "batch": [p.name for p in prims if p.batch is None],
        "jvp": [p.name for p in prims if not (p.linear or p.jvp or p.formula or p.is_elementwise)],
    }
