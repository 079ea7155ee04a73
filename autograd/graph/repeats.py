"""Folds what occurs many times in a row: twelve equal layers, or the steps of a loop.

`fold_repeats` has the first stand for all, in pictures; `gather_repeats` puts all of them in one
group, on the page.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from .groups import BACKWARD, PART, REPEAT, Group
from .records import LEAF, OPERATION, Tape

FEWEST = 3  # twice is no pattern
_LONGEST = 64  # the steps of a loop, at most


def fold_repeats(root: Group, tape: Tape, steps: bool) -> dict[int, int]:
    """Fold what repeats; gives, for each record that is not drawn, the one that stands for it.

    Args:
        steps: also fold operations that repeat outside of modules, as in a loop.
    """
    rank = _ranks(tape)
    stands: dict[int, int] = {}
    left = [root]
    while left:
        place = left.pop()
        _fold_in(place, tape, rank, steps, stands)
        left += place.groups()
    return stands


def _ranks(tape: Tape) -> list[int]:
    """The number of each record among those that are computed; of others, -1."""
    ranks, count = [], 0
    for record in tape:
        ranks.append(count if record.inputs else -1)
        count += bool(record.inputs)
    return ranks


def _fold_in(place: Group, tape: Tape, rank: list[int], steps: bool, stands: dict[int, int]) -> None:
    made = [m for m in place.members if isinstance(m, Group) or tape[m].inputs]
    tokens = [_token(m, tape, rank) for m in made]
    after: dict[int, Group] = {}  # the number of the first member -> what takes its place
    gone: set[int] = set()
    for start, period, count in runs(tokens):
        first = made[start : start + period]
        if not any(isinstance(m, Group) for m in first) and not steps:
            continue
        for turn in range(1, count):
            another = made[start + turn * period : start + (turn + 1) * period]
            _stand(first, another, tape, stands)
        folded = _folded(first, count, place, tape)
        folded.others = list(_ids(made[start + period : start + period * count]))
        after[start] = folded
        gone.update(range(start, start + period * count))
    if not gone:
        return
    number = {id(m) if isinstance(m, Group) else m: i for i, m in enumerate(made)}
    members: list[Group | int] = []
    for member in place.members:
        i = number.get(id(member) if isinstance(member, Group) else member)
        if i in after:
            members.append(after[i])
        elif i is None or i not in gone:
            members.append(member)
    place.members = members


def _folded(first: list, count: int, place: Group, tape: Tape) -> Group:
    if len(first) == 1 and isinstance(first[0], Group):
        first[0].count *= count
        return first[0]
    inner = first[0].key if isinstance(first[0], Group) else tape[first[0]].key
    return Group(REPEAT, members=list(first), count=count, key=f"{inner} x{count}")


def gather_repeats(root: Group, tape: Tape, steps: bool) -> None:
    """Put what repeats into groups that hold all its occurrences, and can be folded and unfolded."""
    rank = _ranks(tape)
    users: dict[int, list[int]] = {}
    for source, target, _ in tape.edges():
        users.setdefault(source, []).append(target)
    left = [root]
    while left:
        place = left.pop()
        left += place.groups()
        _gather_in(place, tape, rank, steps, users)


def _gather_in(place: Group, tape: Tape, rank: list[int], steps: bool, users: dict[int, list[int]]) -> None:
    made = [m for m in place.members if isinstance(m, Group) or tape[m].inputs]
    wraps: dict[int, Group] = {}  # number of a member -> the group that takes it in
    parts: dict[int, list] = {}  # id of a record -> the lists of members that may hold what it uses
    for start, period, count in runs([_token(m, tape, rank) for m in made]):
        turns = [made[start + i * period : start + (i + 1) * period] for i in range(count)]
        if not steps and not any(isinstance(m, Group) for m in turns[0]):
            continue
        wrap = _wrap(turns, tape)
        for i, turn in enumerate(turns):
            held = wrap.members[i]
            own = held.members if isinstance(held, Group) and period > 1 else wrap.members
            parts.update((id, [own, wrap.members]) for id in _ids(turn))
        wraps.update((k, wrap) for k in range(start, start + count * period))
    if not wraps:
        return
    numbers = {id(m) if isinstance(m, Group) else m: i for i, m in enumerate(made)}
    members: list[Group | int] = []
    for member in place.members:
        number = numbers.get(id(member) if isinstance(member, Group) else member)
        taken = None if number is None else wraps.get(number)
        home = _home(users.get(member, []), parts) if number is None else None  # type: ignore[arg-type]
        if taken is None:
            (members if home is None else home).append(member)
        elif not members or members[-1] is not taken:
            members.append(taken)
    place.members = members


def _wrap(turns: list[list], tape: Tape) -> Group:
    """The group of all occurrences; of several members each, they are groups of their own."""
    first = turns[0][0]
    inner = first.key if isinstance(first, Group) else tape[first].key
    key = f"{inner} x{len(turns)}"
    if len(turns[0]) == 1:
        name, kind = (first.name, first.kind) if isinstance(first, Group) else (tape[first].op, "")
        members = [turn[0] for turn in turns]
    else:
        name, kind = "", ""
        numbered = enumerate(turns, 1)
        members = [Group(PART, f"step {i}", members=turn, key=f"{key}/{i}") for i, turn in numbered]
    return Group(REPEAT, name, kind, members, len(turns), key)


def _home(used_by: list[int], parts: dict[int, list]) -> list | None:
    """The innermost list of members in which all lie that use a leaf; None if there is none."""
    held = [parts.get(id) for id in used_by]
    if not held or None in held:
        return None
    for level in (0, 1):
        if all(h[level] is held[0][level] for h in held):  # type: ignore[index]
            return held[0][level]  # type: ignore[index]
    return None


def _ids(members: Sequence) -> Iterator[int]:
    for member in members:
        if isinstance(member, Group):
            yield from member.walk()
        else:
            yield member


def _stand(first: Sequence, another: Sequence, tape: Tape, stands: dict[int, int]) -> None:
    """Enter which record of the first occurrence stands for each of another."""
    computed = [[i for i in _ids(m) if tape[i].inputs] for m in (first, another)]
    for one, other in zip(*computed, strict=True):
        stands[other] = one
        for (a, _), (b, _) in zip(tape[one].inputs, tape[other].inputs):
            while a in stands:
                a = stands[a]
            same = tape[a].phase == tape[b].phase == tape[one].phase  # else it has its place elsewhere
            if same and not tape[a].inputs and not tape[b].inputs and a != b:
                stands.setdefault(b, a)


def _token(member: Group | int, tape: Tape, rank: list[int]) -> Hashable:
    """Equal for members that do the same."""
    if not isinstance(member, Group):
        return _of_record(member, tape, rank, None)
    ids = [i for i in member.walk() if tape[i].inputs]
    if member.sort == BACKWARD or not ids:
        return id(member)
    low = rank[ids[0]]
    return (member.kind, member.sort, *(_of_record(i, tape, rank, low) for i in ids))


def _of_record(i: int, tape: Tape, rank: list[int], low: int | None) -> Hashable:
    """What an operation is, and where its arguments come from, as seen from itself.

    Those from before `low` come from outside of a module: from wherever.
    """
    record = tape[i]
    sources: list[Hashable] = []
    for source, argument in record.inputs:
        used = tape[source]
        if used.kind == LEAF:
            sources.append((argument, used.shape))
        elif not used.inputs or (low is not None and rank[source] < low):
            sources.append(argument)
        else:
            sources.append((argument, rank[i] - rank[source]))
    options = tuple(record.options.items()) if record.kind == OPERATION else ()
    return (record.op, record.shape, record.dtype, options, tuple(sources))


def runs(tokens: Sequence[Hashable]) -> Iterator[tuple[int, int, int]]:
    """Start, period and count of what repeats at least three times in a row, without overlap.

    Example:
        >>> list(runs("xabababy"))
        [(1, 2, 3)]
    """
    numbers: dict[Hashable, int] = {}
    known = [numbers.setdefault(token, len(numbers)) for token in tokens]
    start = 0
    while start < len(known):
        best = (0, 0)
        for period in range(1, min(_LONGEST, (len(known) - start) // FEWEST) + 1):
            if known[start + period] != known[start]:
                continue
            end = start
            while end + period < len(known) and known[end] == known[end + period]:
                end += 1
            count = (end - start) // period + 1
            if count >= FEWEST and count * period > best[0] * best[1]:
                best = (period, count)
        if best[0]:
            yield start, *best
            start += best[0] * best[1]
        else:
            start += 1
