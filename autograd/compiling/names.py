"""Which names the code of a function looks up, and where."""

from __future__ import annotations

import dis
import functools
import types
from typing import NamedTuple


class Names(NamedTuple):
    """The names in a code object and those within it.

    Attributes:
        loose: looked up among globals and builtins, or imported.
        attributes: looked up in objects.
    """

    loose: frozenset[str]
    attributes: frozenset[str]


@functools.lru_cache(maxsize=4096)
def names_of(code: types.CodeType) -> Names:
    """The names that a code object looks up.

    `co_names` has both kinds: for `self.loss` it would have the script's variable `loss` read.

    Example:
        >>> found = names_of((lambda x: scale * x.loss).__code__)
        >>> sorted(found.loose), sorted(found.attributes)
        (['scale'], ['loss'])
    """
    loose: set[str] = set()
    attributes: set[str] = set()
    for step in dis.get_instructions(code):
        if step.opcode in dis.hasname:
            of_object = any(part in step.opname for part in ("ATTR", "METHOD", "IMPORT_FROM"))
            (attributes if of_object else loose).add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = names_of(constant)
            loose |= inner.loose
            attributes |= inner.attributes
    return Names(frozenset(loose), frozenset(attributes))
