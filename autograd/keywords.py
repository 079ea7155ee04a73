"""NumPy's keywords (`out`, `where`, `dtype`, `order`, ...) around functions that take the essential ones.

The functions of `ops/` take what a derivative needs; NumPy's own take more. The difference is
spelled out once, here: a call with keywords that a function does not know is spelled with
others, or goes to NumPy when no tensor is in it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from . import core_axes
from .diagnose import CONVERTED, named, odd_container
from .errors import ArgumentError, DtypeError
from .ops import choosing, masked, ordering, shapes
from .ops.composed import constant_of
from .ops.outputs import write_outs
from .primitive import parameters
from .tape import TensorBase

_MISSING: Any = np._NoValue
_STARRED = 0x04  # a code flag: the function has *args
# What these say is where results lie, or how NumPy gets there: nothing about values.
_MEMORY = {"subok": (True, False), "copy": (True, None), "device": ("cpu", None)}
_BY_ORDER: dict[str, Callable] = {
    "reshape": ordering.reshape,
    "ravel": ordering.ravel,
    "flatten": ordering.flatten,
}


def with_keywords(name: str, function: Callable, theirs: Any) -> Callable:
    """`function` with NumPy's keywords; NumPy's own function if no tensor is among the arguments."""

    shared = _shared_positions(function, theirs)
    own = frozenset(_own(function))
    # keywords that need no spelling; those of generalised ufuncs move axes
    direct = frozenset() if getattr(theirs, "signature", None) else own

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if not options and len(args) <= shared:
            try:
                return function(*args)
            except CONVERTED as error:
                raise _in_terms_of(name, args, error) from error.__cause__
        if not has_tensor(args) and not has_tensor(options.values()):
            return theirs(*args, **options)
        try:
            if len(args) > shared:  # by position NumPy means other things from here on
                options |= _by_name(name, theirs, args, shared, options)
                args = args[:shared]
            if not own.issuperset(options):
                args, options = _in_place(theirs, args, options)
            if direct.issuperset(options) and not any(v is _MISSING for v in options.values()):
                return function(*args, **options)
            return spell(name, function, theirs, args, options)
        except CONVERTED as error:
            raise named(name, error) from error.__cause__

    return _straight(name, function, call)


def _straight(name: str, function: Callable, call: Callable) -> Callable:
    """`call`, but straight to the function with one or two arguments, if so many are its usual ones."""
    prim = getattr(function, "primitive", None)
    names = parameters(function) if prim is None else () if prim.variadic else prim.arrays
    optional = len(function.__defaults__ or ()) if prim is None else 0

    def unary(x: Any = _MISSING, /, *args: Any, **options: Any) -> Any:
        if args or options or x is _MISSING:
            return call(*args, **options) if x is _MISSING else call(x, *args, **options)
        try:
            return function(x)
        except CONVERTED as error:
            raise _in_terms_of(name, (x,), error) from error.__cause__

    def binary(x: Any = _MISSING, y: Any = _MISSING, /, *args: Any, **options: Any) -> Any:
        if args or options or y is _MISSING:
            return call(*(v for v in (x, y) if v is not _MISSING), *args, **options)
        try:
            return function(x, y)
        except CONVERTED as error:
            raise _in_terms_of(name, (x, y), error) from error.__cause__

    short = {1: unary, 2: binary}.get(len(names) - optional)
    return functools.wraps(function)(short) if short else call


def _in_terms_of(name: str, args: tuple, error: Exception) -> Exception:
    """An error of a function in terms of NumPy's of that name, where NumPy's own would not be as clear."""
    return named(name, error) if has_tensor(args) or odd_container(args) else error


def _shared_positions(function: Callable, theirs: Any) -> int:
    """How many positional arguments mean the same here and in NumPy."""
    if isinstance(theirs, np.ufunc):
        return theirs.nin
    prim = getattr(function, "primitive", None)
    if prim is None:
        return 99 if function.__code__.co_flags & _STARRED else len(parameters(function))
    # arrays, and for reductions the axis; NumPy's third is dtype or out where ours is keepdims
    shared = prim.statics[:1] == ("axis",) or not {"axis", "keepdims"} & set(prim.statics)
    return len(prim.arrays) + (shared if prim.statics else 0)


def _by_name(name: str, theirs: Any, args: tuple, shared: int, options: dict) -> dict[str, Any]:
    """What positional arguments from `shared` on are called in NumPy."""
    if isinstance(theirs, np.ufunc):
        outs, names = args[shared:], [f"argument {i}" for i in range(theirs.nin + theirs.nout)]
        found: dict[str, Any] = {"out": (*outs, *[None] * (theirs.nout - len(outs)))}
    else:
        names = list(_signature(theirs))
        found = dict(zip(names[shared:], args[shared:]))
    if len(args) > len(names):
        raise ArgumentError(f"{name}: takes {len(names)} arguments at most, got {len(args)}")
    for twice in found.keys() & options.keys():
        raise ArgumentError(f"{name}: {twice} is given by position and by name")
    return found


def _in_place(theirs: Any, args: tuple, options: dict) -> tuple[tuple, dict]:
    """Arguments that NumPy always needs are known by their place here, whatever NumPy's name for them."""
    options = dict(options)
    for name, parameter in list(_signature(theirs).items())[len(args) :]:
        if parameter.default is not parameter.empty or name not in options:
            break
        args = (*args, options.pop(name))
    return args, options


