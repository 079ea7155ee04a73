"""Runs of a function as it is and compiled, side by side."""

from __future__ import annotations

import gc
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn.functional as F
from autograd.compiling import Compiled, CompileWarning


def plain(value: Any) -> Any:
    """A result as ndarrays in lists; everything else as it is."""
    value = value._data if isinstance(value, autograd.Tensor) else value
    if isinstance(value, (np.ndarray, np.generic)):  # elements that are repeated lie in no order
        return np.array(value, order="C" if 0 in value.strides else "K")
    if isinstance(value, dict):
        return [plain(v) for v in value.values()]
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def outcome(fn: Callable, *args: Any, **options: Any) -> Any:
    """The result of a call, or the exception that it raised."""
    try:
        return plain(fn(*args, **options))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def order(a: np.ndarray) -> tuple:
    """In which order the axes lie in memory; one of a single element has no place in it."""
    return tuple(s for s, n in zip(a.strides, a.shape, strict=True) if n > 1) if a.size else ()


def same(a: Any, b: Any) -> bool:
    """Whether two results are equal to the last bit, and lie in the same order."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        nan = a.dtype.kind in "fc"
        alike = (a.shape, a.dtype, order(a)) == (b.shape, b.dtype, order(b))
        return alike and np.array_equal(a, b, equal_nan=nan)
    return type(a) is type(b) and bool(a == b or a is b)


def compiled(fn: Callable, state: Any = ()) -> Compiled:
    """The function compiled; falling back is allowed and says why in `_eager`."""
    return autograd.compile(fn, state=state)


def quietly(fn: Callable, *args: Any) -> Any:
    """A call whose fallback is no failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        return fn(*args)


def training_step(model: Any, optimizer: Any, loss: Callable = F.cross_entropy) -> Callable:
    """A step of the simplest kind: `step(x, y)` gives the loss of model(x) and y, and goes down it."""

    def step(x: Any, *targets: Any) -> Any:
        optimizer.zero_grad()
        value = loss(model(x), *targets)
        value.backward()
        optimizer.step()
        return value

    return step


def replayed(fn: Callable, *args: Any) -> tuple[Any, str]:
    """What a program of a function gives, and its source."""
    program = autograd.compile(fn, strict=True)
    for _ in range(4):
        found = program(*args)
    return found, program.source


def peak(program: Callable, args: tuple) -> tuple[int, int]:
    """How many bytes above what there was a call has at most, and after it."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        program(*args)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = program(*args)
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    del result
    return most - before, after - before
