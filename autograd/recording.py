"""What pictures and tables show beyond the tape: `with record():` has every call take notes.

A note belongs to a node and lives as long as it does: it is among the node's hooks, so that it
also sees the gradient of any sweep that comes by. It keeps numbers and small copies, and no
array of the program; and it knows what its node was, so that a graph can be drawn after
`backward()` has released it.
"""

from __future__ import annotations

import itertools
import linecache
import os
import sys
import weakref
from collections.abc import Callable, Sequence
from time import perf_counter
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from .codegen import next_order
from .memory import bare
from .several import PICK
from .summaries import Summary, summarise
from .tape import (
    EXTRA,
    FIRST_PARENT,
    ORDER,
    PULL,
    Extra,
    TensorBase,
    apply,
    enter_unusual,
    leave_unusual,
    mode,
    parents,
)

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_OURS = tuple(os.path.join(_ROOT, name) + os.sep for name in ("autograd", "nn", "optim"))

# Generators that are drawn from where none is given: what runs only to be drawn leaves them as
# they were.
GENERATORS: list[np.random.Generator] = []


class Scope(NamedTuple):
    """One call of one module.

    Attributes:
        call: the number of the call, counted through the recording.
        name: what the module is called in the one around it; of the outermost, its class.
        kind: the name of its class.
    """

    call: int
    name: str
    kind: str


