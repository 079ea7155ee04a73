"""The programs of a function: which there are for which calls, and which ran last."""

from __future__ import annotations

from typing import Any

from .entry import Entry

# How many are asked whether they fit before a call's key is made.
RECENT = 4


class Programs:
    """All that a function has.

    Attributes:
        kinds: by the keys that were met, what the arrays among the results are to the caller.
        entries: by key, programs, each with which tensors have no gradient; None where that plays no part.
        recent: those that ran last, the last one first.
        last: the one that ran last, or was recorded since.
    """

    def __init__(self) -> None:
        self.kinds: dict[Any, list[str]] = {}
        self.entries: dict[Any, list[tuple[Any, Entry]]] = {}
        self.recent: list[Entry] = []
        self.last: Entry | None = None

    def fitting(self, key: Any, grads: tuple) -> list[Entry]:
        """Those that may run at a call, the ones that were found right first."""
        found = [e for wanted, e in self.entries.get(key, ()) if wanted is None or wanted == grads]
        return sorted(found, key=lambda e: not e.verified)

    def add(self, key: Any, grads: tuple | None, entry: Entry) -> None:
        self.entries.setdefault(key, []).append((grads, entry))
        self.last = entry

    def ran(self, entry: Entry) -> None:
        """One has run: it is the first to be tried again."""
        self.last = entry
        if entry in self.recent:
            self.recent.remove(entry)
        self.recent[:] = [entry, *self.recent[: RECENT - 1]]

    def replace(self, entry: Entry, other: Entry | None = None) -> None:
        """Put another program in the place of one, or none."""
        if entry in self.recent:
            self.recent.remove(entry)
        for entries in self.entries.values():
            places = [(g, other if e is entry else e) for g, e in entries]
            entries[:] = [(g, e) for g, e in places if e is not None]

    def forget(self) -> None:
        """Have none any more; `last` can still be looked at."""
        self.entries.clear()
        self.recent.clear()
