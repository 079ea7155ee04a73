"""How each call is written so that its result goes to memory that is there already."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...loops.products import tiled_dot
from ...loops.tiling import add_up
from ..faults import zeroed
from ..ir import Instruction, Operand, Scalar, operands
from .elementwise import zero_where_undefined

Name = Callable[[Any], str]


class Item(NamedTuple):
    """The one element of an array as Python's number, to be named."""

    operand: Operand


# Functions and methods that take `out=`.
_WITH_OUT: set[Any] = {np.einsum, np.concatenate, np.stack, np.outer, np.amax, np.amin, tiled_dot, add_up}
for _name in [
    "dot",
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "any",
    "all",
    "argmax",
    "argmin",
    "cumsum",
    "cumprod",
    "clip",
    "round",
    "std",
    "var",
    "trace",
]:
    _WITH_OUT |= {getattr(np, _name), getattr(np.ndarray, _name)}
# Where a result is so small that an array of its own costs less than to check the indices first.
SMALL = 1024
# Elements up to which one number is put where a mask says, rather than by bits or by a masked copy.
CHOSEN = 256
TAKES: set[Any] = {np.take, np.ndarray.take}
_DRAWS = {"random", "standard_normal"}
_COPIES = {np.ndarray.copy, np.ndarray.astype, np.copy, np.ascontiguousarray, np.asfortranarray}
_RESHAPES = {np.ndarray.reshape, np.ndarray.ravel, np.ndarray.flatten, np.reshape, np.ravel}
_FILLS = {np.zeros: 0, np.ones: 1, np.zeros_like: 0, np.ones_like: 1}


def gives_new_array(step: Instruction) -> bool:
    """Whether a step makes its arrays itself, rather than to fill ones that are there."""
    return step.results is not None and step.kind != "native" and writer(step) is None


def may_refuse(step: Instruction) -> bool:
    """Whether a step may raise for the values that it gets."""
    refusing = (operator.getitem, elements_of, element_of, zeroed, zero_where_undefined)
    return step.fn in TAKES or step.fn in refusing or _puts(step) or gives_new_array(step)


def _puts(step: Instruction) -> bool:
    """Whether a step writes where indices say, of which one may be out of bounds."""
    is_at = isinstance(getattr(step.fn, "__self__", None), np.ufunc) and step.fn.__name__ == "at"
    puts = is_at or step.fn in (operator.setitem, set_element, np.put, np.ndarray.put, np.put_along_axis)
    return puts and any(o.dtype.kind in "iu" for o in operands(step.args[1:2]))


def writer(step: Instruction) -> Callable[[Instruction, Name], list[str]] | None:
    """What writes the source of a step with a result; None if its function takes no `out=`."""
    fn = step.fn
    if type(step.results) is not Operand:
        return None
    if step.kind == "effect" and getattr(fn, "__name__", "") in _DRAWS and step.results.contiguous:
        return _drawn if isinstance(getattr(fn, "__self__", None), np.random.Generator) else None
    if step.kind != "call":
        return None
    if fn in TAKES:
        large = step.results.nbytes > SMALL and step.results.contiguous
        return _taken if large and "out" not in step.options and len(step.args) <= 3 else None
    if gives_element(step):
        return _element
    if fn in _EXPRESSIONS:
        return _expression
    if isinstance(fn, np.ufunc):
        return _ufunc if fn.nout == 1 else None
    if isinstance(getattr(fn, "__self__", None), np.ufunc):
        return _ufunc_method if fn.__name__ in ("reduce", "accumulate") else None
    if fn in _WITH_OUT:
        return _with_out if "out" not in step.options else None
    if fn in _COPIES and type(step.args[0]) is Operand and step.args[0].shape == step.results.shape:
        return _copy
    if fn in _RESHAPES and step.results.contiguous and "order" not in step.options:
        return _reshape
    if fn in _FILLS:
        return _fill
    if fn in (np.full_like, np.full) and len(step.args) > 1:
        return _fill
    if fn is np.where and len(step.args) == 3:
        return _where
    if fn is operator.getitem and _rows(step) and step.results.nbytes > SMALL:
        return _taken_rows
    return None


