"""What users' rules give, checked: cotangents and tangents that must be nested as something is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import (
    ArgumentError,
    AutogradError,
    DtypeError,
    GradientError,
    MissingRule,
    NotDifferentiable,
    OperandError,
    RequiresGradError,
    ShapeError,
)
from ..memory import is_array
from ..tape import TensorBase, mode
from .tracing import is_traced
from .trees import is_container, leaves

NUMBERS = (bool, int, float, complex)


def aligned(given: Any, like: Any, what: str, path: str = "") -> list:
    """One value for each leaf of a tree, from a tree that must be nested as it is; None for zero.

    Errors: ArgumentError for another nesting, OperandError, ShapeError and DtypeError for a leaf.
    """
    if given is None:
        return [None for _ in leaves(like)]
    if like is None:
        raise ArgumentError(f"{what}{path} must be None, as it is, got {describe(given)}")
    if not is_container(like):
        return [fitted(given, like, what + path)]
    keys, values = _parts(like)
    if not is_container(given) or isinstance(given, dict) is not isinstance(like, dict):
        raise ArgumentError(f"{what}{path} must be {_kind(like)}, got {_kind(given)}")
    given_keys, given_values = _parts(given)
    if set(keys) != set(given_keys):
        raise ArgumentError(f"{what}{path} must be {_kind(like)}, got {_kind(given)}")
    at = dict(zip(given_keys, given_values, strict=True))
    return [
        part
        for k, v in zip(keys, values, strict=True)
        for part in aligned(at[k], v, what, f"{path}[{k!r}]")
    ]


def _parts(tree: Any) -> tuple[list, list]:
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    return keys, [tree[k] for k in keys]


def _kind(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dict of {', '.join(map(repr, tree)) or 'nothing'}"
    return f"a {type(tree).__name__} of {len(tree)}" if is_container(tree) else describe(tree)


def fitted(part: Any, like: Any, what: str) -> Any:
    """A value of the shape and dtype of a leaf; None where it has no derivative."""
    if not isinstance(like, (TensorBase, np.generic, float, complex)) and not is_array(like):
        return None
    dtype = like.dtype if hasattr(like, "dtype") else np.asarray(like).dtype
    if dtype.kind not in "fc":
        return None
    if not isinstance(part, (TensorBase, np.generic, *NUMBERS)) and not is_array(part):
        raise OperandError(f"{what} must be an array of {dtype}, or None for zero, got {describe(part)}")
    part = part if hasattr(part, "dtype") else np.asarray(part)[()]
    shape = tuple(getattr(like, "shape", ()))
    if tuple(part.shape) != shape:
        raise ShapeError(f"{what} must have shape {shape}, got {tuple(part.shape)}")
    if part.dtype == dtype:
        return part
    if not np.can_cast(part.dtype, dtype, "same_kind"):
        raise DtypeError(f"{what} must have dtype {dtype}, got {part.dtype}")
    return part.astype(dtype)


def plain_result(name: str, value: Any) -> Any:
    """One result as the tape takes it."""
    if is_traced(value):
        raise GradientError(
            f"{name}: its result comes from a tensor that requires grad which it refers to, and its "
            "rule knows nothing of that; give it as an argument"
        )
    value = value._data if isinstance(value, TensorBase) else value
    if isinstance(value, NUMBERS):
        return np.asarray(value)[()]
    if not isinstance(value, np.generic) and not is_array(value):
        raise OperandError(
            f"{name}: must return arrays, numbers, or containers of them, got {describe(value)}"
        )
    return value


def plain(value: Any) -> Any:
    return value._data if isinstance(value, TensorBase) else value


def shares(value: Any, values: Sequence[Any]) -> bool:
    return isinstance(value, np.ndarray) and any(
        isinstance(v, np.ndarray) and np.may_share_memory(value, v) for v in values
    )


def still(leaf: Any) -> Any:
    """The tangent of an argument that stays; None for what can have none."""
    if not isinstance(leaf, (TensorBase, np.generic, *NUMBERS)) and not is_array(leaf):
        return None
    dtype = leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
    return np.zeros(tuple(getattr(leaf, "shape", ())), dtype if dtype.kind in "fc" else np.float64)[()]


# ------------------------------------------------------------------ higher orders


@contextmanager
def as_it_is() -> Iterator[None]:
    yield


@contextmanager
def differentiable(name: str) -> Iterator[None]:
    """A block that runs a rule to record it; says so where it cannot be recorded."""
    before, mode.strict = mode.strict, name
    try:
        yield
    except (RequiresGradError, NotDifferentiable) as error:
        if isinstance(error, MissingRule):
            raise
        raise NotDifferentiable(
            f"{name}: a derivative of its derivative was asked for, and its rule is not made of "
            f"differentiable operations: {AutogradError.__str__(error)}"
        ) from error
    finally:
        mode.strict = before


def check_recorded(name: str, parts: Sequence[Any]) -> None:
    """Refuse cotangents that should come from that of the result and do not."""
    for part in parts:
        if part is None or is_traced(part):
            continue
        if np.any(part._data if isinstance(part, TensorBase) else part):
            raise NotDifferentiable(
                f"{name}: a derivative of its derivative was asked for, and its rule gave an array that "
                "does not come from the cotangent; write it with differentiable operations"
            )
