"""Turns written source into the functions of primitives, as `dataclasses` does.

A generic `*args` dispatcher costs several times the NumPy call that it wraps, so each
primitive gets straight-line code of its own: `wrappers.py` writes its function, `pulls.py` its
derivatives. `print(autograd.codegen.source("multiply"))` shows them; they are in `linecache`,
so that debuggers step through them and tracebacks show them.

A function is a stub until its first call, when its code is written and put in its place:
importing compiles nothing.
"""

from __future__ import annotations

import itertools
import linecache
import re
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from . import diagnose
from .memory import FOREIGN_ARRAY, Guard, attach_view, protect
from .primitive import REGISTRY, Primitive

next_order = itertools.count(0, -1).__next__


class Never:
    """The type of nothing: stands in where no argument may take the fast path."""


class Faults(threading.local):
    """How the sweep that runs in this thread learns of an invalid operation, such as `0 * inf`.

    NumPy tells, if asked to by `np.errstate`, so that rules need not look for NaNs. Asking takes
    as long as four small multiplies, so a sweep begins unwatched, and the first rule that could
    meet an infinite derivative has it watched.
    """

    UNWATCHED = object()
    possible = False  # whether there are nodes in this process whose rule may look back at the sweep
    # None: no sweep; UNWATCHED; or the errstate that was entered, and what `invalid` was in an outer sweep
    state: Any = None
    invalid = False
    recorded: Any = None  # in a pull that is recorded: the recorder, which notes whether there was a report
    roots: Any = None  # those of the sweep, if its nodes are there until it is over; see `ops/masking.py`
    depth = 0  # of what is asked about derivatives while something is asked about derivatives
    again = False  # whether the sweep of several examples can be made again, one by one, on VmapError
    pushed: Any = None  # what a tangent is pushed through: the arguments, and the variables' tangents

    def watch(self) -> None:
        """Have NumPy set `invalid` for the rest of this sweep."""
        entered = np.errstate(all="ignore", invalid="call", call=self._note)
        entered.__enter__()
        self.state, self.invalid = (entered, self.invalid), False

    def unwatch(self) -> None:
        """End what `watch` began, with the sweep."""
        entered, self.invalid = self.state
        entered.__exit__(None, None, None)

    def _note(self, kind: str, flag: int) -> None:
        self.invalid = True


# The globals of all generated functions. `Tensor` and `Parameter` are what the type of an
# argument is compared with on the fast path. While any thread is in an unusual mode both are
# `Never`, so that every call takes the slow path and the usual mode costs nothing to check.
FAST: dict[str, Any] = {
    "Tensor": Never,
    "Parameter": Never,
    "ndarray": np.ndarray,
    "float64": np.float64,
    "next_order": next_order,
    "protect": protect,
    "attach_view": attach_view,
    "FOREIGN": FOREIGN_ARRAY,
    "Guard": Guard,
    "explain": diagnose.explain,
    "faults": Faults(),
}

_sources: dict[str, list[str]] = {}


def compile_function(owner: str, lines: list[str], names: dict[str, Any]) -> Callable:
    """The function that the source defines; `names` are those that are its own.

    They become globals with the owner's name in front: all generated functions share one
    dict of globals, since that is how they share the switch to the slow path.
    """
    text = "\n".join(lines)
    for name in names:
        text = re.sub(rf"\b{name}\b", f"{owner}_{name}", text)
    FAST.update({f"{owner}_{name}": value for name, value in names.items()})
    filename = f"<autograd {owner}>"
    scope: dict[str, Any] = {}
    exec(compile(text, filename, "exec"), FAST, scope)
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    _sources.setdefault(owner.partition("__")[0], []).append(text)
    (function,) = scope.values()
    return function


def stub(prim: Primitive) -> Callable:
    """The function of a primitive, whose code is written at its first call."""
    function = FunctionType(_first_call.__code__, FAST, prim.name)
    function.__kwdefaults__ = {"_prim": prim}
    function.__doc__, function.__module__ = prim.doc, "autograd"
    function.__qualname__ = prim.name
    function.primitive = prim  # type: ignore[attr-defined]
    prim.function = function
    return function


def _first_call(*args: Any, _prim: Any, **options: Any) -> Any:
    finish(_prim)  # type: ignore[name-defined]  # noqa: F821 - in FAST, set by wrappers.py
    return _prim.function(*args, **options)


def source(name: str) -> str:
    """The generated source of a primitive: its pulls as far as made, and its function.

    Example:
        >>> print(source("negative").splitlines()[0])
        def pull(node, g):
    """
    if name not in REGISTRY:
        raise KeyError(f"no primitive named {name!r}; autograd.primitive.REGISTRY lists them")
    FAST["finish"](REGISTRY[name])
    return "\n\n".join(_sources[REGISTRY[name].owner])
