"""Runs the layout program: Graphviz's `dot` where there is one, else the `graphviz-pure` wheel.

Layout can take minutes for a few hundred nodes with long edges, so it runs in a process of its
own under a time limit. (The `graphviz` package starts `dot` without one, and no other program:
hence not through it.)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from . import pdf
from .errors import LayoutError, LayoutMissingError, LayoutTimeoutError

# What `dot` can be asked for, and what the stand-in for it can: all but PDF.
FORMATS = ("svg", "png", "jpg", "jpeg", "pdf")
_PURE_FORMATS = ("svg", "png", "jpg", "jpeg")
_RASTER = ("png", "jpg", "jpeg")


class Program(NamedTuple):
    """A layout program and what it writes."""

    path: str
    formats: tuple[str, ...]


def find_program() -> Program:
    """The layout program of this machine.

    Errors: LayoutMissingError if there is none.
    """
    dot = shutil.which("dot")
    if dot:
        return Program(dot, FORMATS)
    pure = _find_pure()
    if pure:
        return Program(pure, _PURE_FORMATS)
    raise LayoutMissingError(
        "no program to lay out the graph: there is neither Graphviz's dot nor graphviz-pure; install "
        'one with: pip install "wengert[graph]"; the page (save to .html), the DOT text (to_dot(), or '
        "save to .dot), Mermaid and the table need none"
    )


def _find_pure() -> str | None:
    """Where the `graphviz-pure` wheel has put its executable."""
    folders = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    found = shutil.which("graphviz-pure", path=os.pathsep.join(folders)) or shutil.which("graphviz-pure")
    if found:
        return found
    with contextlib.suppress(metadata.PackageNotFoundError):  # installed elsewhere, as by --target
        for file in metadata.distribution("graphviz-pure").files or ():
            if file.stem == "graphviz-pure" and os.access(file.locate(), os.X_OK):
                return str(file.locate())
    return None


def lay_out(source: str, format: str, time_limit: float) -> bytes:
    """A picture of DOT text.

    Errors: LayoutMissingError if there is no program, or, for PDF, neither Graphviz nor svglib;
    LayoutTimeoutError; LayoutError if it fails.
    """
    program = find_program()
    if format not in program.formats:
        return pdf.from_svg(lay_out(source, "svg", time_limit))
    command = [program.path, "-Kdot", f"-T{format}"]
    if format in _RASTER:
        command.append("-Gdpi=144")
    status, out, err = _run(command, source, time_limit)
    if status or not out:
        said = err.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise LayoutError(f"{Path(program.path).name} failed with status {status}: {said[0]}")
    return out


def _run(command: list[str], source: str, time_limit: float) -> tuple[int, bytes, bytes]:
    """Run a program under a time limit; nothing of it is left running, whatever happens."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise LayoutError(f"{command[0]} could not be started: {error}") from error
    try:
        out, err = process.communicate(source.encode(), timeout=time_limit)
    except BaseException as error:
        _kill(process)
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        raise LayoutTimeoutError(
            f"layout took longer than {time_limit:g} s and was stopped; draw a smaller graph, pass a "
            "larger time_limit=, or use the DOT text (to_dot(), or save to a .dot file)"
        ) from None
    return process.returncode, out, err


def _kill(process: subprocess.Popen) -> None:
    """Kill a process and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=5)
