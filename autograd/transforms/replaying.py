"""Running a function again as if for the first time: what it drew and wrote is put back before."""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ..effects import setting
from ..tape import TensorBase, mode
from ..views import writable

_LONGEST = 64  # containers with more in them are not searched for generators


class Effects:
    """Notes, in a block, what is drawn from and written, each as it was before.

    `again()` is a block in which all of that is so once more, in the same settings; after it everything
    is as if it had not been. `generators` says whether draws are noted; those of `nn` say themselves
    that they draw, others are noted by `note_generator`, and NumPy's global one always is.
    """

    def __init__(self, generators: bool = True):
        self._draws = generators
        self._generators: dict[int, tuple[Any, Any]] = {}
        self._legacy = np.random.get_state() if generators else None
        self._buffers: dict[int, tuple[weakref.ref, np.ndarray]] = {}
        self._settings = mode.settings

    def note_generator(self, generator: Any) -> None:
        if self._draws and isinstance(generator, np.random.Generator):
            self._generators.setdefault(id(generator), (generator, generator.bit_generator.state))

    def note_buffer(self, target: Any) -> None:
        if id(target) not in self._buffers:
            values = target._data if isinstance(target, TensorBase) else target
            self._buffers[id(target)] = weakref.ref(target), np.array(values)

    def __enter__(self) -> Effects:
        mode.keepers = (*mode.keepers, self)
        return self

    def __exit__(self, *exception: Any) -> None:
        mode.keepers = tuple(k for k in mode.keepers if k is not self)
        # what was made in the block and is gone is nobody's buffer
        self._buffers = {i: pair for i, pair in self._buffers.items() if pair[0]() is not None}

    @contextmanager
    def again(self) -> Iterator[None]:
        """A block in which everything that was noted is as it was before it was changed."""
        outer = mode.levels, mode.keepers
        mode.levels = mode.keepers = ()
        now = Effects(self._draws)
        for generator, state in self._generators.values():
            now.note_generator(generator)
            generator.bit_generator.state = state
        if self._draws:
            np.random.set_state(self._legacy)  # type: ignore[arg-type]
        live = [(ref(), before) for ref, before in self._buffers.values()]
        for target, before in live:
            if target is not None:
                now.note_buffer(target)
                _put(target, before)
        try:
            with ExitStack() as stack:
                for make in self._settings:
                    stack.enter_context(setting(make))
                yield
        finally:
            now._put_back()
            mode.levels, mode.keepers = outer

    def _put_back(self) -> None:
        for generator, state in self._generators.values():
            generator.bit_generator.state = state
        if self._draws:
            np.random.set_state(self._legacy)  # type: ignore[arg-type]
        for ref, before in self._buffers.values():
            _put(ref(), before)


def _put(target: Any, values: np.ndarray) -> None:
    """Give a buffer these values, in place."""
    if isinstance(target, TensorBase):
        target = writable(target)
    if target.shape == values.shape:
        np.copyto(target, values)


def generators_of(*things: Any) -> list[np.random.Generator]:
    """The generators that functions, objects and containers hold, however deep."""
    found: list[np.random.Generator] = []
    seen: set[int] = set()
    left = list(things)
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, np.random.Generator):
            found.append(thing)
        else:
            left += _held_by(thing)
    return found


def _held_by(thing: Any) -> list:
    if isinstance(thing, (TensorBase, np.ndarray, np.generic, type, types.ModuleType, str, bytes)):
        return []
    if isinstance(thing, dict):
        return list(thing.values()) if len(thing) <= _LONGEST else []
    if isinstance(thing, (tuple, list)):
        return list(thing) if len(thing) <= _LONGEST else []
    if isinstance(thing, functools.partial):
        return [thing.func, thing.args, thing.keywords]
    if isinstance(thing, types.MethodType):
        return [thing.__self__, thing.__func__]
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell)]
        used = [thing.__globals__.get(name) for name in thing.__code__.co_names]
        named = [v for v in used if isinstance(v, np.random.Generator)]
        return [*cells, *(thing.__defaults__ or ()), *named]
    return [getattr(thing, "__dict__", None) or ()]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def twice(f: Any, first: Any, again: Any) -> Any:
    """f, whose first run is in one context and whose second in another."""
    contexts = iter([first, again])

    @functools.wraps(f, updated=())
    def inside(*args: Any, **options: Any) -> Any:
        with next(contexts, again):
            return f(*args, **options)

    return inside
