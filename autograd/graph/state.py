"""Running a function only to look at it: what it changed is put back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..recording import GENERATORS
from ..views import writable


class _Kept:
    """The buffers and generators of the modules that were met, as they were before."""

    def __init__(self) -> None:
        self.buffers: dict[tuple[int, str], tuple[Any, str, Any, np.ndarray]] = {}
        self.generators: dict[int, tuple[np.random.Generator, Any]] = {}

    def module(self, module: Any) -> None:
        """Keep the state of a module that is about to run, if it was not kept before."""
        for value in vars(module).values():
            if isinstance(value, np.random.Generator):
                self.generator(value)
        if not callable(getattr(module, "named_buffers", None)):
            return
        for name, buffer in module.named_buffers(recurse=False):
            key = id(module), name
            if key not in self.buffers:
                self.buffers[key] = module, name, buffer, np.array(buffer._data)

    def generator(self, generator: np.random.Generator) -> None:
        self.generators.setdefault(id(generator), (generator, generator.bit_generator.state))

    def put_back(self) -> None:
        for module, name, buffer, values in self.buffers.values():
            if getattr(module, name) is not buffer:
                setattr(module, name, buffer)
            if not np.array_equal(buffer._data, values):
                writable(buffer)[...] = values
        for generator, state in self.generators.values():
            generator.bit_generator.state = state


@contextmanager
def unchanged(what: Any) -> Iterator[Callable[[Any], None]]:
    """Within, a function may run: afterwards buffers and generators are what they were.

    Args:
        what: the function; all modules of it, if it is one, are kept.

    Gives a function that is to be called with every other module before it runs.
    """
    kept = _Kept()
    legacy, builtin = np.random.get_state(), random.getstate()
    for generator in GENERATORS:
        kept.generator(generator)
    if callable(getattr(what, "modules", None)):
        for module in what.modules():
            kept.module(module)
    try:
        yield kept.module
    finally:
        kept.put_back()
        np.random.set_state(legacy)
        random.setstate(builtin)
