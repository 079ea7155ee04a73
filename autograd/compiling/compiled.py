"""`autograd.compile`: the face of programs, and what decides which one runs."""

from __future__ import annotations

import copy
import functools
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

from .. import changes
from ..errors import ArgumentError, CompileError, OperandError
from ..graph.arguments import parameters
from ..graph.records import Tape
from ..loops import diskcache
from ..tape import mode
from . import lines
from .changed import Changed, Moved, Outdated, Undecided
from .containers import leaves
from .kernels import native
from .plan import NUMPY, PLAIN, Plan
from .reading.checks import MISS
from .reading.keys import History, Keys
from .reading.state import State
from .recording.carried import Attributes, Carried
from .recording.labels import changed_part, parts, written
from .recording.results import HISTORY, LIVE, kind_of
from .recording.tracing import TracedRun
from .running.entry import Entry
from .running.faster import hurried
from .running.programs import Programs
from .running.trial import UNSEEN, compared, traced
from .running.verify import LAYOUTS, agree, arrays_of

# How often a program may find that something changed before the function runs eagerly for good.
PATIENCE = 16


# For how many combinations of what is no array a function may have programs, and how many each of them
# for outcomes of guards.
MOST, VARIANTS = 64, 16
# How often a function may change what tells its programs apart, before it is said to do so at each run.
RESTLESS = 3


SUSPENDS = "a generator or a coroutine runs on when its caller asks; compile the functions that it calls"


class CompileWarning(RuntimeWarning):
    """A function runs eagerly, since it cannot be compiled."""


def compile(fn: Callable | None = None, *, state: Any = (), strict: bool = False) -> Any:
    """The function, recorded at its first call and replayed from then on.

    Args:
        fn: a function of arrays and tensors, which may call `backward()` and an optimiser's
            `step()`.
        state: the modules, optimisers, schedulers, generators and tensors that it reads and
            writes; they are read anew at each call.
        strict: raise where the function cannot be compiled, rather than to run it eagerly.

    Returns: a function of the same arguments. Arrays and tensors are inputs; for other
    arguments, shapes, dtypes and modes there is a program each.

    Errors: CompileError if `strict`; ArgumentError for a state that is none.

    Example:
        >>> import numpy as np
        >>> from autograd import compile, grad
        >>> slope = compile(grad(lambda x: (x**3).sum()))
        >>> slope(np.array([1.0, 2.0]))
        array([ 3., 12.])
    """
    if fn is None:
        return functools.partial(compile, state=state, strict=strict)
    if not callable(fn):
        raise OperandError(f"compile: expected a function, got {type(fn).__name__}")
    if not isinstance(strict, bool):
        raise ArgumentError(f"compile: strict must be True or False, got {strict!r}")
    return Compiled(fn, state, strict)


