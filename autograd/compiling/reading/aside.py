"""Plain data that is put aside, and put back: attributes of objects, options of optimisers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from ... import changes


def is_plain(value: Any) -> bool:
    """Whether a value is a number, text, None, or a list or tuple of such."""
    if isinstance(value, (list, tuple)):
        return all(is_plain(v) for v in value)
    return value is None or isinstance(value, (bool, int, float, complex, str, bytes))


def attributes(keepers: Iterable[Any]) -> Callable[[], None]:
    """A function that gives objects the plain attributes again that they have now."""
    kept = [
        (keeper, {k: (v, copy.copy(v)) for k, v in keeper.__dict__.items() if is_plain(v)})
        for keeper in keepers
    ]

    def put_back() -> None:
        for keeper, held in kept:
            for name, (value, before) in held.items():
                if isinstance(value, list):  # others may hold it
                    value[:] = before
                keeper.__dict__[name] = value

    return put_back


def options(optimizers: Iterable[Any]) -> Callable[[], None]:
    """A function that gives optimisers the options again that they have now."""
    kept = [(group, dict(group)) for optimizer in optimizers for group in optimizer.param_groups]

    def put_back() -> None:
        for group, before in kept:
            group.clear()
            group.update(before)
        changes.note()

    return put_back


def with_parts(schedulers: Iterable[Any]) -> list[Any]:
    """Schedulers, and those that they are composed of."""
    return [s for one in schedulers for s in (one, *with_parts(getattr(one, "_schedulers", [])))]


def steps_of(schedulers: Iterable[Any]) -> Callable[[], None]:
    """A function that takes schedulers, and the options that they set, back to where they are now."""
    parts = with_parts(schedulers)
    optimizers = {id(s.optimizer): s.optimizer for s in parts if hasattr(s, "optimizer")}
    back = attributes(parts), options(optimizers.values())

    def put_back() -> None:
        for one in back:
            one()

    return put_back
