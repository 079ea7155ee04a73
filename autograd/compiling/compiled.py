"""`autograd.compile`: the face of programs, and what decides which one runs."""

from __future__ import annotations

import functools
import logging
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import changes
from ..errors import ArgumentError, CompileError, OperandError
from ..tape import TensorBase, mode
from . import native
from .capture import Captured
from .entry import Entry, result_of
from .ir import leaves
from .plan import Plan
from .program import Changed, Outdated
from .results import kind_of
from .signatures import signature
from .state import State, frozen, grad_of, is_plain, release
from .tracing import last_line, traced_run

log = logging.getLogger(__name__)

# How often a program may find that something changed before the function runs eagerly for good.
PATIENCE = 16


# How many programs a function may have.
MOST = 64


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
        self._captured: Captured | None = None
        self._entries: dict[Any, list[tuple[Any, Entry]]] = {}
        self._kinds: dict[Any, list[str]] = {}
        self._numbers: dict[Any, int] = {}
        self._seen, self._number = -1, 0  # the count of changes when the state was looked at; its number
        self._eager = ""
        self._misses = 0
        self._lock = threading.RLock()
        self.replays = 0  # how often a program ran
        self._last: Entry | None = None

    @property
    def plan(self) -> Plan:
        """The steps of the program that ran last and where their results lie; `print` it."""
        return self._program().plan

    @property
    def fallback(self) -> str:
        """Why the function runs eagerly, with the line; empty if it does not."""
        return self._eager

    @property
    def source(self) -> str:
        """The straight-line code that ran last."""
        return self._program().source

    def _program(self) -> Entry:
        if self._last is None:
            raise CompileError(
                f"{self._fn.__name__} has no program yet: " + (self._eager or "call it first")
            )
        return self._last

    # -------------------------------------------------------------- calls

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self._eager or mode.interceptor is not None or mode.levels:
            return self._fn(*args, **options)
        with self._lock:
            return self._run(args, options)

    def _run(self, args: tuple, options: dict) -> Any:
        arrays: list[Any] = []
        try:
            key = self._key(args, options, arrays)
        except _History:
            return self._fn(*args, **options)
        for wanted, entry in self._entries.get(key, ()):
            if wanted is None or wanted == self._grads():
                return self._replay(entry, arrays, args, options)
        if key not in self._kinds:  # what was read by name may read other names now
            self._watch()
            arrays.clear()
            key = self._key(args, options, arrays)
            if key in self._entries:
                return self._run(args, options)
        grads = self._grads()
        if key not in self._kinds:
            if len(self._kinds) >= MOST:
                self._give_up(f"its arguments, or what it reads by name, were different in {MOST} calls")
                return self._fn(*args, **options)
            # the first run is the function's own: it tells of what kind the results are
            result = self._fn(*args, **options)
            self._kinds[key] = [kind for kind in map(kind_of, leaves(result)) if kind is not None]
            return result
        return self._record(key, grads, args, options)

    def _replay(self, entry: Entry, arrays: list, args: tuple, options: dict) -> Any:
        try:
            if not entry.verified:
                return self._verify(entry, arrays, args, options)
            result = entry.run(arrays)
        except Changed as change:
            self._seen = -1
            if isinstance(change, Outdated):  # the next call records another
                self._replace(entry)
            self._misses += 1
            if self._misses > PATIENCE:
                self._give_up(str(change))
            return self._fn(*args, **options)
        self._last = entry
        self.replays += 1
        return result

    def _record(self, key: Any, grads: Any, args: tuple, options: dict) -> Any:
        assert self._captured is not None
        for tensor in self._state.tensors():
            release(tensor)
        try:
            traced = traced_run(self._fn, args, options, self._state, self._kinds[key], self._captured)
        except CompileError as error:
            self._give_up(str(error))
            return self._fn(*args, **options)
        except Exception as error:
            result = self._fn(*args, **options)  # raises as well, if the error is the function's own
            what = f"recording it raised {type(error).__name__}: {error}"
            self._give_up(f"{last_line(error, self._fn)}: {what}")
            return result
        try:
            entry = Entry(traced, self._state)
        except (CompileError, Changed) as error:
            self._give_up(str(error))
        else:
            wanted = None if traced.resets else grads
            self._entries.setdefault(key, []).append((wanted, entry))
            self._last = entry
        result = result_of(traced, traced.result)
        traced.release()
        return result

    def _verify(self, entry: Entry, arrays: list, args: tuple, options: dict) -> Any:
        """The first replay: the function runs eagerly too, and both must agree."""
        restore = self._state.snapshot()
        result = self._fn(*args, **options)
        wanted = [*_arrays(result), *self._state.values()]
        keep = self._state.snapshot()
        restore()
        found = entry.run(arrays)
        same = _agree(wanted, [*_arrays(found), *self._state.values()])
        if same and native.available():
            after = [*_arrays(found), *self._state.gradients()]
            restore()
            self._speed_up(entry, arrays, after)
        keep()
        entry.verified = same
        if not same:
            self._give_up(
                "the first replay differed from the function: it depends on something that is not seen"
            )
        return result

    def _speed_up(self, entry: Entry, arrays: list, wanted: list) -> None:
        """Put a program with compiled loops in the place of one without, if it does the same."""
        try:
            faster = Entry(entry.traced, self._state, loops=True)
            found = faster.run(arrays)
        except Exception as error:  # numba, or LLVM below it, may fail in any way
            if os.environ.get("WENGERT_NATIVE") == "strict":
                raise
            log.warning("compile: no loops, since numba failed: %s", error)
            return
        if _agree(wanted, [*_arrays(found), *self._state.gradients()], exact=False):
            faster.verified = True
            self._replace(entry, faster)

    def _replace(self, entry: Entry, other: Entry | None = None) -> None:
        """Put another program in the place of one, or none."""
        for entries in self._entries.values():
            places = [(g, other if e is entry else e) for g, e in entries]
            entries[:] = [(g, e) for g, e in places if e is not None]

    def _give_up(self, reason: str) -> None:
        name = getattr(self._fn, "__name__", "the function")
        message = f"compile: {name}: {reason}"
        if self._strict:
            raise CompileError(message)
        self._eager = reason
        self._entries.clear()
        warnings.warn(f"{message}; it runs eagerly from now on", CompileWarning, stacklevel=4)

    # -------------------------------------------------------------- what a program is for

    def _key(self, args: tuple, options: dict, arrays: list) -> Any:
        if self._captured is None:
            self._watch()
        configuration = self._configuration()
        state = self._state
        spec = tuple([_spec(a, arrays, state) for a in args])
        if options:
            spec = (spec, tuple([(k, _spec(v, arrays, state)) for k, v in options.items()]))
        assert self._captured is not None
        return spec, mode.grad, self._captured.key(), configuration

    def _watch(self) -> None:
        state = self._state
        self._captured = Captured(self._fn, state.modules(), state.has, state.hooks())

    def _configuration(self) -> Any:
        """What of the state is no array: modes, options, which parameters are trained.

        A number stands for it, as long as nobody says that something changed.
        """
        if changes.count != self._seen:
            self._seen = changes.count
            self._state.refresh()
            self._number = self._numbers.setdefault(self._structure(), len(self._numbers))
            self._watch()
        return self._number, self._state.pattern()

    def _structure(self) -> Any:
        state = self._state
        modules = tuple([_attributes(m) for m in state.modules()])
        tensors = tuple(
            [(id(t), t._node is None, t._data.shape, t._data.dtype, _hooks(t)) for t in state.tensors()]
        )
        return modules, tensors, tuple([len(o.param_groups) for o in state.optimizers])

    def _grads(self) -> tuple:
        return tuple([grad_of(t) is None for t in self._state.tensors()])