@functools.cache
def _signature(theirs: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a function of NumPy; none if it does not tell. Asking takes 20 us."""
    try:
        return dict(inspect.signature(theirs).parameters)
    except (TypeError, ValueError):
        return {}


def has_tensor(values: Any) -> bool:
    """Whether a tensor is among these values, or in a list among them."""
    for value in values:
        if isinstance(value, TensorBase) or (type(value) in (list, tuple) and has_tensor(value)):
            return True
    return False


def spell(name: str, function: Callable, theirs: Any, args: tuple, options: dict[str, Any]) -> Any:
    """The call spelled with what the functions of `ops/` take."""
    options = {k: v for k, v in options.items() if v is not _MISSING}
    given = {k: v for k, v in options.items() if k != "out"}
    extra = {k: options.pop(k) for k in options.keys() - _own(function)}
    outs, casting = _outs(extra.pop("out", None)), extra.pop("casting", "same_kind")
    args, dtype = _cast_first(name, function, theirs, args, extra, casting)
    spelled = _spelled(name, function, theirs, extra, options)
    mask, layout = extra.pop("where", True), extra.pop("order", None) or "K"
    if mask is not True and outs is None:
        raise ArgumentError(f"{name}: where= needs out=, which holds the values it leaves")
    unknown = _unknown(theirs, extra)
    if unknown is None:
        result = spelled(*args, **options)
    elif _is_constant(function):
        result = constant_of(theirs, args, given)
    else:
        raise ArgumentError(f"{name}: the keyword {unknown!r} is not supported with a tensor")
    if dtype is not None:
        result = shapes.astype(result, np.dtype(dtype))
    if layout != "K":
        result = ordering.arranged(result, layout, args)
    return result if outs is None else _written(name, outs, result, mask, theirs, casting)


def _spelled(name: str, function: Callable, theirs: Any, extra: dict, options: dict) -> Callable:
    """The function that stands for this one with some of the keywords, which are taken out."""
    if getattr(function, "primitive", None) is not None and name_of(function) in masked.WITH_MASK:
        chosen = {k: extra.pop(k) for k in ("where", "initial", "mean", "correction") if k in extra}
        if any(v is not None and not (v is True and k == "where") for k, v in chosen.items()):
            return functools.partial(_reduce_some, function, chosen)
    elif getattr(theirs, "signature", None) and isinstance(theirs, np.ufunc):
        axes = {k: (extra if k in extra else options).pop(k, None) for k in core_axes.KEYWORDS}
        if any(axes.values()) or axes["axis"] is not None:
            return functools.partial(core_axes.on_axes, name, function, theirs, axes)
    elif name in _BY_ORDER and {"order", "copy"} & extra.keys():
        chosen = {k: extra.pop(k) for k in ("order", "copy") if k in extra}
        return functools.partial(_BY_ORDER[name], **chosen)
    return function


def _written(name: str, outs: tuple, result: Any, mask: Any, theirs: Any, casting: Any) -> Any:
    """The result written where `out=` says; where a mask is false, `out=` keeps its values."""
    results = result if isinstance(result, tuple) else (result,)
    if mask is not True:
        pairs = zip(results, outs, strict=False)
        results = tuple(r if o is None else choosing.where(mask, r, o) for r, o in pairs)
    written = write_outs(name, outs, results, theirs, casting)
    return tuple(written) if isinstance(result, tuple) else written[0]


def _outs(out: Any) -> tuple | None:
    """`out=` as a tuple with one place for each result; None if it names nothing."""
    outs = out if isinstance(out, tuple) else (out,)
    return None if all(o is None or o is Ellipsis for o in outs) else outs


def _is_constant(function: Callable) -> bool:
    prim = getattr(function, "primitive", None)
    return prim is not None and not prim.is_differentiable


def _cast_first(
    name: str, function: Callable, theirs: Any, args: tuple, extra: dict, casting: Any
) -> tuple[tuple, Any]:
    """Arguments in the dtype that `dtype=` or `signature=` computes in; what to cast the result to."""
    dtype, signature = extra.pop("dtype", None), extra.pop("signature", None) or extra.pop("sig", None)
    if isinstance(theirs, np.ufunc):
        if dtype is not None:
            signature = (None,) * theirs.nin + (np.dtype(dtype),) * theirs.nout
        return (args if signature is None else _resolved(name, theirs, args, signature, casting)), None
    if dtype is not None and _computes_in(function, args, np.dtype(dtype)):
        return tuple(_cast(a, np.dtype(dtype)) for a in args), None
    return args, dtype


def _resolved(name: str, theirs: np.ufunc, args: tuple, signature: Any, casting: Any) -> tuple:
    """Arguments in the dtypes of the loop of a ufunc that a signature names."""
    args = tuple(shapes.as_array(a) if isinstance(a, (list, tuple)) else a for a in args)
    known = tuple(getattr(a, "dtype", type(a)) for a in args) + (None,) * theirs.nout
    try:
        found = theirs.resolve_dtypes(known, signature=signature, casting=casting)
    except (TypeError, ValueError) as error:
        raise DtypeError(f"{name}: {str(error).splitlines()[0]}") from None
    return tuple(_cast(a if hasattr(a, "dtype") else np.asarray(a), d) for a, d in zip(args, found))


def name_of(function: Callable) -> str:
    """What a function of `ops/` is called there."""
    prim = getattr(function, "primitive", None)
    return function.__name__ if prim is None else prim.name


def _own(function: Callable) -> set[str]:
    """The parameters that a function has itself."""
    prim = getattr(function, "primitive", None)
    if prim is not None:
        return {*prim.arrays, *prim.statics}
    code = function.__code__
    return {*parameters(function), *code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]}


def _reduce_some(function: Callable, chosen: dict, x: Any, axis: Any = None, **options: Any) -> Any:
    return masked.masked(name_of(function), x, {"axis": axis, **options, **chosen})


def _unknown(theirs: Any, extra: dict[str, Any]) -> str | None:
    """The first keyword that would change something; the others may be left out."""
    known = _signature(theirs)
    for key, value in extra.items():
        usual = known[key].default if key in known else inspect.Parameter.empty
        simple = isinstance(value, (str, bool, int, type(None)))
        if not simple or not (value == usual or value in _MEMORY.get(key, ())):
            return key
    return None


def _computes_in(function: Callable, args: tuple, dtype: np.dtype) -> bool:
    """Whether `dtype=` is what a function computes in, rather than what it casts the result to."""
    prim = getattr(function, "primitive", None)
    if prim is not None and prim.variadic:
        return False
    if name_of(function) in ("var", "std") and dtype.kind == "c":  # whose result is real otherwise
        return not args or np.dtype(getattr(args[0], "dtype", dtype)).kind == "c"
    return name_of(function) in (*masked.WITH_MASK, "cumsum", "cumprod")


def _cast(arg: Any, dtype: np.dtype) -> Any:
    if isinstance(arg, (list, tuple)):
        arg = shapes.as_array(arg)
    return arg if not hasattr(arg, "dtype") or arg.dtype == dtype else shapes.astype(arg, dtype)
