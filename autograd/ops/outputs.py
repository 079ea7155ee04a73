"""Results written where NumPy's `out=` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DtypeError, NotDifferentiable, ShapeError
from ..tape import TensorBase, mode


def write_out(name: str, out: Any, result: Any, theirs: Any = None, casting: Any = "same_kind") -> Any:
    """Write a result where `out=` says; a write into a Tensor is recorded.

    Errors: NotDifferentiable for an ndarray, into which no gradient can flow; DtypeError or
    ShapeError for what it cannot hold.
    """
    _check(name, out, result, theirs, casting)
    out[...] = result if isinstance(out, TensorBase) else getattr(result, "_data", result)
    return out


def write_outs(
    name: str, outs: Sequence, results: Sequence, theirs: Any = None, casting: Any = "same_kind"
) -> list:
    """Write several results, each where its own `out=` says or, for None, nowhere.

    Nothing is written if one of them does not fit.
    """
    if len(outs) != len(results):
        raise ArgumentError(f"{name}: out= must name {len(results)} arrays, got {len(outs)}")
    for out, result in zip(outs, results, strict=True):
        if out is not None:
            _check(name, out, result, theirs, casting)
    return [
        result if out is None else write_out(name, out, result, theirs, casting)
        for out, result in zip(outs, results, strict=True)
    ]


def _check(name: str, out: Any, result: Any, theirs: Any, casting: Any) -> None:
    """Whether a result can be written into what `out=` names."""
    data = result._data if isinstance(result, TensorBase) else np.asarray(result)
    is_array, is_tensor = isinstance(out, np.ndarray), isinstance(out, TensorBase)
    if not is_array and not is_tensor:
        raise ArgumentError(f"{name}: out= must be a Tensor or an array, got {type(out).__name__}")
    if not np.can_cast(data.dtype, out.dtype, casting):
        raise DtypeError(f"{name}: the result is {data.dtype}, which out= of {out.dtype} cannot hold")
    if data.shape != out.shape and not (isinstance(theirs, np.ufunc) and _stretches(data.shape, out.shape)):
        raise ShapeError(f"{name}: the result has shape {data.shape}, out= has {out.shape}")
    if is_array and getattr(result, "_node", None) is not None and mode.grad:
        raise NotDifferentiable(f"{name}: out= must be a Tensor where an argument requires grad")


def _stretches(shape: tuple, to: tuple) -> bool:
    """Whether a shape broadcasts to another."""
    pairs = zip(shape[::-1], to[::-1], strict=False)
    return len(shape) <= len(to) and all(n in (1, m) for n, m in pairs)
