"""Whether a rule may write over the cotangent that it was given.

Mostly a sweep has no more use for a cotangent once a pull has it. Reference counts tell, as they do for
writes (`memory.py`): what a hook, `.grad`, a view or another node holds has more references.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .memory import getrefcount

_loops: set[Any] = set()


def hands_over(loop: Callable) -> Callable:
    """Note that a loop gives each cotangent to a pull, and needs it no more."""
    _loops.add(loop.__code__)
    return loop


def is_handed_over(g: np.ndarray) -> bool:
    """Whether nothing else holds this array: to be asked by a rule, by the name of its own argument.

    The rule was called by a pull, and that by a sweep's loop; each has one reference.
    """
    if getrefcount(g) != _HANDED_OVER or not g.flags.writeable or not _is_alone(g):
        return False
    return sys._getframe(3).f_code in _loops


def _is_alone(g: np.ndarray) -> bool:
    """Whether no other array views the memory."""
    if g.base is None:
        return True
    return type(g.base) is np.ndarray and g.base.base is None and getrefcount(g.base) == _SOLE_BASE


# What counts say then: calibrated, since they differ between versions of CPython. Elsewhere they say
# nothing, and nothing is written over.


def _loop() -> int:
    g = np.empty(0)
    g = _pull(None, g)
    return g


def _pull(node: Any, g: Any) -> Any:
    return _rule(g, node)


def _rule(g: Any, saved: Any) -> int:
    found = _asked(g)
    return found


def _asked(g: Any) -> int:
    return getrefcount(g)


_HANDED_OVER = _loop() if sys.implementation.name == "cpython" else -1
_view = np.empty(1).reshape(1, 1)
_SOLE_BASE = getrefcount(_view.base)
