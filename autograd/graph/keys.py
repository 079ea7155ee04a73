"""Names of records that stay when the program around them changes, so that a diff means something."""

from __future__ import annotations

from collections import Counter

from .records import Record


def give_keys(records: list[Record]) -> None:
    """Name every record by its module, what it is, and which of these it is, from 1.

    A second call of a module counts on from the first.
    """
    count: Counter[str] = Counter()
    for record in records:
        base = record.op or record.name or record.kind
        path = record.path if record.op else ""
        key = f"{path}/{base}" if path else base
        count[key] += 1
        unnamed = record.op or not record.name
        record.key = f"{key}.{count[key]}" if unnamed or count[key] > 1 else key
