"""What a profile consists of: events in places. Holds no array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

FORWARD, BACKWARD = "forward", "backward"


class Place:
    """A module within a model, or what is outside of all: a tree of names.

    Attributes:
        name: what it is called in its parent; for a whole model, its class.
        kind: the name of the module's class; empty outside of modules.
        parent: the place around it; None outside of modules.
        children: the places in it, by the id of the module.
    """

    __slots__ = ("children", "kind", "module", "name", "parent")

    def __init__(self, module: Any = None, parent: Place | None = None, name: str = ""):
        self.module, self.parent, self.name = module, parent, name
        self.kind = type(module).__name__ if module is not None else ""
        self.children: dict[int, Place] = {}

    def child(self, module: Any) -> Place:
        """The place of a module that runs directly in this one."""
        found = self.children.get(id(module))
        if found is None:
            name = type(module).__name__ if self.module is None else self.module.path_to([module])
            taken = sum(1 for p in self.children.values() if p.name.partition(" #")[0] == name)
            name = f"{name} #{taken + 1}" if taken else name
            found = self.children[id(module)] = Place(module, self, name)
        return found

    @property
    def chain(self) -> list[Place]:
        """This place and those around it, outermost first; empty outside of modules."""
        chain: list[Place] = []
        place: Place | None = self
        while place is not None and place.parent is not None:
            chain.append(place)
            place = place.parent
        return chain[::-1]

    @property
    def path(self) -> str:
        """The path in the model, as in its state: `encoder.0`; for a whole model, its class."""
        chain = self.chain
        return ".".join(p.name for p in chain[1:]) or (chain[0].name if chain else "")

    def walk(self) -> Iterator[Place]:
        """This place and all in it, in the order in which they first ran."""
        left = [self]
        while left:
            place = left.pop()
            yield place
            left += reversed(place.children.values())

    def __repr__(self) -> str:
        return f"Place({self.path!r})"


class Event(NamedTuple):
    """One call of an operation, or one step of a sweep.

    Attributes:
        op: the name of the primitive.
        phase: `forward` or `backward`.
        place: where it was called; a step of a sweep, where the operation was called.
        start, end: seconds since the profile began.
        own: seconds without those of events inside it.
        shape: of the result, or of its cotangent.
        nbytes: bytes of the arrays that it made.
        flops: an estimate of its floating-point operations.
        order: the order of its node on the tape; None if it has none.
    """

    op: str
    phase: str
    place: Place
    start: float
    end: float
    own: float
    shape: tuple[int, ...]
    nbytes: int
    flops: int
    order: int | None


class Span(NamedTuple):
    """One call of a module, or one sweep, in which case its place is outside of modules."""

    place: Place
    phase: str
    start: float
    end: float


@dataclass
class Cost:
    """What one node of the tape cost.

    Attributes:
        forward, backward: seconds; 0 for what was not seen.
        nbytes, flops: of the call alone.
    """

    forward: float = 0.0
    backward: float = 0.0
    nbytes: int = 0
    flops: int = 0

    @property
    def seconds(self) -> float:
        """Of both directions."""
        return self.forward + self.backward
