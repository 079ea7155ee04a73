"""A process that makes loops for another: lengths and sources come in, lengths and files go out.

`making.py` runs it. What it writes is what is kept on disk (`diskcache.packed`), which the other checks as
it does files.
"""

from __future__ import annotations

import os
import sys
from typing import IO

LENGTH = 8  # bytes of a length
MOST = 1 << 30  # no source or function is longer: what says so is something else


def send(stream: IO[bytes], content: bytes) -> None:
    stream.write(len(content).to_bytes(LENGTH, "little") + content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """What was sent; None at the end, or if the other end broke off or sends something else."""
    length = int.from_bytes(stream.read(LENGTH), "little")
    if length > MOST:
        return None
    content = stream.read(length)
    return content if length and len(content) == length else None


def main() -> None:
    from .diskcache import name_of, packed
    from .translate import translated

    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed goes elsewhere
    while (source := receive(sys.stdin.buffer)) is not None:
        text = source.decode()
        name = name_of(text)
        send(out, packed(name, translated(text, name)))
