"""Which calls work element by element, and what each is in a language of scalars.

`assignments` gives a call as `target = expression` of operands, or None for any other call. The
expressions are Python, for numba to compile: `{0}` stands for the first input, `{k}` for the dtype
that is computed in, `{zero}` and `{one}` for numbers of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...loops.formulas import OF_FLOATS, OF_NUMBERS
from ..faults import lost_in
from ..ir import Instruction, Operand

DTYPES = {"f4", "f8", "i4", "i8", "u1", "u4", "u8", "b1"}


class Assignment(NamedTuple):
    """One scalar statement: `target = expression`, where `mask` holds, if there is one.

    `inputs` are operands or numbers, in the order of the expression's places; `kind` is the dtype
    that it computes in. Where `doubt` is true a loop cannot tell what the value is.
    """

    target: Operand
    expression: str
    inputs: tuple[Any, ...]
    kind: np.dtype
    mask: Any = None
    doubt: str = ""

    def operands(self) -> list[Operand]:
        """All that it reads or writes."""
        return [x for x in (self.target, *self.inputs, self.mask) if type(x) is Operand]


_OF_FLOATS: dict[Any, str] = {
    **OF_FLOATS,
    np.fabs: "abs({0})",
    np.exp: "exp_{k}({0})",
    np.expm1: "expm1_{k}({0})",
    np.log: "log_{k}({0})",
    np.log1p: "log1p_{k}({0})",
    np.sin: "sin_{k}({0})",
    np.cos: "cos_{k}({0})",
    np.tanh: "tanh_{k}({0})",
    np.floor: "floor({0})",
    np.ceil: "ceil({0})",
    np.rint: "rint({0})",
    np.trunc: "trunc({0})",
}
_COMPARISONS: dict[Any, str] = {
    np.greater: "{0} > {1}",
    np.greater_equal: "{0} >= {1}",
    np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}",
    np.equal: "{0} == {1}",
    np.not_equal: "{0} != {1}",
    np.logical_and: "({0} != {zero}) & ({1} != {zero})",
    np.logical_or: "({0} != {zero}) | ({1} != {zero})",
    np.logical_not: "{0} == {zero}",
    np.isnan: "{0} != {0}",
    np.isfinite: "({0} - {0}) == {zero}",
}
_OF_BOOLEANS: dict[Any, str] = {
    np.logical_and: "{0} & {1}",
    np.logical_or: "{0} | {1}",
    np.logical_not: "not {0}",
    np.bitwise_and: "{0} & {1}",
    np.bitwise_or: "{0} | {1}",
    np.bitwise_xor: "{0} ^ {1}",
    np.invert: "not {0}",
    np.logical_xor: "{0} ^ {1}",
    np.multiply: "{0} & {1}",
}
EXPRESSIONS = _OF_FLOATS | OF_NUMBERS | _COMPARISONS
# What costs so much that a loop of its own pays even for one call.
COSTLY = {np.exp, np.log, np.sin, np.cos, np.tanh, np.expm1, np.log1p}
# Up to these arguments the polynomials of sin and cos hold; beyond, the C library's are used.
LIMITS = {"f4": 2.0**17, "f8": 2.0**30}
_COPIES = {np.ndarray.copy, np.ndarray.astype, np.copy, np.ascontiguousarray}
_RESHAPES = {np.ndarray.reshape, np.ndarray.ravel, np.ndarray.flatten, np.reshape, np.ravel}
_FILLS = {np.zeros: 0, np.ones: 1, np.zeros_like: 0, np.ones_like: 1}
_POWERS = {2: "{0} * {0}", 1: "{0}", 3: "{0} * {0} * {0}", 0.5: "sqrt({0})", -1: "{one} / {0}"}


def zero_where_undefined(g: np.ndarray, result: np.ndarray, unmasked: Any) -> None:
    """0 in the places of NaN where g is 0: what eager code does if NumPy reports an invalid operation.

    Loops do not report any, so this looks at the result. It differs only where a value was NaN
    before the sweep began: there eager code gives NaN for a cotangent of 0.

    Errors: Undecided where g is 0, but may not be masked.
    """
    np.copyto(result, 0, where=lost_in(g, result, unmasked))


def assignments(step: Instruction) -> list[Assignment] | None:
    """A call as scalar statements; None if it is not of that kind. Each call is looked at but once."""
    if step.statements == ():
        found = _of(step) if step.kind == "call" else None
        step.statements = found if found is not None and all(map(_can, found)) else None
    return step.statements


def _can(one: Assignment) -> bool:
    """Whether a loop can be written for it."""
    operands = one.operands()
    if any(o.dtype.str[1:] not in DTYPES or not o.dtype.isnative for o in operands):
        return False
    if one.kind.str[1:] not in DTYPES or not one.target.size:
        return False
    if "u1" in (one.kind.str[1:], one.target.dtype.str[1:]) and any(o.dtype.kind == "f" for o in operands):
        return False  # what a byte is for a number that it cannot hold is the compiler's choice
    if any(s % o.dtype.itemsize for o in operands for s in o.strides):
        return False
    if not all(_broadcasts(o.shape, one.target.shape) for o in operands):
        return False
    if any(type(x) is not Operand and not is_number(x) for x in one.inputs):
        return False
    return one.mask is None or (type(one.mask) is Operand and one.mask.dtype == bool)


def _of(step: Instruction) -> list[Assignment] | None:
    fn, result = step.fn, step.results
    if isinstance(fn, np.ufunc):
        return _of_ufunc(step)
    if fn is np.copyto:
        target, source, *rest = step.args
        mask = rest[1] if len(rest) > 1 else step.options.get("where")
        return [_copy(target, source, None if mask is True else mask)] if type(target) is Operand else None
    if fn is np.clip or fn is np.ndarray.clip:
        return _clipped(step)
    if fn is zero_where_undefined:
        return _zeroed(*step.args)
    if type(result) is not Operand:
        return None
    if fn in _COPIES and type(step.args[0]) is Operand and step.args[0].shape == result.shape:
        return [_copy(result, step.args[0])]
    if fn in _RESHAPES and result.contiguous and "order" not in step.options:
        return [_copy(_shaped(result, step.args[0].shape), step.args[0])]
    if fn in _FILLS:
        return [_copy(result, _FILLS[fn])]
    if fn is np.full_like or fn is np.full:
        return [_copy(result, step.args[1])]
    if fn is np.where and len(step.args) == 3:
        condition, x, y = step.args
        if type(condition) is Operand and condition.dtype == bool:
            return [Assignment(result, "{0} if {2} else {1}", (x, y, condition), result.dtype)]
    return None


def _zeroed(g: Any, target: Any, unmasked: Any) -> list[Assignment] | None:
    if type(g) is not Operand or type(target) is not Operand or g.dtype != target.dtype:
        return None
    lost, inputs = "({0} == {zero}) & ({1} != {1})", [g, target]
    doubt = lost if unmasked is True else ""
    if type(unmasked) is Operand:
        doubt, inputs = lost + " & {2}", [*inputs, unmasked]
    text = "({zero} if " + lost + " else {1})"
    return [Assignment(target, text, tuple(inputs), target.dtype, doubt=doubt)]


def _clipped(step: Instruction) -> list[Assignment] | None:
    """Between two numbers of the array's dtype, either of which may be infinite."""
    target = step.out
    given = dict(zip(("x", "a_min", "a_max"), step.args, strict=False)) | step.options
    given.pop("out", None)
    x, low, high = given.pop("x", None), given.pop("a_min", None), given.pop("a_max", None)
    if given or type(x) is not Operand or type(target) is not Operand or x.dtype != target.dtype:
        return None
    if x.dtype.kind != "f" or not is_number(low) or not is_number(high):
        return None
    text = OF_NUMBERS[np.maximum]
    if high == np.inf:
        return [Assignment(target, text, (x, low), x.dtype)]
    text = OF_NUMBERS[np.minimum].replace("{1}", "{2}").replace("{0}", text)
    return [Assignment(target, text, (x, low, high), x.dtype)]


