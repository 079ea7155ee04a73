"""SciPy's modules as faces: what is spelled with our operations, and the rest, which refuses gradients.

    @spelled(scipy.linalg.expm)
    def expm(A): ...

says what happens to Tensors that a gradient flows through; any other call is SciPy's own, on the values
(see `ops/composed.py`). A function that is not spelled works on values, and raises `NotDifferentiable`
where a gradient would be lost.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..diagnose import named
from ..errors import NotDifferentiable
from ..keywords import has_tensor
from ..ops.composed import CONVERTED, composed, flows, has_function, plain, wrapped
from ..wholes import as_whole

DIFFERENTIABLE = "differentiable"
CONSTANT = "locally constant"
REFUSED = "refused"
NO_FUNCTION = "no function"

# SciPy's function -> ours
SPELLED: dict[Any, Callable] = {}
spelled = functools.partial(composed, table=SPELLED)


def refused(name: str, theirs: Callable) -> Callable:
    """A function of SciPy on values; it refuses what a gradient flows through.

    Errors: NotDifferentiable.
    """

    @functools.wraps(theirs)
    def call(*args: Any, **options: Any) -> Any:
        if flows(*args, *options.values()):
            raise NotDifferentiable(f"{name} has no derivative here; use .detach() if none is wanted")
        return _on_values(theirs, args, options)

    return call


def constant(theirs: Callable) -> Callable:
    """A function of SciPy whose derivative is zero wherever there is one."""
    return functools.wraps(theirs)(lambda *args, **options: _on_values(theirs, args, options))


def _on_values(theirs: Callable, args: tuple, options: dict) -> Any:
    if not has_tensor([*args, *options.values()]):
        return as_whole(theirs, *args, **options)
    try:
        return wrapped(as_whole(theirs, *plain(args), **plain(options)))
    except CONVERTED as error:
        if has_function([*args, *options.values()]):
            raise  # from the user's function, perhaps
        raise named(theirs.__name__, error) from error.__cause__


class Face:
    """What the names of a module of SciPy are here.

    Args:
        theirs: the module.
        constants: names of functions that are locally constant.
        told: other things by name, such as distributions.
    """

    def __init__(self, theirs: ModuleType, constants: str = "", told: dict[str, Any] | None = None):
        self.theirs, self.constants = theirs, frozenset(constants.split())
        self.told = told or {}
        self.made: dict[str, Any] = {}

    def class_of(self, name: str) -> str:
        """Which of the four classes a public name of the module is in."""
        if name in self.told:
            return DIFFERENTIABLE
        theirs = getattr(self.theirs, name)
        if not callable(theirs) or inspect.isclass(theirs):
            return NO_FUNCTION
        if _is_spelled(theirs):
            return DIFFERENTIABLE
        return CONSTANT if name in self.constants else REFUSED

    def find(self, name: str) -> Any:
        """The module's `__getattr__`.

        Errors: AttributeError.
        """
        if name not in self.made:
            self.made[name] = self._make(name)
        return self.made[name]

    def _make(self, name: str) -> Any:
        if name in self.told:
            return self.told[name]
        try:
            theirs = getattr(self.theirs, name)
        except AttributeError:
            full = self.theirs.__name__
            raise AttributeError(f"neither autograd.{full} nor {full} has {name!r}") from None
        kind = self.class_of(name)
        if kind == NO_FUNCTION or name.startswith("_"):
            return theirs
        if kind == DIFFERENTIABLE:
            return SPELLED[theirs]
        return constant(theirs) if kind == CONSTANT else refused(f"{self.theirs.__name__}.{name}", theirs)

    def names(self) -> list[str]:
        """The module's `__dir__`."""
        return sorted({*dir(self.theirs), *self.told})


def _is_spelled(theirs: Any) -> bool:
    try:
        return theirs in SPELLED
    except TypeError:  # it has no hash
        return False
