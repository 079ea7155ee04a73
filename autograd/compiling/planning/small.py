"""Calls on small arrays as NumPy begins them fastest; results are the same to the last bit.

For a few hundred elements most of a call's time goes before its loop. NumPy begins one over arrays of
one layout in a fifth of a microsecond; where it must broadcast it sets up an iterator first.
"""

from __future__ import annotations

import dataclasses
import operator
from collections import Counter
from collections.abc import Set
from typing import Any

import numpy as np

from ..ir import FRESH, INPUT, STATE, Instruction, Operand, Recording, Scalar
from .lowering import (
    OPERATORS,
    below,
    element_of,
    elements_of,
    gives_new_array,
    is_plain,
    largest_of,
    set_element,
    within,
)

# Elements up to which an operand is copied to the layout of the result rather than broadcast.
FEW = 2048
# Indices of which the largest is found by Python.
COUNTED = 32


def hastened(steps: list[Instruction], recording: Recording, ends: Set[int]) -> list[Instruction]:
    """The steps with those on small arrays in faster forms; `ends`: roots that outlive the last of them."""
    steps = _with_elements(steps)
    # where these lie is not known before the program runs, and views of them are made each time
    moving = {o.root for step in steps if gives_new_array(step) for o in step.made()}
    moving |= {number for number, root in recording.roots.items() if root.kind == INPUT}
    found: list[Instruction] = []
    for step in _with_ranges(steps, recording):
        for part in _largest(step, recording):
            for one in _apart(scalarly(_with_single(part, moving), moving), recording):
                found += _spread(one, recording, moving)
    return _without_copies(found, recording, ends)


def _with_elements(steps: list[Instruction]) -> list[Instruction]:
    """Elements by their places where they do not move, if they are seen in several ways."""
    seen: dict[int, set[Operand]] = {}
    for step in steps:
        for o in (*step.reads(), *step.writes):
            seen.setdefault(o.root, set()).add(o)

    def moved(step: Instruction) -> Instruction:
        if step.fn is operator.setitem:
            return _with_element_set(step)
        if not gives_new_array(step) or not is_plain(step):
            return step
        x, places = step.args
        if step.fn is not operator.getitem:  # `take` begins later
            if not x.contiguous:
                return step
            x = x._replace(shape=(x.size,), strides=(x.dtype.itemsize,))
        if step.results.size == 1:
            return dataclasses.replace(step, fn=element_of, args=(x, places), results=single(step.results))
        several = len(seen.get(step.results.root, ())) > 1
        return dataclasses.replace(step, fn=elements_of if several else operator.getitem, args=(x, places))

    return [moved(step) for step in steps]


def _with_element_set(step: Instruction) -> Instruction:
    """One element that is put at its place in a row, as a number."""
    x, place, value = step.args
    if any(type(o) is not Operand for o in step.args) or len(x.shape) != 1 or value.dtype != x.dtype:
        return step
    if place.size != 1 or place.dtype.kind != "i" or not place.shape or value.size != 1:
        return step
    return dataclasses.replace(step, fn=set_element, args=(x, place, Scalar(single(value))))


def elementwise(step: Instruction) -> Operand | None:
    """What a ufunc writes, if it works element by element on whole arrays."""
    out = step.out
    fn = step.fn
    if step.kind != "call" or not isinstance(fn, np.ufunc) or fn.nout != 1 or fn.signature:
        return None
    if type(out) is not Operand or set(step.options) - {"out", "order"} or len(step.args) != fn.nin:
        return None
    return out


def single(o: Operand) -> Operand:
    """One element as an array without axes."""
    return o._replace(shape=(), strides=())


def scalarly(step: Instruction, moving: set[int]) -> Instruction:
    """A call on single elements as NumPy's scalars do it, which may also write what it reads; or a copy."""
    if step.fn is np.copyto and len(step.args) == 2 and not step.options:
        return _copied(step, moving)
    out = elementwise(step)
    if out is None or out.size != 1 or step.fn not in OPERATORS or out.dtype.char not in "fd":
        return step
    if not all(_is_scalar(x, out, moving) for x in step.args):
        return step
    args = tuple([Scalar(single(x)) if type(x) is Operand else _plain(x) for x in step.args])
    if step.results is not None:
        return dataclasses.replace(step, args=args, results=single(out))
    return dataclasses.replace(step, args=args, options={"out": single(out)}, writes=(single(out),))


def _plain(x: Any) -> Any:
    return x[()] if isinstance(x, np.ndarray) else x


def _is_scalar(x: Any, like: Operand, moving: set[int]) -> bool:
    if type(x) is Operand:
        return x.dtype == like.dtype and x.size == 1 and x.root not in moving
    return type(x) in (int, float) or (getattr(x, "shape", None) == () and x.dtype == like.dtype)


