"""One example at a time in the program, all examples at once in memory: the core of `vmap`.

Under `vmap` a function runs once, on tensors that stand for one example each: their shape is that of
an example. Such a *batched* tensor wraps another, its `_inner`, which has the examples along its first
axis, and knows the *level*, the run of `vmap` that it belongs to. Where `vmap`s nest, the inner tensor
may be batched itself, by the `vmap` around.

A call of a primitive with a batched argument is rewritten to calls on the inner values; see
`batched_calls.py`. So the tape and the sweep never see `vmap`: what they record and sweep are the
arrays of all examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import VmapError
from .primitive import REGISTRY
from .tape import TensorBase, mode, new_tensor


class Level:
    """One run of `vmap`.

    Attributes:
        depth: how many run around it.
        size: the number of examples.
        randomness: what draws of random numbers do: "error", "same" or "different".
        running: whether it has not ended yet.
    """

    __slots__ = ("depth", "randomness", "running", "size")

    def __init__(self, depth: int, size: int, randomness: str = "error"):
        self.depth, self.size, self.randomness, self.running = depth, size, randomness, True


class running:
    """A block in which a new level runs, inside those that run already."""

    def __init__(self, size: int, randomness: str = "error"):
        self.level = Level(len(mode.levels), size, randomness)

    def __enter__(self) -> Level:
        self._before = mode.levels
        mode.levels = (*mode.levels, self.level)
        return self.level

    def __exit__(self, *exception: Any) -> None:
        self.level.running = False
        mode.levels = self._before


class outside:
    """A block that computes with the arrays of all examples of some levels: these do not run in it."""

    def __init__(self, levels: Sequence[Level]):
        self.levels = levels

    def __enter__(self) -> None:
        self._before = mode.levels
        if self.levels:
            mode.levels = tuple(level for level in mode.levels if level not in self.levels)

    def __exit__(self, *exception: Any) -> None:
        mode.levels = self._before


def invoke(name: str, *args: Any) -> Any:
    """A primitive by its name, on arrays and statics."""
    return REGISTRY[name].function(*args)


# ------------------------------------------------------------------ batched tensors

_batched: Any = None


def admit_batched(cls: type) -> None:
    """Name the class of batched tensors, which has Tensor's surface and is made above it."""
    global _batched
    _batched = cls


def batch(level: Level, inner: Any) -> Any:
    """The batched tensor of an inner one."""
    made = TensorBase.__new__(_batched)
    made._inner, made._level = inner, level
    return made


def is_batched(value: Any) -> bool:
    """Whether it stands for one example of several."""
    return isinstance(value, TensorBase) and value._level is not None


def bottom(x: Any) -> Any:
    """The tensor that holds all examples, of all levels; these are its first axes, outermost first."""
    while x._level is not None:
        x = x._inner
    return x


def levels_of(x: Any) -> list[Level]:
    """The levels that a tensor is batched by, outermost first."""
    found = []
    while x._level is not None:
        found.append(x._level)
        x = x._inner
    return found[::-1]


def rebatch(levels: Sequence[Level], x: Any) -> Any:
    """The inverse of `bottom`: a tensor whose first axes are those of the levels, outermost first."""
    for level in levels:
        x = batch(level, x)
    return x


def everywhere(x: Any, levels: Sequence[Level]) -> Any:
    """The same value, batched by all of these levels: repeated, without a copy, where it was not.

    Its own levels must be among them. Recorded, so that gradients flow back to x.
    """
    own = levels_of(x) if isinstance(x, TensorBase) else []
    if len(own) == len(levels):
        return x
    value = bottom(x) if isinstance(x, TensorBase) else new_tensor(_held(x))
    shape, ours = value._data.shape, iter(own)
    if not own and value._node is None:
        data = value._data if value._alias is None else value._data.copy()
        return rebatch(levels, new_tensor(repeated(data, tuple([level.size for level in levels]))))
    nearest = next(ours, None)
    spaced, whole = [], []
    for level in levels:
        spaced.append(level.size if level is nearest else 1)
        whole.append(level.size)
        if level is nearest:
            nearest = next(ours, None)
    rest = shape[len(own) :]
    value = invoke("reshape", value, (*spaced, *rest))
    return rebatch(levels, invoke("broadcast_to", value, (*whole, *rest)))


