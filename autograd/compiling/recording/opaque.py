"""What a kernel gave that is no array, while a function is recorded."""

from __future__ import annotations

from typing import Any

from ..ir import Held
from .traced import Leak


class Opaque:
    """What an opaque kernel gave that is no array: nothing but an opaque pull may look inside."""

    __slots__ = ("_held", "_value")

    def __init__(self, value: Any, held: Held):
        object.__setattr__(self, "_value", value)
        object.__setattr__(self, "_held", held)

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return Opaque
        raise Leak("an intermediate result of a kernel was read")

    def _refuse(self, *args: Any) -> Any:
        raise Leak("an intermediate result of a kernel was read")

    __iter__ = __getitem__ = __len__ = __bool__ = __call__ = __float__ = __int__ = __index__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __array__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse


def inside(opaque: Opaque) -> tuple[Any, Held]:
    read = object.__getattribute__
    return read(opaque, "_value"), read(opaque, "_held")