def _copy(target: Operand, source: Any, mask: Any = None) -> Assignment:
    return Assignment(target, "{0}", (source,), target.dtype, mask)


def _shaped(o: Operand, shape: tuple[int, ...]) -> Operand:
    """Contiguous memory in another shape."""
    strides, step = [], o.dtype.itemsize
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return o._replace(shape=shape, strides=tuple(reversed(strides)))


def parts(step: Instruction) -> list[Assignment] | None:
    """A concatenation as copies into the parts of its result, each of a shape of its own."""
    result = step.results
    if step.fn is not np.concatenate or set(step.options) - {"axis"} or type(result) is not Operand:
        return None
    given = step.args[0]
    axis = step.options.get("axis", step.args[1] if len(step.args) > 1 else 0)
    if axis is None or any(type(p) is not Operand for p in given):
        return None
    axis, offset, found = axis % len(result.shape), result.offset, []
    for part in given:
        found.append(_copy(result._replace(offset=offset, shape=part.shape), part))
        offset += part.shape[axis] * result.strides[axis]
    found = [one for one in found if one.target.size]
    return found if all(_can(one) for one in found) else None


def _of_ufunc(step: Instruction) -> list[Assignment] | None:
    fn: Any = step.fn
    if set(step.options) - {"out", "order"}:
        return None
    target = step.out
    if type(target) is not Operand:
        return None
    inputs = tuple(step.args[: fn.nin])
    if any(type(x) is not Operand and not is_number(x) for x in inputs):
        return None
    if step.fn is np.power:
        if not is_number(inputs[1]) or target.dtype.kind != "f" or inputs[1] not in _POWERS:
            return None
        expression, inputs = _POWERS[inputs[1]], inputs[:1]
    else:
        expression = EXPRESSIONS.get(step.fn, "")
    kind = np.result_type(*[x.dtype if type(x) is Operand else x for x in inputs])
    if kind.kind == "b":
        expression = _OF_BOOLEANS.get(step.fn, "")
    elif kind.kind in "iu" and step.fn not in _COMPARISONS:
        expression = OF_NUMBERS.get(step.fn, "")
        if target.dtype != kind:
            return None
    elif step.fn in _COMPARISONS:
        mixed = {x.dtype.kind for x in inputs if type(x) is Operand} > {kind.kind}
        if kind.kind in "iu" and mixed:
            return None  # NumPy compares them exactly
    if not expression or not _fits(inputs, kind):
        return None
    return [Assignment(target, expression, inputs, kind)]


def _fits(inputs: tuple[Any, ...], kind: np.dtype) -> bool:
    """Whether all numbers are of the dtype: NumPy raises, or compares exactly, where they are not."""
    numbers: list[Any] = [x for x in inputs if type(x) is not Operand]
    if kind.kind in "iu":
        info: Any = np.iinfo(kind)
        return all(float(x).is_integer() and info.min <= int(x) <= info.max for x in numbers)
    return all(not isinstance(x, (int, np.integer)) or abs(int(x)) <= 2**24 for x in numbers)


def is_number(x: Any) -> bool:
    """Whether x is a real number, of Python's or NumPy's."""
    return type(x) in (int, float, bool) or (isinstance(x, np.generic) and x.dtype.kind in "fiub")


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    if len(shape) > len(to):
        return False
    return all(n in (1, m) for n, m in zip(shape[::-1], to[::-1], strict=False))
