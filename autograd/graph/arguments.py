"""What the arguments of a function are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable


def parameters(function: Callable, count: int) -> list[str]:
    """The parameters that so many positional arguments are passed as; those of a module's `forward`.

    Example:
        >>> parameters(lambda x, *rest: x, 3)
        ['x', 'rest[0]', 'rest[1]']
    """
    try:
        given = list(inspect.signature(getattr(function, "forward", function)).parameters.values())
    except (TypeError, ValueError):  # of a built-in
        given = []
    names = [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    rest = next((p.name + "[{}]" for p in given if p.kind is p.VAR_POSITIONAL), None)
    names += [rest.format(i) for i in range(count - len(names))] if rest else []
    return names + [f"input {i}" for i in range(len(names), count)]