class Compiled:
    """A function with its programs."""

    def __init__(self, fn: Callable, state: Any, strict: bool):
        functools.update_wrapper(self, fn, updated=())
        self._fn, self._strict = fn, strict
        self._state = State(state)
        self._carried: Carried | None = None
        self._body = fn  # what is recorded: the function, with the attributes that it binds anew
        self._keys = Keys(fn, self._state)
        self._programs = Programs()
        self._attributes: Attributes | None = None  # after the last first run of a kind
        # for what arguments it has changed what tells programs apart, in how many first runs in a row
        self._restless: tuple[Any, int] = None, 0
        self._eager = self._refused = ""
        self._misses = 0
        self._lock = threading.RLock()
        self.replays = 0  # how often a program ran
        self._first: Callable | None = None  # the call of the program that ran last

    @property
    def plan(self) -> Plan:
        """The steps of the program that ran last and where their results lie; `print` it."""
        return self._program().plan

    def __tape__(self) -> Tape:
        """The records of its plan, for `autograd.graph.draw`."""
        return self.plan.__tape__()

    @property
    def fallback(self) -> str:
        """Why the function runs eagerly, with the line; empty if it does not."""
        return self._eager or self._refused

    @property
    def source(self) -> str:
        """The straight-line code that ran last."""
        return self._program().source

    def _program(self) -> Entry:
        if self._programs.last is None:
            raise CompileError(
                f"{lines.name_of(self._fn)} has no program yet: " + (self.fallback or "call it first")
            )
        return self._programs.last

    def __reduce__(self) -> Any:
        """Copied and pickled as what it was made of: programs belong to this process and these objects."""
        return Compiled, (self._fn, self._state.named, self._strict)

    def __deepcopy__(self, memo: dict) -> Compiled:
        """Of a method, with its object; a plain function stays, and so does what it reads and writes."""
        fn = copy.deepcopy(self._fn, memo)
        named = self._state.named if fn is self._fn else copy.deepcopy(self._state.named, memo)
        return Compiled(fn, named, self._strict)

    # -------------------------------------------------------------- calls

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a function in a class: a method of its instances."""
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **options: Any) -> Any:
        first = self._first
        if first is not None:
            try:
                with self._lock:
                    found = first(args, options)
                    if found is not MISS:
                        self.replays += 1
                        return found
            except Changed:
                pass  # what was as it should be are the arguments, not their values
        if self._eager or mode.interceptor is not None or mode.levels:
            return self._fn(*args, **options)
        with self._lock:
            return self._run(args, options)

    def _run(self, args: tuple, options: dict) -> Any:
        if self._refused:
            raise CompileError(self._refused)
        carried = self._carried
        if carried is None:
            return self._find(args, options)
        return self._parted(carried, self._find((carried.values(), *args), options))

    def _parted(self, carried: Carried, found: Any) -> Any:
        """The result, of what the body gives; the attributes are set."""
        result, values = found
        if carried.put(values):
            was = changes.count
            self._keys.noted()  # others must look at the modules again; programs of this function need not
            for entry in self._programs.recent:
                if entry.names["seen"] == was:
                    entry.names["seen"] = changes.count
        return result

    def _quickly(self, call: Callable | None) -> Callable | None:
        """The call of a program, as one of the function."""
        carried = self._carried
        if call is None or carried is None:
            return call

        def quick(args: tuple, options: dict) -> Any:
            found = call((carried.values(), *args), options)
            return found if found is MISS else self._parted(carried, found)

        return quick

    def _find(self, args: tuple, options: dict) -> Any:
        """Run a program that fits, or the body."""
        for entry in self._programs.recent[1:]:
            if entry.call is not None:
                try:
                    found = entry.call(args, options)
                except Undecided as change:
                    return self._changed(entry, change, args, options)
                except Changed:
                    continue
                if found is not MISS:
                    self._ran(entry)
                    return found
        arrays: list[Any] = []
        try:
            key = self._keys.of(args, options, arrays)
            if key not in self._programs.kinds:  # what was read by name may read other names now
                self._keys.watch()
                key = self._keys.of(args, options, arrays)
        except History:
            result = self._body(*args, **options)
            if self._carried is not None and (reason := self._carried.refused()):
                self._give_up(f"{lines.last(None, self._fn)}: {reason}", ran=True)
            return result
        grads = self._state.grads()
        fitting = self._programs.fitting(key, grads)
        for entry in fitting:
            try:
                return self._replay(entry, arrays, args, options)
            except (Moved, Outdated, Undecided) as change:
                return self._changed(entry, change, args, options)
            except Changed as change:  # its guards came out otherwise
                last = change
        if len(fitting) >= VARIANTS:
            return self._changed(entry, last, args, options)
        if key not in self._programs.kinds:
            return self._meet(key, args, options)
        return self._record(key, grads, args, options)

    def _meet(self, key: Any, args: tuple, options: dict) -> Any:
        """The first run of a kind, the function's own: it tells what the results are, and what it binds."""
        if len(self._programs.kinds) >= MOST:
            self._give_up(f"{lines.last(None, self._fn)}: {self._varied(len(args))}")
            return self._body(*args, **options)
        keys, attributes = self._keys, Attributes(self._state)
        others = [] if self._attributes is None else self._attributes.changed()[0]
        before = parts(self._body, args, options)
        result = self._body(*args, **options)
        if keys is not self._keys:  # it has called itself
            return result
        if name := changed_part(before, parts(self._body, args, options)):
            self._give_up(f"{lines.last(None, self._fn)}: {written(name)}", ran=True)
            return result
        bound, rest = attributes.changed()
        self._attributes = Attributes(self._state)
        known = self._carried.places if self._carried is not None else []
        # also those that others have bound since the last first run
        if new := [place for place in dict.fromkeys([*bound, *others]) if place not in known]:
            self._carry([*known, *new])
            return result
        kinds = [kind for kind in map(kind_of, leaves(result)) if kind is not None]
        self._programs.kinds[key] = kinds
        names = [f"{type(module).__name__}.{name}" for module, name in rest] or [keys.changed(key)]
        again = self._restless[1] if names[0] and self._restless[0] == key[0] else 0
        self._restless = key[0], again + bool(names[0])
        if self._restless[1] >= RESTLESS:
            reason = f"it changes {names[0]} itself, at each run"
            self._give_up(f"{lines.last(None, self._fn)}: {reason}", ran=True)
        return result

    def _varied(self, count: int) -> str:
        """What was another in most calls, of so many arguments of the body."""
        first = [] if self._carried is None else ["an attribute that it binds"]
        called = first + [f"argument {name!r}" for name in parameters(self._fn, count - len(first))]
        what = self._keys.varied(list(self._programs.kinds), called)
        hint = "; hand changing numbers in as arrays" if "argument" in what else ""
        return f"{what} was another in {MOST} calls{hint}"

    def _carry(self, places: list) -> None:
        """Take attributes along from now on; what was recorded without them is of no use."""
        self._carried = Carried(self._fn, self._state, places)
        self._body = self._carried.body
        self._keys = Keys(self._body, self._state)
        self._programs = Programs()
        self._first = None

    def _replay(self, entry: Entry, arrays: list, args: tuple, options: dict) -> Any:
        if not entry.verified:
            return self._verify(entry, arrays, args, options)
        if entry.hopes:
            return self._compare(entry, arrays)
        result = entry.run(arrays)
        entry.expect(args, options, self._keys, self.replays + 1)
        self._ran(entry)
        return result

    def _ran(self, entry: Entry) -> None:
        self.replays += 1
        self._programs.ran(entry)
        self._first = self._quickly(entry.call)

    def _changed(self, entry: Entry, change: Changed, args: tuple, options: dict) -> Any:
        """Run the function, since no program fits."""
        self._keys.forget()
        if isinstance(change, Outdated):  # the next call records another
            self._programs.replace(entry)
            self._first = None
        self._missed(change)
        return self._body(*args, **options)

    def _missed(self, change: Changed) -> None:
        self._misses += 1
        if self._misses > PATIENCE:
            nowhere = isinstance(change, Undecided) and not change.line
            self._give_up(f"{lines.last(None, self._fn)}: {change}" if nowhere else str(change))

    def _record(self, key: Any, grads: Any, args: tuple, options: dict) -> Any:
        """The function runs, and runs once more to be recorded; both runs must agree."""
        kept = HISTORY if LIVE in self._programs.kinds[key] else ""
        refused = SUSPENDS if lines.suspends(self._fn) else kept
        if refused:
            self._give_up(f"{lines.last(None, self._fn)}: {refused}")
            return self._body(*args, **options)
        self._restless = None, 0
        self._state.prepare()
        result, wanted, keep, _ = compared(self._body, self._state, args, options)
        try:
            key, run = self._traced(key, wanted, args, options)
        except Undecided as change:
            keep()
            self._missed(change)
            return result
        except CompileError as error:
            if not self._strict:
                keep()
            self._give_up(str(error))
            return result
        keep()
        try:
            # what numba makes loops of runs but once without
            entry = Entry(run, self._state, PLAIN if native.available() else NUMPY)
        except (CompileError, Changed) as error:
            self._give_up(str(error))
        except Exception as error:  # whatever is wrong here is no fault of the function's
            if diskcache.strict():
                raise
            self._give_up(
                f"{lines.last(None, self._fn)}: planning it raised {type(error).__name__}: {error}"
            )
        else:
            self._programs.add(key, None if run.resets else grads, entry)
        run.release()
        return result

    def _traced(self, key: Any, wanted: list, args: tuple, options: dict) -> tuple[Any, TracedRun]:
        """A recording of a run that left what is wanted, and the key of that."""
        kinds, captured = self._programs.kinds[key], self._keys.captured
        assert captured is not None
        found = traced(self._body, self._state, args, options, kinds, captured, wanted)
        if self._keys.meet(found.met):  # what they read is part of the key from now on
            key = self._keys.of(args, options, [])
            self._programs.kinds[key] = kinds
        return key, found

    def _verify(self, entry: Entry, arrays: list, args: tuple, options: dict) -> Any:
        """The first replay: the function runs eagerly too, and both must agree."""
        result, wanted, keep, restore = compared(self._body, self._state, args, options)
        found = entry.run(arrays)
        entry.verified = agree(wanted, [*arrays_of(found), *self._state.values()], LAYOUTS)
        if entry.verified and native.available():
            self._hurry(entry, arrays, found, restore)
        keep()
        self._state.lighten()
        if not entry.verified:
            self._give_up(f"{lines.last(None, self._fn)}: the first replay differed: {UNSEEN}")
        return result

    def _compare(self, entry: Entry, arrays: list) -> Any:
        """A replay, after ones where faster kernels gave something else."""
        restore = self._state.snapshot()
        result = entry.run(arrays)
        self.replays += 1
        keep = self._state.snapshot()
        self._hurry(entry, arrays, result, restore)
        keep()
        return result

    def _hurry(self, entry: Entry, arrays: list, result: Any, restore: Callable) -> None:
        """Put a faster program in the place of a plain one, which gave this, if one does the same."""
        other = hurried(entry, self._state, arrays, result, restore)
        if other is not None:
            self._programs.replace(entry, other)
            self._first = None

    def _give_up(self, reason: str, ran: bool = False) -> None:
        """Run the function eagerly from now on; if it has run, the next call is the first to raise."""
        message = f"compile: {lines.name_of(self._fn)}: {reason}"
        if self._strict and not ran:
            raise CompileError(message)
        self._programs.forget()
        self._first = None
        if self._strict:
            self._refused = message
            return
        self._eager = reason
        warnings.warn(
            f"{message}; it runs eagerly from now on", CompileWarning, stacklevel=lines.depth_in(__file__)
        )
