"""Nested tuples, lists and dicts of arrays, as what transforms take and give."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What is in the containers, with its path such as `[0]['w']`; None counts as nothing.

    Example:
        >>> list(leaves({"w": [1.0, 2.0], "b": None}))
        [("['w'][0]", 1.0), ("['w'][1]", 2.0)]
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{path}[{key!r}]")
    elif isinstance(tree, (tuple, list)):
        for i, value in enumerate(tree):
            yield from leaves(value, f"{path}[{i}]")
    elif tree is not None:
        yield path, tree


def is_container(tree: Any) -> bool:
    """Whether it is a tuple, list or dict."""
    return isinstance(tree, (dict, tuple, list))


def rebuild(tree: Any, values: Iterator[Any]) -> Any:
    """The same containers around other leaves, which come in the order of `leaves`.

    Example:
        >>> rebuild({"w": [1.0, 2.0], "b": None}, iter("xy"))
        {'w': ['x', 'y'], 'b': None}
    """
    if isinstance(tree, dict):
        return like(tree, [rebuild(value, values) for value in tree.values()])
    if isinstance(tree, (tuple, list)):
        made = [rebuild(value, values) for value in tree]
        return tree._make(made) if hasattr(tree, "_make") else type(tree)(made)
    return None if tree is None else next(values)


def like(table: dict, values: list) -> dict:
    """A dict of the same class and keys with other values."""
    if type(table) is dict:
        return dict(zip(table, values, strict=True))
    made = copy.copy(table)  # such as an OrderedDict, or a defaultdict with what it makes
    if getattr(table, "__dict__", None) is table:  # its items are its attributes, too
        object.__setattr__(made, "__dict__", made)
    for key, value in zip(table, values, strict=True):
        made[key] = value
    return made


def transform(f: Callable, tree: Any) -> Any:
    """The same containers around `f(leaf)`."""
    return rebuild(tree, iter([f(leaf) for _, leaf in leaves(tree)]))
