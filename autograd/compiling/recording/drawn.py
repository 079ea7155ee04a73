"""Python numbers that are drawn while a function is recorded: they take the dtype of what they meet.

A `Number` is recorded as an array without axes. Where a Python number would be converted, by a ufunc or a
primitive whose kernel is one, the conversion is a step of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...tape import TensorBase
from .traced import Leak, Traced

_PLAIN = (bool, int, float)


class Number(Traced):
    """A Python number under recording: `kind` is its type, `positive` whether it is that in each run."""

    __slots__ = ("kind", "positive")

    def __init__(self, value: np.ndarray, recorder: Any, kind: type, positive: bool = False):
        super().__init__(value, recorder, None, True)
        self.kind, self.positive = kind, positive

    def real(self) -> Any:
        return self.kind(self.value)

    def __pos__(self) -> Any:
        return self


def number(made: Traced, kind: type, positive: bool = False) -> Number:
    """The Python number that a recorded one stands for."""
    return made.recorder.known(Number(made.value, made.recorder, kind, positive))


def _operator(name: str, ufunc: np.ufunc) -> Callable:
    """Of Python's numbers alone the result is one."""
    usual = getattr(Traced, name)

    def method(self: Number, *others: Any) -> Any:
        if not all(type(o) in _PLAIN or type(o) is Number for o in others):
            return usual(self, *others)
        pair = (*others, self) if name.startswith("__r") else (self, *others)
        positive = ufunc in _POSITIVE and all(_is_positive(x) for x in pair)
        if ufunc is np.divide and not _is_positive(pair[1]):
            self.recorder.checked(_refuse_zero, as_double(pair[1]))
        made = self.recorder.call(ufunc, tuple(as_double(x) for x in pair), {})
        return number(made, float if made.dtype.kind == "f" else int, positive)

    method.__name__ = name
    return method


# Of what is positive these are too.
_POSITIVE = (np.add, np.multiply)


def _is_positive(x: Any) -> bool:
    return x.positive if type(x) is Number else x > 0


def _refuse_zero(divisor: Any) -> None:
    if not divisor:
        raise ZeroDivisionError("division by zero")


for _name, _ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide}.items():
    setattr(Number, f"__{_name}__", _operator(f"__{_name}__", _ufunc))
    setattr(Number, f"__r{_name}__", _operator(f"__r{_name}__", _ufunc))
    setattr(Number, f"__i{_name}__", _operator(f"__{_name}__", _ufunc))


def _refusing(name: str) -> Callable:
    """What NumPy may round otherwise than Python does."""
    usual = getattr(Traced, name)

    def method(self: Number, *others: Any) -> Any:
        if all(type(o) in _PLAIN or type(o) is Number for o in others):
            raise Leak(f"{name}() of a drawn number is computed in Python; draw an array")
        return usual(self, *others)

    method.__name__ = name
    return method


for _name in ("pow", "rpow", "floordiv", "rfloordiv", "mod", "rmod", "divmod", "rdivmod"):
    setattr(Number, f"__{_name}__", _refusing(f"__{_name}__"))
Number.__neg__ = _operator("__neg__", np.negative)  # type: ignore[method-assign]
Number.__abs__ = _operator("__abs__", np.absolute)  # type: ignore[method-assign]


def as_double(x: Any) -> Any:
    """A Python number as NumPy takes it where nothing else says how."""
    return Traced(x.value, x.recorder, None, True) if type(x) is Number else x


def converted(args: Sequence, weak: bool) -> Sequence:
    """The arguments with drawn numbers as recorded arrays: of the dtype of the others, if that decides."""
    numbers = [a for a in args if type(a) is Number]
    if not numbers:
        return args
    plain = [type(a)(0) for a in args if type(a) in _PLAIN] + [a.kind(0) for a in numbers]
    others = [_dtype(a) for a in args if type(a) is not Number and type(a) not in _PLAIN]
    dtype = np.result_type(*others, *plain) if weak and others else None
    return [_cast(a, dtype) if type(a) is Number else a for a in args]


def _cast(x: Number, dtype: np.dtype | None) -> Traced:
    double = as_double(x)
    if dtype is None or dtype == x.dtype:
        return double
    return x.recorder.call(np.ndarray.astype, (x.recorder.duck(x.value), dtype), {})


def _dtype(x: Any) -> Any:
    data = x._data if isinstance(x, TensorBase) else x
    return data.dtype if hasattr(data, "dtype") else np.asarray(data).dtype


__all__ = ["Number", "as_double", "converted", "number"]
