"""Calls with batched arguments: each becomes one on the arrays of all examples.

The batching class of a primitive says how; `batching_classes.py` has the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .batching import Level, batch, check_running, invoke, is_batched
from .codegen import FAST
from .errors import AutogradError, VmapError
from .primitive import Primitive
from .tape import TensorBase, apply, as_operand, mode


class Call:
    """A call of a primitive with batched arguments, as batching classes see it.

    Attributes:
        prim: the primitive.
        args: what it is called with, the inner tensors of those that are batched.
        batched: for each, whether it is; then its first axis is that of the examples.
        statics: the other arguments, by name.
        size: the number of examples.
    """

    __slots__ = ("args", "batched", "level", "prim", "statics")

    def __init__(self, prim: Primitive, args: Sequence[Any], statics: Sequence, level: Level):
        self.prim, self.level = prim, level
        self.batched = [isinstance(a, TensorBase) and a._level is level for a in args]
        self.args = [a._inner if b else a for a, b in zip(args, self.batched)]
        self.statics = dict(zip(prim.statics, statics)) if statics else {}

    @property
    def size(self) -> int:
        return self.level.size

    def shape(self, i: int) -> tuple[int, ...]:
        """The shape of one example of an argument."""
        if self.batched[i]:
            return self.args[i].shape[1:]
        return getattr(self.args[i], "shape", ())

    def ndim(self, i: int) -> int:
        """How many axes one example of an argument has."""
        if self.batched[i]:
            return self.args[i].ndim - 1
        return getattr(self.args[i], "ndim", 0)

    def padded(self, i: int, rank: int) -> Any:
        """An argument with axes of length one put in front, to have `rank` of them per example.

        What is not batched stays as it is: it broadcasts.
        """
        shape = self.shape(i)
        if not self.batched[i] or len(shape) >= rank:
            return self.args[i]
        return invoke("reshape", self.args[i], (self.size, *(1,) * (rank - len(shape)), *shape))

    def whole(self, i: int, rank: int = 0) -> Any:
        """An argument with the axis of the examples, repeated along it if it is not batched.

        With axes of length one put in after that, to have `rank` of them per example.
        """
        if self.batched[i]:
            return self.padded(i, rank)
        x = self.args[i]
        x = x if hasattr(x, "ndim") else np.asarray(x)
        return invoke("broadcast_to", x, (self.size, *(1,) * (rank - x.ndim), *x.shape))

    def run(self, args: Sequence[Any] | None = None, **statics: Any) -> Any:
        """The primitive on these arguments, with some statics replaced."""
        chosen = {**self.statics, **statics} if statics else self.statics
        args = self.args if args is None else args
        if self.prim.function is None:
            return apply(self.prim, args, tuple(chosen.values()))
        if self.prim.variadic:
            return self.prim.function(args, *chosen.values())
        return self.prim.function(*args, *chosen.values())


# By the names that declarations give them; `batching_classes.py` fills it.
CLASSES: dict[str, Callable[[Call], Any]] = {}


def batched_call(prim: Primitive, args: Sequence[Any], statics: tuple) -> Any:
    """What a call with batched arguments gives; None if none is batched."""
    level: Any = None
    for i, arg in enumerate(args):
        if isinstance(arg, TensorBase):
            if arg._level is not None and (level is None or arg._level.depth > level.depth):
                level = arg._level
        elif type(arg) in (list, tuple):
            found = level is not None or _holds_batched(args[i:])
            return batched_call(prim, _operands(prim, args), statics) if found else None
    if level is None:
        return None
    if not level.running:
        check_running(level, prim.name)
    running = mode.levels
    mode.levels = running[: level.depth]
    try:
        inner = _aligned(args, level) if prim.batch == "elementwise" and prim.function else None
        if inner is not None:
            out = prim.function(*inner)
        else:
            rule = prim.batch if callable(prim.batch) else CLASSES[prim.batch or "loop"]
            out = rule(Call(prim, args, statics, level))
    except VmapError:
        raise
    except AutogradError as error:
        raise _of_one_example(Call(prim, args, statics, level), statics, error) from None
    finally:
        mode.levels = running
    if not prim.results:
        return batch(level, out)
    made = [batch(level, part) for part in out]
    return out._make(made) if hasattr(out, "_make") else tuple(made)


def _aligned(args: Sequence[Any], level: Level) -> list | None:
    """The arrays of all examples, where they broadcast as they are; None where some must be padded."""
    inner, ranks, rest = [], [], 0
    for arg in args:
        if isinstance(arg, TensorBase) and arg._level is level:
            arg = arg._inner  # type: ignore[attr-defined]
            ranks.append(arg.ndim)
        else:
            rest = max(rest, getattr(arg, "ndim", 0))
        inner.append(arg)
    return inner if rest < ranks[0] and ranks.count(ranks[0]) == len(ranks) else None


def _operands(prim: Primitive, args: Sequence[Any]) -> list:
    return [as_operand(prim, i, a) if type(a) in (list, tuple) else a for i, a in enumerate(args)]


def _holds_batched(things: Any) -> bool:
    return any(is_batched(t) or (type(t) in (list, tuple) and _holds_batched(t)) for t in things)


def _of_one_example(call: Call, statics: tuple, error: AutogradError) -> AutogradError:
    """The error as one example alone would raise it, whose shapes the caller knows."""
    examples = [
        np.zeros(call.shape(i), a.dtype) if b else a
        for i, (a, b) in enumerate(zip(call.args, call.batched, strict=True))
    ]
    if any(is_batched(e) for e in examples):
        return error
    try:
        apply(call.prim, examples, statics)
    except type(error) as plainer:
        plainer.add_note(f"under vmap, for each of {call.size} examples")
        return plainer
    except Exception:
        return error
    return error


FAST["batched_call"] = batched_call