def source(step: Instruction, name: Name) -> list[str]:
    """The statements of a step whose results, if any, are there already."""
    if gives_element(step):
        return _element(step, name)
    write = writer(step) if step.results is not None else None
    if write is not None:
        return write(step, name)
    if step.fn is np.copyto and len(step.args) == 2 and not step.options:
        return [assigned(step.args[0], name(step.args[1]), name)]
    if step.fn is operator.setitem or step.fn is set_element:
        target, index, value = step.args
        place = index if step.fn is operator.setitem else Item(index)
        return [f"{name(target)}[{name(place)}] = {name(value)}"]
    if isinstance(step.fn, np.ufunc) and "out" in step.options and len(step.writes) == 1:
        return [_ufunc_call(step, name, step.out)]
    return [f"{name(step.fn)}({arguments(step, name)})"]


def assigned(target: Operand, values: str, name: Name) -> str:
    """The statement that fills an array: half as long as `numpy.copyto`, of one element a fourth."""
    return f"{name(target)}[{'...' if target.shape else '()'}] = {values}"


def below(indices: np.ndarray, limit: int) -> bool:
    """Whether all of a few indices are below a limit."""
    return max(indices.tolist()) < limit


def within(index: np.ndarray, limit: int) -> bool:
    """Whether one index is 0 or more, and below a limit."""
    return 0 <= index.item() < limit


def refused(step: Instruction, name: Name) -> str:
    """The condition under which a guard says that a program does not hold."""
    if step.fn is below:
        indices, limit = step.args
        if indices.size == 1:
            return f"{name(Item(indices))} >= {limit}"
        return f"{name(max)}({name(indices)}.tolist()) >= {limit}"
    if step.fn is within:
        return f"not -1 < {name(Item(step.args[0]))} < {step.args[1]}"
    return f"bool({name(step.args[0])}) is not {step.expected}"


def is_plain(step: Instruction) -> bool:
    """Whether a step makes an array of its own in C order, as it did when it was recorded."""
    made = step.results
    if type(made) is not Operand or not made.contiguous or step.options or len(step.args) != 2:
        return False
    x, index = step.args
    if type(x) is not Operand or type(index) is not Operand or index.dtype.kind != "i" or not index.shape:
        return False
    return step.fn is np.ndarray.take or (step.fn is operator.getitem and len(x.shape) == 1)


def arguments(step: Instruction, name: Name, without: tuple[str, ...] = ()) -> str:
    """The arguments of a call, as source."""
    parts = [name(a) for a in step.args]
    parts += [f"{k}={name(v)}" for k, v in step.options.items() if k not in without]
    return ", ".join(parts)


# What NumPy's scalars do as its ufuncs do.
OPERATORS: dict[Any, str] = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}


def _ufunc_call(step: Instruction, name: Name, out: Any) -> str:
    # the output by position, where NumPy takes it so: a keyword costs a tenth of a small call
    by_name = step.fn in (np.maximum, np.minimum)
    parts = [*(name(a) for a in step.args), f"out={name(out)}" if by_name else name(out)]
    parts += [f"{k}={name(v)}" for k, v in step.options.items() if k not in ("out", "order")]
    return f"{name(step.fn)}({', '.join(parts)})"


def _ufunc(step: Instruction, name: Name) -> list[str]:
    return [_ufunc_call(step, name, step.results)]


def _ufunc_method(step: Instruction, name: Name) -> list[str]:
    options = dict(step.options)
    parts = [name(step.args[0]), name(options.pop("axis", 0)), name(options.pop("dtype", None))]
    parts.append(name(step.results))
    if "keepdims" in options:
        parts.append(name(options.pop("keepdims")))
    parts += [f"{k}={name(v)}" for k, v in options.items() if k != "out"]
    return [f"{name(step.fn)}({', '.join(parts)})"]


def _with_out(step: Instruction, name: Name) -> list[str]:
    if step.fn is np.ndarray.dot or (step.fn is np.dot and len(step.args) == 2):
        x, y = step.args
        # the method costs two thirds of the function, which first looks whether others implement it
        is_array = type(x) is Operand and bool(x.shape)
        call = f"{name(x)}.dot(" if is_array else f"{name(np.dot)}({name(x)}, "
        return [f"{call}{name(y)}, {name(step.results)})"]
    return [f"{name(step.fn)}({arguments(step, name)}, out={name(step.results)})"]


