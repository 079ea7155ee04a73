"""Results written where NumPy's `out=` says."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, DtypeError, NotDifferentiable, ShapeError
from ..tape import TensorBase, mode


def write_out(name: str, out: Any, result: Any, theirs: Any = None, casting: Any = "same_kind") -> Any:
    """Write a result where `out=` says; a write into a Tensor is recorded.

    Errors: NotDifferentiable for an ndarray, into which no gradient can flow; DtypeError or
    ShapeError for what it cannot hold.
    """
    data = result._data if isinstance(result, TensorBase) else np.asarray(result)
    recorded = isinstance(out, TensorBase)
    if not recorded and not isinstance(out, np.ndarray):
        raise ArgumentError(f"{name}: out= must be a Tensor or an array, got {type(out).__name__}")
    if not np.can_cast(data.dtype, out.dtype, casting):
        raise DtypeError(f"{name}: the result is {data.dtype}, which out= of {out.dtype} cannot hold")
    if data.shape != out.shape and not (isinstance(theirs, np.ufunc) and _stretches(data.shape, out.shape)):
        raise ShapeError(f"{name}: the result has shape {data.shape}, out= has {out.shape}")
    if recorded:
        out[...] = result
    elif getattr(result, "_node", None) is not None and mode.grad:
        raise NotDifferentiable(f"{name}: out= must be a Tensor where an argument requires grad")
    else:
        out[...] = data
    return out


def _stretches(shape: tuple, to: tuple) -> bool:
    """Whether a shape broadcasts to another."""
    pairs = zip(shape[::-1], to[::-1], strict=False)
    return len(shape) <= len(to) and all(n in (1, m) for n, m in pairs)
