"""How functions of scipy.special are declared, and what is put around them for users.

    special("gammaln", d=lambda x: psi(x), doc=...)
    special("jv", ["v", "z"], vjp={"z": lambda g, v, z: ...}, refused=["v"], doc=...)

The kernel is SciPy's ufunc; the rules are those of `declare.py`. An argument by which there is no
derivative is `refused`: a gradient that would flow to it raises at the call, and never is zero.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ...codegen import stub
from ...declare import elementwise, primitive
from ...diagnose import CONVERTED, named
from ...errors import NotDifferentiable, OperandError
from ...keywords import has_tensor, with_keywords
from ...ops.composed import flows, plain, wrapped
from ...ops.elementwise import add
from ...ops.outputs import write_outs
from ...ops.shapes import as_array
from ...primitive import Case, Primitive, Rule, register
from ...protocols import IMPLEMENTATIONS
from ...tape import TensorBase, mode
from .. import load
from .._faces import spelled as _spelled
from ._documents import document, signature_of
from ._dtypes import (
    HALF,
    as_of,
    in_the_dtype_of,
    kind_of,
    narrowing,
    narrowing_forward,
    of_one_dtype,
    widened,
)

sc = load("special")

# every differentiable function of this namespace, by name
FUNCTIONS: dict[str, Callable] = {}
# the primitives behind them, and those of their derivatives
PRIMITIVES: list[Primitive] = []
# names that primitives of `ops/` have already
_TAKEN = {"cbrt", "erf", "exp2", "expm1", "kl_div", "log1p", "round", "softplus"}


def special(
    name: str, arrays: Sequence[str] = ("x",), d: Any = None, *, refused: Iterable[str] = (),
    real_only: bool = False, kernel: Callable | None = None, rules: dict[str, Rule] | None = None,
    given: dict[str, Any] | None = None, **facts: Any,
) -> Any:  # fmt: skip
    """Declare a ufunc of scipy.special with one result.

    Args:
        name: SciPy's name; where this version of SciPy has none, nothing is declared.
        arrays: names of the arguments.
        d, facts: see `elementwise`.
        refused: arguments by which there is no derivative here.
        real_only: whether complex arguments have no derivative, since it is not holomorphic.
        kernel: what computes it, if not SciPy's function itself.
        rules: ready-made rules, instead of `d` and `vjp`.
        given: sample values of arguments that are whole numbers.
    """
    theirs = getattr(sc, name, None)
    if theirs is None:
        return None
    kernel = kernel or (of_reals(name, theirs) if real_only else theirs)
    facts = {"reference": theirs, "constants": tuple(refused), **facts}
    if given:
        facts["cases"] = [Case(*[given.get(a, (2, 3)) for a in arrays])]
    own = f"scipy_{name}" if name in _TAKEN else name
    if rules is not None:
        core = (0,) * (len(arrays) + 1)
        prim = Primitive(own, kernel, arrays, statics=((), {}), rules=rules, core=core,
                         batch="elementwise", **facts)  # fmt: skip
        function: Any = stub(register(prim))
    else:
        function = elementwise(kernel, d, arrays=list(arrays), name=own, **facts)
    _ours(function)
    return enter(name, function, theirs, tuple(refused), real_only)


def own(kernel: Callable, arrays: Sequence[str], **facts: Any) -> Any:
    """Declare a primitive that SciPy has not: a derivative, made by a kernel of this package."""
    function = primitive(kernel, arrays, **facts)
    return _ours(function)


def _ours(function: Any) -> Any:
    """A function of a primitive, marked as one that needs SciPy; its derivatives keep single precision."""
    function.__module__ = "autograd.scipy"
    prim: Primitive = function.primitive
    beside = list(prim.rules) if len(prim.rules) == 1 or not prim.is_elementwise else []
    prim.rules = {a: narrowing(rule, beside) for a, rule in prim.rules.items()}
    prim.jvp = {a: narrowing_forward(push) for a, push in prim.jvp.items()}
    PRIMITIVES.append(function.primitive)
    return function


def own_elementwise(kernel: Callable, arrays: Sequence[str], **facts: Any) -> Any:
    """As `own`, element by element."""
    function = elementwise(kernel, arrays=list(arrays), **facts)
    return _ours(function)


def enter(
    name: str, function: Callable, theirs: Callable, refused: tuple[str, ...] = (), real_only: bool = False
) -> Callable:
    """The function for users: with NumPy's keywords, and refusals by name."""
    prim: Primitive = function.primitive  # type: ignore[attr-defined]
    inner = _with_outs(name, function, theirs) if prim.results else with_keywords(name, function, theirs)
    places = [(prim.arrays.index(a), a) for a in refused]

    def call(*args: Any, **options: Any) -> Any:
        if prim.results:  # SciPy computes in single precision at least
            args = tuple(widened(v) for v in args)
        for place, argument in places:
            if place < len(args) and _has_gradient(args[place]):
                raise _no_derivative(name, argument)
        if places and flows(*args):
            args = of_one_dtype(args)
        if real_only and any(np.iscomplexobj(plain(a)) for a in args):
            if any(map(_has_gradient, args)):
                raise NotDifferentiable(f"scipy.special.{name} has no complex derivative: not holomorphic")
            return _on_values(theirs, args, options)
        return inner(*args, **options)

    @functools.wraps(inner)
    def public(*args: Any, **options: Any) -> Any:
        try:
            return call(*args, **options)
        except CONVERTED as error:
            if has_tensor([*args, *options.values()]):
                raise named(name, error) from error.__cause__
            raise

    public.__name__ = public.__qualname__ = name
    public.__doc__ = document(name, prim, refused, real_only)
    public.__signature__ = signature_of(prim)  # type: ignore[attr-defined]
    FUNCTIONS[name] = public
    if isinstance(theirs, np.ufunc):
        IMPLEMENTATIONS[theirs] = public
    return public


