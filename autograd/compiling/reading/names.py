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
        spelled: the strings in it that could be names.
        dynamic: whether it may look up attributes by names that stand nowhere in it.
    """

    loose: frozenset[str]
    attributes: frozenset[str]
    spelled: frozenset[str]
    dynamic: bool


# Who has these names may look up attributes by others.
_DYNAMIC = {
    "getattr", "vars", "dir", "attrgetter", "methodcaller", "asdict", "astuple", "fields", "format",
    "format_map", "getmembers", "attrs", "exec", "eval", "__dict__", "__getattribute__", "__getstate__",
    "__reduce_ex__",
}  # fmt: skip


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
    spelled: set[str] = set()
    dynamic = False
    for step in dis.get_instructions(code):
        dynamic |= step.opname == "MATCH_CLASS"
        if step.opcode in dis.hasname:
            of_object = any(part in step.opname for part in ("ATTR", "METHOD", "IMPORT_FROM"))
            (attributes if of_object else loose).add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = names_of(constant)
            loose |= inner.loose
            attributes |= inner.attributes
            spelled |= inner.spelled
            dynamic |= inner.dynamic
        elif isinstance(constant, (str, tuple)):
            given = constant if isinstance(constant, tuple) else (constant,)
            spelled |= {c for c in given if isinstance(c, str) and c.isidentifier()}
    # what was not read from a file runs unseen
    dynamic |= bool((loose | attributes) & _DYNAMIC) or code.co_filename.startswith("<")
    return Names(frozenset(loose), frozenset(attributes), frozenset(spelled), dynamic)
