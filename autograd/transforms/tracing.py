"""Derivatives of functions: `grad(f)` is a function.

A transform gives each argument a fresh node, so that however transforms are nested none
confuses its variable with another's. The sweep is recorded only if something outside can see
what it computes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import views
from .backward import sweep
from .codegen import FAST
from .diagnose import describe
from .errors import DtypeError, GradientError, OperandError
from .modes import enable_grad
from .tape import ORDER, TensorBase, identity_node, mode, new_tensor, parents


def value_and_grad(f: Callable, argnum: int | tuple[int, ...] = 0) -> Callable:
    """The function x -> (f(x), df/dx) of a scalar-valued f.

    Args:
        f: takes arrays, numbers or Tensors; its result has one element.
        argnum: position of the argument to differentiate by, or several for a tuple of
            gradients.

    Dtypes: the gradient has the kind, shape and dtype of the argument: a NumPy scalar for a
    number, an ndarray for an ndarray, a Tensor for a Tensor. Integers count as float64.

    Errors: GradientError if the result is not a scalar; DtypeError if it is not floating.

    Gradient: the result is differentiable again, where an argument or what f refers to
    requires grad. Complex gradients are not conjugated (dL = Re(grad * dz)).

    Example:
        >>> value_and_grad(lambda x: x**2)(3.0)
        (np.float64(9.0), np.float64(6.0))
    """
    several = isinstance(argnum, tuple)
    positions = argnum if isinstance(argnum, tuple) else (argnum,)

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        args_list = list(args)
        before = []
        for i in positions:
            if not -len(args) <= i < len(args):
                raise OperandError(f"grad: argnum {i}, but the call has {len(args)} arguments")
            before.append(args[i])
            args_list[i] = _fresh(args[i], i)
        variables = [args_list[i]._node for i in positions]  # a write in f gives a tensor another
        with _Tracing():
            value = f(*args_list, **options)
        seen, grads = _pull(value, variables)
        grads = [_as_kind(g, x, seen) for g, x in zip(grads, before, strict=True)]
        value = value if seen else _outside(value, before)
        return value, (tuple(grads) if several else grads[0])

    return derivative


def grad(f: Callable, argnum: int | tuple[int, ...] = 0) -> Callable:
    """The function x -> df/dx of a scalar-valued f. See `value_and_grad`.

    Example:
        >>> grad(grad(lambda x: x**3))(2.0)
        np.float64(12.0)
    """
    both = value_and_grad(f, argnum)

    @functools.wraps(f)
    def derivative(*args: Any, **options: Any) -> Any:
        return both(*args, **options)[1]

    return derivative


class _Tracing(enable_grad):
    """Records, also under no_grad(), without slowing calls down where recording is on anyway."""

    def __enter__(self) -> None:
        self._switched = not mode.grad
        if self._switched:
            super().__enter__()

    def __exit__(self, *exception: Any) -> None:
        if self._switched:
            super().__exit__(*exception)


def _fresh(x: Any, position: int) -> Any:
    """A tensor of the same value with a node of its own."""
    if isinstance(x, TensorBase):
        data, parent = x._data, x._node
    elif isinstance(x, (float, int, complex, np.generic, np.ndarray)) and not isinstance(x, bool):
        data, parent = np.asarray(x) if isinstance(x, np.ndarray) else np.asarray(x)[()] + 0.0, None
    else:
        raise OperandError(f"grad: argument {position} must be an array or a number, got {describe(x)}")
    if data.dtype.kind in "iu":
        data = data.astype(np.float64)
    if data.dtype.kind not in "fc":
        raise DtypeError(f"grad: argument {position} must be real or complex, got {data.dtype}")
    fresh = new_tensor(data, identity_node(parent))
    if isinstance(data, np.ndarray):
        views.borrow(fresh)  # the caller's memory: protected when saved, never written
    return fresh


def _pull(value: Any, variables: list[list]) -> tuple[bool, list]:
    """Whether anything outside sees the sweep, and the cotangents of the variables' nodes."""
    if not isinstance(value, TensorBase) or value._node is None:
        _check_scalar(value)
        return False, [None] * len(variables)
    _check_scalar(value)
    targets: dict[int, Any] = {node[ORDER]: None for node in variables}
    seen = _reaches_beyond(value._node, max(targets), targets)
    data = value._data
    g = np.ones(data.shape, data.dtype) if data.shape else data.dtype.type(1)
    sweep([(value._node, new_tensor(g) if seen else g)], targets, keep=seen, lifted=seen)
    return seen, [targets[node[ORDER]] for node in variables]


def _check_scalar(value: Any) -> None:
    data = value._data if isinstance(value, TensorBase) else np.asarray(value)
    if data.size != 1:
        raise GradientError(
            f"grad: the function must return a scalar, got {describe(value)}; "
            "reduce it, or use jacobian or vjp"
        )
    if data.dtype.kind not in "fc":
        raise DtypeError(f"grad: the function must return a real or complex scalar, got {data.dtype}")


def _reaches_beyond(node: list, oldest: int, targets: dict) -> bool:
    """Whether the graph leads to a node that was there before the variables were."""
    seen: set[int] = set()
    left = [node]
    while left:
        node = left.pop()
        if node[ORDER] > oldest or (node[ORDER] in targets and parents(node)):
            return True
        if node[ORDER] not in seen:
            seen.add(node[ORDER])
            left.extend(parents(node))
    return False


def _as_kind(g: Any, x: Any, seen: bool) -> Any:
    """A gradient as the kind of thing that the argument was."""
    if g is None:
        data = x._data if isinstance(x, TensorBase) else np.asarray(x)
        g = np.zeros(data.shape, np.float64 if data.dtype.kind in "iub" else data.dtype)
    if seen:
        return FAST["copy"](g) if isinstance(g, TensorBase) else new_tensor(g)
    if isinstance(x, TensorBase):
        return new_tensor(np.array(g))
    if isinstance(x, np.ndarray):
        return g.copy() if isinstance(g, np.ndarray) else np.asarray(g)
    return g[()]


def _outside(value: Any, before: list) -> Any:
    """A result as those outside may see it: plain, unless they gave Tensors."""
    if not isinstance(value, TensorBase):
        return value
    if any(isinstance(x, TensorBase) for x in before):
        return new_tensor(value._data)
    return value._data
