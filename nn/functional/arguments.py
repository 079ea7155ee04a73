"""Arguments as the losses take them: numbers, pairs of arrays, and factors."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.batching import bottom, is_batched
from autograd.errors import ArgumentError, DtypeError, NotDifferentiable, ShapeError
from autograd.ops import batched_functions, shapes
from autograd.tape import mode

from .inputs import as_array


def number(value: Any, what: str, least: float = -math.inf, above: float = -math.inf) -> float:
    """An option as a Python number, which widens no array; refused if it is none, NaN or too small."""
    try:
        if (
            not isinstance(value, (str, bytes))
            and least <= (found := float(value))
            and (found > above or above == -math.inf)
        ):
            return found
    except (TypeError, ValueError):
        pass
    bounds = f" above {above:g}" if above > -math.inf else f" not below {least:g}"
    bounds = "" if above == least else bounds
    raise ArgumentError(f"{what} must be a number{bounds}, got {value!r}")


def share(value: Any, what: str) -> float:
    """A share of something, in 0..1, as a Python number."""
    found = number(value, what)
    if not 0 <= found <= 1:
        raise ArgumentError(f"{what} must be in 0..1, got {value!r}")
    return found


def check_index(index: Any, what: str) -> int:
    """An index as a Python number; refused if it is no integer."""
    if type(index) is not int and not isinstance(index, np.integer):
        raise ArgumentError(f"{what} must be an integer, got {index!r}")
    return int(index)


def flag(value: Any, what: str) -> bool:
    """A choice between yes and no; refused if it is neither."""
    if isinstance(value, (int, np.integer, np.bool_)) and value in (0, 1):
        return bool(value)
    raise ArgumentError(f"{what} must be True or False, got {value!r}")


def dtype_of(dtype: Any, what: str = "dtype") -> np.dtype:
    """What NumPy takes for a dtype, as one."""
    try:
        return np.dtype(dtype)
    except (TypeError, ValueError):
        raise DtypeError(f"{what} must be one of NumPy's, got {dtype!r}") from None


def check_power(p: Any, what: str) -> int:
    """A power that there is a margin loss for."""
    if p not in (1, 2):
        raise ArgumentError(f"{what} must be 1 or 2, got {p!r}")
    return p


def plain(x: Any) -> Any:
    """The values of an array or a Tensor; under vmap a Tensor of them without history."""
    if is_batched(x):
        return x.detach()
    return x._data if isinstance(x, Tensor) else x


def looping(function: Callable) -> Callable:
    """A function that looks at values: under vmap, where it cannot, it runs for each example."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if not mode.levels:
            return function(*args, **options)
        return batched_functions.run(function, call, args, options)

    return call


def whole(x: Any) -> np.ndarray:
    """The values, for checks of them; under vmap those of all examples."""
    return bottom(x)._data if isinstance(x, Tensor) else x


def alike(input: Any, *others: Any) -> Any:
    """The input; a Tensor if one of the others is, so that the result is one as elsewhere."""
    input = as_array(input)
    if not isinstance(input, Tensor) and any(isinstance(x, Tensor) for x in others):
        return Tensor(input)
    return input


def pair(input: Any, target: Any) -> tuple[Any, Any]:
    """Both as arrays; whole numbers and booleans in the input's dtype, or they would widen float32."""
    input, target = as_array(input), as_array(target)
    if target.dtype.kind in "iub" and input.dtype.kind == "f":
        target = target.astype(input.dtype)
    return input, target


def weights(weight: Any, input: Any, caller: str) -> Any:
    """Factors in the input's dtype: an ndarray, or a Tensor where they get a gradient."""
    if weight is None:
        return None
    if not getattr(weight, "requires_grad", False):
        weight = plain(weight)
    weight = shapes.as_array(weight)
    if weight.dtype.kind not in "fiub":
        raise DtypeError(f"{caller}: a weight must be real numbers, got {weight.dtype}")
    fits = weight.dtype == input.dtype or input.dtype.kind != "f"
    return weight if fits else weight.astype(input.dtype)


def constant(weight: Any, input: Any, caller: str) -> np.ndarray | None:
    """Factors in the input's dtype, without a gradient."""
    if getattr(weight, "requires_grad", False):
        raise NotDifferentiable(f"{caller}: the weight gets no gradient; pass weight.detach()")
    return weights(weight, input, caller)


def factors(weight: Any, input: Any, caller: str, name: str) -> Any:
    """A weight that may broadcast to the input's shape, but no further."""
    weight = weights(weight, input, caller)
    try:
        fits = np.broadcast_shapes(weight.shape, input.shape) == input.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{caller}: {name}{weight.shape} must broadcast to input{input.shape}")
    return weight