def several(
    name: str, arrays: Sequence[str], results: Sequence[str], slopes: dict[str, Callable], *,
    refused: Iterable[str] = (), real_only: bool = False, given: dict[str, Any] | None = None,
    in_doubles: bool = False, **facts: Any,
) -> Any:  # fmt: skip
    """Declare a ufunc of scipy.special with several results.

    Args:
        slopes: argument -> the derivatives of all results by it, given all arguments and results.
        given: sample values of arguments that are whole numbers.
        in_doubles: whether to round what SciPy computes in double precision, since it is NaN in places
            where it computes in single precision.
    """
    theirs = getattr(sc, name, None)
    if theirs is None:
        return None
    kernel = of_reals(name, theirs) if real_only else _rounded(theirs) if in_doubles else theirs
    names = (*arrays, *results)

    def pulled(argument: str, slope: Callable) -> Callable:
        place = arrays.index(argument)

        def rule(g: tuple, *saved: Any) -> Any:
            pairs = zip(g, slope(*saved), strict=True)
            total = functools.reduce(add, [part * there for part, there in pairs if part is not None])
            return in_the_dtype_of(saved[place], total)

        return rule

    def pushed(slope: Callable) -> Callable:
        return lambda t, out, *args: tuple(t * part for part in slope(*args, *out))

    rules = {a: Rule(pulled(a, slope), "vjp", names) for a, slope in slopes.items()}
    prim = Primitive(
        name, kernel, arrays, statics=((), {}), rules=rules,
        results=tuple(results), jvp={a: pushed(slope) for a, slope in slopes.items()}, reference=theirs,
        constants=tuple(refused), cases=[Case(*[(given or {}).get(a, (2, 3)) for a in arrays])], batch="core", **facts,
    )  # fmt: skip
    function = stub(register(prim))
    _ours(function)
    enter(name, function if len(arrays) == 1 else _together(function), theirs, tuple(refused), real_only)
    return FUNCTIONS[name]


def _together(function: Any) -> Callable:
    """The function of arguments of one shape and dtype, as it is of those that broadcast."""
    prim: Primitive = function.primitive

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        args = tuple(as_array(a) if isinstance(a, (list, tuple)) else a for a in args)
        if not flows(*args):
            return function(*args)
        shape = np.broadcast_shapes(*[a.shape if flows(a) else np.shape(plain(a)) for a in args])
        dtype = np.result_type(*map(kind_of, args), np.float32)
        return function(*[as_of(a, shape, dtype) if flows(a) else a for a in args])

    call.primitive = prim  # type: ignore[attr-defined]
    return call


def _has_gradient(x: Any) -> bool:
    """Whether a gradient flows to it; under `vmap`, which batches what has none too."""
    return isinstance(x, TensorBase) and x._node is not None and mode.grad


def spelled(name: str, refused: Sequence[str] = ()) -> Callable:
    """Declare the function below as what `scipy.special.<name>` does where a gradient flows."""
    theirs = getattr(sc, name, None)

    def decorate(function: Callable) -> Callable:
        if theirs is None:
            return function
        FUNCTIONS[name] = _spelled(theirs)(function)
        return FUNCTIONS[name]

    return decorate


def refuse(name: str, **arguments: Any) -> None:
    """Raise where a gradient flows to one of these arguments."""
    for argument, value in arguments.items():
        if _has_gradient(value):
            raise _no_derivative(name, argument)


def _no_derivative(name: str, argument: str) -> NotDifferentiable:
    return NotDifferentiable(
        f"scipy.special.{name} has no derivative here by its argument {argument!r}; "
        "use .detach() if none is wanted"
    )


def _on_values(theirs: Callable, args: tuple, options: dict) -> Any:
    result = theirs(*plain(args), **plain(options))
    return result if all(a is b for a, b in zip(args, plain(args))) else wrapped(result)


def of_reals(name: str, theirs: Callable) -> Callable:
    """SciPy's function, of real numbers alone."""

    def kernel(*values: Any) -> Any:
        if any(np.iscomplexobj(v) for v in values):
            raise OperandError(f"{name}: differentiable by real numbers only")
        return theirs(*values)

    kernel.__name__ = name
    return kernel


def _rounded(theirs: np.ufunc) -> Callable:
    """SciPy's function in double precision, in the dtypes that it would give."""

    def kernel(*values: Any) -> tuple:
        dtypes = theirs.resolve_dtypes((*[_dtype_of(v) for v in values], *[None] * theirs.nout))
        wide = [v.astype(np.float64) if _dtype_of(v) in (HALF, np.float32) else v for v in values]
        return tuple(out.astype(t) for out, t in zip(theirs(*wide), dtypes[theirs.nin :]))

    return kernel


def _dtype_of(value: Any) -> Any:
    return getattr(value, "dtype", type(value))


def _with_outs(name: str, function: Callable, theirs: Callable) -> Callable:
    """A function of several results, with `out=`."""
    count = len(function.primitive.arrays)  # type: ignore[attr-defined]

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **options: Any) -> Any:
        if len(args) > count:
            args, out = args[:count], args[count:]
        if options:  # such as where=, which needs SciPy's own memory
            if flows(*args):
                raise OperandError(
                    f"{name}: the keyword {next(iter(options))!r} is not supported with a tensor"
                )
            return _on_values(theirs, args, options if out is None else {**options, "out": out})
        result = function(*args)
        return result if out is None else tuple(write_outs(name, out, result))

    return call
