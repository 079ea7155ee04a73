"""Calls in the form that others of the same results have, and that takes NumPy the least time."""

from __future__ import annotations

import dataclasses
import operator

import numpy as np

from ..ir import Instruction, Operand
from .elementwise import is_number


def canonical(step: Instruction) -> Instruction:
    """The call in that form; its results are the same to the last bit."""
    return _with_square(_with_element(step))


def _with_element(step: Instruction) -> Instruction:
    """One element that is taken out, by numbers that do not change, as a copy of that part of memory."""
    result = step.results
    if step.fn is not operator.getitem or type(result) is not Operand or result.shape:
        return step
    x, index = step.args
    places = index if isinstance(index, tuple) else (index,)
    if type(x) is not Operand or any(type(i) is not int for i in places) or len(places) != len(x.shape):
        return step
    steps = [(i + n if i < 0 else i) * s for i, n, s in zip(places, x.shape, x.strides, strict=True)]
    element = x._replace(offset=x.offset + sum(steps), shape=(), strides=())
    return dataclasses.replace(step, fn=np.ndarray.copy, args=(element,))


def _with_square(step: Instruction) -> Instruction:
    """A second power as a square, which NumPy takes a fifth of the time for."""
    if step.fn is not np.power or set(step.options) - {"out", "order"}:
        return step
    x, power = step.args
    alike = type(x) is Operand and type(step.out) is Operand and x.dtype == step.out.dtype
    if not alike or x.dtype.kind != "f" or not is_number(power) or power != 2:
        return step
    return dataclasses.replace(step, fn=np.square, args=(x,))
