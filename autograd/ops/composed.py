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

from ..primitive import parameters
from ..tape import TensorBase, mode, new_tensor
from .outputs import write_out

# NumPy's function -> ours; `autograd.numpy` reads it
COMPOSED: dict[Callable, Callable] = {}
# those whose results have no gradient because it is zero
LOCALLY_CONSTANT: set[Callable] = set()

_NONE, _CONSTANT, _FLOWING = 0, 1, 2


def composed(*theirs: Callable, views: bool = False, calls: bool = False) -> Callable:
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
        plainly = theirs[0]

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            kind = max(_kind(args), _kind(options.values())) if options else _kind(args)
            if kind is _NONE and not calls:
                return plainly(*args, **options)
            out = options.pop("out", None)
            if len(args) > place:
                out, args = args[place], (*args[:place], None, *args[place + 1 :])
            if out is None and kind is _CONSTANT and not (views or calls) and mode.interceptor is None:
                return wrapped(plainly(*plain(args), **plain(options)))
            result = function(*args, **options)
            return result if out is None else _into(out, result, plainly.__name__)

        COMPOSED.update(dict.fromkeys(theirs, call))
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
            return theirs(*args, **options)
        out = options.pop("out", None)
        result = wrapped(theirs(*plain(args), **plain(options)))
        return result if out is None else _into(out, result, theirs.__name__)

    return call


def _kind(things: Any) -> int:
    """Whether there is no tensor among them, only constants, or one that a gradient flows through."""
    found = _NONE
    for thing in things:
        if isinstance(thing, TensorBase):
            if thing._node is not None and mode.grad:
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
    if isinstance(result, (np.ndarray, np.generic)):
        return new_tensor(result)
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*[wrapped(part) for part in result])
    if type(result) in (list, tuple):
        return type(result)([wrapped(part) for part in result])
    return result


def _into(out: Any, result: Any, name: str) -> Any:
    """The result written into what `out=` names."""
    if isinstance(out, tuple):
        if len(out) == 1:
            return _into(out[0], result, name)
        return tuple(r if o is None else _into(o, r, name) for o, r in zip(out, result, strict=True))
    return write_out(name, out, result)
