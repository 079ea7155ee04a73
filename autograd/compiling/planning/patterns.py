"""Calls in the place of others that do the same more slowly; results are the same to the last bit."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..ir import Instruction, Operand, Recording
from .elementwise import is_number
from .lowering import CHOSEN, SMALL, TAKES

# From so many elements on, a choice between two arrays by bits is faster than a masked copy.
MASKED = 1024

_INTEGERS: dict[int, np.dtype] = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}
_ONE = {size: np.array(1, dtype) for size, dtype in _INTEGERS.items()}


def rewritten(steps: list[Instruction], recording: Recording) -> list[Instruction]:
    """The steps as NumPy runs them fastest."""
    found: list[Instruction] = []
    for step in steps:
        parts = _chosen(step, recording) if step.fn is np.where else None
        found += parts if parts is not None else [_with_arrays(step)]
    return found


def with_indices(steps: list[Instruction], recording: Recording) -> list[Instruction]:
    """The steps, with large indices in the dtype and order that NumPy's `take` would else copy them to."""
    found: list[Instruction] = []
    for step in steps:
        index: Any = step.args[1] if step.fn in TAKES and len(step.args) > 1 else None
        large = step.kind == "call" and type(index) is Operand and index.size * 8 > SMALL
        if large and not (index.dtype == np.intp and index.contiguous):
            wide = recording.room(index.shape, np.dtype(np.intp))
            copy = dataclasses.replace(step, fn=np.ndarray.astype, args=(index, np.intp), options={})
            found.append(dataclasses.replace(copy, results=wide))
            step = dataclasses.replace(step, args=(step.args[0], wide, *step.args[2:]))
        found.append(step)
    return found


# ---------------------------------------------------------------- numbers


def _with_arrays(step: Instruction) -> Instruction:
    """Numbers among the arguments of a ufunc as arrays without axes, which NumPy takes faster."""
    fn = step.fn
    if step.kind != "call" or not isinstance(fn, np.ufunc) or fn.signature is not None:
        return step
    given = step.args[: fn.nin]
    if not any(is_number(x) for x in given) or set(step.options) - {"out", "order"}:
        return step
    if not any(type(x) is Operand for x in given) or len(step.args) != fn.nin:
        return step
    try:
        kinds = [x.dtype if type(x) is Operand or isinstance(x, np.generic) else type(x) for x in given]
        kinds = [np.dtype(bool) if k is bool else k for k in kinds]
        wanted = fn.resolve_dtypes((*kinds, *(None,) * fn.nout))
        args = tuple(
            np.array(x, dtype) if is_number(x) else x for x, dtype in zip(given, wanted, strict=False)
        )
    except (TypeError, OverflowError, AttributeError):
        return step
    return dataclasses.replace(step, args=args)


# ---------------------------------------------------------------- choices


def _chosen(step: Instruction, recording: Recording) -> list[Instruction] | None:
    """`where(condition, x, y)` by bits: NumPy copies run by run, which takes long for a random mask."""
    if step.options or len(step.args) != 3 or type(step.results) is not Operand:
        return None
    result, (condition, x, y) = step.results, step.args
    size = result.dtype.itemsize
    if result.dtype.kind != "f" or size not in _INTEGERS or type(condition) is not Operand:
        return None
    if condition.dtype != bool or condition.shape != result.shape:
        return None
    if not all(_alike(v, result) for v in (x, y)):
        return None
    bits = result._replace(dtype=_INTEGERS[size])
    mask = condition._replace(dtype=np.dtype(np.int8))
    spread = dataclasses.replace(step, fn=np.ndarray.astype, args=(mask, bits.dtype), results=bits)

    def on(fn: np.ufunc, a: Any, b: Any, out: Operand = bits, made: bool = False) -> Instruction:
        if made:
            return dataclasses.replace(step, fn=fn, args=(a, b), results=out)
        args = (a,) if b is None else (a, b)
        options = {"out": out}
        return dataclasses.replace(step, fn=fn, args=args, options=options, results=None, writes=(out,))

    if result.size <= CHOSEN and _is_zero(x):
        return None
    if _is_zero(x) or _is_zero(y):  # all bits set where the other is kept, none where not
        other = recording.temporary(bits)
        fn, b, kept = (np.subtract, _ONE[size], y) if _is_zero(x) else (np.negative, None, x)
        return [
            dataclasses.replace(spread, results=other),
            on(fn, other, b, other),
            on(np.bitwise_and, other, _bits(kept, bits), made=True),
        ]
    if result.size < MASKED:
        return None
    chosen = [spread, on(np.negative, bits, None)]
    other = recording.temporary(bits)
    return [
        *chosen,
        on(np.bitwise_xor, _bits(x, bits), _bits(y, bits), other, made=True),
        on(np.bitwise_and, bits, other),
        on(np.bitwise_xor, bits, _bits(y, bits)),
    ]


def _alike(value: Any, result: Operand) -> bool:
    """Whether its bits, broadcast, are those that the result takes."""
    if type(value) is not Operand:
        return is_number(value)
    return value.dtype == result.dtype and all(
        n in (1, m) for n, m in zip(value.shape[::-1], result.shape[::-1], strict=False)
    )


def _bits(value: Any, like: Operand) -> Any:
    if type(value) is Operand:
        return value._replace(dtype=like.dtype)
    return np.array(value, np.dtype(f"f{like.dtype.itemsize}")).view(like.dtype)


def _is_zero(value: Any) -> bool:
    return type(value) is not Operand and value == 0 and not np.signbit(value)