class _History(Exception):
    """An argument is part of a graph outside, or of the state's memory: such a call runs as any other."""


def _spec(value: Any, arrays: list, state: State) -> Any:
    """What a program relies on of an argument; its arrays go to `arrays`."""
    kind = type(value)
    if kind is np.ndarray:
        if value.base is not None and state.shares(value):
            raise _History
        arrays.append(value)
        return value.shape, value.strides, value.dtype
    if state.has(value):
        return kind, id(value)
    if isinstance(value, TensorBase):
        alias = value._alias
        if value._node is not None or value._level is not None:
            raise _History
        if alias is not None and alias.root is not None and state.has(alias.root):
            raise _History
        arrays.append(value._data)
        return kind, value._data.shape, getattr(value._data, "strides", ()), value._data.dtype
    if isinstance(value, (np.ndarray, np.generic)):
        arrays.append(np.asarray(value))
        return kind, value.shape, value.dtype
    if kind in (list, tuple) or hasattr(value, "_make"):
        return kind, tuple([_spec(v, arrays, state) for v in value])
    if kind is dict:
        return kind, tuple([(k, _spec(v, arrays, state)) for k, v in value.items()])
    if callable(value) and not isinstance(value, type):
        return kind, signature(value, state.has), Captured(value, [], state.has).key()
    return kind, signature(value, state.has)


def _attributes(module: Any) -> Any:
    """A module's attributes: plain data by value, everything else by identity."""
    hooks = [(k, id(hook[0])) for table in module._hooks or () for k, hook in table.items()]
    plain = [(k, frozen(v) if is_plain(v) else id(v)) for k, v in module.__dict__.items() if k != "_hooks"]
    return id(module), tuple(plain), tuple(hooks)


def _hooks(tensor: Any) -> tuple:
    extra = tensor._node[2] if tensor._node is not None else None
    return tuple(extra.hooks) if extra is not None else ()


def _arrays(tree: Any) -> list:
    if isinstance(tree, TensorBase):
        return [np.array(tree._data)]
    if isinstance(tree, (np.ndarray, np.generic)):
        return [np.array(tree)]
    if isinstance(tree, (list, tuple)):
        return [a for item in tree for a in _arrays(item)]
    if isinstance(tree, dict):
        return [a for item in tree.values() for a in _arrays(item)]
    return [tree]


def _agree(wanted: list, found: list, exact: bool = True) -> bool:
    if len(wanted) != len(found):
        return False
    # a gradient may be nothing but the rounding errors of others: a bias before normalisation
    floats = [] if exact else [a for a in wanted if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]
    largest = max((float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in floats), default=0.0)
    single = any(isinstance(a, np.ndarray) and a.dtype in (np.float32, np.complex64) for a in wanted)
    for a, b in zip(wanted, found, strict=True):
        if isinstance(a, np.ndarray):
            if not isinstance(b, np.ndarray) or (a.shape, a.dtype) != (b.shape, b.dtype):
                return False
            equal = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
            if not (equal if exact else _near(a, b, 1e-5 if single else 1e-11, largest / 10)):
                return False
        elif a != b and a is not b:
            return False
    return True


def _near(a: np.ndarray, b: np.ndarray, tolerance: float, least: float) -> bool:
    """Equal, but for what other kernels round otherwise."""
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    if a.dtype == np.float16:
        tolerance = 1e-3
    with np.errstate(all="ignore"):
        finite = np.isfinite(a)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return False
        scale = np.abs(a[finite]).max(initial=least)
        return bool(np.abs(a[finite] - b[finite]).max(initial=0) <= tolerance * scale)