def repeated(data: Any, sizes: tuple[int, ...]) -> Any:
    """np.broadcast_to along new first axes; it takes ten times as long to come to the same."""
    if type(data) is not np.ndarray or not data.flags.c_contiguous:
        return np.broadcast_to(data, (*sizes, *np.shape(data)))
    whole: Any = np.ndarray((*sizes, *data.shape), data.dtype, data, 0, (0,) * len(sizes) + data.strides)
    whole.setflags(write=False)
    return whole


def _held(x: Any) -> Any:
    """An array of our own: what is repeated without a copy cannot be protected from writes later."""
    return np.array(x) if isinstance(x, (np.ndarray, list, tuple)) else np.asarray(x)


def lower(x: Any, levels: Sequence[Level]) -> Any:
    """The same value with the examples of these levels as its first axes, outermost first.

    It stays batched by other levels, which begun after them.
    """
    if is_batched(x) and len(levels) == 1 and x._level is levels[0] and x._inner._level is None:
        check_running(levels[0], "vmap")
        return x._inner
    own = levels_of(x) if isinstance(x, TensorBase) else []
    later = [level for level in own if level not in levels]
    for level in own:
        check_running(level, "vmap")
    value = bottom(everywhere(x, [*levels, *later]))
    if not later or not levels:
        return rebatch(later, value)
    n, m = len(levels), len(later)
    rest = range(n + m, value._data.ndim)
    return rebatch(later, invoke("transpose", value, (*range(n, n + m), *range(n), *rest)))


def lift(x: Any, levels: Sequence[Level]) -> Any:
    """The inverse of `lower`."""
    later, value = levels_of(x), bottom(x)
    if later and levels:
        n, m = len(levels), len(later)
        rest = range(n + m, value._data.ndim)
        value = invoke("transpose", value, (*range(m, n + m), *range(m), *rest))
    return rebatch([*levels, *later], value)


def levels_of_any(*xs: Any) -> list[Level]:
    """The levels that some values are batched by, together, outermost first."""
    found = {level.depth: level for x in xs if is_batched(x) for level in levels_of(x)}
    return [found[depth] for depth in sorted(found)]


def meet(x: Any, *others: Any) -> Any:
    """x, batched by every level that one of the others is batched by."""
    return everywhere(x, levels_of_any(x, *others))


def on_wholes(function: Callable, *values: Any) -> Any:
    """function(*values) of the arrays of all examples, whose axes come first.

    Args:
        values: Tensors, tuples of them, and what stays as it is; so is what the function gives.
    """
    levels = levels_of_any(*[part for v in values for part in (v if type(v) is tuple else (v,))])
    with outside(levels):
        found = function(*[_moved(lower, v, levels) for v in values])
    return _moved(lift, found, levels)


def _moved(move: Callable, value: Any, levels: Sequence[Level]) -> Any:
    if type(value) is tuple:
        return tuple([_moved(move, part, levels) for part in value])
    return move(value, levels) if isinstance(value, TensorBase) else value


def on_all(function: Callable, x: Any) -> Any:
    """A constant of the values of a tensor, by a function of each element alone."""
    return rebatch(levels_of(x), new_tensor(function(bottom(x)._data)))


def check_running(level: Level, what: str) -> None:
    """Refuse a value of a `vmap` that has ended."""
    if not level.running:
        raise VmapError(
            f"{what}: a value from inside a vmap that has ended was used outside; values must leave the "
            "function that vmap runs as its results"
        )