def _copied(step: Instruction, moving: set[int]) -> Instruction:
    for x in step.args:
        if type(x) is not Operand or x.size != 1 or x.root in moving:
            return step
    target, value = map(single, step.args)
    return dataclasses.replace(step, args=(target, value), writes=(target,))


def _with_single(step: Instruction, moving: set[int]) -> Instruction:
    """A call with arrays of one element as arrays without axes, where they are broadcast."""
    out = elementwise(step)
    if out is None or out.size > FEW:
        return step

    def changed(x: Any) -> Any:
        broadcast = type(x) is Operand and x.size == 1 and x.shape != out.shape and x.root not in moving
        return single(x) if broadcast and len(x.shape) <= len(out.shape) else x

    args = tuple(map(changed, step.args))
    return step if args == step.args else dataclasses.replace(step, args=args)


def _apart(step: Instruction, recording: Recording) -> list[Instruction]:
    """A call that writes the one element that it reads: NumPy takes long to see that it may."""
    out = elementwise(step)
    if out is None or out.size != 1 or step.results is not None:
        return [step]
    if not any(type(x) is Operand and (x.root, x.offset) == (out.root, out.offset) for x in step.args):
        return [step]
    made = recording.room(out.shape, out.dtype)
    options = {k: v for k, v in step.options.items() if k != "out"}
    copy = dataclasses.replace(step, fn=np.copyto, args=(out, made), options={})
    return [dataclasses.replace(step, options=options, results=made, writes=()), copy]


def _without_copies(steps: list[Instruction], recording: Recording, ends: Set[int]) -> list[Instruction]:
    """The steps without copies of single elements that later ones can read where they come from."""
    found: list[Instruction] = []
    read: dict[Operand, Operand] = {}
    for i, step in enumerate(steps):
        step = step.readdressed(lambda o: read.get(o, o))
        pair = step.args if step.fn is np.copyto and step.kind == "call" and not step.options else ()
        if len(pair) == 2 and _is_only_read(*pair, steps[i + 1 :], recording, ends):
            read[pair[0]] = pair[1]
        else:
            found.append(step)
    return found


def _is_only_read(
    out: Any, made: Any, later: list[Instruction], recording: Recording, ends: Set[int]
) -> bool:
    """Whether one element is only read later, as it is seen here, so that what is made can be."""
    if type(out) is not Operand or type(made) is not Operand or out.size != 1:
        return False
    if (out.shape, out.dtype) != (made.shape, made.dtype) or out.root in ends:
        return False
    touched = {o for step in later for o in step.touched() if o.root == out.root}
    written = {o.root for step in later for o in (*step.made(), *step.writes)}
    kind = recording.roots[made.root].kind
    if kind == STATE and any(recording.roots[root].kind == STATE for root in written):
        return False  # it may lie in a block of the state that is written
    return (
        recording.roots[out.root].kind == FRESH and touched <= {out} and not written & {out.root, made.root}
    )


