"""What a user's function and its extra arguments are to an integrator: one function of flat arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import NotDifferentiable, OperandError
from ...ops.composed import plain
from ...ops.joining import concatenate
from ...ops.shapes import as_array, ravel
from ...tape import TensorBase
from ...transforms.forward import jvp
from ...transforms.reverse import vjp
from ...transforms.trees import leaves, rebuild


class Integrand:
    """A function `f(x, *tensors)` made of the user's, whose tensors among the arguments are taken out.

    Attributes:
        name: what asks for it, for errors.
        call: `call(x, args)`, the user's function.
        args: the extra arguments, with a Place where a tensor was: it holds none of `tensors_in` itself.
    """

    def __init__(self, name: str, call: Callable, args: Any):
        self.name, self.call = name, call
        count = itertools.count()
        marked = [Place(next(count)) if isinstance(v, TensorBase) else v for _, v in leaves(args)]
        self.args = rebuild(args, iter(marked))

    def __call__(self, x: Any, *tensors: Any) -> Any:
        filled = [tensors[v.index] if isinstance(v, Place) else v for _, v in leaves(self.args)]
        return as_array(self.call(x, rebuild(self.args, iter(filled))))

    def bare(self, x: Any, values: Any) -> np.ndarray:
        """The value of plain arrays.

        Errors: NotDifferentiable where the function uses a tensor that requires grad and was not given.
        """
        return bare(self.name, self(x, *values))


def tensors_in(args: Any) -> list:
    """The tensors among extra arguments, in the order in which an Integrand takes them."""
    return [leaf for _, leaf in leaves(args) if isinstance(leaf, TensorBase)]


def in_double(xs: Any) -> list:
    """Plain real numbers in double precision: in less, cotangents would be too rough to integrate."""
    return [x.astype(np.float64) if x.dtype.kind == "f" else x for x in xs]


class Place:
    """Where a tensor goes in the arguments."""

    def __init__(self, index: int):
        self.index = index


def bare(name: str, out: Any) -> np.ndarray:
    """The value of a result, which must not lead on to a tensor that was not among the arguments."""
    if isinstance(out, TensorBase) and out._node is not None:
        raise NotDifferentiable(
            f"{name}: the function uses a tensor that requires grad and is not among its arguments; "
            "pass it by args"
        )
    return plain(out)


def arguments(name: str, args: Any) -> tuple:
    """The extra arguments as a tuple, as SciPy takes them.

    Errors: OperandError for what has no tuple.
    """
    if args is None:
        return ()
    if isinstance(args, (tuple, list)):
        return tuple(args)
    if isinstance(args, (dict, str)):
        raise OperandError(f"{name}: args must be a tuple, got {type(args).__name__}")
    return (args,)


def pulled(function: Callable, xs: Any, cotangent: Any) -> tuple[Any, list]:
    """A function's value, and the cotangents of its arguments."""
    value, pull = vjp(function, *xs)
    return value, list(pull(cotangent))


def pushed(function: Callable, tensors: Any) -> tuple[Any, Any]:
    """A function's value, and its tangent: the first half of the tensors are arguments, the second theirs."""
    half = len(tensors) // 2
    return jvp(function, tuple(tensors[:half]), tuple(tensors[half:]))


def tangents(given: Any, xs: Any) -> list:
    """Zeros for what has no tangent."""
    return [0 * x if t is None else t for t, x in zip(given, xs, strict=True)]


def flat(parts: Any) -> Any:
    """Arrays as one vector."""
    return concatenate([ravel(as_array(p)) for p in parts])
