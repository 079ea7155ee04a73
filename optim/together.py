"""Many small parameters updated by one native call (extra `jit`): to begin calls is all that counts there.

The call takes the arrays of all parameters. It looks at the array objects itself before it writes anything:
what is no plain, contiguous array of one dtype, or overlaps, it leaves to NumPy.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

import numpy as np

from autograd.loops import diskcache, formulas, machine
from autograd.loops.writing import exact, given, indented, word

# Where an array object has what it is, in words.
_TYPE, _DATA, _NDIM, _SHAPE, _DTYPE, _FLAGS = (machine.DATA + i for i in (-1, 0, 1, 2, 5, 6))
_CONTIGUOUS, _WRITEABLE = 0x1, 0x400


def together(one: formulas.Body, dtype: np.dtype, count: int) -> Callable | None:
    """`call(numbers, *arrays)` for `count` arrays of each parameter, p and g first.

    It gives None, or True where it did nothing; None instead of it where it cannot be made.
    """
    try:
        at = diskcache.load(_source(one, dtype, count)) if _is_known() else 0
    except Exception:  # a broken numba may raise anything; NumPy does without
        return None
    table = np.array([id(None), id(True), id(np.ndarray), id(dtype)], np.int64)
    return machine.builtin(at, table) if at else None


def _source(one: formulas.Body, dtype: np.dtype, count: int) -> str:
    each = [
        *[f"x{i} = load_i8(args, at + {i}, 0, 1)" for i in range(count)],
        *[f"p{i} = {word(f'x{i}', _DATA)}" for i in range(count)],
    ]
    checks = [line for i in range(count) for line in _fits(i)]
    checks += [f"end{i} = p{i} + size0 * {dtype.itemsize}" for i in range(count)]
    checks += [f"bad = bad | ((p{i} < end{j}) & (p{j} < end{i}))" for i in range(count) for j in range(i)]
    lines = [
        f"t = {word('table', _DATA)}",
        f"done, refused, kind, dtype = {', '.join(word('t', i) for i in range(4))}",
        f"numbers = {word(word('args', 0), _DATA)}",
        "bad = (count - 1) % " + f"{count} != 0",
        f"for at in range(1, count, {count}):",
        *indented([*each, *checks]),
        "if bad:",
        *indented(given("refused")),
        *one.numbers,
        f"for at in range(1, count, {count}):",
        *indented([*each, *_size("x0", "size0"), "for i in range(size0):", *indented(one.elements)]),
        *given("done"),
    ]
    return exact(["table", "args", "count"], lines)


def _fits(i: int) -> list[str]:
    """Statements that note in `bad` whether array `i` of a parameter is none for the loop."""
    wanted = _CONTIGUOUS if i == 1 else _CONTIGUOUS | _WRITEABLE  # the gradient is only read
    flags = f"load_i4(x{i}, {2 * _FLAGS}, 0, 1) & {wanted}"
    return [
        f"bad = bad | ({word(f'x{i}', _TYPE)} != kind) | ({word(f'x{i}', _DTYPE)} != dtype)",
        f"bad = bad | (({flags}) != {wanted})",
        *_size(f"x{i}", f"size{i}"),
        f"bad = bad | (size{i} != size0)",
    ]


def _size(array: str, name: str) -> list[str]:
    """Statements that find how many elements an array object has."""
    return [
        f"{name} = 1",
        f"for d in range(load_i4({array}, {2 * _NDIM}, 0, 1)):",
        f"    {name} = {name} * load_i8({word(array, _SHAPE)}, d, 0, 1)",
    ]


@functools.lru_cache(maxsize=1)
def _is_known() -> bool:
    """Whether array objects are laid out as is said above."""
    if not diskcache.available():
        return False

    def words(array: np.ndarray) -> tuple:
        read = ctypes.c_int64.from_address
        flags, ndim = (ctypes.c_int32.from_address(id(array) + 8 * k).value for k in (_FLAGS, _NDIM))
        shape = [read(read(id(array) + 8 * _SHAPE).value + 8 * d).value for d in range(ndim)]
        found = read(id(array) + 8 * _TYPE).value, read(id(array) + 8 * _DTYPE).value
        return *found, shape, bool(flags & _CONTIGUOUS), bool(flags & _WRITEABLE)

    def expected(array: np.ndarray) -> tuple:
        known = array.flags
        return id(np.ndarray), id(array.dtype), [*array.shape], known.c_contiguous, known.writeable

    fixed = np.zeros((2, 3), np.float32)
    fixed.flags.writeable = False
    return all(words(a) == expected(a) for a in (fixed, np.ones((3, 2)).T, np.ones(4)[::2], np.array(1.0)))
