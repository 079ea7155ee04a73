"""NumPy's functions spelled with other operations, with all of NumPy's arguments.

    @composed(np.trapezoid)
    def trapezoid(y, x=None, dx=1.0, axis=-1): ...

The body has NumPy's signature and says what happens to Tensors that a gradient flows through. Without
a Tensor among the arguments the call is NumPy's own; with constants alone it is NumPy's own on their
values, and the result is a Tensor. So values, dtypes, options and errors are NumPy's wherever nothing is
recorded. `out=` is taken from the call and written here.

`locally_constant` declares what no small change of its arguments changes: NumPy's own on the values,
and the result is a Tensor that needs no gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..diagnose import CONVERTED, named, odd_container
from ..errors import AutogradError
from ..memory import is_array
from ..primitive import parameters
from ..tape import TensorBase, mode, new_tensor
from ..wholes import as_whole
from . import batched_functions
from .outputs import write_outs

# NumPy's function -> ours; `autograd.numpy` reads it
COMPOSED: dict[Callable, Callable] = {}
# those whose results have no gradient because it is zero
LOCALLY_CONSTANT: set[Callable] = set()

_NONE, _CONSTANT, _FLOWING = 0, 1, 2


def composed(
    *theirs: Callable,
    views: bool = False,
    calls: bool = False,
    table: dict[Callable, Callable] | None = None,
) -> Callable:
    """Declare the function below as what these functions of NumPy do to Tensors.

    Args:
        theirs: NumPy's functions.
        views: whether results share memory with arguments, so that constants need the body too.
        calls: whether it calls a function of the user's, which may bring tensors of its own, so that
            the body is what always happens.
    """

    def decorate(function: Callable) -> Callable:
        names = parameters(function)
        place = names.index("out") if "out" in names else len(names) + 99
        plainly, name = theirs[0], theirs[0].__name__
        if table is not None:  # of SciPy, whose functions have no protocol to be recorded by
            plainly = functools.partial(as_whole, plainly)

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            kind = max(_kind(args), _kind(options.values())) if options else _kind(args)
            if kind is _NONE and not calls:
                return _without_tensors(name, plainly, args, options)
            out = options.pop("out", None)
            if len(args) > place:
                out, args = args[place], (*args[:place], None, *args[place + 1 :])
            try:
                looked_at = mode.interceptor is not None and mode.generators is None
                if out is None and kind is _CONSTANT and not (views or calls or looked_at):
                    return wrapped(plainly(*plain(args), **plain(options)))
                if mode.levels:
                    result = batched_functions.run(function, call, args, options)
                else:
                    result = function(*args, **options)
                return result if out is None else _into(out, result, name)
            except CONVERTED as error:
                inside = error.__traceback__ is not None and error.__traceback__.tb_next is not None
                if (
                    not isinstance(error, AutogradError)
                    and inside
                    and (calls or has_function([*args, *options.values()]))
                ):
                    raise  # from the user's function, perhaps
                raise named(name, error) from error.__cause__

        (COMPOSED if table is None else table).update(dict.fromkeys(theirs, call))
        return call

    return decorate


def locally_constant(*theirs: Callable) -> None:
    """Declare functions of NumPy whose derivative is zero wherever there is one."""
    for function in theirs:
        COMPOSED[function] = _constant(function)
        LOCALLY_CONSTANT.add(function)


def _constant(theirs: Callable) -> Callable:
    @functools.wraps(theirs)
    def call(*args: Any, **options: Any) -> Any:
        if _kind(args) is _NONE and _kind(options.values()) is _NONE:
            return _without_tensors(theirs.__name__, theirs, args, options)
        out = options.pop("out", None)
        try:
            result = constant_of(theirs, args, options)
        except CONVERTED as error:
            raise named(theirs.__name__, error) from error.__cause__
        return result if out is None else _into(out, result, theirs.__name__)

    return call


def has_function(things: Any) -> bool:
    """Whether there is a function among them, or in a list among them."""
    return any(
        has_function(x) if type(x) in (list, tuple) else callable(x) and not isinstance(x, type)
        for x in things
    )


def _without_tensors(name: str, theirs: Callable, args: tuple, options: dict) -> Any:
    try:
        return theirs(*args, **options)
    except CONVERTED as error:
        if odd_container(args):
            raise named(name, error) from error.__cause__
        raise


def constant_of(theirs: Callable, args: tuple, options: dict) -> Any:
    """What a function gives for the values of its arguments, as Tensors without history."""
    if mode.levels and batched_functions.deepest((args, options)) is not None:
        return batched_functions.constant(theirs, constant_of, args, options)
    return wrapped(theirs(*plain(args), **plain(options)))


def _kind(things: Any) -> int:
    """Whether there is no tensor among them, only constants, or one that a gradient flows through."""
    found = _NONE
    for thing in things:
        if isinstance(thing, TensorBase):
            if (thing._node is not None and mode.grad) or thing._level is not None:
                return _FLOWING
            found = _CONSTANT
        elif type(thing) in (list, tuple):
            found = max(found, _kind(thing))
    return found


def flows(*things: Any) -> bool:
    """Whether a gradient flows through one of them."""
    return _kind(things) is _FLOWING


def plain(thing: Any) -> Any:
    """The values alone, also of tensors inside sequences and dicts."""
    if isinstance(thing, TensorBase):
        return thing._data
    if type(thing) in (list, tuple):
        return type(thing)([plain(part) for part in thing])
    if type(thing) is dict:
        return {name: plain(part) for name, part in thing.items()}
    return thing


def wrapped(result: Any) -> Any:
    """Arrays, also those in a sequence, as Tensors without history."""
    if isinstance(result, np.generic) or is_array(result):
        return new_tensor(result)
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        parts = [wrapped(part) for part in result]
        try:
            return type(result)(*parts)
        except TypeError:  # a class of SciPy's that holds more than its fields: plain values
            return result
    if type(result) in (list, tuple):
        return type(result)([wrapped(part) for part in result])
    return result


def _into(out: Any, result: Any, name: str) -> Any:
    """The result written into what `out=` names."""
    if isinstance(out, tuple) and isinstance(result, tuple):
        return tuple(write_outs(name, out, result))
    return write_outs(name, out if isinstance(out, tuple) else (out,), (result,))[0]