class Source(NamedTuple):
    """A line of the user's program."""

    file: str
    line: int

    @property
    def code(self) -> str:
        """The text of the line; empty if it cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}"


class Seen:
    """What a recording saw of an argument.

    Attributes:
        value: its summary.
        held: a weak reference to the array, or None.
    """

    __slots__ = ("__weakref__", "held", "value")

    def __init__(self, array: Any):
        self.value = summarise(array)
        self.held = weakref.ref(array) if type(array) is np.ndarray else None

    def array(self) -> Any:
        """The array itself, if it still exists."""
        return None if self.held is None else self.held()


class Note:
    """What a recording keeps of one call; as a hook of its node, it sees the gradient.

    Attributes:
        value: a summary of the result; None for a step that the engine put in, as to broadcast.
        gradient: that of the last cotangent that came by, as users see it; None before.
        scopes: the calls of modules that it was made in, outermost first.
        source: the user's line.
        seconds: what the call took.
        inputs: what was seen of each argument, None for what is a result of a call.
        node: the node without its arrays, which stays when the real one is released.
    """

    __slots__ = ("gradient", "inputs", "node", "scopes", "seconds", "source", "value")

    def __init__(
        self, value: Summary | None, scopes: tuple[Scope, ...], source: Source | None, seconds: float
    ):
        self.value, self.scopes, self.source, self.seconds = value, scopes, source, seconds
        self.gradient: Summary | None = None
        self.inputs: list[Seen | None] = []
        self.node: list = []

    def __call__(self, gradient: Any) -> None:
        self.gradient = summarise(gradient._data)


def note_of(node: list) -> Note | None:
    """The note of a node, if it was made under `record()`."""
    extra = node[EXTRA]
    if extra is None:
        return None
    return next((hook for hook in extra.hooks.values() if type(hook) is Note), None)


class _Scopes(list):
    """The stack of running modules, with a number for each call."""

    def __init__(self, running: Sequence[Any], count: Any, entering: Callable[[Any], None] | None):
        super().__init__(running)
        self._count, self._entering = count, entering
        self.calls = [next(count) for _ in running]

    def append(self, module: Any) -> None:
        if self._entering is not None:
            self._entering(module)
        super().append(module)
        self.calls.append(next(self._count))

    def pop(self, index: Any = -1) -> Any:
        self.calls.pop(index)
        return super().pop(index)


class record:
    """Within, every call takes notes: values, gradients, modules, and the user's source lines.

    Pictures and tables of what was computed show them, also after `backward()`. What runs
    elsewhere pays nothing; what runs within is slower by some tens of microseconds a call. Only
    this thread records.

    Example:
        >>> import autograd
        >>> x = autograd.tensor(3.0, requires_grad=True)
        >>> with autograd.record():
        ...     y = x * x
        ...     y.backward()
        >>> autograd.graph.tape(y)[1].value, str(autograd.graph.tape(y)[1].gradient.few)
        ('9', '1.0')
    """

    entering: Callable[[Any], None] | None = None  # called with each module before it runs

    def __init__(self) -> None:
        self._outer: list[tuple] = []
        self._seen: dict[Any, Seen] = {}
        self._names: dict[tuple[int, int], tuple[str, Any, Any]] = {}
        self._count = itertools.count()
        self.within: tuple[Scope, ...] | None = None  # what calls are in, if not what is running

    def __enter__(self) -> record:
        self._outer.append((mode.interceptor, mode.scopes))
        if len(self._outer) == 1:  # entered again, it goes on
            mode.scopes = _Scopes(mode.scopes, self._count, self.entering)
            mode.interceptor = self._call
        enter_unusual()
        return self

    def __exit__(self, *exception: Any) -> None:
        leave_unusual()
        mode.interceptor, mode.scopes = self._outer.pop()
        if not self._outer:
            self._seen.clear()
            self._names.clear()

    def _call(self, prim: Any, args: Sequence[Any], statics: tuple) -> Any:
        """Run a call as it would run without, then take notes of it."""
        mode.interceptor = self._outer[0][0]
        since = next_order()
        try:
            start = perf_counter()
            out = apply(prim, args, statics)
            seconds = perf_counter() - start
        finally:
            mode.interceptor = self._call
        results = out if isinstance(out, tuple) else (out,)
        made = [t for t in results if isinstance(t, TensorBase) and t._node and not note_of(t._node)]
        if made:
            self._take_notes(made, args, seconds, since)
        return out

    def _take_notes(self, made: list, args: Sequence[Any], seconds: float, since: int) -> None:
        """Enter a note in every node that is younger than `since`: those of a call."""
        scopes, source = self._scopes(), user_line()
        whole = made[0]._node
        if whole[PULL].step.prim is PICK:  # of several results, each is picked from one node
            whole = whole[FIRST_PARENT]
        values = {t._node[ORDER]: summarise(t._data) for t in made}
        left = [t._node for t in made]
        while left:
            node = left.pop()
            if note_of(node) is not None:
                continue
            note = Note(values.get(node[ORDER]), scopes, source, seconds if node is whole else 0.0)
            note.inputs = [self._see(arg) for arg in args] if node is whole else []
            left += [p for p in parents(node) if p[ORDER] < since]  # such as a broadcast in between
            _attach(note, node)

    def _scopes(self) -> tuple[Scope, ...]:
        if self.within is not None:
            return self.within
        running: Any = mode.scopes
        above: Any = None
        found = []
        for call, module in zip(running.calls, running):
            found.append(Scope(call, self._name(above, module), type(module).__name__))
            above = module
        return tuple(found)

    def _name(self, above: Any, module: Any) -> str:
        """What a module is called in the one around it."""
        key = id(above), id(module)
        if key not in self._names:
            name = type(module).__name__ if above is None else above.path_to([module])
            self._names[key] = name, above, module  # held, so that their ids stay their own
        return self._names[key][0]

    def _see(self, arg: Any) -> Seen | None:
        """What is seen of an argument that is no result: a leaf or a constant."""
        node = getattr(arg, "_node", None)
        if node is not None:
            if node[PULL].step.arity:
                return None
            key: Any = node[ORDER]
        else:
            arg = getattr(arg, "_data", arg)
            if not isinstance(arg, (np.ndarray, np.generic, int, float, complex)):
                return None
            if not isinstance(arg, np.ndarray):
                return Seen(arg)
            key = (id(arg),)
        seen = self._seen.get(key)
        if node is not None:
            if seen is None:
                seen = self._seen[key] = Seen(arg._data)
        elif seen is None or seen.array() is not arg:
            seen = self._seen[key] = Seen(arg)
        return seen


def _attach(note: Note, node: list) -> None:
    """Make a note part of its node."""
    kept = bare(node)
    first = FIRST_PARENT + node[PULL].step.arity
    note.node = [*kept[:EXTRA], None, *node[FIRST_PARENT:first], *map(_stand_in, kept[first:])]
    if node[EXTRA] is None:
        node[EXTRA] = Extra(leaf=False)
    node[EXTRA].hooks[node[ORDER]] = note


def _stand_in(part: Any) -> Any:
    """Something of the same shape and dtype that takes no memory, for what a node saved."""
    if isinstance(part, np.ndarray) and part.ndim:
        return np.broadcast_to(np.zeros((), part.dtype), part.shape)
    return [_stand_in(item) for item in part] if type(part) is list else part


def user_line() -> Source | None:
    """Where the user's program, rather than this library, is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame):
            return Source(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def is_users(frame: FrameType) -> bool:
    """Whether what runs there is the user's program, and not this library."""
    file = frame.f_code.co_filename
    return not file.startswith(_OURS) and not file.startswith(("<autograd ", "<nn "))