def _largest(step: Instruction, recording: Recording) -> list[Instruction]:
    """The largest of each row by its place, which is found in a fifth of the time."""
    x, out = step.args[0] if step.args else None, step.results
    if not _is_largest(step) or type(x) is not Operand or type(out) is not Operand or step.kind != "call":
        return [step]
    rows = _rows_of(step, x)
    if not 0 < rows <= COUNTED or not 0 < x.size <= FEW or not (x.contiguous and out.contiguous):
        return [step]
    others = step.options.keys() - {"axis", "dtype", "keepdims"}
    if x.dtype != out.dtype or x.dtype.kind not in "fiu" or others:
        return [step]
    flat = x._replace(shape=(x.size,), strides=(x.dtype.itemsize,))
    if rows == 1:
        return [dataclasses.replace(step, fn=largest_of, args=(flat,), options={}, results=single(out))]
    row = out._replace(shape=(rows,), strides=(x.dtype.itemsize,))
    matrix = flat._replace(
        shape=(rows, x.size // rows), strides=(x.size // rows * x.dtype.itemsize, x.dtype.itemsize)
    )
    columns, places = (recording.room((rows,), np.dtype(np.intp)) for _ in range(2))
    starts = recording.constant(np.arange(0, x.size, x.size // rows))
    return [
        dataclasses.replace(step, fn=np.ndarray.argmax, args=(matrix, 1), options={}, results=columns),
        dataclasses.replace(step, fn=np.add, args=(columns, starts), options={}, results=places),
        dataclasses.replace(step, fn=elements_of, args=(flat, places), options={}, results=row),
    ]


def _is_largest(step: Instruction) -> bool:
    return getattr(step.fn, "__self__", None) is np.maximum and step.fn.__name__ == "reduce"


def _rows_of(step: Instruction, x: Operand) -> int:
    """How many rows there are, where the largest of each is sought; 0 if it goes along other axes."""
    axis = step.options.get("axis", step.args[1] if len(step.args) > 1 else 0)
    if axis is None or (type(axis) is int and x.shape and x.shape[axis] == x.size):
        return 1
    last = type(axis) is int and axis % len(x.shape) == len(x.shape) - 1
    return x.size // x.shape[-1] if last and x.size and len(step.args) <= 2 else 0


def _spread(step: Instruction, recording: Recording, moving: set[int]) -> list[Instruction]:
    """A binary call whose one operand is broadcast, with a copy of it in full instead."""
    out = elementwise(step)
    if out is None or len(step.args) != 2:
        return [step]
    if not 1 < out.size <= FEW or len(out.shape) < 2 or not out.contiguous:
        return [step]
    for at, one in enumerate(step.args):
        other = step.args[1 - at]
        if type(one) is not Operand or type(other) is not Operand or one.root in moving:
            continue
        if one.size > 1 and one.shape != out.shape and other.shape == out.shape and other.contiguous:
            full = _laid_out(out, one.dtype, recording)
            given, rows = _whole_rows(_broadcast(one, out.shape), full)
            copy = dataclasses.replace(step, fn=np.copy, args=(given,), options={}, results=rows, writes=())
            args = (full, other) if at == 0 else (other, full)
            return [copy, dataclasses.replace(step, args=args)]
    return [step]


def _whole_rows(given: Operand, full: Operand) -> tuple[Operand, Operand]:
    """What is copied and where to, as rows of bytes if each is the same: NumPy takes them one by one."""
    apart = next((i for i, s in enumerate(given.strides) if s), 0)
    row = given._replace(shape=given.shape[apart:], strides=given.strides[apart:])
    rows = given.size // row.size
    if not apart or rows == 1 or not row.contiguous or row.size == 1:
        return given, full
    dtype = np.dtype((np.void, row.nbytes))
    return (
        given._replace(shape=(rows,), strides=(0,), dtype=dtype),
        full._replace(shape=(rows,), strides=(row.nbytes,), dtype=dtype),
    )


def _laid_out(out: Operand, dtype: np.dtype, recording: Recording) -> Operand:
    """Memory for values of another operand's shape, in C order."""
    strides = tuple(s // out.dtype.itemsize * dtype.itemsize for s in out.strides)
    made = recording.temporary(out._replace(offset=0, dtype=dtype, strides=strides))
    recording.roots[made.root].nbytes = made.nbytes
    return made


def _broadcast(one: Operand, shape: tuple[int, ...]) -> Operand:
    missing = len(shape) - len(one.shape)
    seen = zip((1,) * missing + one.shape, (0,) * missing + one.strides, shape, strict=True)
    return one._replace(shape=shape, strides=tuple(0 if n == 1 != m else s for n, s, m in seen))


def _with_ranges(steps: list[Instruction], recording: Recording) -> list[Instruction]:
    """Guards that all of some indices are below a limit, in one step each."""
    reads = Counter(o.root for step in steps for o in step.reads())
    found: list[Instruction] = []
    for step in steps:
        limited = _range(found[-2:], step, reads)
        if limited is not None:
            del found[-2:]
        found.append(step if limited is None else _as_given(limited, recording))
    return found


def _range(before: list[Instruction], guard: Instruction, reads: Counter) -> Instruction | None:
    if guard.kind != "guard" or guard.expected is not True or len(before) < 2:
        return None
    largest, less = before
    if not _is_largest(largest) or less.fn is not np.less or len(less.args) != 2:
        return None
    made = [largest.results, less.results]
    if any(type(o) is not Operand or reads[o.root] != 1 for o in made) or made[0].shape:
        return None
    indices, limit = largest.args[0], less.args[1]
    if less.args[0] != made[0] or guard.args != (made[1],) or type(indices) is not Operand:
        return None
    if indices.dtype.kind not in "iu" or len(indices.shape) != 1 or not 0 < indices.size <= COUNTED:
        return None
    return dataclasses.replace(guard, fn=below, args=(indices, int(limit))) if _is_integer(limit) else None


def _as_given(guard: Instruction, recording: Recording) -> Instruction:
    """The same of one index as it comes, rather than of its bits: as unsigned, -1 is larger still."""
    indices, limit = guard.args
    given = next((o for o in recording.inputs if o.root == indices.root), None)
    if given is None or given.size != 1 or given.dtype.kind != "i" or limit > np.iinfo(given.dtype).max:
        return guard
    bits = indices.dtype.kind == "u" and given.dtype.itemsize == indices.dtype.itemsize
    return dataclasses.replace(guard, fn=within, args=(given, limit)) if bits else guard


def _is_integer(limit: Any) -> bool:
    return np.ndim(limit) == 0 and not isinstance(limit, tuple) and np.asarray(limit).dtype.kind in "iu"
