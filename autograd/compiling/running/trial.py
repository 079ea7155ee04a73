"""Runs of a function that programs are made of and compared with; the state is put back around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import spreading
from ...errors import CompileError
from ...ops.matrices import Untold
from .. import lines
from ..changed import Undecided
from ..reading.capture import Captured
from ..reading.state import State
from ..recording.tracing import TracedRun, told, traced_run
from .returned import result_of
from .verify import KERNELS, agree, arrays_of

UNSEEN = "what it does depends on something that is not seen"


def compared(
    fn: Callable, state: State, args: tuple, options: dict
) -> tuple[Any, list, Callable[[], None], Callable[[], None]]:
    """A run of the function that another is compared with; the state is as before.

    Returns: its result, what it left, and what brings back the state after it and before it.
    """
    restore = state.snapshot()
    with spreading.undivided():
        result = fn(*args, **options)
    wanted, keep = [*arrays_of(result), *state.values()], state.snapshot()
    restore()
    return result, wanted, keep, restore


def traced(
    fn: Callable,
    state: State,
    args: tuple,
    options: dict,
    kinds: list[str],
    captured: Captured,
    wanted: list,
) -> TracedRun:
    """A recording of a run that left what is wanted; the state may be anything.

    Errors: CompileError; then the state is as it was.
    """
    restore = state.snapshot()
    state.release()
    try:
        found = traced_run(fn, args, options, state, kinds, captured)
    except (CompileError, Undecided):
        raise
    except Untold as error:
        restore()
        raise Undecided(lines.last(error, fn), told(error)) from error
    except Exception as error:
        what = f"recording it raised {type(error).__name__}: {told(error)}"
        raise CompileError(f"{lines.last(error, fn)}: {what}") from error
    result = result_of(found.tree, found.kinds, found.result)
    # but for rounding: of copies of arguments, as of arrays that are one, BLAS may round otherwise
    if not agree(wanted, [*arrays_of(result), *state.values()], KERNELS):
        restore()
        raise CompileError(f"{lines.last(None, fn)}: {UNSEEN}")
    return found
