"""The batching classes: how a call with batched arguments becomes one on the arrays of all examples.

===========  =====================================================================================
elementwise  the axis of the examples is put before all others, and broadcasts
same         what happens is to each element, or to the last axes: the call itself, one axis more
core         the same for several arguments, each with its own number of last axes (`core`)
axis         axes named by the statics move on by one; None names all axes of an example
flat         the same, but None flattens an example
shape        a shape among the statics gets the number of examples in front
loop         example by example, and the results stacked: what is not declared
===========  =====================================================================================

Any other class is a function of its own beside the declaration: `batch=lambda call: ...`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .batched_calls import CLASSES, Call
from .batching import batch, invoke, is_batched
from .errors import AxisError
from .tape import TensorBase, mode, new_tensor

_AXES = ("axis", "axes")


def elementwise(call: Call) -> Any:
    rank = max(call.ndim(i) for i in range(len(call.args)))
    return call.run([call.padded(i, rank) for i in range(len(call.args))])


def same(call: Call) -> Any:
    return call.run()


def core(call: Call) -> Any:
    cores = call.prim.core
    if len(call.args) == 1:
        return call.run()
    if cores is None:
        rank = max(call.ndim(i) for i in range(len(call.args)))
        return call.run([None if a is None else call.whole(i, rank) for i, a in enumerate(call.args)])
    loops = max(call.ndim(i) - cores[i] for i in range(len(call.args)))
    return call.run([call.padded(i, loops + c) for i, c in enumerate(cores)])


def shape(call: Call) -> Any:
    given = call.statics["shape"]
    wanted = (given,) if isinstance(given, (int, np.integer)) else tuple(given)
    if -1 in wanted and not call.size:  # of nothing NumPy cannot tell how long it is
        rest = -math.prod(wanted)
        wanted = tuple(math.prod(call.shape(0)) // (rest or 1) if n == -1 else n for n in wanted)
    return call.run([call.padded(0, len(wanted))], shape=(call.size, *wanted))


def axis(call: Call) -> Any:
    return _moved_on(call, None)


def flat(call: Call) -> Any:
    return _moved_on(call, 0)


def _moved_on(call: Call, of_flat: int | None) -> Any:
    """The call with axes one further; `of_flat`: the axis that None means, once flattened."""
    name = next(n for n in _AXES if n in call.statics)
    given = call.statics[name]
    args = [call.whole(i) for i in range(len(call.args))]
    if given is None and of_flat is not None:
        args = [_flattened(call, i, a) for i, a in enumerate(args)]
        return _with_axes_back(call, call.run(args, **{name: 1}))
    # stacking makes an axis, which counts
    rank = call.ndim(0) + (call.prim.name == "stack")
    return call.run(args, **{name: one_further(given, rank, call.prim.name)})


def _flattened(call: Call, i: int, x: Any) -> Any:
    return invoke("reshape", x, (call.size, math.prod(call.shape(i))))


def _with_axes_back(call: Call, out: Any) -> Any:
    """With `keepdims` an example has as many axes as before it was flattened."""
    if not call.statics.get("keepdims"):
        return out
    return invoke("reshape", out, (call.size, *(1,) * call.ndim(0)))


def one_further(given: Any, rank: int, caller: str) -> Any:
    """Axes of an example as axes of the array of all; None for all of them.

    Errors: AxisError for one that an example does not have.
    """
    if given is None:
        return tuple(range(1, rank + 1))
    if isinstance(given, (tuple, list)):
        return tuple(one_further(a, rank, caller) for a in given)
    if not rank and given in (0, -1):
        return ()  # NumPy takes axis 0 of what has none
    if not -rank <= given < rank:
        raise AxisError(f"{caller}: axis {given} is out of bounds for an example of {rank} axes under vmap")
    return given % rank + 1


def by_formula(call: Call) -> Any:
    """A fused operation as the operations that it stands for, each by its own class."""
    args = [batch(call.level, a) if b else a for a, b in zip(call.args, call.batched, strict=True)]
    before, mode.levels = mode.levels, (*mode.levels, call.level)
    try:
        return call.prim.formula(*args, *call.statics.values())._inner  # type: ignore[misc]
    finally:
        mode.levels = before


# ------------------------------------------------------------------ one by one


def loop(call: Call) -> Any:
    found = [_of_example(call, i) for i in range(call.size)]
    if not found:
        return _of_none(call)
    if not call.prim.results:
        return invoke("stack", found, 0)
    parts = [invoke("stack", list(part), 0) for part in zip(*found, strict=True)]
    return found[0]._make(parts) if hasattr(found[0], "_make") else parts


def _of_example(call: Call, i: int) -> Any:
    args = [example(a, i) if b else a for a, b in zip(call.args, call.batched, strict=True)]
    return call.run(args, **{n: example(s._inner, i) for n, s in call.statics.items() if _is_own(call, s)})


def _is_own(call: Call, static: Any) -> bool:
    return is_batched(static) and static._level is call.level


def example(x: Any, i: int) -> Any:
    """One example of what has them all along its first axis."""
    return invoke("getitem", x, i)


def _of_none(call: Call) -> Any:
    """No examples, of the shape that one of zeros has."""
    args = [
        new_tensor(np.zeros(call.shape(i), a.dtype)) if b else a
        for i, (a, b) in enumerate(zip(call.args, call.batched, strict=True))
    ]
    one = call.run(args)
    parts = one if call.prim.results else (one,)
    empty = [_none_of(part) for part in parts]
    return empty if call.prim.results else empty[0]


def _none_of(value: Any) -> Any:
    value = value if isinstance(value, TensorBase) else new_tensor(np.asarray(value))
    row = invoke("reshape", value, (1, *value.shape))
    return invoke("getitem", row, slice(0, 0))


CLASSES.update(
    elementwise=elementwise, same=same, core=core, gufunc=core, shape=shape, axis=axis, flat=flat, loop=loop
)