def _copy(step: Instruction, name: Name) -> list[str]:
    given, made = step.args[0], step.results
    if given.dtype.kind == "c" != made.dtype.kind:
        return [f"{name(np.copyto)}({name(made)}, {name(given)}, 'unsafe')"]
    return [assigned(made, name(given), name)]


def _reshape(step: Instruction, name: Name) -> list[str]:
    """A copy in C order: the result seen in the shape of the argument."""
    given, made = step.args[0], step.results
    strides, step_size = [], made.dtype.itemsize
    for n in reversed(given.shape):
        strides.append(step_size)
        step_size *= n
    seen = made._replace(shape=given.shape, strides=tuple(reversed(strides)))
    return [assigned(seen, name(given), name)]


def _fill(step: Instruction, name: Name) -> list[str]:
    value = _FILLS[step.fn] if step.fn in _FILLS else step.args[1]
    return [f"{name(np.copyto)}({name(step.results)}, {name(value)}, 'unsafe')"]


def _where(step: Instruction, name: Name) -> list[str]:
    condition, x, y = step.args
    made, out = step.results, name(step.results)
    there = type(y) is Operand and (y == made or name(y) == out)
    first = [] if there else [assigned(made, name(y), name)]
    if made.size <= CHOSEN and type(x) is not Operand and getattr(condition, "shape", ()) == made.shape:
        return [*first, f"{name(np.putmask)}({out}, {name(condition)}, {name(np.array(x, made.dtype))})"]
    return [*first, f"{name(np.copyto)}({out}, {name(x)}, 'unsafe', {name(condition)})"]


def _rows(step: Instruction) -> bool:
    """Whether this is `x[indices]` with one array of integers."""
    x, index = step.args
    return type(x) is Operand and type(index) is Operand and index.dtype.kind in "iu"


def _taken_rows(step: Instruction, name: Name) -> list[str]:
    x, index = step.args
    return [f"{name(take)}({name(x)}, {name(index)}, 0, {name(step.results)})"]


def largest_of(row: np.ndarray) -> Any:
    """The largest element; NaN if there is one."""
    return row[row.argmax()]


def elements_of(row: np.ndarray, places: np.ndarray) -> Any:
    """Elements by their places, copied to where they do not move."""
    return row[places]


def element_of(row: np.ndarray, place: np.ndarray) -> Any:
    """One element by its place."""
    return row[place.item()]


def set_element(row: np.ndarray, place: np.ndarray, value: Any) -> None:
    """Put one element at its place."""
    row[place.item()] = value


_EXPRESSIONS: dict[Any, str] = {
    largest_of: "{0}[{0}.argmax()]", elements_of: "{0}[{1}]",
}  # fmt: skip


def gives_element(step: Instruction) -> bool:
    """Whether a step computes a single element as a number."""
    return step.fn is element_of or (step.fn in OPERATORS and any(type(a) is Scalar for a in step.args))


def element(step: Instruction, name: Name) -> str:
    """That number, as source."""
    if step.fn is element_of:
        row, place = step.args
        return f"{name(row)}[{name(Item(place))}]"
    x, y = map(name, step.args)
    return f"{x} {OPERATORS[step.fn]} {y}"


def _element(step: Instruction, name: Name) -> list[str]:
    return [assigned(step.out, element(step, name), name)]


def _expression(step: Instruction, name: Name) -> list[str]:
    return [assigned(step.results, _EXPRESSIONS[step.fn].format(*map(name, step.args)), name)]


def _taken(step: Instruction, name: Name) -> list[str]:
    x, index, *axis = step.args
    along = axis[0] if axis else step.options.get("axis")
    return [f"{name(take)}({name(x)}, {name(index)}, {name(along)}, {name(step.results)})"]


def take(x: np.ndarray, index: np.ndarray, axis: int | None, out: np.ndarray) -> None:
    """`numpy.take` into memory that is there; NumPy itself makes a copy first, lest it must refuse."""
    n = x.size if axis is None else x.shape[axis]
    if index.size and not (-n <= index.min() and index.max() < n):
        raise IndexError(f"an index is out of bounds for an axis of size {n}")
    np.take(x, index, axis, out, "wrap")


def _drawn(step: Instruction, name: Name) -> list[str]:
    dtype = step.args[1] if len(step.args) > 1 else step.options.get("dtype", step.results.dtype)
    return [f"{name(step.fn)}(dtype={name(dtype)}, out={name(step.results)})"]
