"""`isinstance`, `type` and `hash` of stand-ins: while a function is recorded they answer for the values."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from ...tape import TensorBase
from ...tensor import Tensor
from .recorder import value_of
from .traced import Leak, Traced


class Asking:
    """Stands for one of these two built-ins, under whose name the user's functions ask.

    Args:
        ask: the built-in.
        kinds: what a tensor may be in other runs: itself, its value, or either.
    """

    def __init__(self, ask: Callable, candidates: Callable[[Any], list[Any]]):
        self.ask, self.candidates = ask, candidates

    def __call__(self, value: Any, *kinds: Any) -> Any:
        kinds = tuple(_real(kind) for kind in kinds)
        if len(kinds) > 1:  # `type` as what makes classes
            return self.ask(value, *kinds)
        data = value._data if isinstance(value, TensorBase) else value
        if not isinstance(data, Traced):
            return self.ask(_real(value), *kinds)
        seen = [value_of(value)] if isinstance(value, Traced) else self.candidates(value)
        answers = {self.ask(one, *kinds) for one in seen}
        if len(answers) > 1:
            raise Leak(f"{self.ask.__name__}() asks of a computed value whether it is an array or a Tensor")
        return answers.pop()


def _real(kind: Any) -> Any:
    """The built-in, for what stands for it among classes."""
    if isinstance(kind, tuple):
        return tuple(_real(k) for k in kind)
    return kind.ask if isinstance(kind, Asking) else kind


class Hashing:
    """While one is entered, numbers that a dict or a set would find by their values are refused there."""

    _entered = 0
    _lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            Hashing._entered += 1
            Tensor.__hash__ = _hash  # type: ignore[method-assign, assignment]

    def __exit__(self, *exception: Any) -> None:
        with self._lock:
            Hashing._entered -= 1
            if not Hashing._entered:
                Tensor.__hash__ = object.__hash__  # type: ignore[method-assign, assignment]


def _hash(tensor: Any) -> int:
    data = tensor._data
    if isinstance(data, Traced) and data.scalar and tensor._node is None:
        data.refuse_hash(sys._getframe(1))
    return object.__hash__(tensor)
