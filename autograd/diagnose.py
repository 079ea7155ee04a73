"""Turns what NumPy raises inside a kernel into an error in the caller's terms."""

from __future__ import annotations

import dis
import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .errors import (
    ArgumentError,
    AutogradError,
    AxisError,
    DtypeError,
    IndexingError,
    MatrixError,
    MatrixShapeError,
    OperandError,
    ShapeError,
)


def describe(value: Any) -> str:
    """A value as errors show it: `float64(3, 4)` for arrays, else its type.

    Example:
        >>> describe(np.zeros((3, 4))), describe(2.5), describe("x")
        ('float64(3, 4)', 'float 2.5', "str 'x'")
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{value.dtype}{value.shape}"
    data = getattr(value, "_data", None)
    if isinstance(data, (np.ndarray, np.generic)):
        return f"Tensor {data.dtype}{data.shape}"
    if isinstance(value, (float, int, complex, bool, str)):
        text = repr(value)
        return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"
    return type(value).__name__


def explain(prim: Any, values: Sequence, statics: Sequence, error: Exception) -> Exception:
    """The typed error for `error`, raised by the kernel of `prim` on these values."""
    if isinstance(error, AutogradError) or not isinstance(
        error, (ValueError, TypeError, IndexError, AttributeError)
    ):
        return error
    names = list(prim.arrays) if not prim.variadic else [f"#{i}" for i in range(len(values))]
    got = [f"{n}={describe(v)}" for n, v in zip(names, values, strict=False)]
    got += [f"{n}={s!r}" for n, s in zip(prim.statics, statics, strict=False) if s is not None]
    kind, reason = _reason(prim, values, error)
    return kind(f"{prim.name}({', '.join(got)}): {reason}")


# What is raised for wrong arguments: by us, by NumPy, by Python.
CONVERTED = (AutogradError, ValueError, TypeError, IndexError, KeyError, AttributeError)


def puts_an_item(frame: Any) -> bool:
    """Whether a frame is at an assignment to an item, `a[i] = b`."""
    return frame.f_code.co_code[frame.f_lasti] == _STORE_SUBSCR


_STORE_SUBSCR = dis.opmap["STORE_SUBSCR"]


def named(name: str, error: Exception) -> Exception:
    """The typed error for one that was raised inside a function of NumPy, which it names."""
    if isinstance(error, AutogradError):
        error.called = name  # from the inside out, so that the user's own call remains
        return error
    text = str(error).partition("\n")[0]
    text = re.sub(r"^\S*\b(call|<lambda>|\w+)\(\) (got|takes|missing)", r"\2", text)
    for theirs, ours in (
        (np.exceptions.AxisError, AxisError), (np.linalg.LinAlgError, MatrixError),
        (IndexError, IndexingError), (TypeError, OperandError), (AttributeError, OperandError),
        (KeyError, OperandError),
    ):  # fmt: skip
        if isinstance(error, theirs):
            return ours(f"{name}: {text}")
    fits = any(word in text for word in ("shape", "broadcast", "dimension", "length"))
    return (ShapeError if fits else ArgumentError)(f"{name}: {text}")


def typed(method: Callable) -> Callable:
    """A method whose errors are typed and name it, also those of NumPy and Python."""
    name = method.__name__

    @functools.wraps(method)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return method(*args, **options)
        except CONVERTED as error:
            if isinstance(error, MatrixError) or getattr(error, "called", False):
                raise  # of another function
            raise named(name, error) from error.__cause__

    return call


def odd_container(values: Iterable) -> bool:
    """Whether there is a container among these that holds arrays nowhere in NumPy."""
    return any(isinstance(v, (dict, set, frozenset)) for v in values)


def _reason(prim: Any, values: Sequence, error: Exception) -> tuple[type[AutogradError], str]:
    """The class to raise and why the kernel refused, without ufunc internals."""
    text = str(error)
    if isinstance(error, np.exceptions.AxisError):
        return AxisError, text
    if isinstance(error, IndexError):
        return IndexingError, text
    if isinstance(error, np.linalg.LinAlgError):
        return (MatrixShapeError if "imension" in text else MatrixError), text
    arrays = [v for v in values if isinstance(v, (np.ndarray, np.generic))]
    odd = sorted({str(v.dtype) for v in arrays if v.dtype.kind not in "fciub"})
    if odd:
        return DtypeError, f"expected numbers, got {', '.join(odd)}"
    if isinstance(error, ValueError) and _cannot_broadcast(prim, values):
        return ShapeError, "these shapes do not broadcast together"
    if prim.name == "matmul":
        x, y = (np.shape(v) for v in values)
        return ShapeError, f"the last axis of x ({x[-1]}) must equal the second last of y ({y[-2]})"
    if "ufunc" in text or isinstance(error, AttributeError):
        return OperandError, f"not defined for {', '.join(describe(v) for v in values)}"
    if isinstance(error, TypeError):
        return OperandError, text
    return ShapeError if "shape" in text or "dimension" in text else ArgumentError, text


def _cannot_broadcast(prim: Any, values: Sequence) -> bool:
    if prim.core is None:
        return False
    shapes = [np.shape(v) for v in values]
    loops = [s[: len(s) - c] for s, c in zip(shapes, prim.core, strict=False)]
    try:
        np.broadcast_shapes(*loops)
    except ValueError:
        return True
    return False


def bad_operand(prim: Any, position: int, arg: Any) -> str:
    """The message for an argument that is no array, number or sequence of them."""
    name = prim.arrays[0].lstrip("*") if prim.variadic else prim.arrays[position]
    return f"{prim.name}: argument {name!r} must be a Tensor, an array or a number, got {describe(arg)}"
