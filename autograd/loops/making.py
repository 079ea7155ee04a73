"""Several loops made at once: numba takes seconds for those of a program, on one core.

Helpers are processes, since numba holds the interpreter's lock. Each takes the next source when it is
done with one; this process makes loops meanwhile. What could not be made is left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import threads
from .helper import receive, send
from .machine import Code

# What a helper runs: it finds modules where this process does.
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from autograd.loops.helper import main
main()
"""
# Lines that numba translates in the time that a helper takes to begin.
WORTH = 75
# How many helpers at most: each holds numba.
MOST = 7
# Seconds for which those that still make a loop are waited for.
PATIENCE = 120.0


def helpers(sources: list[str]) -> int:
    """How many processes help to make these; 0 where it is a program's own interpreter."""
    named = Path(sys.executable or "").name.lower().startswith("python")
    if len(sources) < 2 or not named or getattr(sys, "frozen", False):
        return 0
    others = sum(map(_lines, sources)) - max(map(_lines, sources))
    return max(0, min(threads.count() - 1, MOST, len(sources) - 1, others // WORTH))


def made(sources: dict[str, str], count: int, translated: Callable[[str, str], Code]) -> dict[str, Code]:
    """What becomes of sources, by name: made by this process, as `translated`, and by so many helpers."""
    waiting = sorted(sources, key=lambda name: _lines(sources[name]))  # the longest first, from the end
    found: dict[str, Code] = {}
    with _started(count) as started:
        crew = [threading.Thread(target=_help, args=(p, sources, waiting, found)) for p in started]
        for one in crew:
            one.start()
        for name in _taken(waiting):
            with contextlib.suppress(Exception):  # what is wrong with it is found when it is loaded
                found[name] = translated(sources[name], name)
        end = time.monotonic() + PATIENCE
        for one in crew:
            one.join(max(0.0, end - time.monotonic()))
    return found


def _lines(source: str) -> int:
    return source.count("\n")


def _taken(waiting: list[str]) -> Iterator[str]:
    """Names from the end, until there are none: each for one thread."""
    with contextlib.suppress(IndexError):
        while True:
            yield waiting.pop()


def _help(process: subprocess.Popen, sources: dict[str, str], waiting: list[str], found: dict) -> None:
    """Have a helper make loops, until it ends or there is none left."""
    from .diskcache import unpacked

    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError, ValueError):  # it is gone, or its pipes are closed
        for name in _taken(waiting):
            send(process.stdin, sources[name].encode())
            content = receive(process.stdout)
            code = None if content is None else unpacked(name, content)
            if code is None:
                return
            found[name] = code


@contextlib.contextmanager
def _started(count: int) -> Iterator[list[subprocess.Popen]]:
    """Helpers, which are gone afterwards whatever happens."""
    found: list[subprocess.Popen] = []
    command = [sys.executable, "-c", _PROGRAM, json.dumps([p for p in sys.path if isinstance(p, str)])]
    try:
        with contextlib.suppress(OSError):
            for _ in range(count):
                found.append(
                    subprocess.Popen(
                        command,
                        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                )
        yield found
    finally:
        for process in found:
            process.kill()
            process.communicate()
