"""Errors that say what was wrong with a call get its line, and the graph of what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from ..errors import AutogradError
from ..recording import Source, is_users
from ..tape import TensorBase
from .placing import enter_graph


def explain_refusal(error: AutogradError, tensors: list, line: Source | None, model: Any) -> None:
    """Enter line and graph in the error of a call that took these tensors; they are drawn red."""
    if error.tape is not None or not tensors:
        return
    if line is not None:
        error.add_note(f"at {line}: {line.code}")
    enter_graph(error, tensors, model)


def explain_raised(error: AutogradError, trace: TracebackType | None, model: Any) -> None:
    """The same for an error that was raised around calls, from what the functions were given."""
    frames: list[tuple[FrameType, int]] = []
    while trace is not None:
        frames.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    tensors: list = []
    for frame, line in reversed(frames):
        if is_users(frame):
            explain_refusal(error, tensors, Source(frame.f_code.co_filename, line), model)
            return
        given = list(_tensors_given(frame))
        if given and not any(t._node is not None for t in tensors):
            tensors = given


def _tensors_given(frame: FrameType) -> Iterator[TensorBase]:
    """The tensors among the arguments of a function, also in sequences and dicts."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    left = [frame.f_locals.get(name) for name in code.co_varnames[:count]][::-1]
    seen = set()
    while left:
        value = left.pop()
        if isinstance(value, TensorBase) and id(value) not in seen:
            seen.add(id(value))
            yield value
        elif isinstance(value, dict):
            left += reversed(value.values())
        elif isinstance(value, (list, tuple)):
            left += value[::-1]
