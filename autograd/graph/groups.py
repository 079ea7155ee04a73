"""The records as a tree: calls of modules within calls of modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..recording import Scope
from .records import INPUT, Tape

CALL, REPEAT, PART, BACKWARD = "call", "repeat", "part", "backward"


@dataclass(eq=False)
class Group:
    """Records that belong together: those of a call of a module, or of a part of the program.

    The operations of a group were recorded without a break, so that folding it makes no cycle.

    Attributes:
        sort: `call` of a module, `repeat` of steps, `part` of a long list, or `backward`.
        name: what the module is called in the one around it.
        kind: the name of its class.
        members: records (by id) and groups, in the order of the program.
        count: how many times it occurs in a row; what is within is the first of these.
        key: its stable name in pictures.
        others: the ids of what the further occurrences hold.
    """

    sort: str
    name: str = ""
    kind: str = ""
    members: list[Group | int] = field(default_factory=list)
    count: int = 1
    key: str = ""
    others: list[int] = field(default_factory=list)

    def walk(self) -> Iterator[int]:
        """The ids of all records within, those of the first occurrence."""
        for member in self.members:
            if isinstance(member, Group):
                yield from member.walk()
            else:
                yield member

    def groups(self) -> list[Group]:
        """The groups directly within."""
        return [m for m in self.members if isinstance(m, Group)]


def group(tape: Tape) -> Group:
    """The tree of a tape. Leaves and constants lie in the innermost call that holds all their uses."""
    scopes = _scopes(tape)
    root = Group(PART)
    calls: dict[int, Group] = {}
    names: dict[str, int] = {}
    for i in _in_order_of_use(tape):
        place, path = root, []
        if tape[i].phase == BACKWARD:
            if not root.groups() or root.groups()[-1].sort != BACKWARD:
                root.members.append(Group(BACKWARD, "backward", key="backward"))
            place = root.groups()[-1]
            path.append(BACKWARD)
        for scope in scopes[i]:
            path.append(scope.name)
            if scope.call not in calls:
                calls[scope.call] = Group(CALL, scope.name, scope.kind, key=_unique(".".join(path), names))
                place.members.append(calls[scope.call])
            place = calls[scope.call]
        place.members.append(i)
    return root


def _in_order_of_use(tape: Tape) -> Iterator[int]:
    """All ids: what is computed in the order of the program, and before it what it is the first to use."""
    placed: set[int] = set()
    for record in tape:
        if record.inputs:
            fresh = dict.fromkeys(i for i, _ in record.inputs if not tape[i].inputs and i not in placed)
            placed.update(fresh)
            yield from fresh
            yield record.id
    yield from (r.id for r in tape if not r.inputs and r.id not in placed)


def _unique(key: str, names: dict[str, int]) -> str:
    names[key] = names.get(key, 0) + 1
    return key if names[key] == 1 else f"{key} ({names[key]})"


def _scopes(tape: Tape) -> list[tuple[Scope, ...]]:
    """The calls that each record is drawn in; the backward sweep draws nothing to itself."""
    found: list[tuple[Scope, ...] | None] = [r.scopes if r.inputs else None for r in tape]
    for record in tape:
        own = found[record.id] or ()
        for source, _ in record.inputs:
            used = tape[source]
            if used.inputs or used.kind == INPUT or record.phase != used.phase:
                continue
            before = found[source]
            found[source] = own if before is None else _common(before, own)
    return [scopes or () for scopes in found]


def _common(one: tuple[Scope, ...], other: tuple[Scope, ...]) -> tuple[Scope, ...]:
    length = 0
    for a, b in zip(one, other):
        if a.call != b.call:
            break
        length += 1
    return one[:length]


def split(root: Group, most: int) -> None:
    """Put the members of groups with very many into parts, so that each can be drawn."""
    left = [root]
    while left:
        place = left.pop()
        while len(place.members) > most:
            place.members = _parts(place, most)
        left += place.groups()


def _parts(place: Group, most: int) -> list[Group | int]:
    """At most `most` parts of about the same size; leaves stay with the first that uses them."""
    size = max(-(-len(place.members) // most), 2)
    found: list[Group | int] = []
    for start in range(0, len(place.members), size):
        within = place.members[start : start + size]
        if len(within) == 1:
            found += within
            continue
        key = f"{place.key}/part.{len(found) + 1}" if place.key else f"part.{len(found) + 1}"
        found.append(Group(PART, members=within, key=key))
    return found
